"""Measure the most memory that indexing a folder takes at one time, in the process itself and with its workers."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import machine

HERE = Path(__file__).parent
_EVERY = 40
"""In each repetition of a folder so many words apart one is changed: a passage has about 130."""
WHAT = {
    "bundled": "whole, with the bundled model",
    "stand-in": "whole, but with made-up vectors",
    "none": "read, cut and searchable by words, nothing embedded",
}


def main() -> None:
    """Copy the folder, or repeat it up to a size; index it in a fresh process; print the peak."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--megabytes", type=float, help="repeat the folder, with other words, up to this size")
    parser.add_argument("--embedder", choices=WHAT, default="bundled")
    given = machine.arguments(parser)
    print(machine.described())
    with tempfile.TemporaryDirectory(prefix="qa-") as name:
        place = Path(name)
        size = repeat(given.folder, place / "text", int(given.megabytes * 1e6) if given.megabytes else None)
        (place / "none.json").write_text("[]")
        step = "read" if given.embedder == "none" else "build"
        embedder = "stand-in" if given.embedder == "none" else given.embedder
        files = [place / "text", place / "index", place / "none.json"]
        family, found = machine.watched([HERE / "ours.py", step, *files, "--embedder", embedder])
    print(
        f"{size / 1e6:.2f} MB of text, {WHAT[given.embedder]}, in {found.get('ingest', found.get('searchable')):.1f} s:"
    )
    print(f"  the process itself    {found['memory'] / 1e6:,.0f} MB")
    if family:
        most = max(family, found["memory"])
        print(f"  with its workers      {most / 1e6:,.0f} MB, as far as looking four times a second sees it")


def repeat(folder: Path, out: Path, size: int | None) -> int:
    """Copy the text files; or so often, each time with other words, that there are so many bytes. Return the bytes."""
    if size is None:
        return machine.copy_texts(folder, out)
    done = number = 0
    while done < size:
        for path in machine.text_files(folder):
            place = out / f"{number:03}" / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(changed(path.read_text("utf-8"), number), "utf-8")
            done += place.stat().st_size
            if done >= size:
                break
        number += 1
    return done


def changed(text: str, number: int) -> str:
    """Mark some words with a number, so that no passage is that of another repetition."""
    words = text.split(" ")
    words[::_EVERY] = [f"{word}{number}" for word in words[::_EVERY]]
    return " ".join(words)


if __name__ == "__main__":
    main()
