"""The reader: what it makes of texts, what searches and answers make of that, and that all goes on without it.

Most tests take a stand-in made here, which reads no more than words: whether «whale» stands in a text.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import QUESTION, Fill, Run, sentence
from hypothesis import given, settings
from hypothesis import strategies as st
from test_api import running

from qa import Library, weights
from qa.answers import Answer
from qa.errors import ModelError, SettingsError
from qa.evaluate import evaluate, read_set
from qa.models import ReadingModel, open_bundled
from qa.passages import sentences
from qa.reader import Reader, open_reader
from qa.remote import RemoteLibrary
from qa.settings import Settings, read_settings
from qa.spans import Span
from qa.weights import WEIGHTS_SHA256, WIDTH, Pack, weights_file

QUERY = "Which animals live in the river?"
DOCUMENTS = {
    "river.txt": "Which animals live in the river is asked every spring.",
    "otter.txt": "Otters live near the river and sleep on their backs.",
    "whale.txt": "Some sing. Of the animals that live near the river mouth the whale is one.",
    "crane.txt": "The crane lifts steel onto a ship in the harbour.",
}
PACK = Pack.read(weights_file())


# --- stand-ins


def quantised(name: str, matrix: Any) -> dict[str, Any]:
    matrix = np.asarray(matrix, np.float32)
    scale = np.maximum(np.abs(matrix).max(1) / 127, 1e-9).astype(np.float32)
    return {f"{name}.w": np.rint(matrix / scale[:, None]).astype(np.int8), f"{name}.s": scale}


def write(file: Path, arrays: dict[str, Any], *, layers: int, scales: dict[str, Any] | None = None) -> Path:
    meta = {"format": 1, "layers": layers, "base": WEIGHTS_SHA256, "scales": scales or {}}
    np.savez(file, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8), **arrays)
    return file


def embedded(word: str) -> Any:
    """Return what the first layer gets of a word, its place left out."""
    (_, token, _) = open_tokens(word)
    floats = (
        PACK.quantised["word_emb"].floats()[token] + PACK.plain["pos_emb"][2:40].mean(0) + PACK.plain["type_emb"][0]
    )
    return (floats - floats.mean()) / floats.std() * PACK.plain["emb_ln.w"] + PACK.plain["emb_ln.b"]


def open_tokens(word: str) -> list[int]:
    from tokenizers import Tokenizer

    return Tokenizer.from_str(PACK.tokenizer).encode(word).ids


def spotter(file: Path, *, word: str = " whale", whole: Sequence[float] = (0, 9, 0, 0, 0), **more: Any) -> Path:
    """Write weights of one layer that mixes all tokens alike, and of heads that know one word.

    Relevance rises with its share of the text; evidence, begin and end are at the word; `whole` are the other logits.
    """
    one, none = np.eye(WIDTH), np.zeros(WIDTH, np.float32)
    arrays: dict[str, Any] = {}
    for name, matrix in {
        "l0.qkv": np.vstack([0 * one, 0 * one, one]),
        "l0.ao": one,
        "l0.f1": np.zeros((4 * WIDTH, WIDTH)),
        "l0.f2": np.zeros((WIDTH, 4 * WIDTH)),
        "dense": one,
    }.items():
        arrays |= quantised(name, matrix) | {f"{name}.b": np.zeros(len(matrix), np.float32)}
    for name in ("l0.aln", "l0.fln"):
        arrays |= {f"{name}.w": none + 1, f"{name}.b": none}
    others = np.mean([embedded(each) for each in (" the", " river", " crane", " sea", ".", " live", " near")], axis=0)
    known = embedded(word) - others
    known /= np.linalg.norm(known)
    arrays["dense.w"][0], arrays["dense.s"][0] = np.rint(known / np.abs(known).max() * 127), np.abs(known).max() / 127
    arrays["dense.b"][0] = 20  # far to the right, where GELU is a straight line
    arrays["whole.w"] = np.zeros((5, WIDTH), np.float32)
    arrays["whole.w"][0, 0] = 10
    arrays["whole.b"] = np.array(whole, np.float32)
    arrays["tokens.w"] = np.tile(known.astype(np.float32) * 5, (3, 1))
    arrays["tokens.b"] = np.full(3, -1, np.float32)
    return write(file, arrays, layers=1, **more)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def reader(cache: Path) -> Reader:
    return open_reader(cache, threads=2, weights=spotter(cache / "spotter.npz"))


Ship = Callable[..., None]


@pytest.fixture
def ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ship:
    """Let a stand-in be the file that came with us: `ship(whole=(0, -9, 0, 0, 0))`."""

    def put(**how: Any) -> None:
        file = spotter(tmp_path / "reader.npz", **how)
        monkeypatch.setattr(weights, "READER_FILE", file)
        monkeypatch.setattr(weights, "READER_SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
        monkeypatch.setattr("qa.providers.model_cache", lambda: tmp_path / "cache")

    return put


@pytest.fixture
def places(fill: Fill, tmp_path: Path) -> list[str]:
    folder, index = fill(DOCUMENTS), tmp_path / "index"
    with Library.open(folder, index=index) as library:
        library.sync()
    return ["--folder", str(folder), "--index", str(index)]


@pytest.fixture
def opened(places: list[str]) -> Iterator[Library]:
    with Library.open(places[1], index=places[3]) as library:
        yield library


def paths(hits: Any) -> list[str]:
    """Name the documents of hits, be they objects or JSON."""
    return [each["document"]["path"] if isinstance(each, dict) else each.document.path for each in hits]


# --- what it makes of texts


def test_a_text_is_read_for_what_the_weights_know(reader: Reader) -> None:
    text = DOCUMENTS["whale.txt"]
    here, there = reader.read("What sings?", [text, DOCUMENTS["crane.txt"]], [sentences(text), [Span(0, 9)]])
    assert here.relevance > there.relevance
    assert here.answer and here.answer.of(text) == "whale"
    assert here.evidence[1] > 0.5 > max(here.evidence[0], *there.evidence)
    assert here.certainty > 0.5


def test_an_answer_is_a_span_of_code_points_without_white_space(reader: Reader) -> None:
    text = "😀😀 平方 é\n\n  A  whale\n sang. 😀"
    (reading,) = reader.read("What sang?", [text], [[]])
    assert reading.answer and reading.answer.of(text) == "whale"
    assert reading.evidence == ()


def test_a_part_without_words_has_no_evidence(reader: Reader) -> None:
    text = "   \n\n A whale."
    (reading,) = reader.read("?", [text], [[Span(0, 5), Span(6, 14), Span(3, 3), Span(14, 99)]])
    assert reading.evidence[0] == reading.evidence[2] == reading.evidence[3] == 0 < reading.evidence[1]


def test_what_stands_far_down_in_a_long_text_is_read_too(reader: Reader) -> None:
    text = "The crane lifts steel. " * 300 + "There is the whale."
    (reading,) = reader.read("What is there?", [text], [[Span(0, 23), Span(len(text) - 19, len(text))]])
    assert reading.answer and reading.answer.of(text) == "whale"
    assert reading.evidence[1] > reading.evidence[0]
    first, last = reader.read("What is there?", [text[:4_000], text], [[], []])
    assert last.relevance > first.relevance


def test_of_a_question_the_beginning_is_read(reader: Reader) -> None:
    question = "word " * 200
    texts = ["A whale sang.", "The crane lifts steel. " * 200]
    assert reader.read(question, texts, [[], []]) == reader.read(question + "whale " * 1_000, texts, [[], []])
    bounded(reader.read("", texts, [[], []]))


def bounded(readings: Sequence[Any]) -> None:
    for each in readings:
        assert math.isfinite(each.relevance)
        assert all(0 <= number <= 1 for number in (each.answerable, each.certainty, *each.evidence))


AWKWARD = ["", " \n\t ", "\x00", "half: \ud800", "平方" * 700, "</s><s><mask>", "x" * 100_000, "whale " * 17_000]


def test_whatever_a_text_is_scores_are_finite_and_bounded(reader: Reader) -> None:
    bounded(reader.read("why? \udfff", AWKWARD, [[Span(0, 3), Span(3, len(text))] for text in AWKWARD]))
    for each in reader.entail("It is so.", AWKWARD):
        assert math.isclose(each.supported + each.refuted + each.unknown, 1, rel_tol=1e-6)
    assert reader.read("why?", [], []) == [] == reader.entail("so", [])


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=40), st.text(max_size=120))
def test_any_text_can_be_read(reader: Reader, question: str, text: str) -> None:
    (reading,) = reader.read(question, [text], [[Span(0, len(text))]])
    bounded([reading])
    assert reading.answer is None or reading.answer.of(text) == reading.answer.of(text).strip() != ""


def test_threads_read_as_one_does(reader: Reader, cache: Path) -> None:
    alone = open_reader(cache, threads=1, weights=cache / "spotter.npz")
    texts = [text * (1 + number) for number, text in enumerate(DOCUMENTS.values())]
    parts = [sentences(text) for text in texts]
    assert reader.read(QUERY, texts, parts) == alone.read(QUERY, texts, parts)
    assert reader.read(QUERY, texts, parts) == [
        reader.read(QUERY, [t], [p])[0] for t, p in zip(texts, parts, strict=True)
    ]


def test_logits_become_probabilities_by_the_numbers_in_the_file(cache: Path) -> None:
    scales = {"answerable": [2.0, -1.0], "evidence": [0.0, 3.0], "entailment": 2.0}
    file = spotter(cache / "scaled.npz", whole=(0, 1, 4, 2, 0), scales=scales)
    read = open_reader(cache, threads=1, weights=file)
    (reading,) = read.read("Why?", ["A whale."], [[Span(0, 8)]])
    assert reading.answerable == pytest.approx(1 / (1 + math.exp(-1)), abs=1e-4)
    assert reading.evidence == (pytest.approx(1 / (1 + math.exp(-3))),)
    (said,) = read.entail("So it is.", ["A whale."])
    assert said.refuted / said.unknown == pytest.approx(math.e) and said.supported / said.refuted == pytest.approx(
        math.e
    )


def test_the_graph_is_that_of_the_embedder_with_heads_on_it(cache: Path, tmp_path: Path) -> None:
    """The embedder's own layers, one scale for each row: a token's logits are its vector times the head."""
    heads = np.random.default_rng(7).normal(0, 0.05, (3, WIDTH)).astype(np.float32)
    none = np.zeros(WIDTH, np.float32)
    arrays = {name: array for name, array in PACK.plain.items() if name[0] == "l"}
    for name, matrix in PACK.quantised.items():
        if name[0] == "l":
            arrays |= quantised(name.removesuffix(".w"), matrix.floats())
    arrays |= quantised("dense", np.eye(WIDTH)) | {"dense.b": none, "tokens.w": heads, "tokens.b": none[:3]}
    arrays |= {"whole.w": np.zeros((5, WIDTH), np.float32), "whole.b": np.arange(5, dtype=np.float32)}
    model = open_reader(cache, threads=1, weights=write(tmp_path / "granite.npz", arrays, layers=6)).open()
    embedder = open_bundled(cache, threads=1)
    (ids,) = embedder.encode(["The otter sleeps on its back, and the whale sings in the open sea."])
    whole, tokens = model.whole_and_tokens(ids)
    np.testing.assert_allclose(whole, np.arange(5), atol=1e-6)
    np.testing.assert_array_equal(whole, model.whole(ids))
    expected = embedder.token_vectors(ids) @ heads.T
    assert np.abs(tokens - expected).mean() < 0.05 * np.abs(expected).mean()


# --- the file


@pytest.mark.parametrize("damage", ["missing", "cut short", "of another sha256"])
def test_weights_that_are_not_ours_are_refused_in_one_sentence(damage: str, ship: Ship, tmp_path: Path) -> None:
    ship()
    file = tmp_path / "reader.npz"
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-100] if damage == "cut short" else b"another")
    says = r"^The reader's weights .*, so the reader is left out: pip install .*, or set QA_READER=off\.$"
    with pytest.raises(ModelError, match=says):
        open_reader(tmp_path / "cache", threads=1).read("why?", ["so"], [[]])


def test_without_its_weights_everything_goes_on_and_one_sentence_tells(
    ship: Ship, places: list[str], qa: Run, tmp_path: Path
) -> None:
    with Library.open(places[1], index=places[3], settings=Settings(reader="off")) as library:
        without = library.ask(QUERY)
    ship()
    (tmp_path / "reader.npz").unlink()
    for command in (["ask", QUERY], ["search", QUERY, "--rerank"]):
        code, out, err = qa(*command, *places)
        assert code == 0 and out and "so the reader is left out" in sentence(err)
    assert qa("search", QUERY, *places)[2] == ""
    with Library.open(places[1], index=places[3]) as library, running(library) as client:
        assert library.status().trouble is None
        answer = library.ask(QUERY)
        assert (answer.text, answer.passages) == (without.text, without.passages)
        assert "left out" in (library.status().trouble or "")
        assert client.post("/api/ask", json={"question": QUERY}).json()["answer"] == answer.text
        assert "left out" in client.get("/api/status").json()["trouble"]
        assert len(client.post("/api/search", json={"query": QUERY, "rerank": True}).json()["hits"]) == len(DOCUMENTS)


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x03\x04 nor is this"])
def test_a_named_file_that_holds_no_weights_is_told_in_one_sentence(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    file.write_bytes(data)
    with pytest.raises(ModelError, match=r"^There are no weights of a reader in .*mine\.npz"):
        open_reader(tmp_path, threads=1, weights=file).read("why?", ["so"], [[]])


def test_weights_made_for_another_embedder_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", meta=np.frombuffer(b'{"format": 1, "layers": 1, "base": "00"}', np.uint8))
    with pytest.raises(ModelError, match="no weights of a reader"):
        open_reader(tmp_path, threads=1, weights=tmp_path / "other.npz").read("why?", ["so"], [[]])


def test_a_report_of_questions_says_that_the_reader_was_left_out(ship: Ship, places: list[str], tmp_path: Path) -> None:
    ship()
    (tmp_path / "reader.npz").unlink()
    gold = {"qid": "1", "question": QUERY, "gold": [{"doc_id": "otter.txt", "text": "Otters live near the river"}]}
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "queries.jsonl").write_text(json.dumps(gold) + "\n")
    questions = read_set(tmp_path / "set", folder=places[1])
    assert any("left out" in note for note in evaluate(questions).notes)
    assert not any("left out" in note for note in evaluate(questions, search_only=True).notes)


# --- the switch


def test_switched_off_nothing_is_read_and_nothing_said(
    ship: Ship, places: list[str], qa: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(whole=(0, -9, 0, 0, 0))
    monkeypatch.setenv("QA_READER", "off")
    monkeypatch.setattr(weights, "READER_FILE", Path("nowhere"))
    code, out, err = qa("ask", QUERY, *places)
    assert (code, err) == (0, "") and "river" in out
    code, _, err = qa("search", QUERY, "--rerank", *places)
    assert code == 2 and sentence(err).startswith("The reader is switched off, and no reranker is named")


def test_any_other_value_of_the_switch_is_told() -> None:
    with pytest.raises(SettingsError, match="QA_READER"):
        read_settings(reader="on")


# --- searches and answers


def test_answers_rank_anew_and_searches_only_if_asked_to(ship: Ship, opened: Library) -> None:
    ship()
    assert paths(opened.search(QUERY))[0] == paths(opened.search(QUERY, rerank=False))[0] == "river.txt"
    assert paths(opened.search(QUERY, rerank=True))[0] == "whale.txt"
    assert paths(opened.ask(QUERY).passages)[0] == paths(opened.ask(QUERY, rerank=True).passages)[0] == "whale.txt"
    assert paths(opened.ask(QUERY, rerank=False).passages)[0] == "river.txt"
    assert opened.search(QUERY, within="*.pdf", rerank=True) == []
    assert opened.status().trouble is None


def test_every_door_has_the_same_default(ship: Ship, opened: Library) -> None:
    ship()
    with running(opened) as client, RemoteLibrary(str(client.base_url)) as remote:
        assert paths(remote.ask(QUERY).passages)[0] == "whale.txt"
        assert paths(remote.ask(QUERY, rerank=False).passages)[0] == paths(remote.search(QUERY))[0] == "river.txt"
        assert paths(remote.search(QUERY, rerank=True))[0] == "whale.txt" and remote.trouble is None
        for more, first in (({}, "whale.txt"), ({"rerank": None}, "whale.txt"), ({"rerank": False}, "river.txt")):
            asked = client.post("/api/ask", json={"question": QUERY, **more}).json()
            assert paths(asked["passages"])[0] == first
        assert paths(client.post("/api/search", json={"query": QUERY}).json()["hits"])[0] == "river.txt"


def test_the_command_line_has_it_too(ship: Ship, places: list[str], qa: Run) -> None:
    ship()
    for command, name, first in (
        (["ask", QUERY], "passages", "whale.txt"),
        (["ask", QUERY, "--no-rerank"], "passages", "river.txt"),
        (["search", QUERY], "hits", "river.txt"),
        (["search", QUERY, "--rerank"], "hits", "whale.txt"),
    ):
        code, out, err = qa(*command, "--json", *places)
        assert (code, err) == (0, "") and paths(json.loads(out)[name])[0] == first, command


class Backwards:
    """A reranker that somebody names."""

    name = "backwards"

    def __init__(self) -> None:
        self.asked = 0

    def scores(self, question: str, texts: Sequence[str]) -> Any:
        self.asked += 1
        return np.array(["crane" in text for text in texts], np.float32)


def test_a_reranker_that_is_named_takes_its_place_in_the_order(ship: Ship, places: list[str]) -> None:
    ship()
    named = Backwards()
    with Library.open(places[1], index=places[3], reranker=named) as library:
        assert paths(library.search(QUERY))[0] == "river.txt" and named.asked == 0
        assert "whale.txt" not in paths(library.search(QUERY, rerank=True))[:1]
        answer = library.ask(QUERY)
        assert named.asked == 2 and paths(answer.passages)[0] != "whale.txt"
        assert "whale" in answer.text  # the sentences are still the reader's choice


def test_for_one_answer_each_passage_is_read_once(ship: Ship, opened: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    ship()
    runs: list[str] = []
    for name in ("whole", "whole_and_tokens"):
        original = getattr(ReadingModel, name)

        def counted(self: ReadingModel, ids: Any, name: str = name, original: Any = original) -> Any:
            runs.append(name)
            return original(self, ids)

        monkeypatch.setattr(ReadingModel, name, counted)
    stream = opened.stream(QUERY)
    assert paths(next(stream).value)[0] == "river.txt" and not runs  # what was found is told before it is read
    *_, answer = stream
    assert paths(answer.value.passages)[0] == "whale.txt"
    assert runs == ["whole_and_tokens"] * len(DOCUMENTS)
    runs.clear()
    opened.search(QUERY, rerank=True)
    assert runs == ["whole_and_tokens"] * len(DOCUMENTS)
    runs.clear()
    opened.ask(QUERY, rerank=False)
    assert runs == ["whole_and_tokens"] * len(DOCUMENTS)


def test_the_sentence_with_the_evidence_is_the_answer(ship: Ship, opened: Library) -> None:
    ship()
    answer = opened.ask("Which animals are there?")
    assert answer.citations[0].cited_text == "Of the animals that live near the river mouth the whale is one."
    assert answer.sentences[0].support == "quoted"


def test_where_no_passage_is_answerable_the_question_is_refused(ship: Ship, opened: Library) -> None:
    def asked(question: str) -> Answer:
        strict = Settings(confidence=0.9)
        with Library.open(opened.folder, index=opened.folder / "strict", settings=strict) as library:
            library.sync()
            return library.ask(question)

    ship()
    assert not asked(QUERY).refused
    ship(whole=(0, -9, 0, 0, 0))
    answer = asked(QUERY)
    assert answer.refused and answer.passages and "answers the question well enough" in (answer.reason or "")
    assert not asked("crane").refused  # a word is looked up, which asks for nothing


def test_where_a_passage_is_answerable_words_and_nearness_do_not_refuse(ship: Ship, opened: Library) -> None:
    question = "Do they make any music out there at all?"
    with Library.open(opened.folder, index=opened.folder / "other", settings=Settings(reader="off")) as without:
        without.sync()
        assert without.ask(question).refused
    ship()
    assert "whale" in opened.ask(question).text


def test_a_question_in_another_language_is_not_read(ship: Ship, opened: Library) -> None:
    ship()
    assert paths(opened.ask("Welche Tiere leben in dem river, und welche nicht?").passages)[:1] != ["whale.txt"]


# --- the weights that come with us


def test_the_weights_that_come_with_us_are_the_ones_we_know(cache: Path) -> None:
    assert hashlib.sha256(weights.READER_FILE.read_bytes()).hexdigest() == weights.READER_SHA256


def test_the_trained_reader_finds_the_passage_the_sentence_and_the_words(cache: Path) -> None:
    ours = open_reader(cache, threads=2)
    texts = [DOCUMENTS["crane.txt"], "He spoke on Tuesday. U.S. forces were attacked 66 times since October 17th."]
    crane, attacks = ours.read(QUESTION, texts, [sentences(text) for text in texts])
    assert attacks.relevance > crane.relevance and attacks.answerable > 0.5 > crane.answerable
    assert attacks.evidence[1] > attacks.evidence[0]
    assert attacks.answer and "66" in attacks.answer.of(texts[1])
    follows, against = ours.entail(
        "U.S. forces were attacked 66 times.", [texts[1], "U.S. forces were never attacked."]
    )
    assert follows.supported > 0.5 > against.supported
