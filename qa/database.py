"""One SQLite file: connections of each thread, transactions, and errors in sentences."""

from __future__ import annotations

import sqlite3
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qa.errors import IndexDamaged, StorageError

Values = tuple[Any, ...]
_PATIENCE = 30.0
"""How long we wait for another process that writes or, to empty the log, reads, in seconds."""
_LOG = 4_194_304
"""Bytes to which the log is cut once a transaction that was larger is in the file."""


class Database:
    """A database that any thread and process reads, and one process writes, one thread at a time."""

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self.path = path
        self.readonly = readonly
        self._idle: list[sqlite3.Connection] = []  # for reading; threads come and go, so none has its own
        self._writer: sqlite3.Connection | None = None
        self._writing = threading.RLock()
        self._within: int | None = None  # the thread whose transaction is open
        self._moments = threading.local()  # of each thread that reads at one moment: its connection

    def close(self) -> None:
        """Close every connection that is not in use."""
        with self._writing:
            if self._writer:
                self._writer.close()
                self._writer = None
            while self._idle:
                self._idle.pop().close()

    def all(self, statement: str, *values: object) -> list[Values]:
        """Return all rows of a query, as this thread sees them in its transaction. Raises IndexDamaged."""
        with sentences():
            if self._within == threading.get_ident() and self._writer:
                return self._writer.execute(statement, values).fetchall()
            if connection := getattr(self._moments, "connection", None):
                return list(connection.execute(statement, values))
            with self._reader() as connection:
                return connection.execute(statement, values).fetchall()

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Let this thread read, inside it, what there is now, whatever others write meanwhile; not for long."""
        with sentences(), self._reader() as connection:
            connection.execute("BEGIN")
            self._moments.connection = connection
            try:
                yield
            finally:
                del self._moments.connection
                connection.rollback()

    def run(self, statement: str, *values: object) -> int:
        """Run a statement, in the transaction that is open or in one of its own; return the last row's number."""
        with self.transaction() as connection:
            return int(connection.execute(statement, values).lastrowid or 0)

    def many(self, statement: str, rows: Iterable[Values]) -> None:
        """Run a statement for each row."""
        with self.transaction() as connection:
            connection.executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Make the writes inside it one step: all of them or none. Raises StorageError on a full disk."""
        with self._writing, sentences():
            writer = self._open_writer()
            if self._within is not None:  # this thread's own: the lock keeps others out
                yield writer
                return
            writer.execute("BEGIN IMMEDIATE")
            self._within = threading.get_ident()
            try:
                yield writer
                writer.commit()
            except BaseException:  # whatever it was: nothing half done may stay
                if writer.in_transaction:
                    writer.rollback()
                raise
            finally:
                self._within = None

    def compact(self) -> bool:
        """Write the file anew and empty the log beside it, so that nothing of what was deleted is left in either.

        Tell whether that was done: somebody who is reading all the time keeps the log from being emptied.
        """
        with self._writing, sentences():
            writer = self._open_writer()
            writer.execute("VACUUM")
            return not writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]

    def _open_writer(self) -> sqlite3.Connection:
        if self._writer is None:
            self._writer = self._connect()
            self._writer.execute("PRAGMA journal_mode = WAL")
            self._writer.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten, in the file itself
            self._writer.execute(f"PRAGMA journal_size_limit = {_LOG}")
        return self._writer

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        mode = "ro" if self.readonly else "rwc"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=_PATIENCE,
            isolation_level=None,
            check_same_thread=False,  # used by one thread at a time, but not always the same
        )
        connection.create_function("folded", 1, folded, deterministic=True)  # its own lower() knows ASCII alone
        connection.execute("PRAGMA synchronous = NORMAL")
        # what is mapped counts as memory of this process; more than this makes reading no faster that could be measured
        connection.execute("PRAGMA mmap_size = 67108864")
        return connection


def folded(words: str) -> str:
    """Return words as they are compared where case, and how accents are written, is to tell nothing."""
    return unicodedata.normalize("NFC", words).casefold()


@contextmanager
def sentences() -> Iterator[None]:
    """Say in a sentence what SQLite says in a word."""
    try:
        yield
    except sqlite3.OperationalError as error:
        words = str(error)
        if "full" in words or "disk I/O" in words or "readonly" in words or "unable to open" in words:
            raise StorageError(
                f"The index cannot be written ({words}): free some space or name another place with --index, "
                "then run it again; nothing that was indexed is lost."
            ) from error
        raise IndexDamaged(f"The catalog does not answer ({words}): run `qa doctor`.") from error
    except sqlite3.DatabaseError as error:
        raise IndexDamaged(f"The catalog is damaged ({error}): run `qa doctor --repair`.") from error
