"""PDF, page by page."""

from __future__ import annotations

import re
import threading

from qa.documents import TITLE_LENGTH, Document, first_line
from qa.errors import DocumentError

_PDFIUM = threading.Lock()  # pdfium is not thread-safe


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
        except pypdfium2.PdfiumError as error:
            raise DocumentError("It is damaged: a page of it cannot be read.") from error
        finally:
            pdf.close()
    if not any(page.strip() for page in pages):
        raise DocumentError("Its pages are pictures without text: run it through text recognition (OCR) first.")
    text = "\n\n".join(pages)
    starts, offset = [], 0
    for page in pages:
        starts.append(offset)
        offset += len(page) + 2
    return Document(text, title.strip()[:TITLE_LENGTH] or first_line(text), "application/pdf", pages=tuple(starts))


def _page_text(pdf: object, number: int) -> str:
    page = pdf[number]  # type: ignore[index]
    textpage = page.get_textpage()
    try:
        raw: str = textpage.get_text_range()
    finally:
        textpage.close()
        page.close()
    # pdfium writes \x02 or U+FFFE where a word is broken by a hyphen at the end of a line
    joined = re.sub("[\x02\ufffe]\r?\n?", "", raw.replace("\r\n", "\n")).replace("\0", "")
    return joined.encode("utf-8", "replace").decode()  # a lone surrogate has no bytes, so no hash
