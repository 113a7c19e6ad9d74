"""What stands in the library: its files, and the text and the original of each."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from heapq import nsmallest
from pathlib import Path
from typing import Any

from qa.catalog import Catalog
from qa.documents import INSIDE
from qa.errors import NotFound
from qa.folder import without_links
from qa.globs import forms
from qa.plain import Plain, plain
from qa.records import Entry, File
from qa.spans import Span
from qa.status import LibraryFile, library_file

_SHORTEST_ID = 16


@dataclass(frozen=True, slots=True)
class Folder(Plain):
    """A folder below that of the library, with a / at its end, and how many of the files are below it."""

    path: str
    files: int


@dataclass(frozen=True, slots=True)
class Found:
    """Some files of many, how many there are, and some of the folders that they all are in."""

    documents: list[LibraryFile]
    total: int
    folders: list[Folder]

    def to_dict(self) -> dict[str, Any]:
        """Return exactly the JSON."""
        documents = [each.to_dict() for each in self.documents]
        return {"documents": documents, "total": self.total, "folders": plain(self.folders)}


def all_files(catalog: Catalog) -> list[LibraryFile]:
    """Say of each file how it stands."""
    entries = {entry.number: entry for entry in catalog.entries()}
    waiting = catalog.backlog.documents_to_embed()
    return [
        library_file(catalog, file, entries.get(file.document or 0), waits=file.document in waiting)
        for file in catalog.files().values()
    ]


def found_files(catalog: Catalog, query: str, count: int) -> Found:
    """Return the first so many files with all words of a query in path or title, those with a reason first."""
    words = query.casefold().split()
    fitting = [
        (not reason, path)
        for path, title, reason in catalog.names()
        if all(word in f"{path} {title}".casefold() for word in words)
    ]
    folders = Counter(folder for _, path in fitting for folder in _above(path))
    shown = []
    for _, path in nsmallest(count, fitting):
        with suppress(NotFound):  # it has just gone
            shown.append(one_file(catalog, path))
    return Found(shown, len(fitting), [Folder(path, files) for path, files in sorted(folders.items())[:count]])


def one_file(catalog: Catalog, id: str) -> LibraryFile:
    """Say of the file with this document id or path how it stands. Raises NotFound."""
    file = known(catalog, id)
    waits = file.document is not None and catalog.backlog.waits(file.document)
    return library_file(catalog, file, catalog.entry(file.document or 0), waits=waits)


def known(catalog: Catalog, id: str) -> File:
    """Return the file with this document id (16 hex digits or more) or path. Raises NotFound."""
    entry = _entry(catalog, id)
    files = catalog.files_of(entry.number) if entry else filter(None, map(catalog.file, (id, *forms(id))))
    file = next(iter(files), None)
    if file is None:
        raise NotFound("There is no such document: give its path relative to the folder, or its id.")
    return file


def text(catalog: Catalog, id: str, span: Span | None) -> str:
    """Return the text of a document by its id, or the words of a span of it. Raises NotFound."""
    entry = _entry(catalog, id)
    if entry is None:
        raise NotFound("There is no such document: it may have been edited or removed.")
    return catalog.text(entry.number, span)


def original(catalog: Catalog, folder: Path, id: str) -> Path:
    """Return the place of a document's file, which is checked to be inside the folder. Raises NotFound."""
    place = without_links(folder, os.fsdecode(known(catalog, id).raw))
    if not place.is_file():
        raise NotFound("The file is no longer there.")
    return place


def _above(path: str) -> list[str]:
    parts = path.split(INSIDE)[0].split("/")[:-1]
    return ["/".join(parts[: at + 1]) + "/" for at in range(len(parts))]


def _entry(catalog: Catalog, id: str) -> Entry | None:
    return catalog.find(id) if len(id) >= _SHORTEST_ID else None
