"""A claim that seems to follow, and the words it cites, in; what speaks against it all the same out, if anything.

Whether all words of a claim are cited says nothing of who did what to whom, and our reader is too small to tell. Here
it is looked at whether they deny anything where it does, at opposites, at what is said with reserve, at the order of
names and numbers, at what a number counts, and at what stands in the place of a number or a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from qa.alignment import Cited, align, spelled
from qa.hedges import hedged
from qa.opposites import opposed
from qa.quantities import Quantity, counts, quantities, unit_of
from qa.substitutes import MONTHS, Substitute, is_name, substitute
from qa.topics import LINKS
from qa.words import EMPTY, Words, key

_YEAR = 4
"""Figures of a number that is most often a year, and counts nothing."""
_BESIDE = 2
"""What a number counts stands among so many words after it."""
_OPENS = 3
"""Who does something stands among the first words of a sentence."""
_PLACING = frozenset((*LINKS, "against", "near", "toward", "towards", "including"))
"""What stands after these is where or when something is done, not to whom."""
_OWNED = re.compile("['’]s$")


def doubt(claim: str, cited: Sequence[str], others: Sequence[str] = ()) -> str | None:
    """Say why a claim should be looked at again; None where nothing says so.

    `others` are texts that were found for it too: they may have another number beside the same words.
    """
    source, said = Cited.of(cited), spelled(claim)
    for check in _CHECKS:
        if why := check(claim, said, source):
            return why
    if not others or not any(each[0].isdigit() for each in said.keys):
        return None
    return _replaced(substitute(claim, Cited.of([*cited, *others]).sentences, names=False))


def _denying(claim: str, said: Words, source: Cited) -> str | None:
    denies = said.denies and not any(each.denies for each in source.words)
    return "it denies something, and the cited words deny nothing" if denies else None


def _opposed(claim: str, said: Words, source: Cited) -> str | None:
    found = opposed(said, source.words)
    return f"where it says “{found[0]}” the cited words say “{found[1]}”" if found else None


def _hedged(claim: str, said: Words, source: Cited) -> str | None:
    found = hedged(said, source.words)
    return f"the cited words only say “{found}”" if found else None


def _measured(claim: str, said: Words, source: Cited) -> str | None:
    """Say where a number counts other units: «19 nautical miles» for «19 kilometres»."""
    there: dict[str, list[tuple[Words, Quantity]]] = {}
    for each in source.words:
        for number in quantities(each):
            there.setdefault(number.value, []).append((each, number))
    for number in quantities(said):
        same = there.get(number.value)
        if number.unit and same and not any(_may_count(number.unit, each, other) for each, other in same):
            each, other = same[0]
            return f"the cited words have “{' '.join(each.words[other.at : other.at + 1 + _BESIDE])}”"
    return None


def _may_count(unit: str, text: Words, number: Quantity) -> bool:
    """Tell whether a number may count a unit: nothing that it could count is beside it, or the unit is there."""
    after = text.keys[number.at + 1 : number.at + 2]
    return not after or after[0] in EMPTY or number.unit == unit or unit in map(unit_of, text.keys)


def _counted(claim: str, said: Words, source: Cited) -> str | None:
    """Name a number with what it counts where that is not cited: «62 deaths» for «62 injuries»."""
    lacking = set(align(claim, source).others)
    for number in quantities(said):
        dated = number.value.isdecimal() and len(number.value) == _YEAR
        if dated or number.value == "1" or (number.at and said.keys[number.at - 1] in MONTHS):
            continue
        after = range(number.at + 1, min(number.at + 1 + _BESIDE, len(said.words)))
        counted = next((at for at in after if not counts(at, said)), None)
        if counted is not None and said.words[counted] in lacking:
            return f"the cited words lack “{' '.join(said.words[number.at : counted + 1])}”"
    return None


def _ordered(claim: str, said: Words, source: Cited) -> str | None:
    for each in source.words:
        if _exchanged(said, each):
            return "the numbers stand there with other names or words"
        if turned := _turned(said, each):
            return f"it is “{turned[0]}” that the cited words name first: see who does what"
    return None


def _owned(claim: str, said: Words, source: Cited) -> str | None:
    """Say where it is something of the subject that the cited words speak of: «the Marigold's twin was built»."""
    at = next((at for at in range(min(_OPENS, len(said.words) - 1)) if is_name(at, said)), None)
    if at is None or _OWNED.search(said.words[at]) or not said.words[at + 1].islower():
        return None
    told = set([each for each in said.keys[at + 1 :] if each not in EMPTY][:_BESIDE])
    found: str | None = None
    for each in source.words:
        for to in (to for to, one in enumerate(each.words) if key(_OWNED.sub("", one)) == said.keys[at]):
            own = next((to for to in range(to + 1, len(each.keys)) if each.keys[to] not in EMPTY), None)
            if own is None or not _OWNED.search(each.words[to]) or not told or not told <= set(each.keys[to:]):
                return None
            if each.keys[own] in said.keys:
                return None
            found = found or f"the cited words say it of “{each.words[to]} {each.words[own]}”"
    return found


def _substituted(claim: str, said: Words, source: Cited) -> str | None:
    return _replaced(substitute(claim, source.sentences, names=True))


def _replaced(found: Substitute | None) -> str | None:
    if found is None:
        return None
    beside = " and ".join(f"“{each}”" for each in found.beside)
    return f"beside {beside} there stands “{found.other}”, not “{found.own}”"


_CHECKS: Sequence[Callable[[str, Words, Cited], str | None]] = (
    _denying, _opposed, _measured, _hedged, _counted, _ordered, _owned, _substituted,
)  # fmt: skip


def _exchanged(said: Words, there: Words) -> bool:
    """Tell whether numbers have changed places and names have not, nor the words between; or the other way round."""
    ours, theirs = list(quantities(said)), list(quantities(there))
    kinds = dict.fromkeys(map(_kind, ours))
    turned = {_inverted([o.value for o in ours if _kind(o) == kind], [t.value for t in theirs]) for kind in kinds}
    if turned <= {None}:
        return False
    numbers = True in turned
    names = _inverted([each for at, each in enumerate(said.keys) if is_name(at, said)], there.keys)
    if names is not None:
        return numbers != names
    words = _inverted([each for each in said.keys if each not in EMPTY and not each[0].isdigit()], there.keys)
    moved = _behind(said, ours) - _behind(there, theirs)  # «to 5,900 from 4,200»
    return numbers and words is False and bool(moved)


def _kind(number: Quantity) -> tuple[str | None, bool]:
    """Return what could change places with a number: what has its unit, and is a year if it is one."""
    return number.unit, number.value.isdecimal() and len(number.value) == _YEAR


def _behind(text: Words, numbers: Sequence[Quantity]) -> set[tuple[str, str]]:
    """Return each number with the word before it."""
    return {(text.words[each.at - 1].casefold() if each.at else "", each.value) for each in numbers}


def _inverted(ours: Sequence[str], theirs: Sequence[str]) -> bool | None:
    """Tell whether what both have stands in the opposite order; None where that is neither so nor not so."""
    theirs = list(theirs)
    common = [each for each in dict.fromkeys(ours) if ours.count(each) == theirs.count(each) == 1]
    orders = {a > b for a, b in pairwise(theirs.index(each) for each in common)}
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
    names = [at for at in range(len(said.words)) if is_name(at, said)]
    for one, other in pairwise(names):
        between = said.words[one + 1 : other]
        if between:
            does = len(between) <= _BESIDE and all(map(str.islower, between)) and not _PLACING & set(between)
            alike = between[-1] != "the" or said.words[:one] == ("The",)  # «the Lender lends the Borrower»
            return (said.keys[one], said.keys[other]) if does and one < _OPENS and alike else None
    return None


def _passive(text: Words) -> bool:
    return any(word.casefold() == "by" for word in text.words)
