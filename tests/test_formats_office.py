"""Office files and books: what a reader sees is there, what is not seen is not, and every place has its name."""

from __future__ import annotations

import time

import pytest
from conftest import Fill
from office import docx, p, package, pptx, row, shape, xlsx

from qa import Library
from qa.documents import Document, heading_path, part_name
from qa.errors import DocumentError
from qa.parsers import parse
from qa.parsers.drawings import AS_PDF
from qa.spans import Span, count_lines


def place(document: Document, words: str) -> str | None:
    """Name the part where words stand, as a citation of them does."""
    start = document.text.index(words)
    lines = (
        1 + count_lines(document.text, Span(0, start)),
        1 + count_lines(document.text, Span(0, start + len(words))),
    )
    return part_name(document.parts, start, lines)


def holds(document: Document) -> None:
    """Check that headings and parts begin where they say."""
    for heading in document.headings:
        assert document.text[heading.start :].startswith(f"{'#' * heading.level} {heading.title}\n"), heading
    for part in document.parts:
        assert part.line == 1 + count_lines(document.text, Span(0, part.start)), part


# Word


def test_a_word_file_has_the_headings_of_its_styles_in_any_language() -> None:
    styles = (
        '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
        '<w:style w:styleId="Meine"><w:name w:val="Meine"/><w:basedOn w:val="berschrift1"/></w:style>'
        '<w:style w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop"/></w:style>'
    )
    body = (
        p("Tiere", '<w:pStyle w:val="Meine"/>')
        + p("Otter", '<w:outlineLvl w:val="1"/>')
        + p("Wet.", '<w:pStyle w:val="Loop"/>')
    )
    document = parse(docx(body, styles=styles), "a.docx")
    assert document.text == "# Tiere\n\n## Otter\n\nWet."
    assert document.title == "Tiere"
    assert heading_path(document.headings, document.text.index("Wet")) == ("Tiere", "Otter")
    holds(document)
    assert parse(docx(body, title=" On  otters "), "a.docx").title == "On otters"


def test_a_word_file_is_read_as_it_is_with_all_changes_accepted_and_nothing_hidden() -> None:
    styles = '<w:style w:styleId="x"><w:rPr><w:vanish/></w:rPr></w:style>'
    body = (
        "<w:p><w:r><w:t>seen</w:t></w:r><w:del><w:r><w:delText>gone1</w:delText><w:t>gone2</w:t></w:r></w:del>"
        "<w:ins><w:r><w:t> added</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>gone3</w:t></w:r></w:moveFrom>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>gone4</w:t></w:r>"
        '<w:r><w:rPr><w:rStyle w:val="x"/></w:rPr><w:t>gone5</w:t></w:r>'
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t> shown</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>gone6</w:instrText><w:t>gone7</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t> field</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
        "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>first half, </w:t></w:r></w:p>" + p("second half")
    )
    rows = f"<w:tr><w:trPr><w:del/></w:trPr><w:tc>{p('gone8')}</w:tc></w:tr><w:tr><w:tc>{p('kept')}</w:tc></w:tr>"
    text = parse(docx(f"{body}<w:tbl>{rows}</w:tbl>", styles=styles), "a.docx").text
    assert text == "seen added shown field\n\nfirst half, second half\n\nkept"


def test_lists_of_word_have_their_bullets_and_numbers() -> None:
    levels = (
        '<w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>'
        '<w:lvl w:ilvl="2"><w:numFmt w:val="bullet"/><w:lvlText w:val="x"/></w:lvl>'
    )
    numbering = (
        f'<w:abstractNum w:abstractNumId="7">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="7"/>'
        '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
    )

    def item(words: str, level: int, number: int = 1) -> str:
        return p(words, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')

    body = item("a", 0) + item("b", 1) + item("c", 1) + item("d", 2) + item("e", 0) + item("f", 1) + item("g", 0, 2)
    text = parse(docx(body, numbering=numbering), "a.docx").text
    assert text == "III. a\n  III.a) b\n  III.b) c\n    - d\nIV. e\n  IV.a) f\nI. g"


def test_lists_of_word_may_be_told_by_a_style_and_count_as_laws_do() -> None:
    roman = '<w:numFmt w:val="upperRoman"/>'
    levels = (
        f'<w:lvl w:ilvl="0">{roman}<w:lvlText w:val="Article %1"/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:isLgl/><w:lvlText w:val="%1.%2"/></w:lvl>'
        '<w:lvl w:ilvl="2"><w:isLgl w:val="0"/><w:lvlText w:val="%1.%2.%3"/></w:lvl>'
    )
    numbering = (
        f'<w:abstractNum w:abstractNumId="1"><w:styleLink w:val="Legal"/>{levels}</w:abstractNum>'
        '<w:abstractNum w:abstractNumId="2"><w:numStyleLink w:val="Legal"/></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num>'
    )
    places = ((1, 0), (1, 1), (2, 0), (2, 1), (2, 2))
    items = (p("x", f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{number}"/></w:numPr>') for number, at in places)
    text = parse(docx("".join(items), numbering=numbering), "a.docx").text
    assert text.split("\n") == ["Article I x", "  1.1 x", "Article II x", "  2.1 x", "    II.1.1 x"]


def test_words_of_word_above_the_line_do_not_run_on_into_those_before_them() -> None:
    styles = '<w:style w:styleId="up"><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'

    def run(words: str, properties: str = "") -> str:
        return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{words}</w:t></w:r>"

    up, style = '<w:vertAlign w:val="superscript"/>', '<w:rStyle w:val="up"/>'
    body = run("10") + run("1", up) + run("2", up) + run(" km") + run("2", style) + run(" 21") + run("st", up)
    body += run(" H") + run("2", '<w:vertAlign w:val="subscript"/>') + run("O")
    note = f'<w:r><w:rPr>{up}</w:rPr><w:footnoteReference w:id="2"/></w:r>'
    made = docx(f"<w:p>{body}{note}</w:p>", styles=styles, footnotes=f'<w:footnote w:id="2">{p("Note.")}</w:footnote>')
    assert parse(made, "a.docx").text == "10^12 km^2 21st H2O[^1]\n\n[^1]: Note."


def test_forms_of_word_say_what_is_ticked_and_chosen() -> None:
    def sign(code: str) -> str:
        return f'<w:sym w:font="Wingdings" w:char="{code}"/>'

    def field(form: str, result: str = "") -> str:
        data = (
            f'<w:fldChar w:fldCharType="begin"><w:ffData>{form}</w:ffData></w:fldChar><w:instrText>FORM</w:instrText>'
        )
        return f'{data}<w:fldChar w:fldCharType="separate"/>{result}<w:fldChar w:fldCharType="end"/>'

    entries = '<w:listEntry w:val="Red"/><w:listEntry w:val="Blue"/>'
    runs = (
        "".join(map(sign, ("F0FE", "F0FD", "F0A8", "F06F", "F0FC", "F041"))),
        field('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>'),
        field('<w:checkBox><w:default w:val="1"/><w:checked w:val="0"/></w:checkBox>'),
        field('<w:checkBox><w:default w:val="1"/></w:checkBox>'),
        field(f'<w:ddList><w:result w:val="1"/>{entries}</w:ddList>'),
        field(f"<w:ddList>{entries}</w:ddList>", "<w:t>shown</w:t>"),
        field('<w:ddList><w:result w:val="7"/></w:ddList>', "<w:t>-</w:t>"),
    )
    body = "<w:p>" + "<w:r><w:t> </w:t></w:r>".join(f"<w:r>{each}</w:r>" for each in runs) + "</w:p>"
    assert parse(docx(body), "a.docx").text == "☒☒☐☐✓ ☒ ☐ ☒ Blue shown -"


def test_tables_of_word_are_tables_of_markdown_with_each_cell_once() -> None:
    def cell(words: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(words)}</w:tc>"

    first = cell("Wide", '<w:gridSpan w:val="2"/>') + cell("Tall", '<w:vMerge w:val="restart"/>')
    second = cell("a|b") + f"<w:sdt><w:sdtContent>{cell('c')}</w:sdtContent></w:sdt>" + cell("again", "<w:vMerge/>")
    body = f"{p('Before')}<w:tbl><w:tr>{first}</w:tr><w:tr>{second}</w:tr></w:tbl>"
    text = parse(docx(body), "a.docx").text
    assert text == "Before\n\n| Wide |  | Tall |\n|---|---|---|\n| a\\|b | c |  |"


def test_notes_boxes_comments_and_headers_of_word_stand_once_and_named() -> None:
    box = f"<w:txbxContent>{p('In a box.')}</w:txbxContent>"
    body = (
        '<w:p><w:r><w:t>Text</w:t><w:footnoteReference w:id="2"/><w:commentReference w:id="0"/>'
        f"<mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
        + p("Next", '<w:outlineLvl w:val="0"/>')
        + "<w:p><m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num>"
        + "<m:den><m:r><m:t>b</m:t></m:r></m:den></m:f></m:oMath></w:p>"
    )
    parts = {
        "footnotes": f'<w:footnote w:id="2">{p("A note.")}</w:footnote><w:footnote w:id="3">{p("unused")}</w:footnote>',
        "comments": f'<w:comment w:id="0" w:author="Ann">{p("Why?")}</w:comment>',
        "header": p("Secret plan"),
    }
    text = parse(docx(body, **parts), "a.docx").text
    assert text == (
        "Text[^1]\n\nIn a box.\n\n[^1]: A note.\n\n# Next\n\na/b\n\nComment by Ann: Why?\n\nHeader: Secret plan"
    )


def test_a_page_that_stands_in_a_word_file_is_read() -> None:
    made = {
        "word/document.xml": '<w:document xmlns:w="urn:w"><w:body><w:altChunk w:id="h"/></w:body></w:document>',
        "word/_rels/document.xml.rels": '<R><Relationship Id="h" Type="x/aFChunk" Target="chunk.html"/></R>',
        "word/chunk.html": "<p>From a <b>page</b>.<script>no</script></p>",
    }
    assert parse(package(made), "a.docx").text == "From a page."


def test_words_on_pictures_of_word_and_of_slides_are_told_where_there_are_hardly_any_others() -> None:
    picture, described = "<a:blip/>", '<wp:docPr descr="A screenshot of a letter"/>'
    scan = f"<w:p><w:r><w:drawing>{described}{picture}</w:drawing></w:r></w:p>"
    for body, told in ((p("Annex A.") + scan, True), (p("Words. " * 20) + scan, False), (p("Annex A."), False)):
        missing = parse(docx(body), "a.docx").missing
        assert missing == (f"It is pictures with hardly any text: {AS_PDF}" if told else "")
    with pytest.raises(DocumentError, match="It is pictures with hardly any text: save it as PDF"):
        parse(docx(f"<w:p><w:r>{picture}</w:r></w:p>"), "a.docx")

    alone = f'<p:pic><p:nvPicPr><p:cNvPr descr="A slide"/></p:nvPicPr>{picture}</p:pic>'
    slides = {"one": shape("Otters.") + alone, "two": alone, "three": alone + shape("7", place="sldNum")}
    assert parse(pptx(slides, "one two three"), "a.pptx").missing == (
        f"2 of its 3 slides are pictures without text: {AS_PDF}"
    )
    assert parse(pptx(slides, "one " * 9 + "two"), "a.pptx").missing == ""  # a cover
    with pytest.raises(DocumentError, match="1 of its 1 slides are pictures without text: save it as PDF"):
        parse(pptx({"one": picture}, "one"), "a.pptx")


def test_many_marks_of_pictures_in_a_word_file_take_no_time() -> None:
    began = time.process_time()
    assert parse(docx(p("![" * 100_000)), "a.docx").text
    assert time.process_time() - began < 5


# Slides


def test_slides_are_read_in_their_order_and_only_those_that_are_shown() -> None:
    slides = {
        "one": shape("Otters swim.") + shape("Otters", place="title") + shape("7", place="sldNum"),
        "orphan": shape("taken out"),
        "hidden": shape("Hidden words") + shape("2020", place="dt"),
        "two": shape("First", "Second", place="body"),
    }
    wide = '<a:tc gridSpan="2"><a:txBody><a:p><a:r><a:t>Wide</a:t></a:r></a:p></a:txBody></a:tc>'
    table = f'<a:tbl><a:tr>{wide}<a:tc hMerge="1"/></a:tr></a:tbl>'
    slides["two"] += f"<p:graphicFrame>{table}</p:graphicFrame>"
    notes = f"<p:cSld><p:spTree>{shape('Breathe.', place='body')}</p:spTree></p:cSld>"
    document = parse(pptx(slides, "two one hidden", title="PowerPoint Presentation", notesSlide=notes), "a.pptx")
    assert document.text == (
        "## Slide 1\n\n- First\n- Second\n\n| Wide |  |\n|---|---|\n\n"
        "## Otters\n\nOtters swim.\n\nNotes:\nBreathe.\n\n## Slide 3 (hidden)\n\nHidden words"
    )
    assert [part.name for part in document.parts] == ["slide 1", "slide 2", "slide 3 (hidden)"]
    assert document.title == "Otters"
    assert place(document, "Otters swim") == "slide 2" and place(document, "Hidden words") == "slide 3 (hidden)"
    holds(document)


def test_a_formula_on_a_slide_is_read_once_and_raised_words_do_not_run_on() -> None:
    def run(words: str, baseline: int = 0) -> str:
        return f'<a:r><a:rPr baseline="{baseline}"/><a:t>{words}</a:t></a:r>'

    power = "<m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup>"
    formula = (
        f"<mc:AlternateContent><mc:Choice><m:oMath><m:sSup>{power}</m:sSup></m:oMath></mc:Choice>"
        f"<mc:Fallback>{run('x2')}</mc:Fallback></mc:AlternateContent>"
    )
    body = run("10") + run("1", 30000) + run("2", 30000) + run(" H") + run("2", -25000) + run("O, ") + formula
    made = pptx({"one": f"<p:sp><p:txBody><a:p>{body}</a:p></p:txBody></p:sp>"}, "one")
    assert parse(made, "a.pptx").text == "## Slide 1\n\n10^12 H2O, x^2"


def test_charts_and_diagrams_of_slides_are_told() -> None:
    def points(name: str, *values: str) -> str:
        made = "".join(f"<c:pt idx='{i}'><c:v>{value}</c:v></c:pt>" for i, value in enumerate(values))
        return f"<c:{name}>{made}</c:{name}>"

    drawn = '<c:chart r:id="chart"/>', '<dgm:relIds r:dm="data"/>'
    frame = "".join(f"<p:graphicFrame>{each}</p:graphicFrame>" for each in drawn)
    chart = (
        "<c:title><a:p><a:r><a:t>Otters by year</a:t></a:r></a:p></c:title>"
        f"<c:ser>{points('tx', 'Rivers')}{points('cat', '2020', '2021')}"
        f"{points('val', '0.30000000000000004', '5')}</c:ser>"
    )
    data = "<dgm:pt><a:p><a:r><a:t>Plan</a:t></a:r></a:p></dgm:pt><dgm:pt><a:p><a:r><a:t>Do</a:t></a:r></a:p></dgm:pt>"
    text = parse(pptx({"one": frame}, "one", chart=chart, data=data), "a.pptx").text
    assert text.endswith(
        "Chart: Otters by year\n\n|  | Rivers |\n|---|---|\n| 2020 | 0.3 |\n| 2021 | 5 |\n\n- Plan\n- Do"
    )


# Sheets


def test_a_row_of_a_sheet_is_found_and_named(library: Library, fill: Fill) -> None:
    rows = row(1, "Animal", "Price") + "".join(
        row(n, f"animal {n} " + "of the river " * 60, f"{n}") for n in range(5, 12)
    )
    fill({"a.xlsx": xlsx({"Notes": row(1, "Nothing"), "Prices": rows + row(12, "quokka " * 150, "99")})})
    library.sync()
    hit = library.search("quokka")[0]
    assert hit.part == "Prices row 12" and hit.heading == ("Prices",)


def test_sheets_have_the_rows_that_they_had() -> None:
    rows = row(2, "Animal", "", "Price") + row(3, "Otter", "", "3") + row(6, "Seal") + row(7, "", "", "x|y")
    document = parse(xlsx({"Prices": rows, "Empty": "", "More": row(1, "Alone")}), "a.xlsx")
    assert document.text == (
        "## Prices\n\n| Animal | Price |\n|---|---|\n| Otter | 3 |\n| Seal |\n|  | x\\|y |\n\n"
        "## More\n\n| Alone |\n|---|"
    )
    assert place(document, "Animal") == "Prices row 2"
    assert place(document, "Otter") == "Prices row 3"
    assert place(document, "Seal |\n|  | x") == "Prices rows 6-7"
    assert part_name(document.parts, 0, (1, 8)) == "Prices rows 2-7"
    assert place(document, "Alone |\n|---") == "More row 1"
    holds(document)


def test_cells_show_what_they_show_to_their_reader() -> None:
    styles = (
        '<numFmts><numFmt numFmtId="164" formatCode="[$-407]d\\. mmm yy;@"/>'
        '<numFmt numFmtId="165" formatCode="[h]:mm"/>'
        '</numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="10"/><xf numFmtId="164"/><xf numFmtId="165"/>'
        '<xf numFmtId="20"/><xf numFmtId="22"/></cellXfs>'
    )
    cells = [
        ('t="s"', "0"), ('t="b"', "1"), ('t="e"', "#DIV/0!"), ('t="str"', "a_x000D_b"), ("", "0.30000000000000004"),
        ("", "123456789012345678"), ('s="1"', "0.125"), ('s="2"', "45351"), ('s="3"', "1.5"), ('s="4"', "0.5"),
        ('s="5"', "45351.75"), ("", "1E-7"), ('s="2"', "1e99"),
    ]  # fmt: skip
    words = "".join(f"<c {kind}><f>A1</f><v>{value}</v></c>" for kind, value in cells)
    strings = "<si><r><t>rich </t></r><r><t>text</t></r><rPh><t>how</t></rPh></si>"
    shown = (
        "rich text",
        "TRUE",
        "#DIV/0!",
        "a b",
        "0.3",
        "123456789012345678",
        "12.5%",
        "2024-02-29",
        "36:00:00",
        "12:00",
    )
    text = parse(xlsx({"A": f"<row>{words}</row>"}, strings=strings, styles=styles), "a.xlsx").text
    assert text.split("\n")[2] == f"| {' | '.join((*shown, '2024-02-29 18:00', '1e-07', '1e99'))} |"
    since_1904 = xlsx({"A": '<row><c s="2"><v>0</v></c></row>'}, styles=styles, settings='<workbookPr date1904="1"/>')
    assert "1904-01-01" in parse(since_1904, "a.xlsx").text


def test_cells_keep_the_zeros_of_their_format_and_raised_words_apart() -> None:
    codes = ("00000", "[&lt;=99999]00000;00000\\-0000", "0", "0.00")
    formats = "".join(f'<numFmt numFmtId="{170 + at}" formatCode="{code}"/>' for at, code in enumerate(codes))
    used = "".join(f'<xf numFmtId="{170 + at}"/>' for at in range(len(codes)))
    styles = f"<numFmts>{formats}</numFmts><cellXfs>{used}</cellXfs>"
    cells = "".join(f'<c s="{at}"><v>123</v></c>' for at in range(len(codes))) + '<c s="0"><v>-7</v></c>'
    strings = "<si><r><t>km</t></r><r><rPr><vertAlign val='superscript'/></rPr><t>2</t></r></si>"
    made = xlsx({"A": f'<row>{cells}<c t="s"><v>0</v></c></row>'}, strings=strings, styles=styles)
    assert "| 00123 | 00123 | 123 | 123 | -00007 | km^2 |" in parse(made, "a.xlsx").text


def test_hidden_sheets_are_read_but_not_very_hidden_ones_and_merged_cells_once() -> None:
    merged = row(1, "Title", "left over") + row(2, "below") + '<mergeCells><mergeCell ref="A1:B2"/></mergeCells>'
    comments = (
        '<authors><author>Ann</author></authors><comment ref="B3" authorId="0"><text><t>Check!</t></text></comment>'
    )
    sheets = {"A": merged, "B:hidden": row(1, "hidden"), "C:veryHidden": row(1, "never")}
    document = parse(xlsx(sheets, comments=comments), "a.xlsx")
    assert document.text == "## A\n\n| Title |\n|---|\n\nComment on B3 by Ann: Check!\n\n## B\n\n| hidden |\n|---|"
    assert place(document, "Check") == "A"


def test_formulas_whose_values_were_never_computed_are_told() -> None:
    computed = '<c r="B1"><f>SUM(A1)</f><v>7</v></c><c r="C1" t="str"><f>""</f><v></v></c><c r="D1"/>'
    rows = row(1, "Paint") + '<row r="2"><c t="inlineStr"><is><t>Total</t></is></c><c><f>SUM(B1)</f><v></v></c></row>'
    document = parse(xlsx({"A": rows, "B": f'<row r="1">{computed}<c><f>B1</f></c></row>'}), "a.xlsx")
    assert document.missing == (
        "The values of 2 of its formulas are not saved: open it in a spreadsheet program and save it anew."
    )
    assert parse(xlsx({"B": f'<row r="1">{computed}</row>'}), "a.xlsx").missing == ""


def test_a_sheet_with_two_cells_far_apart_stays_small() -> None:
    far = row(1, "near") + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    document = parse(xlsx({"A": far}), "a.xlsx")
    assert document.text == "## A\n\n| near |  |\n|---|---|\n|  | 1 |"
    assert place(document, "| 1 |") == "A row 1048576"
