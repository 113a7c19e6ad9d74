"""Pictures: the words on them, by text recognition."""

from __future__ import annotations

import io
from typing import Any

from qa.documents import TITLE_LENGTH, Document, first_line
from qa.errors import DocumentError
from qa.parsers.ocr import INSTALL, MOST, available, read_picture

_MOST_PIXELS = 100_000_000
_TOO_LARGE = f"It has more than {_MOST_PIXELS // 1_000_000} million pixels: save it smaller."
_WIDEST = 4_000
"""So many pixels wide or high is a picture read at most: letters stay large enough."""
_PAGED = "TIFF"
"""The format whose pictures are pages; those of others move, or are the same in another size."""
_DEEP = ("I", "F", "I;16", "I;16B", "I;16L")
"""How Pillow calls greys of more than eight bits."""


def parse_picture(data: bytes) -> Document:
    """Read a picture, or the pages of one that has several. Raises DocumentError."""
    if not available():
        raise DocumentError(f"It is a picture: {INSTALL}")
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(data))
        _check_size(picture)
        count = getattr(picture, "n_frames", 1) if picture.format == _PAGED else 1
        if count > MOST:
            raise DocumentError(f"It has more than {MOST} pages: split it.")
        pages = [_read(picture, 0), *_following(picture, count)]
    except Image.DecompressionBombError as error:
        raise DocumentError(_TOO_LARGE) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError) as error:
        raise DocumentError("It is damaged: it does not open as a picture.") from error
    text = "\n\n".join(pages)
    if not text.strip():
        raise DocumentError("It is a picture on which no words were found: if it lies on its side, turn it.")
    missing = "" if len(pages) == count else f"It is damaged: {len(pages)} of its {count} pages could be read."
    return Document(text, first_line(text)[:TITLE_LENGTH], f"image/{(picture.format or '').lower()}", missing=missing)


def _following(picture: Any, count: int) -> list[str]:
    """Return the words of the pages after the first, up to one that is damaged."""
    pages: list[str] = []
    for number in range(1, count):
        try:
            pages.append(_read(picture, number))
        except (OSError, EOFError, SyntaxError, ValueError, TypeError):
            break
    return pages


def _read(picture: Any, number: int) -> str:
    """Return the words of one of the pictures of a file: upright, on white, in colours that recognition knows."""
    from PIL import Image, ImageOps

    picture.seek(number)
    _check_size(picture)
    upright: Any = ImageOps.exif_transpose(picture)
    if upright.mode in _DEEP:
        grey = upright.convert("F")
        low, high = grey.getextrema()
        scale = 255 / ((high - low) or 1)
        upright = grey.point(lambda value: value * scale - low * scale).convert("L")
    if upright.has_transparency_data:
        seen = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
    upright = upright.convert("RGB")
    upright.thumbnail((_WIDEST, _WIDEST))
    return read_picture(upright)


def _check_size(picture: Any) -> None:
    if picture.width * picture.height > _MOST_PIXELS:
        raise DocumentError(_TOO_LARGE)
