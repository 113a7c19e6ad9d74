"""What is measured, and where the questions lie that it is measured with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from candidates import DevSet

from qa.reader import Entailment, Reading
from qa.spans import Span

T = TypeVar("T")
_WORD = re.compile(r"\w+")


class Reader(Protocol):
    """What is measured; `qa.reader.Reader` is one."""

    def read(self, question: str, texts: Sequence[str], parts: Sequence[Sequence[Span]]) -> list[Reading]:
        """Read texts for a question."""

    def entail(self, claim: str, texts: Sequence[str]) -> list[Entailment]:
        """Tell whether texts support a claim."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the sets lie, what is kept of them, who reads, and how many questions are asked of each set."""

    dev: Path
    cache: Path
    reader: Reader | None
    limits: dict[str, int]

    def set(self, name: str) -> DevSet:
        """Read a question set."""
        return DevSet.read(self.dev / name, self.cache)

    def some(self, row: str, things: Sequence[T]) -> list[T]:
        """Take as many as this row may have, evenly from the first to the last."""
        many = min(self.limits.get(row, len(things)), len(things))
        return [things[i * len(things) // many] for i in range(many)]


def words_of(text: str) -> set[str]:
    """Return the different words of a text, in small letters."""
    return set(_WORD.findall(text.casefold()))
