"""Addresses: where a citation opens, where its document's file is, and which part of that is cited."""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

from qa.citations import Citation, Location
from qa.documents import holder
from qa.errors import NotFound, UsageError
from qa.records import Source
from qa.spans import Span

Read = Callable[[str, Span], str]
"""The id of a document and a span in; its words out. Raises NotFound."""
LineEnds = Callable[[str], Sequence[int]]
r"""The id of a document in; where in its text \r\n stands out. Raises NotFound."""

_WHOLE_TEXT = Span(0, 1 << 60)
_CELL = re.compile(r"[\r\n]+|(?<!\S)\|(?!\S)")
"""What parts the blocks of a page in its text: lines, and the mark between the cells of a table."""
_WHOLE, _WORDS, _AROUND = 120, 6, 4
"""A quote of more letters is named by its first and last few words; so many words of what is around go with it."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """What follows the # of a file's address, and the specification that says what it means."""

    value: str
    conforms_to: str


@dataclass(frozen=True, slots=True)
class Links:
    """Where a page of ours is (`url`), where the folder is as seen from what links to it (`files`), where lines end."""

    url: str | None = None
    files: str | None = None
    ends: LineEnds | None = None

    def __post_init__(self) -> None:
        """Refuse what is no address. Raises UsageError."""
        if self.url is not None and not _is_address(self.url, ("http", "https")):
            raise UsageError("The address of the page must be as http://127.0.0.1:7860: where it is, and no more.")
        if self.files is not None and not _is_address(self.files, ("", "file", "http", "https")):
            raise UsageError(
                "Where the files are must be a relative address, as ../contracts, or one of file: or http."
            )

    def place(self, at: Location) -> str | None:
        """Link to the page with a citation, or a passage, opened."""
        return f"{self.url.rstrip('/')}/#cite={at.id}" if self.url else None

    def source(self, citation: Citation) -> str | None:
        """Link to the document's file on the server; where no file has that text any more, to what became of it."""
        if self.url is None or citation.status != "valid":
            return self.place(citation)
        return f"{self.url.rstrip('/')}/api/documents/{citation.document.id}/file"

    def file(self, citation: Citation) -> str | None:
        """Link to the cited part of the file itself, where that is asked for and the file still has the words.

        What stands in a mail or an archive has no file of its own: the link leads to that.
        """
        if self.files is None or citation.status != "valid":
            return None
        fragment = self.fragment(citation)
        path = holder(citation.document.path) or citation.document.path
        place = f"{self.files.rstrip('/')}/{quote(path)}"
        return f"{place}#{fragment.value}" if fragment else place

    def fragment(self, citation: Citation) -> Fragment | None:
        """Name the cited part of a file, in the way of its media type; None where there is none."""
        way = _WAYS.get(citation.document.media_type)
        own = citation.status == "valid" and not holder(citation.document.path)
        return way(citation, self.ends) if way and own else None


def line_ends(read: Read) -> LineEnds:
    """Look for line ends in texts; the last is remembered, since many citations are of one, which may be long."""
    return lru_cache(maxsize=1)(lambda id: [each.start() for each in re.finditer("\r\n", read(id, _WHOLE_TEXT))])


def name_of(source: Source) -> str:
    """Name a text by its hash alone (RFC 6920): wherever it is, and whatever its file is called."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(source.id)).decode().rstrip("=")
    return f"ni:///sha-256;{digest}"


def _is_address(text: str, schemes: Sequence[str]) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    clean = text.isascii() and text.isprintable() and not set(text) & set(" <>\"'()`\\?#")
    return clean and parts.scheme in schemes and bool(parts.netloc or parts.path)


def _page(citation: Citation, _: LineEnds | None) -> Fragment | None:
    """RFC 8118: the page on which the words begin."""
    page = citation.start_page_number
    return Fragment(f"page={page}", "http://tools.ietf.org/rfc/rfc8118") if page else None


def _characters(citation: Citation, ends: LineEnds | None) -> Fragment | None:
    r"""RFC 5147: a range of characters, of which every line end is one; lines where the text is not at hand.

    Our offsets count \r\n as two.
    """
    conforms_to = "http://tools.ietf.org/rfc/rfc5147"
    start, end = citation.start_char_index, citation.end_char_index
    if ends is None:
        first, last = citation.start_line, citation.end_line
        return Fragment(f"line={first - 1},{last}", conforms_to) if first and last else None
    try:
        pairs = ends(citation.document.id)
    except NotFound:
        return None
    start, end = (at - bisect_right(pairs, at - 2) for at in (start, end))
    return Fragment(f"char={start},{end}", conforms_to)


def _words(citation: Citation, _: LineEnds | None) -> Fragment | None:
    """Name the words themselves, for browsers (text fragments): whole words alone, and none across two blocks."""
    blocks = [block.split() for block in _CELL.split(citation.cited_text or "") if block.strip()]
    if not blocks:
        return None
    whole = " ".join(blocks[0])
    short = len(blocks) == 1 and (len(whole) <= _WHOLE or len(blocks[0]) <= 2 * _WORDS)
    terms = [whole] if short else [" ".join(blocks[0][:_WORDS]), " ".join(blocks[-1][-_WORDS:])]
    ahead, behind = _ahead(citation.prefix), _behind(citation.suffix)
    parts = [f"{_encoded(ahead)}-"] if _says(ahead) else []
    parts += map(_encoded, terms)
    parts += [f"-{_encoded(behind)}"] if _says(behind) else []
    return Fragment(f":~:text={','.join(parts)}", "https://wicg.github.io/scroll-to-text-fragment/")


def _ahead(prefix: str) -> str:
    """Return the last words before a quote, in one block; the first of what is at hand may be half a word."""
    blocks = _CELL.split(prefix)
    last = next((at for at in reversed(range(len(blocks))) if blocks[at].strip()), 0)
    return " ".join(blocks[last].split()[last == 0 :][-_AROUND:])


def _behind(suffix: str) -> str:
    """Return the first words after a quote, in one block; the last of what is at hand may be half a word."""
    blocks = _CELL.split(suffix)
    first = next((at for at in range(len(blocks)) if blocks[at].strip()), 0)
    words = blocks[first].split()
    return " ".join((words[:-1] if first == len(blocks) - 1 else words)[:_AROUND])


def _says(words: str) -> bool:
    return any(map(str.isalnum, words))


def _encoded(words: str) -> str:
    """Percent-encode what stands in a text fragment: the dash, the comma and the ampersand part its terms."""
    return quote(words, safe="", errors="replace").replace("-", "%2D")


_WAYS: dict[str, Callable[[Citation, LineEnds | None], Fragment | None]] = {
    "text/plain": _characters,
    "application/pdf": _page,
    "text/html": _words,
}
