"""Citations: the exact words a sentence rests on, an id for them, and looking one up again."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from qa.catalog import Catalog
from qa.documents import heading_path, parse
from qa.errors import DocumentError, IndexDamaged, MalformedCitation, NotFound, UnknownCitation, UsageError
from qa.folder import read_file
from qa.plain import Plain
from qa.records import Entry, File, Row, Signature, Source, Tombstone
from qa.spans import Places, Span, count_lines, find_quote

Status = Literal["valid", "moved", "changed", "deleted"]

_AROUND = 32
"""How many letters of prefix and suffix go with a citation, to find it again among repeats."""
MOST_CONTEXT = 20_000
_ID = re.compile(r"([0-9a-f]{16})\.(0|[1-9]\d{0,11})-([1-9]\d{0,11})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Plain):
    """A span of one document and where that is; pages and lines count from 1, both ends inclusive."""

    id: str
    document: Source
    start_char_index: int
    end_char_index: int
    start_page_number: int | None
    end_page_number: int | None
    start_line: int | None
    end_line: int | None
    heading: tuple[str, ...]

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
class CitationInContext(Citation):
    """A citation that was looked up, with the words before and after it."""

    before: str
    after: str


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
    """Make a citation, the only way to one. Raises UnknownCitation outside the text, NotFound if it is not `quote`."""
    if span.start < 0 or span.end > entry.length or span.start >= span.end:
        raise UnknownCitation(
            f"The document has {entry.length:,} characters, and no place {span.start}-{span.end}: check the id."
        )
    around = Span(max(0, span.start - _AROUND), min(entry.length, span.end + _AROUND))
    words = catalog.text(entry.number, around)
    cited = span.shift(-around.start).of(words)
    if len(words) != len(around):
        raise IndexDamaged("The catalog holds less of a text than it should: run `qa doctor --repair`.")
    if quote is not None and cited != quote:
        raise NotFound("The quoted words do not stand there.")
    return Citation(
        **locate(catalog, entry, span).fields(),
        number=number,
        cited_text=cited,
        prefix=words[: span.start - around.start],
        suffix=words[len(words) - (around.end - span.end) :],
        status="valid",
    )


def look_up(catalog: Catalog, folder: Path, id_: str, *, context: int) -> CitationInContext:
    """Look a citation up again, checking the file first: `valid` is never stale. Raises as `parse_id` and `cite` do."""
    if not 0 <= context <= MOST_CONTEXT:
        raise UsageError(f"The context must be from 0 to {MOST_CONTEXT:,} characters.")
    prefix, span = parse_id(id_)
    entry = catalog.find(prefix)
    if entry is None:
        stone = catalog.tombstone(prefix)
        if stone is None:
            raise UnknownCitation(f"No document here has, or had, an id that begins with {prefix}.")
        _in_range(span, stone.length)
        return _gone(stone, span, "changed" if catalog.at_path(stone.path) else "deleted")
    _in_range(span, entry.length)
    files = catalog.files_of(entry.number)
    if not any(_holds(folder, file, entry.source.id) for file in files):
        stone = Tombstone(entry.source.id, entry.source.path, entry.length, entry.source.modified)
        return _gone(stone, span, "changed" if any(_exists(folder, file) for file in files) else "deleted")
    citation = cite(catalog, entry, span)
    before = Span(max(0, span.start - context), span.start)
    after = Span(span.end, min(entry.length, span.end + context))
    return CitationInContext(
        **{each.name: getattr(citation, each.name) for each in fields(Citation)},
        before=catalog.text(entry.number, before) if len(before) else "",
        after=catalog.text(entry.number, after) if len(after) else "",
    )


def still_there(catalog: Catalog, folder: Path, documents: Collection[int]) -> set[int]:
    """Return those of the documents that some file of the folder still holds, even if it was edited since the sync."""
    found = set[int]()
    for file in catalog.files_of(*documents):
        if file.document is not None and file.document not in found and _still_holds(catalog, folder, file):
            found.add(file.document)
    return found


def _still_holds(catalog: Catalog, folder: Path, file: File) -> bool:
    if _unchanged(folder, file):
        return True
    entry = catalog.entry(file.document or 0)
    return entry is not None and _holds(folder, file, entry.source.id)


def _unchanged(folder: Path, file: File) -> bool:
    try:
        return Signature.of(os.lstat(os.path.join(os.fsencode(folder), file.raw))) == file.signature
    except OSError:
        return False


def _in_range(span: Span, length: int) -> None:
    if span.end > length:
        raise UnknownCitation(
            f"The document has {length:,} characters, and no place {span.start}-{span.end}: check the id."
        )


def _holds(folder: Path, file: File, id_: str) -> bool:
    """Tell whether a file still holds the text, by its stat or, where that does not vouch for it, by reading it."""
    if file.settled and _unchanged(folder, file):
        return True
    try:
        return parse(read_file(folder, file.raw)[0], file.path).id == id_
    except (OSError, DocumentError):
        return False


def _exists(folder: Path, file: File) -> bool:
    return os.path.lexists(os.path.join(os.fsencode(folder), file.raw))


def _gone(stone: Tombstone, span: Span, status: Status) -> CitationInContext:
    """Return what may be said of words that are no longer there: id and path, no text."""
    source = Source(id=stone.id, path=stone.path, paths=(), title="", media_type="", modified=stone.since)
    return CitationInContext(
        id=citation_id(stone.id, span),
        document=source,
        start_char_index=span.start,
        end_char_index=span.end,
        start_page_number=None,
        end_page_number=None,
        start_line=None,
        end_line=None,
        heading=(),
        number=None,
        cited_text=None,
        prefix="",
        suffix="",
        status=status,
        before="",
        after="",
    )


def resolve(
    catalog: Catalog, quote: str, *, prefix: str = "", suffix: str = "", document: str | None = None
) -> Citation:
    """Find a quote in one document (id or path) or in all, as a citation. Raises NotFound."""
    if not quote.strip():
        raise UsageError("The quote is empty: give the words to look for.")
    if len(quote) > MOST_CONTEXT:
        raise UsageError(f"The quote is too long: give at most {MOST_CONTEXT:,} characters.")
    entries = [_named(catalog, document)] if document else catalog.entries()
    for entry in entries:
        span = find_quote(catalog.text(entry.number), quote, prefix=prefix, suffix=suffix)
        if span:
            return cite(catalog, entry, span)
    raise NotFound("These words stand nowhere in the documents.")


def _named(catalog: Catalog, name: str) -> Entry:
    entry = (catalog.find(name) if re.fullmatch("[0-9a-f]{16,64}", name) else None) or catalog.at_path(name)
    if entry is None:
        raise NotFound("There is no such document: give its path relative to the folder, or its id.")
    return entry
