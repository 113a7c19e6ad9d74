"""Mail: the headers that people read, the body, and the attachments as files of their own."""

from __future__ import annotations

import email.policy
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from email import message_from_bytes, message_from_string
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value
from mimetypes import guess_extension

from qa.decoding import believed, decode
from qa.documents import TITLE_LENGTH, Container, Document
from qa.errors import DocumentError
from qa.parsers.html import parse_html

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_LONGEST_NAME = 100
_WORD = r"=\?[^?\s]{1,80}\?[bq]\?[^\r\n]{0,1000}?\?="
_ENCODED = re.compile(rf"{_WORD}(?:\s*{_WORD})*", re.I)
"""Words of a header in letters of ASCII, one of which may go on in the next."""
_NO_WORDS = frozenset({"css", "javascript"})
"""Kinds of text that nobody reads."""
_STUB = 5
"""The plain words of a mail are none where the page beside them has so many times more."""
_SAYS_HTML = re.compile(r"(?<![\w./-])html\b(?!\.\w|/)", re.I)
"""They are none either where they speak of it: «Your program does not show HTML.»"""
_BOUNDARY = re.compile(r"^--([^\s\"\\]{1,70})[ \t]*\r?\n(?=Content-[\w-]{1,40}:)", re.I | re.M)
"""A line that parts a body, whatever its mail says."""
_BASE64 = re.compile(rb"\s*(?:[A-Za-z0-9+/]+={0,2}[ \t]*(?:\r?\n|\Z))+")
_NO_LETTER = re.compile("[\x00-\x08\x0e-\x1f\ufffd]")
_NO_WORD = 16
"""Fewer letters of it may as well be a word."""
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})


def parse_mail(data: bytes) -> Container:
    """Read a mail. Its body is the plain one where it has two. Raises DocumentError where it is encrypted."""
    return read_mail(_mail(data))


def pages(data: bytes) -> list[Document]:
    """Read the pages in a mail, as browsers save one with all that it shows. Raises DocumentError where it is none."""
    return [_page(part) for part in _walk(_mail(data)) if part.get_content_type() == "text/html"]


def _mail(data: bytes) -> Message:
    # the older policy: the newer one raises on headers that are only a little wrong, and mail is full of these
    mail = message_from_bytes(data, policy=email.policy.compat32)
    if not mail.keys():
        raise DocumentError("It is no mail: there are no headers in it.")
    return mail


def read_mail(mail: Message) -> Container:
    """Read what was parsed as a mail, or made one. Raises DocumentError where it is encrypted."""
    if mail.get_content_type() in _ENCRYPTED:
        raise DocumentError("It is encrypted: save what your mail program shows of it.")
    head = "\n".join(f"{name}: {words}" for name in _HEADERS if (words := _header(mail, name)))
    body = _body(mail)
    text = "\n\n".join(filter(None, (head, body)))
    subject = _header(mail, "Subject")[:TITLE_LENGTH]
    document = Document(text, subject, "message/rfc822") if text.strip() else None
    return Container(document, _attachments(mail))


def _header(mail: Message, name: str) -> str:
    """Return a header as people read it, on one line."""
    return " ".join(_ENCODED.sub(_readable, _raw(mail, name)).split())


def _raw(mail: Message, name: str) -> str:
    """Return a header as it stands there; in letters beyond ASCII too, which programs write against the rules."""
    raw = next((str(words) for each, words in mail.raw_items() if each.lower() == name.lower()), "")
    data = raw.encode("utf-8", "surrogateescape")
    try:
        return data.decode()
    except UnicodeDecodeError:  # the encoding of the body, most likely
        return _decoded(data, next(filter(None, (part.get_content_charset() for part in _walk(mail))), None))


def _readable(encoded: re.Match[str]) -> str:
    try:
        parts = decode_header(encoded[0])
    except HeaderParseError:
        return encoded[0]
    return "".join(each if isinstance(each, str) else _decoded(each, charset) for each, charset in parts)


def _decoded(data: bytes, charset: str | None) -> str:
    """Decode in the encoding that is named, in the likeliest where that is none or does not fit."""
    text = _named(data, charset)
    try:
        return decode(data) if text is None else text
    except DocumentError:  # one part of many: the others are not lost for it
        return data.decode("latin-1").replace("\0", "")


def _named(data: bytes, charset: str | None) -> str | None:
    """Decode in the encoding that is named; None where that is none or does not fit."""
    if not charset:
        return None
    if (text := believed(data, charset)) is not None:
        return text
    try:
        return data.decode(charset)  # also in those that no file says it is in: UTF-7, UTF-16
    except (LookupError, ValueError):
        return None


def _body(mail: Message) -> str:
    """Return the words of the body: of two that say the same the plain one."""
    if mail.get_content_maintype() == "multipart":
        parts = [part for part in _parts(mail) if not _is_attached(part)]
        if mail.get_content_subtype() == "alternative":
            return _alternative(parts)
        return "\n\n".join(filter(None, map(_body, parts)))
    if mail.get_content_maintype() != "text" or mail.get_content_subtype() in _NO_WORDS or _is_attached(mail):
        return ""
    if mail.get_content_subtype() == "html":
        return _page(mail).text if _payload(mail).strip() else ""
    text = _decoded(_payload(mail), mail.get_content_charset()).replace("\r\n", "\n")
    return (_unflowed(text, mail) if str(mail.get_param("format")).lower() == "flowed" else text).strip("\n")


def _unflowed(text: str, mail: Message) -> str:
    """Join the lines that a mail program broke: they end with a space (RFC 3676), which may be no part of the words."""
    last = -1 if str(mail.get_param("delsp")).lower() == "yes" else None
    out: list[str] = []
    before: str | None = None
    for line in text.split("\n"):
        words = line.lstrip(">")
        depth, words = line[: len(line) - len(words)], words.removeprefix(" ")
        if before != depth:
            out += ["\n", f"{depth} " if depth and words else depth]
        flows = words.endswith(" ") and words != "-- "
        out += [words[:last] if flows else words]
        before = depth if flows else None
    return "".join(out[1:])


def _alternative(parts: Sequence[Message]) -> str:
    """Return the plain words; the others where the plain ones only say that there are others."""
    plain = next((words for part in parts if part.get_content_type() == "text/plain" and (words := _body(part))), "")
    shown = [part for part in parts if part.get_content_type() == "text/html" or part.is_multipart()]
    try:
        rich = "".join(map(_body, shown[-1:] or ([] if plain else parts[-1:])))
    except DocumentError:
        if not plain:
            raise
        return plain
    few = len(plain.split()) * _STUB < len(rich.split())
    return rich if rich and (few or (_SAYS_HTML.search(plain) and not _SAYS_HTML.search(rich))) else plain


def _page(part: Message) -> Document:
    """Read a page, in the encoding that the mail names: what the page itself says is of where it comes from."""
    data = _payload(part)
    text = _named(data, part.get_content_charset())
    return parse_html(data if text is None else b"\xef\xbb\xbf" + text.encode("utf-8", "replace"))


def mail_name(mail: Message) -> str:
    """Name a mail as a file."""
    return f"{_header(mail, 'Subject')[:_LONGEST_NAME] or 'message'}.eml".replace("/", "_")


def _attachments(mail: Message) -> Iterator[tuple[str, bytes]]:
    for part in _walk(mail):
        if part.get_content_type() == "message/rfc822":
            for inner in _parts(part):
                yield mail_name(inner), inner.as_bytes()
        elif _is_attached(part) and part.get_content_maintype() != "multipart" and not _is_shown(part):
            yield _name(part), _payload(part)


def _walk(mail: Message) -> Iterator[Message]:
    """Yield the parts of a mail, but not those of a mail in it, which has them itself."""
    yield mail
    for part in _parts(mail) if mail.get_content_type() != "message/rfc822" else ():
        yield from _walk(part)


def _parts(mail: Message) -> list[Message]:
    payload = mail.get_payload()
    if isinstance(payload, list):
        return [part for part in payload if isinstance(part, Message)]
    return _parted(str(payload)) if mail.get_content_maintype() == "multipart" else []


def _parted(body: str) -> list[Message]:
    """Part a body in which the boundary that its mail names is not; all of it is one part where there is no other."""
    found = _BOUNDARY.search(body)
    kind = f'Content-Type: multipart/mixed; boundary="{found[1]}"' if found else ""
    parted = message_from_string(f"{kind}\n\n{body}")
    return _parts(parted) if found else [parted]


def _is_attached(part: Message) -> bool:
    """Tell whether a part is a file: it says so, or it has a name, or it is nothing that can be read on the way."""
    if part.get_content_maintype() in ("multipart", "message"):
        return part.get_content_type() == "message/rfc822"
    return (
        part.get_content_disposition() == "attachment"
        or part.get_filename() is not None
        or part.get_content_maintype() != "text"
    )


def _is_shown(part: Message) -> bool:
    """Tell whether a part is a picture that a body shows: a logo, a smile."""
    return part.get_content_maintype() == "image" and part.get_content_disposition() != "attachment"


def _name(part: Message) -> str:
    said = Message()
    for header in ("Content-Disposition", "Content-Type"):
        said[header] = _raw(part, header)
    named = said.get_filename()
    suffix = guess_extension(part.get_content_type()) or ".bin"
    return _ENCODED.sub(_readable, collapse_rfc2231_value(named)) if named else f"attachment{suffix}"


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    if part.get_content_maintype() != "text" or str(part["Content-Transfer-Encoding"]).strip().lower() != "base64":
        return data
    raw = part.get_payload()
    charset = part.get_content_charset()
    return _half_encoded(raw.encode("utf-8", "surrogateescape"), data, charset) if isinstance(raw, str) else data


def _half_encoded(raw: bytes, decoded: bytes, charset: str | None) -> bytes:
    """Return what is not base64, though it is said to be, as it stands: a list adds its footer so, or all is plain."""
    found = _BASE64.match(raw)
    letters, rest = (b"".join(found[0].split()), raw[found.end() :]) if found else (b"", raw)
    if not rest.strip() and len(letters) % 4 != 1:
        return decoded
    if len(letters) < _NO_WORD:
        return raw
    try:
        first = b64decode(letters[: len(letters) // 4 * 4])  # cut within a letter, most likely
    except ValueError:
        return raw
    return first + b"\n" + rest if _is_text(first, charset) else raw


def _is_text(data: bytes, charset: str | None) -> bool:
    """Tell whether bytes are text in the encoding that is named, or in UTF-8; the last letter may be cut."""
    for name in filter(None, (charset, "utf-8")):
        try:
            if not _NO_LETTER.search(data.decode(name, "replace")[:-1]):
                return True
        except (LookupError, ValueError):
            continue
    return False
