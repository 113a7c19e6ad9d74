"""Run one corpus through our library and through the stock glue, and print what each took and their ratios."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machine
from rich.console import Console
from rich.table import Column, Table

HERE = Path(__file__).parent
Run = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bench:
    """A corpus, made ready: the copy that both sides read, the questions that both are asked."""

    place: Path
    size: int
    files: int
    threads: int

    @classmethod
    def prepare(cls, corpus: Path, place: Path, *, questions: int, threads: int) -> Bench:
        """Copy the corpus's text files, so that both sides see the same; draw the questions; decode stock's model."""
        folder = place / "text"
        size = machine.copy_texts(corpus, folder)
        (place / "questions.json").write_text(json.dumps(machine.questions(corpus, questions)))
        machine.quietly([HERE / "float32.py", place / "model"])
        return cls(place, size, len(machine.text_files(folder)), threads)

    def step(self, script: str, step: str, store: Path, *more: str | Path) -> tuple[float, Run]:
        """Run one step in a fresh process; return its seconds as a whole and what it measured."""
        print(f"{script} {step} …", file=sys.stderr)
        files = [self.place / "text", store, self.place / "questions.json"]
        return machine.run([HERE / script, step, *files, "--threads", str(self.threads), *more])

    def ours(self) -> Run:
        """Build, sync again and search with our library; and apart from that, get the first answer."""
        store = self.place / "first"
        _, first = self.step("ours.py", "first", store)
        shutil.rmtree(store)
        store = self.place / "ours"
        _, built = self.step("ours.py", "build", store)
        disk = machine.size_of(store)
        process, resynced = self.step("ours.py", "resync", store)
        _, searched = self.step("ours.py", "search", store)
        shutil.rmtree(store)
        return self._run(first | built, searched, disk) | {"resync": resynced["call"], "resync_process": process}

    def stock(self) -> Run:
        """Build and search with the stock glue, which is searchable when all is built, and syncs by building anew."""
        store, model = self.place / "stock", ("--model", self.place / "model")
        process, built = self.step("stock.py", "build", store, *model)
        disk = machine.size_of(store)
        _, searched = self.step("stock.py", "search", store, *model)
        shutil.rmtree(store)
        whole = {"searchable": built["ingest"], "resync": built["ingest"], "resync_process": process}
        return self._run(built, searched, disk) | whole

    def _run(self, built: Run, searched: Run, disk: int) -> Run:
        milliseconds = [1000 * seconds for seconds in searched["search"]]
        return {
            **built,
            "rate": self.size / 1e6 / built["ingest"],
            "disk": disk / self.size,
            "memory": built["memory"] / 1e6,
            "p50": machine.percentile(milliseconds, 50),
            "p95": machine.percentile(milliseconds, 95),
            "passages": searched["passages"],
        }


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: less of `key` is better; `shown` is what is written instead."""

    key: str
    title: str
    digits: int
    shown: str = ""


ROWS = (
    Row("ingest", "whole ingest, MB of text a second", 3, shown="rate"),
    Row("searchable", "until searchable, s", 2),
    Row("first", "until the first question is answered, s", 2),
    Row("resync", "re-sync, nothing changed: the call, s", 3),
    Row("resync_process", "re-sync, nothing changed: the process, s", 3),
    Row("disk", "disk, bytes for each byte of text", 2),
    Row("memory", "peak memory of the ingest, MB", 0),
    Row("p50", "search p50, ms", 1),
    Row("p95", "search p95, ms", 1),
)


def ratios(key: str, ours: Sequence[Run], stock: Sequence[Run]) -> list[float]:
    """Tell how many times better we are; each run of stock stands between two of ours and meets their mean."""
    return [run[key] / statistics.mean((ours[i][key], ours[i + 1][key])) for i, run in enumerate(stock)]


def table(ours: Sequence[Run], stock: Sequence[Run]) -> Table:
    """Draw the medians of both and of their ratios."""
    drawn = Table("", *(Column(title, justify="right") for title in ("ours", "stock", "ours better by")))
    for row in ROWS:
        values = [statistics.median(run[row.shown or row.key] for run in runs) for runs in (ours, stock)]
        found = ratios(row.key, ours, stock)
        spread = f" ({min(found):.2f}-{max(found):.2f})" if len(found) > 1 else ""
        drawn.add_row(
            row.title, *(f"{value:,.{row.digits}f}" for value in values), f"{statistics.median(found):,.2f}×{spread}"
        )
    drawn.add_row("passages", f"{ours[-1]['passages']:,}", f"{stock[-1]['passages']:,}", "")
    return drawn


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="a folder; its .txt and .md files are used")
    parser.add_argument(
        "--repeat",
        type=int,
        default=1,
        choices=range(1, 100),
        metavar="N",
        help="runs of the stock glue, each between two of ours",
    )
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write every run here")
    given = parser.parse_args()
    if not machine.version(machine.STOCK):
        parser.error(f"the stock glue is not installed: pip install {machine.STOCK}")
    console = Console()
    about = machine.described()
    console.print(about, highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="qa-") as name:
        bench = Bench.prepare(given.corpus, Path(name), questions=given.questions, threads=given.threads)
        console.print(f"{bench.files:,} files, {bench.size / 1e6:.2f} MB, {bench.threads} threads", highlight=False)
        ours, stock = measure(bench, given.repeat)
    console.print(table(ours, stock))
    if given.json:
        found = {row.key: ratios(row.key, ours, stock) for row in ROWS}
        corpus = {"files": bench.files, "bytes": bench.size, "threads": bench.threads}
        whole = {"machine": about.splitlines(), "corpus": corpus, "ours": ours, "stock": stock, "ratios": found}
        given.json.write_text(json.dumps(whole, indent=2) + "\n")


def measure(bench: Bench, repeat: int) -> tuple[list[Run], list[Run]]:
    """Run ours, stock, ours, stock, … ours, so that what else the machine does falls on both."""
    ours, stock = [bench.ours()], []
    for _ in range(repeat):
        stock.append(bench.stock())
        ours.append(bench.ours())
    return ours, stock


if __name__ == "__main__":
    main()
