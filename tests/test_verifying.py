"""A text goes in; each of its sentences comes out with a verdict, and the words that support it best."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import SEEDS, Fill, Run, make_pdf, sentence
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_api import running

from qa import Library
from qa.doubts import doubt
from qa.drafts import LONGEST_DRAFT, MOST_SENTENCES, claims, leans, plain_words
from qa.errors import EmptyLibrary, TooLarge, UsageError
from qa.proofs import verification_lines
from qa.remote import RemoteLibrary
from qa.turns import Turns
from qa.verifying import Checking

TEXT = next(SEEDS.glob("*.txt")).read_bytes().decode()


def verdicts(library: Library, *sentences: str) -> list[str]:
    """Return the verdict of each sentence, given in a paragraph of its own."""
    return [each.support for each in library.verify("\n\n".join(sentences)).sentences]


# A made-up draft about the document in seeds/.

RIGHT = [
    "U.S. forces have been attacked about 66 times since October 17th.",
    "There were 32 attacks in Iraq and 34 in Syria.",
    "The strikes of November 22 hit Iranian positions in Iraq.",
    "Sabrina Singh is the Pentagon's deputy press secretary.",
    "An AC-130 gunship engaged people who had launched a missile at Al Assad Airbase.",
    "Iran funds Hamas and Hezbollah.",
    "The attack on November 21 used close-range ballistic missiles.",
    "Ballistic missiles can potentially carry nuclear warheads.",
]
WRONG = [
    "U.S. forces have been attacked about 86 times since October 17th.",  # numbers
    "Approximately 26 injuries have been sustained by U.S. personnel.",
    "There were 34 attacks in Iraq and 32 in Syria.",
    "U.S. personnel have sustained 62 deaths.",
    "The strikes of November 22 hit Iranian positions in Yemen.",  # names
    "Lloyd Austin is the Pentagon's deputy press secretary.",
    "Hamas funds Iran and Hezbollah.",
    "U.S. forces attacked Iran approximately 66 times since October 17th.",
    "Iran does not fund Hamas and Hezbollah.",  # negations
    "The attack on November 21 did not involve ballistic missiles.",
    "Ballistic missiles cannot carry nuclear warheads.",
    "The gunship did not cause any enemy casualties.",
    "Russia condemned the strikes.",  # not said
    "A hospital for children was opened in a village by the sea.",
    "The stock market rose on Tuesday.",
]


@pytest.mark.parametrize("said", RIGHT)
def test_what_the_documents_say_in_other_words_is_not_unsupported(seeds: Library, said: str) -> None:
    assert verdicts(seeds, said) != ["unsupported"]


@pytest.mark.parametrize("said", WRONG)
def test_what_the_documents_do_not_say_is_never_supported(seeds: Library, said: str) -> None:
    assert set(verdicts(seeds, said)) <= {"unsupported", "partial"}


def test_a_sentence_of_a_document_is_quoted_with_its_place(seeds: Library) -> None:
    said = "Ballistic missiles are powerful weapons that can potentially carry nuclear warheads."
    found = seeds.verify(f"As we read: **{said}** [3]\n\n- {said.replace(' are', '  are')}")
    for each in found.sentences[-1:]:
        assert (each.support, each.why, each.citations) == ("quoted", "word for word in the source", (1,))
    (citation,) = {each for each in found.citations if each.cited_text == said}
    assert TEXT[citation.start_char_index : citation.end_char_index] == said


def test_every_sentence_of_a_document_is_quoted(seeds: Library) -> None:
    found = seeds.verify(TEXT)
    judged = [each for each in found.sentences if each.support != "unchecked"]
    assert [each.text for each in judged if each.support != "quoted"] == []
    assert len(judged) > 8 and found.holds and found.counts["quoted"] == len(judged)


# The JSON.


def test_the_json_is_what_is_promised(seeds: Library) -> None:
    text = f"# Notes\n\n{RIGHT[0]} {WRONG[0]}\n\n{RIGHT[5]} {RIGHT[0]}"
    found = seeds.verify(text).to_dict()
    assert set(found) == {"text", "sentences", "citations", "counts", "timings_ms"}
    assert list(found["sentences"][1]) == ["text", "start", "end", "support", "score", "why", "citations"]
    assert [each["number"] for each in found["citations"]] == list(range(1, len(found["citations"]) + 1))
    first = [number for each in found["sentences"] for number in each["citations"]]
    assert list(dict.fromkeys(first)) == sorted(set(first)) == [each["number"] for each in found["citations"]]
    assert sum(found["counts"].values()) == len(found["sentences"]) == 5
    assert found["counts"]["unchecked"] == 1 and found["text"] == text
    for each in found["sentences"]:
        assert text[each["start"] : each["end"]] == each["text"]
    for each in found["citations"]:
        assert TEXT[each["start_char_index"] : each["end_char_index"]] == each["cited_text"]


PIECES = ["# Head\n", "It sank.", "It rose [1].", "\n\n", " ", "- an item\n", "| a | b |\n", "```\ncode", "```\n"]
PIECES += [
    "**Bold. Text**",
    "“Quoted.”",
    "1. one\n",
    "狐は眠る。",
    "\r\n",
    "(Smith 2020).",
    "What?",
    "[^2]: note",
    "\x07",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=200))
def test_claims_are_spans_of_the_text_in_order(text: str) -> None:
    found = claims(text)
    for each in found:
        assert text[each.span.start : each.span.end].strip() == text[each.span.start : each.span.end] != ""
        assert each.words and any(letter.isalnum() for letter in each.words)
    assert all(a.span.end <= b.span.start for a, b in pairwise(found))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=10)
@given(st.lists(st.sampled_from(PIECES + RIGHT[:2]), min_size=1, max_size=6).map(" ".join))
def test_text_start_end_is_the_sentence_whatever_the_text(seeds: Library, text: str) -> None:
    """text[start:end] == sentence text, and every number names a citation."""
    try:
        found = seeds.verify(text)
    except UsageError:
        return
    for each in found.sentences:
        assert text[each.start : each.end] == each.text
        assert all(1 <= number <= len(found.citations) for number in each.citations)


# What is no claim, and what is no word of one.


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("# A heading of Markdown", "a heading"),
        ("Underlined heading\n======", "a heading"),
        ("Results And Discussion\n\nIt rose.", "a heading"),
        ("What did it cost?", "a question"),
        ("Dear Anna,", "a greeting"),
        ("Hello!", "a greeting"),
        ("Best regards,\nAnna", "a greeting"),
        ("Here are the points:", "what leads to the next"),
        ("```python\nprint('It sank. It rose.')\n```", "code"),
        ("[1]: https://example.org/a A title", "a reference"),
        ("[^note]: See the report of 2020.", "a reference"),
        ("| Country | Attacks |\n|---|---|\n", "a heading"),
    ],
)
def test_what_claims_nothing_is_not_checked(text: str, what: str) -> None:
    assert claims(text)[0].unchecked == what


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("It sank [1].", "It sank."),
        ("It sank.[1][2, 3]", "It sank."),
        ("It sank [^4], and rose 【5†source】.", "It sank, and rose."),
        ("It sank (Smith 2020).", "It sank."),
        ("It sank (Smith et al., 2020; Jones 2019a).", "It sank."),
        ("It sank (see Smith & Jones, 2020, p. 4) again.", "It sank again."),
        ("It sank (November 2023).", "It sank (November 2023)."),
        ("It sank (66 times).", "It sank (66 times)."),
        ("It sank.²", "It sank."),
        ("It has 5 m² and 3 * 4 * 5.", "It has 5 m² and 3 * 4 * 5."),
        ("**It** _sank_ in `foo_bar`, ***truly***.", "It sank in foo_bar, truly."),
        ("It [sank](https://example.org/a_(b)) here.", "It sank here."),
        ("It sank (https://example.org/x_y).", "It sank."),
        ("| Iraq | 32 |", ", Iraq, 32"),
        (r"\[12] it \*sank\*.", "[12] it *sank*."),
        ("It sank<br> here <!-- not --> now.", "It sank here now."),
    ],
)
def test_marks_and_markdown_are_taken_out_for_judging(said: str, words: str) -> None:
    assert plain_words(said) == words


def test_list_markers_and_signs_of_quoting_are_no_part_of_a_sentence() -> None:
    text = "1. It sank.\n2) They rose.\n- [x] It fell.\n> * He left.\n\n## It stood\n| Iraq | 32 |\n"
    assert [each.span.of(text) for each in claims(text)] == [
        "It sank.", "They rose.", "It fell.", "He left.", "It stood", "Iraq | 32 |",
    ]  # fmt: skip


def test_a_line_that_is_wrapped_goes_on() -> None:
    assert [each.words for each in claims("The ship sank in\nthe harbour. It\nwas raised.")] == [
        "The ship sank in the harbour.",
        "It was raised.",
    ]


@pytest.mark.parametrize(
    "piece",
    [
        "<!--",
        "*a ",
        "a\n\n",
        "1\n\n",
        "a" + " " * 99,
        "[a](",
        "```\n",
        "> - 1. ",
        "(A ",
        "| a ",
        "\\",
        "a, ",
        "\r",
        "[1] ",
    ],
)
def test_no_text_is_slow_to_read(piece: str) -> None:
    with suppress(TooLarge):
        assert len(claims((piece * LONGEST_DRAFT)[:LONGEST_DRAFT])) <= MOST_SENTENCES


# What leans on the sentence before.


@pytest.mark.parametrize(
    "said", ["It rose again in 2021.", "However, they rose.", "In 2021 it rose.", "Its price fell."]
)
def test_a_sentence_that_points_back_leans(said: str) -> None:
    assert leans(said)


@pytest.mark.parametrize(
    "said", ["Copper rose, and it fell.", "It is likely that copper rose.", "This report is of copper.", "Copper fell."]
)
def test_a_sentence_that_names_what_it_is_about_stands_by_itself(said: str) -> None:
    assert not leans(said)


def test_what_leans_is_judged_with_what_it_leans_on(library: Library, fill: Fill) -> None:
    fill(
        {
            "a.txt": "Copper exports of Zambia fell in 2020. They rose again in 2021, to a record.",
            "b.txt": "Tin exports of Peru fell in 2020. They fell again in 2021, to nothing at all.",
        }
    )
    library.sync()
    right = library.verify("Copper exports of Zambia were lower in 2020. In 2021 they rose again.")
    assert [each.support for each in right.sentences] == ["supported", "supported"]
    assert {each.document.path for each in right.citations} == {"a.txt"}
    wrong = library.verify("Tin exports of Peru fell in 2020. In 2021 they rose again to a record.")
    assert wrong.sentences[1].support in ("partial", "unsupported")


def test_a_quote_that_leans_is_looked_for_where_the_one_before_is_from(library: Library, fill: Fill) -> None:
    fill(
        {
            "a.txt": "Copper fell in 2020. It rose again in 2021.",
            "b.txt": "Tin fell in 2020. It rose again in 2021.",
            "c.txt": "Lead fell in 1999.",
        }
    )
    library.sync()
    for metal, path in (("Tin", "b.txt"), ("Copper", "a.txt")):
        found = library.verify(f"{metal} fell in 2020. It rose again in 2021.")
        assert [each.support for each in found.sentences] == ["quoted", "quoted"]
        assert [each.document.path for each in found.citations] == [path, path]
    elsewhere = library.verify("Lead fell in 1999. It rose again in 2021.").sentences[1]
    assert (elsewhere.support, elsewhere.why) == (
        "quoted",
        "word for word in the source; see there what it speaks of",
    )


# What seems to follow and does not.


@pytest.mark.parametrize(
    ("claim", "cited", "why"),
    [
        ("They counted 34 in Iraq and 32 in Syria.", "There were 32 in Iraq and 34 in Syria.", "with other names"),
        ("They counted 34 in Syria and 32 in Iraq.", "There were 32 in Iraq and 34 in Syria.", None),
        ("Hamas funds Iran.", "Iran funds and supports Hamas.", "“Iran” that the cited words name first"),
        ("Hamas is funded by Iran.", "Iran funds and supports Hamas.", None),
        ("In Iraq, Iran funds Hamas.", "Iran funds Hamas in Iraq.", None),
        ("It had 62 deaths.", "It had 62 injuries.", "lack “62 deaths”"),
        ("The gel, which is cold, does not cling to the pipe.", "The gel clings to the pipe.", "deny nothing"),
        ("The gel never clings to it.", "The gel does not cling to it.", None),
        ("It had 62 injuries in 2021.", "In 2021, injuries numbered 62.", None),
        ("In May 2021 sales rose.", "In May of 2021 it sold more.", None),
    ],
)
def test_the_order_of_names_and_numbers_is_looked_at(claim: str, cited: str, why: str | None) -> None:
    found = doubt(claim, [cited])
    assert (found is None) == (why is None) and (why or "") in (found or "")


# Every door.


def test_it_runs_through_every_door(seeds: Library, tmp_path: Path, qa: Run) -> None:
    text = f"{RIGHT[0]} {WRONG[0]}"
    expected = {**seeds.verify(text).to_dict(), "timings_ms": None}
    with running(seeds) as client:
        answer = client.post("/api/citations/verify", json={"text": text})
        assert answer.status_code == 200 and {**answer.json(), "timings_ms": None} == expected
        with RemoteLibrary(str(client.base_url)) as remote:
            assert {**remote.verify(text).to_dict(), "timings_ms": None} == expected
            resolved = remote.resolve("Ballistic missiles")
            assert resolved == seeds.resolve("Ballistic missiles")
        for quote, status, words in (
            ("a", 400, "too common"),
            ("x" * 30_000, 413, "too long"),
            ("no such", 404, "nowhere"),
        ):
            failed = client.post("/api/citations/resolve", json={"quote": quote})
            assert failed.status_code == status and words in failed.json()["detail"]
        unknown = client.post("/api/citations/resolve", json={"quote": "missile", "document": "nope.txt"})
        assert unknown.status_code == 404 and "There is no such document" in unknown.json()["detail"]


def test_the_command_prints_verdicts_and_places_and_exits_by_them(seeds: Library, tmp_path: Path, qa: Run) -> None:
    place = ("--folder", SEEDS, "--index", tmp_path / "index")
    assert qa("sync", *place)[0] == 0
    good, bad = tmp_path / "good.md", tmp_path / "bad.pdf"
    good.write_text(f"# Notes\n\n1. **U.S. forces** {RIGHT[0][12:-1]} [7].\n")
    bad.write_bytes(make_pdf(WRONG[0]))
    code, out, err = qa("verify", good, *place)
    assert (code, err) == (0, "")
    assert f"Supported: {RIGHT[0]} [1]\n    [1] 000_b3f819ec6e2feb12.txt, line 11\n        > “… U.S." in out
    assert "Not checked: Notes (a heading)" in out and out.endswith("Sentences: 1 supported, 1 not checked\n")
    code, out, _ = qa("verify", bad, *place)
    assert code == 1 and "the cited words lack “86”" in out
    code, out, _ = qa("verify", bad, "--json", *place)
    assert code == 1 and json.loads(out)["counts"]["unsupported"] == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n", "no text"),
        (b"\x00\x01\x02\x03" * 99, "binary"),
        (b"x" * 10_000_001, "larger than 10 MB"),
        (b"It sank. " * 30_000, "too long"),
        (b"...!", "no word"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_checked_is_told_in_a_sentence(
    qa: Run, tmp_path: Path, data: bytes | None, words: str
) -> None:
    draft = tmp_path / "draft.txt"
    if data is not None:
        draft.write_bytes(data)
    index = tmp_path / "index"
    qa("sync", SEEDS, "--index", index)
    code, out, err = qa("verify", draft, "--folder", SEEDS, "--index", index)
    assert (code, out) == (2, "") and words in sentence(err)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("", UsageError, "no word"),
        ("…!?", UsageError, "no word"),
        ("It sank.\x00", UsageError, "binary"),
        ("It sank \ud800.", UsageError, "half of a character"),
        (b"It sank.", UsageError, "must be a text"),
        ("x" * (LONGEST_DRAFT + 1), TooLarge, "too long"),
        ("It sank.\n\n" * (MOST_SENTENCES + 1), TooLarge, "more than 1,000 sentences"),
    ],
)
def test_a_text_that_cannot_be_checked_is_told_in_a_sentence(
    seeds: Library, text: str, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        seeds.verify(text)


def test_a_draft_of_10_mb_is_too_large_over_http(seeds: Library) -> None:
    with running(seeds) as client:
        for size in (10_000_000, 300_000):
            answer = client.post("/api/citations/verify", json={"text": "x" * size})
            assert answer.status_code == 413 and answer.json()["detail"].endswith(".")


def test_an_empty_library_says_so(library: Library) -> None:
    library.sync()
    with pytest.raises(EmptyLibrary):
        library.verify("It sank.")


def test_a_text_of_headings_alone_does_not_hold(seeds: Library) -> None:
    found = seeds.verify("# Head\n\nWhat now?")
    assert not found.holds and found.counts["unchecked"] == 2
    assert list(verification_lines(found))[-1] == "Sentences: 2 not checked"


def test_other_languages_are_compared_by_their_words(library: Library, fill: Fill) -> None:
    fill({"a.txt": "Der Hafen von Rostock wurde 1850 gebaut. Er hat zwölf Kräne und einen Leuchtturm."})
    library.sync()
    found = library.verify("Der Hafen von Rostock wurde 1850 gebaut.\n\nDer Hafen von Rostock wurde 1950 gebaut.")
    assert [each.support for each in found.sentences] == ["quoted", "unsupported"]


def test_what_is_given_is_remembered(library: Library, fill: Fill) -> None:
    fill({"a.txt": "The marten sleeps by day.", "b.txt": "The owl sleeps by night."})
    library.sync()
    (citation,) = library.verify("The marten sleeps by day.").citations
    fill({"a.txt": "It is so. The marten sleeps by day."})
    library.sync()
    assert library.citation(citation.id).status == "moved"


def test_how_far_it_is_is_told(seeds: Library) -> None:
    told: list[Checking] = []
    seeds.verify(f"{RIGHT[0]} {RIGHT[5]}", progress=told.append)
    assert [(each.phase, each.done, each.total) for each in told] == [("checking", n, 2) for n in range(3)]


# Others go on.


@pytest.fixture
def turns() -> Iterator[Turns]:
    made = Turns(1)
    yield made
    made.close()


def test_long_work_makes_way_for_searches(turns: Turns) -> None:
    order: list[str] = []
    inside = threading.Event()

    def long() -> None:
        inside.wait(5)
        with turns.aside():
            order.append("long")

    work = threading.Thread(target=long)
    work.start()
    with turns.take():
        inside.set()
        time.sleep(0.05)
        order.append("search")
    work.join(5)
    assert order == ["search", "long"]


def test_two_verifications_at_once_leave_searches_their_turns(seeds: Library) -> None:
    checks = [threading.Thread(target=seeds.verify, args=("\n\n".join(RIGHT),)) for _ in range(2)]
    for each in checks:
        each.start()
    found = 0
    while any(each.is_alive() for each in checks):
        found += bool(seeds.search("ballistic missile", count=1))
    assert found >= 3
