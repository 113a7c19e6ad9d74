"""A question in; what kind of thing it asks for, and what it says of it, out."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from itertools import chain, pairwise

from qa.topics import EMPTY
from qa.verbs import form


class Wanted(Enum):
    """What somebody wants to know who asks how many, how much, how high, how old, when, who, or where."""

    COUNT = "count"
    SHARE = "share"
    AMOUNT = "amount"
    MEASURE = "measure"
    AGE = "age"
    DATE = "date"
    PERSON = "person"
    ROLE = "role"
    PLACE = "place"


FIGURES = frozenset((Wanted.COUNT, Wanted.SHARE, Wanted.AMOUNT, Wanted.MEASURE, Wanted.AGE))

_PRICE = r"price|costs?|amount|sum|fees?|fines?|rent|salary|wages?|budget|damages?"
_ASKS = {
    Wanted.AGE: re.compile(r"\bhow\s+old\b|\b(?:what|which)\s+age\b", re.I),
    Wanted.SHARE: re.compile(
        r"\b(?:what|which)\s+(?:percentage|per\s?cent|share|proportion|fraction)\b|\bhow\s+many\s+per\s?cent\b", re.I
    ),
    Wanted.COUNT: re.compile(r"\bhow\s+many\b|\b(?:what|which)\s+(?:was\s+the\s+|is\s+the\s+)?number\s+of\b", re.I),
    Wanted.AMOUNT: re.compile(
        rf"\bhow\s+much\b|\bwhat\s+(?:(?:is|are|was|were)\s+)?(?:the\s+)?(?:\w+\s+)?(?:{_PRICE})\b"
        r"|\bwhat\b.*\b(?:cost|bought\s+for|sold\s+for)\W*$",
        re.I,
    ),
    Wanted.MEASURE: re.compile(r"\bhow\s+(?:long|far|tall|large|big|often|high|deep|fast|heavy|wide)\b", re.I),
    Wanted.DATE: re.compile(r"\bwhen\b|\b(?:what|which)\s+(?:year|date|day|month|century|decade)\b", re.I),
    Wanted.ROLE: re.compile(r"^\W*[Ww]ho\s+(?:is|are|was|were)(?:\s+[A-Z][\w’'.-]*){1,5}\W*$"),
    Wanted.PERSON: re.compile(r"\b(?:who|whom|whose)\b", re.I),
    Wanted.PLACE: re.compile(r"\bwhere\b", re.I),
}
"""Where several are asked for, the first counts; of those at one place, the first of these."""
WORD = re.compile(r"\d(?:[\d.,]*\d)?|[^\W\d_]+(?:[-’'][^\W\d_]+)*(?:[’'](?!\w))?")
"""A word or a number, as they are compared here: with offsets, unlike those of `qa.words`."""
_POSSESSOR = re.compile(r"[’']s?$")
_YEAR = re.compile(r"1\d{3}|20\d\d")
_LONGEST_NOUN = 3
_WHICH = re.compile(r"\W*(?:(?:[a-z]+\s)?(?:what|which|whose)|what['’]s)\b", re.I)
_STEM = 5
"""A word is said in another form where both begin with so many letters."""
_MANNERS = {
    form(how): frozenset(map(form, measures.split()))
    for how, measures in {
        "heavy": "weigh weight", "tall": "height", "high": "height", "wide": "width", "deep": "depth", "long": "length",
        "far": "distance", "fast": "speed", "large": "size area", "big": "size area",
    }.items()
}  # fmt: skip
"""What says how much so, in other words."""
_ORDINALS = frozenset(
    map(form, "first second third fourth fifth sixth seventh eighth ninth tenth last final next previous".split())
)
_ARTICLES = ("a", "an", "the")
_MONTHS = "January February March April May June July August September October November December".split()
_NO_MONTH = "".join(rf"(?<!\b{month})" for month in _MONTHS)
_NAME = re.compile(
    r"[A-Z][\w’'-]*(?:\s(?:(?:of|the|de|van|von)\s)?[A-Z][\w’'-]*)*"
    rf"(?:{_NO_MONTH}\s\d{{1,3}}(?![\w%°]|[.,:]\d))?"
)
"""«Unit 7» is one too, but «April 7» is none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for, and all that it says, as keys.

    `counted` is what stands behind «how many», its first word first; `full` says something; `names` are names, each as
    the keys of its words in their order.
    """

    kind: Wanted | None
    said: frozenset[str]
    full: frozenset[str]
    counted: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    owners: frozenset[str]
    """Names that have something: «Mercer's husband»."""
    years: frozenset[str]
    manner: str = ""
    """The word behind «how»: «long», «deep»."""
    which: bool = False
    """It asks what something is, or which."""
    ordinals: frozenset[tuple[str, str]] = frozenset()
    """Which of several: «the second winter»."""

    @property
    def named(self) -> frozenset[str]:
        """All words of its names."""
        return frozenset(chain.from_iterable(self.names))

    @property
    def plain(self) -> frozenset[str]:
        """What it says beside names, and beside what is counted: what is done there."""
        return self.full - self.named - self.years - {*self.counted[:1]}

    @property
    def figure(self) -> bool:
        """Tell whether a figure is asked for."""
        return self.kind in FIGURES


def wanted(question: str) -> Wanted | None:
    """Tell what an English question asks for; None where it is nothing of these."""
    found = {kind: match.start() for kind, asks in _ASKS.items() if (match := asks.search(question))}
    return min(found, key=found.__getitem__) if found else None


def asked(question: str) -> Asked:
    """Read a question."""
    kind = wanted(question)
    match = _ASKS[kind].search(question) if kind else None
    words = WORD.findall(question)
    manner = match[0].split()[-1].casefold() if match and kind is Wanted.MEASURE else ""
    asking = (
        frozenset(map(form, WORD.findall(match[0]))) if match and kind in (Wanted.AGE, Wanted.SHARE) else frozenset()
    )
    said = frozenset(map(form, words))
    after = question[match.end() :] if match and kind in (Wanted.COUNT, Wanted.AMOUNT) else ""
    return Asked(
        kind=kind,
        said=said,
        full=frozenset(form(word) for word in words if says_something(word) or word.casefold() == manner) - asking,
        counted=noun(after),
        names=tuple(
            filter(
                None,
                (
                    tuple(form(word) for word in WORD.findall(name) if word.casefold() not in _ARTICLES)
                    for name in names(question)
                ),
            )
        ),
        owners=frozenset(form(word) for word in words if word[0].isupper() and _POSSESSOR.search(word)),
        years=frozenset(word for word in words if _YEAR.fullmatch(word)),
        manner=form(manner),
        which=bool(_WHICH.match(question)),
        ordinals=ordinal_pairs(question),
    )


def said_in(words: str, keys: Collection[str]) -> set[str]:
    """Return which keys are said in some words, in that form or in one that begins as it does: «assassination»."""
    found = {form(word) for word in WORD.findall(words)}
    found |= {how for how, measures in _MANNERS.items() if measures & found}
    begun = {key[:_STEM] for key in found if len(key) >= _STEM}
    return {key for key in keys if key in found or key[:_STEM] in begun}


def says_something(word: str) -> bool:
    """Tell whether a word does not only join others."""
    return word.casefold() not in EMPTY


def noun(text: str) -> tuple[str, ...]:
    """Return the words that a text begins with, up to what only joins others: what a number before it counts."""
    found: list[str] = []
    end = 0
    for match in WORD.finditer(text):
        word = match[0].casefold()
        # «pairs of herring gulls», «three of the injured»
        joins = word == "of" or (word == "the" and text[:end].rstrip().casefold().endswith("of"))
        if text[end : match.start()].strip("*_ \n") or match[0][0].isdigit():
            break
        if not joins and not says_something(word):
            break
        end = match.end()
        if not joins:
            found.append(form(word))
        if len(found) == _LONGEST_NOUN:
            break
    return tuple(found)


def ordinal_pairs(text: str) -> frozenset[tuple[str, str]]:
    """Return the ordinals of a text, each with the word that it counts."""
    keys = [form(word) for word in WORD.findall(text)]
    return frozenset((one, other) for one, other in pairwise(keys) if one in _ORDINALS)


def names(question: str) -> list[str]:
    """Return the names of a question; the word it begins with is none."""
    return [match[0] for match in _NAME.finditer(question, question.find(" ") + 1)]
