"""The bytes of a file in; its document out: a table of formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from qa.documents import Document
from qa.errors import DocumentError
from qa.parsers.html import parse_html
from qa.parsers.markdown import parse_markdown
from qa.parsers.pdf import parse_pdf
from qa.parsers.plain import parse_plain, parse_titled

__all__ = ["PARSERS", "TITLED", "UNREAD", "parse"]

TITLED = ".qa-titled"
"""The suffix of a text that stands after its title, as question sets have them; always UTF-8."""

PARSERS: dict[str, Callable[[bytes], Document]] = {
    ".md": parse_markdown,
    ".markdown": parse_markdown,
    ".html": parse_html,
    ".htm": parse_html,
    ".xhtml": parse_html,
    ".pdf": parse_pdf,
    TITLED: parse_titled,
}
"""Which suffix is read how; any other file is read as plain text if it is one."""

UNREAD = {
    **dict.fromkeys((".doc", ".docx", ".odt", ".rtf", ".pages"), "Word processor files"),
    **dict.fromkeys((".xls", ".xlsx", ".ods", ".numbers"), "Spreadsheets"),
    **dict.fromkeys((".ppt", ".pptx", ".odp", ".key"), "Slides"),
    **dict.fromkeys((".epub", ".mobi"), "E-books"),
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".heic"), "Pictures"),
    **dict.fromkeys((".zip", ".gz", ".7z", ".rar", ".tar", ".xz", ".bz2"), "Archives"),
}
"""Formats people keep that have no parser yet, with the word for them."""


def parse(data: bytes, name: str) -> Document:
    """Read the bytes of a file by the suffix of its name. Raises DocumentError with the reason."""
    if not data:
        raise DocumentError("It is empty.")
    suffix = PurePath(name).suffix.lower()
    parser = parse_pdf if data.startswith(b"%PDF-") else PARSERS.get(suffix, parse_plain)
    if suffix in UNREAD and parser is parse_plain:
        raise DocumentError(f"{UNREAD[suffix]} are not read yet: save it as PDF, HTML or text.")
    try:
        document = parser(data)
    except DocumentError:
        raise
    except MemoryError as error:
        raise DocumentError("It takes more memory to read than there is.") from error
    except Exception as error:  # a parser of others may raise anything, and one file must never end a sync
        raise DocumentError(f"It cannot be read ({type(error).__name__}): it may be damaged.") from error
    if not document.text.strip():
        raise DocumentError("There is no text in it.")
    return document
