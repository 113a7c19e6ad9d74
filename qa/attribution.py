"""A sentence that was written, and passages, in; the words that carry it, as citations, and a verdict, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from qa.alignment import Cited, align
from qa.answers import Piece
from qa.candidates import Vocabulary
from qa.catalog import Catalog
from qa.citations import Citation, cite
from qa.embedders import Embedder
from qa.errors import NotFound
from qa.marks import Said
from qa.narrowing import narrow, parts
from qa.search import Hit
from qa.spans import Span
from qa.support import Entail, Support, judge

_HOLDS = ("quoted", "supported")
_LIKELY = 2
"""Passages that are looked at closely."""


class Attribution:
    """Cites and judges what is written to one question."""

    def __init__(self, catalog: Catalog, vocabulary: Vocabulary, gauge: Embedder | None, entail: Entail | None) -> None:
        self._catalog = catalog
        self._vocabulary = vocabulary
        self._gauge = gauge
        self._entail = entail
        self._weights: dict[str, float] = {}

    def piece(self, said: Said, given: Sequence[Hit]) -> Piece:
        """Cite a sentence by the words that carry it, in the passages it names, or in others if those do not."""
        words = " ".join(said.words.split())
        best = self._completed(words, self._cited(words, [given[number - 1] for number in said.passages]), given)
        if best.support.verdict not in _HOLDS:
            others = [hit for number, hit in enumerate(given, start=1) if number not in said.passages]
            best = self._better(words, best, others, given)
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
        citations = [citation for hit in hits for citation in self._citations(words, hit)]
        return self._judged(words, citations, entail=entail)

    def _judged(self, words: str, citations: Sequence[Citation], *, entail: bool = True) -> Piece:
        cited = [citation.cited_text or "" for citation in citations]
        return Piece(words, tuple(citations), self._judge(words, cited, entail=entail))

    def _judge(self, words: str, cited: Sequence[str], *, entail: bool = True) -> Support:
        near = self._near if self._gauge else None
        return judge(words, cited, entail=self._entail if entail else None, similar=near)

    def _completed(self, words: str, best: Piece, given: Sequence[Hit]) -> Piece:
        """Cite one part more, which names whom or how many the others leave out, if the sentence is supported then.

        «It weighs two tonnes» says nothing of whom, and a sentence before it does. The passages of these documents must
        support the sentence as they are too: words from here and there are soon found for anything.
        """
        told = {citation.document.id for citation in best.citations}
        given = [hit for hit in given if hit.document.id in told]
        if best.support.verdict in _HOLDS or not (found := _completing(words, best.citations, given)):
            return best
        more = self._judged(words, [*best.citations, self._cite(*found)])
        holds = more.support.verdict in _HOLDS and self._judge(words, [hit.text for hit in given]).verdict in _HOLDS
        return more if holds else best

    def _better(self, words: str, best: Piece, others: Sequence[Hit], given: Sequence[Hit]) -> Piece:
        """Look whether another passage says it: models forget marks, and mistake one number for the next."""
        found = max(others, key=lambda hit: self._cited(words, [hit], entail=False).support.score, default=None)
        if found is None:
            return best
        other = self._completed(words, self._cited(words, [found]), given)
        return other if other.support.verdict in _HOLDS else best

    def _citations(self, words: str, hit: Hit) -> Iterator[Citation]:
        texts = [span.of(hit.text) for span in parts(hit.text)]
        scores = self._near(words, texts) if self._gauge else None
        for span in narrow(words, hit.text, weights=self._weight, scores=scores):
            yield self._cite(hit, span)

    def _cite(self, hit: Hit, span: Span) -> Citation:
        entry = self._catalog.find(hit.document.id)
        if entry is None:
            raise NotFound("A document was removed while the answer was written: ask again.")
        found = cite(self._catalog, entry, span.shift(hit.start_char_index), quote=span.of(hit.text))
        return replace(found, document=hit.document)  # by the path that was found

    def _near(self, words: str, texts: Sequence[str]) -> list[float]:
        """Return how near texts are to a sentence in meaning: cosines."""
        assert self._gauge is not None
        said, *vectors = self._gauge.embed([words, *texts])
        return [float(np.vecdot(said, vector)) for vector in vectors]

    def _weight(self, word: str) -> float:
        if word not in self._weights:
            self._weights[word] = max(self._vocabulary.weights(word).values(), default=0.0)
        return self._weights[word]


def _standing(piece: Piece) -> tuple[bool, float]:
    """Order what does not hold: what does in part before the rest."""
    return piece.support.verdict == "partial", piece.support.score


def _completing(words: str, citations: Sequence[Citation], given: Sequence[Hit]) -> tuple[Hit, Span] | None:
    """Return the part of passages that has most of the names and numbers that are missing, the nearest of equals."""
    cited = [citation.cited_text or "" for citation in citations]
    lacking = _lacking(words, cited)
    found = [
        (_lacking(words, [*cited, span.of(hit.text)]), away, number, span)
        for number, hit in enumerate(given)
        for span in (parts(hit.text) if lacking else ())
        if (away := _away(span.shift(hit.start_char_index), hit, citations))
    ]
    left, _, number, span = min(found, default=(lacking, 0, 0, Span(0, 0)))
    return (given[number], span) if left < lacking else None


def _lacking(words: str, cited: Sequence[str]) -> int:
    """Count the words of names and numbers that what is cited lacks."""
    found = align(words, Cited.of(cited))
    return sum(len(each.split()) for each in (*found.numbers, *found.names))


def _away(place: Span, hit: Hit, citations: Sequence[Citation]) -> int:
    """Return how far a place is from what is cited of its document; 0 if it is cited itself, or nothing is."""
    gaps = [
        max(each.start_char_index - place.end + 1, place.start - each.end_char_index + 1, 0)
        for each in citations
        if each.document.id == hit.document.id
    ]
    return min(gaps, default=0)
