"""What stands in the library: its files, and the text and the original of each."""

from __future__ import annotations

import os
from pathlib import Path

from qa.catalog import Catalog
from qa.errors import NotFound
from qa.folder import without_links
from qa.globs import forms
from qa.records import Entry, File
from qa.spans import Span
from qa.status import LibraryFile, library_file

_SHORTEST_ID = 16


def all_files(catalog: Catalog) -> list[LibraryFile]:
    """Say of each file how it stands."""
    entries = {entry.number: entry for entry in catalog.entries()}
    waiting = catalog.backlog.documents_to_embed()
    return [
        library_file(catalog, file, entries.get(file.document or 0), waits=file.document in waiting)
        for file in catalog.files().values()
    ]


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


def _entry(catalog: Catalog, id: str) -> Entry | None:
    return catalog.find(id) if len(id) >= _SHORTEST_ID else None
