"""A text that somebody wrote in; its sentences out, as they can be checked, and what of it claims nothing."""

from __future__ import annotations

import re
import sys
from calendar import month_name
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import groupby, zip_longest

from qa import topics
from qa.assertions import asserted, no_claim, titled
from qa.errors import TooLarge, UsageError
from qa.narrowing import parts
from qa.parsers import parse
from qa.spans import Span

LONGEST_DRAFT, MOST_SENTENCES = 200_000, 1_000
"""The most characters and sentences that are checked at once."""
LARGEST_FILE = 10_000_000
"""The most bytes of a file that is checked."""
_FIRST, _LONGEST_START = 3, 120
"""A sentence that leans does so in its first words, or in those of its first clauses."""
_LONGEST_SUBJECT, _PIECES, _MOST_CONTEXT = 1_000, 2, 5
"""What is taken over: what a sentence is about stands where the one before begins."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of a draft: its span, its words as they stand there and without marks, what it takes over."""

    span: Span
    said: str
    words: str
    about: str = ""
    """What «it» is, in words of the sentences before; empty where it stands by itself."""
    unchecked: str | None = None
    """What it is, where it claims nothing: a heading, a question, a greeting."""

    @property
    def whole(self) -> str:
        """The sentence as it stands by itself, the words that it takes over in brackets."""
        return f"{self.words.rstrip('.!。 ')} ({self.about})" if self.about else self.words


def read_draft(name: str) -> str:
    """Return the text of a file that is to be checked, - for standard input. Raises DocumentError, UsageError."""
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else open(name, "rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UsageError(
            f"The file {name} cannot be read ({error.strerror}): name one, or - for what is typed."
        ) from error
    if len(data) > LARGEST_FILE:
        raise TooLarge(f"The file is larger than {LARGEST_FILE / 1e6:g} MB: check a part of it.")
    return parse(data, name).text


def check(text: str) -> None:
    """Raise UsageError for what is no text or has no words, TooLarge for what is too long."""
    if not isinstance(text, str):  # callers in Python may pass anything
        raise UsageError("What is checked must be a text: give the words, not a file.")
    if len(text) > LONGEST_DRAFT:
        raise TooLarge(f"The text is too long ({len(text):,} characters): check at most {LONGEST_DRAFT:,} at once.")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UsageError("The text holds half of a character: write it in UTF-8.")
    if "\0" in text:
        raise UsageError("It is binary, not text: give the words that are to be checked.")
    if not any(letter.isalnum() for letter in text):
        raise UsageError("There is no word in the text: give the sentences that are to be checked.")


def claims(text: str) -> list[Claim]:
    """Cut a draft into its sentences, in their order, each as it can be checked. Raises TooLarge."""
    found: list[Claim] = []
    before = ""
    for span, what in sentences_in(text):
        words = asserted(plain_words(span.of(text)))
        if not _LETTER.search(words):
            continue
        what = what or no_claim(words)
        about = before if not what and leans(words) else ""
        found.append(Claim(span, " ".join(span.of(text).split()), words, about, what))
        if len(found) > MOST_SENTENCES:
            raise TooLarge(f"The text has more than {MOST_SENTENCES:,} sentences: check a part of it at once.")
        if what in (None, _HEADING):  # what is said below a heading stands by itself
            before = "" if what else about or _subject(words[:_LONGEST_SUBJECT])
    return found


# Where sentences are, and what they are.

_HEADING, _CODE, _REFERENCE = "a heading", "code", "a reference"
_LETTER = re.compile(r"[^\W\d_]")
_FENCE = re.compile(r"^ {0,3}(```|~~~)[^\n]*\n(?:.*?^ {0,3}\1[`~]*[ \t]*\r?$|.*)", re.M | re.S)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_ATX = re.compile(r" {0,3}#{1,6}[ \t]")
_UNDER = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*")
_RULE = re.compile(r"[\s|:+=*_-]+")
_NOTE = re.compile(r"[ \t]*(?:\[\^[^\]\n]{1,40}\]:|\[\d{1,3}\]:?)[ \t]")
_LEAD = re.compile(r"(?:[>|#\s]|[-*+•–][ \t]|\d{1,3}[.)][ \t]|\[[ xX]\][ \t])+")
_ENDS = tuple('.!?…。！？｡؟।:;,"”’»)')


def sentences_in(text: str) -> Iterator[tuple[Span, str | None]]:
    """Yield the sentences of a text, less list markers and the like; and what one is, where its place tells."""
    at = 0
    for fence in _FENCE.finditer(text):
        yield from _prose(text, Span(at, fence.start()))
        yield Span(*fence.span()).strip(text), _CODE
        at = fence.end()
    yield from _prose(text, Span(at, len(text)))


def _prose(text: str, span: Span) -> Iterator[tuple[Span, str | None]]:
    end = len(text.rstrip())
    for blank, found in groupby(_LINE.finditer(text, span.start, span.end), lambda line: not line[0].strip()):
        if blank:
            continue
        lines = [Span(line.start(), line.end()) for line in found]
        if _NOTE.match(text, lines[0].start):
            yield from ((line.strip(text), _REFERENCE) for line in lines)
            continue
        start = lines[0].start
        alone = len(lines) == 1 and lines[0].end < end
        for line, below in zip_longest(lines, lines[1:]):  # headings, rules and rows stand apart; the rest runs on
            what = _of_line(line.of(text).rstrip(), below.of(text).rstrip() if below else "", alone=alone)
            if what is not None:
                yield from _running(text, Span(start, line.start))
                yield from _lead_off(text, line, what or None)
                start = line.end
        yield from _running(text, Span(start, lines[-1].end))


def _of_line(line: str, below: str, *, alone: bool) -> str | None:
    """Say what a line is: a heading; nothing by name, but a line by itself; None where it is part of the text."""
    if _ATX.match(line) or (_UNDER.fullmatch(below) and not _RULE.fullmatch(line)):
        return _HEADING
    if _RULE.fullmatch(line):
        return ""
    if line.lstrip().startswith("|"):
        return _HEADING if below and _RULE.fullmatch(below) else ""
    return _HEADING if alone and _titled(line) else None


def _titled(line: str) -> bool:
    """Tell whether a line that stands alone is a heading: it is no item of a list, does not end, and says nothing."""
    words = plain_words(line)
    return not words.endswith(_ENDS) and not (_LEAD.match(line) and not line[:1].isdigit()) and titled(words)


def _running(text: str, span: Span) -> Iterator[tuple[Span, str | None]]:
    for part in parts(span.of(text)):
        yield from _lead_off(text, part.shift(span.start), None)


def _lead_off(text: str, span: Span, what: str | None) -> Iterator[tuple[Span, str | None]]:
    """Leave out what stands before a sentence: list markers, signs of quoting and of headings, marks."""
    while lead := _LEAD.match(text, span.start, span.end) or _MARK.match(text, span.start, span.end):
        span = Span(lead.end(), span.end)
    span = span.strip(text)
    if len(span):
        yield span, what


# What is no word of the sentence: marks of other tools, Markdown, HTML.

_TARGET = r"\((?:[^()\n]|\([^()\n]{0,200}\)){0,500}\)"
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|spring|summer|autumn|fall|winter|since|until|from|in|by"
_MARK = re.compile(
    rf"""\s*(?<!\\)(?: \[\^?\d{{1,3}}(?:\s?[,;–-]\s?\^?\d{{1,3}})*\](?!\() | \[\^[^\]\n]{{1,40}}\] | 【[^】\n]{{1,80}}】
      | \[(?:source|document|doc|passage|citation|ref|see)s?\b[^\]\n]{{0,80}}\](?!\() | \[@[^\]\n]{{1,120}}\]
      | \\cite[a-z]*\{{[^}}\n]{{1,120}}\}} | (?<=[.,;:!?”"’)])[¹²³⁴-⁹⁰]+
      | \((?:(?i:see|cf\.|e\.g\.,?)\s)?(?!(?i:{_MONTH})[a-z]*\.?\s)[^\W\d_][^()\d]{{0,80}}?,?\s(?:1[5-9]|20)\d\d[a-z]?
        (?:[,;:][^()]{{0,200}})?\) )""",
    re.X,
)
_REPLACED: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\s+"), " "),
    (re.compile(r"<!--.{0,1000}?-->"), " "),
    (re.compile(rf"!\[[^\]\n]{{0,200}}\]{_TARGET}"), ""),
    (re.compile(rf"(?<!\\)\[([^\[\]\n]{{1,300}})\]{_TARGET}"), r"\1"),
    (re.compile(r"\(?<?https?://[^\s<>)]+>?\)?"), " "),
    (re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>"), " "),
    (_MARK, ""),
    (re.compile(r"(?<![^\W_])(?<!\\)(\*{1,3}|_{1,3}|~~|`{1,2})(?=\S)([^\n]{1,300}?)(?<=[^\s\\])\1(?![^\W_])"), r"\2"),
    (re.compile(r"(?<![^\W_])(?<!\\)(\*{1,2}|_{1,2})(?=\S)([^\n]{1,300}?)(?<=[^\s\\])\1(?![^\W_])"), r"\2"),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
    (re.compile(r"\s*\|\s*(?=\S)"), ", "),
    (re.compile(r"[\s|]+$|^\s+"), ""),
    (re.compile(r"\s+"), " "),
    (re.compile(r" (?=[.,;:!?](?:\s|$))"), ""),
)


def plain_words(sentence: str) -> str:
    """Return a sentence without what is no word of it: marks of other tools, author and year, Markdown, links."""
    for pattern, by in _REPLACED:
        sentence = pattern.sub(by, sentence)
    return sentence


# What leans on the sentence before.

_POINTING = frozenset("he she it they him her them his hers its their theirs this that these those such both".split())
_MONTHS = frozenset(name.casefold() for name in month_name if name)
_NO_POINTER = re.compile(
    r"(?:it|this|that) (?:is|was|has been|will be|seems?|appears?)(?: \w+){0,2} (?:that|to)\b"
    r"|(?:this|these|that|those) (?:week|month|year|summer|winter|document|report|text|folder|library|who|days?)\b",
    re.I,
)


def leans(sentence: str) -> bool:
    """Tell whether a sentence points back before it has named anything: «It rose again», «In 2021 they rose»."""
    named = clause = 0
    for word in topics.words(sentence[:_LONGEST_START]):
        if word.clause != clause and named > 1:
            return False
        if word.clause != clause:  # «However, it rose»
            named, clause = 0, word.clause
        if word.plain in _POINTING and not named and not (word.capital and not word.first):
            return not _NO_POINTER.match(sentence, max(0, sentence.find(word.text)))
        named += word.full and word.text[0].isalpha() and word.plain not in _MONTHS
        if word.clause >= _FIRST:
            return False
    return False


def _subject(words: str) -> str:
    """Return what a sentence is about: its first full words, but for numbers."""
    pieces = topics.pieces([word for word in topics.words(words) if not any(map(str.isdigit, word.text))])
    return topics.phrase(pieces[:_PIECES], most=_MOST_CONTEXT)
