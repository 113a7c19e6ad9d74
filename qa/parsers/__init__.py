"""The bytes of a file in; its document out, and those of the files in it: a table of formats."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import PurePosixPath

from qa.documents import INSIDE, Container, Document
from qa.errors import DocumentError
from qa.parsers.archives import parse_archive
from qa.parsers.doc import parse_doc
from qa.parsers.docx import parse_docx
from qa.parsers.epub import parse_epub
from qa.parsers.html import parse_html
from qa.parsers.json import parse_json, parse_lines
from qa.parsers.kinds import kind_of, misnamed, text_kind_of
from qa.parsers.mail import parse_mail
from qa.parsers.mailbox import parse_mailbox
from qa.parsers.markdown import parse_markdown
from qa.parsers.misnamed import parse_saved
from qa.parsers.msg import parse_msg
from qa.parsers.notebooks import parse_notebook
from qa.parsers.odf import parse_odf
from qa.parsers.pdf import parse_pdf
from qa.parsers.pictures import parse_picture
from qa.parsers.plain import parse_plain, parse_titled
from qa.parsers.ppt import parse_ppt
from qa.parsers.pptx import parse_pptx
from qa.parsers.rtf import parse_rtf
from qa.parsers.sources import parse_latex, parse_rst
from qa.parsers.subtitles import parse_subtitles
from qa.parsers.tables import parse_table
from qa.parsers.xls import parse_xls
from qa.parsers.xlsx import parse_xlsx
from qa.parsers.xml import parse_markup

__all__ = ["PARSERS", "TITLED", "UNREAD", "Parsed", "is_archive", "is_plain", "may_be_pictures", "parse", "parse_all"]

TITLED = ".qa-titled"
"""The suffix of a text that stands after its title, as question sets have them; always UTF-8."""

_TEXTS = tuple(
    ".txt .text .log .asc .py .pyi .js .mjs .cjs .ts .tsx .jsx .vue .c .h .cc .cpp .cxx .hh .hpp .m .mm .rs .go .java "
    ".kt .scala .swift .cs .fs .vb .rb .php .pl .pm .lua .r .jl .hs .ml .ex .exs .erl .clj .lisp .dart .sql .sh .bash "
    ".zsh .fish .ps1 .bat .cmd .css .scss .less .yaml .yml .toml .ini .cfg .conf .properties .bib .adoc .org .tf "
    ".proto .graphql .cmake .gradle .diff .patch".split()
)

PARSERS: dict[str, Callable[[bytes], Document | Container]] = {
    ".md": parse_markdown,
    ".markdown": parse_markdown,
    ".html": parse_html,
    ".htm": parse_html,
    ".xhtml": parse_html,
    ".pdf": parse_pdf,
    ".eml": parse_mail,
    **dict.fromkeys((".mht", ".mhtml"), parse_saved),
    **dict.fromkeys((".docx", ".docm", ".dotx", ".dotm"), parse_docx),
    **dict.fromkeys((".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm"), parse_pptx),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xltm"), parse_xlsx),
    **dict.fromkeys((".odt", ".ott", ".ods", ".ots", ".odp", ".otp"), parse_odf),
    ".epub": parse_epub,
    **dict.fromkeys((".doc", ".dot"), parse_doc),
    **dict.fromkeys((".ppt", ".pps", ".pot"), parse_ppt),
    **dict.fromkeys((".xls", ".xlt", ".xlsb"), parse_xls),
    ".rtf": parse_rtf,
    ".msg": parse_msg,
    ".mbox": parse_mailbox,
    **dict.fromkeys((".csv", ".tsv"), parse_table),
    ".json": parse_json,
    **dict.fromkeys((".jsonl", ".ndjson"), parse_lines),
    **dict.fromkeys((".xml", ".rss", ".atom"), parse_markup),
    ".ipynb": parse_notebook,
    **dict.fromkeys((".tex", ".latex"), parse_latex),
    **dict.fromkeys((".rst", ".rest"), parse_rst),
    **dict.fromkeys((".srt", ".vtt"), parse_subtitles),
    ".zip": parse_archive,
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".gif", ".webp", ".tif", ".tiff", ".bmp"), parse_picture),
    TITLED: parse_titled,
    **dict.fromkeys(_TEXTS, parse_plain),
}
"""Which suffix is read how; any other file is read as plain text if it is one."""

_LETTERS = (parse_plain, parse_markdown, parse_titled)
"""What takes files as they are, letter by letter: so they are read where a bad file of another kind could harm."""
_NO_TEXTS = (
    parse_pdf,
    parse_docx,
    parse_pptx,
    parse_xlsx,
    parse_odf,
    parse_epub,
    parse_ppt,
    parse_msg,
    parse_archive,
    parse_picture,
)
"""What no text is read by."""

UNREAD = {
    ".pages": "Word processor files",
    ".numbers": "Spreadsheets",
    ".key": "Slides",
    ".mobi": "E-books",
    ".heic": "Pictures of this kind",
    **dict.fromkeys((".gz", ".7z", ".rar", ".tar", ".xz", ".bz2"), "Archives"),
}
"""Formats people keep that have no parser yet, with the word for them."""

_DEEPEST = 4
"""So many containers are opened that stand in one another."""
_MOST = 2_000
_MOST_BYTES = 500_000_000
"""What is taken out of one file, at most: who has packed more into it means harm."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was found at a path: a document, or the reason why there is none; a mere container has neither.

    A document of which a part is missing has both.
    """

    path: str
    digest: bytes
    """The sha256 of its bytes."""
    document: Document | None = None
    reason: str | None = None


def is_plain(path: str) -> bool:
    """Tell by its name whether a file is taken as it is, letter by letter."""
    return PARSERS.get(PurePosixPath(path).suffix.lower()) in _LETTERS


def is_archive(path: str) -> bool:
    """Tell by its name whether a file is an archive, which is opened only if that is asked for."""
    return PARSERS.get(PurePosixPath(path).suffix.lower()) is parse_archive


def is_pdf(path: str) -> bool:
    """Tell by its name whether a file is a PDF."""
    return PARSERS.get(PurePosixPath(path).suffix.lower()) is parse_pdf


def may_be_pictures(path: str) -> bool:
    """Tell by its name whether all the words of a file, or of one in it, may be on pictures."""
    parser = PARSERS.get(PurePosixPath(path).suffix.lower())
    return parser is None or parser in (parse_pdf, parse_picture, parse_mail, parse_msg, parse_mailbox, parse_archive)


def parse(data: bytes, path: str) -> Document:
    """Read the bytes of a file by the suffix of its name, nothing inside it. Raises DocumentError with the reason."""
    found = _parsed(data, path, archives=False)
    document = found if isinstance(found, Document) else found.document
    if document is None:
        raise DocumentError("It holds other files, and no text of its own.")
    return document


def parse_all(data: bytes, path: str, *, archives: bool = False) -> Iterator[Parsed]:
    """Read a file, and then each file in it, and in that, as far as is reasonable; those in archives if they are."""
    yield from _unpacked(data, path, _Room(_MOST, _MOST_BYTES, archives), 0)


@dataclass
class _Room:
    """How much more is taken out of a file: so many files, of so many bytes; and whether archives are opened."""

    files: int
    size: int
    archives: bool

    def take(self, data: bytes) -> None:
        """Take out one more. Raises DocumentError where it is too much."""
        self.files, self.size = self.files - 1, self.size - len(data)
        if self.files < 0 or self.size < 0:
            raise DocumentError(
                f"No more than {_MOST:,} files, of {_MOST_BYTES // 1_000_000} MB, are taken out of one: unpack it."
            )


def _unpacked(data: bytes, path: str, room: _Room, depth: int) -> Iterator[Parsed]:
    digest, taken = hashlib.sha256(data).digest(), set[str]()
    try:
        found = _parsed(data, path, archives=room.archives)
        if isinstance(found, Document):
            yield _read(path, digest, found)
            return
        yield _read(path, digest, found.document)
        with _told():
            for name, content in found.files:
                room.take(content)
                if depth == _DEEPEST:
                    raise DocumentError("It stands in too many others: take it out of them.")
                yield from _unpacked(content, path + INSIDE + _unused(name, taken), room, depth + 1)
    except DocumentError as error:  # of the file itself, or of what comes after those that were taken out
        yield Parsed(path + INSIDE + _unused("…", taken) if taken else path, digest, reason=str(error))


def _read(path: str, digest: bytes, document: Document | None) -> Parsed:
    return Parsed(path, digest, document, (document.missing or None) if document else None)


def _unused(name: str, taken: set[str]) -> str:
    """Return a name that leads nowhere else, numbered where another file has it."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    place = PurePosixPath(*parts or ["unnamed"])
    stem = str(place).removesuffix(place.suffix)
    # one after the other, and as words: a mailbox may have as many mails of one name as there are files
    names = chain([str(place)], (f"{stem} ({n}){place.suffix}" for n in count(2)))
    found = next(each for each in names if each not in taken)
    taken.add(found)
    return found


def _parsed(data: bytes, path: str, *, archives: bool) -> Document | Container:
    """Read one file by what it is for certain, else by its suffix. Raises DocumentError with the reason."""
    if not data:
        raise DocumentError("It is empty.")
    suffix = PurePosixPath(path).suffix.lower()
    with _told():
        parser = _parser(data, suffix)
    if suffix in UNREAD and parser is parse_plain:
        raise DocumentError(f"{UNREAD[suffix]} are not read yet: save it as PDF, HTML or text.")
    if parser is parse_archive and not archives:
        raise DocumentError("Archives are not read: unpack it, or set QA_ARCHIVES=on.")
    with _told():
        found = parser(data)
    if isinstance(found, Document) and not found.text.strip():
        raise DocumentError(found.missing or "There is no text in it.")
    return found


def _parser(data: bytes, suffix: str) -> Callable[[bytes], Document | Container]:
    """Return what reads a file. Raises DocumentError where its name is wrong and it cannot be read for that."""
    parser = PARSERS.get(suffix)
    if kind := kind_of(data):
        if parser in _LETTERS:
            raise misnamed(kind)
        return PARSERS[kind]
    if parser in _NO_TEXTS and (kind := text_kind_of(data)):
        raise misnamed(kind)
    return parser or parse_plain


@contextmanager
def _told() -> Iterator[None]:
    """Make a reason of whatever is raised: a parser of others may raise anything, and one file must not end a sync."""
    try:
        yield
    except DocumentError:
        raise
    except MemoryError as error:
        raise DocumentError("It takes more memory to read than there is.") from error
    except RecursionError as error:
        raise DocumentError("What it holds is nested too deep to be read.") from error
    except Exception as error:
        raise DocumentError(f"It cannot be read ({type(error).__name__}): it may be damaged.") from error
