"""DOC, as Word 97 and later wrote it: headings, paragraphs, tables; notes, remarks and headers at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from qa.documents import Document
from qa.parsers.compound import MAGIC, Compound
from qa.parsers.docx import parse_docx
from qa.parsers.misnamed import parse_misnamed
from qa.parsers.plain import parse_plain
from qa.parsers.wordruns import Paragraph, WordFile
from qa.parsers.writing import Block, Writer, flat, remark

_NOTES = ((2, 3), (46, 47))
"""Where the header names which letters of the text refer to notes, and where these begin."""
_END = re.compile("[\r\x07\x0c]")
_SIGNS = str.maketrans({"\x0b": "\n", "\x0e": "\n", "\x1e": "\u2011", "\xa0": " "})
_CONTROL = re.compile("[\x00-\x08\x0f-\x1f]")


def parse_doc(data: bytes) -> Document:
    """Read a Word file; what is of another format under this name as that. Raises DocumentError."""
    if not data.startswith(MAGIC):
        return parse_docx(data) if data.startswith(b"PK") else parse_misnamed(data, parse_plain)
    return _Stories(WordFile(Compound(data))).document()


class _Stories:
    """What the letters of a file say, one kind after the other."""

    def __init__(self, file: WordFile) -> None:
        self._file = file
        self._text = file.text
        self._gone = bytearray(len(file.text))
        for start, end in (*file.hidden, *_codes(file.text)):
            self._gone[start:end] = b"\1" * len(self._gone[start:end])
        self._marks: dict[int, str] = {}

    def document(self) -> Document:
        """Return all of it."""
        starts = [0]
        for length in self._file.lengths:
            starts.append(min(len(self._text), starts[-1] + max(0, length)))
        text, footnotes, headers, _, remarks, endnotes, boxes, more_headers = pairwise(starts)
        notes = [
            note
            for table, story in zip(_NOTES, (footnotes, endnotes), strict=True)
            for note in self._notes(*table, story[0])
        ]
        self._marks = {mark: f"[^{number}]" for number, (mark, _, _) in enumerate(notes, start=1)}
        writer = Writer()
        writer.write_all(self._blocks(*text))
        writer.write_all(self._blocks(*boxes))
        for number, (_, start, end) in enumerate(notes, start=1):
            writer.write(Block(f"[^{number}]: {words}" if (words := flat(self._blocks(start, end))) else ""))
        writer.write_all(remark(block.flat, "") for block in self._blocks(*remarks))
        writer.write_all(dict.fromkeys((*self._blocks(*headers), *self._blocks(*more_headers))))
        return writer.document("", "application/msword")

    def _notes(self, marks: int, texts: int, begins: int) -> Iterator[tuple[int, int, int]]:
        """Yield which letter refers to a note, and from where to where that stands."""
        places, edges = self._file.places(marks), self._file.places(texts)
        for mark, (start, end) in zip(places, pairwise(edges[:-1]), strict=False):
            yield mark, begins + start, begins + end

    def _blocks(self, start: int, end: int) -> Iterator[Block]:
        """Yield the paragraphs and tables between two places."""
        words, cells, rows = "", list[str](), list[tuple[str, ...]]()
        for match in _END.finditer(self._text, start, end):
            words += self._words(start, match.start())
            start = match.end()
            how = self._file.ends.get(match.start(), Paragraph())
            if how.row_end:
                rows.append(tuple(cells))
                words, cells = "", []
            elif match[0] == "\x07":
                cells.append(words.strip())
                words = ""
            elif how.in_table:
                words += "\n"
            else:
                if any(map(any, rows)):
                    yield Block(rows=tuple(rows))
                rows = []
                yield Block(" | ".join((*cells, words)).strip(), level=how.level)
                words, cells = "", []
        if any(map(any, rows)):
            yield Block(rows=tuple(rows))
        yield Block(" | ".join((*cells, words + self._words(start, end))).strip())

    def _words(self, start: int, end: int) -> str:
        """Return what is seen between two places."""
        shown = (self._marks.get(at, self._text[at]) for at in range(start, end) if not self._gone[at])
        return _CONTROL.sub("", "".join(shown).translate(_SIGNS))


def _codes(text: str) -> Iterator[tuple[int, int]]:
    """Yield where fields say what they show: from where they begin to what is shown, or to their end."""
    begun: list[int | None] = []
    for match in re.finditer("[\x13-\x15]", text):
        if match[0] == "\x13":
            begun.append(match.start())
        elif begun:
            start = begun.pop()
            if start is not None:
                yield start, match.end()
            if match[0] == "\x14":
                begun.append(None)
