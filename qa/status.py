"""How a library and its files stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from qa.catalog import Catalog
from qa.plain import Plain, iso_time
from qa.progress import Progress
from qa.records import Entry, File

State = Literal["indexed", "waiting", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFile(Plain):
    """A file: `waiting` until all of it can be found by meaning too, `failed` with the reason if it is not read.

    One that was read only in part has a reason too.
    """

    path: str
    id: str | None
    title: str
    media_type: str | None
    size: int
    modified: str
    characters: int
    pages: int | None
    state: State
    reason: str | None
    _read: Callable[[], str] = field(repr=False, compare=False)

    def text(self) -> str:
        """Read the document's text."""
        return self._read()

    def to_dict(self) -> dict[str, Any]:
        """Return exactly the JSON."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "_read"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Plain):
    """How the library stands; `phase` is idle, reading or embedding, with `done` of `total` at `rate` a second.

    `revision` is another word whenever a file came, went, or was read again.
    """

    folder: str
    index: str
    version: str
    embedder: str | None
    files: int
    failed: int
    partial: int
    documents: int
    passages: int
    characters: int
    waiting: int
    phase: Literal["idle", "reading", "embedding"]
    done: int
    total: int
    rate: float
    seconds_left: float | None
    trouble: str | None
    revision: str


def library_file(catalog: Catalog, file: File, entry: Entry | None, *, waits: bool) -> LibraryFile:
    """Say how a file stands, from what the catalog knows of it and of its document."""

    def read() -> str:
        return catalog.text(entry.number) if entry else ""

    return LibraryFile(
        path=file.path,
        id=entry.source.id if entry else None,
        title=entry.source.title if entry else "",
        media_type=entry.source.media_type if entry else None,
        size=max(0, file.signature.size),
        modified=iso_time(max(0, file.signature.mtime_ns) / 1e9),
        characters=entry.length if entry else 0,
        pages=(len(entry.pages) or None) if entry else None,
        state="failed" if file.reason and entry is None else "waiting" if waits else "indexed",
        reason=file.reason,
        _read=read,
    )


def read_status(catalog: Catalog, progress: Progress | None, *, folder: str, index: str, trouble: str | None) -> Status:
    """Say how a library stands, from its catalog and from how far a sync is."""
    from qa import __version__  # not above: the package itself imports this room

    counts = catalog.counts()
    return Status(
        folder=folder,
        index=index,
        version=__version__,
        embedder=catalog.meta("embedder"),
        files=counts.files,
        failed=counts.failed,
        partial=counts.partial,
        documents=counts.documents,
        passages=counts.passages,
        characters=counts.characters,
        waiting=counts.waiting,
        phase=progress.phase if progress else "idle",
        done=progress.done if progress else 0,
        total=progress.total if progress else 0,
        rate=round(progress.rate, 1) if progress else 0.0,
        seconds_left=progress.seconds_left if progress else None,
        trouble=trouble,
        revision=catalog.revision(),
    )
