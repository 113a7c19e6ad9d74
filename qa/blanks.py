"""Room that Chroma's files have for vectors to come: emptied of what it finds there.

The files of a small collection are written in a larger size when it is opened, from memory that nobody has cleared:
in the room for vectors to come stands whatever the process has held before, vectors that were deleted or words.
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEAD = struct.Struct("<i6Q")
"""Version; where links begin; how many vectors fit, and are there; the bytes of one; where in it label and data are."""
_LENGTH = 4


def blank(folder: Path) -> None:
    """Overwrite the room that the files of each collection have for vectors to come. Raises OSError."""
    for header in folder.glob("*/header.bin"):
        head = header.read_bytes()[: _HEAD.size]
        if len(head) < _HEAD.size:
            continue
        _, _, _, count, size, label, _ = _HEAD.unpack(head)
        if label == size - 8:  # as hnswlib has it
            _blank(header.with_name("data_level0.bin"), count * size)
            _blank(header.with_name("length.bin"), count * _LENGTH)


def _blank(path: Path, used: int) -> None:
    with path.open("r+b") as file:
        file.seek(used)
        if rest := file.read():
            file.seek(used)
            file.write(bytes(len(rest)))
