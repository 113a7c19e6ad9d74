"""What stood around a quote in; whether its words begin and end so at a place, and how much of it stands there, out."""

from __future__ import annotations

from qa import edges
from qa.letters import Letters, cuts
from qa.spans import Span

MOST_AROUND = 32
"""How many letters before and after a quote are compared."""


class Around:
    """What stood before and after a quote, to be compared with what stands around a span; None where it is unknown."""

    def __init__(self, quote: str, prefix: str | None, suffix: str | None) -> None:
        self.prefix, self.suffix = (prefix or "")[-MOST_AROUND:], (suffix or "")[:MOST_AROUND]
        self._folded = _folded(self.prefix)[::-1], _folded(self.suffix)
        text = self.prefix + quote + self.suffix
        start, end = len(self.prefix), len(self.prefix) + len(quote)
        self._parted = cuts(text, start), cuts(text, end)
        # the letters of its first and last word or number that stood outside: none where these were whole
        self._before = None if prefix is None else edges.before(text, start)
        self._after = None if suffix is None else edges.after(text, end)

    def ends_as(self, text: str, span: Span) -> bool:
        """Tell whether the words of a span begin and end as those of the quote: whole, or with the same beside them."""
        if cuts(text, span.start) > self._parted[0] or cuts(text, span.end) > self._parted[1]:
            return False
        return self._begins_as(text, span.start) and self._stops_as(text, span.end)

    def _begins_as(self, text: str, at: int) -> bool:
        if not self._before:
            return self._before is None or not edges.joint(text, at)
        there, known = _folded(edges.before(text, at)), _folded(self._before)
        if not there:  # a hyphen at a line end may have broken a word, or not
            return self.prefix[-1:] in "\n\r"
        return there == known or (self._before == self.prefix and there.endswith(known))

    def _stops_as(self, text: str, at: int) -> bool:
        if not self._after:
            return self._after is None or not edges.joint(text, at)
        there, known = _folded(edges.after(text, at)), _folded(self._after)
        return there == known or (self._after == self.suffix and there.startswith(known))

    def fit(self, text: str, span: Span) -> int:
        """Count how many letters on end, on both sides of a span, are those that stood around the quote."""
        before = text[max(0, span.start - 2 * MOST_AROUND) : span.start] if self.prefix else ""
        after = text[span.end : span.end + 2 * MOST_AROUND] if self.suffix else ""
        return _common(self._folded[0], _folded(before)[::-1]) + _common(self._folded[1], _folded(after))


def _folded(words: str) -> str:
    return Letters(words).folded


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
