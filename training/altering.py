"""A question or a claim in; the same about another name or number out, so that a text no longer answers or says it."""

from __future__ import annotations

import re
from random import Random
from typing import Final

_NAME: Final = re.compile(r"\b[A-Z][\w’'-]+(?:(?: of| the| de)* [A-Z][\w’'-]+)*")
_NUMBER: Final = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
_PAIRS: Final = (
    "first/last largest/smallest biggest/smallest most/least before/after highest/lowest higher/lower more/fewer "
    "increase/decrease increased/decreased north/south northern/southern east/west eastern/western early/late "
    "earliest/latest won/lost win/lose began/ended start/end started/ended oldest/youngest older/younger male/female "
    "husband/wife father/mother son/daughter brother/sister positive/negative maximum/minimum inside/outside old/new "
    "upper/lower strong/weak allowed/forbidden accept/reject accepted/rejected always/never can/cannot good/bad "
    "bought/sold rise/fall rose/fell major/minor public/private import/export majority/minority"
)
_OPPOSITES: Final = {a: b for pair in _PAIRS.split() for a, b in (pair.split("/"), reversed(pair.split("/")))}
_WORD: Final = re.compile(r"[a-z]+")


def names(text: str) -> list[str]:
    """Return what is written with capitals within sentences of a text, in its order."""
    within = (m for m in _NAME.finditer(text) if m.start() and text[max(0, m.start() - 2)] not in ".!?\n")
    return list(dict.fromkeys(m[0] for m in within))


def altered(words: str, pool: str, rng: Random) -> str | None:
    """Exchange one name, number or word for another of its kind; names come from `pool`. None where there is none."""
    ways = [_other_name(words, pool, rng), _other_number(words, rng), _opposite(words, rng)]
    made = [way for way in ways if way and way != words]
    return rng.choice(made) if made else None


def _other_name(words: str, pool: str, rng: Random) -> str | None:
    low = words.casefold()
    mine = [name for name in names(words) if len(name) > 2]
    others = [name for name in names(pool) if name.casefold() not in low and len(name) > 3]
    if not mine or not others:
        return None
    return words.replace(rng.choice(mine), rng.choice(others))


def _other_number(words: str, rng: Random) -> str | None:
    found = list(_NUMBER.finditer(words))
    if not found:
        return None
    chosen = rng.choice(found)
    digits = chosen[0].replace(",", "").replace(".", "")
    value = int(digits)
    step = rng.randint(1, 9) if value > 1_000 and value < 2_100 else rng.randint(1, max(2, value))
    other = value + step if rng.random() < 0.5 or value <= step else value - step
    return words[: chosen.start()] + str(other) + words[chosen.end() :]


def _opposite(words: str, rng: Random) -> str | None:
    found = [m for m in _WORD.finditer(words) if m[0] in _OPPOSITES]
    if not found:
        return None
    chosen = rng.choice(found)
    return words[: chosen.start()] + _OPPOSITES[chosen[0]] + words[chosen.end() :]
