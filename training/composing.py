"""Questions in; questions that need two passages, and questions that name their topic as a follow-up does, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from rows import Row

_LONGEST = 160
"""A question of more characters is long enough."""


def composed(rows: Sequence[Row], count: int, rng: Random) -> Iterator[tuple[str, Row, Row]]:
    """Yield two questions as one, with the rows of both: each of their passages answers a part of it."""
    usable = [row for row in rows if row.answerable and row.spans and len(row.question) <= _LONGEST]
    for _ in range(count):
        one, other = rng.sample(usable, 2)
        if one.passage != other.passage:
            yield _joined(one.question, other.question, rng), one, other


def followed(rows: Sequence[Row], count: int, rng: Random) -> Iterator[tuple[str, Row]]:
    """Yield questions with the title of their document in brackets, as a follow-up is searched."""
    usable = [row for row in rows if row.title and row.answerable and 3 <= len(row.title) <= 80]
    for row in rng.sample(usable, min(count, len(usable))):
        yield f"{row.question} ({row.title})", row


def _joined(one: str, other: str, rng: Random) -> str:
    one = one.rstrip(" ?.")
    first, rest = other[:1], other[1:]
    other = first.lower() + rest if rest[:1].islower() else other
    return f"{one}{rng.choice((', and', ' and', ' while', ', whereas', '? And'))} {other}"
