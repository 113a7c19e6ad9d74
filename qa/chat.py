"""The library as a chat engine of llama-index, whose messages and memories are the history of a question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, MessageRole
from llama_index.core.base.response.schema import Response, StreamingResponse
from llama_index.core.chat_engine.types import AgentChatResponse, BaseChatEngine, StreamingAgentChatResponse
from llama_index.core.memory import BaseMemory, ChatMemoryBuffer
from llama_index.core.tools import ToolOutput

from qa.bridge import LibraryQueryEngine, aside


class LibraryChatEngine(BaseChatEngine):
    """Answers questions that follow each other, out of any memory of llama-index.

    Where a `chat_history` is given, it takes the place of what was said.
    """

    def __init__(self, engine: LibraryQueryEngine, memory: BaseMemory | None = None) -> None:
        """Take who answers, and who remembers; without a memory it is remembered here."""
        self._engine = engine
        self._memory = memory or ChatMemoryBuffer.from_defaults(tokenizer_fn=str.split)

    @property
    def chat_history(self) -> list[ChatMessage]:
        """What was said, the oldest first."""
        return self._memory.get_all()

    def reset(self) -> None:
        """Forget what was said."""
        self._memory.reset()

    def chat(self, message: str, chat_history: list[ChatMessage] | None = None) -> AgentChatResponse:
        """Answer."""
        response = self._engine.answer(message, self._remember(message, chat_history))
        self._memory.put_messages(_turns(message, response))
        return _whole(response)

    async def achat(self, message: str, chat_history: list[ChatMessage] | None = None) -> AgentChatResponse:
        """Answer, off the event loop."""
        history = await self._aremember(message, chat_history)
        response = await asyncio.to_thread(self._engine.answer, message, history)
        await self._memory.aput_messages(_turns(message, response))
        return _whole(response)

    def stream_chat(self, message: str, chat_history: list[ChatMessage] | None = None) -> StreamingAgentChatResponse:
        """Answer in a stream; `sources[0].raw_output.metadata` has the verdicts once it has ended."""
        response = self._engine.stream(message, self._remember(message, chat_history))

        def said() -> Generator[ChatResponse, None, None]:
            yield from map(_delta, response.response_gen)
            self._memory.put_messages(_turns(message, response))

        return StreamingAgentChatResponse(
            chat_stream=said(),
            source_nodes=response.source_nodes,
            sources=[_output(message, response)],
            is_writing_to_memory=False,
        )

    async def astream_chat(
        self, message: str, chat_history: list[ChatMessage] | None = None
    ) -> StreamingAgentChatResponse:
        """Answer in a stream, off the event loop."""
        history = await self._aremember(message, chat_history)
        response = await asyncio.to_thread(self._engine.stream, message, history)

        async def said() -> AsyncGenerator[ChatResponse, None]:
            async for words in aside(response.response_gen):
                yield _delta(words)
            await self._memory.aput_messages(_turns(message, response))

        return StreamingAgentChatResponse(
            achat_stream=said(),
            source_nodes=response.source_nodes,
            sources=[_output(message, response)],
            is_writing_to_memory=False,
        )

    def _remember(self, message: str, history: list[ChatMessage] | None) -> list[ChatMessage]:
        if history is not None:
            self._memory.set([*history])  # it would add to the caller's own list
        return self._memory.get(input=message)

    async def _aremember(self, message: str, history: list[ChatMessage] | None) -> list[ChatMessage]:
        if history is not None:
            await self._memory.aset([*history])
        return await self._memory.aget(input=message)


def _turns(message: str, response: Response | StreamingResponse) -> list[ChatMessage]:
    """Return what is kept of a question: of a stream, only the answer that holds."""
    answer = (response.metadata or {})["answer"]
    return [ChatMessage(message, role=MessageRole.USER), ChatMessage(answer, role=MessageRole.ASSISTANT)]


def _whole(response: Response) -> AgentChatResponse:
    return AgentChatResponse(str(response), source_nodes=response.source_nodes, metadata=response.metadata)


def _output(message: str, response: StreamingResponse) -> ToolOutput:
    return ToolOutput("library", raw_input={"input": message}, raw_output=response)


def _delta(words: str) -> ChatResponse:
    return ChatResponse(message=ChatMessage(words, role=MessageRole.ASSISTANT), delta=words)
