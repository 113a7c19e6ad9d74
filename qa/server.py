"""The API, and the page where it is wanted, served from this process: for as long as it runs, or beside a long sync."""

from __future__ import annotations

import errno
import logging
import secrets
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from qa.errors import QAError, ServerError, SettingsError
from qa.importing import alone

if TYPE_CHECKING:  # a second to import: only a process that serves pays for it
    from uvicorn import Server

    from qa.library import Library

_log = logging.getLogger("qa")
_SHUTDOWN_SECONDS = 1
"""How long requests may still run when the server is to stop."""


def serve(
    library: Library,
    *,
    host: str,
    port: int,
    key: str | None = None,
    page: bool = False,
    command: str = "qa serve",
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve until SIGINT or SIGTERM, keeping the index equal to the folder, and close the library then.

    Raises SettingsError for an open host without a key, ServerError where the port cannot be had, LibraryBusy,
    UnusableLlm.
    """
    check_exposure(host, key)
    with library, bind(host, port) as listening:
        library.check_llm()  # one that cannot be had is told of now, not with the first question
        bound = listening.getsockname()[1]
        local_key = secrets.token_urlsafe(32)
        library.announce(command, address(host, bound), local_key)
        upkeep = threading.Thread(target=_keep_up, args=(library,), name="qa-upkeep", daemon=True)
        upkeep.start()
        hosts = own_hosts_of(host, bound, key)
        app = _app(library, hosts, key, local_key, page)
        _run(app, listening, lambda: on_ready(address(host, bound)), library.stop)
        upkeep.join(_SHUTDOWN_SECONDS)


def check_exposure(host: str, key: str | None) -> None:
    """Raise SettingsError if others could reach us there without a key."""
    if not key and not is_loopback(host):
        raise SettingsError(
            f"A host other than loopback needs QA_API_KEY, which clients must send: set it, or leave out --host {host}."
        )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address; a name other than localhost may mean anything."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def bind(host: str, port: int) -> socket.socket:
    """Take a port, 0 for any; from now on it is held, so that nobody takes it before us. Raises ServerError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            said = f"Port {port} is in use: choose another with --port or QA_PORT (0 takes any free one)."
        elif error.errno == errno.EACCES:
            said = f"Port {port} may not be used: choose one above 1023 with --port or QA_PORT."
        else:
            said = f"This machine cannot listen at {host} ({error.strerror or error}): choose another --host."
        raise ServerError(said) from error


def address(host: str, port: int) -> str:
    """Return where a server that listens there is reached from this machine."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def own_hosts_of(host: str, port: int, key: str | None) -> frozenset[str] | None:
    """Return the Host headers that mean us; None, any, beyond loopback: who knows our names there? The key guards."""
    from qa.guard import own_hosts  # with FastAPI, see above

    return own_hosts(host, port) if is_loopback(host) or not key else None


def _app(library: Library, hosts: frozenset[str] | None, key: str | None, local_key: str | None, page: bool) -> Any:
    with alone:
        from qa.api import create_app

    app = create_app(library, hosts=hosts, key=key, local_key=local_key)
    if page:
        with alone:
            from qa.page import mount

            return mount(app, library)  # imports gradio, which takes seconds
    return app


def _keep_up(library: Library) -> None:
    """Make the index equal the folder and keep it so; what goes wrong stands in `library.status()`."""
    try:
        library.watch()
    except QAError as error:
        _log.warning("%s", error)


def _run(app: Any, listening: socket.socket, ready: Callable[[], None], stopping: Callable[[], None]) -> None:
    """Run the server in this thread until a signal, or until `should_exit`."""
    server = _server(app, ready, stopping)
    server.run(sockets=[listening])
    if not server.started:
        raise ServerError("The server could not start; the lines above say why.")


def _server(app: Any, ready: Callable[[], None], stopping: Callable[[], None]) -> Server:
    import uvicorn

    class Ours(uvicorn.Server):
        """Says when it is ready, and ends quietly and soon: streams that are open then are cut."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                ready()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            # not kept, as uvicorn does, to be raised again: the library is still to be closed after us
            self.force_exit = self.should_exit and sig == signal.SIGINT
            self.should_exit = True
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # it would report every stream that is cut
            stopping()

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        ws="none",  # nothing here speaks it
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    return Ours(config)


class Beside:
    """Answers the API on loopback while this process holds an index for long, so that other commands need not wait.

    It starts only after `after` seconds, and whatever happens to it never stops the work that it stands beside.
    """

    def __init__(self, library: Library, *, command: str, after: float = 1.0) -> None:
        self._library = library
        self._command = command
        self._after = after
        self._done = threading.Event()
        self._server: Server | None = None
        self._thread = threading.Thread(target=self._wait, name="qa-beside", daemon=True)

    def __enter__(self) -> Beside:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._server:
            self._server.should_exit = True
        self._thread.join()

    def _wait(self) -> None:
        if self._done.wait(self._after):
            return
        try:
            self._serve()
        except Exception:  # the sync goes on without
            _log.warning("No other command can be answered while this one runs.", exc_info=True)

    def _serve(self) -> None:
        host = "127.0.0.1"
        with bind(host, 0) as listening:
            port = listening.getsockname()[1]
            key = secrets.token_urlsafe(32)
            app = _app(self._library, own_hosts_of(host, port, key), key, None, page=False)
            self._server = server = _server(app, lambda: None, lambda: None)
            self._library.announce(self._command, address(host, port), key)
            if not self._done.is_set():
                with suppress(SystemExit):  # uvicorn's word for a start that failed
                    server.run(sockets=[listening])
