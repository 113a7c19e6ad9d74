"""Words in; the numbers in them, however they are written, with the units that they count, out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qa.words import NUMERALS, Words, key

_SCALES = {
    "dozen": 12.0, "hundred": 1e2, "thousand": 1e3, "k": 1e3, "million": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9,
    "trillion": 1e12,
}  # fmt: skip
_MONEY = {"dollar": "$", "euro": "€", "pound": "£"}
"""What may stand before the number that counts it."""
_UNITS = {
    key(form): unit
    for unit, forms in {
        "%": "percent",
        "$": "dollar usd",
        "€": "euro eur",
        "£": "pound gbp lb lbs",
        "km": "km kilometer kilometre kilometers",
        "mile": "mile mi",
        "m": "meter metre meters",
        "ft": "foot feet ft",
        "cm": "cm centimeter centimetre centimeters",
        "mm": "mm millimeter millimetre millimeters",
        "kg": "kg kilogram",
        "g": "gram",
        "mg": "mg milligram",
        "ton": "ton tonne",
        "l": "liter litre liters",
        "second": "sec second seconds",
        "minute": "min minute",
        "hour": "hr hour",
        "day": "day",
        "week": "week",
        "month": "month",
        "year": "yr year",
        "°C": "celsius",
        "°F": "fahrenheit",
    }.items()
    for form in forms.split()
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number where it stands, and the unit that it counts, where that is a known one."""

    at: int
    value: str
    unit: str | None


def quantities(said: Words) -> Iterator[Quantity]:
    """Read the numbers of a text: «1.5 million», «two hundred», «twenty-one», each with the unit beside it."""
    keys, at = said.keys, 0
    while at < len(keys):
        first = at
        if not keys[at][0].isdigit():
            at += 1
            continue
        value = _value(keys[at])
        at += 1
        if value is None:
            yield Quantity(first, keys[first], None)
            continue
        if said.words[first].casefold() in NUMERALS and value >= 20 and at < len(keys) and _is_ones(said, at):
            value += float(keys[at])
            at += 1
        while at < len(keys) and (scale := _SCALES.get(said.words[at].casefold().rstrip("s"))):
            value *= scale
            at += 1
        unit = _UNITS.get(keys[at]) if at < len(keys) else None
        before = _MONEY.get(keys[first - 1]) if first else None
        yield Quantity(first, f"{value:.12g}", unit or before)


def counts(at: int, said: Words) -> bool:
    """Tell whether a word belongs to a number."""
    return said.keys[at][0].isdigit() or said.keys[at] in _UNITS or said.words[at].casefold().rstrip("s") in _SCALES


def unit_of(each: str) -> str | None:
    """Return the unit that a word with such a key names; None for other words."""
    return _UNITS.get(each)


def _is_ones(said: Words, at: int) -> bool:
    return said.words[at].casefold() in NUMERALS and len(said.keys[at]) == 1


def _value(number: str) -> float | None:
    """Return a number's value; None for what is no plain number, as 1.2.3, or longer than what can be told apart."""
    try:
        return float(number) if len(number) <= 12 else None
    except ValueError:
        return None


def written(number: Quantity, said: Words) -> str:
    """Return a number as it is written, with its scale and its unit."""
    money = _MONEY.get(said.keys[number.at - 1], "") if number.at else ""
    words = [money + said.words[number.at]]
    for at in range(number.at + 1, min(number.at + 4, len(said.words))):
        if said.words[at].casefold().rstrip("s") not in _SCALES and said.keys[at] not in _UNITS:
            break
        words.append(said.words[at])
    return " ".join(words).replace(" percent", "%")
