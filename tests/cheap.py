"""Embedders that cost nothing, for what does not depend on meaning."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

WIDTH = 32


class Cheap:
    """An embedder that gives one of four directions to texts; a question is as near to one as to another."""

    fingerprint, width = "cheap", 4

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.eye(4, dtype=np.float32)[[len(text) % 4 for text in texts]]

    def embed_query(self, text: str) -> np.ndarray:
        return np.full(4, 0.5, dtype=np.float32)  # words decide


class Hashing:
    """An embedder that gives every text a direction of its own."""

    fingerprint, width = "hashing", WIDTH

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") for text in texts]
        drawn = np.stack([np.random.default_rng(seed).standard_normal(WIDTH) for seed in seeds]).astype(np.float32)
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    def embed_query(self, text: str) -> np.ndarray:
        return self.embed([text])[0]
