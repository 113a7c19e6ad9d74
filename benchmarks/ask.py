"""Take the time of answers over HTTP, with the reader and without: `qa serve` in a process of its own, one client.

Every second question is asked as a stream. Both sides are asked the same, in turns, each time of a fresh server.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import machine
from clients import served, wait_until_idle

_FORMS = ("What is said about {topic}?", "How is {topic} used?", "{fragment}")
_TOPIC = re.compile(r"\b[^\W\d_]{5,}(?: [^\W\d_]{5,}){1,3}\b")
"""Two to four words on end that are long enough to be about something."""
_WARM_UP = 5


@dataclass
class Side:
    """A value of QA_READER, and what the client saw with it: seconds, the server's own laps, refusals, errors."""

    title: str
    reader: str
    whole: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    laps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: int = 0
    errors: list[str] = field(default_factory=list)

    def ask(self, connection: http.client.HTTPConnection, question: str, *, stream: bool) -> None:
        """Ask a question and wait for all of the answer; what is no answer is an error."""
        body = json.dumps({"question": question, "stream": stream})
        began = time.perf_counter()
        try:
            connection.request("POST", "/api/ask", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            beginning = response.read(1)
            first = time.perf_counter() - began
            text = beginning + response.read()
            last = time.perf_counter() - began
            answer = json.loads(text.rpartition(b"\ndata: ")[2])["answer"] if stream else json.loads(text)
            self.refused += answer["refused"]
        except (OSError, http.client.HTTPException, ValueError, LookupError) as error:
            self.errors.append(f"{error!r} to {question!r}")
            connection.close()
            return
        for name, milliseconds in answer["timings_ms"].items():
            self.laps[name].append(milliseconds)
        if stream:
            self.first.append(first)
            self.last.append(last)
        else:
            self.whole.append(last)

    def described(self) -> Iterator[str]:
        """Say in lines what the client saw."""
        laps = ", ".join(f"{name} {statistics.median(each):.0f}" for name, each in self.laps.items())
        yield f"{self.title}: {self.refused} refused, {len(self.errors)} errors; the server's own p50, ms: {laps}"
        for name in ("whole", "first", "last"):
            seconds = getattr(self, name)
            p50, p95 = (1000 * machine.percentile(seconds, percent) for percent in (50, 95))
            yield (
                f"  {_TITLES[name]}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, slowest {1000 * max(seconds):.1f} ms "
                f"({len(seconds)} answers)"
            )
        yield from self.errors[:3]


_TITLES = {"whole": "the whole answer", "first": "first byte of a stream", "last": "last byte of a stream"}


def main() -> None:
    """Ask both sides in turns, print what the client saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--index", type=Path, help="kept for the next run (default: .qa in the folder)")
    parser.add_argument("--questions", type=int, default=400, help="for each side, half of them as streams")
    parser.add_argument("--rounds", type=int, default=4, help="how often the sides take turns")
    given = machine.arguments(parser)
    print(machine.described())
    asked = questions(given.folder, given.questions)
    index = given.index or given.folder / ".qa"
    sides = [Side("with the reader", "bundled"), Side("without the reader", "off")]
    for number in range(given.rounds):
        for side in sides:
            passages = run(side, given.folder, index, asked[number :: given.rounds])
    print(f"{passages:,} passages, {len(asked)} questions, load at the end {os.getloadavg()[0]:.1f}")
    for side in sides:
        print("\n".join(side.described()))


def questions(folder: Path, count: int) -> list[str]:
    """Make questions about what the files of a folder speak of, and fragments of them; the same for the same folder."""
    made: list[str] = []
    for fragment in machine.questions(folder, 10 * count):
        if len(made) < count and (topic := _TOPIC.search(fragment)):
            made.append(_FORMS[len(made) % len(_FORMS)].format(topic=topic[0], fragment=fragment))
    if len(made) < count:
        raise SystemExit(f"{folder} speaks of too little to make {count} questions.")
    return made


def run(side: Side, folder: Path, index: Path, asked: Sequence[str]) -> int:
    """Start a server, warm it up, ask it the questions one after the other; return the number of passages."""
    os.environ |= {"QA_READER": side.reader, "QA_LLM": "extractive"}
    with served(folder, index) as server:
        passages = wait_until_idle(server.host)
        connection = http.client.HTTPConnection(server.host, timeout=60)
        nobody = Side("warming up", side.reader)
        for question in machine.questions(folder, _WARM_UP, seed=1):
            nobody.ask(connection, question, stream=False)
        if trouble := status(connection)["trouble"]:
            raise SystemExit(trouble)
        for number, question in enumerate(asked):
            side.ask(connection, question, stream=bool(number % 2))
        connection.close()
    return passages


def status(connection: http.client.HTTPConnection) -> dict[str, Any]:
    """Ask the server how it stands."""
    connection.request("GET", "/api/status")
    return dict(json.loads(connection.getresponse().read()))


if __name__ == "__main__":
    main()
