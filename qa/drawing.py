"""A PDF and some of its words in; a picture of their page, with them marked, out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from qa.errors import DocumentError
from qa.folder import read_file
from qa.parsers.pdf import Drawn, draw_page
from qa.spans import Span


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page to draw: the bytes of the name of its file, and its size; which page, from 1, and how wide, in pixels.

    `span` are the words to mark, in the text of the page.
    """

    raw: bytes
    size: int
    number: int
    width: int
    span: Span


def draw(folder: Path, sheet: Sheet) -> Drawn:
    """Draw a page. Raises DocumentError where that cannot be."""
    try:
        data, _ = read_file(folder, sheet.raw)
    except OSError as error:
        raise DocumentError(f"{os.fsdecode(sheet.raw)} cannot be read: {error.strerror}.") from error
    return draw_page(data, sheet.number, sheet.span, width=sheet.width)
