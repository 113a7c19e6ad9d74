"""A question and a figure, a date or a name in; whether that is of the kind that is asked for, out."""

from __future__ import annotations

import re
from collections.abc import Callable

from qa.mentions import MONEY, OLDEST, Mention, dates, mentions, times
from qa.verbs import form
from qa.wanted import WORD, Asked, Wanted

_OFTEN = form("often")
_LENGTHS = frozenset("km mile m ft cm mm".split())
_TIMES = frozenset("second minute hour day week month year".split())
_UNITS = {
    **dict.fromkeys(map(form, "high tall deep wide far large big fast".split()), _LENGTHS),
    form("long"): _LENGTHS | _TIMES,
    form("heavy"): frozenset("kg g mg ton £".split()),
    _OFTEN: _TIMES,
}
"""Of what unit a figure may be that says how much so; speeds are told in lengths."""
_EVERY = re.compile(r"\b(?:every|each)\s*$", re.I)
_IS = re.compile(r"\b(?:is|was|are|were)\s*$")
_WHOLE = re.compile(r"\bof\s(?:the|these|those|its|his|her|their|our)\s*$", re.I)
_AT = re.compile(r"\b(?:in|at|on|near|from|to|of|into|around|outside|off|by)\s+(?:the\s)?$", re.I)
_SMALL = 3
"""A sum of so few figures is none, without its currency."""


def fits(asked: Asked, each: Mention, sentence: str) -> bool | None:
    """Tell whether it is of the right kind (True), of no wrong one (False), or of a wrong one (None)."""
    return _FITS[asked.kind](asked, each, sentence) if asked.kind else None


def _is_count(asked: Asked, each: Mention, sentence: str) -> bool | None:
    counted = asked.counted[:1]
    before = WORD.findall(sentence[: each.span.start])
    labels = bool(before) and form(before[-1]) in counted and not each.noun  # «silo 5»
    if each.age or labels or (_WHOLE.search(sentence[: each.span.start]) and len(mentions(Wanted.COUNT, sentence)) > 1):
        return None
    if each.unit:
        return True if {form(word) for word in WORD.findall(each.span.of(sentence))} & set(counted) else None
    if not each.noun or not counted or each.value is None:
        return False
    return True if counted[0] in each.noun or each.noun[0] in asked.full else None


def _is_share(asked: Asked, each: Mention, sentence: str) -> bool | None:
    return True if each.unit == "%" else False if each.value is None else None


def _is_amount(asked: Asked, each: Mention, sentence: str) -> bool | None:
    if each.age or each.unit in _TIMES:
        return None
    if each.unit in MONEY or set(asked.counted[:1]) & set(each.noun):  # «how much flour»
        return True
    if each.unit:
        return False
    large = (each.value is not None and len(each.value.split(".")[0].split("e")[0]) > _SMALL) or "e" in (
        each.value or ""
    )
    return False if large or (each.noun and not each.borrowed) else None


def _is_measure(asked: Asked, each: Mention, sentence: str) -> bool | None:
    if each.age or each.unit in MONEY:
        return None
    fitting = _UNITS.get(asked.manner)
    if each.unit:
        fits = not fitting or each.unit in fitting
        # «every two weeks» says how often, «two weeks» how long
        return (fits and (asked.manner != _OFTEN or bool(_EVERY.search(sentence[: each.span.start])))) or None
    return False


def _is_age(asked: Asked, each: Mention, sentence: str) -> bool | None:
    if each.age:
        return True
    young = each.value is not None and each.value.isdecimal() and int(each.value) <= OLDEST
    return True if young and not each.unit and not each.noun and _IS.search(sentence[: each.span.start]) else None


def _is_place(asked: Asked, each: Mention, sentence: str) -> bool | None:
    return _is_person(asked, each, sentence) and bool(_AT.search(sentence[: each.span.start]))


def _is_date(asked: Asked, each: Mention, sentence: str) -> bool | None:
    return any(date.overlap(each.span) for date in dates(sentence))


def _any(asked: Asked, each: Mention, sentence: str) -> bool | None:
    return True


def _is_person(asked: Asked, each: Mention, sentence: str) -> bool | None:
    words = [form(word) for word in WORD.findall(each.span.of(sentence))]
    if any(time.overlap(each.span) for time in times(sentence)) or not words or words[-1] in asked.said:
        return None
    return not each.borrowed


_FITS: dict[Wanted, Callable[[Asked, Mention, str], bool | None]] = {
    Wanted.COUNT: _is_count,
    Wanted.SHARE: _is_share,
    Wanted.AMOUNT: _is_amount,
    Wanted.MEASURE: _is_measure,
    Wanted.AGE: _is_age,
    Wanted.DATE: _is_date,
    Wanted.PERSON: _is_person,
    Wanted.PLACE: _is_place,
    Wanted.ROLE: _any,
}
