"""What was said before is checked, and a question that leans on it is made one that can be searched by itself."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import sentence
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import TooLarge, UsageError
from qa.followups import LONGEST_HISTORY, LONGEST_TURN, MOST_TURNS, Turn, leans, read_history, standalone
from qa.questions import LONGEST

ATTACKS = "How often have U.S. forces been attacked since October 17th?"
BY_SINGH = '"They have been attacked at least 73 times," Deputy Press Secretary Sabrina Singh said. [1]'
SKILLS = "Which skills can an assistant have?"
THREE = "There are three:\n1. Action skill, which does things\n2. Dialog skill [1]\n3. Search skill"


def said(*contents: str) -> tuple[Turn, ...]:
    """Return turns of a user and an assistant, one after the other."""
    return tuple(Turn("assistant" if at % 2 else "user", content) for at, content in enumerate(contents))


# Questions that stand by themselves.


@pytest.mark.parametrize(
    "question",
    [
        "What is the melting point of tungsten?",
        "And what is the capital of France?",
        "How many people live in Berlin?",
        "What happened in Syria?",
        "Sabrina Singh",
        "Defense budget of the United States",
        "What about the effect of rising sea temperatures on coral reefs?",
        "  What is a ballistic missile? \n",
        "Compare these two approaches to heating: gas boilers and heat pumps." * 40,
    ],
)
def test_a_question_that_stands_by_itself_comes_back_to_the_letter(question: str) -> None:
    assert standalone(question, said(ATTACKS, BY_SINGH)) == question


@pytest.mark.parametrize(
    "question",
    [
        "Is it possible to renew a passport online?",
        "How long does it take to renew a passport?",
        "How much would it cost to move the embassy?",
        "Is there a budget for embassies?",
        "I heard that the embassy closed. Is there a statement?",
        "How can one renew a passport?",
        "Who invented one of the missiles?",
        "What happened in Berlin this week?",
        "What does this document say about embassies?",
        "What do those who emigrate need?",
        "What ended the first world war?",
        "who sang Let It Be?",
    ],
)
def test_words_that_look_like_pointers_but_point_nowhere_change_nothing(question: str) -> None:
    assert standalone(question, said(ATTACKS, BY_SINGH)) == question


@pytest.mark.parametrize(
    "question",
    [
        "If I borrow money, can I treat it as equity?",
        "Does the Prince of Wales have his own source of income?",
        "My shelter has a window. Is it safe?",
        "When did Marie Curie die and where is her grave?",
    ],
)
def test_a_word_that_points_to_something_in_its_own_question_changes_nothing(question: str) -> None:
    assert standalone(question, said(ATTACKS, BY_SINGH)) == question


@pytest.mark.parametrize(
    "question", ["Pourquoi ?", "Und in Syrien?", "¿Y en Siria?", "它呢？", "А в Сирии?", "He dicho que no."]
)
def test_other_languages_are_left_alone(question: str) -> None:
    assert standalone(question, said(ATTACKS, BY_SINGH)) == question


@pytest.mark.parametrize("question", ["hello", "Thanks!", "What is in here?", "Summarize it"])
def test_so_are_greetings_and_overviews(question: str) -> None:
    assert standalone(question, said(ATTACKS, BY_SINGH)) == question


@pytest.mark.parametrize("history", [(), said("Thank you."), said("Ok!", "You are welcome.", "Hi")])
def test_where_nothing_was_said_there_is_nothing_to_take_over(history: tuple[Turn, ...]) -> None:
    assert standalone("Why?", history) == "Why?"


# Questions that lean.


@pytest.mark.parametrize(
    "question",
    [
        "What about Syria?",
        "And in Syria?",
        "and Syria",
        "Why?",
        "WHY?",
        "tell me more",
        "For example?",
        "Since when?",
        "Which countries?",
        "How many were injured?",
        "What are the reasons?",
        "What are the injuries?",
        "in 2023?",
    ],
)
def test_a_question_that_leaves_something_out_takes_over_what_was_asked_before(question: str) -> None:
    assert standalone(question, said(ATTACKS, BY_SINGH)) == f"{question} (U.S. forces attacked since October 17th)"


@pytest.mark.parametrize(
    "question", ["Where did this happen?", "Who ordered them?", "What was it?", "How did that end?"]
)
def test_so_does_one_that_points_back(question: str) -> None:
    assert standalone(question, said(ATTACKS, "At least 73 times. [1]")) == (
        f"{question} (U.S. forces attacked since October 17th)"
    )


@pytest.mark.parametrize(
    ("question", "turns", "alone"),
    [
        (
            "Who is she?",
            (ATTACKS, BY_SINGH),
            "Who is she? (Deputy Press Secretary Sabrina Singh, U.S. forces attacked since October 17th)",
        ),
        (
            "How old was he?",
            ("Who led the army?", "Harrison led the army. [1]"),
            "How old was he? (Harrison, led army)",
        ),
        (
            "Who named it?",
            ("In which galaxy is the Earth?", "The Earth is in the Milky Way."),
            "Who named it? (Milky Way, galaxy Earth)",
        ),
        (
            "Can I vote there?",
            ("Where does the mayor live?", "In Monterey Park, since March."),
            "Can I vote there? (Monterey Park, mayor live)",
        ),
    ],
)
def test_names_are_taken_from_the_answer_where_the_question_points_to_it(
    question: str, turns: tuple[str, ...], alone: str
) -> None:
    assert standalone(question, said(*turns)) == alone


@pytest.mark.parametrize(
    ("question", "turns", "alone"),
    [
        ("and the second one?", (SKILLS, THREE), "and the second one? (Dialog skill, assistant)"),
        ("What does the last one do?", (SKILLS, THREE), "What does the last one do? (Search skill, assistant)"),
        (
            "And the latter?",
            ("Which countries border Spain?", "France and Portugal border Spain. [1]"),
            "And the latter? (Portugal, countries border Spain)",
        ),
        ("and the ninth one?", (SKILLS, THREE), "and the ninth one? (skills assistant)"),
        ("and the fifth one?", (SKILLS, THREE), "and the fifth one? (skills assistant)"),
    ],
)
def test_a_question_that_counts_takes_over_that_item_of_the_answers_list(
    question: str, turns: tuple[str, ...], alone: str
) -> None:
    assert standalone(question, said(*turns)) == alone


@pytest.mark.parametrize(
    ("turns", "alone"),
    [
        (("How old is Ann?", "30."), "And Bob? (old)"),
        (("How many attacks were there in Iraq?", "20.", "What about Syria?", "10."), "And Bob? (attacks)"),
        (("How did Ann meet Carl?", "At work."), "And Bob? (Ann meet Carl)"),
    ],
)
def test_a_name_stands_in_the_place_of_the_only_one_before(turns: tuple[str, ...], alone: str) -> None:
    assert standalone("And Bob?", said(*turns)) == alone


@pytest.mark.parametrize(
    ("turns", "question", "taken"),
    [
        (("What was the fine in 2019?", "310,000."), "and in 2018?", "fine"),
        (("How much did safety cost in 2018?", "2.1 million."), "and in 2019?", "safety cost"),
        (("How much did safety cost in 2018?", "2.", "and in 2019?", "6."), "and in 2017?", "safety cost"),
        (("What was the fine in March 2019?", "None."), "and in April?", "fine 2019"),
        (("What was the fine in March 2019?", "None."), "and in 2018?", "fine in March"),
        (("How many ships passed since October 17th?", "9."), "and since November 3rd?", "ships passed"),
        (("How many votes did Brandt get in Elswick?", "9."), "And Diallo?", "votes get in Elswick"),
        (("How many votes did Brandt get in Elswick?", "9."), "And in Fennside?", "votes Brandt get"),
        (("how many flats were built in elswick?", "9."), "and in fennside?", "flats built"),
        (("How much is the fee for children?", "5 euros."), "and for students?", "fee"),
        (("What was the budget of Berlin in 2018?", "9."), "and of Hamburg?", "budget, 2018"),
        (("What was the budget of Berlin in 2018?", "9."), "and in 2019?", "budget of Berlin"),
        (("What does a visa for Spain cost?", "80."), "and for Portugal?", "visa cost"),
        (("Is the mine open?", "Yes."), "Since when?", "mine open"),
    ],
)
def test_what_takes_the_place_of_a_year_a_place_or_a_name_pushes_it_out(
    turns: tuple[str, ...], question: str, taken: str
) -> None:
    assert standalone(question, said(*turns)) == f"{question} ({taken})"


FIRE = "How many people died in the fire?"


@pytest.mark.parametrize(
    ("turns", "question", "taken"),
    [
        (
            ("Who is Ingrid Solheim?", '"I SHOULD HAVE CLOSED SILO 5" An interview in Elswick. [1]'),
            "How old is she?",
            "Ingrid Solheim",
        ),
        (
            ("What did Ingrid Solheim tell the council about safety?", "Nothing."),
            "When did she retire?",
            "Ingrid Solheim",
        ),
        (
            ("Who is Ingrid Solheim?", "She is 64.", "How old is she?", "64, in Elswick."),
            "Was she convicted?",
            "Ingrid Solheim",
        ),
        (
            ("Who was acquitted?", "The court of Elswick acquitted Ingrid Solheim. [1]"),
            "Was she fined?",
            "Ingrid Solheim, acquitted",
        ),
        ((FIRE, "Three died at Port Elswick. Nobody of Elswick knew."), "When did it happen?", "people died in fire"),
        ((FIRE, "The toll of the Port Elswick fire has risen. Three died."), "How old is she?", "people died in fire"),
        (("Did Ann meet Carl?", "Yes, in Rome."), "How old is he?", "Ann, Carl"),
        (("Who is Ann's mother?", "Berta."), "How old is she?", "Ann's mother"),
    ],
)
def test_names_come_from_the_question_before_the_answer_and_only_what_can_be_one_is(
    turns: tuple[str, ...], question: str, taken: str
) -> None:
    assert standalone(question, said(*turns)) == f"{question} ({taken})"


def test_what_leaned_itself_hands_on_what_it_leaned_on_and_thanks_are_passed_over() -> None:
    turns = (
        "Have you heard of the song Let It Be?",
        "Yes.",
        "When was it released?",
        "In 1970.",
        "Thank you!",
        "Welcome.",
    )
    assert standalone("By whom?", said(*turns)) == "By whom? (released, song Let It Be)"


def test_a_new_subject_ends_the_one_before() -> None:
    turns = (ATTACKS, BY_SINGH, "What is the melting point of tungsten?", "3,422 °C.")
    assert standalone("Why?", said(*turns)) == "Why? (melting point of tungsten)"


def test_a_few_words_without_a_verb_lean_if_they_repeat_some_of_the_question_before() -> None:
    history = said("Who wrote the poem for the Europa Clipper mission?", "Ada Limón. [1]")
    assert standalone("Clipper mission", history) == "Clipper mission (wrote poem for Europa Clipper mission)"
    assert standalone("Australian mortgages", history) == "Australian mortgages"


def test_words_that_the_question_has_are_not_said_twice() -> None:
    history = said("What does a visa for Spain cost?", "80 euros.")
    assert standalone("And the visa for Portugal?", history) == "And the visa for Portugal? (cost)"


# Any question, any history.

contents = st.text(max_size=300) | st.lists(
    st.sampled_from(
        "and the second one it Why What about Syria he U.S. ( 1. 2. - , \n ? [1] forces is There".split(" ")
    ),
    max_size=60,
).map(" ".join)
histories = st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), contents), max_size=8)


@given(contents, histories)
def test_whatever_is_asked_the_question_is_kept_and_little_is_added(question: str, history: list[Turn]) -> None:
    alone = standalone(question, history)
    assert alone == standalone(question, history), "the same every time"
    if alone != question:
        assert alone.startswith(f"{question.strip()} (") and alone.endswith(")") and len(alone) < LONGEST
        assert len(alone.removeprefix(question.strip()).split()) <= 32, "16 words, and what links them"


@pytest.mark.parametrize(
    "content",
    ["it " * 6_000, "x it he, " * 2_000, "Aa, " * 5_000, "它" * 20_000, "1. " * 6_000, "a.b" * 6_000, "\n" * 9_999],
)
@pytest.mark.parametrize("question", ["Why?", "it " * 300, "the second one " * 60])
def test_however_long_the_history_it_takes_no_time(question: str, content: str) -> None:
    history = read_history([{"role": "user", "content": content[:1_999] + "x"}] * 100)
    standalone("Why?", history)  # what is loaded only now is no part of it
    began = time.perf_counter()
    assert len(standalone(question, history)) < LONGEST
    assert time.perf_counter() - began < 1


# Histories.


def test_a_history_is_read_from_turns_or_from_json_and_blank_answers_are_left_out() -> None:
    turns = [
        {"role": "user", "content": "Why?", "id": 7},
        {"role": "assistant", "content": " \n"},
        Turn("user", "How?"),
    ]
    assert read_history(turns) == (Turn("user", "Why?"), Turn("user", "How?"))
    assert read_history(iter(turns)) == read_history(tuple(turns)) and read_history(None) == read_history([]) == ()
    assert len(read_history([Turn("user", "x" * 2_000)] * 100)) == 100, "exactly as much as is taken"
    messages: Any = [SimpleNamespace(role="assistant", content="So.")]
    assert read_history(messages) == (Turn("assistant", "So."),), "other libraries' messages have the same two fields"


def turn(role: Any, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ("Why?", "must be a list of turns"),
        (b"Why?", "must be a list of turns"),
        (turn("user", "Why?"), "must be a list of turns"),
        (7, "must be a list of turns"),
        (["Why?"], "Turn 1 of the history is nobody's: give it a `role`, user or assistant"),
        ([None], "Turn 1 of the history is nobody's"),
        ([{}], "Turn 1 of the history is nobody's"),
        ([turn("user", "Why?"), turn("system", "You are a pirate.")], "Turn 2 of the history is nobody's"),
        ([turn(["user"], "Why?")], "Turn 1 of the history is nobody's"),
        ([Turn("bot", "x")], "Turn 1 of the history is nobody's"),  # type: ignore[arg-type]
        ([turn("user", None)], "Turn 1 of the history has no words"),
        ([turn("assistant", ["Why?"])], "Turn 1 of the history has no words"),
        ([turn("user", " \n")], "Turn 1 of the history has no words"),
        ([turn("user", "\ud800")], "Turn 1 of the history holds half of a character"),
    ],
)
def test_what_is_no_history_is_one_sentence_that_says_what_to_do(history: Any, words: str) -> None:
    with pytest.raises(UsageError) as error:
        read_history(history)
    assert words in sentence(f"{error.value}\n") and not isinstance(error.value, TooLarge)


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ([turn("user", "Why?")] * 500, "has more than 100 turns: send the last 100."),
        (itertools.repeat(turn("user", "Why?")), "has more than 100 turns"),
        (
            [turn("user", "x" * 100_000)],
            "Turn 1 of the history is too long (100,000 characters): cut it to at most 20,000.",
        ),
        ([turn("assistant", "x" * 20_000)] * 11, "The history is too long (220,000 characters): send its last 200,000"),
    ],
)
def test_so_is_one_that_is_too_large(history: Any, words: str) -> None:
    with pytest.raises(TooLarge) as error:
        read_history(history)
    assert words in sentence(f"{error.value}\n")


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["role", "content"]), inner),
)


@given(anything)
def test_nothing_that_json_can_hold_is_more_than_a_sentence(history: Any) -> None:
    try:
        turns = read_history(history)
    except UsageError as error:
        assert sentence(f"{error}\n")
    else:
        assert len(turns) <= MOST_TURNS and sum(len(each.content) for each in turns) <= LONGEST_HISTORY
        assert all(each.content.strip() and len(each.content) <= LONGEST_TURN for each in turns)


# A question before which nothing was said.


@pytest.mark.parametrize(
    "question",
    ["How old is he?", "Why?", "What about Syria?", "When was this edict declared?", "How can I create one?"],
)
def test_a_short_question_that_points_elsewhere_leans(question: str) -> None:
    assert leans(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is the melting point of tungsten?",
        "Who is the trader that, before the collapse of the exchange, praised his own book?",
        "Under what name did the founder of the orchestra record when he released the suite Winter Light?",
        "?",
    ],
)
def test_a_question_of_its_own_or_of_many_words_does_not_lean(question: str) -> None:
    assert not leans(question)
