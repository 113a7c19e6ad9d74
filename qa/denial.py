"""A claim and sentences in; whether one says that it is not so, what the other says, out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain, pairwise

from qa.words import EMPTY, UNTRUE, Words, key, negates

_ABOUT = 0.4
"""A sentence with such a share of a claim speaks of the same, and can deny it."""
_NEARLY_BEST = 0.8
_LONGER = 2.5
"""A sentence of so many times its words says more than the claim, and may deny that."""
_ALSO = frozenset(map(key, "only just all merely simply necessarily".split()))
_OF_ONE = frozenset(map(key, "no without neither nor kein keine keinen keiner ohne".split()))
"""They deny one word, «not» and «never» what is done and to what."""

_JOINS = frozenset(map(key, "and but while whereas although though und aber während obwohl".split()))
"""What begins another clause."""
_THAT = key("that")
_TRUE = frozenset(map(key, "true correct right case fact so".split()))
"""«It is not true that»: what comes after is denied."""


def denied(said: Words, sentences: Sequence[Words], shares: Sequence[float]) -> bool:
    """Tell whether a sentence says the opposite, and no other that speaks of the same says what it denies."""
    best = max(shares, default=0.0)
    if best < _ABOUT:
        return False
    same = [at for at, share in enumerate(shares) if share >= _ABOUT]
    scope = _scope(said, *(sentences[at] for at in same)) & set(said.keys)
    about = [(at, bool(scope & set(sentences[at].keys))) for at in same]
    # a heading, which only names what it is about, says neither
    named = {each for at, says in about if not says for each in sentences[at].keys}
    most = max((shares[at] for at, says in about if says or not scope), default=best)
    near = [sentences[at] for at, says in about if shares[at] >= _NEARLY_BEST * most and (says or not scope)]
    return bool(near) and all(_opposite(said, each, named) for each in near)


def _opposite(one: Words, other: Words, named: Collection[str]) -> bool:
    """Tell whether of two texts of like length one denies what the other says; some is named elsewhere."""
    mine, theirs = _negated(one), _negated(other)
    full = [set(each.keys) - EMPTY - _TRUE for each in (one, other)]
    # a long sentence without any negation that has all that is denied says so, whatever else it says
    longer = len(full[1]) > _LONGER * len(full[0]) and (theirs or not full[0] <= full[1])
    if len(mine) == len(theirs) or longer:
        return False
    of_all = any(a in UNTRUE and b == _THAT for each in (one, other) for a, b in pairwise(each.keys))
    scope = _scope(one, other)
    unsaid = [full[0] - full[1], full[1] - full[0]]
    if len(unsaid[0] - scope - set(named)) > 1:
        return False
    if max(len(mine), len(theirs)) > 1 and not (of_all and abs(len(mine) - len(theirs)) == 1):
        return _turned(one, other, full[0] & full[1])
    if scope & full[0] & full[1]:
        return True
    # or «did not sink» and «sank»: what is denied is not there, and what is there is not said, and no more than that
    return all(unsaid) and len(unsaid[1] - scope) <= 1 and bool(scope & (unsaid[0] | unsaid[1]))


def _turned(one: Words, other: Words, shared: Collection[str]) -> bool:
    """Tell whether of the words of both one is denied here and not there, and none in both: each denies some."""
    (mine, plain), (theirs, said) = _parted(one), _parted(other)
    turned = (mine - plain) & (said - theirs) | (theirs - said) & (plain - mine)
    return bool(turned & set(shared)) and not mine & theirs


def _parted(said: Words) -> tuple[set[str], set[str]]:
    """Return the words that are denied, and those that are said."""
    scoped = set(chain.from_iterable(_negated(said)))
    keys = list(enumerate(said.keys))
    return {each for at, each in keys if at in scoped}, {each for at, each in keys if at not in scoped}


def _scope(*texts: Words) -> set[str]:
    """Return what is denied in any of some texts."""
    return {each.keys[at] for each in texts for at in chain.from_iterable(_negated(each))}


def _negated(said: Words) -> list[list[int]]:
    """Return where what each negation denies stands: the word after «no», the two after «not», empty ones left out.

    It ends with its clause: «must not smoke, and dogs are allowed».
    """
    found: list[list[int]] = []
    left = 0
    for at, (word, each) in enumerate(zip(said.words, said.keys, strict=True)):
        after = said.keys[at + 1] if at + 1 < len(said.keys) else ""
        if negates(word) or (after == _THAT and each in UNTRUE):
            if after[:1].isdigit() or after in _ALSO:  # «No. 1», «not only»
                continue
            left = 1 if each in _OF_ONE else 2
            found.append([])
        elif left and each == _THAT and found[-1] and {said.keys[to] for to in found[-1]} <= _TRUE:  # «not true that»
            found[-1], left = [], 2
        elif left and each in _JOINS and found[-1]:
            left = 0
        elif left and each not in EMPTY:
            found[-1].append(at)
            left -= 1
    return found
