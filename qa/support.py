"""Does a sentence follow from the words it cites? A verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["quoted", "supported", "partial", "unsupported"]


@dataclass(frozen=True, slots=True)
class Support:
    """A verdict, how sure it is (0 to 1), and why in a few words."""

    verdict: Verdict
    score: float
    why: str


def judge(sentence: str, cited: Sequence[str]) -> Support:
    """Judge a sentence, without its marks, by the words it cites; only word for word counts so far."""
    words = " ".join(sentence.split())
    if words and any(words == " ".join(each.split()) for each in cited):
        return Support("quoted", 1.0, "word for word in the source")
    return Support("unsupported", 0.0, "no citation says this word for word")
