"""Measure how cost grows with a library: parts of one folder, indexed anew with the vectors of its whole index."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import machine
from embedders import keep
from plot import drawn

HERE = Path(__file__).parent
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
"""In passages, about: whole files are taken."""


def main() -> None:
    """Bring the whole index up to date, index each part anew, print and draw what it costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--index", type=Path, help="of the folder, complete or else completed first (default: .qa in it)"
    )
    parser.add_argument("--passages", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--svg", type=Path, help="draw them here")
    given = machine.arguments(parser)
    about = machine.described()
    print(about)
    from qa import Library  # after the threads are limited

    files = machine.text_files(given.folder)
    random.Random(0).shuffle(files)
    with tempfile.TemporaryDirectory(prefix="qa-") as name:
        place = Path(name)
        with Library.open(given.folder, index=given.index) as library:
            library.sync()
            passages = library.status().passages
            keep(library, place / "known")
        (place / "questions.json").write_text(json.dumps(machine.questions(given.folder, given.questions)))
        rows = []
        for size in given.passages:
            part = files[: max(1, round(size / passages * len(files)))]
            machine.copy_texts(given.folder, place / "text", files=part)
            rows.append(measured(place))
            shutil.rmtree(place / "text")
            print(said(rows[-1]), flush=True)
    if given.json:
        given.json.write_text(json.dumps({"machine": about.splitlines(), "rows": rows}, indent=2) + "\n")
    if given.svg:
        given.svg.write_text(drawn(rows))


def measured(place: Path) -> dict[str, float]:
    """Index a folder, once only by words and once whole, and search it; each step in a fresh process."""
    index = place / "index"

    def command(step: str) -> list[str | Path]:
        files = [place / "text", index, place / "questions.json"]
        return [HERE / "ours.py", step, *files, "--embedder", place / "known"]

    searchable = machine.run(command("read"))[1]["searchable"]
    shutil.rmtree(index)
    machine.run(command("build"))
    disk = machine.size_of(index)
    found: dict[str, Any] = machine.run(command("search"))[1]
    shutil.rmtree(index)
    milliseconds = [1000 * seconds for seconds in found["search"]]
    return {
        "passages": found["passages"],
        "text": machine.size_of(place / "text") / 1e6,
        "searchable": searchable,
        "p50": machine.percentile(milliseconds, 50),
        "p95": machine.percentile(milliseconds, 95),
        "disk": disk / 1e6,
    }


def said(row: dict[str, float]) -> str:
    """Say it in a line."""
    return (
        f"{row['passages']:,} passages, {row['text']:.2f} MB: can be asked after {row['searchable']:.2f} s, "
        f"search p50 {row['p50']:.1f} ms, p95 {row['p95']:.1f} ms, disk {row['disk']:,.1f} MB"
    )


if __name__ == "__main__":
    main()
