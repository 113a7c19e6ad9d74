"""A document: its text, with title, pages and headings."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

PARSERS_VERSION = 2
"""Raised whenever a parser extracts another text from the same bytes, so that an older index is read again."""

TITLE_LENGTH = 200
"""Characters of a title that are kept, at most."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; it stands at `start` and rules until the next one of its level or above."""

    start: int
    level: int
    title: str


@dataclass(frozen=True)
class Document:
    """One text with what is known of it; `pages` holds the offset at which each page begins."""

    text: str
    title: str
    media_type: str
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()

    @cached_property
    def id(self) -> str:
        """The sha256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def heading_path(headings: tuple[Heading, ...], offset: int) -> tuple[str, ...]:
    """Return the titles of the headings that rule at an offset, outermost first."""
    path: list[Heading] = []
    for i in range(bisect_right(headings, offset, key=lambda h: h.start) - 1, -1, -1):
        if not path or headings[i].level < path[-1].level:
            path.append(headings[i])
        if path[-1].level == 1:
            break
    return tuple(heading.title for heading in reversed(path))


def first_line(text: str) -> str:
    """Return the first line with anything on it, which is the title of a text without one."""
    match = re.search(r"\S[^\r\n]*", text)
    return match[0].strip()[:TITLE_LENGTH] if match else ""
