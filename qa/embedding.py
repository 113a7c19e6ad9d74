"""Give every passage its vector, in steps that each can be the last, whatever the embedder does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qa.catalog import Catalog
from qa.embedders import BundledEmbedder, Embedder, LlamaIndexEmbedder
from qa.embedders import Vectors as Rows
from qa.errors import EmbedderError, IndexVersion, QAError
from qa.plugins import reason
from qa.progress import Progress, Watcher
from qa.vectors import Vectors

_AT_ONCE = 64  # half a second of work: `close` may have to wait for two of them
_PROBE = "These words are here to see whether the embedder works."
_NAMED = 3
_MOST_DEAD, _FEW_DEAD = 0.3, 256
"""Which share of the places of vectors may be dead before the living are copied elsewhere; so few never matter."""


def check_embedder(catalog: Catalog, embedder: Embedder) -> None:
    """Raise IndexVersion if the index was made with another embedder."""
    made_with = catalog.meta("embedder")
    if made_with and made_with != embedder.fingerprint:
        raise IndexVersion(
            f"This index was made with the embedder {made_with}, and now it is {embedder.fingerprint}: "
            "set QA_EMBEDDER back, or run `qa doctor --repair` to embed everything anew."
        )
    width = catalog.meta("width")
    if made_with and width and int(width) != embedder.width:
        raise IndexVersion(
            f"This index was made with vectors of {width} numbers, and the embedder {made_with} now gives "
            f"{embedder.width}: go back to the one it was, or run `qa doctor --repair` to embed everything anew."
        )


def embed_waiting(
    catalog: Catalog, vectors: Callable[[], Vectors], embedder: Embedder, *, watch: Watcher, stop: threading.Event
) -> int:
    """Embed the passages that have no vector yet, and delete vectors that no passage needs; count those embedded.

    Raises EmbedderError, which names the documents that still wait, once all that could be embedded is stored.
    """
    try:
        check_embedder(catalog, embedder)
        _drop_dead(catalog, vectors)
        return _embed_all(catalog, vectors, embedder, watch, stop)
    except EmbedderError as error:
        raise EmbedderError(f"{str(error).rstrip('.')}. {_waiting(catalog)}".rstrip()) from error


def _embed_all(
    catalog: Catalog, vectors: Callable[[], Vectors], embedder: Embedder, watch: Watcher, stop: threading.Event
) -> int:
    began, done, total = time.monotonic(), 0, catalog.counts().waiting
    trouble: EmbedderError | None = None
    if total:
        watch(Progress("embedding", 0, total, 0.0))
    with closing(_steps(catalog, embedder, stop)) as steps:
        for step in steps:
            if step.keys:
                if not done:
                    catalog.set_meta("embedder", embedder.fingerprint)
                    catalog.set_meta("width", str(embedder.width))
                vectors().put(step.keys, step.vectors)
                with catalog.transaction():
                    catalog.backlog.mark_embedded(step.keys)
                    catalog.set_meta("slots", str(int(catalog.meta("slots") or 0) + len(step.keys)))
            done += len(step.keys)
            trouble = trouble or step.trouble
            watch(Progress("embedding", done, max(done, total), time.monotonic() - began))
    if trouble:
        raise trouble
    return done


def _waiting(catalog: Catalog) -> str:
    """Say in a sentence what still waits; nothing if nothing does."""
    count, documents = catalog.counts().waiting, sorted(catalog.backlog.documents_to_embed())
    if not count:
        return ""
    named = [entry.source.path for number in documents[:_NAMED] if (entry := catalog.entry(number))]
    more = f" and {len(documents) - _NAMED:,} more" if len(documents) > _NAMED else ""
    return (
        f"Passages that wait to be embedded: {count:,}, of {', '.join(named)}{more}; "
        "they are found by their words meanwhile, and the next sync goes on from there."
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """Some passages' keys with their vectors; `trouble` tells of those among them that could not be embedded."""

    keys: Sequence[bytes]
    vectors: Rows
    trouble: EmbedderError | None = None


def _steps(catalog: Catalog, embedder: Embedder, stop: threading.Event) -> Generator[_Step, None, None]:
    """Embed what waits, one step ahead: the next is being embedded while one is being stored."""
    with ThreadPoolExecutor(1, "qa-ahead") as ahead:
        pending: Future[_Step] | None = None
        words: dict[bytes, str] = {}
        after = 0
        while not stop.is_set() and (waiting := catalog.backlog.passages_to_embed(after, _AT_ONCE)):
            after = waiting[-1]
            rows = catalog.rows_by_number(waiting)
            new = [row for row in rows if row.key not in words]  # nor is being embedded just now
            if not new:
                continue
            words = dict(zip((row.key for row in new), catalog.words_to_embed(new), strict=True))
            pending, ready = ahead.submit(_embed, embedder, words), pending
            if ready:
                yield ready.result()
        if pending:
            yield pending.result()


def _embed(embedder: Embedder, words: dict[bytes, str]) -> _Step:
    """Embed a step; where it fails, each text alone, so that one bad text stops no other. Raises EmbedderError."""
    try:
        return _Step(list(words), embedder.embed(list(words.values())))
    except EmbedderError:
        embedder.embed([_PROBE])  # if it fails at this too, it is not the texts
    vectors: dict[bytes, Rows] = {}
    trouble: EmbedderError | None = None
    for key, text in words.items():
        try:
            vectors[key] = embedder.embed([text])
        except EmbedderError as error:
            trouble = error
            embedder.embed([_PROBE])
    return _Step(list(vectors), np.concatenate(list(vectors.values())) if vectors else np.empty(0, np.float32), trouble)


def _drop_dead(catalog: Catalog, vectors: Callable[[], Vectors]) -> None:
    """Delete the vectors that no passage needs; with too many dead places, copy the living elsewhere."""
    dead = catalog.backlog.retire_vectors()
    if dead:
        vectors().remove(dead)
        catalog.backlog.forget_vectors(dead)
    slots, live = int(catalog.meta("slots") or 0), catalog.counts().vectors
    if slots - live > max(_FEW_DEAD, _MOST_DEAD * slots):
        copy_living(catalog, vectors())


def copy_living(catalog: Catalog, vectors: Vectors) -> list[Path]:
    """Copy the vectors that passages need to a fresh place, and remove the old one; return what cannot be removed."""
    dead, living = catalog.backlog.retire_vectors(), catalog.live_keys()

    def use(name: str) -> None:
        with catalog.transaction():
            catalog.set_meta("collection", name)
            catalog.set_meta("slots", str(len(living)))
            catalog.backlog.forget_vectors(dead)

    return vectors.copy(living, use=use)


def checked(embedder: Any) -> Embedder:
    """Return an embedder whose vectors are checked before they are believed; our own do that themselves.

    An embedding of llama-index may be given as it is. Raises EmbedderError for what is no embedder.
    """
    if hasattr(embedder, "get_text_embedding_batch"):
        return LlamaIndexEmbedder(embedder)
    if not all(hasattr(embedder, name) for name in ("embed", "embed_query")):
        raise EmbedderError(
            f"{type(embedder).__name__} is no embedder: it needs `fingerprint`, `width`, `embed` and `embed_query`, "
            "as qa.embedders.Embedder says, or to be an embedding of llama-index."
        )
    made: Embedder = embedder if isinstance(embedder, BundledEmbedder | LlamaIndexEmbedder) else _Checked(embedder)
    return made


class _Checked:
    """An embedder made by somebody else."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._name = type(embedder).__name__

    @property
    def fingerprint(self) -> str:
        """The embedder's own."""
        return self._embedder.fingerprint

    @property
    def width(self) -> int:
        """The embedder's own."""
        return self._embedder.width

    def embed(self, texts: Sequence[str]) -> Rows:
        """Embed passages. Raises EmbedderError, whatever the embedder raises or returns."""
        return self._checked(lambda: self._embedder.embed(texts), (len(texts), self.width))

    def embed_query(self, text: str) -> Rows:
        """Embed a question. Raises EmbedderError, whatever the embedder raises or returns."""
        return self._checked(lambda: self._embedder.embed_query(text), (self.width,))

    def _checked(self, ask: Callable[[], object], shape: tuple[int, ...]) -> Rows:
        try:
            vectors = np.asarray(ask(), np.float32)
        except QAError:
            raise
        except Exception as error:  # whatever a stranger's embedder may raise
            raise EmbedderError(f"The embedder {self._name} failed ({reason(error)}).") from error
        if vectors.shape != shape:
            raise EmbedderError(
                f"The embedder {self._name} gave numbers in the shape {vectors.shape} instead of {shape}: "
                "one vector of its width is due for each text."
            )
        if not np.isfinite(vectors).all():
            raise EmbedderError(f"The embedder {self._name} gave a vector with numbers that are not finite.")
        if not np.allclose(np.linalg.norm(vectors, axis=-1), 1.0, atol=0.01):
            raise EmbedderError(
                f"The embedder {self._name} gave a vector whose length is not 1: divide it by its norm."
            )
        return vectors
