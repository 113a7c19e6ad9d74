"""What goes through a worker's pipes: JSON and the text itself, so that nothing a worker sends can be run."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import astuple
from typing import IO, Any, Final

from qa.documents import Document, Heading, Part
from qa.drawing import Picture, Sheet
from qa.errors import DocumentError
from qa.parsers.sheets import Drawn
from qa.passages import Passage
from qa.reading import Reading, Task
from qa.records import File, Signature
from qa.spans import Span

_LENGTHS: Final = struct.Struct("<QQ")


def line(tasks: Sequence[Task]) -> bytes:
    """Write tasks on one line."""
    return json.dumps([_plain(task) for task in tasks]).encode() + b"\n"


def _plain(task: Task) -> list[Any]:
    return [task.path, task.raw.hex(), task.size, task.digest and task.digest.hex(), task.archives]


def task_of(path: str, raw: str, size: int, digest: str | None, archives: bool) -> Task:
    """Read a task as a line has it."""
    return Task(path, bytes.fromhex(raw), size, bytes.fromhex(digest) if digest else None, archives)


def send(pipe: IO[bytes], reading: Reading) -> None:
    """Write what was read of a file."""
    file, document = reading.file, reading.document
    header: dict[str, Any] = {
        "signature": astuple(file.signature),
        "seen": file.seen_ns,
        "digest": file.digest and file.digest.hex(),
        "reason": file.reason,
        "path": file.path,
        "container": file.container,
        "as_before": reading.as_before,
        "gone": reading.gone,
        "inside": len(reading.inside),
    }
    if document:
        header["document"] = [document.title, document.media_type, document.pages]
        header["headings"] = [astuple(heading) for heading in document.headings]
        header["parts"] = [astuple(part) for part in document.parts]
        header["passages"] = [(p.span.start, p.span.end, p.line, p.key.hex()) for p in reading.passages]
    head, text = json.dumps(header).encode(), document.text.encode() if document else b""
    pipe.write(_LENGTHS.pack(len(head), len(text)))
    pipe.write(head)
    pipe.write(text)
    for each in reading.inside:
        send(pipe, each)
    pipe.flush()


def send_waiting(pipe: IO[bytes]) -> None:
    """Write that the words of a picture are about to be recognised, which takes its time."""
    pipe.write(_LENGTHS.pack(0, 0))
    pipe.flush()


def receive(pipe: IO[bytes], task: Task) -> Reading | None:
    """Take in what was read of a file, or None where a picture of it is about to be.

    Raises EOFError, LookupError, TypeError, ValueError where it makes no sense.
    """
    head, text = (_exactly(pipe, length) for length in _LENGTHS.unpack(_exactly(pipe, _LENGTHS.size)))
    return _reading(pipe, json.loads(head), text, task) if head else None


def _reading(pipe: IO[bytes], header: dict[str, Any], text: bytes, task: Task) -> Reading:
    digest = bytes.fromhex(header["digest"]) if header["digest"] else None
    signature = Signature(*header["signature"])
    inside = tuple(_inside(pipe, task) for _ in range(header["inside"]))
    path, container = header["path"], header["container"]
    if (container or path) != task.path:
        raise ValueError(path)
    file = File(path, task.raw, signature, header["seen"], digest, None, header["reason"], container)
    if "document" not in header:
        return Reading(file, inside=inside, as_before=header["as_before"], gone=header["gone"])
    title, media_type, pages = header["document"]
    headings = tuple(Heading(*heading) for heading in header["headings"])
    parts = tuple(Part(*part) for part in header["parts"])
    passages = tuple(
        Passage(Span(start, end), line, bytes.fromhex(key)) for start, end, line, key in header["passages"]
    )
    return Reading(file, Document(text.decode(), title, media_type, tuple(pages), headings, parts), passages, inside)


def _inside(pipe: IO[bytes], task: Task) -> Reading:
    reading = receive(pipe, task)
    if reading is None:
        raise ValueError(task.path)
    return reading


def sheet_line(sheet: Sheet) -> bytes:
    """Write on one line which page is to be drawn."""
    span = [sheet.span.start, sheet.span.end]
    told = [sheet.raw.hex(), sheet.size, sheet.number, sheet.width, span, sheet.expected]
    return json.dumps({"sheet": told}).encode() + b"\n"


def sheet_of(raw: str, size: int, number: int, width: int, span: Sequence[int], expected: str) -> Sheet:
    """Read what is to be drawn as a line has it."""
    return Sheet(bytes.fromhex(raw), size, number, width, Span(*span), expected)


def send_drawn(pipe: IO[bytes], picture: Picture | DocumentError) -> None:
    """Write a picture, or why there is none."""
    told: dict[str, Any] = {}
    png = b""
    if isinstance(picture, DocumentError):
        told["reason"] = str(picture)
    else:
        drawn, png = picture.drawn, picture.drawn.png
        told |= {"words": drawn.words, "boxes": drawn.boxes, "digest": picture.digest.hex()}
    head = json.dumps(told).encode()
    pipe.write(_LENGTHS.pack(len(head), len(png)))
    pipe.write(head + png)
    pipe.flush()


def receive_drawn(pipe: IO[bytes]) -> Picture:
    """Take in a picture. Raises DocumentError, and as `receive` does."""
    head, png = (_exactly(pipe, length) for length in _LENGTHS.unpack(_exactly(pipe, _LENGTHS.size)))
    told = json.loads(head)
    if "reason" in told:
        raise DocumentError(told["reason"])
    boxes = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in told["boxes"])
    words = told["words"]
    return Picture(Drawn(png, None if words is None else str(words), boxes), bytes.fromhex(told["digest"]))


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return data
