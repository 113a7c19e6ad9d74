"""A citation drawn on its page lies over the right words: each word of these PDFs is printed in a colour of its own."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Fill, pdf_of
from PIL import Image
from test_api import problem, running
from test_containers import mail

from qa import Library
from qa.errors import DocumentError, NotFound, UsageError
from qa.parsers import parse
from qa.parsers.sheets import draw_page
from qa.spans import Span

PAGES = [
    ["The otter sleeps by", "the old mill and eats", "nine herrings a day."],
    ["Nobody has seen the", "lynx of Brask since", "that spring in 1962."],
]


def colour(number: int) -> tuple[int, int, int]:
    """Return a dark colour of its own for each of sixty words."""
    return 40 * (number % 4), 40 * (number // 4 % 4), 40 * (number // 16 % 4)


def colourful(*pages: list[str], head: str = "/MediaBox [0 0 300 200]") -> bytes:
    """Write a PDF of these lines, with so many words in as many colours."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier-Bold >>",
    ]
    for i, lines in enumerate(pages):
        parts, number = [], 1
        for row, line in enumerate(lines):
            parts.append(f"BT /F1 14 Tf {20} {160 - 40 * row} Td")
            for word in line.split():
                red, green, blue = (each / 255 for each in colour(number))
                parts.append(f"{red:.4f} {green:.4f} {blue:.4f} rg ({word} ) Tj")
                number += 1
            parts.append("ET")
        stream = "\n".join(parts)
        fonts = "/Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R {head} {fonts} /Contents {5 + 2 * i} 0 R >>")
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    return pdf_of(objects)


def words_of(text: str) -> Iterator[Span]:
    at = 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        yield Span(start, at)


def ink(picture: Image.Image, box: tuple[float, float, float, float]) -> Counter[int]:
    """Count the letters' own colours in a box, by the number of the word; edges are grey, and no colour of any."""
    wide, high = picture.size
    part = picture.crop(tuple(round(at * (wide, high)[i % 2]) for i, at in enumerate(box)))
    known = {colour(number): number for number in range(1, 30)}
    return Counter(known[pixel] for pixel in part.get_flattened_data() if pixel in known)


HEADS = {
    "plain": "/MediaBox [0 0 300 200]",
    "turned": "/MediaBox [0 0 300 200] /Rotate 90",
    "upside down": "/MediaBox [0 0 300 200] /Rotate 180",
    "cropped": "/MediaBox [-50 -30 400 300] /CropBox [10 20 300 190]",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_the_box_of_each_word_holds_its_own_colour_and_no_other(head: str) -> None:
    data = colourful(*PAGES, head=head)
    document = parse(data, "a.pdf")
    for number, start in enumerate(document.pages, 1):
        text = document.text[start:].split("\n\n")[0]
        bare = Image.open(io.BytesIO(draw_page(data, number, Span(0, 0), width=900).png))
        printed = " ".join(PAGES[number - 1]).split()
        for span in words_of(text):
            count = printed.index(span.of(text)) + 1
            drawn = draw_page(data, number, span, width=900)
            assert drawn.words == span.of(text) and len(drawn.boxes) == 1
            found = ink(bare, drawn.boxes[0])
            assert set(found) == {count} and found[count] > 20, (span.of(text), found)


def test_words_that_go_on_in_the_next_line_have_a_box_for_each() -> None:
    data = colourful(*PAGES)
    text = parse(data, "a.pdf").text
    whole = text.index("eats"), text.index("herrings") + len("herrings")
    drawn = draw_page(data, 1, Span(*whole), width=900)
    assert drawn.words == "eats \nnine herrings" and len(drawn.boxes) == 2
    (_, top, right, bottom), (left, below, _, _) = drawn.boxes
    assert top < bottom < below and left < right


def test_a_ligature_is_its_letters_and_a_broken_word_is_whole() -> None:
    from qa.parsers.pdfpages import letters_of

    text, places = letters_of("the \ufb01eld is a mead\x02\r\now\r\nand \U0001f9a6 so")
    assert text == "the field is a meadow\nand \U0001f9a6 so" and len(places) == len(text)
    assert places[4] == places[5] == 4 and places[6] == 5
    assert places[text.index("ow")] == 21 and places[text.index("so")] == 32  # pdfium counts the otter as two


FONT = "<< /Font << /F1 3 0 R >> >>"


def stream(words: str, head: str = "") -> str:
    return f"<< /Length {len(words)} {head} >>\nstream\n{words}\nendstream"


def typed_on(page: str, *, own: str = f"/Resources {FONT}", shared: str = "", drawn: bool = True) -> bytes:
    """Write a PDF of one page with a form, which says Thornbury, and a note, which says Jones, both in red."""
    look = f"/Type /XObject /Subtype /Form /BBox [0 0 220 20] /Resources {FONT}"
    form = "/FT /Tx /T (tenant) /V (Thornbury) /F 4 /DA (/F1 12 Tf 1 0 0 rg)"
    picture = "/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8"
    return pdf_of(
        [
            f"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R] /DR {FONT} /DA (/F1 12 Tf) >> >>",
            f"<< /Type /Pages /Kids [4 0 R] /Count 1 {shared} >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding << /Differences [65 /B /A] >> >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] {own} /Contents 5 0 R /Annots [6 0 R 8 0 R] >>",
            stream(page),
            f"<< /Subtype /Widget {form} /Rect [200 700 420 720] {'/AP << /N 7 0 R >>' if drawn else ''} >>",
            stream("1 0 0 rg BT /F1 12 Tf 2 4 Td (Thornbury) Tj ET", look),
            "<< /Subtype /FreeText /Contents (Jones) /Rect [100 600 320 620] /F 4 /DA () /AP << /N 9 0 R >> >>",
            stream("1 0 0 rg BT /F1 12 Tf 2 4 Td (Jones) Tj ET", look),
            stream("~", picture),
        ]
    )


def is_red(pixel: tuple[int, int, int]) -> bool:
    return pixel[0] > 200 and pixel[1] < 60


@pytest.mark.parametrize("drawn", [True, False], ids=["drawn", "not drawn"])
def test_what_was_typed_into_a_form_and_on_a_page_is_read_and_marked_there(drawn: bool) -> None:
    data = typed_on("BT /F1 12 Tf 72 750 Td (The tenant is:) Tj ET", drawn=drawn)
    text = parse(data, "a.pdf").text
    assert text.split() == ["The", "tenant", "is:", "Thornbury", "Jones"]
    for word, (left, bottom, right, top) in (("Thornbury", (200, 700, 420, 720)), ("Jones", (100, 600, 320, 620))):
        shown = draw_page(data, 1, Span(text.index(word), text.index(word) + len(word)), width=600)
        (box,) = shown.boxes
        assert shown.words == word
        assert left / 600 < box[0] < box[2] < right / 600 and 1 - top / 800 < box[1] < box[3] < 1 - bottom / 800
        picture = Image.open(io.BytesIO(shown.png))
        inside = picture.crop(tuple(round(at * picture.size[i % 2]) for i, at in enumerate(box)))
        assert any(map(is_red, inside.get_flattened_data()))


def test_a_page_that_would_lose_its_own_letters_or_pictures_keeps_these() -> None:
    words = "BT /F1 12 Tf 72 750 Td (AB) Tj ET"
    data = typed_on(words, own="", shared=f"/Resources {FONT}")
    assert parse(data, "a.pdf").text == draw_page(data, 1, Span(0, 2), width=600).words == "BA"
    both = FONT.replace("/Font", "/XObject << /I 10 0 R >> /Font")
    data = typed_on("q 90 0 0 90 9 9 cm /I Do Q", own="", shared=f"/Resources {both}")
    shown = Image.open(io.BytesIO(draw_page(data, 1, Span(0, 0), width=600).png))
    assert shown.getpixel((50, 750)) == (126, 126, 126)


def test_a_page_that_is_a_picture_is_recognised_with_what_was_typed_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(picture: Image.Image) -> str:
        form = picture.crop(tuple(round(at * 200 / 72) for at in (200, 80, 420, 100)))
        return "recognised" if any(map(is_red, form.get_flattened_data())) else "not all"

    monkeypatch.setattr("qa.parsers.scans.available", lambda: True)
    monkeypatch.setattr("qa.parsers.scans.read_picture", read)
    data = typed_on("q 600 0 0 800 0 0 cm /I Do Q", own="/Resources << /XObject << /I 10 0 R >> >>")
    assert parse(data, "a.pdf").text == "recognised"
    assert draw_page(data, 1, Span(0, 10), width=300).words is None


def test_a_hyphen_between_two_words_stays_where_a_line_ends() -> None:
    from qa.parsers.pdfpages import letters_of

    raw = "A long\ufffeterm deal, non\ufffeEU and IEEE\ufffe754, MANAGE\ufffeMENT, Trace\ufffeMonkey, TraceMonkey\ufffe"
    text, places = letters_of(raw)
    assert text == "A longterm deal, non-EU and IEEE-754, MANAGEMENT, TraceMonkey, TraceMonkey"
    assert "".join(raw[place] for place in places) == text.replace("-", "\ufffe")
    data = colourful(["The first non-", "EU state joins for-", "ever, says Part A-", "7 of the law."])
    text = parse(data, "a.pdf").text
    assert text == "The first non-EU state joins forever, says Part A-7 of the law. "
    shown = draw_page(data, 1, Span(text.index("non"), text.index(" state")), width=900)
    assert shown.words == "non-EU" and len(shown.boxes) == 2


@pytest.fixture
def document(library: Library, fill: Fill) -> Library:
    attached = colourful(["An attached", "page."]).decode()
    fill({"a.pdf": colourful(*PAGES), "b.txt": "No pages.", "post.eml": mail("See it.", ("c.pdf", attached))})
    library.sync()
    return library


def test_a_citation_is_marked_on_its_page_through_every_door(document: Library) -> None:
    cited = document.resolve("lynx of Brask")
    number = cited.start_page_number or 0
    drawn = document.page(cited.document.id, number, cite=cited.id, width=600)
    assert number == 2 and drawn.words == "lynx of Brask" and len(drawn.boxes) == 1
    assert document.page("a.pdf", 1, cite=cited.id).boxes == ()  # it has nothing there
    with running(document) as client:
        told = client.get(f"/api/documents/{cited.document.id}/pages/2", params={"cite": cited.id, "width": 600})
        assert (told.status_code, told.headers["content-type"]) == (200, "image/png") and told.content == drawn.png
        assert client.get("/api/documents/a.pdf/pages/1").content == document.page("a.pdf", 1).png
        assert problem(client.get("/api/documents/a.pdf/pages/3"), 404).startswith("There is no such page: ")
        assert client.get("/api/documents/a.pdf/pages/x").status_code == 404
        assert problem(client.get("/api/documents/a.pdf/pages/1", params={"width": 9_999_999}), 400)


@pytest.mark.parametrize("name", ["report", "a.docx"])
def test_a_page_of_a_pdf_under_another_name_is_drawn(library: Library, fill: Fill, name: str) -> None:
    data = colourful(*PAGES)
    fill({name: data, "0.txt": parse(data, "a.pdf").text})
    library.sync()
    cited = library.resolve("lynx of Brask")
    assert len(library.page(cited.document.id, 2, cite=cited.id).boxes) == 1


def test_what_cannot_be_drawn_gets_one_sentence(document: Library, fill: Fill) -> None:
    cited, other = document.resolve("lynx of Brask"), document.resolve("No pages.")
    for path, error in (("b.txt", NotFound), ("post.eml!/c.pdf", NotFound), ("x.pdf", NotFound)):
        with pytest.raises(error):
            document.page(path, 1)
    with pytest.raises(UsageError, match="of another document"):
        document.page("a.pdf", 1, cite=other.id)
    fill({"a.pdf": colourful(["Something", "else now."], ["And here", "too."])})  # not synced yet
    with pytest.raises(NotFound, match="was changed since"):
        document.page("a.pdf", 2, cite=cited.id)
    fill({"a.pdf": b"%PDF-1.4 nothing"})
    with pytest.raises(DocumentError, match="damaged"):
        document.page("a.pdf", 1)
    (document.folder / "a.pdf").unlink()
    with pytest.raises(DocumentError, match="cannot be read"):
        document.page("a.pdf", 1)


def test_a_file_in_a_folder_called_pages_is_no_page(library: Library, fill: Fill) -> None:
    fill({"site/pages/about.md": "# About\n\nThe otter."})
    library.sync()
    with running(library) as client:
        assert client.get("/api/documents/site/pages/about.md").json()["path"] == "site/pages/about.md"
        assert client.get("/api/documents/site/pages/about.md/text").json()["text"].endswith("The otter.")


def test_a_page_behind_a_link_is_not_drawn(library: Library, fill: Fill, tmp_path: Path) -> None:
    folder = fill({"sub/a.pdf": colourful(*PAGES)})
    library.sync()
    elsewhere = tmp_path / "elsewhere"
    (folder / "sub").rename(elsewhere)
    (folder / "sub").symlink_to(elsewhere)
    with pytest.raises(DocumentError, match="its path goes through a link"):
        library.page("sub/a.pdf", 1)
