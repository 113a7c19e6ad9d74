"""A question in, the best passages out: words and meaning together."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.catalog import Catalog
from qa.citations import Location, locate_passage
from qa.embedders import Embedder
from qa.lexical import Lexical
from qa.ranking import CODED, QUOTED, Ranked, closeness, fuse, gathered, raised, reranked, squash
from qa.records import Row
from qa.rerankers import Reranker
from qa.vectors import Neighbour, Vectors

POOL = 50
"""How many passages each of the two searches puts forward."""
_READ = 20
"""How many of the best are read, where more are not asked for: whether the question's words stand together there."""
RERANKED = 30
"""How many of the best the reranker reads, where more are not asked for."""
_SHARE = 0.5
"""What the reranker's score weighs beside the fused one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit(Location):
    """A passage with its score (0 to 1, comparable within one search) and how it was found."""

    score: float
    found_by: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Engines:
    """What a search needs; `vectors` is None where only words are searched."""

    folder: Path
    catalog: Catalog
    lexical: Lexical
    vectors: Vectors | None
    embedder: Embedder
    beside: Executor
    """Where one search runs while the other one does."""
    reranker: Callable[[], Reranker]
    """Opens it: it may be large, and most searches need none."""


@dataclass(frozen=True, slots=True)
class Found:
    """A ranked passage and its words."""

    ranked: Ranked
    words: str


@dataclass(frozen=True, slots=True)
class _Text:
    """The words of a passage, and its terms in their order."""

    words: str
    terms: Sequence[str]


_Reader = Callable[[Row], _Text]


def search(query: str, engines: Engines, *, count: int, within: str | None = None, rerank: bool = False) -> list[Found]:
    """Return the best passages, best first; `within` is a glob over paths, and no passage that it selects is missed.

    Passages with the same words are given once, whatever their order, case and punctuation: the best of them.
    """

    @cache
    def read(row: Row) -> _Text:
        words = engines.catalog.text(row.document, row.span)
        return _Text(words, engines.lexical.terms(words))

    chosen = _Chosen.of(engines.catalog, within) if within else None
    reranker = engines.reranker() if rerank else None
    most = max(RERANKED, count) if reranker else count
    size = max(POOL, 2 * count)
    while True:
        candidates, all_ = _candidates(query, engines, size, chosen, read)
        ranked = _gathered(query, engines.lexical, candidates, max(_READ, count), read)
        ranked = list(islice(_distinct(ranked, read, engines.lexical.empty), most))
        if all_ or len(ranked) >= count:
            break
        size *= 4  # one text over and over has kept the others out
    if reranker and ranked:
        scores = reranker.scores(query, [read(each.row).words for each in ranked])
        ranked = reranked(ranked, scores, share=_SHARE)
    return [Found(each, read(each.row).words) for each in ranked[:count]]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The documents that a glob selects, and the keys of their passages, joined to one."""

    documents: Collection[int]
    keys: bytes

    @classmethod
    def of(cls, catalog: Catalog, within: str) -> _Chosen | None:
        """Return what a glob selects; None where that is all there is."""
        documents = catalog.documents_like(within)
        if len(documents) == catalog.document_count():
            return None
        return cls(documents, catalog.keys_like(within))


def _candidates(
    query: str, engines: Engines, count: int, chosen: _Chosen | None, read: _Reader
) -> tuple[list[Ranked], bool]:
    """Ask both engines, side by side, and blend what they found; tell whether that is all they can find."""
    catalog, lexical = engines.catalog, engines.lexical
    near = engines.beside.submit(_by_meaning, query, engines.vectors, engines.embedder, count, chosen)
    matches = lexical.search(query, count=count, documents=chosen.documents if chosen else None)
    rows = {row.number: row for row in catalog.rows_by_number([match.passage for match in matches])}
    for match in matches[: _READ // 2]:
        if match.passage in rows and not near.done():
            read(rows[match.passage])  # most of these will be read anyway, and the other search takes longer
    vector, neighbours = near.result()
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
    if chosen:  # a filter inside Chroma is slow and loses hits
        return vector, vectors.nearest(vector, chosen.keys, count=count)
    return vector, vectors.search(vector, count=count)


def _gathered(query: str, lexical: Lexical, ranked: Sequence[Ranked], most: int, read: _Reader) -> list[Ranked]:
    """Read the best passages, and raise those in which the question's words stand together."""
    asked, passages = lexical.asked(query), lexical.count()
    idf = {term: math.log(1 + (passages + 1) / (count + 0.5)) for term, count in lexical.rarity(asked).items()}
    close = [closeness(asked, read(each.row).terms, idf, empty=lexical.empty) for each in ranked[:most]]
    best = gathered(ranked[:most], close)
    if codes := lexical.codes(query):
        best = raised(best, codes, [read(each.row).terms for each in best], by=CODED)
    anew = [*best, *ranked[most:]]
    if quoted := lexical.quoted(query):
        anew = raised(anew, quoted, [read(each.row).terms for each in anew], by=QUOTED)
    return anew


def _distinct(ranked: Iterable[Ranked], read: _Reader, empty: frozenset[str]) -> Iterator[Ranked]:
    """Leave out what has the same words as a better one: one name or number that differs makes it another."""
    said = set()
    for each in ranked:
        words = frozenset(read(each.row).terms) - empty
        if words not in said:
            said.add(words)
            yield each


def show(catalog: Catalog, found: Sequence[Found], *, within: str | None = None) -> list[Hit]:
    """Turn passages into hits with their places, under a path that matches; one that has just gone is left out."""
    hits = []
    for each in found:
        row = each.ranked.row
        entry = catalog.entry(row.document)
        if entry is not None and each.words:
            if within and (path := catalog.path_like(row.document, within)):
                entry = replace(entry, source=replace(entry.source, path=path))
            place = locate_passage(entry, row, each.words)
            score, found_by = squash(each.ranked.score), each.ranked.found_by
            hits.append(Hit(**place.fields(), score=score, found_by=found_by, text=each.words))
    return hits
