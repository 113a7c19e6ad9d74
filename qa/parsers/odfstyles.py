"""The styles of an OpenDocument file in; what is hidden, which heading a paragraph is, how lists count, out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from qa.parsers.numerals import numeral
from qa.parsers.packages import attribute, children, local, whole

_LONGEST_CHAIN = 20
_FORMS = {
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
    "": "none",
    "一": "chineseCounting",
}
OUTLINE = "outline"
"""The style of the numbers of headings; any other list's style has a name of its own."""

Counts = dict[int, int]
"""How many items of a list there were at each level since the last one above."""


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of a list; `before` are the levels whose numbers it repeats."""

    is_number: bool
    form: str
    prefix: str
    suffix: str
    before: int
    start: int


class Styles:
    """What styles say, by their own properties or by those of the styles that they rest on."""

    def __init__(self, roots: Iterable[Element]) -> None:
        self._styles: dict[tuple[str, str], Element] = {}
        self._lists: dict[str, dict[int, _Level]] = {}
        for each in (each for root in roots for group in root for each in group):
            name = attribute(each, "name") or ""
            if local(each) == "style":
                self._styles[attribute(each, "family") or "", name] = each
            elif local(each) in ("list-style", "outline-style"):
                levels = {whole(attribute(level, "level")): _level(level) for level in children(each)}
                self._lists[name if local(each) == "list-style" else OUTLINE] = levels

    def hides(self, element: Element, family: str) -> bool:
        """Tell whether what has this style is not shown."""
        for style in self._chain(family, attribute(element, "style-name")):
            for properties in children(style, "text-properties", "drawing-page-properties"):
                shown = attribute(properties, "display") or attribute(properties, "visibility")
                if shown is not None:
                    return shown in ("none", "hidden")
        return False

    def raises(self, span: Element) -> bool:
        """Tell whether a span stands above the line."""
        for style in self._chain("text", attribute(span, "style-name")):
            for properties in children(style, "text-properties"):
                if (place := attribute(properties, "text-position")) is not None:
                    return place.startswith("super") or whole(place.partition("%")[0]) > 0
        return False

    def is_title(self, paragraph: Element) -> bool:
        """Tell whether a paragraph is the title of all; the name of its style is the same in every language."""
        chain = self._chain("paragraph", attribute(paragraph, "style-name"))
        return any(attribute(style, "name") == "Title" for style in chain)

    def list_of(self, paragraph: Element | None) -> str | None:
        """Return the style of the list that the style of a paragraph names."""
        chain = self._chain("paragraph", attribute(paragraph, "style-name"))
        return next((name for style in chain if (name := attribute(style, "list-style-name"))), None)

    def mark(self, name: str, level: int, counts: Counts, start: int | None = None) -> str:
        """Count one more item of a list, and return what stands before it."""
        levels = self._lists.get(name, {})
        own = levels.get(level)
        if own is None or not own.is_number:
            return "" if name == OUTLINE else "-"
        counts[level] = counts.get(level, own.start - 1) + 1 if start is None else start
        for deeper in [at for at in counts if at > level]:
            del counts[deeper]
        shown = [(at, levels[at]) for at in range(max(1, level - own.before), level + 1) if at in levels]
        numbers = [numeral(counts.get(at, each.start), each.form) for at, each in shown]
        numbers = [number for number in numbers if number]
        return f"{own.prefix}{'.'.join(numbers)}{own.suffix}".strip() if numbers else ""

    def _chain(self, family: str, name: str | None) -> Iterator[Element]:
        """Return a style and those that it rests on; one that rests on itself in the end is not followed for ever."""
        for _ in range(_LONGEST_CHAIN):
            found = self._styles.get((family, name or ""))
            if found is None:
                return
            yield found
            name = attribute(found, "parent-style-name")


def _level(element: Element) -> _Level:
    form = attribute(element, "num-format") or ""
    return _Level(
        is_number=local(element) in ("list-level-style-number", "outline-level-style"),
        form=_FORMS.get(form[:1], "decimal"),
        prefix=attribute(element, "num-prefix") or "",
        suffix=attribute(element, "num-suffix") or "",
        before=whole(attribute(element, "display-levels"), 1) - 1,
        start=whole(attribute(element, "start-value"), 1),
    )
