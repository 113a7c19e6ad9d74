"""A question and texts in; relevance scores out: by a cross-encoder, or by any llama-index postprocessor."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from qa import plugins
from qa.errors import RerankerError, SettingsError
from qa.importing import alone

if TYPE_CHECKING:
    from llama_index.core.postprocessor.types import BaseNodePostprocessor

Scores = NDArray[np.float32]

_FASTEMBED: Final = "fastembed"
_INSTALL: Final = 'pip install "chapter-and-verse[rerank]"'
_EXAMPLE: Final = f"{_FASTEMBED}:Xenova/ms-marco-MiniLM-L-6-v2"
_BATCH: Final = 8
"""Texts that a cross-encoder reads at once: they are padded to the longest of them."""
_GRAPHS: Final = ("onnx/model.onnx", "model.onnx")
"""Where a folder may have its model, as model hubs lay it out."""


UNNAMED: Final = (
    f"The reader is switched off, and no reranker is named: leave QA_READER=off out, set QA_RERANKER={_EXAMPLE} "
    f"({_INSTALL}), or search without."
)


class Reranker(Protocol):
    """A question and texts in; a relevance score for each text out."""

    @property
    def name(self) -> str:
        """Name the model, for people."""

    def scores(self, question: str, texts: Sequence[str]) -> Scores:
        """Score texts, float32 (n): higher is better, comparable within one call alone. Raises RerankerError."""


def open_reranker(name: str | None, *, cache: Path, threads: int | None) -> Reranker:
    """Return the reranker of a name: `fastembed:MODEL`, `module:Class?argument=value`.

    `cache` is a folder for models that are downloaded. Raises RerankerError, SettingsError if there is no name.
    """
    if not (name and name.strip()):
        raise SettingsError(UNNAMED)
    target, _, query = name.strip().partition("?")
    kind, _, rest = target.partition(":")
    if kind == _FASTEMBED and rest:
        given = {"cache_dir": str(cache), "threads": threads, **plugins.read_arguments(_KIND, query)}
        return CrossEncoder(rest, given)
    if plugins.is_class(kind, rest):
        return Postprocessor(plugins.find(_KIND, kind, rest), plugins.read_arguments(_KIND, query))
    raise RerankerError(
        f"There is no reranker {name!r}: say {_FASTEMBED}:MODEL, {_FASTEMBED}:/path/to/folder, or "
        "package.module:ClassName?argument=value."
    )


class CrossEncoder:
    """A cross-encoder that fastembed runs: one that it knows by name, downloaded once, or one in a folder."""

    def __init__(self, model: str, arguments: Mapping[str, Any]) -> None:
        """Open a model by its name or folder, with arguments of fastembed's TextCrossEncoder. Raises RerankerError."""
        self.name = f"{_FASTEMBED}:{model}"
        kind = _fastembed(self.name)
        folder = _folder(model)
        try:
            self._model = _from_folder(kind, folder, arguments) if folder else kind(_known(kind, model), **arguments)
        except RerankerError:
            raise
        except Exception as error:  # whatever a stranger's model may raise: no network, a file that is missing
            raise RerankerError(
                f"The reranker {self.name} cannot be opened ({plugins.reason(error, whole=True)}): a model is "
                f"downloaded once; without a network, name a folder that holds one: {_FASTEMBED}:/path/to/folder."
            ) from error

    def scores(self, question: str, texts: Sequence[str]) -> Scores:
        """Score texts, as far as the model reads them. Raises RerankerError."""
        asked, words = _readable(question), [_readable(text) for text in texts]
        return _checked(self.name, lambda: self._model.rerank(asked, words, batch_size=_BATCH), len(texts))


def _fastembed(name: str) -> Any:
    """Import fastembed's class. Raises RerankerError."""
    try:
        with alone:
            from fastembed.rerank.cross_encoder import TextCrossEncoder
            from loguru import logger
    except ImportError as error:
        raise RerankerError(f"The reranker {name} needs fastembed: {_INSTALL}.") from error
    logger.disable("fastembed")  # what goes wrong is said once, by us
    return TextCrossEncoder


def _known(kind: Any, model: str) -> str:
    """Return the name of a model if fastembed knows it. Raises RerankerError."""
    names = [each["model"] for each in kind.list_supported_models() if "/" in each["model"]]
    if model.lower() in (name.lower() for name in names):
        return model
    raise RerankerError(
        f"fastembed knows no reranker {model!r}: name one of {', '.join(names)}, or the folder of another."
    )


def _folder(model: str) -> Path | None:
    """Return the folder that is named; None for the name of a model, which may have a slash in it too."""
    place = Path(model).expanduser()
    return place if place.is_dir() or place.is_absolute() or model.startswith(".") else None


def _from_folder(kind: Any, folder: Path, arguments: Mapping[str, Any]) -> Any:
    """Open the model that lies in a folder, with no network. Raises RerankerError."""
    from fastembed.common.model_description import ModelSource

    graph = next((each for each in _GRAPHS if (folder / each).is_file()), None)
    if graph is None:
        raise RerankerError(f"There is no cross-encoder in {folder}: it must hold {' or '.join(_GRAPHS)}.")
    name = uuid.uuid4().hex  # fastembed takes a folder only for a model of a name that it has not heard yet
    kind.add_custom_model(model=name, sources=ModelSource(hf=name), model_file=graph)
    return kind(name, **{**arguments, "specific_model_path": str(folder), "local_files_only": True})


class Postprocessor:
    """Any node postprocessor of llama-index that scores; texts that it drops count as the least of those it keeps."""

    def __init__(self, kind: type[BaseNodePostprocessor], arguments: Mapping[str, Any]) -> None:
        """Make one of a class. Raises RerankerError."""
        self.name = f"{kind.__module__}:{kind.__qualname__}"
        self._model = plugins.make(_KIND, kind, arguments)
        self._keeps_all = "top_n" in kind.model_fields and "top_n" not in arguments

    def scores(self, question: str, texts: Sequence[str]) -> Scores:
        """Score texts. Raises RerankerError."""
        return _checked(self.name, lambda: self._ask(question, texts), len(texts))

    def _ask(self, question: str, texts: Sequence[str]) -> list[float | None]:
        from llama_index.core.schema import NodeWithScore, TextNode

        # most keep only two, unless they are told how many
        model = self._model.model_copy(update={"top_n": len(texts)}) if self._keeps_all else self._model
        nodes = [NodeWithScore(node=TextNode(id_=str(i), text=_readable(t)), score=0.0) for i, t in enumerate(texts)]
        given = {each.node.node_id: each.score for each in model.postprocess_nodes(nodes, query_str=question)}
        if not given or not given.keys() <= {str(i) for i in range(len(texts))}:
            raise ValueError("what it gave back are not the texts that it was given")
        least = min((score for score in given.values() if score is not None), default=None)
        return [given.get(str(i), least) for i in range(len(texts))]


def _root() -> type[BaseNodePostprocessor]:
    # imported only here, because it takes two seconds
    from llama_index.core.postprocessor.types import BaseNodePostprocessor

    return BaseNodePostprocessor


_KIND: Final = plugins.Kind("reranker", _root, RerankerError)


def _checked(name: str, ask: Callable[[], Iterable[Any]], count: int) -> Scores:
    """Return scores (count) from a stranger's model, or raise RerankerError."""
    if not count:
        return np.empty(0, np.float32)
    try:
        values = list(ask())
    except Exception as error:  # whatever a stranger's model may raise
        raise RerankerError(f"The reranker {name} failed ({plugins.reason(error)}).") from error
    try:
        scores = np.array(values, np.float64)
    except (TypeError, ValueError):
        scores = np.empty(0)
    if len(values) != count:
        raise RerankerError(f"The reranker {name} gave {len(values)} scores for {count} texts.")
    if scores.shape != (count,) or not np.isfinite(scores).all():
        raise RerankerError(f"The reranker {name} gave a score that is no finite number.")
    largest = float(np.finfo(np.float32).max)
    return np.clip(scores, -largest, largest).astype(np.float32)


def _readable(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 can hold, and nothing at all, which some services refuse."""
    return text.encode("utf-8", "replace").decode("utf-8") if text.strip() else "."
