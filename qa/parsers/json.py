"""JSON: as it stands where people can read it; one endless line is laid out, letters that stand as numbers are told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from qa.decoding import decode
from qa.documents import TITLE_LENGTH, Document, Part

_ENDLESS = 2_000
"""Nobody reads a line that is so long."""
_TOKEN = re.compile(r'"(?>(?:[^"\\]|\\.)*)"|[{}\[\],:]|[^\s"{}\[\],:]+', re.S)
_ESCAPE = re.compile(r"\\u(?!00[0-7])[\da-fA-F]{4}")
_STRING = re.compile(r'"(?>(?:[^"\\]|\\.)*)"', re.S)
_DEEPEST = 40
"""So far is indented; what stands deeper is not further in."""
_NAMES = ("title", "name")


def parse_json(data: bytes) -> Document:
    """Read JSON: the text is the file's own, unless it is one endless line or its letters are written as numbers."""
    text = decode(data)
    value = _value(text)
    if value is not None:
        if _ESCAPE.search(text):
            text = _in_letters(text)
        if max(map(len, text.splitlines()), default=0) > _ENDLESS:
            text = "".join(_laid_out(text))
    return Document(text, _title(value), "application/json")


def parse_lines(data: bytes) -> Document:
    """Read JSON Lines: each line a row."""
    text = decode(data)
    return Document(_in_letters(text) if _ESCAPE.search(text) else text, "", "application/jsonl", parts=(_ROWS,))


_ROWS = Part(0, 1, "", 1)


def _value(text: str) -> object:
    try:
        return json.loads(text, parse_int=str)  # a number of any length: none is counted with
    except (ValueError, RecursionError):
        return None


def _title(value: object) -> str:
    """Return what it calls itself."""
    found = (value.get(name) for name in _NAMES) if isinstance(value, dict) else ()
    return next((" ".join(each.split())[:TITLE_LENGTH] for each in found if isinstance(each, str)), "")


def _in_letters(text: str) -> str:
    """Write letters that stand as numbers as letters; control characters stay numbers."""
    return _STRING.sub(lambda match: _string(match[0]), text)


def _string(token: str) -> str:
    if not _ESCAPE.search(token):
        return token
    try:
        written = json.dumps(json.loads(token, strict=False), ensure_ascii=False)
        written.encode()
    except ValueError:  # no JSON, or half a letter, which has no bytes
        return token
    return written


def _laid_out(text: str) -> Iterator[str]:
    """Put each member on a line of its own, its letters as they are."""
    depth, before = 0, ""
    for match in _TOKEN.finditer(text):
        token = match[0]
        closes, opened = token in ("}", "]"), before in ("{", "[")
        depth -= closes
        if not opened if closes else (opened or before == ","):
            yield "\n" + "  " * min(depth, _DEEPEST)
        yield ": " if token == ":" else token
        depth += token in ("{", "[")
        before = token
