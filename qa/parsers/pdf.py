"""PDF, page by page: its words, as they are printed, or recognised where they are pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import category

from qa.documents import TITLE_LENGTH, Document, first_line
from qa.errors import DocumentError
from qa.parsers.pdfpages import attached, is_blank, opened, page_text
from qa.parsers.scans import fill_in, recognise_all, wordless

_END, _TAIL = b"%%EOF", 2_048
"""What the last bytes of a sound file have in them."""
_UNKNOWN = 0.5
"""A text has no words where more of its letters than this share are none that anybody knows."""
_INVOICES = frozenset({"factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml"})
"""What is attached to invoices for machines, and says what their pages say."""


def parse_pdf(data: bytes) -> Document:
    """Read a PDF; pages are kept, words broken at a line's end are joined, ligatures are letters.

    Of pages that are pictures the words are recognised, where that can be done. Raises DocumentError.
    """
    import pypdfium2

    with opened(data) as pdf:
        try:
            title = pdf.get_metadata_value("Title")
            found = [page_text(pdf, number) for number in range(len(pdf))]
            pages, missing = _read(pdf, found, cut_off=_END not in data[-_TAIL:])
        except pypdfium2.PdfiumError as error:
            raise DocumentError("It is damaged: a page of it cannot be read.") from error
    text = "\n\n".join(pages)
    starts, offset = list[int](), 0
    for page in pages:
        starts.append(offset)
        offset += len(page) + 2
    return Document(
        text, title.strip()[:TITLE_LENGTH] or first_line(text), "application/pdf", tuple(starts), missing=missing
    )


def _read(pdf: Any, found: Sequence[str | None], *, cut_off: bool) -> tuple[list[str], str]:
    """Return the text of each page, and what is missing. Raises DocumentError where nothing can be read."""
    lost = _lost(pdf, found, cut_off=cut_off)
    pages = [page or "" for page in found]
    if not any(page.strip() for page in pages):
        pages, missing = recognise_all(pdf, wordless(pdf))
    elif _is_unknown(pages):
        pages, missing = recognise_all(pdf, "Its fonts do not say which letters they show")
    else:
        missing = fill_in(pdf, pages)
    return pages, " ".join(filter(None, (lost, _attached(pdf), missing)))


def _lost(pdf: Any, found: Sequence[str | None], *, cut_off: bool) -> str:
    """Say how much of a damaged file could be read; "" where it is sound. Raises DocumentError where nothing could."""
    lost = sum(page is None or (cut_off and not page.strip() and is_blank(pdf, n)) for n, page in enumerate(found))
    if lost == len(found):
        raise DocumentError("It is damaged: none of its pages can be read.")
    return f"It is damaged: {len(found) - lost:,} of its {len(found):,} pages could be read." if lost else ""


def _attached(pdf: Any) -> str:
    """Say which files are attached to it; "" where none is that has words of its own."""
    names = [name for name in attached(pdf) if name.casefold() not in _INVOICES]
    told = f"{names[0]}, …" if len(names) > 1 else "".join(names)
    return f"What is attached to it is not read ({told}): save it beside it." if names else ""


def _is_unknown(pages: Iterable[str]) -> bool:
    """Tell whether the letters are mostly signs for what is not known, or of a font's own."""
    letters = Counter("".join("".join(pages).split()))
    unknown = sum(count for letter, count in letters.items() if letter == "\ufffd" or category(letter) == "Co")
    return unknown > _UNKNOWN * letters.total()
