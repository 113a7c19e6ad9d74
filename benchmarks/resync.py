"""Take the time of a sync in which nothing has changed, of many small files: the call, and whole processes."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import machine
from corpus import make_corpus

HERE = Path(__file__).parent


def main() -> None:
    """Index a made-up folder, sync it again and again, print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--bytes", type=int, default=600, help="of a file, on average")
    parser.add_argument("--repeat", type=int, default=7)
    given = machine.arguments(parser)
    print(machine.described())
    with tempfile.TemporaryDirectory(prefix="qa-") as name:
        place = Path(name)
        make_corpus(place / "made", size=given.files * given.bytes, files=given.files)
        machine.copy_texts(place / "made", place / "text")
        measure(place, given.repeat)


def measure(place: Path, repeat: int) -> None:
    """Sync once to the end, then take the times of syncs that find nothing to do."""
    folder, index = place / "text", place / "index"
    (place / "none.json").write_text("[]")

    def step(name: str) -> dict[str, float]:
        _, found = machine.run([HERE / "ours.py", name, folder, index, place / "none.json"])
        return dict(found)

    command: list[str | Path] = ["-m", "qa", "sync", folder, "--index", index]
    files = int(step("build")["files"])
    calls, agains, processes = [], [], []
    for _ in range(repeat):
        processes.append(machine.timed(lambda: machine.quietly(command)))
        calls.append(step("resync")["call"])
        agains.append(step("again")["again"])
    print(f"{files:,} files, nothing changed, median of {repeat}:")
    print(f"  Library.open and sync, with the imports they need  {statistics.median(calls):.3f} s")
    print(f"  sync once more in the same process                 {statistics.median(agains):.3f} s")
    print(f"  `qa sync`, the whole process                       {statistics.median(processes):.3f} s")


if __name__ == "__main__":
    main()
