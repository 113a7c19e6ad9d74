"""A file that holds others: each of them is a document of its own, and comes and goes with it."""

from __future__ import annotations

import time
from base64 import b64encode
from email.message import EmailMessage
from pathlib import Path

import pytest
from conftest import Fill
from office import docx, p

from qa import Library
from qa.errors import NotFound, UsageError
from qa.parsers import _unused, parse, parse_all


def mail(body: str, *attached: tuple[str, str | EmailMessage], subject: str = "The walrus") -> bytes:
    """Write a mail with attachments."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Ann Ashe <ann@example.org>", "ben@example.org", subject
    made.set_content(body)
    for name, content in attached:
        if isinstance(content, str):
            made.add_attachment(content.encode(), maintype="application", subtype="octet-stream", filename=name)
        else:
            made.add_attachment(content)
    return bytes(made)


def paths(library: Library) -> dict[str, str | None]:
    """Return what is known, with the reasons."""
    return {file.path: file.reason for file in library.documents()}


def test_an_attachment_is_a_document_of_its_own(library: Library, fill: Fill) -> None:
    fill({"a.eml": mail("See the report.", ("report.md", "# Report\n\nThe otter weighs nine kilograms.\n"))})
    report = library.sync()
    assert (report.added, report.failed) == (2, 0)
    assert paths(library) == {"a.eml": None, "a.eml!/report.md": None}
    hit = library.search("How much does the otter weigh?")[0]
    assert (hit.document.path, hit.document.title, hit.heading) == ("a.eml!/report.md", "Report", ("Report",))
    words = library.text(hit.document.id)[hit.start_char_index : hit.end_char_index]
    assert words == hit.text and library.citation(hit.id).status == "valid"
    assert library.search("report", within="a.eml!/*")


def test_a_mail_is_read_as_its_reader_sees_it(library: Library, fill: Fill) -> None:
    fill({"a.eml": mail("The walrus came on Monday.\n")})
    library.sync()
    found = library.document("a.eml")
    assert found.text() == (
        "From: Ann Ashe <ann@example.org>\nTo: ben@example.org\nSubject: The walrus\n\nThe walrus came on Monday."
    )
    assert (found.title, found.media_type) == ("The walrus", "message/rfc822")


def raw_mail(kind: str, body: bytes, subject: bytes = b"x") -> bytes:
    """Write a mail byte by byte, as programs do that know no rules."""
    return b"From: a@example.org\nSubject: %b\nContent-Type: %b\n\n%b" % (subject, kind.encode(), body)


def body_of(data: bytes) -> str:
    return parse(data, "a.eml").text.partition("\n\n")[2]


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/html; charset=windows-1250", "<p>Žluťoučký kůň</p>".encode("cp1250"), "Žluťoučký kůň"),
        ("text/html; charset=utf-8", "<meta charset=iso-8859-1><p>Grüße</p>".encode(), "Grüße"),
        ("text/html; charset=us-ascii", "<meta charset=koi8-r><p>Привет</p>".encode("koi8-r"), "Привет"),
        ("text/plain; charset=iso-8859-1", b"I don\x92t know \x96 \x80 50", "I don’t know – € 50"),
        ("text/plain; charset=iso-8859-1", b"A \x81 place", "A \x81 place"),
        ("text/plain; charset=utf-7", b"Gr+APw-+AN8-e", "Grüße"),
        ("text/plain; charset=x-unknown", "Grüße".encode(), "Grüße"),
        ("text/plain", b"\xff\xfe\x00", "ÿþ"),
    ],
)
def test_a_body_is_in_the_encoding_that_its_mail_names(kind: str, body: bytes, text: str) -> None:
    assert body_of(raw_mail(kind, body)) == text


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Größe".encode(),
        "Re: Größe".encode("latin-1"),
        b"Re: =?utf-8?q?Gr=C3=B6?= =?utf-8?b?w59l?=",
        b"Re: =?iso-8859-1?Q?Gr=F6=DFe?=",
    ],
)
def test_a_subject_is_read_however_it_is_written(subject: bytes) -> None:
    assert parse(raw_mail("text/plain", b"Hi", subject), "a.eml").title == "Re: Größe"


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "koi8-r"])
def test_a_subject_without_encoded_words_is_in_the_encoding_of_the_body(encoding: str) -> None:
    subject = "Цена" if encoding == "koi8-r" else "Rohe Umlaute äöü ÄÖÜ"
    data = raw_mail(f"text/plain; charset={encoding}", subject.encode(encoding), subject.encode(encoding))
    read = parse(data, "a.eml")
    assert read.title == subject and read.text.endswith(f"\n\n{subject}")


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        (
            "flowed; delsp=yes",
            "A para \ngraph goes \n on.\n> quo \n> ted\n\n-- \nAnn",
            "A paragraph goeson.\n> quoted\n\n-- \nAnn",
        ),
        ("flowed", "The rent \nis 500.\n From \nhere\n>> deep\n> less", "The rent is 500.\nFrom here\n>> deep\n> less"),
        ("fixed", "The rent \nis 500.", "The rent \nis 500."),
    ],
)
def test_lines_that_a_mail_program_broke_are_whole_again(kind: str, body: str, text: str) -> None:
    assert body_of(raw_mail(f"text/plain; format={kind}", body.encode())) == text


WALRUS = "Das Walroß wog am Montag tausend Kilo."


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b64encode(WALRUS.encode()), WALRUS),
        (b64encode(b"Hi"), "Hi"),
        (WALRUS.encode(), WALRUS),
        (b64encode(WALRUS.encode()) + b"\n\n____\nThe list of Ann", f"{WALRUS}\n\n____\nThe list of Ann"),
        (b64encode(WALRUS.encode())[:-7], WALRUS[:-6]),
        (b"Rechtsschutzversicherung\nDear Ms Holt, it is paid.", "Rechtsschutzversicherung\nDear Ms Holt, it is paid."),
        (b64encode("Lösung und größer".encode())[:-1] + b"\n\n--\nA list", "Lösung und größ\n\n--\nA list"),
    ],
)
def test_a_body_that_is_not_all_of_the_form_it_says_is_read_as_what_it_is(body: bytes, text: str) -> None:
    kind = "text/plain; charset=utf-8\nContent-Transfer-Encoding: base64"
    assert body_of(raw_mail(kind, body)) == text


@pytest.mark.parametrize(
    "name",
    [
        b'filename="=?UTF-8?Q?=C3=9Cbersicht.docx?="',
        b'filename="=?UTF-8?B?%b?="' % b64encode("Übersicht.docx".encode()),
        'filename="Übersicht.docx"'.encode(),
        'filename="Übersicht.docx"'.encode("latin-1"),
        b"filename*=utf-8''%C3%9Cbersicht.docx",
    ],
)
def test_an_attachment_is_known_by_its_name_however_that_is_written(name: bytes) -> None:
    head = b"--B\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\nContent-Disposition: "
    body = b"%battachment; %b\n\n%b\n--B--\n" % (head, name, b64encode(docx(p("The rent is 500."))))
    (_, attached) = parse_all(raw_mail("multipart/mixed; boundary=B", body), "a.eml")
    assert attached.path == "a.eml!/Übersicht.docx"
    assert attached.document and attached.document.text == "The rent is 500."


def parts(*of: tuple[str, str]) -> bytes:
    """Write the parts of a body."""
    return "".join(f"--B\nContent-Type: text/{kind}\n\n{words}\n" for kind, words in of).encode() + b"--B--\n"


@pytest.mark.parametrize(
    ("plain", "page", "text"),
    [
        ("The otter sleeps.", "<p>The <b>otter</b> sleeps.</p>", "The otter sleeps."),
        ("See it online.", "<p>" + "The otter sleeps. " * 6, ("The otter sleeps. " * 6).strip()),
        ("Your program does not show HTML.", "<p>The otter sleeps.", "The otter sleeps."),
        ("See http://a.example/b.html now.", "<p>See it now.", "See http://a.example/b.html now."),
        ("The otter sleeps.", "<div>" * 4_000, "The otter sleeps."),
        ("", "<p>The otter sleeps.", "The otter sleeps."),
    ],
)
def test_the_plain_words_of_a_mail_are_taken_unless_they_say_nothing(plain: str, page: str, text: str) -> None:
    body = parts(("plain", plain), ("html", page))
    assert body_of(raw_mail("multipart/alternative; boundary=B", body)) == text


def test_an_invitation_or_a_style_sheet_is_not_read_as_the_words_of_a_mail() -> None:
    body = parts(("plain", "Come."), ("calendar", "BEGIN:VCALENDAR\n" + "X: y\n" * 20))
    assert body_of(raw_mail("multipart/alternative; boundary=B", body)) == "Come."
    assert body_of(raw_mail("multipart/related; boundary=B", parts(("html", "<p>Hi"), ("css", "p {}")))) == "Hi"


def test_a_mailbox_is_parted_only_where_a_mail_begins() -> None:
    mails = [
        b"From a@b.c Mon Jan  1 10:00:00 2024\nSubject: one\n\nHello,\n\n"
        b"From Monday on we open at 09:30.\nFrom Mon to Fri, 10:00, in 2024 too.\n",
        b"From - Tue Jan 02 10:00:00 +0000 2024\r\nSubject: two\r\n\r\n>From here\r\n",
    ]
    _, *found = parse_all(b"\n".join(mails), "a.mbox")
    assert [each.document and each.document.text for each in found] == [
        "Subject: one\n\nHello,\n\nFrom Monday on we open at 09:30.\nFrom Mon to Fri, 10:00, in 2024 too.",
        "Subject: two\n\nFrom here",
    ]


def test_a_thousand_mails_of_one_name_are_named_in_no_time() -> None:
    began, taken = time.process_time(), set[str]()
    names = [_unused("a/Re: x.eml", taken) for _ in range(1_000)]
    assert (names[0], names[-1], len(taken)) == ("a/Re: x.eml", "a/Re: x (1000).eml", 1_000)
    assert time.process_time() - began < 2


def test_what_is_attached_goes_and_comes_with_its_mail(library: Library, folder: Path, fill: Fill) -> None:
    fill({"a.eml": mail("One.", ("one.txt", "The otter is first."), ("two.txt", "The walrus is second."))})
    library.sync()
    otter, walrus = (library.search(name)[0] for name in ("otter", "walrus"))
    fill({"a.eml": mail("One.", ("two.txt", "The walrus is second."), ("three.txt", "The seal is third."))})
    report = library.sync()
    assert (report.added, report.updated, report.unchanged, report.removed) == (1, 0, 2, 1)
    assert list(paths(library)) == ["a.eml", "a.eml!/three.txt", "a.eml!/two.txt"]
    assert (library.citation(otter.id).status, library.citation(walrus.id).status) == ("deleted", "valid")
    (folder / "a.eml").unlink()
    assert library.citation(walrus.id).status == "deleted"
    assert library.sync().removed == 3 and paths(library) == {}


def test_a_sync_with_nothing_changed_opens_nothing_and_keeps_what_is_inside(library: Library, fill: Fill) -> None:
    import os
    import time

    folder = fill({"a.eml": mail("One.", ("one.txt", "The otter is first."), ("bad.docx", "no such thing"))})
    os.utime(folder / "a.eml", (time.time() - 60,) * 2)
    first = library.sync()
    again = library.sync()
    assert (first.failed, again.failed, again.unchanged, again.opened, again.removed) == (1, 1, 2, 0, 0)
    os.utime(folder / "a.eml", (time.time() - 30,) * 2)
    touched = library.sync()
    assert (touched.opened, touched.unchanged, touched.failed, touched.removed) == (1, 2, 1, 0)
    assert library.sync().opened == 0
    assert library.citation(library.search("otter")[0].id).status == "valid"


def test_a_mail_in_a_mail_is_opened_and_too_many_in_one_another_are_told(library: Library, fill: Fill) -> None:
    inner = EmailMessage()
    inner["Subject"] = "Inner"
    inner.set_content("The seal sleeps.")
    fill({"a.eml": mail("Outer.", ("", inner))})
    library.sync()
    assert library.search("seal")[0].document.path == "a.eml!/Inner.eml"
    deep = b"From: a@example.org\n\nThe end."
    for _ in range(6):
        deep = mail("Level.", ("in.eml", deep.decode()))
    fill({"deep.eml": deep})
    library.sync()
    reasons = [reason for path, reason in paths(library).items() if path.startswith("deep") and reason]
    assert reasons == ["It stands in too many others: take it out of them."]


def test_names_of_attachments_lead_nowhere_else(library: Library, fill: Fill) -> None:
    fill(
        {"a.eml": mail("x", ("../../etc/passwd", "root one"), ("C:\\x\\y.txt", "two"), ("y.txt", "3"), ("y.txt", "4"))}
    )
    library.sync()
    assert list(paths(library)) == [
        "a.eml",
        "a.eml!/C:/x/y.txt",
        "a.eml!/etc/passwd",
        "a.eml!/y (2).txt",
        "a.eml!/y.txt",
    ]


def test_an_attachment_alone_cannot_be_deleted(library: Library, folder: Path, fill: Fill) -> None:
    fill({"a.eml": mail("One.", ("one.txt", "The otter is first."))})
    library.sync()
    with pytest.raises(NotFound, match=r"stands in a\.eml"):
        library.delete("a.eml!/one.txt")
    assert (folder / "a.eml").exists()
    assert library.original("a.eml!/one.txt") == folder / "a.eml"


def test_what_is_attached_is_forgotten_with_its_mail_and_never_alone(
    library: Library, folder: Path, fill: Fill
) -> None:
    fill({"a.eml": mail("One.", ("one.txt", "The otter is first."), ("two.txt", "The seal is second."))})
    library.sync()
    with pytest.raises(UsageError, match=r"stands in a\.eml, which is still in the folder: forget that\."):
        library.forget("a.eml!/one.txt", delete_file=True)
    assert library.forget(None).paths == ()
    assert library.search("otter") and (folder / "a.eml").exists()
    fill({"a.eml": mail("One.", ("two.txt", "The seal is second."))})
    library.sync()
    assert library.forget("a.eml!/one.txt").paths == ("a.eml!/one.txt",)
    assert library.forget("a.eml", delete_file=True).paths == ("a.eml", "a.eml!/two.txt")
    assert paths(library) == {} and not (folder / "a.eml").exists()


@pytest.mark.parametrize(
    "body",
    [
        b"--YY\nContent-Type: text/plain\n\nThe grebe.\n--YY\nContent-Type: text/plain; name=a.txt\n\nseal\n--YY--\n",
        b"Hello,\n\n--\nThe grebe.\n",
    ],
)
def test_a_body_is_read_whose_boundary_is_not_the_one_that_its_mail_names(body: bytes) -> None:
    found = list(parse_all(raw_mail("multipart/mixed; boundary=XX", body), "a.eml"))
    assert found[0].document and "The grebe." in found[0].document.text and "Content-" not in found[0].document.text
    assert [each.path for each in found[1:]] == ["a.eml!/a.txt"] * (b"seal" in body)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no mail at all", "It is no mail: there are no headers in it."),
        (b"Content-Type: multipart/encrypted\n\nx", "It is encrypted: save what your mail program shows of it."),
    ],
)
def test_what_is_no_mail_is_told(data: bytes, reason: str, library: Library, fill: Fill) -> None:
    fill({"a.eml": data})
    library.sync()
    assert paths(library) == {"a.eml": reason}
