"""A reader in; where it puts the passages that answer, beside where our search alone does, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from bench import Bench, Reader
from candidates import Asked
from figures import Figure, middle_of_best

from qa.scores import Tally, retrieval

SETS = ("hotpotqa100", "multihop_rag_evidence500", "mtrag_un", "chunking_eval", "clapnq_dev", "squad2")
RERANKED = 20
"""Passages that the reader reads for a question."""
SHARES = tuple(np.linspace(0, 1, 21).round(2).tolist())
"""What its scores may weigh beside those of the search."""
SHOWN = ("hit@1", "hit@5", "allhit@5", "mrr@10")


def reranking(bench: Bench) -> Iterator[Figure]:
    """Rank anew: the share that the reader has is fitted on five sets and scored on the sixth, or fitted on all."""
    tables, counts = {}, {}
    for name in SETS:
        asked = bench.some("reranking", [each for each in bench.set(name).asked() if each.question.gold])
        tables[name], counts[name] = _by_share(bench.reader, asked), len(asked)
    before = {name: table[0.0] for name, table in tables.items()}
    if not bench.reader:
        yield from (replace(each.unread(), floor=None, aim=None) for each in _compared("rank", before, before, counts))
        return
    shares = _left_out(tables)
    for row, chosen in (
        ("rank", shares),
        ("rank, fitted on all", dict.fromkeys(SETS, _best_share([*tables.values()]))),
    ):
        after = {name: table[chosen[name]] for name, table in tables.items()}
        yield from _compared(row, before, after, counts)
        yield from (Figure(row, f"{name} share", share, counts[name]) for name, share in chosen.items())
    for share in SHARES[:: len(SHARES) // 10]:
        value = np.mean([[table[share]["hit@1"], table[share]["hit@5"]] for table in tables.values()])
        yield Figure("rank, by share", f"{share:.2f}: mean of hit@1, hit@5", float(value), sum(counts.values()))


def _by_share(reader: Reader | None, asked: Sequence[Asked]) -> dict[float, dict[str, float]]:
    """Score a set with each share of the reader."""
    tallies = {share: Tally() for share in (SHARES if reader else (0.0,))}
    for each in asked:
        read = [candidate.words for candidate in each.candidates[:RERANKED]]
        scores = [float(x) for x in np.asarray(reader.scores(each.question.words, read))] if reader else []
        for share, tally in tallies.items():
            tally.add(retrieval(each.question, each.retrieved(scores, share=share)))
    return {share: tally.means() for share, tally in tallies.items()}


def _best_share(tables: Sequence[dict[float, dict[str, float]]]) -> float:
    values = [sum(table[share]["hit@1"] + table[share]["hit@5"] for table in tables) for share in SHARES]
    return middle_of_best(np.array(SHARES), values)


def _left_out(tables: dict[str, dict[float, dict[str, float]]]) -> dict[str, float]:
    """Return for each set the share that is best for the others."""
    return {name: _best_share([tables[other] for other in tables if other != name]) for name in tables}


def _compared(
    row: str, before: dict[str, dict[str, float]], after: dict[str, dict[str, float]], counts: dict[str, int]
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
