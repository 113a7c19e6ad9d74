"""`qa ask --export FILE`: an export takes nothing from the documents or the index, and says truly what it did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Fill, Run, sentence

TIDE = "The tide rose by 3.2 metres at noon on the 4th of May 1962.\n"
ASKED = "By how many metres did the tide rise in May 1962?"


@pytest.fixture
def docs(qa: Run, fill: Fill) -> Path:
    folder = fill({"tide.txt": TIDE, "sub/mill.md": "The mill grinds rye.\n", ".qaignore": "out/\n*.draft.md\n"})
    (folder / "out").mkdir()
    (folder / ".hidden").mkdir()
    qa("sync", folder)
    return folder


@pytest.mark.parametrize("name", [".qa/answer.md", ".qa/lexical/answer.html", "sub/../.qa/answer.json"])
@pytest.mark.parametrize("more", [(), ("--overwrite",)])
def test_nothing_is_exported_into_the_index(qa: Run, docs: Path, name: str, more: tuple[str, ...]) -> None:
    before = sorted(docs.rglob("*"))
    code, out, err = qa("ask", ASKED, "--folder", docs, "--export", docs / name, *more)
    assert (code, out) == (2, "") and "would be in the index" in sentence(err)
    assert sorted(docs.rglob("*")) == before


def test_nothing_is_exported_into_an_index_that_lies_elsewhere(qa: Run, docs: Path, tmp_path: Path) -> None:
    at = ("--folder", docs, "--index", tmp_path / "index")
    qa("sync", *at)
    code, _, err = qa("ask", ASKED, *at, "--export", tmp_path / "index" / "a.md")
    assert code == 2 and "would be in the index" in sentence(err)


@pytest.mark.parametrize("name", ["sub/mill.md", "new.md"])
def test_no_document_is_replaced_by_an_answer(qa: Run, docs: Path, name: str) -> None:
    (docs / "new.md").write_text("Written since the last sync.\n")
    before = (docs / name).read_bytes()
    for more in ((), ("--overwrite",)):
        code, out, err = qa("ask", ASKED, "--folder", docs, "--export", docs / name, *more)
        assert (code, out) == (2, "") and "is one of the documents" in sentence(err)
    assert (docs / name).read_bytes() == before


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("answer.md", True), ("sub/answer.json", True), (".answer.md", False), (".hidden/answer.md", False),
     ("out/answer.html", False), ("my.draft.md", False)],
)  # fmt: skip
def test_only_what_the_next_sync_reads_is_said_to_become_a_document(
    qa: Run, docs: Path, name: str, is_one: bool
) -> None:
    code, _, err = qa("ask", ASKED, "--folder", docs, "--export", docs / name)
    assert code == 0 and (docs / name).is_file() and ("will be one of them" in err) == is_one
    qa("sync", docs)
    assert json.loads(qa("status", "--folder", docs, "--json")[1])["files"] == 2 + is_one


def test_a_file_that_no_sync_reads_can_be_replaced(qa: Run, docs: Path) -> None:
    (docs / "out" / "answer.md").write_text("old")
    code, _, _ = qa("ask", ASKED, "--folder", docs, "--export", docs / "out" / "answer.md", "--overwrite")
    assert code == 0 and "3.2 metres" in (docs / "out" / "answer.md").read_text()


def test_a_link_that_leads_nowhere_is_told_and_replaced_only_on_request(qa: Run, docs: Path, tmp_path: Path) -> None:
    link = tmp_path / "dang.md"
    link.symlink_to(tmp_path / "nothing.md")
    code, out, err = qa("ask", ASKED, "--folder", docs, "--export", link)
    assert (code, out) == (2, "") and "is a link to a file that is not there" in sentence(err)
    assert link.is_symlink() and not list(tmp_path.glob("dang (*"))
    assert qa("ask", ASKED, "--folder", docs, "--export", link, "--overwrite")[0] == 0
    assert link.is_file() and not link.is_symlink() and not (tmp_path / "nothing.md").exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="it needs a folder in which no file can be made")
@pytest.mark.parametrize("more", [(), ("--overwrite",)])
def test_a_place_where_no_file_can_be_made_is_told(qa: Run, docs: Path, more: tuple[str, ...]) -> None:
    code, out, err = qa("ask", ASKED, "--folder", docs, "--export", "/proc/x.md", *more)
    assert code == 2 and "3.2 metres" in out and "name a place where files can be made" in sentence(err)
