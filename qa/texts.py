"""The texts at rest, in compressed blocks, so that a few words of a long one are read without the rest."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

from qa.database import Database
from qa.errors import IndexDamaged
from qa.spans import Span

BLOCK = 4_096
"""So many code points stand in a block."""


class Texts:
    """The words of documents, by their numbers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, document: int, text: str) -> None:
        """Keep a text."""
        blocks = (text[start : start + BLOCK] for start in range(0, len(text), BLOCK))
        rows = ((document, block, zlib.compress(words.encode(), 1)) for block, words in enumerate(blocks))
        self._db.many("INSERT INTO texts VALUES (?, ?, ?)", rows)

    def read(self, document: int, span: Span | None = None) -> str:
        """Return the words of a span of a text; all of them without one. Raises IndexDamaged."""
        span = Span(0, 1 << 60) if span is None else span  # an empty span is false
        blocks = _blocks(span)
        rows = self._db.all(
            "SELECT words FROM texts WHERE document = ? AND block BETWEEN ? AND ? ORDER BY block",
            document,
            blocks.start,
            blocks.stop - 1,
        )
        return span.shift(-blocks.start * BLOCK).of("".join(_unpack(row[0]) for row in rows))

    def read_all(self, spans: Sequence[tuple[int, Span]]) -> list[str]:
        """Return the words of spans, each of the document beside it; of one that is gone none. Raises IndexDamaged."""
        blocks = {(document, block) for document, span in spans for block in _blocks(span)}
        wanted = ",".join(f"({document:d},{block:d})" for document, block in blocks)
        found = self._db.all(
            f"WITH wanted (d, b) AS (VALUES {wanted}) SELECT d, b, words FROM wanted"
            " JOIN texts ON document = d AND block = b"
        ) if blocks else []  # fmt: skip
        words = {(document, block): _unpack(packed) for document, block, packed in found}
        return [_cut(words, document, span) for document, span in spans]


def _blocks(span: Span) -> range:
    """Return the blocks that a span lies in; even an empty one lies in one."""
    return range(span.start // BLOCK, max(span.start, span.end - 1) // BLOCK + 1)


def _cut(words: Mapping[tuple[int, int], str], document: int, span: Span) -> str:
    blocks = _blocks(span)
    return span.shift(-blocks.start * BLOCK).of("".join(words.get((document, block), "") for block in blocks))


def _unpack(words: bytes) -> str:
    try:
        return zlib.decompress(words).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise IndexDamaged("A text in the catalog is damaged: run `qa doctor --repair`.") from error
