"""Looking a citation up again: whether its words still stand there, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from qa.anchoring import nearest
from qa.catalog import Catalog
from qa.changes import difference
from qa.citations import (
    MOST_CONTEXT,
    Citation,
    CitationInContext,
    Given,
    Status,
    check_range,
    citation_id,
    cite,
    parse_id,
)
from qa.errors import UnknownCitation, UsageError
from qa.ledger import AROUND, Place, Quote, Served
from qa.present import Present, Standing
from qa.records import Entry, Source, Tombstone
from qa.spans import Span

_GONE = "Its document is no longer in the folder, so its words are not shown."
_NOT_SYNCED = (
    "Its file is no longer where the last sync saw it, so its words are not shown. "
    "If it was renamed or moved, a sync finds it."
)
_NOT_KNOWN = (
    "Its words are not known here any more, so nobody can look for them: "
    "they were erased when a file that held them was removed."
)
_NOT_KEPT = "Its words were not kept: its file says something else now, and no answer ever gave this citation."


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a citation: `quote` are its words as far as they may be shown, `texts` what its files say now."""

    status: Status
    quote: Quote | None = None
    current: Citation | None = None
    texts: tuple[Standing, ...] = ()


def look_up(catalog: Catalog, folder: Path, id_: str, *, context: int, longest: int) -> CitationInContext:
    """Look a citation up again, checking its file first: `valid` is never stale.

    A file that changed is read, up to `longest` bytes. Raises MalformedCitation, UnknownCitation, UsageError.
    """
    if not 0 <= context <= MOST_CONTEXT:
        raise UsageError(f"The context must be from 0 to {MOST_CONTEXT:,} characters.")
    prefix, span = parse_id(id_)
    with catalog.moment():  # a sync that goes on meanwhile may take away what has just been found
        return _looked_up(catalog, Present(catalog, folder, longest=longest), prefix, span, context)


@contextmanager
def lookups(catalog: Catalog, folder: Path, *, longest: int) -> Iterator[Callable[[str], CitationInContext]]:
    """Let many citations be looked up as they are at one moment: each file is looked at once.

    Neither what stands around them is told, nor what is most like words that changed, which takes long to find.
    """
    with catalog.moment():
        present = Present(catalog, folder, longest=longest)
        yield lambda id_: _looked_up(catalog, present, *parse_id(id_), context=0, likest=False)


def _looked_up(
    catalog: Catalog, present: Present, prefix: str, span: Span, context: int, *, likest: bool = True
) -> CitationInContext:
    entry = catalog.find(prefix)
    if entry is not None and present.holds(entry):
        check_range(span, entry.length)
        row = catalog.ledger.find(Place(entry.source.id, span))
        return _valid(catalog, entry, span, context, row)
    stone = _stone(entry) if entry else catalog.tombstone(prefix)
    if stone is None:
        raise UnknownCitation(f"No document here has, or had, an id that begins with {prefix}.")
    check_range(span, stone.length)
    place = Place(stone.id, span)
    row = catalog.ledger.find(place)
    found = fate(catalog, present, place, stone.path, row, entry)
    gone = _gone(stone, span, found, row, _note(found, row, synced=entry is None))
    return replace(gone, **_likest(found, near=span.start)) if likest else gone


def fate(catalog: Catalog, present: Present, place: Place, path: str, row: Served | None, entry: Entry | None) -> Fate:
    """Tell what became of a citation whose text no file holds any more.

    `path` is where the text was last, `row` what the ledger has of it, `entry` the text itself where the catalog still
    has it, since the folder was not synced since.
    """
    held = {file.path for file in catalog.files_of(entry.number)} if entry else set()
    paths = held | set(catalog.ledger.paths(place.document)) or {path}
    there = sorted(path for path in paths if present.there(path))
    texts = tuple(present.texts(there))
    quote = _quote(catalog, entry, place.span) if entry else row.quote if row else None
    if quote and (current := _current(catalog, present, row, quote, texts, near=place.span.start)):
        return Fate("moved", quote, current)
    # of what was never given the words would be gone with the next sync
    return Fate("changed", quote if row else None, texts=texts) if there else Fate("deleted")


def _quote(catalog: Catalog, entry: Entry, span: Span) -> Quote:
    around = Span(max(0, span.start - AROUND), span.end + AROUND)
    return Quote.of(catalog.text(entry.number, around), span.shift(-around.start))


def _current(
    catalog: Catalog, present: Present, row: Served | None, quote: Quote, texts: Sequence[Standing], *, near: int
) -> Citation | None:
    """Return where the words of a quote really stand: where the sync has found them, or in what its files say now."""
    if row and row.now and (entry := catalog.find(row.now.document)):
        if present.holds(entry):
            return cite(catalog, entry, row.now.span)
        since = present.texts(file.path for file in catalog.files_of(entry.number))
        if found := _first(since, quote, near=row.now.span.start):
            return found
    # what the sync has looked for in vain is only looked for in what it has not seen
    return _first([text for text in texts if text.fresh or not (row and row.lost)], quote, near=near)


def _first(texts: Iterable[Standing], quote: Quote, *, near: int) -> Citation | None:
    for each in texts:
        if found := each.find(quote, near=near):
            return found
    return None


def _valid(catalog: Catalog, entry: Entry, span: Span, context: int, row: Served | None) -> CitationInContext:
    citation = cite(catalog, entry, span)
    before = Span(max(0, span.start - context), span.start)
    after = Span(span.end, min(entry.length, span.end + context))
    return CitationInContext(
        **{each.name: getattr(citation, each.name) for each in fields(Citation)},
        before=catalog.text(entry.number, before) if len(before) else "",
        after=catalog.text(entry.number, after) if len(after) else "",
        given=Given.of(row) if row else None,
    )


def _note(found: Fate, row: Served | None, *, synced: bool) -> str | None:
    """Say why there are no words."""
    if found.status == "deleted":
        return _GONE if synced else _NOT_SYNCED
    if found.status == "changed" and not found.quote:
        return _NOT_KNOWN if row else _NOT_KEPT
    return None


def _gone(stone: Tombstone, span: Span, found: Fate, row: Served | None, note: str | None) -> CitationInContext:
    """Return what may be said of words that no longer stand where they stood: id and path, and the words if known."""
    source = Source(id=stone.id, path=stone.path, paths=(), title="", media_type="", modified=stone.since)
    quote = found.quote or Quote("", "", "")
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
        cited_text=quote.words or None,
        prefix=quote.prefix,
        suffix=quote.suffix,
        status=found.status,
        before="",
        after="",
        current=found.current,
        given=Given.of(row) if row else None,
        note=note,
    )


def _likest(found: Fate, *, near: int) -> dict[str, Any]:
    """Return the place in what a changed citation's files say now that is most like its words, and what differs."""
    if found.quote is None:
        return {}
    for each in found.texts:
        if span := nearest(each.letters.text, found.quote.words, near=near):
            likest = each.cite(span)
            return {"nearest": likest, "diff": difference(found.quote.words, likest.cited_text or "")}
    return {}


def _stone(entry: Entry) -> Tombstone:
    """Return what a text will leave behind that no file holds any more."""
    return Tombstone(entry.source.id, entry.source.path, entry.length, entry.source.modified)
