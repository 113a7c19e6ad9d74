"""What was prepared and the sets that are reported in; the words that stand in both out."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from qa.passages import sentences
from qa.weights import Pack, weights_file

RUN = 13
"""So many words in a row, in both, are the same text."""
SENTENCE = 6
"""A text that is shorter than that is the same if it is one of a set's sentences, with so many words at least."""
_WORD = re.compile(r"\w+")
_SEPARATOR = 2


class Apart:
    """What is never to be trained on: the questions, the claims and the texts of the sets in a folder."""

    def __init__(self, sets: Path) -> None:
        self._asked: set[str] = set()
        self._runs: set[int] = set()
        for file in sorted(sets.glob("*/*.jsonl")):
            with open(file, encoding="utf-8") as lines:
                for line in lines:
                    self._add(json.loads(line))

    def _add(self, given: dict[str, Any]) -> None:
        self._asked.update(_plain(given[name]) for name in ("question", "claim") if given.get(name))
        for text in (given.get("text", ""), given.get("claim", ""), *given.get("references", ())):
            self._runs.update(_runs(text))
            for sentence in sentences(text):
                self._runs.update(_short(sentence.of(text)))

    def has(self, question: str, texts: Sequence[str]) -> bool:
        """Tell whether a set has this question, or a run of words of one of the texts."""
        return _plain(question) in self._asked or any(
            run in self._runs for text in texts for run in (*_runs(text), *_short(text))
        )


def _plain(words: str) -> str:
    """Return the words alone, in small letters."""
    return " ".join(_WORD.findall(words.casefold()))


def _runs(text: str) -> Iterator[int]:
    """Return a number for each run of words in a text."""
    words = _WORD.findall(text.casefold())
    return (hash(tuple(words[i : i + RUN])) for i in range(len(words) - RUN + 1))


def _short(text: str) -> Iterator[int]:
    """Return a number for a text that is shorter than a run, if it says anything."""
    words = _WORD.findall(text.casefold())
    if SENTENCE <= len(words) < RUN:
        yield hash(tuple(words))


def pairs(prepared: Path) -> Iterator[tuple[str, str]]:
    """Return each question, or claim, and text as they are trained on, from their tokens."""
    tokenizer = Tokenizer.from_str(Pack.read(weights_file()).tokenizer)
    with np.load(prepared) as file:
        ids, lengths = file["ids"], file["lengths"]
    for row in np.split(ids, np.cumsum(lengths)[:-1]):
        cut = int(np.flatnonzero(row == _SEPARATOR)[0])
        yield tokenizer.decode(row[1:cut].tolist()), tokenizer.decode(row[cut + 1 : -1].tolist())


def main() -> None:
    """Say what is in both; exit 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("sets", type=Path, help="a folder of sets that are reported")
    given = parser.parse_args()
    apart, looked, found = Apart(given.sets), 0, 0
    for question, text in pairs(given.prepared):
        looked += 1
        if apart.has(question, [text]):
            found += 1
            print(question, "|", " ".join(text.split())[:160])
    print(f"{found:,} of {looked:,} pairs have words of a set that is reported")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
