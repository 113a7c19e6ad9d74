"""Plain text, exact: nothing dropped, nothing translated."""

from __future__ import annotations

from qa.decoding import decode
from qa.documents import Document, first_line


def parse_plain(data: bytes) -> Document:
    """Read plain text; its first line is its title."""
    text = decode(data)
    return Document(text, first_line(text), "text/plain")


def parse_titled(data: bytes) -> Document:
    """Read a text that has its title before it, on a line of its own that is no part of the text."""
    title, _, text = data.decode().partition("\n")
    return Document(text, title.strip(), "text/plain")
