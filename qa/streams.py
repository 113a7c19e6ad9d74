"""The events of an answer as server-sent events, and back."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from qa.errors import QAError
from qa.plain import restore

if TYPE_CHECKING:
    from qa.answers import Event

_log = logging.getLogger("qa")


def lines(events: Iterator[Event], path: str) -> Generator[str, None, None]:
    """Write events as server-sent ones; what goes wrong is the last, as problem details of the request's path."""
    from qa.problems import problem, unexpected

    try:
        for event in events:
            yield _line(event.name, event.to_dict())
    except QAError as error:
        yield _line("error", {"error": problem(error, instance=path)})
    except Exception:  # the response has begun: this is the only place left to say that it went wrong
        _log.exception("An answer broke off.")
        yield _line("error", {"error": problem(unexpected(), instance=path)})


def _line(name: str, data: Mapping[str, Any]) -> str:
    # in ASCII: some clients take U+2028 and its like in a line for its end
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def events(parts: Iterator[bytes]) -> Iterator[Event]:
    """Read server-sent events, however their bytes were cut. Raises the error that one tells of."""
    return map(_event, _blocks(parts))


def _blocks(parts: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """Cut a stream into the JSON objects of each event."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n\n")
        for block in whole:
            lines = [line[5:] for line in block.split(b"\n") if line.startswith(b"data:")]
            if lines:
                yield json.loads(b"\n".join(lines))


def _event(found: dict[str, Any]) -> Event:
    """Build an event from its JSON. Raises the error that it tells of."""
    from qa.answers import Answer, Event, Sentence
    from qa.citations import Citation
    from qa.problems import error_of
    from qa.search import Hit

    ((name, value),) = found.items()
    if name == "error":
        raise error_of(value)
    kinds: dict[str, Any] = {
        "passages": tuple[Hit, ...],
        "sentence": Sentence,
        "citation": Citation,
        "answer": Answer,
    }
    return Event(name, restore(kinds[name], value) if name in kinds else value)  # type: ignore[arg-type]
