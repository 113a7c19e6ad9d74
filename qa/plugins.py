"""The name of a class in, one made of it out: `package.module:ClassName?argument=value`."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from qa.errors import QAError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """What is named: its noun in sentences, the class of llama-index that it extends, what is raised if it is not."""

    noun: str
    root: Callable[[], type[T]]
    error: type[QAError]


def is_class(module: str, name: str) -> bool:
    """Tell whether these could be a module and a class in it."""
    # one word is no module here: a misspelt short name must not become advice to install something of that name
    return "." in module and all(part.isidentifier() for part in (*module.split("."), name))


def find(kind: Kind[T], module: str, name: str) -> type[T]:
    """Import the module and return its class. Raises the kind's error."""
    found = getattr(_import(kind, module), name, None)
    root = kind.root()
    if found is None:
        raise kind.error(f"There is no {name} in {module}: look up the name of the {kind.noun}'s class.")
    if not (isinstance(found, type) and issubclass(found, root)):
        raise kind.error(f"{module}:{name} is no {kind.noun}: name a class that extends llama-index's {root.__name__}.")
    return found


def make(kind: Kind[T], made: type[T], arguments: Mapping[str, Any]) -> T:
    """Make one. Raises the kind's error."""
    try:
        return made(**arguments)
    except Exception as error:  # a stranger's constructor: a missing key, a server that is not there
        name = f"{made.__module__}:{made.__qualname__}"
        raise kind.error(f"The {kind.noun} {name} cannot be made: {reason(error, whole=True)}") from error


def read_arguments(kind: Kind[T], query: str) -> dict[str, Any]:
    """Read `a=1&b=x`: values as JSON where they are, else as they stand; a `+` stays a plus."""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    if any(not key.isidentifier() or not equals for key, equals, _ in pairs):
        raise kind.error(
            f"The {kind.noun}'s arguments {query!r} are not readable: write ?argument=value&argument=value."
        )
    return {key: _value(unquote(value)) for key, _, value in pairs}


def reason(error: Exception, *, whole: bool = False) -> str:
    """Say in one line what a stranger's code has raised: the first line of it, or the whole."""
    words = str(error).strip()
    said = " ".join(words.split()) if whole else words.partition("\n")[0].strip()
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _import(kind: Kind[T], module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise kind.error(_how_to_install(kind.noun, module, error.name or module)) from error
    except Exception as error:  # whatever a stranger's module may do while it is imported
        raise kind.error(f"The module {module} cannot be imported: {reason(error)}") from error


def _how_to_install(noun: str, module: str, missing: str) -> str:
    """Say what brings a module; llama-index's own packages follow one pattern: llama-index-embeddings-ollama."""
    if not f"{module}.".startswith(f"{missing}."):
        return f"The {noun}'s module {module} needs {missing}: install the package that brings it."
    parts = module.split(".")
    if parts[0] == "llama_index" and parts[1] != "core" and len(parts) > 2:
        return f"The {noun} {module} is not installed: pip install {'-'.join(parts[:3]).replace('_', '-')}"
    return f"There is no module {module}: install the package that brings it."


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
