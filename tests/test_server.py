"""Serving: as a whole process until a signal, and beside a long sync."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from qa import Library
from qa.errors import QAError, ServerError, SettingsError
from qa.lock import IndexLock
from qa.server import Beside, address, bind, check_exposure, own_hosts_of, serve

ROOT = Path(__file__).parent.parent
SOON = 15.0


@contextmanager
def served(folder: Path, *arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Run `qa serve` on a free port until the block ends."""
    command = [sys.executable, "-m", "qa", "serve", "--json", "--port", "0", "--folder", str(folder), *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout and process.stderr
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        with httpx.Client(base_url=json.loads(line)["url"], timeout=20, trust_env=False) as client:
            yield process, client
    finally:
        process.kill()
        process.communicate()


def end(process: subprocess.Popen[str], sent: signal.Signals) -> tuple[int, str, float]:
    """Send a signal; return the exit code, what was said on stderr, and the seconds it took."""
    began = time.monotonic()
    process.send_signal(sent)
    _, said = process.communicate(timeout=20)
    return process.returncode, said, time.monotonic() - began


def until(true: Any) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_server_indexes_the_folder_watches_it_and_ends_at_sigterm(folder: Path, fill: Any) -> None:
    fill({"a.txt": "The first document speaks of otters."})
    with served(folder) as (process, client):
        until(lambda: client.get("/api/status").json()["documents"] == 1)
        fill({"b.txt": "The second speaks of voles."})
        until(lambda: client.get("/api/status").json()["documents"] == 2)
        code, said, seconds = end(process, signal.SIGTERM)
        assert (code, said) == (0, "")
        assert seconds < 5
        assert not (folder / ".qa" / "holder.json").exists()


def test_a_server_ends_at_ctrl_c_even_while_a_client_hangs_on(folder: Path, fill: Any) -> None:
    fill({"a.txt": "The first document speaks of otters."})
    with served(folder) as (process, client):
        until(lambda: client.get("/api/status").json()["waiting"] == 0)
        with socket.create_connection((client.base_url.host, client.base_url.port)) as hanging:
            hanging.sendall(b"POST /api/ask HTTP/1.1\r\nHost: x\r\n")  # and never any more
            code, said, seconds = end(process, signal.SIGINT)
        assert (code, said) == (0, "")
        assert seconds < 5


def test_what_goes_wrong_in_the_background_stands_in_the_status(folder: Path, fill: Any) -> None:
    fill({".qaignore": "a\0b", "a.txt": "words"})
    with served(folder, QA_EMBEDDER="nonsense") as (_, client):
        until(lambda: client.get("/api/status").json()["trouble"])
        assert "nonsense" in client.get("/api/status").json()["trouble"]


def test_a_second_server_says_where_the_first_answers(folder: Path) -> None:
    with served(folder) as (_, client):
        command = [sys.executable, "-m", "qa", "serve", "--port", "0", "--folder", str(folder)]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
        assert second.returncode == 2
        assert (
            str(client.base_url) in second.stderr.replace(" ", "/ ")
            or str(client.base_url).rstrip("/") in second.stderr
        )
        assert second.stderr.count("\n") == 1


def test_a_port_in_use_is_named_with_how_to_choose_another(folder: Path) -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"Port {port} is in use: .*--port"):
            serve(Library.open(folder), host="127.0.0.1", port=port)
        command = [sys.executable, "-m", "qa", "serve", "--port", str(port), "--folder", str(folder)]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
        assert said.returncode == 2 and f"Port {port}" in said.stderr and said.stderr.count("\n") == 1


def test_a_host_that_is_not_ours_is_one_sentence() -> None:
    with pytest.raises(ServerError, match="cannot listen at"):
        bind("no-such-host.invalid", 0)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.9", "example.org", ""])
def test_an_open_host_needs_a_key(folder: Path, host: str) -> None:
    with pytest.raises(SettingsError, match="QA_API_KEY"):
        serve(Library.open(folder), host=host, port=0)
    check_exposure(host, "correct horse")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_loopback_needs_no_key(host: str) -> None:
    check_exposure(host, None)


def test_an_open_host_with_a_key_answers_to_any_name_and_to_nobody_without_the_key(folder: Path) -> None:
    with served(folder, "--host", "0.0.0.0", QA_API_KEY="correct horse") as (_, client):
        key = {"Authorization": "Bearer correct horse", "Host": "my.machine.example"}
        assert client.get("/api/status", headers=key).status_code == 200
        assert client.get("/api/status", headers={"Host": "my.machine.example"}).status_code == 401
        foreign = client.get("/api/status", headers=key | {"Origin": "http://evil.example"})
        assert foreign.status_code == 403


def test_an_address_is_one_that_this_machine_reaches() -> None:
    assert address("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert address("::", 7860) == "http://[::1]:7860"
    assert address("localhost", 7860) == "http://localhost:7860"
    assert own_hosts_of("0.0.0.0", 7860, "correct horse") is None
    assert "localhost" in (own_hosts_of("127.0.0.1", 80, None) or ())


# Beside a sync.


def test_beside_a_sync_other_processes_are_answered_by_who_has_the_key(library: Library, fill: Any) -> None:
    fill({"a.txt": "The first document speaks of otters."})
    library.sync()
    with Beside(library, command="qa sync", after=0):
        card = library.index / "holder.json"
        until(lambda: (holder := IndexLock(library.index).holder()) and holder.url)
        holder = IndexLock(library.index).holder()
        assert holder and holder.url and holder.key and holder.command == "qa sync"
        assert stat.S_IMODE(card.stat().st_mode) == 0o600
        with httpx.Client(base_url=holder.url, trust_env=False) as client:
            assert client.get("/api/status").status_code == 401
            key = {"Authorization": f"Bearer {holder.key}"}
            assert client.get("/api/status", headers=key).json()["documents"] == 1
        command = [sys.executable, "-m", "qa", "search", "otters", "--folder", str(library.folder)]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
        assert found.returncode == 0 and "a.txt" in found.stdout, found.stderr
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{holder.url}/healthz", trust_env=False)


def test_a_short_sync_starts_no_server(library: Library) -> None:
    library.sync()
    with Beside(library, command="qa sync"):
        pass
    holder = IndexLock(library.index).holder()
    assert holder and holder.url is None


def test_a_server_that_cannot_start_does_not_stop_the_sync(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def fails(*_: Any) -> socket.socket:
        tried.append(1)
        raise QAError("no port")

    monkeypatch.setattr("qa.server.bind", fails)
    with Beside(library, command="qa sync", after=0):
        until(lambda: tried)
        library.sync()
