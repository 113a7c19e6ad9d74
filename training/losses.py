"""What the heads said and what they should have said in; one number to lessen out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from batches import NONE, Batch, Data
from torch import Tensor
from torch.nn import functional

PARTS = 64
WEIGHTS = {"relevance": 1.0, "answerable": 0.7, "answer": 0.7, "evidence": 1.5, "entailment": 1.0}
_WRONG_TEXT = 0.25
"""What the sentences of a text that does not answer weigh beside those of one that does."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the heads say of some pairs: (pairs, 5), the mean evidence of each sentence (pairs, 64), and of spans."""

    pairs: np.ndarray
    whole: Tensor
    evidence: Tensor
    present: Tensor
    spans: Tensor | None
    right: Tensor | None


def said(data: Data, batch: Batch, whole: Tensor, tokens: Tensor) -> Said:
    """Pool what was said of tokens: evidence to sentences, starts and ends to how likely the right ones are."""
    evidence, present = pooled(tokens[..., 2], batch.parts)
    labels = torch.from_numpy(data.labels[batch.pairs])
    has = labels[:, 3] >= 0
    if not has.any():
        return Said(batch.pairs, whole, evidence, present, None, None)
    outside = (batch.parts[has] == NONE)[..., None]
    logits = tokens[has][..., :2].masked_fill(outside, -1e4)
    aims = labels[has, 3:5].long()
    loss = functional.cross_entropy(logits, aims, reduction="none")
    right = (logits.argmax(1) == aims).all(1)
    return Said(batch.pairs, whole, evidence, present, loss.mean(1), right)


def pooled(evidence: Tensor, parts: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean of each sentence's tokens (pairs, 64), and which sentences there are."""
    numbers = parts.long().clamp(max=PARTS)
    sums = torch.zeros(len(parts), PARTS + 1).scatter_add(1, numbers, evidence)
    counts = torch.zeros(len(parts), PARTS + 1).scatter_add(1, numbers, torch.ones_like(evidence))
    return (sums / counts.clamp(min=1))[:, :PARTS], counts[:, :PARTS] > 0


def gold_of(data: Data, pairs: np.ndarray) -> Tensor:
    """Return which sentences of each pair answer: (pairs, 64), 1.0 or 0.0."""
    bits = data.golds[pairs][:, None] >> np.arange(PARTS, dtype=np.uint64)
    return torch.from_numpy((bits & np.uint64(1)).astype(np.float32))


def losses(data: Data, parts: list[Said]) -> dict[str, Tensor]:
    """Return the loss of each head, over all that was said in a step."""
    pairs = np.concatenate([part.pairs for part in parts])
    whole = torch.cat([part.whole for part in parts])
    labels = torch.from_numpy(data.labels[pairs])
    out = {}
    if (loss := _relevance(labels, whole[:, 0])) is not None:
        out["relevance"] = loss
    if (known := labels[:, 2] >= 0).any():
        out["answerable"] = functional.binary_cross_entropy_with_logits(whole[known, 1], labels[known, 2].float())
    if (known := labels[:, 6] >= 0).any():
        out["entailment"] = functional.cross_entropy(whole[known, 2:5], labels[known, 6].long())
    if spans := [part.spans for part in parts if part.spans is not None]:
        out["answer"] = torch.cat(spans).mean()
    if (loss := _evidence(data, parts)) is not None:
        out["evidence"] = loss
    return out


def _relevance(labels: Tensor, scores: Tensor) -> Tensor | None:
    """In each group, the one that answers against the others."""
    known = (labels[:, 1] >= 0).nonzero()[:, 0]
    if not len(known):
        return None
    numbers, rows = labels[known, 0].unique(return_inverse=True)
    grid = torch.full((len(numbers), 16), -1e4)
    # the place of each pair within its group
    order = torch.argsort(rows, stable=True)
    counts = torch.bincount(rows)
    places = torch.empty_like(rows)
    places[order] = torch.arange(len(rows)) - torch.repeat_interleave(counts.cumsum(0) - counts, counts)
    grid = grid.index_put((rows, places), scores[known])
    right = torch.full((len(numbers),), -1)
    positive = labels[known, 1] == 1
    right[rows[positive]] = places[positive]
    usable = (right >= 0) & (counts > 1)
    return functional.cross_entropy(grid[usable], right[usable]) if usable.any() else None


def _evidence(data: Data, parts: list[Said]) -> Tensor | None:
    scores = torch.cat([part.evidence for part in parts])
    present = torch.cat([part.present for part in parts])
    pairs = np.concatenate([part.pairs for part in parts])
    known = torch.from_numpy(data.labels[pairs][:, 5] == 1)
    gold = gold_of(data, pairs)
    weight = torch.where(gold.any(1), 1.0, _WRONG_TEXT)[:, None] * present * known[:, None]
    if not weight.any():
        return None
    loss = functional.binary_cross_entropy_with_logits(scores, gold, reduction="none")
    return (loss * weight).sum() / weight.sum()
