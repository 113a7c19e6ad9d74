"""With the default settings no socket is opened to anywhere but loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from conftest import QUESTION, SEEDS

PROGRAM = """
import sys

LOOPBACK = ("127.0.0.1", "::1", "localhost")

def watch(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.bind"):
        address = args[1]
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            raise SystemExit(f"{event} {address}")
    if event in ("socket.getaddrinfo", "socket.gethostbyname") and args[0] not in (*LOOPBACK, None):
        raise SystemExit(f"{event} {args[0]}")

sys.addaudithook(watch)

import os
from qa import Library

folder, index, question = sys.argv[1:]
with Library.open(folder, index=index) as library:
    library.sync()
    answer = library.ask(question)
    library.ask("Wie oft wurden sie angegriffen?")
    library.citation(answer.citations[0].id)
    library.doctor()
    if os.path.isdir("/proc/self/net"):  # what native code has open, which no hook of Python sees
        tables = [open(f"/proc/self/net/{name}").read().split() for name in ("tcp", "tcp6", "udp", "udp6")]
        for fd in os.listdir("/proc/self/fd"):
            link = os.readlink(f"/proc/self/fd/{fd}") if os.path.exists(f"/proc/self/fd/{fd}") else ""
            inode = link.removeprefix("socket:[").rstrip("]")
            assert not (link.startswith("socket:") and any(inode in table for table in tables)), link
print(answer.citations[0].cited_text)
"""


def test_no_socket_is_opened_but_to_loopback(tmp_path: Path) -> None:
    """With the default settings no socket is opened to anywhere but loopback (tested with sockets blocked)."""
    # a fresh home: nothing that an earlier run has cached can hide a download
    (tmp_path / "temporary").mkdir()
    places = {"HOME": "home", "XDG_CACHE_HOME": "cache", "TMPDIR": "temporary"}
    environment = os.environ | {name: str(tmp_path / place) for name, place in places.items()}
    environment.pop("ORT_DISABLE_TELEMETRY", None)  # set by us, in a process of its own
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(SEEDS), str(tmp_path / "index"), QUESTION],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "approximately 66 times" in run.stdout
    assert list((tmp_path / "cache").rglob("*granite*"))
    # onnxruntime leaves the name of a session there that it would report to its makers
    assert not list((tmp_path / "temporary").iterdir())
