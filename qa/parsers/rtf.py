"""RTF: its words, paragraph by paragraph; what is hidden, deleted or a picture is none of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from qa.documents import Document
from qa.errors import DocumentError
from qa.parsers.raised import sign_between
from qa.parsers.rtftables import Row, in_columns
from qa.parsers.rtfwords import CHARSETS, ENDS, FLOWS, KEPT, SKIPPED, WORDS, code_page
from qa.parsers.writing import Block, Writer, flat

_TOKEN = re.compile(
    rb"\\(?:([a-zA-Z]{1,32})(-?\d{1,10})? ?|'([0-9a-fA-F]{2})|([^a-zA-Z]))|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.S
)
_SURROGATES, _LOW = range(0xD800, 0xDC00), range(0xDC00, 0xE000)
_PICTOGRAMS = range(0xF000, 0xF100)
"""Letters of a font of signs, which mean nothing without it."""


class _Flow:
    """Words of one kind: the text, a note, a header."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._words: list[str] = []
        self._cells: list[str] = []
        self._rows: list[Row] = []
        self.edges: list[int] = []  # where the cells of this row end
        self.level = 0
        self.in_table = False
        self._raised = False

    def put(self, words: str, *, raised: bool = False) -> None:
        """Add words to the paragraph, on the line or above it."""
        if raised and not self._raised and self._words:
            self._words.append(sign_between(self._words[-1], words))
        self._raised = raised
        self._words.append(words)

    def paragraph(self) -> None:
        """End a paragraph: within a table it goes on in its cell."""
        if self.in_table:
            self.put("\n")
            return
        self._end_table()
        if words := self._taken():
            self._blocks.append(Block(words, level=self.level))

    def cell(self) -> None:
        """End a cell."""
        self._cells.append(self._taken())

    def row(self) -> None:
        """End a row."""
        if any(self._cells):
            self._rows.append((list(self.edges), self._cells))
        self._cells = []

    def finish(self) -> list[Block]:
        """Return all of it."""
        if self._cells:
            self.cell()
            self.row()
        self.in_table = False
        self.paragraph()
        return self._blocks

    def _end_table(self) -> None:
        if self._rows:
            self._blocks.append(Block(rows=in_columns(self._rows)))
        self._rows = []

    def _taken(self) -> str:
        words, self._words = "".join(self._words).strip(), []
        return words


@dataclass(frozen=True, slots=True)
class _State:
    """What holds within braces, until they are closed."""

    kind: str = "text"
    flow: _Flow | None = None
    hidden: bool = False
    raised: bool = False
    font: int | None = None
    fallback: int = 1
    """How many letters stand after a Unicode one for programs that know none."""


@dataclass
class _Reader:
    """Reads sign after sign."""

    data: bytes
    body: _Flow = field(default_factory=_Flow)
    notes: list[list[Block]] = field(default_factory=list)
    margins: list[list[Block]] = field(default_factory=list)
    title: str = ""

    def __post_init__(self) -> None:
        self.state = _State(flow=self.body)
        self._stack: list[_State] = []
        self._at = self._skip = 0
        self._high: int | None = None
        self._bytes = bytearray()
        self._starred = False
        self._fonts: dict[int | None, str] = {}
        self._font_named: int | None = None
        self._default: int | None = None
        self.code_page = "cp1252"

    def read(self) -> None:
        """Read all of it, or as far as its braces go."""
        while match := _TOKEN.match(self.data, self._at):
            self._at = match.end()
            word, number, byte, sign, brace, letters = match.groups()
            if brace == b"{":
                self._flush()
                self._stack.append(self.state)
            elif brace:
                if not self._stack:
                    break
                self._close()
            elif word:
                self._word(word.decode(), int(number) if number else None)
            elif sign == b"*":
                self._starred = True
                continue
            else:
                self._letters(bytes.fromhex(byte.decode()) if byte else letters or b"", sign)
            self._starred = False
        while self._stack:
            self._close()
        self._flush()

    def _letters(self, letters: bytes, sign: bytes | None) -> None:
        """Take letters in, less those that only stand in for one."""
        if sign:
            words = sign.decode("latin-1")
            if words in ENDS or words in WORDS:
                self._word(words, None)
                return
            letters = sign if words in "\\{}" else b""
        skipped = min(self._skip, len(letters))
        self._skip -= skipped
        if not self._silent:
            self._bytes += letters[skipped:]

    @property
    def _silent(self) -> bool:
        return self.state.flow is None or self.state.hidden

    def _flush(self) -> None:
        """Decode the letters that have come, which may be two bytes each."""
        font = self.state.font if self.state.font is not None else self._default
        if self._bytes and self.state.flow:
            words = self._bytes.decode(self._fonts.get(font) or self.code_page, "replace")
            self.state.flow.put(words, raised=self.state.raised)
        self._bytes.clear()
        self._skip = 0

    def _close(self) -> None:
        """Go back to what held before the brace; what was another kind of words is whole."""
        self._flush()
        closed, self.state = self.state, self._stack.pop()
        if closed.flow is None or closed.flow is self.state.flow or closed.kind not in _CLOSED:
            return
        blocks = closed.flow.finish()
        if blocks:
            _CLOSED[closed.kind](self, blocks)

    def _note(self, blocks: list[Block]) -> None:
        self.notes.append(blocks)
        if self.state.flow and not self.state.hidden:
            self.state.flow.put(f"[^{len(self.notes)}]")

    def _mark(self, blocks: list[Block]) -> None:
        mark = flat(blocks)
        if self.state.flow and not self.state.hidden:
            self.state.flow.put(f"{mark} " if re.search(r"\w", mark) else "- ")

    def _margin(self, blocks: list[Block]) -> None:
        if blocks not in self.margins:
            self.margins.append(blocks)

    def _titled(self, blocks: list[Block]) -> None:
        self.title = flat(blocks)

    def _word(self, word: str, number: int | None) -> None:
        """Do what a control word says."""
        if word == "bin":
            self._at += max(0, number or 0)
            return
        if (self._starred and word not in KEPT) or word in SKIPPED:
            self.state = replace(self.state, kind="", flow=None)
        elif word in FLOWS:
            self._begin(FLOWS[word])
        elif word == "u":
            self._unicode((number or 0) & 0xFFFF)
        elif self.state.kind == "fonts":
            self._font(word, number)
        elif word in _STATES:
            self._flush()
            self.state = _STATES[word](self.state, number)
        elif word in _DOES:
            self._flush()
            _DOES[word](self, number)
        elif not self._silent and self.state.flow:
            self._flush()
            if word in ENDS:
                self.state.flow.paragraph()
            elif word in WORDS:
                self.state.flow.put(WORDS[word])

    def _begin(self, kind: str) -> None:
        self._flush()
        flow = _Flow() if kind in _CLOSED and not (kind == "mark" and self._silent) else None
        self.state = replace(self.state, kind=kind, flow=flow)

    def _unicode(self, code: int) -> None:
        self._flush()
        self._skip = self.state.fallback
        high, self._high = self._high, code if code in _SURROGATES else None
        if self.state.flow is None or self.state.hidden or code in _PICTOGRAMS or code in _SURROGATES:
            return
        if code in _LOW:
            code = 0x10000 + (high - 0xD800 << 10) + code - 0xDC00 if high else 0xFFFD
        self.state.flow.put(chr(code), raised=self.state.raised)

    def _font(self, word: str, number: int | None) -> None:
        """Note of a font in which code page its letters are."""
        if word == "f":
            self._font_named = number
        elif word in ("fcharset", "cpg"):
            name = CHARSETS.get(number or 0, "") if word == "fcharset" else code_page(number)
            self._fonts[self._font_named] = name or self._fonts.get(self._font_named, "")

    def _use(self, number: int | None) -> None:
        self.code_page = code_page(number) or self.code_page

    def _default_font(self, number: int | None) -> None:
        self._default = number

    def _fresh(self, _: int | None) -> None:
        if self.state.flow:
            self.state.flow.in_table, self.state.flow.level = False, 0

    def _in_table(self, _: int | None) -> None:
        if self.state.flow:
            self.state.flow.in_table = True

    def _level(self, number: int | None) -> None:
        if self.state.flow:
            self.state.flow.level = 0 if number is None or number > 8 else number + 1

    def _row_defined(self, _: int | None) -> None:
        if self.state.flow:
            self.state.flow.edges.clear()

    def _edge(self, number: int | None) -> None:
        if self.state.flow:
            self.state.flow.edges.append(number or 0)

    def _cell(self, _: int | None) -> None:
        if self.state.flow:
            self.state.flow.cell()

    def _row(self, _: int | None) -> None:
        if self.state.flow:
            self.state.flow.row()


_CLOSED: dict[str, Callable[[_Reader, list[Block]], None]] = {
    "note": _Reader._note,
    "mark": _Reader._mark,
    "margin": _Reader._margin,
    "title": _Reader._titled,
}
_DOES: dict[str, Callable[[_Reader, int | None], None]] = {
    "ansicpg": _Reader._use,
    "mac": lambda reader, _: reader._use(10000),
    "pc": lambda reader, _: reader._use(437),
    "deff": _Reader._default_font,
    "pard": _Reader._fresh,
    "intbl": _Reader._in_table,
    "outlinelevel": _Reader._level,
    "trowd": _Reader._row_defined,
    "cellx": _Reader._edge,
    "cell": _Reader._cell,
    "row": _Reader._row,
}
_STATES: dict[str, Callable[[_State, int | None], _State]] = {
    "v": lambda state, number: replace(state, hidden=number != 0),
    "deleted": lambda state, number: replace(state, hidden=number != 0),
    **dict.fromkeys(("super", "up"), lambda state, number: replace(state, raised=number != 0)),
    **dict.fromkeys(("sub", "nosupersub"), lambda state, _: replace(state, raised=False)),
    "plain": lambda state, _: replace(state, hidden=False, raised=False, font=None),
    "f": lambda state, number: replace(state, font=number),
    "uc": lambda state, number: replace(state, fallback=1 if number is None else number),
}


def parse_rtf(data: bytes) -> Document:
    """Read RTF: notes follow its text, and what stands at the margins of its pages, once. Raises DocumentError."""
    if not data.lstrip()[:5].lower() == b"{\\rtf":
        raise DocumentError("It is no RTF, whatever its name says: open it in a word processor and save it anew.")
    reader, writer = _Reader(data), Writer()
    reader.read()
    writer.write_all(reader.body.finish())
    for number, note in enumerate(reader.notes, start=1):
        writer.write(Block(f"[^{number}]: {flat(note)}"))
    for margin in reader.margins:
        writer.write_all(margin)
    return writer.document(reader.title, "application/rtf")
