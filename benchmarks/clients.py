"""Let clients ask one server at once: `qa serve` in a process of its own, searches over HTTP, connections kept."""

from __future__ import annotations

import argparse
import http.client
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import machine

_WARM_UP = 2.0


@dataclass
class Client:
    """One client: it asks, waits for the answer, and asks at once again."""

    host: str
    questions: Sequence[str]
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def ask(self, until: float) -> None:
        """Ask until the clock says so; an answer without hits is an error too."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
        order = random.Random(id(self))
        while time.perf_counter() < until:
            body = json.dumps({"query": order.choice(self.questions)})
            began = time.perf_counter()
            try:
                connection.request("POST", "/api/search", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 200 or not json.loads(text)["hits"]:
                    self.errors.append(f"{answer.status} {text[:200]!r}")
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(repr(error))
                connection.close()
            self.seconds.append(time.perf_counter() - began)
        connection.close()


def main() -> None:
    """Start the server, let the clients ask for some seconds, print what they saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--index", type=Path, help="kept for the next run (default: .qa in the folder)")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--questions", type=int, default=500)
    given = machine.arguments(parser)
    print(machine.described())
    questions = machine.questions(given.folder, given.questions)
    with served(given.folder, given.index or given.folder / ".qa") as server:
        host, passages = server.host, wait_until_idle(server.host)
        run([Client(host, questions) for _ in range(given.clients)], _WARM_UP)
        clients = [Client(host, questions) for _ in range(given.clients)]
        took = run(clients, given.seconds)
    seconds = [each for client in clients for each in client.seconds]
    errors = [each for client in clients for each in client.errors]
    p50, p95 = (1000 * machine.percentile(seconds, percent) for percent in (50, 95))
    print(
        f"{passages:,} passages, {given.clients} clients for {took:.0f} s: {len(seconds) / took:.1f} requests/s, "
        f"{len(errors)} errors, p50 {p50:.1f} ms, p95 {p95:.1f} ms, slowest {1000 * max(seconds):.1f} ms"
    )
    print("\n".join(errors[:5]), end="")


def run(clients: Sequence[Client], seconds: float) -> float:
    """Let all clients ask for so long; return how long it was until the last answer."""
    began = time.perf_counter()
    with ThreadPoolExecutor(len(clients)) as threads:
        list(threads.map(lambda client: client.ask(began + seconds), clients))
    return time.perf_counter() - began


@dataclass(frozen=True)
class Server:
    """A server that runs: its host and port, and its process."""

    host: str
    process: int

    def memory(self) -> int:
        """Return the bytes of memory that it has now, with what it has started."""
        return machine.family_memory(self.process)


@contextmanager
def served(folder: Path, index: Path, command: str = "serve") -> Iterator[Server]:
    """Run `qa serve`, or another command that serves, on any free port."""
    given = [command, "--folder", folder, "--index", index, "--port", "0", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "qa", *map(str, given)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stderr
    try:
        if not (ready := process.stdout.readline()):
            raise SystemExit(process.stderr.read())
        yield Server(urlsplit(json.loads(ready)["url"]).netloc, process.pid)
    finally:
        process.terminate()
        process.communicate()


def wait_until_idle(host: str) -> int:
    """Wait until everything is embedded; return the number of passages."""
    while True:
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request("GET", "/api/status")
        status = json.loads(connection.getresponse().read())
        connection.close()
        if status["phase"] == "idle" and status["passages"] and not status["waiting"]:
            return int(status["passages"])
        time.sleep(0.2)


if __name__ == "__main__":
    main()
