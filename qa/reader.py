"""A question and texts in; relevance, evidence, short answers and answerability out; and what a text says of a claim.

A small model of our own (`docs/reader.md`): the layers of the bundled embedder, trained on for this.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from qa.importing import alone
from qa.models import ReadingModel, Tokens, open_reading
from qa.settings import cores
from qa.spans import Span
from qa.weights import TOKEN_LIMIT

Logits = NDArray[np.float32]
T = TypeVar("T")

QUESTION_LIMIT: Final = 128
"""Tokens of a question that are read, from its beginning."""
_ANSWER_LIMIT: Final = 30
"""Tokens of a short answer, at most."""
_START, _END = 0, 2  # the ids of <s> and </s>
_RELEVANT, _ANSWERABLE, _ENTAILED = 0, 1, slice(2, 5)
_BEGINS, _ENDS, _EVIDENT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of one text for a question.

    `relevance` is a logit, comparable within one question; `answerable` says from 0 to 1 whether the answer is there,
    `evidence` the same of each of the parts that were given; `answer` is the short answer, a span of the text, and
    `certainty` (0 to 1) is the reader's own of it.
    """

    relevance: float
    answerable: float
    evidence: tuple[float, ...]
    answer: Span | None
    certainty: float


@dataclass(frozen=True, slots=True)
class Entailment:
    """Whether a claim follows from a text, is refuted by it, or neither: probabilities that sum to 1."""

    supported: float
    refuted: float
    unknown: float


def open_reader(cache: Path, *, threads: int | None, weights: Path | None = None) -> Reader:
    """Return the reader, which opens its model at the first text; `cache` is a folder for what is computed once."""
    return Reader(cache, threads, weights)


class Reader:
    """The model that comes with us. Safe to share by threads."""

    def __init__(self, cache: Path, threads: int | None = None, weights: Path | None = None) -> None:
        """Take a folder for what is computed once, how many texts are read at once, and other weights than our own."""
        self._cache = cache
        self._threads = threads or cores()
        self._weights = weights
        self._opening = threading.Lock()
        self._model: ReadingModel | None = None

    def open(self) -> ReadingModel:
        """Open the model, if it is not. Raises ModelError."""
        with self._opening, alone:
            if self._model is None:
                self._model = open_reading(self._cache, threads=self._threads, weights=self._weights)
            return self._model

    def read(self, question: str, texts: Sequence[str], parts: Sequence[Sequence[Span]]) -> list[Reading]:
        """Read texts, each with the parts of it whose evidence is asked for. Raises ModelError."""
        model = self.open()
        read = _read(model, question, texts, model.whole_and_tokens)
        return [
            _reading(text, wanted, [_said(*each) for each in windows], model.scales)
            for text, wanted, windows in zip(texts, parts, read, strict=True)
        ]

    def entail(self, claim: str, texts: Sequence[str]) -> list[Entailment]:
        """Say of each text whether the claim follows from it. Raises ModelError."""
        model = self.open()
        heat = float(model.scales.get("entailment", 1.0))
        read = _read(model, claim, texts, lambda ids: _softmax(model.whole(ids)[_ENTAILED] / heat))
        # of a text in several windows the one that says most of it counts
        said = [min((each for _, each in windows), key=lambda each: float(each[2])) for windows in read]
        return [Entailment(*map(float, each)) for each in said]


@dataclass(frozen=True, slots=True)
class _Said:
    """What the model says of a window of a text: of the whole (5), and of each of its tokens (n, 3)."""

    tokens: Tokens
    whole: Logits
    each: Logits


def _said(tokens: Tokens, logits: Sequence[Logits]) -> _Said:
    whole, each = logits
    return _Said(tokens, whole, each[len(each) - 1 - len(tokens.ids) : -1])  # the text stands last, but for its end


def _read(
    model: ReadingModel, question: str, texts: Sequence[str], task: Callable[[list[int]], T]
) -> list[list[tuple[Tokens, T]]]:
    """Do the task for each window of each text, and return its windows with what came of them."""
    asked = [_START, *model.tokens(question).ids[:QUESTION_LIMIT], _END]
    cut = [list(_windows(model.tokens(text), TOKEN_LIMIT - len(asked) - 1)) for text in texts]
    rows = [[*asked, *window.ids, _END] for windows in cut for window in windows]
    # the longest first: were one of them the last, other threads would wait for it
    order = sorted(range(len(rows)), key=lambda row: -len(rows[row]))
    done = dict(zip(order, model.each(task, [rows[row] for row in order]), strict=True))
    numbers = count()
    return [[(window, done[next(numbers)]) for window in windows] for windows in cut]


def _reading(text: str, parts: Sequence[Span], windows: Sequence[_Said], scales: Mapping[str, Any]) -> Reading:
    """Join what was said of the windows of a text."""
    relevance, answerable = (max(float(said.whole[row]) for said in windows) for row in (_RELEVANT, _ANSWERABLE))
    evidence = np.full(len(parts), -np.inf)
    answers = []
    for said in windows:
        words = np.array([bool(text[start:end].strip()) for start, end in said.tokens.places], bool)
        evidence = np.maximum(evidence, _means(parts, said, words))
        answers += _answer(text, said, words)
    _, certainty, answer = max(answers, default=(0.0, 0.0, None), key=lambda each: each[0])
    return Reading(
        relevance=relevance,
        answerable=float(_likely(scales, "answerable", answerable)),
        evidence=tuple(map(float, _likely(scales, "evidence", evidence))),
        answer=answer,
        certainty=certainty,
    )


def _likely(scales: Mapping[str, Any], head: str, logits: Any) -> NDArray[np.float64]:
    """Turn logits of a head into probabilities: the sigmoid, written so that no number is too large for it."""
    a, b = scales.get(head, (1.0, 0.0))
    return np.asarray((1 + np.tanh((a * np.asarray(logits, np.float64) + b) / 2)) / 2, np.float64)


def _windows(tokens: Tokens, most: int) -> Iterator[Tokens]:
    """Cut a text's tokens into the fewest windows of at most so many, near equal; one for a text without any."""
    many = len(tokens.ids)
    parts = max(1, -(-many // most))
    for start, end in pairwise(many * part // parts for part in range(parts + 1)):
        yield Tokens(tokens.ids[start:end], tokens.places[start:end])


def _means(parts: Sequence[Span], said: _Said, words: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mean evidence of the words of each part, as a logit; −inf for a part without any."""
    starts = np.array([start for start, _ in said.tokens.places], np.int64)
    out = np.full(len(parts), -np.inf)
    for number, part in enumerate(parts):
        inside = words & (starts >= part.start) & (starts < part.end)
        if inside.any():
            out[number] = said.each[inside, _EVIDENT].mean(dtype=np.float64)
    return out


def _answer(text: str, said: _Said, words: NDArray[np.bool_]) -> list[tuple[float, float, Span]]:
    """Return the best answer in a window, as its logits' sum, its certainty and its span; none without words."""
    at = np.flatnonzero(words)
    if not len(at):
        return []
    begins, ends, places = said.each[:, _BEGINS], said.each[:, _ENDS], said.tokens.places
    far = at - at[:, None]
    sums = np.where((far >= 0) & (far < _ANSWER_LIMIT), begins[at][:, None] + ends[at], -np.inf)
    first, last = (int(at[place]) for place in np.unravel_index(int(sums.argmax()), sums.shape))
    certainty = float(_softmax(begins)[first] * _softmax(ends)[last])
    span = Span(places[first][0], places[last][1]).strip(text)
    return [(float(sums.max()), certainty, span)]


def _softmax(logits: Logits) -> NDArray[np.float64]:
    powers = np.exp(logits.astype(np.float64) - logits.max())
    return np.asarray(powers / powers.sum(), np.float64)
