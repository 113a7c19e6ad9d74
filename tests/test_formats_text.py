"""Tables, data, sources, subtitles, mailboxes, archives: texts of many forms, and where their words stand."""

from __future__ import annotations

import base64
import io
import json
import os
import time
import zipfile
from pathlib import Path

import pypdfium2
import pytest
from cheap import Cheap
from conftest import Fill, make_pdf

from qa import Library, Settings
from qa.decoding import decode
from qa.documents import Document, part_name
from qa.errors import DocumentError
from qa.parsers import parse, parse_all
from qa.spans import Span, count_lines


def where(document: Document, words: str) -> str | None:
    """Name the part in which words stand."""
    line = 1 + count_lines(document.text, Span(0, document.text.index(words)))
    return part_name(document.parts, document.text.index(words), (line, line))


# Tables.


def test_a_table_keeps_every_letter_and_names_its_rows() -> None:
    text = 'Name,Notes,Age\r\nAnn,"said ""hi""\r\nand went","x\r\ny"\r\nBen,,3\r\nCem,"a\r\nb",4\r\nEve,q,6\r\n'
    document = parse(text.encode(), "a.csv")
    assert document.text == text and document.title == ""
    found = {words: where(document, words) for words in ("Notes", "Ann", "went", "y", "Ben", "Cem", "b", "Eve")}
    assert list(found.values()) == ["row 1", "row 2", "row 2", "row 2", "row 3", "row 4", "row 4", "row 5"]
    assert part_name(document.parts, text.index("Ben"), (5, 7)) == "row 3"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Name;Age\nAnn;3\n", "Name, Age"),
        ("Name\tAge\nAnn\t3\n", "Name, Age"),
        ("sep=;\nName;Age\nAnn;3\n", "Name, Age"),
        ("1,2\n3,4\n", None),
        ("Name,Name\na,b\n", None),
        ("one\ntwo\n", None),
        ("Name,Age\n", None),
    ],
)
def test_what_the_columns_are_called_stands_above_a_table(text: str, columns: str | None) -> None:
    document = parse(text.encode(), "a.csv")
    assert document.text == text
    assert [heading.title for heading in document.headings] == ([columns] if columns else [])


def test_a_citation_of_a_table_names_the_row(library: Library, fill: Fill) -> None:
    fill({"a.csv": "Animal,Food\n" + "".join(f"Animal{n},food {n}\n" for n in range(200)) + "Otter,fish\n"})
    library.sync()
    hit = library.search("otter fish")[0]
    assert hit.part and hit.part.startswith("rows ") and hit.part.endswith("-202") and hit.heading == ("Animal, Food",)


def test_a_quote_that_is_never_closed_is_a_letter_like_others() -> None:
    document = parse(b'a,"b\nc,d\ne,f\n', "a.csv")
    assert where(document, "e") == "row 3"


# JSON.


def test_json_that_can_be_read_is_read_as_it_stands() -> None:
    text = '{\n  "title": "The otter",\n  "n": 1.50\n}\n'
    document = parse(text.encode(), "a.json")
    assert (document.text, document.title) == (text, "The otter")


def test_one_endless_line_of_json_is_laid_out_letter_by_letter() -> None:
    value = {"name": "x", "empty": [], "none": {}, "list": [1, 2.5, {"deep": 'é, "[{\\'}] * 100}
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("2.5", "2.50")
    document = parse(line.encode(), "a.json")
    assert json.loads(document.text) == value and max(map(len, document.text.splitlines())) < 100
    assert document.text.startswith(
        '{\n  "name": "x",\n  "empty": [],\n  "none": {},\n  "list": [\n    1,\n    2.50,\n'
    )


def test_letters_of_json_that_stand_as_numbers_are_letters() -> None:
    text = r'{"a": "\u00e9\ud83d\ude00", "b": "\u0000", "c": "\ud800 \u00e9"}'
    assert parse(text.encode(), "a.json").text == r'{"a": "é😀", "b": "\u0000", "c": "\ud800 \u00e9"}'
    lines = parse(b'{"a": "\\u00e9"}\n{"a": "b"}\n', "a.jsonl")
    assert lines.text == '{"a": "é"}\n{"a": "b"}\n' and where(lines, '"b"') == "row 2"


def test_white_space_and_signs_of_json_are_what_they_stand_for() -> None:
    text = r'{"title": "T", "a": "One.\nApples\tgrow.\r\n\u0026 \u0027x\u0027 \"q\" C:\\new \u0022\u005c"}'
    read = parse(text.encode(), "a.json").text
    assert read == '{"title": "T", "a": "One.\nApples\tgrow.\n& \'x\' \\"q\\" C:\\\\new \\"\\\\"}'
    rows = parse(rb'{"a": "One.\nApples\u0026"}' + b'\n{"b": "spoilt\n' + rb'{"c": "x\ny"}' + b"\n", "a.jsonl")
    assert rows.text == '{"a": "One. Apples&"}\n{"b": "spoilt\n{"c": "x y"}\n' and where(rows, "x y") == "row 3"
    endless = parse(json.dumps({"a": "x\n" * 2_000, "b": 1}).encode(), "a.json").text
    assert endless == '{\n  "a": "' + "x\n" * 2_000 + '",\n  "b": 1\n}'


@pytest.mark.parametrize("text", ["[1,", "words", "[" * 100_000, "1" * 10_000])
def test_what_is_no_json_is_a_text(text: str) -> None:
    assert parse(text.encode(), "a.json").text == text


# XML.


def test_xml_gives_its_words_each_short_one_after_its_name() -> None:
    text = (
        '<?xml version="1.0"?><!-- no --><!DOCTYPE a [<!ENTITY x "harm">]><a:animals xmlns:a="u"><title>Animals</title>'
        '<animal id="7"><name>Otter &amp; co</name><food>f<i>is</i>h</food></animal><animal><note><![CDATA[a < b]]>'
        f"</note><story>{'Long. ' * 20}</story><q>&x;</q></animal></a:animals>"
    )
    document = parse(text.encode(), "a.xml")
    story = ("Long. " * 20).strip()
    assert document.text == f"Animals\n\nname: Otter & co\nfood: fish\n\nnote: a < b\n\n{story}\n\nq: &x;"
    assert (document.title, document.headings[0].title) == ("Animals", "Animals")


def test_elements_of_xml_that_stand_apart_do_so_among_words_too() -> None:
    text = "<d><p>one<br/>two</p><sec>Intro <p>One.</p><p>Two.</p></sec><p>10<sup>6</sup> f<i>is</i>h</p></d>"
    assert parse(text.encode(), "a.xml").text == "one\ntwo\nsec: Intro\nOne.\nTwo.\n10^6 fish"


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("<c>1</c><c>2</c>tail", "1 2 tail"),
        ("See (<ref>A</ref><ref>B</ref>).", "See (A B)."),
        ("<name>Größe</name><price>12.50</price><![CDATA[<b>]]>x", "Größe 12.50 <b>x"),
        ("f<i>is</i><b>h</b> and <unit>k</unit>m", "fish and km"),
        ("f<i>is</i>h <ref>A</ref><ref>B</ref> un<pb/><anchor/>known", "fish A B unknown"),
        ("(<w>Otter</w><pc>,</pc> <c>5</c><c>-2</c>)", "(Otter, 5 -2)"),
        ("By <name>Ann</name><name/><name><x/></name><name>Bob</name>", "By Ann Bob"),
        ("<c>1</c><e/><c>2</c><c>3</c><br/><c>4</c>tail", "1 2 3\n4 tail"),
    ],
)
def test_elements_of_xml_side_by_side_do_not_run_on(inside: str, words: str) -> None:
    assert parse(f"<d><p>{inside}</p></d>".encode(), "a.xml").text == words


@pytest.mark.parametrize("sign", ["<!DOCTYPE a [", '<!DOCTYPE a "', "<!DOCTYPE", "<![CDATA[", "<a b='<"])
def test_marks_of_xml_without_end_take_no_time(sign: str) -> None:
    began = time.process_time()
    assert parse(f"<r>{sign * (200_000 // len(sign))}x".encode(), "a.xml").text
    assert time.process_time() - began < 5


def test_a_page_that_is_named_xml_is_decoded_once() -> None:
    page = '<?xml version="1.0" encoding="ISO-8859-1"?><html><head><meta charset="ISO-8859-1"/><title/></head>'
    page += "<body><p>Größe müde</p></body></html>"
    assert parse(page.encode("latin-1"), "a.xml").text == "Größe müde"


def test_a_feed_gives_the_pages_in_it() -> None:
    text = (
        "<rss><channel><title>News</title><item><title>One</title>"
        "<description>&lt;p&gt;The &lt;b&gt;otter&lt;/b&gt; swims.&lt;/p&gt;&lt;p&gt;More.&lt;/p&gt;</description>"
        "</item></channel></rss>"
    )
    document = parse(text.encode(), "a.rss")
    assert "The otter swims.\n\nMore." in document.text and "<" not in document.text
    assert [heading.title for heading in document.headings] == ["News", "One"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("<a><b>one</c> two < three <d x='1>2'>four</d></b", "four"), ("<a>" * 5000 + "deep", "deep"), ("words", "words")],
)
def test_damaged_xml_is_read_all_the_same(text: str, words: str) -> None:
    assert words in parse(text.encode(), "a.xml").text


# Notebooks, sources.


def test_a_notebook_gives_its_cells_and_what_they_have_put_out() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Otters\n", "\n", "words"]},
        {
            "cell_type": "code",
            "source": "print(1)\n# no heading",
            "outputs": [
                {"output_type": "stream", "text": ["1\n"]},
                {"output_type": "display_data", "data": {"text/plain": "[1]", "image/png": "xx"}},
                {"output_type": "error", "ename": "E", "evalue": "odd", "traceback": ["\x1b[0m"]},
            ],
        },
        {"cell_type": "raw", "source": ""},
    ]
    book = {"nbformat": 4, "metadata": {"kernelspec": {"language": "python"}}, "cells": cells}
    document = parse(json.dumps(book).encode(), "a.ipynb")
    code = "```python\nprint(1)\n# no heading\n```\n\n```\n1\n```\n\n```\n[1]\n```\n\n```\nE: odd\n```"
    assert document.text == f"# Otters\n\nwords\n\n{code}"
    assert (document.title, [h.title for h in document.headings]) == ("Otters", ["Otters"])
    assert where(document, "print") == "cell 2"


@pytest.mark.parametrize("data", [b"no", b"[]", b'{"cells": 3}', b'{"cells": [[]]}', b"{}"])
def test_what_is_no_notebook_is_told(data: bytes) -> None:
    with pytest.raises(DocumentError, match="notebook"):
        parse(data, "a.ipynb")


def test_latex_is_its_own_text_with_headings() -> None:
    text = (
        "% \\section{Not}\n\\title[short]{The \\emph{Great} {Otter}\\thanks{x}}\n100\\% \\section{One \\& two}\n"
        "a % \\section{no}\n\\subsection*{Deeper \\label{b}}\n\\chapter\n  {Two}\n"
    )
    document = parse(text.encode(), "a.tex")
    assert (document.text, document.title) == (text, "The Great Otter")
    assert [(h.level, h.title) for h in document.headings] == [(2, "One & two"), (3, "Deeper"), (1, "Two")]
    assert all(text[h.start] == "\\" for h in document.headings)


def test_restructured_text_is_its_own_text_with_headings() -> None:
    text = (
        "=====\nOtter\n=====\n\nOne :ref:`x <y>`\n----------------\n\nSub ``code``\n~~~~~~~~~~~~\n\n"
        "::\n\n    no\n    --\n\n"
        "====  ====\nA     B\n====  ====\n\nTwo\n---\nx\n\n----\n\ny\n"
    )
    document = parse(text.encode(), "a.rst")
    assert (document.text, document.title) == (text, "Otter")
    assert [(h.level, h.title) for h in document.headings] == [(1, "Otter"), (2, "One x"), (3, "Sub code"), (2, "Two")]


# Subtitles.


def test_subtitles_are_their_words_and_a_citation_names_the_time() -> None:
    text = (
        "1\r\n00:00:01,000 --> 00:00:03,000\r\n<i>The otter</i>\r\n{\\an8}swims &amp; dives.\r\n\r\n"
        "2\r\n00:12:04,500 --> 00:12:06,000\r\n\r\n3\r\n00:12:04,500 --> 00:12:06,000 X1:1\r\nIt eats.\r\n\r\n"
        "4\r\n01:02:03,000 --> 01:02:04,000\r\n1984 was it.\r\n"
    )
    document = parse(text.encode(), "a.srt")
    assert document.text == "The otter swims & dives.\nIt eats.\n1984 was it."
    assert [where(document, words) for words in ("dives", "eats", "1984")] == ["0:01", "12:04", "1:02:03"]


def test_web_subtitles_name_their_speakers_and_say_nothing_twice() -> None:
    text = (
        "WEBVTT - My talk\n\nNOTE no\n\nSTYLE\n::cue {}\n\n"
        "intro\n00:01.000 --> 00:03.000 align:start\n<v Ann>Hi <b>all</b>\n"
    )
    document = parse(text.encode(), "a.vtt")
    assert (document.text, document.title, where(document, "Hi")) == ("Ann: Hi all", "My talk", "0:01")
    growing = (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n \nso<00:00:00.500><c> today</c>\n\n"
        "00:00:02.000 --> 00:00:02.010\nso today\n \n\n"
        "00:00:02.010 --> 00:00:04.000\nso today\nwe<00:00:03.000><c> talk</c>\n"
    )
    assert parse(growing.encode(), "a.vtt").text == "so today\nwe talk"


@pytest.mark.parametrize("line", ["<v " * 60_000, f"<v{' ' * 200_000}x", "<v.a" * 50_000, "</a" * 60_000])
def test_marks_of_subtitles_without_end_take_no_time(line: str) -> None:
    began = time.process_time()
    assert parse(f"WEBVTT\n\n00:01.000 --> 00:04.000\n{line}\nA seal.".encode(), "a.vtt").text.endswith("A seal.")
    assert time.process_time() - began < 5


def test_subtitles_without_times_are_told() -> None:
    with pytest.raises(DocumentError, match="no times"):
        parse(b"just words", "a.srt")


# Mailboxes and archives.


def test_each_mail_of_a_mailbox_is_a_document(library: Library, fill: Fill) -> None:
    fill(
        {
            "a.mbox": "From a@example.org Mon Jun 01 10:00:00 2009\nSubject: =?utf-8?q?=C3=9Cber?= uns\n\nThe otter.\n"
            ">From here on.\n\nFrom - Mon Jun 01 10:00:01 2009\nSubject: Two\n\nThe walrus.\n"
        }
    )
    assert library.sync().failed == 0
    assert [file.path for file in library.documents()] == ["a.mbox", "a.mbox!/Two.eml", "a.mbox!/Über uns.eml"]
    assert library.document("a.mbox!/Über uns.eml").text() == "Subject: Über uns\n\nThe otter.\nFrom here on."
    with pytest.raises(DocumentError, match="no mailbox"):
        parse(b"Subject: x\n\nbody", "b.mbox")


def test_what_is_attached_to_a_mail_in_a_mail_is_there_once() -> None:
    inner = (
        b"Subject: in\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\n"
        b"Content-Type: text/plain\n\n"
        b"x\n--B\nContent-Type: application/octet-stream; name=f.txt\n\nwords\n--B--\n"
    )
    outer = b"Subject: out\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=A\n\n--A\n"
    outer += b"Content-Type: message/rfc822\n\n" + inner + b"\n--A--\n"
    assert [each.path for each in parse_all(outer, "o.eml")] == ["o.eml", "o.eml!/in.eml", "o.eml!/in.eml!/f.txt"]


def packed(**files: str | bytes) -> bytes:
    """Write a ZIP archive; an underscore stands for the dot before a suffix."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return out.getvalue()


def opened(folder: Path, *, archives: bool) -> Library:
    """Open the library with the switch so, and sync it."""
    library = Library.open(folder, settings=Settings(archives=archives), embedder=Cheap())
    library.sync()
    return library


def test_archives_are_read_only_where_that_is_switched_on(folder: Path, fill: Fill) -> None:
    mail = b"Subject: m\nMIME-Version: 1.0\nContent-Type: application/zip; name=in.zip\n"
    mail += b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(packed(c_txt="The seal."))
    fill({"a.zip": packed(b_txt="The otter.", m_eml=mail), "m.eml": mail})
    for name in ("a.zip", "m.eml"):
        os.utime(folder / name, (time.time() - 60,) * 2)
    shut = {"a.zip": "Archives are not read: unpack it, or set QA_ARCHIVES=on."}
    for on in (False, True, True, False):
        with opened(folder, archives=on) as library:
            assert library.sync().opened == 0
            told = {file.path: file.reason for file in library.documents()}
            if on:
                assert (
                    not any(told.values()) and "a.zip!/m.eml!/in.zip!/c.txt" in told and "m.eml!/in.zip!/c.txt" in told
                )
                hit = library.search("otter")[0]
                assert hit.document.path == "a.zip!/b.txt" and library.citation(hit.id).status == "valid"
            else:
                assert {path for path in told if "!" in path} == {"m.eml!/in.zip"} and told["a.zip"] == shut["a.zip"]


def test_archives_are_bounded_and_say_what_could_not_be_had() -> None:
    data = bytearray(packed(a_txt="The otter.", b_txt="The walrus."))
    for at in (data.index(b"PK\3\4", 1) + 6, data.rindex(b"PK\1\2") + 8):
        data[at] |= 1
    told = {each.path: each.reason for each in parse_all(bytes(data), "a.zip", archives=True)}
    assert told == {
        "a.zip": None,
        "a.zip!/a.txt": None,
        "a.zip!/…": "b.txt in it is protected by a password: unpack the archive.",
    }
    bomb = packed(a_txt=bytes(300_000_000))
    assert "made to stop us" in str([each.reason for each in parse_all(bomb, "a.zip", archives=True)])
    with pytest.raises(DocumentError, match="Archives are not read"):
        parse(bomb, "a.zip")
    assert "does not open" in str([each.reason for each in parse_all(b"PK\x03\x04 no", "a.zip", archives=True)])


def test_a_file_of_an_archive_is_read_wherever_its_name_leads() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in ("../../evil.txt", "./a.txt", ".hidden/b.txt", "__MACOSX/c.txt", "~$d.docx"):
            file.writestr(name, "The otter.")
    assert [each.path for each in parse_all(made.getvalue(), "a.zip", archives=True)][1:] == [
        "a.zip!/evil.txt",
        "a.zip!/a.txt",
    ]


# Encodings that are declared, or told by their bytes.


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ('<?xml version="1.0" encoding="euc-kr"?><a>정부는 똠방각하</a>', "cp949"),
        ('<?xml version="1.0" encoding="iso-8859-1"?><a>“é”</a>', "cp1252"),
        ('<?xml version="1.0" encoding="koi8-r"?><a>да</a>', "koi8-r"),
        ('<?xml version="1.0" encoding="utf-16"?><a>é</a>', "utf-8"),
        ('<?xml version="1.0" encoding="zlib"?><a>é</a>', "utf-8"),
        ("日本語のメールです。", "iso2022_jp"),
        ("정부는 어제 승인했습니다.", "iso2022_kr"),
        ("\x1b[31mred\x1b[0m $5", "utf-8"),
        (
            "Příliš žluťoučký kůň úpěl ďábelské ódy. Vláda včera schválila návrh zákona, který mění daně. " * 4,
            "iso8859-2",
        ),
    ],
)
def test_a_declared_encoding_is_believed_and_others_are_told_by_their_bytes(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


# PDF without words.


def pdf(content: bytes, cmap: bytes = b"") -> bytes:
    """Write a PDF of one page, with a font whose letters are told by a map."""
    font = b"/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 5 0 R>>>>"
    parts = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<<" + font + b">>>>",
        *(b"<</Length %d>>\nstream\n%s\nendstream" % (len(data), data) for data in (content, cmap)),
    )
    body, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(b"%010d 00000 n \n" % len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(parts) + 1, b"".join(places))
    return body + table + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, len(body))


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "blank, or damaged"), (b"0 0 50 50 re f", "pictures without text")]
)
def test_a_pdf_without_words_says_whether_there_is_anything_on_its_pages(
    content: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.parsers.scans.available", lambda: False)
    with pytest.raises(DocumentError, match=words):
        parse(pdf(content), "a.pdf")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("plan.xlsx",), "What is attached to it is not read (plan.xlsx): save it beside it."),
        (("a.txt", "factur-x.xml", "b.txt"), "What is attached to it is not read (a.txt, …): save it beside it."),
        (("factur-x.xml",), ""),
    ],
)
def test_files_attached_to_a_pdf_are_told(names: tuple[str, ...], told: str) -> None:
    whole, file = pypdfium2.PdfDocument(make_pdf("The otter swims.")), io.BytesIO()
    for name in names:
        whole.new_attachment(name).set_data(b"The seal.")
    whole.save(file)
    whole.close()
    document = parse(file.getvalue(), "a.pdf")
    assert (document.text, document.missing) == ("The otter swims.", told)


def test_a_pdf_whose_fonts_tell_no_letters_has_no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.parsers.scans.available", lambda: False)
    private = b"\n".join(b"<%02X> <E0%02X>" % (n, n) for n in range(65, 75))
    cmap = b"begincmap\n1 begincodespacerange\n<00> <FF>\nendcodespacerange\n10 beginbfchar\n" + private
    made = pdf(b"BT /F 12 Tf 9 9 Td (ABCDEFGH) Tj ET", cmap + b"\nendbfchar\nendcmap")
    with pytest.raises(DocumentError, match="do not say which letters"):
        parse(made, "a.pdf")
