"""The prepared file in; the steps of a training run out, the same ones for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

NONE = 255
STEP_TOKENS = 4_200
"""Tokens of questions and texts in a step, and of claims and texts."""
CLAIM_TOKENS = 1_200
_MICRO_TOKENS = 1_000
"""Tokens that are computed at once: few enough to stay near the processor."""
_STEP = 16
"""Widths are multiples of it: memory that was used before fits again."""
_HELD = 50
"""One group, and one claim, of so many is kept apart."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs of nearly one length, padded, with the numbers under which they stand in the data."""

    pairs: np.ndarray
    ids: Tensor
    mask: Tensor | None
    parts: Tensor


@dataclass(slots=True)
class Data:
    """Everything that was prepared; labels are (group, relevant, answerable, start, end, gold known, entailment)."""

    ids: np.ndarray
    parts: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    golds: np.ndarray
    first_composed: int

    @classmethod
    def read(cls, path: Path) -> Data:
        """Read the prepared file."""
        with np.load(path) as file:
            lengths = file["lengths"]
            starts = np.concatenate([[0], np.cumsum(lengths)])
            first = int(file["first_composed"])
            return cls(file["ids"], file["parts"], starts, lengths, file["labels"], file["golds"], first)

    def groups(self) -> list[np.ndarray]:
        """Return the pairs of each question."""
        numbers = self.labels[:, 0]
        many = int(numbers.max()) + 1
        asked = np.flatnonzero(numbers >= 0)
        cuts = np.searchsorted(numbers[asked], np.arange(1, many))
        return np.split(asked, cuts)

    def claims(self) -> np.ndarray:
        """Return the pairs that are claims."""
        return np.flatnonzero(self.labels[:, 0] < 0)

    def batches(self, pairs: np.ndarray) -> Iterator[Batch]:
        """Cut pairs into batches of nearly one length."""
        order = pairs[np.argsort(-self.lengths[pairs], kind="stable")]
        at = 0
        while at < len(order):
            count = max(1, _MICRO_TOKENS // (int(self.lengths[order[at]]) + _STEP - 1))
            yield self._batch(order[at : at + count])
            at += count

    def _batch(self, pairs: np.ndarray) -> Batch:
        width = -(-int(self.lengths[pairs].max()) // _STEP) * _STEP
        ids = np.ones((len(pairs), width), np.int64)
        parts = np.full((len(pairs), width), NONE, np.uint8)
        for row, pair in enumerate(pairs):
            a, b = self.starts[pair], self.starts[pair + 1]
            ids[row, : b - a] = self.ids[a:b]
            parts[row, : b - a] = self.parts[a:b]
        short = np.arange(width)[None, :] >= self.lengths[pairs][:, None]
        mask = torch.from_numpy(np.where(short, -1e4, 0.0).astype(np.float32))[:, None, None] if short.any() else None
        return Batch(pairs, torch.from_numpy(ids), mask, torch.from_numpy(parts))


def split(data: Data) -> tuple[list[np.ndarray], np.ndarray, list[np.ndarray], np.ndarray]:
    """Return groups and claims to train on, and those that are kept apart."""
    groups, claims = data.groups(), data.claims()
    return (
        [group for i, group in enumerate(groups) if i % _HELD],
        claims[np.arange(len(claims)) % _HELD != 0],
        groups[::_HELD],
        claims[::_HELD],
    )


def plan(
    data: Data, groups: Sequence[np.ndarray], claims: np.ndarray, *, rounds: Sequence[int], seed: int
) -> list[np.ndarray]:
    """Return the pairs of each step: groups and claims in turn, each anew in another order when all were seen.

    `rounds` are the steps at which each round ends; composed questions come from the second round on.
    """
    first = [group for group in groups if data.labels[group[0], 0] < data.first_composed]
    said = _endless([claims[i : i + 1] for i in range(len(claims))], seed + 1)
    steps: list[np.ndarray] = []
    for number, end in enumerate(rounds):
        asked = _endless(list(groups) if number else first, seed + 2 * number)
        while len(steps) < end:
            steps.append(np.concatenate([*_fill(data, asked, STEP_TOKENS), *_fill(data, said, CLAIM_TOKENS)]))
    return steps


def _endless(parts: list[np.ndarray], seed: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(seed)
    while True:
        for number in rng.permutation(len(parts)):
            yield parts[number]


def _fill(data: Data, parts: Iterator[np.ndarray], tokens: int) -> Iterator[np.ndarray]:
    while tokens > 0:
        part = next(parts)
        tokens -= int(data.lengths[part].sum())
        yield part
