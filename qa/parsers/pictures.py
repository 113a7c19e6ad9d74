"""Pictures: the words on them, by text recognition."""

from __future__ import annotations

import io

from qa.documents import TITLE_LENGTH, Document, first_line
from qa.errors import DocumentError
from qa.parsers.ocr import INSTALL, MOST, available, read_picture

_MOST_PIXELS = 100_000_000
_WIDEST = 4_000
"""So many pixels wide or high is a picture read at most: letters stay large enough."""


def parse_picture(data: bytes) -> Document:
    """Read a picture, or the pages of one that has several. Raises DocumentError."""
    if not available():
        raise DocumentError(f"It is a picture: {INSTALL}")
    from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(data))
        if picture.width * picture.height > _MOST_PIXELS:
            raise DocumentError(f"It has more than {_MOST_PIXELS // 1_000_000} million pixels: save it smaller.")
        pages = []
        for number, frame in enumerate(ImageSequence.Iterator(picture)):
            if number == MOST:
                raise DocumentError(f"It has more than {MOST} pages: split it.")
            upright = ImageOps.exif_transpose(frame).convert("RGB")
            upright.thumbnail((_WIDEST, _WIDEST))
            pages.append(read_picture(upright))
            if picture.format == "GIF":  # what moves says the same in each frame, nearly
                break
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise DocumentError("It is damaged: it does not open as a picture.") from error
    text = "\n\n".join(pages)
    if not text.strip():
        raise DocumentError("It is a picture on which no words were found.")
    return Document(text, first_line(text)[:TITLE_LENGTH], f"image/{(picture.format or '').lower()}")
