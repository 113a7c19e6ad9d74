"""The styles of a Word file in; which paragraphs are headings, stand in a list, or are hidden, out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element

from qa.parsers.packages import attribute, child, children, switched_on, whole

_LONGEST_CHAIN = 20
_BODY = 9
"""The outline level of what is no heading."""


class Styles:
    """What paragraphs and runs are, by their own properties or by those of their styles and what these rest on."""

    def __init__(self, root: Element | None) -> None:
        self._styles = {attribute(each, "styleId"): each for each in children(root, "style")}
        self._level = lru_cache(None)(self._level_of)

    def level(self, properties: Element | None) -> int:
        """Return the level of a heading; 0 for what is none."""
        own = _outline(properties)
        return self._level(style_of(properties)) if own is None else own

    def numbering(self, properties: Element | None) -> tuple[str, int | None] | None:
        """Return the number of the list that a paragraph stands in, and its level if that is told."""
        number = level = None
        for each in (properties, *(child(style, "pPr") for style in self._chain(style_of(properties)))):
            numbered = child(each, "numPr")
            number = number or attribute(child(numbered, "numId"), "val")
            level = level or attribute(child(numbered, "ilvl"), "val")
            if number:
                break
        return (number, whole(level) if level else None) if number and number != "0" else None

    def hides(self, properties: Element | None, otherwise: bool) -> bool:
        """Tell whether a run is hidden: it says so, or its style does, or else its paragraph."""
        own = child(properties, "vanish")
        return (
            switched_on(own)
            if own is not None
            else self._hidden(attribute(child(properties, "rStyle"), "val"), otherwise)
        )

    def raises(self, properties: Element | None) -> bool:
        """Tell whether a run stands above the line: it says so, or its style does."""
        chain = self._chain(attribute(child(properties, "rStyle"), "val"))
        said = (child(properties, "vertAlign"), *(child(each, "rPr", "vertAlign") for each in chain))
        return next((attribute(each, "val") == "superscript" for each in said if each is not None), False)

    def hides_all(self, properties: Element | None) -> bool:
        """Tell whether the runs of a paragraph are hidden where they do not say otherwise."""
        return self._hidden(style_of(properties), False)

    def _hidden(self, style: str | None, otherwise: bool) -> bool:
        said = (child(each, "rPr", "vanish") for each in self._chain(style))
        return next((switched_on(each) for each in said if each is not None), otherwise)

    def _level_of(self, style: str | None) -> int:
        for each in self._chain(style):
            # built-in styles are named in English, whatever the language in which they are shown
            name = (attribute(child(each, "name"), "val") or "").casefold()
            if heading := re.fullmatch("heading ([1-9])", name):
                return int(heading[1])
            if name == "title":
                return 1
            if (outline := _outline(child(each, "pPr"))) is not None:
                return outline
        return 0

    def _chain(self, style: str | None) -> Iterator[Element]:
        """Return a style and those that it rests on; one that rests on itself in the end is not followed for ever."""
        for _ in range(_LONGEST_CHAIN):
            found = self._styles.get(style) if style else None
            if found is None:
                return
            yield found
            style = attribute(child(found, "basedOn"), "val")


def style_of(properties: Element | None) -> str | None:
    """Return the style that a paragraph names."""
    return attribute(child(properties, "pStyle"), "val")


def _outline(properties: Element | None) -> int | None:
    outline = child(properties, "outlineLvl")
    if outline is None:
        return None
    level = whole(attribute(outline, "val"), _BODY)
    return level + 1 if 0 <= level < _BODY else 0
