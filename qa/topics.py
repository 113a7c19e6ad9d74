"""A text in; the words that say what it is about, its names, and what it lists, out. For English."""

from __future__ import annotations

import re
from calendar import day_name, month_name
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

LINKS = """of on in at to for from by with without between about against during since until before after and or per via
    as than into within vs""".split()
VERBS = """is are was were be been being am do does did have has had can could will would shall should may might must
    ca wo isnt arent wasnt dont doesnt didnt cant""".split()
ASKING = "who whom whose what which when where why how".split()
PEOPLE = "he him his himself she her hers herself".split()
_TALK = """a an the it its itself they them their theirs themselves this that these those such one ones there here each
    i me my mine you your yours u we us our ours both same other others another else more most some any anyone anything
    someone something everything all much many lot long often far so then but if because while though not yes yeah oh ok
    okay wow hi hey hello well just also too again really actually exactly only even still now next ever please thank
    thanks sorry apologies great good nice sure fine right very former latter tell say said says ask explain describe
    clarify elaborate show give go come continue got know think mean meant means like want wanted need help see heard
    understand wonder wondering curious interested example examples detail details thing things way question answer info
    information reason reasons according based""".split()
EMPTY = frozenset((*LINKS, *VERBS, *ASKING, *PEOPLE, *_TALK))
"""Words that say nothing of what a text is about. They are listed since they are few; all others are full."""

_NOUNS = frozenset("can fine help means might mine must need right show well will".split())
_BEFORE_NOUNS = frozenset("a an the any no his her its their my your our".split())
"""After one of these such a word is no empty one: «the fine», «a mine», «her will»."""
_JOINS = frozenset((*LINKS, *"do does did is was has".split()))
_LONGEST = 40
"""A word of more characters is none."""
DATES = frozenset(name.casefold() for name in (*day_name, *month_name))
_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|\w+(?:[.,&/'’-]\w+)*%?|[.,;:?!()\n]")
_TAIL = re.compile(r"n?['’](?:s|re|ve|ll|d|m|t)$")
_SHOUTED = re.compile(r"\b[^\W\d_a-z]+(?:['’ ]+[^\W\d_a-z]+){2,}\b")
"""A heading in capitals has no names that can be told."""
_ITEM = re.compile(r"(?:^|\s)\(?\d{1,2}[.)]\s+|^\s*[-*•]\s+", re.M)
_COMMA = ", "


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is written and in small letters, where it stands, and whether it is full."""

    text: str
    plain: str
    clause: int
    """The number of its clause."""
    first: bool
    """Begins a sentence."""
    capital: bool
    full: bool
    link: str
    """What stands between it and the full word before, if it is full itself: «in», «of the», «did»; else nothing."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Full words that stand together, and what links them to those before: a space, « of », a comma."""

    link: str
    words: tuple[Word, ...]

    @property
    def stems(self) -> frozenset[str]:
        """What the words are by, whatever their number."""
        return frozenset(word.plain.removesuffix("s") for word in self.words)

    @property
    def name(self) -> bool:
        """Tell whether it is a name and nothing else."""
        return all(word.capital for word in self.words)

    def alone(self) -> Piece:
        """Return it without what stood before."""
        return Piece(_COMMA, self.words)


def words(text: str) -> list[Word]:
    """Split a text into words, and at its marks into clauses."""
    found: list[Word] = []
    clause, first, opens, before, link = 0, True, True, "", ""
    text = _SHOUTED.sub(lambda shouted: shouted[0].lower() if shouted[0].isupper() else shouted[0], text)
    for token in _TOKEN.findall(text.lower() if text.isupper() else text):
        if token in ".,;:?!()\n":
            clause, first, opens, before, link = clause + 1, first or token not in ",(", True, "", ""
        elif len(token) <= _LONGEST:
            plain = _TAIL.sub("", token.casefold())
            capital = token[0].isupper() and plain not in DATES
            named = capital and len(token) > 1 and not opens  # as all of «Let It Be» are
            noun = plain in _NOUNS and before in _BEFORE_NOUNS
            full = named or noun or plain not in EMPTY
            found.append(Word(token, plain, clause, first, capital, full, link if full else ""))
            link = "" if full else plain if plain in _JOINS else f"{link} the".strip() if plain == "the" else link
            before, first, opens = plain, False, False
    return found


def pieces(words: Sequence[Word]) -> list[Piece]:
    """Return what some words are about: the full ones, and what links them."""
    found: list[Piece] = []
    for _, clause in groupby(words, lambda word: word.clause):
        link = _COMMA
        for full, run in groupby(clause, lambda word: word.full):
            if full:
                found.append(Piece(link, tuple(run)))
            if full or link != _COMMA:
                link = [" ", *(f" {word.text} " for word in run if word.plain in LINKS)][-1]
    return found


def names(words: Sequence[Word], *, people: bool = False) -> list[Piece]:
    """Return the names among some words. One word that begins a sentence may be none, unless people are looked for."""
    pairs = pairwise([*words, *words[-1:]])
    sure = {word for word, after in pairs if not word.first or people or after.capital or after.plain in VERBS}
    runs = groupby(words, lambda word: (word.capital and word.full and word in sure, word.clause))
    return [Piece(_COMMA, tuple(run)) for (name, _), run in runs if name]


def items(text: str) -> list[list[Piece]]:
    """Return how the items of a list begin, numbered or with bullets; none where there are not several."""
    found = [pieces(words(item))[:2] for item in _ITEM.split(text)[1:]]
    return found if len(found) > 1 else []


def phrase(pieces: Sequence[Piece], *, most: int) -> str:
    """Write pieces one after the other, up to so many words."""
    written = [(" " if n else piece.link) + word.text for piece in pieces for n, word in enumerate(piece.words)]
    return "".join(written[:most]).removeprefix(_COMMA)
