"""Documents, passages and what is known of files, at rest: the truth of the index, in SQLite."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

from qa.backlog import UNUSED, WAITING, Backlog
from qa.conversations import Conversations
from qa.database import Database, Values
from qa.documents import PARSERS_VERSION, Document, Heading, heading_path
from qa.erasure import Erasure
from qa.errors import IndexDamaged, QAError
from qa.forms import Forms
from qa.ledger import Ledger
from qa.passages import CUTTER_VERSION, OPENING, Passage, headline, in_context
from qa.plain import iso_time
from qa.records import Counts, Entry, File, Row, Tombstone, entry_of, file_of, headings_of, row_of
from qa.spans import Span
from qa.tables import prepare
from qa.texts import BLOCK, Texts


class Catalog:
    """The catalog of one index; reads from any thread and process, written by one."""

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        """Open or make the catalog. Raises IndexVersion, IndexDamaged, StorageError."""
        self._db = Database(path, readonly=readonly)
        self._texts = Texts(self._db)
        self.backlog = Backlog(self._db)
        self.forms = Forms(self._db)
        self.ledger = Ledger(self._db)
        self.erasure = Erasure(self._db)
        self.conversations = Conversations(self._db)
        self.rebuilt: str | None = None
        try:
            self._prepare()
        except QAError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def transaction(self) -> AbstractContextManager[object]:
        """Make the writes inside it one step: all of them or none. Raises StorageError on a full disk."""
        return self._db.transaction()

    # Reading.

    def moment(self) -> AbstractContextManager[None]:
        """Let this thread read, inside it, what there is now, whatever others write meanwhile; not for long."""
        return self._db.moment()

    def files(self) -> dict[str, File]:
        """Return every file by its path."""
        return {row[0]: file_of(row) for row in self._db.all(_FILES)}

    def names(self) -> list[tuple[str, str, bool]]:
        """Return of every file its path, the title of its document and whether there is a reason, in their order."""
        found = self._db.all(
            "SELECT path, coalesce(title, ''), reason IS NOT NULL FROM files LEFT JOIN documents ON number = document"
            " ORDER BY path"
        )
        return [(path, title, bool(reason)) for path, title, reason in found]

    def revision(self) -> str:
        """Return a word that is another one after a file came, went, or was read again."""
        count, seen = self._db.all("SELECT count(*), coalesce(max(seen_ns), 0) FROM files")[0]
        return f"{count}.{seen}"

    def file(self, path: str) -> File | None:
        """Return what is known of the file at a path."""
        rows = self._db.all(f"{_FILES} WHERE path = ?", path)
        return file_of(rows[0]) if rows else None

    def files_of(self, *documents: int) -> list[File]:
        """Return the files that hold any of the documents."""
        marks = _marks(documents)
        return [file_of(row) for row in self._db.all(f"{_FILES} WHERE document IN ({marks}) ORDER BY path", *documents)]

    def entry(self, document: int) -> Entry | None:
        """Return a document by its number."""
        return self.entries_of([document]).get(document)

    def entries_of(self, documents: Collection[int]) -> dict[int, Entry]:
        """Return those of the documents that there are, by their numbers."""
        found = self._entries(f"WHERE number IN ({_marks(documents)})", *documents)
        return {entry.number: entry for entry in found}

    def entries(self) -> list[Entry]:
        """Return the documents in the order in which they came."""
        return self._entries("ORDER BY number")

    def find(self, prefix: str) -> Entry | None:
        """Return the document whose id begins so (16 hex digits or more)."""
        found = self._entries("WHERE id >= ? AND id < ? LIMIT 1", prefix, prefix + "g")
        return found[0] if found else None

    def at_path(self, path: str) -> Entry | None:
        """Return the document that a path holds."""
        found = self._entries("WHERE number = (SELECT document FROM files WHERE path = ?)", path)
        return found[0] if found else None

    def numbers(self) -> list[int]:
        """Return the numbers of the documents in the order in which they came."""
        return [row[0] for row in self._db.all("SELECT number FROM documents ORDER BY number")]

    def newer(self, document: int) -> list[int]:
        """Return the numbers of the documents that came after one."""
        return [row[0] for row in self._db.all("SELECT number FROM documents WHERE number > ?", document)]

    def text(self, document: int, span: Span | None = None) -> str:
        """Return the words of a span of a document; all of them without one."""
        return self._texts.read(document, span)

    def words_to_embed(self, rows: Sequence[Row]) -> list[str]:
        """Return what is embedded for each passage: its words, with title and headings where they stand above it."""
        about: dict[int, tuple[str, tuple[Heading, ...]]] = {}
        for number in {row.document for row in rows}:
            for title, headings in self._db.all("SELECT title, headings FROM documents WHERE number = ?", number):
                about[number] = headline(title, self.text(number, OPENING)), headings_of(headings)
        return [self._in_context(row, *about.get(row.document, ("", ()))) for row in rows]

    def _in_context(self, row: Row, title: str, headings: tuple[Heading, ...]) -> str:
        words = self.text(row.document, row.span)
        return in_context(words, title=title, headings=heading_path(headings, row.span.start))

    def words_of(self, rows: Sequence[Row]) -> list[str]:
        """Return the words of passages; of one whose document has just gone none."""
        return self._texts.read_all([(row.document, row.span) for row in rows])

    def rows(self, document: int) -> list[Row]:
        """Return the passages of a document in order."""
        return [row_of(r) for r in self._db.all(f"{_PASSAGES} WHERE document = ? ORDER BY start", document)]

    def rows_by_number(self, numbers: Sequence[int]) -> list[Row]:
        """Return those of the passages that there are."""
        return [row_of(r) for r in self._db.all(f"{_PASSAGES} WHERE number IN ({_marks(numbers)})", *numbers)]

    def rows_by_key(self, keys: Sequence[bytes]) -> list[Row]:
        """Return the passages with these embedded words."""
        return [row_of(r) for r in self._db.all(f"{_PASSAGES} WHERE key IN ({_marks(keys)})", *keys)]

    def row_at(self, document: int, offset: int) -> Row | None:
        """Return the passage that holds an offset."""
        rows = self._db.all(
            f"{_PASSAGES} WHERE document = ? AND start <= ? ORDER BY start DESC LIMIT 1", document, offset
        )
        return row_of(rows[0]) if rows else None

    def documents_like(self, globs: Sequence[str]) -> set[int]:
        """Return the numbers of the documents that have a path matching one of some globs."""
        matching = f"SELECT DISTINCT document FROM files WHERE {_MATCHES} AND document IS NOT NULL"
        rows = self._db.all(matching, json.dumps(globs))
        return {row[0] for row in rows}

    def path_like(self, document: int, globs: Sequence[str]) -> str | None:
        """Return the first path of a document that matches one of some globs."""
        first = f"SELECT min(path) FROM files WHERE document = ? AND {_MATCHES}"
        rows = self._db.all(first, document, json.dumps(globs))
        return rows[0][0] if rows else None

    def document_count(self) -> int:
        """Count the documents."""
        return int(self._db.all("SELECT count(*) FROM documents")[0][0])

    def keys_like(self, globs: Sequence[str]) -> bytes:
        """Return the keys, joined to one, of the passages of what `documents_like` returns."""
        rows = self._db.all(
            "SELECT group_concat(hex(key), '') FROM passages"
            f" WHERE document IN (SELECT document FROM files WHERE {_MATCHES})",
            json.dumps(globs),
        )
        return bytes.fromhex(rows[0][0] or "")

    def live_keys(self) -> list[bytes]:
        """Return the keys of the vectors that passages need and that are stored."""
        return [row[0] for row in self._db.all("SELECT key FROM vectors WHERE live")]

    def tombstone(self, prefix: str) -> Tombstone | None:
        """Return what stays of a text that is gone."""
        rows = self._db.all(
            "SELECT id, path, length, since FROM tombstones WHERE id >= ? AND id < ? LIMIT 1", prefix, prefix + "g"
        )
        return Tombstone(*rows[0]) if rows else None

    def counts(self) -> Counts:
        """Count what there is."""
        return Counts(*self._db.all(_COUNTS)[0])

    def has(self, what: Literal["documents", "indexed", "vectors"]) -> bool:
        """Tell whether there are any, without counting them; `indexed` are documents that the word index has."""
        rows = {"indexed": "documents WHERE lexical", "vectors": "vectors WHERE live"}.get(what, what)
        return bool(self._db.all(f"SELECT 1 FROM {rows} LIMIT 1"))

    def meta(self, name: str) -> str | None:
        """Return a fact about the index itself."""
        rows = self._db.all("SELECT value FROM meta WHERE name = ?", name)
        return rows[0][0] if rows else None

    def damage(self) -> str | None:
        """Say what is wrong with the file, if anything is."""
        try:
            found = self._db.all("PRAGMA quick_check(1)")[0][0]
        except IndexDamaged as error:
            return str(error)
        return None if found == "ok" else str(found)

    # Writing.

    def set_meta(self, name: str, value: str) -> None:
        """Keep a fact about the index itself."""
        self._db.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", name, value)

    def put_file(self, file: File) -> None:
        """Keep what is known of a file."""
        s = file.signature
        self._db.run(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(file.path, file.raw, s.size, s.mtime_ns, s.ctime_ns, s.inode),
            *(file.seen_ns, file.digest, file.document, file.reason, file.container),
        )

    def touch_inside(self, container: File) -> None:
        """Keep for the files inside a container, whose bytes are as they were, what `stat` says of it now."""
        s = container.signature
        self._db.run(
            "UPDATE files SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, seen_ns = ? WHERE container = ?",
            *(s.size, s.mtime_ns, s.ctime_ns, s.inode, container.seen_ns, container.path),
        )

    def drop_file(self, path: str) -> None:
        """Forget a file; its document stays until `drop_orphans`."""
        self._db.run("DELETE FROM files WHERE path = ?", path)

    def put_document(self, document: Document, passages: Sequence[Passage]) -> int:
        """Keep a document and its passages, if its text is new, else what its form tells more; return its number."""
        known = self._db.all("SELECT number FROM documents WHERE id = ?", document.id)
        if known and known[0][0] > int(self.meta(_OUTDATED) or 0):
            number = int(known[0][0])
            if self.forms.improve(number, document):
                self._cut(number, passages)
            return number
        for (before,) in known:
            self._take_out(before)
        number = self._db.run(
            "INSERT INTO documents (id, title, media_type, length, pages, headings) VALUES (?, '', '', ?, '[]', '[]')",
            *(document.id, len(document.text)),
        )
        self._texts.put(number, document.text)
        self.forms.put(number, document)
        self._cut(number, passages)
        self._db.run("DELETE FROM tombstones WHERE id = ?", document.id)
        for (before,) in known:
            self._db.run("UPDATE files SET document = ? WHERE document = ?", number, before)
        return number

    def _cut(self, number: int, passages: Sequence[Passage]) -> None:
        self._db.run("DELETE FROM passages WHERE document = ?", number)
        self._db.many(
            "INSERT INTO passages (document, start, stop, line, key) VALUES (?, ?, ?, ?, ?)",
            ((number, p.span.start, p.span.end, p.line, p.key) for p in passages),
        )

    def drop_orphans(self, paths: dict[int, str]) -> int:
        """Drop the documents that no file holds any more, leaving a tombstone with their last path; count them."""
        orphans = self._db.all(
            "SELECT number, id, length FROM documents d"
            " WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.document = d.number)"
        )
        for number, id_, length in orphans:
            self._bury(number, id_, length, paths.get(number, ""))
        return len(orphans)

    def _bury(self, number: int, id_: str, length: int, path: str) -> None:
        self.ledger.keep(id_, lambda: self.text(number))
        self._db.run("INSERT OR REPLACE INTO tombstones VALUES (?, ?, ?, ?)", id_, path, length, iso_time(time.time()))
        self._take_out(number)

    def _take_out(self, number: int) -> None:
        self._db.run("INSERT OR IGNORE INTO lexical_dead VALUES (?)", number)
        for table, column in (("documents", "number"), ("texts", "document"), ("passages", "document")):
            self._db.run(f"DELETE FROM {table} WHERE {column} = ?", number)

    # Inside.

    def _prepare(self) -> None:
        if self._db.readonly:
            prepare(self._db)
            return
        with self._db.transaction():
            if prepare(self._db):
                self.set_meta("texts", _TEXTS_VERSION)
            elif self.meta("texts") != _TEXTS_VERSION:
                self._reread()

    def _reread(self) -> None:
        """Have every file read again: another version read or cut the texts, which serve on until then.

        Vectors of words that stay are kept.
        """
        self._db.run("UPDATE files SET digest = NULL")
        self.set_meta(_OUTDATED, str(max(self.numbers(), default=0)))
        self.set_meta("texts", _TEXTS_VERSION)
        self.rebuilt = "The index was made by another version and has been made anew from the folder."

    def _entries(self, which: str, *values: object) -> list[Entry]:
        """Return documents with the paths of their files."""
        files: dict[int, list[Values]] = {}
        chosen = f"document IN (SELECT number FROM documents {which})"
        for number, *file in self._db.all(f"SELECT document, path, mtime_ns FROM files WHERE {chosen}", *values):
            files.setdefault(number, []).append(tuple(file))
        return [entry_of(row, sorted(files.get(row[0], []))) for row in self._db.all(f"{_ENTRIES} {which}", *values)]


_TEXTS_VERSION = f"{PARSERS_VERSION}.{CUTTER_VERSION}.{BLOCK}"
_OUTDATED = "outdated"
"""The fact about the index that tells up to which number documents were read or cut by another version."""
_FILES = "SELECT path, raw, size, mtime_ns, ctime_ns, inode, seen_ns, digest, document, reason, container FROM files"
_MATCHES = "EXISTS (SELECT 1 FROM json_each(?) AS glob WHERE files.path GLOB glob.value)"
_ENTRIES = "SELECT number, id, title, media_type, length, pages, headings, parts FROM documents"
_PASSAGES = "SELECT number, document, start, stop, line, key FROM passages"
# in one statement, so that all are of one moment; vectors are counted as the rest, so as to look only at what waits
_COUNTS = f"""SELECT (SELECT count(*) FROM files), (SELECT count(reason) FROM files WHERE document IS NULL),
    (SELECT count(reason) FROM files WHERE document IS NOT NULL),
    (SELECT count(*) FROM documents), (SELECT count(*) FROM passages), (SELECT coalesce(sum(length), 0) FROM documents),
    keys - dead - waiting, waiting FROM (
        SELECT (SELECT count(*) FROM vectors) AS keys, (SELECT count(*) FROM vectors WHERE {UNUSED}) AS dead,
        (SELECT count(*) FROM vectors WHERE {WAITING}) AS waiting)"""


def _marks(values: Collection[object]) -> str:
    return ",".join("?" * len(values))
