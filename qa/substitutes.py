"""A claim and sentences in; a number or a name that stands there in the place of the claim's own, out."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from qa.alignment import spelled
from qa.quantities import counts, quantities
from qa.words import EMPTY, Words, key

MONTHS = frozenset(map(key, filter(None, month_name)))
_CLAUSE = re.compile(r"[;:]\s+|,\s+(?!\d)|\s+(?:and|but|while|whereas)\s+")
_MOST_CLAUSES, _MOST_RUNS = 100, 20
"""What is longer is looked at from its beginning."""
_NEAR = 2
"""A number has its place by so many full words before it, and behind it; a name by those on one side."""
_YEAR = re.compile(r"[12]\d{3}")
_DATE, _NAME = "date", "name"
_FIRST = 1
"""Who does something stands first, or behind an article."""
_POINTING = frozenset("he she it they who which that".split())
_BEING = frozenset("is are was were".split())


@dataclass(frozen=True, slots=True)
class Substitute:
    """What stands in the place of a claim's own number or name, and beside which words of the claim."""

    own: str
    other: str
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """Words on end that are one number or one name: where they stand, the keys that tell them, of which kind they are.

    The kind is a date, a name or a unit; of a number without one, what it counts.
    """

    start: int
    end: int
    keys: frozenset[str]
    kind: str


_Runs = Callable[[Words], Iterator[_Run]]


def substitute(claim: str, sentences: Sequence[str], *, names: bool) -> Substitute | None:
    """Return what stands in the place of a number of the claim's, or of its subject, where that itself is elsewhere."""
    tried = list(islice(_tried(claim, names=names), _MOST_RUNS))
    if not tried:
        return None
    cut = [[spelled(clause) for clause in _clauses(sentence)] for sentence in sentences]
    clauses = [clause for some in cut for clause in some][:_MOST_CLAUSES]
    there = [*clauses, *(spelled(each) for each, some in zip(sentences, cut, strict=True) if len(some) > 1)]
    for said, run, near, runs in tried:
        if other := _other(said, run, near, clauses, there, runs):
            return Substitute(_written(run, said), other, tuple(dict.fromkeys(said.words[at] for at in near)))
    return None


def _tried(claim: str, *, names: bool) -> Iterator[tuple[Words, _Run, list[int], _Runs]]:
    """Yield what is looked for of a claim, where the words stand that tell its place, and what could stand there."""
    for clause in map(spelled, _clauses(claim)):
        yield from ((clause, run, _around(clause, run), _figures) for run in _figures(clause))
    whole = spelled(claim)
    yield from ((whole, run, near, _names) for run in _names(whole) if names and (near := _told(whole, run)))


def _other(
    said: Words,
    run: _Run,
    near: Sequence[int],
    clauses: Sequence[Words],
    there: Sequence[Words],
    runs: _Runs,
) -> str | None:
    """Return what a clause with all the near words has in a run's place; those that have the run lack some of them."""
    beside = frozenset(said.keys[at] for at in near)
    holding = [keys for each in clauses if run.keys <= (keys := frozenset(each.keys))]
    if not beside or not holding or any(beside <= keys for keys in holding):
        return None
    # «121,000 in 2021», where 2021 is not theirs, and «52,000 awarded», where 74,000 are demanded
    with_it = [each.keys for each in _figures(said) if any(each.keys <= keys for keys in holding)]
    figures = {at for each in _figures(said) for at in range(each.start, each.end)}
    full = [at for at, each in enumerate(said.keys) if each not in EMPTY and at not in figures]
    told = frozenset(said.keys[at] for at in full) & frozenset().union(*holding) - run.keys
    for each in there:
        has = frozenset(each.keys)
        lacks = told - has - ({said.keys[full[0]]} if _POINTING & set(map(str.casefold, each.words)) else set())
        strange = run.keys & has and (run.kind != _DATE or run.keys <= has)
        if lacks or strange or not beside <= has or not all(keys <= has for keys in with_it if keys != run.keys):
            continue
        for found in runs(each):
            foreign = found.keys - run.keys and not found.keys & frozenset(said.keys) - run.keys
            if foreign and found.kind == run.kind and (run.kind != _NAME or _alike(run, near, found, beside, each)):
                return _written(found, each)
    return None


def _clauses(text: str) -> list[str]:
    """Cut a sentence where it goes on with something else, but not what is told of several «respectively»."""
    return [text] if "respectively" in text else [clause for clause in _CLAUSE.split(text) if clause.strip()]


def _written(run: _Run, text: Words) -> str:
    return " ".join(text.words[run.start : run.end])


def _figures(text: Words) -> Iterator[_Run]:
    """Yield the numbers and dates of a text."""
    values = {each.at: each for each in quantities(text)}
    for figure, run in groupby(range(len(text.keys)), lambda at: counts(at, text) or text.keys[at] in MONTHS):
        places = list(run)
        keys = frozenset(each for at in places if (each := text.keys[at])[0].isdigit() or each in MONTHS)
        if figure and any(each[0].isdigit() for each in keys):
            dated = any(each in MONTHS or _YEAR.fullmatch(each) for each in keys)
            unit = next((values[at].unit for at in places if at in values and values[at].unit), None)
            counted = next(iter(text.keys[places[-1] + 1 : places[-1] + 2]), "")
            yield _Run(places[0], places[-1] + 1, keys, _DATE if dated else unit or counted)


def _names(text: Words) -> Iterator[_Run]:
    for named, run in groupby(range(len(text.keys)), lambda at: is_name(at, text)):
        places = list(run)
        if named and places != [0]:  # which may be any word
            yield _Run(places[0], places[-1] + 1, frozenset(text.keys[at] for at in places), _NAME)


def is_name(at: int, text: Words) -> bool:
    """Tell whether a word has a capital, and is no empty one and no month."""
    word = text.words[at]
    return word[0].isupper() and len(word) > 1 and text.keys[at] not in EMPTY and text.keys[at] not in MONTHS


def _around(text: Words, run: _Run) -> list[int]:
    """Return where the full words around a number stand that are no numbers themselves."""
    figures = {at for each in _figures(text) for at in range(each.start, each.end)}
    full = [at for at, each in enumerate(text.keys) if each not in EMPTY and at not in figures]
    return [at for at in full if at < run.start][-_NEAR:] + [at for at in full if at >= run.end][:_NEAR]


def _told(text: Words, run: _Run) -> list[int]:
    """Return where the full words stand that tell who is meant, of a subject or what a subject is; else none."""
    around = _around(text, run)
    if run.start <= _FIRST:
        told = [at for at in around if at >= run.end]
    elif text.words[run.start - 1] in _BEING:
        told = [at for at in around if at < run.start]
    else:
        told = []
    return told if len(told) == _NEAR else []


def _alike(run: _Run, near: Sequence[int], found: _Run, beside: frozenset[str], text: Words) -> bool:
    """Tell whether a name stands right before the words that tell it, or right behind them, as the claim's own does."""
    places = [at for at, each in enumerate(text.keys) if each in beside]
    before = run.start < near[0]
    if before and text.words[found.start - 1].casefold() == "by":
        return True
    between = range(found.end, min(places)) if before else range(max(places) + 1, found.start)
    side = found.end <= min(places) if before else found.start > max(places)
    return side and all(text.keys[at] in EMPTY and text.words[at].casefold() not in _POINTING for at in between)
