"""Answers, hits and reports as lines that no document can use to disturb a terminal; and a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING

from qa.wording import clean as clean
from qa.wording import one_line as one_line
from qa.wording import place

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from qa.answers import Answer
    from qa.audit import Audit
    from qa.citations import CitationInContext
    from qa.doctor import Finding
    from qa.evaluate import Asking
    from qa.forgetting import Forgotten
    from qa.progress import Progress
    from qa.scores import Report
    from qa.search import Hit
    from qa.status import LibraryFile, Status
    from qa.syncing import Failure, SyncReport
    from qa.verifying import Checking

_NEAREST = 3
_QUOTED = 300
_LISTED = 30
_SIGNS = {"removed": "[-{}-]", "added": "{{+{}+}}"}
_PHASES = {
    "reading": "Reading files",
    "embedding": "Embedding passages",
    "asking": "Asking questions",
    "checking": "Checking sentences",
}
_DOUBTS = {"unsupported": "Not supported", "partial": "Supported in part"}


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


def hit_lines(hits: list[Hit], *, within: Sequence[str] | None) -> Iterator[str]:
    """Write hits, best first; `within` are the globs that were given."""
    if not hits:
        yield (
            f"Nothing found in documents whose path matches {clean(', '.join(within))}." if within else "Nothing found."
        )
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
    if citation.note:
        yield citation.note
    for what, at in (
        ("The words stand now at", citation.current),
        ("What is most like them now stands at", citation.nearest),
    ):
        if at:
            yield ""
            yield f"{what} {place(at)}"
            yield f"    > {one_line(at.cited_text or '')}"
            yield f"    {at.id}"
    if citation.diff:
        yield ""
        yield one_line("".join(_SIGNS.get(each.op, "{}").format(each.words) for each in citation.diff))


def audit_lines(audit: Audit) -> Iterator[str]:
    """Write what became of citations that were given, one after the other."""
    for each in audit.citations:
        yield f"{each.status + ':':<9}{one_line(each.path)}  {each.id}"
        if each.cited_text:
            yield f"    > {one_line(each.cited_text, most=_QUOTED)}"
        if each.current:
            yield f"    now {place(each.current)}  {each.current.id}"
    yield f"{len(audit.citations):,} of the {audit.given:,} citations that were given are listed."


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
    if became := ", ".join(f"{count:,} {status}" for status, count in report.citations.items() if count):
        yield f"Citations that were given before: {became} (`qa audit` lists them)"
    if report.embedded:
        yield f"{_passages(report.embedded)} embedded"
    if report.waiting:
        yield f"still to be embedded: {_passages(report.waiting)}, until then found by their words alone"
    yield from _reasons("could not be read", [each for each in report.failures if not each.partial], _LISTED)
    yield from _reasons("could be read only in part", [each for each in report.failures if each.partial], _LISTED)


def _passages(count: int) -> str:
    return f"{count:,} passage{'s' * (count != 1)}"


def _reasons(what: str, files: Sequence[Failure | LibraryFile], most: int | None = None) -> Iterator[str]:
    if files:
        yield f"{len(files):,} {what}:"
    for file in files[:most]:
        yield f"  {one_line(file.path)}: {clean(file.reason or '')}"
    if more := len(files) - len(files[:most]):
        yield f"  and {more:,} more: `qa status` lists them all."


def forgotten_lines(forgotten: Forgotten) -> Iterator[str]:
    """Write what was forgotten, and what could not be."""
    for path in forgotten.paths:
        yield f"forgotten: {one_line(path)}"
    if not forgotten.paths:
        yield "There is nothing to forget."
    if forgotten.also_in:
        yield f"The same text also stands in {', '.join(map(one_line, forgotten.also_in))}, and stays there."
    if forgotten.note:
        yield clean(forgotten.note)


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
    partial = [file for file in files if file.state != "failed" and file.reason]
    if failed or partial:
        yield ""
    yield from _reasons("could not be read", failed)
    yield from _reasons("could be read only in part", partial)


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

    def __call__(self, now: Progress | Asking | Checking) -> None:
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
