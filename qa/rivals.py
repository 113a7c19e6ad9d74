"""Sentences that answer in; those of other documents that give another figure or date, and a note that says so, out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from qa.candidates import Evidence
from qa.mentions import dates, mentions
from qa.pointing import share
from qa.straying import strays, years
from qa.verbs import form
from qa.wanted import FIGURES, WORD, Asked, Wanted, asked, wanted

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
_LEAST = 0.15
"""A sentence that is less likely to answer contradicts nobody."""
_LIKELY, _HALF = 0.5, 0.5
"""Both speak of the same if, with their titles, they have half of the question; more where they are not likely to."""
_TENTH = 0.1
_ROUGH = re.compile(
    r"\b(?:about|around|some|nearly|almost|over|under|roughly|approximately|circa|at\s(?:least|most)|up\sto"
    r"|(?:more|less|fewer)\sthan)\s+[$€£¥]?$",
    re.I,
)
"""What is told so may be a tenth more or less."""
_DAY_SAID = re.compile(r"(?<!\d)(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_CENTURY = re.compile(r"(\d{1,2})\w\w century")
_YEARS = re.compile(r"(\d{3})(\d)(s?)")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = re.compile("|".join(_MONTHS))
_DAY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?\b")


@dataclass(frozen=True, slots=True)
class _Value:
    """A figure, or a date as far as it is told: the figures of its year, the month, the day."""

    parts: tuple[str | float | None, ...]
    unit: str | None = None
    noun: frozenset[str] = frozenset()
    rough: bool = False

    def differs(self, other: _Value) -> bool:
        """Tell whether both cannot be the same; what counts something else, or in other units, is not compared."""
        if self.unit != other.unit and (self.unit or self.noun) and (other.unit or other.noun):
            return False
        if not self.unit and self.noun and other.noun and not self.noun & other.noun:
            return False
        rough = _TENTH if self.rough or other.rough else 1e-9
        return any(_apart(a, b, rough) for a, b in zip(self.parts, other.parts, strict=True))


def _apart(one: str | float | None, other: str | float | None, rough: float) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) > rough * max(abs(one), abs(other))
    return None not in (one, other) and one != other


def rivals(question: str, chosen: Sequence[Evidence], others: Sequence[Evidence]) -> list[Evidence]:
    """Return those of other documents that tell of the same another figure or date than a chosen sentence.

    Whoever is shown the one is to be shown the other too.
    """
    found: list[Evidence] = []
    for each in others:
        told = {one.hit.document.id for one in (*chosen, *found)}
        if each.hit.document.id not in told and any(_is_rival(each, one, question) for one in chosen):
            found.append(each)
    return found[:_MOST]


def disagreement(question: str, chosen: Sequence[Evidence]) -> str | None:
    """Say so where documents give different figures or dates, and how old the documents are."""
    apart = [
        (one, each)
        for one, each in combinations(chosen, 2)
        if one.hit.document.id != each.hit.document.id and _is_rival(each, one, question)
    ]
    if not apart:
        return None
    kind = "date" if wanted(question) is Wanted.DATE else "figure"
    documents = {each.hit.document.path: each.hit.document for pair in apart for each in pair}
    dated = ", ".join(f"{path} is of {_date(path, document.modified)}" for path, document in documents.items())
    return f"The documents give different {kind}s: see which of them holds ({dated})."


def _date(path: str, modified: str) -> str:
    """Return the date that a path says, else that of the file, which may be that of a copy."""
    said = _DAY_SAID.search(path)
    return said[0] if said else modified[:10]


def agree(question: str, one: Evidence, other: Evidence) -> bool:
    """Tell whether two short answers can be the same, or are figures or dates that contradict each other."""
    some, others = _value(question, one), _value(question, other)
    if some is None or others is None:
        return _letters(one) == _letters(other)
    return not some.differs(others) or _is_rival(one, other, question)


def _letters(each: Evidence) -> str:
    return each.short.of(each.words).casefold() if each.short else ""


def _is_rival(each: Evidence, one: Evidence, question: str) -> bool:
    """Tell whether two sentences answer a question, of the same thing and the same time, with values that differ."""
    some, others = _value(question, one), _value(question, each)
    if some is None or others is None or not some.differs(others):
        return False
    mine, theirs = _years(one), _years(each)
    if wanted(question) is not Wanted.DATE and mine and theirs and not mine & theirs:
        return False
    said = asked(question)
    return one.hit.document.id != each.hit.document.id and all(_says_it(said, sentence) for sentence in (one, each))


def _says_it(said: Asked, each: Evidence) -> bool:
    """Tell whether a sentence speaks of what is asked for: likely, and with the words of the question."""
    told = {form(word) for word in WORD.findall(each.words)}
    done = said.plain - {said.manner}
    covered = share(said, f"{each.hit.document.title} {each.words}")
    enough = covered > _HALF if each.score < _LIKELY else covered >= _HALF
    # of Unit 7 nothing is said where the title is that of Unit 9
    return (
        each.score >= _LEAST and enough and (not done or bool(done & told)) and not strays(said, each.words, each.above)
    )


def _years(each: Evidence) -> set[str]:
    """Return the years in the sentence of a short answer; of a table, those in its row."""
    at = each.short.start if each.short else 0
    start, end = each.words.rfind("\n", 0, at) + 1, each.words.find("\n", at)
    line = each.words[start : end if end >= 0 else None]
    return {span.of(line) for span in years(line)}


def _value(question: str, each: Evidence) -> _Value | None:
    """Return the figure or the date that is the short answer of a sentence."""
    kind = wanted(question)
    if each.short is None or kind is None or kind is Wanted.AGE:  # people grow older
        return None
    if kind is Wanted.DATE:
        return next(_dates(each.short.of(each.words)), None)
    if kind not in FIGURES:
        return None
    mention = next((one for one in mentions(kind, each.words) if one.span.overlap(each.short)), None)
    if mention is None or mention.value is None:
        return None
    scale, unit = _METRIC.get(mention.unit or "", (1.0, mention.unit))
    value = float(mention.value) * scale if _is_number(mention.value) else mention.value
    rough = bool(_ROUGH.search(each.words[: mention.span.start]))
    return _Value((value,), unit, frozenset(mention.noun), rough)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[\d.]+(?:e[+-]?\d+)?", text) is not None and text.count(".") <= 1


def _dates(text: str) -> Iterator[_Value]:
    for span in dates(text):
        words = _ISO.sub(lambda date: f"{int(date[3])} {_MONTHS[(int(date[2]) - 1) % 12]} {date[1]}", span.of(text))
        words = words.casefold()
        if century := _CENTURY.search(words):
            yield _Value((*f"{int(century[1]) - 1:02}", None, None, None, None))
            continue
        year, month = _YEARS.search(words), _MONTH.search(words)
        day = _DAY.search(words) if month else None
        figures = (*year[1], None if year[3] else year[2]) if year else (None,) * 4
        yield _Value((*figures, month and month[0], day and day[1].lstrip("0")))
