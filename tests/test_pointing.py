"""The short answer that is marked: the figure, the date or the name that is asked for; none where it cannot be told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Fill

from qa import Library, Settings
from qa.answers import Answer
from qa.pointing import point
from qa.spans import Span
from qa.wanted import asked

TWINS = "The Tern was a schooner. The ship was launched in 1899.\n\n"


def marked(question: str, words: str, above: str = "", reader: str = "", certainty: float = 0.5) -> str | None:
    """Return what is marked, where the reader says so of some words."""
    at = words.index(reader)
    suggested = Span(at, at + len(reader)) if reader else None
    found = point(asked(question), words, above, suggested, certainty)
    return found.span.of(words) if found else None


@pytest.mark.parametrize(
    ("question", "words", "reader", "expected"),
    [
        ("How many flats were built?", "Of the 1,200 flats that he promised, 430 have been built.", "1,200", "430"),
        ("How many people does it employ in Orme?", "It employs 14 people in Lindau and 9 in Orme.", "14", "9"),
        ("How many objects are on display?", "It holds 22,000 objects, of which 1,300 are on display.", "", "1,300"),
        ("How many points has Kerne?", "Kerne beat Vey 3-1. Kerne has 41 points, Vey 28.", "3", "41"),
        ("How many vans are there?", "Vans: 5", "", "5"),
        ("How much did the mill cost?", "The mill cost 2.75 million euros in 5 years.", "5", "2.75 million euros"),
        (
            "How much did they spend in 2018?",
            "They spent 38 million euros in 2019, 31 million in 2018.",
            "",
            "31 million",
        ),
        ("How long is the pier?", "The pier is 412 metres long and 18 metres wide.", "", "412 metres"),
        ("How old is Mara Holt?", "Holt, 44, spoke to 200 workers.", "200", "44"),
        ("How old is Mara Holt?", "Mara Holt is a 44-year-old baker.", "", "44"),
        ("What share of the vote did he win?", "He won 52.3 percent of the vote.", "", "52.3 percent"),
        ("When was the ferry built?", "The ferry was built in 1931 and scrapped in 1999.", "", "1931"),
        ("Who opened the pier?", "The pier was opened by the mayor, Jonas Feld.", "", "Jonas Feld"),
        ("Where was Mara Holt born?", "Ms Holt was born in Tromsdal in 1958.", "", "Tromsdal"),
        ("How heavy is the crate?", "The crate weighs 40 kg and is 3 m long.", "3 m", "40 kg"),
        ("How often is the lift inspected?", "The lift (630 kg) is inspected every 2 weeks.", "630 kg", "2 weeks"),
        ("How old is Mara Holt?", "Mara Holt is 47 and rides.", "", "47"),
        ("Who led the inquiry?", "The inquiry was led by **Judge Okafor**.", "**Judge Okafor**", "Judge Okafor"),
    ],
)
def test_what_is_marked_is_what_is_asked_for(question: str, words: str, reader: str, expected: str | None) -> None:
    assert marked(question, words, reader=reader) == expected


@pytest.mark.parametrize(
    ("question", "words", "reader"),
    [
        ("How old is Mara Holt?", "Mara Holt won 45.5 percent of the vote.", "45.5 percent"),
        ("How old is Mara Holt?", "The bakery was founded by Mara Holt in 1987.", "1987"),
        ("How many people died in the fire?", "Three of the injured died in the week after the fire.", "Three"),
        ("How many people live in Husum?", "At Husum there were 3,120 pairs of gulls.", "3,120"),
        ("How many silos burnt?", "The fire broke out in silo 5.", "5"),
        ("How much did it cost in 2019?", "In 2018 it had cost 2.1 million euros.", "2.1 million euros"),
        ("How deep is Lake Ulm?", "Lake Sarn is 310 metres deep.", "310 metres"),
        ("How deep is Lake Ulm?", "Near Lake Ulm it rained for 3 days.", "3 days"),
        ("How heavy is the crate?", "The crate is lent for 21 days.", "21 days"),
        ("How often does the boat leave?", "The boat leaves; it takes 40 minutes.", "40 minutes"),
        ("How many bicycles were sold in the second winter?", "In the first winter six bicycles were sold.", "six"),
        ("How deep is Silo 4?", "In Silo 5 the water is 12 metres deep.", "12 metres"),
        ("When did Ada Winter die?", "Ada Winter said on Tuesday that jobs would be lost.", "Tuesday"),
        ("Who is Rolf Tanaka?", "TODO: who is Rolf Tanaka?", "TODO"),
        ("Who directed The Glass Orchard?", "The Iron Orchard was directed by Hugo Platt.", "Hugo Platt"),
        ("Who is Mara Holt?", "Mara Holt won the election in Elswick.", "Elswick"),
    ],
)
def test_what_is_not_asked_for_is_not_marked_however_sure_the_reader_is(question: str, words: str, reader: str) -> None:
    assert marked(question, words, reader=reader, certainty=0.95) is None


def test_what_stands_between_bars_is_not_marked_where_nobody_knows_its_column() -> None:
    assert marked("How many flats were built in Fennside?", "| Fennside | 300 | 40 |", reader="300") is None


@pytest.mark.parametrize(
    ("question", "words", "expected"),
    [
        ("When was the Tern launched?", "The Tern's twin, the Plover, was launched on 2 March 1902.", None),
        ("When was the Plover launched?", "The Tern's twin, the Plover, was launched on 2 March 1902.", "2 March 1902"),
        ("When did the Tern sink?", "The Plover sank in 1917.", None),
        ("When was the Plover launched?", "The ship was launched in 1899.", None),
        ("When was the Tern launched?", "The ship was launched in 1899.", "1899"),
    ],
)
def test_what_is_told_of_another_is_not_marked(question: str, words: str, expected: str | None) -> None:
    assert marked(question, words, above="The Tern was a schooner.") == expected


@pytest.mark.parametrize(
    ("question", "above", "expected"),
    [
        ("How much is the rent of Unit 7?", "Lease of Unit 7", "900 euros"),
        ("How much is the rent of Unit 9?", "Lease of Unit 7", None),
        ("How much is the rent of Heron House?", "Lease of Heron House", "900 euros"),
        ("How much is the rent of Heron House?", "Lease of Marigold House", None),
        ("How much was the rent in 2024?", "Accounts of 2023", None),
        ("How much was the rent in 2024?", "Accounts of 2024, as told in 2025", "900 euros"),
    ],
)
def test_what_stands_under_the_title_of_another_is_not_marked_however_sure_the_reader_is(
    question: str, above: str, expected: str | None
) -> None:
    assert marked(question, "The rent is 900 euros.", above, "900 euros", 0.95) == expected


def test_a_long_run_of_figures_is_read_quickly_and_nothing_of_it_is_marked() -> None:
    assert marked("How many people came in 1951?", "In 1950 there were 12 people, " * 90) is None


@pytest.fixture(params=["bundled", "off"])
def library(fill: Fill, request: pytest.FixtureRequest) -> Iterator[Library]:
    """A library with the reader, and one without."""
    files = {
        "tern.txt": f"{TWINS}The Tern's sister ship, the Plover, was launched on 2 March 1902.",
        "town.txt": "In 2018 the safety of the harbour had cost 2.1 million euros.\n\nThe mayor, Mara Holt, is well. "
        "The safety of the harbour cost 6.5 million euros in 2019.",
    }
    with Library.open(fill(files), settings=Settings(reader=request.param)) as opened:
        opened.sync()
        yield opened


def marks(answer: Answer) -> list[str]:
    return [answer.text[slice(*each.answer_span)] for each in answer.sentences if each.answer_span]


def test_a_sentence_that_answers_is_shown_in_place_of_one_that_tells_of_another(library: Library) -> None:
    answer = library.ask("When was the Tern launched?")
    assert marks(answer) == ["1899"] and "1902" not in answer.text
    answer = library.ask("How much did the safety of the harbour cost in 2019?")
    assert marks(answer) == ["6.5 million euros"]


def test_an_age_that_no_document_tells_is_refused(library: Library, fill: Fill) -> None:
    assert library.ask("How old is Mara Holt?").refused
    fill({"guild.txt": "Rolf Tanaka is a baker in the town. He joined the guild of bakers in 2016."})
    library.sync()
    assert library.ask("How old is Rolf Tanaka?").refused
