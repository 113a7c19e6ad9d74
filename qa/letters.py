"""A text in; its letters, whatever the form of white space, quotation marks and dashes, and their places out."""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property, lru_cache
from io import StringIO

from qa.edges import INVISIBLE
from qa.spans import Span

JOINED, PARTED = "\n", "\t"
"""What stands for a hyphen at a line end between two letters, which may be part of the word or not, and for another
dash there, which is one. Neither is a letter of any folded text, whose white space is all plain."""
_DASHES = r"\-" "\u058a\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_HYPHENS = "-\u2010\xad"
_IS_DASH, _IS_INVISIBLE = re.compile(f"[{_DASHES}]"), re.compile(f"[{INVISIBLE}]+")
_IS_GAP = re.compile(rf"[\s{_DASHES}{INVISIBLE}]")
_LINE_END = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SPACE = rf"[\s{INVISIBLE}]"
_SPACES = rf"{_SPACE}(?:(?<! ){_SPACE}*|{_SPACE}+)"  # but one plain space; quick, for every form begins alike
_BETWEEN = re.compile(_SPACES)
_ODD = re.compile(rf"{_SPACES}|[^\x00-\x7f\s{_DASHES}{INVISIBLE}]+")
_FORMS = {
    **dict.fromkeys("\u058a\u2010\u2011\u2012–—―−\ufe58\ufe63\uff0d", "-"),
    **dict.fromkeys('"`´‘’‚‛“”„‟«»‹›「」『』', "'"),
}
"""Other forms of one letter: each of one letter."""
_OTHER = frozenset(("<super>", "<sub>", "<fraction>", "<circle>", "<square>"))
"""What says something else than the letters it is made of: 10² is not 102."""
_JOINER = "\u200d"
_GAPS = f" -{JOINED}{PARTED}"
_GAP = re.compile(f"[{re.escape(_GAPS)}]+")
_ALIKE = {
    JOINED: frozenset(("", "-", "- ", PARTED)),
    PARTED: frozenset(("-", "- ", JOINED)),
}
"""What else may stand in a quote where the text has a dash at a line end, and the other way round."""
_MOST_TRIED = 300_000
"""So many places are tried, and fewer for a long quote; and so many gaps are compared where lines break words."""


class Letters:
    """A text as it is compared with a quote.

    All white space is one space, all quotation marks are one, so are all dashes; a ligature is its letters, and a
    letter with its marks is written in one way. Invisible marks are left out. Case, letters and digits stay.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def folded(self) -> str:
        """The text in that form."""
        return self._folding[0]

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing but white space and what is invisible."""
        return not self.folded.strip(" ")

    @cached_property
    def _folding(self) -> tuple[str, array[int], array[int], array[int]]:
        """Fold the text; and of each place whose length changed: where it begins and ends there, where it ended."""
        out, starts, ends, froms = StringIO(), array("q"), array("q"), array("q")
        done = size = 0
        for start, end, letters in _odd(self.text):
            size += out.write(self.text[done:start])
            starts.append(size)
            size += out.write(letters)
            ends.append(size)
            froms.append(end)
            done = end
        out.write(self.text[done:])
        folded = out.getvalue()
        for form in _FORMS:
            folded = folded.replace(form, _FORMS[form])
        return folded, starts, ends, froms

    def span(self, start: int, end: int) -> Span | None:
        """Return the span of some of the folded letters; None where it would begin or end within a letter."""
        first, last = self._start(start), self._end(end)
        if first is None or last is None or last <= first or cuts(self.text, first) or cuts(self.text, last):
            return None
        return Span(first, last)

    def find(self, quote: Letters) -> Iterator[Span]:
        """Yield where a quote stands, in order; then, some places again, where its words are broken otherwise."""
        words = quote.folded.strip(" ")
        if not _without_gaps(words):
            return
        for at in places(self.folded, words):
            if span := self.span(at, at + len(words)):
                yield span
        if any(mark in each for mark in _ALIKE for each in (self.folded, words)):
            for start, end in _broken_otherwise(self._bones, Bones(words)):
                if span := self.span(start, end):
                    yield span.strip(self.text)

    @cached_property
    def _bones(self) -> Bones:
        return Bones(self.folded)

    def _start(self, at: int) -> int | None:
        """Return where a letter begins: after what was left out before it."""
        _, starts, ends, froms = self._folding
        row = bisect_right(ends, at)
        if row < len(ends) and starts[row] < at:
            return None
        return at + froms[row - 1] - ends[row - 1] if row else at

    def _end(self, at: int) -> int | None:
        """Return where a letter ends: before what was left out after it."""
        _, starts, ends, froms = self._folding
        row = bisect_left(ends, at)
        if row < len(ends) and starts[row] < at:
            return froms[row] if ends[row] == at else None
        return at + froms[row - 1] - ends[row - 1] if row else at


class Bones:
    """Folded letters without the gaps between them, and the gaps: white space and dashes."""

    def __init__(self, folded: str) -> None:
        self.folded = folded
        self.letters = _without_gaps(folded)

    @cached_property
    def rows(self) -> tuple[array[int], array[int]]:
        """Of each gap: before which letter it stands, and where that is in the folded text."""
        befores, ends = array("q"), array("q")
        removed = 0
        for gap in _GAP.finditer(self.folded):
            befores.append(gap.start() - removed)
            ends.append(gap.end())
            removed += gap.end() - gap.start()
        return befores, ends

    def place(self, letter: int) -> int:
        """Return where a letter stands in the folded text."""
        befores, ends = self.rows
        row = bisect_right(befores, letter) - 1
        return ends[row] + letter - befores[row] if row >= 0 else letter

    def within(self, first: int, last: int) -> dict[int, str]:
        """Return the gaps after the first letter and up to the last, by how far they are from the first."""
        befores, ends = self.rows
        rows = range(bisect_right(befores, first), bisect_right(befores, last))
        return {befores[row] - first: self._gap(ends[row]) for row in rows}

    def _gap(self, end: int) -> str:
        start = end
        while start and self.folded[start - 1] in _GAPS:
            start -= 1
        return self.folded[start:end]


def _without_gaps(folded: str) -> str:
    for gap in _GAPS:
        folded = folded.replace(gap, "")
    return folded


def _broken_otherwise(text: Bones, quote: Bones) -> Iterator[tuple[int, int]]:
    """Yield the places of a quote in a text whose gaps differ by dashes at line ends alone."""
    last, tried = len(quote.letters) - 1, 0
    if last < 0 or quote.letters not in text.letters:
        return
    edges = quote.folded[: quote.place(0)], quote.folded[quote.place(last) + 1 :]
    gaps = quote.within(0, last)
    for at in places(text.letters, quote.letters):
        theirs = text.within(at, at + last)
        if theirs == gaps or all(_alike(gaps.get(k, ""), theirs.get(k, "")) for k in gaps.keys() | theirs.keys()):
            start, end = text.place(at), text.place(at + last) + 1
            before, after = _before(text.folded, start, edges[0]), _after(text.folded, end, edges[1])
            if before is not None and after is not None:
                yield start - before, end + after
        tried += sum(map(len, theirs.values()))
        if tried > _MOST_TRIED:
            return


def _alike(one: str, other: str) -> bool:
    return one == other or other in _ALIKE.get(one, ()) or one in _ALIKE.get(other, ())


def _before(folded: str, at: int, asked: str) -> int | None:
    """Return how far the gap before a place is the one with which a quote begins; None if it is another."""
    if folded.endswith(asked, 0, at):
        return len(asked)
    return 1 if asked in _ALIKE.get(folded[at - 1 : at], ()) else None


def _after(folded: str, at: int, asked: str) -> int | None:
    """Return how far the gap after a place is the one with which a quote ends; None if it is another."""
    if folded.startswith(asked, at):
        return len(asked)
    return 1 if asked in _ALIKE.get(folded[at : at + 1], ()) else None


def places(text: str, words: str, start: int = 0) -> Iterator[int]:
    """Yield where words stand, letter by letter; of more places than anybody has use for only the first."""
    for _ in range(_MOST_TRIED // (1 + len(words) // 100)):  # looking for the next takes time for every letter
        at = text.find(words, start)
        if at < 0:
            return
        yield at
        start = at + 1


def cuts(text: str, at: int) -> bool:
    """Tell whether a cut there would part a letter from its marks, or a picture from what is joined to it."""
    if not 0 < at < len(text) or text[at] < "\x7f" or text[at - 1].isspace():
        return False
    return _is_mark(text[at]) or (text[at - 1] == _JOINER and unicodedata.category(text[at]) == "So")


# Places whose form is not theirs letter by letter.


def _odd(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what is not folded letter by letter: where it begins and ends, and what stands for it."""
    usual = unicodedata.is_normalized("NFKC", text)  # then only white space can be of another length
    for match in (_BETWEEN if usual else _ODD).finditer(text):
        if _IS_GAP.match(match[0]):
            yield _space(text, *match.span())
        else:
            yield from _clusters(text, *match.span())


def _space(text: str, start: int, end: int) -> tuple[int, int, str]:
    """Fold white space and what is invisible; the dash before it too, if words are broken there."""
    if _LINE_END.search(text, start, end):
        first = start - 1 if start and _IS_DASH.match(text, start - 1) else start
        if broken := _broken(text, first, end, dash=first < start):
            return first, end, broken
    return start, end, "" if _IS_INVISIBLE.fullmatch(text, start, end) else " "


def _broken(text: str, start: int, end: int, *, dash: bool) -> str:
    """Return what stands for a dash at a line end; nothing if it is none, or stands alone."""
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if not before or not after or _IS_GAP.match(before) or _IS_GAP.match(after):
        return ""
    if text[start] in _HYPHENS and _is_letter(before) and _is_letter(after):
        return JOINED
    return PARTED if dash else ""


def _clusters(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield the letters, each with its marks, that are written in another way."""
    start -= cuts(text, start) and not _IS_GAP.match(text, start - 1)
    if unicodedata.is_normalized("NFKC", text[start:end]):
        return
    first = start
    for at in range(start + 1, end + 1):
        if at == end or not cuts(text, at):
            letter = text[first:at]
            folded = unicodedata.normalize("NFC", "".join(map(_opened, letter)))
            if folded != letter:
                yield first, at, folded
            first = at


@lru_cache(8_192)
def _opened(letter: str) -> str:
    """Return the letters that a ligature or a wide, narrow or styled letter is made of; any other as it is."""
    plain = unicodedata.normalize("NFKC", letter)
    if plain == letter or unicodedata.decomposition(letter).split(" ")[0] in _OTHER:
        return letter
    if any(map(str.isspace, plain)) or (any(map(str.isdigit, plain)) and not letter.isdecimal()):
        return letter  # an accent alone is no white space; 5⒈ is not 51.
    return letter if any(map(_is_jamo, plain)) else plain


@lru_cache(8_192)
def _is_mark(letter: str) -> bool:
    """Tell whether a letter belongs to the one before it."""
    first = _opened(letter)[0]
    return unicodedata.category(first)[0] == "M" or _is_vowel(letter) or letter == _JOINER or "🏻" <= letter <= "🏿"


def _is_vowel(letter: str) -> bool:
    """Tell whether it is a vowel or an end of a Korean syllable."""
    return "\u1160" <= letter <= "\u11ff" or "\ud7b0" <= letter <= "\ud7ff"


def _is_jamo(letter: str) -> bool:
    return "\u1100" <= letter <= "\u11ff"


def _is_letter(letter: str) -> bool:
    return letter.isalpha() or _is_mark(letter)
