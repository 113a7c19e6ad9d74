"""A question set in, scores out: a throw-away index of its documents is made, and asked."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qa.corpora import ids_of, lay_out, texts_of, workplace
from qa.errors import SettingsError, StorageError, UsageError
from qa.gold import QUERIES, QuestionSet, read_set
from qa.library import MOST, Library
from qa.questions import LONGEST
from qa.rerankers import UNNAMED
from qa.scores import DEEPEST, Question, Report, Tally, percentile
from qa.settings import Settings, read_settings
from qa.trials import Asker, Result

if TYPE_CHECKING:
    from qa.progress import Progress
    from qa.syncing import SyncReport

__all__ = ["Asking", "Report", "Result", "evaluate", "read_set", "run_file"]

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
    with workplace(index) as place:
        folder, ids = questions.documents, dict[str, str]()
        if folder.is_file():
            folder, ids = lay_out(folder, place / "texts")
        # on a shared Chroma server a throw-away index would leave its vectors behind
        own = settings.model_copy(update={"chroma_url": None})
        with Library.open(folder, index=place, settings=own) as library:
            synced = library.sync(progress=progress)
            ids = ids_of(library, ids)
            find = partial(library.search, count=count, rerank=rerank)
            answer = None if search_only else partial(library.ask, count=count, rerank=rerank)
            asker = Asker(find, answer, texts_of(library, ids), ids, questions.histories)
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


def _spread(questions: Sequence[Question], limit: int | None) -> list[Question]:
    """Take so many questions, evenly from the first to the last. Raises UsageError."""
    if limit is not None and limit < 1:
        raise UsageError("The limit must be 1 or more.")
    many = min(limit or len(questions), len(questions))
    return [questions[i * len(questions) // many] for i in range(many)]


def _ask(
    asker: Asker, questions: Sequence[Question], progress: Watcher | None, each: Callable[[Result], None] | None
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
        first = next(each for each in synced.failures if not each.partial)
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
