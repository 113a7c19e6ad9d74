"""A question in, the best passages out: words and meaning together."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.catalog import Catalog
from qa.citations import Location, locate_passage
from qa.embedders import Embedder
from qa.lexical import Lexical
from qa.ranking import CODED, QUOTED, Ranked, closeness, fuse, gathered, raised, squash
from qa.reader import Reader
from qa.records import Row
from qa.rerankers import Reranker
from qa.turns import Turns
from qa.vectors import Neighbour, Vectors

POOL = 50
"""How many passages each of the two searches puts forward."""
_READ = 20
"""How many of the best are read, where more are not asked for: whether the question's words stand together there."""
_STEP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit(Location):
    """A passage with its score (0 to 1, comparable within one search) and how it was found."""

    score: float
    found_by: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Engines:
    """What a search needs; `vectors` is None where only words are searched, `gauge` compares sentences."""

    folder: Path
    catalog: Catalog
    lexical: Lexical
    vectors: Vectors | None
    embedder: Embedder
    gauge: Embedder
    turns: Turns
    reranker: Callable[[], Reranker | None]
    """Opens the one that is named: it may be large, and most searches need none. None: the reader takes its place."""
    reader: Callable[[], Reader | None]
    """Opens it; None where it is switched off, or harmed."""
    longest: int
    """Of a file that changed since the sync so many bytes are read."""


@dataclass(frozen=True, slots=True)
class Found:
    """A ranked passage and its words."""

    ranked: Ranked
    words: str


@dataclass(frozen=True, slots=True)
class _Text:
    """The words of a passage, its terms in their order, and how far those of the question stand together there."""

    words: str
    terms: Sequence[str]
    closeness: float


class _Shelf:
    """Fetches passages for one question, each once, several at a time."""

    def __init__(self, query: str, catalog: Catalog, lexical: Lexical) -> None:
        self._catalog = catalog
        self._lexical = lexical
        self._asked = lexical.asked(query)
        passages = lexical.count()
        self._idf = {
            term: math.log(1 + (passages + 1) / (count + 0.5)) for term, count in lexical.rarity(self._asked).items()
        }
        self._at_hand: dict[int, _Text] = {}

    def fetch(self, rows: Sequence[Row]) -> list[_Text]:
        """Return the texts of passages."""
        new = [row for row in rows if row.number not in self._at_hand]
        for row, words in zip(new, self._catalog.words_of(new) if new else [], strict=True):
            self._at_hand[row.number] = self._text(words)
        return [self._at_hand[row.number] for row in rows]

    def _text(self, words: str) -> _Text:
        terms = self._lexical.terms(words)
        return _Text(words, terms, closeness(self._asked, terms, self._idf, empty=self._lexical.empty))

    def texts(self, ranked: Sequence[Ranked]) -> list[_Text]:
        """Return the texts of ranked passages."""
        return self.fetch([each.row for each in ranked])

    def terms(self, ranked: Sequence[Ranked]) -> list[Sequence[str]]:
        """Return the terms of ranked passages, in their order."""
        return [text.terms for text in self.texts(ranked)]

    def words(self, ranked: Sequence[Ranked]) -> list[str]:
        """Return the words of ranked passages."""
        return [text.words for text in self.texts(ranked)]


def search(
    query: str, engines: Engines, *, count: int, within: Sequence[str] = (), most: int | None = None
) -> list[Found]:
    """Return the best passages, best first; `within` are globs over paths, and no passage that one selects is missed.

    Passages with the same words are given once, whatever their order, case and punctuation: the best of them.
    There are `count` of them if there are so many, and up to `most` for who ranks them anew.
    """
    shelf = _Shelf(query, engines.catalog, engines.lexical)
    with engines.turns.take() as beside:
        ranked = _ranked(query, engines, shelf, beside, count, max(count, most or 0), within)
    return [Found(each, words) for each, words in zip(ranked, shelf.words(ranked), strict=True)]


def _ranked(
    query: str, engines: Engines, shelf: _Shelf, beside: Executor | None, count: int, most: int, within: Sequence[str]
) -> list[Ranked]:
    """Return the best passages that differ, at least `count` and up to `most` if there are so many."""
    chosen = _Chosen.of(engines.catalog, within) if within else None
    size = max(POOL, 2 * count)
    while True:
        candidates, all_ = _candidates(query, engines, shelf, beside, size, chosen)
        ranked = _gathered(query, engines.lexical, shelf, candidates, max(_READ, count))
        ranked = list(islice(_distinct(ranked, shelf, engines.lexical.empty), most))
        if all_ or len(ranked) >= count:
            return ranked
        size *= 4  # one text over and over has kept the others out


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The documents that globs select, and the keys of their passages, joined to one."""

    documents: Collection[int]
    keys: bytes

    @classmethod
    def of(cls, catalog: Catalog, within: Sequence[str]) -> _Chosen | None:
        """Return what globs select; None where that is all there is."""
        documents = catalog.documents_like(within)
        if len(documents) == catalog.document_count():
            return None
        return cls(documents, catalog.keys_like(within))


def _candidates(
    query: str, engines: Engines, shelf: _Shelf, beside: Executor | None, count: int, chosen: _Chosen | None
) -> tuple[list[Ranked], bool]:
    """Ask both engines, side by side, and blend what they found; tell whether that is all they can find."""
    catalog, lexical = engines.catalog, engines.lexical
    meaning = partial(_by_meaning, query, engines.vectors, engines.embedder, count, chosen)
    near = beside.submit(meaning) if beside else None
    matches = lexical.search(query, count=count, documents=chosen.documents if chosen else None)
    rows = {row.number: row for row in catalog.rows_by_number([match.passage for match in matches])}
    best = [rows[match.passage] for match in matches[:_READ] if match.passage in rows]
    while near and best and not near.done():  # most of these will be read anyway, and the other search takes longer
        shelf.fetch(best[:_STEP])
        best = best[_STEP:]
    vector, neighbours = near.result() if near else meaning()
    rows |= {row.number: row for row in catalog.rows_by_key([each.key for each in neighbours])}
    known = [row for row in rows.values() if chosen is None or row.document in chosen.documents]
    # what only one of the two has found gets its score from the other too
    bm25 = {match.passage: match.score for match in matches}
    bm25 |= {m.passage: m.score for m in lexical.scores(query, [row.number for row in known if row.number not in bm25])}
    cosines = {each.key: each.cosine for each in neighbours}
    if vector is not None and engines.vectors:
        cosines |= engines.vectors.cosines(vector, [row.key for row in known if row.key not in cosines])
    ranked = fuse(known, cosines, bm25, found=({n.key for n in neighbours}, {m.passage for m in matches}))
    return ranked, max(len(neighbours), len(matches)) < count


def _by_meaning(
    query: str, vectors: Vectors | None, embedder: Embedder, count: int, chosen: _Chosen | None
) -> tuple[NDArray[np.float32] | None, list[Neighbour]]:
    """Return the query's vector and its nearest neighbours, among the chosen documents or all."""
    if vectors is None:
        return None, []
    vector = embedder.embed_query(query)
    return vector, vectors.search(vector, count=count, among=chosen.keys if chosen else None)


def _gathered(query: str, lexical: Lexical, shelf: _Shelf, ranked: Sequence[Ranked], most: int) -> list[Ranked]:
    """Read the best passages, and raise those in which the question's words stand together."""
    close = [text.closeness for text in shelf.texts(ranked[:most])]
    best = gathered(ranked[:most], close)
    if codes := lexical.codes(query):
        best = raised(best, codes, shelf.terms(best), by=CODED)
    anew = [*best, *ranked[most:]]
    if quoted := lexical.quoted(query):
        anew = raised(anew, quoted, shelf.terms(anew), by=QUOTED)
    return anew


def _distinct(ranked: Iterable[Ranked], shelf: _Shelf, empty: frozenset[str]) -> Iterator[Ranked]:
    """Leave out what has the same words as a better one: one name or number that differs makes it another."""
    said = set()
    for each in ranked:
        (terms,) = shelf.terms([each])
        words = frozenset(terms) - empty
        if words not in said:
            said.add(words)
            yield each


def show(catalog: Catalog, found: Sequence[Found], *, within: Sequence[str] = ()) -> list[Hit]:
    """Turn passages into hits with their places, under a path that matches; one that has just gone is left out."""
    hits = []
    entries = catalog.entries_of({each.ranked.row.document for each in found})
    for each in found:
        row = each.ranked.row
        entry = entries.get(row.document)
        if entry is not None and each.words:
            if within and (path := catalog.path_like(row.document, within)):
                entry = replace(entry, source=replace(entry.source, path=path))
            place = locate_passage(entry, row, each.words)
            score, found_by = squash(each.ranked.score), each.ranked.found_by
            hits.append(Hit(**place.fields(), score=score, found_by=found_by, text=each.words))
    return hits
