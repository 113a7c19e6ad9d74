"""What a library can be for llama-index, of which nothing is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qa.globs import Within
from qa.importing import alone

if TYPE_CHECKING:
    from llama_index.core.memory import BaseMemory
    from llama_index.core.postprocessor.types import BaseNodePostprocessor

    from qa.bridge import Askable, LibraryQueryEngine, LibraryRetriever
    from qa.chat import LibraryChatEngine


class Pluggable:
    """Something that can be searched and asked, here or elsewhere."""

    __slots__ = ()

    def as_retriever(
        self: Askable, *, count: int = 10, within: Within = None, rerank: bool | None = None
    ) -> LibraryRetriever:
        """Return a retriever of llama-index; its nodes carry span, page and the id of a citation."""
        with alone:
            from qa.bridge import LibraryRetriever

        return LibraryRetriever(self, count=count, within=within, rerank=rerank)

    def as_query_engine(
        self: Askable,
        *,
        count: int = 10,
        within: Within = None,
        rerank: bool | None = None,
        streaming: bool = False,
        node_postprocessors: Sequence[BaseNodePostprocessor] = (),
        **others: Any,
    ) -> LibraryQueryEngine:
        """Return a query engine of llama-index; the source nodes of its responses are the answer's citations.

        Postprocessors choose and order the passages that are answered from. Raises UsageError for any other option.
        """
        with alone:
            from qa.bridge import LibraryQueryEngine

        return LibraryQueryEngine(
            self,
            count=count,
            within=within,
            rerank=rerank,
            streaming=streaming,
            node_postprocessors=node_postprocessors,
            **others,
        )

    def as_chat_engine(self: Askable, *, memory: BaseMemory | None = None, **how: Any) -> LibraryChatEngine:
        """Return a chat engine of llama-index; `how` is what `as_query_engine` takes, but for `streaming`."""
        with alone:
            from qa.bridge import LibraryQueryEngine
            from qa.chat import LibraryChatEngine

        return LibraryChatEngine(LibraryQueryEngine(self, **how), memory)
