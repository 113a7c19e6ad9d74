"""What Office files draw: words in shapes, tables, charts, diagrams, pictures that are described; and their titles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from qa.errors import DocumentError
from qa.parsers.cells import kind_of, shown
from qa.parsers.packages import Package, Relation, attribute, child, children, local, whole
from qa.parsers.raised import sign_between
from qa.parsers.writing import TITLE_LEVEL, Block

_FURNITURE = frozenset({"dt", "ftr", "hdr", "sldNum", "sldImg"})
"""Placeholders that say the same on each slide."""
_TITLES = frozenset({"title", "ctrTitle"})
_PICTURES = frozenset({"blip", "imagedata"})
_LISTS = frozenset({"body", "obj"})
FORMULA = {"den": "/", "sup": "^", "sub": "_"}
"""What stands before a part of a formula that is not on the line."""
AS_PDF = "save it as PDF, which text recognition can read."
"""What to do about words that are on pictures."""
_DESCRIBED = re.compile(r"!\[[^\]\n]{0,2000}\]")
_FILE_NAME = re.compile(r"\S+\.\w{2,4}|[A-Za-z]:\\.*|https?:\S+")


def core_title(package: Package) -> str:
    """Return the title that a file's properties give, if any."""
    named = (each.part for each in package.relations("").values() if each.kind == "core-properties")
    try:
        title = child(package.xml(next(named, "docProps/core.xml")), "title")
    except DocumentError:  # what is said of a text is no reason not to read it
        return ""
    return (title.text or "").strip() if title is not None else ""


def described(words: str | None) -> str:
    """Return what is told of a picture, as Markdown has it; nothing where that is but the name of a file."""
    said = " ".join((words or "").split())
    return f"![{said}]" if said and not _FILE_NAME.fullmatch(said) else ""


def undescribed(words: str) -> str:
    """Return words less what is told of pictures: programs write that by themselves, and not what stands on them."""
    return _DESCRIBED.sub("", words).strip()


def has_picture(root: Element) -> bool:
    """Tell whether there is a picture anywhere in a part: on its own, in a shape, or behind all."""
    return any(local(each) in _PICTURES for each in root.iter())


class Drawing:
    """The shapes of a part; what stands in other parts, as charts do, is read from there."""

    def __init__(
        self, package: Package, part: str, *, lists: frozenset[str] = _LISTS, with_values: bool = True
    ) -> None:
        """Take placeholders named in `lists` for lists; of charts tell values too, where no cells have them already."""
        self._package, self._lists, self._with_values = package, lists, with_values
        self.relations: dict[str, Relation] = package.relations(part)

    def blocks(self, tree: Element | None) -> Iterator[Block]:
        """Return the words of the shapes, in their order; a title is a heading."""
        for each in tree if tree is not None else ():
            kind = local(each)
            if kind == "AlternateContent":
                yield from self._either(each)
            elif _is_hidden(each):
                continue
            elif kind in ("sp", "cxnSp"):
                yield from _shape(each, self._lists)
            elif kind == "pic":
                yield Block(described(attribute(next(_within(each, "cNvPr"), None), "descr")))
            elif kind == "graphicFrame":
                yield from self._frame(each)
            elif kind != "txBody":  # a group, or what anchors a shape on a sheet
                yield from self.blocks(each)

    def _either(self, alternatives: Element) -> Iterator[Block]:
        """Read the first of some alternatives that has words: they say the same for newer and older programs."""
        for each in alternatives:
            if found := [block for block in self.blocks(each) if block.flat]:
                yield from found
                return

    def _frame(self, frame: Element) -> Iterator[Block]:
        for each in frame.iter():
            if local(each) == "tbl":
                yield Block(rows=tuple(_row(row) for row in children(each, "tr")))
            elif local(each) in ("chart", "relIds"):
                yield from self.referred(each)

    def referred(self, element: Element) -> Iterator[Block]:
        """Return the words of a chart or a diagram that an element refers to."""
        is_chart = local(element) == "chart"
        relation = self.relations.get(attribute(element, "id" if is_chart else "dm") or "")
        root = self._package.xml(relation.part) if relation else None
        if root is not None:
            yield from _chart(root, self._with_values) if is_chart else _diagram(root)


def _within(element: Element, name: str) -> Iterator[Element]:
    return (each for each in element.iter() if local(each) == name)


def _is_hidden(shape: Element) -> bool:
    """Tell whether a shape, or a whole group, is not shown."""
    own = (child(each, "cNvPr") for each in shape if local(each).startswith("nv"))
    return any(attribute(each, "hidden") in ("1", "true") for each in own)


def _shape(shape: Element, lists: frozenset[str]) -> Iterator[Block]:
    place = next(_within(shape, "ph"), None)
    kind = (attribute(place, "type") or "obj") if place is not None else ""
    body = child(shape, "txBody")
    if kind in _FURNITURE or body is None:
        return
    if kind in _TITLES:
        yield Block(" ".join(map(words_of, children(body, "p"))), level=TITLE_LEVEL)
    else:
        yield Block("\n".join(_lines(body, in_list=kind in lists)))


def _lines(body: Element, *, in_list: bool) -> Iterator[str]:
    """Return the paragraphs of a shape, with bullets and numbers where it shows some."""
    paragraphs = [(each, words) for each in children(body, "p") if (words := words_of(each).strip())]
    counts: dict[int, int] = {}
    for paragraph, words in paragraphs:
        properties = child(paragraph, "pPr")
        level = min(max(whole(attribute(properties, "lvl")), 0), 8)
        numbered = child(properties, "buAutoNum")
        bullet = child(properties, "buChar") is not None or child(properties, "buBlip") is not None
        bullet = bullet or ((level > 0 or (in_list and len(paragraphs) > 1)) and child(properties, "buNone") is None)
        counts = {
            above: count
            for above, count in counts.items()
            if above < level or (above == level and numbered is not None)
        }
        if numbered is not None:
            counts[level] = counts.get(level, whole(attribute(numbered, "startAt"), 1) - 1) + 1
        mark = f"{counts[level]}. " if numbered is not None else "- " if bullet else ""
        yield f"{'  ' * level if mark else ''}{mark}{words}"


def words_of(paragraph: Element) -> str:
    """Return the words of a paragraph of a shape, a formula's too."""
    words: list[str] = []
    _read(paragraph, words)
    return "".join(words)


def _read(element: Element, words: list[str]) -> None:
    """Add the words in an element; of some alternatives, which say the same, those of the first that has words."""
    was_raised = False
    for each in element:
        kind, before = local(each), len(words)
        if kind == "t":
            words += filter(None, [each.text])
        elif kind == "br":
            words.append("\n")
        elif kind == "AlternateContent":
            for other in each:
                if len(words) == before:
                    _read(other, words)
        else:
            if kind in FORMULA and any(each.itertext()):
                words.append(FORMULA[kind])
            _read(each, words)
        raised = whole(attribute(child(each, "rPr"), "baseline")) > 0
        if raised and not was_raised and 0 < before < len(words):
            words.insert(before, sign_between(words[before - 1], words[before]))
        was_raised = raised


def _row(row: Element) -> tuple[str, ...]:
    """Return the cells of a row; one that is covered by another is empty."""
    cells = []
    for cell in children(row, "tc"):
        covered = any(attribute(cell, merged) in ("1", "true") for merged in ("hMerge", "vMerge"))
        paragraphs = children(child(cell, "txBody"), "p")
        cells.append("" if covered else " ".join(map(words_of, paragraphs)))
    return tuple(cells)


def _chart(root: Element, with_values: bool) -> Iterator[Block]:
    """Return the titles of a chart, and its values as a table: a row for each category, a column for each series."""
    titles = [" ".join(map(words_of, _within(each, "p"))).strip() for each in _within(root, "title")]
    if said := "; ".join(filter(None, titles)):
        yield Block(f"Chart: {said}")
    series = list(_within(root, "ser"))
    values = [_points(child(each, "val") if child(each, "val") is not None else child(each, "yVal")) for each in series]
    categories: dict[int, str] = {}
    for each in series:
        categories = {**_points(child(each, "xVal")), **_points(child(each, "cat")), **categories}
    names = ["; ".join(_points(child(each, "tx")).values()) for each in series]
    rows = sorted({place for points in values for place in points})
    if rows and with_values:
        table = [(categories.get(row, ""), *(points.get(row, "") for points in values)) for row in rows]
        yield Block(rows=(("", *names), *table))


def _points(element: Element | None) -> dict[int, str]:
    """Return the values that a chart keeps of its cells, by their places."""
    if element is None:
        return {}
    if (own := child(element, "v")) is not None:  # a name that is written in the chart itself
        return {0: own.text or ""}
    code = next((each.text for each in element.iter() if local(each) == "formatCode"), None)
    kind = kind_of(0, code or "")
    points = (each for each in element.iter() if local(each) == "pt")
    return {whole(attribute(each, "idx")): shown("".join(v.text or "" for v in each), kind) for each in points}


def _diagram(root: Element) -> Iterator[Block]:
    """Return the words of the points of a diagram."""
    words = (words_of(each).strip() for each in _within(root, "p"))
    yield Block("\n".join(f"- {each}" for each in words if each))
