"""Embedders that take no time, so that the rest can be measured at sizes which would take hours to embed."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from qa import Library
    from qa.embedders import Embedder

WIDTH = 384
STAND_IN = "stand-in"


def open_embedder(name: str) -> Embedder | None:
    """Return the embedder of a name: `stand-in`, a file that `keep` wrote, or None for `bundled`."""
    return None if name == "bundled" else StandIn() if name == STAND_IN else Known(Path(name))


class StandIn:
    """Made-up vectors of length 1, from a hash of the words: the same words have the same vector, and no meaning."""

    fingerprint = STAND_IN
    width = WIDTH

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Make up a vector for each text."""
        return np.stack([self.embed_query(text) for text in texts]) if texts else np.empty((0, WIDTH), np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Make up a vector."""
        order = np.random.default_rng(list(hashlib.sha256(text.encode()).digest()))
        vector = order.standard_normal(WIDTH, np.float32)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


class Known:
    """The vectors of passages, looked up where `keep` wrote them; questions are embedded by the bundled model."""

    fingerprint = "known"
    width = WIDTH

    def __init__(self, place: Path) -> None:
        """Open what `keep` wrote."""
        self._file = sqlite3.connect(place, check_same_thread=False)

    @cached_property
    def _bundled(self) -> Embedder:
        from platformdirs import user_cache_path

        from qa.embedders import open_embedder

        return open_embedder("bundled", cache=user_cache_path("chapter-and-verse", appauthor=False), threads=None)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Look the texts up."""
        from qa.passages import vector_key

        return np.stack([self._vector(vector_key(text)) for text in texts])

    def _vector(self, key: bytes) -> NDArray[np.float32]:
        found = self._file.execute("SELECT vector FROM known WHERE key = ?", (key,)).fetchone()
        if found is None:
            raise SystemExit("A passage is not in the index that the vectors are from.")
        return np.frombuffer(found[0], np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed a question."""
        return self._bundled.embed_query(text)


def stored_vectors(library: Library) -> tuple[list[bytes], NDArray[np.float32]]:
    """Read every vector that a library has stored, and their keys; nothing but a measurement would want them all."""
    engines = library._index.engines()
    if engines.vectors is None:
        raise SystemExit("The library has no vectors yet: sync it to the end first.")
    keys = engines.catalog.live_keys()
    matrix = np.empty((len(keys), engines.embedder.width), np.float32)
    row = {key: number for number, key in enumerate(keys)}
    for some, vectors in engines.vectors._store.stored(keys):
        matrix[[row[key] for key in some]] = vectors
    return keys, matrix


def keep(library: Library, place: Path) -> None:
    """Write a library's vectors into a file, for `Known`."""
    keys, matrix = stored_vectors(library)
    with sqlite3.connect(place) as file:
        file.execute("CREATE TABLE known (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        file.executemany("INSERT INTO known VALUES (?, ?)", zip(keys, map(bytes, matrix), strict=True))
    file.close()
