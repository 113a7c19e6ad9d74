"""A sentence in; the figures, dates and names in it, and what each figure counts, out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from qa.quantities import quantities
from qa.spans import Span
from qa.verbs import form
from qa.wanted import FIGURES, WORD, Wanted, noun
from qa.words import read

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)"
)
_NUMERAL = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|half|dozens?|hundreds?|thousands?)"
)
_SCALE = r"(?:hundred|thousand|million|billion|trillion)"
_FIGURE = re.compile(
    rf"(?<![\w.,])(?<!\d[-–:])[$€£¥]?\d+(?![-–:]\d)(?:[.,]\d+)*(?:\s?%|(?:m|mn|bn|k)\b|\s{_SCALE}\b)*"
    rf"|\b{_NUMERAL}(?:[\s-]{_NUMERAL})?(?:\s{_SCALE})?\b|\bnobody\b|\bno\s(?:one\b)?(?=\w)",
    re.I,
)
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}\b\.?(?:,?\s\d{{4}})?"
    rf"|{_MONTH}\b\.?\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s\d{{4}})?|{_MONTH}\b\.?,?\s\d{{4}}"
    rf"|\d{{4}}-\d\d-\d\d|(?:1\d|20)\d\ds?|\d{{1,2}}(?:st|nd|rd|th)\scentury)\b"
)
_TIME = re.compile(
    r"\b\d{1,2}(?:[.:]\d\d)?\s?[ap]\.?m\b\.?|\b\d{1,2}:\d\d\b|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
)
_NAME = re.compile(r"\b[A-Z][\w’'.-]*\w(?:\s(?:of\s|the\s|de\s|van\s|von\s)?[A-Z][\w’'-]*\w){0,4}")
_OPENS = re.compile(r"[.!?…:]\W*\s[\W_]*$")
_GLUED = re.compile(r"(?<=\d)(?:m|mn)\b")
_SIGNS = str.maketrans({"%": " percent", "$": "dollar ", "€": "euro ", "£": "pound "})
_AGED = re.compile(r"[-\s]+years?[-\s]+(?:old|of\sage)\b", re.I)
_AT_AGE = re.compile(r"\b(?:aged|(?:at\s)?age(?:\s+of)?|turn(?:s|ed|ing))\s*$", re.I)
_APPOSED = re.compile(r"[A-Z][\w’'-]*\w[\W_]{0,2},\s*$")
_AFTER_AGE = re.compile(r"\s*(?:[,.;)\n]|$)")
OLDEST = 120
_NEAR = 60
"""What says of a number what it is stands among so many letters before it."""
_LABEL = re.compile(r"([^\W\d_][\w ]*):\s*$")
_IN_A_YEAR = re.compile(r"(?:in|since|by|until|from|of|during|before|after|year)\s+$", re.I)
_YEAR = re.compile(r"1\d{3}|20\d\d")
_STOP = re.compile(r"[.!?]\W*\s|\n")
_NOBODY = ("nobody", "no one")
MONEY = frozenset("$€£")


@dataclass(frozen=True, slots=True)
class Mention:
    """A figure, a date or a name, where it stands; of a figure its value, its unit, and what it counts, as keys."""

    span: Span
    value: str | None = None
    unit: str | None = None
    noun: tuple[str, ...] = ()
    borrowed: bool = False
    """It counts what a figure before it does: «14 people in one town, and 9 in another». Of a word: it may be no name,
    but have a capital since a sentence begins with it."""
    age: bool = False


def mentions(kind: Wanted, sentence: str) -> list[Mention]:
    """Return what a sentence has of a kind."""
    if kind in FIGURES:
        return list(figures(sentence))
    if kind is Wanted.DATE:
        return [Mention(span) for span in times(sentence)]
    if kind in (Wanted.PERSON, Wanted.PLACE):
        return [
            Mention(
                Span(*match.span()), borrowed=" " not in match[0] and bool(_OPENS.search(sentence[: match.start()]))
            )
            for match in _NAME.finditer(sentence)
        ]
    return []


def dates(sentence: str) -> list[Span]:
    """Return where dates stand, years among them, and no times or days of a week."""
    return [Span(*match.span()) for match in _DATE.finditer(sentence)]


def times(sentence: str) -> list[Span]:
    """Return where dates stand, and times and days of a week."""
    return sorted(Span(*match.span()) for pattern in (_DATE, _TIME) for match in pattern.finditer(sentence))


def figures(sentence: str) -> Iterator[Mention]:
    """Yield the figures of a sentence that are no part of a date or a time; those without a noun borrow one."""
    taken = times(sentence)
    last: tuple[str, ...] = ()
    end = 0
    for match in _FIGURE.finditer(sentence):
        span = Span(*match.span()).strip(sentence)
        own = noun(sentence[span.end :])
        inside = [each for each in taken if each.overlap(span)]
        if inside and not (own and _counts(inside[0], span, sentence)):
            continue
        mention = _figure(span, own, sentence)
        goes_on = not _STOP.search(sentence, end, span.start)
        end = span.end
        if not mention.noun and mention.unit is None and not mention.age and last and goes_on:
            mention = replace(mention, noun=last, borrowed=True)
        elif mention.noun and mention.noun[0] in last:  # «3,120 pairs of gulls. Once there had been 8,900 pairs.»
            mention = replace(mention, noun=(*mention.noun, *last))
        last = mention.noun or last
        yield mention


def _counts(date: Span, figure: Span, sentence: str) -> bool:
    """Tell whether what may be a year counts something: «2000 people», but not «in 2000 people»."""
    return date == figure and not _IN_A_YEAR.search(sentence[max(0, figure.start - _NEAR) : figure.start])


def _figure(span: Span, own: tuple[str, ...], sentence: str) -> Mention:
    words, before, after = span.of(sentence), sentence[max(0, span.start - _NEAR) : span.start], sentence[span.end :]
    if words.casefold() in _NOBODY:
        return Mention(span, "0", noun=(form("people"),))
    if words.casefold() == "no":
        return Mention(span, "0", noun=own)
    found = next(quantities(read(_GLUED.sub(" million", words).translate(_SIGNS))), None)
    value, unit = (found.value, found.unit) if found else (None, None)
    if _AGED.match(after):
        return Mention(span, value, age=True)
    labelled = _LABEL.search(before)  # «Delivery vans: 5»
    label = noun(labelled[1]) if labelled else ()
    following = WORD.match(after[1:]) if after[:1] in (" ", "-") else None
    if following and unit is None:
        counted = next(quantities(read(f"{words} {following[0]}")), None)
        if counted and counted.unit:
            end = span.end + 1 + len(following[0])
            return Mention(Span(span.start, end), value, counted.unit, noun(sentence[end:]) or label)
    apposed = _APPOSED.search(before) and _AFTER_AGE.match(after)
    young = value is not None and unit is None and value.isdecimal() and int(value) <= OLDEST
    age = bool(young and (apposed or _AT_AGE.search(before)))
    return Mention(span, value, unit, () if age else own or label, age=age)


def _opens(match: re.Match[str], sentence: str) -> bool:
    before = sentence[max(0, match.start() - _NEAR) : match.start()]
    opens = match.start() < _NEAR and not any(map(str.isalnum, before))
    return " " not in match[0] and (opens or bool(_OPENS.search(before)))
