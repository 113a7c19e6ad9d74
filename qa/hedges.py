"""A claim and sentences in; what it says as so, and these only as planned, claimed or possible, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from qa.words import EMPTY, Words

_ABOUT = 0.5
"""A sentence with such a share of a claim's full words speaks of the same."""
_REACH = 4
"""What is said with reserve stands among so many words behind it."""
_MEANT = """claim allege accuse suspect suppose propose intend plan planned plane hope expect attempt try tries tried
    threaten promise consider seek sought aim fail refuse""".split()
_ASKED = ("demand", "request")
_ENDINGS = ("", "s", "d", "ed")
_MEANT_TO = frozenset(verb + ending for verb in _MEANT for ending in _ENDINGS) - {"plane", "planes"}
_HEDGES = _MEANT_TO | frozenset(
    """would could may might should possibly perhaps probably likely allegedly reportedly supposedly purportedly almost
    nearly former formerly previous deputy vice acting assistant honorary""".split()
)
"""«Almost died», «the deputy mayor», «would cost», «planned to build»: not so, or not yet, or only perhaps."""
_NEARLY = frozenset("almost nearly probably perhaps possibly likely".split())
"""Said of a number they only round it."""
_TOLD = frozenset("said believed thought reported rumoured rumored understood".split())
"""«He is said to have slept»."""
_JOINING = ("and", "or")
_OPEN = _HEDGES | frozenset("can will shall must if unless whether able possible potential potentially".split())
"""A claim with one of these says nothing as so."""
_RESERVES = _HEDGES | frozenset(verb + ending for verb in _ASKED for ending in _ENDINGS)
"""Who demands something has not got it; yet that he demands it is so."""


def hedged(said: Words, cited: Sequence[Words]) -> str | None:
    """Return the words that say only with reserve what a claim says as so; None where they say it elsewhere as so."""
    if any(word.casefold() in _OPEN | _TOLD for word in said.words):
        return None
    full = {each for each in said.keys if each not in EMPTY}
    named = {
        each for before, each in zip(("", *said.words), said.keys, strict=False) if before != "to" and each in full
    }
    for there in cited:
        if len(full & set(there.keys)) < _ABOUT * len(full):
            continue
        for at, to in _reserved(there):
            each = there.keys[to]
            if (
                there.keys[at] not in said.keys
                and each in named
                and not (each[0].isdigit() and there.words[at] in _NEARLY)
                and not _plainly(each, cited)
            ):
                return " ".join(there.words[at : to + 1])
    return None


def _reserved(there: Words) -> Iterator[tuple[int, int]]:
    """Yield where a hedge stands, and the full word that it is about."""
    for at, word in enumerate(there.words):
        told = word in _TOLD and there.words[at + 1 : at + 2] == ("to",)
        if told or word in _RESERVES or (not at and word.casefold() in _RESERVES):  # May is a month
            about = range(at + 1, min(at + 1 + _REACH, len(there.words)))
            to = next((to for to in about if there.keys[to] not in EMPTY or there.words[to] in _JOINING), None)
            if to is not None and there.words[to] not in _JOINING:  # «a claim or statement»
                yield at, to


def _plainly(each: str, cited: Sequence[Words]) -> bool:
    """Tell whether a word stands anywhere without reserve."""
    places = chain.from_iterable(
        (to not in {about for _, about in _reserved(there)} for to, one in enumerate(there.keys) if one == each)
        for there in cited
    )
    return any(places)
