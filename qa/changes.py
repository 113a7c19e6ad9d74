"""Two wordings in; what the one has and the other has not, word by word, out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from qa.edges import joint
from qa.importing import alone
from qa.letters import cuts

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_MOST = 100_000_000
"""So many pairs of words are compared, which takes some 40 ms and 13 MB; of more the whole counts as changed."""

Op = Literal["same", "removed", "added"]
_Pieces = Iterable[tuple[Op, list[str]]]


@dataclass(frozen=True, slots=True)
class Change:
    """Words that both wordings have, or only the old one, or only the new one."""

    op: Op
    words: str


def difference(old: str, new: str) -> tuple[Change, ...]:
    """Compare word by word: what is the same or removed is the old wording, what is the same or added the new one."""
    before, after = _words(old), _words(new)
    first = _shared(before, after)
    before_end, after_end = before[first:], after[first:]
    last = _shared(before_end[::-1], after_end[::-1])
    removed, added = before_end[: len(before_end) - last], after_end[: len(after_end) - last]
    middle = list(_compared(removed, added))
    return tuple(_joined([("same", before[:first]), *middle, ("same", before_end[len(removed) :])]))


def _words(text: str) -> list[str]:
    """Part a text into words, white space and marks: compounds and numbers are one, as are letters and their marks."""
    words: list[str] = []
    for match in _WORD.finditer(text):
        at = match.start()
        if cuts(text, at) or (joint(text, at) and text[at - 1] not in "\r\n"):
            words[-1] += match[0]
        else:
            words.append(match[0])
    return words


def _shared(one: list[str], other: list[str]) -> int:
    """Count the words that both begin with."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _compared(old: list[str], new: list[str]) -> Iterator[tuple[Op, list[str]]]:
    if len(old) * len(new) > _MOST:
        yield from (("removed", old), ("added", new))
        return
    with alone:  # 60 ms, which only what has changed need pay
        from rapidfuzz.distance import Indel
    numbers = {word: number for number, word in enumerate({*old, *new})}
    for step in Indel.opcodes([numbers[word] for word in old], [numbers[word] for word in new]):
        match step.tag:
            case "equal":
                yield "same", old[step.src_start : step.src_end]
            case "delete":
                yield "removed", old[step.src_start : step.src_end]
            case _:
                yield "added", new[step.dest_start : step.dest_end]


def _joined(pieces: list[tuple[Op, list[str]]]) -> Iterator[Change]:
    """Join what belongs together: white space between changes is changed with them, what is removed stands first."""
    parts = [(op, "".join(words)) for op, words in pieces if words]
    inner = range(1, len(parts) - 1)
    for same, group in groupby(
        enumerate(parts), key=lambda part: part[1][0] == "same" and not (part[0] in inner and part[1][1].isspace())
    ):
        changes = [part for _, part in group]
        if same:
            yield Change("same", "".join(words for _, words in changes))
            continue
        for op in ("removed", "added"):
            if words := "".join(words for each, words in changes if each in (op, "same")):
                yield Change(op, words)
