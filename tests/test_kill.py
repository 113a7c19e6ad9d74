"""kill -9 at any moment loses no acknowledged document; the next sync repairs."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Fill

from qa import Library

PROGRAM = """
import os, signal, sys
import numpy as np
from qa import Library
import qa.backlog, qa.catalog, qa.lexical, qa.store, qa.vectors, qa.syncing

class Cheap:
    fingerprint, width = "cheap", 4
    def embed(self, texts):
        return np.eye(4, dtype=np.float32)[[len(text) % 4 for text in texts]]
    def embed_query(self, text):
        return np.eye(4, dtype=np.float32)[0]

folder, owner, name, moment, call = sys.argv[1:]
owner = eval(owner)
real, calls = getattr(owner, name), 0

def deadly(*args, **kwargs):
    global calls
    calls += 1
    if calls == int(call) and moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*args, **kwargs)
    if calls == int(call):
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(owner, name, deadly)
library = Library.open(folder, embedder=Cheap())
library.sync(progress=lambda p: print(p.phase, p.done, flush=True))
print("survived", flush=True)
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


class Cheap:
    """The embedder of the program above."""

    fingerprint, width = "cheap", 4

    def embed(self, texts: list[str]):
        import numpy as np

        return np.eye(4, dtype=np.float32)[[len(text) % 4 for text in texts]]

    def embed_query(self, text: str):
        import numpy as np

        return np.full(4, 0.5, dtype=np.float32)  # as near to one as to another: words decide


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no kill -9")
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

    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), owner, name, moment, str(call)], capture_output=True, text=True
    )
    assert run.returncode == -signal.SIGKILL, run.stdout + run.stderr
    acknowledged = [line for line in run.stdout.splitlines() if line.startswith("reading")]

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


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no kill -9")
@pytest.mark.parametrize(("owner", "name"), [("qa.catalog.Catalog", "put_document"), ("qa.lexical.Lexical", "commit")])
def test_no_document_is_lost_or_found_twice_while_workers_read(
    owner: str, name: str, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 at any moment loses no acknowledged document; the next sync repairs."""
    monkeypatch.setenv("QA_THREADS", "2")
    monkeypatch.setattr("qa.syncing._COMMIT_SECONDS", 0.0)
    folder = fill({f"{i}.txt": f"The text of fresh{i}. " + "Said again and again. " * 2_100 for i in range(70)})
    program = PROGRAM.replace("library =", "qa.syncing._COMMIT_SECONDS = 0.0\nlibrary =")
    call = "2" if name == "commit" else "55"
    run = subprocess.run(
        [sys.executable, "-c", program, str(folder), owner, name, "after", call], capture_output=True, text=True
    )
    assert run.returncode == -signal.SIGKILL, run.stdout + run.stderr
    acknowledged = int(run.stdout.split()[-1])
    assert 0 < acknowledged < 70

    with Library.open(folder, embedder=Cheap()) as library:
        assert acknowledged <= library.status().documents <= 70
        report = library.sync()
        assert (report.failed, report.waiting, library.status().documents) == (0, 0, 70)
        assert library._index.lexical().count() == library.status().passages
        for i in (0, 35, 69):
            assert library.search(f"fresh{i}")[0].document.path == f"{i}.txt"
