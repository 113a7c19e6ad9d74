"""Sentences that may answer in; those that are shown, each with the short answer that fits the question, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.candidates import Evidence
from qa.cells import cell
from qa.evidence import Choice
from qa.mentions import dates
from qa.pointing import has_most, point, weight_of
from qa.straying import strays
from qa.verbs import form
from qa.wanted import WORD, Asked, Wanted, asked

_LEAST, _LIKELY = 0.1, 0.3
"""How likely a sentence must be that is shown for its short answer: where none has one, and where another has one."""
_BORN = frozenset(map(form, "born birth birthday died age".split()))
_HEAVIER = 1.0
"""So much more of the question must stand by the short answer of a sentence that is shown beside likelier ones."""


def settle(question: str, choice: Choice) -> Choice:
    """Keep the short answers that fit a question, and show a sentence that has one where the likelier ones have none.

    What speaks of another year or of another name is then left out.
    """
    said = asked(question)
    chosen = [_pointed(said, each) for each in choice.evidence]
    others = [_pointed(said, each) for each in choice.others]
    if said.kind is Wanted.AGE and said.names and not any(_tells_age(said, each) for each in (*chosen, *others)):
        return Choice(choice.evidence, 0.0, choice.others)
    # a name is soon found in any sentence; and of two dates words do not tell which is meant
    dated = said.kind is Wanted.DATE and not any(each.short for each in chosen)
    best = _best(chosen, others) if said.figure or dated else None
    if best is not None:
        chosen = [best, *chosen]
        others = [each for each in others if each is not best]
    if any(each.exact and each.short for each in chosen):
        chosen = [each for each in chosen if each.short]
    elif any(each.short for each in chosen):
        chosen = [each for each in chosen if each.short or not strays(said, each.words, each.above)]
    return Choice(tuple(chosen), choice.confidence, tuple(others))


def _pointed(said: Asked, each: Evidence) -> Evidence:
    """Keep the short answer that fits the question; of the row of a table the cell that it asks for."""
    if each.row:
        found = cell(said, each.row, each.ruling)
        fits = found and (found.exact or (found.fits and has_most(said, f"{each.said} {each.above}")))
        weight = weight_of(said, each.words) if fits else 0.0
        return replace(each, short=found.span if found and fits else None, certainty=0.0, weight=weight)
    pointed = point(said, each.words, each.above, each.short, each.certainty)
    if pointed is None:
        return replace(each, short=None, certainty=0.0)
    certainty = each.certainty if pointed.aided else 0.0
    return replace(each, short=pointed.span, weight=pointed.weight, certainty=certainty)


def _best(chosen: Sequence[Evidence], others: Sequence[Evidence]) -> Evidence | None:
    """Return another sentence that is to be shown for its short answer: more of the question stands by it."""
    told = [each.weight for each in chosen if each.short]
    least = _LIKELY if told else _LEAST
    read = any(each.certainty for each in chosen)
    able = [
        each for each in others if each.short and each.score >= least and each.weight and (each.certainty or not read)
    ]
    best = max(able, key=lambda each: each.weight, default=None)
    return best if best and (not told or best.weight >= max(told) + _HEAVIER) else None


def _tells_age(said: Asked, each: Evidence) -> bool:
    """Tell whether a sentence has an age, or a date from which one can be told, of what is asked for."""
    named = said.named & {form(word) for word in WORD.findall(each.words)}
    born = _BORN & {form(word) for word in WORD.findall(each.words)}
    return bool(each.short) or (bool(named and born and dates(each.words)) and not strays(said, each.words, each.above))
