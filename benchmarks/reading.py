"""How long the reader takes for twenty passages of two hundred tokens, as an answer reads them."""

from __future__ import annotations

import argparse
from pathlib import Path

import machine

SEEDS = Path(__file__).parent.parent / "seeds"


def main() -> None:
    """Read texts of the folder, of one length all, for one question after the other; print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=SEEDS)
    parser.add_argument("--texts", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=30)
    given = machine.arguments(parser)
    print(machine.described())

    from qa.passages import sentences
    from qa.providers import model_cache  # after the threads are limited
    from qa.reader import open_reader

    reader = open_reader(model_cache(), threads=machine.cores())
    model = reader.open()
    words = " ".join(path.read_text("utf-8", errors="replace") for path in machine.text_files(given.folder)).split()
    words *= 1 + 100 * (given.texts + 2) // len(words)

    def cut(start: int) -> str:
        """Return as many words as have so many tokens."""
        text = words[start : start + given.tokens]
        while len(model.tokens(" ".join(text)).ids) > given.tokens:
            text.pop()
        return " ".join(text)

    texts = [cut(100 * i) for i in range(given.texts)]
    parts = [sentences(text) for text in texts]
    asked = [" ".join(words[7 * i : 7 * i + 9]) + "?" for i in range(given.repeat)]
    seconds = machine.times(lambda question: reader.read(question, texts, parts), asked)
    p50, p95 = (1e3 * machine.percentile(seconds, percent) for percent in (50, 95))
    print(f"{given.texts} texts of {given.tokens} tokens, {machine.cores()} cores: p50 {p50:.0f} ms, p95 {p95:.0f} ms")


if __name__ == "__main__":
    main()
