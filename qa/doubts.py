"""A claim that seems to follow, and the words it cites, in; what speaks against it all the same out, if anything.

Whether all words of a claim are cited says nothing of who did what to whom, and our reader is too small to tell. Here
it is looked at whether they deny anything where it does, at the order of names and numbers, at what a number counts.
"""

from __future__ import annotations

from calendar import month_name
from collections.abc import Sequence
from itertools import pairwise

from qa.alignment import Cited, align
from qa.quantities import counts, quantities
from qa.topics import LINKS
from qa.words import EMPTY, Words, key, read

_MONTHS = frozenset(map(key, filter(None, month_name)))
_YEAR = 4
"""Figures of a number that is most often a year, and counts nothing."""
_BESIDE = 2
"""What a number counts stands among so many words after it."""
_OPENS = 3
"""Who does something stands among the first words of a sentence."""
_PLACING = frozenset((*LINKS, "against", "near", "toward", "towards", "including"))
"""What stands after these is where or when something is done, not to whom."""


def doubt(claim: str, cited: Sequence[str]) -> str | None:
    """Say why a claim should be looked at again; None where nothing says so."""
    source = Cited.of(cited)
    said = read(claim)
    if said.denies and not any(each.denies for each in source.words):
        return "it denies something, and the cited words deny nothing"
    if lacks := _uncounted(claim, said, source):
        return f"the cited words lack “{lacks}”"
    for each in source.words:
        if _exchanged(said, each):
            return "the numbers stand there with other names"
        if turned := _turned(said, each):
            return f"it is “{turned[0]}” that the cited words name first: see who does what"
    return None


def _uncounted(claim: str, said: Words, source: Cited) -> str | None:
    """Return a number with what it counts where that is not cited: «62 deaths» for «62 injuries»."""
    lacking = set(align(claim, source).others)
    for number in quantities(said):
        dated = number.value.isdecimal() and len(number.value) == _YEAR
        if dated or number.value == "1" or (number.at and said.keys[number.at - 1] in _MONTHS):
            continue
        after = range(number.at + 1, min(number.at + 1 + _BESIDE, len(said.words)))
        counted = next((at for at in after if not counts(at, said)), None)
        if counted is not None and said.words[counted] in lacking:
            return " ".join(said.words[number.at : counted + 1])
    return None


def _exchanged(said: Words, there: Words) -> bool:
    """Tell whether numbers have changed places and names have not, or the other way round."""
    numbers = _inverted(said, there, [each.value for each in quantities(said)], [q.value for q in quantities(there)])
    names = [key_ for at, key_ in enumerate(said.keys) if _is_name(at, said)]
    return (
        numbers is not None and (turned := _inverted(said, there, names, there.keys)) is not None and numbers != turned
    )


def _inverted(said: Words, there: Words, ours: Sequence[str], theirs: Sequence[str]) -> bool | None:
    """Tell whether what both have stands in the opposite order; None where that is neither so nor not so."""
    common = [each for each in dict.fromkeys(ours) if ours.count(each) == list(theirs).count(each) == 1]
    places = [list(theirs).index(each) for each in common]
    orders = {a > b for a, b in pairwise(places)}
    return orders.pop() if len(orders) == 1 else None


def _turned(said: Words, there: Words) -> tuple[str, str] | None:
    """Return who does it there and to whom, where a claim that begins so in the same voice has it turned round."""
    ours = _clause(said)
    if ours is None or _passive(said) != _passive(there):
        return None
    actor, other = ours
    opens = other in there.keys[:_OPENS] and actor in there.keys[_OPENS:]
    return (there.words[there.keys.index(other)], there.words[there.keys.index(actor)]) if opens else None


def _clause(said: Words) -> tuple[str, str] | None:
    """Return the keys of the names about a verb with which a claim begins: «Hamas funds Iran»."""
    names = [at for at in range(len(said.words)) if _is_name(at, said)]
    for one, other in pairwise(names):
        between = said.words[one + 1 : other]
        if between:
            does = len(between) <= _BESIDE and all(map(str.islower, between)) and not _PLACING & set(between)
            return (said.keys[one], said.keys[other]) if does and one < _OPENS and between[-1] != "the" else None
    return None


def _is_name(at: int, text: Words) -> bool:
    word = text.words[at]
    return word[0].isupper() and len(word) > 1 and text.keys[at] not in EMPTY and text.keys[at] not in _MONTHS


def _passive(text: Words) -> bool:
    return any(word.casefold() == "by" for word in text.words)
