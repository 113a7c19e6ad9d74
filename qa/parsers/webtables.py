"""A table of a page in; which of its rows are of values, and in which columns their cells stand, out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

GROUPS = frozenset({"thead", "tbody", "tfoot"})
CELLS = frozenset({"td", "th"})
_PLACED = "table, h1, h2, h3, h4, h5, h6, pre"
"""What stands in no row of values: where one of these is, the row places things on the page."""
_LONGEST_ROW = 2_000
"""So many letters are a page in columns, whose paragraphs stay apart."""
_WIDEST = 64


class Table:
    """A table: which of its rows are of values, and in which columns their cells stand."""

    def __init__(self, node: LexborNode) -> None:
        rows = [row for group in node.iter() for row in group.iter() if row.tag == "tr" and _may_hold_values(row)]
        # where no row has words in two cells, the others are there for the white space
        is_one = node.attributes.get("role") not in ("presentation", "none") and any(_worded(row) > 1 for row in rows)
        self._rows = {row.mem_id for row in rows} if is_one else set()
        self._number = self._column = self._next = self._written = 0
        self._reach: dict[int, int] = {}  # of columns, down to which row a cell covers them

    def group(self) -> None:
        """Begin a group of rows: no cell reaches into it from another one."""
        self._reach.clear()

    def begins(self, row: LexborNode) -> bool:
        """Begin a row; tell whether it is one of values."""
        self._number += 1
        self._column = self._next = self._written = 0
        return row.mem_id in self._rows

    def cell(self, attributes: Mapping[str, str | None]) -> None:
        """Place a cell in the next column that none covers."""
        while self._reach.get(self._next, 0) >= self._number:
            self._next += 1
        self._column = self._next
        self._next += min(_span(attributes.get("colspan")), _WIDEST)
        down = self._number + _span(attributes.get("rowspan")) - 1
        self._reach.update(dict.fromkeys(range(self._column, min(self._next, _WIDEST)), down))

    def bars(self) -> str:
        """Return a bar for each column since the last words of the row."""
        count, self._written = self._column - self._written, self._column
        return " | " * count


def _cells(row: LexborNode) -> list[LexborNode]:
    return [each for each in row.iter() if each.tag in CELLS]


def _may_hold_values(row: LexborNode) -> bool:
    return len(row.text()) <= _LONGEST_ROW and row.css_first(_PLACED) is None


def _worded(row: LexborNode) -> int:
    return sum(bool(cell.text().strip()) for cell in _cells(row))


def _span(said: str | None) -> int:
    """Read over how many columns or rows a cell reaches."""
    return max(1, int(said)) if said and re.fullmatch("[0-9]{1,5}", said) else 1
