"""Make the index equal the folder, so that it can be asked by words; embedding follows behind."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from qa.catalog import Catalog
from qa.folder import Found, scan
from qa.following import News, follow
from qa.lexical import Lexical, Words
from qa.opening import known_files, note_opened
from qa.plain import Plain
from qa.progress import Progress, Watcher
from qa.reading import Reading, Task, unopened
from qa.records import File, Signature
from qa.workers import read_files

_BATCH_CHARACTERS = 2_000_000
_COMMIT_SECONDS = 3.0
_DROPPED = 500
"""So many files go in one transaction: answers that are given meanwhile wait for it."""


@dataclass(frozen=True, slots=True)
class Failure(Plain):
    """A file that could not be read, or only in part, and why."""

    path: str
    reason: str
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport(Plain):
    """What a sync did, in files; `waiting` counts passages that are not embedded yet.

    `failures` are those that could not be read, and those that could only in part, which count as read too.
    """

    added: int = 0
    updated: int = 0
    moved: int = 0
    removed: int = 0
    unchanged: int = 0
    failed: int = 0
    partial: int = 0
    failures: tuple[Failure, ...] = ()
    opened: int = 0
    embedded: int = 0
    waiting: int = 0
    citations: Mapping[str, int] = field(default_factory=dict)
    """How many citations that were given before became `moved`, `changed` and `deleted`."""
    note: str | None = None


@dataclass
class _Tally:
    """The report while it grows."""

    documents: dict[str, int | None] = field(default_factory=dict)  # of paths that are new
    inside: set[str] = field(default_factory=set)  # of files inside others, those that are there
    gone: set[str] = field(default_factory=set)  # those that vanished since the folder was listed
    left: list[File] = field(default_factory=list)  # what files were that are other ones now
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
    archives: bool,
    processes: int,
    watch: Watcher,
    stop: threading.Event,
) -> SyncReport:
    """Bring catalog and word index up to the folder; files over `longest` bytes are reported and left out."""
    began = time.monotonic()
    known = known_files(catalog, archives=archives)
    found = list(scan(folder, index=index))
    tally = _Tally()
    held = _held(known.values())
    news = [each for each in found if not _same(each, known.get(each.path), held, tally)]
    watch(Progress("reading", 0, len(news), 0.0))
    write_words(catalog, lexical)  # what an earlier sync has left
    words = _NewWords(catalog, lexical)
    done = 0
    with closing(_readings(folder, news, known, longest=longest, archives=archives, processes=processes)) as readings:
        for batch in _batches(readings):
            words.add(_keep_all(catalog, batch, known, held, tally))
            done += len(batch)
            watch(Progress("reading", done, len(news), time.monotonic() - began))
            if stop.is_set():
                break
    words.commit()
    # stopped halfway we cannot tell what has moved from what is gone: the next sync will
    present = (
        set(known)
        if stop.is_set()
        else {each.path for each in found} - tally.gone | tally.inside | _out_of_sight(known, found)
    )
    moved, removed, formless = _drop_missing(catalog, known, present, tally)
    if formless and not stop.is_set():
        again = [each for each in found if each.path in formless]
        _read_again(folder, again, catalog, longest=longest, archives=archives, processes=processes)
    write_words(catalog, lexical)
    followed = {}
    if not stop.is_set():  # not after half a sync: what is not read yet would be taken for removed
        note_opened(catalog, archives=archives)
        followed = follow(catalog, lexical, News.of(catalog, known, tally.documents), stop=stop)
    partial = sum(each.partial for each in tally.failures)
    return SyncReport(
        added=sum(1 for document in tally.documents.values() if document is not None) - moved,
        updated=tally.updated,
        moved=moved,
        removed=removed,
        unchanged=tally.unchanged,
        failed=len(tally.failures) - partial,
        partial=partial,
        failures=tuple(tally.failures),
        opened=tally.opened,
        citations=followed,
    )


def _out_of_sight(known: Iterable[str], found: Iterable[Found]) -> set[str]:
    """Return the known files below folders that cannot be read just now: they are not gone."""
    closed = tuple(f"{each.path}/" for each in found if each.stat is None)
    return {path for path in known if path.startswith(closed)} if closed else set()


def _held(known: Iterable[File]) -> dict[str | None, list[File]]:
    """Return the files that stand inside others, by those."""
    held: dict[str | None, list[File]] = defaultdict(list)
    for file in known:
        if file.container is not None:
            held[file.container].append(file)
    return held


def _same(found: Found, known: File | None, held: Mapping[str | None, Sequence[File]], tally: _Tally) -> bool:
    """Tell whether a file needs not be opened."""
    if known is None or found.stat is None or Signature.of(found.stat) != known.signature:
        return False
    if known.digest is None or not known.settled:
        return False  # never read, as when it was too large: that may be another matter now
    _as_before(known, held, tally)
    return True


def _as_before(known: File, held: Mapping[str | None, Sequence[File]], tally: _Tally) -> None:
    """Count a file that is as it was, with the files in it."""
    inside = held.get(known.path, ())
    tally.inside.update(each.path for each in inside)
    for each in (known, *inside):
        tally.failures += _failure(each)
        tally.unchanged += each.document is not None or each.reason is None


def _readings(
    folder: Path, news: Iterable[Found], known: dict[str, File], *, longest: int, archives: bool, processes: int
) -> Generator[Reading, None, None]:
    """Look at files: first those that need not be opened, then the others in their order."""
    tasks = []
    for found in news:
        if reading := unopened(found, longest=longest):
            yield reading
        elif found.stat:
            before = known.get(found.path)
            tasks.append(Task(found.path, found.raw, found.stat.st_size, before.digest if before else None, archives))
    with closing(read_files(folder, tasks, processes=processes)) as readings:
        yield from readings


def _batches(readings: Iterable[Reading]) -> Iterator[list[Reading]]:
    """Gather readings until there is enough for one transaction, or a second is over."""
    batch: list[Reading] = []
    size, began = 0, time.monotonic()
    for reading in readings:
        batch.append(reading)
        size += len(reading.document.text) if reading.document else 0
        if size > _BATCH_CHARACTERS or time.monotonic() - began > 1:
            yield batch
            batch, size, began = [], 0, time.monotonic()
    if batch:
        yield batch


def _keep_all(
    catalog: Catalog,
    batch: Iterable[Reading],
    known: Mapping[str, File],
    held: Mapping[str | None, Sequence[File]],
    tally: _Tally,
) -> dict[int, str]:
    """Keep files, those in them, and their documents in one step; return the texts by their numbers."""
    texts: dict[int, str] = {}
    with catalog.transaction():
        for reading in batch:
            if reading.gone:
                tally.gone.add(reading.file.path)
                continue
            tally.opened += reading.file.digest is not None
            before = known.get(reading.file.path)
            if reading.as_before and before:
                file = replace(reading.file, document=before.document, reason=before.reason)
                catalog.put_file(file)
                catalog.touch_inside(file)
                _as_before(file, held, tally)
                continue
            tally.inside.update(each.file.path for each in reading.inside)
            for each in (reading, *reading.inside):
                number = _keep(catalog, each, known.get(each.file.path), tally)
                if number is not None and each.document:
                    texts[number] = each.document.text
    return texts


def _keep(catalog: Catalog, reading: Reading, known: File | None, tally: _Tally) -> int | None:
    """Keep a file and its document; return the document's number."""
    file = reading.file
    if reading.document:
        file = replace(file, document=catalog.put_document(reading.document, reading.passages))
    catalog.put_file(file)
    if known and (known.document != file.document or known.digest not in (None, file.digest)):
        tally.left.append(known)
    tally.failures += _failure(file)
    if file.document is None and file.reason:
        return None
    if known is None or known.document is None:
        tally.documents[file.path] = file.document
    elif known.document == file.document:
        tally.unchanged += 1
    else:
        tally.updated += 1
    return file.document


def _failure(file: File) -> list[Failure]:
    return [Failure(file.path, file.reason, partial=file.document is not None)] if file.reason else []


def _drop_missing(
    catalog: Catalog, known: dict[str, File], present: set[str], tally: _Tally
) -> tuple[int, int, set[str]]:
    """Forget the files that are gone, texts that no file holds, and forms that no file gives a text any more.

    Return how many moved and how many were removed, and the paths of the files that are to be read for such texts.
    """
    gone = [file for path, file in known.items() if path not in present]
    arrived, left = Counter(tally.documents.values()), Counter(file.document for file in gone)
    moved = sum((arrived & left).values()) - min(arrived[None], left[None])
    paths = {file.document: file.path for file in known.values() if file.document is not None}
    formless: set[str] = set()
    lost = gone + tally.left
    for at in range(0, max(1, len(lost)), _DROPPED):
        with catalog.transaction():
            for file in gone[at : at + _DROPPED]:
                catalog.drop_file(file.path)
            catalog.drop_orphans(paths)
            for file in lost[at : at + _DROPPED]:
                if file.document and _leaves_no_form(catalog, file):
                    formless |= catalog.forms.forget(file.document)
        time.sleep(0.001 if len(lost) > _DROPPED else 0)  # so that who waits has a turn
    return moved, len(gone) - moved, formless


def _leaves_no_form(catalog: Catalog, lost: File) -> bool:
    """Tell whether a text stands on without a file whose form it may have: none of the same bytes, read in that way."""
    others = catalog.files_of(lost.document or 0)
    return bool(others) and not any((each.digest, _kind(each)) == (lost.digest, _kind(lost)) for each in others)


def _kind(file: File) -> str:
    return PurePosixPath(file.path).suffix.lower()


def _read_again(
    folder: Path, found: Sequence[Found], catalog: Catalog, *, longest: int, archives: bool, processes: int
) -> None:
    """Read files for the form of their texts alone; one that has changed meanwhile is left to the next sync."""
    seen = {each.path: each.stat and Signature.of(each.stat) for each in found}
    with closing(_readings(folder, found, {}, longest=longest, archives=archives, processes=processes)) as readings:
        for batch in _batches(each for each in readings if each.file.signature == seen[each.file.path]):
            _keep_all(catalog, batch, {}, {}, _Tally())


class _NewWords:
    """The word index while a folder is read: new texts go in while they are at hand, and every few seconds to disk."""

    def __init__(self, catalog: Catalog, lexical: Callable[[], Lexical]) -> None:
        self._catalog = catalog
        self._lexical = lexical
        self._added: set[int] = set()
        self._committed = time.monotonic()

    def add(self, texts: Mapping[int, str]) -> None:
        """Add those of these documents that are new or have a better form; found after `commit`, maybe at once."""
        new = [number for number in self._catalog.backlog.documents_to_index() if number in texts]
        if new:
            # left of a catalog that is gone, of a sync that was cut short, or of their form in a batch before
            self._lexical().remove(new)
        for number in new:
            self._lexical().add(words_of(self._catalog, number, texts[number]))
        self._added.update(new)
        if time.monotonic() - self._committed > _COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Make what was added last."""
        if self._added:
            self._lexical().commit()
            self._catalog.backlog.mark_indexed(self._added, ())
        self._added.clear()
        self._committed = time.monotonic()


def write_words(catalog: Catalog, lexical: Callable[[], Lexical]) -> None:
    """Bring the word index up to the catalog; safe to repeat after being cut short."""
    waiting, dead = catalog.backlog.documents_to_index(), catalog.backlog.documents_to_remove()
    if not waiting and not dead:
        return
    index = lexical()
    # a document may have been added just before the process was killed: taken out first, it is never there twice
    index.remove([*dead, *waiting])
    for number in waiting:
        index.add(words_of(catalog, number, catalog.text(number)))
    index.commit()
    catalog.backlog.mark_indexed(waiting, dead)


def words_of(catalog: Catalog, number: int, text: str) -> Iterator[Words]:
    """Return what is indexed of a document, whose text is at hand."""
    return (Words(row.number, number, row.span.of(text)) for row in catalog.rows(number))
