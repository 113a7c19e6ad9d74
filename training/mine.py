"""Rows in; for each the passages of its source that our own search finds for its question out."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from mixture import QUESTIONS
from rows import Row, read_rows

from qa import Library, Settings

FOUND = 12


def mine(rows: list[Row], place: Path) -> dict[str, list[str]]:
    """Return the passages that a search finds among all of these rows', for each row's id, best first."""
    texts = list(dict.fromkeys(text for row in rows for text in (row.passage, *row.others[:2])))
    for number, text in enumerate(texts):
        (place / f"{number}.txt").write_bytes(text.encode())
    found: dict[str, list[str]] = {}
    with Library.open(place, settings=Settings()) as library:
        library.sync()
        for row in rows:
            hits = library.search(row.question[:1_000], count=FOUND)
            found[row.id] = [texts[int(hit.document.path.removesuffix(".txt"))] for hit in hits]
    return found


def main() -> None:
    """Mine each source that has not been mined yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sources", default="", help="only these, separated by commas")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for source in given.sources.split(",") if given.sources else QUESTIONS:
        target = given.out / f"{source}.jsonl"
        if target.exists():
            continue
        rows = read_rows(given.data, source, QUESTIONS[source])
        with TemporaryDirectory() as place:
            found = mine(rows, Path(place))
        lines = [json.dumps({"id": id, "found": texts}, ensure_ascii=False) for id, texts in found.items()]
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(source, len(rows), flush=True)


if __name__ == "__main__":
    main()
