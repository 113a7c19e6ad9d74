"""Pages of a PDF that are pictures: their words, by text recognition, or how many were not read, and why."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from qa.errors import DocumentError
from qa.parsers.ocr import INSTALL, MOST, available, read_picture
from qa.parsers.pdfpages import is_blank, is_picture

_SCALE = 200 / 72
"""Pages are recognised at 200 dots to the inch."""
_HIGHEST = 4_000
"""So many pixels high or wide is a picture at most."""
_SECONDS = 500.0
"""So long are pages of one file recognised: whoever waits for it gives up some time later."""
_COVERS = 10
"""One page in so many may be a picture, as covers are, without a word about it where no words can be recognised."""
_STAMP = 100
"""So few letters on a page that is a picture are a number or a stamp, and what it says is on the picture."""


def recognise_all(pdf: Any, why: str) -> tuple[list[str], str]:
    """Return what text recognition reads on all pages, and how much of them it could not. Raises DocumentError."""
    pages, missing = _recognised(pdf, range(len(pdf)), why)
    if not any(page and page.strip() for page in pages):
        raise DocumentError(missing or f"{why}, and no words were found on them: if they lie on their side, turn them.")
    return [page or "" for page in pages], missing


def fill_in(pdf: Any, pages: list[str]) -> str:
    """Put in what text recognition reads on pages that are pictures; say how many of them it could not read."""
    numbers = [number for number, page in enumerate(pages) if len(page.strip()) < _STAMP and is_picture(pdf, number)]
    few = len(numbers) * _COVERS <= len(pages)
    if not numbers or (few and not available()):
        return ""
    typed = "without text" if not any(pages[number].strip() for number in numbers) else "with hardly any text"
    try:
        read, missing = _recognised(pdf, numbers, f"{len(numbers):,} of its {len(pages):,} pages are pictures {typed}")
    except DocumentError as left_out:
        return str(left_out)
    for number, page in zip(numbers, read, strict=True):
        pages[number] = max(pages[number], page or "", key=lambda words: len(words.strip()))
    return missing


def wordless(pdf: Any) -> str:
    """Say why there are no words. Raises DocumentError."""
    if all(is_blank(pdf, number) for number in range(len(pdf))):
        raise DocumentError("Its pages are blank, or damaged: there are neither letters nor pictures on them.")
    return "Its pages are pictures without text"


def _recognised(pdf: Any, numbers: Sequence[int], why: str) -> tuple[list[str | None], str]:
    """Return what text recognition reads on pages, None where it cannot, and what is missing. Raises DocumentError."""
    if not available():
        raise DocumentError(f"{why}: {INSTALL}")
    if len(numbers) > MOST:
        raise DocumentError(f"{why}, and there are more than {MOST} of them: split it.")
    end = time.monotonic() + _SECONDS
    pages = [_read(pdf, number) if time.monotonic() < end else None for number in numbers]
    read = sum(page is not None for page in pages)
    missing = f"Of {len(pages):,} scanned pages {read:,} could be read: split it, or scan the others again."
    return pages, "" if read == len(pages) else missing


def _read(pdf: Any, number: int) -> str | None:
    try:
        with closing(pdf[number]) as page:
            scale = min(_SCALE, _HIGHEST / max(page.get_width(), page.get_height()))
            return read_picture(page.render(scale=scale).to_pil().convert("RGB"))
    except Exception:  # whatever goes wrong with one page, the others are read
        return None
