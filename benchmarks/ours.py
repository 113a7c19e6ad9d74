"""One step with our library, in a process of its own; `compare.py` runs these beside those of `stock.py`."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import machine

COUNT = 10


def first(folder: Path, index: Path, questions: list[str]) -> dict[str, Any]:
    """Take the time until a new folder answers its first question, embedding under way behind it."""
    began = time.perf_counter()
    from qa import Library

    with Library.open(folder, index=index) as library:
        library.sync(wait=False)
        searchable = time.perf_counter() - began
        library.search(questions[0], count=COUNT)
        return {"searchable": searchable, "first": time.perf_counter() - began}


def build(folder: Path, index: Path, _: list[str]) -> dict[str, Any]:
    """Read, cut, embed and store a new folder; seconds count from before the imports."""
    began = time.perf_counter()
    from qa import Library

    with Library.open(folder, index=index) as library:
        library.sync()
        whole = time.perf_counter() - began
        status = library.status()
        return {"ingest": whole, "memory": machine.peak_memory(), "files": status.files, "failed": status.failed}


def resync(folder: Path, index: Path, _: list[str]) -> dict[str, Any]:
    """Sync a folder in which nothing has changed; the seconds count from before the imports."""
    began = time.perf_counter()
    from qa import Library

    with Library.open(folder, index=index) as library:
        report = library.sync()
        call = time.perf_counter() - began
    if report.opened or report.embedded:
        raise SystemExit(f"This was no unchanged folder: {report}")
    return {"call": call, "files": report.unchanged}


def again(folder: Path, index: Path, _: list[str]) -> dict[str, Any]:
    """Sync an unchanged folder a second time in one process, as a page does that watches it."""
    from qa import Library

    with Library.open(folder, index=index) as library:
        library.sync()
        return {"again": machine.timed(library.sync)}


def search(folder: Path, index: Path, questions: list[str]) -> dict[str, Any]:
    """Ask every question."""
    from qa import Library

    with Library.open(folder, index=index) as library:
        seconds = machine.times(lambda question: library.search(question, count=COUNT), questions)
        return {"search": seconds, "passages": library.status().passages}


STEPS: dict[str, Callable[[Path, Path, list[str]], dict[str, Any]]] = {
    "first": first,
    "build": build,
    "resync": resync,
    "again": again,
    "search": search,
}


def main() -> None:
    """Run one step and print what it measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("questions", type=Path, help="a JSON list")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    machine.limit_threads(given.threads)
    print(json.dumps(STEPS[given.step](given.folder, given.index, json.loads(given.questions.read_text()))))


if __name__ == "__main__":
    main()
