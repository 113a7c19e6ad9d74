"""Answers, hits and reports as lines that no document can use to disturb a terminal; and a progress bar."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from qa.answers import Answer
    from qa.citations import Citation, CitationInContext, Location
    from qa.doctor import Finding
    from qa.evaluate import Asking
    from qa.progress import Progress
    from qa.scores import Report
    from qa.search import Hit
    from qa.status import LibraryFile, Status
    from qa.syncing import SyncReport

_NEAREST = 3
_PHASES = {"reading": "Reading files", "embedding": "Embedding passages", "asking": "Asking questions"}
_DOUBTS = {"unsupported": "Not supported", "partial": "Supported in part"}
_KEPT = "\n\u200c\u200d"  # new lines, and what joins letters in many scripts


def clean(text: str) -> str:
    """Make text safe for a terminal: control characters escaped, any space a plain one, invisible marks left out."""
    return "".join(c if c.isprintable() or c in _KEPT else _escaped(c) for c in text.replace("\r\n", "\n"))


def _escaped(c: str) -> str:
    match unicodedata.category(c):
        case "Zs" | "Zl" | "Zp":
            return " "
        case "Cf":  # soft hyphens, and marks that turn the direction of text, which can make it read as another
            return ""
    return " " if c == "\t" else c.encode("unicode_escape", "surrogatepass").decode()


def one_line(text: str) -> str:
    """Make text safe for a terminal and put it on one line."""
    return clean(" ".join(text.split()))


def answer_lines(answer: Answer) -> Iterator[str]:
    """Write an answer: its text with marks, then each citation; where it refuses, the nearest passages."""
    from qa.answers import unescape_marks

    yield clean(unescape_marks(answer.answer))
    for sentence in answer.sentences:
        if verdict := _DOUBTS.get(sentence.support):
            yield ""
            yield f"{verdict}: «{one_line(unescape_marks(sentence.text))}» ({clean(sentence.why)})"
    if answer.searched_as:
        yield ""
        yield f"Searched as: {one_line(answer.searched_as)}"
    if answer.reason:
        yield ""
        yield clean(answer.reason)
    for citation in answer.citations:
        yield ""
        yield f"[{citation.number}] {place(citation)}"
        yield f"    > {one_line(citation.cited_text or '')}"
        yield f"    {citation.id}"
    if answer.refused and answer.passages:
        yield ""
        yield "Nearest passages:"
        for hit in answer.passages[:_NEAREST]:
            yield ""
            yield from _hit(hit)


def hit_lines(hits: list[Hit], *, within: str | None) -> Iterator[str]:
    """Write hits, best first; `within` is the glob that was given."""
    if not hits:
        yield f"Nothing found in documents whose path matches {clean(within)}." if within else "Nothing found."
    for number, hit in enumerate(hits):
        if number:
            yield ""
        yield from _hit(hit)


def _hit(hit: Hit) -> Iterator[str]:
    words = one_line(hit.text)
    yield f"{hit.score:.2f}  {place(hit)}"
    yield f"    > {words if len(words) <= 400 else words[:400].rsplit(' ', 1)[0] + ' …'}"
    yield f"    {hit.id}"


def citation_lines(citation: CitationInContext) -> Iterator[str]:
    """Write a citation with its context, the cited words between angle quotes."""
    yield f"{place(citation)}  ({citation.status})"
    if citation.cited_text is not None:
        yield ""
        yield f"{clean(citation.before)}»{clean(citation.cited_text)}«{clean(citation.after)}"
    else:
        yield "The words are no longer in the folder, so they are not shown."


def place(at: Location | Citation) -> str:
    """Write where something stands: path, page or line, headings."""
    parts = [one_line(at.document.path)]
    for name, first, last in (
        ("page", at.start_page_number, at.end_page_number),
        ("line", at.start_line if at.start_page_number is None else None, at.end_line),
    ):
        if first is not None:
            parts.append(f"{name} {first}" if last in (None, first) else f"{name}s {first}-{last}")
    if at.heading:
        parts.append(" › ".join(one_line(each) for each in at.heading))
    return ", ".join(parts)


def report_lines(report: SyncReport) -> Iterator[str]:
    """Write what a sync did, one line for each kind of thing that happened."""
    kinds = ("added", "updated", "moved", "removed", "unchanged")
    counts = [(name, getattr(report, name)) for name in kinds]
    if report.note:
        yield clean(report.note)
    for name, count in counts:
        if count:
            yield f"{count:,} {name}"
    if not any(count for _, count in counts) and not report.failed:
        yield "There are no documents in the folder."
    if report.embedded:
        yield f"{report.embedded:,} passages embedded"
    if report.waiting:
        yield f"{report.waiting:,} passages wait to be embedded; until then they are found by their words"
    if report.failed:
        yield f"{report.failed:,} could not be read:"
        for failure in report.failures:
            yield f"  {one_line(failure.path)}: {clean(failure.reason)}"


def status_lines(status: Status, files: list[LibraryFile]) -> Iterator[str]:
    """Write how a library stands, and the files that could not be read."""
    rows = {
        "Folder": one_line(status.folder),
        "Index": one_line(status.index),
        "Version": status.version,
        "Embedder": clean(status.embedder or "none yet"),
        "Files": f"{status.files:,}, {status.failed:,} of them could not be read",
        "Documents": f"{status.documents:,} with {status.characters:,} characters in {status.passages:,} passages",
        "Embedded": "all" if not status.waiting else f"{status.waiting:,} passages still wait",
    }
    if status.phase != "idle":
        left = f", about {status.seconds_left:,.0f} s left" if status.seconds_left is not None else ""
        rows["Now"] = f"{status.phase}: {status.done:,} of {status.total:,}, {status.rate:,.0f} a second{left}"
    if status.trouble:
        rows["Trouble"] = clean(status.trouble)
    for name, value in rows.items():
        yield f"{name + ':':<11}{value}"
    failed = [file for file in files if file.state == "failed"]
    if failed:
        yield ""
        yield "Could not be read:"
        for file in failed:
            yield f"  {one_line(file.path)}: {clean(file.reason or '')}"


def finding_lines(findings: list[Finding]) -> Iterator[str]:
    """Write how each part of an index is."""
    for finding in findings:
        yield f"{finding.part + ':':<9}{'ok' if finding.ok else 'NOT OK'}, {one_line(finding.words)}"
    if not all(finding.ok for finding in findings):
        yield "Run `qa doctor --repair` to make it anew, from the catalog and the folder."


_FIGURES = {
    "What is found": {
        "hit@1": "gold in the best passage",
        "hit@5": "some of the gold in the best 5",
        "allhit@5": "all of the gold in the best 5",
        "recall@10": "share of the gold in the best 10",
        "mrr@10": "1 / rank of the first with gold",
        "ndcg@10": "how near to the best order",
        "char_prec@5": "share of what is shown that is gold",
        "char_recall@5": "share of the gold that is shown",
        "char_iou@5": "both at once",
    },
    "What is cited": {
        "cite_valid": "citations that can be looked up",
        "cite_quote_exact": "citations exact to the letter",
        "cite_precision": "citations that rest on gold",
        "cite_recall": "share of the gold that is cited",
    },
    "What is answered": {
        "em": "exactly a right answer",
        "f1": "words in common with a right answer",
        "contains": "a right answer is in it",
    },
    "What is refused": {
        "correct_abstain": "refused where there is no answer",
        "over_abstain": "refused where there is one (0 is best)",
        "balanced_accuracy": "rightly answered or refused",
    },
}
"""What people are shown of the scores, in groups, and what each says; gold is what a question set says is right."""


def score_lines(report: Report) -> Iterator[str]:
    """Write scores as a table: each figure, how many questions it rests on, and what it says; then the times."""
    # 30 ms: only for who looks on
    from rich.console import Console
    from rich.table import Table

    table = Table("figure", "score", "questions", "what it says", box=None, pad_edge=False, header_style="dim")
    table.columns[1].justify = table.columns[2].justify = "right"
    for heading, figures in _FIGURES.items():
        known = {name: words for name, words in figures.items() if name in report.scores}
        if known:
            table.add_row(f"[bold]{heading}[/bold]")
        for name, words in known.items():
            table.add_row(f"  {name}", f"{report.scores[name]:.3f}", f"{report.counts[name]:,}", words)
    table.add_row("[bold]How long it takes[/bold]")
    for name, times in report.latency_ms.items():
        for share, words in (("p50", "ms or less, half of the questions"), ("p95", "ms or less, 95 of 100")):
            table.add_row(f"  {name} {share}", f"{times[share]:,.0f}", "", words)
    console = Console()
    with console.capture() as written:
        console.print(table)
    yield f"Questions: {report.questions:,}, documents: {report.documents:,}"
    yield ""
    yield from (line.rstrip() for line in written.get().splitlines())
    for note in report.notes:
        yield ""
        yield one_line(note)


def sync_bar() -> AbstractContextManager[SyncBar | None]:
    """Return a bar for the progress of a sync on stderr, or nothing where that is no terminal."""
    return SyncBar() if sys.stderr.isatty() else nullcontext()


class SyncBar:
    """A bar for each phase, with rate and time left."""

    def __init__(self) -> None:
        # 50 ms: only for who looks on
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bars: RichProgress = RichProgress(
            TextColumn("{task.description:<18}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:,.0f}/s"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, now: Progress | Asking) -> None:
        """Show how far a phase is."""
        if now.phase not in self._tasks:
            self._tasks[now.phase] = self._bars.add_task(_PHASES.get(now.phase, now.phase), rate=0.0)
        self._bars.update(self._tasks[now.phase], completed=now.done, total=now.total, rate=now.rate)

    def __enter__(self) -> SyncBar:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
