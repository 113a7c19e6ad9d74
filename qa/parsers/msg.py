"""Outlook's mail: made a mail as others are, and read as these."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.encoders import encode_base64
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import HeaderParser
from email.utils import format_datetime

from qa.documents import Container
from qa.errors import DocumentError
from qa.parsers.compound import Compound
from qa.parsers.mail import read_mail
from qa.parsers.rtf import parse_rtf
from qa.parsers.rtfwords import code_page

_SUBJECT, _BODY, _HTML, _RTF, _CLASS, _HEADERS = "0037", "1000", "1013", "1009", "001a", "007d"
_SENDER, _SENDER_ADDRESSES = ("0c1a", "0042"), ("5d01", "0c1f", "0065")
_RECIPIENT, _RECIPIENT_ADDRESSES = "3001", ("39fe", "3003")
_DATA, _FILE_NAMES, _CONTENT_ID, _MIME = "3701", ("3707", "3704", "3001"), "3712", "370e"
_FLAGS, _SHOWN, _HIDDEN = 0x37140003, 4, 0x7FFE000B
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".emz", ".wmz")
_SENT, _RECEIVED, _KIND, _CODE_PAGES = 0x00390040, 0x0E060040, 0x0C150003, (0x3FFD0003, 0x3FDE0003)
_KINDS = {1: "To", 2: "Cc"}
_HEADER_SIZES = {"": 32, "__substg1.0_3701000d": 24}
"""What stands before the properties: of the mail itself, and of one in it; 8 bytes elsewhere."""
_ENCRYPTED = "It is encrypted: save what your mail program shows of it."
_DEEPEST = 4
_LONGEST = 100_000_000


def parse_msg(data: bytes) -> Container:
    """Read a mail as Outlook saves it. Raises DocumentError where it is encrypted or damaged."""
    file = Compound(data)
    if "__properties_version1.0" not in file:
        raise DocumentError("It is no mail of Outlook, whatever its name says.")
    return read_mail(_Item(file, "", "cp1252").mail(0))


class _Item:
    """A mail, a recipient or an attachment: streams in one folder, and short values in a table."""

    def __init__(self, file: Compound, folder: str, encoding: str) -> None:
        self._file = file
        self._folder = folder
        self._values = dict(self._table())
        pages = (code_page(self._number(tag)) for tag in _CODE_PAGES if tag in self._values)
        self._encoding = next(filter(None, pages), encoding)

    def _table(self) -> Iterator[tuple[int, int]]:
        data = self._file.read(f"{self._folder}__properties_version1.0")
        own = self._folder.rstrip("/").rpartition("/")[2]
        for at in range(_HEADER_SIZES.get(own, 8), len(data) - 15, 16):
            yield struct.unpack_from("<I4xQ", data, at)

    def text(self, *names: str) -> str:
        """Return the words of the first of some properties that has any."""
        for name in names:
            wide = self._file.read(f"{self._folder}__substg1.0_{name}001f").decode("utf-16-le", "replace")
            words = wide or self._file.read(f"{self._folder}__substg1.0_{name}001e").decode(self._encoding, "replace")
            if words := words.replace("\0", ""):
                return words
        return ""

    def bytes(self, name: str) -> bytes:
        """Return the bytes of a property."""
        return self._file.read(f"{self._folder}__substg1.0_{name}0102")

    def _inside(self, kind: str) -> Iterator[_Item]:
        """Yield what stands in folders of a kind, in their order."""
        begins = f"{self._folder}{kind}"
        rest = (path[len(self._folder) :].partition("/")[0] for path in self._file.paths if path.startswith(begins))
        for name in sorted(set(rest)):
            yield _Item(self._file, f"{self._folder}{name}/", self._encoding)

    def mail(self, depth: int) -> Message:
        """Return it as a mail. Raises DocumentError where it is encrypted."""
        kind = self.text(_CLASS).lower()
        if "smime" in kind and "multipartsigned" not in kind:
            raise DocumentError(_ENCRYPTED)
        made = MIMEMultipart()
        for name, words in self._headers():
            made[name] = " ".join(words.split())
        made.attach(self._body())
        for each in self._inside("__attach_version1.0_#"):
            if (attached := each.attachment(depth)) is not None:
                made.attach(attached)
        return made

    def _headers(self) -> Iterator[tuple[str, str]]:
        yield "From", _address(self.text(*_SENDER), self._address(_SENDER_ADDRESSES))
        recipients = list(self._inside("__recip_version1.0_#"))
        for kind, name in _KINDS.items():
            of_kind = [each for each in recipients if (each._number(_KIND) or 1) == kind]
            yield (
                name,
                ", ".join(_address(each.text(_RECIPIENT), each._address(_RECIPIENT_ADDRESSES)) for each in of_kind),
            )
        yield "Date", self._date()
        yield "Subject", self.text(_SUBJECT)

    def _address(self, names: tuple[str, ...]) -> str:
        """Return an address of the internet's, none of Exchange's own."""
        return next((found for name in names if "@" in (found := self.text(name))), "")

    def _date(self) -> str:
        sent = HeaderParser().parsestr(self.text(_HEADERS)).get("Date")
        ticks = self._values.get(_SENT) or self._values.get(_RECEIVED) or 0
        if sent or not ticks:
            return str(sent or "")
        try:
            return format_datetime(datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10))
        except OverflowError:
            return ""

    def _body(self) -> Message:
        """Return the words: plain, or those of a page or of RTF."""
        if (words := self.text(_BODY)).strip():
            return MIMEText(_clean(words), "plain", "utf-8")
        if page := self.bytes(_HTML) or _clean(self.text(_HTML)).encode():
            return _part("text", "html", page)
        rich = unpacked(self.bytes(_RTF))
        return MIMEText(_clean(parse_rtf(rich).text) if rich else "", "plain", "utf-8")

    def attachment(self, depth: int) -> Message | None:
        """Return a file that is attached; None where it has no content of its own."""
        if f"{self._folder}__substg1.0_3701000d/__properties_version1.0" in self._file:
            inner = _Item(self._file, f"{self._folder}__substg1.0_3701000d/", self._encoding)
            return MIMEMessage(inner.mail(depth + 1)) if depth < _DEEPEST else None
        data = self.bytes(_DATA)
        if not data:
            return None
        if self.text(_MIME) == "application/pgp-encrypted":
            raise DocumentError(_ENCRYPTED)
        name = " ".join(_clean(self.text(*_FILE_NAMES)).split()) or "attachment.bin"
        shown = bool(self.text(_CONTENT_ID)) or self._number(_FLAGS) & _SHOWN or self._number(_HIDDEN)
        picture = shown and name.lower().endswith(_PICTURES)
        part = _part("image" if picture else "application", "octet-stream", data)
        part.add_header("Content-Disposition", "inline" if picture else "attachment", filename=name)
        return part

    def _number(self, tag: int) -> int:
        """Return a value of four bytes."""
        return self._values.get(tag, 0) & 0xFFFFFFFF


def _address(name: str, address: str) -> str:
    """Write a name and an address as mail does."""
    return f"{name} <{address}>" if name and address and name != address else name or address


def _part(kind: str, kind_of_that: str, data: bytes) -> Message:
    part = MIMEBase(kind, kind_of_that)
    part.set_payload(data)
    encode_base64(part)
    return part


def _clean(words: str) -> str:
    return words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_BEFORE = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl"
    b"\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What is taken to stand before every packed text, so that it can be referred to."""
_RING = 4096


def unpacked(data: bytes) -> bytes:
    """Unpack RTF as Outlook packs it: letters, and places where the same ones stood before."""
    if len(data) < 16 or data[8:12] != b"LZFu":
        return data[16:] if data[8:12] == b"MELA" else b""
    out, at = bytearray(_BEFORE), 16
    while at < len(data) and len(out) < _LONGEST:
        flags, at = data[at], at + 1
        for bit in range(8):
            if not flags >> bit & 1:
                out += data[at : at + 1]
                at += 1
                continue
            if at + 1 >= len(data):
                return bytes(out[len(_BEFORE) :])
            place, length = divmod(data[at] << 8 | data[at + 1], 16)
            at += 2
            start = len(out) - (len(out) - place) % _RING
            if start == len(out):  # it refers to itself: that is the end
                return bytes(out[len(_BEFORE) :])
            for step in range(start, start + length + 2):
                out.append(out[step] if 0 <= step < len(out) else 32)
    return bytes(out[len(_BEFORE) :])
