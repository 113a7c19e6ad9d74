"""PPTX: slides in the order they are shown, with tables, charts, notes and comments."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from qa.documents import Document
from qa.errors import DocumentError
from qa.parsers.drawings import AS_PDF, Drawing, core_title, has_picture, undescribed
from qa.parsers.packages import Package, attribute, child, children, local
from qa.parsers.writing import Block, Writer, remark

_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_COVERS = 10
"""One slide in so many may be a picture, as covers are, without a word about it."""


def parse_pptx(data: bytes) -> Document:
    """Read slides; each is a part of the document. Hidden ones are read, and named so. Raises DocumentError."""
    package = Package(data)
    main = package.main("ppt/presentation.xml")
    root = package.xml(main)
    if root is None:
        raise DocumentError("It is damaged: there are no slides in it.")
    relations = package.relations(main)
    authors = _authors(
        package, [each.part for each in relations.values() if each.kind in ("commentAuthors", "authors")]
    )
    writer, count, pictures = Writer(), 0, 0
    # a slide that was taken out stays in the file: the list is what counts
    shown = [relations.get(_relation(each)) for each in children(child(root, "sldIdLst"), "sldId")]
    for number, relation in enumerate(shown, 1):
        slide = package.xml(relation.part) if relation else None
        if relation and slide is not None:
            hidden = " (hidden)" if attribute(slide, "show") in ("0", "false") else ""
            blocks = list(_slide(package, relation.part, slide, authors))
            writer.slide(f"slide {number}{hidden}", blocks)
            count += 1
            pictures += has_picture(slide) and not any(undescribed(block.flat) for block in blocks)
    title = core_title(package)
    told = f"{pictures:,} of its {count:,} slides are pictures without text: {AS_PDF}"
    # without one PowerPoint gives its own name
    title = "" if "powerpoint" in title.casefold() else title
    return writer.document(title, _TYPE, missing=told if pictures * _COVERS > count else "")


def _relation(element: Element) -> str:
    """Return the id of a relation: it is the one in a namespace, beside the element's own."""
    return next((value for key, value in element.attrib.items() if key.endswith("}id")), "")


def _slide(package: Package, part: str, slide: Element, authors: dict[str, str]) -> Iterator[Block]:
    """Return the words of a slide, its notes and comments."""
    drawing = Drawing(package, part)
    yield from drawing.blocks(child(slide, "cSld", "spTree"))
    for relation in sorted(drawing.relations.values(), key=lambda each: each.kind != "notesSlide"):
        if relation.kind == "notesSlide":
            tree = child(package.xml(relation.part), "cSld", "spTree")
            prose = Drawing(package, relation.part, lists=frozenset())
            notes = [block.words for block in prose.blocks(tree) if block.words]
            yield Block("\n".join(("Notes:", *notes)) if notes else "")
        elif relation.kind == "comments":
            yield from _comments(package.xml(relation.part), authors)


def _comments(root: Element | None, authors: dict[str, str]) -> Iterator[Block]:
    for comment in root.iter() if root is not None else ():
        if local(comment) in ("cm", "reply"):
            said = [each for name in ("text", "txBody") if (each := child(comment, name)) is not None]
            words = " ".join("".join(each.itertext()) for each in said)
            yield remark(words, authors.get(attribute(comment, "authorId") or "", ""))


def _authors(package: Package, parts: list[str]) -> dict[str, str]:
    """Return the names of those who comment, by their ids."""
    roots = (package.xml(part) for part in parts)
    people = (each for root in roots if root is not None for each in root)
    return {attribute(each, "id") or "": attribute(each, "name") or "" for each in people}
