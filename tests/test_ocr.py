"""Words on pictures and scanned pages are read where text recognition is installed, and told of where it is not."""

from __future__ import annotations

import ctypes
import io
import sqlite3
import struct
import warnings
import zlib
from contextlib import closing

import pypdfium2
import pytest
from conftest import Fill, make_pdf
from PIL import Image, ImageDraw, ImageFont
from pypdfium2 import raw
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
    for room in ("pictures", "scans"):
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
        monkeypatch.setattr("qa.parsers.scans.available", lambda: False)
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


def test_where_no_words_are_found_a_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("pictures", "scans"):
        monkeypatch.setattr(f"qa.parsers.{room}.available", lambda: True)
        monkeypatch.setattr(f"qa.parsers.{room}.read_picture", lambda picture: "")
    with pytest.raises(DocumentError, match="no words were found: if it lies on its side, turn it"):
        parse(saved(drawn(WORDS), kind="PNG"), "a.png")
    with pytest.raises(DocumentError, match="no words were found on them: if they lie on their side, turn them"):
        parse(saved(drawn(WORDS), kind="PDF"), "a.pdf")


@pytest.mark.parametrize("side", [11_000, 30_000])
def test_a_picture_that_would_fill_the_memory_is_refused_unseen(side: int) -> None:
    head = struct.pack(">4sIIBBBBB", b"IHDR", side, side, 8, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + head
        + struct.pack(">II4s", zlib.crc32(head), 40, b"IDAT")
        + bytes(44)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with pytest.raises(DocumentError, match="more than 100 million pixels: save it smaller"):
            parse(data, "a.png")


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Let nothing be recognised but «words»; return how dark and how light each picture was."""
    greys: list[tuple[int, int]] = []

    def read(picture: Image.Image) -> str:
        low, high = picture.convert("L").getextrema()
        greys.append((int(low), int(high)))  # type: ignore[arg-type]
        return "words"

    for room in ("pictures", "scans"):
        monkeypatch.setattr(f"qa.parsers.{room}.available", lambda: True)
        monkeypatch.setattr(f"qa.parsers.{room}.read_picture", read)
    return greys


def test_letters_on_nothing_and_in_deep_greys_stand_out(seen: list[tuple[int, int]]) -> None:
    clear = Image.new("RGBA", (100, 50), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (10, 10, 40, 30))
    deep = Image.new("I;16", (100, 50), 9_000)
    deep.paste(1_000, (10, 10, 40, 30))
    for picture in (clear, deep):
        parse(saved(picture, kind="PNG"), "a.png")
    assert seen == [(0, 255), (0, 255)]


def test_of_what_moves_one_picture_is_read_and_pages_up_to_a_damaged_one(seen: list[tuple[int, int]]) -> None:
    pictures = [Image.new("RGB", (50, 50), (grey, 0, 0)) for grey in (0, 90, 180)]
    for kind, name in (("WEBP", "a.webp"), ("PNG", "a.png"), ("GIF", "a.gif")):
        assert parse(saved(*pictures, kind=kind), name).text == "words"
    pages = saved(*pictures, kind="TIFF")
    assert parse(pages, "a.tif").text == "words\n\nwords\n\nwords" and len(seen) == 6
    cut = parse(pages[: len(pages) * 9 // 10], "a.tif")
    assert (cut.text, cut.missing) == ("words\n\nwords", "It is damaged: 2 of its 3 pages could be read.")


def stamped(scan: bytes, words: str) -> bytes:
    """Print a few words on the first page of a PDF, as a stamp on a scan."""
    file = io.BytesIO()
    with closing(pypdfium2.PdfDocument(scan)) as pdf:
        page = pdf[0]
        text = raw.FPDFPageObj_NewTextObj(pdf, b"Helvetica", 12.0)
        raw.FPDFText_SetText(text, ctypes.cast((words + "\0").encode("utf-16-le"), ctypes.POINTER(ctypes.c_ushort)))
        raw.FPDFPage_InsertObject(page, text)
        page.gen_content()
        pdf.save(file)
        page.close()
    return file.getvalue()


def test_a_scan_with_a_number_printed_on_it_is_a_scan(
    seen: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = stamped(saved(drawn(WORDS), kind="PDF"), "Page 2")
    whole = bound(scan, make_pdf("The heron eats eels, and nothing that it did not catch itself."))
    assert parse(whole, "a.pdf").text.startswith("Page 2")  # what was recognised has fewer letters here
    assert len(seen) == 1
    monkeypatch.setattr("qa.parsers.scans.read_picture", lambda picture: f"Page 2: {WORDS}")
    assert parse(whole, "a.pdf").text.startswith(f"Page 2: {WORDS}")
    monkeypatch.setattr("qa.parsers.scans.available", lambda: False)
    assert parse(whole, "a.pdf").missing.startswith("1 of its 2 pages are pictures with hardly any text: install")


def test_a_page_that_cannot_be_recognised_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter(["One.", None, "Three."])

    def read(picture: Image.Image) -> str:
        words = next(told)
        if words is None:
            raise RuntimeError("the engine")
        return words

    monkeypatch.setattr("qa.parsers.scans.available", lambda: True)
    monkeypatch.setattr("qa.parsers.scans.read_picture", read)
    document = parse(saved(*[drawn(WORDS)] * 3, kind="PDF"), "a.pdf")
    assert document.text == "One.\n\n\n\nThree."
    assert document.missing == "Of 3 scanned pages 2 could be read: split it, or scan the others again."
