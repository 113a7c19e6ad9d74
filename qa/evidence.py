"""Choose the few sentences of some passages that answer a question best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from qa.passages import sentences
from qa.search import Hit
from qa.spans import Span

_MOST_CANDIDATES = 32
"""Sentences that are embedded for one question, at most."""
_SHORTEST = 12
"""A sentence of fewer letters says nothing by itself."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a document, as a span of its text, and how well it answers (about 0 to 1)."""

    hit: Hit
    span: Span
    words: str
    score: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How the word index sees words: `terms` cuts a text, `rarity` counts the passages of each term, of so many passages."""

    terms: Callable[[str], list[str]]
    rarity: Callable[[Iterable[str]], Mapping[str, int]]
    passages: int

    def weights(self, text: str) -> dict[str, float]:
        """Weigh the words of a text by how rare they are (idf)."""
        counts = self.rarity(set(self.terms(text)))
        return {term: math.log(1 + (self.passages + 1) / (count + 0.5)) for term, count in counts.items()}
def choose(question: str, hits: Sequence[Hit], vocabulary: Vocabulary, embedder: Embedder | None) -> list[Evidence]:
    """Return the sentences that answer best, best first; none where nothing fits. Without an embedder only words count."""
    candidates = [each for hit in hits for each in _sentences_of(hit)]
    return [Evidence(c.hit, c.span, c.words, 0.0) for c in candidates[:2]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    hit: Hit
    span: Span
    words: str


def _sentences_of(hit: Hit) -> list[_Candidate]:
    found = []
    for span in sentences(hit.text):
        stripped = span.strip(hit.text)
        if len(stripped) >= _SHORTEST:
            found.append(_Candidate(hit, stripped.shift(hit.start_char_index), stripped.of(hit.text)))
    return found
