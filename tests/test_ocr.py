"""Words on pictures and scanned pages are read where text recognition is installed, and told of where it is not."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing

import pypdfium2
import pytest
from conftest import Fill, make_pdf
from PIL import Image, ImageDraw, ImageFont
from test_ledger import Cheap

from qa import Library
from qa.errors import DocumentError
from qa.parsers import ocr, parse

WORDS = "The otter weighs nine kilograms"
MORE = "Nobody has seen the lynx"


def drawn(*lines: str) -> Image.Image:
    """Draw lines of large letters, the last one a paragraph of its own."""
    picture = Image.new("RGB", (1_100, 500), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(52)
    for number, line in enumerate(lines):
        pen.text((60, 60 + 80 * number + 120 * (number == len(lines) - 1 > 0)), line, "black", font)
    return picture


def saved(*pictures: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    pictures[0].save(file, kind, save_all=len(pictures) > 1, append_images=pictures[1:])
    return file.getvalue()


def test_pictures_and_scanned_pages_are_found_by_their_words(fill: Fill) -> None:
    page = drawn(WORDS, MORE)
    scanned = saved(drawn("First page"), page, kind="PDF")
    with Library.open(fill({"a.png": saved(page, kind="PNG"), "b.pdf": scanned}), embedder=Cheap()) as library:
        assert library.sync().failures == ()
        assert library.document("a.png").text() == f"{WORDS}\n\n{MORE}"
        cited = library.resolve(WORDS, document="b.pdf")
        assert cited.start_page_number == 2 and library.citation(cited.id).status == "valid"
        picture = library.page(cited.document.id, 2, cite=cited.id)
        assert picture.png[:4] == b"\x89PNG" and picture.boxes == ()  # nobody knows where on it the words are
        # as if it had been read before text recognition was there
        library.close()
        with sqlite3.connect(library.index / "catalog.sqlite3") as catalog:
            reason = f"It is a picture: {ocr.INSTALL}"
            catalog.execute("UPDATE files SET document = NULL, reason = ? WHERE path = 'a.png'", (reason,))
            catalog.execute("UPDATE meta SET value = 'False' WHERE name = 'pictures'")
        catalog.close()
    with Library.open(library.folder, embedder=Cheap()) as again:
        report = again.sync()
        assert report.failures == () and again.resolve(MORE).document.path in ("a.png", "b.pdf")
        assert again.document("a.png").reason is None and again.sync().opened == 0


def test_without_it_the_reason_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("pictures", "pdf"):
        monkeypatch.setattr(f"qa.parsers.{room}.available", lambda: False)
    for name, data in (
        ("a.png", saved(drawn(WORDS), kind="PNG")),
        ("a.pdf", saved(drawn(WORDS), kind="PDF")),
    ):
        with pytest.raises(
            DocumentError, match=r"install text recognition with `pip install .*\[ocr\]\"`, then sync.$"
        ):
            parse(data, name)


def bound(*files: bytes) -> bytes:
    """Put the pages of some PDFs into one."""
    whole, file = pypdfium2.PdfDocument.new(), io.BytesIO()
    for each in files:
        with closing(pypdfium2.PdfDocument(each)) as part:
            whole.import_pages(part)
    whole.save(file)
    whole.close()
    return file.getvalue()


def test_pages_without_text_among_others_are_read_too_or_told(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = make_pdf(*(f"Page {number} tells of the heron." for number in range(1, 4)))
    scanned = bound(typed, saved(drawn(WORDS), kind="PDF"), typed)
    blank = bound(typed, make_pdf(""))
    cover = bound(saved(drawn(WORDS), kind="PDF"), *[typed] * 4)
    with Library.open(fill({"a.pdf": scanned, "b.pdf": blank}), embedder=Cheap()) as library:
        assert library.sync().failures == ()
        assert library.resolve(WORDS).start_page_number == 4
        monkeypatch.setattr("qa.parsers.pdf.available", lambda: False)
        told = parse(scanned, "a.pdf").missing
        assert told.startswith("1 of its 7 pages are pictures without text: install") and told.endswith(ocr.INSTALL)
        assert parse(blank, "b.pdf").missing == parse(cover, "c.pdf").missing == ""


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.png", b"\x89PNG no", "does not open as a picture"),
        ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(40), "does not open as a picture"),
        ("a.bmp", b"BM" + b"\xff" * 60, "does not open as a picture"),
        ("a.pdf", make_pdf(""), "Its pages are blank"),
    ],
)
def test_what_is_no_picture_gets_one_sentence(name: str, data: bytes, why: str) -> None:
    with pytest.raises(DocumentError, match=why):
        parse(data, name)


def test_a_picture_that_would_fill_the_memory_is_refused_unseen() -> None:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x75\x30\0\0\x75\x30\x08\2\0\0\0"  # 30,000 by 30,000
    with pytest.raises(DocumentError, match=r"does not open|more than 100 million pixels"):
        parse(head + bytes(40), "a.png")
