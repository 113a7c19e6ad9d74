"""Errors as RFC 9457 problem details, and back: the same class with the same sentence on both sides of HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from qa.errors import QAError, ServerError

MEDIA_TYPE = "application/problem+json"


def problem(error: QAError, *, instance: str, status: int | None = None) -> dict[str, Any]:
    """Describe an error that a request to the path `instance` met; `status` where it is not the class's own."""
    return {
        "type": "about:blank",
        "title": error.title,
        "status": status or error.status,
        "detail": str(error),
        "instance": instance,
    }


def unexpected() -> QAError:
    """Return what is said of an error that nobody foresaw; the trace is for the log alone."""
    return QAError("Something went wrong inside; the log has the details.")


def error_of(details: Mapping[str, Any]) -> QAError:
    """Return the error that problem details describe; one of an unknown kind is a ServerError."""
    kinds = {kind().title: kind for kind in _kinds(QAError)}
    kind = kinds.get(str(details.get("title")), ServerError)
    return kind(str(details.get("detail") or "The server gave no reason."))


def _kinds(root: type[QAError]) -> Iterator[type[QAError]]:
    yield root
    for kind in root.__subclasses__():
        yield from _kinds(kind)
