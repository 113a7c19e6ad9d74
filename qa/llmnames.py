"""How a language model is named: where its server is, its key, its options. What is secret of it is never said."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from qa.errors import UnusableLlm

KEY: Final = "OPENAI_API_KEY"
"""Where a key is read from, unless another variable is named."""


@dataclass(frozen=True, slots=True)
class Options:
    """What may stand after the name of a model."""

    window: int | None = None
    thinking: int = 0
    key: str | None = None

    @classmethod
    def read(cls, given: Mapping[str, Any], *allowed: str) -> Options:
        """Read what is allowed. Raises UnusableLlm."""
        if unknown := sorted(given.keys() - set(allowed)):
            raise UnusableLlm(
                f"This LLM has no {unknown[0]}: what it has is {', '.join(f'?{each}=' for each in allowed)}."
            )
        for each, least in (("window", 256), ("thinking", 0)):
            value = given.get(each, least)
            if type(value) is not int or value < least:
                raise UnusableLlm(f"The LLM's {each} must be a number of tokens, at least {least}.")
        key = given.get("key")
        if key is not None and not _VARIABLE.fullmatch(str(key)):
            raise UnusableLlm(f"The LLM's key= names a variable of the environment, as {KEY}, and is not the key.")
        return cls(**given)


_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,60}")


@dataclass(frozen=True, slots=True)
class Server:
    """A model behind a server, and the key that it wants."""

    model: str
    url: str
    host: str
    variable: str
    key: str | None = field(repr=False)

    @classmethod
    def read(cls, name: str, variable: str | None) -> Server | None:
        """Read MODEL@URL, and the key from the environment; None if it is none. Raises UnusableLlm.

        A key goes where nobody on the way can read it, unless its variable was named for this server.
        """
        model, _, rest = name.partition("@http")
        url = f"http{rest}"
        host = _host(url)
        if not model or host is None:
            return None
        key = _key(variable or KEY) if variable or _is_private(url) else None
        return cls(model, url, host, variable or KEY, key)


def _host(url: str) -> str | None:
    """Return host and port of a URL; None where it is none that can be asked."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and not (parts.username or parts.password)
        right = right and not parts.fragment and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts.netloc if right and not re.search(r"[\s\x00-\x1f\\]", url) else None


def _is_private(url: str) -> bool:
    """Tell whether nobody on the way can read what is sent."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def _key(variable: str) -> str | None:
    key = os.environ.get(variable, "").strip()
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise UnusableLlm(f"What is in {variable} is no key: set it anew, without spaces and lines.")
    return key or None


_SECRET: Final = re.compile("key|token|secret|password|credential", re.IGNORECASE)


def secrets_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return those of some settings that nobody may read."""
    return tuple(
        value for name, value in values.items() if _SECRET.search(name) and isinstance(value, str) and len(value) > 5
    )


def hidden(words: str, secrets: Sequence[str]) -> str:
    """Return words without what nobody may read."""
    for each in secrets:
        words = words.replace(each, "…")
    return words


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    return host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith("127.")
