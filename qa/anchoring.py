"""A text and a quote in; where the quote stands out, or else the place that is most like it."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from qa import edges
from qa.around import MOST_AROUND, Around
from qa.edges import Joint
from qa.importing import alone
from qa.letters import Letters, cuts, places
from qa.spans import Span

_MOST_REPEATS = 5_000
"""So many repeats are compared, and fewer of a long quote; of more only the first and those about the old place."""
_MOST_TRIED = 30_000
"""At so many places, from where a quote is looked for, it is seen whether it is a part of longer words there."""
_BEHIND = 100_000, 1_000
"""From how far before its old place a quote is looked for, where there are that many."""

LEAST = 0.6
"""How like a quote something must be, to be shown beside it: any two sentences of English are so to about a half."""
_LONGEST, _LONGEST_EDGE = 20_000, 200
"""So much of a quote is looked at. Where its edges are longer only they are aligned: time grows with the square."""
_MOST_WORDS, _COMMON, _MOST_WINDOWS = 24, 200, 4
"""How many words are looked for, in how many places one tells nothing any more, and how many windows are compared."""
_CLOSE = 3
"""Of places that are alike to so many hundredths the one by the old place is shown."""
_SMALL, _LONG = 10_000, 40
"""A text that is looked at as a whole where it shares no word with the quote; letters of a long word."""
_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Scripts without spaces, or with such as change the words: pieces of them are as telling as words of others."""
_BEGINS, _ENDS = re.compile(r"(?<!\S)(?=\S)"), re.compile(r"(?<=\S)(?=\s)")
_WORD = re.compile(rf"[^\W{_UNSPACED}]{{1,{_LONG}}}|[{_UNSPACED}]{{3}}")
_LETTERS = re.compile(rf"[^\W{_UNSPACED}]+")
_LETTERS_BEFORE = re.compile(rf"[^\W{_UNSPACED}]+\Z")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a quote stands: letter by letter, or with another form of white space, quotation marks or dashes.

    `joint` tells where its words are parts of others there: of a compound, or of a longer word or number.
    """

    span: Span
    how: Literal["exact", "alike"]
    joint: Joint = Joint.APART


def anchor(
    text: str | Letters, quote: str, *, prefix: str | None = None, suffix: str | None = None, near: int | None = None
) -> Anchor | None:
    """Find a quote, exactly or else alike; what stood around it chooses among repeats, then how near they are.

    Its words must really be there: whole where they were whole, else with the same letters beside them; where it is not
    known what stood there (None), whole words come first. Who looks for many quotes in one text gives its `Letters`.
    """
    letters = text if isinstance(text, Letters) else Letters(text)
    asked = Letters(quote)
    if asked.empty:
        return None
    for sides in dict.fromkeys(((prefix or "", suffix or ""), (prefix, suffix))):
        around = Around(quote, *sides)
        if spans := _exactly(letters.text, quote, around, near):
            return Anchor(_best(letters.text, spans, around, near), "exact")
        alike = (span for span in islice(letters.find(asked), _MOST_TRIED) if around.ends_as(letters.text, span))
        if spans := sorted(set(islice(alike, _MOST_REPEATS))):
            return Anchor(_best(letters.text, spans, around, near), "alike")
    return None


def anchors(text: str | Letters, quote: str, around: Around | None = None, *, most: int) -> list[Anchor]:
    """Return all places where a quote stands, in order: exactly, or where there is none of these, alike.

    Where it stands only within longer words or numbers than those it was given with, the first of these places.
    """
    letters = text if isinstance(text, Letters) else Letters(text)
    asked = Letters(quote)
    if asked.empty:
        return []
    within: list[Anchor] = []
    around = around or Around(quote, "", "")

    def whole(spans: Iterable[Span], how: Literal["exact", "alike"]) -> Iterator[Anchor]:
        for span in spans:
            joint = max(edges.joint(letters.text, span.start), edges.joint(letters.text, span.end))
            if joint and around.ends_as(letters.text, span):
                joint = Joint.APART
            if joint < Joint.WITHIN:
                yield Anchor(span, how, joint)
            elif not within:
                within.append(Anchor(span, how, joint))

    exact = (Span(at, at + len(quote)) for at in islice(places(letters.text, quote), _MOST_TRIED))
    uncut = (span for span in exact if not cuts(letters.text, span.start) and not cuts(letters.text, span.end))
    if found := list(islice(whole(uncut, "exact"), most)):
        return found
    alike = {each.span: each for each in islice(whole(islice(letters.find(asked), _MOST_TRIED), "alike"), 2 * most)}
    return [alike[span] for span in sorted(alike)[:most]] or within


def _exactly(text: str, quote: str, around: Around, near: int | None) -> list[Span]:
    """Return where a quote stands letter by letter: with all that stood around it, or else wherever it does."""
    for before, after in dict.fromkeys(((around.prefix, around.suffix), ("", ""))):
        found = set[Span]()
        for first in {0, *(max(0, near - behind) for behind in _BEHIND)} if near else {0}:
            starts = (at + len(before) for at in islice(places(text, before + quote + after, first), _MOST_TRIED))
            spans = (Span(start, start + len(quote)) for start in starts)
            found.update(islice((span for span in spans if around.ends_as(text, span)), _MOST_REPEATS))
        if found:
            return sorted(found)
    return []


def _best(text: str, spans: list[Span], around: Around, near: int | None) -> Span:
    """Choose among repeats; the first of equals."""
    if len(spans) == 1:
        return spans[0]
    return max(spans, key=lambda span: (around.fit(text, span), -abs(span.start - (near or 0))))


# What is most like a quote that is gone.


def nearest(text: str, quote: str, *, near: int | None = None, least: float = LEAST) -> Span | None:
    """Return the place that is most like a quote whose words changed; None if none is so like it, from 0 to 1.

    It is looked for where the longest words of the quote stand, and about its old place: a guess, only to be shown.
    """
    with alone:  # 60 ms, which only what has changed need pay
        from rapidfuzz import fuzz
    quote = quote.strip()[:_LONGEST]
    if not quote:
        return None
    spans = (span for window in _windows(text, quote, near) for span in _aligned(text, window, quote))
    found = [(fuzz.ratio(quote, span.of(text)), span) for span in spans]
    best = max((likeness for likeness, _ in found), default=0)
    if best < 100 * least or not best:
        return None
    close = [
        (0 if near is None else abs(span.start - near), -likeness, span)
        for likeness, span in found
        if likeness >= best - _CLOSE
    ]
    return _fitted(text, min(close)[2], quote)


def _fitted(text: str, span: Span, quote: str) -> Span:
    """Let a span begin and end at those of the words nearby with which it is most like the quote."""
    from rapidfuzz import fuzz

    def like(start: int, end: int) -> float:
        return fuzz.ratio(quote, text[start:end])

    begins = [span.start, *(at for at in _nearby(_BEGINS, text, span.start) if at < span.end)]
    start = max(begins, key=lambda at: (like(at, span.end), -abs(at - span.start)))
    last = [len(text)] if len(text) - span.end < _LONG and not text[-1].isspace() else []
    ends = [span.end, *(at for at in _nearby(_ENDS, text, span.end) if at > start), *last]
    return Span(start, max(ends, key=lambda at: (like(start, at), -abs(at - span.end))))


def _nearby(pattern: re.Pattern[str], text: str, offset: int) -> Iterator[int]:
    return (match.start() for match in pattern.finditer(text, max(0, offset - _LONG), offset + _LONG))


def _windows(text: str, quote: str, near: int | None) -> list[Span]:
    """Return the parts of a text that share most of the quote's longest words, the rarer the better; the best first."""
    width = max(len(quote), 2 * MOST_AROUND)
    votes: dict[int, float] = defaultdict(float)
    for offset, word in _telling(quote):
        found = list(islice(places(text, word), _COMMON + 1))
        for at in found if len(found) <= _COMMON else ():
            votes[(at - offset) // width] += 1 / len(found)
    if near is not None:
        votes[near // width] += 1
    if not votes and len(text) <= _SMALL:
        return [Span(0, len(text))]
    score = {at: votes.get(at, 0) + votes.get(at + 1, 0) for each in list(votes) for at in (each - 1, each)}
    chosen = sorted(score, key=lambda at: (-score[at], abs(at * width - (near or 0))))[:_MOST_WINDOWS]
    windows = (Span(max(0, at * width - width // 2), min(len(text), (at + 3) * width + width // 2)) for at in chosen)
    return [window for window in windows if window.start < window.end]


def _telling(quote: str) -> list[tuple[int, str]]:
    """Return the longest words of a quote, from all parts of it, and where they stand in it."""
    words = [(match.start(), match[0]) for match in _WORD.finditer(quote)]
    size = math.ceil(len(words) / _MOST_WORDS) or 1
    longest = (max(words[at : at + size], key=lambda word: len(word[1])) for at in range(0, len(words), size))
    return [(offset, word) for word, offset in {word: offset for offset, word in longest}.items()]


def _aligned(text: str, window: Span, quote: str) -> Iterator[Span]:
    """Yield what is most like the quote in a window: as a whole, and from what is like its beginning to its end."""
    edge = min(_LONGEST_EDGE, max(MOST_AROUND, len(quote) // 3))
    if len(quote) <= 2 * _LONGEST_EDGE:
        yield _in_words(text, _align(text, window, quote))
    if len(quote) > 2 * edge:
        first = _align(text, window, quote[:edge])
        rest = Span(first.start, min(window.end, first.start + 2 * len(quote)))
        last = _align(text, rest, quote[-edge:])
        yield _in_words(text, Span(first.start, last.end))


def _align(text: str, window: Span, words: str) -> Span:
    from rapidfuzz import fuzz

    found = fuzz.partial_ratio_alignment(words, window.of(text))
    return Span(found.dest_start, found.dest_end).shift(window.start) if found else window


def _in_words(text: str, span: Span) -> Span:
    """Widen a span to whole letters and whole words, of a usual length, and leave out the white space about it."""
    span = span.strip(text)
    start, end = span.start, span.end
    while cuts(text, start):
        start -= 1
    while cuts(text, end):
        end += 1
    if _LETTERS.match(text, start) and (before := _LETTERS_BEFORE.search(text, max(0, start - _LONG), start)):
        start = before.start()
    if _LETTERS_BEFORE.search(text, max(0, end - 1), end) and (after := _LETTERS.match(text, end, end + _LONG)):
        end = after.end()
    return Span(start, end)
