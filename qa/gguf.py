"""A GGUF file in; what its header says out, once its sizes were checked: native code that reads a bad one may crash."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from qa.errors import UnusableLlm

_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_STRING: Final = 8
_ARRAY: Final = 9
_NUMBERS: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""How a value of each type is written."""
_BLOCKS: Final = dict(
    [(0, (1, 4)), (1, (1, 2)), (24, (1, 1)), (25, (1, 2)), (26, (1, 4)), (27, (1, 8)), (28, (1, 8)), (30, (1, 2))]
    + [(2, (32, 18)), (3, (32, 20)), (6, (32, 22)), (7, (32, 24)), (8, (32, 34)), (9, (32, 36)), (20, (32, 18))]
    + [(10, (256, 84)), (11, (256, 110)), (12, (256, 144)), (13, (256, 176)), (14, (256, 210)), (15, (256, 292))]
)
"""Numbers in a block of a tensor, and the bytes it takes, by the tensor's type: the common ones."""
_MOST_DIMENSIONS: Final = 4


@dataclass(frozen=True, slots=True)
class Gguf:
    """What the header of a language model says of it."""

    architecture: str
    window: int | None
    """The tokens that it was trained to read at once."""


def read_gguf(path: Path) -> Gguf:
    """Read the header and hold its sizes against the file's. Raises UnusableLlm."""
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise UnusableLlm(f"{path} is no file: name a GGUF file.")
    try:
        with path.open("rb", buffering=1 << 20) as file:
            values = _Reader(file, os.fstat(file.fileno()).st_size).read()
    except (FileNotFoundError, ValueError):  # a NUL in a name
        raise UnusableLlm(f"There is no file {path}: name a GGUF file that is there.") from None
    except OSError as error:
        raise UnusableLlm(f"The model {path} cannot be read: {error.strerror or error}.") from None
    except EOFError:
        raise UnusableLlm(f"The model {path} is cut short: fetch it once more, as a whole.") from None
    except _NotGguf as error:
        raise UnusableLlm(f"{path} is no GGUF file that can be used ({error}): name another.") from None
    architecture = values.get("general.architecture")
    if not isinstance(architecture, str):
        raise UnusableLlm(f"{path} is a GGUF file, but holds no language model: name another.")
    window = values.get(f"{architecture}.context_length")
    return Gguf(architecture, window if isinstance(window, int) and window > 0 else None)


class _NotGguf(Exception):
    """The reason in words."""


class _Reader:
    """Reads a header from its start; EOFError where the file has less than the header says."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size
        self._size = size

    def read(self) -> dict[str, Any]:
        """Return the header's values, less its lists."""
        if self._bytes(min(4, self._left)) != _MAGIC:
            raise _NotGguf("it does not begin as one")
        if (version := self._number("I")) not in _VERSIONS:
            raise _NotGguf(f"its version is {version}")
        tensors, count = self._number("Q"), self._number("Q")
        values = {}
        for _ in range(count):
            name = self._string()
            values[name] = self._value(self._number("I"))
        self._check([self._tensor() for _ in range(tensors)], values.get("general.alignment", 32))
        return values

    def _check(self, ends: list[int], alignment: Any) -> None:
        """See that every tensor lies within the file."""
        if not isinstance(alignment, int) or alignment <= 0:
            raise _NotGguf("its tensors lie nowhere")
        start = -(-(self._size - self._left) // alignment) * alignment
        if start + max(ends, default=0) > self._size:
            raise EOFError

    def _tensor(self) -> int:
        """Return where a tensor ends, counted from the first one."""
        self._string()
        dimensions = self._number("I")
        if dimensions > _MOST_DIMENSIONS:
            raise _NotGguf("a tensor has too many dimensions")
        numbers = 1
        for _ in range(dimensions):
            numbers *= self._number("Q")
        kind, offset = self._number("I"), self._number("Q")
        block, size = _BLOCKS.get(kind, (1, 0))  # of a rarer type only its place is checked
        return int(offset + numbers // block * size)

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._skip_array()
        return self._number(self._format(kind))

    def _skip_array(self) -> None:
        kind, count = self._number("I"), self._number("Q")
        if kind != _STRING:
            return self._skip(count * struct.calcsize("<" + self._format(kind)))
        for _ in range(count):
            self._skip(self._number("Q"))
        return None

    def _format(self, kind: int) -> str:
        if kind not in _NUMBERS:
            raise _NotGguf("a value has a type that is unknown")
        return _NUMBERS[kind]

    def _number(self, form: str) -> Any:
        return struct.unpack("<" + form, self._bytes(struct.calcsize("<" + form)))[0]

    def _string(self) -> str:
        return self._bytes(self._number("Q")).decode("utf-8", "replace")

    def _bytes(self, count: int) -> bytes:
        self._take(count)
        data = self._file.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def _skip(self, count: int) -> None:
        self._take(count)
        self._file.seek(count, os.SEEK_CUR)

    def _take(self, count: int) -> None:
        if count > self._left:
            raise EOFError
        self._left -= count
