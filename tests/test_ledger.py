"""What became of a citation is said rightly, whatever was done to the files since it was given."""

from __future__ import annotations

import itertools
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from conftest import Fill
from hypothesis import given, settings
from hypothesis import strategies as st
from test_anchoring import within
from test_catalog import without_ledger

from qa import Library
from qa.citations import Citation, citation_id
from qa.errors import IndexVersion, StorageError
from qa.ledger import Ledger
from qa.settings import read_settings
from qa.spans import Span


class Cheap:
    """An embedder that takes no time."""

    fingerprint, width = "cheap", 4

    def embed(self, texts: list[str]) -> np.ndarray:
        return np.eye(4, dtype=np.float32)[[len(text) % 4 for text in texts]]

    def embed_query(self, text: str) -> np.ndarray:
        return np.eye(4, dtype=np.float32)[len(text) % 4]


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    with Library.open(folder, embedder=Cheap()) as opened:
        yield opened


def give(library: Library, path: str, words: str) -> Citation:
    """Cite words of a file, as an answer would."""
    document = library.document(path)
    start = document.text().index(words)
    citation = library.citation(citation_id(document.id or "", Span(start, start + len(words))))
    library._giving.remember([citation], "Why?")
    return citation


# Any edits.

_LETTERS = st.characters(categories=("L", "N", "P", "Zs"), exclude_characters="\ufeff")
_PLAIN = st.lists(st.text(st.characters(categories=("Ll", "Lo", "N")), min_size=4, max_size=9), min_size=6, max_size=14)
_ODD = st.lists(st.text(_LETTERS, min_size=4, max_size=9), min_size=8, max_size=14)
_SENTENCE = (
    (_PLAIN | _ODD)
    .map(" ".join)
    .filter(lambda words: sum(map(str.isalnum, words)) >= 24)
    .filter(lambda words: words[-1] not in "-\u2010\u2011")  # at a line end it may break a word
)


@dataclass(eq=False)
class File:
    """A file of the model: it stays the same one when it is edited or renamed."""

    path: str
    parts: list[str]


@dataclass
class Claim:
    """A citation that was given, and what the model knows of it."""

    citation: Citation
    text: str
    words: str
    holders: list[File] = field(default_factory=list)
    """The files that held the text when it went, and are there."""
    gone: set[str] = field(default_factory=set)
    """The paths of those that are not."""
    found: str | None = None
    """The path at which the words were found, among several that are right."""
    forgotten: bool = False
    """Whether a file that had the words was removed while they stood nowhere else."""


class Model:
    """A folder as the edits made it; says what became of each citation, from the edits alone."""

    def __init__(self, folder: Path, chance: random.Random, pool: list[str], end: str) -> None:
        self.folder, self.chance, self.pool, self.end = folder, chance, pool, end
        self.files: list[File] = []
        self.removed: list[File] = []
        self.leaving: list[File] = []
        self.claims: list[Claim] = []
        self.numbers = itertools.count(1_000)
        self.names = (f"{number}.txt" for number in itertools.count())
        self.touched: set[File] = set()

    def part(self) -> str:
        """Make words that stand nowhere else, or now and then the same again."""
        words = self.chance.choice(self.pool)
        return words if self.chance.random() < 0.3 else f"{words} {next(self.numbers)}{self.chance.choice('.。!')}"

    def begin(self) -> None:
        """Begin with edits after a sync."""
        self.touched.clear()
        self.removed += self.leaving
        self.leaving.clear()

    def text(self, file: File) -> str:
        return self.end.join(file.parts)

    def write(self) -> None:
        """Make the folder what the model is."""
        for file in self.files:
            (self.folder / file.path).write_bytes(self.text(file).encode())
        for path in {each.name for each in self.folder.glob("*.txt")} - {file.path for file in self.files}:
            (self.folder / path).unlink()

    def free(self) -> File | None:
        """Return a file that was not edited yet since the last sync."""
        files = [file for file in self.files if file not in self.touched and file.parts]
        file = self.chance.choice(files) if files else None
        if file:
            self.touched.add(file)
        return file

    def edit(self) -> None:
        """Do one thing to a file."""
        if file := self.free():
            at = self.chance.randrange(len(file.parts))
            getattr(self, self.chance.choice(EDITS))(file, at)

    def insert(self, file: File, at: int) -> None:
        file.parts.insert(at, self.part())

    def delete(self, file: File, at: int) -> None:
        if len(file.parts) > 1:
            del file.parts[at]

    def replace(self, file: File, at: int) -> None:
        words = file.parts[at].split(" ")
        words[self.chance.randrange(len(words))] = "otherwise"
        file.parts[at] = " ".join(words)

    def move(self, file: File, at: int) -> None:
        file.parts.insert(self.chance.randrange(len(file.parts)), file.parts.pop(at))

    def rename(self, file: File, at: int) -> None:
        file.path = next(self.names)

    def split(self, file: File, at: int) -> None:
        if at:
            self.files.append(File(next(self.names), file.parts[at:]))
            self.touched.add(self.files[-1])
            del file.parts[at:]

    def merge(self, file: File, at: int) -> None:
        if other := self.free():
            file.parts[at:at] = other.parts
            self.take_away(other)

    def remove(self, file: File, at: int) -> None:
        if len(self.files) > 1:
            self.take_away(file)

    def restore(self, file: File, at: int) -> None:
        if self.removed:
            self.files.append(self.removed.pop())
            self.touched.add(self.files[-1])

    def take_away(self, file: File) -> None:
        self.files.remove(file)
        self.leaving.append(File(file.path, list(file.parts)))

    def settle(self, before: list[tuple[File, str, str]]) -> None:
        """Note what this sync must have seen; `before` are the files until then, with their paths and texts."""
        texts = [self.text(file) for file in self.files]
        for claim in self.claims:
            found = [text for _, path, text in before if path == claim.found]
            removed = [(file, path, text) for file, path, text in before if file not in self.files]
            if claim.text in texts:
                claim.holders, claim.gone, claim.forgotten = [], set(), False
                continue
            claim.holders = [file for file, _, text in before if text == claim.text] or claim.holders
            claim.gone |= {path for file, path, _ in removed if file in claim.holders}
            claim.holders = [file for file in claim.holders if file in self.files]
            lost = claim.gone or any(text in found for *_, text in removed)
            claim.forgotten |= bool(lost) and not any(stands(claim.words, text) for text in texts)

    def expected(self, claim: Claim) -> str:
        texts = {file.path: self.text(file) for file in self.files}
        if claim.text in texts.values():
            return "valid"
        if not claim.forgotten and any(stands(claim.words, text) for text in texts.values()):
            return "moved"
        return "changed" if claim.holders or claim.gone & set(texts) else "deleted"


EDITS = ("insert", "delete", "replace", "replace", "move", "move", "rename", "split", "merge", "remove", "restore")


@contextmanager
def opened() -> Iterator[tuple[Path, Library]]:
    with tempfile.TemporaryDirectory() as place, Library.open(place, embedder=Cheap()) as library:
        yield Path(place), library


def stands(words: str, text: str) -> bool:
    """Tell whether words stand in a text, and not only within longer ones."""
    starts = (at for at in range(len(text)) if text.startswith(words, at))
    return any(not within(text, at) and not within(text, at + len(words)) for at in starts)


def squeezed(words: str | None) -> str:
    return "".join((words or "").split())


# more with `--hypothesis-profile many`
@settings(deadline=None, max_examples=max(1, settings().max_examples // 10))
@given(
    st.lists(_SENTENCE, min_size=8, max_size=16, unique_by=squeezed),
    st.sampled_from(["\n\n", "\r\n", "\n"]),
    st.integers(0, 10**9).map(random.Random),
)
def test_the_status_of_a_citation_is_right_after_any_edits(pool: list[str], end: str, chance: random.Random) -> None:
    """Never `valid` or `moved` unless the words are really there; and where they are, they are found."""
    with opened() as (folder, library):
        model = Model(folder, chance, pool, end)
        for _ in range(3):
            model.files.append(File(next(model.names), [model.part() for _ in range(chance.randrange(2, 6))]))
        model.write()
        library.sync(wait=False)
        for _ in range(4):
            for file in chance.sample(model.files, min(2, len(model.files))):
                words = chance.choice(file.parts)
                model.claims.append(Claim(give(library, file.path, words), model.text(file), words))
            before = [(file, file.path, model.text(file)) for file in model.files]
            model.begin()
            for _ in range(chance.randrange(1, 4)):
                model.edit()
            model.write()
            check(model, library, synced=False)
            library.sync(wait=False)
            model.settle(before)
            check(model, library, synced=True)


def check(model: Model, library: Library, *, synced: bool) -> None:
    texts = {file.path: model.text(file) for file in model.files}
    for claim in model.claims:
        found = library.citation(claim.citation.id)
        note = (model.expected(claim), claim, found, texts)
        if synced:
            hypothesis.event(found.status)
            assert found.status == model.expected(claim), note
        if found.status == "valid":
            span = slice(found.start_char_index, found.end_char_index)
            assert all(texts[path][span] == found.cited_text == claim.words for path in found.document.paths), note
        if synced:
            claim.found = found.current.document.path if found.current else None
        if found.status == "moved":
            assert found.current, note
            span = slice(found.current.start_char_index, found.current.end_char_index)
            assert texts[found.current.document.path][span] == found.current.cited_text, note
            assert squeezed(found.current.cited_text) == squeezed(claim.words), note
            assert not any(within(texts[found.current.document.path], at) for at in (span.start, span.stop)), note
        if found.status == "deleted":
            assert (found.cited_text, found.prefix, found.suffix, found.nearest) == (None, "", "", None), note
    if synced:
        audited = {each.id: each.status for each in library.audit().citations}
        wrong = {claim.citation.id: model.expected(claim) for claim in model.claims}
        assert audited == {id_: status for id_, status in wrong.items() if status != "valid"}


# What is remembered.


def test_what_an_answer_cites_is_remembered_once_and_counted(library: Library, fill: Fill) -> None:
    fill({"a.txt": "The marten sleeps by day. It hunts mice at night."})
    library.sync()
    answer = library.ask("When does the marten sleep?", rerank=False)
    (citation,) = answer.citations
    first = library.citation(citation.id).given
    assert first and (first.times, first.question, first.first) == (1, None, first.last)
    list(library.stream("When does the marten sleep?", rerank=False))
    again = library.citation(citation.id).given
    assert again and again.times == 2 and library._index.catalog().ledger.count() == 1
    assert library.citation(library.resolve("hunts mice").id).given is None  # looked up, and never given


def test_questions_are_kept_only_where_that_is_switched_on(folder: Path, fill: Fill) -> None:
    fill({"a.txt": "The marten sleeps by day. It hunts mice at night."})
    question = "When does the marten sleep?"
    for keep, kept in ((False, None), (True, question)):
        with Library.open(folder, embedder=Cheap(), settings=read_settings(keep_questions=keep)) as library:
            library.sync()
            given = library.citation(library.ask(question, rerank=False).citations[0].id).given
            assert given and given.question == kept


def test_what_a_stream_sent_before_it_was_cut_is_remembered(library: Library, fill: Fill) -> None:
    fill({"a.txt": "The marten sleeps by day. It hunts mice at night."})
    library.sync()
    events = library.stream("When does the marten sleep?", rerank=False)
    sent = next(event.value for event in events if event.name == "citation")
    ledger = library._index.catalog().ledger
    assert ledger.count() == 0
    events.close()  # type: ignore[attr-defined]
    assert ledger.count() == 1 and library.citation(sent.id).given


def test_it_is_remembered_before_the_whole_answer_is_given(library: Library, fill: Fill) -> None:
    fill({"a.txt": "The marten sleeps by day. It hunts mice at night."})
    library.sync()
    for event in library.stream("When does the marten sleep?", rerank=False):
        if event.name == "answer":
            assert library._index.catalog().ledger.count() == len(event.value.citations) == 1


def test_a_ledger_that_cannot_be_written_costs_no_answer(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("The disk is full.")

    fill({"a.txt": "The marten sleeps by day. It hunts mice at night."})
    library.sync()
    monkeypatch.setattr(Ledger, "remember", full)
    assert library.ask("When does the marten sleep?", rerank=False).citations
    assert library.trouble == "The citations that were given are not remembered. The disk is full."
    monkeypatch.undo()
    library.ask("When does the marten sleep?", rerank=False)
    assert library.trouble is None


def test_what_is_given_of_a_text_that_has_just_gone_brings_no_words_back(library: Library, fill: Fill) -> None:
    fill({"a.txt": "The marten sleeps by day.", "b.txt": "The owl does too."})
    library.sync()
    citation = give(library, "a.txt", "marten sleeps")
    late = library.citation(citation_id(citation.document.id, Span(0, 10)))
    (library.folder / "a.txt").unlink()
    library.sync()
    library._giving.remember([late, citation])  # of an answer that was begun before
    assert all("marten" not in str(row) for row in library._index.catalog()._db.all("SELECT * FROM ledger"))
    assert [each.status for each in library.audit().citations] == ["deleted", "deleted"]
    library.sync()
    assert library.citation(late.id).status == "deleted"


# What becomes of it.

LONG = "The golden pelican landed in Utrecht in the spring of 1871."


def test_nothing_of_a_removed_file_stays_in_the_ledger(library: Library, fill: Fill) -> None:
    """After a sync the index equals the folder: nothing of a removed file can be found or looked up, by any door."""
    fill({"a.txt": f"Xylophagous before. {LONG} Xylophagous behind.", "b.txt": "Nothing of note."})
    library.sync()
    citation = give(library, "a.txt", LONG)
    fill({"a.txt": f"Xylophagous words. {LONG.replace('spring', 'summer')} More of them."})
    library.sync()
    assert library.citation(citation.id).cited_text == LONG
    (library.folder / "a.txt").unlink()
    library.sync()
    found = library.citation(citation.id)
    assert (found.status, found.cited_text, found.nearest, found.diff) == ("deleted", None, None, None)
    rows = str(library._index.catalog()._db.all("SELECT * FROM ledger"))
    assert "pelican" not in rows and "Xylo" not in rows


def test_of_words_that_stand_elsewhere_only_what_stands_there_is_kept(library: Library, fill: Fill) -> None:
    fill({"a.txt": f"Xylophagous before. {LONG} Xylophagous behind.", "b.txt": "Nothing of note."})
    library.sync()
    citation = give(library, "a.txt", LONG)
    (library.folder / "a.txt").unlink()
    fill({"c.txt": "Copied:\n" + LONG.replace(" in ", "\nin ")})
    assert library.sync().citations == {"moved": 1, "changed": 0, "deleted": 0}
    found = library.citation(citation.id)
    assert found.current and (found.status, found.current.document.path) == ("moved", "c.txt")
    assert found.cited_text == found.current.cited_text == LONG.replace(" in ", "\nin ")
    assert "Xylo" not in str(library._index.catalog()._db.all("SELECT * FROM ledger"))


@pytest.mark.parametrize(
    ("old", "words", "new", "status"),
    [
        ("5 days' notice must be given.", "5 days' notice must be given", "15 days' notice must be given.", "changed"),
        ("The mooring fee is 50", "The mooring fee is 50", "The mooring fee is 500", "changed"),
        ("The mooring fee is 50.", "The mooring fee is 50.", "The mooring fee is 50.5", "changed"),
        ("The mooring fee is 50", "The mooring fee is 50", "The mooring fee is 50,000", "changed"),
        ("The mooring fee is 50", "The mooring fee is 50", "The mooring fee is 50\u202f000", "changed"),
        ("The mooring fee is 50", "The mooring fee is 50", "The mooring fee is 50%", "changed"),
        ("The fee is: 50 euros", "50 euros", "The fee is: 1,050 euros", "changed"),
        ("The gain was: 50 euros", "50 euros", "The gain was: -50 euros", "changed"),
        ("Deposits are refundable.", "refundable", "Deposits are non-refundable.", "changed"),
        ("Then either party may go.", "either party may go", "Then neither party may go.", "changed"),
        ("Here guests can", "Here guests can", "Here guests can't", "changed"),
        ("Hand in the exam.", "Hand in the exam", "Hand in the exam-\nple.", "changed"),
        ("All is refundable.", "refundable", "All is non-\nrefundable.", "changed"),
        ("a naive plan", "naive", "a nai\u0308ve plan", "changed"),
        ("会議は十日です", "十日です", "会議は二十日です", "changed"),
        ("会議は月曜です", "月曜です", "定例会議も月曜です", "moved"),
        ("The fee is 50, as before.", "The fee is 50", "New. The fee is 50.", "moved"),
        ("The fee is 50", "The fee is 50", "Now: “The fee is 50”, they say.", "moved"),
        ("The boathouse is shut", "house is shut", "Now the boathouse is shut", "moved"),
        ("The boathouse is shut", "house is shut", "Now the greenhouse is shut", "changed"),
    ],
)
def test_words_that_stand_only_within_longer_words_or_numbers_are_others(
    library: Library, fill: Fill, old: str, words: str, new: str, status: str
) -> None:
    fill({"a.txt": old})
    library.sync(wait=False)
    citation = give(library, "a.txt", words)
    fill({"a.txt": new})
    assert library.citation(citation.id).status == status
    assert library.sync(wait=False).citations[status] == 1
    assert library.citation(citation.id).status == status


def test_why_there_are_no_words_is_told(library: Library, fill: Fill, folder: Path) -> None:
    fill({"a.txt": f"One. {LONG}", "b.txt": "Two.", "c.txt": "Three."})
    library.sync(wait=False)
    citation, never = give(library, "a.txt", LONG), library.citation(library.resolve("One.").id)
    (folder / "a.txt").rename(folder / "z.txt")
    renamed = library.citation(citation.id)
    assert renamed.status == "deleted" and renamed.note and "a sync finds it" in renamed.note
    library.sync(wait=False)
    assert (library.citation(citation.id).status, library.citation(citation.id).note) == ("valid", None)
    (folder / "z.txt").unlink()
    library.sync(wait=False)
    gone = library.citation(citation.id)
    assert gone.status == "deleted" and gone.note and "no longer in the folder" in gone.note
    fill({"z.txt": f"Two. {LONG}"})  # the very words are back, and nobody knows them any more
    library.sync(wait=False)
    back = library.citation(citation.id)
    assert (back.status, back.cited_text) == ("changed", None)
    assert back.note and "not known here any more" in back.note and "no longer in the folder" not in back.note
    other = library.citation(never.id)
    assert other.status == "changed" and other.note and "no answer ever gave this citation" in other.note


def test_where_words_moved_again_the_last_place_is_told(library: Library, fill: Fill) -> None:
    fill({"a.txt": f"One. {LONG}", "b.txt": "Nothing of note."})
    library.sync()
    citation = give(library, "a.txt", LONG)
    for number in range(4):
        fill({"a.txt": f"Number {number}. {LONG}"})
        assert library.sync().citations["moved"] == 1
    ledger = library._index.catalog().ledger
    assert len(ledger.texts()) == 2  # no chain: where it was, and where it is
    found = library.citation(citation.id)
    assert found.current and found.current.document.id == library.document("a.txt").id
    fill({"a.txt": f"One. {LONG}"})
    library.sync()
    assert library.citation(citation.id).status == "valid"  # it came back to where it was


def test_a_changed_file_is_followed_where_it_is_renamed(library: Library, fill: Fill) -> None:
    fill({"a.txt": f"One. {LONG}", "b.txt": "Nothing of note."})
    library.sync()
    citation = give(library, "a.txt", LONG)
    fill({"a.txt": "One. The golden pelican landed in Ghent in the spring of 1871."})
    assert library.sync().citations["changed"] == 1
    (library.folder / "a.txt").rename(library.folder / "z.txt")
    library.sync()
    found = library.citation(citation.id)
    assert (found.status, found.cited_text) == ("changed", LONG)
    assert found.nearest and found.nearest.document.path == "z.txt"
    assert found.diff and "".join(each.words for each in found.diff if each.op != "added").split() == LONG.split()
    fill({"c.txt": f"Back again: {LONG}"})  # words that were lost come back elsewhere
    assert library.sync().citations["moved"] == 1


def test_a_few_letters_elsewhere_are_not_taken_for_the_same_words(library: Library, fill: Fill) -> None:
    fill({"a.txt": "The fee is 12 euros a month.", "b.txt": "It took 12 euros to get there."})
    library.sync()
    citation = give(library, "a.txt", "12 euros")
    fill({"a.txt": "The fee is 14 euros a month."})
    library.sync()
    assert library.citation(citation.id).status == "changed"
    fill({"a.txt": "Nothing.", "c.txt": "Since then the fee is 12 euros a month for all."})
    library.sync()
    assert library.citation(citation.id).status == "moved"  # these stand between the same words


def test_a_sync_that_was_cut_short_is_made_up_for_by_the_next(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    fill({"a.txt": f"One. {LONG}", "b.txt": "Nothing of note."})
    library.sync()
    citation = give(library, "a.txt", LONG)
    fill({"a.txt": "Two.", "c.txt": f"Three. {LONG}"})
    with monkeypatch.context() as patch:
        patch.setattr("qa.syncing.follow", killed)
        with pytest.raises(KeyboardInterrupt):
            library.sync()
    assert library.citation(citation.id).status == "changed"  # nobody has looked elsewhere yet
    assert library.sync().citations["moved"] == 1
    assert library.citation(citation.id).status == "moved"


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_what_came_in_a_sync_that_was_cut_short_is_new_to_the_next(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    other = "Nobody has ever seen the lynx of Brask in daylight."
    folder = fill({"a.txt": f"One. {LONG}", "b.txt": f"Two. {other}"})
    library.sync()
    changed, lost = give(library, "a.txt", LONG), give(library, "b.txt", other)
    fill({"a.txt": f"One. {LONG.replace('Utrecht', 'Ghent')}", "b.txt": "Two."})
    assert library.sync().citations["changed"] == 2
    (folder / "a.txt").rename(folder / "z.txt")
    fill({"c.txt": f"Back again: {other}"})
    with monkeypatch.context() as patch:
        if how == "killed":
            patch.setattr("qa.syncing.follow", killed)
            with pytest.raises(KeyboardInterrupt):
                library.sync()
        else:  # as a server that is ended does
            library.sync(wait=False, progress=lambda now: library.stop() if now.done else None)
    library.close()
    with Library.open(folder, embedder=Cheap()) as again:
        assert again.sync().citations == {"moved": 1, "changed": 0, "deleted": 0}
        assert (again.citation(lost.id).status, again.citation(changed.id).status) == ("moved", "changed")
        assert again.citation(changed.id).cited_text == LONG  # a file that is renamed after it was changed is the same
        fill({"copy.txt": (folder / "z.txt").read_text()})
        again.sync()
        (folder / "z.txt").unlink()  # and now it is gone: its copy was no new name of it
        again.sync()
        assert again.citation(changed.id).status == "deleted"


def test_of_repeats_in_another_document_the_one_with_the_same_neighbours_is_taken(library: Library, fill: Fill) -> None:
    filling = " ".join(f"Line {n} speaks of herons, storks and cranes." for n in range(400))
    repeats = f"Not this: {LONG} No. {filling} As was said: {LONG} So it was. {filling}"
    fill({"a.txt": f"As was said: {LONG} So it was.", "old.txt": repeats})
    library.sync()
    citation = give(library, "a.txt", LONG)
    (library.folder / "a.txt").unlink()
    assert library.sync().citations["moved"] == 1
    current = library.citation(citation.id).current
    assert current and current.start_char_index == repeats.rindex(LONG) and current.cited_text == LONG


def test_an_index_that_is_made_anew_keeps_what_was_given(library: Library, fill: Fill) -> None:
    fill({"a.txt": f"One. {LONG}", "b.txt": "Nothing of note."})
    library.sync()
    citation = give(library, "a.txt", LONG)
    library._index.catalog().set_meta("texts", "an older version")
    library.close()
    fill({"a.txt": f"Two. {LONG}"})
    assert library.sync().note
    found = library.citation(citation.id)
    assert found.status == "moved" and found.given and found.given.times == 1


def test_an_index_of_the_second_version_is_brought_up_to_date(folder: Path, fill: Fill) -> None:
    fill({"a.txt": f"One. {LONG}"})
    with Library.open(folder, embedder=Cheap()) as library:
        library.sync()
        id_, place = library.resolve(LONG).id, library.index / "catalog.sqlite3"
    with sqlite3.connect(place) as connection:
        without_ledger(connection)
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with Library.open(folder, embedder=Cheap()) as library:
        with pytest.raises(IndexVersion, match="made by an older version: run `qa sync` to bring it up to date"):
            library.citation(id_)
        assert library.sync().embedded == 0
        assert library.citation(id_).status == "valid"
        give(library, "a.txt", LONG)
        fill({"a.txt": f"Two. {LONG}"})
        assert library.sync().citations["moved"] == 1
