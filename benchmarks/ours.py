"""One step with our library, in a process of its own; other measurements are made of these."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import machine
from embedders import open_embedder

if TYPE_CHECKING:
    from qa import Library

COUNT = 10
Open = Callable[[], "Library"]


def read(open_library: Open, _: list[str]) -> dict[str, Any]:
    """Take the time until a new folder can be asked, and stop there; seconds count from before the imports."""
    began = time.perf_counter()
    with open_library() as library:
        library.sync(wait=False)
        found = {"searchable": time.perf_counter() - began, "memory": machine.peak_memory()}
        library.stop()
        return found


def first(open_library: Open, questions: list[str]) -> dict[str, Any]:
    """Take the time until a new folder answers its first question, embedding under way behind it."""
    began = time.perf_counter()
    with open_library() as library:
        library.sync(wait=False)
        searchable = time.perf_counter() - began
        library.search(questions[0], count=COUNT)
        return {"searchable": searchable, "first": time.perf_counter() - began}


def build(open_library: Open, _: list[str]) -> dict[str, Any]:
    """Read, cut, embed and store a new folder; seconds count from before the imports."""
    began = time.perf_counter()
    with open_library() as library:
        library.sync()
        whole = time.perf_counter() - began
        status = library.status()
        return {"ingest": whole, "memory": machine.peak_memory(), "files": status.files, "failed": status.failed}


def resync(open_library: Open, _: list[str]) -> dict[str, Any]:
    """Sync a folder in which nothing has changed; the seconds count from before the imports."""
    began = time.perf_counter()
    with open_library() as library:
        report = library.sync()
        call = time.perf_counter() - began
    if report.opened or report.embedded:
        raise SystemExit(f"This was no unchanged folder: {report}")
    return {"call": call, "files": report.unchanged}


def again(open_library: Open, _: list[str]) -> dict[str, Any]:
    """Sync an unchanged folder a second time in one process, as a page does that watches it."""
    with open_library() as library:
        library.sync()
        return {"again": machine.timed(library.sync)}


def search(open_library: Open, questions: list[str]) -> dict[str, Any]:
    """Ask every question."""
    with open_library() as library:
        seconds = machine.times(lambda question: library.search(question, count=COUNT), questions)
        return {"search": seconds, "passages": library.status().passages}


STEPS: dict[str, Callable[[Open, list[str]], dict[str, Any]]] = {
    step.__name__: step for step in (read, first, build, resync, again, search)
}


def main() -> None:
    """Run one step and print what it measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("questions", type=Path, help="a JSON list")
    parser.add_argument("--embedder", default="bundled", help="see embedders.py")
    given = machine.arguments(parser)

    def open_library() -> Library:
        from qa import Library  # its time is measured

        return Library.open(given.folder, index=given.index, embedder=open_embedder(given.embedder))

    print(json.dumps(STEPS[given.step](open_library, json.loads(given.questions.read_text()))))


if __name__ == "__main__":
    main()
