"""An answer in; its text in runs out: words, marks, the short answer, each with the sentence that it is of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.answers import Answer, Sentence, unescape_marks
from qa.citations import Citation
from qa.search import Hit

_NEAREST = 3
_MARK = re.compile(r"(?<!\\)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Run:
    """Words of an answer's text, without the escapes of marks; or, with `number`, a mark."""

    words: str
    sentence: Sentence | None = None
    number: int | None = None
    short: bool = False
    last: bool = False
    """Whether its sentence ends with it."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """An answer whose marks are numbered on from those before it, so that several stand in one file."""

    answer: Answer
    number: int
    """Of the answer, from 1."""
    before: int
    """How many numbers the answers before it have."""

    def cited(self) -> Iterator[tuple[int, Citation]]:
        """Yield each citation by its number in the file."""
        for citation in self.answer.citations:
            if citation.number is not None:
                yield self.before + citation.number, citation

    def nearest(self) -> tuple[Hit, ...]:
        """Return the passages that are shown where there is no answer."""
        return self.answer.passages[:_NEAREST] if self.answer.refused else ()

    def runs(self) -> Iterator[Run]:
        """Yield the text, run by run; marks by their number in the file."""
        text, at = self.answer.answer, 0
        for sentence in self.answer.sentences:
            if sentence.start > at:
                yield Run(unescape_marks(text[at : sentence.start]))
            *runs, last = self._of(sentence)
            yield from runs
            yield Run(last.words, sentence, last.number, last.short, last=True)
            at = sentence.end
        if at < len(text):
            yield Run(unescape_marks(text[at:]))

    def words(self, sentence: Sentence) -> str:
        """Return the words of a sentence alone, without marks."""
        return "".join(run.words for run in self._of(sentence)).strip()

    def _of(self, sentence: Sentence) -> Iterator[Run]:
        """Cut a sentence at its marks, and around its short answer."""
        known = set(sentence.citations)
        marks = [each for each in _MARK.finditer(sentence.text) if int(each[1]) in known]
        edges = [(each.start(), each.end(), int(each[1])) for each in marks]
        at = 0
        for start, end, number in edges:
            yield from _words(sentence, at, start, before_mark=True)
            yield Run("", sentence, self.before + number)
            at = end
        yield from _words(sentence, at, len(sentence.text), before_mark=False)


def numbered(answers: Sequence[Answer]) -> Iterator[Numbered]:
    """Give each answer a number, and each citation one that no other answer has."""
    before = 0
    for number, answer in enumerate(answers, start=1):
        yield Numbered(answer, number, before)
        before += max((citation.number or 0 for citation in answer.citations), default=0)


def _words(sentence: Sentence, start: int, end: int, *, before_mark: bool) -> Iterator[Run]:
    """Yield the words between two marks; the space before a mark is the mark's."""
    if before_mark and sentence.text[start:end].endswith(" "):
        end -= 1
    short = [each - sentence.start for each in sentence.answer_span or ()]
    cuts = sorted({start, end, *(each for each in short if start < each < end)})
    for first, last in pairwise(cuts):
        within = bool(short) and short[0] <= first and last <= short[1]
        yield Run(unescape_marks(sentence.text[first:last]), sentence, short=within)
    if start == end and not before_mark:
        yield Run("", sentence)
