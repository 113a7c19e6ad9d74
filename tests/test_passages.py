"""Cutting texts into passages and sentences."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.documents import Document
from qa.parsers import parse
from qa.passages import TARGET, cut, sentences
from qa.spans import Span, count_lines

WORDS = st.sampled_from(
    ["Word", "and ", "Dr. ", "U.S. ", "it ends. ", "Really?! ", "\n", "\r\n", "\r", "\n\n", " ", "日本語。", "é"]
    + ["e\u0301", "👩‍👩‍👧", "- item", "# Head\n", "[12]", "3.14 ", "a" * 500]
)
TEXTS = st.lists(WORDS | st.text(max_size=20), max_size=120).map("".join)


@given(TEXTS)
def test_the_passages_of_a_document_tile_its_text(text: str) -> None:
    passages = cut(Document(text, "", "text/markdown"))
    assert "".join(passage.span.of(text) for passage in passages) == text
    assert all(len(passage.span) for passage in passages)


@given(TEXTS)
def test_the_sentences_of_a_text_tile_it(text: str) -> None:
    assert "".join(span.of(text) for span in sentences(text)) == text


@given(TEXTS)
def test_a_passage_knows_the_line_it_begins_on(text: str) -> None:
    ends = text.replace("\r\n", "\0\n").replace("\r", "\n").replace("\0", "\r")  # \r now only within \r\n
    for passage in cut(Document(text, "", "")):
        assert passage.line == 1 + ends.count("\n", 0, passage.span.start)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He came. She went.", ["He came.", "She went."]),
        ("Dr. Smith met J. R. Brown of the U.S. Army on Nov. 21. They spoke.", 2),
        ("It grew 3.5 percent, e.g. in No. 7 of vol. 2. Then it fell.", 2),
        ("He lives in the U.S. The rest do not.", 2),
        ("“It works.” He smiled.", ["“It works.”", "He smiled."]),
        ("What? No! … yes.", ["What?", "No!", "… yes."]),
        ("A title\n\nand text under it", ["A title", "and text under it"]),
        ("List:\n- one\n- two", ["List:", "- one", "- two"]),
        ("这是第一句。这是第二句。", ["这是第一句。", "这是第二句。"]),
        ("It shuts from 10 p.m. to 7 a.m. No dogs. At 9 p.m. Eastern Time it rained, at 5 a.m. Monday it snowed.", 3),
        ("Store it below 8 °C. Dogs may stay.", 2),
        ("## 2. Rent\n\nIt is low. # 3", ["## 2. Rent", "It is low.", "# 3"]),
        ("# Lease of the mill\nIt begins in May.\nIt ends.", ["# Lease of the mill", "It begins in May.", "It ends."]),
        ("Bergholmer Tagblatt, 11. März 2020. Die Witwe wartet.", 2),
        ("Es war der 12. Dezember. Der 3. Senat tagte am 2. Tag im 19. Jahr, vgl. Nr. 5 und S. 12 bzw. Abs. 3.", 2),
        ("Sie kam am 12. Der Minister ging.", 2),
        ("Es kostete 7,2 Mio. Euro, z. B. für Hr. Huber, Dr. Kern und die Häuser.", 1),
        ("Dne 5. května a 5. 3. 2020 zemřel MUDr. Novák.", 1),
        ("M. Dupont et Mme. Garnier vivent ici depuis le 1er. janvier, art. 5.", 1),
        ("El Sr. Ortega y la Sra. Ruiz viven en EE. UU. desde 1990.", 1),
        ("Мост построил А. С. Воронов в 2018 г. Суд молчал.", 2),
        ("I am 12. Officials said so. He was 14. Mary was 12. May I ask?", 5),
        ("It grew in 2018. March was cold. He scored 12. 2020 was bad. Mind the 3. 4 were lost.", 6),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str] | int) -> None:
    found = [span.strip(text).of(text) for span in sentences(text)]
    assert (found == expected) if isinstance(expected, list) else (len(found) == expected), found


def test_a_passage_begins_at_a_heading_and_holds_whole_sentences() -> None:
    part = "Some words that say a little about the matter at hand. " * 9
    document = parse(f"# One\n\n{part}\n\n# Two\n\n{part}\n\n# Three\n\n{part}".encode(), "a.md")
    starts = [passage.span.of(document.text)[:5] for passage in cut(document)]
    assert starts == ["# One", "# Two", "# Thr"]


@pytest.mark.parametrize("unit", ["a", " ", "\n", ".", "日", "\r\n", "*.", "😀", "é. ", "[1]", "e\u0301"])
def test_a_text_without_sentences_is_cut_too(unit: str) -> None:
    text = unit * 20_000
    passages = cut(Document(text, "", ""))
    assert max(len(passage.span) for passage in passages) < 2 * TARGET
    assert "".join(passage.span.of(text) for passage in passages) == text
    assert not any(
        passage.span.of(text).startswith(("\u0301", "\n")) for passage in passages if unit in ("e\u0301", "\r\n")
    )


@pytest.mark.parametrize("text", ["one\r\ntwo\rthree\nfour"])
def test_lines_are_counted_by_their_ends(text: str) -> None:
    places: Callable[[int], int] = lambda offset: 1 + count_lines(text, Span(0, offset))  # noqa: E731
    assert [places(text.index(word)) for word in ("one", "two", "three", "four")] == [1, 2, 3, 4]
    assert places(4) == 1  # between \r and \n the line has not ended


def test_tables_are_cut_between_their_rows() -> None:
    said = '"A very good lamp. It is bright! And\nit is cheap, ""truly"" so.\n\nBuy it."'
    values = "name,review,price\n" + "".join(f"Lamp {number},{said},{number}\n" for number in range(40))
    document = parse(values.encode(), "a.csv")
    passages = cut(document)
    assert "".join(each.span.of(values) for each in passages) == values and len(passages) > 3
    assert all(each.span.of(values).startswith("Lamp ") for each in passages[1:])
    rows = "".join(f"| Lamp {number} | A good lamp. It is bright. Really! | {number} |\n" for number in range(60))
    text = f"# Lamps\n\nThey are here. All of them.\n\n| Name | What | Price |\n|---|---|---|\n{rows}\nThat is all."
    passages = cut(parse(text.encode(), "a.md"))
    assert "".join(each.span.of(text) for each in passages) == text and len(passages) > 3
    assert all(each.span.of(text).startswith(("| Lamp ", "| Name ")) for each in passages[1:-1])
