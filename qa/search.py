"""A question in, the best passages out: words and meaning together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.catalog import Catalog
from qa.citations import Location, locate
from qa.embedders import Embedder
from qa.lexical import Lexical, Match
from qa.records import Row
from qa.vectors import Neighbour, Vectors

_FARTHEST = -2.5
POOL = 50
"""How many passages each of the two searches puts forward."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit(Location):
    """A passage with its score (0 to 1, comparable within one search) and how it was found."""

    score: float
    found_by: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with its fused score, and its own: cosine and BM25, None where it has none."""

    row: Row
    score: float
    cosine: float | None
    bm25: float | None
    found_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Engines:
    """What a search needs; `vectors` is None where only words are searched."""

    folder: Path
    catalog: Catalog
    lexical: Lexical
    vectors: Vectors | None
    embedder: Embedder


def search(query: str, engines: Engines, *, count: int, within: str | None = None) -> list[Ranked]:
    """Return the best passages, best first; `within` is a glob over paths, and no passage that it selects is missed."""
    catalog = engines.catalog
    documents = catalog.documents_like(within) if within else None
    pool_size = max(POOL, count)
    with ThreadPoolExecutor(1, "qa-search") as beside:
        near = beside.submit(_by_meaning, query, engines, pool_size, documents) if engines.vectors else None
        matches = engines.lexical.search(query, count=pool_size, documents=documents)
        vector, neighbours = near.result() if near else (None, [])
        rows = _rows(catalog, matches, neighbours, documents)
        # what only one of the two has found gets its score from the other too
        bm25 = {match.passage: match.score for match in matches}
        unmatched = [row.number for row in rows if row.number not in bm25]
        scores = beside.submit(engines.lexical.scores, query, unmatched)
        cosines = {each.key: each.cosine for each in neighbours}
        if vector is not None and engines.vectors:
            cosines |= engines.vectors.cosines(vector, [row.key for row in rows if row.key not in cosines])
        bm25 |= {match.passage: match.score for match in scores.result()}
    return fuse(rows, cosines, bm25, found=({n.key for n in neighbours}, {m.passage for m in matches}))[:count]


def _by_meaning(
    query: str, engines: Engines, count: int, documents: Collection[int] | None
) -> tuple[NDArray[np.float32], list[Neighbour]]:
    """Return the query's vector and its nearest neighbours, among some documents or all."""
    assert engines.vectors is not None
    vector = engines.embedder.embed_query(query)
    if documents is None:
        return vector, engines.vectors.search(vector, count=count)
    # a filter inside Chroma is slow and loses hits: reach further until enough lie within
    reach, total = 4 * count, engines.vectors.count()
    while True:
        found = engines.vectors.search(vector, count=reach)
        inside = {r.key for r in engines.catalog.rows_by_key([n.key for n in found]) if r.document in documents}
        if len(inside) >= count or reach >= total:
            return vector, [n for n in found if n.key in inside][:count]
        reach *= 4


def _rows(
    catalog: Catalog, matches: Sequence[Match], neighbours: Sequence[Neighbour], documents: Collection[int] | None
) -> list[Row]:
    """Return the passages that the catalog knows of what both searches found."""
    rows = {row.number: row for row in catalog.rows_by_number([match.passage for match in matches])}
    rows |= {row.number: row for row in catalog.rows_by_key([each.key for each in neighbours])}
    return [row for row in rows.values() if documents is None or row.document in documents]


def fuse(
    rows: Sequence[Row],
    cosines: Mapping[bytes, float],
    bm25: Mapping[int, float],
    *,
    found: tuple[Collection[bytes], Collection[int]],
) -> list[Ranked]:
    """Blend both scores, each counted in standard deviations from its mean over these passages, half and half."""
    least = min(cosines.values(), default=0.0)  # without a vector yet: as far off as the farthest
    meaning = _standard([cosines.get(row.key, least) for row in rows])
    # however far off in meaning, a passage that alone has a rare word of the question stays in sight
    meaning = np.maximum(meaning, _FARTHEST)
    words = _standard([bm25.get(row.number, 0.0) for row in rows])  # none of the words is in it
    scores = _squash((meaning + words) / 2)
    ranked = [
        Ranked(row, float(score), cosines.get(row.key), bm25.get(row.number), _finders(row, found))
        for row, score in zip(rows, scores, strict=True)
    ]
    return sorted(ranked, key=lambda r: (-r.score, r.row.number))


def _standard(values: Sequence[float]) -> NDArray[np.float64]:
    """Count values in standard deviations from their mean."""
    array = np.array(values, dtype=np.float64)
    # below a thousandth they are all alike, and their differences but rounding
    return (array - array.mean()) / max(float(array.std()), 1e-3) if len(array) else array


def _squash(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-values)), dtype=np.float64)


def _finders(row: Row, found: tuple[Collection[bytes], Collection[int]]) -> tuple[str, ...]:
    by_meaning, by_words = found
    return (*(("lexical",) if row.number in by_words else ()), *(("semantic",) if row.key in by_meaning else ()))


def show(catalog: Catalog, ranked: Sequence[Ranked]) -> list[Hit]:
    """Turn passages into hits with their words and places; one whose document has just gone is left out."""
    hits = []
    for each in ranked:
        entry = catalog.entry(each.row.document)
        if entry is None:
            continue
        text = catalog.text(each.row.document, each.row.span)
        place = locate(catalog, entry, each.row.span)
        hits.append(Hit(**place.fields(), score=each.score, found_by=each.found_by, text=text))
    return hits
