"""A question and texts in, relevance scores out: `rerank` through every door, and no model is believed unchecked."""

from __future__ import annotations

import importlib.util
import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, TextNode
from onnx import TensorProto, helper, numpy_helper, save_model
from pydantic import PrivateAttr
from test_api import problem, running
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel
from typer.testing import CliRunner

from qa import Library
from qa.cli import app
from qa.errors import RerankerError, SettingsError
from qa.ranking import Ranked, reranked
from qa.remote import RemoteLibrary
from qa.rerankers import Reranker, open_reranker
from qa.search import Hit
from qa.settings import Settings

QUERY = "Which animals live in the river?"
DOCUMENTS = {
    "river.txt": "Which animals live in the river is asked every spring.",
    "otter.txt": "Otters live near the river and sleep on their backs.",
    "whale.txt": "The whale is one of the animals of the open sea.",
    "crane.txt": "The crane lifts steel onto a ship in the harbour.",
}
WORTH = {"whale": 40.0, "otters": 20.0, "cursed": math.nan}
"""What each word of a text is worth to the model that is made here; any other is worth nothing."""
UNREAD = "unreadable"
"""A word with a number that the model's table lacks: reading it fails."""


# A cross-encoder, small enough to be made here, and real enough to be loaded as any other.


def write_cross_encoder(folder: Path, *, place: str = "onnx/model.onnx") -> Path:
    """Write a tokenizer and a graph that adds up the worth of a text's words, as model hubs lay them out."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORTH, UNREAD]
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    graph = folder / place
    graph.parent.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 128, "pad_token": "[PAD]"}))
    (folder / "config.json").write_text(json.dumps({"pad_token_id": 0}))
    save_model(_graph(np.array([0, 0, 0, 0, *WORTH.values()], np.float32)), graph)
    return folder


def _graph(worth: np.ndarray) -> Any:
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    nodes = [
        helper.make_node("Gather", ["worth", "input_ids"], ["each"]),
        helper.make_node("Mul", ["attention_mask", "token_type_ids"], ["of_the_text"]),  # and not of the question
        helper.make_node("Cast", ["of_the_text"], ["counts"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["each", "counts"], ["counted"]),
        helper.make_node("ReduceSum", ["counted", "axis"], ["logits"], keepdims=1),
    ]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", 1])
    tensors = [numpy_helper.from_array(worth, "worth"), numpy_helper.from_array(np.array([1]), "axis")]
    graph = helper.make_graph(nodes, "worth", inputs, [logits], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


class OnnxRerank(BaseNodePostprocessor):
    """A llama-index postprocessor as those of its packages are: it opens a model's folder, and keeps the best two."""

    folder: str
    top_n: int = 2
    _tokenizer: Any = PrivateAttr()
    _session: Any = PrivateAttr()

    def __init__(self, folder: str, **given: Any) -> None:
        super().__init__(folder=folder, **given)
        self._tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
        self._session = onnxruntime.InferenceSession(Path(folder) / "onnx" / "model.onnx")

    def _postprocess_nodes(self, nodes, query_bundle=None):
        for each in nodes:
            read = self._tokenizer.encode(query_bundle.query_str, each.node.get_content())
            feeds = {
                "input_ids": [read.ids],
                "attention_mask": [read.attention_mask],
                "token_type_ids": [read.type_ids],
            }
            ((logits,),) = self._session.run(["logits"], feeds)
            each.score = float(logits[0])
        return sorted(nodes, key=lambda each: -each.score)[: self.top_n]


class Scripted(BaseNodePostprocessor):
    """Gives back what it was told to give."""

    gives: str = "them"

    def _postprocess_nodes(self, nodes, query_bundle=None):
        scripts: dict[str, Callable[[], Any]] = {
            "them": lambda: nodes,
            "nothing": list,
            "others": lambda: [NodeWithScore(node=TextNode(text="what is this?"), score=1.0)],
            "unscored": lambda: [NodeWithScore(node=each.node) for each in nodes],
            "endless": lambda: [NodeWithScore(node=each.node, score=math.inf) for each in nodes],
            "a failure": lambda: 1 / 0,
            "half": lambda: [
                NodeWithScore(node=nodes[1].node, score=7.0),
                NodeWithScore(node=nodes[0].node, score=3.0),
            ],
        }
        return scripts[self.gives]()


@pytest.fixture(autouse=True)
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The classes above as those of an installed package, so that they can be named."""
    here = sys.modules[__name__]
    module = SimpleNamespace(OnnxRerank=here.OnnxRerank, Scripted=here.Scripted, Sorted=here.Library)
    monkeypatch.setitem(sys.modules, "mine.reranking", module)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cross_encoder(tmp_path_factory.mktemp("hub") / "tiny-reranker")


needs_fastembed = pytest.mark.skipif(
    importlib.util.find_spec("fastembed") is None,
    reason="fastembed is not installed: it is an extra, which pip install -e '.[test]' brings",
)
WAYS = ["mine.reranking:OnnxRerank?folder={}", pytest.param("fastembed:{}", marks=needs_fastembed)]
ways = pytest.mark.parametrize("way", WAYS)


def opened(name: str, cache: Path) -> Reranker:
    return open_reranker(name, cache=cache / "rerankers", threads=1)


# --- the ranking


def ranked(*scores: float) -> list[Ranked]:
    """Passages with these fused scores, numbered from 0."""
    return [Ranked(SimpleNamespace(number=i), score, None, None, ()) for i, score in enumerate(scores)]  # type: ignore[arg-type]


def numbers(passages: list[Ranked]) -> list[int]:
    return [each.row.number for each in passages]


def test_the_share_says_who_decides() -> None:
    before, scores = ranked(0.9, 0.6, 0.2), [1.0, 2.0, 9.0]
    assert numbers(reranked(before, scores, share=0.0)) == [0, 1, 2]
    assert numbers(reranked(before, scores, share=1.0)) == [2, 1, 0]


@given(st.lists(st.tuples(st.floats(0.001, 0.999), st.floats(-1e6, 1e6)), max_size=20), st.floats(0, 1))
def test_no_passage_is_lost_and_the_best_score_comes_first(pairs: list[tuple[float, float]], share: float) -> None:
    anew = reranked(ranked(*(fused for fused, _ in pairs)), [score for _, score in pairs], share=share)
    assert sorted(numbers(anew)) == list(range(len(pairs)))
    assert [each.score for each in anew] == sorted((each.score for each in anew), reverse=True)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_the_size_of_a_rerankers_numbers_makes_no_difference(size: float) -> None:
    anew = reranked(ranked(0.6, 0.5, 0.5), [size, 3 * size, 2 * size], share=0.5)
    assert numbers(anew) == [1, 0, 2]
    again = reranked(ranked(0.6, 0.5, 0.5), [1.0, 3.0, 2.0], share=0.5)
    np.testing.assert_allclose([each.score for each in anew], [each.score for each in again], rtol=1e-6)


def test_scores_that_are_all_alike_change_nothing() -> None:
    assert numbers(reranked(ranked(0.9, 0.6, 0.2), [0.1, 0.1, 0.1], share=0.9)) == [0, 1, 2]


# --- a cross-encoder by its folder, through fastembed and through a llama-index postprocessor


@ways
def test_a_cross_encoder_scores_as_its_weights_say(way: str, cross_encoder: Path, tmp_path: Path) -> None:
    texts = ["A whale.", "Otters and a whale", "", "nothing of it", *["Otters!"] * 20, "\ud800 otters"]
    reranker = opened(way.format(cross_encoder), tmp_path)
    assert reranker.scores("Is the whale here?", texts).tolist() == [40, 60, 0, 0, *[20] * 20, 20]
    assert reranker.scores("Is the whale here?", []).shape == (0,)


@ways
@pytest.mark.parametrize(("word", "says"), [("cursed", "no finite number"), (UNREAD, "failed")])
def test_what_fails_in_the_middle_is_one_sentence(
    way: str, word: str, says: str, cross_encoder: Path, tmp_path: Path
) -> None:
    reranker = opened(way.format(cross_encoder), tmp_path)
    with pytest.raises(RerankerError, match=says) as caught:
        reranker.scores("why?", [*["Otters."] * 12, f"a {word} text", *["A whale."] * 12])
    assert "\n" not in str(caught.value) and str(caught.value).endswith((".", ")."))
    assert reranker.scores("why?", ["A whale."]).tolist() == [40]


@needs_fastembed
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda folder: (folder / "model.onnx").write_bytes(b"no graph"), "cannot be opened"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.json"),
        (lambda folder: (folder / "model.onnx").unlink(), r"must hold onnx/model\.onnx or model\.onnx\.$"),
    ],
)
def test_a_folder_that_holds_no_whole_model_is_one_sentence(
    change: Callable[[Path], Any], says: str, tmp_path: Path
) -> None:
    folder = write_cross_encoder(tmp_path / "model", place="model.onnx")
    assert opened(f"fastembed:{folder}", tmp_path).scores("why?", ["a whale"]).tolist() == [40]
    change(folder)
    with pytest.raises(RerankerError, match=says) as caught:
        opened(f"fastembed:{folder}", tmp_path)
    assert "\n" not in str(caught.value)


@needs_fastembed
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("fastembed:no-such-model", "knows no reranker 'no-such-model': name one of .*Xenova/ms-marco-MiniLM-L-6-v2"),
        ("fastembed:/no/such/folder", "no cross-encoder in /no/such/folder"),
        ("fastembed:./models", "no cross-encoder in models"),
        # what is there offline is all that is looked at here
        ("fastembed:Xenova/ms-marco-MiniLM-L-6-v2?local_files_only=true", "without a network, name a folder"),
    ],
)
def test_a_model_that_is_not_there_is_one_sentence(name: str, says: str, tmp_path: Path, capfd: Any) -> None:
    with pytest.raises(RerankerError, match=says) as caught:
        opened(name, tmp_path)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    assert "ERROR" not in capfd.readouterr().err


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastembed.rerank.cross_encoder", None)
    monkeypatch.setitem(sys.modules, "fastembed", None)
    with pytest.raises(RerankerError, match=r'needs fastembed: pip install "chapter-and-verse\[rerank\]"\.$'):
        opened("fastembed:Xenova/ms-marco-MiniLM-L-6-v2", tmp_path)


# --- any llama-index postprocessor


@pytest.mark.parametrize(
    ("gives", "says"),
    [
        ("nothing", "not the texts"),
        ("others", "not the texts"),
        ("unscored", "no finite number"),
        ("endless", "no finite number"),
        ("a failure", "failed .ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_no_score_is_refused_in_one_sentence(gives: str, says: str, tmp_path: Path) -> None:
    reranker = opened(f"mine.reranking:Scripted?gives={gives}", tmp_path)
    with pytest.raises(RerankerError, match=says) as caught:
        reranker.scores("why?", ["one", "two", "three"])
    assert "Scripted" in str(caught.value) and "\n" not in str(caught.value)


def test_texts_that_a_postprocessor_drops_count_as_the_least_of_the_others(cross_encoder: Path, tmp_path: Path) -> None:
    assert opened("mine.reranking:Scripted?gives=half", tmp_path).scores("why?", ["a", "b", "c"]).tolist() == [3, 7, 3]
    best = opened(f"mine.reranking:OnnxRerank?folder={cross_encoder}&top_n=1", tmp_path)
    assert best.scores("why?", ["otters", "a whale", "no"]).tolist() == [40, 40, 40]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("bm25", r"no reranker 'bm25': say fastembed:MODEL, fastembed:/path/to/folder, or package\.module"),
        ("fastembed:", "say fastembed:MODEL"),
        ("fastembd:Xenova/ms-marco-MiniLM-L-6-v2", "say fastembed:MODEL"),
        ("./file:Class", "say fastembed:MODEL"),
        ("llama_index.postprocessor.some_thing:Some", "pip install llama-index-postprocessor-some-thing"),
        ("nowhere.at.all:Class", "no module nowhere.at.all"),
        ("mine.reranking:NoSuch", "no NoSuch in"),
        ("mine.reranking:Sorted", "no reranker: name a class that extends llama-index's BaseNodePostprocessor"),
        ("mine.reranking:Scripted?gives", "not readable"),
        ("mine.reranking:OnnxRerank", "cannot be made"),
        ("mine.reranking:OnnxRerank?folder=/no/such/folder", "cannot be made"),
    ],
)
def test_a_name_that_makes_no_reranker_is_answered_with_a_sentence(name: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(RerankerError, match=says) as caught:
        opened(name, tmp_path)
    assert "\n" not in str(caught.value)


# --- through every door


@pytest.fixture(scope="module", params=WAYS)
def library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, cross_encoder: Path
) -> Iterator[Library]:
    """A library with the cross-encoder by name."""
    folder = tmp_path_factory.mktemp("animals")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text)
    with Library.open(folder, settings=Settings(reranker=request.param.format(cross_encoder))) as opened:
        opened.sync()
        yield opened


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[httpx.Client]:
    with running(library) as client:
        yield client


def paths(hits: Any) -> list[str]:
    """Name the documents of hits, be they objects or JSON."""
    return [each["document"]["path"] if isinstance(each, dict) else each.document.path for each in hits]


def test_a_search_is_ranked_anew_as_the_model_says(library: Library) -> None:
    before = library.search(QUERY)
    assert paths(before)[0] == "river.txt" and paths(library.search(QUERY, rerank=False)) == paths(before)
    anew = library.search(QUERY, rerank=True)
    assert paths(anew)[0] == "whale.txt" and sorted(paths(anew)) == sorted(paths(before))
    assert all(0 < hit.score < 1 for hit in anew)
    assert paths(library.search(QUERY, count=1, rerank=True)) == ["whale.txt"]
    assert paths(library.search(QUERY, within="[oc]*", rerank=True)) == ["otter.txt", "crane.txt"]
    assert library.search(QUERY, within="*.pdf", rerank=True) == []


def test_an_answer_shows_its_passages_as_the_model_ranks_them(library: Library) -> None:
    assert paths(library.ask(QUERY, rerank=False).passages)[0] == "river.txt"
    for rerank in (None, True):
        assert paths(library.ask(QUERY, rerank=rerank).passages)[0] == "whale.txt"


def test_a_stream_tells_what_was_found_at_once_and_once_more_as_it_is_ranked_anew(library: Library) -> None:
    events = list(library.stream(QUERY))
    found, anew = (event.value for event in events if event.name == "passages")
    assert events[0].value == found and paths(found) == paths(library.search(QUERY))
    assert paths(anew)[0] == "whale.txt" and anew == events[-1].value.passages
    assert [event.name for event in library.stream(QUERY, rerank=False)].count("passages") == 1


def test_whoever_sifts_is_asked_once_and_nothing_that_is_sifted_out_is_shown(library: Library) -> None:
    asked = []

    def sift(question: str, hits: list[Hit]) -> list[Hit]:
        asked.append(paths(hits)[0])
        return [hit for hit in hits if hit.document.path != "river.txt"]

    shown = [event.value for event in library.stream(QUERY, sift=sift) if event.name == "passages"]
    assert asked == ["whale.txt"] and len(shown) == 1 and "river.txt" not in paths(shown[0])


def test_the_switch_is_in_the_api(library: Library, client: httpx.Client) -> None:
    def asked(route: str, **body: Any) -> Any:
        return client.post(route, json=body).json()

    assert paths(asked("/api/search", query=QUERY)["hits"])[0] == "river.txt"
    assert paths(asked("/api/search", query=QUERY, rerank=True)["hits"])[0] == "whale.txt"
    assert paths(asked("/api/ask", question=QUERY, rerank=True)["passages"])[0] == "whale.txt"
    assert paths(asked("/api/ask", question=QUERY)["passages"])[0] == "whale.txt"
    assert paths(asked("/api/ask", question=QUERY, rerank=False)["passages"])[0] == "river.txt"
    streamed = client.post("/api/ask", json={"question": QUERY, "rerank": True, "stream": True}).text
    told = [json.loads(line[6:]) for line in streamed.split("\n") if line.startswith('data: {"passages"')]
    assert [paths(each["passages"])[0] for each in told] == ["river.txt", "whale.txt"]
    assert "«rerank»" in problem(client.post("/api/search", json={"query": QUERY, "rerank": "yes"}), 422)


def test_a_library_elsewhere_is_asked_for_the_same(library: Library, client: httpx.Client) -> None:
    with RemoteLibrary(str(client.base_url)) as remote:
        assert remote.search(QUERY, rerank=True) == library.search(QUERY, rerank=True) != library.search(QUERY)
        assert remote.ask(QUERY, rerank=True).passages == library.ask(QUERY, rerank=True).passages
        told = [event.value for event in remote.stream(QUERY, rerank=True) if event.name == "passages"]
        assert [paths(each)[0] for each in told] == ["river.txt", "whale.txt"]


@pytest.fixture
def places(fill: Any, tmp_path: Path) -> list[str]:
    folder, index = fill(DOCUMENTS), tmp_path / "index"
    with Library.open(folder, index=index) as library:
        library.sync()
    return ["--folder", str(folder), "--index", str(index)]


@ways
def test_the_switch_is_on_the_command_line(
    way: str, places: list[str], cross_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*arguments: str) -> Any:
        return json.loads(CliRunner().invoke(app, [*arguments, "--json", *places]).stdout)

    monkeypatch.setenv("QA_RERANKER", way.format(cross_encoder))
    assert (
        paths(run("search", QUERY)["hits"])[0] == paths(run("search", QUERY, "--no-rerank")["hits"])[0] == "river.txt"
    )
    assert paths(run("search", QUERY, "--rerank")["hits"])[0] == "whale.txt"
    for switch in ("bundled", "off"):  # who is named is asked, with the reader and without
        monkeypatch.setenv("QA_READER", switch)
        assert paths(run("ask", QUERY)["passages"])[0] == paths(run("ask", QUERY, "--rerank")["passages"])[0]
        assert paths(run("ask", QUERY)["passages"])[0] == "whale.txt"
        assert paths(run("ask", QUERY, "--no-rerank")["passages"])[0] == "river.txt"


UNNAMED = (
    "The reader is switched off, and no reranker is named: leave QA_READER=off out, set QA_RERANKER="
    'fastembed:Xenova/ms-marco-MiniLM-L-6-v2 (pip install "chapter-and-verse[rerank]"), or search without.'
)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_where_no_reranker_is_named_the_command_line_says_how_to_name_one(
    value: str | None, places: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_READER", "off")
    if value is not None:
        monkeypatch.setenv("QA_RERANKER", value)
    for command in (["search", QUERY], ["ask", QUERY]):
        assert CliRunner().invoke(app, [*command, *places]).exit_code == 0
        ran = CliRunner().invoke(app, [*command, "--rerank", *places])
        assert (ran.exit_code, ran.output) == (2, f"{UNNAMED}\n")


def test_where_no_reranker_is_named_the_library_and_the_api_say_so(places: list[str]) -> None:
    off = Settings(reader="off")
    with Library.open(places[1], index=places[3], settings=off) as library, running(library) as client:
        with RemoteLibrary(str(client.base_url)) as remote:
            for door in (library, remote):
                for asked in (door.search, door.ask):
                    with pytest.raises(SettingsError, match=f"^{re.escape(UNNAMED)}$"):
                        asked(QUERY, rerank=True)
        for route, body in (("search", {"query": QUERY}), ("ask", {"question": QUERY, "stream": True})):
            assert problem(client.post(f"/api/{route}", json={**body, "rerank": True}), 400) == UNNAMED
        assert client.post("/api/search", json={"query": QUERY}).json()["hits"]


def test_a_reranker_that_is_not_there_is_told_where_it_is_asked_for_and_only_there(
    places: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_RERANKER", "nowhere.at.all:Class")
    for command, without in ((["search", QUERY], []), (["ask", QUERY], ["--no-rerank"])):
        assert CliRunner().invoke(app, [*command, *without, *places]).exit_code == 0
        ran = CliRunner().invoke(app, [*command, "--rerank", *places])
        assert (ran.exit_code, ran.output) == (
            2,
            "There is no module nowhere.at.all: install the package that brings it.\n",
        )


def test_a_failing_reranker_is_a_problem_with_a_sentence_and_the_server_goes_on(places: list[str]) -> None:
    settings = Settings(reranker="mine.reranking:Scripted?gives=a failure")
    with Library.open(places[1], index=places[3], settings=settings) as library, running(library) as client:
        for route, key in (("/api/search", "query"), ("/api/ask", "question")):
            said = problem(client.post(route, json={key: QUERY, "rerank": True}), 500)
            assert said == "The reranker test_rerankers:Scripted failed (ZeroDivisionError: division by zero)."
        with RemoteLibrary(str(client.base_url)) as remote, pytest.raises(RerankerError, match="division by zero"):
            remote.search(QUERY, rerank=True)
        streamed = client.post("/api/ask", json={"question": QUERY, "stream": True}).text.strip().split("\n\n")
        assert [block.split("\n")[0] for block in streamed] == ["event: passages", "event: error"]
        assert client.post("/api/search", json={"query": QUERY}).json()["hits"]


def test_a_reranker_may_be_given_and_is_asked_for_the_best_passages_alone(fill: Any, tmp_path: Path) -> None:
    class Counting:
        name = "counting"

        def __init__(self) -> None:
            self.asked: list[int] = []

        def scores(self, question: str, texts: Any) -> Any:
            self.asked.append(len(texts))
            return np.zeros(len(texts), np.float32)

    folder = fill({f"{i}.txt": f"Otter number {i} lives in the river." for i in range(45)})
    reranker = Counting()
    with Library.open(folder, index=tmp_path / "index", reranker=reranker) as library:
        library.sync()
        library.search("otter")
        library.search("otter", rerank=True)
        library.search("otter", count=40, rerank=True)
    assert reranker.asked == [30, 40]
