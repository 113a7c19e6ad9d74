"""A document in; sentences and passages with exact spans out, computed while cutting."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from qa.documents import Document, Heading
from qa.rows import SEPARATED
from qa.spans import Span, count_lines

CUTTER_VERSION = 5
"""Raised whenever the same text is cut, indexed or embedded otherwise, so that an older index is made again."""

TARGET = 900
"""How long a passage is, in letters of English: about 220 tokens of the bundled model, which takes 512."""
_LONGEST = 1_400
"""A sentence that is longer is cut at a line, a clause or a word."""
OPENING = Span(0, 600)
"""Where a title stands that is part of a text."""
_LONGEST_HEADING = 120
"""What is longer is no heading but the first line of a text."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of one document, its first line, the key of its vector; the passages of a document tile its text."""

    span: Span
    line: int
    key: bytes


def cut(document: Document) -> list[Passage]:
    """Cut a document into passages: whole sentences, headings with what follows, paragraphs where they fit."""
    text = document.text
    stops = [heading.start for heading in document.headings]
    parts = _rows(document) if document.media_type == SEPARATED else sentences(text, stops)
    spans = list(_pack(text, parts, set(stops)))
    title = headline(document.title, OPENING.of(text))
    passages, line, done = [], 1, 0
    for span, headings in zip(spans, _headings(document.headings, spans), strict=True):
        line += count_lines(text, Span(done, span.start))
        done = span.start
        key = vector_key(in_context(span.of(text), title=title, headings=headings))
        passages.append(Passage(span, line, key))
    return passages


def _rows(document: Document) -> list[Span]:
    """Return the rows of a file of separated values, which tile it: its parts say which have line ends of their own."""
    long = [Span(part.start, after.start) for part, after in pairwise(document.parts) if part.name]
    starts = {each.start for each in long}.union(each.end for each in long)
    for line in _LINE.finditer(document.text):
        at = bisect_right(long, line.start(), key=lambda span: span.start) - 1
        if at < 0 or long[at].end <= line.start():
            starts.add(line.start())
    edges = sorted({0, len(document.text), *starts})
    return [Span(start, end) for start, end in pairwise(edges)]


def _headings(headings: Sequence[Heading], spans: Iterable[Span]) -> Iterator[tuple[str, ...]]:
    """Return the titles of the headings that rule where each span begins, as `heading_path` does for one."""
    path: list[Heading] = []
    at = 0
    for span in spans:
        while at < len(headings) and headings[at].start <= span.start:
            path = [above for above in path if above.level < headings[at].level] + [headings[at]]
            at += 1
        yield tuple(heading.title for heading in path)


# What is embedded.


def vector_key(words: str) -> bytes:
    """Hash the words that are embedded: equal words share one vector."""
    return hashlib.sha256(words.strip().encode()).digest()[:16]


def headline(title: str, opening: str) -> str:
    """Return a title, but not a first line that goes on in the next one: it is the beginning of a sentence."""
    first, _, rest = opening.lstrip().partition("\n")
    goes_on = first.strip() == title and rest.split("\n", 1)[0].strip()
    return "" if goes_on else title


def in_context(words: str, *, title: str, headings: Sequence[str]) -> str:
    """Return what is embedded for a passage: title and headings above it, where it does not say them, and its words."""
    said = words.casefold()
    above = dict.fromkeys((title, *headings[-2:]))
    about = [each for each in above if each and len(each) <= _LONGEST_HEADING and each.casefold() not in said]
    return "\n".join((*about, words.strip()))


# Sentences.

_BOUNDARY = re.compile(
    r"""[\n\r.!?…。！？｡؟।](?:  # the first letter by itself, so that it is searched for
      (?P<blank> (?<=\n) (?:[^\S\n]*\n)+ [^\S\n]* | (?<=\r) \r+ (?!\n) )     # an empty line
    | (?P<end> (?<=[\w)\]"'”’»%°*_`\ ][.!?…]) [.!?…]* ["'”’»)\]*_`]* (?:\[\d{1,3}\])* \s+ )
    | (?P<wide> (?<=[。！？｡؟।]) [。！？｡؟।]* [」』”’）)]* \s* )                # scripts that need no space after it
    | (?P<item> (?<=\n) (?=[^\S\n]* (?:[-*•–]|\d{1,3}[.)]) [^\S\n]) )     # the next item of a list
    )""",
    re.X,
)
_ABBREVIATION = re.compile(  # after which a name or a noun may come
    r"""\b(?: Mrs? | Ms | \w*[DJS]r | Prof | St | Gov | Sen | Rep | Gen | Lt | Col | Capt | Sgt | Maj | Adm | Hon | Rev
      | [Aa]pprox | [Cc]a | cf | [Vv]s? | viz | al | Inc | Ltd | Corp | Co | Bros | [Dd]ept
      | Jan | Feb | Mar | Apr | Jun | Jul | Aug | Sept? | Oct | Nov | Dec | Mon | Tues? | Wed | Thurs? | Fri | Sat | Sun
      | e\.g | i\.e | a\.m | p\.m | z\.B | d\.h | u\.a | bzw | [Vv]gl | sog | evtl | ggf | inkl | exkl
      | [zb]zgl | einschl | ehem | geb | gest | lt | Mio | Mrd | Tsd | H[rl] | Frl | Dipl | Ing | Mag | Hrsg | Okt | Dez
      | EE | MM | Mlle | Mme | Mgr | env | Sta | Sra | Sr[ae]s | Dra | Dña | Ud | Exm[ao] | Sig | Dott | Avv | Geom
      | dhr | mevr | [Dd]rs | bijv | [Pp]rof | [Ii]nż | ks | św | ul | im | np | tzv | sv | nám | např
      | ул | им | проф | акад | просп )\.$""",
    re.X,
)
_COUNTED = re.compile(  # after which a number may come
    r"""\b(?: [Nn]os? | [Nn]r | [Ff]igs? | [Ee]qs? | [Ss]ecs? | [Cc]hap | [Vv]ol | pp? | [Aa]rt | [Pp]ar
      | [Rr]ef | [Ee]st | Abs | Abb | Ziff | Rn | Bd | Kap | Tab | Az | Tel | Tél | Anm | rd | núm | págs? | pagg?
      | [Kk]l | blz | [Ss]tr | č | čl | odst | poz | ust | рис | стр? | гл )\.$""",
    re.X,
)
_HOUR = re.compile(r"\b[ap]\.m\.$")
_DAY_OR_ZONE = re.compile(
    r"[A-Z]{2}|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:East|West)ern\b|Central\b|Mountain\b|Pacific\b|Greenwich\b"
)
_INITIALS = re.compile(r"(?<!°)\b(?:[A-Za-zÀ-ÖØ-ÞČĎĹĽŁŇŘŚŠŤŽŻΑ-ΩА-ЯЁІЇЄ]\.)+$")
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_NUMBERED = re.compile(r"[ \t]*#{1,6}[ \t]+\d{1,3}\.[ \t]+")
_TITLE = re.compile(r"^[ ]{0,3}#{1,6}[ \t]+\S[^\r\n]*[\r\n]\s*(?=\S)", re.M)
"""A heading of Markdown, which ends with its line."""
_ROW = re.compile(r"[ \t]{0,8}\|")
_OPENER = re.compile(
    r"(?:The|He|She|It|They|We|You|In|On|At|This|That|These|Those|But|And|However|When|If|As|A|An|There|For)\b(?!\.)"
)
_MONTH = re.compile(
    r"""(?: Jan(?:uar)? | Jänner | Feb(?:ruar|er)? | März | Mrz | Apr(?:il)? | Mai | Juni? | Juli? | Aug(?:ust)?
      | Sept?(?:ember)? | Okt(?:ober)? | Nov(?:ember)? | Dez(?:ember)? )\b""",
    re.X,
)
_NUMBERED_DATE = re.compile(r"(?<!\d)\d{1,2}\.\s+\d{1,2}\.\s?\d{4}\b|(?<!\d)\d{4}\.\s+\d{1,2}\.\s+\d{1,2}\.")
"""«5. 3. 2020», or «2020. 03. 05.»."""
_RANKED = re.compile(
    r"\b(?:[Dd](?:er|ie|as|em|en|es)|(?<!I )am|Am|[Ii]m|[Ii]ns|[Vv]om|[Zz]u[mr]|[Bb]eim|[Jj]ede[nrsm])\s\d{1,3}\.$"
)
_BEGINS = re.compile(
    r"(?:D(?:er|ie|as|ies\w*|ann|anach|ort|a)|E[rs]|Sie|Wir|Ich|Im|Am|Auf|Bei|Nach|Doch|Wenn|Als|Eine?)\b"
)
"""How sentences of German begin: its ordinals end with a dot, as a sentence may with a number."""


def sentences(text: str, stops: Sequence[int] = ()) -> list[Span]:
    """Cut a text into sentences that tile it; white space belongs to the sentence before it, `stops` are always cut."""
    barred = "|" in text
    ends = {
        m.end()
        for m in _BOUNDARY.finditer(text)
        if (m.lastgroup != "end" or _ends(text, m)) and not (barred and _in_row(text, m))
    }
    titles = {m.end() for m in _TITLE.finditer(text)} if "#" in text else set()
    edges = sorted({0, len(text), *stops, *ends, *titles})
    return [Span(start, end) for start, end in pairwise(edges)]


def _in_row(text: str, match: re.Match[str]) -> bool:
    """Tell whether a mark stands within the row of a table, which is no sentence's end."""
    if match.lastgroup not in ("end", "wide") or "\n" in match[0]:
        return False
    begin = text.rfind("\n", max(0, match.start() - _LONGEST), match.start()) + 1
    return bool(_ROW.match(text, begin))


def _ends(text: str, match: re.Match[str]) -> bool:
    """Tell whether a sentence ends at this mark: not after an abbreviation, not before a small letter."""
    after = text[match.end() : match.end() + 1]
    if _ends_paragraph(match[0]):
        return True
    if after.islower():
        return False
    if match[0][0] != "." or not match[0][1].isspace():  # only a lone dot, right after its word, abbreviates
        return True
    stop = text[max(0, match.start() - 12) : match.start() + 1]
    if _HOUR.search(stop):  # «at 9 p.m. Visitors» ends one, «at 9 p.m. Eastern Time» does not
        return not _DAY_OR_ZONE.match(text, match.end())
    if _INITIALS.search(stop):  # «in the U.S. The next» ends a sentence, «J. Smith» does not
        return bool(_OPENER.match(text, match.end()))
    if stop[-2:-1].isdigit():
        return not (_counts_on(text, match) or _numbers(text, match))
    return not (_ABBREVIATION.search(stop) or (after.isdigit() and _COUNTED.search(stop)))


def _counts_on(text: str, match: re.Match[str]) -> bool:
    """Tell whether a number with a dot says which, and goes on: «11. März», «5. 3. 2020», «am 2. Tag»."""
    at, after = match.start(), match.end()
    if text[after : after + 1].isdigit():
        return any(
            each.start() < at < each.end() for each in _NUMBERED_DATE.finditer(text, max(0, at - 10), after + 10)
        )
    day = re.search(r"(?<![\d.,])\d{1,2}$", text[max(0, at - 4) : at])
    if day and _MONTH.match(text, after):
        return True
    ranked = _RANKED.search(text[max(0, at - 12) : at + 1])
    return bool(ranked) and not (_OPENER.match(text, after) or _BEGINS.match(text, after))


def _numbers(text: str, match: re.Match[str]) -> bool:
    """Tell whether a number with a dot begins a heading: «## 2. Rent»."""
    line = text.rfind("\n", max(0, match.start() - 12), match.start()) + 1
    return bool(_NUMBERED.fullmatch(text, line, match.end()))


# Passages.


def _pack(text: str, parts: Sequence[Span], headings: Container[int]) -> Iterator[Span]:
    """Fill passages with sentences up to the target, cutting where a heading or a paragraph lets them end well."""
    sized = [each for part in parts for each in _pieces(text, part)]
    pieces = [piece for piece, _ in sized]
    totals = [0, *accumulate(size for _, size in sized)]
    first = 0
    while first < len(pieces):
        count = _best_cut(text, pieces, totals, headings, first)
        yield Span(pieces[first].start, pieces[count - 1].end)
        first = count


def _best_cut(text: str, pieces: Sequence[Span], totals: Sequence[int], headings: Container[int], first: int) -> int:
    """Return the index after the last piece of the passage that begins at `first`."""
    base = totals[first]
    # a short rest is taken along: alone it would say too little to be found
    rest = totals[-1] - base <= TARGET * 5 // 4
    last = len(pieces) if rest else max(first + 1, bisect_right(totals, base + TARGET) - 1)
    for cut_ in range(first + 1, last):
        if pieces[cut_].start in headings and totals[cut_] - base >= TARGET // 4:
            return cut_
    if last == len(pieces):
        return last
    while last > first + 1 and pieces[last - 1].start in headings:  # a heading stays with what follows it
        last -= 1
    for cut_ in range(last, first, -1):
        if totals[cut_] - base < TARGET // 2:
            break
        if _ends_paragraph(pieces[cut_ - 1].of(text)):
            return cut_
    return last


def _ends_paragraph(words: str) -> bool:
    tail = words[len(words.rstrip()) :]
    return len(tail) > 1 and count_lines(tail, Span(0, len(tail))) > 1


def _size(words: str) -> int:
    """Estimate how much of the model's room words take, in letters of English: a foreign letter is several tokens."""
    return len(words) if words.isascii() else len(words) + (len(words.encode()) - len(words)) * 5 // 2


def _pieces(text: str, sentence: Span) -> Iterator[tuple[Span, int]]:
    """Cut a sentence that is too long for one passage, at the best place in reach; yield pieces and sizes."""
    start = sentence.start
    while (size := _size(window := text[start : min(sentence.end, start + _LONGEST + 1)])) > _LONGEST:
        reach = start + max(1, len(window) * _LONGEST // size)
        end = _last_break(text, Span((start + reach) // 2, reach))
        while end > start + 1 and _JOINED.match(text, end - 1):  # never within one letter with its marks
            end -= 1
        yield Span(start, end), _size(text[start:end])
        start = end
    yield Span(start, sentence.end), size


_BREAKS = tuple(map(re.compile, (r"\n|\r(?!\n)", r"[;:,、，；：]\s*", r"\s+")))  # a line, a clause, a word
_JOINED = re.compile(
    "\r\n|.(?:[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u093c-\u094d\u0e31\u0e34-\u0e4e\u200d\ufe00-\ufe0f]|[\U0001f3fb-\U0001f3ff])",
    re.S,
)


def _last_break(text: str, window: Span) -> int:
    """Return the last good place to cut in a window, or its end."""
    for pattern in _BREAKS:
        ends = [match.end() for match in pattern.finditer(text, window.start, window.end)]
        if ends:
            return ends[-1]
    return window.end
