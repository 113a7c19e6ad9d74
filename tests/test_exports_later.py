"""Exports of answers that were kept: what became of their citations is told by every door, and nothing made up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from test_api import running
from test_exports import URL, annotations, cited, footnotes, ids, told

from qa import Answer, Library
from qa.errors import UnknownCitation
from qa.exports import FORMATS, export
from qa.remote import RemoteLibrary

Door = Callable[[Sequence[Answer], str], str]

FILES = {
    "kept.txt": "The lighthouse of Amrum was built of brick in 1875.",
    "edited.txt": "The ferry Adler leaves Nordstrand at 11 every day.",
    "cut.txt": "The mill of Langeness grinds 40 sacks of rye a week.",
    "pasted.txt": "A list of other things.",
    "gone.txt": "The harbour of Husum has 12 cranes of steel. Its secret password is zibbelquarn.",
    "named.txt": "The church of Keitum is painted white each spring.",
}
QUESTIONS = {
    "kept.txt": "When was the lighthouse of Amrum built?",
    "edited.txt": "When does the ferry Adler leave Nordstrand?",
    "cut.txt": "How many sacks of rye does the mill of Langeness grind?",
    "gone.txt": "How many cranes of steel has the harbour of Husum?",
    "named.txt": "How often is the church of Keitum painted?",
}
STATUSES = ("valid", "changed", "moved", "deleted", "valid")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, list[Answer]]]:
    """Answers, and their library after its files were edited, cut and pasted, deleted and renamed."""
    folder = tmp_path_factory.mktemp("later") / "folder"
    folder.mkdir()
    for name, words in FILES.items():
        (folder / name).write_text(words)
    with Library.open(folder) as library:
        library.sync()
        answers = [library.ask(question) for question in QUESTIONS.values()]
        answers = [replace(each, citations=each.citations[:1], sentences=each.sentences[:1]) for each in answers]
        assert [each.citations[0].document.path for each in answers] == list(QUESTIONS)
        (folder / "edited.txt").write_text("The old ferry is laid up, and nobody knows for how long.")
        (folder / "cut.txt").write_text("Nothing is left here.")
        (folder / "pasted.txt").write_text(f"{FILES['pasted.txt']} {FILES['cut.txt']}")
        (folder / "gone.txt").unlink()
        (folder / "named.txt").rename(folder / "called.txt")
        library.sync()
        yield library, answers


@pytest.fixture(scope="module", params=["library", "server", "remote"])
def door(request: pytest.FixtureRequest, kept: tuple[Library, list[Answer]]) -> Iterator[Door]:
    library = kept[0]
    if request.param == "library":
        yield lambda answers, format: library.export(answers, format, url=URL, on=date.today())
        return
    with running(library) as client, RemoteLibrary(str(client.base_url)) as remote:
        if request.param == "remote":
            yield lambda answers, format: remote.export(answers, format, url=URL, on=date.today())
        else:
            yield (
                lambda answers, format: (
                    client.post("/api/export", json={"format": format, "answers": told(answers)}).text
                )
            )


def statuses(format: str, text: str) -> list[str]:
    """Read what an export says of each citation."""
    if format == "json":
        return [each["status"] for answer in json.loads(text)["answers"] for each in answer["citations"]]
    if format == "csl":
        return [each["status"] for item in json.loads(text) for each in item["custom"]["citations"]]
    notes = footnotes(text).values() if format == "markdown" else re.findall(r'<li id="cite-.*?</li>', text, re.S)
    return [(re.findall(r"\b(changed|moved|deleted) since", note) or ["valid"])[0] for note in notes]


@pytest.mark.parametrize("format", ["markdown", "html", "json", "csl"])
def test_every_door_says_what_became_of_each_citation(
    door: Door, kept: tuple[Library, list[Answer]], format: str
) -> None:
    answers = kept[1]
    text = door(answers, format)
    assert statuses(format, text) == list(STATUSES)
    assert ids(format, text) == cited(answers)


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_deleted_is_printed_by_no_door(door: Door, kept: tuple[Library, list[Answer]], format: str) -> None:
    answers = kept[1]
    assert "zibbelquarn" in json.dumps(told(answers)) and "zibbelquarn" not in door(answers, format)
    gone = door(answers[3:4], format)
    # what the answer said it said; it is a quote no more
    assert gone.count("harbour of Husum has") == {"csl": 0, "json": 2}.get(format, 1)


@pytest.mark.parametrize("format", ["markdown", "html", "json"])
def test_a_sentence_whose_words_are_gone_says_that_and_not_that_it_cites_nothing(
    door: Door, kept: tuple[Library, list[Answer]], format: str
) -> None:
    text = door(kept[1], format)
    assert text.count("what it cited is gone and cannot be checked any more") == 1 and "cites nothing" not in text


def test_a_sentence_that_is_quoted_from_what_is_left_stays_a_quote(kept: tuple[Library, list[Answer]]) -> None:
    library, answers = kept
    both = replace(
        answers[0],
        citations=(answers[0].citations[0], replace(answers[3].citations[0], number=2)),
        sentences=(replace(answers[0].sentences[0], citations=(1, 2)),),
    )
    (exported,) = json.loads(library.export(both, "json"))["answers"]
    assert exported["sentences"][0]["support"] == "quoted"


def test_a_renamed_file_is_named_as_it_is_called_now(door: Door, kept: tuple[Library, list[Answer]]) -> None:
    (answer,) = json.loads(door(kept[1][4:], "json"))["answers"]
    assert answer["citations"][0]["document"]["path"] == "called.txt"


def test_addresses_of_documents_lead_to_something(kept: tuple[Library, list[Answer]]) -> None:
    library, answers = kept
    with running(library) as client:
        url = str(client.base_url).rstrip("/")
        items = json.loads(library.export(answers, "csl", url=url))
        targets = [each["target"] for each in annotations(library.export(answers, "annotations", url=url))]
        for address, id, status in zip([each["URL"] for each in items], cited(answers), STATUSES, strict=True):
            if status == "valid":
                assert client.get(address).status_code == 200
            else:
                assert address == f"{url}/#cite={id}"
        assert [each["source"]["id"] for each in targets] == [each["URL"] for each in items]
        assert all(each.get("id") != each["source"]["id"] for each in targets)
    assert ["issued" in item for item in items] == [status == "valid" for status in STATUSES]


def test_an_answer_of_another_library_is_told_so_in_one_sentence(library: Library, fill: Any, seeds: Library) -> None:
    fill({"a.txt": "Words."})
    library.sync()
    answer = seeds.ask("How many times have U.S. forces been attacked since October 17th?")
    with pytest.raises(UnknownCitation, match=r"No document here has, or had, an id that begins with .*\.$"):
        library.export(answer, "markdown")
    assert "66 times" in export(answer, "markdown")  # which looks nothing up


def test_passages_of_a_deleted_file_are_shown_with_no_refusal(library: Library, fill: Any) -> None:
    folder: Path = fill({"a.txt": "The walrus sings at dawn.", "b.txt": "The otter sleeps at noon."})
    library.sync()
    answer = library.ask("Which sauce goes with asparagus and the walrus and otter?")
    assert answer.refused and {hit.document.path for hit in answer.passages} == {"a.txt", "b.txt"}
    (folder / "a.txt").unlink()  # and no sync
    for format in ("markdown", "html", "json"):
        text = library.export(answer, format)
        assert "otter sleeps" in text and "walrus sings" not in text


# What the server vouches for.


@pytest.fixture(scope="module")
def client(kept: tuple[Library, list[Answer]]) -> Iterator[httpx.Client]:
    with running(kept[0]) as opened:
        yield opened


def exported(client: httpx.Client, answer: dict[str, Any]) -> httpx.Response:
    return client.post("/api/export", json={"format": "json", "answers": [answer]})


def between(answer: dict[str, Any], before: str, after: str = "") -> dict[str, Any]:
    """Put words around the one sentence of an answer."""
    (sentence,) = answer["sentences"]
    start = len(before)
    moved = {**sentence, "start": start, "end": start + len(sentence["text"]), "answer_span": None}
    return {**answer, "answer": before + sentence["text"] + after, "sentences": [moved]}


CLAIM = "The rent is 99,000 pounds."


@pytest.mark.parametrize(
    ("before", "after"),
    [(CLAIM + " ", ""), ("", " " + CLAIM), ("", "\n\n99"), (f"## {CLAIM}\n\n", ""), ("- 99,000 ", ""),
     ("", f"\n{CLAIM}: "),
     (f"{CLAIM}\n\nkept.txt: ", "")],
)  # fmt: skip
def test_words_that_are_in_no_sentence_are_refused(
    client: httpx.Client, kept: tuple[Library, list[Answer]], before: str, after: str
) -> None:
    response = exported(client, between(told(kept[1][:1])[0], before, after))
    assert response.status_code == 400 and "words that are in none of its sentences" in response.json()["detail"]


@pytest.mark.parametrize("refused", [False, True])
def test_an_answer_without_sentences_has_no_words_of_its_own(client: httpx.Client, refused: bool) -> None:
    answer = {"question": "How much is the rent?", "answer": CLAIM, "refused": refused}
    response = exported(client, answer)
    assert response.status_code == 400 and "none of its sentences" in response.json()["detail"]


@pytest.mark.parametrize("before", ["", "- ", "## ", "\n\n1. ", "* ** ", "— ", "***\n\n> ", "kept.txt: "])
def test_what_parts_the_sentences_of_our_answers_stays(
    client: httpx.Client, kept: tuple[Library, list[Answer]], before: str
) -> None:
    answer = between(told(kept[1][:1])[0], before, "\n")
    (found,) = exported(client, answer).json()["answers"]
    assert found["answer"] == answer["answer"]
    (sentence,) = found["sentences"]
    assert found["answer"][sentence["start"] : sentence["end"]] == sentence["text"]


@pytest.mark.parametrize("label", ["named.txt", "The rent is 99,000 pounds"])
def test_what_names_a_document_names_it_as_it_is_called_now(
    client: httpx.Client, kept: tuple[Library, list[Answer]], label: str
) -> None:
    answer = between(told(kept[1][4:])[0], f"\n\n{label}: ")
    sentence = answer["sentences"][0]
    sentence["answer_span"] = [sentence["start"], sentence["start"] + 3]
    (found,) = exported(client, answer).json()["answers"]
    assert found["answer"] == answer["answer"].replace(label, "called.txt")
    (sentence,) = found["sentences"]
    assert found["answer"][sentence["start"] : sentence["end"]] == sentence["text"]
    assert found["answer"][slice(*sentence["answer_span"])] == "The"


def test_all_kinds_of_our_answers_are_taken(client: httpx.Client, kept: tuple[Library, list[Answer]]) -> None:
    asked = [
        "Hello!",
        "What is in here?",
        "Which sauce goes with asparagus?",
        "What is there of brick or painted white?",
    ]
    answers = [kept[0].ask(question) for question in asked]
    response = client.post("/api/export", json={"format": "json", "answers": told(answers)})
    assert [each["answer"] for each in response.json()["answers"]] == [each.answer for each in answers]
