"""Words above the line in; what parts them from those they follow out, so that 10⁶ is not read as 106."""

from __future__ import annotations

import re

_BEFORE = re.compile(r"[^\W_]|[.,)\]]")
_RAISED = re.compile(r"[^\W_]|[+−–-]")
_ORDINAL = re.compile(r"[^\W\d_]{2}")
"""Letters after a figure that belong to it: 21st, 1er."""


def sign_between(before: str, raised: str) -> str:
    """Return `^` where raised words would run on into those right before them; else nothing."""
    if not _BEFORE.match(before[-1:]) or not _RAISED.match(raised):
        return ""
    return "" if before[-1].isdecimal() and _ORDINAL.match(raised) else "^"
