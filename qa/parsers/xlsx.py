"""XLSX: each sheet a table, of the cells that have words; hidden ones too, but not what is very hidden."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from qa.documents import Document
from qa.errors import DocumentError
from qa.parsers.cells import Kind, Row, aligned, digits_of, kind_of, place_of, shown
from qa.parsers.drawings import Drawing, core_title
from qa.parsers.packages import Package, Relation, attribute, child, children, each_xml, local, whole
from qa.parsers.raised import sign_between
from qa.parsers.writing import Block, Writer, remark

_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_LAST_ROW = 1_048_576
_ANEW = "open it in a spreadsheet program and save it anew."


def parse_xlsx(data: bytes) -> Document:
    """Read a workbook, its formulas by the values they had when it was saved. Raises DocumentError."""
    package = Package(data)
    main = package.main("xl/workbook.xml")
    root = package.xml(main)
    if root is None:
        raise DocumentError("It is damaged: there is no workbook in it.")
    relations = package.relations(main)
    cells = _Cells(package, root, relations)
    people = _people(package, relations)
    writer = Writer()
    for sheet in children(child(root, "sheets"), "sheet"):
        relation = relations.get(next((value for key, value in sheet.attrib.items() if key.endswith("}id")), ""))
        if relation and attribute(sheet, "state") != "veryHidden":
            _write_sheet(writer, package, attribute(sheet, "name") or "", relation, cells, people)
    missing = f"The values of {cells.unsaved:,} of its formulas are not saved: {_ANEW}" if cells.unsaved else ""
    return writer.document(core_title(package), _TYPE, missing=missing)


def _write_sheet(
    writer: Writer, package: Package, name: str, relation: Relation, cells: _Cells, people: dict[str, str]
) -> None:
    """Write the rows of a sheet, then what is drawn on it and what is remarked."""
    data = package.read(relation.part) if relation.kind == "worksheet" else None
    rows = aligned(_uncovered(cells.rows(data), _merged(data))) if data else []
    writer.sheet(name, rows, _beside(package, relation.part, people))


class _Cells:
    """What a workbook says of all its cells: shared words, formats, from when its days are counted.

    `unsaved` counts the formulas without a value that were met: programs that only write workbooks compute none.
    """

    def __init__(self, package: Package, root: Element, relations: dict[str, Relation]) -> None:
        parts = {each.kind: each.part for each in relations.values()}
        strings = package.read(parts.get("sharedStrings", "")) or b""
        self._strings = [_said(each) for each in each_xml(strings, "si")] if strings else []
        self._formats = _formats(package.xml(parts.get("styles", "")))
        self._since_1904 = attribute(child(root, "workbookPr"), "date1904") in ("1", "true")
        self.unsaved = 0

    def rows(self, data: bytes) -> Iterator[Row]:
        """Return the rows of a sheet that have words."""
        number = 0
        for row in each_xml(data, "row"):
            number = whole(attribute(row, "r"), number + 1)
            if not 0 < number <= _LAST_ROW:
                raise DocumentError("It is damaged: it has a row where no row can be.")
            if cells := sorted(self._row(row)):
                yield number, cells

    def _row(self, row: Element) -> Iterator[tuple[int, str]]:
        column = 0
        for cell in children(row, "c"):
            place = place_of(cell.get("r"))
            column = place[1] if place else column + 1
            if words := self._words(cell).strip():
                yield column, words

    def _words(self, cell: Element) -> str:
        """Return what a cell shows."""
        value = child(cell, "v")
        stored = (value.text or "").strip() if value is not None else ""
        match cell.get("t", "n"):
            case "s":
                at = whole(stored, -1)
                return self._strings[at] if 0 <= at < len(self._strings) else ""
            case "inlineStr":
                return _said(child(cell, "is"))
            case "b":
                return {"1": "TRUE", "0": "FALSE"}.get(stored, stored)
            case "n":
                self.unsaved += not stored and child(cell, "f") is not None  # one whose value is empty words says so
                at = whole(cell.get("s"))
                kind, digits = self._formats[at] if 0 <= at < len(self._formats) else (Kind.NUMBER, 0)
                return shown(stored, kind, digits=digits, since_1904=self._since_1904)
        return _unescaped(value.text or "") if value is not None else ""


def _said(item: Element | None) -> str:
    """Return the words of a shared or an inline string, less how they are pronounced."""
    words, was_raised = "", False
    for part in [item, *children(item, "r")]:
        said = "".join(t.text or "" for t in children(part, "t"))
        raised = attribute(child(part, "rPr", "vertAlign"), "val") == "superscript"
        words += (sign_between(words, said) if raised and not was_raised else "") + said
        was_raised = raised
    return _unescaped(words)


def _unescaped(words: str) -> str:
    """Put the control characters back that XML cannot hold, where they are white space."""
    if "_x" not in words:
        return words
    return _ESCAPED.sub(lambda m: c if (c := chr(int(m[1], 16))) in "\t\n\r_" else "", words)


def _formats(styles: Element | None) -> list[tuple[Kind, int]]:
    """Return what each format of cells makes of a number, and of how many digits at least."""
    codes = {attribute(each, "numFmtId"): attribute(each, "formatCode") for each in children(child(styles, "numFmts"))}
    used = [attribute(each, "numFmtId") for each in children(child(styles, "cellXfs"))]
    return [(kind_of(whole(number), codes.get(number)), digits_of(codes.get(number))) for number in used]


def _merged(data: bytes) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return the ranges of cells that are shown as one, each by its first and its last."""
    found = []
    for each in re.findall(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([^"]{1,40})"', data):
        first, _, last = each.decode("latin-1").partition(":")
        if (start := place_of(first)) and (end := place_of(last)):
            found.append((start, end))
    return found


def _uncovered(rows: Iterable[Row], merged: list[tuple[tuple[int, int], tuple[int, int]]]) -> list[Row]:
    """Leave out the cells that another one covers: some programs keep in them what they were before."""
    kept = list(rows)
    for (top, left), (bottom, right) in merged:
        for at in range(bisect_left(kept, top, key=lambda row: row[0]), len(kept)):
            number, cells = kept[at]
            if number > bottom:
                break
            seen = [cell for cell in cells if not left <= cell[0] <= right or (number, cell[0]) == (top, left)]
            kept[at] = number, seen
    return [row for row in kept if row[1]]


def _beside(package: Package, part: str, people: dict[str, str]) -> Iterator[Block]:
    """Return what is drawn on a sheet, and the comments."""
    relations = package.relations(part).values()
    threaded = any(each.kind == "threadedComment" for each in relations)
    for relation in relations:
        if relation.kind == "drawing":
            yield from Drawing(package, relation.part, with_values=False).blocks(package.xml(relation.part))
        elif relation.kind == "threadedComment" or (relation.kind == "comments" and not threaded):
            yield from _comments(package.xml(relation.part), people)


def _comments(root: Element | None, people: dict[str, str]) -> Iterator[Block]:
    authors = [each.text or "" for each in children(child(root, "authors"))]
    for comment in root.iter() if root is not None else ():
        if local(comment) == "comment":
            at = whole(attribute(comment, "authorId"), -1)
            author, words = authors[at] if 0 <= at < len(authors) else "", _said(child(comment, "text"))
        elif local(comment) == "threadedComment":
            said = child(comment, "text")
            author = people.get(attribute(comment, "personId") or "", "")
            words = (said.text or "") if said is not None else ""
        else:
            continue
        yield remark(words, "" if author == "None" else author, on=attribute(comment, "ref") or "")


def _people(package: Package, relations: dict[str, Relation]) -> dict[str, str]:
    """Return the names of those who comment in threads, by their ids."""
    roots = (package.xml(each.part) for each in relations.values() if each.kind == "person")
    people = (each for root in roots if root is not None for each in root)
    return {attribute(each, "id") or "": attribute(each, "displayName") or "" for each in people}
