"""What stands in the files of the folder now, whatever the last sync saw."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from qa.anchoring import anchor
from qa.catalog import Catalog
from qa.citations import Citation, cite, cite_in
from qa.documents import Document
from qa.folder import read_file
from qa.ledger import Quote
from qa.letters import Letters
from qa.plain import iso_time
from qa.records import Entry, File, Signature, Source
from qa.spans import Span

if TYPE_CHECKING:
    from qa.reading import Reading


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
    """Looks at each file once: at its stat, and into it where that does not vouch for what the catalog knows.

    A file over `longest` bytes is not read, as by a sync.
    """

    def __init__(self, catalog: Catalog, folder: Path, *, longest: int) -> None:
        self._catalog = catalog
        self._folder = folder
        self._longest = longest
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
        if vouched(self._folder, file):
            return True
        standing = self._look(file.path).standing
        return standing is not None and standing.entry.source.id == entry.source.id

    def _look(self, path: str) -> _Seen:
        if path not in self._seen:
            file = self._catalog.file(path)
            self._seen[path] = self._opened(file) if file else _Seen(False)
        return self._seen[path]

    def _opened(self, file: File) -> _Seen:
        if vouched(self._folder, file):
            return self._known(file)
        found = _stat(self._folder, file)
        if found is None or not stat.S_ISREG(found.st_mode):
            return _Seen(False)
        if found.st_size > self._longest:
            return _Seen(True)
        try:
            data, seen = read_file(self._folder, file.raw)
        except OSError:  # a file is there, and cannot be read
            return _Seen(True)
        holder = self._catalog.file(file.container) if file.container else file
        if holder and hashlib.sha256(data).digest() == holder.digest:  # to parse it takes far longer
            return self._known(file)
        inside = self._read(file, seen.st_size)
        if inside is None or inside.document is None:
            return _Seen(inside is not None and not inside.gone)
        return _Seen(True, Standing(_entry(inside.document, file.path, seen), self._catalog, inside.document.text))

    def _read(self, file: File, size: int) -> Reading | None:
        """Read a file as a sync would, and return what it has at its path."""
        # parsers take a twentieth of a second to load, and most lookups need none
        from qa.opening import opened
        from qa.reading import Task
        from qa.workers import read_files

        task = Task(file.container or file.path, file.raw, size, None, archives=opened(self._catalog))
        with closing(read_files(self._folder, [task], processes=1)) as readings:
            read = next(readings)
        return next((each for each in (read, *read.inside) if each.file.path == file.path), None)

    def _known(self, file: File) -> _Seen:
        """Return what the catalog has of a file."""
        entry = self._catalog.entry(file.document or 0)
        return _Seen(True, Standing(entry, self._catalog) if entry else None)


def still_there(catalog: Catalog, folder: Path, documents: Collection[int], *, longest: int) -> set[int]:
    """Return those of the documents that some file of the folder still holds, even if it was edited since the sync.

    Of files that changed none over `longest` bytes is read.
    """
    return _held(catalog, folder, documents, unchanged, longest)


def surely_there(catalog: Catalog, folder: Path, documents: Collection[int], *, longest: int) -> set[int]:
    """Return the same, where a file that may have changed in the moment in which it was read is read again."""
    return _held(catalog, folder, documents, vouched, longest)


def _held(
    catalog: Catalog, folder: Path, documents: Collection[int], trusted: Callable[[Path, File], bool], longest: int
) -> set[int]:
    files = catalog.files_of(*documents)
    found = {file.document for file in files if file.document is not None and trusted(folder, file)}
    doubtful = catalog.entries_of({file.document for file in files if file.document is not None} - found)
    return found | {
        number for number, entry in doubtful.items() if Present(catalog, folder, longest=longest).holds(entry)
    }


def vouched(folder: Path, file: File) -> bool:
    """Tell whether a file is surely the one that was read."""
    return file.settled and unchanged(folder, file)


def unchanged(folder: Path, file: File) -> bool:
    """Tell whether `stat` says of a file what it said when it was read, and no folder above it is a link now."""
    found = _stat(folder, file)
    return found is not None and Signature.of(found) == file.signature


def _stat(folder: Path, file: File) -> os.stat_result | None:
    """Return what `stat` says of what is in a file's place; None where nothing is, or only by a link."""
    place = os.fsencode(folder)
    try:
        for name in os.path.dirname(file.raw).split(os.sep.encode()):
            place = os.path.join(place, name)
            if name and stat.S_ISLNK(os.lstat(place).st_mode):
                return None
        return os.lstat(os.path.join(place, os.path.basename(file.raw)))
    except OSError:
        return None


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
