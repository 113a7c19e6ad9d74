"""A trained reader in; the file that is shipped out: layers and heads, in int8 with a scale for each row."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from model import LAYERS, trained

from qa.weights import WEIGHTS_SHA256

_MATRICES = ("qkv", "ao", "f1", "f2")
_TOP = 127


def quantised(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a matrix as int8 codes, with a scale for each row."""
    scales = np.maximum(np.abs(matrix).max(axis=1) / _TOP, np.finfo(np.float32).tiny).astype(np.float32)
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales


def export(weights: dict[str, Any], calibration: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the arrays of the shipped file, by name."""
    arrays: dict[str, np.ndarray] = {}
    given = {name: value.float().numpy() for name, value in weights.items()}
    for number in range(LAYERS):
        for name in _MATRICES:
            _matrix(arrays, f"l{number}.{name}", given, f"layers.{number}.{name}")
        for name in ("aln", "fln"):
            arrays[f"l{number}.{name}.w"] = given[f"layers.{number}.{name}.weight"]
            arrays[f"l{number}.{name}.b"] = given[f"layers.{number}.{name}.bias"]
    _matrix(arrays, "dense", given, "dense")
    for name in ("whole", "tokens"):
        arrays[f"{name}.w"], arrays[f"{name}.b"] = given[f"{name}.weight"], given[f"{name}.bias"]
    meta = {"format": 1, "layers": LAYERS, "base": WEIGHTS_SHA256, "scales": calibration}
    arrays["meta"] = np.frombuffer(json.dumps(meta, sort_keys=True).encode(), np.uint8)
    return arrays


def _matrix(arrays: dict[str, np.ndarray], name: str, given: dict[str, np.ndarray], theirs: str) -> None:
    arrays[f"{name}.w"], arrays[f"{name}.s"] = quantised(given[f"{theirs}.weight"])
    arrays[f"{name}.b"] = given[f"{theirs}.bias"]


def main() -> None:
    """Export the weights of one run, or the mean of several."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", type=Path, nargs="+", help="where the runs are kept, in the order of `calibrate.py`")
    parser.add_argument("out", type=Path, help="the file to write")
    given = parser.parse_args()
    calibration = json.loads((given.places[0] / "calibration.json").read_text())
    with open(given.out, "wb") as file:
        np.savez_compressed(file, **export(trained(given.places), calibration))
    print(given.out, given.out.stat().st_size, hashlib.sha256(given.out.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
