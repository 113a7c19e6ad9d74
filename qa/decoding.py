"""The bytes of a text in; the text out, in the encoding that it is most likely in."""

from __future__ import annotations

import codecs
import re

from qa.codepages import code_page
from qa.errors import DocumentError

MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
"""Byte order marks, and what begins with them."""
_SAMPLE = 65_536
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_STRANGE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\uf8ff\ufff0-\uffff]")
"""What sounds and figures have where they are read as UTF-16, and texts have not."""
_HOLE = re.compile(rb"\0+|[\x01-\x08\x0e-\x1a\x1c-\x1f]")
"""Zeros side by side, and what seldom stands in a text either."""
_BINARY = "It is binary, not text."

_DECLARED = re.compile(rb"""\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]+)""")
_SUPERSETS = {"euc_kr": "cp949", "gb2312": "gb18030", "shift_jis": "cp932", "iso8859-1": "cp1252"}
"""What is meant where one of these is declared and does not fit."""
_NO_TEXTS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"})
_C1 = re.compile("[\x80-\x9f]")
"""Control characters that no text has: where Latin-1 has them, Windows has its quotation marks and dashes."""
_ESCAPED = (("iso2022_kr", b"\x1b$)C"), ("iso2022_jp_ext", b"\x1b$"))
"""Encodings of seven bits, by what switches them to another alphabet: the bytes alone would pass as UTF-8."""
_HIGH = re.compile(rb"[\x80-\xff]")
_BEFORE = 200
"""So many bytes before the first one beyond ASCII are looked at too."""
_ENOUGH = 16_384
"""So many bytes of lines with one tell a code page."""
_LETTER = re.compile(r"[^\W\d_a-zA-Z]")
_COMMON = (
    (("gb18030", "gbk", "gb2312"), "gb2312", range(0xB0, 0xD8)),
    (("big5", "big5hkscs", "cp950"), "big5", range(0xA4, 0xC7)),
    (("cp932", "shift_jis", "shift_jis_2004", "shift_jisx0213", "euc_jp", "euc_jis_2004"), "euc_jp", range(0xA4, 0xD0)),
    (("cp949", "euc_kr", "johab"), "euc_kr", range(0xB0, 0xC9)),
)
"""Encodings of the East, and the first bytes of the common letters in a smaller one."""
_WITHIN = bytes(range(0x30, 256))
"""What a letter of several bytes may be cut before or within; white space and most signs stand for themselves."""


def decode(data: bytes, named: str | None = None) -> str:
    """Decode bytes, less a byte order mark, in the encoding that is named with them, or in themselves, if they fit it.

    Raises DocumentError where they are no text.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], encoding)
    if b"\0" in data:
        if (text := _wide(data)) is not None:
            return text
        data = _without_holes(data)
    if named is None and (declared := _DECLARED.match(data)):
        named = declared[1].decode("ascii", "replace")
    if named and (text := believed(data, named)) is not None:
        return text
    if b"\x1b$" in data[:_SAMPLE] and data.isascii() and (text := _escaped(data)) is not None:
        return text
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = _spoilt(data) or _detected(data)
    # a log may ring its bells and colour its lines
    if len(_CONTROL.findall(text, 0, _SAMPLE)) > len(text[:_SAMPLE]) // 10:
        raise DocumentError(_BINARY)
    return text


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"It begins as {encoding.upper()} text and is not: byte {error.start} does not fit."
        ) from error


def believed(data: bytes, named: str) -> str | None:
    """Decode as it is declared, or in what is commonly meant by that; None where it does not fit."""
    try:
        name = codecs.lookup(named).name
    except (LookupError, ValueError):  # the latter where there is a zero in it
        return None
    # declared in letters of one byte each: it cannot be in two, whatever it says
    if name in _NO_TEXTS or name.startswith(("utf-16", "utf-32")):
        return None
    for encoding in filter(None, (name, _SUPERSETS.get(name))):
        try:
            text = data.decode(encoding)
        except (LookupError, UnicodeDecodeError):  # also where it is no encoding of texts
            continue
        if name != encoding or name not in _SUPERSETS or not _C1.search(text):
            return None if "\0" in text else text
    return None


def _escaped(data: bytes) -> str | None:
    for encoding, escape in _ESCAPED:
        if escape in data:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    return None


def _spoilt(data: bytes) -> str | None:
    """Decode UTF-8 of which some bytes were damaged: they become U+FFFD, and the rest stays what it is.

    In another encoding hardly any letters beyond ASCII have the form of UTF-8, and never as many as have not.
    """
    text = data.decode(errors="replace")
    bad = text.count("\ufffd")
    beyond = len(text) - sum(map(text.count, map(chr, range(128)))) - bad
    return text if bad <= beyond else None


def _detected(data: bytes) -> str:
    for encoding in _encodings(data):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")  # fits any bytes


def _encodings(data: bytes) -> list[str]:
    """Return the likeliest encodings, the first one first."""
    first = _HIGH.search(data)
    sample = data[max(0, first.start() - _BEFORE) :] if first else data
    page = code_page(b"\n".join(line for line in sample[:_SAMPLE].splitlines() if not line.isascii())[:_ENOUGH])
    if page and page.sure:
        return [page.page, "cp1252"]
    # loaded only for the odd file: it costs 50 ms
    from charset_normalizer import from_bytes

    found = [match for each in _samples(sample) for match in from_bytes(each)]
    # of equals, the commonest: short Western text fits several code pages
    matches = sorted(found, key=lambda m: (m.chaos, -m.coherence, m.encoding != "cp1252"))
    names = [match.encoding for match in matches]
    if page and not (matches and _is_eastern(str(matches[0]), matches[0].encoding)):
        names.insert(0, page.page)
    return [*names, "cp1252"]


def _is_eastern(text: str, encoding: str) -> bool:
    """Tell whether a text is in Chinese, Japanese or Korean: most of its letters are common ones there."""
    for names, narrow, leads in _COMMON:
        if encoding in names:
            letters = _LETTER.findall(text)
            common = sum(letter.encode(narrow, "replace")[0] in leads for letter in letters)
            return common > 0.9 * len(letters)
    return False


def _samples(data: bytes) -> list[bytes]:
    """Return what to judge by: the first bytes, without half a letter, to which no encoding of several would fit."""
    sample = data[:_SAMPLE]
    whole = sample.rstrip(_WITHIN) if len(data) > _SAMPLE else sample
    return [whole] if len(whole) * 2 > len(sample) else [sample, sample[:-1]]


def _wide(data: bytes) -> str | None:
    """Decode UTF-16 that came without its mark: nearly every other byte of Western text is then zero, and no other."""
    sample = data[:_SAMPLE]
    for encoding, zeros, others in (
        ("utf-16-le", sample[1::2], sample[::2]),
        ("utf-16-be", sample[::2], sample[1::2]),
    ):
        letters = len(others) - others.count(0)
        if zeros.count(0) - others.count(0) > 0.6 * letters > 0:
            try:
                text = data[: len(data) // 2 * 2].decode(encoding).strip("\0")
            except UnicodeDecodeError:
                continue
            if len(_STRANGE.findall(text, 0, _SAMPLE)) <= len(text[:_SAMPLE]) // 100:
                return text
    return None


def _without_holes(data: bytes) -> bytes:
    """Leave out the zeros that a crash leaves in a text. Raises DocumentError where there are more than a few holes."""
    data = data.strip(b"\0")
    sample = data[:_SAMPLE]
    if not sample or len(_HOLE.findall(sample)) > 2 + len(sample) // 1_000:
        raise DocumentError(_BINARY)
    return re.sub(rb"\0+", b" ", data)
