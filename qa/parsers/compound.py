"""A compound file, as old Office files are, in; its streams out: within bounds, each chain walked once."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.errors import DocumentError

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What a compound file begins with."""
_LAST = 0xFFFFFFFA
"""Numbers of sectors are below; those from here on are marks."""
_ENTRY = struct.Struct("<64sHBxIII36xIQ")
_SMALL = 64
_STORAGE, _STREAM = 1, 2
_DEEPEST = 30


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row of the directory."""

    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


class Compound:
    """The streams of a compound file, by their paths in small letters; a file that is cut short gives what it has."""

    def __init__(self, data: bytes) -> None:
        """Open it. Raises DocumentError where it is none, or damaged."""
        self._data = data
        if not data.startswith(MAGIC) or len(data) < 512:
            raise DocumentError("It is damaged: it does not open.")
        shift = struct.unpack_from("<H", data, 30)[0]
        if shift not in (9, 12):
            raise DocumentError("It is damaged: it does not open.")
        self._size = 1 << shift
        directory, self._cutoff, small = struct.unpack_from("<I4xII", data, 48)
        self._table = _numbers(b"".join(map(self._sector, self._table_sectors())))
        self._small_table = _numbers(self._chain(small))
        self._entries = list(self._directory(self._chain(directory)))
        if not self._entries:
            raise DocumentError("It is damaged: there is no directory in it.")
        self._small = self._chain(self._entries[0].start, self._entries[0].size)
        self._streams = dict(self._walk())

    def __contains__(self, path: str) -> bool:
        """Tell whether there is a stream."""
        return path.lower() in self._streams

    @property
    def paths(self) -> list[str]:
        """The paths of all streams."""
        return list(self._streams)

    def read(self, path: str) -> bytes:
        """Return the bytes of a stream; none where it is not there."""
        entry = self._streams.get(path.lower())
        if entry is None:
            return b""
        if entry.size >= self._cutoff:
            return self._chain(entry.start, entry.size)
        places = _walked(self._small_table, entry.start, -(-entry.size // _SMALL))
        return b"".join(self._small[at * _SMALL : (at + 1) * _SMALL] for at in places)[: entry.size]

    def _sector(self, number: int) -> bytes:
        return self._data[(number + 1) * self._size : (number + 2) * self._size].ljust(self._size, b"\xff")

    def _table_sectors(self) -> list[int]:
        """Return the sectors that hold the table of chains: the first are named by the header, others by a chain."""
        found = list(struct.unpack_from("<109I", self._data, 76))
        following, seen = struct.unpack_from("<I", self._data, 68)[0], set[int]()
        while self._is_there(following) and following not in seen:
            seen.add(following)
            *more, following = _numbers(self._sector(following))
            found += more
        return list(dict.fromkeys(filter(self._is_there, found)))

    def _is_there(self, number: int) -> bool:
        return number < _LAST and (number + 1) * self._size < len(self._data)

    def _chain(self, start: int, size: int | None = None) -> bytes:
        most = len(self._table) if size is None else -(-size // self._size)
        return b"".join(self._sector(at) for at in _walked(self._table, start, most) if self._is_there(at))[:size]

    def _directory(self, data: bytes) -> Iterator[_Entry]:
        for at in range(0, len(data) - _ENTRY.size + 1, _ENTRY.size):
            name, length, kind, left, right, child, start, size = _ENTRY.unpack_from(data, at)
            words = name[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            yield _Entry(words, kind, left, right, child, start, size if self._size > 512 else size & 0xFFFFFFFF)

    def _walk(self) -> Iterator[tuple[str, _Entry]]:
        waiting, seen = [(self._entries[0].child, "", 0)], set[int]()
        while waiting:
            number, folder, depth = waiting.pop()
            if number >= len(self._entries) or number in seen:
                continue
            seen.add(number)
            entry = self._entries[number]
            path = folder + entry.name.lower()
            waiting += [(entry.left, folder, depth), (entry.right, folder, depth)]
            if entry.kind == _STORAGE and depth < _DEEPEST:
                waiting.append((entry.child, f"{path}/", depth + 1))
            elif entry.kind == _STREAM:
                yield path, entry


def _numbers(data: bytes) -> Sequence[int]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _walked(table: Sequence[int], start: int, most: int) -> Iterator[int]:
    """Walk along a chain, no longer than it may be, and never in a circle."""
    seen = set[int]()
    while start < len(table) and start not in seen and len(seen) < most:
        seen.add(start)
        yield start
        start = table[start]
