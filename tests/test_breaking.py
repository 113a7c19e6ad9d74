"""What breaks in the middle of an answer: one sentence at every door, after what was told before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import Fill, Run
from llama_index.core.embeddings import MockEmbedding
from test_api import problem, running

from qa import Library
from qa.embedders import BundledEmbedder
from qa.errors import EmbedderError, ModelError
from qa.reader import Reader
from qa.remote import RemoteLibrary

QUESTION = "How much is the rent?"
SENTENCE = "The bundled model broke: install it anew."


class Tired(MockEmbedding):
    """An embedding of somebody else's that fails at questions, once its width is known."""

    def _get_query_embedding(self, query: str) -> list[float]:
        if query == "width":
            return [1.0, 0.0]
        raise OSError("no more today.")


@pytest.fixture
def folder_(fill: Fill) -> Path:
    return fill({"a.txt": "The rent is 1,450 euros a month.\n\nThe deposit is 2,900 euros.", "b.txt": "Cats may stay."})


@pytest.fixture(params=["reading", "comparing"])
def opened(folder_: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """A library whose reader, or whose embedder, breaks down once the passages are found."""
    with Library.open(folder_) as library:
        library.sync()
        embed = BundledEmbedder.embed

        def fail(*_: Any) -> Any:
            raise ModelError(SENTENCE)

        def but_one(self: BundledEmbedder, texts: Sequence[str]) -> Any:
            return embed(self, texts) if len(texts) == 1 else fail()

        broken, name, breaks = (
            (Reader, "read", fail) if request.param == "reading" else (BundledEmbedder, "embed", but_one)
        )
        monkeypatch.setattr(broken, name, breaks)
        yield library


def told(text: str) -> list[tuple[str, Any]]:
    """Read server-sent events."""
    blocks = [block.partition("\ndata: ")[2] for block in text.strip().split("\n\n")]
    return [next(iter(json.loads(block).items())) for block in blocks]


def test_what_breaks_in_the_middle_is_one_sentence_in_python_and_over_http(opened: Library) -> None:
    with pytest.raises(ModelError, match=SENTENCE):
        opened.ask(QUESTION)
    assert next(opened.stream(QUESTION)).name == "passages"
    with running(opened) as client, RemoteLibrary(str(client.base_url)) as remote:
        assert problem(client.post("/api/ask", json={"question": QUESTION}), 500) == SENTENCE
        streamed = told(client.post("/api/ask", json={"question": QUESTION, "stream": True}).text)
        assert streamed[0][0] == "passages" and [name for name, _ in streamed].count("error") == 1
        assert streamed[-1][0] == "error"
        error = streamed[-1][1]
        assert (error["status"], error["detail"], error["instance"]) == (500, SENTENCE, "/api/ask")
        for library in (opened, remote):
            with pytest.raises(ModelError, match=SENTENCE):
                list(library.stream(QUESTION))
        assert client.get("/api/status").json()["documents"] == 2  # the server goes on


def test_what_breaks_in_the_middle_is_one_line_of_the_command_line(opened: Library, qa: Run, folder_: Path) -> None:
    opened.close()
    code, out, err = qa("ask", QUESTION, "--folder", folder_)
    assert (code, out, err) == (2, "", f"{SENTENCE}\n")


def test_what_breaks_in_the_middle_is_told_to_llama_index(opened: Library) -> None:
    response = opened.as_query_engine(streaming=True).query(QUESTION)
    with pytest.raises(ModelError, match=SENTENCE):
        str(response)


def test_an_embedder_that_fails_at_the_question_is_told_before_a_stream_begins(folder_: Path, tmp_path: Path) -> None:
    said = r"The embedder Tired \w+ failed \(.*no more today.*\)\.$"
    with Library.open(folder_, index=tmp_path / "index", embedder=Tired(embed_dim=2)) as library:
        library.sync()
        with running(library) as client, RemoteLibrary(str(client.base_url)) as remote:
            for each in (library, remote):
                with pytest.raises(EmbedderError, match=said):
                    list(each.stream(QUESTION))
            answer = client.post("/api/ask", json={"question": QUESTION, "stream": True})
            assert "no more today" in problem(answer, 500)
