"""LaTeX and reStructuredText: the text is the file's own; headings are found by their commands and underlines."""

from __future__ import annotations

import re

from qa.decoding import decode
from qa.documents import TITLE_LENGTH, Document, Heading, first_line

_LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}
_ARGUMENT = r"\{((?>(?:[^{}\\]|\\.|\{(?>(?:[^{}\\]|\\.|\{[^{}]*\})*)\})*))\}"
"""What stands between braces, with braces in it."""
_COMMAND = re.compile(rf"\\(?P<name>{'|'.join(_LEVELS)}|title)\*?\s*(?:\[[^\]]{{0,300}}\]\s*)?{_ARGUMENT}")
_COMMENT = re.compile(r"(?<!\\)%")
_MARKUP = re.compile(
    r"\\(?P<sign>[&%$#_{}])|(?P<gap>\\[\\ ,]|~)|\\(?:label|index|footnote|thanks)\s*\{[^{}]*\}|\\[A-Za-z]+\*?\s?|[{}$]"
)
_UNDERLINED = re.compile(
    r"""^(?>(?:(?P<over>([^\w\s])\2{2,})[ ]*\r?\n[ ]*)?)(?P<title>\S[^\r\n]*?)[ ]*\r?\n
        (?P<under>([^\w\s])\5{2,})[ ]*\r?$""",
    re.M | re.X,
)
_ROLE = re.compile(r":[\w:.-]+:`([^`<]*?)(?:\s*<[^>`]*>)?`|``?([^`]+)``?_{0,2}|\*{1,2}([^*]+)\*{1,2}")


def parse_latex(data: bytes) -> Document:
    """Read LaTeX: its own text, comments too."""
    text = decode(data)
    headings, title = [], ""
    for match in _COMMAND.finditer(text):
        words = _MARKUP.sub(lambda mark: mark["sign"] or " " * bool(mark["gap"]), match[2])
        words = " ".join(words.split())[:TITLE_LENGTH]
        if _COMMENT.search(text, text.rfind("\n", 0, match.start()) + 1, match.start()):
            continue
        if match["name"] == "title":
            title = title or words
        elif words:
            headings.append(Heading(match.start(), _LEVELS[match["name"]], words))
    return Document(text, title or _first(headings), "application/x-tex", headings=tuple(headings))


def parse_rst(data: bytes) -> Document:
    """Read reStructuredText: its own text. How a heading is underlined tells its level, in the order they come in."""
    text = decode(data)
    headings, kinds = [], list[tuple[str, bool]]()
    for match in _UNDERLINED.finditer(text):
        over, under, words = match["over"], match["under"], match["title"]
        if over not in (None, under) or len(under) < min(4, len(words)) or _is_line(words):
            continue
        kind = under[0], bool(over)
        if kind not in kinds:
            kinds.append(kind)
        title = _ROLE.sub(lambda role: role[1] or role[2] or role[3], words)[:TITLE_LENGTH]
        headings.append(Heading(match.start(), kinds.index(kind) + 1, title))
    return Document(text, _first(headings) or first_line(text), "text/x-rst", headings=tuple(headings))


def _is_line(words: str) -> bool:
    return len(set(words)) == 1 and not words[0].isalnum()


def _first(headings: list[Heading]) -> str:
    return min(headings, key=lambda heading: heading.level).title if headings else ""
