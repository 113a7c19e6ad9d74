"""What kind of thing a question asks for, a figure, a date or a name; and where a sentence has one."""

from __future__ import annotations

import re
from enum import Enum

from qa.spans import Span


class Wanted(Enum):
    """What somebody wants to know who asks how many, when, or who and where."""

    FIGURE = "figure"
    DATE = "date"
    NAME = "name"


_ASKS = {
    Wanted.FIGURE: re.compile(
        r"\bhow\s+(?:many|much|old|long|far|tall|large|big|often|high|deep|fast|heavy|wide|big)\b"
        r"|\bwhat\s+(?:number|percentage|percent|share|amount|size|price|cost|rate|age|population)\b",
        re.I,
    ),
    Wanted.DATE: re.compile(r"\bwhen\b|\b(?:what|which)\s+(?:year|date|day|month|century|decade)\b", re.I),
    Wanted.NAME: re.compile(r"\b(?:who|whom|whose|where)\b", re.I),
}

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)"
)
_NUMERAL = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|half|dozens?|hundreds?|thousands?)"
)
_SCALE = r"(?:hundred|thousand|million|billion|trillion)"
_FOUND = {
    Wanted.FIGURE: re.compile(
        rf"[$€£¥]?\d+(?:[.,]\d+)*(?:\s?%|\s{_SCALE}\b)?|\b{_NUMERAL}(?:[\s-]{_NUMERAL})?(?:\s{_SCALE})?\b", re.I
    ),
    Wanted.DATE: re.compile(
        rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}\b\.?(?:,?\s\d{{4}})?"
        rf"|{_MONTH}\b\.?\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s\d{{4}})?|{_MONTH}\b\.?,?\s\d{{4}}"
        rf"|\d{{4}}-\d\d-\d\d|(?:1\d|20)\d\ds?|\d{{1,2}}(?:st|nd|rd|th)\scentury)\b"
    ),
    Wanted.NAME: re.compile(
        r"(?<![.!?…:]\s)(?<!^)\b[A-Z][\w’'.-]*\w(?:\s(?:of\s|the\s|de\s|van\s|von\s)?[A-Z][\w’'-]*\w){0,4}"
    ),
}
_WORD = re.compile(r"\w+")


def wanted(question: str) -> Wanted | None:
    """Tell what an English question asks for; None where it is neither a figure nor a date nor a name."""
    found = {kind: match.start() for kind, asks in _ASKS.items() if (match := asks.search(question))}
    return min(found, key=found.__getitem__) if found else None


def mentions(kind: Wanted, sentence: str, question: str) -> list[Span]:
    """Return where a sentence has such a thing that the question does not name already."""
    known = {word.casefold() for word in _WORD.findall(question)}
    return [
        Span(*match.span())
        for match in _FOUND[kind].finditer(sentence)
        if not known.issuperset(word.casefold() for word in _WORD.findall(match[0]))
    ]
