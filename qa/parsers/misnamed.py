"""What is named as an old Office file and is a text: programs write pages, RTF and plain tables under such names."""

from __future__ import annotations

import re
from collections.abc import Callable

from qa.documents import Document
from qa.errors import DocumentError
from qa.parsers.html import parse_html
from qa.parsers.rtf import parse_rtf

_FORMATS = (
    (re.compile(rb"\s*\{\\rtf", re.I), parse_rtf),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|meta|head|table)\b", re.I), parse_html),
)
_WORDS = re.compile(rb"[^\x00-\x08\x0e-\x1f]*\Z")


def parse_misnamed(data: bytes, otherwise: Callable[[bytes], Document]) -> Document:
    """Read it as what it is; other text `otherwise`. Raises DocumentError where it is no text."""
    for begins, parser in _FORMATS:
        if begins.match(data):
            return parser(data)
    if _WORDS.match(data):
        return otherwise(data)
    raise DocumentError("It is not what its name says: open it in the program that wrote it, and save it anew.")
