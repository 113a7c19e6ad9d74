"""A model's reply in, as it streams; its sentences, with the numbers of the passages they cite, out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from qa.passages import sentences

_LONGEST = 2_000
"""A sentence that does not end is cut here, so that a reply which loops costs no memory."""
_HELD = 600
"""How many letters are held back, at most, until it is known whether a bracket is a mark or a link."""
_NEAR = 40
"""So much of a sentence is looked at to tell whether it ends: no abbreviation is longer."""

# What a model writes instead of [1]. White space is counted, and choices are atomic, so that no reply is slow to read.
# `(?>(?:…)*)` where `(?:…)*+` would do: Python before 3.11.5 does not step back where the last round fails halfway.
_S = r"[^\S\n]{0,3}"
_LABEL = r"(?:\^|(?:passages?|sources?|documents?|docs?|excerpts?|ref(?:erence)?s?|citations?)[ .:#]{0,3})"
_NUMBER = rf"{_LABEL}?+\d{{1,200}}+(?>(?:{_S}[-–—‑]{_S}\d{{1,200}}+)?)"
_NUMBERS = rf"{_S}{_NUMBER}(?>(?:{_S}(?:[,;&]|and\b){_S}{_NUMBER})*){_S}"
_TARGET = r"\((?=[a-z][a-z\d+.-]*:\S|www\.|\#|[^\s()]*/)(?>(?:[^()\n]++|\([^()\n]*+\))*)\)"
_MARK = rf"(?:(?:\[\[{_NUMBERS}\]\]|\[{_NUMBERS}\])(?>(?:{_TARGET})?)|【{_NUMBERS}(?>(?:†[^【】\n]{{0,80}}+)?)】)"
_JOIN = rf"(?>{_S}(?:(?:[,;&]|and\b){_S})?)"
_RUN = rf"{_MARK}(?>(?:{_JOIN}{_MARK})*)"
_TOKEN = re.compile(
    rf"""(?P<marks> \({_S}{_RUN}{_S}\) | {_RUN} )
    | (?P<link> \[ (?P<text>[^\[\]\n]{{0,200}}+) \] {_TARGET} )        # a reply sends nobody to another place
    | (?P<end> \] {_TARGET} )                                          # of a link with brackets in it
    | (?P<code> (?P<ticks>`{{1,2}})(?!`) [^`\n]{{1,200}}+ (?P=ticks)(?!`) )
    | (?P<run> `++ )
    | \\(?P<literal> \[\d{{1,200}}+\] )                               # as the brackets of a source are escaped
    """,
    re.X | re.I,
)
_HALF_TARGET = r"(?>(?:\((?>(?:[^()\n]++|\([^()\n]*+\))*)(?>(?:\([^()\n]*+)?))?)"
_UNDECIDED = re.compile(
    rf"""(?: \(?+{_S} (?>{_MARK} {_S}(?>(?:(?:[,;&]|an?d?){_S})?) )*
             (?: \[{{1,2}}+[^\[\]\n]*+(?>(?:\]{{1,2}}+{_HALF_TARGET})?) | 【[^【】\n]*+ | )
           | \]{_HALF_TARGET}
           | `{{1,2}}+[^`\n]{{0,200}}+`{{0,2}}+ | `++
           | \\(?>(?:\[\d{{0,200}}+)?)
         )\Z""",
    re.X | re.I,
)
"""The end of what has come so far, where more of it could make it something else."""
_ONE_MARK = re.compile(rf"[\[【]({_NUMBERS})(?:\]{{1,2}}(?:{_TARGET})?|[†】])", re.I)
_RANGE = re.compile(rf"(\d+)(?:{_S}[-–—‑]{_S}(\d+))?")
_PLAIN = re.compile(rf"[^\[\](【`\\]{{1,{_HELD}}}")

_SPACES = re.compile(r"\s+|\S+")
_WIDE_END = re.compile(r"[。！？｡؟।][」』”’）)]{0,4}(?=[^。！？｡؟।」』”’）)])")
_OPENER = re.compile(r"[-*+•–>]|\d{1,3}[.)]|#{1,6}")
_STOPS = ".,;:!?…)]}。！？、，；：）"
_CLOSING = _STOPS + "»”’\"'%*_—–-」』"
_LETTER = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of a reply, without its marks; the passages it cites; `gap` parts it from what was said before."""

    words: str
    passages: tuple[int, ...]
    gap: str


@dataclass(slots=True)
class _Between:
    """What stands between two words: white space, and marks."""

    longest: str = ""
    space: str = ""
    marked: bool = False
    apart: bool = False
    broken: bool = False
    above: dict[int, None] = field(default_factory=dict)
    line: dict[int, None] = field(default_factory=dict)

    def add_space(self, space: str) -> None:
        self.space = (self.space + space)[:_LONGEST]
        if "\n" in space or "\r" in space:
            self.broken = True
            self.above |= self.line
            self.line = {}

    def add_marks(self, numbers: Iterable[int]) -> None:
        self.apart = self.apart if self.marked else bool(self.space)
        self.marked = True
        self.longest, self.space = self._widest(), ""
        self.line |= dict.fromkeys(numbers)

    def before(self, word: str) -> str:
        """Return the white space that is left of it all before the next word."""
        return "" if self.marked and not self.space and word[0] in _CLOSING else self._widest()

    def named_by(self, word: str) -> bool:
        """Tell whether its marks are what the next word speaks of, as in «It sank. [2] says so»."""
        return self.marked and self.apart and bool(self.space) and not self.broken and word[0].islower()

    def _widest(self) -> str:
        return max(self.longest, self.space, key=lambda space: (space.count("\n"), len(space)))


class Marks:
    """Takes a reply in pieces; what it returns depends on the reply, never on how that was cut into pieces.

    Gaps and words, joined, are the reply less its marks. No sentence has a number beyond the passages that there are.
    """

    def __init__(self, passages: int) -> None:
        self._passages = passages
        self._held = ""
        self._word = ""
        self._between = _Between()
        self._gap = self._text = ""
        self._marks: dict[int, None] = {}
        self._begun = False
        self._row = False
        self._said: list[Said] = []

    def feed(self, piece: str) -> list[Said]:
        """Take the next piece of the reply; return the sentences that ended."""
        self._read(self._held + piece, last=False)
        return self._take()

    def close(self) -> list[Said]:
        """Return what is left when the reply has ended."""
        self._read(self._held, last=True)
        self._end_word()
        self._marks |= self._between.above | self._between.line
        if not self._text:  # a list item without words
            words = self._gap.lstrip()
            self._gap, self._text = self._gap[: len(self._gap) - len(words)], words.rstrip()
        if self._text:
            self._say()
        return self._take()

    def _take(self) -> list[Said]:
        said, self._said = self._said, []
        return said

    # Letters in, words and marks out.

    def _read(self, text: str, *, last: bool) -> None:
        """Tell marks from words; hold back the end of the text where it may become either."""
        at = 0
        while at < len(text):
            if plain := _PLAIN.match(text, at):
                self._add(plain[0])
                at = plain.end()
                continue
            reach = at + _HELD
            if not last and len(text) < reach and _UNDECIDED.match(text, at):
                break
            token = _TOKEN.match(text, at, reach)
            self._meet(token) if token else self._add(text[at])
            at = token.end() if token else at + 1
        self._held = text[at:]

    def _meet(self, token: re.Match[str]) -> None:
        if token["marks"]:
            self._end_word()
            self._between.add_marks(self._numbers(token["marks"]))
        elif token["link"]:
            self._add(token["text"])
        elif token["end"]:
            self._add("]")
        else:
            self._add(token["literal"] or token[0])

    def _numbers(self, marks: str) -> Iterator[int]:
        """Return the numbers in some marks that are passages; a range is no longer than these."""
        for mark in _ONE_MARK.finditer(marks):
            for first, last in _RANGE.findall(mark[1]):
                low, high = sorted((int(first), int(last or first)))
                yield from range(max(low, 1), min(high, self._passages) + 1)

    def _add(self, text: str) -> None:
        for run in _SPACES.findall(text):
            if run.isspace():
                self._end_word()
                self._between.add_space(run)
            else:
                self._add_letters(run)

    def _add_letters(self, letters: str) -> None:
        """Add to a word; it ends where a sentence may end without white space, and where it is too long."""
        known = max(0, len(self._word) - 5)
        self._word += letters
        while True:
            found = _WIDE_END.search(self._word, known, _LONGEST + 1)
            end = min(found.end() if found else len(self._word), _LONGEST)
            if end == len(self._word):
                return
            rest, self._word = self._word[end:], self._word[:end]
            self._end_word()
            self._word, known = rest, 0

    def _end_word(self) -> None:
        if self._word:
            word, self._word = self._word, ""
            between, self._between = self._between, _Between()
            self._place(word, between)

    # Words in, sentences out.

    def _place(self, word: str, between: _Between) -> None:
        """Add a word to its sentence, or begin the next one with it; marks go to what they stand after."""
        space = between.before(word) if self._begun else ""
        at_start = between.broken or not self._begun
        opener = (at_start or not self._text) and len(self._gap) < _LONGEST and bool(_OPENER.fullmatch(word))
        too_long = len(self._text) + len(space) + len(word) > _LONGEST
        before, after = between.above | between.line, dict[int, None]()
        if self._text and (opener or too_long or self._ends(space, word, between)):
            if between.broken or between.named_by(word):
                before, after = between.above, between.line
            self._marks |= before
            self._say(whole=not too_long)
            space = space or " " * too_long  # a bracket and its number never meet again
            before = after
        self._marks |= before
        self._begun = True
        if self._text:
            self._text += space + word
            return
        self._gap += space
        self._row = self._row or (opener and word[0] == "#") or (at_start and word[0] == "|")
        if opener:
            self._gap += word
        else:
            self._text = word

    def _ends(self, space: str, word: str, between: _Between) -> bool:
        """Tell whether the sentence ends before a word."""
        if self._row or (between.broken and word[0] == "|"):
            return between.broken
        if between.broken and between.marked and not word[0].islower() and word[0] not in _STOPS:
            return True  # nobody breaks a line beside a mark within a sentence
        before = self._text[-_NEAR:]
        # a mark that is spoken of stands there as a word
        after = "1" if between.named_by(word) else word[:_NEAR]
        starts = {span.start for span in sentences(f"{before}{space}{after} ")}
        return any(len(before) <= start <= len(before) + len(space) for start in starts)

    def _say(self, *, whole: bool = False) -> None:
        """End the sentence; a whole one without a letter, as a rule between paragraphs, only parts others."""
        if whole and not _LETTER.search(self._text) and len(self._gap) < _LONGEST:
            self._gap += self._text
        else:
            self._said.append(Said(self._text, tuple(self._marks), self._gap))
            self._gap, self._marks = "", {}
        self._text, self._row = "", False
