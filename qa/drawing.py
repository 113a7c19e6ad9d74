"""A PDF and some of its words in; a picture of their page, with them marked, out."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from qa.errors import DocumentError, UsageError
from qa.folder import read_file, shown, without_links
from qa.parsers.sheets import Drawn, draw_page
from qa.spans import Span


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page to draw: the bytes of the name of its file, and its size; which page, from 1, and how wide, in pixels.

    `span` are the words to mark, in the text of the page, if they are those that are `expected`.
    """

    raw: bytes
    size: int
    number: int
    width: int
    span: Span
    expected: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A page that was drawn, and the digest of the file that it is of."""

    drawn: Drawn
    digest: bytes


def draw(folder: Path, sheet: Sheet) -> Picture:
    """Draw a page. Raises DocumentError where that cannot be."""
    try:
        without_links(folder, os.fsdecode(sheet.raw))
        data, _ = read_file(folder, sheet.raw)
    except (OSError, UsageError) as error:
        why = error.strerror if isinstance(error, OSError) else "its path goes through a link"
        raise DocumentError(f"{shown(sheet.raw)} cannot be read ({why}): sync the folder anew.") from error
    drawn = draw_page(data, sheet.number, sheet.span, width=sheet.width, expected=sheet.expected)
    return Picture(drawn, hashlib.sha256(data).digest())
