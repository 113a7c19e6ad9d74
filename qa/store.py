"""The vectors themselves, by the hash of their words, at rest in Chroma. Derived from the catalog."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from qa.blanks import blank
from qa.errors import IndexDamaged, QAError, SettingsError, StorageError
from qa.importing import alone

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

PART = 100_000
"""Vectors of one collection. Chroma has all of a collection in memory while it is open, 2 kB for each vector."""
_BATCH = 1_000
_CONFIGURATION: dict[str, Any] = {
    # vectors are of unit length; the graph is not asked (see qa/matrix.py), so it may be a plain one, quickly made
    "hnsw": {"space": "ip", "ef_construction": 40, "max_neighbors": 8, "sync_threshold": 2_000}
}


class Store:
    """The vectors of one index, in collections of a name, opened when they are needed; one process at a time.

    The first collection has the name itself, the others a number behind it. Of those on this machine one is open at a
    time, so that memory does not grow with the number of vectors.
    """

    def __init__(self, path: Path, *, name: str, url: str | None = None) -> None:
        """Name a place for them: a folder, or a Chroma server."""
        self._path = path
        self._url = url
        self._name = name
        self._using = threading.RLock()
        self._client: ClientAPI | None = None
        self._tidy = False
        self._collection: Any = None  # the one that is open, its name, and how many vectors it can still take
        self._open = ""
        self._blanked = ""
        self._room = 0

    @property
    def name(self) -> str:
        """The collections in use."""
        return self._name

    def put(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Store vectors (n, width) under their keys; a key that is there is stored anew."""
        with self._using, _sentences():
            self._last()
            for i in range(0, len(keys), _BATCH):
                if self._room <= 0:
                    self._next()
                ids = [key.hex() for key in keys[i : i + _BATCH]]
                self._collection.upsert(ids=ids, embeddings=vectors[i : i + _BATCH])
                self._room -= len(ids)
                self._blank()

    def remove(self, keys: Sequence[bytes]) -> None:
        """Delete vectors; Chroma keeps their places, see `copy`."""
        with self._using, _sentences():
            for _ in self._each():  # whichever has them
                for i in range(0, len(keys), _BATCH):
                    self._collection.delete(ids=[key.hex() for key in keys[i : i + _BATCH]])

    def present(self, keys: Sequence[bytes]) -> set[bytes]:
        """Return those of the keys that have a vector."""
        found: set[bytes] = set()
        with self._using, _sentences():
            for _ in self._each():
                for i in range(0, len(keys), _BATCH):
                    rows = self._collection.get(ids=[key.hex() for key in keys[i : i + _BATCH]], include=[])
                    found |= {bytes.fromhex(id_) for id_ in rows["ids"]}
        return found

    def stored(self, keys: Sequence[bytes]) -> Iterator[tuple[list[bytes], NDArray[np.float32]]]:
        """Return those of the keys that have a vector, with their vectors (n, width), some at a time."""
        left = dict.fromkeys(keys)  # Chroma refuses the same id twice
        with self._using, _sentences():
            for _ in self._each():
                every = list(left)
                for some in (every[i : i + _BATCH] for i in range(0, len(every), _BATCH)):
                    found = self._collection.get(ids=[key.hex() for key in some], include=["embeddings"])
                    there = [bytes.fromhex(id_) for id_ in found["ids"]]
                    for key in there:
                        del left[key]
                    if there:
                        yield there, np.asarray(found["embeddings"], np.float32)

    def copy(self, keys: Sequence[bytes], fresh: Store) -> Iterator[tuple[list[bytes], NDArray[np.float32]]]:
        """Copy the vectors of these keys into another store, which must be empty; return them as they are copied."""
        fresh._tidy = True  # what it is to take the place of is still in use
        with self._using, _sentences():
            fresh._drop(fresh.name)  # left over from a copy that was cut short
            for part, vectors in self.stored(keys):
                fresh.put(part, vectors)
                yield part, vectors

    def drop(self) -> None:
        """Delete everything."""
        with self._using, _sentences():
            self._drop(self._name)

    def close(self) -> None:
        """Close it; it opens again when it is needed."""
        with self._using:
            self._collection, self._open, self._blanked = None, "", ""
            client, self._client = self._client, None
            if client is None:
                return
            client.close()  # type: ignore[attr-defined]
            # the client of a server, and one that it has for itself, leave their connections open (chromadb 1.5)
            for each in (client, getattr(client, "_admin_client", None)):
                session = getattr(getattr(each, "_server", None), "_session", None)
                if session is not None:
                    session.close()

    def _connected(self) -> ClientAPI:
        if self._client is None:
            self._client = _client(self._path, self._url)
            if not self._tidy:
                self._tidy = True
                self._drop_others()
        return self._client

    def _drop_others(self) -> None:
        """Delete collections of ours that are not in use: what a copy that was cut short left behind."""
        stem = self._name.rpartition("-")[0]
        for base in {_base(each.name) for each in self._connected().list_collections()} - {self._name}:
            if base.rpartition("-")[0] == stem:
                self._drop(base)

    def _names(self) -> list[str]:
        """Name the collections that there are, in the order in which they were filled."""
        every = (each.name for each in self._connected().list_collections())
        return sorted((name for name in every if _base(name) == self._name), key=_number)

    def _each(self) -> Iterator[None]:
        """Open each collection in turn."""
        for name in self._names():
            self._get(name)
            try:
                yield
            finally:
                self._blank()

    def _blank(self) -> None:
        """Empty what Chroma has found in memory, and written, when it first did something with the collection."""
        if not self._url and self._blanked != self._open:
            blank(self._path)
            self._blanked = self._open

    def _last(self) -> None:
        """Open the collection that takes what comes, if it is not open."""
        if self._collection is None or self._room <= 0:
            self._get((self._names() or [self._name])[-1])
            self._room = PART - int(self._collection.count())

    def _next(self) -> None:
        """Begin another collection."""
        self._get(_part(self._name, _number(self._open) + 1))
        self._room = PART

    def _get(self, name: str) -> None:
        """Open a collection."""
        if name == self._open:
            return
        if self._open and not self._url:
            self.close()  # nothing less makes Chroma let go of the other one
        self._collection = self._made(name)
        self._open, self._room = name, 0

    def _made(self, name: str) -> Any:
        # embedding_function=None: the default one would download a model
        return self._connected().get_or_create_collection(
            name,
            embedding_function=None,
            configuration=_CONFIGURATION,  # type: ignore[arg-type]
        )

    def _drop(self, base: str) -> None:
        client = self._connected()
        for each in client.list_collections():
            if _base(each.name) == base:
                client.delete_collection(each.name)


def next_name(name: str) -> str:
    """Name the collections that take the place of those of a name."""
    stem, _, number = name.rpartition("-")
    return f"{stem}-{int(number) + 1}"


def _part(name: str, number: int) -> str:
    return name if number == 1 else f"{name}.{number}"


def _base(part: str) -> str:
    return part.partition(".")[0]


def _number(part: str) -> int:
    return int(part.partition(".")[2] or 1)


def _chromadb() -> Any:
    with alone:
        import chromadb  # 0.7 s: paid only by commands that write or read vectors, which a search does not

        return chromadb


def _client(path: Path, url: str | None) -> ClientAPI:
    chromadb = _chromadb()
    settings = chromadb.config.Settings(anonymized_telemetry=False)
    client: ClientAPI
    if not url:
        try:
            client = chromadb.PersistentClient(str(path), settings=settings)
        except BaseException:  # its Rust core panics too
            # a store that failed to open stays in Chroma's cache, and would be handed out again after a repair
            shared = importlib.import_module("chromadb.api.shared_system_client").SharedSystemClient
            shared._identifier_to_system.pop(str(path), None)
            raise
        return client
    parts = urlsplit(url if "//" in url else f"//{url}")
    try:
        client = chromadb.HttpClient(
            host=parts.hostname or "localhost", port=parts.port or 8000, ssl=parts.scheme == "https", settings=settings
        )
        return client
    except ValueError as error:
        raise SettingsError(f"No Chroma server answers at QA_CHROMA_URL={url}: start one with `chroma run`.") from error


@contextmanager
def _sentences() -> Iterator[None]:
    """Say in a sentence what Chroma, whose errors have no common root, says in its own words."""
    try:
        yield
    except QAError:
        raise
    except OSError as error:
        raise StorageError(f"The vectors cannot be written ({error}): free some space, then sync again.") from error
    except BaseException as error:  # Chroma's Rust core raises its own classes, bare Exceptions, and panics
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        words = str(error)
        if "full" in words or "No space" in words or "too large" in words:
            raise StorageError(
                "The disk is full: free some space, then sync again; nothing that was indexed is lost."
            ) from error
        raise IndexDamaged(f"The vectors are damaged ({words[:200]}): run `qa doctor --repair`.") from error
