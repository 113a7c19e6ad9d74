"""The vectors in a file, a byte for each number: all of them looked at for one question, or some by their keys.

A cache of those that the store has exactly: whatever is wrong with the file, it is begun anew and filled again.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import simsimd
from numpy.typing import NDArray

from qa.errors import StorageError

KEY = 16
"""Bytes of a key."""
_MAGIC = b"QAMATRX2"
_HEAD = len(_MAGIC) + 8  # and the width; then comes the mean
_AT_ONCE = 1024  # rows: as float32 they fit into the processor's cache
_READ = 65_536  # rows
_WIDEST = 65_536
_LOOSE = 1000
_SPARSE = 64
_SHORTLIST = 4  # of so many times as many rows as are wanted the cosines are taken once more, with the exact question

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _View:
    """What can be searched at one moment."""

    codes: NDArray[np.int8]  # (rows, width)
    steps: Floats  # NaN where the row is gone
    gone: Rows
    mean: Floats

    def rough(self, vector: Floats) -> Floats:
        """Return a number for every row that grows with its cosine, nearly: the question is rounded to bytes too."""
        step = max(float(np.abs(vector).max()) / 127, float(np.finfo(np.float32).tiny))
        rounded = np.rint(vector / step).astype(np.int8)
        dots = np.asarray(simsimd.cdist(rounded[None], self.codes, "dot", out_dtype="float32"))[0]
        numbers = np.asarray(dots * self.steps)
        numbers[self.gone] = -np.inf
        return numbers

    def cosines(self, vector: Floats, rows: Rows) -> Floats:
        """Return the cosine of each of these rows."""
        cosines = np.empty(len(rows), np.float32)
        order = np.argsort(rows, kind="stable")  # as they come in the file
        for some in (order[i : i + _AT_ONCE] for i in range(0, len(order), _AT_ONCE)):
            # not `@`: BLAS would start threads for this little, which then spin beside those that embed
            cosines[some] = np.vecdot(self.codes[rows[some]].astype(np.float32), vector)
        return np.asarray(cosines * self.steps[rows] + np.vecdot(self.mean, vector))


class Matrix:
    """Vectors of length 1 by key, in a file that only grows; their cosines are off by .003 at most."""

    def __init__(self, path: Path) -> None:
        """Open the file, or begin one at the first `put`."""
        self._path = path
        self._changing = threading.Lock()
        self._forget()
        with self._changing:
            self._read()

    def _forget(self) -> None:
        self._lost = False  # by an error: it is there no longer, or not whole
        self._mean: Floats | None = None
        self._view: _View | None = None
        self._keys = np.empty((0, 2), np.uint64)  # of each row, as it comes in the file; and its step
        self._steps = np.empty(0, np.float32)
        self._new: list[NDArray[np.void]] = []  # keys and steps of rows that came since
        self._loose: dict[bytes, int] = {}  # rows that are not sorted yet
        self._sorted = np.empty(0, np.uint64)  # the first halves of the others' keys, in order, and their rows
        self._order: Rows = np.empty(0, np.int64)

    def count(self) -> int:
        """Count the vectors."""
        with self._changing:
            return len(self._order) + len(self._loose)

    def missing(self, keys: Sequence[bytes]) -> list[bytes]:
        """Return those of the keys that are not there."""
        with self._changing:
            rows = self._find(b"".join(keys))
        return [key for key, row in zip(keys, rows, strict=True) if row < 0]

    def intact(self) -> bool:
        """Tell whether the file is still the one that was read, with all that is in it and was added."""
        with self._changing:
            return not self._lost and (self._mean is None or self._is_whole())

    def reread(self, *, anew: bool = False) -> None:
        """Forget the file as it was, and read it again; with `anew` begin another. Raises StorageError."""
        with self._changing:
            self._forget()
            if anew:
                with self._writing():
                    self._path.unlink(missing_ok=True)
            self._read()

    def wrong(self, keys: Sequence[bytes], vectors: Floats) -> int:
        """Count those of the keys that are not there, or not with this vector."""
        with self._changing:
            view, rows = self._seen(), self._find(b"".join(keys))
        if view is None or len(view.mean) != vectors.shape[1]:
            return len(keys)
        there = rows >= 0
        steps = view.steps[rows[there], None]
        off = np.abs(view.codes[rows[there]] * steps + view.mean - vectors[there])
        return int((~there).sum() + (off > 0.51 * steps + 1e-6).any(axis=1).sum())

    def put(self, keys: Sequence[bytes], vectors: Floats) -> None:
        """Add vectors (n, width); one whose key is there is not added again. Raises StorageError."""
        with self._changing:
            rows = self._find(b"".join(keys))
            new = [i for i, row in enumerate(rows) if row < 0]
            if not new:
                return
            with self._writing():
                try:
                    self._append([keys[i] for i in new], vectors[new])
                except OSError:
                    self._forget()
                    self._lost = True
                    self._path.unlink(missing_ok=True)  # half a record may be in it
                    raise

    def remove(self, keys: Sequence[bytes]) -> None:
        """Delete vectors; their place in the file stays. Raises StorageError."""
        with self._changing:
            rows = self._find(b"".join(keys))
            rows = rows[rows >= 0]
            if self._mean is None or not len(rows):
                return
            self._gather()
            record = _record(len(self._mean))
            place = _HEAD + self._mean.nbytes + record.fields["step"][1]  # type: ignore[index]
            with self._writing(), self._path.open("r+b") as file:
                for row in rows:
                    file.seek(place + int(row) * record.itemsize)
                    file.write(np.float32(np.nan).tobytes())
            self._steps = self._steps.copy()  # searches may be reading the old ones
            self._steps[rows] = np.nan
            self._view = None
            self._sort()

    def nearest(self, vector: Floats, *, count: int, among: bytes | None = None) -> list[tuple[bytes, float]]:
        """Return the keys and cosines of the nearest vectors, nearest first; every one is looked at.

        `among` are the keys, joined to one, of those that count; without it all do.
        """
        with self._changing:
            view, keys = self._seen(), self._keys
            chosen = None if among is None else self._find(_in_order(among))
        if view is None or len(view.mean) != len(vector):
            return []
        rough = view.rough(vector)
        if chosen is not None:
            others = np.ones(len(rough), bool)
            others[chosen[chosen >= 0]] = False
            rough[others] = -np.inf
        rows = _largest(rough, _SHORTLIST * count)
        cosines = view.cosines(vector, rows)
        best = np.argsort(-cosines, kind="stable")[:count]
        return [(keys[rows[i]].tobytes(), float(cosines[i])) for i in best]

    def cosines(self, vector: Floats, keys: bytes) -> Floats:
        """Return the cosine of each key, 16 bytes each; NaN for one that is not there."""
        with self._changing:
            view, rows = self._seen(), self._find(keys)
        cosines = np.full(len(rows), np.nan, np.float32)
        if view is not None and len(view.mean) == len(vector):
            cosines[rows >= 0] = view.cosines(vector, rows[rows >= 0])
        return cosines

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"The vectors cannot be written to {self._path} ({error.strerror}): free some space, or remove it."
            ) from error

    def _read(self) -> None:
        """Take the file as it is: whole records count, anything else begins it anew."""
        if self._path.exists() and not self._path.is_file():
            return  # opening what only looks like a file may never come to an end
        try:
            with self._path.open("rb") as file:
                head = file.read(_HEAD)
                width = int.from_bytes(head[len(_MAGIC) :], "little") if head.startswith(_MAGIC) else 0
                width = width if width <= _WIDEST else 0
                mean = np.fromfile(file, "<f4", width)
                if not width or len(mean) < width or not np.isfinite(mean).all():
                    file.close()
                    self._path.unlink(missing_ok=True)
                    return
                self._mean = mean
                while len(records := np.fromfile(file, _record(width), _READ)):
                    self._new.append(_heads(records))
        except OSError:
            return
        self._gather()
        self._sort()

    def _append(self, keys: Sequence[bytes], vectors: Floats) -> None:
        width = vectors.shape[1]
        if self._mean is not None and (len(self._mean) != width or not self._is_whole()):
            self._path.unlink(missing_ok=True)
            self._forget()
        if self._mean is None:
            # what all vectors have in common is left out of the codes, so that these can be finer; any mean will do
            self._path.parent.mkdir(parents=True, exist_ok=True)
            mean = vectors.mean(axis=0, dtype=np.float32)
            self._path.write_bytes(_MAGIC + width.to_bytes(8, "little") + mean.astype("<f4").tobytes())
            self._mean = mean
        records = _records(keys, vectors - self._mean)
        with self._path.open("ab") as file:
            first = (file.tell() - _HEAD - self._mean.nbytes) // records.itemsize
            file.truncate(_HEAD + self._mean.nbytes + first * records.itemsize)  # a record that was cut short
            file.seek(0, os.SEEK_END)
            file.write(records.tobytes())
        self._new.append(_heads(records))
        self._loose |= {key: first + i for i, key in enumerate(keys)}
        self._view = None
        if len(self._loose) > max(_LOOSE, len(self._order) // 8):
            self._gather()
            self._sort()

    def _is_whole(self) -> bool:
        """Tell whether the file is still there with all that was read from it or added."""
        assert self._mean is not None
        rows = len(self._steps) + sum(map(len, self._new))
        needed = _HEAD + self._mean.nbytes + rows * _record(len(self._mean)).itemsize
        return self._path.exists() and self._path.stat().st_size >= needed

    def _seen(self) -> _View | None:
        """See what is in the file now."""
        if self._view is None and self._mean is not None:
            self._gather()
            record, count = _record(len(self._mean)), len(self._steps)
            if count:
                offset = _HEAD + self._mean.nbytes
                records = np.memmap(self._path, record, "r", offset=offset, shape=(count,))
                gone = np.flatnonzero(~_there(self._steps))
                self._view = _View(records["codes"], self._steps, gone, self._mean)
        return self._view

    def _gather(self) -> None:
        if self._new:
            self._keys = np.concatenate([self._keys, *(head["key"] for head in self._new)])
            self._steps = np.concatenate([self._steps, *(head["step"] for head in self._new)])
            self._new = []

    def _sort(self) -> None:
        there = np.flatnonzero(_there(self._steps))
        self._order = there[np.argsort(self._keys[there, 0], kind="stable")]
        self._sorted = self._keys[self._order, 0]
        self._loose = {}

    def _find(self, keys: bytes) -> Rows:
        """Return the row of each key, -1 for one that is not there."""
        wanted = np.frombuffer(keys, np.uint64).reshape(-1, 2)
        rows = np.full(len(wanted), -1, np.int64)
        if len(self._order):
            at = np.minimum(np.searchsorted(self._sorted, wanted[:, 0]), len(self._order) - 1)
            found = self._order[at]
            same = (self._keys[found] == wanted).all(axis=1)
            rows[same] = found[same]
        if self._loose:
            for i in np.flatnonzero(rows < 0):
                rows[i] = self._loose.get(keys[KEY * i : KEY * (i + 1)], -1)
        return rows


def _there(steps: Floats) -> NDArray[np.bool_]:
    """Tell which rows hold a vector: the step of one that is gone is NaN, and what makes no sense counts as gone."""
    return (steps > 0) & (steps <= 1)


def _in_order(keys: bytes) -> bytes:
    """Sort keys by their first halves: they are then found with fewer leaps through the memory."""
    halves = np.frombuffer(keys, np.uint64).reshape(-1, 2)
    return halves[np.argsort(halves[:, 0])].tobytes()


def _largest(numbers: Floats, count: int) -> Rows:
    """Return the places of at least so many of the largest numbers, if there are so many that are finite."""
    sample = numbers[::_SPARSE]
    most = count // _SPARSE * 2 + 4  # of the sample: twice as many as are wanted are to be expected, and some more
    if most < len(sample):
        found = np.flatnonzero(numbers > np.partition(sample, -most)[-most])
        if len(found) >= count:
            return found
    count = min(count, len(numbers))
    found = np.argpartition(numbers, len(numbers) - count)[-count:]
    return found[numbers[found] > -np.inf]


def _record(width: int) -> np.dtype[np.void]:
    return np.dtype([("key", "<u8", (2,)), ("step", "<f4"), ("codes", "i1", (width,))])


def _heads(records: NDArray[np.void]) -> NDArray[np.void]:
    """Return keys and steps, without keeping the codes in memory."""
    heads = np.empty(len(records), _record(0))
    heads["key"], heads["step"] = records["key"], records["step"]
    return heads


def _records(keys: Sequence[bytes], vectors: Floats) -> NDArray[np.void]:
    """Round each vector to codes of -127 to 127, with a step of its own."""
    records = np.zeros(len(keys), _record(vectors.shape[1]))
    records["key"] = np.frombuffer(b"".join(keys), np.uint64).reshape(-1, 2)
    records["step"] = np.maximum(np.abs(vectors).max(axis=1) / 127, np.finfo(np.float32).tiny)
    records["codes"] = np.rint(vectors / records["step"][:, None])
    return records
