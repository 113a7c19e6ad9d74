"""Write the bundled embedding model as float32, in the two files that such models come in: ONNX and tokenizer."""

from __future__ import annotations

import argparse
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from qa.weights import NAME, WIDTH, Pack, weights_file


def write(folder: Path) -> None:
    """Decode the weights that come with the package and write model.onnx and tokenizer.json."""
    pack = Pack.read(weights_file())
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(_Graph(pack).draw())
    (folder / "tokenizer.json").write_text(pack.tokenizer, "utf-8")


class _Graph:
    """The model as an ONNX graph: ids (texts, tokens) and their lengths (texts) to vectors (texts, 384)."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._numbers = count()

    def draw(self) -> bytes:
        """Return the graph, serialized."""
        value = self._embeddings()
        for number in range(self._pack.shape["layers"]):
            value = self._layer(value, f"l{number}")
        first = self._add("Gather", value, self._constant("first", np.array(0)), axis=1)
        self._add("LpNormalization", first, to="sentence", axis=-1, p=2)
        graph = helper.make_graph(
            self._nodes,
            NAME,
            [
                helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"]),
                helper.make_tensor_value_info("lengths", TensorProto.INT32, ["texts"]),
            ],
            [helper.make_tensor_value_info("sentence", TensorProto.FLOAT, ["texts", WIDTH])],
            [numpy_helper.from_array(array, name) for name, array in self._constants.items()],
        )
        sets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
        drawn: bytes = helper.make_model(graph, opset_imports=sets, ir_version=8).SerializeToString()
        return drawn

    def _embeddings(self) -> str:
        plain, first = self._pack.plain, int(self._pack.shape["position_offset"])
        words = self._add("Gather", self._weight("word_emb"), "ids")
        places = self._constant("places", plain["pos_emb"][first:] + plain["type_emb"][0])
        # texts are padded at their end, so a token's position is its column
        length = self._add("Shape", "ids", start=1)
        zero, rows = self._constant("zero", np.array([0])), self._constant("rows", np.array([0]))
        place = self._add("Slice", places, zero, length, rows)
        return self._norm(self._add("Add", words, place), "emb_ln")

    def _layer(self, value: str, name: str) -> str:
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        joined = self._linear(value, f"{name}.qkv")
        self._nodes.append(helper.make_node("Split", [joined], parts, axis=-1, num_outputs=3))
        heads = int(self._pack.shape["heads"])
        mixed = self._add("MultiHeadAttention", *parts, "", "lengths", num_heads=heads, domain="com.microsoft")
        middle = self._norm(self._add("Add", self._linear(mixed, f"{name}.ao"), value), f"{name}.aln")
        wide = self._add("Gelu", self._linear(middle, f"{name}.f1"), domain="com.microsoft")
        return self._norm(self._add("Add", self._linear(wide, f"{name}.f2"), middle), f"{name}.fln")

    def _linear(self, value: str, name: str) -> str:
        product = self._add("MatMul", value, self._weight(f"{name}.w"))
        return self._add("Add", product, self._constant(f"{name}.b", self._pack.plain[f"{name}.b"]))

    def _norm(self, value: str, name: str) -> str:
        weights = [self._constant(f"{name}.{part}", self._pack.plain[f"{name}.{part}"]) for part in "wb"]
        epsilon = float(self._pack.shape["layer_norm_eps"])
        return self._add("LayerNormalization", value, *weights, axis=-1, epsilon=epsilon)

    def _weight(self, name: str) -> str:
        floats = self._pack.quantised[name].floats()
        return self._constant(name, floats if name == "word_emb" else floats.T)

    def _constant(self, name: str, array: Any) -> str:
        self._constants[name] = np.ascontiguousarray(array).reshape(np.shape(array))
        return name

    def _add(self, kind: str, *inputs: str, to: str = "", **attributes: Any) -> str:
        output = to or f"{kind}_{next(self._numbers)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output


def main() -> None:
    """Write the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder to make")
    write(parser.parse_args().folder)


if __name__ == "__main__":
    main()
