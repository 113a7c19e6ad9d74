"""Read a folder of difficult files, each by a worker of its own; say how each class ends, and what was found of it."""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import machine

if TYPE_CHECKING:
    from qa.reading import Reading

_FORM = re.compile(r"[\s*_`#|>\\-]+")
"""What marks words up: it is not compared."""
_LINK = re.compile(r"\[([^\[\]]*)\](?:\([^()]*\))?")
_BETWEEN = re.compile(r"[\s,]+")
_DATA = "data:"
"""A picture written as an address is no text."""


def main() -> None:
    """Read each file that `EXPECT.jsonl` names, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with EXPECT.jsonl: path, class, must_include, must_not_include")
    given = machine.arguments(parser)
    print(machine.described())
    rows = [json.loads(line) for line in (given.folder / "EXPECT.jsonl").read_text().splitlines()]
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    found = Counter[str]()
    times: dict[str, float] = {}
    for row in rows:
        began = time.perf_counter()
        read = reading(given.folder, row["path"])
        times[row["path"]] = time.perf_counter() - began
        ends[row["class"]][read.file.reason or "text"] += 1
        found += compared(given.folder, row, read)
    for name in sorted(ends):
        print(f"{name:<45}", "; ".join(f"{count} {end}" for end, count in ends[name].most_common()))
    print(f"{len(rows)} files: {sum(sum(each.values()) for each in ends.values())} end in text or in a reason")
    print(f"words that must be there: {found['there']} of {found['due']}; that must not: {found['wrong']}")
    print(f"the same, less where links lead and what parts cells: {found['said']} of {found['due']}")
    print(f"encodings exact: {found['exact']} of {found['encoded']}")
    slowest = max(times, key=lambda path: times[path])
    print(f"slowest: {times[slowest]:.1f} s, with a process of its own ({slowest})")


def reading(folder: Path, path: str) -> Reading:
    """Have one file read as a sync has it, archives opened."""
    from qa.reading import Task
    from qa.workers import read_files

    place = folder / path
    task = Task(path, path.encode(), place.stat().st_size, None, archives=True)
    with closing(read_files(folder, [task], processes=1)) as readings:
        return next(readings)


def compared(folder: Path, row: dict[str, Any], read: Reading) -> Counter[str]:
    """Count which words and letters are there that must be."""
    from qa.decoding import decode

    documents = [each.document for each in (read, *read.inside) if each.document]
    text = plain(" ".join(word for each in documents for word in (each.title, each.text)))
    due = [each for each in row.get("must_include") or () if not each.startswith(_DATA)]
    count = Counter(due=len(due), there=sum(plain(each) in text for each in due))
    count["said"] = sum(bare(each) in bare(text) for each in due)
    count["wrong"] = sum(plain(each) in text for each in row.get("must_not_include") or ())
    if encoding := row.get("encoding"):
        data = (folder / row["path"]).read_bytes()
        count["encoded"] = 1
        count["exact"] = int(decode(data) == data.decode(encoding).removeprefix("\ufeff"))
    return count


def bare(words: str) -> str:
    """Leave out where links lead, and commas, which part the cells of some tables."""
    return _BETWEEN.sub(" ", plain(_LINK.sub(r"\1", words))).strip()


def plain(words: str) -> str:
    """Leave out what marks words up."""
    return _FORM.sub(" ", words).strip()


if __name__ == "__main__":
    main()
