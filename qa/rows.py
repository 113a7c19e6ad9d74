"""The words of a passage in; the tables in it out: their rows, each with what its columns are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from qa.spans import Span

SEPARATED = "text/csv"
"""The media type of a file of separated values."""
_LINE = re.compile(r"[^\r\n]+")
_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\|?(?:[ \t]*:?-+:?[ \t]*[|+])+(?:[ \t]*:?-+:?)?")
_SIGNS = ",;\t|"
"""What parts the values of a file of them: the one that comes most often."""
_SAYS_SIGN = re.compile(r"sep=.")
_FIGURE = re.compile(r"\W*\d")
_PAIR = 2
"""A table of so many columns may be one of names and values, whose first row is no head."""
_LONGEST_HEAD = 2_000
"""So many letters name no columns."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: where it stands, its words, its cells as spans of these, and what their columns are called.

    `head` is empty where that is not known; a cell may be empty; `above` is what stands over its table.
    """

    span: Span
    words: str
    cells: tuple[Span, ...]
    head: tuple[str, ...] = ()
    above: str = ""

    @property
    def labelled(self) -> str:
        """Its cells with the names of their columns, as a sentence would have them."""
        named = zip(self.head or [""] * len(self.cells), self.cells, strict=False)
        told = [(name, cell.of(self.words)) for name, cell in named if len(cell)]
        return "; ".join(f"{name}: {words}" if name else words for name, words in told)


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or a part of one: where it stands, its head too, and the rows below that."""

    span: Span
    rows: tuple[Row, ...]


def tables(words: str, *, head: str = "", separated: bool = False) -> list[Table]:
    """Return the tables in some words; with `separated` these are of a file of separated values.

    `head` is the first row of the table of which they are a later part, or of the file.
    """
    head = head if len(head) <= _LONGEST_HEAD else ""
    if separated:
        return [Table(Span(0, len(words)), tuple(_separated(words, head)))]
    found, done = list[Table](), 0
    for block in _blocks(words, goes_on=bool(head)):
        span = Span(block[0].start, block[-1].end)
        if below := tuple(_rows(words, block, head, words[done : span.start].strip())):
            found.append(Table(span, below))
        done = span.end
    return found


def first_row(text: str) -> str:
    """Return the first row of a file of separated values."""
    signs = sorted(_SIGNS, key=text.count)
    rows = (Span(cells[0].start, cells[-1].end).of(text).strip() for cells in _values(text, signs[-1]))
    return next((row for row in rows if row and not _SAYS_SIGN.fullmatch(row)), "")


def goes_on(words: str) -> bool:
    """Tell whether words begin with what may be a row."""
    first = _LINE.search(words)
    return bool(first and len(_by_bars(first[0])) > 1)


def head_of(before: str) -> str:
    """Return the head of the table that goes on where a text ends; nothing where none does, or nobody knows it."""
    lines = before.splitlines()
    first = len(lines)
    while first and _BAR.search(lines[first - 1]):
        first -= 1
        if first and _RULE.fullmatch(lines[first].strip()):
            return lines[first - 1]
    cells = [[each.of(line) for each in _by_bars(line)] for line in lines[first:]]
    return lines[first] if _has_head(cells) else ""


def _blocks(words: str, *, goes_on: bool) -> Iterator[list[Span]]:
    """Yield the lines of each table: two at least, or one that goes on with what was before."""
    block: list[Span] = []
    for line in _LINE.finditer(words):
        span = Span(*line.span())
        apart = block and words.count("\n", block[-1].end, span.start) > 1
        is_row = len(_by_bars(span.of(words))) > 1
        if block and (apart or not is_row):
            yield from _whole(words, block, goes_on=goes_on)
            block = []
        if is_row:
            block.append(span.strip(words))
    yield from _whole(words, block, goes_on=goes_on)


def _whole(words: str, block: list[Span], *, goes_on: bool) -> Iterator[list[Span]]:
    if len(block) > 1 or (block and goes_on and not words[: block[0].start].strip()):
        yield block


def _rows(words: str, block: Sequence[Span], head: str, above: str) -> Iterator[Row]:
    """Yield the rows below the head of one table; the first one too where it only seems to be its head."""
    said = [line.of(words) for line in block]
    ruled = len(said) > 1 and bool(_RULE.fullmatch(said[1]))
    names: list[str] = []
    if ruled:
        names = [each.of(said[0]) for each in _by_bars(said[0])]
    elif head and not words[: block[0].start].strip():
        names = [each.of(head) for each in _by_bars(head)]
    elif _has_head(cells := [[each.of(line) for each in _by_bars(line)] for line in said]):
        names = cells[0]
        yield _row(block[0], said[0], _by_bars(said[0]), ())
        block, said = block[1:], said[1:]
    for line, own in list(zip(block, said, strict=True))[2 * ruled :]:
        if not _RULE.fullmatch(own):
            yield _row(line, own, _by_bars(own), names, above)


def _has_head(cells: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first of some rows seems to name columns: more than two, in words alone, as others have."""
    first, *others = cells or [[]]
    words = len(first) > _PAIR and not any(map(_FIGURE.match, first))
    return words and any(len(each) == len(first) for each in others)


def _by_bars(line: str) -> list[Span]:
    """Return where the cells of a line stand: between bars; those at both its ends are no more than its edges."""
    if "|" not in line:
        return []
    edges = [-1, *(bar.start() for bar in _BAR.finditer(line)), len(line)]
    cells = [Span(start + 1, end).strip(line) for start, end in pairwise(edges)]
    if len(cells) > _PAIR and not len(cells[0]) and not len(cells[-1]):
        return cells[1:-1]
    return cells


def _separated(words: str, head: str) -> list[Row]:
    sign = max(_SIGNS, key=(head or words).count)
    names = [_unquoted(each, head).of(head) for each in _values(head, sign)[0]] if head else []
    found = []
    for cells in _values(words, sign):
        span = Span(cells[0].start, cells[-1].end).strip(words)
        said = span.of(words)
        if said and said != head.strip():
            found.append(_row(span, said, [each.shift(-span.start) for each in cells], names))
    return found


def _values(text: str, sign: str) -> list[list[Span]]:
    """Return where the cells of each row stand, whose quotes hold a cell together only where it begins with them."""
    pattern, rows, at = _cell(sign), list[list[Span]](), 0
    row: list[Span] = []
    while at <= len(text):
        found = pattern.match(text, at)
        assert found  # an empty cell is one too
        row.append(Span(at, found.end()))
        if text[found.end() : found.end() + 1] != sign:
            rows.append(row)
            row = []
        at = found.end() + 1
    return rows


@cache
def _cell(sign: str) -> re.Pattern[str]:
    apart = re.escape(sign)
    return re.compile(rf'[ ]*"(?:[^"]|"")*"[ ]*(?={apart}|[\r\n]|\Z)|[^{apart}\r\n]*')


def _row(span: Span, words: str, cells: Sequence[Span], names: Sequence[str], above: str = "") -> Row:
    spans = tuple(_unquoted(each, words) for each in cells)
    return Row(span, words, spans, tuple(names) if len(names) == len(spans) else (), above)


def _unquoted(span: Span, words: str) -> Span:
    """Leave out white space around a cell, and the quotes that hold it together."""
    span = Span(max(0, span.start), min(len(words), span.end)).strip(words)
    said = span.of(words)
    quoted = len(said) > 1 and said[0] == said[-1] == '"'
    return Span(span.start + 1, span.end - 1) if quoted else span
