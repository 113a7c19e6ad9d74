"""A draft: what of it claims something is checked, and what plainly claims nothing is not."""

from __future__ import annotations

import pytest
from conftest import Fill

from qa import Library
from qa.drafts import claims

TRUE = "The harbour has four piers."


def unchecked(line: str) -> list[str | None]:
    """Return what a line alone is, above a list: None for each sentence that is checked."""
    return [each.unchecked for each in claims(f"{TRUE}\n\n{line}\n\n- {TRUE}")[1:-1]]


@pytest.mark.parametrize(
    "line",
    [
        "The mooring fee is 5",
        "Mooring fee 5",
        "Population 12,000",
        "Rent: 5 euros",
        "THE RENT IS 84,000 POUNDS",
        "Brandt resigned",
        "It sank",
        "Costs rose",
        "Paris is in France",
        "The mooring fee is 9:",
        "The council approved the plan:",
    ],
)
def test_a_line_that_says_something_is_checked_though_it_looks_like_a_heading(line: str) -> None:
    assert unchecked(line) == [None]


@pytest.mark.parametrize(
    "line",
    [
        "Opening hours",
        "Results And Discussion",
        "HARBOUR FIRE KILLS FOUR IN PORT ELSWICK",
        "Annual Report 2019",
        "Chapter 5",
        "2.1 Methods",
        "2. Our main findings",
        "Terms of use",
        "Related work",
        "Lessons Learned",
    ],
)
def test_what_is_plainly_a_heading_is_not(line: str) -> None:
    assert unchecked(line) == ["a heading"]


@pytest.mark.parametrize(
    "line", ["Here are the points:", "As we read:", "The report says the following:", "The reasons are:", "Note:"]
)
def test_what_only_leads_to_the_next_is_not(line: str) -> None:
    assert unchecked(line) == ["what leads to the next"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("The rent is 99,000 pounds, is it not?", "The rent is 99,000 pounds."),
        ("The rent is 99,000 pounds, isn't it?", "The rent is 99,000 pounds."),
        ("Costs rose, didn't they?", "Costs rose."),
        ("It sank, right?", "It sank."),
        ("The rent is 99,000 pounds?", "The rent is 99,000 pounds?"),
        ("The rent is 99,000 pounds, so why pay more?", "The rent is 99,000 pounds, so why pay more?"),
    ],
)
def test_a_question_that_asserts_something_is_checked_without_what_asks_for_assent(said: str, words: str) -> None:
    (claim,) = claims(said)
    assert (claim.unchecked, claim.words, claim.said) == (None, words, said)


@pytest.mark.parametrize(
    "said",
    [
        "Is the rent too high?",
        "What did it cost?",
        "In 2020, what happened?",
        "To whom was it sold?",
        "And why?",
        "When the ship sank, who was on board?",
        "If it rose, would it fall?",
        "After the flood, did Ekberg resign?",
        "Really?",
        "Wer hat 1850 den Hafen gebaut?",
    ],
)
def test_a_question_that_asserts_nothing_is_not(said: str) -> None:
    assert [each.unchecked for each in claims(said)] == ["a question"]


def test_a_false_line_before_a_list_is_no_heading_that_lets_a_draft_hold(library: Library, fill: Fill) -> None:
    fill({"a.txt": f"{TRUE} The mooring fee is 9 euros."})
    library.sync()
    found = library.verify(f"{TRUE}\n\nThe mooring fee is 5\n\n- {TRUE}")
    assert [each.support for each in found.sentences] == ["quoted", "unsupported", "quoted"] and not found.holds
