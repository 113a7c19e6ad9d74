"""Rank passages: pure functions of their scores, places and words; `docs/evaluation.md` shows what each pays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qa.records import Row

_FARTHEST = -2.5
_NEIGHBOUR = 0.2
"""What a passage takes from the score of the better of those beside it: an answer often begins before its words."""
_WINDOW = 30
"""Words among which those of a question are looked for together: about a sentence and a half."""
_CLOSE = 0.35
"""What it weighs that they stand together."""
QUOTED = 3.0
"""More than most passages differ by: what somebody puts in quotation marks is to stand there, word for word."""
CODED = 0.5
"""For a number, a date or a name of many parts that stands there as the question has it."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with its rank's score, in standard deviations, and its own: cosine and BM25, None where it has none."""

    row: Row
    score: float
    cosine: float | None
    bm25: float | None
    found_by: tuple[str, ...]


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
    scores = _lifted(rows, (meaning + words) / 2)
    return _sorted(
        Ranked(row, float(score), cosines.get(row.key), bm25.get(row.number), _finders(row, found))
        for row, score in zip(rows, scores, strict=True)
    )


def _lifted(rows: Sequence[Row], scores: Values) -> Values:
    """Add to each score a share of the better one of the passages right before and after it."""
    if not rows:
        return scores
    at = {row.number: i for i, row in enumerate(rows)}
    unknown = float(np.quantile(scores, 0.25, method="lower"))  # one beside it that was not found says little for it
    beside = np.full(len(rows), unknown)
    for i, row in enumerate(rows):
        for j in (at.get(row.number - 1), at.get(row.number + 1)):
            if j is not None and rows[j].document == row.document:
                beside[i] = max(beside[i], scores[j])
    return np.asarray(scores + _NEIGHBOUR * beside, np.float64)


def gathered(ranked: Sequence[Ranked], close: Sequence[float]) -> list[Ranked]:
    """Raise passages in which the words of the question stand together, by the `closeness` of each."""
    added = _CLOSE * _standard(close)
    return _sorted(replace(each, score=each.score + float(more)) for each, more in zip(ranked, added, strict=True))


def closeness(asked: Sequence[str], words: Sequence[str], idf: Mapping[str, float], *, empty: Collection[str]) -> float:
    """Weigh, by rarity, the words of a question in the best window of a passage, and the pairs that it has as they are.

    `asked` and `words` are terms in their order; `empty` ones count in pairs alone. From 0 up.
    """
    weights = {term: idf[term] for term in asked}
    pairs = {pair: (idf[pair[0]] + idf[pair[1]]) / 2 for pair in pairwise(asked)}
    marks: list[tuple[int, str | tuple[str, str], float]] = []
    for i in [i for i, word in enumerate(words) if word in weights]:
        word = words[i]
        if word not in empty:
            marks.append((i, word, weights[word]))
        pair = (word, words[i + 1]) if i + 1 < len(words) else (word, "")
        if pair in pairs:
            marks.append((i, pair, pairs[pair]))
    return _heaviest(marks) / (sum(weights.values()) or 1.0)


def _heaviest(marks: Sequence[tuple[int, Hashable, float]]) -> float:
    """Return the greatest weight of different things in one window, of things with their places, in order."""
    times: Counter[Hashable] = Counter()
    best = weight = 0.0
    left = 0
    for place, what, adds in marks:
        while place - marks[left][0] >= _WINDOW:
            _, gone, takes = marks[left]
            times[gone] -= 1
            weight -= 0.0 if times[gone] else takes
            left += 1
        weight += 0.0 if times[what] else adds
        times[what] += 1
        best = max(best, weight)
    return best


def raised(
    ranked: Sequence[Ranked], phrases: Sequence[Sequence[str]], words: Sequence[Sequence[str]], *, by: float
) -> list[Ranked]:
    """Raise passages, by so many standard deviations, for each phrase that they have word for word."""
    has = [sum(_stands_in(phrase, each) for phrase in phrases) for each in words]
    return _sorted(replace(each, score=each.score + by * n) for each, n in zip(ranked, has, strict=True))


def _stands_in(phrase: Sequence[str], words: Sequence[str]) -> bool:
    starts = (i for i, word in enumerate(words) if word == phrase[0])
    return any(tuple(words[i : i + len(phrase)]) == tuple(phrase) for i in starts)


def reranked(ranked: Sequence[Ranked], scores: Sequence[float] | NDArray[np.float32], *, share: float) -> list[Ranked]:
    """Blend scores with a reranker's, both counted in standard deviations from their mean over these passages."""
    before = _standard([each.score for each in ranked], alike=1e-9)
    blended = (1 - share) * before + share * _standard(scores, alike=1e-9)
    return _sorted(replace(each, score=float(score)) for each, score in zip(ranked, blended, strict=True))


def read_anew(
    ranked: Sequence[Ranked], relevance: Sequence[float] | NDArray[np.float32], *, lift: float, share: float, first: int
) -> list[Ranked]:
    """Let the reader's relevance, logits, count: for the first places where it is sure, for the others throughout.

    A passage that stands out for it is lifted, by so many standard deviations if it is the only one. Those that then
    come first stay there; the others are ranked by their score and `share` of the relevance, both in standard
    deviations, and what stands right beside the very first is lifted too: an answer often goes on there. So a question
    that no single passage answers, as one that needs two, keeps the search's best.
    """
    if not ranked:
        return []
    before, read = _standard([each.score for each in ranked], alike=1e-9), np.array(relevance, np.float64)
    sure = np.exp(read - read.max())
    lifted = before + lift * sure / sure.sum()
    order = np.lexsort(([each.row.number for each in ranked], -lifted))
    best, rest = order[:first], order[first:]
    beside = [_touch(each.row, ranked[best[0]].row) for each in ranked]
    blended = (before + share * _standard(relevance, alike=1e-9) + lift * np.array(beside))[rest]
    anew = [*best, *rest[np.lexsort((rest, -blended))]]
    # one scale for all: none scores above who stands before it
    scores = np.minimum.accumulate(np.concatenate([lifted[best], -np.sort(-blended)]))
    return [replace(ranked[i], score=float(score)) for i, score in zip(anew, scores, strict=True)]


def _touch(one: Row, other: Row) -> bool:
    """Tell whether one passage ends where the other begins."""
    return one.document == other.document and (one.span.end == other.span.start or other.span.end == one.span.start)


def squash(score: float) -> float:
    """Bring a score in standard deviations between 0 and 1."""
    return float(1 / (1 + np.exp(-score)))


def _sorted(ranked: Iterable[Ranked]) -> list[Ranked]:
    return sorted(ranked, key=lambda each: (-each.score, each.row.number))


def _standard(values: Sequence[float] | NDArray[np.float32], *, alike: float = 1e-3) -> Values:
    """Count values in standard deviations from their mean; below `alike` their differences are but rounding."""
    array = np.array(values, dtype=np.float64)
    return (array - array.mean()) / max(float(array.std()), alike) if len(array) else array


def _finders(row: Row, found: tuple[Collection[bytes], Collection[int]]) -> tuple[str, ...]:
    by_meaning, by_words = found
    return (*(("lexical",) if row.number in by_words else ()), *(("semantic",) if row.key in by_meaning else ()))
