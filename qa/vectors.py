"""Search by meaning: nearest neighbours, by the keys of words. Derived from the catalog."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.errors import IndexDamaged
from qa.generations import begin, clear, in_use
from qa.matrix import Matrix
from qa.store import Store, next_name


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A vector by the key of its words, and its cosine with the question's."""

    key: bytes
    cosine: float


class Vectors:
    """The vectors of one index: exact in a store, and rounded in a matrix that is searched; one process at a time."""

    def __init__(self, path: Path, *, collection: str, url: str | None = None) -> None:
        """Open or make them, in a folder; the store may be on a Chroma server."""
        self._path = path
        self._url = url
        self._store, self._matrix = self._at(in_use(path, collection), collection)
        self._clear()  # a copy that was cut short left it behind

    def search(self, vector: NDArray[np.float32], *, count: int, among: bytes | None = None) -> list[Neighbour]:
        """Return the nearest vectors, nearest first, with their cosines to within .003; each is looked at.

        `among` are the keys, joined to one, of those that count; without it all do.
        """
        return [Neighbour(key, cosine) for key, cosine in self._matrix.nearest(vector, count=count, among=among)]

    def cosines(self, vector: NDArray[np.float32], keys: Sequence[bytes]) -> dict[bytes, float]:
        """Return the cosine, to within .003, of each of these keys that there is."""
        found = self._matrix.cosines(vector, b"".join(keys))
        return {key: float(cosine) for key, cosine in zip(keys, found, strict=True) if not np.isnan(cosine)}

    def put(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Store vectors (n, width) under their keys, each once. Raises IndexDamaged, SettingsError, StorageError."""
        self._store.put(keys, vectors)
        self._matrix.put(keys, vectors)

    def remove(self, keys: Sequence[bytes]) -> None:
        """Delete vectors; their places stay, see `copy`. Raises IndexDamaged, SettingsError, StorageError."""
        self._matrix.remove(keys)
        self._store.remove(keys)

    def count(self) -> int:
        """Count the vectors that can be searched."""
        return self._matrix.count()

    def present(self, keys: Sequence[bytes]) -> set[bytes]:
        """Return those of the keys that the store has a vector of. Raises IndexDamaged, SettingsError."""
        return self._store.present(keys)

    def intact(self) -> bool:
        """Tell whether what is searched is as it was: somebody may have removed the file, or cut it."""
        return self._matrix.intact()

    def wrong(self, keys: Sequence[bytes]) -> int:
        """Count the vectors that are not searched as the store has them. Raises IndexDamaged, SettingsError."""
        return sum(self._matrix.wrong(some, vectors) for some, vectors in self._store.stored(keys))

    def fill(self, keys: Sequence[bytes], *, anew: bool = False) -> None:
        """Bring what cannot be searched, or `anew` everything, from the store, which has it all.

        Raises IndexDamaged, SettingsError, StorageError.
        """
        if anew or not self._matrix.intact():
            self._matrix.reread(anew=anew)
        missing = self._matrix.missing(keys)
        for some, vectors in self._store.stored(missing):
            self._matrix.put(some, vectors)
        if lost := len(self._matrix.missing(missing)):
            raise IndexDamaged(f"Of the vectors {lost:,} are missing: run `qa doctor --repair`.")

    def copy(self, keys: Sequence[bytes], *, use: Callable[[str], None]) -> list[Path]:
        """Copy the vectors of these keys to a fresh place, call `use` with its name to make it the one, drop the old.

        What was deleted before is then in no file any more, but for those that are returned, which cannot be removed,
        and those of a Chroma server, who may keep what it likes. Raises IndexDamaged, SettingsError, StorageError.
        """
        old, name = self._store, next_name(self._store.name)
        store, matrix = self._at(begin(self._path, name), name)
        try:
            for some, vectors in old.copy(keys, store):
                matrix.put(some, vectors)
        except BaseException:  # whatever it was: what is open would be in the way of the next copy
            store.close()
            raise
        use(name)
        self._store, self._matrix = store, matrix
        if self._url:
            old.drop()
        old.close()
        return self._clear()

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _at(self, place: Path, name: str) -> tuple[Store, Matrix]:
        return Store(place, name=name, url=self._url), Matrix(place / f"{name}.matrix")

    def _clear(self) -> list[Path]:
        """Remove what is not in use; return what cannot be removed."""
        return clear(self._path, in_use(self._path, self._store.name))
