"""A paragraph of a Word file in; the words that are seen of it out, and what hangs on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from qa.parsers.drawings import FORMULA, described
from qa.parsers.packages import attribute, child, children, local, switched_on, whole
from qa.parsers.raised import sign_between
from qa.parsers.wordstyles import Styles

REMOVED = frozenset({"del", "moveFrom"})
"""What was deleted, or is elsewhere now."""
_UNSEEN = REMOVED | frozenset(
    "instrText delText delInstrText pPr rPr sectPr sdtPr sdtEndPr ffData annotationRef footnoteRef endnoteRef "
    "rt".split()
)
"""Besides: the codes of fields, properties, and how a word is pronounced."""
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
_BESIDE = frozenset({"txbxContent", "chart", "relIds"})
"""What has words of its own: a box, a chart, a diagram."""
_NOTES = {"footnoteReference": "footnote", "endnoteReference": "endnote"}
_SYMBOLS = dict(enumerate("ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ", 0xF041)) | {
    0xF0A3: "≤",
    0xF0A5: "∞",
    0xF0AE: "→",
    0xF0B0: "°",
    0xF0B1: "±",
    0xF0B3: "≥",
    0xF0B4: "×",
    0xF0B7: "•",
    0xF0B9: "≠",
    0xF0BB: "≈",
}
"""The letters and the commonest signs of the font Symbol, which has places of its own for them."""
_TICKED, _EMPTY = "☒", "☐"
_WINGDINGS = {0xF0FE: _TICKED, 0xF0FD: _TICKED, 0xF0A8: _EMPTY, 0xF06F: _EMPTY, 0xF0FC: "✓"}
_FONTS = {"Symbol": _SYMBOLS, "Wingdings": _WINGDINGS}


@dataclass(slots=True)
class _Field:
    """A field that is open, from the word where it begins: what it shows where it has no words as its result."""

    start: int
    shown: str
    in_code: bool = True


class Line:
    """Reads the runs of one paragraph; `note` is told of each note that is referred to, and returns its mark."""

    def __init__(self, styles: Styles, note: Callable[[str, str], str]) -> None:
        self._styles, self._note = styles, note
        self._words: list[str] = []
        self._fields: list[_Field] = []
        self._raised = self._was_raised = False  # whether this run stands above the line, and the words before it
        self.beside: list[Element] = []
        self.comments: list[str] = []

    @property
    def words(self) -> str:
        return "".join(self._words)

    def read(self, parent: Element, hidden: bool) -> None:
        """Read what stands in an element."""
        for each in parent:
            kind = local(each)
            if kind == "r":
                self._raised = self._styles.raises(child(each, "rPr"))
                self.read(each, self._styles.hides(child(each, "rPr"), hidden))
                self._raised = False
            elif kind == "fldChar":
                self._turn(each, hidden)
            elif kind == "AlternateContent":
                self._read_first(each, hidden)
            elif kind in _BESIDE:
                self.beside += [] if hidden else [each]
            elif kind not in _UNSEEN:
                if not hidden and not self._in_code:
                    self._see(kind, each)
                self.read(each, hidden)

    def _see(self, kind: str, element: Element) -> None:
        """Take in what an element says by itself."""
        if kind == "t":
            self._take(element.text or "")
        elif kind == "sym":
            font, sign = attribute(element, "font"), attribute(element, "char") or ""
            self._take(_sign(font, sign))
        elif kind in _NOTES:
            self._take(self._note(_NOTES[kind], attribute(element, "id") or ""))
        elif kind == "commentReference":
            self.comments.append(attribute(element, "id") or "")
        elif kind == "docPr":
            self._take(described(attribute(element, "descr")))
        elif kind in FORMULA and any(element.itertext()):
            self._take(FORMULA[kind])
        else:
            self._take(_SIGNS.get(kind, ""))

    def _take(self, words: str) -> None:
        if words:
            if self._raised and not self._was_raised and self._words:
                self._words.append(sign_between(self._words[-1], words))
            self._was_raised = self._raised
            self._words.append(words)

    @property
    def _in_code(self) -> bool:
        return any(field.in_code for field in self._fields)

    def _turn(self, element: Element, hidden: bool) -> None:
        """Follow a field from its code to its result, which is what is seen of it."""
        into = attribute(element, "fldCharType")
        if into == "begin":
            self._fields.append(_Field(len(self._words), _chosen(child(element, "ffData"))))
        elif self._fields and into == "separate":
            self._fields[-1].in_code = False
        elif self._fields and into == "end":
            field = self._fields.pop()
            if not hidden and not self._in_code and len(self._words) == field.start:
                self._take(field.shown)

    def _read_first(self, alternatives: Element, hidden: bool) -> None:
        """Read the first of some alternatives that has words: they say the same for newer and older programs."""
        before = len(self._words) + len(self.beside)
        for each in alternatives:
            self.read(each, hidden)
            if len(self._words) + len(self.beside) > before:
                return


def _sign(font: str | None, code: str) -> str:
    """Return a sign of a font; of fonts of pictures nothing."""
    try:
        place = int(code, 16)
    except ValueError:
        return ""
    if 0xF000 <= place <= 0xF0FF:
        return _FONTS.get(font or "", {}).get(place, "")
    return chr(place) if 0x20 <= place < 0xD800 else ""


def _chosen(form: Element | None) -> str:
    """Return what is chosen in a field of a form: a box that is ticked or not, an entry of a list."""
    if (box := child(form, "checkBox")) is not None:
        ticked = child(box, "checked")
        return _TICKED if switched_on(child(box, "default") if ticked is None else ticked) else _EMPTY
    choices = child(form, "ddList")
    entries = [attribute(each, "val") or "" for each in children(choices, "listEntry")]
    told = (attribute(child(choices, name), "val") for name in ("result", "default"))
    at = whole(next((each for each in told if each), None))
    return entries[at] if 0 <= at < len(entries) else ""
