"""An old Word file's streams in; its letters, and how runs of them are set, out."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qa.errors import DocumentError
from qa.parsers.compound import Compound

_PIECES, _CHARACTERS, _PARAGRAPHS = 33, 12, 13
"""The places in the header where these tables are named."""
_PAGE = 512
_ENCRYPTED, _FIRST_TABLE = 0x100, 0x200
_WORD_97 = 0xC1
_SIZES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
"""How long the operand of an instruction is, by three bits of it."""
_WIDE = frozenset({0xD606, 0xD608})
"""Instructions whose operands say how long they are in two bytes."""
_VANISH, _DELETED, _IN_TABLE, _ROW_END, _OUTLINE = 0x083C, 0x0800, 0x2416, 0x2417, 0x2640
_COMPRESSED = 0x40000000


@dataclass(frozen=True, slots=True)
class Paragraph:
    """How a paragraph is set: its level where it is a heading, and whether it stands in a table, or ends a row."""

    level: int = 0
    in_table: bool = False
    row_end: bool = False


@dataclass(frozen=True, slots=True)
class _Run:
    """Bytes of the main stream that are set alike."""

    start: int
    end: int
    value: Paragraph | bool


class WordFile:
    """The letters of a file, those of its notes and headers after those of the text."""

    def __init__(self, file: Compound) -> None:
        """Read it. Raises DocumentError."""
        self._main = file.read("WordDocument")
        if len(self._main) < 34:
            raise DocumentError("It is damaged: there is no text in it.")
        version, flags = (struct.unpack_from("<H", self._main, at)[0] for at in (2, 10))
        if flags & _ENCRYPTED:
            raise DocumentError("It is protected by a password: save a copy without one.")
        if version < _WORD_97:
            raise DocumentError("It was written by Word 6 or 95: open it in a word processor and save it anew.")
        self._table = file.read("1Table" if flags & _FIRST_TABLE else "0Table")
        numbers = 34 + self._short(32) * 2
        self.lengths: tuple[int, ...] = struct.unpack_from("<8i", self._main, numbers + 14)
        """How many letters the text has, its footnotes, headers, macros, remarks, endnotes, boxes, boxes in headers."""
        self._places = numbers + 2 + self._short(numbers) * 4 + 2
        self.text = ""
        self.hidden: list[tuple[int, int]] = []
        """From which letter to which the text is hidden or deleted."""
        self.ends: dict[int, Paragraph] = {}
        """How paragraphs are set, by their last letters."""
        self._read()

    def places(self, index: int) -> tuple[int, ...]:
        """Return the numbers of a table that is named in the header."""
        data = self._named(index)
        return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])

    def _short(self, at: int) -> int:
        return int(struct.unpack_from("<H", self._main, at)[0])

    def _named(self, index: int) -> bytes:
        start, size = struct.unpack_from("<II", self._main, self._places + 8 * index)
        return self._table[start : start + size]

    def _read(self) -> None:
        characters = list(self._runs(_CHARACTERS, _is_gone))
        paragraphs = list(self._runs(_PARAGRAPHS, _paragraph))
        letters, count = [], 0
        for length, start, step in self._pieces():
            words = self._main[start : start + length * step].decode("cp1252" if step == 1 else "utf-16-le", "replace")
            words = words.ljust(length)[:length]  # so that places hold, also where letters are missing
            for first, last, _ in _within(characters, start, start + length * step):
                self.hidden.append((count + (first - start) // step, count + (last - start) // step))
            for _, last, run in _within(paragraphs, start, start + length * step):
                if last == run.end and isinstance(run.value, Paragraph):
                    self.ends[count + (last - start) // step - 1] = run.value
            letters.append(words)
            count += length
        self.text = "".join(letters)

    def _pieces(self) -> Iterator[tuple[int, int, int]]:
        """Yield how many letters stand where, and how many bytes each takes."""
        data, at = self._named(_PIECES), 0
        while at + 3 <= len(data) and data[at] == 1:
            at += 3 + struct.unpack_from("<H", data, at + 1)[0]
        data = data[at + 5 :]
        count = max(0, (len(data) - 4) // 12)
        ends = struct.unpack_from(f"<{count + 1}I", data) if count else ()
        for number in range(count):
            place = struct.unpack_from("<I", data, 4 * (count + 1) + 8 * number + 2)[0]
            step = 1 if place & _COMPRESSED else 2
            start = (place & ~_COMPRESSED) // (2 if step == 1 else 1)
            length = min(ends[number + 1] - ends[number], max(0, len(self._main) - start) // step)
            if length > 0:
                yield length, start, step

    def _runs(self, index: int, read: Callable[[bytes, int], Paragraph | bool]) -> Iterator[_Run]:
        """Yield the runs whose setting says something, in their order."""
        numbers = self.places(index)
        count = max(0, (len(numbers) - 1) // 2)
        size = 1 if index == _CHARACTERS else 13
        for number in numbers[count + 1 :]:
            at = (number & 0x3FFFFF) * _PAGE
            page = self._main[at : at + _PAGE]
            if len(page) < _PAGE or 4 * (page[-1] + 1) + size * page[-1] >= _PAGE:
                continue
            edges = struct.unpack_from(f"<{page[-1] + 1}I", page)
            for run in range(page[-1]):
                place = page[4 * (page[-1] + 1) + size * run] * 2
                value = read(page, place) if place else False
                if value or index == _PARAGRAPHS:
                    yield _Run(edges[run], edges[run + 1], value or Paragraph())


def _within(runs: list[_Run], start: int, end: int) -> Iterator[tuple[int, int, _Run]]:
    """Yield what lies of runs between two places."""
    for at in range(max(0, bisect_right(runs, start, key=lambda run: run.start) - 1), len(runs)):
        run = runs[at]
        if run.start >= end:
            return
        if run.end > start:
            yield max(run.start, start), min(run.end, end), run


def _is_gone(page: bytes, at: int) -> bool:
    """Tell whether letters are hidden or deleted."""
    said = dict(_instructions(page[at + 1 : at + 1 + page[at]]))
    return said.get(_VANISH) == 1 or said.get(_DELETED) == 1


def _paragraph(page: bytes, at: int) -> Paragraph:
    words, begins = (page[at], at + 1) if page[at] else (page[min(at + 1, _PAGE - 1)], at + 2)
    data = page[begins : at + 2 + 2 * words - 2 * bool(page[at])]
    style = int.from_bytes(data[:2], "little")
    said = dict(_instructions(data[2:]))
    level = said.get(_OUTLINE, style - 1 if 1 <= style <= 9 else 9)  # the styles of headings have these numbers
    return Paragraph(level + 1 if level < 9 else 0, bool(said.get(_IN_TABLE)), bool(said.get(_ROW_END)))


def _instructions(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield instructions with the first byte of what they say."""
    at = 0
    while at + 3 <= len(data):
        code = struct.unpack_from("<H", data, at)[0]
        yield code, data[at + 2]
        if code in _WIDE:
            size = int.from_bytes(data[at + 2 : at + 4], "little") + 1
        else:
            size = _SIZES.get(code >> 13, data[at + 2] + 1)
        at += 2 + size
