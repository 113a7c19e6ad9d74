"""PDF, page by page."""

from __future__ import annotations

import re
import threading
from collections import Counter
from typing import Any
from unicodedata import category

from qa.documents import TITLE_LENGTH, Document, first_line
from qa.errors import DocumentError

_PDFIUM = threading.Lock()  # pdfium is not thread-safe
_BROKEN = re.compile("[\x02\ufffe]\r?\n?")
"""What pdfium writes where a word is broken by a hyphen at the end of a line."""
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_UNKNOWN = 0.5
"""A text has no words where more of its letters than this share are none that anybody knows."""


def parse_pdf(data: bytes) -> Document:
    """Read a PDF; pages are kept, words broken at a line's end are joined."""
    import pypdfium2

    with _PDFIUM:
        try:
            pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            locked = "password" in str(error).lower()
            raise DocumentError(
                "It is protected by a password: save a copy without one."
                if locked
                else "It is damaged: it does not open as a PDF."
            ) from error
        try:
            title = pdf.get_metadata_value("Title")
            pages = [_page_text(pdf, number) for number in range(len(pdf))]
            if not any(page.strip() for page in pages):
                raise DocumentError(_wordless(pdf))
        except pypdfium2.PdfiumError as error:
            raise DocumentError("It is damaged: a page of it cannot be read.") from error
        finally:
            pdf.close()
    text = "\n\n".join(pages)
    if _is_unknown(text):
        raise DocumentError(
            "Its fonts do not say which letters they show: run it through text recognition (OCR) first."
        )
    starts, offset = [], 0
    for page in pages:
        starts.append(offset)
        offset += len(page) + 2
    return Document(text, title.strip()[:TITLE_LENGTH] or first_line(text), "application/pdf", pages=tuple(starts))


def _page_text(pdf: Any, number: int) -> str:
    page = pdf[number]
    textpage = page.get_textpage()
    try:
        raw: str = textpage.get_text_range()
    finally:
        textpage.close()
        page.close()
    joined = _CONTROL.sub("", _BROKEN.sub("", raw.replace("\r\n", "\n")))
    return joined.encode("utf-8", "replace").decode()  # a lone surrogate has no bytes, so no hash


def _wordless(pdf: Any) -> str:
    """Say why there are no words: pdfium gives a page where there is none, too."""
    for page in pdf:
        drawn = next(iter(page.get_objects(max_depth=1)), None) is not None
        page.close()
        if drawn:
            return "Its pages are pictures without text: run it through text recognition (OCR) first."
    return "Its pages are blank, or damaged: there are neither letters nor pictures on them."


def _is_unknown(text: str) -> bool:
    """Tell whether its letters are mostly signs for what is not known, or of a font's own."""
    letters = Counter("".join(text.split()))
    unknown = sum(count for letter, count in letters.items() if letter == "\ufffd" or category(letter) == "Co")
    return unknown > _UNKNOWN * letters.total()
