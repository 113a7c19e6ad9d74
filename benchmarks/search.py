"""Take the time of searches in a folder: embed the question, search by words and by meaning, make the hits."""

from __future__ import annotations

import argparse
from pathlib import Path

import machine


def main() -> None:
    """Bring the index up to the folder, ask the questions, print the percentiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--index", type=Path, help="kept for the next run (default: .qa in the folder)")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    machine.limit_threads(given.threads)
    print(machine.described())
    questions = machine.questions(given.folder, given.questions)
    from qa import Library  # after the threads are limited

    with Library.open(given.folder, index=given.index) as library:
        library.sync()
        passages = library.status().passages
        seconds = machine.times(lambda question: library.search(question, count=given.count), questions)
    p50, p95 = (1000 * machine.percentile(seconds, percent) for percent in (50, 95))
    slowest = 1000 * max(seconds)
    print(
        f"{passages:,} passages, {len(seconds)} searches: p50 {p50:.1f} ms, p95 {p95:.1f} ms, slowest {slowest:.1f} ms"
    )


if __name__ == "__main__":
    main()
