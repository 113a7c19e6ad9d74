"""Search by meaning: nearest neighbours, in Chroma. Derived from the catalog; keys in, keys out."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from qa.errors import IndexDamaged, QAError, SettingsError, StorageError
from qa.importing import alone
from qa.matrix import KEY, Matrix

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

_BATCH = 1_000
_CONFIGURATION: dict[str, Any] = {
    # vectors are of unit length; 400 can only be set at creation: it lifts recall@10 from .956 to .99
    "hnsw": {"space": "ip", "ef_search": 400, "ef_construction": 100, "max_neighbors": 16, "sync_threshold": 2_000}
}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A vector by the key of its words, and its cosine with the question's."""

    key: bytes
    cosine: float


class Vectors:
    """The vectors of one index, in a collection of a name; one process at a time."""

    def __init__(self, path: Path, *, collection: str, url: str | None = None) -> None:
        """Open or make it, in a folder or on a Chroma server. Raises IndexDamaged, SettingsError, StorageError."""
        with _sentences():
            self._client = _client(path, url)
            self._collection = self._get(collection)
        self._name = collection
        self._path = path
        self._matrix = Matrix(self._place(collection))
        self._absent: set[bytes] = set()  # asked for, and not even in Chroma

    @property
    def name(self) -> str:
        """The collection in use."""
        return self._name

    def search(self, vector: NDArray[np.float32], *, count: int) -> list[Neighbour]:
        """Return the nearest vectors (width of the collection), nearest first."""
        with _sentences():
            found = self._collection.query(query_embeddings=[vector], n_results=count, include=["distances"])
        ids, distances = found["ids"][0], (found["distances"] or [[]])[0]
        return [Neighbour(bytes.fromhex(i), 1.0 - float(d)) for i, d in zip(ids, distances, strict=True)]

    def nearest(self, vector: NDArray[np.float32], keys: bytes, *, count: int) -> list[Neighbour]:
        """Return the nearest of some vectors, whose keys are joined to one: each is looked at, so none is missed."""
        cosines = self._cosines(vector, keys)
        some = min(len(cosines), 2 * count)  # rounding may have changed places: the exact cosines decide
        best = np.argpartition(-cosines, some - 1)[:some] if some else np.empty(0, np.int64)
        shortlist = [keys[KEY * i : KEY * (i + 1)] for i in best if not np.isnan(cosines[i])]
        exact = self._exact(vector, shortlist)
        ranked = sorted(exact, key=lambda key: -exact[key])
        return [Neighbour(key, exact[key]) for key in ranked[:count]]

    def cosines(self, vector: NDArray[np.float32], keys: Sequence[bytes]) -> dict[bytes, float]:
        """Return the cosine, to within .002, of each of these keys that there is."""
        found = self._cosines(vector, b"".join(keys))
        return {key: float(cosine) for key, cosine in zip(keys, found, strict=True) if not np.isnan(cosine)}

    def _cosines(self, vector: NDArray[np.float32], keys: bytes) -> NDArray[np.float32]:
        """Return the cosine of each key, NaN where there is none; what the matrix lacks is filled in from Chroma."""
        cosines = self._matrix.cosines(vector, keys)
        each = (keys[KEY * i : KEY * (i + 1)] for i in np.flatnonzero(np.isnan(cosines)))
        missing = [key for key in each if key not in self._absent]
        if not missing:
            return cosines
        for batch in (missing[i : i + _BATCH] for i in range(0, len(missing), _BATCH)):
            stored = self._stored(batch)
            if stored:
                self._matrix.put(list(stored), np.array(list(stored.values()), np.float32))
            self._absent.update(key for key in batch if key not in stored)
        return self._matrix.cosines(vector, keys)

    def _exact(self, vector: NDArray[np.float32], keys: Sequence[bytes]) -> dict[bytes, float]:
        return {key: float(np.vecdot(stored, vector)) for key, stored in self._stored(keys).items()}

    def _stored(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors of these keys that there are."""
        if not keys:
            return {}
        with _sentences():
            # Chroma refuses the same id twice
            found = self._collection.get(ids=list({key.hex() for key in keys}), include=["embeddings"])
        rows = np.asarray(found["embeddings"], np.float32)
        return {bytes.fromhex(id_): row for id_, row in zip(found["ids"], rows, strict=True)}

    def put(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Store vectors (n, width) under their keys; a key that is there is stored anew."""
        with _sentences():
            for i in range(0, len(keys), _BATCH):
                ids = [key.hex() for key in keys[i : i + _BATCH]]
                self._collection.upsert(ids=ids, embeddings=vectors[i : i + _BATCH])
        self._matrix.put(keys, vectors)
        self._absent.difference_update(keys)

    def remove(self, keys: Sequence[bytes]) -> None:
        """Delete vectors; Chroma keeps their places, see `copy`."""
        with _sentences():
            for i in range(0, len(keys), _BATCH):
                self._collection.delete(ids=[key.hex() for key in keys[i : i + _BATCH]])

    def count(self) -> int:
        """Count the vectors."""
        with _sentences():
            return int(self._collection.count())

    def present(self, keys: Sequence[bytes]) -> set[bytes]:
        """Return those of the keys that have a vector."""
        found: set[bytes] = set()
        with _sentences():
            for i in range(0, len(keys), _BATCH):
                rows = self._collection.get(ids=[key.hex() for key in keys[i : i + _BATCH]], include=[])
                found |= {bytes.fromhex(id_) for id_ in rows["ids"]}
        return found

    def copy(self, keys: Sequence[bytes], *, use: Callable[[str], None]) -> None:
        """Copy the vectors of these keys into a fresh collection, call `use` to make it the one, drop the old one."""
        name = next_collection(self._name)
        with _sentences():
            self._drop(name)  # left over from a copy that was cut short
            fresh, matrix = self._get(name), Matrix(self._place(name))
            for i in range(0, len(keys), _BATCH):
                stored = self._stored(keys[i : i + _BATCH])
                if stored:
                    vectors = np.array(list(stored.values()), np.float32)
                    fresh.upsert(ids=[key.hex() for key in stored], embeddings=vectors)
                    matrix.put(list(stored), vectors)
            use(name)
            old, self._collection, self._name, self._matrix = self._name, fresh, name, matrix
            self._drop(old)

    def drop_others(self) -> None:
        """Delete collections of ours that are not in use: what a copy that was cut short left behind."""
        stem = self._name.rpartition("-")[0]
        with _sentences():
            for each in self._client.list_collections():
                if each.name != self._name and each.name.rpartition("-")[0] == stem:
                    self._drop(each.name)

    def close(self) -> None:
        """Close the store."""
        self._client.close()  # type: ignore[attr-defined]
        # the client of a server, and one that it has for itself, leave their connections open (chromadb 1.5)
        for client in (self._client, getattr(self._client, "_admin_client", None)):
            session = getattr(getattr(client, "_server", None), "_session", None)
            if session is not None:
                session.close()

    def _get(self, name: str) -> Any:
        # embedding_function=None: the default one would download a model
        return self._client.get_or_create_collection(name, embedding_function=None, configuration=_CONFIGURATION)  # type: ignore[arg-type]

    def _place(self, name: str) -> Path:
        return self._path / f"{name}.matrix"

    def _drop(self, name: str) -> None:
        self._place(name).unlink(missing_ok=True)
        if any(each.name == name for each in self._client.list_collections()):
            self._client.delete_collection(name)


def next_collection(name: str) -> str:
    """Name the collection that follows one."""
    stem, _, number = name.rpartition("-")
    return f"{stem}-{int(number) + 1}"


def preload() -> None:
    """Import Chroma, so that opening a store is quick."""
    _chromadb()


def _chromadb() -> Any:
    with alone:
        import chromadb  # 0.7 s: paid only by commands that search by meaning

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
