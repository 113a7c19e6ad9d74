"""How far a long piece of work is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase is: `reading` counts files, `embedding` counts passages."""

    phase: Literal["reading", "embedding"]
    done: int
    total: int
    seconds: float

    @property
    def rate(self) -> float:
        """Files or passages a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long it will still take at this rate; None where nothing is known yet."""
        return (self.total - self.done) / self.rate if self.done else None


Watcher = Callable[[Progress], None]
