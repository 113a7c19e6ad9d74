"""Markdown: the text is the file's own."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from qa.decoding import decode
from qa.documents import TITLE_LENGTH, Document, Heading, first_line
from qa.spans import Span

_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1[`~]*[ \t]*\r?$|\Z)", re.M | re.S)
# each takes a line to its end at once: what tried its ends one by one took minutes for a line of blanks
_ATX = re.compile(r"^ {0,3}(#{1,6})[ \t]+(\S[^\r\n]*)", re.M)
_UNDERLINE = re.compile(r"\n {0,3}(?:=+|-{2,})[ \t]*\r?$", re.M)
_SETEXT = re.compile(r"^(?![ \t]*[-=>#*+])[ \t]{0,3}(\S[^\r\n]*)\r?\n {0,3}(=+|-{2,})[ \t]*\r?$", re.M)
_MARKS = re.compile(r"[*_`]+|!?\[([^\[\]]*)\]\([^)\[]*\)")


def parse_markdown(data: bytes) -> Document:
    """Read Markdown: the text is the file's own, headings are those outside of code."""
    text = decode(data)
    headings = headings_of(text)
    title = min(headings, key=lambda h: h.level).title if headings else first_line(text)
    return Document(text, title, "text/markdown", headings=headings)


def headings_of(text: str) -> tuple[Heading, ...]:
    """Return the headings of Markdown, those outside of code."""
    # looked at first: most pages have none, and looking for lines that begin so takes longer than all the rest
    code = [Span(*m.span()) for m in _FENCE.finditer(text)] if "```" in text or "~~~" in text else []
    found = [Heading(m.start(), len(m[1]), _plain(_unclosed(m[2]))) for m in _ATX.finditer(text)]
    found += [Heading(m.start(), 1 if m[2][0] == "=" else 2, _plain(m[1])) for m in _underlined(text)]
    return tuple(sorted(_outside((each for each in found if each.title), code), key=lambda h: h.start))


def _underlined(text: str) -> Iterator[re.Match[str]]:
    """Find headings by the lines under them: few lines are, and to try each line takes five times as long."""
    for under in _UNDERLINE.finditer(text):
        line = text.rfind("\n", 0, under.start()) + 1
        if heading := _SETEXT.match(text, line):
            yield heading


def _outside(headings: Iterable[Heading], code: list[Span]) -> Iterator[Heading]:
    starts = [span.start for span in code]
    for heading in headings:
        before = bisect_right(starts, heading.start) - 1
        if before < 0 or heading.start >= code[before].end:
            yield heading


def _unclosed(title: str) -> str:
    """Leave out the marks that close a heading, which stand apart from its words: C# is a word."""
    words = title.rstrip(" \t")
    bare = words.rstrip("#")
    return words if bare and not bare.endswith((" ", "\t")) else bare


def _plain(title: str) -> str:
    return _MARKS.sub(r"\1", title).strip()[:TITLE_LENGTH]
