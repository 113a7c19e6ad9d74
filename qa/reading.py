"""A file in; its document, cut into passages, or the reason why there is none."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path

from qa.documents import Document
from qa.errors import DocumentError
from qa.folder import Found, read_file
from qa.parsers import parse
from qa.passages import Passage, cut
from qa.records import File, Signature

_UNSEEN = Signature(-1, -1, -1, -1)


@dataclass(frozen=True, slots=True)
class Task:
    """A file to read: its path, the bytes of its name, its size, and the digest of what it held when last read."""

    path: str
    raw: bytes
    size: int
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was looked at: with its document, or none if it has a reason or its bytes are as before."""

    file: File
    document: Document | None = None
    passages: tuple[Passage, ...] = ()


def unopened(found: Found, *, longest: int) -> Reading | None:
    """Return what is known of a file that is not to be opened, since it cannot be or is larger than `longest` bytes."""
    file = File(found.path, found.raw, _UNSEEN, time.time_ns(), None, None, found.reason)
    if found.stat is None:
        return Reading(file)
    if found.stat.st_size <= longest:
        return None
    reason = f"It is larger than {longest / 1e6:g} MB: split it, or raise QA_MAX_FILE_MB."
    return Reading(replace(file, signature=Signature.of(found.stat), reason=reason))


def read(folder: Path, task: Task) -> Reading:
    """Open one file, read and cut it; whatever is wrong with it becomes its reason."""
    file = File(task.path, task.raw, _UNSEEN, time.time_ns(), None, None, None)
    try:
        data, stat = read_file(folder, task.raw)
        file = replace(file, signature=Signature.of(stat), digest=hashlib.sha256(data).digest())
        if task.digest == file.digest:
            return Reading(file)
        document = parse(data, task.path)
        return Reading(file, document, tuple(cut(document)))
    except DocumentError as error:
        return Reading(replace(file, reason=str(error)))
    except OSError as error:
        return Reading(replace(file, reason=f"It cannot be read: {error.strerror}."))


def unread(task: Task, reason: str) -> Reading:
    """Return what is known of a file that nobody could read; the next sync tries again."""
    return Reading(File(task.path, task.raw, _UNSEEN, time.time_ns(), None, None, reason))
