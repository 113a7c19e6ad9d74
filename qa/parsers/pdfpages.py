"""A PDF opened: its pages, the letters on each, and whether a picture covers it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import accumulate
from typing import Any

from qa.errors import DocumentError

_PDFIUM = threading.Lock()  # pdfium is not thread-safe
_ODD = re.compile("(?P<broken>[\x02\ufffe]\r?\n?)|(?P<end>\r(?=\n))|(?P<control>[\x00-\x08\x0e-\x1f])|[\ufb00-\ufb06]")
"""What is no letter of the text: `broken` is what pdfium writes where a word goes on in the next line."""
_LIGATURES = dict(zip("\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06", "ff fi fl ffi ffl st st".split(), strict=True))
_LAST, _FIRST = re.compile(r"\w+\Z"), re.compile(r"\w{1,40}")
_LONG, _LONGEST = 8, 40
"""Letters of a word in capitals, which two names as EU have not; of any word."""


@contextmanager
def opened(data: bytes) -> Iterator[Any]:
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
def open_page(pdf: Any, number: int) -> Iterator[tuple[Any, Any]]:
    """Open a page and its letters, with what was typed on it and into its forms as if it was printed.

    A page that is a picture stays one: text recognition reads all that is on it.
    """
    from pypdfium2 import raw

    with ExitStack() as opened:
        page = opened.enter_context(closing(pdf[number]))
        letters = opened.enter_context(closing(page.get_textpage()))
        if _is_typed_on(page):
            own = raw_text(letters).rstrip()
            if own or not is_picture(pdf, number):
                raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
                printed = opened.enter_context(closing(pdf[number]))
                all_letters = opened.enter_context(closing(printed.get_textpage()))
                # one object more is on it, or else it has lost the fonts and pictures that it shared with other pages
                more = raw.FPDFPage_CountObjects(printed) - raw.FPDFPage_CountObjects(page)
                if more == 1 and raw_text(all_letters).startswith(own):
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


def raw_text(letters: Any) -> str:
    """Return the letters of a page as pdfium has them: half ones too, since it counts them."""
    words: str = letters.get_text_range(errors="surrogatepass")
    return words


def page_text(pdf: Any, number: int) -> str | None:
    """Return the text of a page, the first is 0; None where the page is lost."""
    import pypdfium2

    try:
        with open_page(pdf, number) as (_, letters):
            return _clean(raw_text(letters))
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


def letters_of(raw: str) -> tuple[str, list[int]]:
    """Return the text of a page, and for each letter of it where it stands among those that pdfium has."""
    units = [0, *accumulate(2 if letter > "\uffff" else 1 for letter in raw)]  # pdfium counts as UTF-16 does
    at, indices = 0, list[int]()
    for odd in _ODD.finditer(raw):
        indices += units[at : odd.start()]
        indices += [units[odd.start()]] * len(_meant(odd))
        at = odd.end()
    return _clean(raw), indices + units[at : len(raw)]


def attached(pdf: Any) -> list[str]:
    """Return the names of the files that are attached to a PDF."""
    import pypdfium2

    names = []
    for number in range(pdf.count_attachments()):
        with suppress(pypdfium2.PdfiumError, UnicodeError):
            names.append(pdf.get_attachment(number).get_name())
    return names


def is_blank(pdf: Any, number: int) -> bool:
    """Tell whether there is nothing on a page: pdfium gives one where there is none, too."""
    import pypdfium2

    try:
        with closing(pdf[number]) as page:
            return next(iter(page.get_objects(max_depth=1)), None) is None
    except pypdfium2.PdfiumError:
        return True


def is_picture(pdf: Any, number: int) -> bool:
    """Tell whether pictures cover half of a page."""
    import pypdfium2
    from pypdfium2 import raw

    covered = 0.0
    try:
        with closing(pdf[number]) as page:
            edges = page.get_bbox()  # left, bottom, right, top
            for each in page.get_objects(max_depth=1):
                is_form = each.type == raw.FPDF_PAGEOBJ_FORM
                inside = page.get_objects((raw.FPDF_PAGEOBJ_IMAGE,), form=each) if is_form else ()
                if each.type == raw.FPDF_PAGEOBJ_IMAGE or any(True for _ in inside):
                    left, bottom, right, top = each.get_bounds()
                    wide, high = min(right, edges[2]) - max(left, edges[0]), min(top, edges[3]) - max(bottom, edges[1])
                    covered += max(0.0, wide) * max(0.0, high)
            return bool(covered >= (edges[2] - edges[0]) * (edges[3] - edges[1]) / 2 > 0)
    except pypdfium2.PdfiumError:
        return False
