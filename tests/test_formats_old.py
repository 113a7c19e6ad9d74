"""Old Office files and RTF: their words, in order, and nothing that nobody sees."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from conftest import Fill
from oldfiles import compound, outlook, slides, word, workbook

from qa import Library
from qa.documents import part_name
from qa.errors import DocumentError
from qa.parsers import parse, parse_all
from qa.parsers.compound import Compound
from qa.parsers.msg import unpacked
from qa.spans import Span, count_lines


def where(document: object, words: str) -> str | None:
    """Name the part in which words stand."""
    text = document.text  # type: ignore[attr-defined]
    line = 1 + count_lines(text, Span(0, text.index(words)))
    return part_name(document.parts, text.index(words), (line, line))  # type: ignore[attr-defined]


# RTF.


def rtf(body: str) -> bytes:
    """Write RTF with a Western, a Russian and a Japanese font."""
    fonts = r"{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}{\f2\fcharset128 C;}}"
    return (r"{\rtf1\ansi\ansicpg1252\deff0" + fonts + body + "}").encode("latin-1")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"One\par Two\line three\par", "One\n\nTwo\nthree"),
        (r"Caf\'e9 {\f1 \'cf\'f0\'e8} {\f2 \'93\'fa\'96\'7b}", "Café При 日本"),
        (r"\u8364? \uc2\u8217\'81\'41s \uc0\u-10179\u-8704 .", "€ ’s 😀."),
        (r"seen{\v hidden}{\deleted gone}{\*\unknown no} too", "seen too"),
        (r"{\pict\bin5 }{}abc}after", "after"),
        (r'{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt link}}', "link"),
        (r"{\stylesheet{\s1 heading 1;}}{\*\listtable{\list x}}words", "words"),
        (r"{\listtext\'b7\tab}a\par{\listtext 2.\tab}b\par", "- a\n\n2. b"),
        (
            r"\trowd\pard\intbl one\par more\cell two\cell\row\pard\intbl 3\cell 4|5\cell\row\pard end",
            "| one more | two |\n|---|---|\n| 3 | 4\\|5 |\n\nend",
        ),
        (
            r"said{\footnote A note.} so{\header Head}{\header Head}{\footer Foot}",
            "said[^1] so\n\n[^1]: A note.\n\nHead\n\nFoot",
        ),
        (
            r"10{\super 6} km\super 2\nosupersub , 10{\super\u8722?\'33} H{\sub 2}O 21{\super st} x\up6 2\up0 y",
            "10^6 km^2, 10^−3 H2O 21st x^2y",
        ),
        (r"May{\super {\footnote A note.}} is{\super\plain  so}", "May[^1] is so\n\n[^1]: A note."),
        (
            r"\trowd\cellx990\cellx2000\cellx3000\pard\intbl A\cell\cell C\cell\row"
            r"\trowd\cellx1995\cellx3000\pard\intbl Both\cell Third\cell\row"
            r"\trowd\clmgf\cellx1000\clmrg\cellx2000\cellx3000\pard\intbl Both\cell\cell 3\cell\row\pard",
            "| A |  | C |\n|---|---|---|\n| Both |  | Third |\n| Both |  | 3 |",
        ),
        (r"a\~b\_c\-d \{e\}", "a\xa0b\u2011cd {e}"),
        (r"cut {\b off", "cut off"),
    ],
)
def test_rtf_is_read_as_its_reader_sees_it(body: str, text: str) -> None:
    assert parse(rtf(body), "a.rtf").text == text


def test_rtf_has_a_title_and_headings() -> None:
    document = parse(
        rtf(r"{\info{\title The {\b big} one}{\author Ann}}\pard\outlinelevel0 First\par\pard words"), "a.rtf"
    )
    assert (document.title, document.text) == ("The big one", "# First\n\nwords")
    assert [(h.level, h.title) for h in document.headings] == [(1, "First")]


def test_what_is_no_rtf_is_told() -> None:
    with pytest.raises(DocumentError, match="no RTF"):
        parse(b"plain words", "a.rtf")


# Compound files.


def test_a_compound_file_gives_the_bytes_of_its_streams_whatever_their_size() -> None:
    streams = {"one": b"x" * 10, "folder/two": bytes(range(256)) * 40, "folder/three": b"", "four": b"y" * 4095}
    file = Compound(compound(streams))
    assert {path: file.read(path) for path in streams} == streams
    assert "FOLDER/two" in file and file.read("none") == b""


def test_a_chain_that_goes_in_a_circle_ends() -> None:
    data = bytearray(compound({"one": b"x" * 9000}))
    table = 512 * (struct.unpack_from("<I", data, 76)[0] + 1)
    struct.pack_into("<I", data, table + 4, 0)  # the second sector leads back to the first
    assert len(Compound(bytes(data)).read("one")) == 1024


def test_a_compound_file_that_is_cut_is_damaged_or_gives_what_it_has() -> None:
    data = word("Some words of it.\r")
    for end in range(0, len(data), 500):
        for name in ("a.doc", "a.ppt", "a.msg", "a.xls"):
            for each in parse_all(data[:end] or b"\xd0", name):
                assert each.reason or each.document


# Word.


def test_word_is_read_by_its_pieces_without_what_nobody_sees() -> None:
    text = 'Seen\x13 HYPERLINK "x" \x14link\x15, hidden words and Привет.\r'
    at = text.index("hidden")
    assert parse(word(text, hidden=[(at, at + 7)]), "a.doc").text == "Seenlink, words and Привет."


def test_word_has_headings_tables_notes_and_headers() -> None:
    text = "Head\rA\x07B\x07\x07C\r2\x07D\x07\x07Said\x02.\r\x02 The note.\rTop\r"
    in_table, row = b"\x16\x24\x01", b"\x16\x24\x01\x17\x24\x01"
    marks = [n for n, letter in enumerate(text) if letter in "\r\x07"]
    how = [(1, b""), (0, in_table), (0, in_table), (0, row), (0, in_table), (0, in_table), (0, in_table), (0, row)]
    main, note = text.index("\x02 The"), text.index("Top") - text.index("\x02 The")
    document = parse(
        word(
            text,
            paragraphs=dict(zip(marks, [*how, (0, b""), (0, b""), (0, b"")], strict=True)),
            lengths=[main, note, 4],
            tables={2: struct.pack("<IIH", text.index("\x02"), main, 0), 3: struct.pack("<III", 0, note, note + 1)},
        ),
        "a.doc",
    )
    assert document.text == "# Head\n\n| A | B |\n|---|---|\n| C 2 | D |\n\nSaid[^1].\n\n[^1]: The note.\n\nTop"
    assert [(h.level, h.title) for h in document.headings] == [(1, "Head")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (word("x\r", flags=0x100), "password"),
        (word("x\r", version=104), "Word 6 or 95"),
        (compound({"other": b"x" * 5000}), "no text in it"),
        (b"\xffWPC\x00\x01\x02", "not what its name says"),
    ],
)
def test_a_word_file_that_cannot_be_read_says_why(data: bytes, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        parse(data, "a.doc")


@pytest.mark.parametrize(
    ("data", "name", "text"),
    [
        (rtf("words"), "a.doc", "words"),
        (b"<html><body><p>words</p></body></html>", "a.doc", "words"),
        (b"plain words", "a.doc", "plain words"),
        (b"<table><tr><td>a</td><td>b</td></tr></table>", "a.xls", "a | b"),
        (b"a\tb\n1\t2\n", "a.xls", "a\tb\n1\t2\n"),
        ("a\tb\n1\t2\n".encode("utf-16"), "a.xls", "a\tb\n1\t2\n"),
        ("<table><tr><td>a</td><td>b</td></tr></table>".encode("utf-16"), "a.xls", "a | b"),
        (b'<?xml version="1.0"?><!DOCTYPE html><html><body><p>words</p></body></html>', "a.doc", "words"),
        (b'<?xml version="1.0"?><!-- > --><a><p>one</p><p>two</p></a>', "a.doc", "one\ntwo"),
    ],
)
def test_what_is_a_text_under_the_name_of_an_old_file_is_read_as_that(data: bytes, name: str, text: str) -> None:
    assert parse(data, name).text == text


WEB_PAGE = b"""From: <Saved by a browser>
Subject: A page
MIME-Version: 1.0
Content-Type: multipart/related; boundary=B

--B
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<html><title>Opening</title><body><h1>Hours</h1><p>The caf=C3=A9 opens at ni=
ne.</p></body></html>
--B
Content-Type: text/css

body { color: red }
--B
Content-Type: text/html

<p>A frame.</p>
--B--
"""


@pytest.mark.parametrize("name", ["a.doc", "a.mht", "a.mhtml"])
def test_a_page_that_was_saved_as_a_mail_is_read_as_a_page(name: str) -> None:
    document = parse(WEB_PAGE, name)
    assert (document.title, document.text) == ("Opening", "Hours\n\nThe café opens at nine.\n\nA frame.")
    assert [heading.title for heading in document.headings] == ["Hours"]


def test_a_mail_without_a_page_is_read_as_a_mail_under_any_name() -> None:
    data = b"MIME-Version: 1.0\nSubject: The otter\n\nIt sleeps."
    assert parse(data, "a.doc").text == parse(data, "a.mht").text == "Subject: The otter\n\nIt sleeps."
    with pytest.raises(DocumentError, match="no page in it"):
        parse(b"MIME-Version: 1.0\n\n", "a.mht")


def test_a_workbook_in_xml_is_a_table_whose_rows_are_known() -> None:
    sheets = (
        '<s:Worksheet s:Name="Stock"><s:Table><s:Row><s:Cell><s:Data s:Type="String">Name</s:Data></s:Cell>'
        '<s:Cell><s:Data s:Type="String">Price</s:Data></s:Cell></s:Row><s:Row s:Index="4"><s:Cell s:Index="2">'
        '<s:Data s:Type="Number">5.0</s:Data></s:Cell></s:Row></s:Table></s:Worksheet>'
        '<s:Worksheet s:Name="No"><s:Table><s:Row><s:Cell><s:Data>hidden</s:Data></s:Cell></s:Row></s:Table>'
        "<o><Visible>SheetHidden</Visible></o><WorksheetOptions><Visible>SheetVeryHidden</Visible></WorksheetOptions>"
        "</s:Worksheet>"
    )
    begins = '<?xml version="1.0" encoding="{}"?><?mso-application progid="Excel.Sheet"?><s:Workbook xmlns:s="urn:x">'
    for encoding in ("windows-1252", "utf-16"):
        data = f"{begins.format(encoding)}<Author>Ann</Author>{sheets}</s:Workbook>".encode(encoding)
        document = parse(data, "a.xls")
        assert document.text == "## Stock\n\n| Name | Price |\n|---|---|\n|  | 5 |"
        assert where(document, "5") == "Stock row 4"
    with pytest.raises(DocumentError, match="where none can be"):
        parse(data.replace("4".encode("utf-16-le"), "4000000".encode("utf-16-le")), "a.xls")
    with pytest.raises(DocumentError, match="no XML"):
        parse(begins.format("utf-8").encode(), "a.xls")


def test_a_text_in_xml_has_its_paragraphs_and_tables_apart() -> None:
    body = (
        "<w:sect><w:p><w:r><w:t>One.</w:t><w:br/><w:delText>gone</w:delText><w:t>More.</w:t></w:r></w:p>"
        "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:t>Two.</w:t></w:r></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl></w:sect>"
    )
    data = f'<?xml version="1.0"?><w:wordDocument xmlns:w="x"><o>Ann</o><w:body>{body}</w:body></w:wordDocument>'
    assert parse(data.encode(), "a.doc").text == "One.\nMore.\n\nTwo.\n\n| a |  |\n|---|---|"


# Slides.


def test_slides_are_read_in_their_order_with_notes() -> None:
    document = parse(slides(("One", "drawn", "remember"), ("Two", "*", "")), "a.ppt")
    assert document.text == "## One\n\ndrawn\n\nNotes:\nremember\n\n## Two"
    assert (where(document, "drawn"), where(document, "Two")) == ("slide 1", "slide 2")


def test_slides_with_a_password_say_so() -> None:
    with pytest.raises(DocumentError, match="password"):
        parse(slides(("One", "", ""), mark=0xF3D1C4DF), "a.ppt")


# Workbooks.


def test_an_old_workbook_is_read_with_its_rows() -> None:
    rows = [["Name", "Weight"], ["Otter", 9.5], ["", ""], ["Walrus", 1200]]
    document = parse(workbook({"Stock": rows, "More": [["x"]]}), "a.xls")
    assert document.text.startswith(
        "## Stock\n\n| Name | Weight |\n|---|---|\n| Otter | 9.5 |\n| Walrus | 1200 |\n\n## More"
    )
    assert (where(document, "Otter"), where(document, "Walrus")) == ("Stock row 2", "Stock row 4")


def test_an_old_workbook_with_a_password_or_damaged_says_so() -> None:
    with pytest.raises(DocumentError, match="password"):
        parse(workbook({"S": [["a"]]}, locked=True), "a.xls")
    with pytest.raises(DocumentError, match="does not open as a workbook"):
        parse(compound({"Workbook": b"no" * 4000}), "a.xls")


# Outlook.

LETTER = {"0037": "Über uns", "0C1A": "Ann", "5D01": "ann@example.org", "1000": "The otter sleeps.\r\n"}


def test_a_mail_of_outlook_is_read_as_other_mail_is(library: Library, fill: Fill) -> None:
    made = outlook(
        LETTER,
        [(1, "Ben", "ben@example.org"), (2, "Cy", "cy@example.org"), (3, "Di", "di@example.org")],
        [("report.txt", b"The walrus swims.")],
        {"0037": "Inner", "1000": "The seal dives."},
    )
    fill({"a.msg": made})
    assert library.sync().failed == 0
    document = library.document("a.msg")
    assert document.text() == (
        "From: Ann <ann@example.org>\nTo: Ben <ben@example.org>\nCc: Cy <cy@example.org>\nSubject: Über uns\n\n"
        "The otter sleeps."
    )
    assert document.title == "Über uns"
    assert [library.search(name)[0].document.path for name in ("walrus", "seal")] == [
        "a.msg!/report.txt",
        "a.msg!/Inner.eml",
    ]


@pytest.mark.parametrize(
    "body",
    [{"1013": b"<p>The <b>otter</b> sleeps.</p>"}, {"1009": b"\0" * 8 + b"MELA\0\0\0\0" + rtf("The otter sleeps.")}],
)
def test_a_mail_of_outlook_may_be_a_page_or_rtf(body: dict[str, bytes]) -> None:
    assert parse(outlook({"0037": "S", **body}), "a.msg").text == "Subject: S\n\nThe otter sleeps."


def test_packed_rtf_is_unpacked() -> None:
    packed = "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    assert unpacked(bytes.fromhex(packed)) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert unpacked(bytes.fromhex(packed)[:30]).startswith(b"{\\rtf1\\ansi")


def test_an_encrypted_mail_of_outlook_says_so() -> None:
    with pytest.raises(DocumentError, match="encrypted"):
        parse(outlook({"001A": "IPM.Note.SMIME", "0037": "S"}), "a.msg")


def test_citations_of_old_files_say_exactly_what_stands_there(library: Library, fill: Fill, folder: Path) -> None:
    fill(
        {
            "a.doc": word("The otter eats fish.\r"),
            "b.ppt": slides(("Walrus", "The walrus eats clams.", "")),
            "c.xls": workbook({"Seals": [["Seal", "Food"], ["Harp", "The seal eats cod."]]}),
        }
    )
    assert library.sync().failed == 0
    for name, part in (("otter", None), ("walrus", "slide 1"), ("seal", "Seals")):
        hit = library.search(f"What does the {name} eat?")[0]
        assert library.text(hit.document.id)[hit.start_char_index : hit.end_char_index] == hit.text
        assert (hit.part or "").startswith(part or "") and library.citation(hit.id).status == "valid"
