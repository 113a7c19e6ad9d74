"""A trained reader and what was kept apart in; the numbers that turn its logits into probabilities out."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from batches import Data, split
from losses import Said, gold_of, said
from model import ReaderModel, trained
from torch import Tensor
from torch.nn import functional

from qa.weights import Pack, weights_file


def calibrate(data: Data, told: list[Said]) -> dict[str, object]:
    """Fit a and b of sigmoid(a * logit + b) for two heads, and the temperature of the third."""
    pairs = np.concatenate([part.pairs for part in told])
    whole = torch.cat([part.whole for part in told])
    labels = torch.from_numpy(data.labels[pairs])
    answerable, claims = labels[:, 2] >= 0, labels[:, 6] >= 0
    evidence = torch.cat([part.evidence for part in told])
    # sentences of texts that answer: whether a text does is the other head's to say
    gold = gold_of(data, pairs)
    known = torch.cat([part.present for part in told]) & gold.any(1)[:, None]
    return {
        "answerable": _slope(whole[answerable, 1], labels[answerable, 2].float()),
        "evidence": _slope(evidence[known], gold[known]),
        "entailment": _temperature(whole[claims, 2:5], labels[claims, 6].long()),
    }


def _slope(logits: Tensor, truth: Tensor) -> list[float]:
    fitted = torch.tensor([1.0, 0.0], requires_grad=True)
    _lessen(fitted, lambda: functional.binary_cross_entropy_with_logits(fitted[0] * logits + fitted[1], truth))
    return [round(each, 4) for each in fitted.tolist()]


def _temperature(logits: Tensor, truth: Tensor) -> float:
    fitted = torch.tensor([1.0], requires_grad=True)
    _lessen(fitted, lambda: functional.cross_entropy(logits / fitted, truth))
    return round(float(fitted.detach()), 4)


def _lessen(fitted: Tensor, loss: object) -> None:
    optimizer = torch.optim.LBFGS([fitted], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value: Tensor = loss()  # type: ignore[operator]
        value.backward()
        return value

    optimizer.step(closure)


def main() -> None:
    """Calibrate the weights of one run, or the mean of several."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("places", type=Path, nargs="+", help="where the runs are kept; the first keeps what is found")
    given = parser.parse_args()
    data = Data.read(given.prepared)
    model = ReaderModel(Pack.read(weights_file()))
    model.load_state_dict(trained(given.places))
    *_, groups, claims = split(data)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        batches = data.batches(np.concatenate([*groups, claims]))
        told = [said(data, batch, *model(batch.ids, batch.mask)) for batch in batches]
    found = json.dumps(calibrate(data, told))
    (given.places[0] / "calibration.json").write_text(found + "\n", encoding="utf-8")
    print(found)


if __name__ == "__main__":
    main()
