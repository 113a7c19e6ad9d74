"""Narrowing: a citation is the few words that carry the claim, not the whole passage."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.narrowing import narrow, parts

STEADY = settings(derandomize=True, max_examples=150, deadline=None)
COMMON = frozenset(
    "the a an of in on at by to and was were is are it its she he they that with for from not no".split()
)
PIECES = st.sampled_from(
    [
        "The ship sank. ",
        "It did not. ",
        "Dr. ",
        "66 ",
        "\n",
        "\r\n",
        "\n\n",
        "- item ",
        "a | b",
        "\t",
        "日本語。",
        " ",
        "…",
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=25).map("".join)

SHIP = (
    "The Titanic was a liner of the White Star Line. She was built in Belfast. "
    "Early on 15 April 1912 she sank in the North Atlantic. The captain was Edward Smith. "
    "Of the 2,224 people aboard more than 1,500 died."
)


def rarity(word: str) -> float:
    """Weigh a word as an index would: the commonest hardly count."""
    return 0.2 if word in COMMON else 3.0


def cited(claim: str, passage: str, scores: list[float] | None = None) -> list[str]:
    return [span.of(passage) for span in narrow(claim, passage, weights=rarity, scores=scores)]


@STEADY
@given(TEXTS, TEXTS)
def test_what_is_cited_is_whole_parts_of_the_passage_in_their_order(claim: str, passage: str) -> None:
    found = narrow(claim, passage, weights=rarity)
    starts, ends = {span.start for span in parts(passage)}, {span.end for span in parts(passage)}
    assert bool(found) == bool(passage.strip())
    assert all(span.start in starts and span.end in ends for span in found)
    assert found == sorted(found) and all(a.end <= b.start for a, b in pairwise(found))
    assert all(span.of(passage) == span.of(passage).strip() for span in found)
    inside = [part for part in parts(passage) if any(part.overlap(span) for span in found)]
    assert len(inside) <= 3


@STEADY
@given(TEXTS)
def test_parts_leave_out_nothing_but_white_space(passage: str) -> None:
    assert "".join("".join(span.of(passage) for span in parts(passage)).split()) == "".join(passage.split())


@STEADY
@given(st.lists(st.sampled_from(SHIP.split(". ")), min_size=1, max_size=3, unique=True))
def test_a_claim_that_quotes_a_sentence_cites_it(quotes: list[str]) -> None:
    for quote in quotes:
        assert cited(quote, SHIP) == [f"{quote.rstrip('.')}."]


# Where the claim stands.


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("It sank on April 15, 1912.", ["Early on 15 April 1912 she sank in the North Atlantic."]),
        ("Edward Smith was its captain.", ["The captain was Edward Smith."]),
        ("Belfast is where it was built.", ["She was built in Belfast."]),
    ],
)
def test_a_claim_that_one_sentence_carries_cites_that(claim: str, expected: list[str]) -> None:
    assert cited(claim, SHIP) == expected


def test_a_claim_over_two_neighbours_cites_them_as_one() -> None:
    assert cited("The Titanic, a liner of the White Star Line, was built in Belfast.", SHIP) == [
        "The Titanic was a liner of the White Star Line. She was built in Belfast."
    ]


def test_a_claim_over_two_places_cites_both() -> None:
    assert cited("Built in Belfast, she lost more than 1,500 of her 2,224 people.", SHIP) == [
        "She was built in Belfast.",
        "Of the 2,224 people aboard more than 1,500 died.",
    ]


def test_a_name_is_taken_from_the_sentence_beside_the_fact() -> None:
    passage = (
        "The Lusitania was fast. Many liners were built then. The Lusitania was large. She sank off Ireland in 1915."
    )
    assert cited("The Lusitania sank off Ireland in 1915.", passage) == [
        "The Lusitania was large. She sank off Ireland in 1915."
    ]


def test_a_few_shared_words_do_not_make_a_further_citation() -> None:
    passage = "The bridge was opened in 1932 by the premier. The bridge is grey. The premier was tall."
    assert cited("The premier opened the bridge in 1932.", passage) == ["The bridge was opened in 1932 by the premier."]


def test_no_more_than_three_sentences_are_cited() -> None:
    passage = " ".join(f"The {name} is here." for name in ("alder", "birch", "cedar", "dogwood", "elm", "fir"))
    found = narrow("alder cedar elm dogwood fir birch", passage, weights=rarity)
    assert sum(span.of(passage).count(".") for span in found) <= 3


# What decides.


def test_numbers_decide_between_sentences_that_are_alike() -> None:
    passage = (
        "In 2019 sales rose by 3.5 percent. In 2020 sales rose by 4 percent. In 2021 sales rose by 12,000 percent."
    )
    assert cited("Sales grew four percent in 2020.", passage) == ["In 2020 sales rose by 4 percent."]
    assert cited("Sales rose by 3.5 percent.", passage) == ["In 2019 sales rose by 3.5 percent."]
    assert cited("The rise was 12000 percent.", passage) == ["In 2021 sales rose by 12,000 percent."]


def test_names_decide_between_sentences_that_are_alike() -> None:
    passage = "The mayor of Rome spoke about water. The mayor of Oslo spoke about snow."
    assert cited("About the weather spoke the mayor of Oslo.", passage) == ["The mayor of Oslo spoke about snow."]


def test_a_negation_decides_between_sentences_that_are_alike() -> None:
    passage = "The drug does not help children. The drug helps children over twelve. Nobody knows why."
    assert cited("The drug helps children.", passage) == ["The drug helps children over twelve."]
    assert cited("The drug doesn’t help children.", passage) == ["The drug does not help children."]
    assert cited("The drug never helped any child or children.", passage) == ["The drug does not help children."]


def test_the_order_of_words_decides_between_sentences_that_are_alike() -> None:
    passage = "Spain beat Italy that year. Italy beat Spain that year."
    assert cited("Italy beat Spain.", passage) == ["Italy beat Spain that year."]


def test_other_forms_of_a_word_are_that_word() -> None:
    passage = "It was quiet. Forces attacked countries nearby. Ships were stopped."
    assert cited("An attacking force, a country", passage) == ["Forces attacked countries nearby."]
    assert cited("They stop a ship", passage) == ["Ships were stopped."]


def test_rare_words_count_more_than_common_ones() -> None:
    passage = "It was in the north of the town and on the hill. Basalt lies beneath."
    assert cited("The town on the hill is of basalt in the north of it.", passage)[0].startswith("It was in the north")
    heavy = narrow("the basalt on the hill of it", passage, weights=lambda word: 9.0 if word == "basalt" else 0.1)
    assert [span.of(passage) for span in heavy] == ["Basalt lies beneath."]


def test_nearness_in_meaning_decides_where_words_do_not() -> None:
    passage = "He bought a boat. The vessel went under. It rained."
    assert cited("Ships can founder.", passage, [0.1, 0.9, 0.2]) == ["The vessel went under."]
    with pytest.raises(ValueError, match="one for each"):
        cited("Ships can founder.", passage, [0.1])


# Kinds of text.


def test_a_row_of_a_table_is_cited_alone() -> None:
    for bar in (" | ", "\t"):
        rows = [bar.join(row) for row in (("Country", "Capital"), ("Norway", "Oslo. Big"), ("Italy", "Rome"))]
        passage = "The capitals follow here.\n" + "\n".join(rows) + "\nThat was all."
        assert cited("Oslo is the capital city of Norway, and big.", passage) == [rows[1]]
        assert cited("Rome: Italy", passage) == [rows[2]]


def test_an_item_of_a_list_is_cited_alone() -> None:
    passage = "You need:\n- three eggs\n- a cup of flour\n* some salt\n1. a large pan"
    assert cited("It takes a cup of flour.", passage) == ["- a cup of flour"]
    assert cited("A large pan", passage) == ["1. a large pan"]
    bare = "What the kitchen has to have before you can begin to cook\nThree eggs\nA cup of flour\nSome salt"
    assert cited("A cup of flour is there.", bare) == ["A cup of flour"]


def test_lines_that_were_only_broken_are_one_sentence() -> None:
    passage = (
        "The committee met in the old town hall of\nVienna, where it spoke at great length about\nMozart. It left."
    )
    assert len(parts(passage)) == 2
    assert cited("In Vienna they spoke about Mozart.", passage) == [passage[: passage.index(" It left")]]


@pytest.mark.parametrize(
    ("claim", "passage", "expected"),
    [
        (
            "Москва — столица России.",
            "Киев стоит на Днепре. Столица России — Москва. Идёт снег.",
            "Столица России — Москва.",
        ),
        (
            "Das Schiff sank nicht.",
            "Das Schiff sank 1912. Das Schiff sank nicht. Es war alt.",
            "Das Schiff sank nicht.",
        ),
        ("東京は日本の首都です。", "京都は古い町です。日本の首都は東京です。雨です。", "日本の首都は東京です。"),
        ("서울의 인구는 많다.", "부산은 항구다. 서울은 인구가 많다. 비가 온다.", "서울은 인구가 많다."),
        ("عاصمة مصر هي القاهرة", "النيل نهر طويل. القاهرة عاصمة مصر. الجو حار.", "القاهرة عاصمة مصر."),
        ("Il pleut à Orléans.", "Le vin est bon. À Orle\u0301ans il pleut. Fin.", "À Orle\u0301ans il pleut."),
    ],
)
def test_other_scripts_and_languages_are_narrowed_too(claim: str, passage: str, expected: str) -> None:
    assert cited(claim, passage) == [expected]


# Nothing to go by.


def test_an_empty_claim_or_a_foreign_one_still_cites_a_sentence() -> None:
    for claim in ("", "…", "Quantum chromodynamics"):
        assert cited(claim, "---\n\nHe came. She went.") == ["He came."]
    assert cited("He came", " \n… \n") == ["…"]
    assert cited("He came", " \n") == cited("He came", "") == []


def test_words_without_weight_count_alike() -> None:
    passage = "He came. She went away."
    assert [span.of(passage) for span in narrow("She went", passage, weights=lambda _: 0.0)] == ["She went away."]


def test_spans_count_from_the_start_of_the_passage() -> None:
    passage = "\n\n  He came.   She went.\n"
    (span,) = narrow("She went", passage, weights=rarity)
    assert (span.start, span.of(passage)) == (passage.index("She"), "She went.")
