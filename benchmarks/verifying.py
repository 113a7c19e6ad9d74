"""Check claims whose references are known, and the same claims made wrong: the verdicts, and what a sentence costs.

CLAIMS has a JSON object on each line: `claim`, `references` (texts), `attribution_label`, which is `attributable` where
people found that the references support the claim. The references of all claims together are the library.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import machine

if TYPE_CHECKING:
    from qa import Library

_LONGEST = 12_000
"""Characters of a claim's references; a claim with more is left out."""
_HOLDS = ("quoted", "supported")


def _number(claim: str) -> str:
    return re.sub(r"\d+", lambda found: str(int(found[0]) + 7), claim, count=1)


def _denial(claim: str) -> str:
    return re.sub(r"\b(?:is|was|are|were|has|have|can|will)\b", r"\g<0> not", claim, count=1)


def _name(claim: str) -> str:
    return re.sub(r"(?<=[a-z] )[A-Z][a-z]+(?: [A-Z][a-z]+)*", "Marta Keller", claim, count=1)


WRONG: Mapping[str, Callable[[str], str]] = {"a number": _number, "a name": _name, "a negation": _denial}
"""How a claim that holds is made wrong."""


def main() -> None:
    """Put the references into a library, check the claims, make those that hold wrong and check them again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("claims", type=Path)
    parser.add_argument("--count", type=int, default=120, help="claims that are checked")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    given = machine.arguments(parser)
    print(machine.described())
    lines = list(_chosen(given.claims, given.count, given.seed))
    from qa import Library  # after the threads are limited

    with tempfile.TemporaryDirectory() as folder:
        for number, line in enumerate(lines):
            for part, text in enumerate(line["references"]):
                (Path(folder) / f"{number}-{part}.txt").write_text(text)
        with Library.open(folder) as library:
            library.sync()
            print(f"{library.status().passages:,} passages")
            check(library, lines)


def check(library: Library, lines: Sequence[Mapping[str, Any]]) -> None:
    """Check each claim by itself, print the verdicts, and what becomes of claims that hold when they are made wrong."""
    library.verify(lines[0]["claim"])  # opens the models
    verdicts, good = Counter[tuple[bool, str]](), list[str]()
    began = time.process_time()
    for line in lines:
        found = library.verify(line["claim"])
        for each in found.sentences[: 1 if len(found.sentences) == 1 else 0]:
            supported = line["attribution_label"] == "attributable"
            verdicts[supported, each.support] += 1
            good += [_plain(line["claim"])] if supported and each.support in _HOLDS else []
    spent = time.process_time() - began
    for (supported, verdict), count in sorted(verdicts.items()):
        print(f"{'supported' if supported else 'not supported'} in the eyes of people: {count} {verdict}")
    for what, wrong in WRONG.items():
        tried = [wrong(claim) for claim in good if wrong(claim) != claim]
        passed = sum(library.verify(claim).sentences[0].support in _HOLDS for claim in tried)
        print(f"with {what} changed: {passed} of {len(tried)} still hold")
    print(f"{1000 * spent / len(lines):.0f} ms of processor time a claim, each as a text of its own")
    text = "\n\n".join(good)
    began = time.process_time()
    count = len(library.verify(text).sentences) if text else 0
    print(f"{1000 * (time.process_time() - began) / max(1, count):.0f} ms a sentence, {count} of them as one text")


def _plain(claim: str) -> str:
    from qa.drafts import plain_words

    return plain_words(claim)


def _chosen(path: Path, count: int, seed: int) -> Iterator[Mapping[str, Any]]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if 0 < sum(map(len, line["references"])) <= _LONGEST]
    return iter(random.Random(seed).sample(lines, min(count, len(lines))))


if __name__ == "__main__":
    main()
