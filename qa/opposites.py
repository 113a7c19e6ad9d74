"""A claim and sentences in; a word whose opposite stands in its place there, out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from qa.words import EMPTY, Words, key

_NEAR, _FEWEST = 3, 2
"""Full words before and behind a word that tell its place, and how many of them must be there too."""
_MOST = 50
"""Words of a claim that are looked at, so that none takes long."""
_SHORTEST = 4
"""A shorter word is not looked for behind a syllable that denies it."""
_DENYING = ("un", "in", "im", "il", "ir", "dis", "non")
_EXCLUDING = """
rise rose risen increase grow grew grown climb raise | fall fell fallen decrease drop decline shrink reduce lower cut
approve accept adopt back endorse support favour favor | reject refuse oppose block veto decline deny
start begin began begun open commence | end finish stop close conclude cease
open | close shut
appoint hire employ | dismiss fire sack
allow permit | forbid forbidden prohibit ban
convict condemn guilty | acquit clear innocent
keep kept retain preserve | delete remove destroy discard
add | remove
include | exclude
succeed success | fail failure
join enter arrive | leave left depart
cause | prevent
encourage | discourage
improve | worsen
strengthen | weaken
lengthen widen extend | shorten narrow
introduce | abolish
praise | criticise criticize attack
agree | disagree
born | died dead
north northern | south southern | east eastern | west western
left | right
front | rear back
upper top | lower bottom
inside inner inward inwards | outside outer outward outwards
above over | below under
first | second | third | fourth | fifth | last final
minimum least | maximum most
highest largest biggest longest | lowest smallest shortest
best | worst
high | low
deep | shallow
thick | thin
wide broad | narrow
heavy | light
full | empty
large big | small little
long | short
old | new young
hot warm | cold cool
fast quick | slow
early | late
strong | weak
rich | poor
always | never
all | no none some few most
both | neither
morning | afternoon | evening | night
spring | summer | autumn fall | winter
monday | tuesday | wednesday | thursday | friday | saturday | sunday
male man men | female woman women
father | mother
son | daughter
brother | sister
husband | wife
public | private
internal | external
domestic | foreign
positive | negative
major | minor
majority | minority
senior | junior
temporary | permanent
mandatory compulsory obligatory required | optional voluntary
direct | indirect
safe | dangerous unsafe
guilty | innocent
profit surplus gain | loss deficit
victory | defeat
advantage | disadvantage
"""
"""Words of which one is not so where the other is, stem by stem; between bars, those that say the same."""
_CONVERSE = """
before | after since
more greater | less fewer
higher larger bigger longer older | lower smaller shorter younger
better | worse
win won beat | lose lost
buy bought purchase acquire | sell sold
borrow | lend lent
import | export
give gave given | take took taken receive
send sent | receive
employer | employee
landlord | tenant
lender creditor | borrower debtor
plaintiff claimant | defendant
predecessor | successor
"""
"""Said of two: turned round, the one says what the other does."""


_Kind = tuple[frozenset[str], frozenset[str], bool]
"""The keys of one side, those of the others, and whether these say the same turned round."""
_Around = tuple[frozenset[str], frozenset[str]]
"""The keys before a word, and behind it."""


@dataclass(frozen=True, slots=True)
class _Beside:
    """A word, and which neighbours of another stand beside it too, on the same side and on the other."""

    word: str
    same: frozenset[str]
    crossed: frozenset[str]


def _kinds(table: str, *, turns: bool) -> Iterator[tuple[str, _Kind]]:
    for line in table.strip().splitlines():
        sides = [frozenset(map(key, side.split())) for side in line.split(" | ")]
        for own in sides:
            others = frozenset().union(*sides) - own
            yield from ((each, (own, others, turns)) for each in own)


_OPPOSITES: dict[str, list[_Kind]] = {}
for _each, _kind in (*_kinds(_EXCLUDING, turns=False), *_kinds(_CONVERSE, turns=True)):
    _OPPOSITES.setdefault(_each, []).append(_kind)


def opposed(said: Words, cited: Sequence[Words]) -> tuple[str, str] | None:
    """Return a word of a claim and the opposite that stands in its place, where no word of its own kind does.

    What the claim says of both sides, as «from the southern end it began», is of neither alone.
    """
    keys, known = set(said.keys), frozenset().union(*(each.keys for each in cited))
    kinds = ((at, kind) for at in range(len(said.keys)) for kind in _kinds_of(at, said, known))
    places, full = [(each, _full(each)) for each in cited], _full(said)
    for at, (own, others, turns) in islice(kinds, _MOST):
        around = _around(at, said, full)
        there = () if others & keys else _beside(around, places, others)
        theirs = [each for each in there if _fits(around, each, turns=turns)]
        ours = [each.same | each.crossed for each in _beside(around, places, own)] if theirs else []
        for each in theirs:
            if all(each.same | each.crossed > other for other in ours):
                return said.words[at], each.word
    return None


def _kinds_of(at: int, said: Words, known: frozenset[str]) -> Iterator[_Kind]:
    """Yield what is opposite to a word: by the tables, or but for a syllable, as «able» and «unable»."""
    each = said.keys[at]
    yield from _OPPOSITES.get(each, ())
    if each not in known and len(each) >= _SHORTEST and not (at and said.keys[at - 1] in _DENYING):
        longer = {f"{syllable}{each}" for syllable in _DENYING}
        shorter = {each.removeprefix(syllable) for syllable in _DENYING if each.startswith(syllable)}
        yield frozenset({each}), frozenset((*longer, *(one for one in shorter if len(one) >= _SHORTEST))), False


def _beside(around: _Around, places: Sequence[tuple[Words, Sequence[int]]], keys: frozenset[str]) -> Iterator[_Beside]:
    """Yield the words with such keys, and which neighbours of a word are theirs too."""
    before, behind = around
    for there, full in places:
        for at in (at for at, each in enumerate(there.keys) if each in keys):
            left, right = _around(at, there, full)
            yield _Beside(there.words[at], before & left | behind & right, before & right | behind & left)


def _fits(around: _Around, found: _Beside, *, turns: bool) -> bool:
    """Tell whether a word stands in the place of another: among half of its neighbours or more."""
    most = len(around[0] | around[1])
    fit = len(found.same) - len(found.crossed) if turns else len(found.same | found.crossed)
    return fit >= min(_FEWEST, max(1, most - 1)) and 2 * fit >= most > 0


def _full(text: Words) -> list[int]:
    return [at for at, each in enumerate(text.keys) if each not in EMPTY]


def _around(at: int, text: Words, full: Sequence[int]) -> _Around:
    """Return the full words before and behind a place."""
    left, right = bisect_left(full, at), bisect_right(full, at)
    return (
        frozenset(text.keys[to] for to in full[max(0, left - _NEAR) : left]),
        frozenset(text.keys[to] for to in full[right : right + _NEAR]),
    )
