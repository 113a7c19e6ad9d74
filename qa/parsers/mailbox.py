"""Mailboxes: each mail is a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from email.policy import compat32

from qa.documents import Container
from qa.errors import DocumentError
from qa.parsers.mail import mail_name

_BEGINS = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From \S(?=[^\r\n]*\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b)"
    rb"(?=[^\r\n]*\d\d:\d\d)(?=[^\r\n]*\b(?:19|20)\d\d\b)[^\r\n]*\r?\n"
)
"""The line before a mail: who sent it, and when; above it is nothing, or an empty line."""
_QUOTED = re.compile(rb"^>(>*From )", re.M)


def parse_mailbox(data: bytes) -> Container:
    """Read a mailbox. Raises DocumentError where it has no mail."""
    data = data.lstrip()
    if not _BEGINS.match(data):
        raise DocumentError("It is no mailbox: it does not begin with a mail.")
    return Container(None, _mails(data))


def _mails(data: bytes) -> Iterator[tuple[str, bytes]]:
    starts = [match.span() for match in _BEGINS.finditer(data)]
    for (_, start), (end, _) in zip(starts, [*starts[1:], (len(data), 0)], strict=True):
        mail = _QUOTED.sub(rb"\1", data[start:end])  # a line that begins as a mail does is quoted in it
        yield mail_name(BytesHeaderParser(policy=compat32).parsebytes(mail)), mail
