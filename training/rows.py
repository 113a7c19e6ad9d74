"""The training data in; questions with the passages that our own cutter makes of their texts out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixture import Share

from qa.parsers import parse
from qa.passages import cut
from qa.spans import Span

_WHOLE = 1_100
"""A text so short, in characters, is one passage."""


@dataclass(frozen=True, slots=True)
class Row:
    """A question, the passage that answers it (or does not), the answer in it, and other passages of its document.

    `spans` are the short answers, or with `sentences` what holds the answer; none where it is not known.
    """

    id: str
    source: str
    question: str
    title: str
    passage: str
    spans: tuple[Span, ...]
    sentences: bool
    answers: tuple[str, ...]
    answerable: bool
    others: tuple[str, ...]


SENTENCES = {"bioasq_sent", "selqa", "onestopqa", "contractnli", "omosqa_integreat"}
"""Sources whose spans are whole sentences."""


def read_rows(folder: Path, source: str, share: Share) -> list[Row]:
    """Return a source's share of rows, always the same ones, in an order that hangs on their words alone."""
    with open(folder / f"{source}.jsonl", encoding="utf-8") as file:
        raw = [json.loads(line) for line in file]
    raw.sort(key=_digest)
    taken: Counter[str] = Counter()
    rows: dict[str, Row] = {}
    for each in raw:
        if len(rows) == share.questions:
            break
        if taken[each["passage"]] < share.of_a_passage and (row := _row(source, each)):
            taken[each["passage"]] += 1
            rows.setdefault(row.id, row)
    return list(rows.values())


def _digest(raw: dict[str, Any]) -> str:
    return hashlib.sha256(f"{raw['q']}\n{raw['passage']}".encode()).hexdigest()


def _row(source: str, raw: dict[str, Any]) -> Row | None:
    text, spans = raw["passage"], [Span(*each) for each in raw["spans"]]
    pieces = list(_pieces(text))
    gold = max(pieces, key=lambda piece: sum(_shared(piece, span) for span in spans)) if spans else pieces[0]
    inside = [span.shift(-gold.start) for span in spans if gold.start <= span.start and span.end <= gold.end]
    words = gold.of(text)
    if not words.strip() or not raw["q"].strip() or (raw["answerable"] and spans and not inside):
        return None
    answers = tuple(raw["answers"]) or tuple(span.of(words) for span in inside)
    others = [piece.of(text) for piece in pieces if piece != gold and not any(_shared(piece, span) for span in spans)]
    for negative in raw.get("negatives") or ():
        others += [piece.of(negative) for piece in list(_pieces(negative))[:2]]
    return Row(
        id=_digest(raw)[:16],
        source=source,
        question=raw["q"].strip(),
        title=raw["title"].strip(),
        passage=words,
        spans=tuple(inside) if raw["answerable"] else (),
        sentences=source in SENTENCES,
        answers=answers,
        answerable=raw["answerable"],
        others=tuple(dict.fromkeys(other for other in others if other.strip() and not says(other, answers))),
    )


def says(text: str, answers: Sequence[str]) -> bool:
    """Tell whether one of the answers stands in a text."""
    low = text.casefold()
    return any(answer.strip().casefold() in low for answer in answers if answer.strip())


def _pieces(text: str) -> Iterator[Span]:
    """Cut a text into passages as it is cut in a library."""
    if len(text) <= _WHOLE:
        yield Span(0, len(text))
        return
    document = parse(text.encode(), "text.txt")
    if document.text != text:
        raise ValueError("a text that is read otherwise than it is written")
    yield from (passage.span for passage in cut(document))


def _shared(one: Span, other: Span) -> int:
    return max(0, min(one.end, other.end) - max(one.start, other.start))
