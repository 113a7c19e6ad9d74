"""Frozen objects in, what JSON knows out; and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")


class Plain:
    """Something frozen that can be written as JSON."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return exactly the JSON."""
        return dict(plain(self))


def plain(value: Any) -> Any:
    """Turn frozen objects into what JSON knows: dicts, lists, words and numbers."""
    if hasattr(value, "__dataclass_fields__"):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def iso_time(seconds: float) -> str:
    """Write a time in seconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def restore(kind: type[T], found: Any) -> T:
    """Build frozen objects from their JSON."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_python(found)
