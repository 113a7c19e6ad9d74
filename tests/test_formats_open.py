"""OpenDocument files and books, in the same forms as office files; and what such files can do to harm."""

from __future__ import annotations

import io
import zipfile

import pytest
from conftest import Fill, make_pdf
from office import docx, epub, odf, p, package, pptx, row, shape, xlsx

from qa import Library
from qa.documents import heading_path, part_name
from qa.errors import DocumentError
from qa.parsers import parse, parse_all

OTHERS = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"


# OpenDocument


def test_an_opendocument_text_is_read_in_the_same_forms() -> None:
    styles = (
        '<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style>'
        '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>'
        '<style:style style:name="Title" style:family="paragraph"/>'
        '<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-format="1"'
        ' style:num-suffix="."/><text:list-level-style-bullet text:level="2"/></text:list-style>'
    )
    inner = "<text:list><text:list-item><text:p>deeper</text:p></text:list-item></text:list>"
    body = (
        "<text:tracked-changes><text:deletion><text:p>deleted</text:p></text:deletion></text:tracked-changes>"
        '<text:p text:style-name="P1">Otters</text:p><text:h text:outline-level="2">Rivers</text:h>'
        '<text:p>a\n  b<text:s text:c="2"/>c<text:tab/>d<text:span text:style-name="T1">hidden</text:span>'
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>A note.</text:p></text:note-body>"
        "</text:note><office:annotation><dc:creator>Ann</dc:creator><dc:date>x</dc:date><text:p>Why?</text:p>"
        "</office:annotation><text:hidden-text>never</text:hidden-text></text:p>"
        '<text:list text:style-name="L1"><text:list-item><text:p>one</text:p>'
        f"{inner}</text:list-item><text:list-item><text:p>two</text:p></text:list-item></text:list>"
        "<text:p><draw:frame><draw:text-box><text:p>In a box.</text:p></draw:text-box></draw:frame>"
        "<draw:a><draw:frame><draw:image/><svg:title>A map of a river</svg:title></draw:frame></draw:a></text:p>"
        '<table:table><table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>x</text:p>'
        "</table:table-cell></table:table-row><table:table-row><table:table-cell table:number-columns-spanned='2'>"
        "<text:p>wide</text:p></table:table-cell><table:covered-table-cell><text:p>covered</text:p>"
        "</table:covered-table-cell></table:table-row></table:table>"
    )
    masters = "<style:master-page><style:header><text:p>Secret plan</text:p></style:header></style:master-page>"
    document = parse(odf("text", body, styles=styles, masters=masters * 2), "a.odt")
    assert document.text == (
        "# Otters\n\n## Rivers\n\na b  c\td[^1]\n\n1. one\n  - deeper\n2. two\n\nIn a box.\n\n![A map of a river]\n\n"
        "| x | x |\n|---|---|\n| wide |  |\n\n[^1]: A note.\n\nComment by Ann: Why?\n\nHeader: Secret plan"
    )
    assert heading_path(document.headings, document.text.index("In a box")) == ("Otters", "Rivers")
    assert document.title == "Otters" and parse(odf("text", body, title="On otters"), "a.odt").title == "On otters"


def test_words_of_an_opendocument_text_above_the_line_do_not_run_on() -> None:
    def style(name: str, position: str) -> str:
        said = f'<style:text-properties style:text-position="{position}"/>' if position else ""
        return f'<style:style style:name="{name}" style:family="text" style:parent-style-name="Up">{said}</style:style>'

    def span(name: str, words: str) -> str:
        return f'<text:span text:style-name="{name}">{words}</text:span>'

    styles = style("Up", "super 58%") + style("Own", "") + style("High", "33% 58%") + style("Low", "-33% 58%")
    body = f"10{span('Up', '1')}{span('Own', '2')} km{span('High', '2')} H{span('Low', '2')}O 21{span('Up', 'st')}"
    text = parse(odf("text", f"<text:p>{body} {span('Up', '3')}</text:p>", styles=styles), "a.odt").text
    assert text == "10^12 km^2 H2O 21st 3"


def test_rows_of_an_opendocument_sheet_keep_their_numbers_however_often_they_are_repeated() -> None:
    def cell(words: str, times: int = 1) -> str:
        said = f"<text:p>{words}</text:p>" if words else ""
        return f'<table:table-cell table:number-columns-repeated="{times}">{said}</table:table-cell>'

    def rows(cells: str, times: int = 1) -> str:
        return f'<table:table-row table:number-rows-repeated="{times}">{cells}</table:table-row>'

    table = rows("", 2) + rows(cell("Animal") + cell("Price")) + rows(cell("", 16384), 1000) + rows(cell("Otter"))
    body = f'<table:table table:name="Prices">{table}{rows(cell(""), 10**6)}</table:table>'
    document = parse(odf("spreadsheet", body), "a.ods")
    assert document.text == "## Prices\n\n| Animal | Price |\n|---|---|\n| Otter |"
    assert part_name(document.parts, document.text.index("Otter"), (5, 5)) == "Prices row 1004"
    bomb = f'<table:table table:name="A">{rows(cell("x", 16384), 10**6)}</table:table>'
    assert len(parse(odf("spreadsheet", bomb), "a.ods").text) < 1_000_000


def test_slides_of_opendocument_have_titles_notes_and_names() -> None:
    hidden = (
        '<style:style style:name="d" style:family="drawing-page">'
        '<style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    )

    def frame(words: str, kind: str) -> str:
        box = f"<draw:text-box><text:p>{words}</text:p></draw:text-box>"
        return f'<draw:frame presentation:class="{kind}">{box}</draw:frame>'

    notes = f"<presentation:notes><draw:page-thumbnail/>{frame('Breathe.', 'notes')}</presentation:notes>"
    body = (
        f"<draw:page>{frame('They swim.', 'subtitle')}{frame('Otters', 'title')}{frame('7', 'page-number')}{notes}"
        f'</draw:page><draw:page draw:style-name="d">{frame("Unsaid", "outline")}</draw:page>'
    )
    document = parse(odf("presentation", body, styles=hidden), "a.odp")
    assert document.text == "## Otters\n\nThey swim.\n\nNotes:\nBreathe.\n\n## Slide 2 (hidden)\n\nUnsaid"
    assert [part.name for part in document.parts] == ["slide 1", "slide 2 (hidden)"]


# Books


def test_a_book_is_read_in_its_order_below_the_titles_of_its_contents() -> None:
    chapters = {"b c": "<p>The end.</p><h3>Afterwards</h3>", "a": "<h2>One: otters</h2><p>They<br/>swim.</p><p/>Bye"}
    contents = "".join(
        f'<navPoint><navLabel><text>{title}</text></navLabel><content src="{place}.xhtml#x"/></navPoint>'
        for title, place in (("Two", "b%20c"), ("One", "a"))
    )
    metadata = "<dc:title>On otters</dc:title><dc:creator>Ann Ashe</dc:creator>"
    document = parse(epub(chapters, contents=contents, metadata=metadata), "a.epub")
    assert document.title == "On otters"
    assert document.text.startswith("Authors: Ann Ashe\n\nOne: otters\n\nThey\nswim.\n\nBye\n\n# Two\n\nThe end.")
    assert [(h.level, h.title) for h in document.headings] == [(1, "One: otters"), (1, "Two"), (2, "Afterwards")]
    for heading in document.headings:
        assert document.text[heading.start :].lstrip("# ").startswith(heading.title)


def test_a_chapter_that_is_not_in_its_book_is_told() -> None:
    chapters = {"one": "<p>Otters.</p>", "two": "<p>Seals.</p>", "three": "<p>Teals.</p>"}
    with zipfile.ZipFile(io.BytesIO(epub(chapters))) as file:
        parts: dict[str, str | bytes] = {name: file.read(name) for name in file.namelist() if "two" not in name}
    document = parse(package(parts), "a.epub")
    assert document.text == "Teals.\n\nOtters."
    assert document.missing == "It is damaged: 2 of its 3 chapters could be read."


def test_a_book_that_only_its_sellers_program_reads_is_told_but_not_one_with_fonts_of_its_own() -> None:
    def locked(method: str, name: str) -> str:
        link = f'<CipherData><CipherReference URI="OPS/{name}"/></CipherData>'
        return f'<e><EncryptedData><EncryptionMethod Algorithm="{method}"/>{link}</EncryptedData></e>'

    for method, name in ((OTHERS, "font.otf"), ("http://www.idpf.org/2008/embedding", "a.xhtml")):
        made = epub({"a": "<p>Read me.</p>"}, **{"META-INF/encryption.xml": locked(method, name)})
        assert parse(made, "a.epub").text == "Read me."
    with pytest.raises(DocumentError, match="DRM"):
        parse(epub({"a": "x"}, **{"META-INF/encryption.xml": locked(OTHERS, "a.xhtml")}), "a.epub")


# Harm

SMALL = {
    "a.docx": docx(p("Otters.")),
    "a.pptx": pptx({"one": shape("Otters.")}, "one"),
    "a.xlsx": xlsx({"A": row(1, "Otters.")}),
    "a.odt": odf("text", "<text:p>Otters.</text:p>"),
    "a.ods": odf("spreadsheet", '<table:table table:name="A"/>'),
    "a.odp": odf("presentation", "<draw:page/>"),
    "a.epub": epub({"a": "<p>Otters.</p>"}),
}
MAIN = {
    "a.docx": "word/document.xml",
    "a.pptx": "ppt/slides/one.xml",
    "a.xlsx": "xl/s0.xml",
    "a.odt": "content.xml",
    "a.ods": "content.xml",
    "a.odp": "content.xml",
    "a.epub": "OPS/a.opf",
}


def changed(name: str, part: str, content: bytes) -> bytes:
    """Return a small file with one part changed."""
    with zipfile.ZipFile(io.BytesIO(SMALL[name])) as file:
        return package({each: file.read(each) for each in file.namelist()} | {part: content})


@pytest.mark.parametrize("name", SMALL)
def test_what_is_damaged_protected_or_made_to_harm_ends_in_one_sentence(name: str) -> None:
    laughs = b'<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c SYSTEM "file:///etc/hostname">]><a>&b;&c;</a>'
    password = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le")
    with zipfile.ZipFile(io.BytesIO(SMALL[name])) as file:
        many = package({each: file.read(each) for each in file.namelist()} | {f"x{i}": "" for i in range(20_001)})
    deep = b"<a>" * 100_000 + b"</a>" * 100_000
    for data, words in (
        (changed(name, MAIN[name], laughs), "declares a document type"),
        (changed(name, MAIN[name], b"<a><b></a>"), "no XML"),
        (SMALL[name][: len(SMALL[name]) // 2], "damaged"),
        (package({"x": "y"}), "damaged"),
        (password, "password"),
        (many, "more than 20,000 parts"),
        (changed(name, MAIN[name], deep), "too deep|no text|damaged"),
    ):
        with pytest.raises(DocumentError, match=words) as told:
            parse(data, name)
        assert str(told.value).endswith("."), told.value


def typed(name: str, kind: str) -> bytes:
    """Return a small file that says what it is, as such files do: not packed."""
    made = io.BytesIO(SMALL[name])
    with zipfile.ZipFile(made, "a") as file:
        file.writestr("mimetype", kind)
    return made.getvalue()


REAL = {
    "a.pdf": make_pdf("Otters."),
    **{name: changed(name, "[Content_Types].xml", b"<Types/>") for name in ("a.docx", "a.pptx", "a.xlsx")},
    "a.epub": typed("a.epub", "application/epub+zip"),
    "a.odt": typed("a.odt", "application/vnd.oasis.opendocument.text-template"),
}


@pytest.mark.parametrize("name", REAL)
def test_what_a_file_is_for_certain_goes_before_its_name(name: str) -> None:
    expected = parse(REAL[name], name).text
    assert "Otters." in expected
    for other in ("b.docx", "b.xlsx", "b.doc", "b.pdf", "b.png", "b.zip", "b.html", "noext", "b.docx~", "b.pages"):
        assert parse(REAL[name], other).text == expected, other
    for other in ("b.txt", "b.md", "b.py"):  # read in the program itself, where no parser may break
        with pytest.raises(DocumentError, match=rf"under another name: rename it to end in {name[1:]}\.$"):
            parse(REAL[name], other)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("Größe\n".encode(), "It is plain text under another name: rename it to end in .txt."),
        (b"\n<!DOCTYPE html><p>Log in", "It is a web page under another name: rename it to end in .html."),
        (b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "It is XML under another name: rename it to end in .xml."),
        (rb"{\rtf1 x}", "It is rich text under another name: rename it to end in .rtf."),
    ],
)
def test_a_text_under_the_name_of_another_format_says_so(data: bytes, reason: str) -> None:
    for name in ("a.pdf", "a.docx", "a.xlsx", "a.pptx", "a.odt", "a.epub", "a.png", "a.zip", "a.msg"):
        told = [each.reason for each in parse_all(data, name, archives=True)]
        assert told == [reason], name


def test_a_part_that_unpacks_to_a_gigabyte_is_not_unpacked() -> None:
    zeros = bytes(1_000_000)
    made = io.BytesIO()
    zipped = zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with zipped, zipped.open("word/document.xml", "w", force_zip64=True) as part:
        for _ in range(1_000):
            part.write(zeros)
    with pytest.raises(DocumentError, match="unpacks to more than 400 MB"):
        parse(made.getvalue(), "a.docx")


def test_an_encrypted_opendocument_file_says_so(library: Library, fill: Fill) -> None:
    fill({"a.odt": odf("text", "<text:p>x</text:p>", manifest="<encryption-data/>"), "b.docx": SMALL["a.docx"]})
    report = library.sync()
    assert (report.added, report.failed) == (1, 1)
    assert [each.reason for each in library.documents() if each.reason] == [
        "It is protected by a password: save a copy without one."
    ]
