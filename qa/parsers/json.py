"""JSON: as it stands where people can read it; one endless line is laid out, what stands for a letter is that one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from qa.decoding import decode
from qa.documents import TITLE_LENGTH, Document, Part

_ENDLESS = 2_000
"""Nobody reads a line that is so long."""
_TOKEN = re.compile(r'"(?>(?:[^"\\]|\\.)*)"|[{}\[\],:]|[^\s"{}\[\],:]+', re.S)
_ESCAPE = re.compile(r"\\[^\"\\]")
_BLANK = re.compile(r"(\\\\)|(\\r\\n|\\[nrf])|\\t")
"""White space as JSON writes it, and what looks like it: a backslash before such a letter."""
_STRING = re.compile(r'"(?>(?:[^"\\]|\\.)*)"', re.S)
_DEEPEST = 40
"""So far is indented; what stands deeper is not further in."""
_NAMES = ("title", "name")


def parse_json(data: bytes) -> Document:
    """Read JSON: the text is the file's own, unless it is one endless line or not all letters in it are letters."""
    text = decode(data)
    value = _value(text)
    if value is not None:
        endless = max(map(len, text.splitlines()), default=0) > _ENDLESS
        text = _in_letters(text, "\n")
        if endless:
            text = "".join(_laid_out(text))
    return Document(text, _title(value), "application/json")


def parse_lines(data: bytes) -> Document:
    """Read JSON Lines: each line a row."""
    text = decode(data)
    # line by line: one that is damaged spoils no other
    rows = "\n".join(_in_letters(line, " ") for line in text.split("\n"))
    return Document(rows, "", "application/jsonl", parts=(_ROWS,))


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


def _in_letters(text: str, line_end: str) -> str:
    """Write what stands for a letter as that letter, a line's end so; what JSON cannot hold otherwise stays."""
    return _STRING.sub(lambda match: _string(match[0], line_end), text) if _ESCAPE.search(text) else text


def _string(token: str, line_end: str) -> str:
    if not _ESCAPE.search(token):
        return token
    try:
        written = json.dumps(json.loads(token, strict=False), ensure_ascii=False)
        written.encode()
    except ValueError:  # no JSON, or half a letter, which has no bytes
        written = token
    return _BLANK.sub(lambda match: match[1] or (line_end if match[2] else "\t"), written)


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
