"""What embeds, ranks, reads and writes for one library, each opened when it is first needed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import ModelError
from qa.importing import alone
from qa.settings import Settings

if TYPE_CHECKING:  # they load onnxruntime and numpy: looking a citation up needs none of these
    from qa.embedders import Embedder, Remembered
    from qa.llms import Llm
    from qa.reader import Reader
    from qa.rerankers import Reranker


class Providers:
    """The embedder, reranker, reader and language model: what was given, else what the settings name."""

    def __init__(
        self,
        settings: Settings,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        llm: Any = None,
    ) -> None:
        self._settings = settings
        self._given = embedder
        self._embedder: Embedder | None = None
        self._gauge: Remembered | None = None
        self._reranker = reranker
        self._given_llm = llm
        self._llm: Llm | None = None
        self._reader: Reader | None = None
        self.trouble: str | None = None
        """Why there is no reader, in a sentence, where there should be one."""
        self._opening = threading.RLock()
        self._opening_reranker = threading.Lock()  # it may be downloaded, and nobody else should wait for that
        self._opening_reader = threading.Lock()

    def embedder(self) -> Embedder:
        """Return the embedder."""
        with alone:
            from qa.embedders import open_embedder
            from qa.embedding import checked

        with self._opening:
            if self._embedder is None and self._given:
                self._embedder = checked(self._given)
            if self._embedder is None:
                cache = model_cache()
                self._embedder = open_embedder(self._settings.embedder, cache=cache, threads=self._settings.threads)
            return self._embedder

    def gauge(self) -> Remembered:
        """Return the bundled embedder, whoever embeds the passages: what was learnt of cosines holds for its alone."""
        with alone:
            from qa.embedders import BundledEmbedder, Remembered

        with self._opening:
            if self._gauge is None:
                ours = self.embedder()
                bundled = isinstance(ours, BundledEmbedder)
                self._gauge = Remembered(ours if bundled else BundledEmbedder(model_cache(), self._settings.threads))
            return self._gauge

    def reranker(self) -> Reranker | None:
        """Return the reranker that is named, None where the reader takes its place.

        Raises RerankerError, SettingsError if none is named and the reader is switched off.
        """
        with alone:
            from qa.rerankers import open_reranker

        with self._opening_reranker:
            if self._reranker is None and (self._names_reranker() or self._settings.reader == "off"):
                cache = model_cache() / "rerankers"
                self._reranker = open_reranker(self._settings.reranker, cache=cache, threads=self._settings.threads)
            return self._reranker

    def ranks_anew(self) -> bool:
        """Tell whether there is who ranks passages anew: the reader, or a reranker that is named."""
        return self._settings.reader != "off" or self._reranker is not None or self._names_reranker()

    def _names_reranker(self) -> bool:
        return bool((self._settings.reranker or "").strip())

    def reader(self) -> Reader | None:
        """Return the reader, open; None where it is switched off, or cannot be opened, which `trouble` then tells."""
        with alone:
            from qa.reader import open_reader

        with self._opening_reader:
            if self._reader is None and self.trouble is None and self._settings.reader != "off":
                reader = open_reader(model_cache(), threads=self._settings.threads)
                try:
                    reader.open()
                    self._reader = reader
                except ModelError as error:  # searching goes on without
                    self.trouble = str(error)
            return self._reader

    def llm(self) -> Llm | None:
        """Return the language model, of which nothing is loaded or asked yet; None where documents are quoted.

        Raises UnusableLlm.
        """
        name = self._settings.llm.strip()
        if self._given_llm is None and name == "extractive":
            return None
        with alone:
            from qa.llms import Llm, open_llm

        with self._opening:
            if self._llm is None:
                given = self._given_llm
                self._llm = open_llm(name, threads=self._settings.threads) if given is None else Llm(given)
            return self._llm


def model_cache() -> Path:
    """Return the folder of this user's account where models are unpacked and downloaded."""
    from platformdirs import user_cache_path

    return user_cache_path("chapter-and-verse", appauthor=False)
