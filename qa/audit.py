"""Which citations that were given are no longer valid, so that whoever relied on them can be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import get_args

from qa.catalog import Catalog
from qa.citations import Citation, Given, Status, citation_id, parse_id
from qa.errors import UsageError
from qa.ledger import Quote, Served, Text
from qa.lookup import Fate, fate
from qa.plain import Plain
from qa.present import Present, surely_there
from qa.records import Entry

MOST = 1_000
"""So many citations are in one page at most."""
_AT_ONCE = 500
"""So many texts are asked for in one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited(Plain):
    """A citation that was given: where it was, its words as far as they may be shown, and where they stand now."""

    id: str
    path: str
    status: Status
    cited_text: str | None
    current: Citation | None
    given: Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit(Plain):
    """The citations that were asked for, in the order of their ids; `given` is how many there are in all.

    `next` is what `after` must be for those that follow, None where there are none.
    """

    given: int
    citations: tuple[Audited, ...]
    next: str | None


def audit(
    catalog: Catalog,
    folder: Path,
    *,
    longest: int,
    status: str | None = None,
    count: int | None = None,
    after: str | None = None,
) -> Audit:
    """List the citations that were given and have a status now, or are not valid any more without one.

    Every file that was cited is looked at, as for a lookup, and read if it changed, unless it is over `longest` bytes.
    At most `count` are listed, all without it, and only those after an id. Raises UsageError.
    """
    _check(status, count)
    found = _audited(catalog, folder, longest, status, after)
    listed = list(islice(found, count))
    more = count is not None and len(listed) == count and next(found, None) is not None
    return Audit(given=catalog.ledger.count(), citations=tuple(listed), next=listed[-1].id if more else None)


def joined(page: Callable[[str | None], Audit], after: str | None) -> Audit:
    """Put all pages together, where each is asked for with what the one before it gave."""
    citations: list[Audited] = []
    while True:
        part = page(after)
        citations += part.citations
        if (after := part.next) is None:
            return Audit(given=part.given, citations=tuple(citations), next=None)


def _check(status: str | None, count: int | None) -> None:
    if status is not None and status not in get_args(Status):
        raise UsageError(f"There is no such status: give one of {', '.join(get_args(Status))}, or none.")
    if count is not None and not 1 <= count <= MOST:
        raise UsageError(f"The count must be from 1 to {MOST:,}.")


def _audited(catalog: Catalog, folder: Path, longest: int, status: str | None, after: str | None) -> Iterator[Audited]:
    prefix, span = parse_id(after) if after else ("", None)
    for text, held in _texts(catalog, folder, longest, prefix):
        if held != (status == "valid"):
            continue
        rows = catalog.ledger.rows(text, after=span if prefix and text.id.startswith(prefix) else None)
        for at in range(0, len(rows), MOST):
            present = Present(catalog, folder, longest=longest)  # one for many: it keeps what it reads
            yield from _looked_up(catalog, present, text, rows[at : at + MOST], status, held=held)


def _looked_up(
    catalog: Catalog, present: Present, text: Text, rows: Sequence[Served], status: str | None, *, held: bool
) -> list[Audited]:
    with catalog.moment():  # a sync that goes on meanwhile may take away what has just been found
        entry = catalog.find(text.id)
        fates = ((row, _fate(catalog, present, row, entry, held=held)) for row in rows)
        return [_said(catalog, row, entry, found) for row, found in fates if status in (None, found.status)]


def _texts(catalog: Catalog, folder: Path, longest: int, first: str) -> Iterator[tuple[Text, bool]]:
    """Yield the texts of which something was cited, by their ids, and whether a file still holds each."""
    texts = catalog.ledger.texts(first)
    for some in (texts[at : at + _AT_ONCE] for at in range(0, len(texts), _AT_ONCE)):
        documents = [text.document for text in some if text.document is not None]
        there = surely_there(catalog, folder, documents, longest=longest)
        yield from ((text, text.document in there) for text in some)


def _fate(catalog: Catalog, present: Present, row: Served, entry: Entry | None, *, held: bool) -> Fate:
    if entry and held:
        return Fate("valid", Quote(catalog.text(entry.number, row.place.span), "", ""))
    return fate(catalog, present, row.place, _path(catalog, row, entry), row, entry)


def _said(catalog: Catalog, row: Served, entry: Entry | None, found: Fate) -> Audited:
    return Audited(
        id=citation_id(row.place.document, row.place.span),
        path=_path(catalog, row, entry),
        status=found.status,
        cited_text=found.quote.words if found.quote else None,
        current=found.current,
        given=Given.of(row),
    )


def _path(catalog: Catalog, row: Served, entry: Entry | None) -> str:
    stone = None if entry else catalog.tombstone(row.place.document)
    return entry.source.path if entry else stone.path if stone else ""
