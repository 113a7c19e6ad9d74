"""An embedder may fail in any way: nothing is half-written, what waits is named, the next sync goes on from there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import Fill

from qa import Library
from qa.errors import EmbedderError


class Fickle:
    """An embedder that works, until `spoil` changes what it returns or raises."""

    fingerprint, width = "fickle", 4

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.spoil: Callable[[Sequence[str], np.ndarray], object] = lambda _, vectors: vectors

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return self.spoil(texts, np.eye(4, dtype=np.float32)[[len(text) % 4 for text in texts]])  # type: ignore

    def embed_query(self, text: str) -> np.ndarray:
        return np.full(4, 0.5, np.float32)


def raises(*_: object) -> None:
    raise ConnectionError("the server is gone\nand more")


def nan(_: object, vectors: np.ndarray) -> np.ndarray:
    vectors[-1, 2] = np.nan
    return vectors


def infinite(_: object, vectors: np.ndarray) -> np.ndarray:
    vectors[0, 0] = np.inf
    return vectors


SPOILT = {
    "raises": (raises, "The embedder Fickle failed (ConnectionError: the server is gone)."),
    "nan": (nan, "The embedder Fickle gave a vector with numbers that are not finite."),
    "infinite": (infinite, "The embedder Fickle gave a vector with numbers that are not finite."),
    "width": (lambda _, vectors: vectors[:, :3], "The embedder Fickle gave numbers in the shape ("),
    "count": (lambda _, vectors: vectors[:0], "The embedder Fickle gave numbers in the shape (0, 4) instead of (1, 4)"),
    "zeros": (lambda _, vectors: vectors * 0, "The embedder Fickle gave a vector whose length is not 1"),
    "words": (lambda texts, _: list(texts), "The embedder Fickle failed (ValueError: could not convert"),
    "nothing": (lambda *_: None, "The embedder Fickle gave numbers in the shape () instead of"),
}


@pytest.fixture
def fickle() -> Fickle:
    return Fickle()


@pytest.fixture
def opened(folder: Path, fickle: Fickle) -> Iterator[Library]:
    with Library.open(folder, embedder=fickle) as library:
        yield library


@pytest.mark.parametrize("how", SPOILT)
def test_a_failing_embedder_loses_nothing_and_the_next_sync_goes_on(
    how: str, opened: Library, fickle: Fickle, fill: Fill
) -> None:
    fill({f"{i:03}.txt": f"document number{i}" for i in range(200)})
    spoil, says = SPOILT[how]

    def later(texts: Sequence[str], vectors: np.ndarray) -> object:
        return spoil(texts, vectors) if len(fickle.asked) > 64 else vectors  # type: ignore[operator]

    fickle.spoil = later
    with pytest.raises(EmbedderError) as caught:
        opened.sync()
    assert str(caught.value).startswith(says)
    assert str(caught.value).endswith(
        "Passages that wait to be embedded: 136, of 064.txt, 065.txt, 066.txt and 133 more; "
        "they are found by their words meanwhile, and the next sync goes on from there."
    )
    assert "\n" not in str(caught.value)
    counts = opened._index.own().counts()
    assert (counts.vectors, counts.waiting, opened._index.vectors().count()) == (64, 136, 64)
    assert sum(file.state == "waiting" for file in opened.documents()) == 136
    assert opened.search("number199")[0].document.path == "199.txt"  # by its words
    assert all(finding.ok for finding in opened.doctor())

    fickle.spoil, fickle.asked = (lambda _, vectors: vectors), []
    report = opened.sync()
    assert (report.embedded, report.waiting) == (136, 0)
    assert len(fickle.asked) == 136  # none of those that were done
    assert opened._index.vectors().count() == 200


def test_one_text_that_cannot_be_embedded_stops_no_other(opened: Library, fickle: Fickle, fill: Fill) -> None:
    fill({f"{i:03}.txt": f"document number{i}" for i in range(150)})

    def picky(texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        if any("number77" in text for text in texts):
            raise ValueError("I do not like this")
        return vectors

    fickle.spoil = picky
    for _ in range(2):  # and so each time, until the embedder or the text is another
        with pytest.raises(EmbedderError, match=r"I do not like this\)\. Passages .*: 1, of 077\.txt; they are"):
            opened.sync()
        assert opened._index.vectors().count() == 149
    assert [file.path for file in opened.documents() if file.state == "waiting"] == ["077.txt"]
    fill({"077.txt": "another document altogether"})
    assert opened.sync().waiting == 0


def test_an_embedder_that_fails_in_the_background_is_told_by_the_status(
    opened: Library, fickle: Fickle, fill: Fill
) -> None:
    fill({"a.txt": "words"})
    fickle.spoil = raises
    opened.sync(wait=False)
    worker = opened._keeper._worker
    if worker:
        worker.join()
    trouble = opened.status().trouble
    assert trouble and "the server is gone). Passages that wait to be embedded: 1, of a.txt; they" in trouble
    fickle.spoil = lambda _, vectors: vectors
    opened.sync()
    assert opened.status().waiting == 0


def test_a_question_that_cannot_be_embedded_is_told(
    opened: Library, fickle: Fickle, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill({"a.txt": "words"})
    opened.sync()
    monkeypatch.setattr(fickle, "embed_query", lambda _: [float("nan")] * 4, raising=False)
    with pytest.raises(EmbedderError, match="not finite"):
        opened.search("words")


BROKEN = """
from typing import Any
from llama_index.core.base.embeddings.base import BaseEmbedding

class Broken(BaseEmbedding):
    def _get_text_embedding(self, text: str) -> list[float]:
        if "bad" in text:
            raise RuntimeError("out of memory")
        return [1.0, 0.0]
    def _get_query_embedding(self, query: str) -> list[float]:
        return [1.0, 0.0]
    async def _aget_query_embedding(self, query: str) -> list[float]:
        return [1.0, 0.0]
"""


def test_qa_sync_says_in_one_line_what_waits(fill: Fill, tmp_path: Path) -> None:
    folder = fill({"a.txt": "good words", "b.txt": "bad words", "c.txt": "more good words"})
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "__init__.py").touch()
    (tmp_path / "broken" / "kind.py").write_text(BROKEN)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    run = subprocess.run(
        [sys.executable, "-m", "qa", "sync", str(folder)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path, "QA_EMBEDDER": "broken.kind:Broken"},
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.strip().splitlines()[-1] == (
        "The embedder Broken unknown failed (RuntimeError: out of memory). Passages that wait to be embedded: 1, "
        "of b.txt; they are found by their words meanwhile, and the next sync goes on from there."
    )


def test_words_that_stand_in_many_documents_are_embedded_once(opened: Library, fickle: Fickle, fill: Fill) -> None:
    same = "The same words stand in each. " * 40
    fill({f"{i:03}.txt": f"Here is number{i}. " * 60 + "\n\n" + same for i in range(150)})
    assert opened.sync().embedded == len(fickle.asked) == len(set(fickle.asked)) == opened._index.vectors().count()
    assert opened.status().passages > len(fickle.asked)


def test_an_embedding_of_llama_index_may_be_given_as_it_is(fill: Fill, tmp_path: Path) -> None:
    from llama_index.core.embeddings import MockEmbedding

    folder = fill({"a.txt": "Otters sleep in rivers."})
    with Library.open(folder, index=tmp_path / "index", embedder=MockEmbedding(embed_dim=4)) as library:  # type: ignore[arg-type]
        assert library.sync().embedded == 1
        assert library.search("otter")[0].found_by == ("lexical", "semantic")


def test_what_is_no_embedder_is_told_in_one_sentence(fill: Fill, tmp_path: Path) -> None:
    folder = fill({"a.txt": "Otters sleep in rivers."})
    with (
        Library.open(folder, index=tmp_path / "index", embedder=42) as library,  # type: ignore[arg-type]
        pytest.raises(EmbedderError, match=r"int is no embedder: it needs `fingerprint`"),
    ):
        library.sync()
