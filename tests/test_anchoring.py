"""A quote is found again where its words really are, and nowhere else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from qa.anchoring import LEAST, anchor, anchors, nearest
from qa.changes import difference
from qa.edges import Joint
from qa.letters import Letters
from qa.spans import Span

STEADY = settings(derandomize=True, max_examples=150, deadline=None)

PIECES = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        "aab",
        "1",
        "2",
        "²",
        "½",
        "-",
        "–",
        "\xad",
        "\u200b",
        " ",
        " ",
        "\n",
        "\r\n",
        "\xa0",
        "“",
        "'",
        "…",
    ]
    + ["...", "ﬁ", "fi", "é", "e\u0301", "x\u0302", "e", "Ａ", "A", "-\n", "-\r\n ", "\xad\n", "–\n", "- ", "\0", "日"]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)
OTHERWISE = {
    " ": ["\n", "\xa0 ", "\r\n"],
    "\n": [" ", ""],
    "-": ["–", "", "-\n", "- ", "\xad\n"],
    "–": ["-", "-\r\n"],
    "“": ["'", "«"],
    "'": ["’", "”"],
    "ﬁ": ["fi"],
    "f": ["f", "F"],
    "é": ["e\u0301", "e"],
    "²": ["2"],
    "Ａ": ["A"],
    "…": ["..."],
    "a": ["a", "a-\n", "a\xad", "a\u200b", "A"],
}


# The oracle: every reading of every part of a text, spelt out.


@dataclass(frozen=True)
class Item:
    """A letter, or white space, with what it may be read as."""

    readings: tuple[str, ...]
    start: int
    end: int

    @property
    def is_gap(self) -> bool:
        return set(self.readings) <= {" ", ""}


SAME = {"–": "-", "“": "'", "”": "'", "«": "'", "’": "'", "ﬁ": "fi", "Ａ": "A", "…": "..."}
INVISIBLE = "\xad\u200b"


def items(text: str) -> list[Item]:
    """Read a text letter by letter."""
    found, at = [], 0
    while at < len(text):
        end = at + 1
        while end < len(text) and (unicodedata.combining(text[end]) or (blank(text[at]) and blank(text[end]))):
            end += 1
        if blank(text[at]):
            space = Item((" " if any(map(str.isspace, text[at:end])) else "",), at, end)
            kind = broken(text, at, end)
            if kind and text[at - 1] in "-–":
                space = Item(kind, found.pop().start, end)
            elif kind:
                space = Item(kind, at, end)
            found.append(space)
        else:
            letter = unicodedata.normalize("NFC", text[at:end])
            found.append(Item((SAME.get(letter, letter),), at, end))
        at = end
    return found


def blank(letter: str) -> bool:
    return letter.isspace() or letter in INVISIBLE


def broken(text: str, start: int, end: int) -> tuple[str, ...]:
    """Return how white space is read that breaks a word, with the dash before it."""
    if not set(text[start:end]) & set("\r\n"):
        return ()
    dash = text[start - 1] if start and text[start - 1] in "-–" else ""
    before, after = text[: start - len(dash)][-1:], text[end:][:1]
    if not before or not after or any(blank(each) or each in "-–" for each in (before, after)):
        return ()
    letters = all(each.isalpha() or unicodedata.combining(each) for each in (before, after))
    if letters and (dash == "-" or (not dash and text[start] == "\xad")):
        return ("", "-", "- ")
    return ("-", "- ") if dash else ()


def readings(part: list[Item]) -> set[str]:
    """Return all that a part of a text can be read as; what is at its edges must be seen."""
    edges = 0, len(part) - 1
    seen = [[each for each in item.readings if each or n not in edges] for n, item in enumerate(part)]
    return {"".join(reading) for reading in product(*seen)}


def alike(text: str, quote: str) -> set[Span]:
    """Return every place of a text that can be read as a quote."""
    asked = items(quote)
    while asked and asked[0].is_gap:
        asked = asked[1:]
    while asked and asked[-1].is_gap:
        asked = asked[:-1]
    if all(set("".join(item.readings)) <= {" ", "-"} for item in asked):
        return set()
    wanted = {"".join(reading) for reading in product(*(item.readings for item in asked))}
    there = items(text)
    parts = (there[i:j] for i in range(len(there)) for j in range(i + 1, len(there) + 1))
    seen = (part for part in parts if not part[0].is_gap and not part[-1].is_gap and readings(part) & wanted)
    return {Span(part[0].start, part[-1].end).strip(text) for part in seen}


def exact(text: str, quote: str) -> list[Span]:
    """Return every place where a quote stands letter by letter, whole letters alone."""
    starts = (at for at in range(len(text) - len(quote) + 1) if text.startswith(quote, at))
    spans = (Span(at, at + len(quote)) for at in starts)
    return [span for span in spans if not parted(text, span.start) and not parted(text, span.end)]


def parted(text: str, at: int) -> bool:
    return 0 < at < len(text) and unicodedata.combining(text[at]) > 0 and not text[at - 1].isspace()


# Where words and numbers go on, spelt out: the cut is shown as a bar.
LETTER = r"[^\W_\u0e00-\u0e7f\u3040-\u9fff]|[\u0300-\u036f]"
LONGER_WORD = re.compile(
    rf"(?:{LETTER})\|(?:{LETTER})|\d\|[.,'’]\d|\d[.,'’]\|\d|\d\|\xa0\d{{3}}(?!\d)|\d\xa0\|\d{{3}}(?!\d)"
    r"|(?<![\w)–-])[-–+]\|\d|(?:^|[\s(+-])\.\|\d"
)


def within(text: str, at: int) -> bool:
    """Tell whether a cut goes through a word or a number."""
    cut = re.sub("\xad\\s+|[\xad\u200b]", "", text[:at]) + "|" + re.sub("\xad\\s+|[\xad\u200b]", "", text[at:])
    return LONGER_WORD.search(cut) is not None


def whole(text: str, spans: Iterable[Span]) -> list[Span]:
    return [span for span in spans if not within(text, span.start) and not within(text, span.end)]


@st.composite
def quotes(draw: st.DrawFn, text: str) -> str:
    """Take a part of a text, and write some of it in other forms; or words that may stand there or not."""
    if not text or draw(st.integers(0, 4)) == 0:
        return draw(st.lists(PIECES, min_size=1, max_size=4).map("".join))
    start = draw(st.integers(0, len(text) - 1))
    part = text[start : draw(st.integers(start + 1, len(text)))]
    changed = draw(st.sets(st.integers(0, len(part) - 1), max_size=3))
    pick = [draw(st.sampled_from(OTHERWISE.get(each, [each]))) if n in changed else each for n, each in enumerate(part)]
    return "".join(pick)


# Where the words are.


@settings(STEADY, max_examples=400)
@given(TEXTS, st.data())
def test_a_quote_is_found_wherever_its_words_really_are_and_nowhere_else(text: str, data: st.DataObject) -> None:
    quote = data.draw(quotes(text))
    expected = alike(text, quote)
    assert set(Letters(text).find(Letters(quote))) == expected
    found = anchors(text, quote, most=1_000)
    letter_by_letter = exact(text, quote) if Letters(quote).folded.strip() else []
    steps = whole(text, letter_by_letter), whole(text, sorted(expected)), letter_by_letter[:1], sorted(expected)[:1]
    assert [each.span for each in found] == next((step for step in steps if step), [])
    assert all((each.joint == Joint.WITHIN) == (not steps[0] and not steps[1]) for each in found)
    one = anchor(text, quote)
    assert (one is None) == (not found)
    for each in found:
        assert (each.how == "exact") == (each.span.of(text) == quote)


@settings(STEADY, max_examples=300)
@given(st.text("ab \n", max_size=60), st.text("ab \n", min_size=1, max_size=8))
def test_white_space_may_be_of_any_length(text: str, quote: str) -> None:
    found = anchor(text, quote)
    assert (found is not None) == (bool(quote.split()) and " ".join(quote.split()) in " ".join(text.split()))
    if found:
        assert found.span.of(text).split() == quote.split()


WORDS = st.sampled_from(
    "the fox sleeps. The owl “hoots” — Füchse cafe\u0301 日本語 ไทย 한국어 👨‍👩‍👧 🇩🇪 ﬁn 1,042 שלום العربية".split()
    + ["of-the", "no\xadte"]
)
LINES = st.lists(WORDS | st.sampled_from([" ", "\n", "\r\n", "\t", "\n\n"]), max_size=40).map("".join)


@STEADY
@given(LINES, LINES, st.lists(WORDS, min_size=1, max_size=4).map(" ".join), st.data())
def test_of_repeats_the_one_is_found_that_its_neighbours_tell(
    before: str, after: str, quote: str, data: st.DataObject
) -> None:
    """Whatever is edited elsewhere: what stood around a quote finds it among repeats, then how near they are."""
    copies = data.draw(st.integers(0, 3))
    old = (quote + "\n") * copies + before + " " + quote + " " + after + f" {quote}" * copies
    start = data.draw(st.sampled_from([at for at in range(len(old)) if old.startswith(quote, at)]))
    first, last = max(0, start - 32), min(len(old), start + len(quote) + 32)
    prefix, suffix = old[first:start], old[start + len(quote) : last]
    head, tail = edited(old[:first], data.draw), "" if suffix else " "  # no letter comes to stand beside the quote
    tail += edited(old[last:], data.draw)
    new, there = head + old[first:last] + tail, start - first + len(head)

    found = anchor(new, quote, prefix=prefix, suffix=suffix, near=start)
    assert found and found.how == "exact"
    whole = [at + len(prefix) for at in range(len(new)) if new.startswith(prefix + quote + suffix, at)]
    assert there in whole and found.span.of(new) == quote
    assert found.span.start == min(whole, key=lambda at: (abs(at - start), at))


def edited(text: str, draw: st.DrawFn) -> str:
    """Delete, insert or replace somewhere."""
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 20)))
    return text[:start] + draw(LINES) + " " + text[end:]


@pytest.mark.parametrize(
    ("text", "quote", "words"),
    [
        ("She said “No – never” once.", '"No - never"', "“No – never”"),
        ("one\r\n\r\n  two", "one two", "one\r\n\r\n  two"),
        ("one two", "one\xa0\ttwo", "one two"),
        ("an exam-\r\n  ple of well-\nknown words", "example of well-known", "exam-\r\n  ple of well-\nknown"),
        ("an example of well-known words", "exam-\nple of well-\nknown", "example of well-known"),
        ("an exam-\nple", "exam- ple", "exam-\nple"),
        ("exam\xad\nple, soft\xadly", "example, softly", "exam\xad\nple, soft\xadly"),
        ("pages 10–\n20", "10-20", "10–\n20"),
        ("the oﬃce’s ﬁle", "office's file", "oﬃce’s ﬁle"),
        ("the cafe\u0301s", "cafés", "cafe\u0301s"),
        ("the cafés", "cafe\u0301s", "cafés"),
        ("and so on…", "so on...", "so on…"),
        ("ＦＵＬＬ　width １２", "FULL width 12", "ＦＵＬＬ　width １２"),
        ("ｶﾞ ガ", "ガ ガ", "ｶﾞ ガ"),
        ("각 \u1100\u1161\u11a8", "\u1100\u1161\u11a8 각", "각 \u1100\u1161\u11a8"),
        ("\u200fשלום\u200e עולם", "שלום עולם", "שלום\u200e עולם"),
        ("น\u0e4d\u0e32 ใจ", "นำ\xa0ใจ", "น\u0e4d\u0e32 ใจ"),
        ("a\0b \ud800c", "a\0b\n\ud800c", "a\0b \ud800c"),
    ],
)
def test_other_forms_of_the_same_words_are_found(text: str, quote: str, words: str) -> None:
    found = anchor(text, quote)
    assert found and (found.how, found.span.of(text)) == ("alike", words)


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("The fox", "the fox"),
        ("in 10² ways", "102"),
        ("1½ ounces", "11⁄2"),
        ("pages 10-\n20", "1020"),
        ("step ⒈ then", "step 1. then"),
        ("re-sign", "resign"),
        ("resign", "re-sign"),
        ("the cafe\u0301", "cafe"),
        ("the café", "cafe"),
        ("the oﬃce", "ice"),
        ("각", "가"),
        ("ㄱㅏ", "가"),
        ("👨‍👩‍👧 and 👍🏽", "👧"),
        ("👨‍👩‍👧 and 👍🏽", "👍"),
        ("cannot", "can not"),
        ("Brand™", "BrandTM"),
        ("anything", ""),
        ("any \u200b thing", " \n\u200b"),
    ],
)
def test_other_words_are_not_found(text: str, quote: str) -> None:
    assert anchor(text, quote) is None
    assert anchors(text, quote, most=10) == []


def test_a_letter_that_was_cut_from_its_marks_is_found_where_it_is_cut_so_again() -> None:
    text = "new: the cafe\u0301 here"
    assert anchor(text, "cafe", prefix="the ", suffix="\u0301 here") == anchor(text, "cafe", suffix="\u0301")
    assert anchor(text, "cafe", prefix="the ", suffix=" here") is None


SPACED = st.characters(categories=("Lu", "Ll", "Nd"), include_characters="½²אبक한")
WHOLE = st.lists(st.text(SPACED, min_size=1, max_size=6), max_size=4)


@STEADY
@given(WHOLE, WHOLE.filter(len), WHOLE, SPACED)
def test_a_letter_or_a_figure_beside_words_makes_them_others(
    before: list[str], words: list[str], after: list[str], letter: str
) -> None:
    quote = " ".join(words)
    prefix, suffix = "".join(f"{word} " for word in before), "".join(f" {word}" for word in after)
    found = anchor(f"New. {prefix}{quote}{suffix}", quote, prefix=prefix, suffix=suffix)
    assert found and found.span.start == len("New. " + prefix)
    for here, there in ((letter, ""), ("", letter), ("", "\u0301")):
        found = anchor(prefix + here + quote + there + suffix, quote, prefix=prefix, suffix=suffix)
        assert found is None or found.span.start != len(prefix + here)


@pytest.mark.parametrize(
    ("text", "quote", "prefix", "suffix"),
    [
        ("a great boathouse stands", "house stands", "the boat", ""),
        ("the boat\xadhouse stands", "house stands", "the boat", ""),
        ("by the boathouses,", "the boat", "at ", "houses stand"),
        ("it fell to -50 today", "50", "from -", " to"),
        ("of 1,050 or so", "050", "1,", " of"),
        ("の大会議です", "会議", "", ""),
        ("(50)", "50", "", ""),
        ("$50.", "50", "", ""),
        ("from 50, not 60", "50", "", " only"),
        ("about 50 – 60", "50", "", ""),
        ("**whole** word", "whole", "", ""),
        ("a _whole_ word", "whole", "", ""),
        ("no. 50—it is", "50", "", ""),
        ("of a sub-\n\nthe next", "the next", "", ""),
        ("of a sub-\nThe next", "The next", "", ""),
        ("the next", "the next", "of a sub-\n", ""),
        ("on a sub-\nthe next", "the next", "of a sub-\n", ""),
    ],
)
def test_words_are_found_that_begin_and_end_as_they_did(text: str, quote: str, prefix: str, suffix: str) -> None:
    found = anchor(text, quote, prefix=prefix, suffix=suffix)
    assert found and found.span.of(text) == quote


def test_where_it_is_not_known_what_stood_beside_words_whole_ones_come_first() -> None:
    text = "in 1950, 50 of the 500"
    one = anchor(text, "50")
    assert one and one.span.start == 9
    assert anchor("in 1950", "50") and not anchor("in 1950", "50", prefix="", suffix="")
    assert [each.span.start for each in anchors("well-known and known", "known", most=9)] == [5, 15]


def test_neighbours_choose_first_and_the_old_place_second() -> None:
    text = "One fox here.\nThe other\n  fox there. A fox"
    starts = [4, 26, 39]

    def at(**given: object) -> int:
        found = anchor(text, "fox", **given)  # type: ignore[arg-type]
        return starts.index(found.span.start) if found else -1

    assert at() == at(near=0) == at(suffix=" here") == at(near=50, suffix=" here") == 0
    assert at(prefix="other ") == at(near=20) == at(prefix="the other\xa0", near=39) == 1  # whatever white space it is
    assert at(near=38) == at(near=10**9) == at(prefix="words nobody saw ", near=38) == 2
    assert [each.span.start for each in anchors(text, "fox", most=2)] == starts[:2]


def test_among_very_many_repeats_the_neighbours_and_the_old_place_still_choose() -> None:
    text = "x " * 30_000 + "here x there" + " x" * 30_000
    there = text.index("here x") + 5
    found = anchor(text, "x", prefix="here ", suffix=" there")
    assert found and found.span == Span(there, there + 1)
    found = anchor(text, "x", prefix="gone ", suffix=" gone", near=100_020)
    assert found and abs(found.span.start - 100_020) <= 1


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("a" * 1_000_000, "a" * 19_000 + " a"),
        ("a" * 1_000_000, "a" * 19_000 + "b"),
        ("a" * 1_000_000, "b" * 1_000_001),
        ("a" * 1_000_000, "a " * 500_000 + "b"),
        ("a" * 50_000 + "-\n" + "a" * 100_000, "a" * 10_000 + "-" + "a" * 9_000),
        ("a-\n" * 40_000, "a-" * 9_000 + "b"),
        ("x" + "-" * 300_000 + "x-\nx", "x-–x"),
        ("\u200b" * 500_000 + "a", "b"),
        (" " * 500_000 + "a", " b"),
        ("-\n" * 40_000, "- x"),
        ("x\u0302" * 50_000, "x\u0302" * 10_000 + "x"),
        ("\U0001f468\u200d" * 50_000, "\U0001f468"),
    ],
)
def test_what_is_made_to_be_slow_is_not_found_soon(text: str, quote: str) -> None:
    assert anchor(text, quote, prefix="b" * 32, suffix="c" * 32, near=70_000) is None
    assert anchors(text, quote, most=1_000) == []
    nearest(text, quote, near=5)


# What is most like them.

PAGE = (
    "The marten sleeps by day. It hunts at night, mostly in old forests, and eats mice, eggs and berries.\n\n"
    "The badger digs long burrows under hills.\r\nIts family may live in one for a hundred years or more. "
)


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        (
            "It hunts by night, mainly in old forests, and eats mice and berries.",
            "It hunts at night, mostly in old forests, and eats mice, eggs and berries",
        ),
        ("The badgers dig long burrows under the hills.", "The badger digs long burrows under hills."),
        ("The family may have lived in one for a thousand years", "family may live in one for a hundred years"),
    ],
)
def test_the_place_that_is_most_like_changed_words_is_shown(quote: str, words: str) -> None:
    text = "Other things are said here, of other animals. " * 500 + PAGE + "And so on, for long. " * 500
    found = nearest(text, quote)
    assert found and words in found.of(text) and len(found) < len(words) + 10


def test_of_two_places_the_one_by_the_old_place_is_shown() -> None:
    text = "The owl hoots at night.\n" + "Nothing is said here.\n" * 200 + "The owl hoots at night.\n"
    for near in (0, len(text) - 30):
        found = nearest(text, "The owl hooted at night!", near=near)
        assert found and abs(found.start - near) < 30


def test_where_nothing_is_like_a_quote_nothing_is_shown() -> None:
    assert nearest(PAGE * 100, "Quarterly revenue rose by eleven percent in spite of weak demand abroad.") is None
    assert nearest("", "words") is nearest("words", "") is nearest("", "") is None
    assert nearest(PAGE, "The marten slept all day", least=0.99) is None


@STEADY
@given(LINES, LINES, st.integers(0, 2_000) | st.none())
def test_whatever_is_shown_is_so_like_the_quote_as_is_said(text: str, quote: str, near: int | None) -> None:
    found = nearest(text, quote, near=near)
    if found:
        assert 0 <= found.start < found.end <= len(text)
        assert found.strip(text) == found
        assert fuzz.ratio(quote.strip(), found.of(text)) >= 100 * LEAST
        assert not parted(text, found.start) and not parted(text, found.end)


# What differs.


def sides(old: str, new: str) -> Iterator[str]:
    changes = difference(old, new)
    assert all(each.words for each in changes)
    yield "".join(each.words for each in changes if each.op != "added")
    yield "".join(each.words for each in changes if each.op != "removed")


@STEADY
@given(LINES, LINES, st.text(max_size=30))
def test_the_same_and_the_removed_are_the_old_words_the_same_and_the_added_the_new(a: str, b: str, c: str) -> None:
    for old, new in ((a, b), (a, a + c + b), (a + c + b, a), (c + a, c + b), (a, a), (c, b)):
        assert list(sides(old, new)) == [old, new]


def test_a_difference_reads_well() -> None:
    changes = difference("The old fox sleeps by day.", "The brown badger sleeps by night.")
    assert [(each.op, each.words) for each in changes] == [
        ("same", "The "),
        ("removed", "old fox"),
        ("added", "brown badger"),
        ("same", " sleeps by "),
        ("removed", "day"),
        ("added", "night"),
        ("same", "."),
    ]
    assert difference("", "") == ()
    for old, new in (
        ("4,700", "5,200"),
        ("-50.5", "50.25"),
        ("12:30", "12:45"),
        ("don't", "won't"),
        ("5\u202f000", "50"),
    ):
        changes = difference(f"It is {old} now", f"It is {new} now")
        assert [(each.op, each.words) for each in changes][1:3] == [("removed", old), ("added", new)]
    assert [each.op for each in difference("cafe", "cafe\u0301")] == ["removed", "added"]  # letters stay whole


def test_texts_made_to_be_slow_to_compare_count_as_changed_as_a_whole() -> None:
    old, new = ".,;" * 5_000, ";,:" * 5_000
    assert [each.op for each in difference(old, new)] == ["removed", "added"]
    assert list(sides(old, new)) == [old, new]


def test_what_is_most_like_a_quote_has_its_first_and_last_words_and_no_others():
    quote = "A doctor's note is needed from the third day on."
    text = "Whoever is ill says so. A doctor's note is needed from the fourth day on. More is said below."
    found = nearest(text, quote, near=40)
    assert found is not None and found.of(text) == "A doctor's note is needed from the fourth day on."
