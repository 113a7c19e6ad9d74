"""What the reader is trained on says what it is said to say. Training itself needs torch, and is run by hand."""

import json
import sys
from pathlib import Path
from random import Random

import pytest

TRAINING = Path(__file__).parent.parent / "training"


@pytest.fixture(autouse=True)
def training(monkeypatch):
    monkeypatch.syspath_prepend(str(TRAINING))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(TRAINING) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def write(folder, source, *rows):
    (folder / f"{source}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def question(asked, passage, *, answer=None, title="", answerable=True, negatives=()):
    spans = [[passage.index(answer), passage.index(answer) + len(answer)]] if answer else []
    return {
        "q": asked,
        "passage": passage,
        "answers": [answer] if answer else [],
        "spans": spans,
        "answerable": answerable,
        "title": title,
        "negatives": list(negatives),
    }


LONG = "\n\n".join(f"Paragraph {i} tells of the harbour of town {i}. " + "Ships come and go. " * 14 for i in range(9))


def test_the_answer_of_a_long_text_is_moved_into_the_passage_that_holds_it(tmp_path):
    from mixture import Share
    from rows import read_rows

    write(tmp_path, "quoref_contrast", question("Which town is the sixth?", LONG, answer="town 6"))
    (row,) = read_rows(tmp_path, "quoref_contrast", Share(10))
    assert [span.of(row.passage) for span in row.spans] == ["town 6"]
    assert len(row.passage) < len(LONG)
    assert row.others
    assert not any("town 6" in other for other in row.others)


def test_what_says_the_answer_too_is_no_passage_without_it(tmp_path):
    from mixture import Share
    from rows import read_rows

    others = ("In 1912 a ship sank.", "A ship was built.")
    write(tmp_path, "qamr", question("When did it sink?", "It sank in 1912.", answer="1912", negatives=others))
    (row,) = read_rows(tmp_path, "qamr", Share(10))
    assert row.others == ("A ship was built.",)


def test_the_same_rows_are_taken_whatever_their_order(tmp_path):
    from mixture import Share
    from rows import read_rows

    rows = [question(f"What is {i}?", f"{i} is a number.", answer=str(i)) for i in range(20)]
    write(tmp_path, "qamr", *rows)
    taken = read_rows(tmp_path, "qamr", Share(5))
    write(tmp_path, "qamr", *reversed(rows))
    assert read_rows(tmp_path, "qamr", Share(5)) == taken
    assert len(taken) == 5


def test_no_passage_gives_more_questions_than_it_may(tmp_path):
    from mixture import Share
    from rows import read_rows

    write(tmp_path, "qamr", *(question(f"Who is it, the {i}th time?", "It is Ada.", answer="Ada") for i in range(9)))
    assert len(read_rows(tmp_path, "qamr", Share(100, 3))) == 3


@pytest.mark.parametrize(
    ("words", "pool"),
    [
        ("When did the war in Korea begin?", "It was in Vietnam that the army lost most."),
        ("Who won the race in 1912?", ""),
        ("What is the largest lake?", ""),
    ],
)
def test_an_altered_question_asks_something_else(words, pool):
    from altering import altered

    assert altered(words, pool, Random(1)) not in (None, words)


def test_a_question_without_names_numbers_and_opposites_is_not_altered():
    from altering import altered

    assert altered("Why do cats purr?", "", Random(1)) is None


def test_what_a_reported_set_has_is_kept_apart(tmp_path):
    from leaks import Apart

    words = "the quick brown fox jumps over the lazy dog and then it sleeps in the sun"
    (tmp_path / "set").mkdir()
    write(tmp_path / "set", "corpus", {"doc_id": "a", "text": f"Once {words}."})
    write(tmp_path / "set", "queries", {"qid": "1", "question": "What does the fox do?"})
    apart = Apart(tmp_path)
    assert apart.has("what does the fox do", ["something else"])
    assert apart.has("Another one?", [f"They say {words.upper()}!"])
    assert not apart.has("Another one?", [words.replace("lazy", "tired")])


def test_a_short_sentence_of_a_reported_set_is_kept_apart(tmp_path):
    from leaks import Apart

    (tmp_path / "set").mkdir()
    write(tmp_path / "set", "corpus", {"doc_id": "a", "text": "It rained. The fox sleeps in the warm sun. He woke up."})
    apart = Apart(tmp_path)
    assert apart.has("", ["the fox sleeps in the warm sun!"])
    assert not apart.has("", ["The fox sleeps in the cold sun."])
    assert not apart.has("", ["It rained."])


def test_two_claims_in_one_are_supported_only_if_both_are():
    from claims import Claim, _composed, _Near

    supported, refuted, unknown = (Claim(f"Claim {i}.", f"Text {i}.", i) for i in range(3))
    near, rng = _Near(["Text 0.", "Text 1.", "Text 2.", "Other."]), Random(3)
    assert _composed((supported, refuted), near, rng).label == 1
    assert _composed((supported, unknown), near, rng).label == 2
    both = [_composed((supported, supported), near, rng) for _ in range(40)]
    assert {each.label for each in both} == {0, 2}
    assert all("Text 0." in each.text for each in both)


def test_figures_are_what_they_are_called():
    import numpy as np
    from figures import auc, balanced, f1

    truth = np.array([True, True, False, False])
    assert auc(np.array([0.9, 0.4, 0.5, 0.1]), truth) == pytest.approx(0.75)
    assert balanced(np.array([True, False, False, False]), truth) == pytest.approx(0.75)
    assert f1(np.array([True, False, True, False]), truth) == pytest.approx(0.5)
