"""The bytes of a file in; its document out, and those of the files in it: a table of formats."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

from qa.documents import Container, Document
from qa.errors import DocumentError
from qa.parsers.html import parse_html
from qa.parsers.mail import parse_mail
from qa.parsers.markdown import parse_markdown
from qa.parsers.pdf import parse_pdf
from qa.parsers.plain import parse_plain, parse_titled

__all__ = ["INSIDE", "PARSERS", "TITLED", "UNREAD", "Parsed", "is_plain", "parse", "parse_all"]

TITLED = ".qa-titled"
"""The suffix of a text that stands after its title, as question sets have them; always UTF-8."""

INSIDE = "!/"
"""What stands between the path of a container and the name of a file in it: `mail.eml!/report.pdf`."""

_TEXTS = (
    ".txt",
    ".text",
    ".log",
    ".asc",
    ".py",
    ".js",
    ".ts",
    ".c",
    ".h",
    ".cpp",
    ".rs",
    ".go",
    ".java",
    ".sh",
    ".css",
)

PARSERS: dict[str, Callable[[bytes], Document | Container]] = {
    ".md": parse_markdown,
    ".markdown": parse_markdown,
    ".html": parse_html,
    ".htm": parse_html,
    ".xhtml": parse_html,
    ".pdf": parse_pdf,
    ".eml": parse_mail,
    TITLED: parse_titled,
    **dict.fromkeys(_TEXTS, parse_plain),
}
"""Which suffix is read how; any other file is read as a PDF or as plain text if it is one."""

UNREAD = {
    **dict.fromkeys((".doc", ".docx", ".odt", ".rtf", ".pages"), "Word processor files"),
    **dict.fromkeys((".xls", ".xlsx", ".ods", ".numbers"), "Spreadsheets"),
    **dict.fromkeys((".ppt", ".pptx", ".odp", ".key"), "Slides"),
    **dict.fromkeys((".epub", ".mobi"), "E-books"),
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".heic"), "Pictures"),
    **dict.fromkeys((".zip", ".gz", ".7z", ".rar", ".tar", ".xz", ".bz2"), "Archives"),
}
"""Formats people keep that have no parser yet, with the word for them."""

_DEEPEST = 4
"""So many containers are opened that stand in one another."""
_MOST = 2_000
_MOST_BYTES = 500_000_000
"""What is taken out of one file, at most: who has packed more into it means harm."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was found at a path: a document, or the reason why there is none; a mere container has neither."""

    path: str
    digest: bytes
    """The sha256 of its bytes."""
    document: Document | None = None
    reason: str | None = None


def is_plain(path: str) -> bool:
    """Tell by its name whether a file is taken as it is, letter by letter."""
    return PARSERS.get(PurePosixPath(path).suffix.lower()) in (parse_plain, parse_markdown, parse_titled)


def parse(data: bytes, path: str) -> Document:
    """Read the bytes of a file by the suffix of its name, nothing inside it. Raises DocumentError with the reason."""
    found = _parsed(data, path)
    document = found if isinstance(found, Document) else found.document
    if document is None:
        raise DocumentError("It holds other files, and no text of its own.")
    return document


def parse_all(data: bytes, path: str) -> Iterator[Parsed]:
    """Read a file, and then each file in it, and in that, as far as is reasonable."""
    yield from _unpacked(data, path, _Room(_MOST, _MOST_BYTES), 0)


@dataclass
class _Room:
    """How much more is taken out of a file: so many files, of so many bytes."""

    files: int
    size: int

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
        found = _parsed(data, path)
        if isinstance(found, Document):
            yield Parsed(path, digest, found)
            return
        yield Parsed(path, digest, found.document)
        with _told():
            for name, content in found.files:
                room.take(content)
                if depth == _DEEPEST:
                    raise DocumentError("It stands in too many others: take it out of them.")
                yield from _unpacked(content, path + INSIDE + _unused(name, taken), room, depth + 1)
    except DocumentError as error:  # of the file itself, or of what comes after those that were taken out
        yield Parsed(path + INSIDE + _unused("…", taken) if taken else path, digest, reason=str(error))


def _unused(name: str, taken: set[str]) -> str:
    """Return a name that leads nowhere else, numbered where another file has it."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    place = PurePosixPath(*parts or ["unnamed"])
    names = (place, *(place.with_stem(f"{place.stem} ({n})") for n in range(2, _MOST + 2)))
    found = next(str(each) for each in names if str(each) not in taken)
    taken.add(found)
    return found


def _parsed(data: bytes, path: str) -> Document | Container:
    """Read one file by its suffix. Raises DocumentError with the reason."""
    if not data:
        raise DocumentError("It is empty.")
    suffix = PurePosixPath(path).suffix.lower()
    parser = PARSERS.get(suffix) or (parse_pdf if data.startswith(b"%PDF-") else parse_plain)
    if suffix in UNREAD and parser is parse_plain:
        raise DocumentError(f"{UNREAD[suffix]} are not read yet: save it as PDF, HTML or text.")
    with _told():
        found = parser(data)
    if isinstance(found, Document) and not found.text.strip():
        raise DocumentError("There is no text in it.")
    return found


@contextmanager
def _told() -> Iterator[None]:
    """Make a reason of whatever is raised: a parser of others may raise anything, and one file must not end a sync."""
    try:
        yield
    except DocumentError:
        raise
    except MemoryError as error:
        raise DocumentError("It takes more memory to read than there is.") from error
    except Exception as error:
        raise DocumentError(f"It cannot be read ({type(error).__name__}): it may be damaged.") from error
