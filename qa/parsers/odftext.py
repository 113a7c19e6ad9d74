"""The content of an OpenDocument file in; its blocks out: paragraphs, headings, lists, tables, shapes, notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from qa.parsers.drawings import described
from qa.parsers.odfstyles import OUTLINE, Counts, Styles
from qa.parsers.packages import Package, attribute, child, children, local, whole
from qa.parsers.raised import sign_between
from qa.parsers.writing import TITLE_LEVEL, Block, flat, remark

_ASIDE = frozenset(
    "tracked-changes forms sequence-decls variable-decls user-field-decls scripts title desc settings page-thumbnail "
    "content-validations table-columns table-header-columns table-column-group event-listeners".split()
)
_UNSEEN = frozenset("note-citation ruby-text annotation-end script tracked-changes number".split())
SHAPES = frozenset(
    "frame custom-shape text-box g rect line ellipse circle polyline polygon path regular-polygon connector measure "
    "caption control".split()
)
_FURNITURE = frozenset({"date-time", "footer", "header", "page-number", "page"})
_ROWS = frozenset({"table-rows", "table-header-rows", "table-row-group"})
WIDEST, LONGEST = 100, 1_000
"""So often a cell or a row that is repeated is written: the words stay the same."""
_DEEPEST = 8


class _Line:
    """The words of one paragraph, and the shapes that are anchored in it."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.shapes: list[Element] = []
        self.raised = self.was_raised = False  # whether this stands above the line, and what was said before it


class Text:
    """What stands in a package, with the notes and comments that it comes upon."""

    def __init__(self, package: Package, styles: Styles, *, with_values: bool = True) -> None:
        """Of charts their values are told `with_values`: on a sheet these stand in the cells."""
        self._package, self._with_values = package, with_values
        self.styles = styles
        self._outline: Counts = {}
        self._counts: dict[str, Counts] = {}  # of the lists that others may go on counting
        self._notes: list[Element] = []
        self._told = 0
        self._remarks: list[Block] = []
        self.cell = ""  # which a comment is on

    def due(self, except_in: str = "") -> Iterator[Block]:
        """Return the notes that are due, but those of the heading that comes."""
        while self._told < len(self._notes) and f"[^{self._told + 1}]" not in except_in:
            self._told += 1
            yield Block(f"[^{self._told}]: {flat(self.blocks(self._notes[self._told - 1]))}", item=True)

    def remarked(self) -> list[Block]:
        """Return the comments since the last time."""
        remarks, self._remarks = self._remarks, []
        return remarks

    def blocks(self, elements: Iterable[Element]) -> Iterator[Block]:
        """Return the blocks of elements, or of all that stands in one."""
        for each in elements:
            kind = local(each)
            if kind in ("p", "h"):
                yield from self._paragraph(each)
            elif kind == "list":
                yield from self._list(each, 1, None, None)
            elif kind == "table":
                yield from self._table(each)
            elif kind == "notes":
                words = [block.words for block in self.blocks(list(each)) if block.words]
                yield Block("\n".join(("Notes:", *words)) if words else "")
            elif kind == "annotation":
                self._remark(each)
            elif kind == "section" and attribute(each, "display") == "none":
                continue
            elif kind in SHAPES:
                yield from self._shape(each)
            elif kind == "object":
                yield from self._object(attribute(each, "href") or "")
            elif kind not in _ASIDE:
                yield from self.blocks(each)

    def _paragraph(self, element: Element) -> Iterator[Block]:
        line = _Line()
        hidden = self.styles.hides(element, "paragraph") or any(
            local(each) == "hidden-paragraph" and attribute(each, "is-hidden") != "false" for each in element
        )
        if not hidden:
            self._read(element, line)
        words = "".join(line.words).strip(" ")
        if local(element) == "h":
            level = max(1, whole(attribute(element, "outline-level"), 1))
            counted = words and attribute(element, "is-list-header") != "true"
            mark = self.styles.mark(OUTLINE, level, self._outline) if counted else ""
            yield Block(f"{mark} {words}".strip(), level=level)
        else:
            yield Block(words, level=int(self.styles.is_title(element)))
        yield from self.blocks(line.shapes)

    def _read(self, element: Element, line: _Line) -> None:
        """Read what stands in a paragraph; white space counts once, as in HTML."""
        _say(line, element.text)
        for each in element:
            kind = local(each)
            if kind == "s":
                line.words.append(" " * min(max(whole(attribute(each, "c"), 1), 1), WIDEST))
            elif kind in ("tab", "line-break"):
                line.words.append("\t" if kind == "tab" else "\n")
            elif kind == "note":
                body = child(each, "note-body")
                self._notes.append(each if body is None else body)
                line.words.append(f"[^{len(self._notes)}]")
            elif kind == "annotation":
                self._remark(each)
            elif kind in SHAPES:
                line.shapes.append(each)
            elif kind == "hidden-text" and attribute(each, "is-hidden") != "false":
                pass
            elif kind not in _UNSEEN and not (kind == "span" and self.styles.hides(each, "text")):
                before, line.raised = line.raised, line.raised or (kind == "span" and self.styles.raises(each))
                self._read(each, line)
                line.raised = before
            _say(line, each.tail)

    def _remark(self, annotation: Element) -> None:
        author = child(annotation, "creator")
        said = flat(self.blocks(children(annotation, "p", "list")))
        self._remarks.append(remark(said, (author.text or "") if author is not None else "", on=self.cell))

    def _list(self, element: Element, level: int, style: str | None, counts: Counts | None) -> Iterator[Block]:
        """Return the items of a list; one that says so goes on counting where another one ended."""
        first = next((each for each in element.iter() if local(each) in ("p", "h")), None)
        style = attribute(element, "style-name") or style or self.styles.list_of(first) or ""
        if counts is None:
            goes_on = attribute(element, "continue-numbering") == "true"
            before = attribute(element, "continue-list") or (style if goes_on else "")
            counts = self._counts.get(before, {})
            self._counts[style] = self._counts[attribute(element, "id") or style] = counts
        indent = "  " * (min(level, _DEEPEST) - 1)
        for item in children(element, "list-item", "list-header"):
            start, counted = attribute(item, "start-value"), local(item) == "list-item"
            for each in item:
                if local(each) == "list":
                    yield from self._list(each, level + 1, style, counts)
                    continue
                for block in self.blocks([each]):
                    mark = ""
                    if counted and block.words:
                        mark = self.styles.mark(style, level, counts, whole(start, 1) if start else None)
                        counted = False
                    yield _item(block, mark, indent)

    def _table(self, element: Element) -> Iterator[Block]:
        rows = [(each, list(cells_of(each))) for each in rows_of(element)]
        if len(rows) == 1 and len(rows[0][1]) == 1:  # a frame around a text is no table
            yield from self.blocks(rows[0][1][0][0])
            return
        written = list[tuple[str, ...]]()
        for row, cells in rows:
            words = [(self._cell_words(cell), count) for cell, count in cells]
            line = tuple(said for said, count in words for _ in range(min(count, WIDEST)))
            written += [line] * min(repeated(row, "rows"), LONGEST) if any(line) else []
        if written:
            yield Block(rows=tuple(written))

    def _cell_words(self, cell: Element) -> str:
        return "" if local(cell) == "covered-table-cell" else flat(self.blocks(cell))

    def stored(self, cell: Element) -> str:
        """Return what a cell shows, else what it stores."""
        if local(cell) == "covered-table-cell":
            return ""
        words = flat(self.blocks(children(cell, "p", "annotation", "list", "h")))
        values = ("string-value", "date-value", "time-value", "boolean-value", "value")
        return words or next((value for name in values if (value := attribute(cell, name))), "")

    def _shape(self, shape: Element) -> Iterator[Block]:
        kind = attribute(shape, "class") or ""
        if kind in _FURNITURE or attribute(shape, "placeholder") == "true":
            return
        if kind == "title":
            yield Block(flat(self.blocks(shape)), level=TITLE_LEVEL)
            return
        yield from self.blocks(shape)
        told = (child(shape, name) for name in ("desc", "title"))
        yield Block(described(next((each.text for each in told if each is not None and each.text), "")))

    def _object(self, href: str) -> Iterator[Block]:
        """Return the words of a chart or a formula, which stand in parts of their own."""
        root = self._package.xml(f"{href.removeprefix('./')}/content.xml") if not href.startswith("http") else None
        if root is not None and local(root) == "math":
            noted = next((each.text for each in root.iter() if local(each) == "annotation"), None)
            yield Block(noted or " ".join("".join(root.itertext()).split()))
        elif (chart := child(root, "body", "chart", "chart")) is not None:
            titles = [flat(self.blocks(each)) for each in chart.iter() if local(each) in ("title", "subtitle")]
            yield Block(f"Chart: {'; '.join(filter(None, titles))}" if any(titles) else "")
            if self._with_values:
                yield from self.blocks(children(chart, "table"))


def _say(line: _Line, words: str | None) -> None:
    if words:
        said = re.sub(r"[ \t\r\n]+", " ", words)
        ends = not line.words or line.words[-1].endswith((" ", "\n"))
        if line.raised and not line.was_raised and not ends:
            said = sign_between(line.words[-1], said) + said
        line.was_raised = line.raised
        line.words.append(said.lstrip(" ") if ends else said)


def _item(block: Block, mark: str, indent: str) -> Block:
    """Put the mark of a list before the first block of an item."""
    if block.rows or not block.words:
        return block
    if block.level:
        return Block(f"{mark if mark != '-' else ''} {block.words}", level=block.level)
    return Block(f"{indent}{mark or ' '} {block.words}", item=True)


def rows_of(parent: Element) -> Iterator[Element]:
    """Return the rows of a table, in whatever groups they stand."""
    for each in parent:
        if local(each) == "table-row":
            yield each
        elif local(each) in _ROWS:
            yield from rows_of(each)


def cells_of(row: Element) -> Iterator[tuple[Element, int]]:
    """Return the cells of a row, each with how often it stands there."""
    return ((each, repeated(each, "columns")) for each in children(row, "table-cell", "covered-table-cell"))


def repeated(element: Element, what: str) -> int:
    """Return how often a row or a cell says that it stands there: `rows`, `columns`."""
    return max(1, whole(attribute(element, f"number-{what}-repeated"), 1))
