"""A file in; its document, cut into passages, or the reason why there is none."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path

from qa.documents import Document
from qa.errors import DocumentError
from qa.folder import Found, read_file
from qa.parsers import Parsed, is_plain, may_be_pictures, ocr, parse_all
from qa.passages import Passage, cut
from qa.records import File, Signature

_UNSEEN = Signature(-1, -1, -1, -1)


@dataclass(frozen=True, slots=True)
class Task:
    """A file to read: its path, the bytes of its name, its size, and the digest of what it held when last read.

    Where it is an archive, or holds one, that is opened if `archives` says so.
    """

    path: str
    raw: bytes
    size: int
    digest: bytes | None
    archives: bool = False

    @property
    def risky(self) -> bool:
        """Tell whether to read it takes a parser that a bad file could harm: letters alone harm none."""
        return not is_plain(self.path)

    @property
    def pictured(self) -> bool:
        """Tell whether words on pictures may have to be recognised to read it."""
        return ocr.available() and may_be_pictures(self.path)


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was looked at, with its document if there is one, and the files inside it.

    Where its bytes are `as_before`, there is neither: what is known of it holds. One that is `gone` is not there.
    """

    file: File
    document: Document | None = None
    passages: tuple[Passage, ...] = ()
    inside: tuple[Reading, ...] = ()
    as_before: bool = False
    gone: bool = False


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
    except DocumentError as error:
        return Reading(replace(file, reason=str(error)))
    except (FileNotFoundError, NotADirectoryError):  # it vanished since the folder was listed
        return Reading(file, gone=True)
    except OSError as error:
        return Reading(replace(file, reason=f"It cannot be read: {error.strerror}."))
    if task.digest == file.digest:
        return Reading(file, as_before=True)
    own, *inside = (_cut(file, each) for each in parse_all(data, task.path, archives=task.archives))
    return replace(own, inside=tuple(inside))


def _cut(file: File, parsed: Parsed) -> Reading:
    """Cut what was parsed of a file, or of one inside it."""
    container = None if parsed.path == file.path else file.path
    file = replace(file, path=parsed.path, container=container, digest=parsed.digest, reason=parsed.reason)
    return Reading(file, parsed.document, tuple(cut(parsed.document)) if parsed.document else ())


def unread(task: Task, reason: str) -> Reading:
    """Return what is known of a file that nobody could read; the next sync tries again."""
    return Reading(File(task.path, task.raw, _UNSEEN, time.time_ns(), None, None, reason))
