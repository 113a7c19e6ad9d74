"""Citations: the exact words a sentence rests on, and an id for them."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any, Literal

from qa.catalog import Catalog
from qa.changes import Change
from qa.documents import heading_path, part_name
from qa.errors import IndexDamaged, MalformedCitation, NotFound, UnknownCitation
from qa.ledger import AROUND, Quote, Served
from qa.plain import Plain, iso_time
from qa.records import Entry, Row, Source
from qa.spans import Places, Span, count_lines

Status = Literal["valid", "moved", "changed", "deleted"]

MOST_CONTEXT = 20_000
_ID = re.compile(r"([0-9a-f]{16})\.(0|[1-9]\d{0,11})-([1-9]\d{0,11})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Plain):
    """A span of one document and where that is; pages and lines count from 1, both ends inclusive.

    `part` names what its format has there: "slide 7", "Prices row 12", "12:04"; None in most.
    """

    id: str
    document: Source
    start_char_index: int
    end_char_index: int
    start_page_number: int | None
    end_page_number: int | None
    start_line: int | None
    end_line: int | None
    heading: tuple[str, ...]
    part: str | None = None

    def fields(self) -> dict[str, Any]:
        """Return the place alone, as arguments for something that stands there."""
        return {each.name: getattr(self, each.name) for each in fields(Location)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation(Location):
    """A span of one text with its words: text[start:end] == cited_text, always; None where none may be shown."""

    number: int | None
    cited_text: str | None
    prefix: str
    suffix: str
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Given(Plain):
    """When an answer first and last had a citation, how often, and for which question, where these are kept."""

    first: str
    last: str
    times: int
    question: str | None

    @classmethod
    def of(cls, row: Served) -> Given:
        """Read it in the ledger."""
        return cls(first=iso_time(row.first), last=iso_time(row.last), times=row.times, question=row.question)


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationInContext(Citation):
    """A citation that was looked up, with the words before and after it, and what became of it.

    Where it is `moved`, `current` is where the words stand now. Where it is `changed`, `nearest` is the place in what
    its file says now that is most like them, and `diff` what differs there. `note` says why there are no words.
    """

    before: str
    after: str
    current: Citation | None = None
    nearest: Citation | None = None
    diff: tuple[Change, ...] | None = None
    given: Given | None = None
    note: str | None = None


def citation_id(document: str, span: Span) -> str:
    """Name a span: the first 16 hex digits of the document's id, and the offsets."""
    return f"{document[:16]}.{span.start}-{span.end}"


def parse_id(text: str) -> tuple[str, Span]:
    """Read an id. Raises MalformedCitation."""
    match = _ID.fullmatch(text)
    span = Span(int(match[2]), int(match[3])) if match else Span(0, 0)
    if not match or span.end <= span.start:
        raise MalformedCitation(
            "That is not the id of a citation: one looks like 3f2a9c1b7d4e0c5a.1042-1188 "
            "(16 hex digits of the document, then where the words begin and end)."
        )
    return match[1], span


def check_range(span: Span, length: int) -> None:
    """Raise UnknownCitation for a span that a text of this length does not have."""
    if not 0 <= span.start < span.end <= length:
        raise UnknownCitation(
            f"The document has {length:,} characters, and no place {span.start}-{span.end}: check the id."
        )


def locate(catalog: Catalog, entry: Entry, span: Span) -> Location:
    """Say where a span is: page, line, heading."""
    return _place(entry, span, _lines(catalog, entry, span))


def locate_passage(entry: Entry, row: Row, words: str) -> Location:
    """Say where a passage is, whose words are at hand."""
    return _place(entry, row.span, (row.line, row.line + count_lines(words, Span(0, len(words) - 1))))


def _place(entry: Entry, span: Span, lines: tuple[int, int] | None) -> Location:
    pages = Places(entry.pages)
    return Location(
        id=citation_id(entry.source.id, span),
        document=entry.source,
        start_char_index=span.start,
        end_char_index=span.end,
        start_page_number=pages.number(span.start),
        end_page_number=pages.number(span.end - 1),
        start_line=lines[0] if lines else None,
        end_line=lines[1] if lines else None,
        heading=heading_path(entry.headings, span.start),
        part=part_name(entry.parts, span.start, lines),
    )


def _lines(catalog: Catalog, entry: Entry, span: Span) -> tuple[int, int] | None:
    """Return the first and the last line of a span, counted from where its first passage begins."""
    row = catalog.row_at(entry.number, span.start)
    if row is None:
        return None
    words = catalog.text(entry.number, Span(row.span.start, span.end))
    first = row.line + count_lines(words, Span(0, span.start - row.span.start))
    return first, row.line + count_lines(words, Span(0, len(words) - 1))


def cite(
    catalog: Catalog, entry: Entry, span: Span, *, number: int | None = None, quote: str | None = None
) -> Citation:
    """Make a citation, the only way to one.

    Raises UnknownCitation outside the text, NotFound if it is not `quote`, or if the document has just gone.
    """
    check_range(span, entry.length)
    around = Span(max(0, span.start - AROUND), min(entry.length, span.end + AROUND))
    words = catalog.text(entry.number, around)
    if len(words) != len(around):
        if catalog.entry(entry.number) is None:
            raise NotFound("The document was removed or edited just now: look again.")
        raise IndexDamaged("The catalog holds less of a text than it should: run `qa doctor --repair`.")
    there = Quote.of(words, span.shift(-around.start))
    if quote is not None and there.words != quote:
        raise NotFound("The quoted words do not stand there.")
    return _made(locate(catalog, entry, span), there, number)


def cite_in(entry: Entry, text: str, span: Span) -> Citation:
    """Make a citation of a text that is at hand, and may not be in the catalog yet, of a span that lies in it."""
    lines = (1 + count_lines(text, Span(0, span.start)), 1 + count_lines(text, Span(0, span.end - 1)))
    return _made(_place(entry, span, lines), Quote.of(text, span), None)


def _made(at: Location, quote: Quote, number: int | None) -> Citation:
    return Citation(
        **at.fields(),
        number=number,
        cited_text=quote.words,
        prefix=quote.prefix,
        suffix=quote.suffix,
        status="valid",
    )
