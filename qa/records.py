"""What the catalog holds: files, documents, passages, and what stays of texts that are gone."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qa.documents import Heading, Part
from qa.plain import Plain, iso_time
from qa.spans import Span

_RACY_NS = 2_000_000_000
"""Within one tick of a coarse clock a file may change twice and keep its time."""
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Signature:
    """What `stat` says of a file; while it stays the same the file is not opened."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, stat: os.stat_result) -> Signature:
        """Take the signature from a stat result, in numbers of 63 bits; some inodes have more, and times after 2262."""
        return cls(stat.st_size, min(stat.st_mtime_ns, _MOST), min(stat.st_ctime_ns, _MOST), stat.st_ino & _MOST)


@dataclass(frozen=True, slots=True)
class File:
    """What the catalog knows of one file: `document` is None and `reason` says why where it could not be read.

    Where only a part of it could be, there are both.
    `container` is the path of the file that it stands in, as an attachment in its mail: its name in the folder and its
    signature are that one's; None for a file of the folder itself.
    """

    path: str
    raw: bytes
    signature: Signature
    seen_ns: int
    digest: bytes | None
    document: int | None
    reason: str | None
    container: str | None = None

    @property
    def settled(self) -> bool:
        """Tell whether its signature vouches for it: one changed just before it was read may have changed again."""
        return self.seen_ns - self.signature.mtime_ns > _RACY_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Plain):
    """A document as a citation names it."""

    id: str
    path: str
    paths: tuple[str, ...]
    title: str
    media_type: str
    modified: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A document at rest: its source, its length in code points, and where its pages, headings and parts begin."""

    number: int
    source: Source
    length: int
    pages: tuple[int, ...]
    headings: tuple[Heading, ...]
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A passage at rest; `key` is the hash of the words that are embedded for it."""

    number: int
    document: int
    span: Span
    line: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of a text that is gone from the folder: its id, its last path and its length; no words."""

    id: str
    path: str
    length: int
    since: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is; `waiting` counts the passages' words that have no vector yet."""

    files: int
    failed: int
    partial: int
    documents: int
    passages: int
    characters: int
    vectors: int
    waiting: int


def entry_of(row: Sequence[Any], files: Sequence[Sequence[Any]]) -> Entry:
    """Read a document's row; of its files path and time are needed, in order."""
    number, id_, title, media_type, length, pages, headings, parts = row
    paths = tuple(file[0] for file in files)
    source = Source(
        id=id_,
        path=paths[0] if paths else "",
        paths=paths,
        title=title,
        media_type=media_type,
        modified=iso_time(files[0][1] / 1e9) if files else "",
    )
    return Entry(number, source, length, tuple(json.loads(pages)), headings_of(headings), parts_of(parts))


def headings_of(stored: str) -> tuple[Heading, ...]:
    """Read headings as they are stored."""
    return tuple(Heading(*heading) for heading in json.loads(stored))


def parts_of(stored: str) -> tuple[Part, ...]:
    """Read parts as they are stored."""
    return tuple(Part(*part) for part in json.loads(stored))


def file_of(row: Sequence[Any]) -> File:
    """Read a file's row."""
    return File(row[0], row[1], Signature(*row[2:6]), *row[6:])


def row_of(row: Sequence[Any]) -> Row:
    """Read a passage's row."""
    return Row(row[0], row[1], Span(row[2], row[3]), row[4], row[5])
