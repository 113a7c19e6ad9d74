"""Blocks of words in; a document out, with its headings and parts where their words begin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from qa.documents import TITLE_LENGTH, Document, Heading, Part, first_line
from qa.errors import DocumentError
from qa.parsers.packages import table_row

_MOST = 100_000_000
"""Letters of one text: no book has as many, but a small file can say to repeat a cell as often."""
_DEEPEST = 6
TITLE_LEVEL = 2
"""Of the title of a slide, of the name of a sheet: above them is the title of all."""

Rows = Iterable[tuple[int, Sequence[str]]]
"""The rows of a sheet that have words, with their numbers."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph; a heading where it has a level, an item of a list where it says so, a table where it has rows."""

    words: str = ""
    level: int = 0
    item: bool = False
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def flat(self) -> str:
        """Its words on one line."""
        return " ".join(" ".join((self.words, *(cell for row in self.rows for cell in row))).split())


def flat(blocks: Iterable[Block]) -> str:
    """Return the words of blocks on one line, as in a cell or a note."""
    return " ".join(words for block in blocks if (words := block.flat))


def remark(words: str, author: str, *, on: str = "") -> Block:
    """Return what somebody remarked, named as such; an empty block where that is nothing."""
    said = " ".join(words.split())
    name = " ".join(filter(None, ("Comment", on and f"on {on}", author and f"by {author}")))
    return Block(f"{name}: {said}" if said else "")


class Writer:
    """Counts letters and lines as it writes, so that each heading and each part begins where its words do."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._length, self._line = 0, 1
        self._due: tuple[str, int | None] | None = None  # the part that begins at the next words
        self._before = Block()
        self._headings: list[Heading] = []
        self._title = _DEEPEST + 2, ""  # what can be the title of all: a heading of this level, or the first words
        self._parts: list[Part] = []

    def part(self, name: str, row: int | None = None) -> None:
        """Begin a part at what is written next."""
        self._due = name, row

    def write(self, block: Block) -> None:
        """Write a block after an empty line; items of a list stand together."""
        if block.flat:
            first = block.flat if block.level or block.rows else first_line(block.words)
            self._consider(block.level or _DEEPEST + 1, first)
            self._write(block)

    def _consider(self, level: int, words: str) -> None:
        """Take words for the title where there are no better ones."""
        if words and level < self._title[0]:
            self._title = level, words

    def _write(self, block: Block) -> None:
        if block.rows:
            self._table(block)
        elif block.level:
            level = min(block.level, _DEEPEST)
            self._begin(block)
            self._headings.append(Heading(self._length, level, block.flat[:TITLE_LENGTH]))
            self._put(f"{'#' * level} {block.flat}")
        elif words := block.words.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip():
            self._begin(block)
            self._put(words)

    def write_all(self, blocks: Iterable[Block]) -> None:
        """Write blocks in their order."""
        for block in blocks:
            self.write(block)

    def slide(self, name: str, blocks: Iterable[Block]) -> None:
        """Write a slide, its title first; one without a title gets its name, else it would stand below the last one."""
        said = [block for block in blocks if block.flat]
        titles = [block for block in said if block.level]
        if said:
            self.part(name)
            if not titles:
                self._write(Block(name.capitalize(), level=TITLE_LEVEL))
            self.write_all(titles)
            self.write_all(block for block in said if not block.level)

    def sheet(self, name: str, rows: Rows, beside: Iterable[Block] = ()) -> None:
        """Write a sheet: its name, its rows as a table, what stands beside them.

        A part begins wherever the numbers of rows do not follow on.
        """
        next_one = 0
        for number, cells in rows:
            if not next_one:
                self._name(name)
                self._begin(Block(rows=((),)))
            else:
                self._put("\n")
            if number != next_one:
                self._mark(name, number)
            self._put(table_row(list(cells)))
            if not next_one:
                self._put("\n")
                self._mark(name, None)  # the ruler is no row
                self._put(_ruler(len(cells)))
            next_one = number + 1 if next_one else -1  # below the ruler lines and rows are apart by one more
        if next_one:
            self._due = name, None  # what follows is no row
        others = [block for block in beside if block.flat]
        if others and not next_one:
            self._name(name)
        self.write_all(others)

    def _name(self, sheet: str) -> None:
        self.part(sheet)
        self.write(Block(sheet, level=TITLE_LEVEL))

    def insert(self, document: Document, *, deeper: int = 0) -> None:
        """Write the text of a document, its headings so much deeper."""
        if not document.text.strip():
            return
        self._begin(Block())
        shifted = (replace(h, start=h.start + self._length, level=h.level + deeper) for h in document.headings)
        self._headings.extend(shifted)
        for heading in document.headings:
            self._consider(heading.level + deeper, heading.title)
        self._consider(_DEEPEST + 1, first_line(document.text))
        self._put(document.text)

    def document(self, title: str, media_type: str, *, missing: str = "") -> Document:
        """Return all that was written; its highest heading is its title where it has none."""
        text = "".join(self._written)
        title = " ".join(title.split()) or self._title[1]
        headings, parts = tuple(self._headings), tuple(self._parts)
        return Document(text, title[:TITLE_LENGTH], media_type, headings=headings, parts=parts, missing=missing)

    def _table(self, table: Block) -> None:
        self._begin(table)
        first, *others = table.rows
        width = max(map(len, table.rows))
        header = [*first, *[""] * (width - len(first))]
        self._put("\n".join((table_row(header), _ruler(width), *(table_row(list(row)) for row in others))))

    def _begin(self, block: Block) -> None:
        """Leave the gap before a block, and note the part that begins there."""
        if self._written:
            self._put("\n")
            if self._before.rows and self._due and self._parts and self._parts[-1].row is not None:
                self._mark(self._parts[-1].name, None)  # the empty line after a sheet's last row is no row
            if not (block.item and self._before.item):
                self._put("\n")
        if self._due:
            self._mark(*self._due)
        self._due, self._before = None, block

    def _mark(self, name: str, row: int | None) -> None:
        self._parts.append(Part(self._length, self._line, name, row))

    def _put(self, words: str) -> None:
        self._written.append(words)
        self._length += len(words)
        self._line += words.count("\n")
        if self._length > _MOST:
            raise DocumentError(f"It has more than {_MOST // 1_000_000} million letters: split it.")


def _ruler(width: int) -> str:
    return f"|{'---|' * max(1, width)}"
