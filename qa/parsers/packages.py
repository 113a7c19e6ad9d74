"""A ZIP of XML parts, as office files are: read within bounds; no size is believed, nothing outside is followed."""

from __future__ import annotations

import io
import lzma
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from qa.errors import DocumentError

_MOST_PARTS = 20_000
_LARGEST, _MOST_BYTES = 200_000_000, 400_000_000
"""Of one part, and of all that are read, unpacked: office files are far from that, bombs are far beyond."""
_PROLOGUE = 1 << 20
"""A document type stands before the first element, and that within so many bytes."""
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PASSWORD = "It is protected by a password: save a copy without one."
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, RuntimeError)
"""What reading a ZIP raises where it is damaged, or packed in a way that nobody knows."""
_DAMAGED = "It is damaged: it does not open."


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part refers to inside its package: the last word of the kind that it names, and the other part's name."""

    kind: str
    part: str


class Package:
    """The parts of an office file, by their names, whatever the case of their letters."""

    def __init__(self, data: bytes) -> None:
        """Open it. Raises DocumentError where it is damaged, protected, or holds too much."""
        if data.startswith(_OLD_OFFICE):
            old = "It is an old Office file under a new name: give it its own suffix, as .doc, .xls or .ppt."
            raise DocumentError(_PASSWORD if _ENCRYPTED in data else old)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _BROKEN as error:
            raise DocumentError(_DAMAGED) from error
        parts = self._zip.infolist()
        if len(parts) > _MOST_PARTS:
            raise DocumentError(f"It has more than {_MOST_PARTS:,} parts.")
        if any(part.flag_bits & 1 for part in parts):
            raise DocumentError(_PASSWORD)
        self._parts = {_key(part.filename): part for part in parts}
        self._left = _MOST_BYTES

    def names(self) -> list[str]:
        """Return the names of all parts, in small letters."""
        return list(self._parts)

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a part; None where there is none. Raises DocumentError."""
        part = self._parts.get(_key(name))
        if part is None:
            return None
        try:
            with self._zip.open(part) as file:
                data = file.read(min(_LARGEST, self._left) + 1)
        except _BROKEN as error:
            raise DocumentError(_DAMAGED) from error
        self._left -= len(data)
        if len(data) > _LARGEST or self._left < 0:
            raise DocumentError(f"It unpacks to more than {_MOST_BYTES // 1_000_000} MB: it may be made to stop us.")
        return data

    def xml(self, name: str) -> Element | None:
        """Return a part as XML; None where there is none. Raises DocumentError."""
        data = self.read(name)
        return None if data is None else parse_xml(data)

    def relations(self, part: str) -> dict[str, Relation]:
        """Return what a part refers to inside the package, by the ids that it uses; of the package itself for ""."""
        folder, name = posixpath.split(part)
        listed = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = {}
        for each in listed if listed is not None else ():
            target = each.get("Target", "")
            if each.get("TargetMode") != "External" and target:
                place = target if target.startswith("/") else posixpath.normpath(posixpath.join("/", folder, target))
                found[each.get("Id", "")] = Relation(each.get("Type", "").rsplit("/", 1)[-1], place.lstrip("/"))
        return found

    def main(self, otherwise: str) -> str:
        """Return the name of the part that is the document."""
        of_kind = (each.part for each in self.relations("").values() if each.kind == "officeDocument")
        return next(of_kind, otherwise)


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").casefold()


def parse_xml(data: bytes) -> Element:
    """Parse XML that declares no document type: its entities could fill the memory. Raises DocumentError."""
    _refuse_types(data)
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise DocumentError("It is damaged: a part of it is no XML.") from error


def each_xml(data: bytes, name: str) -> Iterator[Element]:
    """Return the elements of a name one after the other, and empty each: a sheet may have a million rows."""
    _refuse_types(data)
    try:
        for _, element in ElementTree.iterparse(io.BytesIO(data)):
            if local(element) == name:
                yield element
                element.clear()
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise DocumentError("It is damaged: a part of it is no XML.") from error


class _Began(Exception):
    """The first element has begun."""


def _refuse_types(data: bytes) -> None:
    def refuse(*_: object) -> None:
        raise DocumentError("It declares a document type, which may do harm, and is not read.")

    def began(*_: object) -> None:
        raise _Began

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = began
    try:
        parser.Parse(data[:_PROLOGUE], False)
    except (_Began, expat.ExpatError):  # what is no XML is told by who parses the whole
        return
    if len(data) > _PROLOGUE:
        raise DocumentError("It is damaged: nothing begins in its first part.")


# Elements, whatever the namespaces of their names: those of strict files are others.


def local(element: Element) -> str:
    """Return the name of an element less its namespace; nothing for a comment."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element | None, name: str) -> str | None:
    """Return an attribute by its name less its namespace."""
    if element is None:
        return None
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), None)


def child(element: Element | None, *path: str) -> Element | None:
    """Return the first child of a name, of that the first one of the next name, and so on."""
    for name in path:
        element = next((each for each in element if local(each) == name), None) if element is not None else None
    return element


def children(element: Element | None, *names: str) -> list[Element]:
    """Return the children with one of these names; all where none is given, none where there is no element."""
    return [each for each in element if not names or local(each) in names] if element is not None else []


def whole(text: str | None, otherwise: int = 0) -> int:
    """Read a whole number; files have all kinds of things in the place of one."""
    return int(text) if text and re.fullmatch(r"[+-]?\d{1,10}", text) else otherwise


def switched_on(element: Element | None) -> bool:
    """Tell whether a property is there and not switched off."""
    return element is not None and attribute(element, "val") not in ("0", "false", "off", "none")


def table_row(cells: list[str]) -> str:
    """Write the cells of a row as Markdown has them."""
    said = (" ".join(cell.replace("|", "\\|").split()) for cell in cells)
    return f"| {' | '.join(said)} |"
