"""The tables of the catalog; those of an older version are brought up to date."""

from __future__ import annotations

import re

from qa.database import Database
from qa.errors import IndexVersion

SCHEMA_VERSION = 6

_FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (  -- AUTOINCREMENT: a number is never given twice, so a stale one finds nothing
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, media_type TEXT NOT NULL,
    length INTEGER NOT NULL, pages TEXT NOT NULL, headings TEXT NOT NULL, lexical INTEGER NOT NULL DEFAULT 0);
CREATE TABLE texts (document INTEGER NOT NULL, block INTEGER NOT NULL, words BLOB NOT NULL,
    PRIMARY KEY (document, block)) WITHOUT ROWID;
CREATE TABLE files (
    path TEXT PRIMARY KEY, raw BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, seen_ns INTEGER NOT NULL,
    digest BLOB, document INTEGER, reason TEXT) WITHOUT ROWID;
CREATE INDEX files_document ON files (document);
CREATE TABLE passages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    line INTEGER NOT NULL, key BLOB NOT NULL);
CREATE INDEX passages_document ON passages (document, start);
CREATE INDEX passages_key ON passages (key);
CREATE TABLE vectors (key BLOB PRIMARY KEY, live INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE lexical_dead (document INTEGER PRIMARY KEY);
CREATE TABLE tombstones (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, length INTEGER NOT NULL, since TEXT NOT NULL) WITHOUT ROWID;
"""

# Every key of a passage has a row of `vectors`, which counts the passages that use it: what waits, and what nobody
# needs any more, is then found and counted without looking at each passage. The triggers keep count, whoever writes.
# Texts have row numbers of their own: in a table without them, all but the shortest blocks would take a page each.
_SECOND = """
ALTER TABLE texts RENAME TO texts_before;
CREATE TABLE texts (document INTEGER NOT NULL, block INTEGER NOT NULL, words BLOB NOT NULL,
    PRIMARY KEY (document, block));
INSERT INTO texts SELECT * FROM texts_before;
DROP TABLE texts_before;
ALTER TABLE vectors ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;
INSERT INTO vectors (key, live, uses) SELECT key, 0, count(*) FROM passages WHERE true GROUP BY key
    ON CONFLICT (key) DO UPDATE SET uses = excluded.uses;
CREATE INDEX vectors_absent ON vectors (live, uses) WHERE live = 0;
CREATE INDEX vectors_unused ON vectors (uses, live) WHERE uses = 0;
CREATE TRIGGER passage_comes AFTER INSERT ON passages BEGIN
    INSERT INTO vectors (key, live, uses) VALUES (new.key, 0, 1) ON CONFLICT (key) DO UPDATE SET uses = uses + 1; END;
CREATE TRIGGER passage_goes AFTER DELETE ON passages BEGIN
    UPDATE vectors SET uses = uses - 1 WHERE key = old.key; END;
CREATE INDEX documents_waiting ON documents (number) WHERE lexical = 0;
"""

# What answers have cited (qa/ledger.py). Only of texts that are gone are the words kept there. The triggers note at
# which paths a text was that goes, and what is due to be followed: whoever writes, and however a sync ends.
_THIRD = """
CREATE TABLE cited (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, due INTEGER NOT NULL DEFAULT 0);
CREATE INDEX cited_due ON cited (number) WHERE due;
CREATE TABLE cited_paths (
    text INTEGER NOT NULL, path TEXT NOT NULL, later INTEGER, PRIMARY KEY (text, path)) WITHOUT ROWID;
CREATE INDEX cited_paths_path ON cited_paths (path);
CREATE TABLE ledger (
    text INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, times INTEGER NOT NULL, question TEXT,
    state INTEGER NOT NULL, words TEXT, prefix TEXT, suffix TEXT,
    to_text INTEGER, to_start INTEGER, to_stop INTEGER,
    PRIMARY KEY (text, start, stop)) WITHOUT ROWID;
CREATE INDEX ledger_moved ON ledger (to_text) WHERE to_text IS NOT NULL;
CREATE INDEX ledger_lost ON ledger (text) WHERE state = 2 AND words NOT NULL;
CREATE TRIGGER document_comes AFTER INSERT ON documents BEGIN
    UPDATE cited SET due = 1 WHERE id = new.id; END;
CREATE TRIGGER document_goes AFTER DELETE ON documents BEGIN
    UPDATE cited SET due = 1 WHERE id = old.id; END;
CREATE TRIGGER file_comes BEFORE INSERT ON files BEGIN
    INSERT OR IGNORE INTO cited_paths (text, path) SELECT c.number, f.path FROM files f
        JOIN documents d ON d.number = f.document JOIN cited c ON c.id = d.id
        WHERE f.path = new.path AND f.document IS NOT new.document;
    UPDATE cited SET due = 1 WHERE number IN
        (SELECT text FROM cited_paths WHERE path = new.path AND later IS NOT new.document); END;
CREATE TRIGGER file_goes BEFORE DELETE ON files BEGIN
    INSERT OR IGNORE INTO cited_paths (text, path) SELECT c.number, old.path FROM documents d
        JOIN cited c ON c.id = d.id WHERE d.number = old.document;
    UPDATE cited SET due = 1 WHERE number IN (SELECT text FROM cited_paths WHERE path = old.path); END;
"""

# Paths whose files are gone, each with the text that it had last (a tombstone has one path, and many files may have had
# its text), and whether that is erased from every part.
_FOURTH = """
CREATE TABLE left_paths (path TEXT PRIMARY KEY, id TEXT NOT NULL, erased INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
INSERT OR IGNORE INTO left_paths (path, id) SELECT path, id FROM tombstones
    WHERE path != '' AND path NOT IN (SELECT path FROM files);
CREATE TRIGGER file_leaves AFTER DELETE ON files BEGIN
    INSERT OR REPLACE INTO left_paths (path, id)
        VALUES (old.path, coalesce((SELECT id FROM documents WHERE number = old.document), '')); END;
CREATE TRIGGER file_returns AFTER INSERT ON files BEGIN
    DELETE FROM left_paths WHERE path = new.path; END;
"""

# Slides, sheets, times: what a format names its parts by (qa/documents.py); and files that stand in another one.
_FIFTH = """
ALTER TABLE documents ADD COLUMN parts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE files ADD COLUMN container TEXT;
CREATE INDEX files_container ON files (container) WHERE container NOT NULL;
"""

# What was asked and answered (qa/conversations.py), and which texts each answer cites.
_SIXTH = """
CREATE TABLE conversations (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, changed REAL NOT NULL);
CREATE INDEX conversations_changed ON conversations (changed, number);
CREATE TABLE turns (
    conversation INTEGER NOT NULL, place INTEGER NOT NULL, question TEXT NOT NULL, answer TEXT,
    PRIMARY KEY (conversation, place));
CREATE TABLE turn_texts (
    text TEXT NOT NULL, conversation INTEGER NOT NULL, place INTEGER NOT NULL,
    PRIMARY KEY (text, conversation, place)) WITHOUT ROWID;
CREATE INDEX turn_texts_conversation ON turn_texts (conversation);
"""

_STEPS = (_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH, _SIXTH)
"""What leads from each version to the next."""


def prepare(db: Database) -> bool:
    """Make the tables, or bring older ones up to date; tell whether they are new. Raises IndexVersion."""
    version = int(db.all("PRAGMA user_version")[0][0])
    index = db.path.parent
    if version > SCHEMA_VERSION:
        raise IndexVersion(
            f"The index {index} was made by a newer version of chapter-and-verse: "
            "upgrade with `pip install -U chapter-and-verse`, or name another index with --index."
        )
    if db.readonly and not version:
        raise IndexVersion(f"The index {index} has never been filled: run `qa sync`.")
    if db.readonly and version < SCHEMA_VERSION:
        raise IndexVersion(f"The index {index} was made by an older version: run `qa sync` to bring it up to date.")
    if version < SCHEMA_VERSION:
        with db.transaction():
            for step in _STEPS[version:]:
                for statement in re.split(r";\n(?! )", step):  # those inside a trigger are indented
                    db.run(statement)
            db.run(f"PRAGMA user_version = {SCHEMA_VERSION}")
    return version == 0
