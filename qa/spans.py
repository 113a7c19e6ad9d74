"""Spans of a text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range of code points: text[start:end]."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """Return the words of the span."""
        return text[self.start : self.end]

    def shift(self, by: int) -> Span:
        """Move the span, as from a passage to its document."""
        return Span(self.start + by, self.end + by)

    def overlap(self, other: Span) -> int:
        """Count the code points that both spans have."""
        return max(0, min(self.end, other.end) - max(self.start, other.start))

    def strip(self, text: str) -> Span:
        """Leave out the white space at both ends; all white space gives an empty span at the start."""
        words = self.of(text)
        left = len(words) - len(words.lstrip())
        body = words.strip()
        return Span(self.start + left, self.start + left + len(body)) if body else Span(self.start, self.start)


class Places:
    """Where things begin in a text, as its pages do, counted from 1."""

    def __init__(self, starts: Sequence[int]) -> None:
        self._starts = starts

    def number(self, offset: int) -> int | None:
        """Return the number of the one that holds the offset; None where there are none."""
        return max(1, bisect_right(self._starts, offset)) if self._starts else None


def count_lines(text: str, span: Span) -> int:
    r"""Count the line ends before the span's end that are whole by then: \n, \r\n or \r."""
    if text.find("\r", span.start, span.end) < 0:
        return text.count("\n", span.start, span.end)
    words = span.of(text)
    count = words.count("\n") + words.count("\r") - words.count("\r\n")
    return count - (words[-1] == "\r" and text.startswith("\n", span.end))
