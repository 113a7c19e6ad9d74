"""A question of a set in; what came of it, its own figures, and how long it took, out."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa.answers import unescape_marks
from qa.citations import Location
from qa.errors import QAError
from qa.followups import Turn, standalone
from qa.questions import LONGEST
from qa.scores import Outcome, Place, Question, Quote, Scores, Texts, score
from qa.spans import Span

if TYPE_CHECKING:
    from qa.answers import Answer
    from qa.search import Hit

_MARK = re.compile(r"(?<!\\) ?\[\d+\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one question, its own figures, and how long it took; `error` if it could not be asked.

    `searched_as` is what was searched, where that is not the question itself: one that leans on turns before.
    """

    question: Question
    outcome: Outcome
    scores: Scores
    timings_ms: Mapping[str, float]
    searched_as: str | None = None
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return exactly the JSON: a line of a run, with more about it."""
        more = {"question": self.question.words, "searched_as": self.searched_as, "scores": self.scores}
        return {**self.outcome.to_dict(), **more, "timings_ms": self.timings_ms, "error": self.error}


class Asker:
    """Asks a library one question after the other, and names its documents as the question set does."""

    def __init__(
        self,
        find: Callable[[str], list[Hit]],
        answer: Callable[..., Answer] | None,
        texts: Texts,
        ids: Mapping[str, str],
        histories: Mapping[str, tuple[Turn, ...]],
    ) -> None:
        self._find = find
        self._answer = answer
        self._texts = texts
        self._histories = histories
        self._names: dict[str, list[str]] = defaultdict(list)  # several documents may have the same text
        for name, id in ids.items():
            self._names[id].append(name)

    def ask(self, question: Question) -> Result:
        """Ask a question and score what comes; an error scores zero."""
        timings: dict[str, float] = {}
        words, history = self._said(question)
        alone = standalone(words, history)
        try:
            outcome, error = self._outcome(question, timings), None
        except QAError as reason:
            outcome = Outcome(id=question.id, answer="" if self._answer else None)
            timings, error = {}, str(reason)
        scores = score(question, outcome, self._texts)
        return Result(
            question=question,
            outcome=outcome,
            scores=scores,
            timings_ms=timings,
            searched_as=None if alone == words else alone,
            error=error,
        )

    def _said(self, question: Question) -> tuple[str, tuple[Turn, ...]]:
        return question.words.strip()[:LONGEST], self._histories.get(question.id, ())

    def _outcome(self, question: Question, timings: dict[str, float]) -> Outcome:
        words, history = self._said(question)
        with _timed(timings, "search"):
            hits = self._find(standalone(words, history))
        retrieved = tuple(place for hit in hits for place in self._places(hit, question))
        if self._answer is None:
            return Outcome(id=question.id, retrieved=retrieved)
        with _timed(timings, "ask"):
            answer = self._answer(words, history=history)
        return Outcome(
            id=question.id,
            retrieved=retrieved,
            answer=unescape_marks(_MARK.sub("", answer.text)),
            abstained=answer.refused,
            citations=tuple(
                Quote(place, citation.cited_text or "")
                for citation in answer.citations
                for place in self._places(citation, question)
            ),
        )

    def _places(self, at: Location, question: Question) -> list[Place]:
        """Say where something stands: of documents with the same text under the names that the gold has for it."""
        gold = {place.document for place in question.gold}.union(question.grades)
        names = self._names.get(at.document.id) or [at.document.path]
        span = Span(at.start_char_index, at.end_char_index)
        return [Place(name, span) for name in names if name in gold] or [Place(names[0], span)]


@contextmanager
def _timed(timings: dict[str, float], name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    timings[name] = round((time.perf_counter() - began) * 1e3, 2)
