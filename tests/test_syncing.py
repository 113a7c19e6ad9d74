"""Making the index equal the folder."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Fill, make_pdf

from qa import Library
from qa.errors import FolderError, IndexVersion
from qa.folder import Found, scan
from qa.parsers import parse
from qa.records import Signature
from qa.settings import read_settings
from qa.syncing import Failure


def age(folder: Path) -> None:
    """Make files look as if they had been written a while ago, so that a sync need not open them again."""
    past = time.time() - 60
    for path in folder.rglob("*"):
        if path.is_file() and ".qa" not in path.parts:
            os.utime(path, (past, past))


def found(library: Library, words: str) -> set[str]:
    """Return the paths under which words are found."""
    return {hit.document.path for hit in library.search(words) if words in hit.text}


def test_a_sync_reports_what_it_did(library: Library, fill: Fill) -> None:
    fill({"a.txt": "apples are red", "b.txt": "bananas are yellow", "empty.txt": ""})
    report = library.sync()
    assert (report.added, report.failed, report.waiting) == (2, 1, 0)
    assert [(each.path, each.reason) for each in report.failures] == [("empty.txt", "It is empty.")]

    fill({"a.txt": "apples are green", "c.txt": "cherries are dark"})
    folder = library.folder
    (folder / "b.txt").rename(folder / "moved.txt")
    (folder / "empty.txt").unlink()
    report = library.sync()
    assert (report.added, report.updated, report.moved, report.removed, report.failed) == (1, 1, 1, 1, 0)
    assert found(library, "bananas") == {"moved.txt"}
    assert not found(library, "red") and found(library, "green") == {"a.txt"}


def test_after_a_sync_nothing_of_a_removed_file_is_found_or_looked_up(library: Library, fill: Fill) -> None:
    """After a sync the index equals the folder: nothing of a removed file can be found or looked up, by any door."""
    fill({"gone.txt": "the secret of the marmot", "stays.txt": "the open secret of the hare"})
    library.sync()
    citation = library.resolve("secret of the marmot")
    (library.folder / "gone.txt").unlink()
    library.sync()
    assert not found(library, "marmot")
    assert all("marmot" not in hit.text for hit in library.search("marmot secret"))
    looked_up = library.citation(citation.id)
    assert (looked_up.status, looked_up.cited_text, looked_up.before, looked_up.after) == ("deleted", None, "", "")
    assert looked_up.document.path == "gone.txt"
    assert [file.path for file in library.documents()] == ["stays.txt"]


def test_a_sync_with_nothing_changed_opens_and_embeds_nothing(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync after a completed one, with nothing changed, embeds nothing and opens no file."""
    fill({f"{i}.txt": f"document number {i}" for i in range(20)} | {"bad.txt": ""})
    age(library.folder)
    library.sync()

    def refuse(*_: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr("qa.reading.read_file", refuse)
    monkeypatch.setattr("qa.embedders.BundledEmbedder.embed", refuse)
    report = library.sync()
    assert (report.unchanged, report.opened, report.embedded, report.failed) == (20, 0, 0, 1)


def test_a_file_written_just_before_a_sync_is_looked_at_again(library: Library, fill: Fill) -> None:
    fill({"a.txt": "first words"})
    library.sync()
    stat = (library.folder / "a.txt").stat()
    fill({"a.txt": "other words"})  # as long as before
    os.utime(library.folder / "a.txt", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    library.sync()
    assert found(library, "other words")


def test_words_that_stay_keep_their_vectors(library: Library, fill: Fill) -> None:
    part = [f"Paragraph {i} speaks of matter {i}. " * 25 for i in range(6)]
    fill({"a.txt": "\n\n".join(part)})
    first = library.sync().embedded
    part[3] = "An altogether different paragraph. " * 25
    fill({"a.txt": "\n\n".join(part)})
    assert first >= 6
    assert library.sync().embedded == 1
    (library.folder / "a.txt").rename(library.folder / "b.txt")
    assert library.sync().embedded == 0


def test_the_same_text_twice_is_one_document_with_two_paths(library: Library, fill: Fill) -> None:
    fill({"a.txt": "the same words", "sub/b.txt": "the same words"})
    assert library.sync().embedded == 1
    (hit,) = library.search("same words")
    assert hit.document.paths == ("a.txt", "sub/b.txt")
    (library.folder / "a.txt").unlink()
    library.sync()
    assert library.citation(hit.id).status == "valid"
    assert library.citation(hit.id).document.path == "sub/b.txt"


def test_a_text_has_the_form_that_tells_most_whichever_file_of_it_came_first(library: Library, fill: Fill) -> None:
    rows = "number,name\n" + "".join(f"{n},person{n}\n" for n in range(1, 90))
    pages = make_pdf("The heron stands on one leg.", "The otter swims.")
    folder = fill({"a.txt": rows, "z.csv": rows, "b.txt": parse(pages, "p.pdf").text})
    library.sync()
    assert library.resolve("66,person66").part == "row 67"
    fill({"paper.pdf": pages})
    library.sync()
    cited = library.resolve("The otter swims.")
    assert cited.start_page_number == 2 and cited.document.paths == ("b.txt", "paper.pdf")
    assert library.page(cited.document.id, 2, cite=cited.id).boxes
    (folder / "a.txt").unlink()
    (folder / "z.csv").rename(folder / "z.txt")
    (folder / "paper.pdf").unlink()
    report = library.sync()
    assert (report.moved, report.removed) == (1, 2)
    assert library.resolve("66,person66").part is None and library.resolve("66,person66").start_line == 67
    assert library.resolve("The otter swims.").start_page_number is None
    (folder / "z.txt").rename(folder / "z.csv")
    assert library.sync().moved == 1
    assert library.resolve("66,person66").part == "row 67"


@pytest.mark.parametrize("is_removed", [True, False])
def test_a_text_has_no_form_of_a_file_that_is_gone_or_another_one_now(
    library: Library, fill: Fill, is_removed: bool
) -> None:
    pages, heading = make_pdf("The heron stands on one leg.", "The otter swims."), "# Voles\n\nThe vole dives."
    page = "<title>Falcon merger</title><p>The tern is white."
    folder = fill({"a.PDF": pages, "b.txt": parse(pages, "p.pdf").text})
    fill({"c.md": heading, "d.txt": heading, "e.html": page, "f.html": "<title>Terns</title><p>The tern is white."})
    library.sync()
    assert library.resolve("The otter swims.").start_page_number == 2
    assert library.resolve("The vole dives.").heading == ("Voles",)
    assert library.resolve("The tern is white.").document.title == "Falcon merger"
    for path in ("a.PDF", "c.md", "e.html"):
        if is_removed:
            (folder / path).unlink()
        else:
            fill({path: make_pdf("Another.") if path == "a.PDF" else "Another."})
    library.sync()
    forms = [
        (found.document.media_type, found.document.title, found.heading, found.start_page_number)
        for found in map(library.resolve, ("The otter swims.", "The vole dives.", "The tern is white."))
    ]
    assert forms == [
        ("text/plain", "The heron stands on one leg.", (), None),
        ("text/plain", "# Voles", (), None),
        ("text/html", "Terns", (), None),
    ]
    assert library.search("Falcon merger")[0].document.title != "Falcon merger"
    fill({"f.html": "<title>Gulls</title><p>The tern is white."})
    library.sync()
    assert library.resolve("The tern is white.").document.title == "Gulls"


def test_a_text_within_another_file_is_read_again_for_its_form(folder: Path, fill: Fill) -> None:
    rows = "number,name\n" + "".join(f"{n},person{n}\n" for n in range(1, 90))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.csv", rows)
        archive.writestr("other.txt", "Something else.")
    fill({"a.zip": packed.getvalue(), "z.tsv": rows})
    with Library.open(folder, settings=read_settings(archives=True)) as library:
        library.sync()
        (folder / "z.tsv").unlink()
        assert library.sync().removed == 1
        cited = library.resolve("66,person66")
        assert (cited.document.paths, cited.part) == (("a.zip!/inner.csv",), "row 67")
        assert library.sync().unchanged == 3


def test_a_copy_that_goes_costs_no_reading(library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(dict.fromkeys(("a.md", "b.md", "sub/c.txt"), "# Otters\n\nThe otter swims."))
    age(folder)
    library.sync()
    (folder / "a.md").unlink()
    monkeypatch.setattr("qa.reading.read_file", None)  # nothing is opened
    assert library.sync().removed == 1
    assert library.resolve("The otter swims.").heading == ("Otters",)


def test_a_text_that_gets_a_better_form_in_a_later_batch_is_found_by_its_words(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.syncing._BATCH_CHARACTERS", 0)  # each file is a batch, before the words are committed
    rows = "number,name\n" + "".join(f"{n},zebrano{n}\n" for n in range(1, 400))
    fill({"a.txt": rows, "z.csv": rows})
    library.sync()
    hits = [library.search(word, count=1)[0] for word in ("zebrano1", "zebrano200", "zebrano399")]
    assert all("lexical" in hit.found_by for hit in hits)


def test_what_does_not_belong_to_the_folder_is_left_out(
    library: Library, fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("outside words")
    folder = fill(
        {
            ".hidden.txt": "h",
            ".git/x.txt": "g",
            ".~lock.b.txt#": "LibreOffice",
            "~$b.docx": "Word",
            "node_modules/x.txt": "n",
            "a.log": "l",
            "sub/b.txt": "b words",
        }
    )
    fill({".qaignore": "*.log\n"})
    (folder / "link.txt").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")
    monkeypatch.chdir(folder)  # the name of a socket has room for a hundred letters
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.txt")
    library.sync()
    assert [file.path for file in library.documents()] == ["sub/b.txt"]


def test_names_of_any_kind_are_taken(library: Library, fill: Fill) -> None:
    folder = fill({"with space.txt": "one", "emoji 🐹.txt": "two", "new\nline.txt": "three"})
    with open(os.path.join(os.fsencode(folder), b"bad\xff.txt"), "wb") as file:
        file.write(b"four")
    library.sync()
    assert sorted(file.path for file in library.documents()) == [
        "bad%FF.txt",
        "emoji 🐹.txt",
        "new\nline.txt",
        "with space.txt",
    ]
    assert all(library.citation(library.resolve(w).id).status == "valid" for w in ("one", "two", "three", "four"))


def test_names_that_look_the_same_are_names_of_their_own(library: Library, fill: Fill) -> None:
    apart = {"Note.txt": "one otter", "note.txt": "two otters"}
    composed, decomposed = (unicodedata.normalize(form, "r\u00e9sum\u00e9.txt") for form in ("NFC", "NFD"))
    fill(apart | {composed: "three otters", decomposed: "four otters"})
    library.sync()
    assert {file.path: file.text() for file in library.documents()} == {
        **apart,
        composed: "three otters",
        decomposed: "four otters",
    }
    assert library.document(decomposed).text() == "four otters"
    (library.folder / composed).unlink()  # as on macOS, where whoever types the name writes it otherwise than it is
    library.sync()
    assert library.document(composed).path == decomposed
    assert {hit.document.path for hit in library.search("otters", within=composed)} == {decomposed}


def test_a_file_that_vanishes_or_is_replaced_after_the_folder_was_listed(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill({"gone.txt": "the otter", "link.txt": "the lynx", "pipe.txt": "the walrus", "stays.txt": "the heron"})

    def listed(*given: Any, **how: Any) -> Iterator[Found]:
        yield from list(scan(*given, **how))
        for name in ("gone.txt", "link.txt", "pipe.txt"):
            (folder / name).unlink(missing_ok=True)
        (folder / "link.txt").symlink_to("/etc/hostname")
        os.mkfifo(folder / "pipe.txt")

    monkeypatch.setattr("qa.syncing.scan", listed)
    report = library.sync()
    assert report.added == 1 and {each.path for each in report.failures} == {"link.txt", "pipe.txt"}
    assert all(each.reason.startswith("It cannot be read: ") for each in report.failures)
    monkeypatch.undo()
    assert library.sync().failures == () and [file.path for file in library.documents()] == ["stays.txt"]


@pytest.mark.parametrize("name", ["a.txt", "a.html"])  # read here, and by a worker
def test_a_file_that_vanishes_during_a_sync_is_removed(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = fill({name: "the otter", "sub/b.txt": "the heron"})
    library.sync()

    def listed(*given: Any, **how: Any) -> Iterator[Found]:
        fill({name: "the otter swims", "sub/b.txt": "the heron flies"})
        yield from list(scan(*given, **how))
        (folder / name).unlink()
        (folder / "sub/b.txt").unlink()
        (folder / "sub").rmdir()
        (folder / "sub").write_text("")

    monkeypatch.setattr("qa.syncing.scan", listed)
    report = library.sync()
    assert (report.removed, report.updated, report.failures) == (2, 0, ())
    assert library.documents() == [] and library.search("otter") == []


def test_a_file_that_grows_while_it_is_read_is_read_as_far_as_it_went_and_then_again(
    library: Library, fill: Fill
) -> None:
    log, line = fill({"log.txt": "The log begins.\n"}) / "log.txt", "The otter was seen again at noon.\n"
    done = threading.Event()

    def write() -> None:
        with log.open("a") as file:
            while not done.wait(0.001):
                file.write(line)
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            assert library.sync().failures == ()
            assert log.read_text().startswith(library.document("log.txt").text())
    finally:
        done.set()
        writer.join()
    library.sync()
    assert library.document("log.txt").text() == log.read_text()


def test_a_file_that_may_not_be_read_is_told(library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    fill({"closed.txt": "the otter", "open.txt": "the heron"})
    real = os.open

    def opened(path: Any, *given: Any, **how: Any) -> int:
        if os.fsencode(path).endswith(b"closed.txt"):
            raise PermissionError(13, "Permission denied")
        return real(path, *given, **how)

    monkeypatch.setattr("qa.folder.os.open", opened)  # root may read everything
    report = library.sync()
    assert report.added == 1
    assert report.failures == (Failure("closed.txt", "It cannot be read: Permission denied."),)


def test_a_large_file_is_reported_and_left_out(folder: Path, fill: Fill) -> None:
    from qa.settings import read_settings

    fill({"small.txt": "small"})
    with open(folder / "huge.txt", "wb") as file:
        file.truncate(2_000_000_000)  # sparse: it takes no room
    with Library.open(folder, settings=read_settings()) as library:
        report = library.sync()
    assert [(f.path, f.reason[:27]) for f in report.failures] == [("huge.txt", "It is larger than 100 MB: s")]
    assert report.added == 1
    fill({"large.txt": "words " * 400})
    with Library.open(folder, settings=read_settings(max_file_mb=0.001)) as library:
        assert library.sync().failed == 2
    with Library.open(folder, settings=read_settings()) as library:  # the limit was raised: it is looked at again
        assert library.sync().failed == 1
        assert found(library, "words") == {"large.txt"}


def test_a_parser_that_breaks_loses_one_file_alone(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("qa.parsers.markdown.decode", broken)
    fill({"a.md": "# words", "b.txt": "other words"})
    report = library.sync()
    assert (report.added, report.failures[0].path) == (1, "a.md")
    assert report.failures[0].reason == "It cannot be read (ZeroDivisionError): it may be damaged."


def test_a_changed_embedder_is_noticed_and_told(library: Library, fill: Fill) -> None:
    import numpy as np

    class Other:
        fingerprint, width = "other-model", 8

        def embed(self, texts: list[str]) -> np.ndarray:
            return np.full((len(texts), 8), 8**-0.5, np.float32)

        def embed_query(self, text: str) -> np.ndarray:
            return np.full(8, 8**-0.5, np.float32)

    fill({"a.txt": "words"})
    library.sync()
    library.close()
    with Library.open(library.folder, embedder=Other()) as other:
        with pytest.raises(
            IndexVersion, match=r"made with the embedder granite.* now it is other-model: set QA_EMBEDDER"
        ):
            other.search("words")
        assert all(finding.ok for finding in other.doctor(repair=True))
        assert found(other, "words")


def test_many_edits_do_not_let_the_vectors_grow_without_end(library: Library, fill: Fill) -> None:
    import numpy as np

    class Cheap:
        fingerprint, width = "cheap", 4

        def embed(self, texts: list[str]) -> np.ndarray:
            return np.eye(4, dtype=np.float32)[[len(text) % 4 for text in texts]]

        def embed_query(self, text: str) -> np.ndarray:
            return np.eye(4, dtype=np.float32)[0]

    with Library.open(library.folder, embedder=Cheap()) as cheap:
        for cycle in range(4):
            fill({f"{i}.txt": f"cycle {cycle} of document {i}" for i in range(400)})
            cheap.sync()
        assert int(cheap._index.own().meta("slots")) <= 1_200
        assert cheap._index.vectors().count() == 400
        assert len(found(cheap, "cycle 3")) == 10


def test_a_file_dropped_into_a_watched_folder_is_found_soon(library: Library, fill: Fill) -> None:
    fill({"a.txt": "first"})
    library.sync()
    library.watch()
    fill({"b.txt": "a walrus came by"})
    until = time.monotonic() + 20
    while not found(library, "walrus") and time.monotonic() < until:
        time.sleep(0.1)
    assert found(library, "walrus") == {"b.txt"}


def test_a_folder_that_cannot_be_read_for_a_while_is_not_taken_for_an_empty_one(tmp_path: Path, fill: Fill) -> None:
    folder = fill({"a.txt": "apples are red", "b/b.txt": "bananas are yellow"})
    with Library.open(folder, index=tmp_path / "index") as library:
        library.sync()
        folder.rename(tmp_path / "away")  # as a disk that is not mounted
        for act in (library.sync, lambda: library.forget(None)):
            with pytest.raises(FolderError, match="cannot be read just now: No such file"):
                act()
        assert len(library.documents()) == 2
        (tmp_path / "away").rename(folder)
        report = library.sync()
        assert (report.added, report.removed, report.embedded, report.unchanged) == (0, 0, 0, 2)


def test_a_file_of_a_far_future_and_an_inode_of_64_bits_are_kept(library: Library, fill: Fill) -> None:
    folder = fill({"a.txt": "apples are red"})
    os.utime(folder / "a.txt", (10_000_000_000, 10_000_000_000))
    assert library.sync().added == 1
    assert library.resolve("apples are").document.modified > "2262"
    stat = os.stat_result((0o100644, 2**64 - 1, *[0] * 8), {"st_mtime_ns": 10**21, "st_ctime_ns": 1})
    assert Signature.of(stat) == Signature(0, 2**63 - 1, 1, 2**63 - 1)


def test_many_files_that_go_are_dropped_some_at_a_time(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.syncing._DROPPED", 2)
    folder = fill({f"{n}.txt": f"apples are red in orchard {n}" for n in range(7)})
    library.sync()
    for n in range(1, 7):
        (folder / f"{n}.txt").unlink()
    assert library.sync().removed == 6
    assert [file.path for file in library.documents()] == ["0.txt"] and found(library, "apples") == {"0.txt"}
