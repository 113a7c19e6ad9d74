"""Support: what a sentence says stands in the words that it cites, or it is said what does not."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.alignment import Cited, align
from qa.reader import Entailment
from qa.support import FEATURES, WEIGHTS, judge
from qa.words import key, read

STEADY = settings(derandomize=True, max_examples=150, deadline=None)
SHIP = (
    "The Titanic was a liner of the White Star Line. She was built in Belfast. "
    "Early on 15 April 1912 she sank in the North Atlantic. The captain was Edward Smith. "
    "Of the 2,224 people aboard more than 1,500 died."
)
PIECES = st.sampled_from(
    [
        "The ship sank. ",
        "It did not. ",
        "1,500 ",
        "Paris ",
        "U.S. ",
        "[1] ",
        "\n\n",
        "a | b",
        "日本語。",
        "不",
        "…",
        "\udfff",
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=20).map("".join)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-1, 1)


def verdict(sentence: str, *cited: str) -> str:
    return judge(sentence, cited or [SHIP]).verdict


def why(sentence: str, *cited: str) -> str:
    return judge(sentence, cited or [SHIP]).why


# Whatever is said.


@STEADY
@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_every_sentence_gets_a_verdict_with_a_score_and_a_reason(sentence: str, cited: list[str]) -> None:
    judged = judge(sentence, cited)
    assert judged.verdict in ("quoted", "supported", "partial", "unsupported")
    assert 0 <= judged.score <= 1 and judged.why
    assert judged.verdict not in ("quoted", "supported") or judged.score >= 0.5
    assert judged == judge(sentence, cited)


@STEADY
@given(TEXTS, TEXTS, NUMBERS, st.floats(0, 1))
def test_so_it_does_whatever_models_say(sentence: str, cited: str, cosine: float, likely: float) -> None:
    judged = judge(
        sentence,
        [cited],
        similar=lambda claim, texts: [cosine] * len(texts),
        entail=lambda claim, texts: [Entailment(likely, (1 - likely) / 2, (1 - likely) / 2)] * len(texts),
    )
    assert 0 <= judged.score <= 1 and judged.why


@STEADY
@given(st.sampled_from(SHIP.split(". ")), st.integers(10_000, 10**15).map(str) | st.integers(20, 99).map(str))
def test_a_number_that_is_not_cited_is_never_supported(sentence: str, number: str) -> None:
    said = f"{sentence.rstrip('.')}, {number} of them."
    if number not in SHIP:
        judged = judge(said, [SHIP], similar=lambda _, texts: [1.0] * len(texts), entail=sure(1.0))
        assert judged.verdict != "supported" and judged.score < 0.5


@pytest.mark.parametrize("cited", [[], [""], [" \n "]])
def test_what_cites_nothing_is_unsupported(cited: list[str]) -> None:
    judged = judge("It sank.", cited)
    assert (judged.verdict, judged.score, judged.why) == ("unsupported", 0.0, "it cites nothing")


def test_what_says_nothing_is_unsupported() -> None:
    assert (verdict(" \n"), why(" \n")) == ("unsupported", "it says nothing")


@pytest.mark.parametrize(
    "text",
    ["x" * 100_000, "a." * 50_000, "1." * 50_000, "1," * 50_000, "U.S. " * 20_000, "not " * 30_000, "Ab " * 30_000,
     "a, and " * 20_000, "日" * 50_000, "'" * 50_000, "\ufdfa" * 20_000, "0" * 100_000, "twenty million " * 9_000],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_hostile_texts_take_no_time(text: str) -> None:
    before = time.perf_counter()
    judge(text, [SHIP])
    judge(SHIP, [text])
    judge(text, [text[1:]])
    assert time.perf_counter() - before < 2  # a tenth of it, on a quiet machine


# Word for word.


@pytest.mark.parametrize(
    "sentence", ["She was built in Belfast.", "She  was built\nin Belfast.", SHIP, SHIP.split(". ", 3)[0] + "."]
)
def test_whole_sentences_of_the_source_are_quoted(sentence: str) -> None:
    judged = judge(sentence, [SHIP])
    assert (judged.verdict, judged.score) == ("quoted", 1.0) and "word for word" in judged.why


def test_sentences_on_end_are_quoted_and_others_are_not() -> None:
    one, two, three, *_ = (f"{each}." for each in SHIP.split(". "))
    assert verdict(f"{one} {two}") == "quoted"
    assert verdict(f"{one} {three}") != "quoted"


def test_a_part_of_a_sentence_is_no_quote_of_it() -> None:
    assert verdict("Otters fly.", "Nobody thinks that otters fly.") == "unsupported"


# In other words.


@pytest.mark.parametrize(
    "sentence",
    [
        "The Titanic sank in the North Atlantic early on 15 April 1912.",
        "More than 1500 of the 2224 people aboard died.",
        "The Titanic, a White Star liner built in Belfast, sank in April 1912.",
        "The captain of the Titanic was Edward Smith.",
        "The liner's captain was called Edward Smith.",
    ],
)
def test_a_true_paraphrase_is_supported(sentence: str) -> None:
    judged = judge(sentence, [SHIP])
    assert judged.verdict == "supported" and "say so" in judged.why


@pytest.mark.parametrize(
    ("sentence", "lacking"),
    [
        ("The Titanic sank in the North Atlantic early on 15 April 1942.", "“1942”"),
        ("The Titanic was a liner of the White Star Line built in Hamburg.", "“Hamburg”"),
        ("The captain of the Titanic was John Smith.", "“John”"),
        ("Of the 2,224 people aboard more than 15,000 died.", "“15,000”"),
        ("Of the 2,224 people aboard twelve died.", "“twelve”"),
        ("The Titanic sank in 1942 off Paris.", "“1942” and “Paris”"),
        ("It carried grain and sailors to harbours.", "“carried”, “grain”, “sailors” and more"),
    ],
)
def test_what_the_source_lacks_is_named(sentence: str, lacking: str) -> None:
    judged = judge(sentence, [SHIP])
    assert judged.verdict == "unsupported" and judged.score < 0.5 and lacking in judged.why


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("The fleet has 1,000 ships.", "The fleet has one thousand ships."),
        ("The fleet has twelve ships.", "The fleet has 12 ships."),
        ("The fleet cost 1.5 million dollars.", "The fleet cost $1,500,000."),
        ("The fleet lost 20% of its ships.", "The fleet lost twenty percent of its ships."),
        ("The fleet sailed on 3 May 1905.", "The fleet sailed on 1905-05-03."),
        ("The U.S. fleet sailed.", "The fleet of the United States sailed."),
        ("The American fleet sailed.", "The fleet of the U.S. sailed."),
        ("The fleet of the United Nations sailed.", "The UN fleet sailed."),
        ("The Russian fleet sailed.", "The fleet of Russia sailed."),
    ],
)
def test_numbers_dates_and_names_are_the_same_in_other_forms(sentence: str, source: str) -> None:
    found = align(sentence, Cited.of([source]))
    assert not found.numbers and not found.names
    assert verdict(sentence, source) == "supported"


def test_the_same_number_of_something_else_is_another() -> None:
    assert align("It takes 5 weeks.", Cited.of(["It takes 5 days."])).numbers == ("5 weeks",)
    assert align("It costs $5 million.", Cited.of(["It costs €5 million."])).numbers == ("$5 million",)
    assert not align("It takes 5 weeks.", Cited.of(["weeks: 5"])).numbers
    assert align("Glaze it at 1,280 °F.", Cited.of(["Glaze it at 1,280 °C."])).numbers == ("1,280 Fahrenheit",)
    assert not align("Glaze it at 1280 degrees Celsius.", Cited.of(["Glaze it at 1,280 °C."])).names


def test_a_number_within_another_is_another() -> None:
    assert align("There were 224 people.", Cited.of([SHIP])).numbers == ("224",)
    assert not align("It flew as number 52.", Cited.of(["The B52 flew."])).numbers


def test_a_name_after_a_sign_is_a_name() -> None:
    assert align("Of 20% in Paris 5 percent stayed.", Cited.of(["Of 20% 5 percent stayed."])).names == ("Paris",)


def test_a_surname_alone_may_be_hers_but_another_first_name_is_not() -> None:
    assert not align("The prize went to Norman Borlaug.", Cited.of(["Then Borlaug got the prize."])).names
    assert align("The prize went to Norman Borlaug.", Cited.of(["Then Peter Borlaug got it."])).names == ("Norman",)


def test_where_every_noun_has_a_capital_none_is_taken_for_a_name() -> None:
    assert not align("Die Katze schläft und das Tier ist auf dem Sofa.", Cited.of(["Ein Hund."])).names


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("The ship was not built in Belfast.", "The ship was built in Belfast."),
        ("The ship was built in Belfast.", "The ship was not built in Belfast."),
        ("The ship was never built in Belfast.", "The ship was built in Belfast."),
        ("The ship sank.", "The ship didn't sink."),
        ("No ship sank in the harbour.", "A ship sank in the harbour."),
        (
            "The ship never sank.",
            "The ship sank in a storm before the coast of Norway, with a cargo of timber and salt, in the year 1911.",
        ),
    ],
)
def test_a_negation_too_many_or_too_few_is_a_denial(sentence: str, source: str) -> None:
    assert (verdict(sentence, source), why(sentence, source)) == ("unsupported", "the cited words deny it")


TICKETS = "Tickets are not refundable and cannot be transferred."
HALL = "Visitors must not smoke, and dogs are not allowed in the hall."


@pytest.mark.parametrize(
    ("sentence", "source", "denies"),
    [
        ("Tickets are refundable.", TICKETS, True),
        ("Tickets can be transferred.", TICKETS, True),
        ("Tickets are not refundable.", TICKETS, False),
        ("Tickets cannot be transferred.", TICKETS, False),
        ("Dogs are allowed in the hall.", HALL, True),
        ("Dogs are not allowed in the hall.", HALL, False),
        (
            "The library is open on public holidays.",
            "The library is not open on Sundays, nor on public holidays.",
            True,
        ),
        ("The board published a report.", "The board never met in 2020 and did not publish a report.", True),
        (
            "The lease of Unit 7 does not begin on 1 March 2022.",
            "# Lease, Unit 7\n\nThe lease begins on 1 March 2022.",
            True,
        ),
        ("The lease of Unit 7 begins on 1 March 2022.", "# Lease, Unit 7\n\nThe lease begins on 1 March 2022.", False),
    ],
)
def test_of_several_denials_that_of_the_same_counts(sentence: str, source: str, *, denies: bool) -> None:
    expected = ("unsupported", "the cited words deny it") if denies else ("supported", "the cited words say so")
    assert (verdict(sentence, source), why(sentence, source)) == expected


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("The ship was not built in Belfast.", "The ship, it is said, was not built in Belfast."),
        ("The ship sank in 1912.", "The ship, which carried no lifeboats, sank in 1912."),
        ("The ship was built and repaired in Belfast.", "The ship was not only built but repaired in Belfast."),
        ("The ship was No. 1 in Belfast.", "In Belfast the ship was number 1."),
        (
            "62 injuries have been sustained.",
            "62 injuries have been reported, but this does not include brain injuries diagnosed since the attack.",
        ),
    ],
)
def test_a_negation_of_something_else_is_none(sentence: str, source: str) -> None:
    assert verdict(sentence, source) == "supported"


def test_of_two_clauses_one_that_does_not_follow_makes_it_partial() -> None:
    half = judge("The Titanic was built in Belfast, and it carried passengers to Cherbourg.", [SHIP])
    assert half.verdict == "partial" and "only some of it" in half.why and "“Cherbourg”" in half.why
    bare = judge("More than 1,500 people aboard died, while cats were rescued by sailors.", [SHIP])
    assert bare.verdict == "partial" and "“cats”" in bare.why and bare.score < 0.5


def test_what_is_too_long_to_be_compared_is_not_supported() -> None:
    assert verdict(f"{SHIP} " * 20) != "supported"


# Models.


def sure(likely: float) -> Callable[[str, Sequence[str]], list[Entailment]]:
    """Say that every claim follows so surely."""
    return lambda _, texts: [Entailment(likely, (1 - likely) * 2 / 3, (1 - likely) / 3)] * len(texts)


def test_what_is_near_in_meaning_is_likelier_and_so_is_what_the_reader_says_follows() -> None:
    said = "The vessel of White Star went down in 1912."
    far, near = (judge(said, [SHIP], similar=lambda _, texts, c=c: [c] * len(texts)).score for c in (0.5, 0.95))
    no, yes = (judge(said, [SHIP], entail=sure(likely)).score for likely in (0.01, 0.99))
    assert near > far and yes > no


def test_the_reader_says_what_speaks_against_a_claim() -> None:
    judged = judge("The people aboard sank the Atlantic liner in April.", [SHIP], entail=sure(0.001))
    assert (judged.verdict, judged.why) == ("unsupported", "the cited words say otherwise")


def test_models_are_given_few_sentences_of_long_citations() -> None:
    given: list[int] = []

    def similar(_: str, texts: Sequence[str]) -> list[float]:
        given.append(len(texts))
        return [0.8] * len(texts)

    judge("Sentence 7 is here and so are others.", [f"Sentence {i} is here." for i in range(200)], similar=similar)
    assert given and max(given) <= 9


def test_what_cannot_be_told_has_no_weight() -> None:
    for (near, read_), weights in WEIGHTS.items():
        by_name = dict(zip(FEATURES, weights, strict=True))
        assert bool(by_name["nearest"]) == near and bool(by_name["follows"]) == read_
        assert all(map(math.isfinite, weights))
        assert by_name["covered"] > 0 and by_name["joined"] > 0 and by_name["numbers"] < 0 and by_name["names"] < 0


# Words.


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cities", "city"),
        ("running", "runs"),
        ("ship's", "ship"),
        ("U.S.", "US"),
        ("twelve", "12"),
        ("1,000", "1000"),
    ],
)
def test_other_forms_of_a_word_have_the_same_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@STEADY
@given(TEXTS)
def test_every_word_has_a_key(text: str) -> None:
    said = read(text)
    assert len(said.words) == len(said.keys) and all(said.words) and all(said.keys)
