"""The number of an item in; how its list writes it, out."""

from __future__ import annotations

from collections.abc import Callable


def numeral(number: int, form: str) -> str:
    """Write the number of an item as its list does; one that is too large for letters in digits."""
    write = _NUMERALS.get(form)
    return write(number) if write and 0 < number < 100 else "" if form == "none" else str(number)


_ROMAN = (("c", 100), ("xc", 90), ("l", 50), ("xl", 40), ("x", 10), ("ix", 9), ("v", 5), ("iv", 4), ("i", 1))
_CHINESE = "一二三四五六七八九"


def _roman(number: int) -> str:
    written = ""
    for letters, worth in _ROMAN:
        written += letters * (number // worth)
        number %= worth
    return written


def _alphabet(number: int) -> str:
    return chr(97 + (number - 1) % 26) * ((number - 1) // 26 + 1)


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    before = _CHINESE[tens - 1] if tens > 1 else ""
    return before + ("十" if tens else "") + (_CHINESE[ones - 1] if ones else "")


_NUMERALS: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02}",
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "lowerLetter": _alphabet,
    "upperLetter": lambda number: _alphabet(number).upper(),
    "none": lambda number: "",
    **dict.fromkeys(("chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting"), _chinese),
}
