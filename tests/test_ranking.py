"""The order of passages: pure functions of scores, places and words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.ranking import QUOTED, Ranked, closeness, fuse, gathered, raised, read_anew, squash
from qa.records import Row
from qa.spans import Span

WORDS = st.lists(st.sampled_from("stork otter river nests the in of".split()), max_size=80)
IDF = {"stork": 5.0, "otter": 4.0, "river": 2.0, "nests": 3.0, "the": 0.1, "in": 0.2, "of": 0.1}
EMPTY = {"the", "in", "of"}


def row(number: int, document: int = 1) -> Row:
    return Row(number, document, Span(number, number + 1), 1, number.to_bytes(16))


def ranked(*scores: float) -> list[Ranked]:
    return [Ranked(row(i), score, None, None, ()) for i, score in enumerate(scores)]


def numbers(passages: list[Ranked]) -> list[int]:
    return [each.row.number for each in passages]


def fused(cosines: dict[int, float], bm25: dict[int, float], rows: list[Row]) -> list[int]:
    keys = {rows[i].key: cosine for i, cosine in cosines.items()}
    return numbers(fuse(rows, keys, {rows[i].number: score for i, score in bm25.items()}, found=(keys, bm25)))


def test_what_both_searches_put_first_comes_first() -> None:
    rows = [row(i, document=i) for i in range(4)]
    assert fused({0: 0.9, 1: 0.8, 2: 0.5, 3: 0.4}, {0: 9.0, 3: 8.0, 1: 1.0}, rows)[0] == 0


def test_a_passage_gains_from_the_one_beside_it_in_its_document_alone() -> None:
    # numbers 2, 3 and 6, 7 are alike but that 2 and 3 stand in one document
    rows = [row(2, 1), row(3, 1), row(6, 2), row(7, 3), row(20, 9), row(30, 9), row(40, 9), row(50, 9)]
    cosines = {0: 0.9, 1: 0.6, 2: 0.9, 3: 0.6, 4: 0.1, 5: 0.1, 6: 0.1, 7: 0.1}
    order = fused(cosines, {}, rows)
    assert order.index(3) < order.index(7)


def test_no_passages_are_no_order() -> None:
    assert fused({}, {}, []) == []


@given(WORDS, WORDS)
def test_closeness_is_as_much_as_all_words_and_pairs_at_most_and_nothing_without_any(
    asked: list[str], words: list[str]
) -> None:
    close = closeness(asked, words, IDF, empty=EMPTY)
    pairs = sum((IDF[one] + IDF[other]) / 2 for one, other in set(pairwise(asked)))
    weight = sum(IDF[word] for word in set(asked))
    assert 0 <= close <= (weight + pairs) / (weight or 1.0) + 1e-9
    if not set(asked) & set(words):
        assert close == 0


def test_words_that_stand_together_are_worth_more_than_words_far_apart() -> None:
    asked = ["stork", "nests", "river"]
    together = ["the", "stork", "nests", "in", "the", "river"]
    apart = ["stork", *["of"] * 40, "nests", *["of"] * 40, "river"]
    assert closeness(asked, together, IDF, empty=EMPTY) > 2 * closeness(asked, apart, IDF, empty=EMPTY)


def test_the_order_of_the_words_counts() -> None:
    asked = ["river", "stork"]
    same, turned = (closeness(asked, words, IDF, empty=EMPTY) for words in (["river", "stork"], ["stork", "river"]))
    assert same > turned > 0


def test_a_word_that_is_repeated_counts_once() -> None:
    once, thrice = (closeness(["stork"], ["stork"] * n, IDF, empty=EMPTY) for n in (1, 3))
    assert once == thrice > 0


def test_empty_words_count_in_pairs_alone() -> None:
    assert closeness(["the", "river"], ["the"], IDF, empty=EMPTY) == 0
    with_the, alone = (closeness(["the", "river"], words, IDF, empty=EMPTY) for words in (["the", "river"], ["river"]))
    assert with_the > alone


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0, 2)), max_size=20))
def test_gathering_loses_no_passage_and_keeps_the_best_first(pairs: list[tuple[float, float]]) -> None:
    anew = gathered(ranked(*(score for score, _ in pairs)), [close for _, close in pairs])
    assert sorted(numbers(anew)) == list(range(len(pairs)))
    assert [each.score for each in anew] == sorted((each.score for each in anew), reverse=True)


def test_what_has_the_quoted_words_in_that_order_comes_before_all_else() -> None:
    words = [["stork", "in", "river"], ["river", "stork"], ["the", "stork", "river"]]
    assert numbers(raised(ranked(2.0, 1.5, -0.5), [("stork", "river")], words, by=QUOTED)) == [2, 0, 1]


def apart(*scores: float) -> list[Ranked]:
    """Return passages of which none stands beside another."""
    return [Ranked(row(2 * i), score, None, None, ()) for i, score in enumerate(scores)]


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(-9, 9)), max_size=20), st.integers(1, 4))
def test_reading_anew_loses_no_passage_and_scores_none_above_who_stands_before_it(
    pairs: list[tuple[float, float]], first: int
) -> None:
    before = ranked(*(score for score, _ in pairs))
    anew = read_anew(before, [read for _, read in pairs], lift=1.5, share=0.75, first=first)
    assert sorted(numbers(anew)) == list(range(len(pairs)))
    assert [each.score for each in anew] == sorted((each.score for each in anew), reverse=True)


def test_the_one_passage_that_the_reader_is_sure_of_comes_first() -> None:
    assert numbers(read_anew(apart(1.0, 0.8, 0.6, -2.4), [0, 0, 9, 0], lift=1.5, share=0.0, first=2))[0] == 4


def test_where_the_reader_is_sure_of_none_the_first_places_stay_as_the_search_has_them() -> None:
    anew = read_anew(apart(1.0, 0.8, 0.6, -2.4), [1.0, 1.1, 1.2, 1.3], lift=1.5, share=5.0, first=2)
    assert numbers(anew)[:2] == [0, 2]
    assert numbers(anew)[2:] == [6, 4]  # there its order counts


def test_what_stands_beside_the_best_is_lifted_with_it() -> None:
    beside = [*apart(1.0, 0.2, 0.1, 0.0, -0.2), Ranked(row(1), -0.4, None, None, ())]
    assert numbers(read_anew(beside, [0] * 6, lift=1.5, share=0.0, first=1))[:2] == [0, 1]


@pytest.mark.parametrize("score", [-30.0, 0.0, 3.0, 30.0])
def test_a_score_is_between_0_and_1(score: float) -> None:
    assert 0 <= squash(score) <= 1
