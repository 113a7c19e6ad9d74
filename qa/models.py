"""Bundled weights in; a verified tokenizer and inference session out.

The weights are IBM's granite-embedding-30m-english (Apache-2.0), which pip installs as plain data. They are drawn as
an int8 ONNX graph of our own that takes one text at a time. Measured on one Zen 4 core: passages a second of 256 and
of 40 to 220 tokens; cosine to the fp32 graph's vectors, mean and worst of 597 passages of Wikipedia:

    fp32, padded batches of 16                           12   22   1.000   1.000
    onnxruntime's quantize_dynamic, batches of 16 (4)    28   54    .952    .875   (30, 74)
    MatMulNBits on the pack's own groups, batches of 16  21   38   .9999   .9997
    the same, text by text                               24   51   .9999   .9997
    one int8 range for a text, text by text              44   96    .956    .867
    one int8 range for each token, text by text          39   88   .9975   .9932   <- this
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from qa.errors import ModelError
from qa.graph import GRAPH_VERSION, READER_GRAPH_VERSION, draw, draw_reader
from qa.weights import NAME, TOKEN_LIMIT, WEIGHTS_SHA256, WIDTH, Pack, ReaderWeights, weights_file

Vector = NDArray[np.float32]
Vectors = NDArray[np.float32]
Ids = Sequence[int]
A = TypeVar("A")
T = TypeVar("T")

FINGERPRINT: Final = f"{NAME}/{WEIGHTS_SHA256[:16]}/graph-{GRAPH_VERSION}"


class _Model:
    """A tokenizer and a session, open. Safe to use from many threads."""

    def __init__(self, tokenizer: Any, session: Any, *, threads: int) -> None:
        self._tokenizer = tokenizer
        self._session = session
        self._threads = max(1, threads)

    def each(self, task: Callable[[A], T], batch: Sequence[A]) -> list[T]:
        """Do the task for each of a batch, so many at once as the model was given threads."""
        # A question (a batch of one) runs on its caller's thread, so it never queues behind a long ingest.
        if len(batch) <= 1 or self._threads == 1:
            return [task(each) for each in batch]
        with ThreadPoolExecutor(min(self._threads, len(batch)), "qa-embed") as pool:
            return list(pool.map(task, batch))

    def _fetch(self, outputs: Sequence[str], ids: Ids, *, rows: int = 1) -> list[NDArray[np.float32]]:
        if not 1 <= len(ids) <= TOKEN_LIMIT:
            raise ValueError(f"a text of {len(ids)} tokens cannot be run: 1 to {TOKEN_LIMIT} can")
        feeds = {"ids": np.asarray(ids, np.int64), "rows": np.asarray([rows], np.int64)}
        result: list[NDArray[np.float32]] = self._session.run(outputs, feeds)
        return result


class BundledModel(_Model):
    """The bundled embedding model, open: texts to token ids, token ids to vectors. Safe to use from many threads."""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's token ids, the two special tokens included, however many they are."""
        # One by one: a parallel `encode_batch` makes tokenizers warn in every process that is forked later.
        return [self._tokenizer.encode(_encodable(text)).ids for text in texts]

    def run(self, batch: Sequence[Ids]) -> Vectors:
        """Return unit vectors (n, 384) for n lists of 1 to 512 ids; each row depends on its own ids alone."""
        out = np.empty((len(batch), WIDTH), np.float32)
        for row, (vector,) in enumerate(self.each(lambda ids: self._fetch(["sentence"], ids), batch)):
            out[row] = vector
        return out

    def token_vectors(self, ids: Ids) -> Vectors:
        """Return the last hidden states (len(ids), 384), not normalised."""
        return self._fetch(["last_hidden_state"], ids, rows=len(ids))[0]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a text, the special ones left out, and the code points that each of them stands for."""

    ids: Ids
    places: Sequence[tuple[int, int]]


class ReadingModel(_Model):
    """The reader's model, open: texts to tokens, token ids to logits. Safe to use from many threads."""

    def __init__(self, tokenizer: Any, session: Any, *, threads: int, scales: Mapping[str, Any]) -> None:
        super().__init__(tokenizer, session, threads=threads)
        self.scales = scales
        # however many questions there are at once, reading leaves the embedder its share of the cores
        self._gate = threading.Semaphore(self._threads)

    def tokens(self, text: str) -> Tokens:
        """Return all tokens of a text."""
        read = self._tokenizer.encode(_encodable(text))
        return Tokens(read.ids[1:-1], read.offsets[1:-1])

    def whole(self, ids: Ids) -> NDArray[np.float32]:
        """Return the logits of 1 to 512 ids as a whole: (5)."""
        with self._gate:
            return self._fetch(["whole"], ids)[0]

    def whole_and_tokens(self, ids: Ids) -> list[NDArray[np.float32]]:
        """Return the logits of 1 to 512 ids as a whole, and of each token: (5) and (len(ids), 3)."""
        with self._gate:
            return self._fetch(["whole", "tokens"], ids, rows=len(ids))


def windows(ids: Sequence[int]) -> list[list[int]]:
    """Cut a text's ids into the fewest windows that the model takes, near equal, each between the special tokens."""
    start, *inner, end = ids
    parts = max(1, -(-len(inner) // (TOKEN_LIMIT - 2)))
    cuts = [len(inner) * part // parts for part in range(parts + 1)]
    return [[start, *inner[a:b], end] for a, b in pairwise(cuts)]


def open_bundled(cache: Path, *, threads: int) -> BundledModel:
    """Open the bundled model, keeping its graph in the folder `cache`; ModelError if the weights are not right."""
    pack = Pack.read(weights_file())
    graph = _cached_graph(cache / f"{NAME}-{WEIGHTS_SHA256[:16]}-{GRAPH_VERSION}.graph", lambda: draw(pack))
    return BundledModel(_open_tokenizer(pack.tokenizer), _open_session(graph), threads=threads)


def open_reading(cache: Path, *, threads: int, weights: Path | None = None) -> ReadingModel:
    """Open the reader's model, keeping its graph in the folder `cache`; ModelError if the weights are not right.

    `weights` is another file than the one that comes with us.
    """
    read = ReaderWeights.read(Pack.read(weights_file()), weights)
    graph = _cached_graph(
        cache / f"reader-{read.sha256[:16]}-{READER_GRAPH_VERSION}.graph", lambda: draw_reader(read.pack)
    )
    tokenizer = _open_tokenizer(read.pack.tokenizer)
    return ReadingModel(tokenizer, _open_session(graph), threads=threads, scales=read.scales)


def _cached_graph(path: Path, draw: Callable[[], bytes]) -> bytes:
    """Return the graph from the cache, or draw it and keep it there if that can be done."""
    with contextlib.suppress(OSError):
        if (kept := _unseal(path)) is not None:
            return kept
    graph = draw()
    # A cache that cannot be written costs half a second at each start, and nothing else.
    with contextlib.suppress(OSError):
        _replace(path, _seal(graph))
    return graph


def _seal(graph: bytes) -> bytes:
    return hashlib.sha256(graph).digest() + graph


def _unseal(path: Path) -> bytes | None:
    """Read what was sealed, or None if it was cut short or changed since."""
    with path.open("rb") as file:
        digest, graph = file.read(32), file.read()
    return graph if hashlib.sha256(graph).digest() == digest else None


def _replace(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all, whoever else is writing it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except BaseException:  # whatever it was: nothing half written may stay
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _open_session(graph: bytes) -> Any:
    import onnxruntime  # type: ignore[import-untyped,unused-ignore]

    options = onnxruntime.SessionOptions()
    # One thread for each run and several runs at once: 1.6 times faster than several threads on one text.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # The higher levels would fuse what we drew apart on purpose: SkipLayerNormalization takes 4 times as long.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    # Texts come in every length: plans of memory kept for each would only pile up.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class for each code, and no root
        version = onnxruntime.__version__
        raise ModelError(f"onnxruntime {version} cannot run the bundled model: pip install -U onnxruntime") from error


@lru_cache(1)
def _open_tokenizer(definition: str) -> Any:
    """Open a tokenizer, once for embedder and reader: it takes 0.2 s."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(definition)
    # A document that says "</s>" says those four characters: it does not end the text.
    tokenizer.encode_special_tokens = True
    return tokenizer


def _encodable(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
