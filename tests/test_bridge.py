"""The library as llama-index knows one: its nodes, responses, streams, chats and tools, with our citations in them."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import make_pdf
from llama_index.core import PromptTemplate
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine.types import BaseChatEngine
from llama_index.core.llms import MockLLM
from llama_index.core.memory import ChatMemoryBuffer, Memory
from llama_index.core.postprocessor import LongContextReorder, SimilarityPostprocessor
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle, TextNode
from llama_index.core.tools import QueryEngineTool
from test_api import running

from qa import Library
from qa.answers import Answer, Event, Sentence
from qa.bridge import LibraryQueryEngine
from qa.errors import EmptyLibrary, UsageError
from qa.remote import RemoteLibrary
from qa.settings import Settings

ROOT = Path(__file__).parent.parent
WHALES = "# Whales\n\nThe blue whale weighs up to 199 tonnes. It eats krill.\n\n## Songs\n\nA song carries 3,000 km.\n"
PAGES = "Bridges of the Rhine.", "The bridge at Remagen was built between 1916 and 1919."
QUESTION = "How much does the blue whale weigh?"
REMAGEN = "When was the bridge at Remagen built?"
UNSAID = "Who won the football world cup in 1998?"
MARK = re.compile(r"(?<!\\)\[(\d+)\]")


class Watched(Library):
    """A library that notes who asks it, after what, and whether they stay until the end."""

    threads: list[str]
    histories: list[Any]
    ended: threading.Event

    def search(self, *arguments: Any, **how: Any) -> Any:
        self.threads.append(threading.current_thread().name)
        return super().search(*arguments, **how)

    def stream(self, question: str, **how: Any) -> Iterator[Event]:
        self.threads.append(threading.current_thread().name)
        self.histories.append(how.get("history") or ())
        self.ended.clear()
        try:
            yield from super().stream(question, **how)
        finally:
            self.ended.set()


class Without(BaseNodePostprocessor):
    """Drops the nodes that have a word."""

    word: str

    def _postprocess_nodes(self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None) -> Any:
        assert query_bundle and query_bundle.query_str
        return [node for node in nodes if self.word not in node.text]


class Stranger(BaseNodePostprocessor):
    """Gives back what it was not given."""

    def _postprocess_nodes(self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None) -> Any:
        return [*nodes, NodeWithScore(node=TextNode(text="The blue whale weighs nothing."), score=1.0)]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("bridge")
    (folder / "whales.md").write_text(WHALES)
    (folder / "bridges.pdf").write_bytes(make_pdf(*PAGES))
    with Watched.open(folder, settings=Settings(reader="off")) as library:
        library.sync()
        assert isinstance(library, Watched)
        library.ended = threading.Event()
        yield library


@pytest.fixture
def opened(synced: Watched) -> Watched:
    """A library for reading only, whose notes are empty."""
    synced.threads, synced.histories = [], []
    return synced


def numbers(nodes: list[NodeWithScore]) -> set[str]:
    return {str(each.metadata["number"]) for each in nodes}


def without_times(metadata: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key != "timings_ms"}


# The retriever.


def test_a_node_is_a_hit_and_its_id_is_that_of_a_citation(opened: Watched) -> None:
    retriever = opened.as_retriever(count=3)
    assert isinstance(retriever, BaseRetriever)
    nodes, hits = retriever.retrieve(REMAGEN), opened.search(REMAGEN, count=3)
    assert [node.node_id for node in nodes] == [hit.id for hit in hits]
    for node, hit in zip(nodes, hits, strict=True):
        assert isinstance(node.node, TextNode) and node.text == hit.text and node.score == hit.score
        assert (node.node.start_char_idx, node.node.end_char_idx) == (hit.start_char_index, hit.end_char_index)
        assert node.node.ref_doc_id == node.metadata["document_id"] == hit.document.id
        assert opened.citation(node.metadata["citation_id"]).cited_text == node.text
    found = next(node for node in nodes if "1916" in node.text).metadata
    assert (found["path"], found["end_page_number"]) == ("bridges.pdf", 2) and "lexical" in found["found_by"]


def test_only_what_helps_to_read_a_node_is_written_above_its_words(opened: Watched) -> None:
    node = opened.as_retriever(within="*.md").retrieve("How far does a song carry?")[0].node
    assert node.metadata["heading"].startswith("Whales") and node.metadata["start_line"]
    told = f"path: whales.md\ntitle: Whales\nheading: {node.metadata['heading']}"
    assert node.get_metadata_str(MetadataMode.LLM) == told
    assert node.get_metadata_str(MetadataMode.EMBED) == told.partition("\n")[2]
    assert all(value is None or isinstance(value, str | int) for value in node.metadata.values())


def test_a_retriever_searches_off_the_event_loop(opened: Watched) -> None:
    found = asyncio.run(opened.as_retriever(count=1).aretrieve(QUESTION))
    assert "199 tonnes" in found[0].text and opened.threads and "MainThread" not in opened.threads


def test_an_engine_of_llama_index_answers_from_our_passages_with_its_own_prompt(opened: Watched) -> None:
    engine = RetrieverQueryEngine.from_args(
        opened.as_retriever(count=5),
        llm=MockLLM(),  # says what it is told
        text_qa_template=PromptTemplate("Nothing but this:\n{context_str}\nAnd: {query_str}"),
        node_postprocessors=[Without(word="whale")],
    )
    said = str(engine.query(REMAGEN))
    assert "Nothing but this:" in said and "path: bridges.pdf" in said and PAGES[1] in said
    assert "whale" not in said and "citation_id" not in said


# The query engine.


def test_a_response_has_the_answer_with_its_marks_and_its_citations_as_source_nodes(opened: Watched) -> None:
    engine = opened.as_query_engine(within="*.md")
    assert isinstance(engine, BaseQueryEngine)
    response, answer = engine.query(QUESTION), opened.ask(QUESTION, within="*.md")
    assert str(response) == answer.text and "199 tonnes" in answer.text
    assert set(MARK.findall(answer.text)) == numbers(response.source_nodes)
    for node, citation in zip(response.source_nodes, answer.citations, strict=True):
        assert node.text == citation.cited_text == WHALES[node.node.start_char_idx : node.node.end_char_idx]
        assert node.node_id == citation.id and node.score in [hit.score for hit in answer.passages]
    metadata = response.metadata
    assert metadata["refused"] is False and metadata["model"] == "extractive"
    assert [each["support"] for each in metadata["sentences"]] == ["quoted"] * len(answer.sentences)
    assert metadata["passages"] == [hit.id for hit in answer.passages]


def test_a_refusal_says_why_and_cites_nothing(opened: Watched) -> None:
    response = opened.as_query_engine().query(UNSAID)
    assert response.metadata["refused"] and response.metadata["reason"] and not response.source_nodes


def test_an_agent_can_be_given_the_library_as_a_tool(opened: Watched) -> None:
    tool = QueryEngineTool.from_defaults(opened.as_query_engine(), name="library", description="Our documents.")
    assert tool.call(input=QUESTION).content == opened.ask(QUESTION).text
    found = asyncio.run(tool.acall(input=REMAGEN))
    assert "1916" in found.content and found.raw_output.source_nodes[0].metadata["start_page_number"] == 2
    assert opened.threads[-1] != "MainThread"


@pytest.mark.parametrize("streaming", [False, True])
def test_what_cannot_be_asked_is_told_at_once(opened: Watched, library: Library, streaming: bool) -> None:
    with pytest.raises(UsageError):
        opened.as_query_engine(streaming=streaming).query(" ")
    with pytest.raises(EmptyLibrary):
        library.as_query_engine(streaming=streaming).query(QUESTION)


def test_prompts_and_options_of_other_engines_are_refused_in_a_sentence(opened: Watched) -> None:
    template = PromptTemplate("{context_str} {query_str}")
    with pytest.raises(UsageError, match=r"^There is no text_qa_template here: .*as_retriever.* answers with yours\.$"):
        opened.as_query_engine(text_qa_template=template)
    with pytest.raises(UsageError, match="no prompt to be changed"):
        opened.as_query_engine().update_prompts({"response_synthesizer:text_qa_template": template})
    assert opened.as_query_engine().get_prompts() == {}


# Streams.


def test_every_mark_in_every_prefix_of_a_stream_names_a_source_node(opened: Watched) -> None:
    response = opened.as_query_engine(streaming=True).query("What is said of whales, and what of Remagen?")
    text = ""
    for words in response.response_gen:
        text += words
        assert set(MARK.findall(text)) <= numbers(response.source_nodes)
    whole = opened.as_query_engine().query("What is said of whales, and what of Remagen?")
    assert text == str(whole) and numbers(response.source_nodes) == numbers(whole.source_nodes)
    assert without_times(response.metadata) == without_times(whole.metadata)


def test_an_async_stream_is_the_same_and_blocks_nobody(opened: Watched) -> None:
    async def ask() -> tuple[str, list[NodeWithScore]]:
        response = await opened.as_query_engine(streaming=True).aquery(QUESTION)
        return "".join([words async for words in response.async_response_gen()]), response.source_nodes

    text, sources = asyncio.run(ask())
    assert text == opened.ask(QUESTION).text and numbers(sources) == set(MARK.findall(text))
    assert opened.threads[0] != "MainThread"


def test_whoever_leaves_an_async_stream_ends_it(opened: Watched) -> None:
    async def leave() -> None:
        response = await opened.as_query_engine(streaming=True).aquery(QUESTION)
        assert await anext(response.response_gen) and not opened.ended.is_set()
        await response.response_gen.aclose()

    asyncio.run(leave())
    assert opened.ended.wait(5)


class Scripted:
    """A library whose model fails after so many sentences: the documents are quoted instead."""

    def __init__(self, before: int) -> None:
        self.before = before

    def search(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    ask = search

    def stream(self, question: str, **_: Any) -> Iterator[Event]:
        yield Event("passages", ())
        for start in range(0, 6 * self.before, 6):
            yield Event("delta", "Said. ")
            yield Event("sentence", _sentence(start, start + 5))
        yield Event("delta", "Half a senten")
        yield Event("replace", "The model fell silent.")
        yield Event("delta", "Quoted.")
        yield Event("sentence", _sentence(0, 7))
        reason = "The model fell silent."
        yield Event("answer", Answer(question=question, answer="Quoted.", refused=False, reason=reason, model="x"))


def _sentence(start: int, end: int) -> Sentence:
    return Sentence(text="", start=start, end=end, citations=(), support="quoted", score=1.0, why="")


def test_what_a_stream_must_withdraw_it_has_not_said_or_says_so() -> None:
    assert str(LibraryQueryEngine(Scripted(0), streaming=True).query("?")) == "Quoted."
    response = LibraryQueryEngine(Scripted(2), streaming=True).query("?")
    assert str(response) == ("Said. Said.\n\nWhat stands above is withdrawn. The model fell silent.\n\nQuoted.")
    assert response.metadata["answer"] == "Quoted."


# Postprocessors.


def test_the_answer_rests_on_what_postprocessors_let_through(opened: Watched) -> None:
    engine = opened.as_query_engine(node_postprocessors=[Without(word="tonnes"), LongContextReorder()])
    response = engine.query(QUESTION)
    assert "199" not in str(response) and response.metadata["passages"]
    assert "199" in str(opened.as_query_engine().query(QUESTION))
    nothing = opened.as_query_engine(node_postprocessors=[SimilarityPostprocessor(similarity_cutoff=1.1)])
    assert nothing.query(QUESTION).metadata["refused"]


def test_a_postprocessor_cannot_bring_in_words_that_no_document_has(opened: Watched) -> None:
    with pytest.raises(UsageError, match="other nodes than it was given"):
        opened.as_query_engine(node_postprocessors=[Stranger()]).query(QUESTION)


# Chats.


def test_a_chat_remembers_what_was_said(opened: Watched) -> None:
    chat = opened.as_chat_engine(within="*.md")
    assert isinstance(chat, BaseChatEngine)
    first = chat.chat(QUESTION)
    assert str(first) == opened.ask(QUESTION, within="*.md").text
    assert first.source_nodes and first.metadata["refused"] is False
    chat.chat("What does it eat?")
    assert opened.histories[-1] == [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": str(first)},
    ]
    assert [message.content for message in chat.chat_history][:2] == [QUESTION, str(first)]
    assert len(chat.chat_history) == 4
    chat.reset()
    assert chat.chat_history == []


def test_messages_of_llama_index_are_our_history(opened: Watched) -> None:
    messages = [
        ChatMessage("Answer like a pirate.", role="system"),
        ChatMessage(REMAGEN, role="user"),
        ChatMessage(role="assistant", additional_kwargs={"tool_calls": []}),
        ChatMessage("{}", role="tool"),
        ChatMessage("From 1916 to 1919.", role="model"),
    ]
    memory = ChatMemoryBuffer.from_defaults(chat_history=[*messages], tokenizer_fn=str.split)
    for chat, given in ((opened.as_chat_engine(memory=memory), None), (opened.as_chat_engine(), messages)):
        assert "1916" in chat.chat(REMAGEN, chat_history=given).response
        assert opened.histories[-1] == [
            {"role": "user", "content": REMAGEN},
            {"role": "assistant", "content": "From 1916 to 1919."},
        ]
    assert memory.get_all()[-2].content == REMAGEN and len(messages) == 5


def test_a_chat_can_be_streamed(opened: Watched) -> None:
    chat = opened.as_chat_engine()
    spoken = chat.stream_chat(QUESTION)
    text = "".join(spoken.response_gen)
    assert text == opened.ask(QUESTION).text == chat.chat_history[-1].content
    assert numbers(spoken.source_nodes) == set(MARK.findall(text))
    assert spoken.sources[0].raw_output.metadata["model"] == "extractive"


def test_an_async_chat_keeps_the_loop_free_and_its_memory_in_order(opened: Watched) -> None:
    async def talk() -> list[ChatMessage]:
        memory = Memory.from_defaults(tokenizer_fn=str.split)
        chat = opened.as_chat_engine(memory=memory)
        first = await chat.achat(QUESTION)
        spoken = await chat.astream_chat(REMAGEN, chat_history=[*await memory.aget()])
        text = "".join([words async for words in spoken.async_response_gen()])
        messages = await memory.aget_all()
        await memory.sql_store._async_engine.dispose()
        assert [message.content for message in messages] == [QUESTION, str(first), REMAGEN, text]
        return messages

    assert "1916" in str(asyncio.run(talk())[-1].content)
    assert opened.threads and "MainThread" not in opened.threads
    assert [len(history) for history in opened.histories] == [0, 2]


# Elsewhere.


def test_a_library_that_another_process_holds_gives_the_same_nodes(opened: Watched) -> None:
    with running(opened, local_key="ours") as client, RemoteLibrary(str(client.base_url), "ours") as remote:
        assert remote.as_retriever(count=3).retrieve(REMAGEN) == opened.as_retriever(count=3).retrieve(REMAGEN)
        theirs, ours = remote.as_query_engine().query(REMAGEN), opened.as_query_engine().query(REMAGEN)
        assert str(theirs) == str(ours) and theirs.source_nodes == ours.source_nodes
        assert str(remote.as_query_engine(streaming=True).query(REMAGEN)) == str(ours)
        with pytest.raises(UsageError, match="cannot be sent"):
            remote.as_query_engine(node_postprocessors=[LongContextReorder()])


def test_nothing_of_llama_index_is_imported_before_it_is_asked_for() -> None:
    code = "import sys, qa.library, qa.remote; sys.exit('llama_index' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_the_examples_of_the_guide_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = (ROOT / "docs" / "llama-index.md").read_text()
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("QA_INDEX", str(tmp_path / "index"))
    names: dict[str, Any] = {}
    try:
        for code in re.findall(r"```python\n(.*?)```", guide, re.S):
            exec(code, names)
    finally:
        names["library"].close()
    assert "attacked approximately 66 times" in capsys.readouterr().out
