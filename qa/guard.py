"""A request in; let through to the app, or refused: foreign hosts and origins, missing keys, bodies too large."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.errors import QAError, Refused, TooLarge
from qa.problems import MEDIA_TYPE, problem, unexpected

_log = logging.getLogger("qa")

_REALM = 'realm="Chapter & Verse"'
_OPEN = "/healthz"
_LONGEST_JSON = 1_000_000
UPLOAD = ("POST", "/api/documents")


def own_hosts(host: str, port: int) -> frozenset[str]:
    """Return the Host headers by which a server that listens there on loopback is meant."""
    names = {"localhost", "127.0.0.1", "[::1]", f"[{host}]" if ":" in host else host.lower()}
    return frozenset({f"{name}:{port}" for name in names} | (names if port == 80 else set()))


class Guard:
    """Lets only requests through that are meant for us, come from our own page or from none, and bring the key.

    Pure ASGI, not Starlette's BaseHTTPMiddleware: that one gets in the way of streams and does not see websockets.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: frozenset[str] | None, key: str | None, local_key: str | None = None
    ) -> None:
        """Take the Host headers that are ours (None: any), and the keys; without `key` none is asked for."""
        self._app = app
        self._hosts = hosts
        self._locked = key is not None
        self._keys = [each.encode() for each in (key, local_key) if each]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request ourselves if it is refused, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif reason := self._foreign(scope):
            await refuse(scope, send, Refused(reason))
        elif self._locked and scope["path"] != _OPEN and not self._has_key(scope):
            # browsers ask for a password only when Basic is offered; for programs it is Bearer
            scheme = "Bearer" if scope["path"].startswith("/api") else "Basic"
            error = Refused("A key is needed: send it as `Authorization: Bearer KEY`, or as the password in a browser.")
            await refuse(scope, send, error, status=401, headers={"www-authenticate": f"{scheme} {_REALM}"})
        else:
            await self._app(scope, receive, _with_headers(send))

    def _foreign(self, scope: Scope) -> str | None:
        """Say why a request is not for us; a web site whose name was made to point at us is told by its Host header."""
        hosts = [value.lower() for value in _headers(scope, b"host")]
        if len(hosts) != 1 or (self._hosts is not None and hosts[0] not in self._hosts):
            return "This server is not known under that name: use the address that it printed when it started."
        for origin in _headers(scope, b"origin"):
            scheme, host = _origin(origin)
            if scheme not in ("http", "https") or (host != hosts[0] and host not in (self._hosts or ())):
                return "Requests from the pages of other sites are refused."
        return None

    def _has_key(self, scope: Scope) -> bool:
        sent = [value.encode("latin-1") for value in _headers(scope, b"x-api-key")]
        sent += [key for value in _headers(scope, b"authorization") if (key := _credential(value)) is not None]
        return any(hmac.compare_digest(one, key) for one in sent for key in self._keys)


def _credential(value: str) -> bytes | None:
    """Return the key in an Authorization header: the token of Bearer, the password of Basic."""
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode("latin-1")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return None


def _origin(origin: str) -> tuple[str, str]:
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


_SAFETY = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"SAMEORIGIN",
    b"referrer-policy": b"same-origin",
}


def _with_headers(send: Send) -> Send:
    """Add to every response what keeps a browser from guessing its type, and other sites from framing it."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            known = {name.lower() for name, _ in message.get("headers", [])}
            added = [(name, value) for name, value in _SAFETY.items() if name not in known]
            message = {**message, "headers": [*message.get("headers", []), *added]}
        await send(message)

    return sending


class LastResort:
    """Answers in one sentence where something unforeseen went wrong, and gives the trace to the log.

    Starlette's own handler raises the error again, and the server then cuts the connection under the client.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer it if nobody else does."""
        begun = scope["type"] != "http"

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:  # there is nobody after us
            if begun:  # the client must see that what it has is not the whole
                raise
            _log.exception("%s %s failed.", scope["method"], scope["path"])
            await refuse(scope, send, unexpected())


class BodyLimit:
    """Stops a request to the API whose body is larger than is taken, before it fills the memory."""

    def __init__(self, app: ASGIApp, *, upload_mb: float) -> None:
        """Take how much may be uploaded with one request."""
        self._app = app
        self._upload_mb = upload_mb

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with a body that ends in an error where it grows too large."""
        if scope["type"] != "http" or not scope["path"].startswith("/api"):
            await self._app(scope, receive, send)
            return
        longest, sentence = self._limit(scope)
        if any(value.isdigit() and int(value) > longest for value in _headers(scope, b"content-length")):
            await refuse(scope, send, TooLarge(sentence))
            return
        taken = 0

        async def receiving() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > longest:
                raise HTTPException(TooLarge.status, sentence)  # the only error that FastAPI lets out of a body
            return message

        await self._app(scope, receiving, send)

    def _limit(self, scope: Scope) -> tuple[float, str]:
        if (scope["method"], scope["path"]) == UPLOAD:
            sentence = f"One upload takes at most {self._upload_mb:g} MB: send fewer files, or raise QA_MAX_FILE_MB."
            return self._upload_mb * 1e6 + _LONGEST_JSON, sentence  # what is around the files counts too
        return _LONGEST_JSON, f"The body is too large: at most {_LONGEST_JSON:,} bytes are taken."


async def refuse(
    scope: Scope, send: Send, error: QAError, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> None:
    """Answer with problem details, or close a websocket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": error.title})
        return
    details = problem(error, instance=scope["path"], status=status)
    body = json.dumps(details).encode()
    sent = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), "connection": "close", **(headers or {})}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": details["status"], "headers": raw})
    await send({"type": "http.response.body", "body": body})
