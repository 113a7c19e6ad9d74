"""What a cell of a spreadsheet stores in; what it shows out: dates, times, shares, numbers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache

_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.I)
"""What a format shows as it is, or does not show: colours, conditions, the signs around a number."""
_DURATION = re.compile(r"\[(?:h+|m+|s+)\]", re.I)
_NAMES = re.compile("general|standard|am/pm")
_EXACT = 15
"""Digits of a stored number that mean something."""


class Kind(Enum):
    """What a format makes of a number."""

    NUMBER, PERCENT, DATE, TIME, DURATION = range(5)


_BUILT_IN = {
    **dict.fromkeys((9, 10), Kind.PERCENT),
    **dict.fromkeys((*range(14, 18), 22, *range(27, 32), 36, *range(50, 59)), Kind.DATE),
    **dict.fromkeys((*range(18, 22), *range(32, 36), 45, 47), Kind.TIME),
    46: Kind.DURATION,
}
"""The formats that have numbers alone."""


@lru_cache
def kind_of(number: int, code: str | None = None) -> Kind:
    """Tell what a format makes of a number, by its own number, or by its code where it has one."""
    if code is None:
        return _BUILT_IN.get(number, Kind.NUMBER)
    if _DURATION.search(code):
        return Kind.DURATION
    signs = _NAMES.sub("", _LITERAL.sub("", code).split(";")[0].lower())
    if re.search("[dy]|mmm", signs):
        return Kind.DATE
    return Kind.TIME if re.search("[hs]", signs) else Kind.PERCENT if "%" in signs else Kind.NUMBER


def digits_of(code: str | None) -> int:
    """Return how many digits a format writes at least, as the five of 00000; 0 where it does not say so."""
    signs = _LITERAL.sub("", code or "").split(";")[0]
    return len(signs) if re.fullmatch("0{1,30}", signs) else 0


def shown(stored: str, kind: Kind = Kind.NUMBER, *, digits: int = 0, since_1904: bool = False) -> str:
    """Return what a cell with a number shows; what is no number as it is."""
    try:
        value = float(stored)
        if kind is Kind.PERCENT:
            return f"{_plain(f'{value * 100:.{_EXACT}g}')}%"
        if kind is Kind.DURATION:
            return _duration(value)
        if kind in (Kind.DATE, Kind.TIME):
            return _moment(value, kind, since_1904=since_1904)
        # whole numbers are kept to the last digit
        if re.fullmatch(r"[+-]?\d+", stored):
            return stored.zfill(digits + (value < 0))
        return _plain(f"{value:.{_EXACT}g}")
    except (ValueError, OverflowError):
        return stored


def _plain(number: str) -> str:
    """Write a number without a power of ten, where that is not too long."""
    _, power, exponent = number.partition("e")
    return f"{float(number):.0f}" if power and 0 < int(exponent) <= 20 else number


def _duration(days: float) -> str:
    seconds = round(abs(days) * 86_400)
    return f"{'-' if days < 0 else ''}{seconds // 3_600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _moment(days: float, kind: Kind, *, since_1904: bool) -> str:
    """Return a date, with the time where it has one; a time alone where there is no date."""
    # a day was put into 1900 that the calendar does not have
    first = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30) + timedelta(days=days < 60)
    at = first + timedelta(seconds=round(days * 86_400))
    time = f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"
    if kind is Kind.TIME and 0 <= days < 1:
        return time
    return at.date().isoformat() if not (at.hour or at.minute or at.second) else f"{at.date().isoformat()} {time}"


def letters(column: int) -> str:
    """Name a column, counted from 1, as spreadsheets do: A to Z, AA."""
    name = ""
    while column > 0:
        column, letter = divmod(column - 1, 26)
        name = chr(65 + letter) + name
    return name


_PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")


def place_of(reference: str | None) -> tuple[int, int] | None:
    """Read a reference to a cell as row and column, counted from 1: B3 is (3, 2)."""
    match = _PLACE.fullmatch(reference or "")
    if match is None:
        return None
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column


Row = tuple[int, list[tuple[int, str]]]
"""The number of a row, and its cells that have words, each with its column."""


def aligned(rows: list[Row]) -> list[tuple[int, list[str]]]:
    """Place the cells of rows, each with its column, side by side; columns without any words are left out."""
    used = sorted({column for _, cells in rows for column, _ in cells})
    places = {column: place for place, column in enumerate(used)}
    placed = [(number, _placed(cells, places)) for number, cells in rows]
    for _, header in placed[:1]:
        header += [""] * (len(used) - len(header))
    return placed


def _placed(cells: list[tuple[int, str]], places: dict[int, int]) -> list[str]:
    row: list[str] = []
    for column, words in cells:
        row += [""] * (places[column] - len(row))
        row.append(words)
    return row
