"""What is named as an old Office file and is a text: programs write pages, mail, XML and tables under such names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from qa.decoding import decode
from qa.documents import Document
from qa.errors import DocumentError
from qa.parsers.cells import Row, aligned, shown
from qa.parsers.html import parse_html
from qa.parsers.mail import pages, parse_mail
from qa.parsers.packages import attribute, child, children, local, parse_xml, switched_on, whole
from qa.parsers.rtf import parse_rtf
from qa.parsers.writing import Block, Writer, flat
from qa.parsers.xml import parse_markup

_FIRST = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<\?xml\b[^>]*+>(?>\s++|(?><!--.*?-->)|<\?[^>]*+>|<!(?!--)[^>]*+>)*+<(?:[\w.-]+:)?([\w.-]+)",
    re.S,
)
"""The name of the first element of XML, less its prefix."""
_WORDS = re.compile(rb"[^\x00-\x08\x0e-\x1f]*\Z")
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384


def parse_misnamed(data: bytes, otherwise: Callable[[bytes], Document]) -> Document:
    """Read it as what it is; other text `otherwise`. Raises DocumentError where it is no text."""
    if data.startswith(_WIDE):
        data = decode(data).encode()
    for begins, parser in _FORMATS:
        if begins.match(data):
            return parser(data)
    if _WORDS.match(data):
        return otherwise(data)
    raise DocumentError("It is not what its name says: open it in the program that wrote it, and save it anew.")


def parse_saved(data: bytes) -> Document:
    """Read a page that was saved as a mail, with all that it shows. Raises DocumentError where there is none."""
    found = pages(data)
    if not found:
        document = parse_mail(data).document
        if document is None:
            raise DocumentError("There is no page in it.")
        return document
    writer = Writer()
    for page in found:  # more than one where it has frames, as a saved workbook has for its sheets
        writer.insert(page)
    return writer.document(found[0].title, "text/html")


def _parse_xml(data: bytes) -> Document:
    """Read XML, by its first element. Raises DocumentError."""
    first = _FIRST.match(data)
    return _DIALECTS.get(first[1].lower() if first else b"", parse_markup)(data)


def _root(data: bytes) -> Element:
    # without its declaration: that may name an encoding that expat does not know
    return parse_xml(decode(data).partition("?>")[2].encode("utf-8", "replace"))


# Workbooks as Excel 2003 wrote them in XML.


def _parse_workbook(data: bytes) -> Document:
    writer = Writer()
    for sheet in children(_root(data), "Worksheet"):
        visible = child(sheet, "WorksheetOptions", "Visible")
        if visible is None or visible.text != "SheetVeryHidden":
            writer.sheet(attribute(sheet, "Name") or "", aligned(list(_rows(child(sheet, "Table")))))
    return writer.document("", "application/vnd.ms-excel")


def _rows(table: Element | None) -> Iterator[Row]:
    """Yield the rows that have words; a row or a cell says its number only where that does not follow on."""
    number = 0
    for row in children(table, "Row"):
        number = whole(attribute(row, "Index"), number + 1)
        cells, column = list[tuple[int, str]](), 0
        for cell in children(row, "Cell"):
            column = whole(attribute(cell, "Index"), column + 1)
            if words := _shown(child(cell, "Data")):
                cells.append((column, words))
            column += whole(attribute(cell, "MergeAcross"))
        if not 0 < number <= _LAST_ROW or not 0 <= column <= _LAST_COLUMN:
            raise DocumentError("It is damaged: it has a row or a column where none can be.")
        if cells:
            yield number, sorted(cells)


def _shown(data: Element | None) -> str:
    words = "".join(data.itertext()).strip() if data is not None else ""
    return shown(words) if attribute(data, "Type") == "Number" else words


# Texts as Word 2003 wrote them in XML.


def _parse_text(data: bytes) -> Document:
    writer = Writer()
    writer.write_all(_blocks(child(_root(data), "body")))
    return writer.document("", "application/msword")


def _blocks(parent: Element | None) -> Iterator[Block]:
    """Yield the paragraphs and tables, whatever they are wrapped in."""
    for each in children(parent):
        if local(each) == "p":
            yield Block("".join(_words(each)))
        elif local(each) == "tbl":
            rows = (tuple(flat(_blocks(cell)) for cell in children(row, "tc")) for row in children(each, "tr"))
            yield Block(rows=tuple(row for row in rows if any(row)))
        else:
            yield from _blocks(each)


def _words(parent: Element) -> Iterator[str]:
    """Yield what is seen of a paragraph; what was deleted has a name of its own."""
    for each in parent:
        if local(each) == "t":
            yield each.text or ""
        elif local(each) in _BREAKS:
            yield _BREAKS[local(each)]
        elif not switched_on(child(each, "rPr", "vanish")):
            yield from _words(each)
            yield "\n" if local(each) == "p" else ""  # of a note or a text box


_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n"}
_DIALECTS: dict[bytes, Callable[[bytes], Document]] = {
    b"workbook": _parse_workbook,
    b"worddocument": _parse_text,
    **dict.fromkeys((b"html", b"table"), parse_html),
}
_FORMATS: tuple[tuple[re.Pattern[bytes], Callable[[bytes], Document]], ...] = (
    (re.compile(rb"\s*\{\\rtf", re.I), parse_rtf),
    (re.compile(rb"(?:[\w-]++:[^\r\n]*+\r?\n(?:[ \t][^\r\n]*+\r?\n)*+){0,50}?mime-version:", re.I), parse_saved),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml\b", re.I), _parse_xml),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|meta|head|table)\b", re.I), parse_html),
)
