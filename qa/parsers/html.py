"""HTML: what a reader sees, block by block."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.decoding import decode
from qa.documents import TITLE_LENGTH, Document, Heading, first_line
from qa.errors import DocumentError
from qa.parsers.raised import sign_between
from qa.parsers.weblists import List
from qa.parsers.webtables import CELLS, GROUPS, Table

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_HIDDEN = frozenset(
    "script style noscript template head svg iframe object select dialog annotation annotation-xml".split()
)
_MENUS = frozenset("navigation menu menubar search".split())
"""Roles of what leads elsewhere."""
_PAST = re.compile(r"(?:skip|jump)\b", re.I)
"""How a link begins that leads past the menus."""
_UNSEEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
_BLOCKS = frozenset(
    "address article aside blockquote body caption dd details div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
_LISTS = frozenset({"ol", "ul", "menu"})
_DEEPEST = 3_000
_NESTING = re.compile(  # what stands in a script is no tag, and tags that HTML closes by itself do not nest
    r"<!--.*?(?:-->|\Z)|<(script|style|textarea|title)\b.*?(?:</\1|\Z)|<(?P<close>/?)"
    r"(?!(?:p|li|d[td]|t[rdh]|thead|tbody|option|br|hr|img|input|meta|link|col|area|base|wbr|source)\b)"
    r"(?P<name>[a-z][^\s/<>]*)(?P<rest>[^<>]*)",
    re.I | re.S,
)
_DRAWN = frozenset({"svg", "math"})
"""Only within these, HTML ends an element where it begins if its tag says so."""
_XHTML = re.compile(r"""\A\s*<\?xml\s|<html\b[^>]*\bxmlns\s*=\s*["']http://www\.w3\.org/1999/xhtml""", re.I)
_CLOSED = re.compile(
    r"<(?!(?:br|hr|img|input|meta|link|col|area|base|wbr|source|embed|track|param)\b)"
    r"([^\W\d][\w:.-]*)(?=[\s/])([^<>]*)/>"
)
"""An element that XHTML ends where it begins; HTML would take all that follows for its content."""
_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w.:-]+)""", re.I)


def parse_html(data: bytes) -> Document:
    """Read a page as its reader sees it: paragraphs apart; scripts, menus and hidden parts left out.

    Raises DocumentError where its tags are nested too deep.
    """
    page = _decode_html(data)
    return parse_xhtml(page) if _XHTML.search(page[:4096]) else _read(page)


def parse_xhtml(page: str) -> Document:
    """Read a page of XHTML as one of HTML, which closes its elements otherwise. Raises DocumentError."""
    return _read(_CLOSED.sub(r"<\1\2></\1>", page))


def _read(page: str) -> Document:
    from selectolax.lexbor import LexborHTMLParser

    if _depth(page) > _DEEPEST:
        raise DocumentError("Its tags are nested too deep to be read.")
    tree = LexborHTMLParser(page)
    writer = _written(tree.body, menus=False)
    if not writer.text:  # a page of links alone
        writer = _written(tree.body, menus=True)
    text = writer.text
    title_node = tree.css_first("head title")
    title = " ".join(title_node.text().replace(_SOFT_HYPHEN, "").split()) if title_node is not None else ""
    top = min(writer.headings, key=lambda h: h.level).title if writer.headings else first_line(text)
    return Document(text, (title or top)[:TITLE_LENGTH], "text/html", headings=tuple(writer.headings))


def _written(node: LexborNode | None, *, menus: bool) -> _PageWriter:
    """Walk through what is below a node."""
    writer = _PageWriter(menus=menus)
    # an explicit walk: recursion would let a page of 100,000 nested tags end the program
    depth = 0
    while node is not None:
        seen = writer.enter(node)
        inner = node.child if seen else None
        if inner is not None:
            node, depth = inner, depth + 1
            continue
        if seen:
            writer.leave(node)
        while node is not None and node.next is None and depth:
            node, depth = node.parent, depth - 1
            if node is not None:
                writer.leave(node)
        node = node.next if node is not None and depth else None
    return writer


def _depth(page: str) -> int:
    """Count how deep tags are nested, at most; the parser's time grows with the square of it."""
    deepest = depth = drawn = 0
    for match in _NESTING.finditer(page):
        name = (match["name"] or "").lower()
        if not name or (match["rest"].endswith("/") and (drawn or name in _DRAWN)):
            continue
        step = -1 if match["close"] else 1
        depth, drawn = max(0, depth + step), max(0, drawn + step * (name in _DRAWN))
        deepest = max(deepest, depth)
    return deepest


def _decode_html(data: bytes) -> str:
    named = _CHARSET.search(data[:4096])
    return decode(data, named[1].decode("ascii") if named else None)


_GAPS = {"td": " | ", "th": " | ", **dict.fromkeys(("tr", *GROUPS, "li", "dt", "dd"), "\n")}
_WIDTHS = ("", " ", " | ", "\n", "\n\n")  # of two gaps between words the wider stands
_SOFT_HYPHEN = "\xad"
_SUPER = re.compile(r"vertical-align\s*:\s*super", re.I)
_FORMULA = {"msup": "^", "msub": "_", "mfrac": "/", "msubsup": "_^", "munderover": "_^"}
"""What stands before the second part of a formula, and before the third."""


@dataclass(slots=True)
class _Raised:
    """Words that are not on the line, from the part where they begin: before them stands a sign, or they are a link."""

    node: int
    part: int
    sign: str
    linked: bool


class _PageWriter:
    """Collects the visible text of a tree, and the headings with their places in it."""

    def __init__(self, *, menus: bool) -> None:
        self._parts: list[str] = []  # in turn what stands between words, and words
        self._length = 0
        self._gap = ""  # white space owed before the next word
        self._heading: tuple[int, int, int] | None = None  # level, where it starts, and at which part
        self._pre = self._formulas = 0
        self._raised: list[_Raised] = []
        self._tables: list[Table] = []
        self._row: Table | None = None  # the table whose row of values this is
        self._lists: list[List | None] = []  # None where there are no numbers
        self._mark = ""  # what stands before the next words, those of an item
        self._menus = menus
        self.headings: list[Heading] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def enter(self, node: LexborNode) -> bool:
        """Take a node in; tell whether it is to be seen, and its children."""
        tag = node.tag or ""
        if tag == "-text":
            self._write(node.text_content or "")
            return False
        if tag in _HIDDEN or tag.startswith(("-", "!")):
            return False
        attributes = node.attributes
        if self._is_hidden(tag, attributes) or (not self._menus and tag == "a" and self._leads_on(node, attributes)):
            return False
        if tag == "br":
            self._owe("\n")
        elif tag in _BLOCKS:
            self._owe(_GAPS.get(tag, "\n\n"))
        self._pre += tag == "pre"
        self._formulas += tag == "math"
        self._enter_table(tag, node)
        self._enter_list(tag, node)
        self._raise(tag, node, attributes)
        if re.fullmatch("h[1-6]", tag):
            start = self._length + len(self._gap if self._parts else "")
            self._heading = (int(tag[1]), start, len(self._parts))
            self._raised.clear()  # what has a heading in it is no sign above the line, and stays where it is
        return True

    def _is_hidden(self, tag: str, attributes: Mapping[str, str | None]) -> bool:
        if not self._menus and (tag == "nav" or attributes.get("role") in _MENUS):
            return True
        # a heading may be nothing but a button that opens what is below it
        if tag == "button" and not (self._heading and self._heading[2] == len(self._parts)):
            return True
        # of a block it is also said for as long as a dialog lies above it, as when the page was saved
        mute = attributes.get("aria-hidden") == "true" and tag not in _BLOCKS
        return mute or "hidden" in attributes or bool(_UNSEEN.search(attributes.get("style") or ""))

    def _leads_on(self, node: LexborNode, attributes: Mapping[str, str | None]) -> bool:
        """Tell whether a link is none of the text: to the same page in another language, or past its menus."""
        if (attributes.get("href") or "").startswith("#") and not self._parts:
            return bool(_PAST.match(node.text().strip()))
        around = node.parent
        return "hreflang" in attributes and around is not None and around.tag == "li" and not _beside(node)

    def _enter_table(self, tag: str, node: LexborNode) -> None:
        if tag == "table":
            self._tables.append(Table(node))
        elif self._tables and tag in GROUPS:
            self._tables[-1].group()
        elif self._tables and tag == "tr":
            self._row = self._tables[-1] if self._tables[-1].begins(node) else None
        elif self._row and tag in CELLS:
            self._row.cell(node.attributes)

    def _enter_list(self, tag: str, node: LexborNode) -> None:
        if tag in _LISTS:
            self._lists.append(List(node) if tag == "ol" else None)
        elif tag == "li" and self._lists and (own := self._lists[-1]):
            self._mark = f"{self._mark} {own.mark(node)}".strip()

    def _raise(self, tag: str, node: LexborNode, attributes: Mapping[str, str | None]) -> None:
        """Note where words begin that are not on the line, and whether there is a link in them, or they are one."""
        if tag == "a" and self._raised and "href" in attributes:
            self._raised[-1].linked = True
        sign = _formula_sign(node) if self._formulas else ""
        if sign or tag == "sup" or _SUPER.search(attributes.get("style") or ""):
            self._number()
            around = node.parent
            alone = around is not None and around.tag == "a" and node.prev is None and node.next is None
            self._raised.append(_Raised(node.mem_id, len(self._parts), sign, linked=alone))

    def leave(self, node: LexborNode) -> None:
        """Close a node that was entered."""
        tag = node.tag or ""
        if tag == "tr":
            self._row = None
        if tag in _BLOCKS and tag not in CELLS:
            self._owe(_GAPS.get(tag, "\n\n"))
        if tag == "table":
            self._tables.pop()
        elif tag in _LISTS:
            self._lists.pop()
        elif tag == "li":
            self._mark = ""  # an item without words shows none
        self._pre -= tag == "pre"
        self._formulas -= tag == "math"
        if self._raised and self._raised[-1].node == node.mem_id:
            self._lower(self._raised.pop())
        if self._heading and re.fullmatch("h[1-6]", tag):
            (level, start, part), self._heading = self._heading, None
            title = " ".join("".join(self._parts[part:]).split())[:TITLE_LENGTH]
            if title:
                self.headings.append(Heading(start, level, title))

    def _lower(self, raised: _Raised) -> None:
        """Part words that are not on the line from those before them; a link is the mark of a note, as in [1]."""
        gap, *words = self._parts[raised.part : raised.part + 2] or [""]
        if not words:
            return
        if raised.sign and not gap.strip(" "):
            self._replace(raised.part, raised.sign)  # white space says nothing in a formula
        elif raised.linked and not words[0].startswith(("[", "(")):
            self._replace(raised.part + 1, f"[{words[0]}")
            self._replace(-1, f"{self._parts[-1]}]")
        elif not raised.linked and not gap and raised.part:
            self._replace(raised.part, sign_between(self._parts[raised.part - 1], words[0]))

    def _replace(self, part: int, words: str) -> None:
        self._length += len(words) - len(self._parts[part])
        self._parts[part] = words

    def _owe(self, gap: str) -> None:
        within_cell = self._row and "\n" in gap
        self._gap = max(self._gap, " " if within_cell else gap, key=_WIDTHS.index)

    def _write(self, words: str) -> None:
        words = words.replace(_SOFT_HYPHEN, "")
        body = words if self._pre else " ".join(words.split())
        if not body:
            self._owe(" " if words else "")
            return
        self._number()
        if words[0].isspace() and not self._pre:
            self._owe(" ")
        self._put(body)
        self._gap = " " if words[-1].isspace() and not self._pre else ""

    def _number(self) -> None:
        """Write what stands before the words of an item, where these begin."""
        if self._mark:
            self._put(self._mark)
            self._gap, self._mark = " ", ""

    def _put(self, words: str) -> None:
        for part in (self._between(), words):
            self._parts.append(part)
            self._length += len(part)

    def _between(self) -> str:
        """Return what stands before the next words: what is owed, or bars where they are in another cell of a row."""
        gap = self._gap if self._parts else ""
        if self._row is None or not (bars := self._row.bars()):
            return gap
        return f"{gap}{bars.lstrip()}" if "\n" in gap or not self._parts else bars


def _beside(node: LexborNode) -> bool:
    """Tell whether there are words beside a node."""
    around = node.parent
    return around is not None and around.text().strip() != node.text().strip()


def _formula_sign(node: LexborNode) -> str:
    """Return what stands before a part of a formula that is not on the line."""
    signs = _FORMULA.get(node.parent.tag or "", "") if node.parent is not None else ""
    before, other = 0, node.prev
    while other is not None and before <= len(signs):
        before += other.tag != "-text"
        other = other.prev
    return signs[before - 1] if 0 < before <= len(signs) else ""
