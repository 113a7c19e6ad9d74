"""Measure the answers that a language model writes to a question set, before and after our checks.

The model is asked once for each question, and its reply is read twice. Before: as it came, each [n] cites the whole
passage n. After: what `Library.ask` makes of it. Replies are kept in a file, and nothing is asked twice.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import machine
from rich.console import Console
from rich.table import Column, Table

if TYPE_CHECKING:
    from qa import Answer, Library
    from qa.llms import Llm, Message
    from qa.scores import Outcome, Question, Scores

_MARK = re.compile(r"(?<!\\)\[(\d+)\]")
_MARKS = re.compile(r"((?:\s*(?<!\\)\[\d+\])+)")
_TOLD = re.compile(r"^Passage \d+, from ", re.M)
_BETWEEN = " \t\n.,;:!?"
_VERDICTS = ("quoted", "supported", "partial", "unsupported")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said, the seconds it took, and how many passages it was told."""

    words: str
    seconds: float
    told: int


class Tape:
    """Stands between a library and its model: keeps what is said, and says it again to the same words."""

    def __init__(self, llm: Llm, name: str, path: Path) -> None:
        self._ask = llm.stream
        self._name = name
        self._path = path
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self._kept = {line["asked"]: line for line in map(json.loads, lines)}
        self.heard: Reply | None = None
        """The last reply to a question with passages."""
        self.spent = 0.0
        """Seconds for which somebody waited for the model since this was set to 0, if it was asked at all."""
        llm.stream = self._stream  # type: ignore[method-assign]

    def _stream(self, messages: Sequence[Message], **options: Any) -> Generator[str, None, None]:
        words = "\n\n".join([self._name, *(f"{each.role}: {each.content}" for each in messages)])
        asked = hashlib.sha256(words.encode()).hexdigest()
        if asked not in self._kept:
            yield from self._record(asked, self._ask(messages, **options))
        else:
            yield self._kept[asked]["reply"]
        if told := len(_TOLD.findall(messages[-1].content)):
            self.heard = Reply(self._kept[asked]["reply"], self._kept[asked]["seconds"], told)

    def _record(self, asked: str, pieces: Generator[str, None, None]) -> Generator[str, None, None]:
        reply, seconds, began = "", 0.0, time.perf_counter()
        for piece in pieces:
            reply += piece
            seconds += time.perf_counter() - began
            yield piece
            began = time.perf_counter()
        seconds += time.perf_counter() - began
        self.spent += seconds
        self._kept[asked] = {"asked": asked, "llm": self._name, "reply": reply, "seconds": round(seconds, 2)}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(self._kept[asked], ensure_ascii=False) + "\n")


@dataclass(frozen=True, slots=True)
class Read:
    """An answer as one side has it: its figures, its sentences' verdicts, and how many citations each has."""

    outcome: Outcome
    scores: Scores
    verdicts: Sequence[str]
    citations: Sequence[int]
    marks: int
    dangling: int
    seconds: float | None
    """None where the model was not asked."""


class Bench:
    """A library with a model, and what came of each question: before and after the checks."""

    def __init__(self, library: Library, ids: Mapping[str, str], histories: Mapping[str, Any], tape: Tape) -> None:
        from qa.corpora import texts_of
        from qa.trials import Asker

        self.pairs: list[tuple[Read, Read]] = []
        self.failures: list[str] = []
        self._library = library
        self._tape = tape
        self._texts = texts_of(library, ids)
        self._asker = Asker(lambda words: [], self._ask, self._texts, ids, histories)
        self._answer: Answer | None = None

    def measure(self, question: Question) -> None:
        """Ask a question, and read the reply both ways. Where the model fails that is told, and counts for neither."""
        from qa.errors import LlmError

        self._answer, self._tape.heard, self._tape.spent, began = None, None, 0.0, time.perf_counter()
        result = self._asker.ask(question)
        own = time.perf_counter() - began - self._tape.spent
        answer, asked = self._answer, self._tape.heard
        if answer is None or (answer.model == "extractive" and not answer.refused):
            self.failures.append(f"{question.id}: {result.error or answer.reason}")
            return
        try:
            reply = asked or self._write_anyway(answer)
        except LlmError as error:
            self.failures.append(f"{question.id}: {error}")
            return
        after = Read(
            result.outcome,
            result.scores,
            [each.support for each in answer.sentences],
            [len(each.citations) for each in answer.sentences],
            *_counted(answer.text, len(answer.citations)),
            own + asked.seconds if asked else None,
        )
        self.pairs.append((self._before(question, answer, reply), after))

    def _ask(self, words: str, **options: Any) -> Answer:
        self._answer = self._library.ask(words, **options)
        return self._answer

    def _write_anyway(self, answer: Answer) -> Reply:
        """Let the model answer where the checks did not let it: from the same passages. Raises LlmError."""
        from qa.answers import Composer, Piece
        from qa.support import judge
        from qa.writing import Writer

        writer = Writer(self._library._index.providers.llm(), self._library.settings.llm_seconds)
        nobody: Any = SimpleNamespace(piece=lambda said, given: Piece(said.words, (), judge(said.words, ())))
        words = answer.searched_as or answer.question
        for _ in writer.write(words, answer.passages, nobody, Composer()):
            pass  # only the reply is wanted, which the tape has
        return self._tape.heard

    def _before(self, question: Question, answer: Answer, reply: Reply) -> Read:
        """Read a reply as it came."""
        from qa.prompts import NOTHING
        from qa.scores import Outcome, Quote, score

        told = answer.passages[: reply.told]
        words = _MARKS.sub("", reply.words).strip()
        refused = words.strip(_BETWEEN).casefold() == NOTHING.strip(_BETWEEN).casefold()
        said = [] if refused else read_plainly(reply.words)
        cites = [[told[number - 1] for number in numbers if 1 <= number <= len(told)] for _, numbers in said]
        cited = {hit.id: hit for hits in cites for hit in hits}.values()
        quotes = [Quote(place, hit.text) for hit in cited for place in self._asker._places(hit, question)]
        outcome = Outcome(id=question.id, answer=words, abstained=refused, citations=tuple(quotes))
        return Read(
            outcome,
            score(question, outcome, self._texts),
            [self._verdict(each, [hit.text for hit in hits]) for (each, _), hits in zip(said, cites, strict=True)],
            [len(hits) for hits in cites],
            *_counted(reply.words, len(told)),
            reply.seconds,
        )

    def _verdict(self, words: str, texts: Sequence[str]) -> str:
        """Judge a sentence by whole passages, with all that an answer is judged with."""
        from qa.support import judge

        engines = self._library._index.engines()
        reader = engines.reader()

        def similar(claim: str, others: Sequence[str]) -> list[float]:
            vectors = engines.embedder.embed([claim, *others])
            return [float(each) for each in vectors[1:] @ vectors[0]]

        return judge(words, texts, entail=reader.entail if reader else None, similar=similar).verdict


def read_plainly(reply: str) -> list[tuple[str, list[int]]]:
    """Cut a reply into sentences, each with the numbers in brackets that stand in it or behind it."""
    from qa.passages import sentences

    found: list[tuple[str, list[int]]] = []
    parts = _MARKS.split(reply)
    for part, marks in zip_longest(parts[::2], parts[1::2], fillvalue=""):
        words = part.lstrip(_BETWEEN)
        texts = (span.of(words).strip() for span in sentences(words))
        found += [(text, []) for text in texts if any(letter.isalnum() for letter in text)]
        if found:
            found[-1][1].extend(map(int, _MARK.findall(marks)))
    return found


def _counted(text: str, citations: int) -> tuple[int, int]:
    """Count the marks of a text, and those that name nothing."""
    numbers = [int(number) for number in _MARK.findall(text)]
    return len(numbers), sum(not 1 <= number <= citations for number in numbers)


@contextmanager
def opened(place: Path, llm: str, *, index: Path | None, replies: Path) -> Iterator[tuple[Bench, Sequence[Question]]]:
    """Index the documents of a question set as `qa eval` does; give the bench and all questions, in a mixed order."""
    from qa import Library
    from qa.corpora import ids_of, lay_out, workplace
    from qa.gold import read_set
    from qa.settings import read_settings

    questions = read_set(place)
    settings = read_settings(llm=llm).model_copy(update={"chroma_url": None})
    with workplace(index) as work:
        folder, ids = questions.documents, dict[str, str]()
        if folder.is_file():
            folder, ids = lay_out(folder, work / "texts")
        with Library.open(folder, index=work, settings=settings) as library:
            library.sync()
            model = library._index.providers.llm()
            if model is None:
                raise SystemExit("A language model is measured here: name one with --llm.")
            bench = Bench(library, ids_of(library, ids), questions.histories, Tape(model, llm, replies))
            mixed = sorted(questions.questions, key=lambda each: each.id)
            random.Random(0).shuffle(mixed)
            yield bench, mixed


def mean(values: Sequence[float]) -> str:
    """Write the mean of some values, and how many there are."""
    return f"{statistics.fmean(values):.3f} ({len(values)})" if values else "–"


def scored(name: str) -> Callable[[Sequence[Read]], str]:
    """Return what writes the mean of a figure of `qa eval`."""
    return lambda reads: mean([read.scores[name] for read in reads if name in read.scores])


def share(verdict: str) -> Callable[[Sequence[Read]], str]:
    """Return what writes the share of the sentences that have a verdict."""

    def write(reads: Sequence[Read]) -> str:
        verdicts = Counter(each for read in reads for each in read.verdicts)
        return f"{verdicts[verdict] / verdicts.total():.3f}" if verdicts else "–"

    return write


def bare(reads: Sequence[Read]) -> str:
    """Write the share of the sentences that cite nothing."""
    return mean([float(not count) for read in reads for count in read.citations])


def seconds(reads: Sequence[Read]) -> str:
    """Write the median of the seconds, of the answers for which the model was asked."""
    taken = [read.seconds for read in reads if read.seconds is not None]
    return f"{statistics.median(taken):.1f} ({len(taken)})" if taken else "–"


ROWS: tuple[tuple[str, Callable[[Sequence[Read]], str]], ...] = (
    ("refused, of questions with an answer", scored("over_abstain")),
    ("refused, of questions without one", scored("correct_abstain")),
    ("sentences", lambda reads: f"{sum(len(read.verdicts) for read in reads)}"),
    *((f"  {verdict}", share(verdict)) for verdict in _VERDICTS),
    ("  that cite nothing", bare),
    ("marks", lambda reads: f"{sum(read.marks for read in reads)}"),
    ("  that name nothing", lambda reads: f"{sum(read.dangling for read in reads)}"),
    ("characters of a citation", lambda reads: mean([len(q.words) for read in reads for q in read.outcome.citations])),
    ("precision of citations", scored("cite_precision")),
    ("recall of citations", scored("cite_recall")),
    ("words in common with a right answer, F1", scored("f1")),
    ("seconds where the model was asked, p50", seconds),
)


def table(pairs: Sequence[tuple[Read, Read]]) -> Table:
    """Draw the figures of all questions, and of those that both sides answer."""
    both = [pair for pair in pairs if not any(read.outcome.abstained for read in pair)]
    columns = ("before", "after", "before, both answer", "after, both answer")
    drawn = Table("", *(Column(title, justify="right") for title in columns))
    sides = [[pair[at] for pair in some] for some in (pairs, both) for at in (0, 1)]
    for title, write in ROWS:
        drawn.add_row(title, *map(write, sides))
    return drawn


def measure(given: argparse.Namespace) -> Bench:
    """Ask the questions, until all are asked or somebody interrupts."""
    with opened(given.set, given.llm, index=given.index, replies=given.replies) as (bench, questions):
        asked = questions[: given.questions]
        try:
            for number, question in enumerate(asked, 1):
                bench.measure(question)
                print(f"{number} of {len(asked)}: {question.id}", file=sys.stderr)
        except KeyboardInterrupt:
            print("Interrupted: replies are kept, and the same command goes on from here.", file=sys.stderr)
        return bench


def main() -> None:
    """Ask the questions, print the figures; also of those that were asked when it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", type=Path, help="a question set, as `qa eval` reads it")
    parser.add_argument("--llm", required=True, help="as in QA_LLM")
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--index", type=Path, help="kept for the next run")
    parser.add_argument("--replies", type=Path, default=Path("replies.jsonl"), help="where replies are kept")
    given = machine.arguments(parser)
    from qa.errors import QAError  # after the threads are limited

    console = Console(width=120)
    console.print(machine.described(), highlight=False, soft_wrap=True)
    try:
        bench = measure(given)
    except QAError as error:
        raise SystemExit(str(error)) from None
    console.print(f"{given.llm}, {len(bench.pairs)} questions, {given.threads} threads", highlight=False)
    console.print(table(bench.pairs))
    for failure in bench.failures:
        console.print(f"not counted: {failure}", highlight=False)


if __name__ == "__main__":
    main()
