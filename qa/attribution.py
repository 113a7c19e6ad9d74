"""A sentence that was written, and passages, in; the words that carry it, as citations, and a verdict, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qa.answers import Piece
from qa.catalog import Catalog
from qa.citations import Citation, cite
from qa.embedders import Embedder
from qa.errors import NotFound
from qa.evidence import Vocabulary
from qa.marks import Said
from qa.narrowing import narrow, parts
from qa.search import Hit
from qa.support import Entail, judge

_HOLDS = ("quoted", "supported")
_LIKELY = 2
"""Passages that are looked at closely."""


class Attribution:
    """Cites and judges what is written to one question; it remembers the vectors of what it has compared."""

    def __init__(self, catalog: Catalog, vocabulary: Vocabulary, gauge: Embedder | None, entail: Entail | None) -> None:
        self._catalog = catalog
        self._vocabulary = vocabulary
        self._gauge = gauge
        self._entail = entail
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._weights: dict[str, float] = {}

    def piece(self, said: Said, given: Sequence[Hit]) -> Piece:
        """Cite a sentence by the words that carry it, in the passages it names, or in others if those do not."""
        words = " ".join(said.words.split())
        best = self._cited(words, [given[number - 1] for number in said.passages])
        if best.support.verdict not in _HOLDS:
            others = [hit for number, hit in enumerate(given, start=1) if number not in said.passages]
            best = self._better(words, best, others)
        return replace(best, gap=said.gap)

    def best(self, words: str, hits: Sequence[Hit]) -> Piece:
        """Cite a sentence that names no passage by the one that carries it best."""
        if self._gauge:  # all at once: that is quicker than passage by passage
            self._near(words, [span.of(hit.text) for hit in hits for span in parts(hit.text)])
        likely = sorted(hits, key=lambda hit: -self._cited(words, [hit], entail=False).support.score)[:_LIKELY]
        found: list[Piece] = []
        for hit in likely:
            found.append(self._cited(words, [hit]))
            if found[-1].support.verdict in _HOLDS:
                return found[-1]
        return max(found, key=_standing, default=self._cited(words, []))

    def _cited(self, words: str, hits: Sequence[Hit], *, entail: bool = True) -> Piece:
        citations = tuple(citation for hit in hits for citation in self._citations(words, hit))
        cited = [citation.cited_text or "" for citation in citations]
        near = self._near if self._gauge else None
        return Piece(words, citations, judge(words, cited, entail=self._entail if entail else None, similar=near))

    def _better(self, words: str, best: Piece, others: Sequence[Hit]) -> Piece:
        """Look whether another passage says it: models forget marks, and mistake one number for the next."""
        found = max(others, key=lambda hit: self._cited(words, [hit], entail=False).support.score, default=None)
        if found is None:
            return best
        other = self._cited(words, [found])
        return other if other.support.verdict in _HOLDS else best

    def _citations(self, words: str, hit: Hit) -> Iterator[Citation]:
        entry = self._catalog.find(hit.document.id)
        if entry is None:
            raise NotFound("A document was removed while the answer was written: ask again.")
        texts = [span.of(hit.text) for span in parts(hit.text)]
        scores = self._near(words, texts) if self._gauge else None
        for span in narrow(words, hit.text, weights=self._weight, scores=scores):
            found = cite(self._catalog, entry, span.shift(hit.start_char_index), quote=span.of(hit.text))
            yield replace(found, document=hit.document)  # by the path that was found

    def _near(self, words: str, texts: Sequence[str]) -> list[float]:
        """Return how near texts are to a sentence in meaning: cosines; each text is embedded once."""
        assert self._gauge is not None
        new = [text for text in dict.fromkeys([words, *texts]) if text not in self._vectors]
        if new:
            self._vectors |= zip(new, self._gauge.embed(new), strict=True)
        return [float(np.vecdot(self._vectors[words], self._vectors[text])) for text in texts]

    def _weight(self, word: str) -> float:
        if word not in self._weights:
            self._weights[word] = max(self._vocabulary.weights(word).values(), default=0.0)
        return self._weights[word]


def _standing(piece: Piece) -> tuple[bool, float]:
    """Order what does not hold: what does in part before the rest."""
    return piece.support.verdict == "partial", piece.support.score
