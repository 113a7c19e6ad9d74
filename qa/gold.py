"""A question set in; its questions, checked against their documents, out. Each complaint names file and line."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from qa.anchoring import anchor
from qa.errors import DocumentError, FolderError, UsageError
from qa.folder import check_folder, printable, read_file, scan
from qa.followups import MOST_TURNS, Turn, read_history
from qa.parsers import parse
from qa.scores import Place, Question
from qa.spans import Span

CORPUS, DOCUMENTS, QUERIES = "corpus.jsonl", "documents", "queries*.jsonl"
T = TypeVar("T")
_HIGHEST_GRADE = 1_000_000
_KINDS = {str: "text", int: "a whole number", bool: "true or false", list: "a list", dict: "an object"}


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions with what is right, and the documents they are about: a folder, or a file with a text on each line."""

    questions: tuple[Question, ...]
    documents: Path
    files: tuple[Path, ...]
    """The files that were read, which nothing may overwrite."""
    histories: Mapping[str, tuple[Turn, ...]] = field(default_factory=dict)
    """What was said before a question, by its id, where something was."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a corpus: its name there, its title if it has one, and the file and line it stands in."""

    name: str
    title: str
    words: str
    where: str


def read_set(place: str | os.PathLike[str], *, folder: str | os.PathLike[str] | None = None) -> QuestionSet:
    """Read and check a question set; `folder` holds its documents if they do not lie with it.

    Raises UsageError, FolderError.
    """
    place = Path(place)
    if not place.is_dir():
        wrong = "is a file: name the folder that holds it" if place.exists() else "is not there: name another folder"
        raise FolderError(f"{printable(str(place))} {wrong}.")
    files = sorted(path for path in place.glob(QUERIES) if path.is_file())
    if not files:
        raise FolderError(f"There is no {QUERIES} in {printable(str(place))}: write questions into one.")
    documents = _documents(place, folder)
    drafts = _drafts(files)
    if not drafts:
        raise UsageError(f"There is no question in {files[0].name}: write one on each line.")
    claims = [claim for draft in drafts for claim in draft.claims]
    settled = _settle(claims, documents, files)
    questions = (replace(each.question, gold=tuple(settled[claim] for claim in each.claims)) for each in drafts)
    histories = {each.question.id: each.history for each in drafts if each.history}
    read = (*files, *([documents] if documents.is_file() else []))
    return QuestionSet(tuple(questions), documents, read, histories)


def read_corpus(path: Path) -> Iterator[Text]:
    """Read the texts of a corpus one by one. Raises UsageError."""
    names: set[str] = set()
    for line in _lines(path):
        text = Text(line.words("doc_id"), line.may("title", str) or "", line.must("text", str), line.where)
        if text.name in names:
            raise line.wrong(f"the `doc_id` {text.name} was there before")
        names.add(text.name)
        yield text


def _documents(place: Path, folder: str | os.PathLike[str] | None) -> Path:
    """Tell where the documents are."""
    if folder is not None:
        return check_folder(Path(folder))
    for known in (place / CORPUS, place / DOCUMENTS):
        if known.exists():
            return known if known.is_file() else check_folder(known)
    raise FolderError(
        f"There are no documents with the questions: put them into {printable(str(place / DOCUMENTS))}, "
        "or name their folder with --folder."
    )


# Lines.


@dataclass(frozen=True, slots=True)
class _Line:
    """An object that stands on a line of a file, or inside of one."""

    where: str
    value: Mapping[str, Any]

    def wrong(self, what: str) -> UsageError:
        return UsageError(f"{self.where}: {what}.")

    def may(self, name: str, kind: type[T]) -> T | None:
        """Return a value of this kind, None where there is none."""
        value = self.value.get(name)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise self.wrong(f"`{name}` must be {_KINDS[kind]}")
        return value

    def must(self, name: str, kind: type[T]) -> T:
        value = self.may(name, kind)
        if value is None:
            raise self.wrong(f"`{name}` is missing")
        return value

    def words(self, name: str) -> str:
        """Return a text that is not blank."""
        words = self.must(name, str)
        if not words.strip():
            raise self.wrong(f"`{name}` is empty")
        return words

    def flag(self, name: str, default: bool) -> bool:
        value = self.may(name, bool)
        return default if value is None else value

    def parts(self, name: str) -> list[_Line]:
        """Return the objects of a list, each knowing its number."""
        found = self.may(name, list) or []
        return [_object(f"{self.where}, {name} {number}", each) for number, each in enumerate(found, 1)]


def _object(where: str, value: Any) -> _Line:
    if not isinstance(value, dict):
        raise UsageError(f"{where}: it must be an object in braces, as {{…}}.")
    return _Line(where, value)


def _lines(path: Path) -> Iterator[_Line]:
    """Read a file with a JSON object on each line; blank lines are passed over."""
    name = printable(path.name)
    try:
        with open(path, "rb") as file:  # lines end at \n alone: JSON may hold other line ends
            for number, raw in enumerate(file, 1):
                where = f"{name}, line {number}"
                if raw.strip(b" \t\r\n\xef\xbb\xbf"):
                    yield _object(where, _json(where, raw))
    except OSError as error:
        raise FolderError(f"{name} cannot be read ({error.strerror}): change its permissions.") from error


def _json(where: str, raw: bytes) -> Any:
    try:
        value = json.loads(raw.decode("utf-8-sig"))
        if b"\\u" in raw:  # an escape may spell half of a character, which no text may hold
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{where}: it is not UTF-8: save the file in that encoding.") from error
    except UnicodeEncodeError as error:
        raise UsageError(f"{where}: an escape in it is half of a character: write both halves.") from error
    except json.JSONDecodeError as error:
        raise UsageError(f"{where}: it is not JSON ({error.msg}, character {error.pos + 1}).") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: it holds a number too long, or brackets too deep, to be read.") from error
    return value


# Questions.


@dataclass(frozen=True, slots=True, eq=False)
class _Claim:
    """What a question says of a gold span, before the document was looked at."""

    line: _Line
    document: str
    start: int | None
    end: int | None
    words: str | None

    def settle(self, text: str) -> Place:
        """Return the span, which holds the words. Raises UsageError."""
        if self.start is None or self.end is None:
            found = anchor(text, self.words or "")
            if found is None:
                raise self.line.wrong(f"its `text` does not stand in {self.document}, which must have these very words")
            return Place(self.document, found.span)
        span = Span(self.start, self.end)
        if not 0 <= span.start < span.end <= len(text):
            raise self.line.wrong(
                f"{span.start} to {span.end} is no span of {self.document}, which has {len(text):,} characters"
            )
        if self.words is not None and span.of(text) != self.words:
            raise self.line.wrong(f"its `text` is not what stands at {span.start} to {span.end} of {self.document}")
        return Place(self.document, span)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A question whose gold is still claimed."""

    question: Question
    claims: Sequence[_Claim]
    history: tuple[Turn, ...]


def _drafts(files: Sequence[Path]) -> list[_Draft]:
    drafts: dict[str, _Draft] = {}
    for path in files:
        for line in _lines(path):
            draft = _draft(line)
            if draft.question.id in drafts:
                raise line.wrong(f"the `qid` {draft.question.id} was there before")
            drafts[draft.question.id] = draft
    return list(drafts.values())


def _draft(line: _Line) -> _Draft:
    context = line.may("context", dict)
    question = Question(
        id=line.words("qid"),
        words=line.words("question"),
        answers=_answers(line),
        answerable=line.flag("answerable", True),
        gold_any=line.flag("gold_any", False),
        grades=_grades(line),
        context=_context(_Line(f"{line.where}, context", context)) if context else None,
    )
    claims = [_claim(part) for part in line.parts("gold")]
    if question.answerable and not claims and not question.answers and not question.grades:
        raise line.wrong(
            "it has neither `gold` nor `answers`: say what is right, or that nothing is, with `answerable` false"
        )
    return _Draft(question, claims, _history(line, question.words))


def _history(line: _Line, question: str) -> tuple[Turn, ...]:
    """Return what was said before a question, which may itself be the last of the turns."""
    turns = line.may("turns", list) or []
    try:
        history = read_history(turns[-MOST_TURNS:])
    except UsageError as error:
        raise UsageError(f"{line.where}, turns: {error}") from error
    asked = history and history[-1].role == "user" and history[-1].content.strip() == question.strip()
    return history[:-1] if asked else history


def _answers(line: _Line) -> tuple[str, ...]:
    answers = line.may("answers", list) or []
    if not all(isinstance(answer, str) for answer in answers):
        raise line.wrong("`answers` must be a list of texts")
    return tuple(answers)


def _grades(line: _Line) -> dict[str, float]:
    grades = line.may("qrels", dict) or {}
    # JSON as Python reads it knows NaN too, and numbers without end
    if not all(isinstance(grade, int | float) and abs(grade) < _HIGHEST_GRADE for grade in grades.values()):
        raise line.wrong("`qrels` must give each document a small number")
    return grades


def _context(part: _Line) -> Place:
    return Place(part.words("doc_id"), Span(part.must("start", int), part.must("end", int)))


def _claim(part: _Line) -> _Claim:
    start, end, words = part.may("start", int), part.may("end", int), part.may("text", str)
    if (start is None) != (end is None):
        raise part.wrong("it needs both `start` and `end`, or neither")
    if start is None and not (words or "").strip():
        raise part.wrong("it needs the exact words as `text`, or `start` and `end`")
    return _Claim(part, part.words("doc_id"), start, end, words)


# Gold.


def _settle(claims: Sequence[_Claim], documents: Path, files: Sequence[Path]) -> dict[_Claim, Place]:
    """Find every gold span in its document. Raises UsageError for one that is not there."""
    by_document: dict[str, list[_Claim]] = defaultdict(list)
    for claim in claims:
        by_document[claim.document].append(claim)
    read = _corpus_texts(documents) if documents.is_file() else _folder_texts(documents, by_document, files)
    settled = {claim: claim.settle(text) for name, text in read for claim in by_document.get(name, ())}
    for claim in claims:
        if claim not in settled:
            named = "by its path in that folder" if documents.is_dir() else f"as {CORPUS} does"
            raise claim.line.wrong(f"there is no document {claim.document}: name it {named}")
    return settled


def _corpus_texts(path: Path) -> Iterator[tuple[str, str]]:
    for text in read_corpus(path):
        yield text.name, text.words


def _folder_texts(
    folder: Path, wanted: Mapping[str, Sequence[_Claim]], files: Sequence[Path]
) -> Iterator[tuple[str, str]]:
    """Read the documents of a folder that are asked for."""
    ours = {path.resolve() for path in files}
    for found in scan(folder, index=folder / ".qa"):
        if folder / os.fsdecode(found.raw) in ours:
            raise UsageError(
                f"{printable(found.path)} lies among the documents, and would be found in place of them: "
                "move the questions out of the folder, or name the file in its .qaignore."
            )
        if found.path not in wanted:
            continue
        try:
            yield found.path, parse(read_file(folder, found.raw)[0], found.path).text
        except (DocumentError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise wanted[found.path][0].line.wrong(f"{found.path} cannot be read ({reason})") from error
