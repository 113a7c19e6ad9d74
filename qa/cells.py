"""A question and the row of a table in; the cell that answers, where the question names its row and its column, out."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from qa.mentions import MONEY, mentions
from qa.rows import Row
from qa.spans import Span
from qa.verbs import form
from qa.wanted import FIGURES, WORD, Asked, Wanted, says_something

_FIGURE = re.compile(r"\W*\d")
_DAY = re.compile(r"\d{4}-\d\d?-\d\d?|\d{1,2}([./-])\d{1,2}\1\d{2,4}")
"""A date in figures is none that is asked for with «how many»."""
_PAIR = 2
_LEAST, _MORE = 5, 3
"""Two words are forms of one where they have so many letters in common, and one has so many more at most."""


def _keys_of(words: str) -> frozenset[str]:
    return frozenset(map(form, words.split()))


_COLUMNS = {
    Wanted.AMOUNT: _keys_of("price cost amount fee sum total salary wage rent fine budget charge rate unit"),
    Wanted.COUNT: _keys_of("stock inventory left available"),
    Wanted.PERSON: _keys_of("name person employee author owner contact manager member customer who"),
    Wanted.ROLE: _keys_of("role position job title function occupation profession"),
    Wanted.PLACE: _keys_of("place city town location country address site region venue office room where"),
    Wanted.SHARE: _keys_of("share percent percentage proportion"),
    Wanted.AGE: _keys_of("age"),
}
"""What a column is called that holds what is asked for."""
_SAYS = {
    Wanted.AMOUNT: _keys_of("cost pay charge price amount"),
    Wanted.COUNT: _keys_of("have left number"),
    Wanted.PLACE: _keys_of("work live locate base find stand"),
    Wanted.DATE: _keys_of("date year day"),
}
"""What a question says of it that no row says."""
_LIGHT = _keys_of("work live have belong")
_MONEY = _keys_of("eur usd gbp chf euro dollar pound franc")
_TURNS = _keys_of(
    "not no never without neither nor former formerly other another else next more most less least before after than"
    " between both all each every except only previous ever still yet"
)
"""Words with which a question asks for something else than the cell that its other words name."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The cell of a row that a question asks for, as a span of its words.

    Its column `fits` if its name says nothing that the question does not; it is `exact` where besides nothing that the
    question says is left over, and the row is known by the whole of a cell.
    """

    span: Span
    fits: bool
    exact: bool


def cell(asked: Asked, row: Row, above: str) -> Cell | None:
    """Return the cell of a row that a question asks for; `above` is what rules the table: title, path and headings."""
    said = [_keys(each.of(row.words)) & asked.full for each in row.cells]
    inside = frozenset[str]().union(*said)
    column = _column(asked, row, said) if inside else None
    if column is None or not _may_be(asked, row.cells[column].of(row.words)):
        return None
    name = row.head[column] if row.head else ""
    fits = bool(name) and not _strange(asked, name)
    whole = any(has and _keys(each.of(row.words)) <= asked.said for each, has in zip(row.cells, said, strict=True))
    told = inside | _SAYS.get(asked.kind, frozenset()) | _LIGHT if asked.kind else inside | _LIGHT
    named = {key for key in _keys(above) if not key[:1].isdigit()} | _keys(name)
    left = {key for key in asked.full - told if not any(_same(key, each) for each in named)}
    return Cell(row.cells[column], fits, fits and whole and not left and _is_plain(asked, said))


def _column(asked: Asked, row: Row, said: Sequence[Collection[str]]) -> int | None:
    """Return the column that a question asks for: by its name, by what it holds, or as the only one that is left."""
    others = [at for at, has in enumerate(said) if not has]
    if not row.head:
        return others[0] if len(said) == _PAIR and len(others) == 1 else None
    known_by = _keys(" ".join(row.head[at] for at, has in enumerate(said) if has))
    rest = asked.full.difference(*said)
    asking = {key for key in rest if not any(_same(key, each) for each in known_by)}
    if rest and not asking:  # «the manager of Ada»: the row in which she is the manager is another one's
        return None
    fitting = [at for at in others if not _strange(asked, row.head[at])]
    for places in (fitting, others):
        shares = {at: sum(any(_same(key, each) for each in _keys(row.head[at])) for key in asking) for at in places}
        if (named := _only(shares)) is not None or max(shares.values(), default=0):
            return named
        if asked.kind in _COLUMNS and places is fitting:
            shares = {at: len(_keys(row.head[at]) & _COLUMNS[asked.kind]) for at in places}
            if (named := _only(shares)) is not None or max(shares.values(), default=0):
                return named
    if asked.kind is Wanted.DATE:
        return _only({at: len(mentions(Wanted.DATE, row.cells[at].of(row.words))) for at in others})
    return None


def _strange(asked: Asked, name: str) -> set[str]:
    """Return what the name of a column says and the question does not: the «shipping» cost, the «old» price."""
    kind = (_COLUMNS.get(asked.kind, frozenset()) | _SAYS.get(asked.kind, frozenset())) if asked.kind else frozenset()
    known = asked.said | kind | _MONEY
    full = (form(word) for word in WORD.findall(name) if says_something(word))
    return {key for key in full if not any(_same(key, each) for each in known)}


def _is_plain(asked: Asked, said: Sequence[Collection[str]]) -> bool:
    """Tell whether a question asks for just what its words name: not for what is not so, nor for more than that."""
    turned = bool((asked.said - asked.full) & _TURNS)
    way = {form("from"), form("to")} <= asked.said and sum(map(bool, said)) > 1
    return (asked.kind is not None or asked.which) and not turned and not way


def _only(shares: dict[int, int]) -> int | None:
    """Return the place with the highest share, where it has any and no other has as much."""
    most = max(shares.values(), default=0)
    best = [at for at, each in shares.items() if each == most > 0]
    return best[0] if len(best) == 1 else None


def _may_be(asked: Asked, words: str) -> bool:
    """Tell whether a cell holds what may be asked for, and something that the question does not say itself."""
    figure = bool(_FIGURE.match(words))
    if asked.kind in FIGURES:
        able = figure and not _DAY.fullmatch(words)
    elif asked.kind is Wanted.DATE:
        able = bool(mentions(Wanted.DATE, words))
    elif asked.kind in (Wanted.PERSON, Wanted.PLACE, Wanted.ROLE):
        able = not figure and any(map(str.isalpha, words)) and not MONEY & set(words)
    else:
        able = True
    return able and bool(_keys(words) - asked.said)


def _keys(words: str) -> set[str]:
    return {form(word) for word in WORD.findall(words)}


def _same(one: str, other: str) -> bool:
    """Tell whether two keys are of one word: «supplies» and «supplier», but not «internal» and «international»."""
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= _LEAST and len(long) <= len(short) + _MORE and long.startswith(short))
