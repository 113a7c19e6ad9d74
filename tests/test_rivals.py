"""Documents that contradict each other: both are quoted, and the answer says so; what only looks so is left alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Fill

from qa import Answer, Library, Settings


@pytest.fixture(params=["bundled", "off"])
def library(fill: Fill, request: pytest.FixtureRequest) -> Iterator[Library]:
    """A library with the reader, and one without."""
    with Library.open(fill({}), settings=Settings(reader=request.param)) as opened:
        yield opened


def asked(library: Library, fill: Fill, question: str, **files: str) -> Answer:
    fill({f"{name}.txt": text for name, text in files.items()})
    library.sync()
    return library.ask(question)


def paths(answer: Answer) -> set[str]:
    return {citation.document.path for citation in answer.citations}


RENT = "How much is the monthly rent for the flat?"


def test_documents_that_give_different_figures_are_quoted_side_by_side(library: Library, fill: Fill) -> None:
    answer = asked(
        library,
        fill,
        RENT,
        lease="The monthly rent for the flat is 1,450 euros.\n\nThe deposit is 2,900 euros.",
        amended="The monthly rent for the flat is 1,520 euros.\n\nPets are allowed.",
        garage="The monthly rent for the garage is 80 euros.",
    )
    assert paths(answer) >= {"lease.txt", "amended.txt"}
    assert (answer.reason or "").startswith("The documents give different figures: see which of them holds (")
    fill({"2023-05-01 lease.txt": "The monthly rent for the flat is 1,400 euros."})
    library.sync()
    assert "2023-05-01 lease.txt is of 2023-05-01" in (library.ask(RENT).reason or "")
    assert all(f"{name}.txt is of 2" in (answer.reason or "") for name in ("lease", "amended"))
    assert all(f"{citation.document.path}: " in answer.text for citation in answer.citations)


def test_under_the_title_of_another_nothing_is_contradicted(library: Library, fill: Fill) -> None:
    leases = {"Heron House": "1,250", "Marigold House": "900", "Unit 7": "700", "Unit 9": "800"}
    texts = {
        name.split()[-1] + name[0]: f"# Lease of {name}\n\nThe monthly rent is £{rent}."
        for name, rent in leases.items()
    }
    for name, rent in leases.items():
        answer = asked(library, fill, f"How much is the monthly rent of {name}?", **texts)
        assert rent in answer.text and answer.reason is None, (name, answer.text)


def test_documents_that_give_different_dates_are_quoted_side_by_side(library: Library, fill: Fill) -> None:
    answer = asked(
        library,
        fill,
        "When was the Anders Bridge opened?",
        guide="The Anders Bridge was opened in 1931. It is 220 metres long.",
        chronicle="The Anders Bridge was opened in 1929, as the chronicle says.",
    )
    assert paths(answer) == {"guide.txt", "chronicle.txt"}
    assert "different dates" in (answer.reason or "")


@pytest.mark.parametrize("library", ["bundled"], indirect=True)
@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (
            "How many households lost power in storm Edda?",
            "Storm Edda crossed the coast. Around 40,000 households lost power.",
            "The power company now counts 52,000 households without power after storm Edda.",
        ),
        (
            "How many workers took part in the strike?",
            "About 400 workers took part in the strike at the mill.",
            "According to the union, 1,200 workers joined the strike.",
        ),
        (
            "How many people died of Fenn fever?",
            "Two people died of Fenn fever in July.",
            "Nobody has died of Fenn fever this year, the ministry said.",
        ),
        (
            "What share of the vote did Mara Holt win?",
            "Mara Holt won the election with 52.3 percent of the vote.",
            "The recount gave Mara Holt 50.9 percent of the vote.",
        ),
    ],
)
def test_the_same_told_in_other_words_with_another_figure_contradicts(
    library: Library, fill: Fill, question: str, one: str, other: str
) -> None:
    answer = asked(library, fill, question, one=one, other=other)
    assert paths(answer) == {"one.txt", "other.txt"}
    assert "different figures" in (answer.reason or "")


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (RENT, "The monthly rent for the flat is 1,450 euros.", "The monthly rent for the flat is €1,450."),
        (
            "How many people does the company employ?",
            "The company employs 12 people.",
            "The company employs twelve people in Husum.",
        ),
        (
            "How high is Mount Kora?",
            "Mount Kora is 3.12 km high.",
            "Mount Kora is 3120 metres high.",
        ),
        (
            "How high is Mount Kora?",
            "Mount Kora is 3,120 metres high.",
            "Mount Kora is 10,236 feet high.",
        ),
        (
            "When was the battle of Vell?",
            "The battle of Vell was on June 5, 1811.",
            "The battle of Vell was on 5 June 1811, in the rain.",
        ),
        (
            "When was the battle of Vell?",
            "The battle of Vell was on 1811-06-05.",
            "The battle of Vell was in June 1811.",
        ),
        (
            "When was the battle of Vell?",
            "The battle of Vell was in 1811.",
            "The battle of Vell was in the 1810s, it is thought.",
        ),
        (
            "When was the battle of Vell?",
            "The battle of Vell was in 1811.",
            "The battle of Vell was in the 19th century, it is thought.",
        ),
    ],
)
def test_the_same_said_in_another_way_is_no_contradiction(
    library: Library, fill: Fill, question: str, one: str, other: str
) -> None:
    answer = asked(library, fill, question, one=one, other=other)
    assert not answer.refused and answer.reason is None


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        ("How much was the rent in 2022?", "In 2022 the rent was 900 euros.", "In 2021 the rent was 850 euros."),
        ("How long is the Anders Bridge?", "The Anders Bridge is 220 m long.", "The Brask Bridge is 90 m long."),
        (
            "How many pairs of gulls bred at Elswick?",
            "In 2022 4,700 pairs of gulls bred at Elswick.",
            "In 2012 8,900 pairs of gulls bred at Elswick.",
        ),
        (
            "How much would repairs of the bridge cost?",
            "Repairs of the bridge would cost 640,000 crowns.",
            "Judgment in Hollis v. Marsh\n\n| Item | Amount |\n|---|---|\n| Damages | 9,000 |\n| Costs | 31,400 |",
        ),
        (
            "How many houses did the flood destroy?",
            "The flood destroyed 214 houses.",
            "The flood destroyed over two hundred houses.",
        ),
        (
            "How many people live in Elswick?",
            "At Elswick 3,120 gulls live.",
            "In Elswick 5,200 gulls live, says a club.",
        ),
        ("How old is Mara Holt?", "Mara Holt, 44, spoke.", "Mara Holt, 45, spoke again."),
        ("Who opened the bridge?", "The bridge was opened by 2 mayors.", "The bridge was opened by 3 mayors."),
    ],
)
def test_what_is_said_of_something_else_is_no_contradiction(
    library: Library, fill: Fill, question: str, one: str, other: str
) -> None:
    answer = asked(library, fill, question, one=one, other=other)
    assert "different" not in (answer.reason or "")
