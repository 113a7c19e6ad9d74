"""A claim and the words it cites in; which of its words, numbers and names stand there, and which do not, out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise

from qa.denial import denied
from qa.narrowing import parts
from qa.quantities import Quantity, counts, quantities, written
from qa.words import EMPTY, Words, key, read

LONGEST_CLAIM, _LONGEST_CITED = 1_500, 8_000
"""What is longer is compared from its beginning, so that no verdict takes long."""
_NEAREST, _FEW = 8, 3
"""The sentences that may carry a claim, and those that do so together."""
_LONGEST_SENTENCE = 1_000
_NUMBER, _NAME = 2.0, 1.5
"""How many and who is what a claim is checked by; the rest can be said in other words."""
_APART = 0.5
"""What a word counts that is cited, but far from the others: a sentence may rest on several."""
_ALIKE, _STEM = 0.6, 5
"""What a word counts of which only so many first letters are there: «politics» for «political»."""
_NAME_STEM = 4
"""«Russian» names what «Russia» does."""
_LONGEST_INITIALS = 6
_MONTHS = "january february march april may june july august september october november december".split()
_SAME = {key(month)[:3]: key(month) for month in _MONTHS if month != "may"} | {
    **dict.fromkeys(("usa", "america", "american"), "us"),
    **dict.fromkeys(("britain", "british"), "uk"),
    "cent": "percent",
}
"""Other names of the same."""
_SIGNS = str.maketrans({"%": " percent ", "$": " dollar ", "€": " euro ", "£": " pound ", "‰": " permille "})
_DEGREES, _SCALES = re.compile(r"°\s?([CF])\b"), {"C": " Celsius ", "F": " Fahrenheit "}
_DATE = re.compile(r"\b(\d{4})-(0[1-9]|1[0-2])-(\d\d)\b")
_ITEM = re.compile(r"\s*(?:\d{1,3}[.)]|[-*•–])\s+")
_OPENS = frozenset(".!?:;•–—-\n")
_QUOTES = " \t\"'“”‘’«»„([*_"
_GERMAN = frozenset("der das und ist ein eine nicht dem sich von wurde".split())
_FIGURES = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Alignment:
    """How much of a claim stands in the words it cites, as shares from 0 to 1, and what does not, as it is written."""

    covered: float
    """The share of its words, by weight, in the two neighbouring sentences that have most of them; half of others."""
    joined: float
    """The share of its neighbouring words that are neighbours there too."""
    denied: bool
    """Whether the sentences that speak of the same say that it is not so, or it says so of what they do not deny."""
    numbers: tuple[str, ...]
    """What is missing of it: numbers, with their units, names, and other words that say something."""
    names: tuple[str, ...]
    others: tuple[str, ...]
    length: int
    """Its words."""
    cited: int
    """The words that are cited."""
    sentences: tuple[str, ...]
    """The cited sentences that may carry it, in their order."""
    few: str
    """The few of them with most of it, as one text."""


@dataclass(frozen=True)
class Cited:
    """The words that are cited, sentence by sentence."""

    sentences: tuple[str, ...]
    words: tuple[Words, ...]

    @staticmethod
    def of(texts: Sequence[str]) -> Cited:
        """Read the sentences of what is cited."""
        left, found = _LONGEST_CITED, list[str]()
        for text in texts:
            text = text[:left]
            left -= len(text)
            found += [" ".join(span.of(text).split()) for span in parts(text)]
        sentences = tuple(dict.fromkeys(found))
        return Cited(sentences, tuple(map(spelled, sentences)))

    @cached_property
    def sets(self) -> list[frozenset[str]]:
        """The keys of each sentence."""
        return [frozenset(each.keys) for each in self.words]

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all of them."""
        return frozenset().union(*self.sets)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The beginnings of long keys."""
        return frozenset(each[:_STEM] for each in self.keys if len(each) >= _STEM)

    @cached_property
    def name_stems(self) -> frozenset[str]:
        """The beginnings that names are told by."""
        return frozenset(each[:_NAME_STEM] for each in self.keys if len(each) >= _NAME_STEM)

    @cached_property
    def surnames(self) -> frozenset[str]:
        """What stands somewhere with no name before it: «Borlaug» alone may be any Borlaug, «John Smith» is no Paul."""
        return frozenset(
            each
            for one in self.words
            for at, each in enumerate(one.keys)
            if not at or one.words[at - 1].islower() or one.keys[at - 1] in EMPTY
        )

    def initials(self, *, capitals: bool) -> str:
        """Return the first letters of all words, or of those with a capital, sentence by sentence."""
        return "|".join(
            _initials([word for word in each.words if word[0].isupper() or not capitals]) for each in self.words
        )

    @cached_property
    def quantities(self) -> Mapping[str, Collection[str | None]]:
        """The units of each number."""
        units: dict[str, set[str | None]] = {}
        for each in chain.from_iterable(map(quantities, self.words)):
            units.setdefault(each.value, set()).add(each.unit)
        return units

    @cached_property
    def figures(self) -> frozenset[str]:
        """The runs of figures within words, as in B52."""
        words = (word for each in self.words for word in each.words if not word[0].isdigit())
        return frozenset(chain.from_iterable(map(_FIGURES.findall, words)))

    @cached_property
    def neighbours(self) -> frozenset[tuple[str, str]]:
        """Words that say something and stand side by side, or with one such word between them."""
        said = [[each for each in one.keys if each not in EMPTY] for one in self.words]
        return frozenset(chain.from_iterable(chain(pairwise(each), zip(each, each[2:], strict=False)) for each in said))


def align(claim: str, cited: Cited) -> Alignment:
    """Compare a claim with what it cites."""
    item = _ITEM.match(claim)
    claim = _written_out(claim[item.end() if item else 0 :][:LONGEST_CLAIM])
    said = _read(claim)
    names = _names(claim, said)
    full = [at for at, each in enumerate(said.keys) if each not in EMPTY] or list(range(len(said.keys)))
    weights: dict[str, float] = {}
    for at in full:
        each = said.keys[at]
        weight = _NUMBER if each[0].isdigit() else _NAME if at in names else 1.0
        weights[each] = max(weights.get(each, 0.0), weight)
    counted = list(quantities(said))
    numbers = [each for each in counted if not _has_number(each, said, cited)]
    missing_names = [at for at in names if not _has_name(at, names, said, cited)]
    lacking = {said.keys[at] for at in (*missing_names, *(each.at for each in numbers))}
    checked = {said.keys[at] for at in names} | {said.keys[each.at] for each in counted}
    alike = {each: _alike(each, cited) if each in lacking or each not in checked else 1.0 for each in weights}
    pairs = list(pairwise(said.keys[at] for at in full))
    shares = [_share(weights, keys) for keys in cited.sets]
    return Alignment(
        covered=_covered(weights, alike, cited),
        joined=sum(pair in cited.neighbours for pair in pairs) / max(1, len(pairs)),
        denied=denied(said, cited.words, shares),
        numbers=tuple(dict.fromkeys(written(each, said) for each in numbers)),
        names=_runs(missing_names, said),
        others=tuple(
            dict.fromkeys(
                said.words[at] for at in full if not alike[said.keys[at]] and at not in names and not counts(at, said)
            )
        ),
        length=len(said.keys),
        cited=sum(len(each.keys) for each in cited.words),
        sentences=_best(_NEAREST, shares, cited),
        few=" ".join(_best(_FEW, shares, cited))[:_LONGEST_SENTENCE],
    )


def _written_out(text: str) -> str:
    """Write out signs and dates."""
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    text = _DEGREES.sub(lambda sign: _SCALES[sign[1]], text)
    return _DATE.sub(lambda date: f"{int(date[3])} {_MONTHS[int(date[2]) - 1]} {date[1]}", text)


def spelled(text: str) -> Words:
    """Read a text, its signs and dates written out."""
    return _read(_written_out(text))


def _read(text: str) -> Words:
    """Read words, other names of the same as one."""
    said = read(text)
    return Words(said.words, tuple(_SAME.get(each, each) for each in said.keys), said.denies)


# How much of it is there.


def _share(weights: Mapping[str, float], keys: Collection[str]) -> float:
    return sum(weight for each, weight in weights.items() if each in keys) / (sum(weights.values()) or 1.0)


def _covered(weights: Mapping[str, float], alike: Mapping[str, float], cited: Cited) -> float:
    """Return the share in the best two neighbours; of it, words of another form count wherever they are."""
    windows = [a | b for a, b in pairwise(cited.sets)] or cited.sets
    best = max((_share(weights, keys) for keys in windows), default=0.0)
    other = sum(weights[each] * share for each, share in alike.items() if each not in cited.keys)
    apart = _share(weights, cited.keys) - best
    return best + _APART * apart + other / (sum(weights.values()) or 1.0)


def _alike(each: str, cited: Cited) -> float:
    if each in cited.keys:
        return 1.0
    return _ALIKE if len(each) >= _STEM and each[:_STEM] in cited.stems else 0.0


def _best(count: int, shares: Sequence[float], cited: Cited) -> tuple[str, ...]:
    """Return so many sentences with most of the claim, in their order."""
    best = sorted(range(len(shares)), key=lambda at: -shares[at])[:count]
    return tuple(cited.sentences[at][:_LONGEST_SENTENCE] for at in sorted(best))


def _has_number(number: Quantity, said: Words, cited: Cited) -> bool:
    """Tell whether a number is cited, with its unit or without any; «one» is as often a word as a number."""
    word = said.words[number.at]
    if word.casefold() == "one" and number.value == "1":
        return True
    units = cited.quantities.get(number.value)
    if units is None:
        return word in cited.figures
    return number.unit is None or None in units or number.unit in units


# Names.


def _names(claim: str, said: Words) -> frozenset[int]:
    """Return where names stand: what has a capital though no sentence begins there, or two such words on end.

    In German every noun has one, so only what has more capitals is taken.
    """
    german = len(_GERMAN & set(said.keys)) > 1
    found, end = set(), 0
    for at, word in enumerate(said.words):
        start = claim.find(word, end)
        end = max(end, start + len(word))
        if not word[0].isupper() or len(word) < 2 or said.keys[at] in EMPTY:
            continue
        before = claim[max(0, start - 8) : max(0, start)].rstrip(_QUOTES)
        opens = start <= 0 or not before or before[-1] in _OPENS
        named = at + 1 < len(said.words) and said.words[at + 1][0].isupper() and said.keys[at + 1] not in EMPTY
        capitals = any(letter.isupper() for letter in word[1:])
        if capitals or (not german and (named or not opens)):
            found.add(at)
    return frozenset(found)


def _has_name(at: int, names: Collection[int], said: Words, cited: Cited) -> bool:
    """Tell whether a name is cited: in another form, by its initials, or the surname alone."""
    name = said.keys[at]
    if name in cited.keys or (len(name) >= _NAME_STEM and name[:_NAME_STEM] in cited.name_stems):
        return True
    if said.words[at].isupper() and len(name) <= _LONGEST_INITIALS:
        # two letters stand together anywhere
        return name in cited.initials(capitals=len(name) < 3) or name in _initials(said.words)
    first = last = at
    while first - 1 in names:
        first -= 1
    while last + 1 in names:
        last += 1
    if last > at and said.keys[last] in cited.surnames:
        return True
    return last > first and _initials(said.words[first : last + 1]) in cited.keys


def _initials(words: Sequence[str]) -> str:
    return "".join(word[0].casefold() for word in words)


def _runs(places: Sequence[int], said: Words) -> tuple[str, ...]:
    """Return words as they are written, neighbours as one."""
    found: list[str] = []
    before = -2
    for at in sorted(places):
        if at == before + 1:
            found[-1] += f" {said.words[at]}"
        else:
            found.append(said.words[at])
        before = at
    return tuple(dict.fromkeys(found))
