"""PDF, page by page: its words, and a page as a picture with where some of them stand on it."""

from __future__ import annotations

import io
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from unicodedata import category

from qa.documents import TITLE_LENGTH, Document, first_line
from qa.errors import DocumentError
from qa.parsers.ocr import INSTALL, MOST, available, read_picture
from qa.spans import Span

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of a page's width and height."""

_PDFIUM = threading.Lock()  # pdfium is not thread-safe
_ODD = re.compile("(?P<broken>[\x02\ufffe]\r?\n?)|(?P<end>\r(?=\n))|(?P<control>[\x00-\x08\x0e-\x1f])|[\ufb00-\ufb06]")
"""What is no letter of the text: `broken` is what pdfium writes where a word goes on in the next line."""
_LIGATURES = dict(zip("\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06", "ff fi fl ffi ffl st st".split(), strict=True))
_LAST, _FIRST = re.compile(r"\w+\Z"), re.compile(r"\w{1,40}")
_LONG, _LONGEST = 8, 40
"""Letters of a word in capitals, which two names as EU have not; of any word."""
_HIGHEST = 4_000
"""So many pixels high is a picture at most."""
_OCR_SCALE = 200 / 72
"""Pages are recognised at 200 dots to the inch."""
_APART = 4
"""Words of a line are apart by so many times its height at most."""
_MARK = (255, 229, 100)
_END, _TAIL = b"%%EOF", 2_048
"""What the last bytes of a sound file have in them."""
_COVERS = 10
"""One page in so many may be a picture, as covers are, without a word about it where no words can be recognised."""
_UNKNOWN = 0.5
"""A text has no words where more of its letters than this share are none that anybody knows."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as a PNG, some of its words marked there; these words, and a box for each line of them.

    Of a page that is a picture nobody knows its words, nor where they are: None.
    """

    png: bytes
    words: str | None
    boxes: tuple[Box, ...]


def parse_pdf(data: bytes) -> Document:
    """Read a PDF; pages are kept, words broken at a line's end are joined, ligatures are letters.

    Of pages without text the words are recognised, where that can be done.
    """
    import pypdfium2

    with _opened(data) as pdf:
        try:
            title = pdf.get_metadata_value("Title")
            found = [_page_text(pdf, number) for number in range(len(pdf))]
            pages = [page or "" for page in found]
            missing = _lost(pdf, found, cut_off=_END not in data[-_TAIL:])
            if not any(page.strip() for page in pages):
                pages = _whole(pdf, _wordless(pdf))
            elif _is_unknown(pages):
                pages = _whole(pdf, "Its fonts do not say which letters they show")
            else:
                missing = missing or _fill_in(pdf, pages)
        except pypdfium2.PdfiumError as error:
            raise DocumentError("It is damaged: a page of it cannot be read.") from error
    text = "\n\n".join(pages)
    starts, offset = [], 0
    for page in pages:
        starts.append(offset)
        offset += len(page) + 2
    return Document(
        text, title.strip()[:TITLE_LENGTH] or first_line(text), "application/pdf", tuple(starts), missing=missing
    )


def draw_page(data: bytes, number: int, span: Span, *, width: int) -> Drawn:
    """Draw a page, the first is 1, so many pixels wide, with the words of a span of its text marked."""
    import pypdfium2

    with _opened(data) as pdf:
        try:
            with _page(pdf, number - 1) as (page, textpage):
                scale = min(width / page.get_width(), _HIGHEST / page.get_height())
                bitmap = page.render(scale=scale, may_draw_forms=False)
                text, indices = _letters(textpage.get_text_range())
                wanted = dict.fromkeys(indices[span.start : span.end])
                place = bitmap.get_posconv(page).to_bitmap
                boxes = [_placed(line, place) for line in _lines(_boxes(textpage, wanted))]
                picture = bitmap.to_pil().convert("RGB")
        except (pypdfium2.PdfiumError, IndexError) as error:
            raise DocumentError("It is damaged: a page of it cannot be drawn.") from error
    wide, high = picture.size
    shares = tuple((left / wide, top / high, right / wide, bottom / high) for left, top, right, bottom in boxes)
    return Drawn(_png(picture, boxes), span.of(text) if text.strip() else None, shares)


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    """Open a PDF; everything in it is pdfium's, which is for one thread at a time."""
    import pypdfium2

    with _PDFIUM:
        try:
            pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            locked = "password" in str(error).lower()
            raise DocumentError(
                "It is protected by a password: save a copy without one."
                if locked
                else "It is damaged: it does not open as a PDF."
            ) from error
        try:
            # before any page is opened; what other forms show is drawn on their pages
            if pdf.get_formtype() == pypdfium2.raw.FORMTYPE_ACRO_FORM:
                with suppress(pypdfium2.PdfiumError):
                    pdf.init_forms()
            yield pdf
        finally:
            pdf.close()


@contextmanager
def _page(pdf: Any, number: int) -> Iterator[tuple[Any, Any]]:
    """Open a page and its letters, with what was typed on it and into its forms as if it was printed.

    A page that is a picture stays one: text recognition reads all that is on it.
    """
    from pypdfium2 import raw

    with ExitStack() as opened:
        page = opened.enter_context(closing(pdf[number]))
        letters = opened.enter_context(closing(page.get_textpage()))
        if _is_typed_on(page):
            own = letters.get_text_range().rstrip()
            if own or not _is_picture(pdf, number):
                raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
                printed = opened.enter_context(closing(pdf[number]))
                all_letters = opened.enter_context(closing(printed.get_textpage()))
                # one object more is on it, or else it has lost the fonts and pictures that it shared with other pages
                more = raw.FPDFPage_CountObjects(printed) - raw.FPDFPage_CountObjects(page)
                if more == 1 and all_letters.get_text_range().startswith(own):
                    page, letters = printed, all_letters
        yield page, letters


def _is_typed_on(page: Any) -> bool:
    """Tell whether something lies on a page that may have words: most that does are links, and to print costs time."""
    from pypdfium2 import raw

    for number in range(raw.FPDFPage_GetAnnotCount(page)):
        note = raw.FPDFPage_GetAnnot(page, number)
        kind = raw.FPDFAnnot_GetSubtype(note)
        raw.FPDFPage_CloseAnnot(note)
        if kind in (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP):
            return True
    return False


def _page_text(pdf: Any, number: int) -> str | None:
    """Return the text of a page; None where the page is lost."""
    import pypdfium2

    try:
        with _page(pdf, number) as (_, letters):
            return _clean(letters.get_text_range())
    except pypdfium2.PdfiumError:
        return None


def _clean(raw: str) -> str:
    joined = _ODD.sub(_meant, raw)
    return joined.encode("utf-8", "replace").decode()  # a lone surrogate has no bytes, so no hash


def _meant(odd: re.Match[str]) -> str:
    """Return what is meant by what is no letter."""
    return (_hyphen(odd) if odd["broken"] else "") or _LIGATURES.get(odd[0], "")


def _hyphen(odd: re.Match[str]) -> str:
    """Return a hyphen that stands between two words; pdfium takes each at a line's end for one that breaks a word."""
    raw = odd.string
    after = raw[odd.end() : odd.end() + 1]
    if not (after.isdigit() or after.isupper()):
        return ""
    begun, ended = _LAST.search(raw[max(0, odd.start() - _LONGEST) : odd.start()]), _FIRST.match(raw, odd.end())
    word = "".join(half[0] for half in (begun, ended) if half)
    in_capitals = word.isalpha() and word.isupper() and len(word) >= _LONG
    # of a name that has capitals inside the page mostly has another that is whole
    return "" if in_capitals or re.search(rf"\b{word}\b", raw) else "-"


def _letters(raw: str) -> tuple[str, list[int]]:
    """Return the text of a page, and for each letter of it where it stands among those that pdfium has."""
    units = [0, *accumulate(2 if letter > "\uffff" else 1 for letter in raw)]  # pdfium counts as UTF-16 does
    at, indices = 0, list[int]()
    for odd in _ODD.finditer(raw):
        indices += units[at : odd.start()]
        indices += [units[odd.start()]] * len(_meant(odd))
        at = odd.end()
    return _clean(raw), indices + units[at : len(raw)]


def _boxes(textpage: Any, indices: Iterable[int]) -> Iterator[Box]:
    """Yield where letters stand on a page: left, bottom, right and top; spaces that nobody drew stand nowhere."""
    import pypdfium2

    for index in indices:
        letter = pypdfium2.raw.FPDFText_GetCharIndexFromTextIndex(textpage, index)
        try:
            left, bottom, right, top = textpage.get_charbox(letter, loose=True)
        except pypdfium2.PdfiumError:
            continue
        if left < right and bottom < top:
            yield left, bottom, right, top


def _lines(letters: Iterable[Box]) -> list[Box]:
    """Join the boxes of letters to those of lines, whichever way they run."""
    lines: list[Box] = []
    for left, bottom, right, top in letters:
        if lines:
            a, b, c, d = lines[-1]
            high = min(top - bottom, d - b)
            if min(top, d) - max(bottom, b) > high / 2 and max(left - c, a - right) < _APART * high:
                lines[-1] = min(a, left), min(b, bottom), max(c, right), max(d, top)
                continue
        lines.append((left, bottom, right, top))
    return lines


def _placed(line: Box, place: Any) -> Box:
    """Return where a line stands on a picture, which may be turned."""
    (a, b), (c, d) = place(*line[:2]), place(*line[2:])
    return min(a, c), min(b, d), max(a, c), max(b, d)


def _png(picture: Any, boxes: Iterable[Box]) -> bytes:
    """Mark boxes on a picture as a felt pen does, and write it."""
    from PIL import Image, ImageChops

    for each in boxes:
        box = tuple(map(round, each))
        under = picture.crop(box)
        picture.paste(ImageChops.multiply(under, Image.new("RGB", under.size, _MARK)), box)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _lost(pdf: Any, found: Sequence[str | None], *, cut_off: bool) -> str:
    """Say how much of a damaged file could be read; "" where it is sound. Raises DocumentError where nothing could."""
    lost = sum(page is None or (cut_off and not page.strip() and _is_blank(pdf, n)) for n, page in enumerate(found))
    if lost == len(found):
        raise DocumentError("It is damaged: none of its pages can be read.")
    return f"It is damaged: {len(found) - lost:,} of its {len(found):,} pages could be read." if lost else ""


def _is_blank(pdf: Any, number: int) -> bool:
    """Tell whether there is nothing on a page: pdfium gives one where there is none, too."""
    import pypdfium2

    try:
        with closing(pdf[number]) as page:
            return next(iter(page.get_objects(max_depth=1)), None) is None
    except pypdfium2.PdfiumError:
        return True


def _wordless(pdf: Any) -> str:
    """Say why there are no words. Raises DocumentError."""
    if all(_is_blank(pdf, number) for number in range(len(pdf))):
        raise DocumentError("Its pages are blank, or damaged: there are neither letters nor pictures on them.")
    return "Its pages are pictures without text"


def _whole(pdf: Any, why: str) -> list[str]:
    """Return what text recognition reads on all pages. Raises DocumentError."""
    pages = _recognised(pdf, range(len(pdf)), why)
    if not any(page.strip() for page in pages):
        raise DocumentError(f"{why}, and no words were found on them.")
    return pages


def _fill_in(pdf: Any, pages: list[str]) -> str:
    """Put in what text recognition reads on pages without text; where it cannot, say how many are pictures."""
    numbers = [number for number, page in enumerate(pages) if not page.strip() and _is_picture(pdf, number)]
    few = len(numbers) * _COVERS <= len(pages)
    if not numbers or (few and not available()):
        return ""
    try:
        read = _recognised(pdf, numbers, f"{len(numbers):,} of its {len(pages):,} pages are pictures without text")
    except DocumentError as left_out:
        return str(left_out)
    for number, page in zip(numbers, read, strict=True):
        pages[number] = page
    return ""


def _is_picture(pdf: Any, number: int) -> bool:
    """Tell whether a picture covers half of a page."""
    import pypdfium2

    with closing(pdf[number]) as page:
        size = page.get_width() * page.get_height()
        for picture in page.get_objects(filter=(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE,)):
            left, bottom, right, top = picture.get_bounds()
            if (right - left) * (top - bottom) >= size / 2:
                return True
    return False


def _recognised(pdf: Any, numbers: Sequence[int], why: str) -> list[str]:
    """Return what text recognition reads on some pages. Raises DocumentError."""
    if not available():
        raise DocumentError(f"{why}: {INSTALL}")
    if len(numbers) > MOST:
        raise DocumentError(f"{why}, and there are more than {MOST} of them: split it.")
    pages = []
    for number in numbers:
        with closing(pdf[number]) as page:
            scale = min(_OCR_SCALE, _HIGHEST / max(page.get_width(), page.get_height()))
            pages.append(read_picture(page.render(scale=scale).to_pil().convert("RGB")))
    return pages


def _is_unknown(pages: Iterable[str]) -> bool:
    """Tell whether the letters are mostly signs for what is not known, or of a font's own."""
    letters = Counter("".join("".join(pages).split()))
    unknown = sum(count for letter, count in letters.items() if letter == "\ufffd" or category(letter) == "Co")
    return unknown > _UNKNOWN * letters.total()
