"""EPUB: the chapters of a book in the order they are read, each below its title."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from qa.decoding import decode
from qa.documents import Document, Heading, first_line
from qa.errors import DocumentError
from qa.parsers.html import parse_xhtml
from qa.parsers.packages import Package, attribute, child, children, local, parse_xml
from qa.parsers.writing import Block, Writer

_TYPE = "application/epub+zip"
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*>", re.I)
"""One that only names its standard; one that declares things stays, and is refused."""
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""How fonts are made unfit for other books: that hides no words."""
_PAGES = frozenset({"application/xhtml+xml", "text/html", "text/xml", "application/xml", "text/x-oeb1-document"})


def parse_epub(data: bytes) -> Document:
    """Read a book. Raises DocumentError where it is damaged, or sold so that only its seller's program reads it."""
    package = Package(data)
    place = _opf(package)
    book = _xml(package, place)
    if book is None:
        raise DocumentError("It is damaged: there is no list of its chapters in it.")
    pages = list(_pages(book, posixpath.dirname(place)))
    if _encrypted(package) & {page.casefold() for page in pages}:
        raise DocumentError("It is protected (DRM): only the program it was sold for can read it.")
    titles = _titles(package, book, posixpath.dirname(place))
    writer, lost = Writer(), 0
    said = _said(book)
    if authors := ", ".join(said["creator"]):
        writer.write(Block(f"Authors: {authors}"))
    for description in said["description"]:
        writer.write(Block(parse_xhtml(description).text if "<" in description else description))
    for page in pages:
        chapter = package.read(page)
        lost += chapter is None
        if chapter and chapter.strip():
            _write_chapter(writer, parse_xhtml(decode(chapter)), titles.get(page.casefold(), ""))
    missing = f"It is damaged: {len(pages) - lost:,} of its {len(pages):,} chapters could be read." if lost else ""
    return writer.document(next(iter(said["title"]), ""), _TYPE, missing=missing)


def _opf(package: Package) -> str:
    """Return the name of the part that lists all others."""
    container = _xml(package, "META-INF/container.xml")
    roots = (each for each in (container.iter() if container is not None else ()) if local(each) == "rootfile")
    named = (path for each in roots if (path := attribute(each, "full-path")))
    return next(named, None) or next((name for name in package.names() if name.endswith(".opf")), "")


def _xml(package: Package, name: str) -> Element | None:
    data = package.read(name) if name else None
    return parse_xml(_DOCTYPE.sub(b"", data, count=1)) if data else None


def _said(book: Element) -> dict[str, list[str]]:
    """Return what a book says of itself."""
    said: dict[str, list[str]] = {"title": [], "creator": [], "description": []}
    metadata = child(book, "metadata")
    for each in metadata.iter() if metadata is not None else ():
        if (
            local(each) in said
            and "purl.org/dc/" in each.tag.lower()
            and (words := " ".join((each.text or "").split()))
        ):
            said[local(each)].append(words)
    return said


def _pages(book: Element, folder: str) -> Iterator[str]:
    """Return the names of the chapters' parts, in the order they are read."""
    items = {attribute(each, "id"): each for each in children(child(book, "manifest"), "item")}
    for each in children(child(book, "spine"), "itemref"):
        item = items.get(attribute(each, "idref"))
        if item is not None and (attribute(item, "media-type") or "") in _PAGES:
            yield _place(attribute(item, "href") or "", folder)


def _place(href: str, folder: str) -> str:
    """Return the name of the part that a link leads to."""
    return posixpath.normpath(posixpath.join(folder, unquote(href.split("#")[0]))).lstrip("/")


def _encrypted(package: Package) -> set[str]:
    """Return the names of the parts that are encrypted, but for fonts."""
    listed = _xml(package, "META-INF/encryption.xml")
    found = set()
    for each in children(listed, "EncryptedData"):
        method = attribute(child(each, "EncryptionMethod"), "Algorithm")
        link = attribute(child(each, "CipherData", "CipherReference"), "URI")
        if link and method not in _FONTS:
            found.add(_place(link, "").casefold())
    return found


def _titles(package: Package, book: Element, folder: str) -> dict[str, str]:
    """Return the titles that the table of contents gives the chapters, by the names of their parts."""
    titles: dict[str, str] = {}
    for item in children(child(book, "manifest"), "item"):
        is_nav = "nav" in (attribute(item, "properties") or "").split()
        if not is_nav and attribute(item, "media-type") != "application/x-dtbncx+xml":
            continue
        place = _place(attribute(item, "href") or "", folder)
        try:
            contents = _xml(package, place)
        except DocumentError:  # a book can be read without its table of contents
            continue
        for link, title in _links(contents) if contents is not None else ():
            titles.setdefault(_place(link, posixpath.dirname(place)).casefold(), title)
    return titles


def _links(contents: Element) -> Iterator[tuple[str, str]]:
    for each in contents.iter():
        if local(each) == "navPoint":
            link, words = attribute(child(each, "content"), "src"), child(each, "navLabel")
        elif local(each) == "nav" and attribute(each, "type") in (None, "toc"):
            links = (a for a in each.iter() if local(a) == "a")
            yield from ((attribute(a, "href") or "", " ".join("".join(a.itertext()).split())) for a in links)
            continue
        else:
            continue
        if link and words is not None:
            yield link, " ".join("".join(words.itertext()).split())


def _write_chapter(writer: Writer, page: Document, title: str) -> None:
    """Write a chapter: below its title, unless it says that itself; its highest heading is one of a chapter."""
    page = replace(page, text=page.text.rstrip())
    top = min((heading.level for heading in page.headings), default=1)
    if not title or any(_is_same(heading.title, title) for heading in page.headings):
        writer.insert(page, deeper=1 - top)
        return
    if first_line(page.text).casefold() == title.casefold():
        page = replace(page, headings=(Heading(0, top - 1, title), *page.headings))
    elif page.text:
        writer.write(Block(title, level=1))
    writer.insert(page, deeper=2 - top)


def _is_same(heading: str, title: str) -> bool:
    """Tell whether a heading is the one that a table of contents means: one of them may say less."""
    heading, title = heading.casefold(), title.casefold()
    return heading.startswith(title) or title.startswith(heading)
