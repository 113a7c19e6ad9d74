"""Sentences that answer in; those of other documents that give another figure or date, and a note that says so, out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from qa.alignment import Cited, align
from qa.evidence import Evidence
from qa.quantities import quantities
from qa.wanted import Wanted, mentions, wanted
from qa.words import read

_MOST = 2
"""A third document that says otherwise says no more than two do."""
_METRIC = {
    "km": (1e3, "m"),
    "cm": (1e-2, "m"),
    "mm": (1e-3, "m"),
    "kg": (1e3, "g"),
    "mg": (1e-3, "g"),
    "ton": (1e6, "g"),
}
_IS_YEAR = re.compile(r"1\d{3}|20\d\d")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_CENTURY = re.compile(r"(\d{1,2})\w\w century")
_YEARS = re.compile(r"(\d{3})(\d)(s?)")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = re.compile("|".join(_MONTHS))
_DAY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?\b")


@dataclass(frozen=True, slots=True)
class _Value:
    """A figure, or a date as far as it is told: the figures of its year, the month, the day."""

    parts: tuple[str | None, ...]
    unit: str | None = None

    def differs(self, other: _Value) -> bool:
        """Tell whether both cannot be the same; what is told in feet is not compared with metres."""
        if self.unit and other.unit and self.unit != other.unit:
            return False
        return any(a != b for a, b in zip(self.parts, other.parts, strict=True) if a and b)


def rivals(question: str, chosen: Sequence[Evidence], others: Sequence[Evidence]) -> list[Evidence]:
    """Return those of other documents that say what a chosen sentence says, but for the figure or date asked for.

    Whoever is shown the one is to be shown the other too.
    """
    found: list[Evidence] = []
    for each in others if wanted(question) in _READ else ():
        told = {one.hit.document.id for one in (*chosen, *found)}
        if each.hit.document.id not in told and any(_is_rival(each, one, question) for one in chosen):
            found.append(each)
    return found[:_MOST]


def disagreement(question: str, chosen: Sequence[Evidence]) -> str | None:
    """Say so where documents give different figures or dates, and how old the documents are."""
    kind = wanted(question)
    apart = [
        (one, each)
        for one, each in combinations(chosen, 2)
        if one.hit.document.id != each.hit.document.id
        and (_is_rival(each, one, question) or (one.short and each.short and _differ(one, each, question)))
    ]
    if kind is None or not apart:
        return None
    documents = {each.hit.document.path: each.hit.document for pair in apart for each in pair}
    dated = ", ".join(f"{path} is of {document.modified[:10]}" for path, document in documents.items())
    return f"The documents give different {kind.value}s: see which of them holds ({dated})."


def _is_rival(each: Evidence, one: Evidence, question: str) -> bool:
    """Tell whether two sentences say the same, but for a figure or a date that differs."""
    asked, said = ({number.value for number in quantities(read(text))} for text in (question, each.words))
    if not asked <= said or not _differ(each, one, question):  # it may speak of another year, or of another pond
        return False
    return _says_but_for_numbers(each.words, one.words) or _says_but_for_numbers(one.words, each.words)


def _says_but_for_numbers(words: str, claim: str) -> bool:
    found = align(claim, Cited.of([words]))
    return bool(found.numbers) and not (found.names or found.others or found.denied)


def _differ(one: Evidence, other: Evidence, question: str) -> bool:
    """Tell whether no value of one sentence can be one of the other; what gives none contradicts nobody."""
    some, others = _values(one, question), _values(other, question)
    return bool(some and others) and all(a.differs(b) for a in some for b in others)


def _values(evidence: Evidence, question: str) -> list[_Value]:
    """Return the figures or dates that a sentence gives: the short answer, where that is one."""
    kind = wanted(question)
    if kind not in _READ:
        return []
    short = evidence.short.of(evidence.words) if evidence.short else ""
    return list(_READ[kind](short, question)) or list(_READ[kind](evidence.words, question))


def _figures(text: str, question: str) -> Iterator[_Value]:
    said = read(text)
    asked = {number.value for number in quantities(read(question))}
    for number in quantities(said):
        word = said.words[number.at]
        # «one of them», and years that stand by a figure, are none
        if number.value in asked or word.casefold() == "one" or (number.unit is None and _IS_YEAR.fullmatch(word)):
            continue
        scale, unit = _METRIC.get(number.unit or "", (1.0, number.unit))
        value = f"{float(number.value) * scale:.9g}" if _is_number(number.value) else number.value
        yield _Value((value,), unit)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[\d.]+(?:e[+-]?\d+)?", text) is not None and text.count(".") <= 1


def _dates(text: str, question: str) -> Iterator[_Value]:
    for span in mentions(Wanted.DATE, text, question):
        words = _ISO.sub(lambda date: f"{int(date[3])} {_MONTHS[(int(date[2]) - 1) % 12]} {date[1]}", span.of(text))
        words = words.casefold()
        if century := _CENTURY.search(words):
            yield _Value((*f"{int(century[1]) - 1:02}", None, None, None, None))
            continue
        year, month = _YEARS.search(words), _MONTH.search(words)
        day = _DAY.search(words) if month else None
        figures = (*year[1], None if year[3] else year[2]) if year else (None,) * 4
        yield _Value((*figures, month and month[0], day and day[1].lstrip("0")))


_READ: dict[Wanted | None, Callable[[str, str], Iterator[_Value]]] = {Wanted.FIGURE: _figures, Wanted.DATE: _dates}
