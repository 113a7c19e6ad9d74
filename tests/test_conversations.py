"""Conversations: kept without the words that they cite, found again, and rid of what was removed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from conftest import Fill
from test_api import problem, running
from test_ledger import Cheap

from qa import Library, Settings
from qa.answers import Answer
from qa.errors import NotFound, ReadOnly, UsageError
from qa.exports import FORMATS
from qa.folder import read_file
from qa.plain import plain
from qa.remote import RemoteLibrary

OTTER = "The otter of the old mill weighs nine kilograms."
HEAVY = "How much does the otter of the old mill weigh?"
LYNX = "The lynx of Brask was seen in the spring of 1962."


@pytest.fixture
def library(fill: Fill) -> Iterator[Library]:
    with Library.open(fill({"a.txt": OTTER, "b.txt": LYNX})) as opened:
        opened.sync()
        yield opened


def asked(library: Library | RemoteLibrary) -> str:
    id_ = library.begin_conversation().id
    library.ask(HEAVY, conversation=id_)
    library.ask("When was the lynx of Brask seen?", conversation=id_)
    return id_


def test_a_conversation_is_named_by_its_first_question_and_its_answers_come_back(library: Library) -> None:
    assert library.conversations() == []
    id_ = asked(library)
    library.begin_conversation()  # nothing was asked in it, so it is not listed
    (told,) = library.conversations()
    assert (told.id, told.turns) == (id_, 2)
    assert told.name == HEAVY
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


def rows(library: Library) -> list[tuple[str, str | None]]:
    """Return the questions and answers as they are at rest."""
    with closing(sqlite3.connect(library.index / "catalog.sqlite3")) as catalog:
        return catalog.execute("SELECT question, answer FROM turns ORDER BY conversation, place").fetchall()


def holding(library: Library, words: str) -> list[str]:
    """Return the files of the index that hold some words."""
    files = [file for file in library.index.rglob("*") if file.is_file()]
    return [str(file) for file in files if words.encode() in file.read_bytes()]


def test_what_was_forgotten_is_nowhere_in_the_index(library: Library) -> None:
    id_ = asked(library)
    held = [file for file in library.index.rglob("*") if file.is_file()]
    assert any(b"lynx of Brask seen" in file.read_bytes() for file in held)  # the question, until it is forgotten
    library.forget("b.txt", delete_file=True)
    assert [each.question for each in library.conversation(id_).answers][1] == "(forgotten)"
    library.close()
    for file in library.index.rglob("*"):
        assert not file.is_file() or b"lynx of Brask" not in file.read_bytes(), file


@pytest.mark.parametrize("now", [None, "The lynx is not spoken of."], ids=["removed", "edited"])
def test_an_answer_whose_document_goes_while_it_is_written_is_not_kept(
    library: Library, fill: Fill, now: str | None
) -> None:
    id_ = library.begin_conversation().id
    question = "When was the lynx of Brask seen?"
    for event in library.stream(question, conversation=id_):
        if event.name == "sentence":
            (library.folder / "b.txt").unlink()
            fill({"b.txt": now} if now else {})
            library.sync()
    assert event.value.citations[0].cited_text == LYNX
    assert rows(library) == [(question if now else "(forgotten)", None)]
    assert "was removed" in (library.conversation(id_).answers[0].reason or "")
    (library.folder / "b.txt").unlink(missing_ok=True)
    library.forget(None)
    library.close()
    assert rows(library) == [("(forgotten)", None)] and not holding(library, "lynx of Brask")


def test_only_questions_about_what_is_forgotten_are_forgotten(library: Library) -> None:
    id_ = asked(library)
    (library.folder / "a.txt").unlink()
    library.sync()
    library.forget("b.txt", delete_file=True)
    assert rows(library) == [(HEAVY, None), ("(forgotten)", None)]
    assert library.conversations()[0].name == HEAVY
    library.forget("a.txt")
    assert rows(library) == [("(forgotten)", None)] * 2 and library.conversations()[0].name == "(forgotten)"
    assert [each.answer for each in library.conversation(id_).answers] == ["", ""]


# What later questions take over.

BREWERY = {
    "a.txt": "The founder of the Acme brewery was Zyxgard Quellmann.",
    "b.txt": "The founder of the Acme brewery was educated in Padua.",
}
FOUNDER, SCHOOL = "Who was the founder of the Acme brewery?", "Where was he educated?"


def said(*answers: Answer) -> list[dict[str, str]]:
    """Return what a page sends of answers with the next question."""
    turns = [(("user", each.question), ("assistant", each.answer)) for each in answers]
    return [{"role": role, "content": words} for turn in turns for role, words in turn]


def test_what_a_later_question_took_over_goes_with_the_answer_that_said_it(fill: Fill) -> None:
    with Library.open(fill(BREWERY)) as library:
        library.sync()
        id_ = library.begin_conversation().id
        first = library.ask(FOUNDER, within="a.txt", conversation=id_)
        second = library.ask(SCHOOL, within="b.txt", history=said(first), conversation=id_)
        assert "Quellmann" in (second.searched_as or "")
        assert [each.document.path for each in second.citations] == ["b.txt"]
        (library.folder / "a.txt").unlink()
        for _ in range(2):  # before the next sync and after it
            gone, left = library.conversation(id_).answers
            assert not gone.answer and "Padua" in left.answer and left.searched_as is None
            library.sync()
        # a page that still shows the first answer sends it with the next question
        third = library.ask(SCHOOL, within="b.txt", history=said(first, second), conversation=id_)
        assert "Quellmann" in (third.searched_as or "")
        library.forget(None)
        assert len(rows(library)) == 3 and "Quellmann" not in str(rows(library))
        # one that has been loaded again does not, and what its questions take over is kept
        library.ask("Where was the founder of the Acme brewery educated?", conversation=id_)
        answers = library.conversation(id_).left()
        again = library.ask("Why was he educated there?", history=said(*answers), conversation=id_)
        assert again.searched_as and library.conversation(id_).answers[4].searched_as == again.searched_as
        library.close()
        assert not holding(library, "Quellmann")


def test_what_a_model_wrote_goes_with_what_it_was_shown_and_what_it_was_told(fill: Fill) -> None:
    from llama_index.core.llms import CompletionResponse
    from test_writing import Scripted

    alone = "Where was Zyxgard Quellmann, the founder of the Acme brewery, educated?"

    class Writer(Scripted):
        def stream_complete(self, prompt: str, formatted: bool = False, **more: Any) -> Any:
            says = "It weighs nine kilograms [1]." if HEAVY in prompt else "He was educated in Padua [1]."
            yield CompletionResponse(text="", delta=alone if SCHOOL in prompt else says)

    folder = fill({**BREWERY, "c.txt": OTTER})
    with Library.open(folder, llm=Writer()) as library:
        library.sync()
        id_ = library.begin_conversation().id
        first = library.ask("Where was the founder of the Acme brewery educated?", conversation=id_)
        assert first.model != "extractive" and {each.document.path for each in first.citations} == {"b.txt"}
        assert "a.txt" in {each.document.path for each in first.passages}
        library.ask(SCHOOL, within="b.txt", history=said(first), conversation=id_)
        library.ask(HEAVY, within="c.txt", conversation=id_)
        answers = library.conversation(id_).answers
        assert [each.searched_as for each in answers] == [None, alone, None]
        assert "Padua" in answers[1].answer and all(each.model != "extractive" for each in answers)
        (folder / "a.txt").unlink()
        for _ in range(2):
            answers = library.conversation(id_).answers
            assert [each.answer for each in answers] == ["", "", "It weighs nine kilograms. [1]"]
            library.sync()
        library.ask(SCHOOL, within="b.txt", history=said(first), conversation=id_)
        assert [answer is None for _, answer in rows(library)] == [True, True, False, True]
        library.forget(None)
        library.close()
        assert [question == "(forgotten)" for question, _ in rows(library)] == [True, True, False, True]
        assert not holding(library, "Quellmann")


def test_what_a_model_wrote_goes_though_what_it_cites_stands_elsewhere_now(library: Library, fill: Fill) -> None:
    id_ = library.begin_conversation().id
    answer = library.ask(HEAVY, within="a.txt", conversation=id_)
    library._giving.keep(id_, replace(answer, model="a model"))
    fill({"c.txt": f"Of mills, and of the beasts that live there.\n\n{OTTER}"})
    (library.folder / "a.txt").unlink()
    library.sync()
    quoted, written = library.conversation(id_).answers
    assert OTTER in quoted.answer and quoted.citations[0].status == "moved" and not written.answer


def test_over_http_conversations_are_those_of_the_library(library: Library) -> None:
    with running(library) as client:
        id_ = client.post("/api/conversations").json()["id"]
        body = {"question": HEAVY, "conversation": id_}
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


def test_conversations_are_found_by_their_words_in_any_script_and_by_none_of_ours(fill: Fill) -> None:
    with Library.open(fill({"a.txt": "Wien liegt in Österreich.", "b.txt": "МОСКВА стоит на реке."})) as library:
        library.sync()
        for question in ("Was sagt a.txt über ÖSTERREICH?", "Где стоит Москва?", "What is in here?"):
            library.ask(question, conversation=library.begin_conversation().id)
        names = [each.name for each in library.conversations()]
        for words, found in (("österreich", names[::2]), ("москва", names[:2]), ("МОСКВА РЕКЕ", names[:2])):
            assert [each.name for each in library.conversations(words)] == found, words
        for words in ("refused", "sentences", "quoted", "extractive", "null"):
            assert library.conversations(words) == [], words


@pytest.mark.parametrize("format", FORMATS)
def test_a_conversation_is_exported_by_its_id(library: Library, monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    id_ = asked(library)
    monkeypatch.setattr("qa.retelling._MOST", 1)  # so many citations of each answer, and not of all
    with running(library) as client:
        response = client.post("/api/export", json={"format": format, "conversation": id_})
        assert response.status_code == 200
        assert response.text == library.export(library.conversation(id_).left(), format, on=date.today())
        assert all(words in response.text for words in ("nine kilograms", "1962"))


def test_what_is_left_of_a_conversation_is_exported_and_nothing_else_gets_one_sentence(library: Library) -> None:
    id_ = asked(library)
    with running(library) as client:
        for body in ({}, {"conversation": id_, "answers": []}):
            assert "send either" in problem(client.post("/api/export", json={"format": "json", **body}), 400)
        body = {"format": "json", "conversation": id_}
        (library.folder / "b.txt").unlink()
        (told,) = client.post("/api/export", json=body).json()["answers"]
        assert told["citations"][0]["cited_text"] == OTTER
        (library.folder / "a.txt").unlink()
        assert problem(client.post("/api/export", json=body), 400).startswith("There is no answer to export")
        library.forget_conversation(id_)
        assert problem(client.post("/api/export", json=body), 404).startswith("There is no such conversation")


def test_each_file_is_looked_at_once_and_what_is_most_like_changed_words_is_not_looked_for(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = library.begin_conversation().id
    fill({"b.txt": f"{LYNX}\n\nThe mayor of Brask is called Ottilie Brandt."})
    library.sync()
    for question in ("When was the lynx of Brask seen?", "Who is the mayor of Brask?"):
        library.ask(question, conversation=id_)
    kept = library.conversation(id_).left()
    assert len({each.id for answer in kept for each in answer.citations}) > 1
    fill({"b.txt": "The lynx of Brask was seen in the winter of 1962.\n\nThe mayor of Brask is called Ottilie Brand."})
    read: list[bytes] = []

    def noted(*given: Any) -> Any:
        read.append(given[1])
        return read_file(*given)

    monkeypatch.setattr("qa.present.read_file", noted)
    for told in (library.conversation(id_).answers, json.loads(library.export(kept, "json"))["answers"]):
        changed = [each for answer in plain(told) for each in answer["citations"]]
        assert {each["status"] for each in changed} == {"changed"} and all(each["cited_text"] for each in changed)
        assert all(each["nearest"] is each["diff"] is None for each in changed)
    assert read.count(b"b.txt") == 2
    found = library.citation(changed[0]["id"])
    assert found.nearest and found.diff


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
