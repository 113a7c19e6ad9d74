"""Take the time of searches in a folder: embed the question, search by words and by meaning, make the hits."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import machine
import numpy as np
from embedders import stored_vectors

if TYPE_CHECKING:
    from qa import Library


def main() -> None:
    """Bring the index up to the folder, ask the questions, print the percentiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--index", type=Path, help="kept for the next run (default: .qa in the folder)")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--within", action="append", default=[], metavar="GLOB", help="once more, only there")
    parser.add_argument("--recall", action="store_true", help="compare with an exact scan of the same vectors")
    given = machine.arguments(parser)
    print(machine.described())
    questions = machine.questions(given.folder, given.questions)
    from qa import Library  # after the threads are limited

    with Library.open(given.folder, index=given.index) as library:
        library.sync()
        print(f"{library.status().passages:,} passages, {timed(library, questions, given.count)}")
        for glob in given.within:
            said = timed(library, questions, given.count, within=glob)
            print(f"within {glob}, {share(library, glob):.1%} of the text: {said}")
        if given.recall:
            print(f"by meaning: recall@10 against an exact scan {recall(library, questions):.4f}")


def timed(library: Library, questions: Sequence[str], count: int, *, within: str | None = None) -> str:
    """Ask the questions, one after the other."""
    seconds = machine.times(lambda question: library.search(question, count=count, within=within), questions)
    p50, p95 = (1000 * machine.percentile(seconds, percent) for percent in (50, 95))
    return f"{len(seconds)} searches: p50 {p50:.1f} ms, p95 {p95:.1f} ms, slowest {1000 * max(seconds):.1f} ms"


def share(library: Library, glob: str) -> float:
    """Tell how much of the text a glob selects."""
    files = library.documents()
    return sum(file.characters for file in files if fnmatchcase(file.path, glob)) / sum(f.characters for f in files)


def recall(library: Library, questions: Sequence[str], *, count: int = 10) -> float:
    """Return the share of the truly nearest vectors that are among the library's own candidates by meaning."""
    from qa.search import POOL

    keys, matrix = stored_vectors(library)
    engines = library._index.engines()
    assert engines.vectors is not None  # `stored_vectors` would have said so
    found = 0.0
    for question in questions:
        vector = engines.embedder.embed_query(question)
        nearest = {keys[row] for row in np.argsort(matrix @ vector)[-count:]}
        candidates = engines.vectors.search(vector, count=POOL)[:count]
        found += len(nearest & {each.key for each in candidates}) / len(nearest)
    return found / len(questions)


if __name__ == "__main__":
    main()
