"""A file in; its text, title, pages and headings out."""

from __future__ import annotations

import hashlib
import re
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath

from qa.errors import DocumentError
from qa.spans import Span

PARSERS_VERSION = 1
"""Raised whenever a parser extracts another text from the same bytes, so that an older index is read again."""

_TITLE_LENGTH = 200
TITLED = ".qa-titled"
"""The suffix of a text that stands after its title, as question sets have them; always UTF-8."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; it stands at `start` and rules until the next one of its level or above."""

    start: int
    level: int
    title: str


@dataclass(frozen=True)
class Document:
    """One text with what is known of it; `pages` holds the offset at which each page begins."""

    text: str
    title: str
    media_type: str
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()

    @cached_property
    def id(self) -> str:
        """The sha256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


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


def heading_path(headings: tuple[Heading, ...], offset: int) -> tuple[str, ...]:
    """Return the titles of the headings that rule at an offset, outermost first."""
    path: list[Heading] = []
    for i in range(bisect_right(headings, offset, key=lambda h: h.start) - 1, -1, -1):
        if not path or headings[i].level < path[-1].level:
            path.append(headings[i])
        if path[-1].level == 1:
            break
    return tuple(heading.title for heading in reversed(path))


# Plain text and Markdown: exact, nothing dropped, nothing translated.

_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_SAMPLE = 65_536
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def decode(data: bytes) -> str:
    """Decode bytes, less a byte order mark. Raises DocumentError where they are no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], encoding)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = _detected(data)
    sample = text[:_SAMPLE]
    # a log may ring its bells and colour its lines; a text has no zeros
    if "\0" in sample or len(_CONTROL.findall(sample)) > len(sample) // 10:
        text = _wide(data)
    return text


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"It begins as {encoding.upper()} text and is not: byte {error.start} does not fit."
        ) from error


def _detected(data: bytes) -> str:
    # loaded only for the odd file: it costs 50 ms
    from charset_normalizer import from_bytes

    if b"\0" in data[:_SAMPLE]:
        return _wide(data)
    # of equals, the commonest: short Western text fits several code pages
    matches = sorted(from_bytes(data[:_SAMPLE]), key=lambda m: (m.chaos, -m.coherence, m.encoding != "cp1252"))
    for encoding in (*(match.encoding for match in matches), "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")  # fits any bytes


def _wide(data: bytes) -> str:
    """Decode UTF-16 that came without its mark: nearly every other byte of Western text is then zero."""
    sample = data[:_SAMPLE]
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        if zeros and zeros.count(0) > 0.6 * len(zeros) and len(data) % 2 == 0:
            return _strictly(data, encoding)
    raise DocumentError("It is binary, not text.")


def parse_plain(data: bytes) -> Document:
    """Read plain text; its first line is its title."""
    text = decode(data)
    return Document(text, _first_line(text), "text/plain")


def parse_titled(data: bytes) -> Document:
    """Read a text that has its title before it, on a line of its own that is no part of the text."""
    title, _, text = data.decode().partition("\n")
    return Document(text, title.strip(), "text/plain")


_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1[`~]*[ \t]*\r?$|\Z)", re.M | re.S)
_ATX = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*\r?$", re.M)
_UNDERLINE = re.compile(r"\n {0,3}(?:=+|-{2,})[ \t]*\r?$", re.M)
_SETEXT = re.compile(r"^(?![ \t]*[-=>#*+])[ \t]{0,3}(\S[^\r\n]*?)[ \t]*\r?\n {0,3}(=+|-{2,})[ \t]*\r?$", re.M)


def parse_markdown(data: bytes) -> Document:
    """Read Markdown: the text is the file's own, headings are those outside of code."""
    text = decode(data)
    # looked at first: most pages have none, and looking for lines that begin so takes longer than all the rest
    code = [Span(*m.span()) for m in _FENCE.finditer(text)] if "```" in text or "~~~" in text else []
    found = [Heading(m.start(), len(m[1]), _plain(m[2])) for m in _ATX.finditer(text)]
    found += [Heading(m.start(), 1 if m[2][0] == "=" else 2, _plain(m[1])) for m in _underlined(text)]
    headings = tuple(sorted(_outside(found, code), key=lambda h: h.start))
    title = min(headings, key=lambda h: h.level).title if headings else _first_line(text)
    return Document(text, title, "text/markdown", headings=headings)


def _underlined(text: str) -> Iterator[re.Match[str]]:
    """Find headings by the lines under them: few lines are, and to try each line takes five times as long."""
    for under in _UNDERLINE.finditer(text):
        line = text.rfind("\n", 0, under.start()) + 1
        if heading := _SETEXT.match(text, line):
            yield heading


def _outside(headings: list[Heading], code: list[Span]) -> Iterator[Heading]:
    starts = [span.start for span in code]
    for heading in headings:
        before = bisect_right(starts, heading.start) - 1
        if before < 0 or heading.start >= code[before].end:
            yield heading


def _plain(title: str) -> str:
    return re.sub(r"[*_`]+|\[([^\]]*)\]\([^)]*\)", r"\1", title).strip()[:_TITLE_LENGTH]


def _first_line(text: str) -> str:
    match = re.search(r"\S[^\r\n]*", text)
    return match[0].strip()[:_TITLE_LENGTH] if match else ""


# HTML: what a reader sees, block by block.

_HIDDEN = frozenset("script style noscript template head svg math iframe object select button dialog".split())
_BLOCKS = frozenset(
    "address article aside blockquote body caption dd details div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
_DEEPEST = 3_000
_NESTING = re.compile(  # tags that HTML closes by itself do not nest
    r"<(/?)(?!(?:p|li|d[td]|t[rdh]|thead|tbody|option|br|hr|img|input|meta|link|col|area|base|wbr|source)\b)[a-z]", re.I
)
_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w.:-]+)""", re.I)


def parse_html(data: bytes) -> Document:
    """Read a page as its reader sees it: paragraphs apart, scripts and hidden parts left out."""
    from selectolax.lexbor import LexborHTMLParser

    page = _decode_html(data)
    if _depth(page) > _DEEPEST:
        raise DocumentError("Its tags are nested too deep to be read.")
    tree = LexborHTMLParser(page)
    writer = _PageWriter()
    # an explicit walk: recursion would let a page of 100,000 nested tags end the program
    node = tree.body
    depth = 0
    while node is not None:
        inner = node.child if writer.enter(node) else None
        if inner is not None:
            node, depth = inner, depth + 1
            continue
        writer.leave(node)
        while node is not None and node.next is None and depth:
            node, depth = node.parent, depth - 1
            if node is not None:
                writer.leave(node)
        node = node.next if node is not None and depth else None
    text = writer.text
    title_node = tree.css_first("head title")
    title = " ".join(title_node.text().split()) if title_node is not None else ""
    top = min(writer.headings, key=lambda h: h.level).title if writer.headings else _first_line(text)
    return Document(text, (title or top)[:_TITLE_LENGTH], "text/html", headings=tuple(writer.headings))


def _depth(page: str) -> int:
    """Count how deep tags are nested, at most; the parser's time grows with the square of it."""
    deepest = depth = 0
    for match in _NESTING.finditer(page):
        depth = max(0, depth - 1) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _decode_html(data: bytes) -> str:
    named = _CHARSET.search(data[:4096])
    if named and not any(data.startswith(mark) for mark, _ in _MARKS):
        try:
            return data.decode(named[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass  # a page that names a wrong encoding is common: look for the right one
    return decode(data)


_GAPS = {"td": " | ", "th": " | ", "tr": "\n", "li": "\n", "dt": "\n", "dd": "\n"}
_WIDTHS = ("", " ", " | ", "\n", "\n\n")  # of two gaps between words the wider stands


class _PageWriter:
    """Collects the visible text of a tree, and the headings with their places in it."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._gap = ""  # white space owed before the next word
        self._heading: tuple[int, int] | None = None  # level, start
        self._pre = 0
        self.headings: list[Heading] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def enter(self, node: object) -> bool:
        """Take a node in; tell whether its children are to be seen."""
        tag = node.tag  # type: ignore[attr-defined]
        if tag == "-text":
            self._write(node.text_content or "")  # type: ignore[attr-defined]
            return False
        attributes = node.attributes if tag not in ("-comment", "!doctype") else {}  # type: ignore[attr-defined]
        if tag in _HIDDEN or tag.startswith(("-", "!")) or "hidden" in attributes:
            return False
        if tag == "br":
            self._owe("\n")
        elif tag in _BLOCKS:
            self._owe(_GAPS.get(tag, "\n\n"))
        self._pre += tag == "pre"
        if re.fullmatch("h[1-6]", tag):
            self._heading = (int(tag[1]), self._length + len(self._gap if self._parts else ""))
        return True

    def leave(self, node: object) -> None:
        """Close a node."""
        tag = node.tag  # type: ignore[attr-defined]
        if tag in _BLOCKS and tag not in ("td", "th"):
            self._owe(_GAPS.get(tag, "\n\n"))
        self._pre -= tag == "pre"
        if self._heading and re.fullmatch("h[1-6]", tag):
            (level, start), self._heading = self._heading, None
            title = " ".join(self.text[start:].split())[:_TITLE_LENGTH]
            if title:
                self.headings.append(Heading(start, level, title))

    def _owe(self, gap: str) -> None:
        self._gap = max(self._gap, gap, key=_WIDTHS.index)

    def _write(self, words: str) -> None:
        body = words if self._pre else " ".join(words.split())
        if not body:
            self._owe(" " if words else "")
            return
        if words[0].isspace() and not self._pre:
            self._owe(" ")
        for part in (self._gap if self._parts else "", body):
            self._parts.append(part)
            self._length += len(part)
        self._gap = " " if words[-1].isspace() and not self._pre else ""


# PDF, page by page.

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
    return Document(text, title.strip()[:_TITLE_LENGTH] or _first_line(text), "application/pdf", pages=tuple(starts))


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
