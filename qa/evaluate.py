"""A question set in, scores out: a throw-away index of its documents is made, and asked."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qa.answers import unescape_marks
from qa.citations import Location
from qa.errors import EmptyLibrary, NotFound, QAError, SettingsError, StorageError, UsageError
from qa.followups import Turn, standalone
from qa.gold import QUERIES, QuestionSet, read_corpus, read_set
from qa.library import MOST, Library
from qa.parsers import TITLED
from qa.questions import LONGEST
from qa.rerankers import UNNAMED
from qa.scores import DEEPEST, Outcome, Place, Question, Quote, Report, Scores, Tally, Texts, percentile, score
from qa.settings import Settings, read_settings
from qa.spans import Span

if TYPE_CHECKING:
    from qa.answers import Answer
    from qa.progress import Progress
    from qa.search import Hit
    from qa.syncing import SyncReport

__all__ = ["Asking", "Report", "Result", "evaluate", "read_set", "run_file"]

_MARK = re.compile(r"(?<!\\) ?\[\d+\]")
_TEXT_FILE = re.compile(r"[0-9a-f]{64}" + re.escape(TITLED))
_TEXTS_AT_HAND = 8
_SHALLOW = "Each question was given {} passages: figures that look further have seen no more than these."


@dataclass(frozen=True, slots=True)
class Asking:
    """How far the asking is, in questions."""

    done: int
    total: int
    seconds: float
    phase: Literal["asking"] = "asking"

    @property
    def rate(self) -> float:
        """Questions a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one question, its own figures, and how long it took; `error` if it could not be asked.

    `searched_as` is what was searched, where that is not the question itself: one that leans on turns before.
    """

    question: Question
    outcome: Outcome
    scores: Scores
    timings_ms: Mapping[str, float]
    searched_as: str | None = None
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return exactly the JSON: a line of a run, with more about it."""
        more = {"question": self.question.words, "searched_as": self.searched_as, "scores": self.scores}
        return {**self.outcome.to_dict(), **more, "timings_ms": self.timings_ms, "error": self.error}


Watcher = Callable[["Progress | Asking"], None]


def evaluate(
    questions: QuestionSet,
    *,
    count: int = 10,
    limit: int | None = None,
    search_only: bool = False,
    rerank: bool | None = None,
    index: str | os.PathLike[str] | None = None,
    settings: Settings | None = None,
    progress: Watcher | None = None,
    each: Callable[[Result], None] | None = None,
) -> Report:
    """Index the documents of a set, ask its questions, and score what comes; `each` gets every result at once.

    `limit` asks only so many, evenly spread; `search_only` asks for passages alone; `rerank` is as of `Library.search`
    and `Library.ask`; `index` is kept for the next time.
    A question that cannot be asked scores zero. Raises QAError where none can.
    """
    asked = _spread(questions.questions, limit)
    if not 1 <= count <= MOST:
        raise UsageError(f"The count must be from 1 to {MOST}.")
    settings = settings or read_settings()
    if rerank and settings.reader == "off" and not settings.reranker:
        raise SettingsError(UNNAMED)
    with _workplace(index) as place:
        folder, ids = questions.documents, dict[str, str]()
        if folder.is_file():
            folder, ids = _lay_out(folder, place / "texts")
        # on a shared Chroma server a throw-away index would leave its vectors behind
        own = settings.model_copy(update={"chroma_url": None})
        with Library.open(folder, index=place, settings=own) as library:
            synced = library.sync(progress=progress)
            ids = _ids(library, ids)
            find = partial(library.search, count=count, rerank=rerank)
            answer = None if search_only else partial(library.ask, count=count, rerank=rerank)
            asker = _Asker(find, answer, _texts(library, ids), ids, questions.histories)
            report = _summary(_ask(asker, asked, progress, each), documents=len(ids), synced=synced)
            notes = [library.trouble] if library.trouble else []
            notes += [_SHALLOW.format(count)] if count < DEEPEST else []
            return replace(report, notes=(*report.notes, *notes))


@contextmanager
def run_file(path: Path | None, questions: QuestionSet) -> Iterator[Callable[[Result], None] | None]:
    """Open a file for results, a JSON object on each line; nothing of the question set is overwritten."""
    if path is None:
        yield None
        return
    place, documents = path.resolve(), questions.documents.resolve()
    if place in {file.resolve() for file in questions.files} or place.match(QUERIES):
        raise UsageError(f"{path} belongs to the questions, or would when they are read again: name another file.")
    if documents.is_dir() and place.is_relative_to(documents):
        raise UsageError(f"{path} lies among the documents: name a file outside of {documents}.")
    try:
        file = open(path, "w", encoding="utf-8", newline="\n")  # noqa: SIM115 - closed below; only opening is guarded here
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror}): name another file.") from error

    def write(result: Result) -> None:
        file.write(json.dumps(result.to_dict(), ensure_ascii=False) + "\n")

    with file:
        yield write


# The library.


@contextmanager
def _workplace(index: str | os.PathLike[str] | None) -> Iterator[Path]:
    """Give a folder for an index: the one that is named, or one that is removed afterwards."""
    with ExitStack() as stack:
        try:
            place = index or stack.enter_context(
                tempfile.TemporaryDirectory(prefix="qa-eval-", ignore_cleanup_errors=True)
            )
        except OSError as error:
            raise StorageError(
                f"No temporary folder can be made ({error.strerror}): name one that can be written with TMPDIR."
            ) from error
        yield Path(place).resolve()


def _lay_out(corpus: Path, folder: Path) -> tuple[Path, dict[str, str]]:
    """Write the texts of a corpus into a folder; return it, and the id that each document will have in a library."""
    ids: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for text in read_corpus(corpus):
            if text.words.strip():
                data = text.words.encode()
                ids[text.name] = hashlib.sha256(data).hexdigest()
                title = " ".join(text.title.split()).encode()
                _write(folder / f"{ids[text.name]}{TITLED}", b" " + title + b"\n" + data)  # never like another format
        kept = {f"{id}{TITLED}" for id in ids.values()}
        for file in folder.iterdir():
            if _TEXT_FILE.fullmatch(file.name) and file.name not in kept:
                file.unlink()
    except OSError as error:
        raise StorageError(
            f"The documents cannot be written to {folder} ({error.strerror}): free some space, or set TMPDIR."
        ) from error
    return folder, ids


def _write(file: Path, data: bytes) -> None:
    # named by its words: one of the same length is there from the last time, and untouched it needs no new reading
    if not file.exists() or file.stat().st_size != len(data):
        file.write_bytes(data)


def _ids(library: Library, expected: Mapping[str, str]) -> dict[str, str]:
    """Return the id of each document by its name in the set; where they are known, see that no text was changed."""
    files = {file.path: file for file in library.documents()}
    for name, id in expected.items():
        file = files.get(f"{id}{TITLED}")
        if file is None or file.id != id:
            raise StorageError(f"The document {name} of the corpus was not indexed ({file and file.reason}).")
    ids = dict(expected) or {path: file.id for path, file in files.items() if file.id}
    if not ids:
        raise EmptyLibrary("There is no text in the documents, so nothing can be asked.")
    return ids


def _texts(library: Library, ids: Mapping[str, str]) -> Texts:
    """Look texts up by the names of their documents; the last few are kept at hand."""

    @lru_cache(_TEXTS_AT_HAND)
    def text(name: str) -> str | None:
        try:
            return library.text(ids[name])
        except (KeyError, NotFound):  # it was removed from the folder while questions were asked
            return None

    return text


# Asking.


class _Asker:
    """Asks a library one question after the other, and names its documents as the question set does."""

    def __init__(
        self,
        find: Callable[[str], list[Hit]],
        answer: Callable[..., Answer] | None,
        texts: Texts,
        ids: Mapping[str, str],
        histories: Mapping[str, tuple[Turn, ...]],
    ) -> None:
        self._find = find
        self._answer = answer
        self._texts = texts
        self._histories = histories
        self._names: dict[str, list[str]] = defaultdict(list)  # several documents may have the same text
        for name, id in ids.items():
            self._names[id].append(name)

    def ask(self, question: Question) -> Result:
        """Ask a question and score what comes; an error scores zero."""
        timings: dict[str, float] = {}
        words, history = self._said(question)
        alone = standalone(words, history)
        try:
            outcome, error = self._outcome(question, timings), None
        except QAError as reason:
            outcome = Outcome(id=question.id, answer="" if self._answer else None)
            timings, error = {}, str(reason)
        scores = score(question, outcome, self._texts)
        return Result(
            question=question,
            outcome=outcome,
            scores=scores,
            timings_ms=timings,
            searched_as=None if alone == words else alone,
            error=error,
        )

    def _said(self, question: Question) -> tuple[str, tuple[Turn, ...]]:
        return question.words.strip()[:LONGEST], self._histories.get(question.id, ())

    def _outcome(self, question: Question, timings: dict[str, float]) -> Outcome:
        words, history = self._said(question)
        with _timed(timings, "search"):
            hits = self._find(standalone(words, history))
        retrieved = tuple(place for hit in hits for place in self._places(hit, question))
        if self._answer is None:
            return Outcome(id=question.id, retrieved=retrieved)
        with _timed(timings, "ask"):
            answer = self._answer(words, history=history)
        return Outcome(
            id=question.id,
            retrieved=retrieved,
            answer=unescape_marks(_MARK.sub("", answer.text)),
            abstained=answer.refused,
            citations=tuple(
                Quote(place, citation.cited_text or "")
                for citation in answer.citations
                for place in self._places(citation, question)
            ),
        )

    def _places(self, at: Location, question: Question) -> list[Place]:
        """Say where something stands: of documents with the same text under the names that the gold has for it."""
        gold = {place.document for place in question.gold}.union(question.grades)
        names = self._names.get(at.document.id) or [at.document.path]
        span = Span(at.start_char_index, at.end_char_index)
        return [Place(name, span) for name in names if name in gold] or [Place(names[0], span)]


@contextmanager
def _timed(timings: dict[str, float], name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    timings[name] = round((time.perf_counter() - began) * 1e3, 2)


def _spread(questions: Sequence[Question], limit: int | None) -> list[Question]:
    """Take so many questions, evenly from the first to the last. Raises UsageError."""
    if limit is not None and limit < 1:
        raise UsageError("The limit must be 1 or more.")
    many = min(limit or len(questions), len(questions))
    return [questions[i * len(questions) // many] for i in range(many)]


def _ask(
    asker: _Asker, questions: Sequence[Question], progress: Watcher | None, each: Callable[[Result], None] | None
) -> Iterator[Result]:
    asker.ask(questions[0])  # what is loaded only now is no part of any question's time
    began = time.perf_counter()
    for done, question in enumerate(questions, 1):
        result = asker.ask(question)
        if each:
            each(result)
        if progress:
            progress(Asking(done, len(questions), time.perf_counter() - began))
        yield result


# The report.


def _summary(results: Iterator[Result], *, documents: int, synced: SyncReport) -> Report:
    """Sum results up as they come: none is kept."""
    tally, times, errors = Tally(), defaultdict[str, list[float]](list), list[str]()
    asked = cut = 0
    for result in results:
        asked += 1
        cut += len(result.question.words.strip()) > LONGEST
        tally.add(result.scores)
        errors += [result.error] if result.error else []
        for name, time_ms in result.timings_ms.items():
            times[name].append(time_ms)
    notes = []
    if synced.failed:
        first = synced.failures[0]
        notes.append(f"{synced.failed:,} documents could not be read, the first {first.path}: {first.reason}")
    if cut:
        notes.append(f"{cut:,} questions were longer than {LONGEST:,} characters, and were cut there.")
    if errors:
        notes.append(f"{len(errors):,} questions failed and score zero, the first because: {errors[0]}")
    return Report(
        questions=asked,
        failed=len(errors),
        documents=documents,
        scores=tally.means(),
        counts=tally.counts(),
        latency_ms={
            name: {"p50": percentile(each, 0.5), "p95": percentile(each, 0.95)} for name, each in times.items()
        },
        notes=tuple(notes),
    )
