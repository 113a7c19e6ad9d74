"""A reader in; where it puts the passages that answer, beside where our search alone does, out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from bench import Bench, Reader
from candidates import Asked
from figures import Figure

from qa.followups import leans
from qa.ranking import read_anew
from qa.reranking import FIRST, LIFT, READER_SHARE, RERANKED_BY_READER, Readings
from qa.scores import Tally, retrieval

SETS = ("hotpotqa100", "multihop_rag_evidence500", "mtrag_un", "chunking_eval", "clapnq_dev", "squad2")
SHOWN = ("hit@1", "hit@5", "allhit@5", "mrr@10")


@dataclass(frozen=True, slots=True)
class Knobs:
    """What the reader weighs: where it is sure, and beside the score of the search."""

    lift: float
    share: float

    def __str__(self) -> str:
        return f"lift {self.lift:g}, share {self.share:g}"


GRID = tuple(Knobs(*each) for each in product((0.5, 1.0, 1.5, 2.0, 2.5, 3.0), (0.0, 0.25, 0.5, 0.75, 1.0)))
"""What the weights may be."""

Table = Mapping[Knobs | None, Mapping[str, float]]
"""The figures of one set by weights; None: as the search alone has it."""


def reranking(bench: Bench) -> Iterator[Figure]:
    """Rank anew: what the reader weighs is fitted on five sets and scored on the sixth, or fitted on all."""
    tables: dict[str, Table] = {}
    counts = {}
    for name in SETS:
        asked = bench.some("reranking", [each for each in bench.set(name).asked() if each.question.gold])
        tables[name], counts[name] = _by_knobs(bench.reader, asked), len(asked)
    before = {name: table[None] for name, table in tables.items()}
    if not bench.reader:
        yield from (replace(each.unread(), floor=None, aim=None) for each in _compared("rank", before, before, counts))
        return
    for row, knobs in (
        ("rank", {name: _best([tables[other] for other in SETS if other != name]) for name in SETS}),
        ("rank, fitted on all", dict.fromkeys(SETS, _best([*tables.values()]))),
        ("rank, as shipped", dict.fromkeys(SETS, Knobs(LIFT, READER_SHARE))),
    ):
        yield from _compared(row, before, {name: tables[name][knobs[name]] for name in SETS}, counts)
        for name, each in knobs.items():
            yield Figure(row, f"{name} lift", each.lift, counts[name])
            yield Figure(row, f"{name} share", each.share, counts[name])
    for each in GRID:
        yield Figure(
            "rank, by weights", f"{each}: hit@1 + hit@5", _worth([*tables.values()], each), sum(counts.values())
        )


def _by_knobs(reader: Reader | None, asked: Sequence[Asked]) -> Table:
    """Score a set with each weight of the reader, as `qa.search` ranks anew."""
    tallies: dict[Knobs | None, Tally] = {each: Tally() for each in (None, *(GRID if reader else ()))}
    for each in asked:
        read = each.candidates[:RERANKED_BY_READER]
        relevance = list[float]()
        if reader and not leans(each.question.words):
            titles = [candidate.title for candidate in read]
            relevance = Readings(reader, each.question.words).relevance([candidate.words for candidate in read], titles)
        for knobs, tally in tallies.items():
            tally.add(retrieval(each.question, each.retrieved(_order(each, relevance, knobs))))
    return {knobs: tally.means() for knobs, tally in tallies.items()}


def _order(asked: Asked, relevance: Sequence[float], knobs: Knobs | None) -> list[int]:
    """Return the numbers of the candidates that were read, best first; none if the search has the last word."""
    if not knobs or not relevance:
        return []
    anew = read_anew(asked.ranked[: len(relevance)], relevance, lift=knobs.lift, share=knobs.share, first=FIRST)
    return [each.row.number for each in anew]


def _best(tables: Sequence[Table]) -> Knobs:
    """Return the weights that are best for some sets; of equals the least."""
    return max(GRID, key=lambda knobs: (round(_worth(tables, knobs), 9), -knobs.lift, -knobs.share))


def _worth(tables: Sequence[Table], knobs: Knobs) -> float:
    return float(np.mean([table[knobs]["hit@1"] + table[knobs]["hit@5"] for table in tables]))


def _compared(
    row: str,
    before: Mapping[str, Mapping[str, float]],
    after: Mapping[str, Mapping[str, float]],
    counts: Mapping[str, int],
) -> Iterator[Figure]:
    """Hold the figures of all sets against those without the reader."""
    for name in before:
        for what in SHOWN:
            yield Figure(row, f"{name} {what}", after[name][what], counts[name], before[name][what])
    everything = sum(counts.values())
    for what, floor, aim in (("hit@1", 0.02, 0.06), ("hit@5", 0.01, 0.03), ("allhit@5", None, None)):
        old, new = (float(np.mean([each[what] for each in side.values()])) for side in (before, after))
        goals = (old + floor, old + aim) if floor and aim else (None, None)
        yield Figure(row, f"mean {what}", new, everything, old, *goals)
    worst = min(after[name][what] - before[name][what] for name in before for what in ("hit@1", "hit@5"))
    yield Figure(row, "worst single set, change of hit@1 or hit@5", worst, everything, 0.0, -0.01, 0.0)
