"""Tables in passages: their rows and columns, and the one cell that a question asks for."""

from __future__ import annotations

import time

import pytest
from conftest import Fill

from qa import Library
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
    first, second = rows("Team | Won | Lost\nOrme | 3 | 1")
    assert first.head == () and second.head == ("Team", "Won", "Lost")  # it may be none: then it can be quoted
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
    assert rows('a,"b', separated=True) and rows('"', separated=True) and rows("", separated=True) == []
    inches = 'product\tprice\nMonitor 24"\t199\nMonitor 27"\t249\n'
    assert [values(row) for row in rows(inches, head="product\tprice", separated=True)] == [
        ['Monitor 24"', "199"],
        ['Monitor 27"', "249"],
    ]


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
    assert ("40", False) in found("How many flats were built in Fennside in 2024?", HOMES, "Flats 2024")
    assert found("When did Bo Ferris join?", STAFF) == []
    assert found("How many were built?", HOMES) == [] and found("How many flats are there in Fennside?", HOMES) == []
    assert found("How many were built in Fennswick?", HOMES) == []


def test_an_empty_cell_is_not_answered_with_that_of_another_row(library: Library, fill: Fill) -> None:
    tools = "Hand saw,Ada Quill,2024-02-01\nChain saw,Ben Tarrow,\nLong ladder,Ada Quill,2024-04-02\n"
    fill({"tools.csv": f"Tool,Owner,Checked on\n{tools}"})
    library.sync()
    assert "2024-02-01" not in library.ask("When was the chain saw checked?").text


def test_a_row_is_known_for_certain_by_the_whole_of_a_cell() -> None:
    assert found("How many were planned in Fennside?", HOMES) == [("300", True), ("20", False)]
    assert found("Who is the manager?", "| Name | Role |\n|-|-|\n| Ada | assistant manager |") == [("Ada", False)]


PRICES = """| Product | {} | {} |
|---|---|---|
| Lamp | {} | 5 |"""
PEOPLE = """| Name | Manager | City | Manager phone |
|---|---|---|---|
| Cy Vale | Ada Brandt | Hull | 3121 |"""
DUTIES = """| Name | Role | City |
|---|---|---|
| Bo | driver | York |"""


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("When was Northbank built?", HOMES),
        ("Who built Fennside?", HOMES),
        ("Where was Fennside planned?", HOMES),
        ("Why was Fennside built?", HOMES),
        ("Was Fennside built?", HOMES),
        ("How many were not built in Fennside?", HOMES),
        ("How many more were built in Fennside than planned?", HOMES),
        ("How old is Fennside?", HOMES),
        ("Who is the manager of Ada Brandt?", PEOPLE),
        ("Who is not a driver?", DUTIES),
        ("Who is the former driver?", DUTIES),
        ("How much does the lamp cost?", PRICES.format("Weight", "Stock", "40")),
        ("How much does the lamp cost?", PRICES.format("Old price", "New price", "40")),
        ("How much does the lamp cost?", PRICES.format("Stock", "Shipping cost", "40")),
        ("What is the price of the lamp?", PRICES.format("Price", "Shipping price", "")),
        ("How much do we sell the lamp for?", PRICES.format("Stock", "Purchase price", "40")),
        ("How much does the lamp cost?", "Lamp | 3\nVase | 4"),
        ("Where can I find the lamp?", "| Product | Weight |\n|---|---|\n| Lamp | 3 |"),
        ("How much is a ticket from Hull to Leeds?", "| From | To | Price |\n|---|---|---|\n| Leeds | Hull | 55 |"),
        ("How many international calls did Hull make?", "| Office | Internal calls |\n|---|---|\n| Hull | 12 |"),
    ],
)
def test_nothing_is_certain_where_something_else_is_asked_for(question: str, words: str) -> None:
    assert not any(exact for _, exact in found(question, words, "Calls made"))


def test_a_manager_is_no_telephone() -> None:
    assert found("Who manages Hull?", PEOPLE) == [("Ada Brandt", True)]


def test_of_two_columns_the_one_that_says_nothing_else_is_meant() -> None:
    assert found("How much does the lamp cost?", PRICES.format("Price", "Shipping cost", "40")) == [("40", True)]
    assert found("What is the lamp's price?", PRICES.format("Price (EUR)", "Shipping price", "40"))[0][0] == "40"


def test_lines_with_blanks_before_them_are_rows_of_their_own_words() -> None:
    for table in (HOMES.replace("\n", "\n  "), HOMES.replace("| ", " ").replace(" |", "  |").replace("|", "", 1)):
        for row in rows(table):
            assert row.span.of(table) == row.words == row.words.strip()


def test_hostile_lines_are_looked_through_quickly() -> None:
    began = time.process_time()
    assert head_of("x|y\n" + " " * 20_000 + "a|b\n") == ""
    assert len(rows("|" * 5_000 + "\n" + "|" * 5_000)) < 3
    rows('"' * 20_000, separated=True), rows(",".join('"') * 9_000, head="a,b", separated=True)
    assert not rows("| a | b |\n| c | d |", head="x|" * 50_000)[0].head
    assert time.process_time() - began < 5
