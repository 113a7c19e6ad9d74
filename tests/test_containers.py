"""A file that holds others: each of them is a document of its own, and comes and goes with it."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from conftest import Fill

from qa import Library
from qa.errors import NotFound, UsageError


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
