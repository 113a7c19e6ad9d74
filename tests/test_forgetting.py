"""What is forgotten is in no file of the index any more; what is edited again and again does not fill the disk."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cheap import Hashing
from conftest import Fill, Run, sentence
from detector import Detector
from killed import killed, needs_kill
from test_api import running

from qa import Library, store
from qa.errors import LibraryBusy, NotFound, ReadOnly, StorageError, UsageError
from qa.remote import RemoteLibrary
from qa.settings import read_settings

ODD = ("zibbelquarn", "mufflewort", "grontheskil", "pindrewash", "quorblefax")
"""Words that stand nowhere else; a stemmer leaves them as they are."""


def words(seed: str, count: int = 110) -> str:
    """Return a paragraph of a passage's length, the same for the same seed."""
    drawn = random.Random(seed)
    return " ".join("".join(drawn.choices("abcdefghiklmnoprstu", k=drawn.randint(3, 9))) for _ in range(count)) + "."


FILLER = {f"{i}.txt": f"Document {i} is plain.\n\n{words(f'filler {i}')}" for i in range(60)}


def odd_text(first: str) -> str:
    """A text of several passages, each with an odd word; `first` is its first sentence."""
    return "\n\n".join([first, *(f"{words(word)} And the {word} came. {words(word + '2')}" for word in ODD[1:])])


SECRET = odd_text("The zibbelquarn of Lower Mufflewort eats seventeen herrings every morning.")


@pytest.fixture
def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """A library whose store writes its graph early, so that vectors lie in every kind of file."""
    small = store._CONFIGURATION["hnsw"] | {"sync_threshold": 20, "batch_size": 10}
    monkeypatch.setattr(store, "_CONFIGURATION", {"hnsw": small})
    with Library.open(folder, embedder=Hashing(), settings=read_settings(keep_questions=True)) as library:
        yield library


def detector_of(library: Library, *paths: str) -> Detector:
    """Make a detector of odd words, and of the vectors of these files."""
    catalog = library._index.own()
    rows = [row for path in paths for row in catalog.rows(catalog.at_path(path).number)]  # type: ignore[union-attr]
    vectors = Hashing().embed(catalog.words_to_embed(rows))
    return Detector(ODD, {row.key: vector for row, vector in zip(rows, vectors, strict=True)})


def check(library: Library, files: int) -> None:
    """See that all is well with what stays."""
    assert len(library.documents()) == library.status().documents == files
    assert all(finding.ok for finding in library.doctor()), library.doctor()
    for i in (3, 59):
        hit = library.search(f"Document {i} is plain")[0]
        assert (hit.document.path, hit.found_by[0]) == (f"{i}.txt", "lexical")
    assert library._index.vectors().count() == len(library._index.own().live_keys())


def test_what_is_forgotten_is_in_no_file_of_the_index(opened: Library, fill: Fill) -> None:
    folder = fill({**FILLER, "notes/odd.txt": SECRET})
    opened.sync()
    answer = opened.ask("How many herrings does the zibbelquarn eat every morning?")
    (citation,) = answer.citations
    assert citation.document.path == "notes/odd.txt"
    detector = detector_of(opened, "notes/odd.txt")
    (folder / "notes" / "odd.txt").write_text(odd_text("The zibbelquarn is fed."))
    opened.sync()  # of the earlier text the ledger keeps what was cited
    detector.vectors |= detector_of(opened, "notes/odd.txt").vectors

    before = detector.traces(opened.index)
    for kind in ("bytes", "compressed", "keys", "floats", "codes", "terms", "texts", "ledger", "documents"):
        assert before.pop(kind, None), f"the detector finds nothing among the {kind}"
    assert before.keys() <= {"passages", "vectors", "embeddings", "embeddings_queue", "files", "meta"}, before
    for kind, file in (("floats", "chroma.sqlite3"), ("floats", "data_level0.bin"), ("codes", ".matrix")):
        assert any(path.endswith(file) for path in detector.traces(opened.index)[kind]), file

    (folder / "notes" / "odd.txt").unlink()
    opened.sync()
    left = detector.traces(opened.index)
    assert {"floats", "terms"} <= left.keys() and not {"ledger", "texts", "documents"} & left.keys()
    for word in ODD:  # after a sync nothing of a removed file can be found or looked up, by any door
        assert not [hit for hit in opened.search(word) if word in hit.text]
    with pytest.raises(NotFound):
        opened.resolve("eats seventeen herrings every morning")
    assert opened.ask("How many herrings does the zibbelquarn eat?").refused

    forgotten = opened.forget("notes/odd.txt")
    assert (forgotten.paths, forgotten.texts, forgotten.also_in) == (("notes/odd.txt",), 2, ())
    assert detector.traces(opened.index) == {}
    looked_up = opened.citation(citation.id)
    assert (looked_up.status, looked_up.cited_text, looked_up.document.path) == ("deleted", None, "notes/odd.txt")
    check(opened, 60)
    opened.close()
    assert detector.traces(opened.index) == {}
    with Library.open(folder, embedder=Hashing()) as again:
        check(again, 60)
        assert again.sync().embedded == 0
        assert detector.traces(again.index) == {}


def test_a_file_that_is_still_there_is_not_forgotten_but_on_request(opened: Library, fill: Fill) -> None:
    folder = fill({**FILLER, "odd.txt": SECRET})
    opened.sync()
    with pytest.raises(UsageError, match=r"^odd\.txt is still in the folder: delete it first, or let it be deleted"):
        opened.forget("odd.txt")
    assert opened.resolve("eats seventeen herrings").status == "valid"
    detector = detector_of(opened, "odd.txt")
    assert opened.forget("./odd.txt", delete_file=True).texts == 1
    assert not (folder / "odd.txt").exists()
    assert detector.traces(opened.index) == {}
    check(opened, 60)


def test_a_text_that_stands_in_another_file_stays_there(opened: Library, fill: Fill) -> None:
    folder = fill({**FILLER, "odd.txt": SECRET, "copy.txt": SECRET})
    opened.sync()
    citation = opened.resolve("eats seventeen herrings every morning", document="odd.txt")
    (folder / "odd.txt").unlink()
    forgotten = opened.forget("odd.txt")
    assert (forgotten.paths, forgotten.texts, forgotten.also_in) == (("odd.txt",), 0, ("copy.txt",))
    assert (opened.citation(citation.id).status, opened.citation(citation.id).document.path) == ("valid", "copy.txt")
    (folder / "copy.txt").rename(folder / "renamed.txt")  # and no sync: the text is elsewhere all the same
    assert opened.forget("copy.txt").also_in == ("renamed.txt",)
    check(opened, 61)


def test_a_vector_that_another_document_needs_stays(opened: Library, fill: Fill) -> None:
    same = words("same", 140)
    folder = fill({**FILLER, "odd.txt": f"{SECRET}\n\n{same}", "other.txt": f"{words('other')}\n\n{same}"})
    opened.sync()
    catalog = opened._index.own()
    keys = [{row.key for row in catalog.rows(catalog.at_path(p).number)} for p in ("odd.txt", "other.txt")]  # type: ignore
    detector = detector_of(opened, "odd.txt")
    (folder / "odd.txt").unlink()
    opened.forget("odd.txt")
    assert opened._index.vectors().present(list(keys[0] | keys[1])) == keys[1]
    detector.vectors = {key: vector for key, vector in detector.vectors.items() if key not in keys[1]}
    assert detector.traces(opened.index) == {}
    check(opened, 61)


def test_a_folder_means_all_that_was_below_it(opened: Library, fill: Fill) -> None:
    folder = fill(
        {
            **FILLER,
            "notes/a.txt": SECRET,
            "notes/deep/b.txt": f"{words('b', 150)} The pindrewash. {words('c', 150)}",
            "notes.txt": "Plain notes.",
        }
    )
    opened.sync()
    detector = detector_of(opened, "notes/a.txt", "notes/deep/b.txt")
    (folder / "notes" / "a.txt").unlink()
    with pytest.raises(UsageError, match=r"^notes/deep/b\.txt is still in the folder"):
        opened.forget("notes/")
    assert opened.forget("notes", delete_file=True).paths == ("notes/a.txt", "notes/deep/b.txt")
    assert detector.traces(opened.index) == {}
    check(opened, 61)


def test_all_that_is_deleted_can_be_forgotten_at_once_and_much_later(opened: Library, fill: Fill) -> None:
    folder = fill({**FILLER, "odd.txt": SECRET, "b.txt": f"{words('b', 150)} The pindrewash. {words('c', 150)}"})
    opened.sync()
    detector = detector_of(opened, "odd.txt", "b.txt")
    for name in ("odd.txt", "b.txt"):
        (folder / name).unlink()
    opened.sync()
    opened.close()
    (opened.index / "catalog.damaged-1").write_text("what a repair has put aside says zibbelquarn")
    with Library.open(folder, embedder=Hashing()) as again:
        assert detector.traces(again.index)
        assert again.forget(None).paths == ("b.txt", "odd.txt")
        assert detector.traces(again.index) == {}
        check(again, 60)


def test_only_what_was_erased_now_is_named_as_forgotten(opened: Library, fill: Fill) -> None:
    folder = fill({**FILLER, "odd.txt": SECRET, "b.txt": "The pindrewash is clean.", "broken.pdf": "%PDF-no"})
    opened.sync()
    (folder / "odd.txt").unlink()
    opened.sync()
    (folder / "broken.pdf").unlink()  # and no sync
    assert opened.forget(None).paths == ("broken.pdf", "odd.txt")
    for path in (None, "odd.txt"):
        again = opened.forget(path)
        assert (again.paths, again.texts) == ((), 0)
    (folder / "b.txt").unlink()
    assert opened.forget(None).paths == ("b.txt",)
    fill({"odd.txt": SECRET})
    opened.sync()
    detector = detector_of(opened, "odd.txt")
    (folder / "odd.txt").rename(folder / "even.txt")
    opened.sync()
    assert opened.forget(None).paths == ()  # it only bears another name
    assert opened.forget("odd.txt").also_in == ("even.txt",)
    (folder / "even.txt").unlink()
    opened.sync()
    assert opened.forget(None).paths == ("even.txt", "odd.txt")
    assert detector.traces(opened.index) == {}
    check(opened, 60)


def test_two_files_with_one_text_are_both_known_when_they_are_gone(opened: Library, fill: Fill) -> None:
    folder = fill({**FILLER, "odd.txt": SECRET, "dir/copy.txt": SECRET})
    opened.sync()
    detector = detector_of(opened, "odd.txt")
    for name in ("odd.txt", "dir/copy.txt"):
        (folder / name).unlink()
    opened.sync()
    assert opened.forget("dir").paths == ("dir/copy.txt",)
    forgotten = opened.forget("odd.txt")
    assert (forgotten.paths, forgotten.texts) == (("odd.txt",), 1)
    assert detector.traces(opened.index) == {}
    assert opened.forget(None).paths == ()


def test_what_an_index_of_the_third_version_buried_can_be_forgotten(opened: Library, fill: Fill) -> None:
    folder = fill({**FILLER, "odd.txt": SECRET})
    opened.sync()
    (folder / "odd.txt").unlink()
    opened.sync()
    opened.close()
    with sqlite3.connect(opened.index / "catalog.sqlite3") as connection:
        for name in ("TRIGGER file_leaves", "TRIGGER file_returns", "TABLE left_paths", "INDEX files_container"):
            connection.execute(f"DROP {name}")
        for name in ("conversations", "turns", "turn_texts"):
            connection.execute(f"DROP TABLE {name}")
        connection.execute("ALTER TABLE files DROP COLUMN container")
        connection.execute("ALTER TABLE documents DROP COLUMN parts")
        connection.execute("PRAGMA user_version = 3")
    connection.close()
    with Library.open(folder, embedder=Hashing()) as again:
        again.sync()
        assert again.forget(None).paths == ("odd.txt",)
        assert again.forget(None).paths == ()


@pytest.mark.parametrize("path", ["nothing.txt", "", ".", "/", "*", "../folder/0.txt", "0.txt/x", "\0", "0.tx"])
def test_what_is_not_known_is_told_in_one_sentence(opened: Library, fill: Fill, path: str) -> None:
    fill(FILLER)
    opened.sync()
    with pytest.raises(NotFound, match=r"^No such file is or was known: give its path relative to the folder"):
        opened.forget(path, delete_file=True)
    check(opened, 60)


def test_links_are_not_followed(opened: Library, fill: Fill, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "odd.txt").write_text("outside words")
    folder = fill({**FILLER, "notes/odd.txt": SECRET})
    opened.sync()
    (folder / "notes" / "odd.txt").unlink()
    (folder / "notes").rmdir()
    (folder / "notes").symlink_to(outside)
    assert opened.forget("notes/odd.txt", delete_file=True).texts == 1
    assert (outside / "odd.txt").read_text() == "outside words"


def test_a_file_that_cannot_be_deleted_is_told(opened: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    fill({**FILLER, "odd.txt": SECRET})
    opened.sync()
    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    with pytest.raises(StorageError, match=r"^odd\.txt cannot be deleted \(Permission denied\): change"):
        opened.forget("odd.txt", delete_file=True)
    monkeypatch.undo()
    opened.sync()
    assert opened.resolve("eats seventeen herrings").status == "valid"
    check(opened, 61)


def test_forgetting_is_off_where_the_folder_may_not_change(fill: Fill, folder: Path) -> None:
    fill({"a.txt": "words"})
    with Library.open(folder, embedder=Hashing(), settings=read_settings(readonly=True)) as library:
        library.sync()
        with pytest.raises(ReadOnly):
            library.forget("a.txt", delete_file=True)
    assert (folder / "a.txt").exists()


def test_a_reader_that_does_not_end_is_told_and_the_next_sync_goes_on(
    opened: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill({**FILLER, "odd.txt": SECRET})
    opened.sync()
    detector = detector_of(opened, "odd.txt")
    opened.close()
    monkeypatch.setattr("qa.database._PATIENCE", 0.05)
    reader = sqlite3.connect(opened.index / "catalog.sqlite3", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM documents").fetchall()
    with Library.open(folder, embedder=Hashing()) as again:
        with pytest.raises(LibraryBusy, match="keeps reading the catalog: end it, then sync"):
            again.forget("odd.txt", delete_file=True)
        reader.close()
        again.sync()
        assert detector.traces(again.index) == {}
        check(again, 60)


def test_room_for_vectors_to_come_holds_nothing_of_what_was_in_memory(library: Library, fill: Fill) -> None:
    fill({f"{i}.txt": f"the walrus of bay {i} sings" for i in range(5)})
    with Library.open(library.folder, embedder=Hashing()) as hashing:
        for i in range(3):  # the second and the third time memory is used again
            fill({f"{i}.txt": f"the walrus of bay {i} is quiet"})
            hashing.sync()
            hashing._index.close_derived()
            (graph,) = hashing.index.rglob("data_level0.bin")
            assert not any(graph.read_bytes())  # a graph of so few vectors is not in the file yet
            assert not any(graph.with_name("length.bin").read_bytes())


def test_searches_go_on_meanwhile(opened: Library, fill: Fill) -> None:
    fill({**FILLER, "odd.txt": SECRET})
    opened.sync()
    done, trouble, found = threading.Event(), [], []

    def search() -> None:
        while not done.is_set():
            try:
                found.append(opened.search("Document 3 is plain")[0].document.path)
            except Exception as error:  # whatever it is
                trouble.append(error)

    searching = [threading.Thread(target=search) for _ in range(2)]
    for each in searching:
        each.start()
    opened.forget("odd.txt", delete_file=True)
    done.set()
    for each in searching:
        each.join()
    assert not trouble and set(found) == {"3.txt"}


FORGET = """
from cheap import Hashing
from qa import Library

with Library.open(folder, embedder=Hashing()) as library:
    library.forget("odd.txt", delete_file=True)
"""

MOMENTS = [
    ("qa.erasure.Erasure", "note", "after", 1),
    ("qa.forgetting", "_delete", "after", 1),
    ("qa.compacting", "rewrite_words", "before", 1),
    ("qa.lexical.Lexical", "commit", "after", 2),  # made anew, and not in use yet
    ("qa.compacting", "clear", "before", 1),  # in use, and the old one still there
    ("qa.compacting", "copy_living", "before", 1),
    ("qa.vectors", "begin", "after", 1),
    ("qa.store.Store", "put", "after", 1),  # copied, and not in use yet
    ("qa.vectors.Vectors", "_clear", "before", 2),  # in use, and the old one still there
    ("qa.database.Database", "compact", "before", 1),
    ("qa.database.Database", "compact", "after", 1),
]


@needs_kill
@pytest.mark.parametrize(("owner", "name", "moment", "call"), MOMENTS)
@pytest.mark.parametrize("then", ["sync", "forget"])
def test_what_a_kill_has_cut_short_is_forgotten_by_the_next_sync(
    owner: str, name: str, moment: str, call: int, then: str, fill: Fill
) -> None:
    folder = fill({**FILLER, "odd.txt": SECRET})
    with Library.open(folder, embedder=Hashing()) as library:
        library.sync()
        detector = detector_of(library, "odd.txt")
    killed(FORGET, folder, owner, name, moment, call)

    with Library.open(folder, embedder=Hashing()) as library:
        assert library.search("Document 3 is plain")[0].document.path == "3.txt"
        if then == "forget" or (folder / "odd.txt").exists():
            library.forget("odd.txt", delete_file=True)
        else:
            library.sync()
        assert detector.traces(library.index) == {}
        check(library, 60)
    assert detector.traces(library.index) == {}


def test_forgetting_from_the_command_line(qa: Run, fill: Fill) -> None:
    folder = fill(
        {"a.txt": "The zibbelquarn eats.", "b.txt": "Trains leave at noon.", "c.txt": "Trains leave at noon."}
    )
    assert qa("sync", folder)[0] == 0
    at = ("--folder", folder)
    code, _, err = qa("forget", "a.txt", *at)
    assert code == 2 and sentence(err).startswith("a.txt is still in the folder: delete it first, or let it")
    code, out, _ = qa("forget", "a.txt", "--delete-file", *at)
    assert (code, out) == (0, "forgotten: a.txt\n")
    (folder / "b.txt").unlink()
    code, out, _ = qa("forget", "b.txt", *at)
    assert (code, out) == (0, "forgotten: b.txt\nThe same text also stands in c.txt, and stays there.\n")
    code, _, err = qa("forget", "x.txt", *at)
    assert code == 1 and sentence(err).startswith("No such file is or was known")
    for wrong in ((), ("a.txt", "--all-deleted")):
        code, _, err = qa("forget", *wrong, *at)
        assert (code, err) == (2, "Name one file or folder, or say --all-deleted.\n")
    code, out, _ = qa("forget", "--all-deleted", *at)
    assert (code, out) == (0, "There is nothing to forget.\n")  # the one is erased, the text of the other never went


def test_forgetting_over_http(opened: Library, fill: Fill) -> None:
    fill({**FILLER, "odd.txt": SECRET})
    opened.sync()
    detector = detector_of(opened, "odd.txt")
    with running(opened) as client, RemoteLibrary(str(client.base_url)) as remote:
        with pytest.raises(UsageError, match=r"^odd\.txt is still in the folder"):
            remote.forget("odd.txt")
        assert remote.forget("odd.txt", delete_file=True).paths == ("odd.txt",)
        assert detector.traces(opened.index) == {}
        assert remote.forget(None) == opened.forget(None)
        assert client.post("/api/forget", json={"delete_file": True}).status_code == 422  # all only if that is said
    check(opened, 60)


def test_many_edits_of_a_file_do_not_fill_the_disk(folder: Path, fill: Fill, tmp_path: Path) -> None:
    parts = [words(f"part {i}") for i in range(150)]
    fill({f"{i}.txt": "\n\n".join(words(f"{i} {j}") for j in range(20)) for i in range(15)})
    with Library.open(folder, embedder=Hashing()) as library:
        largest = 0
        for cycle in range(16):
            for i in range(cycle % 5, len(parts), 5):
                parts[i] = words(f"part {i} of cycle {cycle}")
            fill({"edited.txt": "\n\n".join(parts)})
            library.sync()
            largest = max(largest, size(library.index)) if cycle else 0
        check_sound(library)
    with Library.open(folder, index=tmp_path / "fresh", embedder=Hashing()) as fresh:
        fresh.sync()
    assert largest <= 1.5 * size(fresh.index)


def check_sound(library: Library) -> None:
    assert all(finding.ok for finding in library.doctor())
    assert library.search(words("part 4 of cycle 14"))[0].document.path == "edited.txt"


def size(index: Path) -> int:
    """Count the bytes of an index, but for the log that SQLite has while it is open, which is cut to 4 MB."""
    files = [path for path in index.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files if path.name.endswith("-wal")) < 4_300_000
    return sum(path.stat().st_size for path in files if not path.name.endswith(("-wal", "-shm")))
