"""The words of a passage in; the tables in it out: their rows, each with what its columns are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.spans import Span

SEPARATED = "text/csv"
"""The media type of a file of separated values."""
_LINE = re.compile(r"[^\r\n]+")
_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+(?:[ \t]*:?-{2,}:?)?[ \t]*")
_VALUES_LINE = re.compile(r'(?:"[^"]*"|[^"\r\n])+')  # a line end between quotes ends no row
_SIGNS = ",;\t|"
"""What parts the values of a file of them: the one that comes most often."""
_SAYS_SIGN = re.compile(r"sep=.")
_FIGURE = re.compile(r"\W*\d")
_PAIR = 2
"""A table of so many columns may be one of names and values, whose first row is no head."""


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
    lines = (match[0].strip() for match in _VALUES_LINE.finditer(text))
    return next((line for line in lines if line and not _SAYS_SIGN.fullmatch(line)), "")


def goes_on(words: str) -> bool:
    """Tell whether words begin with what may be a row."""
    first = _LINE.search(words)
    return bool(first and len(_by_bars(first[0])) > 1)


def head_of(before: str) -> str:
    """Return the first row of the table that goes on where a text ends; nothing where none does."""
    lines = before.splitlines()
    head = ""
    for number in range(len(lines) - 1, -1, -1):
        if not _BAR.search(lines[number]):
            break
        if _RULE.fullmatch(lines[number]) and number:
            return lines[number - 1]
        head = lines[number]
    return head


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
            block.append(span)
    yield from _whole(words, block, goes_on=goes_on)


def _whole(words: str, block: list[Span], *, goes_on: bool) -> Iterator[list[Span]]:
    if len(block) > 1 or (block and goes_on and not words[: block[0].start].strip()):
        yield block


def _rows(words: str, block: Sequence[Span], head: str, above: str) -> Iterator[Row]:
    """Yield the rows below the head of one table."""
    first, *others = ([each.of(line.of(words)) for each in _by_bars(line.of(words))] for line in block)
    ruled = len(block) > 1 and _RULE.fullmatch(block[1].of(words))
    skipped = 0
    if ruled:
        names, skipped = first, 2
    elif head and not words[: block[0].start].strip():
        names = [each.of(head) for each in _by_bars(head)]
    elif len(first) > _PAIR and not any(map(_FIGURE.match, first)) and any(len(each) == len(first) for each in others):
        names, skipped = first, 1
    else:
        names = []
    for line in block[skipped:]:
        said = line.of(words)
        if not _RULE.fullmatch(said):
            yield _row(line, said, _by_bars(said), names, above)


def _by_bars(line: str) -> list[Span]:
    """Return where the cells of a line stand: between bars, those at its ends left out."""
    if "|" not in line:
        return []
    edges = [-1, *(bar.start() for bar in _BAR.finditer(line)), len(line)]
    cells = [Span(start + 1, end).strip(line) for start, end in pairwise(edges)]
    if cells and not len(cells[0]) and line.lstrip().startswith("|"):
        cells = cells[1:]
    if cells and not len(cells[-1]) and line.rstrip().endswith("|"):
        cells = cells[:-1]
    return cells


def _separated(words: str, head: str) -> list[Row]:
    sign = max(_SIGNS, key=(head or words).count)
    names = [_unquoted(each, head).of(head) for each in _by_sign(head, sign)] if head else []
    found = []
    for line in _VALUES_LINE.finditer(words):
        span = Span(*line.span()).strip(words)
        said = span.of(words)
        if said and said != head.strip():
            found.append(_row(span, said, _by_sign(said, sign), names))
    return found


def _by_sign(line: str, sign: str) -> list[Span]:
    signs = (match.start() for match in re.finditer(rf'"[^"]*"|{re.escape(sign)}', line) if match[0] == sign)
    return [Span(start + 1, end) for start, end in pairwise([-1, *signs, len(line)])]


def _row(span: Span, words: str, cells: Sequence[Span], names: Sequence[str], above: str = "") -> Row:
    spans = tuple(_unquoted(each, words) for each in cells)
    return Row(span, words, spans, tuple(names) if len(names) == len(spans) else (), above)


def _unquoted(span: Span, words: str) -> Span:
    """Leave out white space around a cell, and the quotes that hold it together."""
    span = span.strip(words)
    said = span.of(words)
    quoted = len(said) > 1 and said[0] == said[-1] == '"'
    return Span(span.start + 1, span.end - 1) if quoted else span
