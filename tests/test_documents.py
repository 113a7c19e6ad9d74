"""Reading files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.documents import Document, heading_path
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
    ],
)
def test_what_a_reader_of_a_page_does_not_see_or_what_leads_elsewhere_is_left_out(unseen: str) -> None:
    assert parse(f"<p>One.</p>{unseen}<p>Two.</p>".encode(), "a.html").text == "One.\n\nTwo."


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
