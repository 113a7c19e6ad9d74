"""One request to a language model: asked by a thread of its own, its pieces out, or what went wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, Literal, get_args

from qa.errors import LlmCutOff, LlmError, LlmFailed, LlmGarbled, LlmTimeout, LlmTooLong, UsageError
from qa.failures import Failure, Speaker, failure_of
from qa.replies import clean

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from qa.wire import Wire

    Opened = Callable[[], tuple[LLM, Wire | None]]
    """Opens the model for one request, with the connection where it is ours to cut."""

Judge = Callable[[Failure], Failure]
Role = Literal["system", "user", "assistant"]

_LOOK: Final = 0.1
"""How often it is looked whether to stop, in seconds."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of what a model is told."""

    role: Role
    content: str

    def __post_init__(self) -> None:
        """Refuse a role that no model knows."""
        if self.role not in get_args(Role):
            raise UsageError(f"The role of a message is {', '.join(get_args(Role))}; {self.role!r} is none of them.")


@dataclass(frozen=True, slots=True)
class Clock:
    """When to give up."""

    end: float
    silence: float
    stop: threading.Event

    @property
    def left(self) -> float:
        """Seconds until the end of it all."""
        return self.end - time.monotonic()


class Failed(Exception):
    """Carries what went wrong from the thread that asks to who waits for it."""

    def __init__(self, failure: Failure) -> None:
        """Take it."""
        self.failure = failure


class Call:
    """One request, asked by a thread of its own: whatever that waits for, nobody else has to."""

    def __init__(self, messages: Sequence[Message], opened: Opened, judge: Judge, who: Speaker, clock: Clock) -> None:
        """Start it: open the model, ask it, and have what goes wrong looked at once more by `judge`."""
        self._messages, self._opened, self._judge, self._who, self._clock = messages, opened, judge, who, clock
        self._items: SimpleQueue[str | Failure | None] = SimpleQueue()
        self._locked = threading.Lock()
        self._wire: Wire | None = None
        self._closed = False
        # none that Python waits for when it ends: a stranger's model may never come back
        threading.Thread(target=self._run, daemon=True, name="qa-llm").start()

    def pieces(self) -> Iterator[str]:
        """Yield pieces until the last one, or until it is stopped. Raises Failed."""
        heard = time.monotonic()
        while not self._clock.stop.is_set():
            self._check_time(heard)
            try:
                item = self._items.get(timeout=_LOOK)
            except Empty:
                continue
            if item is None:
                return
            if isinstance(item, Failure):
                raise Failed(item)
            if item:
                yield item
            heard = time.monotonic()  # thoughts are signs of life too

    def close(self) -> None:
        """End the request, wherever it is."""
        with self._locked:
            self._closed = True
            if self._wire:
                self._wire.cut()

    def _check_time(self, heard: float) -> None:
        name, clock = self._who.name, self._clock
        if clock.left <= 0:
            words = f"The LLM {name} did not end within its time: allow for more, or name a faster one."
        elif time.monotonic() - heard > clock.silence:
            words = f"The LLM {name} said nothing for {clock.silence:.0f} s: ask again, or name a faster one."
        else:
            return
        raise Failed(Failure(LlmTimeout(words)))

    def _run(self) -> None:
        begun, wire, failure = False, None, None
        try:
            model, wire = self._opened()
            self._hold(wire)
            ending = _Ending(self._who.name, wire)
            for piece in _asked(model, self._messages, ending):
                if self._closed:
                    return
                begun = begun or bool(piece)
                self._items.put(piece)
            failure = ending.failure()
        except LlmError as error:
            failure = Failure(error)
        except Exception as error:  # whatever a stranger's client may raise
            failure = failure_of(error, self._who, begun=begun)
        finally:
            if wire:
                wire.close()
        self._items.put(failure and self._judge(failure))

    def _hold(self, wire: Wire | None) -> None:
        with self._locked:
            self._wire = wire
            if wire and self._closed:
                wire.cut()


def too_long(name: str) -> LlmTooLong:
    """Say that a reply was ended."""
    return LlmTooLong(f"The reply of the LLM {name} was too long and is cut off: ask for less at once.")


class _Ending:
    """Watches how a reply ends: one of a server is whole only if it says so."""

    def __init__(self, name: str, wire: Wire | None) -> None:
        self._name, self._wire = name, wire
        self._chunks = 0
        self._owed = False
        self._finish: object = None

    def see(self, raw: object) -> None:
        """Look at what came, as it came."""
        self._chunks += 1
        choices = getattr(raw, "choices", None)
        if choices:
            self._owed = True
            self._finish = getattr(choices[0], "finish_reason", None) or self._finish

    def failure(self) -> Failure | None:
        """Return what is wrong with the end; None if nothing is."""
        if self._wire and not self._chunks and self._wire.media_type != "text/event-stream":
            return Failure(
                LlmGarbled(
                    f"The LLM {self._name} sends no stream of text ({self._wire.media_type or 'nothing at all'}): see "
                    "that its address is that of an OpenAI-compatible API, which mostly ends in /v1."
                )
            )
        if self._owed and not self._finish:
            return Failure(LlmCutOff(f"The LLM {self._name} broke off in the middle of its reply: ask again."))
        if self._finish == "length":
            return Failure(too_long(self._name))
        if self._finish == "content_filter":
            return Failure(LlmFailed(f"A filter of the LLM {self._name} ended its reply: ask in other words."))
        return None


def _asked(model: LLM, messages: Sequence[Message], ending: _Ending) -> Iterator[str]:
    """Yield what the model says, also where it is nothing: that is a sign of life."""
    from llama_index.core.llms import ChatMessage

    replies = model.stream_chat([ChatMessage(role=each.role, content=clean(each.content)) for each in messages])
    for each in replies:
        ending.see(each.raw)
        piece = each.delta or ""
        if not isinstance(piece, str):
            raise TypeError("a piece of it is no text")
        yield piece
