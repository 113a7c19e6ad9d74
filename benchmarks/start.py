"""Take the time of whole commands, from the start of the process to its end, on a small folder that is indexed."""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

import machine

SEEDS = Path(__file__).parent.parent / "seeds"
QUESTION = "How many times have U.S. forces been attacked since October 17th?"


def main() -> None:
    """Index a copy of the folder, run each command in turn, print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=SEEDS)
    parser.add_argument("--question", default=QUESTION)
    parser.add_argument("--repeat", type=int, default=7)
    given = machine.arguments(parser)
    print(machine.described())
    with tempfile.TemporaryDirectory(prefix="qa-") as name:
        folder = Path(name) / "text"
        shutil.copytree(given.folder, folder, ignore=shutil.ignore_patterns(".*"))
        commands = prepared(folder, given.question)
        rounds = [measured(commands) for _ in range(given.repeat + 1)][1:]  # the first only warms up
    print(f"whole processes, median and slowest of {given.repeat}:")
    for title in commands:
        seconds = [each[title] for each in rounds]
        print(f"  {title:<14}  {statistics.median(seconds):.3f} s  {max(seconds):.3f} s")


def prepared(folder: Path, question: str) -> dict[str, list[str | Path]]:
    """Index the folder and return the commands, by their titles."""
    from qa import Library  # after the threads are limited

    with Library.open(folder) as library:
        library.sync()
        citations = library.ask(question).citations
    if not citations:
        raise SystemExit("The documents do not answer this: give another --question.")
    return {
        "python -c pass": ["-c", "pass"],
        "qa --help": ["-m", "qa", "--help"],
        "qa cite ID": ["-m", "qa", "cite", citations[0].id, "--folder", folder],
        "qa ask …": ["-m", "qa", "ask", question, "--folder", folder],
    }


def measured(commands: dict[str, list[str | Path]]) -> dict[str, float]:
    """Run every command once."""
    return {title: machine.timed(lambda: machine.quietly(command)) for title, command in commands.items()}  # noqa: B023


if __name__ == "__main__":
    main()
