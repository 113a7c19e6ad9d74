"""A GGUF file in; a server that speaks for it on loopback, in a process of its own.

Not in ours: while llama.cpp loads a model nothing else in Python runs, what goes wrong in native code ends the process
that it is in, and only another process can be ended whatever it is at.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import weakref
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from qa.errors import LlmFailed, LlmTimeout, UnusableLlm

_PROGRAM: Final = "import sys; sys.path[:] = sys.argv[1:]; from qa.llamacpp import serve; serve()"
"""The parent's own path of modules, first of all: nothing is imported from the current folder."""
_INSTALL: Final = 'pip install "chapter-and-verse[local]"'
_BATCH: Final = 256
"""Tokens of a prompt that are read at once; only between two such steps can reading be given up."""


def check_installed() -> None:
    """Raise UnusableLlm where xllamacpp is not installed; it is not imported here."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise UnusableLlm(f"A llamacpp: model needs xllamacpp: {_INSTALL}.")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, and the key that it wants."""

    url: str
    key: str


class LocalServer:
    """The server of one model: started when first needed, once more if it broke down."""

    def __init__(self, path: Path, *, window: int, threads: int) -> None:
        """Take a GGUF file, how many tokens it reads at once, and the threads that it may use."""
        self._path = path
        self._order = {"path": os.fspath(path.absolute()), "window": window, "threads": threads}
        self._starting = threading.Lock()
        self._process: _Process | None = None

    def address(self, seconds: float) -> Address:
        """Return where it listens, waiting so long at most. Raises LlmFailed, LlmTimeout."""
        with self._starting:
            if self._process is None or self._process.ended(0):
                self.close()
                self._process = _Process(self._order)
            process = self._process
        try:
            return process.address.result(seconds)
        except NotYet:
            raise LlmTimeout(f"The model {self._path.name} was not loaded within {seconds:.0f} s.") from None
        except _Broken as error:
            raise LlmFailed(f"The model {self._path.name} cannot be loaded: {error}.") from None

    def ended(self, *, within: float) -> str | None:
        """Say how its process ended, if it does within so many seconds; None while it runs, or was never started."""
        return self._process.ended(within) if self._process else None

    def close(self) -> None:
        """End it; the next one who needs it starts it again."""
        if self._process:
            self._process.close()
        self._process = None


class _Broken(Exception):
    """The reason in words."""


class _Process:
    """The process, as its parent sees it."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._key = secrets.token_urlsafe(24)
        self.address: Future[Address] = Future()
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:  # no memory for one more
            raise LlmFailed(f"No process for the model can be started: {error}.") from None
        self.close = weakref.finalize(self, _end, self._child)
        threading.Thread(target=self._greet, args=(order,), daemon=True, name="qa-llamacpp").start()

    def ended(self, within: float) -> str | None:
        try:
            code = self._child.wait(within)
        except subprocess.TimeoutExpired:
            return None
        # an exit of its own accord has a positive code, a signal a negative one
        how = signal.Signals(-code).name if code < 0 and -code in set(signal.Signals) else f"code {code}"
        return f"its process ended with {how}: the file may be damaged, or need more memory than there is"

    def _greet(self, order: dict[str, Any]) -> None:
        """Send what is to be served, and wait for where."""
        assert self._child.stdin and self._child.stdout
        line = b""
        # not as an argument, which every user of this machine could read
        with contextlib.suppress(OSError, ValueError):  # it ended, or was ended by us, meanwhile
            self._child.stdin.write(json.dumps({**order, "key": self._key}).encode() + b"\n")
            self._child.stdin.flush()
            line = self._child.stdout.readline()
        said = line.decode("utf-8", "replace").strip()
        if said.startswith("http://127.0.0.1:"):
            self.address.set_result(Address(said, self._key))
            return
        self.address.set_exception(_Broken(said or self.ended(5.0) or "its process makes no sense"))


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()  # it holds nothing that could be lost
    child.wait()
    for pipe in (child.stdin, child.stdout):
        with contextlib.suppress(OSError):
            if pipe:
                pipe.close()


# In the process.


def serve() -> None:
    """Serve the model that a line on stdin names, until nobody is there to be served."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who will end us
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nothing that native code prints may get between
    order = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_watch, daemon=True).start()
    try:
        server = _server(order)
        said = server.listening_address
    except Exception as error:  # whatever a file may do to it
        said = " ".join(str(error).split()) or type(error).__name__
    print(said, file=out, flush=True)
    if not said.startswith("http://"):
        os._exit(1)
    threading.Event().wait()


def _server(order: dict[str, Any]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = order["path"]
    params.n_ctx = order["window"]
    for each in (params.cpuparams, params.cpuparams_batch):
        each.n_threads = order["threads"]
        each.poll = 0  # threads that wait would keep the cores busy
    params.n_parallel = 1
    params.n_batch = params.n_ubatch = _BATCH
    params.cache_ram_mib = 0
    params.verbosity = -1
    params.offline = True
    # other users of this machine can reach the port too
    params.api_keys = [order["key"]]
    params.ui = params.endpoint_slots = params.endpoint_props = False
    # thoughts are left out by us, for every server in the same way
    params.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
    return xllamacpp.Server(params)


def _watch() -> None:
    """End with the parent, and at once: native code would wait for connections that are still open."""
    sys.stdin.buffer.read()
    os._exit(0)
