"""A document of pages and a citation in; a picture of a page, with the cited words marked there, out."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from qa.catalog import Catalog
from qa.citations import parse_id
from qa.drawing import Sheet
from qa.errors import NotFound, UsageError
from qa.parsers import is_pdf, is_plain
from qa.parsers.sheets import Drawn
from qa.records import Entry, File
from qa.spans import Span
from qa.workers import draw_sheet

_PDF = "application/pdf"
NARROWEST, WIDEST = 100, 2_000
"""How wide a picture may be, in pixels."""


def draw_page(catalog: Catalog, folder: Path, file: File, number: int, *, cite: str | None, width: int) -> Drawn:
    """Draw a page of a PDF, from 1 on, as its file is now; what a citation has on that page is marked.

    Raises NotFound, UsageError, MalformedCitation, DocumentError.
    """
    if not NARROWEST <= width <= WIDEST:
        raise UsageError(f"The width must be from {NARROWEST} to {WIDEST:,} pixels.")
    entry = catalog.entry(file.document or 0)
    alone = [each for each in catalog.files_of(file.document or 0) if not each.container]
    if entry is None or entry.source.media_type != _PDF or not entry.pages or not alone:
        raise NotFound("Only pages of PDFs can be drawn, and only of those that are files of their own.")
    # files of other formats may have the same text, and a PDF any name but that of a text
    file = max(alone, key=lambda each: (is_pdf(each.path), not is_plain(each.path)))
    if not 1 <= number <= len(entry.pages):
        raise NotFound(f"There is no such page: the document has {len(entry.pages):,}.")
    page = _page(entry, number)
    cited = _cited(entry, cite, page) if cite else Span(page.start, page.start)
    expected = catalog.text(entry.number, cited)
    sheet = Sheet(file.raw, file.signature.size, number, width, cited.shift(-page.start), expected)
    picture = draw_sheet(folder, sheet)
    # in a file that is as it was, words that were recognised are on a picture: nobody knows where
    if picture.digest != file.digest and picture.drawn.words != expected:
        raise NotFound("The file was changed since the last sync: after the next one, look the citation up again.")
    return picture.drawn if picture.drawn.words == expected else replace(picture.drawn, words=None)


def _page(entry: Entry, number: int) -> Span:
    """Return where the words of a page stand in the text; two line ends part it from the next."""
    spans = [Span(start, end - 2) for start, end in pairwise((*entry.pages, entry.length + 2))]
    return spans[number - 1]


def _cited(entry: Entry, id_: str, page: Span) -> Span:
    """Return what a citation has on a page; where that is nothing, an empty span there."""
    prefix, span = parse_id(id_)
    if not entry.source.id.startswith(prefix):
        raise UsageError("The citation is of another document, or of what this one said before: look it up first.")
    start = min(max(span.start, page.start), page.end)
    return Span(start, max(start, min(span.end, page.end)))
