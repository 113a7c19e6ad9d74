"""Tables in passages: their rows and columns, and the one cell that a question asks for."""

from __future__ import annotations

import pytest

from qa.cells import cell
from qa.rows import Row, first_row, goes_on, head_of, tables
from qa.wanted import asked

HOMES = """| District | Planned | Built |
|---|---|---|
| Northbank | 500 | 210 |
| Fennside | 300 | 40 |
| Fennside Road | 20 |  |"""
STAFF = """Who works here.
| Name | Role | Joined | City |
|---|---|---|---|
| Ada Brandt | bookkeeper | 3 May 2011 | Hull |
| Bo Ferris | driver |  | Leeds |

Everybody is paid monthly."""
VALUES = """product,price,stock,supplier
"Lamp, blue",224,7,Norden
"Vase ""Anna""
with a lid",31,,Tamsin
"""


def rows(words: str, **given: object) -> list[Row]:
    return [row for table in tables(words, **given) for row in table.rows]  # type: ignore[arg-type]


def values(row: Row) -> list[str]:
    return [each.of(row.words) for each in row.cells]


def found(question: str, words: str, above: str = "", **given: object) -> list[tuple[str, bool]]:
    """Return the cells that a question asks for, and whether each is exact."""
    told = asked(question)
    cells = [(row, cell(told, row, f"{above} {row.above}")) for row in rows(words, **given)]
    return [(each.span.of(row.words), each.exact) for row, each in cells if each]


def test_rows_stand_where_their_span_says_and_know_their_columns() -> None:
    table = tables(f"Homes.\n\n{HOMES}\n\nThe end.")[0]
    assert table.span.of(f"Homes.\n\n{HOMES}\n\nThe end.") == HOMES
    assert [values(row) for row in table.rows] == [
        ["Northbank", "500", "210"],
        ["Fennside", "300", "40"],
        ["Fennside Road", "20", ""],
    ]
    for row in table.rows:
        assert row.span.of(f"Homes.\n\n{HOMES}\n\nThe end.") == row.words and row.above == "Homes."
        assert row.head == ("District", "Planned", "Built")
    assert table.rows[1].labelled == "District: Fennside; Planned: 300; Built: 40"


def test_rows_without_a_rule_have_a_head_where_their_first_one_has_no_figures() -> None:
    assert rows("Team | Won | Lost\nOrme | 3 | 1")[0].head == ("Team", "Won", "Lost")
    assert [row.head for row in rows("Orme | 3 | 1\nVey | 0 | 4")] == [(), ()]
    assert [row.head for row in rows("Author | A. Brandt\nCity | Hull")] == [(), ()]


def test_prose_and_a_lone_line_with_a_bar_are_no_table() -> None:
    assert not tables("He said a | b.\n\nNothing more.") and not tables("Home | About | Contact") and not tables("")
    assert not tables("| only | a head |\n|---|---|") and not tables("a \\| b\nc \\| d")


def test_separated_values_are_rows_whatever_parts_them_and_however_many_lines_they_have() -> None:
    for sign in ",;\t":
        words = VALUES.replace(",", sign).replace(f"Lamp{sign} blue", "Lamp, blue")
        lamp, vase = rows(words, head=first_row(words), separated=True)
        assert values(lamp) == ["Lamp, blue", "224", "7", "Norden"]
        assert values(vase) == ['Vase ""Anna""\nwith a lid', "31", "", "Tamsin"]
        assert lamp.head == ("product", "price", "stock", "supplier") and lamp.span.of(words) == lamp.words
    assert first_row("sep=;\r\na;b\r\n1;2") == "a;b"
    assert rows('a,"b', separated=True) and rows('"', separated=True) == [] and rows("", separated=True) == []


def test_a_later_part_of_a_table_has_the_head_that_stands_before_it() -> None:
    first, second = HOMES[: HOMES.index("| Fennside |")], HOMES[HOMES.index("| Fennside |") :]
    assert goes_on(second) and not goes_on("Prose.\n| a | b |") and not goes_on("")
    assert head_of(f"Text.\n\n{first}") == "| District | Planned | Built |"
    assert head_of("Text.") == "" and head_of("") == ""
    assert rows(second, head=head_of(first))[0].head == ("District", "Planned", "Built")
    assert rows("| Fennside | 300 | 40 |", head="| District | Planned | Built |")[0].labelled.endswith("Built: 40")


@pytest.mark.parametrize(
    ("question", "words", "expected"),
    [
        ("How many were built in Fennside?", HOMES, "40"),
        ("How many were planned in Northbank?", HOMES, "500"),
        ("Where does Bo Ferris work?", STAFF, "Leeds"),
        ("What is the role of Bo Ferris?", STAFF, "driver"),
        ("Who is the bookkeeper?", STAFF, "Ada Brandt"),
        ("When did Ada Brandt join?", STAFF, "3 May 2011"),
    ],
)
def test_the_cell_is_found_whose_row_and_column_are_named(question: str, words: str, expected: str) -> None:
    assert (expected, True) in found(question, words)


def test_columns_are_known_by_what_they_hold() -> None:
    head = first_row(VALUES)
    assert found("How much does the blue lamp cost?", VALUES, head=head, separated=True) == [("224", True)]
    assert found("Who supplies the blue lamp?", VALUES, head=head, separated=True) == [("Norden", True)]
    assert found("How many blue lamps do we have?", VALUES, head=head, separated=True) == [("7", True)]


def test_what_is_left_over_of_a_question_makes_a_cell_inexact_and_an_empty_one_is_none() -> None:
    assert found("How many flats were built in Fennside?", HOMES)[0] == ("40", False)
    assert ("40", True) in found("How many flats were built in Fennside?", HOMES, "Flats by district")
    assert found("When did Bo Ferris join?", STAFF) == []
    assert found("How many were built?", HOMES) == [] and found("How many flats are there in Fennside?", HOMES) == []
    assert found("How many were built in Fennswick?", HOMES) == []


def test_among_rows_with_the_same_words_fewer_others_tell_which_is_meant() -> None:
    told = asked("How many were planned in Fennside?")
    beside = {values(row)[0]: each.beside for row in rows(HOMES) if (each := cell(told, row, ""))}
    assert beside == {"Fennside": 0, "Fennside Road": 1}
