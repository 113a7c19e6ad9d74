"""Citations are exact, and can be looked up again."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from conftest import QUESTION, QUOTE, SEEDS, Fill
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa import Library
from qa.citations import citation_id, cite, parse_id
from qa.errors import MalformedCitation, NotFound, UnknownCitation, UsageError
from qa.settings import read_settings
from qa.spans import Span


def file_text(name: str) -> str:
    return (SEEDS / name).read_bytes().decode()


def test_the_question_of_the_seeds_is_answered_with_the_exact_words(seeds: Library) -> None:
    """text[start:end] == cited_text for every citation that any door serves."""
    answer = seeds.ask(QUESTION)
    citation = answer.citations[0]
    assert QUOTE in (citation.cited_text or "")
    text = file_text(citation.document.path)
    for each in answer.citations:
        assert text[each.start_char_index : each.end_char_index] == each.cited_text
    for hit in answer.passages:
        assert text[hit.start_char_index : hit.end_char_index] == hit.text


def test_a_citation_is_looked_up_with_the_words_around_it(seeds: Library) -> None:
    citation = seeds.ask(QUESTION).citations[0]
    again = seeds.citation(citation.id, context=100)
    assert (again.status, again.cited_text, again.start_line) == ("valid", citation.cited_text, 11)
    text = file_text(citation.document.path)
    assert (
        again.before + (again.cited_text or "") + again.after
        == text[again.start_char_index - 100 : again.end_char_index + 100]
    )
    assert again.before.endswith(again.prefix) and again.after.startswith(again.suffix)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_any_span_of_any_document_has_a_citation(seeds: Library, data: st.DataObject) -> None:
    (file,) = seeds.documents()
    text, assert_id = file.text(), file.id or ""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    citation = seeds.citation(citation_id(assert_id, Span(start, end)), context=50)
    assert citation.cited_text == text[start:end]
    assert citation.prefix + text[start:end] + citation.suffix in text
    assert citation.start_line == 1 + text.count("\n", 0, start)
    assert citation.end_line == 1 + text.count("\n", 0, end - 1)


D = "3f2a9c1b7d4e0c5a"


@pytest.mark.parametrize(
    "id_",
    ["", "x", D, f"{D}.5-5", f"{D}.9-5", f"{D.upper()}.1-5", f"{D}.01-5", f"{D}.1-{'9' * 30}", "../../etc/passwd"]
    + [f"{D}.1-5\n", f"{D}.-1-5", f"{D}.١-٥", f"{D}.1-5/..", f"{D} .1-5"],
)
def test_a_malformed_id_is_told_from_an_unknown_one(seeds: Library, id_: str) -> None:
    with pytest.raises(MalformedCitation, match="That is not the id of a citation: one looks like"):
        seeds.citation(id_)


def test_an_unknown_or_impossible_id_says_what_is_wrong(seeds: Library) -> None:
    with pytest.raises(UnknownCitation, match="No document here has, or had, an id that begins with 3f2a9c1b7d4e0c5a"):
        seeds.citation("3f2a9c1b7d4e0c5a.1-5")
    prefix, _ = parse_id(seeds.ask(QUESTION).citations[0].id)
    for span in ("0-999999999999", "2167-2168"):
        with pytest.raises(UnknownCitation, match=r"The document has 2,167 characters, and no place"):
            seeds.citation(f"{prefix}.{span}")
    for context in (-1, 10**9):
        with pytest.raises(UsageError, match="context must be from 0 to"):
            seeds.citation(f"{prefix}.0-5", context=context)


def test_an_invented_quote_is_no_citation(seeds: Library) -> None:
    catalog = seeds._index.catalog()
    entry = catalog.entries()[0]
    with pytest.raises(NotFound, match="do not stand there"):
        cite(catalog, entry, Span(0, 10), quote="not there!")
    with pytest.raises(NotFound, match="stand nowhere"):
        seeds.resolve("words that nobody wrote")


def test_a_quote_is_resolved_to_its_citation(library: Library, fill: Fill) -> None:
    fill({"a.txt": "One fox here.\nThe other\n  fox there.", "b.txt": "No such animal."})
    library.sync()
    assert library.resolve("fox", prefix="other ").start_char_index == 26
    assert library.resolve("fox", suffix=" here").start_char_index == 4
    assert library.resolve("other fox").cited_text == "other\n  fox"  # white space may be of another length
    assert library.resolve("animal", document="b.txt").document.path == "b.txt"
    with pytest.raises(NotFound):
        library.resolve("fox", document="b.txt")
    for quote in ("", "  ", "x" * 100_000):
        with pytest.raises(UsageError):
            library.resolve(quote)


def test_valid_is_never_stale(library: Library, fill: Fill) -> None:
    """A citation that is looked up is checked against the file's stat first, so `valid` is never stale."""
    fill({"a.txt": "The marten sleeps by day.", "b.txt": "The owl does too."})
    library.sync()
    citation = library.resolve("marten sleeps")
    assert library.citation(citation.id).status == "valid"

    past = time.time() - 3600  # written again with the same words: still valid
    os.utime(library.folder / "a.txt", (past, past))
    assert library.citation(citation.id).status == "valid"

    fill({"a.txt": "The badger sleeps by day."})  # edited, and not synced yet
    edited = library.citation(citation.id)
    assert (edited.status, edited.cited_text, edited.document.path) == ("changed", None, "a.txt")

    fill({"a.txt": "By day the marten sleeps."})
    moved = library.citation(citation.id)
    assert moved.current and (moved.status, moved.current.start_char_index) == ("moved", 11)
    assert moved.current.document.id != citation.document.id and moved.current.cited_text == "marten sleeps"

    (library.folder / "a.txt").unlink()
    assert library.citation(citation.id).status == "deleted"
    library.sync()
    assert library.citation(citation.id).status == "deleted"

    fill({"sub/c.txt": "The marten sleeps by day."})  # the same text is back
    library.sync()
    back = library.citation(citation.id)
    assert (back.status, back.cited_text, back.document.path) == ("valid", "marten sleeps", "sub/c.txt")


def test_a_citation_names_page_line_and_heading(library: Library, fill: Fill, pdf: bytes) -> None:
    fill({"a.md": "# Top\n\nintro\n\n## Deep\n\nthe place\nof two lines\n", "b.pdf": pdf})
    library.sync()
    citation = library.resolve("place of two")
    assert (citation.heading, citation.start_line, citation.end_line, citation.start_page_number) == (
        ("Top", "Deep"),
        7,
        8,
        None,
    )
    page = library.resolve("page says two")
    assert (page.start_page_number, page.end_page_number, page.document.media_type) == (2, 2, "application/pdf")


def test_a_citation_that_does_not_start_its_passage_is_shifted_right(library: Library, fill: Fill) -> None:
    filler = "".join(f"Sentence number {i} is here to fill the room. " for i in range(100))
    text = f"{filler}\n\nThe golden pelican landed in Utrecht in 1871. {filler}"
    fill({"a.txt": text})
    library.sync()
    answer = library.ask("When did the golden pelican land in Utrecht?")
    citation = answer.citations[0]
    assert citation.cited_text == "The golden pelican landed in Utrecht in 1871."
    assert text[citation.start_char_index : citation.end_char_index] == citation.cited_text
    assert citation.start_char_index > 4_000


def test_a_file_that_was_written_just_before_it_was_read_is_not_parsed_at_each_lookup(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill({"a.txt": "The marten sleeps by day."})
    library.sync()
    citation = library.resolve("sleeps by day")
    monkeypatch.setattr("qa.workers.read_files", lambda *_, **__: pytest.fail("it has the bytes that it had"))
    assert library.citation(citation.id).status == "valid"
    os.utime(folder / "a.txt", (1, 1))  # touched, and the same
    assert library.citation(citation.id).status == "valid"


@pytest.mark.parametrize("instead", ["folder", "link"])
def test_what_stands_in_place_of_a_file_and_is_none_does_not_count_as_one(
    library: Library, fill: Fill, instead: str
) -> None:
    place = fill({"a.txt": "The marten sleeps by day.", "b.txt": "Owls."}) / "a.txt"
    library.sync()
    citation = library.resolve("sleeps by day")
    library._giving.remember([citation])
    place.unlink()
    if instead == "folder":
        place.mkdir()
    else:
        place.symlink_to("b.txt")
    assert library.citation(citation.id).status == "deleted"
    library.sync()
    assert library.citation(citation.id).status == "deleted"


def test_what_is_behind_a_folder_that_became_a_link_does_not_count(
    library: Library, fill: Fill, tmp_path: Path
) -> None:
    folder = fill({"sub/a.txt": "The marten sleeps by day.", "b.txt": "Owls."})
    library.sync()
    citation = library.resolve("sleeps by day")
    library._giving.remember([citation])
    (folder / "sub").rename(tmp_path / "elsewhere")
    (folder / "sub").symlink_to(tmp_path / "elsewhere")
    assert library.citation(citation.id).status == "deleted"
    assert [each.status for each in library.audit().citations] == ["deleted"]
    with pytest.raises(NotFound, match="stand nowhere"):
        library.resolve("sleeps by day")


def test_a_file_that_became_too_large_is_not_read_at_a_lookup(
    folder: Path, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill({"a.txt": "The marten sleeps by day.", "b.txt": "Owls."})
    with Library.open(folder, settings=read_settings(max_file_mb=0.0001)) as library:
        library.sync()
        citation = library.resolve("sleeps by day")
        library._giving.remember([citation])
        monkeypatch.setattr("qa.present.read_file", lambda *_: pytest.fail("it is too large"))
        fill({"a.txt": "The marten sleeps by day. " * 10})
        assert library.citation(citation.id).status == "changed"
        assert [each.status for each in library.audit().citations] == ["changed"]
        with pytest.raises(NotFound, match="stand nowhere"):
            library.resolve("sleeps by day")
        assert not library.ask("When does the marten sleep?", rerank=False).citations


def test_a_document_that_goes_while_it_is_looked_up_is_there_or_is_gone(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*args: object, **options: object) -> object:
        (folder / "a.txt").unlink(missing_ok=True)
        library.sync(wait=False)
        return cite(*args, **options)  # type: ignore[arg-type]

    folder = fill({"a.txt": "The marten sleeps by day.", "b.txt": "Owls."})
    library.sync()
    citation = library.resolve("sleeps by day")
    monkeypatch.setattr("qa.lookup.cite", late)
    assert library.citation(citation.id).cited_text == "sleeps by day"  # it was there when it was looked at
    assert library.citation(citation.id).status == "deleted"
    monkeypatch.setattr("qa.resolving.cite", late)
    fill({"a.txt": "The marten sleeps by day."})
    library.sync()
    with pytest.raises(NotFound, match="stand nowhere"):
        library.resolve("sleeps by day")
