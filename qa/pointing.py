"""A question and a sentence in; the figure, the date or the name in it that is asked for, where it can be told, out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from qa.fitting import fits
from qa.mentions import Mention, mentions
from qa.narrowing import parts
from qa.spans import Span
from qa.straying import strays, years
from qa.verbs import form
from qa.wanted import WORD, Asked, Wanted, said_in, says_something

_BOUNDARY = re.compile(r"[,;:\n]\s|\s(?:and|but|while|whereas)\s")
_FAR = 8
"""A comma or an «and» parts as much as so many words do."""
_NAMED = 3.0
"""What a name or a number of the question counts: it tells which of several is meant."""
_CERTAIN, _TRUSTED = 0.3, 0.6
"""How sure the reader must be of a short answer of the right kind, and of one that is only not of a wrong one."""
_MOST, _HALF = 0.6, 0.5
"""Where the reader says nothing, such a share of the question must stand there."""
_TOO_MANY = 20
"""Of more figures in one sentence nobody can tell which is meant."""
_CELLS = " | "
_MARKUP = " \t\n*_`"


@dataclass(frozen=True, slots=True)
class Pointed:
    """A short answer, and how much of the question stands by it."""

    span: Span
    weight: float
    aided: bool = True
    """The reader says so too."""


def point(
    asked: Asked, words: str, above: str, suggested: Span | None = None, certainty: float = 0.0
) -> Pointed | None:
    """Return the short answer among some words, if one fits the question and is told apart from all others.

    `above` is what stands before them, title and all; `suggested` is the reader's, and `certainty` its own of it.
    """
    if _CELLS in words:  # what stands in which column nobody knows here
        return None
    spots = _spots(asked, words, above, sure=certainty >= _TRUSTED)
    if suggested is None or certainty < _CERTAIN:
        return _unaided(asked, spots, words, above)
    span = _stripped(suggested, words)
    part = next((part for part in parts(words) if part.start <= span.start and span.end <= part.end), None)
    if (
        part is None
        or not _new(asked, span.of(words))
        or not _speaks(asked, part, words, above, sure=certainty >= _TRUSTED)
    ):
        return None
    if asked.kind in (None, Wanted.ROLE):
        named = asked.kind is Wanted.ROLE and not re.search(r"\b[a-z]{2}", span.of(words))
        return None if named else Pointed(span, 0.0)
    return _aided(asked, spots, span, certainty, words, above)


@dataclass(frozen=True, slots=True)
class _Spot:
    """What may be the short answer: of the right kind, or only not of a wrong one; and what stands nearest to it."""

    span: Span
    right: bool
    named: float
    plain: float
    part: Span

    @property
    def weight(self) -> float:
        """How much of the question stands by it."""
        return self.named + self.plain


def _spots(asked: Asked, words: str, above: str, *, sure: bool = False) -> list[_Spot]:
    """Return what may be the short answer, sentence by sentence."""
    found = mentions(asked.kind, words) if asked.kind else []
    spots: list[_Spot] = []
    for part in parts(words) if found else ():
        inside = [each for each in found if part.start <= each.span.start and each.span.end <= part.end]
        if 0 < len(inside) <= _TOO_MANY and _speaks(asked, part, words, above, sure=sure):
            spots += _of_sentence(asked, words, part, inside)
    return spots


def _of_sentence(asked: Asked, words: str, part: Span, found: Sequence[Mention]) -> Iterator[_Spot]:
    dated = _years(asked, words, part, found)
    told = [(each, fits(asked, each, words)) for each in found]
    fitting = [
        (each, right)
        for (each, right), when in zip(told, dated, strict=True)
        if right is not None
        and _new(asked, each.span.of(words))
        and not (when and asked.years and not when & asked.years)
    ]
    fitting = [each for each in fitting if each[1]] or fitting
    near = _nearest(asked, words, part, [each for each, _ in fitting])
    for (each, right), keys in zip(fitting, near, strict=True):
        named = sum(_weight(asked, key) for key in keys if _weight(asked, key) > 1)
        counted = bool(right and asked.counted)
        plain = counted + sum(_weight(asked, key) == 1 for key in keys)
        yield _Spot(each.span, bool(right), named, plain, part)


def _speaks(asked: Asked, part: Span, words: str, above: str, *, sure: bool = False) -> bool:
    """Tell whether a sentence says something of what is asked for; a question says nothing."""
    sentence = part.of(words)
    asks = sentence.rstrip(_MARKUP + "\"'”’)").endswith("?")
    return not asks and not strays(asked, sentence, above + "\n" + words[: part.start], sure=sure)


def _unaided(asked: Asked, spots: Sequence[_Spot], words: str, above: str) -> Pointed | None:
    """Return what is of the right kind, with most of the question, and more of it nearby than anything else has."""
    ranked = sorted(spots, key=lambda spot: (not spot.right, -spot.named, -spot.plain))
    if not ranked or not ranked[0].weight:
        return None
    whole = not ranked[0].right or not (asked.figure or asked.kind is Wanted.DATE)
    if not has_most(asked, words + above * ranked[0].right, all_of_it=whole) or not (asked.figure or ranked[0].plain):
        return None
    first, *others = [spot for spot in ranked if spot.right == ranked[0].right]
    if others and not (asked.figure or asked.kind is Wanted.DATE):
        return None
    if any(each.plain > first.plain or (each.named, each.plain) == (first.named, first.plain) for each in others):
        return None
    return Pointed(ranked[0].span, ranked[0].weight, aided=False)


def _aided(
    asked: Asked, spots: Sequence[_Spot], span: Span, certainty: float, words: str, above: str
) -> Pointed | None:
    """Return what the reader suggests, unless more of the question stands by something else in its sentence."""
    meant = [spot for spot in spots if spot.span.overlap(span)]
    if not meant:
        return _unaided(asked, spots, words, above)
    spot = max(meant, key=lambda each: each.weight)
    beside = [each for each in spots if each.part == spot.part]
    if asked.figure and any(each.named > spot.named or each.plain > spot.plain for each in beside):
        return _unaided(asked, spots, words, above) if certainty < _TRUSTED or not spot.plain else None
    right = spot.right and (
        not asked.plain
        or bool(said_in(words, asked.plain))
        or (certainty >= _TRUSTED and bool(said_in(words, asked.named)))
    )
    if not right and not (has_most(asked, words + above) if spot.right else has_most(asked, words, all_of_it=True)):
        return None
    return Pointed(spot.span if asked.figure or (len(meant) == 1 and asked.kind is Wanted.DATE) else span, spot.weight)


def has_most(asked: Asked, said: str, *, all_of_it: bool = False) -> bool:
    """Tell whether most of what a question says stands in some words, of what is done, and of all."""
    done = len(said_in(said, asked.plain)) / (len(asked.plain) or 1)
    return share(asked, said) >= _MOST and (done == 1 or (done > _HALF and not all_of_it) or not asked.plain)


def _stripped(span: Span, words: str) -> Span:
    """Leave out white space and Markdown's marks at both ends."""
    text = span.of(words)
    start = span.start + len(text) - len(text.lstrip(_MARKUP))
    return Span(start, max(start, span.start + len(text.rstrip(_MARKUP))))


def _new(asked: Asked, words: str) -> bool:
    """Tell whether words say anything that the question does not."""
    found = WORD.findall(words)
    return not found or any(form(word) not in asked.said and says_something(word) for word in found)


# What stands nearest.


def _weight(asked: Asked, key: str) -> float:
    return _NAMED if key in asked.named or key[:1].isdigit() else 1.0


def weight_of(asked: Asked, said: str) -> float:
    """Return how much of a question some words have, names and numbers counting more."""
    found = said_in(said, asked.full)
    for name in asked.names:  # a surname stands for all of it
        found |= set(name) & asked.full if name[-1] in found else set()
    return sum(_weight(asked, key) for key in found)


def share(asked: Asked, said: str) -> float:
    """Return how much of a question some words have, from 0 to 1."""
    return weight_of(asked, said) / (sum(_weight(asked, key) for key in asked.full) or 1.0)


def _apart(some: Collection[str], others: Collection[str]) -> bool:
    return bool(some and others) and set(some).isdisjoint(others)


def _nearest(asked: Asked, words: str, part: Span, places: Sequence[Mention]) -> list[set[str]]:
    """Return, for each of some places, the words of the question that stand nearer to it than to the others.

    Names that a sentence does not repeat belong to all that it tells; and what is counted as the first figure is, has
    the verb before that too.
    """
    told = {form(match[0]) for match in WORD.finditer(words, part.start, part.end)}
    found = [set(asked.named - told) for _ in places]
    spans = [each.span for each in places]
    for match in WORD.finditer(words, part.start, part.end) if spans else ():
        key = form(match[0])
        if key not in asked.full or key in asked.counted[:1]:
            continue
        found[_next_to(Span(*match.span()), words, spans)].add(key)
        if match.end() <= spans[0].start and key in asked.plain:
            for at in range(1, len(places)):
                found[at] |= {key} if places[at].borrowed else set()
    return found


def _years(asked: Asked, words: str, part: Span, found: Sequence[Mention]) -> list[set[str]]:
    """Return the years that stand by each figure."""
    told = [set[str]() for _ in found]
    if asked.kind is not Wanted.DATE:
        for span in years(part.of(words)):
            span = span.shift(part.start)
            told[_next_to(span, words, [each.span for each in found])].add(span.of(words))
    return told


def _next_to(word: Span, sentence: str, spans: Sequence[Span]) -> int:
    def far(span: Span) -> int:
        between = sentence[min(word.end, span.end) : max(word.start, span.start)]
        return len(WORD.findall(between)) + _FAR * len(_BOUNDARY.findall(between))

    return min(range(len(spans)), key=lambda at: far(spans[at]))
