"""Does a sentence follow from the words it cites? A verdict, how likely it is, and why."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

from qa.alignment import LONGEST_CLAIM, Alignment, Cited, align

if TYPE_CHECKING:  # the reader loads numpy: to compare words needs none
    from qa.reader import Entailment

Verdict = Literal["quoted", "supported", "partial", "unsupported"]
Entail = Callable[[str, Sequence[str]], Sequence["Entailment"]]
"""A claim and texts in; whether it follows from each of them out: `Reader.entail`."""
Similar = Callable[[str, Sequence[str]], Sequence[float]]
"""A claim and texts in; the cosine of each with the claim out, by the bundled embedder."""

_SUPPORTED = 0.5
"""A sentence whose score is lower does not follow."""
_BLOCKED = 0.45
"""The highest score of one that has a number or a name which its citations lack, or that they deny."""

FEATURES = ("one", "covered", "joined", "numbers", "names", "length", "cited", "nearest", "follows")
"""What the score is made of, as `features` gives it.

`one` is always 1; `covered` and `joined`, how many of its words and of its neighbouring words are cited; `numbers`,
whether one is not; `names`, the logarithm of how many words of names are not; `length` and `cited`, those of the
words that were compared (in long citations much is found by chance); `nearest`, the highest cosine with a cited
sentence, or a few of them; `follows`, the log-odds that it follows, by the reader.
"""
Weights = Mapping[tuple[bool, bool], Sequence[float]]
"""What each feature weighs, by whether there are cosines, and a reader."""
WEIGHTS: Weights = {  # `training/verdicts.py` fits them
    (False, False): (-1.59, 2.19, 1.49, -1.49, -0.58, 0.59, -0.39, 0.00, 0.00),
    (True, False): (-6.20, 1.74, 0.76, -1.59, -0.51, 0.41, -0.34, 6.43, 0.00),
    (False, True): (-1.06, 1.43, 1.20, -1.41, -0.68, 0.66, -0.36, 0.00, 0.35),
    (True, True): (-5.10, 1.30, 0.66, -1.52, -0.59, 0.48, -0.33, 5.41, 0.24),
}
_LENGTHS = (5, 60)
_CITED = (10, 1_500)
"""Beyond these nothing was measured."""
_CERTAIN = 0.999
"""No reader is surer than this."""

_JOINT = re.compile(r"[;:]\s+|[.!?]\s+(?=\W?[A-Z])|,\s+(?:and|but|while|whereas|although|though|which|who|where)\s+")
_SHORTEST, _MOST_CLAUSES = 3, 4
"""A clause of fewer words claims nothing by itself, and of a sentence of more clauses the first are judged."""
_BARE = 0.25
"""A clause of which less is cited does not follow, however well the rest of the sentence does."""
_QUOTED = 3
"""Sentences on end that are looked for word for word."""
_NAMED, _LONGEST_NAMED = 3, 40
_SOME = "only some of it follows"


@dataclass(frozen=True, slots=True)
class Support:
    """A verdict, how likely it is that the sentence follows (0 to 1), and why in a few words."""

    verdict: Verdict
    score: float
    why: str


def judge(
    sentence: str,
    cited: Sequence[str],
    *,
    entail: Entail | None = None,
    similar: Similar | None = None,
    weights: Weights = WEIGHTS,
) -> Support:
    """Judge a sentence, without its marks, by the words it cites, and by their meaning where that can be told."""
    words = " ".join(sentence.split())
    if not words or not any(map(str.strip, cited)):
        return Support("unsupported", 0.0, "it cites nothing" if words else "it says nothing")
    if any(words == " ".join(each.split()) for each in cited):
        return Support("quoted", 1.0, "word for word in the source")
    source = Cited.of(cited)
    if _quotes(words, source.sentences):
        return Support("quoted", 1.0, "word for word in the source")
    evidence = _Evidence(source, entail, similar, weights)
    whole = evidence.weigh(words)
    clauses = [each for each in _JOINT.split(words[:LONGEST_CLAIM]) if len(each.split()) >= _SHORTEST][:_MOST_CLAUSES]
    if whole.follows:
        bare = [align(each, source) for each in clauses if len(clauses) > 1]
        if not (bare := [each for each in bare if each.covered < _BARE]):
            return Support("supported", whole.score, whole.why)
        return Support("partial", min(whole.score, _BLOCKED), f"{_SOME}: {_why(words, bare[0])}")
    if len(clauses) > 1 and any(evidence.weigh(each).follows for each in clauses):
        return Support("partial", whole.score, f"{_SOME}: {whole.why}")
    return Support("unsupported", whole.score, whole.why)


def features(found: Alignment, *, nearest: float | None = None, follows: float | None = None) -> tuple[float, ...]:
    """Return what the score is made of, in the order of `FEATURES`; what cannot be told is 0, and has no weight."""
    return (
        1.0,
        found.covered,
        found.joined,
        float(bool(found.numbers)),
        math.log1p(sum(len(each.split()) for each in found.names)),
        math.log1p(_within(found.length, *_LENGTHS)),
        math.log1p(_within(found.cited, *_CITED)),
        nearest or 0.0,
        _log_odds(follows) if follows is not None else 0.0,
    )


def nearest(claim: str, found: Alignment, similar: Similar | None) -> float | None:
    """Return the highest cosine of a claim with one of the sentences that may carry it, or with the best few as one."""
    if not (similar and found.sentences):
        return None
    texts = list(dict.fromkeys((*found.sentences, found.few)))
    return max((_within(float(each), -1.0, 1.0) for each in similar(claim, texts) if math.isfinite(each)), default=None)


def entailed(claim: str, found: Alignment, entail: Entail | None) -> Entailment | None:
    """Return what the reader says of a claim and the sentences that may carry it."""
    if not (entail and found.sentences):
        return None
    (said,) = entail(claim, [" ".join(found.sentences)])
    return said


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Whether a claim follows, how likely, and why."""

    follows: bool
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class _Evidence:
    """All that a claim is weighed with."""

    source: Cited
    entail: Entail | None
    similar: Similar | None
    weights: Weights

    def weigh(self, words: str) -> _Weighed:
        """Tell how likely a claim follows, and whether it may."""
        found, claim = align(words, self.source), words[:LONGEST_CLAIM]
        cosine, said = nearest(claim, found, self.similar), entailed(claim, found, self.entail)
        values = features(found, nearest=cosine, follows=said.supported if said else None)
        score = _likely(values, self.weights[cosine is not None, said is not None])
        if found.numbers or found.names or found.denied or len(words) > LONGEST_CLAIM:
            score = min(score, _BLOCKED)
        follows = score >= _SUPPORTED
        return _Weighed(follows, score, _said_so(found) if follows else _why(words, found, said))


def _said_so(found: Alignment) -> str:
    lacks = _listed(found.others)
    return f"the cited words say so, but for {lacks}" if lacks else "the cited words say so"


def _why(words: str, found: Alignment, said: Entailment | None = None) -> str:
    """Say in a few words why a claim does not follow: numbers and names that are missing before other words."""
    if found.denied:
        return "the cited words deny it"
    if lacks := _listed((*found.numbers, *found.names) or found.others):
        return f"the cited words lack {lacks}"
    if len(words) > LONGEST_CLAIM:
        return "it is too long to be compared as a whole"
    if said and said.refuted > max(said.supported, said.unknown):
        return "the cited words say otherwise"
    return "the cited words do not say this"


def _listed(words: Sequence[str]) -> str:
    """Name the first few words: “1942”, “Paris” and more."""
    named = [f"“{each[:_LONGEST_NAMED]}”" for each in words[:_NAMED]]
    named += ["more"] if len(words) > _NAMED else []
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def _quotes(words: str, sentences: Sequence[str]) -> bool:
    """Tell whether words are a cited sentence, or a few on end."""
    return any(
        words in accumulate(sentences[at : at + _QUOTED], lambda before, each: f"{before} {each}")
        for at, sentence in enumerate(sentences)
        if words.startswith(sentence)
    )


def _likely(values: Sequence[float], weights: Sequence[float]) -> float:
    """Turn weighted values into a probability."""
    return 1 / (1 + math.exp(-sum(value * weight for value, weight in zip(values, weights, strict=True))))


def _log_odds(likely: float) -> float:
    likely = _within(likely, 1 - _CERTAIN, _CERTAIN) if math.isfinite(likely) else 0.5
    return math.log(likely / (1 - likely))


def _within(value: float, least: float, most: float) -> float:
    return max(least, min(most, value))
