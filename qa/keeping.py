"""The index kept equal to the folder: at once, behind, or whenever something changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import LibraryBusy, QAError
from qa.folder import Watch
from qa.importing import alone
from qa.index import Index
from qa.settings import Settings, cores

if TYPE_CHECKING:  # they load tantivy, Chroma and numpy: looking a citation up needs none of these
    from qa.forgetting import Forgotten
    from qa.progress import Progress
    from qa.syncing import SyncReport


class Keeper:
    """Syncs one index, from any thread: one reads the folder at a time, and one embeds.

    `progress` is how far a sync is, None while there is none; `trouble` why the last one behind did not work.
    """

    def __init__(self, folder: Path, index: Index, settings: Settings) -> None:
        self.progress: Progress | None = None
        self.trouble: str | None = None
        self._folder = folder
        self._index = index
        self._settings = settings
        self._reading = threading.Lock()  # one phase 1 at a time
        self._embedding = threading.Lock()  # and one phase 2
        self._handing = threading.Lock()
        self._going_first = threading.Lock()  # held by who waits for phase 2 to be interrupted
        self._interrupt = threading.Event()
        self._worker: threading.Thread | None = None
        self._again = False
        self._stop = threading.Event()
        self._watch: Watch | None = None

    def sync(self, *, wait: bool = True, progress: Callable[[Progress], None] | None = None) -> SyncReport:
        """Make the index equal the folder; without `wait` return once it can be searched, and embed behind."""
        catalog = self._index.own()
        watch = self._watcher(progress)
        with self._reading:
            report = self._read(watch)
        self.progress = None
        waiting = catalog.counts().waiting
        if not wait:
            self._embed_in_background()
            return replace(report, waiting=waiting)
        embedded = self._embed(watch)
        self.trouble = None
        return replace(report, embedded=embedded, waiting=catalog.counts().waiting)

    def forget(self, path: str | None, *, delete_file: bool) -> Forgotten:
        """Forget a file, a folder, or whatever is deleted, so that nothing of it is left on the disk."""
        with alone:
            from qa import forgetting

        self._index.check_filled()
        catalog, folder = self._index.own(), self._folder
        with self._reading:
            chosen = forgetting.choose(catalog, folder, self._index.path, path, delete_file=delete_file)
            self._read(self._watcher(None))
            if catalog.erasure.pending():
                raise LibraryBusy("The library is being closed: the next sync goes on with forgetting.")
        self.progress = None
        return forgetting.report(catalog, chosen, chroma_url=self._index.chroma_url)

    def _read(self, watch: Callable[[Progress], None]) -> SyncReport:
        """Read what is new in the folder, and do away with what is gone from it."""
        with alone:
            from qa.compacting import erase, tidy
            from qa.syncing import read_folder

        for part in self._index.lost():
            self._index.forget(part)
        catalog = self._index.own()
        note, catalog.rebuilt = catalog.rebuilt, None
        report = read_folder(
            self._folder,
            self._index.path,
            catalog,
            self._index.lexical,
            longest=int(self._settings.max_file_mb * 1e6),
            archives=self._settings.archives,
            processes=self._settings.threads or cores(),
            watch=watch,
            stop=self._stop,
        )
        if catalog.erasure.pending() and not self._stop.is_set():
            with self._embedding_interrupted():
                erase(self._index)
        elif not self._stop.is_set():
            tidy(self._index)
        return replace(report, note=note)

    def watch(self) -> None:
        """Sync now, and whenever something in the folder changes, until `close`; errors stand in `trouble`."""
        if self._watch is None:
            self._index.own()
            self._watch = Watch(self._folder, self._sync_quietly, index=self._index.path)
            self._sync_quietly()  # what has changed while nobody watched

    def stop(self) -> None:
        """Ask background work to end after the step it is at."""
        self._stop.set()
        self._interrupt.set()

    def close(self) -> None:
        """Stop background work, after the step it is at, and let the index go. What is done is kept."""
        self.stop()
        if self._watch:
            self._watch.stop()
        worker = self._worker
        if worker and worker is not threading.current_thread():
            worker.join()
        with self._reading, self._embedding:  # another thread may be syncing
            self._index.close()

    def _embed(self, watch: Callable[[Progress], None]) -> int:
        with alone:
            from qa.embedding import embed_waiting

        catalog, embedder, done = self._index.own(), self._index.providers.embedder(), 0
        try:
            while True:
                with self._going_first:
                    pass
                with self._embedding:
                    done += embed_waiting(catalog, self._index.vectors, embedder, watch=watch, stop=self._interrupt)
                    if self._stop.is_set() or not self._interrupt.is_set():
                        return done
        finally:
            self.progress = None

    @contextmanager
    def _embedding_interrupted(self) -> Iterator[None]:
        """Keep phase 2 waiting, after the step it is at."""
        with self._going_first:
            self._interrupt.set()
            self._embedding.acquire()
        try:
            if not self._stop.is_set():
                self._interrupt.clear()
            yield
        finally:
            self._embedding.release()

    def _embed_in_background(self) -> None:
        with self._handing:
            self._again = True
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._work, name="qa-embed", daemon=True)
                self._worker.start()

    def _work(self) -> None:
        """Embed until nothing waits and nobody has asked for more."""
        while True:
            with self._handing:
                if not self._again or self._stop.is_set():
                    self._worker = None
                    return
                self._again = False
            try:
                self._embed(self._watcher(None))
                self.trouble = None
            except QAError as error:  # there is nobody to raise it to: status shows it
                self.trouble = str(error)

    def _sync_quietly(self) -> None:
        try:
            self.sync(wait=False)
            self.trouble = None
        except QAError as error:  # there is nobody to raise it to: status shows it
            self.trouble = str(error)

    def _watcher(self, progress: Callable[[Progress], None] | None) -> Callable[[Progress], None]:
        def watch(now: Progress) -> None:
            self.progress = now
            if progress:
                progress(now)

        return watch
