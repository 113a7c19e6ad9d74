"""A numbered list of a page in; what stands before each of its items, out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.parsers.numerals import numeral

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_STYLE = re.compile(
    r"(?:^|[;\s])list-style(?:-type)?\s*:[^;]{0,100}?(?<![^\s:])(none|(?:lower|upper)-(?:alpha|latin|roman))(?![^\s;!])",
    re.I,
)
_FORMS = {
    **dict.fromkeys(("a", "lower-alpha", "lower-latin"), "lowerLetter"),
    **dict.fromkeys(("A", "upper-alpha", "upper-latin"), "upperLetter"),
    **dict.fromkeys(("i", "lower-roman"), "lowerRoman"),
    **dict.fromkeys(("I", "upper-roman"), "upperRoman"),
    "none": "none",
}


class List:
    """Counts the items of a list as its reader sees them counted."""

    def __init__(self, node: LexborNode) -> None:
        attributes = node.attributes
        style = _STYLE.search(attributes.get("style") or "")
        self._form = _FORMS.get(style[1].lower() if style else attributes.get("type") or "", "decimal")
        is_reversed = "reversed" in attributes
        self._step = -1 if is_reversed else 1
        first = sum(each.tag == "li" for each in node.iter()) if is_reversed else 1
        self._next = _whole(attributes.get("start"), first)

    def mark(self, item: LexborNode) -> str:
        """Count one more item, and return what stands before it."""
        number = _whole(item.attributes.get("value"), self._next)
        self._next = number + self._step
        written = numeral(number, self._form)
        return f"{written}." if written else ""


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"\s*-?[0-9]{1,9}\s*", text) else otherwise
