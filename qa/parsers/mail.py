"""Mail: the headers that people read, the body, and the attachments as files of their own."""

from __future__ import annotations

import email.policy
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value
from mimetypes import guess_extension

from qa.decoding import decode
from qa.documents import TITLE_LENGTH, Container, Document
from qa.errors import DocumentError
from qa.parsers.html import parse_html

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_LONGEST_NAME = 100
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})


def parse_mail(data: bytes) -> Container:
    """Read a mail. Its body is the plain one where it has two. Raises DocumentError where it is encrypted."""
    # the older policy: the newer one raises on headers that are only a little wrong, and mail is full of these
    mail = message_from_bytes(data, policy=email.policy.compat32)
    if not mail.keys():
        raise DocumentError("It is no mail: there are no headers in it.")
    return read_mail(mail)


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
    raw = str(mail.get(name, ""))
    try:
        parts = decode_header(raw)
    except HeaderParseError:
        parts = [(raw, None)]
    words = "".join(each if isinstance(each, str) else _decoded(each, charset) for each, charset in parts)
    return " ".join(words.split())


def _decoded(data: bytes, charset: str | None) -> str:
    """Decode in the encoding that is named, in the likeliest where that is none or unknown."""
    try:
        return data.decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return decode(data) if data else ""


def _body(mail: Message) -> str:
    """Return the words of the body: of two that say the same the plain one."""
    if mail.get_content_maintype() == "multipart":
        parts = [part for part in _parts(mail) if not _is_attached(part)]
        if mail.get_content_subtype() == "alternative":
            plain = [part for part in parts if part.get_content_type() == "text/plain" and _body(part).strip()]
            parts = plain[:1] or parts[-1:]
        return "\n\n".join(filter(None, map(_body, parts)))
    if mail.get_content_maintype() != "text" or _is_attached(mail):
        return ""
    data = _payload(mail)
    if mail.get_content_subtype() == "html":
        return parse_html(data).text if data.strip() else ""
    return _decoded(data, mail.get_content_charset()).replace("\r\n", "\n").strip("\n")


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
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


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
    named = part.get_filename()
    suffix = guess_extension(part.get_content_type()) or ".bin"
    return collapse_rfc2231_value(named) if named else f"attachment{suffix}"


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
