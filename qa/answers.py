"""A question and hits in; an answer whose citations hold out, sentence by sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from qa.citations import Citation
from qa.plain import Plain, plain
from qa.search import Hit
from qa.spans import Span
from qa.support import Support, Verdict

GREETING = (
    "Hello! Ask me anything about the documents in this folder, in a sentence or a few words: I answer with their own "
    "words and show where each stands. «What is in here?» gives an overview."
)
NOTHING = "The documents here do not seem to say."
"""The two texts that are ours, and no sentences of an answer."""

EventName = Literal["passages", "delta", "sentence", "citation", "replace", "answer", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence(Plain):
    """A sentence of an answer: text == answer[start:end], marks included; `citations` are the numbers in its marks."""

    text: str
    start: int
    end: int
    citations: tuple[int, ...]
    support: Verdict
    score: float
    why: str
    answer_span: tuple[int, int] | None = None
    """Where the short answer stands in it, as offsets of the answer's text: the figure, the name, the date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Plain):
    """What the documents say to a question; every [n] in it names one of its citations."""

    question: str
    answer: str
    refused: bool
    reason: str | None
    model: str
    searched_as: str | None = None
    """The question as it was searched, where it was not as it was asked: one that follows others."""
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[Hit, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The answer's text."""
        return self.answer


@dataclass(frozen=True, slots=True)
class Event:
    """One step of an answer that is being written; the last is `answer`, the whole."""

    name: EventName
    value: Any

    def to_dict(self) -> dict[str, Any]:
        """Return exactly the JSON."""
        return {self.name: plain(self.value)}


def label(path: str) -> str:
    """Return what stands before the words of a document to name it: a path may have brackets, which are no marks."""
    return f"{escape_marks(' '.join(path.split()))}: "


def escape_marks(text: str) -> str:
    r"""Escape the brackets of a source that would read as marks of ours: [12] becomes \[12]."""
    return re.sub(r"\[(?=\d+\])", r"\\[", text)


def unescape_marks(text: str) -> str:
    """Undo `escape_marks`, for the eye."""
    return re.sub(r"\\\[(?=\d+\])", "[", text)


def _line(words: str) -> str:
    return escape_marks(" ".join(words.split()))


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence before it stands in an answer: its words, the citations it rests on (not numbered yet), a verdict.

    `gap` parts it from what stands before it; `short` is the short answer among its words.
    """

    words: str
    citations: tuple[Citation, ...]
    support: Support
    gap: str = " "
    short: Span | None = None


class Composer:
    """Puts an answer together piece by piece; every mark it writes names a citation that it holds."""

    def __init__(self) -> None:
        self.text = ""
        self.sentences: list[Sentence] = []
        self.citations: list[Citation] = []

    def add(self, piece: Piece) -> Iterator[Event]:
        """Add a sentence; its citations come before the text that marks them."""
        numbers = []
        for citation in piece.citations:
            number, new = self._number(citation)
            numbers.append(number)
            if new:
                yield Event("citation", self.citations[-1])
        marked = _line(piece.words) + "".join(f" [{number}]" for number in dict.fromkeys(numbers))
        gap = piece.gap if self.text else piece.gap.lstrip()
        start = len(self.text) + len(gap)
        self.text += gap + marked
        yield Event("delta", gap + marked)
        sentence = Sentence(
            text=marked,
            start=start,
            end=len(self.text),
            citations=tuple(dict.fromkeys(numbers)),
            support=piece.support.verdict,
            score=piece.support.score,
            why=piece.support.why,
            answer_span=_short(piece, start),
        )
        self.sentences.append(sentence)
        yield Event("sentence", sentence)

    def _number(self, citation: Citation) -> tuple[int, bool]:
        """Return the number of a citation in this answer, and whether it is new to it."""
        for known in self.citations:
            if known.id == citation.id and known.number is not None:
                return known.number, False
        number = len(self.citations) + 1
        self.citations.append(replace(citation, number=number))
        return number, True


def _short(piece: Piece, start: int) -> tuple[int, int] | None:
    """Return where the short answer of a piece stands, once that begins at `start` of the answer's text."""
    if piece.short is None:
        return None
    before, words = piece.words[: piece.short.start], _line(piece.short.of(piece.words))
    begin = len(_line(before + "|")) - 1  # so that the white space before it counts
    end = begin + len(words)
    return (start + begin, start + end) if words and _line(piece.words)[begin:end] == words else None
