"""The parts of one index, each opened when it is first needed."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qa.catalog import Catalog
from qa.errors import EmptyLibrary, IndexDamaged, IndexVersion, QAError, StorageError
from qa.folder import printable
from qa.generations import clear, in_use, remove
from qa.importing import alone
from qa.lock import Holder, IndexLock
from qa.providers import Providers
from qa.settings import Settings, cores
from qa.turns import Turns

if TYPE_CHECKING:  # they load tantivy, Chroma and numpy: looking a citation up needs none of these
    from qa.lexical import Lexical
    from qa.search import Engines
    from qa.vectors import Vectors

Part = Literal["lexical", "vectors"]
_PATIENCE = 10.0
"""How long we wait for another process to let the index go, in seconds."""


class Index:
    """Catalog, word index and vectors in one folder; the catalog is for any reader, the others for one process."""

    def __init__(self, path: Path, folder: Path, settings: Settings, providers: Providers) -> None:
        self.path = path
        self.providers = providers
        self._folder = folder
        self._settings = settings
        self._lock = IndexLock(path)
        self._opening = threading.RLock()
        self._catalog: Catalog | None = None
        self._retired: list[Catalog] = []
        self._lexical: Lexical | None = None
        self._vectors: Vectors | None = None
        self._engines: Engines | None = None
        self._turns = Turns(settings.threads or cores())

    def catalog(self) -> Catalog:
        """Return the catalog for reading. Raises EmptyLibrary if there is none."""
        with self._opening:
            if self._catalog is None:
                self.check_filled()
                self._catalog = self._checked(Catalog(self.path / "catalog.sqlite3", readonly=True))
            return self._catalog

    def own(self) -> Catalog:
        """Take the index for this process and return its catalog for writing. Raises LibraryBusy, StorageError."""
        with self._opening:
            if self._catalog and self._lock.held:
                return self._catalog
            self.lock()
            if self._catalog:  # another thread may be reading from it: it is closed with the rest
                self._retired.append(self._catalog)
            self._catalog = self._checked(Catalog(self.path / "catalog.sqlite3"))
            if self._catalog.rebuilt:  # what another version of the word index wrote may not even be read
                self.forget("lexical")
            if self._catalog.meta("folder") is None:
                self._catalog.set_meta("folder", self._home())
            return self._catalog

    def _home(self) -> str:
        """Say which folder the index is of; nothing for the one that it lies in, which may be moved with it."""
        return "" if self._folder in self.path.parents else str(self._folder)

    def _checked(self, catalog: Catalog) -> Catalog:
        """Raise IndexVersion if the index is of another folder."""
        home = catalog.meta("folder")
        if home is not None and home != self._home():
            catalog.close()
            of = home or "the one that it lay in"
            raise IndexVersion(f"The index {self.path} is of another folder, {of}: name another one with --index.")
        return catalog

    def lock(self) -> None:
        """Take the index for this process. Raises LibraryBusy, StorageError."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds every word of the documents
            (self.path / ".gitignore").write_text("*\n")
        except OSError as error:
            raise StorageError(
                f"The index {self.path} cannot be written ({error.strerror}): name another place with --index."
            ) from error
        self._lock.take(_command(), wait=_PATIENCE)

    def lexical(self) -> Lexical:
        """Return the word index."""
        with alone:
            from qa.lexical import Lexical

        with self._opening:
            if self._lexical is None:
                place = self._in_use("lexical", self.own())
                clear(self.path / "lexical", place)  # what was being made anew when a process was killed
                self._lexical = Lexical(place)
            return self._lexical

    def vectors(self) -> Vectors:
        """Return the vectors. Raises IndexDamaged, LibraryBusy, SettingsError, StorageError."""
        with alone:
            from qa.vectors import Vectors

        with self._opening:
            if self._vectors is None:
                catalog = self.own()
                name = self.collection()
                vectors = Vectors(self.path / "vectors", collection=name, url=self._settings.chroma_url)
                try:  # what is searched is only a copy, which may have been lost
                    if vectors.count() < catalog.counts().vectors:
                        vectors.fill(catalog.live_keys())
                except BaseException:  # whatever it was: what is open would be in the way of a repair
                    vectors.close()
                    raise
                catalog.set_meta("collection", name)
                self._vectors = vectors
            elif not self._vectors.intact():
                self._vectors.fill(self.own().live_keys())
            return self._vectors

    def engines(self) -> Engines:
        """Return what a search needs. Raises EmptyLibrary, IndexDamaged, IndexVersion, LibraryBusy, StorageError."""
        with alone:
            from qa.embedding import check_embedder
            from qa.search import Engines

        self.check_filled()
        found = self._engines
        if found and not self._gone() and found.vectors and found.vectors.intact():
            return found
        with self._opening:  # what takes a part's place meanwhile is not missed
            catalog = self.own()
            embedder, gauge = self.providers.embedder(), self.providers.gauge()
            check_embedder(catalog, embedder)
            if lost := self.lost():
                raise IndexDamaged(f"A part of the index is gone ({', '.join(lost)}): sync the folder to make it anew.")
            vectors = self.vectors() if catalog.has("vectors") else None
            found = Engines(
                self._folder,
                catalog,
                self.lexical(),
                vectors,
                gauge if gauge.embedder is embedder else embedder,
                gauge,
                self._turns,
                self.providers.reranker,
                self.providers.reader,
                int(self._settings.max_file_mb * 1e6),
            )
            if vectors:  # nothing of it changes any more while they are open
                self._engines = found
            return found

    def words_at_hand(self) -> Lexical | None:
        """Return the word index where this process holds it, and it is whole."""
        try:
            return self.engines().lexical if self._lock.held else None
        except QAError:
            return None

    def lost(self) -> list[Part]:
        """Name the derived parts whose files are gone though the catalog counts on them."""
        catalog = self.own()
        counted: dict[Part, bool] = {"lexical": catalog.has("indexed"), "vectors": catalog.has("vectors")}
        return [part for part in self._gone() if counted[part]]

    def _gone(self) -> list[Part]:
        files: dict[Part, str] = {"lexical": "meta.json", "vectors": "chroma.sqlite3"}
        if self.chroma_url is not None:
            del files["vectors"]
        catalog = self.catalog()
        return [part for part, file in files.items() if not (self._in_use(part, catalog) / file).exists()]

    def _in_use(self, part: Part, catalog: Catalog) -> Path:
        return in_use(self.path / part, catalog.meta("lexical") or "1" if part == "lexical" else self.collection())

    @property
    def chroma_url(self) -> str | None:
        """The Chroma server that keeps the vectors; None: they are here."""
        return self._settings.chroma_url

    @contextmanager
    def exchanging_words(self) -> Iterator[None]:
        """Let nobody open the word index while another one takes its place; it is opened when it is next needed."""
        with self._opening:
            if self._lexical:
                self._lexical.close()
            yield
            self._lexical = self._engines = None

    def forget(self, part: Part) -> None:
        """Remove a derived part, which is then to be made anew from the catalog."""
        self.close_derived()
        catalog = self.own()
        if part == "lexical":
            remove(self.path / "lexical")
            catalog.backlog.reset_words()
        else:
            from qa.store import next_name

            remove(self.path / "vectors")
            catalog.backlog.reset_vectors(next_name(self.collection()))

    def check_filled(self) -> None:
        """Raise EmptyLibrary if the folder was never synced."""
        if not (self.path / "catalog.sqlite3").exists():
            where = f" --index {self.path}" if self._home() else ""
            command = printable(f"qa sync {self._folder}{where}")
            raise EmptyLibrary(f"The folder has not been indexed yet: run `{command}` first.")

    def announce(self, command: str, url: str, key: str | None) -> None:
        """Tell other processes where this one answers the HTTP API."""
        self.own()
        self._lock.announce(Holder(os.getpid(), command, url, key))

    def close_derived(self) -> None:
        """Close the word index and the vectors, so that their files can be replaced."""
        with self._opening:
            for part in (self._lexical, self._vectors):
                if part:
                    part.close()
            self._lexical = self._vectors = self._engines = None

    def close(self) -> None:
        """Close every part and let the index go."""
        self._turns.close()
        with self._opening:
            self.close_derived()
            for catalog in (*self._retired, *([self._catalog] if self._catalog else [])):
                catalog.close()
            self._retired, self._catalog = [], None
            self._lock.free()

    def collection(self) -> str:
        """Name the collection of this index: on a shared Chroma server no other index may have that name."""
        first = f"qa-{hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]}-1"
        return self.catalog().meta("collection") or first


def _command() -> str:
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])
