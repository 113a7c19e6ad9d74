"""DOCX: headings, paragraphs, lists, tables; notes where their chapter ends, comments and headers at the end."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element

from qa.documents import Container, Document
from qa.errors import DocumentError
from qa.parsers.drawings import AS_PDF, Drawing, core_title, has_picture, undescribed
from qa.parsers.html import parse_html
from qa.parsers.mail import parse_mail
from qa.parsers.packages import Package, attribute, child, children, local, switched_on, whole
from qa.parsers.plain import parse_plain
from qa.parsers.wordlines import REMOVED, Line
from qa.parsers.wordlists import Lists
from qa.parsers.wordstyles import Styles, style_of
from qa.parsers.writing import Block, Writer, flat, remark

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ASIDE = REMOVED | frozenset({"tblPr", "tblGrid", "tblPrEx", "trPr", "tcPr", "sectPr", "sdtPr", "sdtEndPr"})
_WRAPPED = frozenset({"sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"})
"""What rows and cells may be wrapped in."""
_WIDEST = 64
_FEW = 100
"""So few letters beside pictures are a name or a number, and what the file says is on the pictures."""
_CHUNKS: dict[str, Callable[[bytes], Document | Container]] = {
    **dict.fromkeys((".htm", ".html", ".xhtml"), parse_html),
    **dict.fromkeys((".mht", ".mhtml"), parse_mail),
    ".txt": parse_plain,
}
"""Files of other formats that stand in the place of paragraphs."""


def parse_docx(data: bytes) -> Document:
    """Read a text as it is with all changes accepted. Raises DocumentError."""
    package = Package(data)
    main = package.main("word/document.xml")
    root = package.xml(main)
    if root is None:
        raise DocumentError("It is damaged: there is no text part in it.")
    writer = Writer()
    writer.write_all(_Text(package, main).all(root))
    document = writer.document(core_title(package), _TYPE)
    if len(undescribed(document.text)) < _FEW and has_picture(root):
        return replace(document, missing=f"It is pictures with hardly any text: {AS_PDF}")
    return document


class _Text:
    """The text of a package, with the notes and comments that it comes upon."""

    def __init__(self, package: Package, main: str) -> None:
        self._package = package
        self._drawing = Drawing(package, main)
        self._relations = self._drawing.relations
        self._styles = Styles(next(self._parts("styles"), None))
        self._lists = Lists(next(self._parts("numbering"), None))
        self._kept = {
            (kind, attribute(each, "id") or ""): each
            for kind in ("footnote", "endnote", "comment")
            for root in self._parts(f"{kind}s")
            for each in children(root, kind)
        }
        self._notes: dict[tuple[str, str], int] = {}
        self._owed: list[tuple[int, Element]] = []  # notes that were referred to and are not told yet
        self._comments: list[str] = []

    def _parts(self, kind: str) -> Iterator[Element]:
        roots = (self._package.xml(each.part) for each in self._relations.values() if each.kind == kind)
        return (root for root in roots if root is not None)

    def all(self, root: Element) -> Iterator[Block]:
        """Return the blocks of the text; notes before the next heading, comments, headers and footers at the end."""
        for block in self._blocks(root):
            if block.level:
                yield from self._told(except_in=block.words)
            yield block
        yield from self._told()
        for comment in dict.fromkeys(self._comments):
            if (element := self._kept.get(("comment", comment))) is not None:
                yield remark(flat(self._blocks(element)), attribute(element, "author") or "")
        for kind in ("header", "footer"):
            words = (flat(self._blocks(part)) for part in self._parts(kind))
            yield from (Block(f"{kind.capitalize()}: {each}") for each in dict.fromkeys(words) if each)
        yield from self._told()

    def _told(self, except_in: str = "") -> Iterator[Block]:
        """Return the notes that are due, but those of the heading that comes."""
        while self._owed and f"[^{self._owed[0][0]}]" not in except_in:
            number, element = self._owed.pop(0)
            yield Block(f"[^{number}]: {flat(self._blocks(element))}", item=True)

    def _note(self, kind: str, identity: str) -> str:
        """Return the mark of a note; the first time it is owed."""
        element = self._kept.get((kind, identity))
        if element is None:
            return ""
        if (kind, identity) not in self._notes:
            self._notes[kind, identity] = len(self._notes) + 1
            self._owed.append((len(self._notes), element))
        return f"[^{self._notes[kind, identity]}]"

    def _blocks(self, parent: Element) -> Iterator[Block]:
        joined = ""  # the words of paragraphs whose ends were deleted: they go on in the next one
        for each in parent:
            kind = local(each)
            if kind == "p":
                line = self._line(each)
                if any(child(each, "pPr", "rPr", removed) is not None for removed in REMOVED):
                    joined += line.words
                else:
                    yield self._paragraph(child(each, "pPr"), joined + line.words)
                    joined = ""
                for beside in line.beside:
                    yield from self._beside(beside)
            elif kind == "tbl":
                yield from self._table(each)
            elif kind == "altChunk":
                yield from self._chunk(attribute(each, "id") or "")
            elif kind == "AlternateContent":
                found = ([block for block in self._blocks(other) if block.flat] for other in each)
                yield from next(filter(None, found), [])
            elif kind not in _ASIDE:
                yield from self._blocks(each)
        if joined.strip():
            yield Block(joined)

    def _line(self, paragraph: Element) -> Line:
        line = Line(self._styles, self._note)
        line.read(paragraph, self._styles.hides_all(child(paragraph, "pPr")))
        self._comments += line.comments
        return line

    def _paragraph(self, properties: Element | None, words: str) -> Block:
        level = self._styles.level(properties)
        mark, depth = "", 0
        if numbered := self._styles.numbering(properties):
            number, told = numbered
            depth = self._lists.level_of(number, style_of(properties)) if told is None else told
            mark = self._lists.mark(number, depth)
        if not words.strip():
            return Block()
        if level:
            return Block(f"{mark if mark != '-' else ''} {words}", level=level)
        return Block(f"{'  ' * min(max(depth, 0), 8)}{mark} {words.strip()}", item=True) if mark else Block(words)

    def _beside(self, element: Element) -> Iterator[Block]:
        is_box = local(element) == "txbxContent"
        return self._blocks(element) if is_box else self._drawing.referred(element)

    def _table(self, element: Element) -> Iterator[Block]:
        rows = [row for row in _inside(element, "tr") if not _is_gone(row)]
        cells = [list(_inside(row, "tc")) for row in rows]
        if [len(each) for each in cells] == [1]:  # a frame around a text is no table
            yield from self._blocks(cells[0][0])
            return
        table = [tuple(self._row(row, each)) for row, each in zip(rows, cells, strict=True)]
        if kept := tuple(row for row in table if any(row)):
            yield Block(rows=kept)

    def _row(self, row: Element, cells: list[Element]) -> Iterator[str]:
        """Return the words of cells, each once; where one covers others these are empty."""
        yield from [""] * _width(child(row, "trPr", "gridBefore"), 0)
        for cell in cells:
            properties = child(cell, "tcPr")
            merged = (child(properties, name) for name in ("vMerge", "hMerge"))
            covered = any(each is not None and attribute(each, "val") != "restart" for each in merged)
            deleted = child(properties, "cellDel") is not None
            yield "" if covered or deleted else flat(self._blocks(cell))
            yield from [""] * (_width(child(properties, "gridSpan"), 1) - 1)

    def _chunk(self, identity: str) -> Iterator[Block]:
        relation = self._relations.get(identity)
        parser = _CHUNKS.get(posixpath.splitext(relation.part)[1].lower()) if relation else None
        data = self._package.read(relation.part) if relation and parser else None
        if data and parser:
            found = parser(data)
            document = found.document if isinstance(found, Container) else found
            yield Block(document.text if document else "")


def _inside(parent: Element, name: str) -> Iterator[Element]:
    """Return the rows of a table or the cells of a row, whatever they are wrapped in."""
    for each in parent:
        if local(each) == name:
            yield each
        elif local(each) in _WRAPPED:
            yield from _inside(each, name)


def _is_gone(row: Element) -> bool:
    """Tell whether a row was deleted, or is hidden."""
    properties = child(row, "trPr")
    return child(properties, "del") is not None or switched_on(child(properties, "hidden"))


def _width(element: Element | None, otherwise: int) -> int:
    return min(max(whole(attribute(element, "val"), otherwise), otherwise), _WIDEST)
