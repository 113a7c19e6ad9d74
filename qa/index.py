"""The parts of one index, each opened when it is first needed."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qa.catalog import Catalog
from qa.errors import EmptyLibrary, IndexDamaged, IndexVersion, ModelError, QAError, StorageError
from qa.folder import printable
from qa.generations import clear, in_use, remove
from qa.importing import alone
from qa.lock import Holder, IndexLock
from qa.settings import Settings, cores
from qa.turns import Turns

if TYPE_CHECKING:  # they load tantivy, Chroma and numpy: looking a citation up needs none of these
    from qa.embedders import Embedder, Remembered
    from qa.lexical import Lexical
    from qa.llms import Llm
    from qa.reader import Reader
    from qa.rerankers import Reranker
    from qa.search import Engines
    from qa.vectors import Vectors

Part = Literal["lexical", "vectors"]
_PATIENCE = 10.0
"""How long we wait for another process to let the index go, in seconds."""


class Index:
    """Catalog, word index and vectors in one folder; the catalog is for any reader, the others for one process."""

    def __init__(
        self,
        path: Path,
        folder: Path,
        settings: Settings,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        llm: Any = None,
    ) -> None:
        self.path = path
        self._folder = folder
        self._settings = settings
        self._lock = IndexLock(path)
        self._opening = threading.RLock()
        self._catalog: Catalog | None = None
        self._retired: list[Catalog] = []
        self._lexical: Lexical | None = None
        self._vectors: Vectors | None = None
        self._given = embedder
        self._embedder: Embedder | None = None
        self._gauge: Remembered | None = None
        self._reranker = reranker
        self._given_llm = llm
        self._llm: Llm | None = None
        self._reader: Reader | None = None
        self.trouble: str | None = None
        """Why there is no reader, in a sentence, where there should be one."""
        self._engines: Engines | None = None
        self._turns = Turns(settings.threads or cores())
        self._opening_reranker = threading.Lock()  # it may be downloaded, and nobody else should wait for that
        self._opening_reader = threading.Lock()

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

    def embedder(self) -> Embedder:
        """Return the embedder."""
        with alone:
            from qa.embedders import open_embedder
            from qa.embedding import checked

        with self._opening:
            if self._embedder is None and self._given:
                self._embedder = checked(self._given)
            if self._embedder is None:
                cache = _model_cache()
                self._embedder = open_embedder(self._settings.embedder, cache=cache, threads=self._settings.threads)
            return self._embedder

    def gauge(self) -> Remembered:
        """Return the bundled embedder, whoever embeds the passages: what was learnt of cosines holds for its alone."""
        with alone:
            from qa.embedders import BundledEmbedder, Remembered

        with self._opening:
            if self._gauge is None:
                ours = self.embedder()
                bundled = isinstance(ours, BundledEmbedder)
                self._gauge = Remembered(ours if bundled else BundledEmbedder(_model_cache(), self._settings.threads))
            return self._gauge

    def reranker(self) -> Reranker | None:
        """Return the reranker that is named, None where the reader takes its place.

        Raises RerankerError, SettingsError if none is named and the reader is switched off.
        """
        with alone:
            from qa.rerankers import open_reranker

        with self._opening_reranker:
            if self._reranker is None and (self._names_reranker() or self._settings.reader == "off"):
                cache = _model_cache() / "rerankers"
                self._reranker = open_reranker(self._settings.reranker, cache=cache, threads=self._settings.threads)
            return self._reranker

    def ranks_anew(self) -> bool:
        """Tell whether there is who ranks passages anew: the reader, or a reranker that is named."""
        return self._settings.reader != "off" or self._reranker is not None or self._names_reranker()

    def _names_reranker(self) -> bool:
        return bool((self._settings.reranker or "").strip())

    def reader(self) -> Reader | None:
        """Return the reader, open; None where it is switched off, or cannot be opened, which `trouble` then tells."""
        with alone:
            from qa.reader import open_reader

        with self._opening_reader:
            if self._reader is None and self.trouble is None and self._settings.reader != "off":
                reader = open_reader(_model_cache(), threads=self._settings.threads)
                try:
                    reader.open()
                    self._reader = reader
                except ModelError as error:  # searching goes on without
                    self.trouble = str(error)
            return self._reader

    def llm(self) -> Llm | None:
        """Return the language model, of which nothing is loaded or asked yet; None where documents are quoted.

        Raises UnusableLlm.
        """
        name = self._settings.llm.strip()
        if self._given_llm is None and name == "extractive":
            return None
        with alone:
            from qa.llms import Llm, open_llm

        with self._opening:
            if self._llm is None:
                given = self._given_llm
                self._llm = open_llm(name, threads=self._settings.threads) if given is None else Llm(given)
            return self._llm

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
            check_embedder(catalog, self.embedder())
            if lost := self.lost():
                raise IndexDamaged(f"A part of the index is gone ({', '.join(lost)}): sync the folder to make it anew.")
            vectors = self.vectors() if catalog.has("vectors") else None
            embedder, gauge = self.embedder(), self.gauge()
            found = Engines(
                self._folder,
                catalog,
                self.lexical(),
                vectors,
                gauge if gauge.embedder is embedder else embedder,
                gauge,
                self._turns,
                self.reranker,
                self.reader,
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
            folder = printable(str(self._folder))
            raise EmptyLibrary(f"The folder has not been indexed yet: run `qa sync {folder}` first.")

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


def _model_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("chapter-and-verse", appauthor=False)


def _command() -> str:
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])
