"""The vectors once more, a byte for each number: cosines of any of them at once, without asking Chroma for each.

A cache beside Chroma, which has the exact ones: whatever is wrong with the file, it is begun anew and filled again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.errors import StorageError

KEY = 16
"""Bytes of a key."""
_MAGIC = b"QAMATRX1"
_AT_ONCE = 1024  # rows: as float32 they fit into the processor's cache
_LOOSE = 1000

Rows = NDArray[np.int64]


class Matrix:
    """Vectors of length 1 by key, in a file that only grows; each number is off by .002 at most, a cosine by less."""

    def __init__(self, path: Path) -> None:
        """Open the file, or begin one at the first `put`."""
        self._path = path
        self._changing = threading.Lock()
        self._records: NDArray[np.void] | None = None
        self._sorted = np.empty(0, np.uint64)  # the first halves of the keys, in order, and the rows that have them
        self._order: Rows = np.empty(0, np.int64)
        self._loose: dict[bytes, int] = {}  # of rows that came since
        with self._changing:
            self._read()

    def put(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Add vectors (n, width) under keys that are not there yet. Raises StorageError."""
        with self._changing:
            rows = self._find(b"".join(keys))
            new = [i for i, row in enumerate(rows) if row < 0]
            if not new:
                return
            try:
                self._append(_records([keys[i] for i in new], vectors[new]))
            except OSError as error:
                self._path.unlink(missing_ok=True)  # half a record may be in it
                self._read()
                raise StorageError(f"The vectors cannot be written ({error.strerror}): free some space.") from error

    def cosines(self, vector: NDArray[np.float32], keys: bytes) -> NDArray[np.float32]:
        """Return the cosine of each key, 16 bytes each; NaN for one that is not there."""
        with self._changing:
            rows, records = self._find(keys), self._records
        cosines = np.full(len(rows), np.nan, np.float32)
        if records is None or records["codes"].shape[1] != len(vector):
            return cosines
        there = np.flatnonzero(rows >= 0)
        there = there[np.argsort(rows[there], kind="stable")]  # in the order of the file
        for some in (there[i : i + _AT_ONCE] for i in range(0, len(there), _AT_ONCE)):
            part = records[rows[some]]
            # not `@`: BLAS would start threads for this little, which then spin beside those that embed
            cosines[some] = np.vecdot(part["codes"].astype(np.float32), vector) * part["step"]
        return cosines

    def clear(self) -> None:
        """Forget everything."""
        with self._changing:
            self._path.unlink(missing_ok=True)
            self._read()

    def _read(self) -> None:
        """Take the file as it is: whole records count, anything else begins it anew."""
        self._records, self._loose = None, {}
        self._sorted, self._order = np.empty(0, np.uint64), np.empty(0, np.int64)
        try:
            with self._path.open("rb") as file:
                head = file.read(KEY)
        except OSError:
            return
        if len(head) < KEY or not head.startswith(_MAGIC):
            self._path.unlink(missing_ok=True)
            return
        self._map(int.from_bytes(head[len(_MAGIC) :], "little"))
        self._sort()

    def _map(self, width: int) -> None:
        """See what is in the file now."""
        record = _record(width)
        count = (self._path.stat().st_size - KEY) // record.itemsize
        if count > 0:
            self._records = np.memmap(self._path, record, "r", offset=KEY, shape=(count,))

    def _append(self, records: NDArray[np.void]) -> None:
        width, size = records["codes"].shape[1], records.itemsize
        if self._records is not None and self._records["codes"].shape[1] != width:
            self._path.unlink()
            self._read()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            if not file.tell():
                file.write(_MAGIC + width.to_bytes(KEY - len(_MAGIC), "little"))
            file.truncate(file.tell() - (file.tell() - KEY) % size)  # a record that was cut short
            file.seek(0, os.SEEK_END)
            first = (file.tell() - KEY) // size
            file.write(records.tobytes())
        self._map(width)
        self._loose |= {key.tobytes(): first + i for i, key in enumerate(records["key"])}
        if len(self._loose) > max(_LOOSE, len(self._order) // 8):
            self._sort()

    def _sort(self) -> None:
        if self._records is not None:
            halves = self._records["key"][:, 0]
            self._order = np.argsort(halves, kind="stable")
            self._sorted = halves[self._order]
        self._loose = {}

    def _find(self, keys: bytes) -> Rows:
        """Return the row of each key, -1 for one that is not there."""
        wanted = np.frombuffer(keys, np.uint64).reshape(-1, 2)
        rows = np.full(len(wanted), -1, np.int64)
        if self._records is not None and len(self._order):
            at = np.minimum(np.searchsorted(self._sorted, wanted[:, 0]), len(self._order) - 1)
            found = self._order[at]
            same = (self._records["key"][found] == wanted).all(axis=1)
            rows[same] = found[same]
        if self._loose:
            for i in np.flatnonzero(rows < 0):
                rows[i] = self._loose.get(keys[KEY * i : KEY * (i + 1)], -1)
        return rows


def _record(width: int) -> np.dtype[np.void]:
    return np.dtype([("key", "<u8", (2,)), ("step", "<f4"), ("codes", "i1", (width,))])


def _records(keys: Sequence[bytes], vectors: NDArray[np.float32]) -> NDArray[np.void]:
    """Round each vector to codes of -127 to 127, with a step of its own."""
    records = np.zeros(len(keys), _record(vectors.shape[1]))
    records["key"] = np.frombuffer(b"".join(keys), np.uint64).reshape(-1, 2)
    records["step"] = np.maximum(np.abs(vectors).max(axis=1) / 127, np.finfo(np.float32).tiny)
    records["codes"] = np.rint(vectors / records["step"][:, None])
    return records
