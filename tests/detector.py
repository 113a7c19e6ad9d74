"""Looks through every file of an index for words and vectors, however they are kept there."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tantivy


@dataclass
class Detector:
    """What is looked for: words, in small letters, and vectors by their keys."""

    words: tuple[str, ...]
    vectors: dict[bytes, np.ndarray]
    _codes: set[bytes] = field(default_factory=set)  # every form in which a matrix has had a vector, however long ago

    def traces(self, index: Path) -> dict[str, set[str]]:
        """Return the files that hold something of it, by the kind of what they hold."""
        found: dict[str, set[str]] = {}
        files = [path for path in sorted(index.rglob("*")) if path.is_file()]
        for path in files:
            self._codes |= set(self._rounded(path))
        for path in files:
            for kind in self._in_file(path.read_bytes()) | self._in_parts(path):
                found.setdefault(kind, set()).add(path.relative_to(index).as_posix())
        return found

    def _in_file(self, data: bytes) -> set[str]:
        kinds = {
            "bytes": self._says(data),
            "compressed": any(map(self._says, _inflated(data))),
            "keys": any(key in data or key.hex().encode() in data for key in self.vectors),
            "floats": any(vector.astype(kind).tobytes()[:64] in data for vector in self._forms() for kind in _FLOATS),
            "codes": any(code in data for code in self._codes),
        }
        return {kind for kind, is_there in kinds.items() if is_there}

    def _in_parts(self, path: Path) -> set[str]:
        if path.suffix == ".sqlite3":
            return {table for table, row in _rows(path) if self._says(row)}
        if path.name == "meta.json":
            return {"terms"} if any(self._says(term.encode()) for term in _terms(path.parent)) else set()
        return set()

    def _says(self, data: bytes) -> bool:
        """Tell whether any of the words stands there, whatever the case and the encoding."""
        small = data.lower()
        forms = (word.encode(encoding) for word in self.words for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
        return any(form in small for form in forms)

    def _forms(self) -> Iterator[np.ndarray]:
        for vector in self.vectors.values():
            yield vector
            yield vector / np.linalg.norm(vector)

    def _rounded(self, path: Path) -> Iterator[bytes]:
        """Round the vectors to bytes as this matrix does, less its mean."""
        data = path.read_bytes()
        if path.suffix == ".matrix":
            mean = np.frombuffer(data, "<f4", int.from_bytes(data[8:16], "little"), 16)
            for vector in self.vectors.values():
                left = vector - mean
                yield np.rint(left / (np.abs(left).max() / 127)).astype(np.int8).tobytes()


_FLOATS = ("<f4", "<f2", "<f8")


def _inflated(data: bytes) -> Iterator[bytes]:
    """Decompress whatever begins as zlib or gzip do, at any place, as far as it goes."""
    for mark in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x1f\x8b\x08"):
        at = data.find(mark)
        while at >= 0:
            try:
                yield zlib.decompressobj(47).decompress(data[at:], 1_000_000)
            except zlib.error:
                yield from _piecemeal(data[at : at + 8_192])
            at = data.find(mark, at + 1)


def _piecemeal(data: bytes) -> Iterator[bytes]:
    """Decompress what comes before the place where it goes wrong."""
    inflate, words = zlib.decompressobj(47), b""
    try:
        for i in range(0, len(data), 64):
            words += inflate.decompress(data[i : i + 64])
    except zlib.error:
        pass
    yield words


def _rows(path: Path) -> Iterator[tuple[str, bytes]]:
    """Return every row of a database as bytes, texts decompressed."""
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            yield from ((table, _joined(row)) for row in database.execute(f'SELECT * FROM "{table}"'))
    database.close()


def _joined(row: Iterable[object]) -> bytes:
    return b" ".join(_plain(value) if isinstance(value, bytes) else str(value).encode() for value in row)


def _plain(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


def _terms(folder: Path) -> list[str]:
    """Read the term dictionaries of a word index, of passages that were taken out too."""
    copy = folder.parent.parent / f"copy-of-{folder.name}"
    shutil.copytree(folder, copy, ignore=lambda _, names: [name for name in names if name.startswith("anew")])
    try:
        return [term for term, _ in tantivy.Index.open(str(copy)).searcher().terms_with_prefix("words", "")]
    finally:
        shutil.rmtree(copy)
