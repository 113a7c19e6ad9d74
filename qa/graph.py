"""Weights in; a model as an int8 ONNX graph out: the embedder, or the reader that is built as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qa.weights import NAME, WIDTH, Pack

GRAPH_VERSION: Final = 1
"""Raise it with every change to the embedder's graph: cached graphs and stored vectors both depend on it."""
READER_GRAPH_VERSION: Final = 1
"""Raise it with every change to the reader's graph: cached graphs depend on it."""

_GELU_FLOOR: Final = 0.17
"""GELU is never below -0.17."""
_GELU_ZERO: Final = 16
_ZERO: Final = 64
_TOP: Final = 127
_CONTRIB: Final = {"GatherBlockQuantized", "Gelu", "MatMulIntegerToFloat", "MultiHeadAttention"}


@dataclass(slots=True)
class _Drawing:
    """The nodes and the constants of a graph; a value goes by the name that the node which makes it returned."""

    pack: Pack
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

    def states(self) -> str:
        """Draw the whole transformer, for the first `rows` tokens of `ids`: (rows, 384)."""
        value = self.embeddings()
        *layers, last = [f"l{number}" for number in range(self.pack.shape["layers"])]
        for layer in layers:
            value = self.layer(value, layer)
        return self.last_layer(value, last)

    def first(self, states: str) -> str:
        """Return the first token's state: (1, 384)."""
        return self.add("Slice", states, self.axis(0), self.axis(1), self.axis(0))

    def head(self, value: str, name: str) -> str:
        """Multiply (rows, 384) by a small matrix of floats: (rows, out)."""
        weight = self.constant(f"{name}.w", self.pack.plain[f"{name}.w"].T, np.float32)
        bias = self.constant(f"{name}.b", self.pack.plain[f"{name}.b"], np.float32)
        return self.add("Add", self.add("MatMul", value, weight), bias)


def draw(pack: Pack) -> bytes:
    """Draw the embedder as a serialized ONNX graph.

    It takes ids (tokens) and rows (1), and makes sentence (384) and last_hidden_state (rows, 384). The first token
    stands for the text, so one row is enough for a sentence, and saves most of the last layer.
    """
    drawing = _Drawing(pack)
    states = drawing.add("Identity", drawing.states(), to="last_hidden_state")
    first = drawing.first(states)
    drawing.add("LpNormalization", drawing.add("Squeeze", first, drawing.axis(0)), to="sentence", axis=-1, p=2)
    return _serialize(drawing, {"sentence": [WIDTH], "last_hidden_state": ["rows", WIDTH]})


def draw_reader(pack: Pack) -> bytes:
    """Draw the reader as a serialized ONNX graph.

    It takes ids (tokens) and rows (1), and makes whole (5), the logits of the text, and tokens (rows, 3), those of its
    first tokens. One row is enough for the whole.
    """
    drawing = _Drawing(pack)
    states = drawing.states()
    dense = drawing.add("Gelu", drawing.linear(drawing.first(states), "dense"))
    drawing.add("Squeeze", drawing.head(dense, "whole"), drawing.axis(0), to="whole")
    drawing.add("Identity", drawing.head(states, "tokens"), to="tokens")
    return _serialize(drawing, {"whole": [len(pack.plain["whole.b"])], "tokens": ["rows", len(pack.plain["tokens.b"])]})


def _serialize(drawing: _Drawing, made: Mapping[str, Sequence[int | str]]) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node(kind, takes, makes, domain="com.microsoft" if kind in _CONTRIB else "", **attributes)
        for kind, takes, makes, attributes in drawing.nodes
    ]
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["tokens"]),
        helper.make_tensor_value_info("rows", TensorProto.INT64, [1]),
    ]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in made.items()]
    constants = [numpy_helper.from_array(array, name) for name, array in drawing.constants.items()]
    graph = helper.make_graph(nodes, NAME, inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    graph_bytes: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    return graph_bytes
