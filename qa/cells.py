"""A question and the row of a table in; the cell that answers, where the question names its row and its column, out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from qa.mentions import mentions
from qa.rows import Row
from qa.spans import Span
from qa.verbs import form
from qa.wanted import WORD, Asked, Wanted, said_in

_FIGURE = re.compile(r"\W*\d")
_DAY = re.compile(r"\d{4}-\d\d?-\d\d?|\d{1,2}([./-])\d{1,2}\1\d{2,4}")
"""A date in figures is none that is asked for with «how many»."""
_PAIR = 2
_COLUMNS = {
    Wanted.AMOUNT: "price cost amount fee sum total salary wage rent fine budget charge value rate usd eur gbp",
    Wanted.COUNT: "stock inventory left available",
    Wanted.PERSON: "name person who employee author owner contact manager member customer",
    Wanted.ROLE: "role position job title function occupation profession",
    Wanted.PLACE: "place city town location country address site region venue office room where",
}
"""What a column is called that holds what is asked for."""
_DOES: dict[Wanted | None, str] = {
    Wanted.AMOUNT: "cost pay charge sell price amount",
    Wanted.COUNT: "have left number",
    Wanted.PLACE: "work live locate base find stand",
    Wanted.DATE: "date year day",
}
"""What a question says of it that no row says."""
_NAMES = {kind: frozenset(map(form, words.split())) for kind, words in _COLUMNS.items()}
_SAYS = {kind: frozenset(map(form, _DOES.get(kind, "").split())) for kind in (None, *Wanted)}


@dataclass(frozen=True, slots=True)
class Cell:
    """The cell of a row that a question asks for, as a span of its words.

    It is `exact` where nothing that the question says is left over; `beside` counts what the cells say by which the
    row is known, and the question does not.
    """

    span: Span
    exact: bool
    beside: int


def cell(asked: Asked, row: Row, above: str) -> Cell | None:
    """Return the cell of a row that a question asks for; `above` is what stands over the table, its title first."""
    said = [_keys(each.of(row.words)) & asked.full for each in row.cells]
    inside = frozenset[str]().union(*said)
    able = [at for at, each in enumerate(row.cells) if _may_be(asked, each.of(row.words))]
    column = _column(asked, row, said, able) if inside else None
    if column is None:
        return None
    name = row.head[column] if row.head else ""
    known = inside | said_in(f"{name} {above}", asked.full) | _SAYS[asked.kind]
    beside = sum(len(_keys(each.of(row.words)) - asked.said) for each, has in zip(row.cells, said, strict=True) if has)
    return Cell(row.cells[column], asked.full <= known, beside)


def _column(asked: Asked, row: Row, said: Sequence[Collection[str]], able: Collection[int]) -> int | None:
    """Return the column that a question asks for: by its name, by what it holds, or as the only one that is left.

    It is one of those that are `able` to: that hold what may be asked for.
    """
    others = [at for at in able if not said[at]]
    if row.head:
        rest = asked.full.difference(*said)
        for places, keys in ((able, rest), (others, asked.full)):
            if (named := _only(places, lambda at: _likeness(row.head[at], keys))) is not None:  # noqa: B023
                return named
        if asked.kind in _NAMES:
            named = _only(others, lambda at: len(_keys(row.head[at]) & _NAMES[asked.kind]))  # type: ignore[index]
        if named is None and asked.kind is Wanted.DATE:
            named = _only(others, lambda at: len(mentions(Wanted.DATE, row.cells[at].of(row.words))))
        if named is not None:
            return named
    return others[0] if len(said) == _PAIR and len(others) == 1 else None


def _likeness(name: str, keys: Collection[str]) -> float:
    """Return how much of some keys the name of a column has, and next to that how little else."""
    found = said_in(name, keys)
    return len(found) + len(found) / (1 + len(_keys(name))) if found else 0.0


def _only(places: Collection[int], share: Callable[[int], float]) -> int | None:
    """Return the place with the highest share, where it has any and no other has as much."""
    shares = {at: share(at) for at in places}
    best = [at for at, each in shares.items() if each == max(shares.values()) > 0]
    return best[0] if len(best) == 1 else None


def _may_be(asked: Asked, words: str) -> bool:
    """Tell whether a cell holds what may be asked for, and something that the question does not say itself."""
    if asked.figure and (not _FIGURE.match(words) or _DAY.fullmatch(words)):
        return False
    if asked.kind is Wanted.DATE and not re.search(r"\d", words):
        return False
    return bool(_keys(words) - asked.said)


def _keys(words: str) -> set[str]:
    return {form(word) for word in WORD.findall(words)}
