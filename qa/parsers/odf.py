"""ODT, ODS, ODP: the same forms as those of Word, Excel and PowerPoint files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from qa.documents import Document
from qa.errors import DocumentError
from qa.parsers.cells import Row, aligned, letters
from qa.parsers.odfstyles import Styles
from qa.parsers.odftext import LONGEST, SHAPES, WIDEST, Text, cells_of, repeated, rows_of
from qa.parsers.packages import Package, attribute, child, children, local
from qa.parsers.writing import Block, Writer, flat

_TYPE = "application/vnd.oasis.opendocument"
_LOCKED = "It is protected by a password: save a copy without one."


def parse_odf(data: bytes) -> Document:
    """Read a text, a spreadsheet or slides, as they are with all changes accepted. Raises DocumentError."""
    package = Package(data)
    if b"encryption-data" in (package.read("META-INF/manifest.xml") or b""):
        raise DocumentError(_LOCKED)
    root, styles = package.xml("content.xml"), package.xml("styles.xml")
    body = child(root, "body")
    if root is None or body is None or len(body) == 0:
        raise DocumentError("It is damaged: there is no content in it.")
    kind = local(body[0])
    text = Text(package, Styles(each for each in (styles, root) if each is not None), with_values=kind != "spreadsheet")
    writer = Writer()
    _KINDS.get(kind, _write_text)(writer, text, body[0])
    if kind == "text":
        writer.write_all(_repeated_on_pages(text, child(styles, "master-styles")))
    return writer.document(_title(package), f"{_TYPE}.{kind}")


def _title(package: Package) -> str:
    try:
        title = child(package.xml("meta.xml"), "meta", "title")
    except DocumentError:  # what is said of a text is no reason not to read it
        return ""
    return (title.text or "").strip() if title is not None else ""


def _repeated_on_pages(text: Text, masters: Element | None) -> Iterator[Block]:
    """Return headers and footers, each once."""
    for kind in ("header", "footer"):
        parts = [each for page in children(masters) for each in page if local(each).split("-")[0] == kind]
        words = (flat(text.blocks(each)) for each in parts)
        yield from (Block(f"{kind.capitalize()}: {each}") for each in dict.fromkeys(words) if each)


def _write_text(writer: Writer, text: Text, body: Element) -> None:
    """Write a text; notes before the next heading, comments at the end."""
    for block in text.blocks(body):
        if block.level:
            writer.write_all(text.due(except_in=block.words))
        writer.write(block)
    writer.write_all(text.due())
    writer.write_all(text.remarked())


def _write_slides(writer: Writer, text: Text, body: Element) -> None:
    """Write slides, with their notes and comments."""
    for number, page in enumerate(children(body, "page"), 1):
        hidden = " (hidden)" if text.styles.hides(page, "drawing-page") else ""
        blocks = [*text.blocks(page), *text.remarked()]
        writer.slide(f"slide {number}{hidden}", blocks)


def _write_sheets(writer: Writer, text: Text, body: Element) -> None:
    """Write sheets, each with what is drawn on it and what is remarked."""
    for table in children(body, "table"):
        beside = list[Element]()
        rows = aligned(list(_sheet_rows(text, table, beside)))
        writer.sheet(attribute(table, "name") or "", rows, [*text.blocks(beside), *text.remarked()])


def _sheet_rows(text: Text, table: Element, beside: list[Element]) -> Iterator[Row]:
    """Return the rows of a sheet that have words; what is drawn on it goes to `beside`."""
    beside += children(child(table, "shapes"))
    number = 1
    for row in rows_of(table):
        cells, column = list[tuple[int, str]](), 1
        for cell, count in cells_of(row):
            beside += [each for each in cell if local(each) in SHAPES]
            text.cell = f"{letters(column)}{number}"
            if words := text.stored(cell):
                cells += [(at, words) for at in range(column, column + min(count, WIDEST))]
            column += count
        times = repeated(row, "rows")
        if cells:
            yield from ((at, cells) for at in range(number, number + min(times, LONGEST)))
        number += times
    text.cell = ""


_KINDS: dict[str, Callable[[Writer, Text, Element], None]] = {
    "text": _write_text,
    "presentation": _write_slides,
    "spreadsheet": _write_sheets,
}
