"""A prompt in, a stream of text out: a server that speaks OpenAI's API, a GGUF file, or any llama-index LLM."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qa import plugins
from qa.calls import Call, Clock, Failed, Message, too_long
from qa.errors import LlmCutOff, LlmEmpty, LlmFailed, LlmLooping, LlmTooLong, LlmUnreachable, UnusableLlm
from qa.failures import Failure, Speaker
from qa.gguf import read_gguf
from qa.importing import alone
from qa.llamacpp import LocalServer, check_installed
from qa.llmnames import Options, Server, hidden, secrets_of
from qa.replies import Reply, count_tokens
from qa.settings import cores

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from qa.wire import Wire

__all__ = ["MESSAGE_TOKENS", "SILENCE", "Llm", "Message", "open_llm"]

SILENCE: Final = 60.0
"""Seconds between two pieces after which nobody waits for more: a slow machine reads long before it says a word."""
MESSAGE_TOKENS: Final = 8
"""What stands around each message when a model reads it."""

_SERVED: Final = "openai-like"
_LOCAL: Final = "llamacpp"
_FORMS: Final = (
    f"{_SERVED}:MODEL@URL (as {_SERVED}:llama3.2@http://localhost:11434/v1), {_LOCAL}:FILE.gguf, or "
    "package.module:ClassName?argument=value"
)
_STAND_IN: Final = "none"
"""What the client's library takes for the key; the real one is put in at the wire."""
_WINDOW: Final = 8192
"""Tokens that a GGUF reads at once unless it is told: memory goes with it."""
_TRIES: Final = 3
_PAUSE: Final = 0.5
"""Seconds before the second try; twice as long before each further one."""
_LONGEST_PAUSE: Final = 10.0
_CHARACTERS: Final = 10
"""A token has seldom more; a server that goes on beyond its limit is cut off by them."""
_BYTES: Final = 2_000
"""What a server may send for each token, with everything around it; and a thousand tokens' worth besides."""


def open_llm(name: str, *, threads: int | None = None) -> Llm:
    """Return the LLM of a name: `openai-like:MODEL@URL`, `llamacpp:FILE.gguf`, `module:Class?argument=value`.

    The first two take `?window=TOKENS`, which is what the model reads at once, and `?thinking=TOKENS`, which it may
    think before it answers; the first also `?key=VARIABLE`, where the key is if not in OPENAI_API_KEY. `threads` is for
    a GGUF (None: one a core). Nothing is asked or loaded before the first question. Raises UnusableLlm.
    """
    target, _, query = name.strip().partition("?")
    kind, _, rest = target.partition(":")
    if kind == _SERVED and rest:
        return _open_served(rest, Options.read(_arguments(query), "window", "thinking", "key"))
    if kind == _LOCAL and rest:
        options = Options.read(_arguments(query), "window", "thinking")
        return _open_local(Path(os.path.expanduser(rest)), options, threads or cores())
    if plugins.is_class(kind, rest):
        return _open_class(kind, rest, _arguments(query))
    raise UnusableLlm(f"There is no LLM {target!r}: say {_FORMS}.")


class Llm:
    """A language model that can be asked; safe to share by threads."""

    def __init__(self, model: LLM) -> None:
        """Take a model of llama-index, with whatever it needs already set. Raises UnusableLlm."""
        secrets = secrets_of(getattr(model, "__dict__", {}))
        try:
            metadata = model.metadata
        except Exception as error:  # a stranger's: of a model that it does not know, or no LLM at all
            raise UnusableLlm(hidden(f"The LLM cannot be used: {plugins.reason(error)}", secrets)) from None
        self._model = model
        self._who = Speaker(f"{type(model).__name__} {metadata.model_name}".strip(), secrets=secrets)
        self.window: int | None = metadata.context_window if metadata.context_window > 0 else None

    def __repr__(self) -> str:
        """Name it; its key is nobody's business."""
        return f"<{type(self).__name__} {self.name}>"

    @property
    def name(self) -> str:
        """Name the model, for people."""
        return self._who.name

    def count(self, text: str) -> int:
        """Count tokens: an estimate for any model, rather too many than too few. Add MESSAGE_TOKENS for a message."""
        return count_tokens(text)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        limit: int,
        seconds: float,
        silence: float = SILENCE,
        stop: threading.Event | None = None,
    ) -> Generator[str, None, None]:
        """Yield the reply piece by piece as it comes: at temperature 0, `limit` tokens at most, thoughts left out.

        It takes no more than `seconds` in all, and `silence` between two pieces. Closing it cancels the request; so
        does setting `stop`, by any thread and even before the first piece: then it ends without an error. What could
        not be reached is asked again, before its first piece. Raises LlmError; what was yielded until then is void,
        unless that is LlmTooLong.
        """
        reply = Reply(most=limit * _CHARACTERS)
        clock = Clock(time.monotonic() + seconds, silence, stop or threading.Event())
        shown = 0
        cut: LlmTooLong | None = None
        with closing(self._pieces(messages, limit, clock)) as pieces, suppress(LlmTooLong):
            cut = too_long(self.name)
            for piece in pieces:
                if words := reply.take(piece):
                    shown += 1  # a piece has one token at least
                    yield words
                if reply.looping:
                    raise LlmLooping(f"The LLM {self.name} says the same over and over: ask again, or name another.")
                if reply.full or shown >= limit:
                    break
            else:
                cut = None
        if clock.stop.is_set():
            return
        if words := reply.end():
            yield words
        if cut and not reply.blank:
            raise cut
        if reply.blank:
            raise LlmEmpty(
                f"The LLM {self.name} gave an empty reply: ask again, or name another; one that thinks first may need "
                "more tokens for it, as ?thinking=4000 after its name."
            )

    def close(self) -> None:
        """Let go of what it holds; it is opened again when it is asked again."""

    def _pieces(self, messages: Sequence[Message], limit: int, clock: Clock) -> Generator[str, None, None]:
        """Yield pieces as they come, of the first try that has any. Raises LlmError."""
        for tried in range(1, _TRIES + 1):
            begun = False
            with closing(self._call(messages, limit, clock)) as call:
                try:
                    for piece in call.pieces():
                        begun = True
                        yield piece
                    return
                except Failed as failed:
                    failure = failed.failure
            pause = _PAUSE * 2 ** (tried - 1) if failure.after is None else failure.after
            if begun or not failure.again or tried == _TRIES or pause > min(_LONGEST_PAUSE, clock.left):
                times = f" It was asked {tried} times." if tried > 1 else ""
                raise type(failure.error)(f"{failure.error}{times}") from None
            if clock.stop.wait(pause):
                return

    def _call(self, messages: Sequence[Message], limit: int, clock: Clock) -> Call:
        return Call(messages, lambda: self._open(clock, limit), self._judge, self._who, clock)

    def _open(self, clock: Clock, limit: int) -> tuple[LLM, Wire | None]:
        """Return the model for one request, and the connection where it is ours to cut."""
        fields = type(self._model).model_fields
        limits = [each for each in _LIMITS if each in fields]
        wanted: dict[str, Any] = {each: min(limit, _own(self._model, each) or limit) for each in limits}
        if "temperature" in fields and not _has_its_own_temperature(self._model):
            wanted["temperature"] = 0.0
        return self._model.model_copy(update=wanted), None

    def _judge(self, failure: Failure) -> Failure:
        """Look whether more is known of what went wrong in a request."""
        return failure


class _Served(Llm):
    """A model behind a server that speaks OpenAI's API."""

    def __init__(self, model: str, url: str, key: str | None, options: Options, who: Speaker) -> None:
        self._id, self._url, self._key, self._who = model, url, key, who
        self._thinking = options.thinking
        self.window = options.window

    def _open(self, clock: Clock, limit: int) -> tuple[LLM, Wire | None]:
        return self._connect(self._url, self._key, clock, limit + self._thinking)

    def _connect(self, url: str, key: str | None, clock: Clock, tokens: int) -> tuple[LLM, Wire | None]:
        # imported only here, since it takes three seconds
        with alone:
            from llama_index.llms.openai_like import OpenAILike

            from qa.wire import Wire
        wire = Wire(url, key, silence=clock.silence, most=(tokens + 1_000) * _BYTES)
        given = {
            "model": self._id,
            "api_base": url,
            "api_key": _STAND_IN,
            "is_chat_model": True,  # else the messages are sent as one text
            "temperature": 0.0,
            "max_tokens": tokens,
            "max_retries": 0,  # asking again is ours
            "timeout": clock.silence,
            "http_client": wire.client,
        }
        return plugins.make(_KIND, OpenAILike, given), wire


class _Local(_Served):
    """A model in a GGUF file, served by a process of our own."""

    def __init__(self, server: LocalServer, options: Options, who: Speaker) -> None:
        super().__init__(who.name, "", None, options, who)
        self._server = server

    def _open(self, clock: Clock, limit: int) -> tuple[LLM, Wire | None]:
        address = self._server.address(clock.left)
        return self._connect(f"{address.url}/v1", address.key, clock, limit + self._thinking)

    def _judge(self, failure: Failure) -> Failure:
        broken = isinstance(failure.error, LlmCutOff | LlmUnreachable)
        if broken and (ended := self._server.ended(within=1.0)):
            return Failure(LlmFailed(f"The LLM {self.name} failed: {ended}."))
        return failure

    def close(self) -> None:
        self._server.close()


_LIMITS: Final = ("max_tokens", "num_output", "max_new_tokens")
"""What llama-index's LLMs call the most tokens of a reply."""


def _own(model: LLM, name: str) -> int | None:
    """Return a limit that the model was given by who made it."""
    value = getattr(model, name)
    return value if isinstance(value, int) and value > 0 else None


def _has_its_own_temperature(model: LLM) -> bool:
    """Tell whether it is one of those that refuse any temperature but 1."""
    known = sys.modules.get("llama_index.llms.openai.utils")
    return known is not None and getattr(model, "model", None) in known.O1_MODELS


def _open_served(name: str, options: Options) -> Llm:
    server = Server.read(name, options.key)
    if server is None:  # it may have a password, and so is not repeated
        raise UnusableLlm(f"No such server can be asked: an LLM is named {_FORMS}; no password stands in the URL.")
    return _Served(server.model, server.url, server.key, options, _speaker(server))


def _speaker(server: Server) -> Speaker:
    return Speaker(f"{server.model} at {server.host}", server.variable, (server.key,) if server.key else ())


def _open_local(path: Path, options: Options, threads: int) -> Llm:
    check_installed()
    trained = read_gguf(path).window
    window = options.window or min(_WINDOW, trained or _WINDOW)
    who = Speaker(path.name)
    return _Local(LocalServer(path, window=window, threads=threads), Options(window, options.thinking), who)


def _open_class(module: str, name: str, arguments: dict[str, Any]) -> Llm:
    secrets = secrets_of(arguments)
    try:
        model = plugins.make(_KIND, plugins.find(_KIND, module, name), arguments)
    except UnusableLlm as error:
        raise UnusableLlm(hidden(str(error), secrets)) from None
    return Llm(model)


def _arguments(query: str) -> dict[str, Any]:
    """Read what stands after the name; what is wrong with it is said without it: it may have a key."""
    try:
        return plugins.read_arguments(_KIND, query)
    except UnusableLlm:
        raise UnusableLlm("The LLM's arguments are not readable: write ?argument=value&argument=value.") from None


def _root() -> type[LLM]:
    # imported only here, because it takes two seconds
    from llama_index.core.llms import LLM

    return LLM


_KIND: Final = plugins.Kind("LLM", _root, UnusableLlm)
