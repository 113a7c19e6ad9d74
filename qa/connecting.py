"""A folder in; its library, or the process that holds its index and answers for it, out."""

from __future__ import annotations

import os

from qa.errors import LibraryBusy, QAError
from qa.library import Library
from qa.lock import Holder, IndexLock
from qa.remote import RemoteLibrary
from qa.settings import Settings


def connect(
    folder: str | os.PathLike[str], *, index: str | os.PathLike[str] | None = None, settings: Settings | None = None
) -> Library | RemoteLibrary:
    """Open a folder, or speak to the process that holds its index. Raises FolderError, SettingsError."""
    library = Library.open(folder, index=index, settings=settings)
    holder = serving(library)
    if holder is None or holder.url is None:
        return library
    remote = RemoteLibrary(holder.url, holder.key)
    if remote.answers():
        return remote
    remote.close()
    return library


def open_alone(
    folder: str | os.PathLike[str], *, index: str | os.PathLike[str] | None = None, settings: Settings | None = None
) -> Library:
    """Open a folder for this process alone, as a server must. Raises LibraryBusy where another serves it."""
    library = Library.open(folder, index=index, settings=settings)
    holder = serving(library)
    if holder:
        raise LibraryBusy(
            f"`{holder.command}` (process {holder.pid}) holds the index and answers at {holder.url}: "
            "ask there, or end it first."
        )
    return library


def serving(library: Library) -> Holder | None:
    """Return the other process that holds a library's index and answers for it; None if none does."""
    lock = IndexLock(library.index)
    holder = lock.holder()
    if holder is None or holder.url is None or holder.pid == os.getpid():
        return None
    try:
        # a process that was killed leaves its card behind, and by now anyone may listen at that port
        lock.take("qa")
    except LibraryBusy:
        return lock.holder()
    except QAError:  # the index cannot be written: whoever needs to write says so
        return None
    lock.free()
    return None
