"""Texts in, vectors out: the bundled model, or any llama-index embedding."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from qa import models, plugins, weights
from qa.errors import EmbedderError
from qa.importing import alone

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

Vector = NDArray[np.float32]
Vectors = NDArray[np.float32]

BUNDLED: Final = "bundled"


class Embedder(Protocol):
    """Texts in, vectors of length 1 out."""

    @property
    def fingerprint(self) -> str:
        """Name what decides the vectors: it changes whenever they would."""

    @property
    def width(self) -> int:
        """The numbers of each vector."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed passages: float32 (n, width), row by row the texts in their order. Raises EmbedderError."""

    def embed_query(self, text: str) -> Vector:
        """Embed a question: float32 (width). Raises EmbedderError."""


def open_embedder(name: str, *, cache: Path, threads: int | None) -> Embedder:
    """Return the embedder of a name: `bundled`, `ollama:MODEL`, `module:Class?argument=value`. Raises EmbedderError."""
    if name.strip() == BUNDLED:
        return BundledEmbedder(cache, threads)
    target, _, query = name.strip().partition("?")
    kind, _, rest = target.partition(":")
    if (short := _SHORT.get(kind)) and rest:
        arguments = {short.argument: rest, **plugins.read_arguments(_KIND, query)}
        return LlamaIndexEmbedder(_make(short.module, short.kind, arguments))
    if plugins.is_class(kind, rest):
        return LlamaIndexEmbedder(_make(kind, rest, plugins.read_arguments(_KIND, query)))
    raise EmbedderError(
        f"There is no embedder {name!r}: say {BUNDLED}, "
        f"{', '.join(f'{each}:MODEL' for each in _SHORT)}, or package.module:ClassName?argument=value."
    )


class BundledEmbedder:
    """The model that is installed with us: no key, no network. Opened at its first text; safe to share by threads."""

    fingerprint = models.FINGERPRINT
    width = weights.WIDTH

    def __init__(self, cache: Path, threads: int | None = None) -> None:
        """Take the folder for what is computed once, and how many texts are embedded at once (None: one a core)."""
        self._cache = cache
        self._threads = threads or _cores()
        self._opening = threading.Lock()
        self._model: models.BundledModel | None = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed every word of the texts: longer ones than the model takes as the mean of windows. Raises ModelError."""
        if not texts:
            return np.empty((0, self.width), np.float32)
        model = self._open()
        windows = [models.windows(ids) for ids in model.encode(texts)]
        return _joined(model.run([window for each in windows for window in each]), windows)

    def embed_query(self, text: str) -> Vector:
        """Embed a question just as a passage: the model knows no difference. Raises ModelError."""
        vector: Vector = self.embed([text])[0]
        return vector

    def _open(self) -> models.BundledModel:
        with self._opening, alone:
            if self._model is None:
                self._model = models.open_bundled(self._cache, threads=self._threads)
            return self._model


class Remembered:
    """An embedder that keeps the vectors of the texts that it was last asked for. Safe to share by threads."""

    def __init__(self, embedder: Embedder, most: int = 4_096) -> None:
        """Take who embeds, and how many texts are kept: at most so many, the last that were asked for."""
        self.embedder = embedder
        self._most = most
        self._kept: dict[str, Vector] = {}
        self._keeping = threading.Lock()

    @property
    def width(self) -> int:
        """The numbers of each vector."""
        return self.embedder.width

    @property
    def fingerprint(self) -> str:
        """What the embedder itself says."""
        return self.embedder.fingerprint

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts, each that is not kept once. Raises as the embedder does."""
        with self._keeping:
            known = {text: self._kept.pop(text) for text in dict.fromkeys(texts) if text in self._kept}
            self._kept |= known  # now the last
        if new := [text for text in dict.fromkeys(texts) if text not in known]:
            known |= zip(new, self.embedder.embed(new), strict=True)
            self._keep({text: known[text] for text in new})
        return np.array([known[text] for text in texts], np.float32).reshape(-1, self.width)

    def embed_query(self, text: str) -> Vector:
        """Embed a question."""
        vector: Vector = self.embed([text])[0]
        return vector

    def _keep(self, vectors: dict[str, Vector]) -> None:
        with self._keeping:
            self._kept |= vectors
            for text in list(self._kept)[: max(0, len(self._kept) - self._most)]:
                del self._kept[text]


def _joined(vectors: Vectors, windows: Sequence[Sequence[list[int]]]) -> Vectors:
    """Join each text's window vectors into one of length 1, weighted by their tokens."""
    firsts = np.cumsum([0, *(len(each) for each in windows)])
    out: Vectors = vectors[firsts[:-1]]
    for row, each in enumerate(windows):
        if len(each) > 1:  # a single window keeps its vector to the last bit
            weights = [len(window) for window in each]
            out[row] = _unit(np.average(vectors[firsts[row] : firsts[row + 1]], axis=0, weights=weights)[None])[0]
    return out


def _cores() -> int:
    """Count the cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows cannot say
        return os.cpu_count() or 1


class LlamaIndexEmbedder:
    """Any llama-index embedding; what it returns is checked before it is believed."""

    def __init__(self, model: BaseEmbedding) -> None:
        """Take a model of llama-index, with whatever it needs already set."""
        self._model = model
        self._name = f"{type(model).__name__} {model.model_name}"
        self._measuring = threading.Lock()
        self._width = 0

    @property
    def width(self) -> int:
        """The numbers of each vector; asks the model for one the first time. Raises EmbedderError."""
        with self._measuring:
            self._width = self._width or len(self._ask(lambda: [self._model.get_query_embedding("width")], 1)[0])
            return self._width

    @property
    def fingerprint(self) -> str:
        """Name the class, the model, the width, and by a hash whatever else it was given. Raises EmbedderError."""
        settings = {key: value for key, value in self._model.to_dict().items() if key not in _IRRELEVANT}
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=_kind).encode()).hexdigest()[:16]
        kind = type(self._model)
        return f"{kind.__module__}:{kind.__qualname__}/{self._model.model_name}/{self.width}/{digest}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed passages, in batches of the model's own size. Raises EmbedderError."""
        if not texts:
            return np.empty((0, self.width), np.float32)
        # Some services refuse a text without words.
        words = [text if text.strip() else "." for text in texts]
        return self._checked(lambda: self._model.get_text_embedding_batch(words), len(texts))

    def embed_query(self, text: str) -> Vector:
        """Embed a question. Raises EmbedderError."""
        vector: Vector = self._checked(lambda: [self._model.get_query_embedding(text)], 1)[0]
        return vector

    def _checked(self, ask: Callable[[], Any], count: int) -> Vectors:
        vectors = self._ask(ask, count)
        if vectors.shape[1] != self.width:
            raise EmbedderError(
                f"The embedder {self._name} gave vectors of {vectors.shape[1]} numbers, and of {self.width} before: "
                "its model was exchanged; open the library anew."
            )
        return vectors

    def _ask(self, ask: Callable[[], Any], count: int) -> Vectors:
        """Return unit vectors (count, any width) from the model, or raise EmbedderError."""
        try:
            rows = list(ask())
        except Exception as error:  # whatever a stranger's model may raise
            raise EmbedderError(f"The embedder {self._name} failed ({plugins.reason(error)}).") from error
        try:
            vectors = np.array(rows, np.float64)
        except (TypeError, ValueError):
            vectors = np.empty(0)
        if len(rows) != count:
            raise EmbedderError(f"The embedder {self._name} gave {len(rows)} vectors for {count} texts.")
        if vectors.ndim != 2 or not vectors.shape[1]:
            raise EmbedderError(f"The embedder {self._name} gave rows that are not vectors of one width.")
        if not np.isfinite(vectors).all():
            raise EmbedderError(f"The embedder {self._name} gave a vector with numbers that are not finite.")
        if not vectors.any(axis=1).all():
            raise EmbedderError(f"The embedder {self._name} gave a vector of zeros only.")
        return _unit(vectors)


_IRRELEVANT: Final = {
    *("api_key", "embed_batch_size", "num_workers", "callback_manager", "embeddings_cache", "rate_limiter"),
    *("timeout", "request_timeout", "max_retries", "reuse_client", "keep_alive", "client_kwargs", "default_headers"),
    *("cache_folder", "device", "show_progress_bar", "parallel_process", "target_devices"),
}
"""Settings of llama-index embeddings that change how vectors are fetched, not what they are."""


def _kind(value: object) -> str:
    """Stand for a setting that JSON cannot hold: its address would change with every start."""
    return type(value).__qualname__


def _unit(vectors: NDArray[Any]) -> Vectors:
    """Scale the rows to length 1."""
    wide = vectors.astype(np.float64)
    # the largest number first: squares of very large or small ones leave the range of a float
    wide /= np.abs(wide).max(axis=1, keepdims=True)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    return wide.astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Short:
    """What a short name stands for: a class of a llama-index package, and the argument that names the model."""

    module: str
    kind: str
    argument: str


_SHORT: Final = {
    "ollama": _Short("llama_index.embeddings.ollama", "OllamaEmbedding", "model_name"),
    "openai": _Short("llama_index.embeddings.openai", "OpenAIEmbedding", "model"),
    "huggingface": _Short("llama_index.embeddings.huggingface", "HuggingFaceEmbedding", "model_name"),
}


def _make(module: str, name: str, arguments: dict[str, Any]) -> BaseEmbedding:
    return plugins.make(_KIND, plugins.find(_KIND, module, name), arguments)


def _root() -> type[BaseEmbedding]:
    # imported only here, because it takes two seconds
    from llama_index.core.base.embeddings.base import BaseEmbedding

    return BaseEmbedding


_KIND: Final = plugins.Kind("embedder", _root, EmbedderError)
