"""The library as a retriever and a query engine of llama-index: nodes that carry a citation's id and its span."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from inspect import signature
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.base.response.schema import RESPONSE_TYPE, AsyncStreamingResponse, Response, StreamingResponse
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeRelationship, NodeWithScore, ObjectType, QueryBundle, RelatedNodeInfo, TextNode

from qa.errors import UsageError
from qa.globs import Within

if TYPE_CHECKING:
    from qa.answers import Answer, Event
    from qa.citations import Citation, Location
    from qa.search import Hit

T = TypeVar("T")

_TOLD: Final = frozenset({"path", "title", "heading", "start_page_number"})
"""What llama-index may write above a node's words in a prompt; the rest is for programs."""
_EMBEDDED: Final = frozenset({"title", "heading"})
"""And what where it embeds them: the same that we do."""
_ROLES: Final = {
    MessageRole.USER: "user",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.CHATBOT: "assistant",
    MessageRole.MODEL: "assistant",
}
"""Whose messages are turns of a conversation: what a model is ordered, or is told by its tools, is none."""
_OURS: Final = (
    "the library answers with a prompt and a model (QA_LLM) of its own, so that its citations can be checked. "
    "RetrieverQueryEngine.from_args(library.as_retriever(), llm=…, text_qa_template=…) answers with yours."
)


class Askable(Protocol):
    """A `Library`, or a `RemoteLibrary`."""

    @property
    def search(self) -> Callable[..., list[Hit]]:
        """Return the best passages."""

    @property
    def ask(self) -> Callable[..., Answer]:
        """Answer a question."""

    @property
    def stream(self) -> Callable[..., Iterator[Event]]:
        """Answer it step by step."""


class LibraryRetriever(BaseRetriever):
    """Finds passages; a node's id is that of a citation of its words, its source node is the document."""

    def __init__(self, library: Askable, *, count: int = 10, within: Within = None, rerank: bool | None = None) -> None:
        """Take a library, and how it is searched."""
        super().__init__()
        self._search = partial(library.search, count=count, within=within, rerank=rerank)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [_passage(hit) for hit in self._search(query_bundle.query_str)]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


class LibraryQueryEngine(BaseQueryEngine):
    """Answers with marks; source nodes are the answer's citations, metadata is what else its JSON has.

    A stream of llama-index cannot take back what it has said: each sentence is held until it is judged, and where a
    model fails later, so that all of it is withdrawn, the stream says so and goes on with the answer that holds.
    """

    def __init__(
        self,
        library: Askable,
        *,
        count: int = 10,
        within: Within = None,
        rerank: bool | None = None,
        streaming: bool = False,
        node_postprocessors: Sequence[BaseNodePostprocessor] = (),
        **others: Any,
    ) -> None:
        """Take a library, and how it is asked. Raises UsageError for what only llama-index's own engines take."""
        if others:
            raise UsageError(f"There is no {', '.join(others)} here: {_OURS}")
        super().__init__(callback_manager=None)
        self._library = library
        self._streaming = streaming
        self._how: dict[str, Any] = {"count": count, "within": within, "rerank": rerank}
        if node_postprocessors:
            if "sift" not in signature(library.ask).parameters:
                raise UsageError(
                    "Postprocessors cannot be sent to the process that holds the index: end it and open the library "
                    "here, or give them to RetrieverQueryEngine.from_args(library.as_retriever(), …)."
                )
            self._how["sift"] = partial(_sift, tuple(node_postprocessors))

    def answer(self, question: str, history: Iterable[ChatMessage] = ()) -> Response:
        """Answer a question, which may follow others."""
        answer = self._library.ask(question, **self._how, **_earlier(history))
        return Response(answer.text, _citations(answer.citations, answer.passages), _about(answer))

    def stream(self, question: str, history: Iterable[ChatMessage] = ()) -> StreamingResponse:
        """Answer it in a stream: source nodes come before the marks that name them, metadata comes last."""
        events = self._library.stream(question, **self._how, **_earlier(history))
        first = next(events)  # what is wrong with the question itself is told before the stream begins
        sources: list[NodeWithScore] = []
        about: dict[str, Any] = {}
        return StreamingResponse(_texts(chain([first], events), sources, about), sources, about)

    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return (self.stream if self._streaming else self.answer)(query_bundle.query_str)

    async def _aquery(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        response = await asyncio.to_thread(self._query, query_bundle)
        if isinstance(response, StreamingResponse):
            return AsyncStreamingResponse(aside(response.response_gen), response.source_nodes, response.metadata)
        return response

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {}

    def _update_prompts(self, prompts: Mapping[str, Any]) -> None:
        if prompts:
            raise UsageError(f"There is no prompt to be changed here: {_OURS}")


async def aside(items: Generator[T, None, None]) -> AsyncGenerator[T, None]:
    """Iterate off the event loop; whoever goes away in the middle ends it."""
    pool = ThreadPoolExecutor(1, "qa-bridge")  # one thread, so that the end waits for the step that is being made
    loop = asyncio.get_running_loop()
    try:
        while (item := await loop.run_in_executor(pool, next, items, None)) is not None:
            yield item
    finally:
        pool.submit(items.close)
        pool.shutdown(wait=False)


def _texts(events: Iterable[Event], sources: list[NodeWithScore], about: dict[str, Any]) -> Generator[str, None, None]:
    """Yield the text of an answer as far as it is judged; fill in where it comes from, and what else there is."""
    passages: Sequence[Hit] = ()
    text, told = "", 0
    for event in events:
        match event.name:
            case "passages":
                passages = event.value
            case "citation":
                sources += _citations([event.value], passages)
            case "delta":
                text += event.value
            case "sentence":
                yield text[told : event.value.end]
                told = event.value.end
            case "replace":
                if told:
                    yield f"\n\nWhat stands above is withdrawn. {event.value or ''}\n\n"
                text, told = "", 0
                sources.clear()
            case "answer":
                sources[:] = _citations(event.value.citations, event.value.passages)
                about.update(_about(event.value))
                yield event.value.text[told:]


def _sift(postprocessors: Sequence[BaseNodePostprocessor], question: str, hits: Sequence[Hit]) -> list[Hit]:
    """Let postprocessors choose and order what is answered from; the words stay those of the documents."""
    nodes = [_passage(hit) for hit in hits]
    for each in postprocessors:
        nodes = each.postprocess_nodes(nodes, query_bundle=QueryBundle(question))
    known = {hit.id: hit for hit in hits}
    chosen = dict.fromkeys(node.node.node_id for node in nodes)
    if not chosen.keys() <= known.keys():
        raise UsageError("A postprocessor gave back other nodes than it was given: it may only drop and order them.")
    return [known[id_] for id_ in chosen]


def _earlier(history: Iterable[ChatMessage]) -> dict[str, list[dict[str, str]]]:
    """Return what was said before as an argument of `ask`, if anything was."""
    turns = [
        {"role": _ROLES[each.role], "content": each.content} for each in history if each.role in _ROLES and each.content
    ]
    return {"history": turns} if turns else {}


def _about(answer: Answer) -> dict[str, Any]:
    """Return an answer's JSON, with its passages by their ids; its citations are the source nodes."""
    found = answer.to_dict()
    del found["citations"]
    return found | {"passages": [hit.id for hit in answer.passages]}


def _citations(citations: Iterable[Citation], passages: Sequence[Hit]) -> list[NodeWithScore]:
    return [
        _node(each, each.cited_text or "", _score(each, passages), number=each.number, status=each.status)
        for each in citations
    ]


def _score(at: Location, passages: Iterable[Hit]) -> float | None:
    """Return the score of the best passage that a span is of."""
    there = [hit for hit in passages if hit.document.id == at.document.id]
    meet = [h for h in there if h.start_char_index < at.end_char_index and at.start_char_index < h.end_char_index]
    return max((hit.score for hit in meet), default=None)


def _passage(hit: Hit) -> NodeWithScore:
    return _node(hit, hit.text, hit.score, found_by=", ".join(hit.found_by))


def _node(at: Location, text: str, score: float | None, **more: str | int | None) -> NodeWithScore:
    """Make a node of a place; its metadata is flat, as vector stores ask for."""
    metadata = {
        "citation_id": at.id,
        "document_id": at.document.id,
        "path": at.document.path,
        "title": at.document.title,
        "heading": " › ".join(at.heading),
        "start_page_number": at.start_page_number,
        "end_page_number": at.end_page_number,
        "start_line": at.start_line,
        "end_line": at.end_line,
        **more,
    }
    source = RelatedNodeInfo(node_id=at.document.id, node_type=ObjectType.DOCUMENT, metadata={"path": at.document.path})
    node = TextNode(
        id_=at.id,
        text=text,
        start_char_idx=at.start_char_index,
        end_char_idx=at.end_char_index,
        metadata=metadata,
        excluded_llm_metadata_keys=[key for key, value in metadata.items() if key not in _TOLD or not value],
        excluded_embed_metadata_keys=[key for key, value in metadata.items() if key not in _EMBEDDED or not value],
        relationships={NodeRelationship.SOURCE: source},
    )
    return NodeWithScore(node=node, score=score)
