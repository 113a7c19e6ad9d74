"""The index kept equal to the folder: at once, behind, or whenever something changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import QAError
from qa.folder import Watch
from qa.importing import alone
from qa.index import Index
from qa.settings import Settings, cores

if TYPE_CHECKING:  # they load tantivy, Chroma and numpy: looking a citation up needs none of these
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
        self._worker: threading.Thread | None = None
        self._again = False
        self._stop = threading.Event()
        self._watch: Watch | None = None

    def sync(self, *, wait: bool = True, progress: Callable[[Progress], None] | None = None) -> SyncReport:
        """Make the index equal the folder; without `wait` return once it can be searched, and embed behind."""
        with alone:
            from qa.syncing import read_folder

        catalog = self._index.own()
        watch = self._watcher(progress)
        longest = int(self._settings.max_file_mb * 1e6)
        with self._reading:
            for part in self._index.lost():
                self._index.forget(part)
            note, catalog.rebuilt = catalog.rebuilt, None
            report = read_folder(
                self._folder,
                self._index.path,
                catalog,
                self._index.lexical,
                longest=longest,
                processes=self._settings.threads or cores(),
                watch=watch,
                stop=self._stop,
            )
        self.progress = None
        waiting = catalog.counts().waiting
        if not wait:
            self._embed_in_background()
            return replace(report, waiting=waiting, note=note)
        embedded = self._embed(watch)
        self.trouble = None
        return replace(report, embedded=embedded, waiting=catalog.counts().waiting, note=note)

    def watch(self) -> None:
        """Sync now, and whenever something in the folder changes, until `close`; errors stand in `trouble`."""
        if self._watch is None:
            self._index.own()
            self._watch = Watch(self._folder, self._sync_quietly, index=self._index.path)
            self._sync_quietly()  # what has changed while nobody watched

    def stop(self) -> None:
        """Ask background work to end after the step it is at."""
        self._stop.set()

    def close(self) -> None:
        """Stop background work, after the step it is at, and let the index go. What is done is kept."""
        self._stop.set()
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

        catalog = self._index.own()
        try:
            with self._embedding:
                return embed_waiting(catalog, self._index.vectors, self._index.embedder(), watch=watch, stop=self._stop)
        finally:
            self.progress = None

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
