"""PPT, as PowerPoint 97 and later wrote it: slides in their order, with notes."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from qa.documents import Document
from qa.errors import DocumentError
from qa.parsers.compound import Compound
from qa.parsers.writing import TITLE_LEVEL, Block, Writer

_EDIT, _LISTS, _PERSIST, _DRAWING, _NOTES_OF = 0x0FF5, 0x0FF0, 0x03F3, 0x040C, 0x03F1
_HEADER, _WIDE, _NARROW = 0x0F9F, 0x0FA0, 0x0FA8
_SLIDES, _NOTES = 0, 2
"""Which lists of slides these are."""
_TITLES = (0, 6)
"""The kinds of words that are the title of a slide."""
_ENCRYPTED = 0xF3D1C4DF
_DEEPEST = 30
_SIGNS = str.maketrans({"\r": "\n", "\x0b": "\n", "\xa0": " "})
_CONTROL = re.compile("[\x00-\x08\x0c\x0e-\x1f]")
_FIELD = "*"
"""What stands for a number or a date that the program puts in."""


@dataclass(frozen=True, slots=True)
class _Record:
    """A record: its kind, its number among those of its kind, where its content is, whether that is records."""

    kind: int
    number: int
    start: int
    end: int
    holds: bool


@dataclass(frozen=True, slots=True)
class _Slide:
    """A slide in a list: where its drawing is noted, its own number, and the words that the list has of it."""

    place: int
    number: int
    said: list[Block]


def parse_ppt(data: bytes) -> Document:
    """Read slides; each is a part of the document. Raises DocumentError."""
    file = Compound(data)
    stream, user = file.read("PowerPoint Document"), file.read("Current User")
    if len(user) < 20 or not stream:
        raise DocumentError("It is damaged, or no file of PowerPoint 97 or later: there are no slides in it.")
    if struct.unpack_from("<I", user, 12)[0] == _ENCRYPTED:
        raise DocumentError("It is protected by a password: save a copy without one.")
    slides = _Slides(stream, struct.unpack_from("<I", user, 16)[0])
    writer = Writer()
    for number, blocks in enumerate(slides.blocks(), start=1):
        writer.slide(f"slide {number}", blocks)
    return writer.document("", "application/vnd.ms-powerpoint")


class _Slides:
    """The records of a file."""

    def __init__(self, data: bytes, edit: int) -> None:
        self._data = data
        self._places: dict[int, int] = {}  # of what is kept, by its number: the newest ones
        document = self._read_edits(edit)
        self._lists = {each.number: each for each in self._kept(document) if each.kind == _LISTS}

    def blocks(self) -> Iterator[list[Block]]:
        """Yield what each slide says, and its notes."""
        notes = dict(self._notes())
        for slide in self._listed(_SLIDES):
            said = list(dict.fromkeys((*slide.said, *self._drawn(slide.place))))
            if slide.number in notes:
                said.append(Block(f"Notes:\n{notes[slide.number]}"))
            yield said

    def _notes(self) -> Iterator[tuple[int, str]]:
        """Yield the numbers of slides, and what the notes of each say."""
        for page in self._listed(_NOTES):
            of = next((each for each in self._kept(page.place) if each.kind == _NOTES_OF), None)
            words = "\n".join(block.words for block in dict.fromkeys((*page.said, *self._drawn(page.place))))
            if of and words and of.end - of.start >= 4:
                yield struct.unpack_from("<I", self._data, of.start)[0], words

    def _records(self, start: int, end: int) -> Iterator[_Record]:
        while start + 8 <= end:
            about, kind, size = struct.unpack_from("<HHI", self._data, start)
            start += 8
            yield _Record(kind, about >> 4, start, min(start + size, end), about & 15 == 15)
            start += size

    def _read_edits(self, at: int) -> int:
        """Note where things are kept, the newest edit first; return the number of the document itself."""
        document, seen = 0, set[int]()
        while 0 < at <= len(self._data) - 36 and at not in seen:
            seen.add(at)
            if struct.unpack_from("<H", self._data, at + 2)[0] != _EDIT:
                break
            at, directory, number = struct.unpack_from("<III", self._data, at + 16)
            document = document or number
            for record in self._records(directory, len(self._data)):
                self._read_directory(record)
                break
        return document

    def _read_directory(self, record: _Record) -> None:
        at = record.start
        while at + 4 <= record.end:
            first, count = (head := struct.unpack_from("<I", self._data, at)[0]) & 0xFFFFF, head >> 20
            at += 4
            for number in range(first, first + min(count, (record.end - at) // 4)):
                self._places.setdefault(number, struct.unpack_from("<I", self._data, at)[0])
                at += 4

    def _kept(self, number: int) -> Iterator[_Record]:
        """Yield the records in what is kept under a number."""
        at = self._places.get(number)
        if at is not None:
            for record in self._records(at, len(self._data)):
                yield from self._records(record.start, record.end)
                break

    def _listed(self, number: int) -> Iterator[_Slide]:
        """Yield the slides of a list, with what it has of their words."""
        slide, kind = None, -1
        records = self._lists.get(number)
        for record in self._records(records.start, records.end) if records else ():
            if record.kind == _PERSIST and record.end - record.start >= 16:
                if slide:
                    yield slide
                place, identity = struct.unpack_from("<I8xI", self._data, record.start)
                slide, kind = _Slide(place, identity, []), -1
            elif record.kind == _HEADER:
                kind = self._kind(record)
            elif slide and (words := self._words(record)):
                slide.said.append(Block(words, level=TITLE_LEVEL if kind in _TITLES else 0))
        if slide:
            yield slide

    def _drawn(self, number: int) -> Iterator[Block]:
        """Yield the words that are drawn on a slide itself."""
        for record in self._kept(number):
            if record.kind == _DRAWING:
                yield from self._inside(record, 0)

    def _inside(self, record: _Record, depth: int) -> Iterator[Block]:
        kind = -1
        for each in self._records(record.start, record.end):
            if each.holds and depth < _DEEPEST:
                yield from self._inside(each, depth + 1)
            elif each.kind == _HEADER:
                kind = self._kind(each)
            elif words := self._words(each):
                yield Block(words, level=TITLE_LEVEL if kind in _TITLES else 0)

    def _kind(self, record: _Record) -> int:
        return int.from_bytes(self._data[record.start : record.end][:4], "little")

    def _words(self, record: _Record) -> str:
        """Return the words of a record; nothing where it has none, or a mere sign for what the program puts in."""
        if record.kind not in (_WIDE, _NARROW):
            return ""
        encoding = "utf-16-le" if record.kind == _WIDE else "latin-1"
        words = self._data[record.start : record.end].decode(encoding, "replace").translate(_SIGNS)
        words = _CONTROL.sub("", words).strip()
        return "" if words == _FIELD else words
