"""Does a sentence follow from the words it cites? A verdict."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # the reader loads numpy: what is word for word needs none
    from qa.reader import Entailment

Verdict = Literal["quoted", "supported", "partial", "unsupported"]
Entail = Callable[[str, Sequence[str]], Sequence["Entailment"]]
"""A claim and texts in; whether it follows from each of them out: `Reader.entail`."""

_SUPPORTED = 0.5
"""A claim follows where that is so likely, and likelier than anything else."""
_JOINT = re.compile(r";\s+|,\s+(?:and|but|while|whereas|although|though)\s+")
_SHORTEST = 3
"""A clause of fewer words claims nothing by itself."""


@dataclass(frozen=True, slots=True)
class Support:
    """A verdict, how sure it is that the sentence follows (0 to 1), and why in a few words."""

    verdict: Verdict
    score: float
    why: str


def judge(sentence: str, cited: Sequence[str], entail: Entail | None = None) -> Support:
    """Judge a sentence, without its marks, by the words it cites; without `entail` only word for word counts."""
    words = " ".join(sentence.split())
    if words and any(words == " ".join(each.split()) for each in cited):
        return Support("quoted", 1.0, "word for word in the source")
    if not (words and cited and entail):
        return Support("unsupported", 0.0, "no citation says this word for word")
    source = " ".join(cited)  # a sentence may follow only from all that it cites together
    (whole,) = entail(words, [source])
    if _follows(whole):
        return Support("supported", whole.supported, "follows from the words it cites")
    clauses = [clause for clause in _JOINT.split(words) if len(clause.split()) >= _SHORTEST]
    if len(clauses) > 1 and any(_follows(*entail(clause, [source])) for clause in clauses):
        return Support("partial", whole.supported, "only some of it follows from the words it cites")
    against = whole.refuted > whole.unknown
    why = "the words it cites say otherwise" if against else "the words it cites do not say this"
    return Support("unsupported", whole.supported, why)


def _follows(claim: Entailment) -> bool:
    return claim.supported >= max(_SUPPORTED, claim.refuted, claim.unknown)
