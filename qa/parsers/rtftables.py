"""The rows of a table in RTF in, with where their cells end; the same, each cell in its column, out."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise

_APART = 60
"""Twentieths of a point: cells whose edges are not so far apart end in one column."""
_WIDEST = 64
"""A table of more columns is none: its rows have nothing in common."""

Row = tuple[list[int], list[str]]
"""Where the cells of a row end, and their words."""


def in_columns(rows: list[Row]) -> tuple[tuple[str, ...], ...]:
    """Place cells in the columns of their table: one that reaches over others is written once, and empty cells follow.

    Rows whose cells do not say where they end stay as they are.
    """
    edges = sorted({edge for own, cells in rows if len(own) == len(cells) for edge in own})
    ends = [edge for edge, after in pairwise(edges) if after - edge >= _APART] + edges[-1:]
    if len(ends) > _WIDEST:
        return tuple(tuple(cells) for _, cells in rows)
    placed = list[tuple[str, ...]]()
    for own, cells in rows:
        row = list[str]()
        for number, words in enumerate(cells):
            row.append(words)
            if len(own) == len(cells):
                row += [""] * (bisect_left(ends, own[number]) + 1 - len(row))
        placed.append(tuple(row))
    return tuple(placed)
