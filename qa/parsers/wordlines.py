"""A paragraph of a Word file in; the words that are seen of it out, and what hangs on them."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from qa.parsers.drawings import described
from qa.parsers.packages import attribute, child, local
from qa.parsers.wordstyles import Styles

REMOVED = frozenset({"del", "moveFrom"})
"""What was deleted, or is elsewhere now."""
_UNSEEN = REMOVED | frozenset(
    "instrText delText delInstrText pPr rPr sectPr sdtPr sdtEndPr ffData annotationRef footnoteRef endnoteRef "
    "rt".split()
)
"""Besides: the codes of fields, properties, and how a word is pronounced."""
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
_FORMULA = {"den": "/", "sup": "^", "sub": "_"}
"""What stands before a part of a formula that is not on the line."""
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


class Line:
    """Reads the runs of one paragraph; `note` is told of each note that is referred to, and returns its mark."""

    def __init__(self, styles: Styles, note: Callable[[str, str], str]) -> None:
        self._styles, self._note = styles, note
        self._words: list[str] = []
        self._fields: list[bool] = []  # of the fields that are open: whether this is still their code
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
                self.read(each, self._styles.hides(child(each, "rPr"), hidden))
            elif kind == "fldChar":
                self._turn(attribute(each, "fldCharType"))
            elif kind == "AlternateContent":
                self._read_first(each, hidden)
            elif kind in _BESIDE:
                self.beside += [] if hidden else [each]
            elif kind not in _UNSEEN:
                if not hidden and not any(self._fields):
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
        elif kind in _FORMULA and any(element.itertext()):
            self._take(_FORMULA[kind])
        else:
            self._take(_SIGNS.get(kind, ""))

    def _take(self, words: str) -> None:
        if words:
            self._words.append(words)

    def _turn(self, into: str | None) -> None:
        """Follow a field from its code to its result, which is what is seen of it."""
        if into == "begin":
            self._fields.append(True)
        elif self._fields and into == "separate":
            self._fields[-1] = False
        elif self._fields and into == "end":
            self._fields.pop()

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
        return _SYMBOLS.get(place, "") if font == "Symbol" else ""
    return chr(place) if 0x20 <= place < 0xD800 else ""
