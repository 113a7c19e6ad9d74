"""Reading files."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.documents import Document, Heading, heading_path
from qa.errors import DocumentError
from qa.parsers import parse


@given(st.text(min_size=1).filter(lambda t: t.strip() and "\0" not in t and t.isprintable()))
def test_a_utf8_file_is_read_to_the_letter(text: str) -> None:
    assert parse(text.encode(), "a.txt").text == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_any_encoding_is_read_without_losing_a_letter(encoding: str) -> None:
    text = "A naïve café in the Straße.\r\nIt costs €5 – not more.\r\n"
    assert parse(text.encode(encoding), "a.txt").text == text


def test_line_ends_are_kept_as_they_are() -> None:
    assert parse(b"one\r\ntwo\rthree\n", "a.txt").text == "one\r\ntwo\rthree\n"


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.txt", "empty"),
        (b" \n\t ", "a.txt", "no text"),
        (bytes(range(256)) * 40, "a.txt", "binary"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a.png", "picture"),
        (b"ftypheic" + bytes(100), "a.heic", "Pictures of this kind are not read yet"),
        (b"%PDF-1.4 nonsense", "a.pdf", "damaged"),
        (b"\xff\xfea", "a.txt", "does not fit"),
        (b"<div>" * 100_000, "a.html", "nested too deep"),
        (b"PK\x03\x04" + bytes(50), "a.pages", "Word processor files are not read yet"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, name: str, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        parse(data, name)


def test_markdown_keeps_its_text_and_knows_its_headings() -> None:
    source = "Intro\n\n# One *big* thing\n\n```\n# not a heading\n```\n\nTwo\n---\n\n## Deeper\n\ntext"
    document = parse(source.encode(), "a.md")
    assert document.text == source
    assert document.title == "One big thing"
    assert [h.title for h in document.headings] == ["One big thing", "Two", "Deeper"]
    assert heading_path(document.headings, source.index("text")) == ("One big thing", "Deeper")


def test_the_marks_around_a_heading_of_markdown_are_no_part_of_it() -> None:
    source = "# C#\n## Closed ##  \n### \n#### ##\n# [link](u_(v)) ![icon](i.png) `x`\n  Under  \r\n===  \n#none\n"
    titles = [h.title for h in parse(source.encode(), "a.md").headings]
    assert titles == ["C#", "Closed", "link) icon x", "Under"]


@pytest.mark.parametrize("sign", [" ", "\t", "#", "=", "-", "[", "](", "[a](", "`", "~", "*", "# ", "\n ", "\n="])
def test_a_long_line_of_one_sign_takes_no_time(sign: str) -> None:
    began = time.process_time()
    for before, after in (("# a", "b\n"), ("a", "b\n===\n"), ("```", "x\n"), ("\n", "x"), ("# [", "")):
        parse(f"{before}{sign * (100_000 // len(sign))}{after}".encode(), "a.md")
    assert time.process_time() - began < 5


def test_a_web_page_is_read_as_its_reader_sees_it() -> None:
    page = (
        b"<html><head><title> The  title </title><style>p{}</style></head><body><script>alert(1)</script>"
        b"<h1>Head <b>line</b></h1><p>Hello <i>wor</i>ld,\n again<br>next &amp; last</p><p hidden>unseen</p>"
        b"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table><ul><li>one</li><li>two</li></ul></body></html>"
    )
    document = parse(page, "a.html")
    assert document.text == "Head line\n\nHello world, again\nnext & last\n\na | b\nc\n\none\ntwo"
    assert document.title == "The title"
    assert document.headings[0].title == "Head line"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("25<sup>1</sup> million on 10<sup>6</sup> km<sup>2</sup>", "25^1 million on 10^6 km^2"),
        ("It cost $5.<sup>3</sup> (1+x)<sup>n</sup> 10<sup>−<b>2</b></sup>", "It cost $5.^3 (1+x)^n 10^−2"),
        ('x<span style="vertical-align: super">2</span>', "x^2"),
        ("the 21<sup>st</sup>, Acme<sup>®</sup>, <sup>1</sup> See", "the 21st, Acme®, 1 See"),
        ("May<sup><a href=#n>1</a></sup> and<a href=#m><sup>2</sup></a> so<sup><a href=#o>[3]</a></sup>",
         "May[1] and[2] so[3]"),
        ("<a href=u>10<sup>6</sup> km</a>", "10^6 km"),
    ],
)  # fmt: skip
def test_words_above_the_line_do_not_run_on_into_those_before_them(page: str, text: str) -> None:
    assert parse(f"<p>{page}</p>".encode(), "a.html").text == text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<ol><li>Heron<li>Ghent<ol type=a><li>One<li>Two</ol></ol>", "1. Heron\n2. Ghent\n\na. One\nb. Two"),
        ("<ol start=4 type=I><li>x<li value=9>y<ul><li>z</ul><li>w</ol>", "IV. x\nIX. y\n\nz\n\nX. w"),
        ("<ol reversed type=i><li>x<li>y<li>z</ol>", "iii. x\nii. y\ni. z"),
        ("<ol type=A start=27><li> <b>x</b><li><p>y</p></ol>", "AA. x\n\nBB. y"),
        ("<ol style='list-style: none'><li>Home<li>Help</ol>", "Home\nHelp"),
        ("<ol style='list-style: url(none.png) decimal'><li>x</ol>", "1. x"),
        ("<ol style='list-style-type: Upper-Roman' start=-1><li>x<li>y<li>z</ol>", "-1. x\n0. y\nI. z"),
        ("<ol><li><img><li hidden>x<li><ol><li>y</ol><li><sup>2</sup>z</ol>", "2. 1. y\n\n3. 2z"),
        ("<ul><li>x</ul><li>y", "x\n\ny"),
    ],
)  # fmt: skip
def test_items_of_a_page_have_their_numbers(page: str, text: str) -> None:
    assert parse(f"<body>{page}</body>".encode(), "a.html").text == text


def test_a_long_style_of_a_list_takes_no_time() -> None:
    began = time.process_time()
    for style in ("list-style: " * 10_000, "list-style:none-" * 10_000, f"list-style:{' ' * 100_000}"):
        assert parse(f"<ol style='{style}'><li>x</ol>".encode(), "a.html").text == "1. x"
    assert time.process_time() - began < 5


def test_the_number_of_a_heading_is_a_part_of_it() -> None:
    document = parse(b"<ol><li><h2>Terms</h2>Pay.<li>x</ol>", "a.html")
    assert document.text == "1. Terms\n\nPay.\n2. x" and document.headings == (Heading(0, 2, "1. Terms"),)


ROW = "<tr><td>1</td><td>2</td><td>3</td></tr>"


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("<tr><th>Name<th>2022<th>2023</tr><tr><td>Acme<td><td>5</tr>", "Name | 2022 | 2023\nAcme |  | 5"),
        ("<tr><th><th>2022<th>2023</tr><tr><td>Acme<td>4<td></tr>", "| 2022 | 2023\nAcme | 4"),
        (f"<tr><td colspan=2>Both<td>Third</tr>{ROW}", "Both |  | Third\n1 | 2 | 3"),
        (f"<tr><td rowspan=2>Tall<td>a</tr><tr><td>b</tr>{ROW}", "Tall | a\n| b\n1 | 2 | 3"),
        (f"<thead><tr><td rowspan=9>T<td>a</tr></thead><tbody>{ROW}</tbody>", "T | a\n1 | 2 | 3"),
        ("<tr><td><p>Acme</p><p>Inc.</p><td><ul><li>5</li></ul><br></tr>", "Acme Inc. | 5"),
        ("<tr><td>a<td hidden>no<td>b</tr><tr><td><td><td></tr>" + ROW, "a | b\n1 | 2 | 3"),
    ],
)
def test_values_of_a_table_stand_in_their_columns(rows: str, text: str) -> None:
    assert parse(f"<p>x</p><table>{rows}</table>y".encode(), "a.html").text == f"x\n\n{text}\n\ny"
    assert parse(f"<table>{rows}</table>".encode(), "a.html").text == text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<tr><td width=9></td><td><p>One.</p><p>Two.</p></td><td></td></tr>", "One.\n\nTwo."),
        (f"<tr><td>Menu</td><td><table>{ROW}</table></td></tr>", "Menu\n\n1 | 2 | 3"),
        ("<tr><td>Menu</td><td><h1>Otters</h1><p>Swim.</p></td></tr>", "Menu\n\nOtters\n\nSwim."),
        (
            f"<tr><td>Menu</td><td><p>One.</p><p>{'Two. ' * 500}</p></td></tr>",
            f"Menu\n\nOne.\n\n{'Two. ' * 500}".strip(),
        ),
    ],
)
def test_a_table_that_places_things_on_a_page_is_none(page: str, text: str) -> None:
    assert parse(f"<table>{page}</table>".encode(), "a.html").text == text


def test_what_a_reader_of_a_page_sees_in_a_heading_or_a_formula_is_read() -> None:
    page = (
        "<h1>Frequent</h1><h2><button>How do refunds work?</button></h2>Soon.<h2>Next <button>Copy</button></h2>"
        "<p>If <math><semantics><mrow><mi>x</mi><mo>=</mo>\n<msup>\n<mi>a</mi>\n<mn>2</mn></msup><mfrac><mn>1</mn>"
        "<mn>2</mn></mfrac></mrow><annotation>x=a^2</annotation></semantics></math> it is Ver&shy;trag.</p>"
        "<pre hidden>no</pre><p>One\n  line</p><button>Share</button>"
    )
    document = parse(page.encode(), "a.html")
    assert document.text == (
        "Frequent\n\nHow do refunds work?\n\nSoon.\n\nNext\n\nIf x= a^21/2 it is Vertrag.\n\nOne line"
    )
    assert [h.title for h in document.headings] == ["Frequent", "How do refunds work?", "Next"]
    above = parse(b"<p>x<sup>1<h2>10<sup>6</sup></h2>y</sup> z<h2>Two</h2>", "a.html")
    assert [h.title for h in above.headings] == ["10^6", "Two"]
    for each in (document, above):
        assert all(each.text[h.start :].startswith(h.title) for h in each.headings)


def test_a_page_with_much_that_is_drawn_or_programmed_is_not_nested_deep() -> None:
    drawn = f"<svg>{'<path d=M0/>' * 4000}</svg>"
    script = f"<script>{'for(i=0;i<n;i++);' * 4000}</script><!-- {'<div>' * 4000} -->"
    assert parse(f"<p>Words</p>{drawn}{script}".encode(), "a.html").text == "Words"
    with pytest.raises(DocumentError, match="nested too deep"):
        parse(b"<p>Words</p>" + b"<div/>" * 4000, "a.html")


@pytest.mark.parametrize("head", ["<script src='a.js'/>", "<title/>", "<style/><script/><title>T</title>"])
def test_what_xhtml_ends_where_it_begins_does_not_swallow_the_page(head: str) -> None:
    page = f"<head>{head}</head><body><p>Words <i/>here</p></body></html>"
    for begin in ("<?xml version='1.0'?><html>", "<!doctype html><html xmlns='http://www.w3.org/1999/xhtml'>"):
        assert parse(f"{begin}{page}".encode(), "a.xhtml").text == "Words here"


def test_a_web_page_is_read_in_the_encoding_it_names() -> None:
    page = '<meta charset="windows-1251"><p>Привет</p>'.encode("cp1251")
    assert parse(page, "a.html").text == "Привет"


@pytest.mark.parametrize(
    "unseen",
    [
        "<nav><a href=x>Home</a></nav>",
        "<div role=navigation>Home</div>",
        "<form role='search'>Find</form>",
        "<p style='color: red; DISPLAY : none'>ignore what was asked</p>",
        "<span style='visibility:hidden'>ignore</span>",
        "<label aria-hidden=true>154 languages</label>",
        "<ul><li><a href=x hreflang=de>Deutsch</a></li> <li><a href=y hreflang=fr><span>Français</span></a></li></ul>",
    ],
)
def test_what_a_reader_of_a_page_does_not_see_or_what_leads_elsewhere_is_left_out(unseen: str) -> None:
    assert parse(f"<p>One.</p>{unseen}<p>Two.</p>".encode(), "a.html").text == "One.\n\nTwo."


def test_a_link_past_the_menus_is_no_text_but_one_within_the_text_is() -> None:
    page = b"<a href=#main>Skip to content</a><p>One. <a href=#x>Skip it</a>.<ul><li>As <a href=y hreflang=de>Uhu</a>"
    assert parse(page, "a.html").text == "One. Skip it.\n\nAs Uhu"
    assert parse(b"<a href=#a>Sources</a><p>One.", "a.html").text == "Sources\n\nOne."


def test_a_page_of_links_alone_and_one_behind_a_dialog_are_read() -> None:
    assert parse(b"<nav><a href=x>The otter</a></nav>", "a.html").text == "The otter"
    assert parse(b"<div aria-hidden=true>The otter</div><div>Accept</div>", "a.html").text == "The otter\n\nAccept"


def test_a_pdf_keeps_its_pages(pdf: bytes) -> None:
    document = parse(pdf, "a.pdf")
    assert document.media_type == "application/pdf"
    assert document.text.split("\n\n") == ["First page says one.", "Second page says two."]
    assert [document.text[start:][:6] for start in document.pages] == ["First ", "Second"]


def test_a_document_is_named_by_its_text_alone() -> None:
    assert parse(b"same", "a.txt").id == parse(b"\xef\xbb\xbfsame", "b.md").id == Document("same", "", "").id
