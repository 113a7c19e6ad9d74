"""Measure a reader on the development sets: a table of figures, each without the reader and with it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from bench import Bench, Reader
from figures import Figure
from readings import answerability, answers, evidence
from standings import reranking
from verdicts import entailment, support, weights

ROWS = {
    "reranking": reranking,
    "answers": answers,
    "answerability": answerability,
    "evidence": evidence,
    "entailment": entailment,
    "support": support,
}
QUICK = {"reranking": 300, "answers": 200, "answerability": 300, "evidence": 150, "entailment": 600, "support": 600}


def measure(bench: Bench, rows: Sequence[str] = tuple(ROWS)) -> list[Figure]:
    """Measure these rows; each is printed once it is there."""
    figures: list[Figure] = []
    for row in rows:
        new = [_rounded(figure) for figure in ROWS[row](bench)]
        print(table(new), flush=True)
        figures += new
    return figures


def _rounded(figure: Figure) -> Figure:
    four = (figure.value, figure.without, figure.floor, figure.aim)
    value, without, floor, aim = (None if x is None else round(float(x), 4) for x in four)
    return replace(figure, value=value, without=without, floor=floor, aim=aim)


def table(figures: Sequence[Figure]) -> str:
    """Lay figures out, one a line."""
    heads = f"{'':21}{'figure':66}{'with':>8}{'without':>9}{'change':>8}{'floor':>8}{'aim':>8}{'of':>7}"
    return "\n".join([heads, *map(_line, figures)])


def _line(figure: Figure) -> str:
    change = None if None in (figure.value, figure.without) else figure.value - figure.without  # type: ignore[operator]
    cells = (figure.value, figure.without, change, figure.floor, figure.aim)
    shown = "".join(
        f"{'' if cell is None else format(cell, '+.3f' if i == 2 else '.3f'):>{width}}"
        for i, (cell, width) in enumerate(zip(cells, (8, 9, 8, 8, 8), strict=True))
    )
    return f"{figure.row:21}{figure.name:66}{shown}{figure.count:>7}"


def main(arguments: Sequence[str] | None = None, *, reader: Reader | None = None) -> None:
    """Measure the reader that is named, or that was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dev", type=Path, help="the folder that holds the unpacked sets")
    parser.add_argument("--reader", help="a file of weights, or `off` (default: those of the package)")
    parser.add_argument("--rows", default=",".join(ROWS), help="which of these, with commas between")
    parser.add_argument("--limit", type=int, help="so many questions of each set, evenly spread")
    parser.add_argument("--quick", action="store_true", help="few questions: for watching a training run")
    parser.add_argument("--cache", type=Path, help="for indexes and what was found (default: `cache` in DEV)")
    parser.add_argument(
        "--weights", action="store_true", help="print the weights of qa/support.py instead, fitted anew"
    )
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--threads", type=int)
    given = parser.parse_args(arguments)
    rows = given.rows.split(",")
    if unknown := set(rows) - set(ROWS):
        sys.exit(f"There are no rows {', '.join(sorted(unknown))}: name some of {', '.join(ROWS)}.")
    limits = dict.fromkeys(ROWS, given.limit) if given.limit else QUICK if given.quick else {}
    reader = reader or (None if given.reader == "off" else _open(given.reader, given.threads))
    bench = Bench(given.dev, given.cache or given.dev / "cache", reader, limits)
    if given.weights:
        print("\n".join(weights(bench)))
        return
    figures = measure(bench, rows)
    if given.json:
        given.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n", encoding="utf-8")


def _open(weights: str | None, threads: int | None) -> Reader:
    from qa.providers import model_cache
    from qa.reader import open_reader

    return open_reader(model_cache(), threads=threads, weights=Path(weights) if weights else None)


if __name__ == "__main__":
    main()
