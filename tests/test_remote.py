"""The library over HTTP: the same objects and the same errors as the library itself."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_api import BRIDGES, LONG, QUESTION, WHALES, running

from qa import Library, Span
from qa.connecting import connect, open_alone
from qa.errors import (
    FolderError,
    LibraryBusy,
    MalformedCitation,
    NotFound,
    QAError,
    ReadOnly,
    Refused,
    ServerError,
    StorageError,
    TooLarge,
    UnknownCitation,
    UsageError,
)
from qa.lock import Holder, IndexLock
from qa.problems import error_of, problem
from qa.remote import RemoteLibrary
from qa.settings import Settings

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library for reading only."""
    folder = tmp_path_factory.mktemp("remote")
    (folder / "sea").mkdir()
    (folder / "sea" / "whales & krill?.md").write_text(WHALES)
    (folder / "bridges.txt").write_text(BRIDGES)
    (folder / "long.txt").write_bytes(LONG.encode())
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 not really")
    for file in folder.rglob("*.*"):
        os.utime(file, (1_700_000_000, 1_700_000_000))  # one that has just changed is read again by the next sync
    with Library.open(folder, settings=Settings()) as library:
        library.sync()
        yield library


@pytest.fixture(scope="module")
def remote(opened: Library) -> Iterator[RemoteLibrary]:
    with (
        running(opened, key="for everybody", local_key="for us") as client,
        RemoteLibrary(str(client.base_url), "for us") as remote,
    ):
        yield remote


def untimed(answer: Any) -> Any:
    return dataclasses.replace(answer, timings_ms={})


def test_answers_and_hits_are_equal_to_the_librarys_own(remote: RemoteLibrary, opened: Library) -> None:
    ours = opened.ask(QUESTION, count=2, within="*.md")
    theirs = remote.ask(QUESTION, count=2, within="*.md")
    assert theirs.citations and untimed(theirs) == untimed(ours)
    assert type(theirs.citations[0]) is type(ours.citations[0])
    assert remote.search("krill", count=3) == opened.search("krill", count=3)


def test_a_stream_has_the_same_events(remote: RemoteLibrary, opened: Library) -> None:
    ours, theirs = list(opened.stream(QUESTION)), list(remote.stream(QUESTION))
    assert [event.name for event in theirs] == [event.name for event in ours]
    for their, our in zip(theirs[1:-1], ours[1:-1], strict=True):
        assert their == our
    assert list(theirs[0].value) == list(ours[0].value)
    assert untimed(theirs[-1].value) == untimed(ours[-1].value)


def test_citations_are_equal_to_the_librarys_own(remote: RemoteLibrary, opened: Library) -> None:
    cited = opened.resolve("up to 199", prefix="weighs ", suffix=" tonnes", document="sea/whales & krill?.md")
    assert remote.resolve("up to 199", prefix="weighs ", suffix=" tonnes", document="sea/whales & krill?.md") == cited
    assert remote.citation(cited.id, context=7) == opened.citation(cited.id, context=7)


def test_documents_and_texts_are_equal_to_the_librarys_own(remote: RemoteLibrary, opened: Library) -> None:
    assert remote.documents() == opened.documents()
    for file in opened.documents():
        assert remote.document(file.path) == file
        assert remote.document(file.path).text() == file.text()
    whole = opened.document("long.txt")
    assert whole.id and len(LONG) > 500_000
    assert remote.text(whole.id) == LONG
    for span in (Span(5, 300_000), Span(7, 9), Span(519_990, 10**9), Span(3, 3), Span(10**7, 10**8)):
        assert remote.text(whole.id, span) == opened.text(whole.id, span) == span.of(LONG)


def test_the_status_and_a_sync_are_equal_to_the_librarys_own(remote: RemoteLibrary, opened: Library) -> None:
    assert remote.sync() == opened.sync()
    assert remote.status() == opened.status()


def test_a_sync_elsewhere_shows_its_progress(
    opened: Library, remote: RemoteLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dataclasses.replace(opened.status(), phase="embedding", done=3, total=9, rate=2.0)
    monkeypatch.setattr(opened, "status", lambda: now)
    seen: list[Any] = []
    remote.sync(progress=seen.append)
    assert (seen[0].phase, seen[0].done, seen[0].total, seen[0].rate) == ("embedding", 3, 9, 2.0)


def test_files_are_added_and_deleted_there(library: Library, folder: Path) -> None:
    with running(library) as client, RemoteLibrary(str(client.base_url)) as remote:
        assert remote.add("sub/Ä b.txt", b"words") == "sub/Ä b.txt"
        assert remote.add("sub/Ä b.txt", b"other words") == "sub/Ä b (2).txt"
        assert remote.document("sub/Ä b (2).txt").text() == "other words"
        remote.delete("sub/Ä b.txt")
        assert [file.path for file in remote.documents()] == ["sub/Ä b (2).txt"]


WRONG: list[Callable[[Any], Any]] = [
    lambda library: library.ask(""),
    lambda library: library.ask("x " * 50_000),
    lambda library: library.ask("why?", count=0),
    lambda library: list(library.stream("why?", count=10**9)),
    lambda library: list(library.stream(" ")),
    lambda library: library.search("", count=3),
    lambda library: library.citation("nonsense"),
    lambda library: library.citation("a/b?c"),
    lambda library: library.citation("0000000000000000.1-2"),
    lambda library: library.citation("0000000000000000.1-2", context=-1),
    lambda library: library.resolve("never written"),
    lambda library: library.resolve(" "),
    lambda library: library.document("none.txt"),
    lambda library: library.add("../x", b"words"),
    lambda library: library.delete("../x"),
    lambda library: library.delete("none.txt"),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_errors_are_of_the_same_class_with_the_same_sentence(
    remote: RemoteLibrary, opened: Library, wrong: Callable[[Any], Any]
) -> None:
    with pytest.raises(QAError) as ours:
        wrong(opened)
    with pytest.raises(QAError) as theirs:
        wrong(remote)
    assert (type(theirs.value), str(theirs.value)) == (type(ours.value), str(ours.value))


def test_an_error_in_mid_stream_is_raised(
    remote: RemoteLibrary, opened: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stream(*_: Any, **__: Any) -> Iterator[Any]:
        yield from real
        raise StorageError("The disk is full.")

    real = list(opened.stream(QUESTION))[:2]
    monkeypatch.setattr(opened, "stream", stream)
    with pytest.raises(StorageError, match=r"The disk is full\."):
        list(remote.stream(QUESTION))


@pytest.mark.parametrize(
    "kind",
    [FolderError, LibraryBusy, MalformedCitation, NotFound, ReadOnly, Refused, TooLarge, UnknownCitation, UsageError],
)
def test_a_problem_names_its_error(kind: type[QAError]) -> None:
    error = error_of(problem(kind("A sentence."), instance="/x"))
    assert (type(error), str(error)) == (kind, "A sentence.")


def test_a_wrong_key_is_refused_and_a_server_that_is_gone_says_so(opened: Library) -> None:
    with running(opened, key="for everybody") as client, RemoteLibrary(str(client.base_url), "wrong") as remote:
        assert remote.answers()
        with pytest.raises(Refused):
            remote.status()
    with RemoteLibrary(str(client.base_url)) as remote:
        assert not remote.answers()
        with pytest.raises(ServerError, match="does not answer"):
            remote.ask("why?")
        with pytest.raises(ServerError, match="does not answer"):
            list(remote.stream("why?"))


# Finding out who holds an index.


def test_nobody_there_means_the_library_itself(folder: Path) -> None:
    with connect(folder) as library:
        assert isinstance(library, Library)
    with open_alone(folder) as library:
        assert library.status if isinstance(library, Library) else False


def test_the_card_of_a_process_that_was_killed_is_not_believed(library: Library, opened: Library) -> None:
    library.sync()
    library.close()
    with running(opened) as client:  # somebody else listens there by now
        IndexLock(library.index).announce(Holder(os.getpid() + 1, "qa serve", str(client.base_url), "key"))
        with connect(library.folder) as found:
            assert isinstance(found, Library)
    assert IndexLock(library.index).holder() is None


def test_a_missing_folder_is_told_before_anybody_is_asked(tmp_path: Path) -> None:
    with pytest.raises(FolderError):
        connect(tmp_path / "none")


def test_commands_beside_a_running_server_go_through_it(
    library: Library, fill: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill({"a.md": WHALES})
    library.sync()
    asked: list[str] = []
    ask = library.ask

    def listening(question: str, **more: Any) -> Any:
        asked.append(question)
        return ask(question, **more)

    monkeypatch.setattr(library, "ask", listening)
    with running(library, key="for everybody", local_key="for us") as client:
        library.announce("qa serve", str(client.base_url), "for us")
        ours = qa("ask", QUESTION, "--folder", str(library.folder), "--json")
        assert asked == [QUESTION]
        assert json.loads(ours.stdout)["answer"] == library.ask(QUESTION).answer
        fill({"b.txt": "A second document."})
        synced = qa("sync", str(library.folder), "--json")
        assert json.loads(synced.stdout)["added"] == 1
        assert json.loads(qa("status", "--folder", str(library.folder), "--json").stdout)["documents"] == 2


def test_without_a_server_no_http_is_imported(library: Library, fill: Any) -> None:
    fill({"a.md": WHALES})
    library.sync()
    library.close()
    code = "import sys, qa.connecting; qa.connecting.connect(sys.argv[1]).status(); assert 'httpx' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, str(library.folder)], cwd=ROOT, check=True, timeout=30)


def qa(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "qa", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done
