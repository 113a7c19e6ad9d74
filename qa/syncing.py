"""Make the index equal the folder, in two phases: read and cut, then embed."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from qa.catalog import Catalog
from qa.documents import Document, parse
from qa.embedders import Embedder
from qa.errors import DocumentError, IndexVersion
from qa.folder import Found, read_file, scan
from qa.lexical import Lexical, Words
from qa.passages import cut
from qa.plain import Plain
from qa.records import File, Row, Signature
from qa.vectors import Vectors

_BATCH_CHARACTERS = 4_000_000
_EMBED_AT_ONCE = 64  # about a second of work: so long `close` may have to wait


@dataclass(frozen=True, slots=True)
class Failure(Plain):
    """A file that could not be read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport(Plain):
    """What a sync did, in files; `waiting` counts passages that are not embedded yet."""

    added: int = 0
    updated: int = 0
    moved: int = 0
    removed: int = 0
    unchanged: int = 0
    failed: int = 0
    failures: tuple[Failure, ...] = ()
    opened: int = 0
    embedded: int = 0
    waiting: int = 0
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase is: `reading` counts files, `embedding` counts passages."""

    phase: Literal["reading", "embedding"]
    done: int
    total: int
    seconds: float

    @property
    def rate(self) -> float:
        """Files or passages a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long it will still take at this rate; None where nothing is known yet."""
        return (self.total - self.done) / self.rate if self.done else None


Watcher = Callable[[Progress], None]


@dataclass
class _Tally:
    """The report while it grows."""

    documents: dict[str, int | None] = field(default_factory=dict)  # of paths that are new
    failures: list[Failure] = field(default_factory=list)
    updated: int = 0
    unchanged: int = 0
    opened: int = 0


def read_folder(
    folder: Path,
    index: Path,
    catalog: Catalog,
    lexical: Callable[[], Lexical],
    *,
    longest: int,
    watch: Watcher,
    stop: threading.Event,
) -> SyncReport:
    """Bring catalog and word index up to the folder; files over `longest` bytes are reported and left out."""
    began = time.monotonic()
    known = catalog.files()
    found = list(scan(folder, index=index))
    tally = _Tally()
    news = [each for each in found if not _same(each, known.get(each.path), tally)]
    watch(Progress("reading", 0, len(news), 0.0))
    done = 0
    for batch in _batches(_readings(folder, news, known, longest)):
        with catalog.transaction():
            for reading in batch:
                _keep(catalog, reading, known.get(reading.file.path), tally)
        write_words(catalog, lexical)
        done += len(batch)
        watch(Progress("reading", done, len(news), time.monotonic() - began))
        if stop.is_set():
            break
    # stopped halfway we cannot tell what has moved from what is gone: the next sync will
    present = set(known) if stop.is_set() else {each.path for each in found} | _out_of_sight(known, found)
    moved, removed = _drop_missing(catalog, known, present, tally)
    write_words(catalog, lexical)
    return SyncReport(
        added=sum(1 for document in tally.documents.values() if document is not None) - moved,
        updated=tally.updated,
        moved=moved,
        removed=removed,
        unchanged=tally.unchanged,
        failed=len(tally.failures),
        failures=tuple(tally.failures),
        opened=tally.opened,
    )


def _out_of_sight(known: Iterable[str], found: Iterable[Found]) -> set[str]:
    """Return the known files below folders that cannot be read just now: they are not gone."""
    closed = tuple(f"{each.path}/" for each in found if each.stat is None)
    return {path for path in known if path.startswith(closed)} if closed else set()


def _same(found: Found, known: File | None, tally: _Tally) -> bool:
    """Tell whether a file needs not be opened."""
    if known is None or found.stat is None or Signature.of(found.stat) != known.signature:
        return False
    if known.digest is None or not known.settled:
        return False  # never read, as when it was too large: that may be another matter now
    if known.reason:
        tally.failures.append(Failure(known.path, known.reason))
    else:
        tally.unchanged += 1
    return True


@dataclass(frozen=True, slots=True)
class _Reading:
    """A file that was looked at: with its document, or none if it has a reason or its bytes are as before."""

    file: File
    document: Document | None = None


def _readings(folder: Path, news: Iterable[Found], known: dict[str, File], longest: int) -> Iterator[_Reading]:
    for found in news:
        yield _read(folder, found, known.get(found.path), longest)


def _read(folder: Path, found: Found, known: File | None, longest: int) -> _Reading:
    """Open one file; whatever is wrong with it becomes its reason."""
    seen = time.time_ns()
    file = File(found.path, found.raw, _UNSEEN, seen, None, None, found.reason)
    if found.stat is None:
        return _Reading(file)
    file = replace(file, signature=Signature.of(found.stat))
    if found.stat.st_size > longest:
        reason = f"It is larger than {longest / 1e6:g} MB: split it, or raise QA_MAX_FILE_MB."
        return _Reading(replace(file, reason=reason))
    try:
        data, stat = read_file(folder, found.raw)
        file = replace(file, signature=Signature.of(stat), digest=hashlib.sha256(data).digest())
        if known and known.digest == file.digest:
            return _Reading(replace(file, document=known.document, reason=known.reason))
        return _Reading(file, parse(data, found.path))
    except DocumentError as error:
        return _Reading(replace(file, reason=str(error)))
    except OSError as error:
        return _Reading(replace(file, reason=f"It cannot be read: {error.strerror}."))


_UNSEEN = Signature(-1, -1, -1, -1)


def _batches(readings: Iterator[_Reading]) -> Iterator[list[_Reading]]:
    """Gather readings until there is enough for one transaction, or a second is over."""
    batch: list[_Reading] = []
    size, began = 0, time.monotonic()
    for reading in readings:
        batch.append(reading)
        size += len(reading.document.text) if reading.document else 0
        if size > _BATCH_CHARACTERS or time.monotonic() - began > 2:
            yield batch
            batch, size, began = [], 0, time.monotonic()
    if batch:
        yield batch


def _keep(catalog: Catalog, reading: _Reading, known: File | None, tally: _Tally) -> None:
    file = reading.file
    if reading.document:
        file = replace(file, document=catalog.put_document(reading.document, cut(reading.document)))
    catalog.put_file(file)
    tally.opened += file.digest is not None
    if file.reason:
        tally.failures.append(Failure(file.path, file.reason))
    elif known is None or known.document is None:
        tally.documents[file.path] = file.document
    elif known.document == file.document:
        tally.unchanged += 1
    else:
        tally.updated += 1


def _drop_missing(catalog: Catalog, known: dict[str, File], present: set[str], tally: _Tally) -> tuple[int, int]:
    """Forget the files that are gone, and texts that no file holds; return how many moved and how many were removed."""
    gone = [file for path, file in known.items() if path not in present]
    arrived, left = Counter(tally.documents.values()), Counter(file.document for file in gone)
    moved = sum((arrived & left).values()) - min(arrived[None], left[None])
    with catalog.transaction():
        for file in gone:
            catalog.drop_file(file.path)
        catalog.drop_orphans({file.document: file.path for file in known.values() if file.document is not None})
    return moved, len(gone) - moved


def write_words(catalog: Catalog, lexical: Callable[[], Lexical]) -> None:
    """Bring the word index up to the catalog; safe to repeat after being cut short."""
    waiting, dead = catalog.lexical_waiting(), catalog.lexical_dead()
    if not waiting and not dead:
        return
    index = lexical()
    # a document may have been added just before the process was killed: taken out first, it is never there twice
    index.remove([*dead, *waiting])
    for number in waiting:
        text = catalog.text(number)
        index.add(Words(row.number, number, row.span.of(text)) for row in catalog.rows(number))
    index.commit()
    catalog.lexical_done(waiting, dead)


def check_embedder(catalog: Catalog, embedder: Embedder) -> None:
    """Raise IndexVersion if the index was made with another embedder."""
    made_with = catalog.meta("embedder")
    if made_with and made_with != embedder.fingerprint:
        raise IndexVersion(
            f"This index was made with the embedder {made_with}, and now it is {embedder.fingerprint}: "
            "set QA_EMBEDDER back, or run `qa doctor --repair` to embed everything anew."
        )


def embed_waiting(
    catalog: Catalog, vectors: Callable[[], Vectors], embedder: Embedder, *, watch: Watcher, stop: threading.Event
) -> int:
    """Embed the passages that have no vector yet, and delete vectors that no passage needs; count those embedded."""
    check_embedder(catalog, embedder)
    _drop_dead(catalog, vectors)
    began, done, after = time.monotonic(), 0, 0
    total = catalog.counts().waiting
    while not stop.is_set() and (rows := catalog.vectors_waiting(after, _EMBED_AT_ONCE)):
        if not done:
            watch(Progress("embedding", 0, total, 0.0))
            catalog.set_meta("embedder", embedder.fingerprint)
        after = rows[-1].number
        done += _embed(catalog, vectors(), embedder, {row.key: row for row in rows})
        watch(Progress("embedding", done, max(done, total), time.monotonic() - began))
    return done


def _embed(catalog: Catalog, vectors: Vectors, embedder: Embedder, rows: dict[bytes, Row]) -> int:
    words = [catalog.text(row.document, row.span).strip() for row in rows.values()]
    keys = list(rows)
    vectors.put(keys, embedder.embed(words))
    with catalog.transaction():
        catalog.vectors_done(keys)
        catalog.set_meta("slots", str(int(catalog.meta("slots") or 0) + len(keys)))
    return len(keys)


def _drop_dead(catalog: Catalog, vectors: Callable[[], Vectors]) -> None:
    """Delete the vectors that no passage needs; with too many dead places, copy the living elsewhere."""
    dead = catalog.vectors_dying()
    if dead:
        vectors().remove(dead)
        catalog.vectors_gone(dead)
    slots, live = int(catalog.meta("slots") or 0), catalog.counts().vectors
    if slots > 1_000 and live < 0.7 * slots:

        def use(name: str) -> None:
            with catalog.transaction():
                catalog.set_meta("collection", name)
                catalog.set_meta("slots", str(live))

        vectors().copy(catalog.live_keys(), use=use)
