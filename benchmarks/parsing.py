"""How quickly PDFs, web pages and Word files are read: by a sync's workers, our parser, and a library by itself.

The ways read the same files in turns: those in which each finds words, so that none are scanned pages.
"""

from __future__ import annotations

import argparse
import logging
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path

import machine

_SUFFIXES = {"PDF": (".pdf",), "HTML": (".html", ".htm"), "DOCX": (".docx",)}
_WORKERS, _OURS = "our workers, passages cut", "our parser, one process"

Way = Callable[[Sequence[Path]], int]
"""Reads files, and counts the letters in them."""


def main() -> None:
    """Read the files of each format in each way; print speeds, and how many times as quick the workers are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--megabytes", type=float, default=30, help="the files of a format are read over up to so many")
    given = machine.arguments(parser)
    print(machine.described())
    logging.disable()  # pypdf grumbles at bad files
    for name, (library, alone) in _LIBRARIES.items():
        ways: dict[str, Way] = {_WORKERS: partial(by_workers, given.folder), _OURS: by_parser, library: alone}
        files = [path for path in sorted(given.folder.rglob("*")) if path.suffix.lower() in _SUFFIXES[name]]
        files = [path for path in files if all(has_words(way, path) for way in (alone, by_parser))]
        if not files:
            print(f"{name}: there is no file that each way can read")
            continue
        files *= max(1, round(given.megabytes * 1e6 / _bytes(files)))
        seconds = defaultdict[str, list[float]](list)
        for _ in range(given.repeat):
            for way, read in ways.items():
                seconds[way].append(machine.timed(partial(read, files)))
        print(f"{name}: {len(files):,} files, {_bytes(files) / 1e6:.1f} MB")
        for way, each in seconds.items():
            times = [other / own for own, other in zip(seconds[_WORKERS], each, strict=True)]
            speed = _bytes(files) / 1e6 / statistics.median(each)
            told = f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"
            print(f"  {way:<32} {speed:7.2f} MB/s; the workers are {told} times as quick")


def by_workers(folder: Path, files: Sequence[Path]) -> int:
    """Read files as a sync does: in processes of their own, hashed, cut into passages."""
    from qa.reading import Task
    from qa.workers import read_files

    names = [str(path.relative_to(folder)) for path in files]
    tasks = [Task(name, name.encode(), path.stat().st_size, None) for name, path in zip(names, files, strict=True)]
    with closing(read_files(folder, tasks, processes=machine.cores())) as readings:
        return sum(len(reading.document.text) for reading in readings if reading.document)


def by_parser(files: Sequence[Path]) -> int:
    """Read files in this process, one after the other."""
    from qa.parsers import PARSERS

    return sum(len(PARSERS[path.suffix.lower()](path.read_bytes()).text) for path in files)  # type: ignore[union-attr]


def by_pypdf(files: Sequence[Path]) -> int:
    """Extract the text of PDFs as pypdf does by default."""
    from pypdf import PdfReader

    return sum(len(page.extract_text().strip()) for path in files for page in PdfReader(path).pages)


def by_selectolax(files: Sequence[Path]) -> int:
    """Parse pages and take all text that is in them, that of menus and scripts as well."""
    from selectolax.lexbor import LexborHTMLParser

    return sum(len(LexborHTMLParser(path.read_bytes()).text()) for path in files)


def by_docx(files: Sequence[Path]) -> int:
    """Take the text of the paragraphs and tables of Word files as python-docx gives it."""
    from docx import Document

    letters = 0
    for path in files:
        document = Document(str(path))
        cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
        letters += sum(map(len, chain((paragraph.text for paragraph in document.paragraphs), cells)))
    return letters


_LIBRARIES: dict[str, tuple[str, Way]] = {
    "PDF": ("pypdf, one process", by_pypdf),
    "HTML": ("selectolax's text(), one process", by_selectolax),
    "DOCX": ("python-docx, one process", by_docx),
}


def has_words(way: Way, path: Path) -> bool:
    """Tell whether words are found in a file so."""
    try:
        return way([path]) > 0
    except ImportError as error:
        raise SystemExit(f"What ours is compared with is missing: pip install pypdf python-docx ({error})") from error
    except Exception:  # a library may raise anything over a bad file
        return False


def _bytes(files: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in files)


if __name__ == "__main__":
    main()
