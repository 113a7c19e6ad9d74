"""Answers in; a file that carries their citations out: a table of formats, and the one function."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from qa.annotations import to_annotations
from qa.answers import Answer
from qa.csl import to_csl
from qa.errors import UsageError
from qa.footnotes import to_markdown
from qa.links import Links, Read, line_ends
from qa.plain import plain
from qa.retelling import LookUp, renew
from qa.webpage import to_html


@dataclass(frozen=True, slots=True)
class Format:
    """What a file is called, what it is for others, and who writes it."""

    suffix: str
    media_type: str
    write: Callable[[Sequence[Answer], Links, date | None], str]


def _to_json(answers: Sequence[Answer]) -> str:
    told = {"format": "chapter-and-verse/answers", "version": 1, "answers": plain(answers)}
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


FORMATS = {
    "markdown": Format(".md", "text/markdown", lambda answers, links, _: to_markdown(answers, links)),
    "html": Format(".html", "text/html", lambda answers, links, _: to_html(answers, links)),
    "csl": Format(".csl.json", "application/vnd.citationstyles.csl+json", to_csl),
    "json": Format(".json", "application/json", lambda answers, links, _: _to_json(answers)),
    "annotations": Format(".jsonld", "application/ld+json", lambda answers, links, _: to_annotations(answers, links)),
}
"""The formats by name; of two whose suffix fits a file's name the first is meant."""


def export(
    answers: Answer | Sequence[Answer],
    format: str,
    *,
    url: str | None = None,
    files: str | None = None,
    on: date | None = None,
    text: Read | None = None,
    look_up: LookUp | None = None,
) -> str:
    """Write one answer, or several as a conversation, in a format of `FORMATS`. Raises UsageError, or as `look_up`.

    Links lead to the page at `url`, and to the documents' files where `files` says where the folder is as seen from
    the export. `on` is the day that CSL calls `accessed`; `text` reads words of a document, to count its characters
    as RFC 5147 does; `look_up` looks the citations up again, so that what became of them is told. The same arguments,
    and the same documents, give the same words.
    """
    told = [answers] if isinstance(answers, Answer) else list(answers)
    if format not in FORMATS:
        raise UsageError(f"There is no format «{format}»: choose one of {', '.join(FORMATS)}.")
    if not all(isinstance(answer, Answer) for answer in told):
        raise UsageError("Only answers can be exported: give what `ask` returns, or several of it.")
    told = renew(told, look_up) if look_up else told
    return FORMATS[format].write(told, Links(url, files, text and line_ends(text)), on)


def encode(words: str) -> bytes:
    """Turn an export into bytes; half of a character, which UTF-8 has no place for, becomes an escape."""
    return words.encode("utf-8", "backslashreplace")


def attachment(name: str, format: str) -> dict[str, str]:
    """Return the headers of an export: a file to be kept, which never runs as a page of ours."""
    kind = FORMATS[format]
    return {
        "Content-Type": kind.media_type + ("; charset=utf-8" if kind.media_type.startswith("text/") else ""),
        "Content-Disposition": f'attachment; filename="{name}{kind.suffix}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "no-store",
    }
