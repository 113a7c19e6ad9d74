"""XML: the words of its elements, each short one after its name; no document type is followed, no entity expanded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from operator import and_

from qa.decoding import decode
from qa.documents import TITLE_LENGTH, Document, Heading
from qa.parsers.html import parse_html, parse_xhtml
from qa.parsers.raised import sign_between

_TOKEN = re.compile(
    r"""<!--.*?(?:-->|\Z)
      | <!\[CDATA\[(?P<data>.*?)(?:\]\]>|\Z)
      | <\?.*?(?:\?>|\Z)
      | <!DOCTYPE(?>(?:[^\[<>"']|"[^"<]*"|'[^'<]*')*)(?:\[(?>(?:[^\]<]+|<(?!!DOCTYPE)|\](?!\s*>))*)\]\s*)?>
      | <(?P<close>/?)(?P<name>[^\W\d][\w:.-]*+)(?P<rest>(?>(?:[^<>"']|"[^"<]*"|'[^'<]*')*))>
      | (?P<words>[^<]+|<)""",
    re.X | re.S,
)
_FEEDS = frozenset({"rss", "feed", "rdf"})
_DEEPEST = 200
"""What stands deeper is taken for words of the element there."""
_SHORT = 80
"""Words of so many letters say little without the name of their element."""
_TAG = re.compile(r"</\w|<(?:br|p|img)\b")
_NAMELESS = frozenset({"p", "para", "li", "item", "entry", "text", "value"})
"""Names that say nothing."""
_APART = frozenset(
    "p para simpara br lb cr li item listitem entry row tr td th cell list table div sec section head line l verse "
    "note".split()
)
"""Elements that stand apart also where there are words around them: all others mark some of these words."""
_MARKING = frozenset(
    "a abbr b big bold code em emph emphasis ex font hi i inline it italic ital ins kbd mark pc phrase q r roman run s "
    "sc seg small span strike strong styled-content sub subscript sup superscript supplied t tt u underline var "
    "w".split()
)
"""Elements that mark words of prose, wherever they stand; where others stand side by side, all there is a record."""
_RUN_ON = re.compile(r"[^\s(\[{«„/]\n[^\s)\]}»“.,;:!?/]")
"""The last letter of some words and the first of others, where these would run on into those."""
_RAISED = frozenset({"sup", "superscript"})


@dataclass(slots=True)
class _Element:
    """An element: its name without a prefix, and what is in it, words and elements."""

    name: str
    inside: list[str | _Element] = field(default_factory=list)

    @property
    def elements(self) -> list[_Element]:
        """The elements in it."""
        return [each for each in self.inside if isinstance(each, _Element)]

    @property
    def plain(self) -> bool:
        """Whether it is words, with at most some of them marked."""
        return not self.elements or any(isinstance(each, str) and each.strip() for each in self.inside)

    def words(self) -> Iterator[str]:
        """Yield all words in it."""
        parts = [
            ("", each) if isinstance(each, str) else (each.name.lower(), "".join(each.words())) for each in self.inside
        ]
        parts = [(name, said) for name, said in parts if said or name in _APART]  # what is empty parts nothing
        others = [_marks_nothing(name, said) for name, said in parts]
        is_record = any(map(and_, others, others[1:]))
        before, was_other = "", False
        for (name, said), other in zip(parts, others, strict=True):
            if is_record and (other or was_other) and _RUN_ON.match(f"{before[-1:]}\n{said[:1]}"):
                yield " "
            yield sign_between(before, said) if name in _RAISED else ""
            yield f"\n{said}\n" if name in _APART else said
            before, was_other = said, other


def _marks_nothing(name: str, said: str) -> bool:
    """Tell whether this is an element that has words of its own, and marks none of those around it."""
    return bool(name and said) and name not in _MARKING


def parse_markup(data: bytes) -> Document:
    """Read XML by its tags alone, so that what is damaged is read too; attributes are left out."""
    text = decode(data)
    top = _tree(text)
    if not top.elements:
        return Document(text, "", "application/xml")
    kind = top.elements[0].name.lower()
    if kind == "html":
        return parse_xhtml(text)
    page = _Page(feed=kind in _FEEDS)
    page.write(top, 0)
    return page.document()


def _tree(text: str) -> _Element:
    stack, deeper = [_Element("")], 0
    for token in _TOKEN.finditer(text):
        words = token["data"] or unescape(token["words"] or "")
        name = (token["name"] or "").rpartition(":")[2]
        if words:
            stack[-1].inside.append(words)
        elif token["close"]:
            if deeper:
                deeper -= 1
            elif any(each.name == name for each in stack):
                while stack.pop().name != name:
                    pass
        elif name and len(stack) == _DEEPEST:
            deeper += not token["rest"].endswith("/")
        elif name:
            made = _Element(name)
            stack[-1].inside.append(made)
            if not token["rest"].endswith("/"):
                stack.append(made)
    return stack[0]


class _Page:
    """Writes the elements, line by line."""

    def __init__(self, *, feed: bool) -> None:
        self._feed = feed
        self._lines: list[str] = []
        self._titles: dict[int, tuple[int, str]] = {}  # by the line on which they stand

    def write(self, element: _Element, depth: int) -> None:
        """Write an element, and those in it."""
        if not element.plain:
            self._part()
            for each in element.elements:
                self.write(each, depth + 1)
            self._part()
            return
        words = "".join(element.words())
        if self._feed and _TAG.search(words):  # feeds hold pages, whose tags are words to XML
            words = parse_html(words.encode("utf-8", "replace")).text.strip()
        else:
            words = "\n".join(filter(None, (" ".join(line.split()) for line in words.splitlines())))
        if element.name == "title" and words:
            self._titles[len(self._lines)] = depth, " ".join(words.split())[:TITLE_LENGTH]
        elif 0 < len(words) <= _SHORT and element.name.lower() not in _NAMELESS:
            words = f"{element.name}: {words}"
        if len(words) > _SHORT:
            self._part()
        if words:
            self._lines.append(words)
        if len(words) > _SHORT:
            self._part()

    def _part(self) -> None:
        """Leave a line empty."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def document(self) -> Document:
        """Return what was written."""
        headings, at = [], 0
        for number, line in enumerate(self._lines):
            if number in self._titles:
                headings.append(Heading(at, *self._titles[number]))
            at += len(line) + 1
        title = min(headings, key=lambda heading: heading.level).title if headings else ""
        return Document("\n".join(self._lines).rstrip("\n"), title, "application/xml", headings=tuple(headings))
