"""What the bytes of a file are for certain, whatever its name says."""

from __future__ import annotations

import io
import re
import struct
import zipfile

from qa.errors import DocumentError

_PDF = re.compile(rb"%PDF-\d\.\d")
_FOLDERS = {"word": ".docx", "xl": ".xlsx", "ppt": ".pptx"}
"""Where office files keep their parts."""
_TYPE = re.compile(rb"application/(?:epub\+zip|vnd\.oasis\.opendocument\.(?:text|spreadsheet|presentation))")
"""What books and OpenDocument files say of themselves."""
_TYPES = {b"zip": ".epub", b"text": ".odt", b"spreadsheet": ".ods", b"presentation": ".odp"}
_TEXTS = (
    (re.compile(r"\s*\{\\rtf"), ".rtf"),
    (re.compile(r"\s*<\?xml\b"), ".xml"),
    (re.compile(r"\s*<(?:!doctype\s+html|html|head|body|meta)\b", re.I), ".html"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_NAMES = {
    ".pdf": "a PDF",
    ".docx": "a Word document",
    ".xlsx": "a workbook",
    ".xlsb": "a workbook",
    ".pptx": "a presentation",
    ".epub": "a book",
    ".odt": "an OpenDocument text",
    ".ods": "an OpenDocument spreadsheet",
    ".odp": "an OpenDocument presentation",
    ".rtf": "rich text",
    ".xml": "XML",
    ".html": "a web page",
    ".txt": "plain text",
}
_BROKEN = (zipfile.BadZipFile, struct.error, LookupError, OSError, EOFError, ValueError, RuntimeError)
"""What looking into a ZIP raises where it is damaged."""


def kind_of(data: bytes) -> str:
    """Return the suffix of a PDF, an office file or a book; "" for all else. Nothing is unpacked for it."""
    if _PDF.match(data):
        return ".pdf"
    if not data.startswith(b"PK\x03\x04"):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            names = {name.replace("\\", "/").casefold() for name in file.namelist()}
            said = _said(file, file.getinfo("mimetype")) if "mimetype" in names else b""
    except _BROKEN:
        return ""
    if found := _TYPE.match(said):
        return _TYPES[re.split(rb"[.+]", found[0])[-1]]
    if "xl/workbook.bin" in names:
        return ".xlsb"
    folders = {name.partition("/")[0] for name in names} if "[content_types].xml" in names else ()
    return next((suffix for folder, suffix in _FOLDERS.items() if folder in folders), "")


def _said(file: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    with file.open(part) as opened:
        return opened.read(100) if part.compress_type == zipfile.ZIP_STORED else b""


def text_kind_of(data: bytes) -> str:
    """Return the suffix of a text that is surely one; "" for all else, also for a PDF with something before it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    if _CONTROL.search(text) or b"%PDF-" in data[:1024]:
        return ""
    return next((suffix for begins, suffix in _TEXTS if begins.match(text)), ".txt")


def misnamed(kind: str) -> DocumentError:
    """Return the reason not to read a file of this kind under its name."""
    return DocumentError(f"It is {_NAMES[kind]} under another name: rename it to end in {kind}.")
