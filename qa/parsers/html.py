"""HTML: what a reader sees, block by block."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from qa.decoding import decode
from qa.documents import TITLE_LENGTH, Document, Heading, first_line
from qa.errors import DocumentError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_HIDDEN = frozenset("script style noscript template head svg math iframe object select button dialog".split())
_MENUS = frozenset("navigation menu menubar search".split())
"""Roles of what leads elsewhere."""
_UNSEEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
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
    """Read a page as its reader sees it: paragraphs apart; scripts, menus and hidden parts left out."""
    from selectolax.lexbor import LexborHTMLParser

    page = _decode_html(data)
    if _depth(page) > _DEEPEST:
        raise DocumentError("Its tags are nested too deep to be read.")
    tree = LexborHTMLParser(page)
    writer = _written(tree.body, menus=False)
    if not writer.text:  # a page of links alone
        writer = _written(tree.body, menus=True)
    text = writer.text
    title_node = tree.css_first("head title")
    title = " ".join(title_node.text().split()) if title_node is not None else ""
    top = min(writer.headings, key=lambda h: h.level).title if writer.headings else first_line(text)
    return Document(text, (title or top)[:TITLE_LENGTH], "text/html", headings=tuple(writer.headings))


def _written(node: LexborNode | None, *, menus: bool) -> _PageWriter:
    """Walk through what is below a node."""
    writer = _PageWriter(menus=menus)
    # an explicit walk: recursion would let a page of 100,000 nested tags end the program
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
    return writer


def _depth(page: str) -> int:
    """Count how deep tags are nested, at most; the parser's time grows with the square of it."""
    deepest = depth = 0
    for match in _NESTING.finditer(page):
        depth = max(0, depth - 1) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _decode_html(data: bytes) -> str:
    named = _CHARSET.search(data[:4096])
    return decode(data, named[1].decode("ascii") if named else None)


_GAPS = {"td": " | ", "th": " | ", "tr": "\n", "li": "\n", "dt": "\n", "dd": "\n"}
_WIDTHS = ("", " ", " | ", "\n", "\n\n")  # of two gaps between words the wider stands


class _PageWriter:
    """Collects the visible text of a tree, and the headings with their places in it."""

    def __init__(self, *, menus: bool) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._gap = ""  # white space owed before the next word
        self._heading: tuple[int, int, int] | None = None  # level, where it starts, and at which part
        self._pre = 0
        self._menus = menus
        self.headings: list[Heading] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def enter(self, node: LexborNode) -> bool:
        """Take a node in; tell whether its children are to be seen."""
        tag = node.tag or ""
        if tag == "-text":
            self._write(node.text_content or "")
            return False
        if tag in _HIDDEN or tag.startswith(("-", "!")) or self._is_hidden(tag, node.attributes):
            return False
        if tag == "br":
            self._owe("\n")
        elif tag in _BLOCKS:
            self._owe(_GAPS.get(tag, "\n\n"))
        self._pre += tag == "pre"
        if re.fullmatch("h[1-6]", tag):
            start = self._length + len(self._gap if self._parts else "")
            self._heading = (int(tag[1]), start, len(self._parts))
        return True

    def _is_hidden(self, tag: str, attributes: Mapping[str, str | None]) -> bool:
        if not self._menus and (tag == "nav" or attributes.get("role") in _MENUS):
            return True
        # of a block it is also said for as long as a dialog lies above it, as when the page was saved
        mute = attributes.get("aria-hidden") == "true" and tag not in _BLOCKS
        return mute or "hidden" in attributes or bool(_UNSEEN.search(attributes.get("style") or ""))

    def leave(self, node: LexborNode) -> None:
        """Close a node."""
        tag = node.tag or ""
        if tag in _BLOCKS and tag not in ("td", "th"):
            self._owe(_GAPS.get(tag, "\n\n"))
        self._pre -= tag == "pre"
        if self._heading and re.fullmatch("h[1-6]", tag):
            (level, start, part), self._heading = self._heading, None
            title = " ".join("".join(self._parts[part:]).split())[:TITLE_LENGTH]
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
