"""What stands in the files of the folder now, whatever the last sync saw."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from qa.anchoring import anchor
from qa.catalog import Catalog
from qa.citations import Citation, cite, cite_in
from qa.documents import Document
from qa.folder import read_file
from qa.ledger import Quote
from qa.letters import Letters
from qa.opening import opened
from qa.parsers import parse_all
from qa.records import Entry, File, Signature, Source, iso_time
from qa.spans import Span


@dataclass
class Standing:
    """A text that a file holds now: the catalog's, or one that has just been read."""

    entry: Entry
    _catalog: Catalog
    _read: str | None = None

    @property
    def fresh(self) -> bool:
        """Tell whether the last sync has not seen it."""
        return self._read is not None

    @cached_property
    def letters(self) -> Letters:
        """Its words, to be compared."""
        return Letters(self._catalog.text(self.entry.number) if self._read is None else self._read)

    def find(self, quote: Quote, *, near: int) -> Citation | None:
        """Return the place where the words of a quote really stand in it."""
        found = anchor(self.letters, quote.words, prefix=quote.prefix, suffix=quote.suffix, near=near)
        return self.cite(found.span) if found else None

    def cite(self, span: Span) -> Citation:
        """Make a citation of it."""
        if self._read is None:
            return cite(self._catalog, self.entry, span)
        return cite_in(self.entry, self._read, span)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it is now: whether it is there at all, and what it holds, if that can be read."""

    there: bool
    standing: Standing | None = None


class Present:
    """Looks at each file once: at its stat, and into it where that does not vouch for what the catalog knows."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog = catalog
        self._folder = folder
        self._seen: dict[str, _Seen] = {}

    def holds(self, entry: Entry) -> bool:
        """Tell whether some file still holds a document."""
        return any(self._holds(file, entry) for file in self._catalog.files_of(entry.number))

    def there(self, path: str) -> bool:
        """Tell whether there is a file at a path, and one that belongs to the library."""
        return self._look(path).there

    def texts(self, paths: Iterable[str]) -> list[Standing]:
        """Return what stands at some paths."""
        found = (self._look(path).standing for path in paths)
        return [standing for standing in found if standing]

    def _holds(self, file: File, entry: Entry) -> bool:
        if file.settled and unchanged(self._folder, file):
            return True
        standing = self._look(file.path).standing
        return standing is not None and standing.entry.source.id == entry.source.id

    def _look(self, path: str) -> _Seen:
        if path not in self._seen:
            file = self._catalog.file(path)
            self._seen[path] = self._opened(file) if file else _Seen(False)
        return self._seen[path]

    def _opened(self, file: File) -> _Seen:
        if file.settled and unchanged(self._folder, file):
            return self._known(file)
        try:
            data, seen = read_file(self._folder, file.raw)
        except OSError:
            return _Seen(_is_file(self._folder, file))
        holder = self._catalog.file(file.container) if file.container else file
        if holder and hashlib.sha256(data).digest() == holder.digest:  # parsing takes far longer
            return self._known(file)
        parsed = parse_all(data, file.container or file.path, archives=opened(self._catalog))
        found = next((each for each in parsed if each.path == file.path), None)
        if found is None or found.document is None:
            return _Seen(found is not None)
        document = found.document
        return _Seen(True, Standing(_entry(document, file.path, seen), self._catalog, document.text))

    def _known(self, file: File) -> _Seen:
        """Return what the catalog has of a file."""
        entry = self._catalog.entry(file.document or 0)
        return _Seen(True, Standing(entry, self._catalog) if entry else None)


def still_there(catalog: Catalog, folder: Path, documents: Collection[int]) -> set[int]:
    """Return those of the documents that some file of the folder still holds, even if it was edited since the sync."""
    files = catalog.files_of(*documents)
    found = {file.document for file in files if file.document is not None and unchanged(folder, file)}
    doubtful = catalog.entries_of({file.document for file in files if file.document is not None} - found)
    present = Present(catalog, folder)
    return found | {number for number, entry in doubtful.items() if present.holds(entry)}


def unchanged(folder: Path, file: File) -> bool:
    """Tell whether `stat` says of a file what it said when it was read."""
    try:
        return Signature.of(os.lstat(_place(folder, file))) == file.signature
    except OSError:
        return False


def _is_file(folder: Path, file: File) -> bool:
    """Tell whether a file is there that cannot be read; a folder or a link in its place is none."""
    try:
        return stat.S_ISREG(os.lstat(_place(folder, file)).st_mode)
    except OSError:
        return False


def _place(folder: Path, file: File) -> bytes:
    return os.path.join(os.fsencode(folder), file.raw)


def _entry(document: Document, path: str, seen: os.stat_result) -> Entry:
    """Describe a document that is not in the catalog."""
    source = Source(
        id=document.id,
        path=path,
        paths=(path,),
        title=document.title,
        media_type=document.media_type,
        modified=iso_time(Signature.of(seen).mtime_ns / 1e9),
    )
    return Entry(0, source, len(document.text), document.pages, document.headings, document.parts)
