"""CSV and TSV: the text is the file's own, and a citation names the row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from qa.decoding import decode
from qa.documents import TITLE_LENGTH, Document, Heading, Part
from qa.spans import Span, count_lines

_QUOTED = re.compile(r'(?:^|(?<=[\r,;\t|]))"((?>[^"]|""){0,50000})"(?=[\r\n,;\t|]|\Z)', re.M)
"""A quoted cell, whatever parts it from the next."""
_LINE_END = re.compile(r"\r\n?|\n")
_SEPARATED = re.compile(r"sep=.\r?\n")
"""What a spreadsheet program may write first, to say what parts its cells."""
_SAMPLE = 4_000
_NUMBER = re.compile(r"[\d.,:/+%€$£\s-]+")
_LONGEST_NAME = 40


def parse_table(data: bytes) -> Document:
    """Read a table: the text is the file's own; what its columns are called stands above all of it."""
    text = decode(data)
    names = _columns(text)
    headings = (Heading(0, 1, ", ".join(names)[:TITLE_LENGTH]),) if names else ()
    return Document(text, "", "text/csv", headings=headings, parts=tuple(_parts(text)))


def _parts(text: str) -> list[Part]:
    """Return the rows with their numbers: each stands on a line, but for those that have line ends in a cell."""
    parts = [Part(0, 1, "", 1)]
    row = line = 1
    done = 0  # all before it is counted
    for long in _long_rows(text):
        passed = count_lines(text, Span(done, long.start))
        row, line = row + passed, line + passed
        if long.start == parts[-1].start:
            parts.pop()
        parts.append(Part(long.start, line, f"row {row}"))
        row, line, done = row + 1, line + count_lines(text, long), long.end
        parts.append(Part(done, line, "", row))
    return parts


def _long_rows(text: str) -> Iterator[Span]:
    """Find the rows that go over several lines."""
    start, end = 0, -1
    for cell in _QUOTED.finditer(text):
        if "\n" not in cell[1] and "\r" not in cell[1]:
            continue
        if cell.start() >= end:  # else it stands in the same row as the one before
            if end >= 0:
                yield Span(start, end)
            before = max(end, 0)
            start = max(before, *(text.rfind(mark, before, cell.start()) + 1 for mark in "\r\n"))
        end = _line_end(text, cell.end())
    if end >= 0:
        yield Span(start, end)


def _line_end(text: str, at: int) -> int:
    found = _LINE_END.search(text, at)
    return found.end() if found else len(text)


def _columns(text: str) -> list[str]:
    """Return what the columns are called, where the first row seems to say it: short words, each once, no numbers."""
    if said := _SEPARATED.match(text):
        text = text[said.end() :]
    sample = text[:_SAMPLE]
    try:
        kind = csv.Sniffer().sniff(sample, delimiters=",;\t|")
        first, second = (row for _, row in zip(range(2), csv.reader(sample.splitlines(), kind), strict=False))
    except (csv.Error, ValueError):  # nothing parts its cells, or there is nothing below the first row
        return []
    names = [" ".join(name.split()) for name in first]
    good = len(names) == len(second) > 1 and len(set(names)) == len(names)
    return names if good and all(map(_is_name, names)) else []


def _is_name(cell: str) -> bool:
    return 0 < len(cell) <= _LONGEST_NAME and not _NUMBER.fullmatch(cell)
