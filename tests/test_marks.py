"""Marks: whatever a model writes, and however it comes in, its sentences cite passages that there are."""

from __future__ import annotations

import re
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.marks import Marks, Said

STEADY = settings(derandomize=True, max_examples=150, deadline=None)

SNIPPETS = st.sampled_from(
    "[1] [2] [12] [0] [1,3] [1-3] [1–99999999999] 【2】 【1†source】 [^1] [Passage_1] ([2]) [[3]] [sic] "
    "[a](http://x/y) \\[1] `a[1]` `` ``` [ ] ( ) 【 】 ` \\ . ? ! 。 」 … - * # | "
    "1. Mr. U.S. 3.5 The the Word and , ; 日本 é ² (1) :// http://x".replace("_", "\0").split()
).map(lambda snippet: snippet.replace("\0", " "))
SPACES = st.sampled_from(["", "", " ", " ", "\n", "\n\n", "\r\n", "\t"])
REPLIES = st.lists(SNIPPETS | SPACES | st.text(max_size=6), max_size=40).map("".join)


def said(*pieces: str, passages: int = 3) -> list[Said]:
    """Return all that is said in a reply that comes in pieces."""
    marks = Marks(passages)
    return [each for piece in pieces for each in marks.feed(piece)] + marks.close()


def pairs(reply: str) -> list[tuple[str, tuple[int, ...]]]:
    """Return the sentences of a reply and the numbers they cite."""
    return [(each.words, each.passages) for each in said(reply)]


def joined(sentences: list[Said]) -> str:
    return "".join(each.gap + each.words for each in sentences)


# Whatever comes.


@STEADY
@given(REPLIES, st.data())
def test_any_chunking_of_any_reply_says_the_same(reply: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reply)), max_size=8)))
    pieces = [reply[start:end] for start, end in pairwise([0, *cuts, len(reply)])]
    assert said(*pieces) == said(reply) == said(*reply)


@STEADY
@given(REPLIES, st.integers(0, 3))
def test_no_sentence_cites_a_passage_that_there_is_not(reply: str, passages: int) -> None:
    for each in said(reply, passages=passages):
        assert set(each.passages) <= set(range(1, passages + 1))
        assert len(set(each.passages)) == len(each.passages)
        assert each.words and each.words == each.words.strip()


@STEADY
@given(REPLIES, st.text(max_size=20))
def test_what_was_said_stays_whatever_comes_after_it(reply: str, more: str) -> None:
    early = Marks(3).feed(reply)
    assert said(reply)[: len(early)] == early == said(reply + more)[: len(early)]


@STEADY
@given(st.text(st.characters(exclude_characters="[]【】`\\(", exclude_categories=["Cs"])))
def test_gaps_and_words_joined_are_the_reply(reply: str) -> None:
    assert joined(said(reply)) == reply.strip()


CLAIMS = st.tuples(
    st.sampled_from(["He came", "The U.S. grew 3.5 percent", "It is called [sic]", "Dr. No left (1)", "It’s “so”"]),
    st.lists(st.integers(1, 3), max_size=3),
    st.sampled_from([" [{}]", "[{}]", " 【{}】", " [Passage {}]", " ([{}])", "[^{}]", " 【{}†x】", " [[{}]]"]),
    st.booleans(),
    st.sampled_from([" ", "\n", "\n\n", "\n- ", "\n\n1. ", "\n> "]),
)


@STEADY
@given(st.lists(CLAIMS, min_size=1, max_size=6))
def test_a_sentence_keeps_the_marks_before_and_after_its_full_stop(
    claims: list[tuple[str, list[int], str, bool, str]],
) -> None:
    reply, expected = "", []
    for words, numbers, form, inside, gap in claims:
        marks = "".join(form.format(number) for number in numbers)
        gap = gap if reply else ""
        reply += gap + words + (f"{marks}." if inside else f".{marks}")
        expected.append(Said(f"{words}.", tuple(dict.fromkeys(numbers)), gap))
    assert said(reply) == expected


# Every way to write a mark.


@pytest.mark.parametrize(
    ("mark", "numbers"),
    [
        ("[1]", (1,)),
        ("[3, 1]", (3, 1)),
        ("[1,2]", (1, 2)),
        ("[1][2]", (1, 2)),
        ("[1] [2]", (1, 2)),
        ("[2], [1]", (2, 1)),
        ("[1] and [3]", (1, 3)),
        ("[1; 2 & 3]", (1, 2, 3)),
        ("[1 and 2]", (1, 2)),
        ("【1】", (1,)),
        ("【1†source】【2†L3-L9】", (1, 2)),
        ("[1-3]", (1, 2, 3)),
        ("[1–3]", (1, 2, 3)),
        ("[2 - 3, 1]", (2, 3, 1)),
        ("[3-2]", (2, 3)),
        ("[^1]", (1,)),
        ("[^1, ^2]", (1, 2)),
        ("[Passage 1]", (1,)),
        ("[passage 1, 2]", (1, 2)),
        ("[Passages 1–2]", (1, 2)),
        ("[Source 2]", (2,)),
        ("[Source 1, Source 3]", (1, 3)),
        ("[Document 3]", (3,)),
        ("[doc. #3]", (3,)),
        ("[[2]]", (2,)),
        ("([2])", (2,)),
        ("([1], [2])", (1, 2)),
        ("[1](https://example.org/9)", (1,)),
        ("[2, 2, 2]", (2,)),
        ("[02]", (2,)),
        ("[0]", ()),
        ("[4]", ()),
        ("[12]", ()),
        ("[2, 4]", (2,)),
        ("[2-999999999999]", (2, 3)),
        ("[7-999999999999]", ()),
        ("[" + "9" * 150 + "]", ()),
    ],
)
def test_a_mark_is_understood_and_taken_out_wherever_it_stands(mark: str, numbers: tuple[int, ...]) -> None:
    for reply in (f"He came {mark}. She left.", f"He came. {mark} She left.", f"He came.{mark} She left."):
        assert pairs(reply) == [("He came.", numbers), ("She left.", ())]
        assert said(*reply) == said(reply)
    assert pairs(f"{mark} says that he came.") == [("says that he came.", numbers)]
    assert pairs(f"He {mark} came.") == [("He came.", numbers)]


@pytest.mark.parametrize(
    "words",
    [
        "It is (1) so.",
        "He saw [sic] it.",
        "Item [a] is x².",
        "Call `a[1]` twice.",
        "Call ``a[1]`` twice.",
        "See [1.5] and [1 2].",
        "A [Note 1] is there.",
        "It ends at [12",
        "It ends at [Passage 1",
        "It ends at 【1",
        "It ends [",
        "An empty [] one.",
        "Of [1\n] lines.",
        "One ` tick.",
        "He said 【so】.",
        "He [sic](2020) went.",
    ],
)
def test_a_bracket_that_is_no_mark_stays_as_words(words: str) -> None:
    assert pairs(words) == [(words, ())]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("See [the site](http://x.org/a_(b)) now.", "See the site now."),
        ("See [the site](/page?q=1 'title') now.", "See the site now."),
        ("See [it](#top).", "See it."),
        ("![dot](https://x.org/?q=secret) Hello.", "!dot Hello."),
        ("[![dot](https://x.org/?q=secret)](https://x.org)", "[!dot]"),
        ("[a [b] c](https://x.org) d", "[a [b] c] d"),
    ],
)
def test_a_link_keeps_its_text_and_leads_nowhere(reply: str, words: str) -> None:
    assert pairs(reply) == [(words, ())]
    assert said(*reply) == said(reply)


def test_an_escaped_bracket_is_one_of_the_source() -> None:
    assert pairs(r"The paper cites \[2] for it [1].") == [("The paper cites [2] for it.", (1,))]


# Whose mark it is.


def test_a_mark_that_begins_a_sentence_or_a_line_belongs_to_it() -> None:
    assert pairs("[1] says so. [2] says no.") == [("says so.", (1,)), ("says no.", (2,))]
    assert pairs("They differ.\n[1] The ship sank.") == [("They differ.", ()), ("The ship sank.", (1,))]
    assert pairs("- [1] One\n- [2] Two") == [("One", (1,)), ("Two", (2,))]
    assert pairs("Sources:\n[1] A report\n[2] A letter") == [("Sources:", ()), ("A report", (1,)), ("A letter", (2,))]


def test_a_mark_after_a_sentence_belongs_to_it_on_a_line_of_its_own_too() -> None:
    assert pairs("He came. [1] She left. [2]") == [("He came.", (1,)), ("She left.", (2,))]
    assert pairs("He came.\n[1]\n\nShe left.\n\n[2]") == [("He came.", (1,)), ("She left.", (2,))]
    assert pairs("Name: Ann [1]\nAge: 7 [2]") == [("Name: Ann", (1,)), ("Age: 7", (2,))]


def test_a_mark_after_an_abbreviation_is_in_the_middle_of_its_sentence() -> None:
    assert pairs("In the U.S. [1] and e.g. [2] Spain it rained.") == [("In the U.S. and e.g. Spain it rained.", (1, 2))]


def test_numbers_stand_in_the_order_of_their_first_appearance() -> None:
    assert pairs("A [3] b [1, 3] c [2].") == [("A b c.", (3, 1, 2))]


# Where sentences end.


@pytest.mark.parametrize(
    "words",
    ["It grew 3.5 percent.", "He lives in the U.S. Army base.", "Dr. Smith met J. Brown.", "Wait … no.", "e.g. this."],
)
def test_a_sentence_is_held_back_until_what_follows_decides(words: str) -> None:
    assert [each.words for each in said(*f"{words} The end.")] == [words, "The end."]
    assert [each.words for each in said(*words)] == [words]


def test_a_sentence_is_said_as_soon_as_the_next_word_is_whole() -> None:
    marks = Marks(3)
    assert marks.feed("He came [1]. She") == []
    assert marks.feed(" ") == [Said("He came.", (1,), "")]
    assert marks.close() == [Said("She", (), " ")]


def test_items_headings_and_rows_are_sentences_and_their_signs_are_gaps() -> None:
    reply = "Two points:\n\n- **one** [1]\n  * two. More [2]\n\n1. third\n2) fourth\n\n## Head\nText [3]"
    assert said(reply) == [
        Said("Two points:", (), ""),
        Said("**one**", (1,), "\n\n- "),
        Said("two.", (), "\n  * "),
        Said("More", (2,), " "),
        Said("third", (), "\n\n1. "),
        Said("fourth", (), "\n2) "),
        Said("Head", (), "\n\n## "),
        Said("Text", (3,), "\n"),
    ]
    assert said("| a | b. C [1] |\n|---|---|\n| c [2] | d |\nAfter.") == [
        Said("| a | b. C |", (1,), ""),
        Said("| c | d |", (2,), "\n|---|---|\n"),
        Said("After.", (), "\n"),
    ]


def test_what_has_no_letter_is_no_sentence_between_others() -> None:
    assert said("One.\n\n---\n\nTwo.") == [Said("One.", (), ""), Said("Two.", (), "\n\n---\n\n")]
    assert joined(said("One.\n\n---")) == "One.\n\n---"
    assert said("- ") == [Said("-", (), "")]


def test_scripts_without_spaces_end_their_sentences() -> None:
    assert pairs("今日は雨。[1]明日は「晴れ。」[2]終わり[3]。") == [
        ("今日は雨。", (1,)),
        ("明日は「晴れ。」", (2,)),
        ("終わり。", (3,)),
    ]


def test_a_reply_of_nothing_or_of_marks_alone_says_nothing() -> None:
    for reply in ("", " \n", "[1]", " [1][2] 【9】\n"):
        assert said(reply) == []


# Replies that a broken model writes.


def test_a_sentence_that_never_ends_is_cut() -> None:
    for reply in ("and so on " * 2_000, "x" * 20_000, "- " * 10_000, "!\n\n" * 7_000, "日" * 20_000, "\\[12]" * 4_000):
        found = said(reply)
        assert len(found) > 4 and all(len(each.words) + len(each.gap) < 7_000 for each in found)
        assert said(*reply) == found
        whole = reply.replace("\\[", "[").strip()
        assert re.sub(r"\s", "", joined(found)) == re.sub(r"\s", "", whole)


def test_a_cut_never_puts_a_bracket_and_its_number_side_by_side() -> None:
    for size in range(1_985, 2_005):
        assert all(each.gap for each in said("x" * size + "`[12]`" + "y" * 4_000)[1:])


LOOPS = [
    "[",
    "[1",
    "[1]",
    "[1] ",
    "[[",
    "(",
    "([1",
    "【",
    "【1",
    "`",
    "`a",
    "](",
    "](/",
    "[a](b(",
    "[1](/",
    "\\[1",
    "[1, ",
    "[1]   ,   ",
]


def steps(reply: str) -> int:
    """Count the lines of the package that a reply runs through."""
    count = 0

    def trace(frame: object, event: str, arg: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        said(reply)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("loop", LOOPS)
def test_a_reply_that_loops_takes_time_in_proportion_to_its_length(loop: str) -> None:
    short, long = steps(loop * 500), steps(loop * 2_000)
    assert long < 6 * short + 2_000


@pytest.mark.parametrize("loop", LOOPS)
def test_a_long_reply_that_loops_comes_to_an_end(loop: str) -> None:
    marks, reply = Marks(3), loop * (200_000 // len(loop))
    for start in range(0, len(reply), 40):
        marks.feed(reply[start : start + 40])
    marks.close()
