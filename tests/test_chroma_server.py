"""The vectors on a Chroma server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Fill

from qa import Library
from qa.settings import read_settings


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A Chroma server on a free port of this machine."""
    program = shutil.which("chroma", path=str(Path(sys.executable).parent)) or "chroma"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "run", "--path", str(tmp_path / "chroma"), "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        server.kill()


def test_vectors_can_live_on_a_chroma_server(url: str, fill: Fill) -> None:
    folder = fill({"a.txt": "the otter sleeps on its back", "b.txt": "trains leave at noon"})
    with Library.open(folder, settings=read_settings(chroma_url=url)) as library:
        assert library.sync().embedded == 2
        hit = library.search("otter sleeping")[0]
        assert (hit.document.path, hit.found_by) == ("a.txt", ("lexical", "semantic"))
        assert not (library.index / "vectors" / "chroma.sqlite3").exists()
        (folder / "a.txt").unlink()
        library.sync()
        assert [each.document.path for each in library.search("otter")] == ["b.txt"]
        assert all(finding.ok for finding in library.doctor())


def test_what_is_forgotten_is_copied_away_from_on_a_chroma_server(url: str, fill: Fill) -> None:
    folder = fill({"a.txt": "the otter sleeps on its back", "b.txt": "trains leave at noon"})
    with Library.open(folder, settings=read_settings(chroma_url=url)) as library:
        library.sync()
        keys = library._index.own().live_keys()
        before = library._index.collection()
        forgotten = library.forget("a.txt", delete_file=True)
        assert forgotten.note and forgotten.note.endswith("`chroma vacuum` there removes.")
        store = library._index.vectors()._store
        assert (
            [each.name for each in store._connected().list_collections()] == [library._index.collection()] != [before]
        )
        assert len(store.present(keys)) == 1
        assert [each.document.path for each in library.search("otter or trains")] == ["b.txt"]
        assert all(finding.ok for finding in library.doctor())
