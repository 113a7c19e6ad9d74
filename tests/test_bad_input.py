"""Bad input gets one clear sentence and loses nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Fill, Run, make_pdf

from qa import Library
from qa.errors import (
    EmptyLibrary,
    FolderError,
    IndexDamaged,
    IndexVersion,
    LibraryBusy,
    QAError,
    SettingsError,
    StorageError,
    UsageError,
)
from qa.settings import read_settings


def test_a_missing_folder_and_a_file_are_no_folders(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"There is no folder .*nowhere: name one with --folder"):
        Library.open(tmp_path / "nowhere")
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(FolderError, match=r"file\.txt is a file: name the folder that holds it"):
        Library.open(tmp_path / "file.txt")


def test_a_folder_whose_name_disturbs_a_terminal_is_escaped(tmp_path: Path) -> None:
    with pytest.raises(FolderError) as caught:
        Library.open(tmp_path / "a\x1b[31m\nb")
    assert "\x1b" not in str(caught.value) and "\n" not in str(caught.value)


def test_an_empty_folder_is_synced_to_an_empty_library(library: Library) -> None:
    report = library.sync()
    assert (report.added, report.failed, library.documents()) == (0, 0, [])


def test_bad_files_never_stop_the_others(library: Library, fill: Fill) -> None:
    fill(
        {
            "binary.txt": os.urandom(5_000) + bytes(500),
            "empty.md": b"",
            "broken.pdf": b"%PDF-1.7\n%%EOF",
            "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(64),
            "deep.html": b"<b>" * 500_000,
            "good.txt": "the good words",
            "invalid.txt": b"caf\xe9 au lait, s'il vous pla\xeet",
        }
    )
    report = library.sync()
    assert (report.added, report.failed) == (2, 5)
    assert all(each.reason.endswith(".") for each in report.failures)
    assert library.resolve("café au lait").document.path == "invalid.txt"
    failed = {file.path: file.reason for file in library.documents() if file.state == "failed"}
    assert set(failed) == {"binary.txt", "empty.md", "broken.pdf", "picture.png", "deep.html"}


def test_a_file_that_can_be_read_only_in_part_is_read_so_and_told(library: Library, fill: Fill, qa: Run) -> None:
    pages = [f"Page {number} tells of the heron." for number in range(1, 4)]
    damaged = make_pdf(*pages).replace(b"\n6 0 obj", b"\n66 0 obj")  # the second page is not where it should be
    fill({"damaged.pdf": damaged, "whole.pdf": make_pdf(*pages), "broken.pdf": b"%PDF-1.7\n%%EOF"})
    for before in (0, 2):
        report = library.sync()
        assert (report.added, report.unchanged, report.failed, report.partial) == (2 - before, before, 1, 1)
    partial = next(each for each in report.failures if each.partial)
    assert (partial.path, partial.reason) == ("damaged.pdf", "It is damaged: 2 of its 3 pages could be read.")
    assert (library.status().failed, library.status().partial) == (1, 1)
    file = library.document("damaged.pdf")
    assert (file.state, file.reason) == ("indexed", partial.reason)
    assert library.resolve("Page 3 tells of the heron.", document=file.id).start_page_number == 3
    library.close()
    code, out, _ = qa("status", "--folder", library.folder)
    assert code == 0 and "1 could be read only in part:\n  damaged.pdf: It is damaged: 2 of" in out


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("port", 99_999, r"QA_PORT.*less than or equal to 65535"),
        ("max_file_mb", -1, "QA_MAX_FILE_MB"),
        ("api_key", "short", "QA_API_KEY"),
        ("threads", 0, "QA_THREADS"),
        ("colour", "red", "QA_COLOUR"),
    ],
)
def test_an_impossible_setting_is_named(name: str, value: object, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read_settings(**{name: value})


def test_an_unknown_embedder_is_told(library: Library, fill: Fill) -> None:
    fill({"a.txt": "words"})
    with Library.open(library.folder, settings=read_settings(embedder="no-such-thing")) as other:
        with pytest.raises(QAError, match="no-such-thing"):
            other.sync()
        assert other.status().documents == 1  # what was read stays read
    assert library.sync().embedded == 1


def test_a_second_writer_is_told_who_holds_the_index(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill({"a.txt": "words"})
    library.sync()
    monkeypatch.setattr("qa.index._PATIENCE", 0.1)
    with Library.open(library.folder) as second:
        with pytest.raises(LibraryBusy, match=rf"in use by .* \(process {os.getpid()}\)"):
            second.sync()
        with pytest.raises(LibraryBusy):
            second.search("words")
        assert second.resolve("words").cited_text == "words"  # the catalog takes readers at any time
    assert library.search("words")


def test_an_index_of_a_newer_version_is_left_alone(library: Library, fill: Fill) -> None:
    fill({"a.txt": "words"})
    library.sync()
    library.close()
    with sqlite3.connect(library.index / "catalog.sqlite3") as catalog:
        catalog.execute("PRAGMA user_version = 99")
    catalog.close()
    with Library.open(library.folder) as other, pytest.raises(IndexVersion, match="made by a newer version"):
        other.sync()


def test_an_index_of_an_older_version_is_made_anew_and_says_so(library: Library, fill: Fill) -> None:
    folder = fill({"a.txt": "words that stay", "b.txt": "words that go"})
    library.sync()
    gone = library.resolve("words that go").id
    library.close()
    with sqlite3.connect(library.index / "catalog.sqlite3") as catalog:
        catalog.execute("UPDATE meta SET value = '0.0' WHERE name = 'texts'")
    catalog.close()
    (folder / "b.txt").unlink()
    with Library.open(folder) as other:
        report = other.sync()
        assert report.note == "The index was made by another version and has been made anew from the folder."
        assert (report.embedded, len(other.documents())) == (0, 1)  # vectors of words that stay are kept
        assert other.citation(gone).status == "deleted"
        assert other.search("words that stay")[0].text == "words that stay"


def test_texts_of_another_version_serve_until_they_are_read_anew(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    long = "\n\n".join(f"The walrus of bay {i} sings until the tide of {i} turns." for i in range(60))
    folder = fill({"a.txt": long, "copy of a.txt": long, "b.txt": "one sentence"})
    library.sync()
    cited = library.resolve("The walrus of bay 41 sings").id
    library.close()
    with sqlite3.connect(library.index / "catalog.sqlite3") as catalog:
        cuts = catalog.execute("SELECT start, stop FROM passages ORDER BY document, start").fetchall()
        catalog.execute("UPDATE meta SET value = '0.0' WHERE name = 'texts'")
        catalog.execute("UPDATE passages SET stop = stop + 1 WHERE stop < (SELECT max(stop) FROM passages)")
    catalog.close()
    with Library.open(folder) as other, monkeypatch.context() as patch:
        patch.setattr("qa.syncing.write_words", killed)
        with pytest.raises(KeyboardInterrupt):
            other.sync()
        assert other.citation(cited).status == "valid"
    with Library.open(folder) as other:
        report = other.sync()
        assert (report.embedded, report.removed, report.failed) == (0, 0, 0)
        assert [each.path for each in other.documents()] == ["a.txt", "b.txt", "copy of a.txt"]
        assert other.citation(cited).status == "valid"
        assert other.search("walrus of bay 41")
        assert other.sync().unchanged == 3
    with sqlite3.connect(library.index / "catalog.sqlite3") as catalog:
        assert catalog.execute("SELECT start, stop FROM passages ORDER BY document, start").fetchall() == cuts
        assert not catalog.execute("SELECT * FROM cited WHERE due").fetchall()
    catalog.close()


@pytest.mark.parametrize("part", ["catalog", "lexical", "vectors"])
@pytest.mark.parametrize("damage", ["garbage", "missing"])
def test_a_damaged_part_is_named_and_repaired(library: Library, fill: Fill, part: str, damage: str) -> None:
    fill({f"{i}.txt": f"the walrus of bay {i} sings" for i in range(5)})
    library.sync()
    library.close()
    damage_part(library, part, damage)
    if (part, damage) == ("catalog", "missing"):  # as if it had never been indexed
        with Library.open(library.folder) as other, pytest.raises(EmptyLibrary, match="run `qa sync"):
            other.doctor()
    else:
        with Library.open(library.folder) as other:
            if part != "vectors" or damage == "missing":
                with pytest.raises(IndexDamaged, match=r"qa doctor|sync the folder"):
                    other.search("walrus")
        with Library.open(library.folder) as other:
            assert [finding.part for finding in other.doctor() if not finding.ok] == [part]
            repaired = other.doctor(repair=True)
            assert all(finding.ok for finding in repaired), repaired
    check_walrus(library)


def damage_part(library: Library, part: str, damage: str) -> None:
    place = library.index / {"catalog": "catalog.sqlite3", "lexical": "lexical", "vectors": "vectors"}[part]
    for path in [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]:
        if damage == "garbage":
            path.write_bytes(b"garbage" * (path.stat().st_size // 7 + 1))
        else:
            path.unlink()


def check_walrus(library: Library) -> None:
    with Library.open(library.folder) as other:
        other.sync()
        hit = other.search("walrus of bay 3")[0]
        assert (hit.document.path, hit.found_by) == ("3.txt", ("lexical", "semantic"))
        assert all(finding.ok for finding in other.doctor())


@pytest.mark.parametrize("part", ["lexical", "vectors"])
def test_a_lost_part_is_made_anew_by_the_next_sync(library: Library, fill: Fill, part: str) -> None:
    fill({f"{i}.txt": f"the walrus of bay {i} sings" for i in range(5)})
    library.sync()
    library.close()
    shutil.rmtree(library.index / part)
    check_walrus(library)


def test_an_index_of_another_folder_is_not_asked(tmp_path: Path, fill: Fill) -> None:
    folder, other = fill({"a.txt": "the walrus sings"}), tmp_path / "other"
    other.mkdir()
    with Library.open(folder, index=tmp_path / "index") as library:
        library.sync()
    with Library.open(other, index=tmp_path / "index") as library:
        for use in (lambda: library.search("walrus"), library.sync, lambda: library.resolve("walrus")):
            with pytest.raises(IndexVersion, match="is of another folder"):
                use()
    with Library.open(folder) as library:
        library.sync()
    folder = folder.rename(tmp_path / "moved")  # an index inside its folder moves along
    with Library.open(folder) as library:
        assert library.sync().unchanged == 1


def test_a_folder_inside_that_cannot_be_read_just_now_is_not_gone(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill({"a.txt": "the walrus sings", "locked/b.txt": "the otter sleeps"})
    library.sync()
    citation = library.resolve("otter sleeps")
    real = os.scandir

    def closed(path: bytes) -> object:
        if path.endswith(b"locked"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr("qa.folder.os.scandir", closed)  # root may read everything
    report = library.sync()
    assert (report.removed, [each.path for each in report.failures]) == (0, ["locked"])
    monkeypatch.undo()
    assert library.citation(citation.id).status == "valid"
    assert (library.sync().embedded, library.status().failed) == (0, 0)


FULL = """
import resource, sys
from qa import Library
from qa.errors import StorageError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    with Library.open(sys.argv[1]) as library:
        library.sync()
except StorageError as error:
    print(error)
    sys.exit(3)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only Unix can limit the size of files")
@pytest.mark.parametrize("limit", [60_000, 300_000, 800_000])
def test_a_disk_that_fills_up_in_mid_sync_loses_nothing(library: Library, fill: Fill, limit: int) -> None:
    fill({"first.txt": "the first walrus"})
    library.sync()
    library.close()
    fill({f"{i}.txt": "\n\n".join(f"{i} {j} {os.urandom(400).hex()}" for j in range(30)) for i in range(50)})
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(library.folder), str(limit)], capture_output=True, text=True, timeout=100
    )
    assert run.returncode == 3, run.stdout + run.stderr
    assert "free some space" in run.stdout.lower() and "Traceback" not in run.stderr
    with Library.open(library.folder) as other:
        assert other.search("first walrus")[0].document.path == "first.txt"


def test_an_index_that_cannot_be_written_says_where_else(tmp_path: Path, fill: Fill) -> None:
    folder = fill({"a.txt": "words"})
    (tmp_path / "file").write_text("in the way")
    with (
        Library.open(folder, index=tmp_path / "file" / "index") as library,
        pytest.raises(StorageError, match="name another place with --index"),
    ):
        library.sync()


def test_an_index_elsewhere_leaves_the_folder_untouched(tmp_path: Path, fill: Fill) -> None:
    folder = fill({"a.txt": "words"})
    with Library.open(folder, index=tmp_path / "elsewhere") as library:
        library.sync()
        assert library.search("words")
    assert [path.name for path in folder.iterdir()] == ["a.txt"]


def test_an_index_inside_the_folder_is_not_read_as_documents(fill: Fill) -> None:
    folder = fill({"a.txt": "words"})
    with Library.open(folder, index=folder / "the index") as library:
        library.sync()
        library.sync()
        assert [file.path for file in library.documents()] == ["a.txt"]


def test_a_folder_that_vanishes_while_it_is_open_is_told(library: Library, fill: Fill) -> None:
    fill({"a.txt": "words"})
    library.sync()
    library.close()
    shutil.rmtree(library.folder)
    with pytest.raises(FolderError):
        Library.open(library.folder)


def test_a_chroma_server_that_does_not_answer_is_told(fill: Fill) -> None:
    folder = fill({"a.txt": "words"})
    with Library.open(folder, settings=read_settings(chroma_url="http://127.0.0.1:9")) as library:
        with pytest.raises(QAError, match="QA_CHROMA_URL"):
            library.sync()
        assert library.status().documents == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"count": 2.5}, "count must be from 1 to 100"),
        ({"within": ["*", 7]}, "`within` must be a glob over paths, or a list"),
        ({"query": 5}, "question must be a text"),
        ({"query": None}, "question must be a text"),
    ],
)
def test_what_is_no_text_or_number_is_told_to_callers_in_python(
    library: Library, fill: Fill, arguments: dict[str, object], says: str
) -> None:
    fill({"a.txt": "the walrus sings"})
    library.sync()
    with pytest.raises(UsageError, match=says):
        library.search(**{"query": "walrus", **arguments})  # type: ignore[arg-type]
    asked = {"question": arguments.get("query", "walrus")} | {k: v for k, v in arguments.items() if k != "query"}
    with pytest.raises(UsageError, match=says):
        library.ask(**asked)  # type: ignore[arg-type]
