"""The catalog counts without looking at each passage, and is never wrong."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Fill

from qa import Library, tables
from qa.catalog import Catalog
from qa.documents import Document
from qa.errors import IndexVersion, NotFound
from qa.passages import Passage, cut
from qa.records import Counts, File, Signature

_NO_VECTOR = "NOT EXISTS (SELECT 1 FROM vectors v WHERE v.key = p.key AND v.live)"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite3")
    yield opened
    opened.close()


def recount(catalog: Catalog) -> Counts:
    """Count the slow way, from passages and files alone."""

    def count(query: str) -> int:
        return int(catalog._db.all(query)[0][0])

    return Counts(
        count("SELECT count(*) FROM files"),
        count("SELECT count(*) FROM files WHERE reason IS NOT NULL AND document IS NULL"),
        count("SELECT count(*) FROM files WHERE reason IS NOT NULL AND document IS NOT NULL"),
        count("SELECT count(*) FROM documents"),
        count("SELECT count(*) FROM passages"),
        count("SELECT coalesce(sum(length), 0) FROM documents"),
        count("SELECT count(*) FROM vectors WHERE live"),
        count(f"SELECT count(DISTINCT key) FROM passages p WHERE {_NO_VECTOR}"),
    )


def document(chance: random.Random) -> tuple[Document, list[Passage]]:
    """A document of a few paragraphs, which others have too."""
    text = "\n\n".join(f"Paragraph {chance.randrange(12)}. " * 60 for _ in range(chance.randrange(1, 6)))
    made = Document(text, "A title", "text/plain")
    return made, cut(made)


def keep(catalog: Catalog, path: str, chance: random.Random) -> None:
    number, reason = catalog.put_document(*document(chance)), None
    if chance.random() < 0.1:
        number, reason = None, "It is broken."
    catalog.put_file(File(path, path.encode(), Signature(1, 2, 3, 4), 5, b"digest", number, reason))


def drop(catalog: Catalog, path: str, _: random.Random) -> None:
    catalog.drop_file(path)
    catalog.drop_orphans({})


def embed(catalog: Catalog, _: str, chance: random.Random) -> None:
    numbers = catalog.backlog.passages_to_embed(0, chance.randrange(1, 20))
    catalog.backlog.mark_embedded(keys(catalog, numbers))


def sweep(catalog: Catalog, path: str, chance: random.Random) -> None:
    dying = catalog.backlog.retire_vectors()
    if chance.random() < 0.5:  # what was to be deleted may come back meanwhile
        keep(catalog, path, chance)
    catalog.backlog.forget_vectors(dying)
    assert keys(catalog, catalog.backlog.passages_to_embed(0, 10_000)) <= waiting_keys(catalog)


def lose(catalog: Catalog, _: str, chance: random.Random) -> None:
    if chance.random() < 0.1:
        catalog.backlog.reset_vectors("another")


def keys(catalog: Catalog, numbers: list[int]) -> set[bytes]:
    return {row.key for row in catalog.rows_by_number(numbers)}


def waiting_keys(catalog: Catalog) -> set[bytes]:
    return {row[0] for row in catalog._db.all(f"SELECT key FROM passages p WHERE {_NO_VECTOR}")}


@pytest.mark.parametrize("seed", range(6))
def test_counts_are_those_of_a_recount_after_any_edits(catalog: Catalog, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(150):
        act = chance.choice([keep, keep, drop, embed, embed, sweep, lose])
        with catalog.transaction():
            act(catalog, f"{chance.randrange(15)}.txt", chance)
        assert catalog.counts() == recount(catalog)
        waiting = {row[0] for row in catalog._db.all(f"SELECT document FROM passages p WHERE {_NO_VECTOR}")}
        assert catalog.backlog.documents_to_embed() == waiting


def without_ledger(connection: sqlite3.Connection) -> None:
    """Take out what the versions after the second brought."""
    connection.execute("ALTER TABLE documents DROP COLUMN parts")
    connection.execute("DROP INDEX files_container")
    connection.execute("ALTER TABLE files DROP COLUMN container")
    for name in ("document_comes", "document_goes", "file_comes", "file_goes", "file_leaves", "file_returns"):
        connection.execute(f"DROP TRIGGER {name}")
    for name in ("cited", "cited_paths", "ledger", "left_paths", "conversations", "turns", "turn_texts"):
        connection.execute(f"DROP TABLE {name}")


def test_an_index_of_the_first_version_is_brought_up_to_date(fill: Fill) -> None:
    folder = fill({"a.txt": "a walrus came by", "b.txt": "an otter stayed"})
    with Library.open(folder) as library:
        library.sync()
        place = library.index / "catalog.sqlite3"
    with sqlite3.connect(place) as connection:
        without_ledger(connection)
        for kind, name in connection.execute("SELECT type, name FROM sqlite_master WHERE name GLOB 'passage_*'"):
            connection.execute(f"DROP {kind} {name}")
        for name in ("vectors_absent", "vectors_unused", "documents_waiting"):
            connection.execute(f"DROP INDEX {name}")
        connection.execute("ALTER TABLE vectors DROP COLUMN uses")
        connection.execute("PRAGMA user_version = 1")
    connection.close()

    with Library.open(folder) as library:
        with pytest.raises(IndexVersion, match="made by an older version: run `qa sync` to bring it up to date"):
            library.status()
        report = library.sync()
        assert (report.embedded, report.opened, library.status().waiting) == (0, 2, 0)  # the files are very young
        assert library.search("walrus")[0].document.path == "a.txt"
        assert library._index.own().counts() == recount(library._index.own())


def test_a_catalog_is_made_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_STEPS", (*tables._STEPS[:1], "CREATE TABLE one (x);\nNONSENSE"))
    with pytest.raises(Exception, match="NONSENSE"):
        Catalog(tmp_path / "catalog.sqlite3")
    monkeypatch.undo()
    opened = Catalog(tmp_path / "catalog.sqlite3")
    assert opened.counts() == Counts(0, 0, 0, 0, 0, 0, 0, 0)
    opened.close()


def test_what_a_repair_put_aside_is_forgotten_with_all_that_is_gone(fill: Fill) -> None:
    folder = fill({"a.txt": "a walrus came by", "b.txt": "an otter stayed"})
    with Library.open(folder) as library:
        library.sync()
        place = library.index / "catalog.sqlite3"
    (folder / "a.txt").unlink()
    damaged = bytearray(place.read_bytes())
    damaged[8_192:8_392] = b"x" * 200
    place.write_bytes(damaged)
    with Library.open(folder) as library:
        assert all(finding.ok for finding in library.doctor(repair=True))
        with pytest.raises(NotFound, match=r"`--all-deleted` .* forgets whatever is gone"):
            library.forget("a.txt")  # the catalog that knew it is the one that was damaged
        assert list(library.index.glob("catalog.damaged-*"))
        assert library.forget(None).paths == ()
        assert not list(library.index.glob("catalog.damaged-*"))
