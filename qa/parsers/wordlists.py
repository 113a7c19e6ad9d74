"""The definitions of the lists of a Word file in; what stands before each of their items out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

from qa.parsers.numerals import numeral
from qa.parsers.packages import attribute, child, children, switched_on, whole

_BULLETS = "bullet"


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of a list: where it begins to count, how it writes numbers, what stands around them."""

    start: int
    format: str
    around: str
    style: str | None
    legal: bool
    """Whether it writes the numbers of all levels in digits."""

    @staticmethod
    def of(element: Element) -> _Level:
        value = {name: attribute(child(element, name), "val") for name in ("start", "numFmt", "lvlText", "pStyle")}
        start, legal = whole(value["start"], 1), switched_on(child(element, "isLgl"))
        return _Level(start, value["numFmt"] or "decimal", value["lvlText"] or "", value["pStyle"], legal)


@dataclass(slots=True)
class _List:
    """A list: which others it counts on with, its levels, and those that it begins anew."""

    family: str
    levels: dict[int, _Level]
    anew: set[int] = field(default_factory=set)


class Lists:
    """Counts the items of all lists of a text, in their order."""

    def __init__(self, numbering: Element | None) -> None:
        families = {attribute(each, "abstractNumId") or "": each for each in children(numbering, "abstractNum")}
        # a family may be told by the style that it has in common with another one, which has the levels
        own_style = {attribute(child(each, "styleLink"), "val"): name for name, each in families.items()}
        self._lists: dict[str, _List] = {}
        for each in children(numbering, "num"):
            family = attribute(child(each, "abstractNumId"), "val") or ""
            style = attribute(child(families.get(family), "numStyleLink"), "val")
            family = own_style.get(style, family) if style else family
            own = _List(family, _levels(families.get(family)))
            _override(own, each)
            self._lists[attribute(each, "numId") or ""] = own
        self._counts: dict[str, dict[int, int]] = {}

    def level_of(self, number: str, style: str | None) -> int:
        """Return the level of a list that belongs to a style."""
        levels = self._lists[number].levels if number in self._lists else {}
        return next((at for at, level in levels.items() if style is not None and level.style == style), 0)

    def mark(self, number: str, level: int) -> str:
        """Count one more item, and return what stands before it: nothing where there is no such list."""
        found = self._lists.get(number)
        if found is None or level not in found.levels:
            return ""
        counts = self._counts.setdefault(found.family, {})
        for at in found.anew:
            counts.pop(at, None)
        found.anew.clear()
        counts[level] = counts.get(level, found.levels[level].start - 1) + 1
        for deeper in [at for at in counts if at > level]:
            del counts[deeper]
        if found.levels[level].format == _BULLETS:
            return "-"
        own = found.levels[level]
        return re.sub(r"%([1-9])", lambda match: _counted(found, counts, int(match[1]) - 1, own.legal), own.around)


def _levels(element: Element | None) -> dict[int, _Level]:
    return {whole(attribute(each, "ilvl")): _Level.of(each) for each in children(element, "lvl")}


def _override(own: _List, element: Element) -> None:
    """Change the levels that a list has otherwise than its family."""
    for each in children(element, "lvlOverride"):
        at = whole(attribute(each, "ilvl"))
        if (level := child(each, "lvl")) is not None:
            own.levels[at] = _Level.of(level)
        start = attribute(child(each, "startOverride"), "val")
        if start is not None and at in own.levels:
            own.levels[at] = replace(own.levels[at], start=whole(start, 1))
            own.anew.add(at)


def _counted(found: _List, counts: dict[int, int], at: int, legal: bool) -> str:
    level = found.levels.get(at)
    return numeral(counts.get(at, level.start), "decimal" if legal else level.format) if level else ""
