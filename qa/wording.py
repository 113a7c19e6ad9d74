"""Texts of documents, and where things stand in them, as people are shown them: no letter of it does anything."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.citations import Citation, Location

_KEPT = "\n\u200c\u200d"  # new lines, and what joins letters in many scripts


def clean(text: str) -> str:
    """Make text safe to show: control characters escaped, any space a plain one, invisible marks left out."""
    return "".join(c if c.isprintable() or c in _KEPT else _escaped(c) for c in text.replace("\r\n", "\n"))


def _escaped(c: str) -> str:
    match unicodedata.category(c):
        case "Zs" | "Zl" | "Zp":
            return " "
        case "Cf":  # soft hyphens, and marks that turn the direction of text, which can make it read as another
            return ""
    return " " if c == "\t" else c.encode("unicode_escape", "surrogatepass").decode()


def one_line(text: str, *, most: int | None = None) -> str:
    """Make text safe to show and put it on one line, of so many letters at most."""
    words = clean(" ".join(text.split()))
    return words if most is None or len(words) <= most else words[:most].rstrip() + " …"


def place(at: Location | Citation) -> str:
    """Write where something stands: path, page or line, headings."""
    return ", ".join(filter(None, (one_line(at.document.path), spot(at))))


def spot(at: Location | Citation) -> str:
    """Write where in its document something stands: page or line, headings; nothing where that is not known."""
    name, first, last = numbers(at)
    if at.part is not None:
        parts = [one_line(at.part)]
    elif first is None:
        parts = []
    else:
        parts = [f"{name} {first}" if last in (None, first) else f"{name}s {first}-{last}"]
    if at.heading:
        parts.append(" › ".join(one_line(each) for each in at.heading))
    return ", ".join(parts)


def numbers(at: Location | Citation) -> tuple[str, int | None, int | None]:
    """Return by what a place is numbered, its first number and its last: pages, or lines where there are none."""
    if at.start_page_number is not None:
        return "page", at.start_page_number, at.end_page_number
    return "line", at.start_line, at.end_line


DOUBTS = ("unsupported", "partial")
"""Verdicts that are told beside a sentence."""
_SINCE = {
    "moved": "moved since: the words stand elsewhere now",
    "changed": "changed since: the document has a later text",
    "deleted": "deleted since: its file is no longer there",
}


def since(citation: Citation) -> str | None:
    """Say what became of a citation that is not valid any more, and where its words are now."""
    said = _SINCE.get(citation.status)
    current: Citation | None = getattr(citation, "current", None)
    return f"{said} ({place(current)}, {current.id})" if said and current else said
