"""A page of a PDF and a span of its words in; its picture, with these marked, and where their lines stand, out."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import degrees
from typing import Any

from qa.errors import DocumentError
from qa.parsers.pdfpages import letters_of, open_page, opened, raw_text
from qa.spans import Span

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of a page's width and height."""

_HIGHEST = 4_000
"""So many pixels high is a picture at most."""
_APART = 4
"""Words of a line are apart by so many times its height at most."""
_MARK = (255, 229, 100)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as a PNG; the words that stand in the span that was named, and a box for each line of them.

    They are marked where they are those that were expected. Of a page without letters nobody knows its words: None.
    """

    png: bytes
    words: str | None
    boxes: tuple[Box, ...] = ()


def draw_page(data: bytes, number: int, span: Span, *, width: int, expected: str | None = None) -> Drawn:
    """Draw a page, the first is 1, so many pixels wide; mark the words of a span of its text, if they are as expected.

    Raises DocumentError.
    """
    import pypdfium2

    with opened(data) as pdf:
        try:
            with open_page(pdf, number - 1) as (page, letters):
                if not page.get_width() > 0 < page.get_height():
                    raise DocumentError("The page has no size: it cannot be drawn.")
                scale = min(width / page.get_width(), _HIGHEST / page.get_height())
                bitmap = page.render(scale=scale, may_draw_forms=False)
                text, indices = letters_of(raw_text(letters))
                words = span.of(text)
                wanted = dict.fromkeys(indices[span.start : span.end] if expected in (None, words) else ())
                place = bitmap.get_posconv(page).to_bitmap
                picture = bitmap.to_pil().convert("RGB")
                boxes = _lines(
                    (_placed(box, place, picture.size), _is_sideways(angle + page.get_rotation()))
                    for box, angle in _boxes(letters, wanted)
                )
        except (pypdfium2.PdfiumError, IndexError, ValueError, ZeroDivisionError, MemoryError) as error:
            raise DocumentError("It is damaged: a page of it cannot be drawn.") from error
    wide, high = picture.size
    shares = tuple((left / wide, top / high, right / wide, bottom / high) for left, top, right, bottom in boxes)
    return Drawn(_png(picture, boxes), words if text.strip() else None, shares)


def _boxes(letters: Any, indices: Iterable[int]) -> Iterator[tuple[Box, float]]:
    """Yield where letters stand on a page, and their angle in degrees; spaces that nobody drew stand nowhere.

    A box is left, bottom, right and top.
    """
    import pypdfium2

    for index in indices:
        letter = pypdfium2.raw.FPDFText_GetCharIndexFromTextIndex(letters, index)
        try:
            left, bottom, right, top = letters.get_charbox(letter, loose=True)
        except pypdfium2.PdfiumError:
            continue
        if left < right and bottom < top:
            yield (left, bottom, right, top), degrees(pypdfium2.raw.FPDFText_GetCharAngle(letters, letter))


def _placed(letter: Box, place: Any, size: tuple[int, int]) -> Box:
    """Return where a letter stands on a picture, which may be turned, as far as that shows it."""
    (a, b), (c, d) = place(*letter[:2]), place(*letter[2:])
    (left, right), (top, bottom) = sorted((a, c)), sorted((b, d))
    wide, high = size
    return max(0.0, left), max(0.0, top), min(float(wide), right), min(float(high), bottom)


def _is_sideways(angle: float) -> bool:
    return abs(angle % 180 - 90) < 45


def _lines(letters: Iterable[tuple[Box, bool]]) -> list[Box]:
    """Join the boxes of letters to those of lines, which may run sideways; those that are not shown are left out."""
    lines: list[tuple[Box, bool]] = []
    for box, sideways in letters:
        left, top, right, bottom = _turned(box) if sideways else box
        if left >= right or top >= bottom:
            continue
        if lines and lines[-1][1] == sideways:
            a, b, c, d = lines[-1][0]
            high = min(bottom - top, d - b)
            if min(bottom, d) - max(top, b) > high / 2 and max(left - c, a - right) < _APART * high:
                lines[-1] = (min(a, left), min(b, top), max(c, right), max(d, bottom)), sideways
                continue
        lines.append(((left, top, right, bottom), sideways))
    return [_turned(box) if sideways else box for box, sideways in lines]


def _turned(box: Box) -> Box:
    left, top, right, bottom = box
    return top, left, bottom, right


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
