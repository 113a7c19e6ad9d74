"""What a language model's client has raised in; one sentence, and whether it helps to ask again, out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

from qa import plugins
from qa.errors import (
    LlmBusy,
    LlmCutOff,
    LlmError,
    LlmFailed,
    LlmGarbled,
    LlmKeyRefused,
    LlmTimeout,
    LlmUnknownModel,
    LlmUnreachable,
)
from qa.replies import clean

_LONGEST: Final = 200
"""Of what a server says; it may say anything."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What is raised, whether asking again may help, and the seconds that the server wants to be left alone."""

    error: LlmError
    again: bool = False
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who is asked, as errors speak of it."""

    name: str
    variable: str | None = None
    """Where its key is read from."""
    secrets: tuple[str, ...] = ()
    """What no error may say, even if a server does."""


def failure_of(error: Exception, who: Speaker, *, begun: bool) -> Failure:
    """Find the sentence for what was raised, before or after the reply had begun; any library's errors will do."""
    for each in _chain(error):
        code = getattr(each, "status_code", None)
        if isinstance(code, int):
            return _of_status(code, each, who)
    return _of_connection(error, who, begun=begun) or _of_content(error, who, begun=begun)


def _of_connection(error: Exception, who: Speaker, *, begun: bool) -> Failure | None:
    # imported only here, since it is not for those who ask no server
    import httpx

    chain = list(_chain(error))
    if any(isinstance(each, httpx.ConnectError | httpx.ConnectTimeout | ConnectionRefusedError) for each in chain):
        return Failure(
            LlmUnreachable(f"The LLM {who.name} cannot be reached: see that it runs, and that its address is right."),
            again=True,
        )
    if any(isinstance(each, TimeoutError | httpx.TimeoutException) for each in chain):
        return Failure(LlmTimeout(f"The LLM {who.name} fell silent: ask again, or name a faster one."))
    if any(isinstance(each, OSError | httpx.TransportError) for each in chain):
        return _cut_off(who) if begun else _hung_up(who)
    return None


def _cut_off(who: Speaker) -> Failure:
    return Failure(LlmCutOff(f"The LLM {who.name} broke off in the middle of its reply: ask again."))


def _hung_up(who: Speaker) -> Failure:
    return Failure(LlmUnreachable(f"The LLM {who.name} hung up before it answered: see that it runs."), again=True)


def _of_content(error: Exception, who: Speaker, *, begun: bool) -> Failure:
    """Tell what makes no sense from what was said to have failed."""
    if isinstance(error, ValueError | TypeError | AttributeError | LookupError | AssertionError):
        return Failure(
            LlmGarbled(
                f"The LLM {who.name} sends what is no reply ({_said(error, who)}): see that its address is that of an "
                "OpenAI-compatible API, which mostly ends in /v1."
                if who.variable
                else f"The LLM {who.name} sends what is no reply ({_said(error, who)}): ask again, or name another."
            )
        )
    when = "in the middle of its reply" if begun else "before it answered"
    return Failure(LlmFailed(f"The LLM {who.name} failed {when} ({_said(error, who)}): ask again, or name another."))


def _of_status(code: int, error: Exception, who: Speaker) -> Failure:
    said = _said(error, who)
    if code in (401, 403):
        return Failure(LlmKeyRefused(_about_key(code, said, who)))
    if code == 404:
        return Failure(
            LlmUnknownModel(
                f"The LLM {who.name} is not there (404, {said}): see that the server has a model of that name, "
                "and that the address is that of its API, which mostly ends in /v1."
            )
        )
    if code == 429:
        return _of_too_many(error, said, who)
    if 300 <= code < 400:
        return Failure(LlmFailed(f"The LLM {who.name} wants to be asked elsewhere ({code}): name its new address."))
    if code >= 500:
        words = f"The LLM {who.name} broke down ({code}, {said}): ask again later, or name another."
        return Failure(LlmFailed(words), again=True, after=_after(error))
    return Failure(
        LlmFailed(f"The LLM {who.name} refuses what was asked ({code}, {said}): ask for less, or name another.")
    )


def _about_key(code: int, said: str, who: Speaker) -> str:
    if not who.variable:
        return f"The LLM {who.name} refuses its key ({code}, {said}): give it the right one."
    if any(who.secrets):
        return f"The LLM {who.name} refuses the key in {who.variable} ({code}, {said}): set another one there."
    return f"The LLM {who.name} wants a key ({code}): set {who.variable}, or name another variable with ?key=VARIABLE."


def _of_too_many(error: Exception, said: str, who: Speaker) -> Failure:
    if getattr(error, "code", None) == "insufficient_quota":
        return Failure(LlmBusy(f"The LLM {who.name} answers no more (429, {said}): its account has no credit left."))
    after = _after(error)
    later = f"in {after:.0f} s" if after else "later"
    return Failure(
        LlmBusy(f"The LLM {who.name} has had too many requests (429, {said}): ask again {later}."), True, after
    )


def _after(error: Exception) -> float | None:
    """Read Retry-After: seconds, or a date."""
    headers: Any = getattr(getattr(error, "response", None), "headers", {})
    value = headers.get("retry-after", "")
    with suppress(ValueError, TypeError, OverflowError):
        return max(0.0, float(value))
    with suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    return None


def _said(error: Exception, who: Speaker) -> str:
    """Return what was said, in one short line and without secrets."""
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, dict) else None
    words = message if isinstance(message, str) and message else plugins.reason(error)
    for secret in who.secrets:
        words = words.replace(secret, "…")
    line = " ".join(clean(words).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _chain(error: BaseException | None) -> Iterator[Exception]:
    """Go from an error to what it comes from."""
    seen: set[int] = set()
    while isinstance(error, Exception) and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
