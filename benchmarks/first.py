"""Take the time until a new folder can be asked, and until its first question is answered, embedding behind it."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import machine

HERE = Path(__file__).parent


def main() -> None:
    """Index a copy of the folder anew, several times, print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    given = machine.arguments(parser)
    print(machine.described())
    with tempfile.TemporaryDirectory(prefix="qa-") as name:
        place = Path(name)
        size = machine.copy_texts(given.folder, place / "text")
        (place / "questions.json").write_text(json.dumps(machine.questions(place / "text", 1)))
        runs = [run(place, place / f"index{number}") for number in range(given.repeat)]
    searchable, first = (statistics.median(each[key] for each in runs) for key in ("searchable", "first"))
    print(
        f"{size / 1e6:.2f} MB, median of {given.repeat}: can be asked after {searchable:.2f} s "
        f"({size / 1e6 / searchable:.1f} MB/s), first question answered after {first:.2f} s"
    )


def run(place: Path, index: Path) -> dict[str, float]:
    """Run it once, in a fresh process; the seconds count from before the imports."""
    _, found = machine.run([HERE / "ours.py", "first", place / "text", index, place / "questions.json"])
    return dict(found)


if __name__ == "__main__":
    main()
