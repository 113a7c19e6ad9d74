"""One process at a time opens the derived parts of an index; the lock names who, and where it listens."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from qa.errors import LibraryBusy, StorageError


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an index, and where it answers the HTTP API, with a key for this machine's user."""

    pid: int
    command: str
    url: str | None = None
    key: str | None = None


class IndexLock:
    """The lock of one index; the operating system frees it when the process ends, however it ends."""

    def __init__(self, index: Path) -> None:
        self._path = index / "lock"
        self._card = index / "holder.json"  # beside the lock: taking a lock empties its file
        self._lock = FileLock(self._path, thread_local=False)

    @property
    def held(self) -> bool:
        """Tell whether we hold it."""
        return self._lock.is_locked

    def take(self, command: str, *, wait: float = 0.0) -> None:
        """Take it, waiting some seconds for it at most. Raises LibraryBusy."""
        if self._lock.is_locked:
            return
        try:
            self._lock.acquire(timeout=wait)
        except Timeout as error:
            raise LibraryBusy(_busy(self.holder())) from error
        except OSError as error:
            raise StorageError(
                f"The index {self._path.parent} cannot be written ({error.strerror}): name another place with --index."
            ) from error
        self.announce(Holder(os.getpid(), command))

    def announce(self, holder: Holder) -> None:
        """Say who we are and where we listen, to others who want the lock."""
        fresh = self._card.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(holder), file)
        fresh.replace(self._card)

    def holder(self) -> Holder | None:
        """Return who said last that they hold it; they may be gone."""
        try:
            return Holder(**json.loads(self._card.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def free(self) -> None:
        """Let it go."""
        if self._lock.is_locked:
            self._card.unlink(missing_ok=True)
            self._lock.release(force=True)


def _busy(holder: Holder | None) -> str:
    who = f"`{holder.command}` (process {holder.pid})" if holder else "another process"
    where = f", which answers at {holder.url}" if holder and holder.url else ""
    return f"The index is in use by {who}{where}: ask there, or wait until it has ended."
