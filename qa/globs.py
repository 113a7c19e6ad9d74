"""What narrows a search: one glob over paths, or several; checked."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from qa.errors import UsageError

Within = str | Sequence[str] | None
"""A glob over paths, or several of which one must match; None and nothing at all let every path through."""

_MOST, _LONGEST = 1_000, 4_000


def globs(within: Within) -> tuple[str, ...]:
    """Return the globs; callers may pass anything. Raises UsageError."""
    if isinstance(within, str):
        within = [within] if within else []
    found = tuple(within or ()) if isinstance(within, Sequence | None) else (within,)
    if not all(isinstance(each, str) for each in found):
        raise UsageError("`within` must be a glob over paths, or a list of them: within='contracts/*'.")
    if len(found) > _MOST or any(len(each) > _LONGEST for each in found):
        raise UsageError(f"`within` is too much: give at most {_MOST:,} globs of {_LONGEST:,} characters.")
    # a name looks the same whether its accents are letters of their own or not: macOS writes them otherwise than people
    return tuple(dict.fromkeys(form for each in found for form in (each, *forms(each))))


def forms(path: str) -> tuple[str, str]:
    """Return a path with its accents joined to their letters, and with them apart."""
    return unicodedata.normalize("NFC", path), unicodedata.normalize("NFD", path)
