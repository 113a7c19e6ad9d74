"""The prepared file in; a trained reader out. It can be stopped at any time, and goes on where it last saved."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from batches import Data, plan, split
from losses import WEIGHTS, losses, said
from model import ReaderModel
from torch import Tensor

from qa.weights import Pack, weights_file

SEED = 7
ROUNDS = (3_000, 5_500)
"""The steps at which each round ends, each of about 5,500 tokens; the second has composed questions too."""
_WARM = 150
_DECAY = 0.3
"""The last part of each round, in which the rate falls to nothing."""
_RATE, _HEADS_RATE = 1.5e-4, 1e-3
_AVERAGE = 0.998
"""The weights that are kept are a moving average, this much of the one before."""
_SAVE, _LOG, _TEST = 100, 50, 500


def rate(step: int, rounds: Sequence[int]) -> float:
    """Return the share of the full rate: up, level, down, in each round anew."""
    begin, end = next(((a, b) for a, b in pairwise((0, *rounds)) if step < b), (0, 1))
    return min(1.0, (step - begin + 1) / _WARM, max(0.0, (end - step) / ((end - begin) * _DECAY)))


class Run:
    """A training run in a folder: its model, its average, how far it is."""

    def __init__(self, data: Data, place: Path, *, rounds: Sequence[int] = ROUNDS, seed: int = SEED) -> None:
        self.data, self.place, self.rounds = data, place, rounds
        torch.manual_seed(seed)
        self.model = ReaderModel(Pack.read(weights_file()))
        self.model.compile(dynamic=True)  # an eighth faster, and the same to the last digit each time
        self.average = {name: value.clone() for name, value in self.model.state_dict().items()}
        heads = [p for n, p in self.model.named_parameters() if p.requires_grad and not n.startswith("layers")]
        layers = list(self.model.layers.parameters())
        self.optimizer = torch.optim.AdamW(
            [{"params": layers, "full": _RATE}, {"params": heads, "full": _HEADS_RATE}],
            betas=(0.9, 0.98),
            weight_decay=0.01,
        )
        groups, claims, self.held, self.held_claims = split(data)
        self.plan = plan(data, groups, claims, rounds=rounds, seed=seed)
        self.step = 0
        self.sums: dict[str, list[float]] = defaultdict(list)

    def resume(self) -> None:
        """Go on from what was saved last, if anything was."""
        if (saved := self.place / "last.pt").exists():
            kept: dict[str, Any] = torch.load(saved, weights_only=True)
            self.model.load_state_dict(kept["model"])
            self.average = kept["average"]
            self.optimizer.load_state_dict(kept["optimizer"])
            self.step = kept["step"]

    def save(self) -> None:
        """Save everything that the rest of the run depends on, as a whole or not at all."""
        kept = {
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }
        torch.save(kept, self.place / "next.pt")
        os.replace(self.place / "next.pt", self.place / "last.pt")

    def run(self, until: int) -> None:
        """Train up to a step."""
        began, tokens = time.perf_counter(), 0
        while self.step < until:
            pairs = self.plan[self.step]
            self._train(pairs)
            tokens += int(self.data.lengths[pairs].sum())
            self.step += 1
            if self.step % _LOG == 0:
                speed = tokens / (time.perf_counter() - began)
                self.log({"step": self.step, "tokens/s": round(speed), **self._means()})
            if self.step % _TEST == 0 or self.step == until:
                self.log({"step": self.step, "held": self.test()})
            if self.step in self.rounds:
                torch.save(self.average, self.place / f"round{1 + self.rounds.index(self.step)}.pt")
            if self.step % _SAVE == 0 or self.step == until:
                self.save()

    def _train(self, pairs: np.ndarray) -> None:
        with torch.autocast("cpu", torch.bfloat16):
            told = [said(self.data, batch, *self.model(batch.ids, batch.mask)) for batch in self.data.batches(pairs)]
        each = losses(self.data, told)
        total = sum((WEIGHTS[name] * loss for name, loss in each.items()), torch.zeros(()))
        total.backward()
        share = rate(self.step, self.rounds)
        for group in self.optimizer.param_groups:
            group["lr"] = group["full"] * share
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        keep = min(_AVERAGE, self.step / (self.step + 20))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        for name, loss in each.items():
            self.sums[name].append(float(loss.detach()))

    def _means(self) -> dict[str, float]:
        means = {name: round(float(np.mean(values)), 4) for name, values in self.sums.items()}
        self.sums.clear()
        return means

    @torch.no_grad()
    def test(self) -> dict[str, float]:
        """Return how often the averaged model is right on what was kept apart."""
        own = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        pairs = np.concatenate([*self.held[:500], self.held_claims[:1_000]])
        with torch.autocast("cpu", torch.bfloat16):
            told = [said(self.data, batch, *self.model(batch.ids, batch.mask)) for batch in self.data.batches(pairs)]
        self.model.load_state_dict(own)
        means = {name: round(float(loss), 4) for name, loss in losses(self.data, told).items()}
        return {**_rights(self.data, told), **means}

    def log(self, what: dict[str, Any]) -> None:
        """Add a line to the run's log."""
        line = json.dumps(what)
        print(line, flush=True)
        with open(self.place / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(line + "\n")


def _rights(data: Data, told: list[Any]) -> dict[str, float]:
    pairs = np.concatenate([part.pairs for part in told])
    whole = torch.cat([part.whole for part in told]).numpy()
    labels = data.labels[pairs]
    first = []
    for group in np.unique(labels[labels[:, 1] >= 0, 0]):
        rows = np.flatnonzero((labels[:, 0] == group) & (labels[:, 1] >= 0))
        if (labels[rows, 1] == 1).any() and len(rows) > 1:
            first.append(labels[rows[np.argmax(whole[rows, 0])], 1] == 1)
    known = labels[:, 2] >= 0
    claims = labels[:, 6] >= 0
    spans: list[Tensor] = [part.right for part in told if part.right is not None]
    return {
        "first": round(float(np.mean(first)), 4),
        "answerable right": round(float(((whole[known, 1] > 0) == (labels[known, 2] == 1)).mean()), 4),
        "entailment right": round(float((whole[claims, 2:5].argmax(1) == labels[claims, 6]).mean()), 4),
        "answer right": round(float(torch.cat(spans).float().mean()), 4),
    }


def main() -> None:
    """Train, or go on training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("place", type=Path, help="where the run is kept")
    parser.add_argument("--rounds", type=int, nargs="+", default=ROUNDS, help="the steps at which each round ends")
    parser.add_argument("--seed", type=int, default=SEED, help="what is drawn at random is drawn from it")
    parser.add_argument("--until", type=int, help="stop at this step, to go on later")
    given = parser.parse_args()
    torch.set_num_threads(2)  # sums are taken in the order of threads: another number makes other last digits
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # nothing is read before it is written
    given.place.mkdir(parents=True, exist_ok=True)
    run = Run(Data.read(given.prepared), given.place, rounds=given.rounds, seed=given.seed)
    run.resume()
    digest = hashlib.sha256(given.prepared.read_bytes()).hexdigest()
    how = {"rounds": [*given.rounds], "seed": given.seed}
    run.log({"torch": torch.__version__, "prepared": digest, "from": run.step, **how})
    run.run(min(given.until or given.rounds[-1], given.rounds[-1]))


if __name__ == "__main__":
    main()
