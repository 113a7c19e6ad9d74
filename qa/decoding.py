"""The bytes of a text in; the text out, in the encoding that it is most likely in."""

from __future__ import annotations

import codecs
import re

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
_SPOILT = 0.05
"""A text with fewer bad places than this share of its letters beyond ASCII is UTF-8 that was spoilt somewhere."""

_DECLARED = re.compile(rb"""\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]+)""")
_SUPERSETS = {"euc_kr": "cp949", "gb2312": "gb18030", "shift_jis": "cp932", "iso8859-1": "cp1252"}
"""What is meant where one of these is declared and does not fit."""
_NO_TEXTS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"})
_C1 = re.compile("[\x80-\x9f]")
"""Control characters that no text has: where Latin-1 has them, Windows has its quotation marks and dashes."""
_ESCAPED = (("iso2022_kr", b"\x1b$)C"), ("iso2022_jp_ext", b"\x1b$"))
"""Encodings of seven bits, by what switches them to another alphabet: the bytes alone would pass as UTF-8."""
_OF_WINDOWS = re.compile(rb"[\x80-\x9f]")
_HIGH_BYTES = bytes(range(128, 256))
_WITHIN = bytes(range(0x30, 256))
"""What a letter of several bytes may be cut before or within; white space and most signs stand for themselves."""
_ENOUGH = 30
"""So many letters beyond ASCII tell by what they lack."""


def decode(data: bytes, named: str | None = None) -> str:
    """Decode bytes, less a byte order mark, in the encoding that is named with them, or in themselves, if they fit it.

    Raises DocumentError where they are no text.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], encoding)
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
    sample = text[:_SAMPLE]
    # a log may ring its bells and colour its lines; a text has no zeros
    if "\0" in sample or len(_CONTROL.findall(sample)) > len(sample) // 10:
        text = _wide(data)
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
    """Decode UTF-8 of which a few bytes were damaged: they become U+FFFD, and the rest stays what it is."""
    text = data.decode(errors="replace")
    beyond = len(text) - sum(map(text.count, map(chr, range(128)))) if "\ufffd" in text else 0
    return text if text.count("\ufffd") < _SPOILT * beyond else None


def _detected(data: bytes) -> str:
    if b"\0" in data[:_SAMPLE]:
        return _wide(data)
    for encoding in _encodings(data):
        try:
            return data.decode(_of_iso(data) if encoding == "cp1250" else encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")  # fits any bytes


def _of_iso(data: bytes) -> str:
    """Tell Windows-1250 from ISO-8859-2, which has the same letters but for ten, and nothing in two rows."""
    high = len(data) - len(data.translate(None, _HIGH_BYTES))
    return "cp1250" if high < _ENOUGH or _OF_WINDOWS.search(data) else "iso8859-2"


def _encodings(data: bytes) -> list[str]:
    if is_western(data[:_SAMPLE]):
        return ["cp1252"]
    # loaded only for the odd file: it costs 50 ms
    from charset_normalizer import from_bytes

    found = [match for sample in _samples(data) for match in from_bytes(sample)]
    # of equals, the commonest: short Western text fits several code pages
    matches = sorted(found, key=lambda m: (m.chaos, -m.coherence, m.encoding != "cp1252"))
    return [*(match.encoding for match in matches), "cp1252"]


def _samples(data: bytes) -> list[bytes]:
    """Return what to judge by: the first bytes, without half a letter, to which no encoding of several would fit."""
    sample = data[:_SAMPLE]
    whole = sample.rstrip(_WITHIN) if len(data) > _SAMPLE else sample
    return [whole] if len(whole) * 2 > len(sample) else [sample, sample[:-1]]


def _wide(data: bytes) -> str:
    """Decode UTF-16 that came without its mark: nearly every other byte of Western text is then zero."""
    sample = data[:_SAMPLE]
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        if zeros and zeros.count(0) > 0.6 * len(zeros) and len(data) % 2 == 0:
            return _strictly(data, encoding)
    raise DocumentError("It is binary, not text.")


# Windows-1252, the commonest by far: statistics do not know a short text in it from one in twenty other code pages.

_ALPHABETS = (
    "äöüßéÄÖÜ",
    "àâæçèéêëîïôœùûüÿÀÂÆÇÈÉÊËÎÏÔŒÙÛÜ",
    "áéíñóúüçÁÉÍÑÓÚÜ",
    "àèéìíòóùúÀÈÉÌÒÙ",
    "áâãàçéêíóôõúüÁÂÃÀÇÉÊÍÓÔÕÚ",
    "åäöæøéèüÅÄÖÆØÉ",
    "àçèéíïòóúüÀÇÈÉÍÏÒÓÚÜ",
    "áéíóúàèìòùâêîôûëïöüÁÉÍÓÚ",
)
"""The letters beyond ASCII of German, French, Spanish, Italian, Portuguese, of Scandinavia, Catalan and Gaelic."""
_STRANGE = 0.04
"""The share of letters of other alphabets that a text may have, in names."""
_HIGH = re.compile(r"[^\x00-\x7f]")
_SIGN = re.compile(
    r"[£€¥¢](?=[\s\d,.;:)]|$)|(?<![A-Za-z])[£€¥¢](?=[A-Za-z])|(?<=\d)[%‰°ºª]|(?<=\s)°(?=[CF]\b)"  # money, degrees
    r"|(?<=[A-Za-z\d])[²³](?![A-Za-z])|(?<=\d)[¼½¾×±]|(?<=\s)[¼½¾×±÷µ]"  # measures
    r"|[©®™§¶†‡•·–—…\xa0\xad]"
    r"|[“‘„‚«‹¿¡](?=[\w\s])(?<![A-Za-z].)|(?<=\S)[”“’‘»›](?![A-Za-z])|(?<=[A-Za-z])’(?=[A-Za-z])|(?<=\s)[«»‹›](?=\s)"
)
"""Signs where they stand in texts: no word has one inside but an apostrophe."""
_TOGETHER = re.compile(r"[^\W\d_a-zA-Z]{3}")
"""Letters beyond ASCII side by side, as in scripts that have no others."""
_ENGLISH = re.compile(r"\b(?:the|and|of|with)\b", re.I)
_EVERY = 15
"""English has one of these in so many words; names in it may be of any language."""


def is_western(sample: bytes) -> bool:
    """Tell whether bytes, read as Windows-1252, are a text of one Western language."""
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:  # five of its places are empty
        return False
    high = [match.start() for match in _HIGH.finditer(text)]
    letters = [text[at] for at in high if text[at].isalpha() and text[at] not in "ªºµƒˆ"]
    signs = len({match.start() for match in _SIGN.finditer(text)})
    if signs < len(high) - len(letters) or _TOGETHER.search(text):
        return False
    known = max(sum(letter in alphabet for letter in letters) for alphabet in _ALPHABETS)
    english = len(_ENGLISH.findall(text)) * _EVERY >= len(text.split())
    return english or len(letters) - known <= _STRANGE * len(letters)
