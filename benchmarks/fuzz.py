"""Spoil files at random and have them read as a sync does; count how they end, and say what is not as it must be."""

from __future__ import annotations

import argparse
import io
import re
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import machine

if TYPE_CHECKING:
    from qa.reading import Reading

_ROUND = 200
_LARGEST = 2_000_000
"""Larger files are left out: what they have to be spoilt is not more, and each takes longer."""
_TELLING = (
    b"\x00",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"%s",
    b"<",
    b">",
    b"&",
    b'"',
    b"\n",
    b"(((((",
    b"{",
)


def main() -> None:
    """Spoil files for so many minutes, and print how they ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="files of all formats")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    given = machine.arguments(parser)
    print(machine.described())
    files = [path for path in sorted(given.folder.rglob("*")) if path.is_file() and path.stat().st_size < _LARGEST]
    end = time.monotonic() + 60 * given.minutes
    rng, ends, count, memory = Random(given.seed), Counter[str](), 0, list[float]()
    while time.monotonic() < end:
        with tempfile.TemporaryDirectory(prefix="qa-") as name:
            written = list(spoilt(files, Path(name), rng, count=_ROUND))
            for reading in read(Path(name), written):
                ends[how(reading)] += 1
                count += 1
        memory.append(resident())
    print(f"{count:,} spoilt files of {len(files)}, each ended in text or in one sentence")
    for words, number in ends.most_common():
        print(f"  {number:>7,}  {words}")
    print(
        f"memory of the process that had them read: {memory[0]:.0f} MB after {_ROUND}, {memory[-1]:.0f} MB at the end"
    )


def spoilt(files: Sequence[Path], place: Path, rng: Random, *, count: int) -> Iterator[Path]:
    """Write so many spoilt copies into a folder."""
    for number in range(count):
        source = rng.choice(files)
        copy = place / f"{number}{source.suffix}"
        copy.write_bytes(spoil(source.read_bytes(), rng))
        yield copy


def spoil(data: bytes, rng: Random) -> bytes:
    """Change a file in a few places; of a package half the time one of its parts, so that it opens."""
    if data[:2] == b"PK" and rng.random() < 0.5:
        try:
            return _repacked(data, rng)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError):
            pass
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 50))):
        _change(changed, rng)
    return bytes(changed)


def _repacked(data: bytes, rng: Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as package, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        names = package.namelist()
        chosen = rng.choice(names)
        for name in names:
            part = bytearray(package.read(name))
            for _ in range(rng.choice((1, 2, 8)) if name == chosen else 0):
                _change(part, rng)
            made.writestr(name, bytes(part))
    return out.getvalue()


def _change(data: bytearray, rng: Random) -> None:
    at, length = rng.randrange(len(data) + 1), rng.choice((1, 4, 64, 1_000))
    match rng.randrange(7):
        case 0:
            data[at : at + 1] = bytes([rng.randrange(256)])
        case 1:
            del data[at : at + length]
        case 2:
            data[at:at] = data[at : at + length] * rng.choice((1, 2, 50))
        case 3:
            data[at:at] = rng.choice(_TELLING)
        case 4:
            other = rng.randrange(len(data) + 1)
            data[at : at + length] = data[other : other + length]
        case 5:
            numbers = [match.span() for match in re.finditer(rb"\d+", data[at : at + 500])]
            if numbers:
                start, end = rng.choice(numbers)
                data[at + start : at + end] = rng.choice((b"-1", b"0", b"4294967295", b"99999999999999999999"))
        case 6:
            del data[max(1, at) :]


def read(folder: Path, files: Sequence[Path]) -> Iterator[Reading]:
    """Have files read as a sync has it."""
    from qa.reading import Task
    from qa.workers import read_files

    tasks = [Task(each.name, each.name.encode(), each.stat().st_size, None, archives=True) for each in files]
    with closing(read_files(folder, tasks, processes=2)) as readings:
        yield from readings


def how(reading: Reading) -> str:
    """Say how a file ended. Raises AssertionError where what came of it is not as it must be."""
    for each in (reading, *reading.inside):
        if document := each.document:
            edges = [0, *(passage.span.end for passage in each.passages)]
            assert [passage.span.start for passage in each.passages] == edges[:-1], each.file.path
            assert edges[-1] == len(document.text) and document.text.encode(), each.file.path
        else:
            assert each.inside or each.file.reason is None or each.file.reason.endswith("."), each.file.reason
    return reading.file.reason or "text"


def resident() -> float:
    """Return the memory of this process, in MB; where the system does not tell, 0."""
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    return int(found[1]) / 1_000 if found else 0.0


if __name__ == "__main__":
    main()
