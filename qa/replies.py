"""What a language model says, made harmless piece by piece: no thoughts, no control characters, no end without one."""

from __future__ import annotations

import re
from typing import Final

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"
_CONTROL: Final = dict.fromkeys({*range(32), *range(127, 160)} - {ord("\n"), ord("\t")})
_REPEATS: Final = 5
_LONGEST_UNIT: Final = 160
_SHORTEST_LOOP: Final = 120
"""In characters: so many must be the same over and over before it counts as a loop."""


def clean(text: str) -> str:
    """Drop control characters but newline and tab; replace lone surrogates, which no UTF-8 can hold."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.translate(_CONTROL)


def loops(text: str) -> bool:
    """Tell whether a text ends with the same few words over and over."""
    return any(_repeats(text, unit) for unit in range(1, _LONGEST_UNIT + 1))


def _repeats(text: str, unit: int) -> bool:
    start = len(text) - max(_SHORTEST_LOOP, _REPEATS * unit)
    return start >= 0 and text[start:-unit] == text[start + unit :]


class Reply:
    """One reply as it comes: pieces in, what may be shown of them out."""

    def __init__(self, *, most: int) -> None:
        """Take how many characters it may have at most."""
        self._left = most
        self._tail = ""
        self._thoughts = _Thoughts()
        self.blank = True
        """No word of it was shown yet."""

    @property
    def full(self) -> bool:
        """It has all the characters that it may have."""
        return self._left <= 0

    @property
    def looping(self) -> bool:
        """It goes round in circles."""
        return loops(self._tail)

    def take(self, piece: str) -> str:
        """Return what may be shown of the next piece."""
        return self._shown(self._thoughts.take(clean(piece)))

    def end(self) -> str:
        """Return what was held back until it was clear that no more comes."""
        return self._shown(self._thoughts.end())

    def _shown(self, text: str) -> str:
        shown = text[: self._left]
        self._left -= len(shown)
        self._tail = (self._tail + shown)[-_REPEATS * _LONGEST_UNIT :]
        self.blank = self.blank and not shown.strip()
        return shown


class _Thoughts:
    """Leaves out what stands between <think> and </think> at the beginning."""

    def __init__(self) -> None:
        self._held = ""
        self._take = self._before

    def take(self, piece: str) -> str:
        self._held += piece
        return self._take()

    def end(self) -> str:
        """Thoughts that are never closed are no answer; the beginning of a mark that is none is."""
        return "" if self._take == self._inside else self._all()

    def _before(self) -> str:
        begun = self._held.lstrip()
        if begun.startswith(_OPEN):
            self._take = self._inside
            return self._inside()
        if _OPEN.startswith(begun):
            return ""
        self._take = self._all
        return self._all()

    def _inside(self) -> str:
        _, close, after = self._held.partition(_CLOSE)
        if not close:
            self._held = self._held[-len(_CLOSE) :]  # a mark may be split over pieces; thoughts are long
            return ""
        self._held, self._take = after, self._after
        return self._after()

    def _after(self) -> str:
        """Leave out the empty lines between thoughts and answer."""
        self._held = self._held.lstrip()
        if self._held:
            self._take = self._all
        return self._all()

    def _all(self) -> str:
        text, self._held = self._held, ""
        return text


_PIECES: Final = re.compile(r"[A-Za-z]+| ?[0-9]|\s*\n\s*| {2,}|[^\x00-\x7f]|[!-/:-@\[-`{-~]")


def count_tokens(text: str) -> int:
    """Estimate tokens, rather too many than too few, for any model: its own tokenizer is seldom at hand.

    Held against a small vocabulary (49,000 tokens; larger ones need fewer), English comes out a quarter to a half above
    the truth, Russian and Chinese a little, tables at it, German and lists of foreign names a tenth below.
    """
    return sum(map(_cost, _PIECES.findall(text)))


def _cost(piece: str) -> int:
    """Count a token for four letters, three in names; each digit, mark, line and foreign letter for itself."""
    if piece.isalpha() and piece.isascii():
        return -(-len(piece) // (4 if piece.islower() else 3))
    if piece[0] == " " and len(piece) == 2 and piece[1].isdigit():
        return 2
    return 1 if len(piece.encode("utf-8", "replace")) < 3 or piece.isspace() else 2
