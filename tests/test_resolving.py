"""A quote is found wherever it stands, by the word index in a large library, and never where it does not."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Fill
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_anchoring import within

from qa import Library, resolving
from qa.catalog import Catalog
from qa.errors import NotFound, TooLarge, UsageError
from qa.letters import cuts

WORDS = "fox owl heron marten badger otter kestrel lynx the of and in near under quickly slept rose".split()
JAPANESE = (
    "狐は眠る。梟は飛ぶ、鷺は立つ。獺は泳ぐ。" * 40 + "穴熊と大山猫が森の奥で静かに出会った。" + "狐は眠る。" * 40
)
THAI = "สุนัขจิ้งจอกสีน้ำตาล" * 90


def written(seed: int) -> str:
    """Write a text of many passages."""
    rare = random.Random(seed)
    lines = [
        " ".join([*rare.choices(WORDS, k=rare.randint(3, 14)), f"w{seed}x{rare.randint(0, 99)}"]) for _ in range(150)
    ]
    return "".join(f"{line.capitalize()}.{rare.choice([' ', ' ', chr(10), chr(10) * 2])}" for line in lines)


TEXTS = {
    **{f"{seed}.txt": written(seed) for seed in range(6)},
    "japanese.txt": JAPANESE,
    "thai.txt": THAI,
    "signs.txt": "Before. §§ ¿¡!?* * * → After — “the quoted–word” isn’t here.\r\nNext\u00a0line.",
    "long.md": "# Head\n\n"
    + "".join(map(str, range(1_000)))
    + " needle-in-it "
    + ",".join(map(str, range(600)))
    + "\n\n- one item\n- another item\n",
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library that is searched as a large one is."""
    folder = tmp_path_factory.mktemp("large")
    for name, text in TEXTS.items():
        (folder / name).write_bytes(text.encode())
    with Library.open(folder) as library:
        library.sync()
        yield library


@pytest.fixture(autouse=True)
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "_SMALL", 0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_any_words_that_stand_somewhere_are_found_exactly(large: Library, name: str, data: st.DataObject) -> None:
    """Whatever is cut out of a text is found again: across passages, without spaces, of signs alone.

    What is cut from within a word is found by what stands beside it, and is told to be so without.
    """
    text = TEXTS[name]
    start = data.draw(st.integers(0, len(text) - 2))
    end = min(len(text), start + data.draw(st.integers(2, 400)))
    quote = text[start:end]
    if cuts(text, start) or cuts(text, end):  # a letter without its marks is another one
        return
    if sum(letter.isprintable() and not letter.isspace() for letter in quote) < 2:
        return
    try:
        found = large.resolve(quote, prefix=text[max(0, start - 32) : start], suffix=text[end : end + 32])
        assert found.cited_text == quote
        found = large.resolve(quote)
    except NotFound as error:
        assert within(text, start) or within(text, end)
        assert "These words stand only within longer ones, as in “" in str(error)
        return
    except UsageError as error:
        assert "more than 1,000 places" in str(error)
        assert sum(each.count(quote) for each in TEXTS.values()) > 500
        return
    assert found.cited_text == quote
    for each in (found, *found.also):
        assert TEXTS[each.document.path][each.start_char_index : each.end_char_index] == each.cited_text


def test_a_large_library_is_not_read_through(large: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    text = Catalog.text

    def counted(self: Catalog, document: int, *span: object) -> str:
        words = text(self, document, *span)  # type: ignore[arg-type]
        read.append(len(words))
        return words

    monkeypatch.setattr(Catalog, "text", counted)
    monkeypatch.setattr(resolving, "_LIKELY", 2)  # of few passages
    first = TEXTS["3.txt"].index(".", 4_000) + 1
    assert large.resolve(TEXTS["3.txt"][first : first + 200].strip()).document.path == "3.txt"
    with pytest.raises(NotFound):
        large.resolve("the fox of words that nobody wrote")
    assert sum(read) < sum(map(len, TEXTS.values())) / 2


def test_without_the_word_index_all_is_read(large: Library) -> None:
    with Library.open(large.folder) as beside:  # another holds the index
        assert beside.resolve("穴熊と大山猫").document.path == "japanese.txt"
        assert beside.resolve("quoted–word").document.path == "signs.txt"


@pytest.mark.parametrize(
    ("quote", "there"),
    [
        ('"the quoted-word" isn\'t here', "“the quoted–word” isn’t here"),
        ("isn't here. Next line", "isn’t here.\r\nNext\u00a0line"),
        ("- one item - another item", "- one item\n- another item"),
        ("穴熊と大山猫が 森の奥で", None),
        ("isnt here", None),
        ("the fox, the owl", None),
    ],
)
def test_white_space_quotation_marks_and_dashes_may_differ(large: Library, quote: str, there: str | None) -> None:
    if there is None:
        with pytest.raises(NotFound, match="stand nowhere in the documents"):
            large.resolve(quote)
    else:
        assert large.resolve(quote).cited_text == there


def test_a_word_that_is_broken_at_a_line_end_is_found(library: Library, fill: Fill) -> None:
    fill(
        {"a.txt": "The kes\u00adtrel was seen near the river on a Monday.", "b.txt": "The owl was seen near the river."}
    )
    library.sync()
    assert library.resolve("The kestrel was seen near").document.path == "a.txt"


def test_the_other_places_are_told_and_what_is_around_chooses(library: Library, fill: Fill) -> None:
    fill({"a.txt": "One fox here. The other fox there.", "b.txt": "A fox too.", "c.txt": "fox " * 100})
    library.sync()
    found = library.resolve("fox")
    assert found.start_char_index == 4 and len(found.also) == 20 and found.number is None
    assert found.to_dict()["also"][0]["id"] == found.also[0].id
    assert len({found.id, *(each.id for each in found.also)}) == 21
    assert library.resolve("fox", prefix="other ").start_char_index == 24
    assert library.resolve("fox", suffix=" too.").document.path == "b.txt"
    assert library.resolve("fox", document="b.txt").also == ()
    assert library.resolve("fox", document=library.document("b.txt").id).document.path == "b.txt"


def test_words_that_stand_only_within_others_are_told(library: Library, fill: Fill) -> None:
    fill(
        {
            "a.txt": "15 days' notice is due.\nA fee of 500 euros.",
            "b.txt": "Neither party pays.",
            "c.txt": "北京大学出版社",
        }
    )
    library.sync()
    for quote, told in (
        ("5 days' notice", "in “15 days' notice” (a.txt)"),
        ("fee of 50", "in “fee of 500” (a.txt)"),
        ("either party", "in “Neither party” (b.txt)"),
    ):
        with pytest.raises(NotFound, match=f"only within longer ones, as {re.escape(told)}: give whole words"):
            library.resolve(quote)
        with pytest.raises(NotFound, match="only within longer ones"):
            library.resolve(quote, document=told[-6:-1])
    assert library.resolve("either party", prefix="N").document.path == "b.txt"
    assert library.resolve("大学").document.path == "c.txt"
    fill({"d.txt": "And 5 days' notice"})
    library.sync()
    found = library.resolve("5 days' notice")
    assert found.document.path == "d.txt" and not found.also


def test_exact_words_come_first(library: Library, fill: Fill) -> None:
    fill({"a.txt": "the quoted-word here", "b.txt": "the quoted–word here"})
    library.sync()
    assert [each.document.path for each in (lambda f: (f, *f.also))(library.resolve("quoted–word"))] == [
        "b.txt",
        "a.txt",
    ]


def test_words_that_stand_nearly_everywhere_need_something_around_them(library: Library, fill: Fill) -> None:
    fill({"a.txt": "so so " * 600 + "and the last so it is", "b.txt": "not so."})
    library.sync()
    with pytest.raises(UsageError, match="stand in more than 1,000 places: give more of them"):
        library.resolve("so")
    assert library.resolve("so", suffix=" it is").start_char_index == 3_613
    assert library.resolve("so", document="b.txt").cited_text == "so"


def test_what_is_not_in_the_folder_any_more_is_not_found(library: Library, fill: Fill, folder: Path) -> None:
    fill({"a.txt": "The marten sleeps by day.", "b.txt": "The marten sleeps by night."})
    library.sync()
    (folder / "a.txt").unlink()
    assert library.resolve("The marten sleeps").document.path == "b.txt"
    with pytest.raises(NotFound):
        library.resolve("sleeps by day")


def test_a_document_that_the_word_index_does_not_have_yet_is_read(library: Library, fill: Fill) -> None:
    fill({"a.txt": "The marten sleeps by day.", "b.txt": "The owl sleeps by day."})
    library.sync()
    library._index.own().backlog.reset_words()
    library._index.lexical().remove([1, 2])
    library._index.lexical().commit()
    assert library.resolve("The marten sleeps by").document.path == "a.txt"


@pytest.mark.parametrize(
    ("quote", "kind", "words"),
    [
        ("", UsageError, "empty"),
        (" \n\t", UsageError, "empty"),
        ("\x00\x07\u200b", UsageError, "empty"),
        ("a", UsageError, "One letter is too common"),
        (" 狐 ", UsageError, "One letter is too common"),
        ("x" * 20_001, TooLarge, "too long"),
        ("fox \ud800", UsageError, "must be a text"),
        (b"fox", UsageError, "must be a text"),
        ("fox\x00\x07owl", NotFound, "stand nowhere"),
        ("?!?!", NotFound, "stand nowhere"),
    ],
)
def test_what_cannot_be_looked_for_is_told_in_a_sentence(
    large: Library, quote: str, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        large.resolve(quote)


def test_an_unknown_document_is_told(large: Library) -> None:
    for name in ("nope.txt", "0" * 16, "", "../../etc/passwd"):
        with pytest.raises(NotFound, match="There is no such document"):
            large.resolve("fox", document=name)
    with pytest.raises(NotFound, match="stand nowhere in that document"):
        large.resolve("fox", document="japanese.txt")
