"""Files of every format, good and spoilt: what is read is exact, and what cannot be read gets one sentence."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from everyformat import FILES, own
from test_ledger import Cheap

from qa import Library, Settings

ROOT = Path(__file__).parent.parent
SPOILT = 300


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Every format in one folder; while it is read and asked no socket may be opened to anywhere else."""
    folder: Path = tmp_path_factory.mktemp("formats")
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    reached: list[Any] = []
    real = socket.socket.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", lambda self, to: reached.append(to) or real(self, to))
        with Library.open(folder, embedder=Cheap(), settings=Settings(archives=True)) as opened:
            report = opened.sync()
            assert not report.failures
            yield opened
    assert all(str(each[0]) in ("127.0.0.1", "::1") for each in reached), reached


def test_the_passages_of_a_document_tile_its_text(library: Library) -> None:
    catalog = library._index.catalog()
    for entry in catalog.entries():
        edges = [0, *(row.span.end for row in catalog.rows(entry.number))]
        assert [row.span.start for row in catalog.rows(entry.number)] == edges[:-1] and edges[-1] == entry.length


@pytest.mark.parametrize("name", FILES)
def test_text_start_end_is_cited_text_for_every_citation_that_any_door_serves(library: Library, name: str) -> None:
    cited = library.resolve(own(name))
    assert cited.cited_text == own(name) and cited.document.path.split("!/")[0] == name
    assert library.text(cited.document.id)[cited.start_char_index : cited.end_char_index] == own(name)
    found = library.citation(cited.id)
    assert found.status == "valid" and found.cited_text == own(name)
    for hit in library.search(own(name), count=5):
        assert library.text(hit.document.id)[hit.start_char_index : hit.end_char_index] == hit.text


def test_a_spoilt_file_ends_in_text_or_in_one_sentence_and_nothing_else_suffers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import fuzz

    rng = Random(20)
    good, spoilt = tmp_path / "good", tmp_path / "spoilt"
    for place in (good, spoilt):
        place.mkdir()
    for name, data in FILES.items():
        (good / name).write_bytes(data)
    files = sorted(good.iterdir())
    names = {each.name for each in fuzz.spoilt(files, spoilt, rng, count=SPOILT)}
    (spoilt / "whole.txt").write_text(own("whole.txt"))
    with Library.open(spoilt, embedder=Cheap(), settings=Settings(archives=True)) as library:
        report = library.sync()
        memory = fuzz.resident()
        told = {each.path: each for each in library.documents()}
        assert names <= {path.split("!/")[0] for path in told}
        reasons = {each.reason for each in told.values() if each.reason}
        assert all(each.endswith(".") and "\n" not in each for each in reasons), reasons
        assert 0 < len([each for each in told.values() if each.reason]) < SPOILT
        assert len(report.failures) == report.failed + report.partial
        assert library.resolve(own("whole.txt")).document.path == "whole.txt"
        again = library.sync()
        assert (again.added, again.updated, again.removed) == (0, 0, 0)
        if sys.platform == "linux":
            assert fuzz.resident() < memory + 50
    for reading in fuzz.read(spoilt, sorted(spoilt / name for name in names)[:50]):
        fuzz.how(reading)
