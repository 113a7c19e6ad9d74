"""Subtitles, SRT and VTT: the words, a line for what is shown at one time, which a citation names."""

from __future__ import annotations

import re

from qa.decoding import decode
from qa.documents import TITLE_LENGTH, Document, Part
from qa.errors import DocumentError

_CUE = re.compile(
    r"""^[^\S\n]*(?:(?P<hours>\d{1,4}):)?(?P<minutes>\d{1,2}):(?P<seconds>\d{1,2})(?:[.,]\d{1,3})?[^\S\n]*-->[^\n]*\n
        (?P<words>(?:(?!(?:[^\S\n]*\d+[^\S\n]*\n)?.*-->)[^\n]+(?:\n|\Z))*)""",
    re.M | re.X,
)
_SPEAKER = re.compile(r"<v(?:\.[\w.]+)?\s+([^<>\s][^<>]*)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")
_GROWING = re.compile(r"<\d\d:\d\d")
"""Words that come one after the other: each time shows the line before once more."""
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&lrm;": "\u200e", "&rlm;": "\u200f"}
_ENTITY = re.compile("|".join(_ENTITIES))


def parse_subtitles(data: bytes) -> Document:
    """Read subtitles. Raises DocumentError where no time is in it."""
    text = re.sub(r"\r\n?", "\n", decode(data))
    lines, parts, at, last = list[str](), list[Part](), 0, ""
    growing = bool(_GROWING.search(text))
    for cue in _CUE.finditer(text):
        said = [shown for line in cue["words"].split("\n") if (shown := _words(line))]
        if growing and said and said[0] == last:
            del said[0]
        if not said:
            continue
        last = said[-1]
        parts.append(Part(at, len(lines) + 1, _time(cue)))
        lines.append(" ".join(said))
        at += len(lines[-1]) + 1
    if not lines and not _CUE.search(text):
        raise DocumentError("There are no times in it, as subtitles have them: give it another suffix, as .txt.")
    return Document(
        "\n".join(lines),
        _title(text),
        "text/vtt" if text.startswith("WEBVTT") else "application/x-subrip",
        parts=tuple(parts),
    )


def _words(line: str) -> str:
    line = _TAG.sub("", _SPEAKER.sub(r"\1: ", line))
    return " ".join(_ENTITY.sub(lambda entity: _ENTITIES[entity[0]], line).split())


def _time(cue: re.Match[str]) -> str:
    """Write when something is said as people do: `12:04`, `1:02:03`."""
    hours, minutes, seconds = (int(cue[name] or 0) for name in ("hours", "minutes", "seconds"))
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _title(text: str) -> str:
    """Return the title that VTT may have on its first line."""
    named = re.match(r"WEBVTT[ \t]+(?:- *)?([^\n]+)", text)
    return named[1].strip()[:TITLE_LENGTH] if named else ""
