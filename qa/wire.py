"""One request's connection: it goes where it should and nowhere else, is bounded, and can be cut by another thread."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx

from qa.llmnames import is_loopback

_CONNECT: Final = 10.0
"""How long a server may take to answer the call, in seconds."""
_CONNECTED: Final = ("connect_tcp.complete", "start_tls.complete")


class Wire:
    """A client for one request."""

    def __init__(self, url: str, key: str | None, *, silence: float, most: int) -> None:
        """Take who is called, the key for them alone, the seconds they may be silent, and the bytes they may send."""
        self._url = httpx.URL(url)
        self._key = key
        self._most = most
        self._locked = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False
        self.media_type = ""
        """What the answer says that it is."""
        local = is_loopback(self._url.host)
        self.client = httpx.Client(
            timeout=httpx.Timeout(silence, connect=_CONNECT),
            follow_redirects=False,  # what is asked is for the host that was named
            trust_env=not local,  # a proxy for the internet is not asked about this machine
            event_hooks={"request": [self._on_request], "response": [self._on_response]},
        )

    def cut(self) -> None:
        """End the connection, whatever the thread that uses it waits for."""
        with self._locked:
            self._cut = True
            self._shut()

    def close(self) -> None:
        """Let everything go; by the thread that uses it."""
        self.client.close()

    def _shut(self) -> None:
        if self._cut and self._socket:
            with contextlib.suppress(OSError, ValueError):  # it is closed already
                # the plain socket's: that of TLS would forget its state while it is being read
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _on_request(self, request: httpx.Request) -> None:
        """Put our own key in, or none: what the client's library sends is a stand-in."""
        if (request.url.host, request.url.port) != (self._url.host, self._url.port):
            raise httpx.UnsupportedProtocol("the request would have gone to another host")
        request.headers.pop("authorization", None)
        if self._key:
            request.headers["authorization"] = f"Bearer {self._key}"
        timeouts = {**request.extensions.get("timeout", {}), "connect": _CONNECT}
        request.extensions = {**request.extensions, "timeout": timeouts, "trace": self._on_event}

    def _on_event(self, name: str, info: Mapping[str, Any]) -> None:
        if name.endswith(_CONNECTED):
            with self._locked:
                self._socket = info["return_value"].get_extra_info("socket")
                self._shut()

    def _on_response(self, response: httpx.Response) -> None:
        self.media_type = response.headers.get("content-type", "").partition(";")[0].strip()
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Bounded(response.stream, self._most)


class _Bounded(httpx.SyncByteStream):
    """A stream that breaks off where it gets too long."""

    def __init__(self, stream: httpx.SyncByteStream, most: int) -> None:
        self._stream = stream
        self._left = most

    def __iter__(self) -> Iterator[bytes]:
        for data in self._stream:
            self._left -= len(data)
            if self._left < 0:
                raise ValueError("it sends more than a reply can be")
            yield data

    def close(self) -> None:
        self._stream.close()
