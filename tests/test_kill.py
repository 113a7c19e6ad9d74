"""kill -9 at any moment loses no acknowledged document; the next sync repairs."""

from __future__ import annotations

from pathlib import Path

import pytest
from cheap import Cheap
from conftest import Fill
from killed import killed, needs_kill

from qa import Library

SYNC = """
from cheap import Cheap
from qa import Library

with Library.open(folder, embedder=Cheap()) as library:
    library.sync(progress=lambda p: print(p.phase, p.done, flush=True))
"""

MOMENTS = [
    ("qa.catalog.Catalog", "put_document", "after", 3),  # within a transaction
    ("qa.catalog.Catalog", "drop_orphans", "after", 1),
    ("qa.lexical.Lexical", "add", "after", 2),
    ("qa.lexical.Lexical", "commit", "before", 1),
    ("qa.lexical.Lexical", "commit", "after", 1),  # committed, and the catalog does not know
    ("qa.backlog.Backlog", "mark_indexed", "after", 1),
    ("qa.vectors.Vectors", "put", "before", 2),
    ("qa.vectors.Vectors", "put", "after", 2),  # stored, and the catalog does not know
    ("qa.backlog.Backlog", "mark_embedded", "after", 2),
    ("qa.backlog.Backlog", "retire_vectors", "after", 1),
    ("qa.vectors.Vectors", "remove", "after", 1),  # deleted, and the catalog does not know
    ("qa.store.Store", "_made", "after", 2),  # a fresh collection made, nothing copied
    ("qa.vectors.Vectors", "_clear", "before", 2),  # copied and in use, the old one still there
]


@needs_kill
@pytest.mark.parametrize(("owner", "name", "moment", "call"), MOMENTS)
def test_no_acknowledged_document_is_lost(
    owner: str, name: str, moment: str, call: int, fill: Fill, tmp_path: Path
) -> None:
    """kill -9 at any moment loses no acknowledged document; search never returns what the catalog does not know."""
    folder = fill({f"{i}.txt": f"the first text of number{i}" for i in range(600)} | {"stays.txt": "the otter stays"})
    with Library.open(folder, embedder=Cheap()) as library:
        library.sync()
        for i in range(580):  # enough to make the next sync copy the vectors to a fresh collection
            (folder / f"{i}.txt").unlink()
        library._index.own().set_meta("slots", "5000")
    fill({f"new{i}.txt": f"another text of fresh{i}" for i in range(600)})

    said = killed(SYNC, folder, owner, name, moment, call)
    acknowledged = [line for line in said if line.startswith("reading")]

    with Library.open(folder, embedder=Cheap()) as library:
        assert library.search("otter")[0].document.path == "stays.txt"
        for hit in library.search("text of fresh1 number599 number3", count=100):
            assert library.text(hit.document.id)[hit.start_char_index : hit.end_char_index] == hit.text
        if acknowledged and acknowledged[-1] == "reading 600":
            assert library.status().documents >= 601
        report = library.sync()
        assert (report.failed, report.waiting) == (0, 0)
        paths = {file.path for file in library.documents()}
        assert paths == {f"{i}.txt" for i in range(580, 600)} | {f"new{i}.txt" for i in range(600)} | {"stays.txt"}
        assert all(finding.ok for finding in library.doctor())
        keys = library._index.own().live_keys()
        assert len(library._index.vectors().present(keys)) == library._index.vectors().count() == len(keys)
        assert library._index.lexical().count() == 621
        for i in (0, 300, 599):
            assert library.search(f"fresh{i}")[0].document.path == f"new{i}.txt"
        assert not [hit for hit in library.search("number3") if "number3" in hit.text.split()]


@needs_kill
@pytest.mark.parametrize(("owner", "name"), [("qa.catalog.Catalog", "put_document"), ("qa.lexical.Lexical", "commit")])
def test_no_document_is_lost_or_found_twice_while_workers_read(
    owner: str, name: str, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 at any moment loses no acknowledged document; the next sync repairs."""
    monkeypatch.setenv("QA_THREADS", "2")
    monkeypatch.setattr("qa.syncing._COMMIT_SECONDS", 0.0)
    folder = fill({f"{i}.txt": f"The text of fresh{i}. " + "Said again and again. " * 2_100 for i in range(70)})
    at_once = "import qa.syncing; qa.syncing._COMMIT_SECONDS = 0.0"
    said = killed(at_once + SYNC, folder, owner, name, "after", 2 if name == "commit" else 55)
    acknowledged = int(said[-1].split()[-1])
    assert 0 < acknowledged < 70

    with Library.open(folder, embedder=Cheap()) as library:
        assert acknowledged <= library.status().documents <= 70
        report = library.sync()
        assert (report.failed, report.waiting, library.status().documents) == (0, 0, 70)
        assert library._index.lexical().count() == library.status().passages
        for i in (0, 35, 69):
            assert library.search(f"fresh{i}")[0].document.path == f"{i}.txt"
