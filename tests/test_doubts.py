"""Doubts: a sentence whose words are all cited may say something else; it is told what speaks against it."""

from __future__ import annotations

import pytest
from conftest import Fill
from hypothesis import given, settings
from hypothesis import strategies as st

from qa import Library
from qa.denial import denied
from qa.doubts import doubt
from qa.support import judge
from qa.words import EMPTY, read

# Opposites.


@pytest.mark.parametrize(
    ("claim", "cited", "said", "there"),
    [
        ("Strand resigned before the vote.", "Strand resigned after the vote.", "before", "after"),
        ("The plan was approved by nine votes.", "The plan was rejected by nine votes.", "approved", "rejected"),
        ("It stands on the southern pier.", "It stands on the northern pier.", "southern", "northern"),
        ("Sales rose to 40 in May.", "In May sales fell to 40.", "rose", "fell"),
        ("The club won the final by one goal.", "The club lost the final by one goal.", "won", "lost"),
        ("The bank sold the mill to Orme.", "The bank bought the mill from Orme.", "sold", "bought"),
        ("Lamps may hang at most 3 metres up.", "Lamps may hang at least 3 metres up.", "most", "least"),
        ("Entry is free for people over 60.", "Entry is free for people under 60.", "over", "under"),
        ("All of the letters were lost.", "Most of the letters were lost.", "All", "Most"),
        ("The records are encrypted at night.", "The records are unencrypted at night.", "encrypted", "unencrypted"),
        ("Work ended in June 2011.", "Work began in June 2011 and ended in August 2014.", "ended", "began"),
    ],
)
def test_an_opposite_in_the_place_of_a_word_is_told(claim: str, cited: str, said: str, there: str) -> None:
    assert doubt(claim, [cited]) == f"where it says “{said}” the cited words say “{there}”"


@pytest.mark.parametrize(
    ("claim", "cited"),
    [
        ("The vote came after Strand resigned.", "Strand resigned before the vote."),
        ("Orme bought the mill from the bank.", "The bank sold the mill to Orme."),
        ("Dunmore won against Harbury.", "Harbury lost against Dunmore."),
        ("The last train leaves at 9.", "The first train leaves at 5, the last at 9."),
        ("It stands on the southern pier.", "The northern pier fell; it stands on the southern pier."),
        ("The door opens at 9 and closes at 5.", "The door closes at 5. It opens at 9."),
        ("In 1932 the gallery sold one of the pictures.", "The gallery bought pictures in 1911 and sold one in 1932."),
        ("From the southern end work on it began in June.", "Work on it started in June at the southern end."),
        ("Non-steroidal drugs ease pain.", "Nonsteroidal drugs ease pain."),
    ],
)
def test_an_opposite_in_another_place_or_turned_round_is_none(claim: str, cited: str) -> None:
    assert doubt(claim, [cited]) is None


# Numbers.


@pytest.mark.parametrize(
    ("claim", "cited", "why"),
    [
        ("The lamp has a range of 19 kilometres.", "The lamp has a range of 19 nautical miles.", "“19 nautical miles”"),
        ("It sold for 87 million dollars.", "It sold for 87 million rupees.", "“87 million rupees”"),
        ("It lies 19 miles off.", "It lies 19 miles off.", None),
        ("It weighs 19 tonnes.", "Weight in tonnes: 19", None),
        ("The dish costs 5 pounds.", "The dish costs £5.", None),
    ],
)
def test_a_number_of_other_units_is_told(claim: str, cited: str, why: str | None) -> None:
    found = doubt(claim, [cited])
    assert (found is None) == (why is None) and (why or "") in (found or "")


@pytest.mark.parametrize(
    ("claim", "cited", "other"),
    [
        (
            "The lease ends on 4 March 2019.",
            "The lease was made on 4 March 2019. The lease ends on 3 March 2029.",
            "3 March 2029",
        ),
        ("Entry costs 4 euros for adults.", "Entry costs 9 euros for adults and 4 euros for children.", "9 euros"),
        ("Solano left the club in May 2018.", "Solano left the club in July 2018. Orme came in May 2018.", "July 2018"),
        ("In 2022 it had 121,000 guests.", "In 2022 it had 182,000 guests, and 121,000 in 2021.", "182,000"),
    ],
)
def test_a_number_that_belongs_to_other_words_is_told(claim: str, cited: str, other: str) -> None:
    assert f"there stands “{other}”" in (doubt(claim, [cited]) or "")


@pytest.mark.parametrize(
    ("claim", "cited"),
    [
        ("The lease ends on 3 March 2029.", "The lease was made on 4 March 2019. The lease ends on 3 March 2029."),
        ("Entry costs 4 euros for children.", "Entry costs 9 euros for adults and 4 euros for children."),
        ("In 2021 it had 121,000 guests.", "In 2022 it had 182,000 guests, and 121,000 in 2021."),
        ("The large model costs $599.", "The small and the large model cost $499 and $599, respectively."),
        ("The court awarded Ravel 52,000 euros.", "Ravel demanded 74,000 euros. The court awarded him 52,000 euros."),
        ("Sales rose to 59 from 42.", "Sales rose from 42 to 59."),
        ("Fell, the treasurer, told that 2020 brought a loss of 960.", "Treasurer Fell told of a loss of 960 in 2020."),
    ],
)
def test_a_number_that_stands_with_its_words_is_no_other(claim: str, cited: str) -> None:
    assert doubt(claim, [cited]) is None


def test_numbers_that_have_changed_places_are_told_without_names_too() -> None:
    assert "other names or words" in (doubt("It fell by two votes to seven.", ["It fell by seven votes to two."]) or "")


def test_another_text_may_have_the_number_that_belongs_there() -> None:
    claim, lease = "The employee may resign with six months' notice.", "Either party may leave with six months' notice."
    contract = "The employee may resign with three months' notice."
    assert doubt(claim, [lease]) is None
    assert "“three months”, not “six months”" in (doubt(claim, [lease], [contract]) or "")


# What is said with reserve, and of whom.


@pytest.mark.parametrize(
    ("claim", "cited", "only"),
    [
        ("Repairs cost 640,000 crowns.", "Repairs would have cost 640,000 crowns.", "would have cost"),
        ("Kessler was awarded 2.4 million.", "Kessler claimed 2.4 million and was awarded nothing.", "claimed 2.4"),
        ("It reduces the risk.", "It may reduce the risk.", "may reduce"),
        ("The firm added a turbine.", "The firm planned to add a turbine.", "planned to add"),
        ("Mbeki insulted a steward.", "Mbeki was alleged to have insulted a steward.", "alleged to have insulted"),
        ("Kane slept through it.", "Kane is said to have slept through it.", "said to have slept"),
        ("Rosa Quint is the caretaker.", "The deputy caretaker is Rosa Quint.", "deputy caretaker"),
    ],
)
def test_what_is_only_said_with_reserve_is_told(claim: str, cited: str, only: str) -> None:
    assert doubt(claim, [cited]) == f"the cited words only say “{only}”"


@pytest.mark.parametrize(
    ("claim", "cited"),
    [
        ("It can reduce the risk.", "It may reduce the risk."),
        ("The firm intended to add a turbine.", "The firm planned to add a turbine."),
        ("Kessler claimed 2.4 million.", "Kessler claimed 2.4 million."),
        ("It opened in May 2011.", "In May 2011 it opened."),
        ("The firm added a turbine.", "The firm planned to add a turbine. It added the turbine in 2020."),
        ("It made a false statement.", "It made a false claim or statement."),
    ],
)
def test_what_is_said_with_reserve_too_or_elsewhere_as_so_is_not(claim: str, cited: str) -> None:
    assert doubt(claim, [cited]) is None


@pytest.mark.parametrize(
    ("claim", "cited", "why"),
    [
        ("The Rose was built in 1933.", "The Rose's twin, the Iris, was built in 1933.", "“Rose's twin”"),
        ("The Rose was built in 1933.", "The Rose's hull was red. The Rose was built in 1933.", None),
        ("Kane published a book.", "Kane's book was published.", None),
        ("Marit Lund resigned after it fell.", "Marit Lund came. Jonas Ekberg had resigned after it fell.", "Ekberg"),
        ("Kelling Co built the new mill.", "The new mill was built by Osterby Ltd, the old by Kelling Co.", "Osterby"),
        ("Oliver Kelley toured the South.", "Oliver Kelley came. With Masons as guides he toured the South.", None),
        ("The Borrower lends the Lender 7.", "The Lender lends the Borrower 7.", "“Lender” that the cited words name"),
    ],
)  # fmt: skip
def test_of_whom_it_is_said_is_looked_at(claim: str, cited: str, why: str | None) -> None:
    found = doubt(claim, [cited])
    assert (found is None) == (why is None) and (why or "") in (found or "")


# «It is false that».


@pytest.mark.parametrize(
    ("claim", "cited"),
    [
        ("It is false that the rule does not bind guests.", "The rule does not bind guests."),
        ("It is wrong that the rule binds guests.", "The rule binds guests."),
        ("It is not true that the rule binds guests.", "The rule binds guests."),
        ("It isn't the case that the rule binds guests.", "The rule binds guests."),
        ("The rule binds guests.", "It is untrue that the rule binds guests."),
    ],
)
def test_that_it_is_false_is_a_negation(claim: str, cited: str) -> None:
    assert judge(claim, [cited]).why == "the cited words deny it"


def test_what_is_false_and_what_is_not_so_is_the_same() -> None:
    assert judge("The bridge was not closed.", ["It is false that the bridge was closed."]).verdict == "supported"


@pytest.mark.parametrize("claim", ["A false claim was made.", "The wrong that was done is old.", "It fell that day."])
def test_false_and_that_by_themselves_deny_nothing(claim: str) -> None:
    said = read(claim)
    assert not denied(said, [said], [len(set(said.keys) - EMPTY) / len(said.keys)])


# Through the front door.


def test_a_doubt_makes_a_sentence_partial_and_says_why(library: Library, fill: Fill) -> None:
    fill(
        {
            "a.txt": "Olaf Strand resigned after the vote on the merger. The repairs would have cost 640 crowns.",
            "b.txt": "The employee may resign with three months' notice.",
            "d.txt": "Her salary is 91,500 euros a year.",
            "c.txt": "Either party may leave the lease with six months' notice.",
        }
    )
    library.sync()
    found = library.verify(
        "Olaf Strand resigned before the vote on the merger.\n\nThe repairs cost 640 crowns.\n\n"
        "The employee may resign with six months' notice. Her salary is 91,500 euros each year."
    ).sentences
    assert [each.support for each in found] == ["partial", "partial", "partial", "supported"]
    assert found[0].why == "where it says “before” the cited words say “after”"
    assert found[3].why.endswith("“employee” and “resign” from the sentence before")


PIECES = [
    "first ",
    "second ",
    "5 km ",
    "3 March 2019 ",
    "Ann’s ",
    "Paris ",
    "would ",
    "false that ",
    "not ",
    ", and ",
    "日",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=30).map("".join)


@settings(derandomize=True, deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=3), st.lists(TEXTS, max_size=2))
def test_whatever_is_said_a_doubt_is_a_sentence_or_none(claim: str, cited: list[str], others: list[str]) -> None:
    found = doubt(claim, cited, others)
    assert found is None or found == found.strip() != ""
