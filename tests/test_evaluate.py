"""Scoring a library on questions with known answers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import SEEDS, Run, sentence
from hypothesis import given
from hypothesis import strategies as st

from qa import QAError
from qa.evaluate import Asking, Result, evaluate, read_set
from qa.followups import read_history
from qa.scores import Outcome, Place, Question, Quote, Report, Tally, percentile, score
from qa.spans import Span
from qa.terminal import score_lines

ROOT = Path(__file__).parent.parent
QUESTIONS = Path(__file__).parent / "data" / "seeds_questions"

Write = Callable[..., Path]

OTTERS = "Otters swim well. They eat fish and crabs.\r\nA group of otters is called a raft."
RAFTS = "A raft is a flat boat without a hull. Logs are tied together with rope."
GRASS = "Grass is green because of chlorophyll."


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a question set: `write({"queries.jsonl": [{…}, …]})`; a line may be bytes; returns the folder."""
    place = tmp_path / "set"

    def files(content: dict[str, list[Any]]) -> Path:
        for name, lines in content.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(each if isinstance(each, bytes) else _line(each) for each in lines))
        return place

    return files


def _line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def corpus(**texts: str) -> list[dict[str, str]]:
    return [{"doc_id": name, "text": text} for name, text in texts.items()]


def ask(qid: str, question: str, **more: Any) -> dict[str, Any]:
    return {"qid": qid, "question": question, **more}


def small() -> dict[str, list[Any]]:
    """A set of three documents and three questions."""
    return {
        "corpus.jsonl": corpus(otters=OTTERS, rafts=RAFTS, grass=GRASS),
        "queries.jsonl": [
            ask("food", "What do otters eat?", gold=[{"doc_id": "otters", "text": "They eat fish and crabs."}]),
            ask("green", "Why is grass green?", answers=["chlorophyll"], gold=[{"doc_id": "grass", "text": GRASS}]),
            ask("price", "What is the melting point of tungsten?", answerable=False),
        ],
    }


# The figures.


def place(document: str, start: int, end: int) -> Place:
    return Place(document, Span(start, end))


TEXTS = {"a": "The otter swims. " * 10, "b": "Grass is green. " * 10}  # of 170 and 160 characters
ASKED = [
    # two gold spans; one is found by two halves of it, and cited; the other is not found
    (
        Question(id="1", words="?", answers=("an Otter",), gold=(place("a", 0, 40), place("b", 0, 20))),
        Outcome(
            id="1",
            retrieved=(place("a", 20, 60), place("a", 0, 20), place("b", 100, 160)),
            answer="The otter!",
            citations=(Quote(place("a", 0, 20), "The otter swims. The"), Quote(place("b", 50, 53), "cow")),
        ),
    ),
    # one of two is enough; the second passage has it, and the answer says more than is asked
    (
        Question(
            id="2",
            words="?",
            answers=("green", "very green"),
            gold=(place("a", 0, 10), place("b", 9, 14)),
            gold_any=True,
            context=place("b", 0, 160),
        ),
        Outcome(
            id="2",
            retrieved=(place("a", 100, 170), place("b", 0, 80)),
            answer="Grass is green.",
            citations=(Quote(place("b", 16, 31), "Grass is green."), Quote(place("c", 0, 5), "Grass")),
        ),
    ),
    # wrongly refused, nothing found
    (
        Question(id="3", words="?", answers=("yes",), gold=(place("b", 0, 16),)),
        Outcome(id="3", answer="I do not know.", abstained=True),
    ),
    # nothing is right: once refused, once answered
    (Question(id="4", words="?", answerable=False), Outcome(id="4", answer="No.", abstained=True)),
    (Question(id="5", words="?", answerable=False), Outcome(id="5", answer="Yes.", retrieved=(place("a", 0, 9),))),
    # whole documents are graded, and it was only searched
    (
        Question(id="6", words="?", grades={"a": 2, "b": 1, "c": 0}),
        Outcome(id="6", retrieved=(place("b", 0, 9), place("b", 9, 20), place("a", 0, 9))),
    ),
    # and it could not be asked
    (Question(id="7", words="?", gold=(place("a", 0, 16),)), Outcome(id="7", answer="")),
]

EXPECTED = {
    "hit@1": 0.4, "hit@3": 0.6, "hit@5": 0.6, "hit@10": 0.6,
    "allhit@1": 0.0, "allhit@3": 0.25, "allhit@5": 0.25, "allhit@10": 0.25,
    "recall@1": 0.2, "recall@3": 0.5, "recall@5": 0.5, "recall@10": 0.5,
    "docrecall@1": 0.375, "docrecall@3": 0.5, "docrecall@5": 0.5, "docrecall@10": 0.5,
    "mrr@10": 0.5, "ndcg@10": 0.4208,
    "char_prec@5": 0.1833, "char_recall@5": 0.5, "char_iou@5": 0.1585,
    "em": 0.3333, "f1": 0.5, "contains": 0.6667,
    "correct_abstain": 0.5, "over_abstain": 0.25, "balanced_accuracy": 0.625,
    "cite_valid": 0.9167, "cite_quote_exact": 0.5, "cite_precision": 0.3333, "cite_recall": 0.1667,
}  # fmt: skip


def tally(asked: list[tuple[Question, Outcome]]) -> Tally:
    tally = Tally()
    for question, outcome in asked:
        tally.add(score(question, outcome, TEXTS.get))
    return tally


def test_the_figures_are_those_of_their_definitions() -> None:
    assert tally(ASKED).means() == EXPECTED


def test_each_figure_rests_on_the_questions_that_have_it() -> None:
    counts = tally(ASKED).counts()
    assert counts["hit@5"] == 5 and counts["allhit@5"] == 4, "graded documents know no allhit"
    assert counts["correct_abstain"] == 2 and counts["over_abstain"] == 4 and counts["balanced_accuracy"] == 6
    assert counts["em"] == 3 and counts["cite_valid"] == 6 and counts["cite_precision"] == 3


places = st.builds(
    lambda name, start, length: place(name, start, start + length),
    st.sampled_from("abc"), st.integers(0, 50), st.integers(1, 20),
)  # fmt: skip
golds = st.lists(places, min_size=1, max_size=3, unique_by=lambda each: each.document)


@given(golds, st.booleans())
def test_finding_and_citing_exactly_the_gold_is_perfect(gold: list[Place], one_is_enough: bool) -> None:
    texts = dict.fromkeys("abc", "x" * 100)
    question = Question(id="1", words="?", answers=("Yes",), gold=tuple(gold), gold_any=one_is_enough)
    quotes = tuple(Quote(each, "x" * len(each.span)) for each in gold)
    outcome = Outcome(id="1", retrieved=tuple(gold), answer="yes", citations=quotes)
    figures = score(question, outcome, texts.get)
    shallow = {"allhit@1", "recall@1", "docrecall@1"}  # several documents have no room in the best passage
    assert {name for name, value in figures.items() if value != 1} <= {"over_abstain", *shallow}


@given(golds, st.lists(places, max_size=12))
def test_figures_lie_between_0_and_1_and_grow_with_depth(gold: list[Place], found: list[Place]) -> None:
    figures = score(Question(id="1", words="?", gold=tuple(gold)), Outcome(id="1", retrieved=tuple(found)), TEXTS.get)
    assert all(0 <= value <= 1 for value in figures.values())
    for name in ("hit", "allhit", "recall", "docrecall"):
        depths = [figures[f"{name}@{depth}"] for depth in (1, 3, 5, 10)]
        assert depths == sorted(depths)


def test_percentiles_are_values_that_occurred() -> None:
    assert percentile([3, 1, 2], 0.5) == 2 and percentile(range(1, 101), 0.95) == 95 and percentile([7], 0.95) == 7


# The command, on the document in seeds/.


def test_ten_questions_about_the_seeds_are_scored() -> None:
    command = [sys.executable, "-m", "qa", "eval", str(QUESTIONS), "--folder", "seeds", "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert (ran.returncode, ran.stderr) == (0, "")
    report = json.loads(ran.stdout)
    assert set(report) == {"questions", "failed", "documents", "scores", "counts", "latency_ms", "notes"}
    assert (report["questions"], report["failed"], report["documents"], report["notes"]) == (10, 0, 1, [])
    scores = report["scores"]
    assert scores["hit@5"] == scores["allhit@5"] == scores["recall@10"] == 1 and scores["mrr@10"] > 0.7
    assert scores["cite_valid"] == scores["cite_quote_exact"] == 1 and scores["cite_precision"] >= 0.6
    assert scores["contains"] >= 0.6 and scores["correct_abstain"] == 1 and scores["balanced_accuracy"] >= 0.8
    assert set(report["counts"]) == set(scores) and report["counts"]["hit@5"] == 8
    for times in report["latency_ms"].values():
        assert 0 < times["p50"] <= times["p95"]


def test_the_worked_example_of_the_documentation_is_true() -> None:
    page = (ROOT / "docs" / "evaluation.md").read_text()
    shown = re.search(r"\$ qa eval tests/data/seeds_questions --folder seeds\n(.*?)```", page, re.S)
    examples = re.findall(r'^\{"qid".*$', page, re.M)
    assert shown and set(examples) <= set((QUESTIONS / "queries.jsonl").read_text().splitlines()) and examples
    report = evaluate(read_set(QUESTIONS, folder=SEEDS))
    assert report.notes == ()
    for line, true in zip(shown[1].splitlines(), score_lines(replace(report, notes=())), strict=True):
        assert re.sub(r"\d+\.\d+| +\d+(?= +ms)", "", line) == re.sub(r"\d+\.\d+| +\d+(?= +ms)", "", true)
    for name, value in re.findall(r"^  (\S+) +(\d\.\d+)", shown[1], re.M):
        assert abs(report.scores[name] - float(value)) < 0.2, name  # other processors count a little differently


def test_people_get_a_table(qa: Run) -> None:
    code, out, err = qa("eval", QUESTIONS, "--folder", SEEDS, "--limit", "4", "--search-only")
    assert (code, err) == (0, "")
    assert out.startswith("Questions: 4, documents: 1\n") and re.search(r"hit@5 +1\.000 +\d  some of the gold", out)
    assert "What is found" in out and "search p95" in out and "What is answered" not in out
    assert max(map(len, out.splitlines())) <= 80


# The set, and what is made of it.


def test_a_set_is_read_asked_and_scored_in_python(write: Write) -> None:
    seen: list[Result] = []
    steps: list[Any] = []
    report = evaluate(read_set(write(small())), each=seen.append, progress=steps.append)
    assert isinstance(report, Report) and report.to_dict()["scores"] == report.scores
    assert (report.questions, report.failed, report.documents) == (3, 0, 3)
    assert report.scores["hit@1"] == 1 and report.scores["contains"] == 1 and report.scores["correct_abstain"] == 1
    assert [result.question.id for result in seen] == ["food", "green", "price"]
    assert {step.phase for step in steps} == {"reading", "embedding", "asking"}
    assert steps[-1].done == steps[-1].total == 3 and isinstance(steps[-1], Asking)


def test_a_run_has_a_line_for_each_question_with_exact_quotes_and_no_marks(qa: Run, write: Write) -> None:
    marked = "Otters eat fish [12] and crabs. They swim in \\[7] rivers."
    lines = small() | {"corpus.jsonl": corpus(otters=marked, grass=GRASS)}
    lines["queries.jsonl"][0] = ask("food", "What do otters eat?", gold=[{"doc_id": "otters", "text": "fish [12]"}])
    folder = write(lines)
    run = folder / "run.jsonl"
    assert qa("eval", folder, "--runs", run, "--json")[0] == 0
    rows = [json.loads(line) for line in run.read_text().splitlines()]
    assert [row["qid"] for row in rows] == ["food", "green", "price"]
    first = rows[0]
    assert "fish [12] and crabs" in first["answer"] and not first["answer"].endswith("]")
    cited = first["citations"][0]
    assert cited["doc_id"] == "otters" and marked[cited["start"] : cited["end"]] == cited["quote"]
    assert first["retrieved"][0]["doc_id"] == "otters" and first["scores"]["hit@1"] == 1 and first["error"] is None
    assert rows[2]["abstained"] is True and rows[2]["citations"] == []


def test_search_only_asks_for_no_answers(qa: Run, write: Write) -> None:
    run = write(small()) / "run.jsonl"
    code, out, _ = qa("eval", run.parent, "--search-only", "--runs", run, "--json")
    report = json.loads(out)
    assert code == 0 and set(report["latency_ms"]) == {"search"}
    assert not set(report["scores"]) & {"em", "cite_valid", "over_abstain", "correct_abstain"}
    assert not {"answer", "abstained", "citations"} & set(json.loads(run.read_text().splitlines()[0]))


ODD = {
    "../../outside": "\ufeffA text with a mark at its start.\r\nAnd a second line.\rAnd a third.",
    "/etc/passwd": "\ufeff\ufeffTwo marks.",
    "nul\0": "Zeros \0 and bells \x07 stand in it.",
    "a/b.pdf": "%PDF-1.4 is how a portable document begins.",
    "CON": "e\u0301 is not \u00e9, and \u2028 is no line of JSON lines; \U0001f9a6 is an otter.",
    "  ": "",
}


def test_texts_of_a_corpus_are_kept_to_the_letter_whatever_they_are_called(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "t" / "t"
    temporary.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    texts = {name or "x": text for name, text in ODD.items() if name.strip()} | {"blank": " \n"}
    folder = write(
        {
            "corpus.jsonl": corpus(**texts),
            "queries.jsonl": [
                ask(name, f"What is said of {text[-20:]}", gold=[{"doc_id": name, "start": 0, "end": len(text)}])
                for name, text in texts.items()
            ],
        }
    )  # fmt: skip
    seen: list[Result] = []
    report = evaluate(read_set(folder), each=seen.append)
    assert report.documents == len(texts) - 1, "one is blank"
    for result in seen:
        if result.question.id != "blank":
            assert result.question.gold[0] in result.outcome.retrieved, "the whole text, from its first letter"
    assert report.scores["cite_quote_exact"] == 1
    assert {path.name for path in tmp_path.iterdir()} == {"set", "t"}, "nothing escapes"
    assert not list(temporary.glob("qa-eval-*")), "nothing stays"


def test_documents_with_the_same_text_count_under_the_name_that_the_gold_has(write: Write) -> None:
    gold = [{"doc_id": "copy", "text": GRASS}]
    folder = write(
        {
            "corpus.jsonl": corpus(grass=GRASS, copy=GRASS, otters=OTTERS),
            "queries.jsonl": [ask("1", "Why is grass green?", gold=gold)],
        }
    )
    assert evaluate(read_set(folder)).scores["hit@1"] == 1


def test_documents_may_lie_with_the_questions_or_anywhere(write: Write, fill: Any, folder: Path) -> None:
    question = ask("1", "What do otters eat?", gold=[{"doc_id": "deep/er.md", "text": "They  eat\nfish"}])
    fill({"deep/er.md": "# Otters\n\nThey eat\r\nfish and crabs.", "broken.pdf": b"%PDF-1.4 broken"})
    report = evaluate(read_set(write({"queries.jsonl": [question]}), folder=folder))
    assert report.scores["hit@1"] == 1 and report.documents == 1
    assert report.notes == (
        "1 documents could not be read, the first broken.pdf: It is damaged: it does not open as a PDF.",
    )
    shallow = evaluate(read_set(folder.parent / "set", folder=folder), count=3)
    assert shallow.notes[1:] == (
        "Each question was given 3 passages: figures that look further have seen no more than these.",
    )
    assert not (folder / ".qa").exists()
    folder.rename(folder.parent / "set" / "documents")
    assert evaluate(read_set(folder.parent / "set")).scores["hit@1"] == 1


def test_words_that_occur_twice_mean_their_first_place(write: Write) -> None:
    lines = {
        "corpus.jsonl": corpus(a="Yes. No. Yes."),
        "queries.jsonl": [ask("1", "?", gold=[{"doc_id": "a", "text": "Yes."}])],
    }
    assert read_set(write(lines)).questions[0].gold == (place("a", 0, 4),)


def test_several_files_of_questions_are_one_set(write: Write) -> None:
    folder = write(
        {
            "corpus.jsonl": [b"\xef\xbb\xbf" + _line(corpus(otters=OTTERS)[0]).replace(b"\n", b"\r\n"), b"\n"],
            "queries.b.jsonl": [ask("2", "What do they eat?", answers=["fish"], answerable=None)],
            "queries.a.jsonl": [ask("1", "How do otters swim?", answers=["well"])],
        }
    )
    questions = read_set(folder).questions
    assert [(each.id, each.words, each.answerable) for each in questions] == [
        ("1", "How do otters swim?", True),
        ("2", "What do they eat?", True),
    ]
    assert set(evaluate(read_set(folder)).scores) >= {"em", "f1", "contains"}


def test_a_question_that_follows_others_is_searched_and_answered_as_their_follow_up(write: Write) -> None:
    turns = [{"role": "user", "content": "Tell me of otters."}, {"role": "assistant", "content": "They swim well."}]
    gold = [{"doc_id": "otters", "text": "They eat fish and crabs."}]
    last = {"role": "user", "content": "What do they eat?"}
    lines = small() | {
        "queries.jsonl": [
            ask("1", "What do they eat?", gold=gold, turns=turns),
            ask("2", "What do they eat?", gold=gold, turns=[*turns, last]),
            ask("3", "Why is grass green?", gold=[{"doc_id": "grass", "text": GRASS}], turns=turns),
            ask("4", "What do they eat?", gold=gold, turns=[]),
        ]
    }
    questions = read_set(write(lines))
    assert (
        questions.histories["1"] == questions.histories["2"] == read_history(turns) and "4" not in questions.histories
    )
    seen: list[Result] = []
    evaluate(questions, each=seen.append)
    assert [each.searched_as for each in seen] == ["What do they eat? (otters)"] * 2 + [None, None]
    assert seen[0].scores == seen[1].scores and seen[0].scores["hit@1"] == seen[0].scores["cite_recall"] == 1
    assert (
        seen[0].to_dict()["searched_as"] == seen[0].searched_as and seen[0].to_dict()["question"] == "What do they eat?"
    )


def test_a_limit_takes_questions_evenly(write: Write) -> None:
    lines = small() | {"queries.jsonl": [ask(str(i), "What do otters eat?", answers=["fish"]) for i in range(10)]}
    seen: list[Result] = []
    evaluate(read_set(write(lines)), limit=4, search_only=True, each=seen.append)
    assert [result.question.id for result in seen] == ["0", "2", "5", "7"]


def test_an_index_that_is_kept_is_used_again_and_follows_the_corpus(write: Write, tmp_path: Path) -> None:
    index = tmp_path / "kept"
    first = evaluate(read_set(write(small())), index=index)
    steps: list[Any] = []
    again = evaluate(read_set(write(small())), index=index, progress=steps.append)
    assert again.scores == first.scores and not [step for step in steps if step.phase == "embedding" and step.done]
    lines = small() | {"corpus.jsonl": corpus(otters=OTTERS, grass=GRASS)}
    assert evaluate(read_set(write(lines)), index=index).documents == 2
    assert len(list((index / "texts").iterdir())) == 2


def test_one_question_that_fails_scores_zero_and_the_rest_goes_on(qa: Run, write: Write) -> None:
    lines = small()
    lines["queries.jsonl"] += [
        ask("no word", "?!", gold=[{"doc_id": "grass", "text": GRASS}]),
        ask("long", "Why is grass green? " * 1_000, gold=[{"doc_id": "grass", "text": GRASS}]),
    ]
    code, out, err = qa("eval", write(lines), "--json")
    report = json.loads(out)
    assert (code, err, report["questions"], report["failed"]) == (0, "", 5, 1)
    assert report["counts"]["hit@1"] == 4 and report["scores"]["hit@1"] == 0.75
    assert "longer than 8,000 characters" in report["notes"][0]
    assert "1 questions failed" in report["notes"][1] and "no word" in report["notes"][1]


def test_the_exit_code_tells_when_every_question_failed(qa: Run, write: Write) -> None:
    code, out, _ = qa("eval", write(small() | {"queries.jsonl": [ask("1", "…", answers=["x"])]}))
    assert code == 2 and "There is no word in the question" in out


def test_a_set_needs_no_chroma_server_and_no_index_of_ones_own(
    qa: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QA_CHROMA_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("QA_INDEX", "/nowhere")
    assert qa("eval", write(small()), "--search-only")[0] == 0


# What goes wrong.

GOOD = {"corpus.jsonl": corpus(otters=OTTERS)}
GOLD = {"doc_id": "otters", "start": 0, "end": 6}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([b'{"qid": "1", "question": \n'], "it is not JSON (Expecting value, character"),
        ([b"[" * 100_000 + b"\n"], "brackets too deep"),
        ([b'{"qid": ' + b"1" * 5_000 + b"}\n"], "number too long"),
        (["words"], "must be an object"),
        ([[]], "must be an object"),
        ([b'{"qid": "\xff"}\n'], "not UTF-8"),
        ([json.dumps(ask("1", "?", answers=["x"])).encode("utf-16")], "not UTF-8"),
        ([b'{"qid": "1", "question": "\\ud800?", "answers": ["x"]}\n'], "half of a character"),
        ([{"question": "?", "answers": ["x"]}], "`qid` is missing"),
        ([{"qid": 1, "question": "?", "answers": ["x"]}], "`qid` must be text"),
        ([{"qid": "1", "answers": ["x"]}], "`question` is missing"),
        ([ask("1", " \n", answers=["x"])], "`question` is empty"),
        ([ask("1", "?", answers="x")], "`answers` must be a list"),
        ([ask("1", "?", answers=[1])], "`answers` must be a list of texts"),
        ([ask("1", "?", answers=["x"], answerable="no")], "`answerable` must be true or false"),
        ([ask("1", "?")], "neither `gold` nor `answers`"),
        ([ask("1", "?", gold=[], answers=[])], "neither `gold` nor `answers`"),
        ([ask("1", "?", gold=GOLD)], "`gold` must be a list"),
        ([ask("1", "?", gold=["otters"])], "gold 1: it must be an object"),
        ([ask("1", "?", gold=[GOLD, {"start": 0, "end": 6}])], "gold 2: `doc_id` is missing"),
        ([ask("1", "?", gold=[{"doc_id": "otters"}])], "gold 1: it needs the exact words"),
        ([ask("1", "?", gold=[{"doc_id": "otters", "text": " "}])], "gold 1: it needs the exact words"),
        ([ask("1", "?", gold=[GOLD | {"end": None}])], "needs both `start` and `end`"),
        ([ask("1", "?", gold=[GOLD | {"end": True}])], "`end` must be a whole number"),
        ([ask("1", "?", gold=[GOLD | {"end": 6.0}])], "`end` must be a whole number"),
        ([ask("1", "?", gold=[GOLD | {"end": 999}])], "0 to 999 is no span of otters, which has 79 characters"),
        ([ask("1", "?", gold=[GOLD | {"start": -1}])], "-1 to 6 is no span"),
        ([ask("1", "?", gold=[GOLD | {"end": 0}])], "0 to 0 is no span"),
        ([ask("1", "?", gold=[GOLD | {"text": "otters"}])], "not what stands at 0 to 6"),
        ([ask("1", "?", gold=[{"doc_id": "otters", "text": "otters fly"}])], "does not stand in otters"),
        ([ask("1", "?", gold=[GOLD | {"doc_id": "cats"}])], "there is no document cats"),
        ([ask("1", "?", answers=["x"], context={"doc_id": "otters"})], "context: `start` is missing"),
        ([ask("1", "?", qrels={"otters": "much"})], "`qrels` must give each document a small number"),
        ([ask("1", "?", answers=["x"], turns="Why?")], "`turns` must be a list"),
        ([ask("1", "?", answers=["x"], turns=["Why?"])], "turns: Turn 1 of the history is nobody's: give it a `role`"),
        (
            [ask("1", "?", answers=["x"], turns=[{"role": "user", "content": "x" * 99_999}])],
            "too long (99,999 characters)",
        ),
        ([ask("1", "?", qrels={"otters": float("nan")})], "`qrels` must give each document a small number"),
    ],
)
def test_a_line_that_cannot_be_used_is_one_sentence_with_file_and_line(
    qa: Run, write: Write, lines: list[Any], words: str
) -> None:
    good = ask("0", "What do otters eat?", answers=["fish"])
    code, out, err = qa("eval", write(GOOD | {"queries.jsonl": [good, b"\n", *lines]}))
    assert (code, out) == (2, "") and sentence(err).startswith("queries.jsonl, line 3") and words in err


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([{"text": "words"}], "line 1: `doc_id` is missing"),
        ([{"doc_id": "a"}], "line 1: `text` is missing"),
        ([{"doc_id": "a", "text": ["words"]}], "line 1: `text` must be text"),
        ([*corpus(a="words"), *corpus(a="others")], "line 2: the `doc_id` a was there before"),
        ([b"{\n"], "line 1: it is not JSON"),
    ],
)
def test_so_is_a_line_of_a_corpus(qa: Run, write: Write, lines: list[Any], words: str) -> None:
    code, out, err = qa("eval", write({"corpus.jsonl": lines, "queries.jsonl": [ask("1", "?", answers=["x"])]}))
    assert (code, out) == (2, "") and sentence(err).startswith("corpus.jsonl, ") and words in err


def test_a_question_that_is_there_twice_is_one_sentence(qa: Run, write: Write) -> None:
    same = [ask("1", "What do otters eat?", answers=["fish"])]
    code, _, err = qa("eval", write(GOOD | {"queries.a.jsonl": same, "queries.b.jsonl": same}))
    assert code == 2 and sentence(err) == "queries.b.jsonl, line 1: the `qid` 1 was there before.\n"


def test_a_set_that_lacks_something_is_one_sentence(qa: Run, write: Write, tmp_path: Path) -> None:
    one = {"queries.jsonl": [ask("1", "What do otters eat?", answers=["fish"])]}
    place = write({"other.jsonl": []})
    assert "is not there" in sentence(qa("eval", tmp_path / "none\x1b[31m")[2])
    assert "is a file" in sentence(qa("eval", place / "other.jsonl")[2])
    assert "There is no queries*.jsonl in" in sentence(qa("eval", place)[2])
    write(one)
    assert "There are no documents with the questions" in sentence(qa("eval", place)[2])
    assert "There is no folder" in sentence(qa("eval", place, "--folder", tmp_path / "none")[2])
    write({"corpus.jsonl": []})
    assert "There is no text in the documents" in sentence(qa("eval", place)[2])
    write({"queries.jsonl": [b"\n\n"]})
    assert "There is no question in queries.jsonl" in sentence(qa("eval", place)[2])


@pytest.mark.parametrize(
    ("options", "words"),
    [(("-k", "0"), "count"), (("-n", "0"), "limit"), (("--runs", "set/queries.jsonl"), "belongs to the questions"),
     (("--runs", "set/corpus.jsonl"), "belongs to the questions"),
     (("--runs", "set/queries_run.jsonl"), "belongs to the questions"),
     (("--runs", "none/run.jsonl"), "cannot be written")],
)  # fmt: skip
def test_an_option_that_cannot_be_is_one_sentence_and_changes_nothing(
    qa: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, str], words: str
) -> None:
    place = write(small())
    before = {path: path.read_bytes() for path in place.iterdir()}
    monkeypatch.chdir(tmp_path)
    code, out, err = qa("eval", "set", *options)
    assert (code, out) == (2, "") and words in sentence(err)
    assert {path: path.read_bytes() for path in place.iterdir()} == before


def test_a_run_is_not_written_over_a_document(qa: Run, write: Write, fill: Any, folder: Path) -> None:
    fill({"a.txt": OTTERS})
    place = write({"queries.jsonl": [ask("1", "What do otters eat?", answers=["fish"])]})
    code, out, err = qa("eval", place, "--folder", folder, "--runs", folder / "a.txt")
    assert (code, out) == (2, "") and "lies among the documents" in sentence(err)
    assert (folder / "a.txt").read_bytes() == OTTERS.encode()


def test_questions_that_lie_among_the_documents_are_not_asked(write: Write, fill: Any, folder: Path) -> None:
    fill({"a.txt": OTTERS, "eval/queries.jsonl": _line(ask("1", "What do otters eat?", answers=["fish"]))})
    with pytest.raises(QAError, match=r"eval/queries.jsonl lies among the documents"):
        read_set(folder / "eval", folder=folder)
    fill({".qaignore": b"eval/\n"})
    assert len(read_set(folder / "eval", folder=folder).questions) == 1


def test_gold_in_a_file_that_cannot_be_read_is_one_sentence(write: Write, fill: Any, folder: Path) -> None:
    fill({"a.pdf": b"%PDF-1.4 broken"})
    place = write({"queries.jsonl": [ask("1", "?", gold=[{"doc_id": "a.pdf", "text": "words"}])]})
    with pytest.raises(QAError, match=r"queries.jsonl, line 1, gold 1: a.pdf cannot be read"):
        read_set(place, folder=folder)


def test_ctrl_c_leaves_nothing_behind(write: Write, tmp_path: Path) -> None:
    texts = {str(i): f"Document {i}. " + f"It has some words of its own, as number {i} must. " * 40 for i in range(100)}
    lines = {"corpus.jsonl": corpus(**texts), "queries.jsonl": [ask("1", "Which number has words?", answers=["7"])]}
    place, temporary = write(lines), tmp_path / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "qa", "eval", str(place)]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        deadline = time.monotonic() + 60
        while not list(temporary.glob("qa-eval-*/lexical/meta.json")):
            assert time.monotonic() < deadline and running.poll() is None
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, ""), err
    assert "Stopped" in sentence(err)
    assert not list(temporary.glob("qa-eval-*"))
