"""Notebooks: the cells and what they have put out, as Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from qa.decoding import decode
from qa.documents import Document
from qa.errors import DocumentError
from qa.parsers.markdown import headings_of
from qa.parsers.writing import Writer

_COLOURS = re.compile("\x1b\\[[\\d;]*m")


def parse_notebook(data: bytes) -> Document:
    """Read a notebook: words as they are, code and what it has put out between fences. Raises DocumentError."""
    try:
        book = json.loads(decode(data))
        cells = book["cells"] if "cells" in book else [cell for sheet in book["worksheets"] for cell in sheet["cells"]]
        language = _language(book)
        written = [_cell(cell, language) for cell in cells]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise DocumentError("It is damaged: it does not open as a notebook.") from error
    writer = Writer()
    for number, words in enumerate(written, start=1):
        writer.part(f"cell {number}")
        writer.insert(Document(words, "", "text/markdown", headings=headings_of(words)))
    title = book.get("metadata", {}).get("title")
    return writer.document(str(title or ""), "application/x-ipynb+json")


def _language(book: dict[str, Any]) -> str:
    about = book.get("metadata", {})
    return str(about.get("language_info", {}).get("name") or about.get("kernelspec", {}).get("language") or "")


def _cell(cell: dict[str, Any], language: str) -> str:
    source = _joined(cell.get("source", cell.get("input", ""))).strip("\n")
    if cell["cell_type"] != "code":
        level = cell.get("level", 1) if cell["cell_type"] == "heading" else 0  # of older notebooks
        return "#" * level + " " * bool(level) + source
    shown = (_fenced(each, "") for each in map(str.strip, _outputs(cell.get("outputs", []))) if each)
    return "\n\n".join((*filter(None, (source and _fenced(source, language),)), *shown))


def _outputs(outputs: list[dict[str, Any]]) -> Iterator[str]:
    """Return what a cell has put out, as far as it is text."""
    for each in outputs:
        shown = each.get("data", each)  # in older notebooks without a level of its own
        if each.get("output_type") in ("error", "pyerr"):
            yield f"{each.get('ename', '')}: {each.get('evalue', '')}"
        else:
            yield _COLOURS.sub("", _joined(shown.get("text/plain", shown.get("text", ""))))


def _joined(lines: object) -> str:
    words = "".join(map(str, lines)) if isinstance(lines, list) else str(lines)
    return words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # half a letter has no bytes


def _fenced(words: str, language: str) -> str:
    """Put code between fences that do not stand in it."""
    fence = "```"
    while fence in words:
        fence += "`"
    return f"{fence}{language}\n{words}\n{fence}"
