"""The reader as it is trained: the bundled embedder's layers, and heads of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from qa.weights import WIDTH, Pack

HEADS = 12
LAYERS = 5
"""The first of the embedder's six: a question's twenty passages are to be read in a fifth of a second."""
WHOLE = ("relevance", "answerable", "supported", "refuted", "unknown")
TOKENS = ("start", "end", "evidence")


class Layer(nn.Module):
    """One layer of the transformer, named as in the pack."""

    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.ao = nn.Linear(WIDTH, WIDTH)
        self.aln = nn.LayerNorm(WIDTH, epsilon)
        self.f1 = nn.Linear(WIDTH, 4 * WIDTH)
        self.f2 = nn.Linear(4 * WIDTH, WIDTH)
        self.fln = nn.LayerNorm(WIDTH, epsilon)

    def forward(self, value: Tensor, mask: Tensor | None) -> Tensor:
        """(texts, tokens, 384) to the same; `mask` (texts, 1, 1, tokens) is added to what attention compares."""
        many, tokens, _ = value.shape
        mixed = self.qkv(value).view(many, tokens, 3, HEADS, WIDTH // HEADS)
        query, key, of = mixed.permute(2, 0, 3, 1, 4)
        # in plain products: on a processor they are twice as fast, forth and back, as the fused attention
        fits = query @ key.transpose(-1, -2) * (1 / math.sqrt(WIDTH // HEADS))
        attended = (fits if mask is None else fits + mask).softmax(-1) @ of
        attended = self.ao(attended.transpose(1, 2).reshape(many, tokens, WIDTH))
        middle = self.aln(value + attended)
        return self.fln(middle + self.f2(functional.gelu(self.f1(middle))))


class ReaderModel(nn.Module):
    """Token ids in; what each head says out. The embeddings are the bundled model's, and stay as they are."""

    def __init__(self, pack: Pack) -> None:
        super().__init__()
        epsilon = float(pack.shape["layer_norm_eps"])
        self.first = int(pack.shape["position_offset"])
        words = torch.from_numpy(pack.quantised["word_emb"].floats())
        places = torch.from_numpy(pack.plain["pos_emb"] + pack.plain["type_emb"][0])
        self.register_buffer("words", words, persistent=False)
        self.register_buffer("places", places, persistent=False)
        self.emb_ln = nn.LayerNorm(WIDTH, epsilon).requires_grad_(False)
        self.layers = nn.ModuleList(Layer(epsilon) for _ in range(LAYERS))
        self.dense = nn.Linear(WIDTH, WIDTH)
        self.whole = nn.Linear(WIDTH, len(WHOLE))
        self.tokens = nn.Linear(WIDTH, len(TOKENS))
        self._begin_with(pack)

    @torch.no_grad()
    def _begin_with(self, pack: Pack) -> None:
        self.emb_ln.load_state_dict(_norm(pack, "emb_ln"))
        for number, layer in enumerate(self.layers):
            for name in ("qkv", "ao", "f1", "f2"):
                linear: Any = getattr(layer, name)
                linear.weight.copy_(torch.from_numpy(pack.quantised[f"l{number}.{name}.w"].floats()))
                linear.bias.copy_(torch.from_numpy(pack.plain[f"l{number}.{name}.b"].copy()))
            for name in ("aln", "fln"):
                getattr(layer, name).load_state_dict(_norm(pack, f"l{number}.{name}"))
        for head in (self.dense, self.whole, self.tokens):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def forward(self, ids: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Ids (texts, tokens) to what is said of each text (texts, 5) and of each token (texts, tokens, 3)."""
        with torch.no_grad():
            value = self.emb_ln(self.words[ids] + self.places[self.first : self.first + ids.shape[1]])
        for layer in self.layers:
            value = layer(value, mask)
        return self.whole(functional.gelu(self.dense(value[:, 0]))).float(), self.tokens(value).float()


def _norm(pack: Pack, name: str) -> dict[str, Tensor]:
    return {kind: torch.from_numpy(pack.plain[f"{name}.{kind[0]}"].copy()) for kind in ("weight", "bias")}


def trained(places: Sequence[Path]) -> dict[str, Tensor]:
    """Return the weights of the runs in some folders: the mean of what their rounds ended with.

    The first round knows plain questions best, the second composed ones; their mean is better at each than either.
    """
    paths = [path for place in places for path in sorted(place.glob("round*.pt"))]
    ends = [torch.load(path, weights_only=True) for path in paths]
    return {name: sum(end[name].float() for end in ends) / len(ends) for name in ends[0]}
