"""The training claims in; (claim, text, label) as they stand among other words in life out."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from altering import altered
from leaks import Apart
from mixture import CLAIMS
from rows import Row

from qa.passages import sentences

LABELS: Final = ("supported", "refuted", "unknown")
_COMPOSED: Final = 9_000
_UNRELATED: Final = 5_000
_OWN: Final = 10_000
_SURROUNDED: Final = 0.35


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, a text, and whether it supports the claim (0), refutes it (1) or does neither (2)."""

    words: str
    text: str
    label: int


def read_claims(folder: Path, rows: Sequence[Row], apart: Apart, rng: Random) -> list[Claim]:
    """Return all claims: those of the data, some of them among other sentences, and some made of them and of rows."""
    plain: list[Claim] = []
    for source, count in CLAIMS.items():
        plain += [
            Claim(each["claim"].strip(), each["premise"].strip(), LABELS.index(each["label"]))
            for each in read_raw(folder, source)[:count]
            if each["claim"].strip()
            and each["premise"].strip()
            and not apart.has(each["claim"], [each["claim"], each["premise"]])
        ]
    near = _Near([claim.text for claim in plain])
    made = [_surrounded(each, near, rng) if rng.random() < _SURROUNDED else each for each in plain]
    made += [_composed(rng.sample(plain, 2), near, rng) for _ in range(_COMPOSED)]
    made += [Claim(each.words, near.other(each.text, rng), 2) for each in rng.sample(plain, _UNRELATED)]
    made += _own(rows, rng)
    return made


def read_raw(folder: Path, source: str) -> list[dict[str, str]]:
    """Return a source's claims in an order that hangs on their words alone."""
    with open(folder / f"{source}.jsonl", encoding="utf-8") as file:
        raw: list[dict[str, str]] = [json.loads(line) for line in file]
    return sorted(raw, key=lambda each: hashlib.sha256(f"{each['claim']}\n{each['premise']}".encode()).hexdigest())


class _Near:
    """Texts by the names in them: the nearest to hand that speak of the same."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._by_name: dict[str, list[int]] = defaultdict(list)
        for number, text in enumerate(texts):
            for name in set(re.findall(r"[A-Z]\w{3,}", text)):
                self._by_name[name].append(number)

    def other(self, text: str, rng: Random) -> str:
        """Return another text, with the rarest shared name if there is one."""
        found = sorted(set(re.findall(r"[A-Z]\w{3,}", text)), key=lambda name: (len(self._by_name.get(name, ())), name))
        for name in found:
            for number in rng.sample(self._by_name.get(name, []), min(8, len(self._by_name.get(name, [])))):
                if self._texts[number] != text and text[:60] not in self._texts[number]:
                    return self._texts[number]
        return rng.choice(self._texts)


def _surrounded(claim: Claim, near: _Near, rng: Random) -> Claim:
    others = [near.other(claim.text, rng)[:600] for _ in range(rng.randint(1, 4))]
    return Claim(claim.words, _shuffled([claim.text, *others], rng), claim.label)


def _composed(pair: Sequence[Claim], near: _Near, rng: Random) -> Claim:
    """Say two claims in one: refuted if one of them is, supported if both are."""
    one, other = pair
    label = 1 if 1 in (one.label, other.label) else 2 if 2 in (one.label, other.label) else 0
    texts = [one.text[:900], other.text[:900]]
    if label == 0 and rng.random() < 0.3:  # half of it is not said
        texts, label = [texts[0], near.other(one.text, rng)[:600]], 2
    return Claim(f"{one.words} {other.words}", _shuffled(texts, rng), label)


def _own(rows: Sequence[Row], rng: Random) -> list[Claim]:
    """Make claims of the sentences of passages: in it, changed, or of another passage of the same document."""
    claims: list[Claim] = []
    usable = [row for row in rows if len(row.passage) > 300]
    for row in rng.sample(usable, min(_OWN, len(usable))):
        ours = [span.strip(row.passage).of(row.passage) for span in sentences(row.passage)]
        ours = [each for each in ours if 40 <= len(each) <= 300]
        kind = rng.choice(("own", "changed", "other", "other"))
        if kind == "other" and row.others:
            theirs = [span.strip(row.others[0]).of(row.others[0]) for span in sentences(row.others[0])]
            theirs = [each for each in theirs if 40 <= len(each) <= 300 and each not in row.passage]
            claims += [Claim(rng.choice(theirs), row.passage, 2)] if theirs else []
        elif kind == "own" and ours:
            claims.append(Claim(_shortened(rng.choice(ours), rng), row.passage, 0))
        elif kind == "changed" and ours and (words := altered(rng.choice(ours), row.passage, rng)):
            claims.append(Claim(words, row.passage, 1))
    return claims


def _shortened(words: str, rng: Random) -> str:
    """Leave out a clause in brackets or the last one, as somebody does who retells it."""
    words = re.sub(r" ?\([^()]*\)", "", words)
    head, comma, _ = words.rpartition(", ")
    return f"{head}." if comma and len(head) > 40 and rng.random() < 0.5 else words


def _shuffled(texts: Sequence[str], rng: Random) -> str:
    order = list(texts)
    rng.shuffle(order)
    return rng.choice((" ", "\n")).join(order)
