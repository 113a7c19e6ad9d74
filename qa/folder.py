"""Which files belong to a folder, and word of their changes. Links are never followed."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import secrets
import stat
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from qa.errors import FolderError, StorageError, UsageError

_SKIPPED = frozenset({"node_modules", "__pycache__"})
_HIDDEN = (".", "~$")
"""How names begin of what is not for people; the second is how Word notes who has a file open."""
_LONGEST_NAME = 200
"""In bytes; systems take 255, and a number may have to be added."""
IGNORE_FILE = ".qaignore"


@dataclass(frozen=True, slots=True)
class Found:
    """A file: its path for people, the bytes of its name, and what `stat` said (None: it cannot be read)."""

    path: str
    raw: bytes
    stat: os.stat_result | None
    reason: str | None = None


def check_folder(folder: Path) -> Path:
    """Return the folder's own path. Raises FolderError."""
    if not folder.exists():
        raise FolderError(f"There is no folder {printable(str(folder))}: name one with --folder, or make it.")
    if not folder.is_dir():
        raise FolderError(f"{printable(str(folder))} is a file: name the folder that holds it with --folder.")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise FolderError(f"The folder {printable(str(folder))} cannot be read: change its permissions.")
    return folder.resolve()


def scan(folder: Path, *, index: Path) -> Iterator[Found]:
    """Walk over the regular files of a folder; a folder inside it that cannot be read is found with the reason.

    Raises FolderError where the folder itself cannot be read: whatever it holds is not gone.
    """
    ignored = _ignored(folder)
    waiting = [b""]
    top = os.fsencode(folder)
    own = os.fsencode(index)
    while waiting:
        inside = waiting.pop()
        try:
            with os.scandir(os.path.join(top, inside)) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not inside:
                name = printable(str(folder))
                raise FolderError(f"The folder {name} cannot be read just now: {error.strerror}.") from error
            yield Found(shown(inside), inside, None, f"The folder cannot be read: {error.strerror}.")
            continue
        for entry in listed:
            raw = os.path.join(inside, entry.name)
            if os.fsdecode(entry.name).startswith(_HIDDEN):
                continue
            if entry.is_dir(follow_symlinks=False):
                skipped = entry.path == own or os.fsdecode(entry.name) in _SKIPPED
                if not skipped and not ignored.match_file(os.fsdecode(raw) + "/"):
                    waiting.append(raw)
            elif entry.is_file(follow_symlinks=False) and not ignored.match_file(os.fsdecode(raw)):
                try:
                    yield Found(shown(raw), raw, entry.stat(follow_symlinks=False))
                except OSError:
                    continue  # it vanished while we looked


def _ignored(folder: Path) -> GitIgnoreSpec:
    try:
        lines = (folder / IGNORE_FILE).read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise FolderError(f"A line of {IGNORE_FILE} is no pattern: {error}.") from error


def shown(raw: bytes) -> str:
    """Write the bytes of a path for people and JSON: UTF-8, with those that are not percent-encoded."""
    text = raw.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]", lambda m: f"%{ord(m[0]) - 0xDC00:02X}", text)


def printable(text: str) -> str:
    """Escape what would disturb a terminal: control characters, new lines, bytes that are no text."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown(os.fsencode(text)))


def read_file(folder: Path, raw: bytes) -> tuple[bytes, os.stat_result]:
    """Read a file, and what `stat` said before reading; a link or a pipe put in its place is refused (OSError)."""
    # O_NOFOLLOW and O_NONBLOCK: between the scan and now the file may have become a link, or a pipe without a writer
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(os.path.join(os.fsencode(folder), raw), flags)
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(0, "not a regular file")
        return file.read(found.st_size), found  # no further: one that grows all the time would never end


def inside(folder: Path, path: str) -> Path:
    """Return the place of a relative path in the folder. Raises UsageError where it would lead out of it."""
    parts = path.split("/")
    if any(len(part.encode("utf-8", "replace")) > _LONGEST_NAME for part in parts):
        raise UsageError(f"The name is too long: {_LONGEST_NAME} bytes at most.")
    if not path or "\0" in path or "\\" in path or any(p.startswith(_HIDDEN) or p in ("", *_SKIPPED) for p in parts):
        raise UsageError(
            "That is no path of a document: give one relative to the folder, without hidden parts or «..»."
        )
    return without_links(folder, path)


def without_links(folder: Path, path: str) -> Path:
    """Return the place of a relative path in the folder. Raises UsageError where it goes through a link."""
    place = folder / path
    if any(above.is_symlink() for above in (place, *place.parents) if above != folder and folder in above.parents):
        raise UsageError("That path goes through a link, and links are not followed.")
    return place


def write_new(place: Path, data: bytes) -> Path:
    """Write a file that was not there, as a whole or not at all; under a name with a number where one is taken.

    Raises StorageError. Where the file is there already, with these very bytes, nothing is written.
    """
    fresh = place.with_name(f".{secrets.token_hex(8)}.new")  # hidden: no sync reads half a file
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(data)
        stem, number = place.stem, 1
        while True:
            try:
                _claim(fresh, place)
                return place
            except FileExistsError:
                if place.is_file() and place.read_bytes() == data:
                    return place
            number += 1
            place = place.with_name(f"{stem} ({number}){place.suffix}")
    except OSError as error:
        raise unwritten(error) from error
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()


_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "free some space"),
    errno.ENAMETOOLONG: "give it a shorter name",
}


def unwritten(error: OSError) -> StorageError:
    """Say why a file cannot be written, and what helps."""
    remedy = _REMEDIES.get(error.errno or 0, "name a place where files can be made")
    return StorageError(f"The file cannot be written ({error.strerror}): {remedy}.")


def _claim(fresh: Path, place: Path) -> None:
    """Give a file a name that is free. Raises FileExistsError."""
    try:
        os.link(fresh, place)  # unlike a rename it never takes the place of a file that is there
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if place.exists():
            raise FileExistsError from None
        fresh.rename(place)


class Watch:
    """Calls back, in a thread of its own, soon after something in the folder changed and is quiet again."""

    def __init__(self, folder: Path, changed: Callable[[], None], *, index: Path, quiet: float = 0.5) -> None:
        """Begin to watch; `quiet` is in seconds."""
        from watchdog.events import FileSystemEvent, FileSystemEventHandler
        from watchdog.observers import Observer
        from watchdog.observers.polling import PollingObserver

        # a folder that is made while its parent is being read is met twice, and watched once: nothing is lost
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning, r"watchdog\.")
        own = os.fspath(index)
        stirred, quiet_since = threading.Event(), [0.0]

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                # our own writes, and mere reading, are no news
                paths = [os.fsdecode(p) for p in (event.src_path, event.dest_path) if p]
                if event.event_type in ("opened", "closed_no_write") or all(_below(path, own) for path in paths):
                    return
                quiet_since[0] = time.monotonic()
                stirred.set()

        def wait() -> None:
            while not self._stopped.is_set():
                if not stirred.wait(0.2):
                    continue
                if time.monotonic() - quiet_since[0] < quiet:
                    time.sleep(0.05)
                    continue
                stirred.clear()
                changed()

        self._stopped = threading.Event()
        self._observer = Observer()
        try:
            self._observer.schedule(Handler(), str(folder), recursive=True)
            self._observer.start()
        except OSError:  # no more watches to be had from the kernel: look every few seconds instead
            self._observer = PollingObserver(timeout=5)
            self._observer.schedule(Handler(), str(folder), recursive=True)
            self._observer.start()
        self._thread = threading.Thread(target=wait, name="qa-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching and wait for a call that is under way."""
        # watchdog reports an event that comes while it stops as an error of its own
        logging.getLogger("watchdog").setLevel(logging.CRITICAL)
        self._stopped.set()
        self._observer.stop()
        self._observer.join()
        self._thread.join()


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)
