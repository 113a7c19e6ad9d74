"""A picture in; the words on it out, where text recognition is installed (the extra `ocr`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

INSTALL = 'install text recognition with `pip install "chapter-and-verse[ocr]"`, then sync.'
"""What to do about words that only a picture has; it ends the reason."""
MOST = 100
"""So many pages of one file are read at most, each for some seconds."""
_SURE = 0.8
"""What is recognised with less certainty, from 0 to 1, is left out."""
_APART = 0.8
"""A gap of so much of a line's height begins a new paragraph."""


@cache
def available() -> bool:
    """Tell whether text recognition is installed: looked for once, since each file asks."""
    return find_spec("rapidocr") is not None


def read_picture(picture: Any) -> str:
    """Return the words on one of Pillow's pictures: line by line from the top, paragraphs apart."""
    for tell in _WAITING:
        tell()
    found = _engine()(picture)
    text, before = "", None
    for box, words, sure in zip(found.boxes if found.txts else (), found.txts or (), found.scores or (), strict=True):
        if sure < _SURE or not words.strip():
            continue
        top, bottom = min(y for _, y in box), max(y for _, y in box)
        if before is not None:
            text += "\n\n" if top - before > _APART * (bottom - top) else "\n"
        text += words.strip()
        before = bottom
    return text


def before_each(tell: Callable[[], None]) -> None:
    """Have whoever waits for words told before each picture: it takes seconds, where a text takes none."""
    _WAITING.append(tell)


_WAITING: list[Callable[[], None]] = []


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    # one thread: pages are read side by side already, each by a process of its own
    alone = {"EngineConfig.onnxruntime.intra_op_num_threads": 1}
    # `use_cls` would fetch a model that its wheel has not
    return RapidOCR(params={"Global.log_level": "critical", "Global.use_cls": False, **alone})
