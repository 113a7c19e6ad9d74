"""Ask a folder of documents; every sentence of the answer cites the exact words it rests on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.answers import Answer
    from qa.citations import Citation
    from qa.errors import QAError
    from qa.library import Library
    from qa.search import Hit
    from qa.settings import Settings
    from qa.spans import Span

# onnxruntime reports to its makers from 1.29 on, unless it is told not to before it is imported for the first time
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
__all__ = ["Answer", "Citation", "Hit", "Library", "QAError", "Settings", "Span"]

_ROOMS = {
    "Answer": "answers",
    "Citation": "citations",
    "Hit": "search",
    "Library": "library",
    "QAError": "errors",
    "Settings": "settings",
    "Span": "spans",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: `qa --help` needs none of it."""
    from importlib import import_module

    if name not in _ROOMS:
        raise AttributeError(f"module 'qa' has no attribute {name!r}")
    return getattr(import_module(f"qa.{_ROOMS[name]}"), name)
