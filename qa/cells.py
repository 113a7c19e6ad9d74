"""A question and a table in; the one cell that answers out, where row and column are those that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa.spans import Span
from qa.verbs import form
from qa.wanted import WORD, Asked

_LINE = re.compile(r"[^\r\n]+")
_RULE = re.compile(r"[\s|:+-]*$")
_CELL = re.compile(r"[^|\t]+")
_SIGNS = ",;\t|"
"""What parts the values of a file of them: the one that comes most often."""
_VALUES_LINE = re.compile(r'(?:"[^"]*"|[^"\r\n])+')  # a line end between quotes ends no row
_VALUES = {sign: re.compile(rf'(?:"[^"]*"|[^"{re.escape(sign)}])+') for sign in _SIGNS}
_FIGURE = re.compile(r"\W*\d")

Row = Sequence[Span]


def lines(words: str, *, separated: bool) -> Iterator[Span]:
    """Find the lines that may be rows; of separated values one may have line ends of its own."""
    return (Span(*line.span()) for line in (_VALUES_LINE if separated else _LINE).finditer(words))


def rows(words: str, *, separated: bool) -> list[Row]:
    """Return the cells of each row of a table, line by line; empty where it is none."""
    found: list[Row] = []
    pattern = _VALUES[max(_SIGNS, key=words.count)] if separated else _CELL
    for line in lines(words, separated=separated):
        if not _RULE.fullmatch(line.of(words)):
            spans = [Span(*match.span()).strip(words) for match in pattern.finditer(words, line.start, line.end)]
            found.append([span for span in spans if len(span)])
    table = [row for row in found if len(row) > 1]
    return table if len(table) > 1 else []


def cell(asked: Asked, words: str, *, separated: bool = False) -> Span | None:
    """Return the cell that a question asks for: its row and its column are named, and no others are as well."""
    table = rows(words, separated=separated)
    if not table or any(_FIGURE.match(each.of(words)) for each in table[0]):  # without a head nobody knows the columns
        return None
    head, *body = table
    column = _best([_shared(asked, each.of(words)) for each in head[1:]])
    if len(head) == 2:
        column = 0
    row = _best([sum(_shared(asked, each.of(words)) for each in _labels(row, words)) for row in body])
    if row is None or column is None or len(body[row]) != len(head):
        return None
    found = body[row][column + 1]
    return found if _FIGURE.match(found.of(words)) or not asked.figure else None


def _labels(row: Row, words: str) -> list[Span]:
    """Return the cells that say what a row is about: the first, and all that are no figures."""
    return [row[0], *(each for each in row[1:] if not _FIGURE.match(each.of(words)))]


def _shared(asked: Asked, words: str) -> int:
    return len({form(word) for word in WORD.findall(words)} & (asked.full | asked.named))


def _best(shares: Sequence[int]) -> int | None:
    """Return the place of the highest share, where there is one and no other is as high."""
    most = max(shares, default=0)
    return shares.index(most) if most and shares.count(most) == 1 else None
