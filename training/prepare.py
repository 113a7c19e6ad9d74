"""The training data and what was mined in; token ids with their labels out, as one file that training reads."""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from altering import altered
from claims import read_claims
from composing import composed, followed
from leaks import Apart
from mixture import COMPOSED, FOLLOWED, QUESTIONS
from rows import Row, read_rows, says
from tokenizers import Tokenizer

from qa.passages import sentences
from qa.spans import Span
from qa.weights import Pack, weights_file

SEED = 11
LONGEST = 320
"""Tokens of a pair; what is longer is left out, or loses the end of its text."""
_QUESTION = 128
_SHORT = 350
"""Passages so short, in characters, are also shown among others like them, as one text."""
NONE = 255
UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is read with a question; labels are 1, 0 or unknown; `gold` what answers, None if it is not known."""

    words: str
    relevant: int
    answerable: int
    answer: Span | None = None
    gold: tuple[Span, ...] | None = ()
    question: str | None = None
    """Another question than the group's."""


@dataclass(slots=True)
class Shelf:
    """Tokenised pairs, one after the other; none that has words of a reported set, in joined texts neither."""

    tokenizer: Any
    apart: Apart
    ids: list[np.ndarray] = field(default_factory=list)
    parts: list[np.ndarray] = field(default_factory=list)
    rows: list[tuple[int, ...]] = field(default_factory=list)
    golds: list[int] = field(default_factory=list)
    first_composed: int = 0
    """The first group of those that only the second round has."""

    def add(self, group: int, question: str, text: Text, label: int = UNKNOWN) -> bool:
        """Add a pair; False where it cannot be: a reported set has it, or its answer would be cut off."""
        if self.apart.has(question, [text.words]):
            return False
        start, *asked, end = self.tokenizer.encode(question).ids
        encoded = self.tokenizer.encode(text.words, add_special_tokens=False)
        asked = asked[:_QUESTION]
        room = LONGEST - len(asked) - 3
        offsets = encoded.offsets[:room]
        spans = sentences(text.words)
        gold = 0
        for span in text.gold or ():
            for number, part in enumerate(spans[:63]):
                shared = min(span.end, part.end) - max(span.start, part.start)
                if shared > 0 and 2 * shared >= min(len(span), len(part.strip(text.words)) or 1):
                    gold |= 1 << number
        first = last = UNKNOWN
        if text.answer:
            inside = [i for i, (a, b) in enumerate(offsets) if a < text.answer.end and b > text.answer.start]
            if not inside or encoded.offsets[len(offsets) - 1][1] < text.answer.end:
                return False
            first, last = inside[0], inside[-1]
        if text.gold and (not gold or max(span.start for span in text.gold) >= offsets[-1][1]):
            return False
        before = len(asked) + 2
        self.ids.append(np.array([start, *asked, end, *encoded.ids[:room], end], np.uint16))
        part = np.full(len(self.ids[-1]), NONE, np.uint8)
        part[before : before + len(offsets)] = _parts(offsets, spans, text.words)
        self.parts.append(part)
        shift = before if first != UNKNOWN else 0
        known = text.gold is not None
        self.rows.append((group, text.relevant, text.answerable, first + shift, last + shift, int(known), label))
        self.golds.append(gold)
        return True

    def save(self, path: Path) -> None:
        """Write all pairs into one file."""
        lengths = np.array([len(each) for each in self.ids], np.int32)
        np.savez(
            path,
            lengths=lengths,
            ids=np.concatenate(self.ids),
            parts=np.concatenate(self.parts),
            labels=np.array(self.rows, np.int32),
            golds=np.array(self.golds, np.uint64),
            first_composed=np.array(self.first_composed),
        )


def _parts(offsets: Sequence[tuple[int, int]], spans: Sequence[Span], words: str) -> np.ndarray:
    """Return the number of the sentence in which each token begins, NONE for white space and beyond the 63rd."""
    ends = np.array([span.end for span in spans])
    numbers = np.searchsorted(ends, [a for a, _ in offsets], side="right")
    blank = np.array([not words[a:b].strip() for a, b in offsets])
    return np.where(blank | (numbers >= 63), NONE, numbers).astype(np.uint8)


# The texts of a question.


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a source's passages: their titles, and the questions each is an answer to."""

    titles: dict[str, str]
    asked: dict[str, set[str]]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Source:
        titles, asked = {}, defaultdict(set)
        for row in rows:
            asked[row.passage].add(row.question.casefold())
            for text in (row.passage, *row.others):
                titles.setdefault(text, row.title)
        return cls(titles, asked)


def texts_for(row: Row, found: Sequence[str], source: Source, rng: Random) -> list[Text]:
    """Return what is read with a question: what answers it, if anything does, and what only seems to."""
    wrong = [text for text in found if text != row.passage and _is_wrong(text, row, source)]
    if not row.answers:  # what stands high may well answer it too
        wrong = wrong[2:]
    positive = _positive(row)
    if len(row.passage) <= _SHORT:
        return _short(row, positive, wrong, rng)
    texts = [positive]
    if row.others:
        texts.append(Text(rng.choice(row.others), 0, 0))
    known = {text.words for text in texts}
    wrong = [text for text in wrong if text not in known]
    texts += [Text(text, 0, 0) for text in _some(wrong, 2 if len(row.passage) < 900 else 1, rng)]
    return _titled([*texts, *_asked_otherwise(row, positive, rng, 0.3 if row.answers else 0.15)], source, rng)


def _positive(row: Row) -> Text:
    if not row.answerable:
        return Text(row.passage, UNKNOWN, 0)
    short = row.spans[0] if row.spans and not row.sentences else None
    return Text(row.passage, 1, 1, answer=short, gold=row.spans or None)


def _short(row: Row, positive: Text, wrong: list[str], rng: Random) -> list[Text]:
    """Show short passages by themselves, or several as one text."""
    wrong = [text for text in wrong if len(text) <= _SHORT]
    if rng.random() < 0.5 or len(wrong) < 5:
        texts = [positive, *(Text(text, 0, 0) for text in _some(wrong, 4, rng))]
    else:
        chosen = _some(wrong, min(len(wrong), 7), rng)
        count = rng.randint(2, 3)
        texts = [_among(positive, chosen[:count], rng), Text(_joined(chosen[count:], rng), 0, 0)]
    return [*texts, *_asked_otherwise(row, texts[0], rng, 0.3)]


def _among(text: Text, others: Sequence[str], rng: Random) -> Text:
    """Put a text at random among others, and its spans with it."""
    at = rng.randint(0, len(others))
    before = "".join(_stopped(other) for other in others[:at])
    after = "".join(_stopped(other) for other in others[at:])
    return replace(
        text,
        words=before + _stopped(text.words) + after,
        answer=text.answer.shift(len(before)) if text.answer else None,
        gold=tuple(span.shift(len(before)) for span in text.gold) if text.gold is not None else None,
    )


def _stopped(words: str) -> str:
    words = words.rstrip()
    return f"{words}\n\n" if words[-1:] not in ".!?" else f"{words} "


def _joined(texts: Sequence[str], rng: Random) -> str:
    return "".join(_stopped(text) for text in texts)


def _asked_otherwise(row: Row, positive: Text, rng: Random, chance: float) -> Iterator[Text]:
    """Ask something like it that the text does not answer."""
    if row.answerable and rng.random() < chance:
        pool = " ".join((row.passage, *row.others))
        if words := altered(row.question, pool, rng):
            yield Text(positive.words, UNKNOWN, 0, gold=None, question=words)


def _titled(texts: Sequence[Text], source: Source, rng: Random) -> list[Text]:
    """Give the texts of most questions their titles, as passages have them in a search, said in them or not."""
    if rng.random() < 0.25:
        return list(texts)
    return [_with_title(text, source.titles.get(text.words, "")) for text in texts]


def _with_title(text: Text, title: str) -> Text:
    if not title or len(title) > 120:
        return text
    lead = f"{title}\n\n"
    return replace(
        text,
        words=lead + text.words,
        answer=text.answer.shift(len(lead)) if text.answer else None,
        gold=tuple(span.shift(len(lead)) for span in text.gold) if text.gold is not None else None,
    )


def _is_wrong(text: str, row: Row, source: Source) -> bool:
    return (
        not says(text, row.answers)
        and row.question.casefold() not in source.asked.get(text, ())
        and _likeness(text, row.passage) < 0.6
    )


def _likeness(one: str, other: str) -> float:
    a, b = set(one.casefold().split()), set(other.casefold().split())
    return len(a & b) / (min(len(a), len(b)) or 1)


def _some(texts: Sequence[str], count: int, rng: Random) -> list[str]:
    """Take some, the first ones rather than the last."""
    order = sorted(range(len(texts)), key=lambda i: (i + 1) * rng.random())
    return [texts[i] for i in order[:count]]


def _later(rows: Sequence[Row], wrongs: Mapping[str, Sequence[Text]], rng: Random) -> Iterator[tuple[str, list[Text]]]:
    """Return the questions of the second round, each with its texts, the one that answers first."""
    for question, one, other in composed(rows, COMPOSED, rng):
        wrong = [*wrongs.get(one.id, ()), *wrongs.get(other.id, ())]
        for row in (one, other):  # each answers a part: whether that is an answer is left open
            part = Text(row.passage, 1, UNKNOWN, gold=row.spans)
            yield question, [part, *rng.sample(wrong, min(3, len(wrong)))]
    for question, row in followed(rows, FOLLOWED, rng):
        yield question, [_positive(row), *list(wrongs.get(row.id, ()))[:3]]


def _add(shelf: Shelf, group: int, question: str, texts: Sequence[Text]) -> bool:
    first, *others = texts
    if not others or not shelf.add(group, question, first):
        return False
    for text in others:
        shelf.add(group, question, text)
    return True


def _clean(row: Row, apart: Apart) -> Row | None:
    """Return a row without what a reported set has; None where that is the question or the passage itself."""
    if apart.has(row.question, [row.passage]):
        return None
    return replace(row, others=tuple(text for text in row.others if not apart.has("", [text])))


def main() -> None:
    """Prepare everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("mined", type=Path)
    parser.add_argument("sets", type=Path, help="a folder of sets that are reported: nothing of them is trained on")
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    tokenizer = Tokenizer.from_str(Pack.read(weights_file()).tokenizer)
    tokenizer.encode_special_tokens = True
    counts, rng, apart = Counter[str](), Random(SEED), Apart(given.sets)
    shelf = Shelf(tokenizer, apart)
    everything: list[Row] = []
    wrongs: dict[str, list[Text]] = {}
    group = 0
    for name, share in QUESTIONS.items():
        rows = [row for each in read_rows(given.data, name, share) if (row := _clean(each, apart))]
        everything += rows
        with open(given.mined / f"{name}.jsonl", encoding="utf-8") as file:
            found = {each["id"]: each["found"] for each in map(json.loads, file)}
        usable = {text: not apart.has("", [text]) for text in {text for texts in found.values() for text in texts}}
        source = Source.of(rows)
        for row in rows:
            first, *others = texts_for(row, [text for text in found[row.id] if usable[text]], source, rng)
            if shelf.add(group, row.question, first):
                for text in others:
                    shelf.add(group, text.question or row.question, text)
                group += 1
                counts[name] += 1
            wrongs[row.id] = [text for text in others if text.relevant == 0 and text.question is None]
    for claim in read_claims(given.data, everything, apart, rng):
        text = Text(claim.text, UNKNOWN, UNKNOWN, gold=None)
        counts["claims"] += shelf.add(UNKNOWN, claim.words, text, claim.label)
    shelf.first_composed = group
    for question, texts in _later(everything, wrongs, Random(SEED)):
        group += _add(shelf, group, question, texts)
    counts["composed"] = group - shelf.first_composed
    shelf.save(given.out)
    tokens = sum(map(len, shelf.ids))
    print(json.dumps({"pairs": len(shelf.ids), "tokens": tokens, "groups": group, **counts}, indent=1))


if __name__ == "__main__":
    main()
