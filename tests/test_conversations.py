"""Conversations: kept without the words that they cite, found again, and rid of what was removed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from conftest import Fill
from test_api import problem, running
from test_ledger import Cheap

from qa import Library, Settings
from qa.errors import NotFound, ReadOnly, UsageError
from qa.plain import plain
from qa.remote import RemoteLibrary

OTTER = "The otter of the old mill weighs nine kilograms."
LYNX = "The lynx of Brask was seen in the spring of 1962."


@pytest.fixture
def library(fill: Fill) -> Iterator[Library]:
    with Library.open(fill({"a.txt": OTTER, "b.txt": LYNX})) as opened:
        opened.sync()
        yield opened


def asked(library: Library | RemoteLibrary) -> str:
    id_ = library.begin_conversation().id
    library.ask("How much does the otter of the old mill weigh?", conversation=id_)
    library.ask("When was the lynx of Brask seen?", conversation=id_)
    return id_


def test_a_conversation_is_named_by_its_first_question_and_its_answers_come_back(library: Library) -> None:
    assert library.conversations() == []
    id_ = asked(library)
    library.begin_conversation()  # nothing was asked in it, so it is not listed
    (told,) = library.conversations()
    assert (told.id, told.turns) == (id_, 2)
    assert told.name == "How much does the otter of the old mill weigh?"
    first, second = library.conversation(id_).answers
    assert OTTER in first.answer and [each.cited_text for each in first.citations] == [OTTER]
    assert [each.status for each in second.citations] == ["valid"] and second.sentences[0].support == "quoted"
    other = library.begin_conversation().id
    library.ask("What is in here?", conversation=other)
    assert [each.id for each in library.conversations()] == [other, id_]
    assert [each.id for each in library.conversations(count=1, after=other)] == [id_]
    assert [each.id for each in library.conversations("lynx SPRING")] == [other, id_]
    assert library.conversations("walrus") == []
    library.forget_conversation(other)
    assert [each.id for each in library.conversations()] == [id_]


def test_an_answer_goes_with_the_document_that_it_cites_and_comes_back_with_none_of_its_words(
    library: Library, fill: Fill
) -> None:
    id_ = asked(library)
    (library.folder / "b.txt").unlink()
    for _ in range(2):  # before the next sync and after it
        first, gone = library.conversation(id_).answers
        assert first.citations[0].status == "valid" and "1962" not in str(plain(gone))
        assert gone.refused and "was removed" in (gone.reason or "")
        library.sync()
    with sqlite3.connect(library.index / "catalog.sqlite3") as catalog:
        kept = str(catalog.execute("SELECT * FROM turns").fetchall())
    catalog.close()
    assert "1962" not in kept and "nine kilograms" in kept
    fill({"a.txt": OTTER.replace("nine", "ten")})
    library.sync()
    (changed, _) = library.conversation(id_).answers
    assert changed.citations[0].status == "changed"


def test_what_was_forgotten_is_nowhere_in_the_index(library: Library) -> None:
    id_ = asked(library)
    held = [file for file in library.index.rglob("*") if file.is_file()]
    assert any(b"lynx of Brask seen" in file.read_bytes() for file in held)  # the question, until it is forgotten
    library.forget("b.txt", delete_file=True)
    assert [each.question for each in library.conversation(id_).answers][1] == "(forgotten)"
    library.close()
    for file in library.index.rglob("*"):
        assert not file.is_file() or b"lynx of Brask" not in file.read_bytes(), file


def test_over_http_conversations_are_those_of_the_library(library: Library) -> None:
    with running(library) as client:
        id_ = client.post("/api/conversations").json()["id"]
        body = {"question": "How much does the otter of the old mill weigh?", "conversation": id_}
        for stream in (False, True):
            assert client.post("/api/ask", json=body | {"stream": stream}).status_code == 200
        listed = client.get("/api/conversations", params={"q": "otter"}).json()
        assert listed == {"conversations": plain(library.conversations())} and listed["conversations"][0]["turns"] == 2
        assert client.get(f"/api/conversations/{id_}").json() == plain(library.conversation(id_))
        with RemoteLibrary(str(client.base_url)) as remote:
            assert remote.conversation(asked(remote)).answers[1].citations[0].cited_text == LYNX
            assert remote.conversations() == library.conversations()
            remote.forget_conversation(id_)
        assert problem(client.get(f"/api/conversations/{id_}"), 404).startswith("There is no such conversation")
        assert problem(client.post("/api/ask", json=body), 404).startswith("There is no such conversation")
        assert problem(client.get("/api/conversations", params={"count": 0}), 400)
        assert client.delete(f"/api/conversations/{id_}").status_code == 404


def test_what_cannot_be_gets_one_sentence(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.conversations._MOST_TURNS", 1)
    with Library.open(fill({"a.txt": OTTER}), embedder=Cheap()) as library:
        library.sync()
        id_ = library.begin_conversation().id
        library.ask("What is in here?", conversation=id_)
        with pytest.raises(UsageError, match="begin a new one"):
            library.ask("What is in here?", conversation=id_)
        with pytest.raises(NotFound):
            library.ask("What is in here?", conversation="x")
        with pytest.raises(NotFound):
            library.conversations(after="x")
    silent = Library.open(library.folder, embedder=Cheap(), settings=Settings(keep_conversations=False))
    with silent, pytest.raises(ReadOnly, match="QA_KEEP_CONVERSATIONS"):
        silent.begin_conversation()
