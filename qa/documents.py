"""A document: its text, with title, pages, headings and the parts that its format names; and what holds documents."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

PARSERS_VERSION = 8
"""Raised whenever a parser extracts another text from the same bytes, so that an older index is read again."""

INSIDE = "!/"
"""What stands between the path of a container and the name of a file in it: `mail.eml!/report.pdf`."""

_HOLDER = re.compile(rf"\.(?:eml|msg|mbox|zip)(?={INSIDE})", re.I)

TITLE_LENGTH = 200
"""Characters of a title that are kept, at most."""


def holder(path: str) -> str | None:
    """Return the path of the file of the folder that another one stands in, as an attachment in its mail."""
    found = _HOLDER.search(path)
    return path[: found.end()] if found else None


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; it stands at `start` and rules until the next one of its level or above."""

    start: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part that its format names: a slide, a sheet, what is said at a time.

    It begins at `start`, on line `line` of the text; `row` is the row of the sheet that stands on that line, and the
    next ones stand on the next lines; None where it has no rows. A file that is one table has parts without a name.
    """

    start: int
    line: int
    name: str
    row: int | None = None


@dataclass(frozen=True)
class Document:
    """One text with what is known of it; `pages` holds the offset at which each page begins.

    `missing` says what of its file is not in the text, and why; "" where nothing is.
    """

    text: str
    title: str
    media_type: str
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    parts: tuple[Part, ...] = ()
    missing: str = ""

    @cached_property
    def id(self) -> str:
        """The sha256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Container:
    """A file that holds others, as a mail its attachments: its own text, if it has any, and their names and bytes.

    The files are taken out one after the other; where that fails DocumentError is raised.
    """

    document: Document | None
    files: Iterable[tuple[str, bytes]]


def heading_path(headings: tuple[Heading, ...], offset: int) -> tuple[str, ...]:
    """Return the titles of the headings that rule at an offset, outermost first."""
    path: list[Heading] = []
    for i in range(bisect_right(headings, offset, key=lambda h: h.start) - 1, -1, -1):
        if not path or headings[i].level < path[-1].level:
            path.append(headings[i])
        if path[-1].level == 1:
            break
    return tuple(heading.title for heading in reversed(path))


def part_name(parts: Sequence[Part], offset: int, lines: tuple[int, int] | None) -> str | None:
    """Name the part that holds an offset, with its rows where lines are given; None before the first."""
    at = bisect_right(parts, offset, key=lambda part: part.start) - 1
    if at < 0:
        return None
    name = parts[at].name
    rows = _rows(parts, at, lines) if lines else []
    if not rows:
        return name or None
    first, last = min(rows), max(rows)
    return f"{name} row {first}".lstrip() if first == last else f"{name} rows {first}-{last}".lstrip()


def _rows(parts: Sequence[Part], at: int, lines: tuple[int, int]) -> list[int]:
    """Return the first and the last row that stand on some lines, of each part from `at` on that has the same name."""
    rows: list[int] = []
    for i in range(at, len(parts)):
        part = parts[i]
        if part.name != parts[at].name or (i > at and part.line > lines[1]):
            break
        first = max(lines[0], part.line)
        last = parts[i + 1].line - 1 if i + 1 < len(parts) else lines[1]
        if part.row is not None:
            rows += [part.row + line - part.line for line in (first, max(first, min(last, lines[1])))]
    return rows


def first_line(text: str) -> str:
    """Return the first line with anything on it, which is the title of a text without one."""
    match = re.search(r"\S[^\r\n]*", text)
    return match[0].strip()[:TITLE_LENGTH] if match else ""
