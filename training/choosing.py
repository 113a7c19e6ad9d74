"""Fit how likely a sentence answers, and that there is an answer at all: the tables of `qa/evidence.py`.

Each figure is of weights that were fitted on the other sets; the tables that are printed are fitted on all.
"""

from __future__ import annotations

import argparse
import math
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from figures import Flags, Numbers, auc, balanced, logistic

from qa import Library, Settings
from qa.candidates import Candidate, Vocabulary
from qa.corpora import ids_of, lay_out
from qa.evidence import compared, enough, likely, signs, unknown_names
from qa.followups import standalone
from qa.gold import CORPUS, read_set
from qa.questions import LONGEST
from qa.reader import Reader, open_reader
from qa.reranking import Readings, best
from qa.scores import Place, Question
from qa.search import show

SENTENCES = ("clapnq_dev", "squad2", "multihop_rag_evidence500", "hotpotqa100", "chunking_eval")
ANSWERED = ("clapnq_dev", "squad2", "mtrag_un", "multihop_rag_evidence500")
KNOWN = {
    "words": ("share", "rank", "length", "ends"),
    "meaning": ("share", "rank", "length", "ends", "below"),
    "reading": ("share", "rank", "length", "ends", "below", "evidence", "holds"),
}
SIGNS = {"words": ("share",), "meaning": ("above",), "reading": ("above", "answerable")}
_SEEN = 8
_SAMPLE = 60_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A question, the sentences that an answerer sees, which of them are gold, and what speaks for an answer."""

    question: Question
    known: tuple[Mapping[str, float], ...]
    gold: Flags
    signs: Mapping[str, float]
    unknown: bool


def seen(name: str, dev: Path, cache: Path, kind: str, reader: Reader | None, limit: int) -> list[Seen]:
    """Ask a set as a library does; what is seen is kept in a file."""
    kept = cache / f"{name}.{kind}.pickle"
    if not kept.exists():
        kept.write_bytes(pickle.dumps(list(_seen(name, dev, cache, kind, reader, limit))))
    found: list[Seen] = pickle.loads(kept.read_bytes())
    return found


def _seen(name: str, dev: Path, cache: Path, kind: str, reader: Reader | None, limit: int) -> Iterator[Seen]:
    place = cache / "index" / name
    folder, names = lay_out(dev / name / CORPUS, place / "texts")
    questions = read_set(dev / name)
    asked = questions.questions
    many = min(limit, len(asked))
    with Library.open(folder, index=place, settings=Settings()) as library:
        library.sync()
        ids = {id: document for document, id in ids_of(library, names).items()}
        engines = replace(library._index.engines(), reader=lambda: reader)
        if kind == "words":
            engines = replace(engines, vectors=None)
        lexical = engines.lexical
        vocabulary = Vocabulary(lexical.terms, lexical.empty, lexical.rarity, lexical.stands, lexical.count())
        for question in (asked[i * len(asked) // many] for i in range(many)):
            words = standalone(question.words.strip()[:LONGEST], questions.histories.get(question.id, ()))
            readings = Readings(reader, words) if reader else None
            found = best(words, engines, count=10, rerank=bool(reader), readings=readings)
            hits = show(engines.catalog, found)[:_SEEN]
            read = readings.of([hit.text for hit in hits], [hit.document.title for hit in hits]) if readings else None
            each = compared(words, hits, vocabulary, engines.gauge if engines.vectors else None, read)
            gold = np.array([_is_gold(candidate, question, ids) for candidate in each], np.bool_)
            told = signs(each, read, passages=vocabulary.passages) if each else {}
            yield Seen(question, tuple(c.known for c in each), gold, told, bool(unknown_names(words, vocabulary)))


def _is_gold(candidate: Candidate, question: Question, ids: Mapping[str, str]) -> bool:
    """Tell whether more than half of a sentence, or of a gold span, is in the other."""
    hit, span = candidate.evidence.hit, candidate.evidence.span
    place = Place(ids.get(hit.document.id, ""), span)
    return any(place.overlap(gold) > min(len(span), len(gold.span)) / 2 for gold in question.gold)


# Fitting.


Weights = dict[str, float]


def fit(rows: Numbers, truth: Flags, shares: Numbers, names: Sequence[str]) -> Weights:
    """Fit a logistic regression on rows drawn by their shares; the weight of "" stands alone."""
    drawn = np.random.default_rng(0).choice(len(truth), _SAMPLE, p=shares / shares.sum())
    mean, std = rows.mean(0), rows.std(0) + 1e-9
    *slopes, alone = logistic((rows[drawn] - mean) / std, truth[drawn])
    weights = {name: float(w / s) for name, w, s in zip(names, slopes, std, strict=True)}
    weights[""] = float(alone - sum(w * m / s for w, m, s in zip(slopes, mean, std, strict=True)))
    return weights


def fit_sentences(sets: Sequence[list[Seen]], names: Sequence[str]) -> Weights:
    """Fit on the sentences of questions with an answer; each set counts the same, and each question in it."""
    use = [[each for each in one if each.gold.any()] for one in sets]
    rows = np.array([[known[name] for name in names] for one in use for each in one for known in each.known])
    truth = np.concatenate([each.gold for one in use for each in one])
    shares = np.concatenate([np.full(len(e.gold), 1 / len(one) / len(e.gold)) for one in use for e in one])
    return fit(rows, truth, shares, names)


def fit_answered(sets: Sequence[list[Seen]], names: Sequence[str]) -> Weights:
    """Fit on questions with and without an answer; both count the same in each set, and each set."""
    use = [[each for each in one if each.signs and not each.unknown] for one in sets]
    rows = np.array([[each.signs[name] for name in names] for one in use for each in one])
    truth = np.array([each.question.answerable for one in use for each in one])
    many = [sum(e.question.answerable for e in one) for one in use]
    shares = np.array([
        1 / (yes if each.question.answerable else len(one) - yes)
        for one, yes in zip(use, many, strict=True)
        for each in one
    ])  # fmt: skip
    return fit(rows, truth, shares, names)


# Figures.


def chosen(each: Seen, weights: Weights, count: int | None) -> list[int]:
    """Return which sentences are shown: so many, or as many as the question needs."""
    scores = np.array([likely(known, weights) for known in each.known])
    order = [int(i) for i in np.argsort(-scores, kind="stable")]
    return order[: count or enough([float(scores[i]) for i in order], each.known)]


def sentence_figures(one: Sequence[Seen], weights: Weights, count: int | None) -> tuple[float, ...]:
    """Return precision and recall of the sentences that are shown, how many, and how often one of them is gold."""
    told = []
    for each in one:
        if each.question.gold and each.known:
            right = [bool(each.gold[i]) for i in chosen(each, weights, count)]
            told.append((np.mean(right), sum(right) / max(1, each.gold.sum()), len(right), any(right)))
    return tuple(float(x) for x in np.mean(told, axis=0))


def answered_figures(one: Sequence[Seen], weights: Weights) -> tuple[float, float]:
    """Return balanced accuracy and AUC of whether there is an answer."""
    truth, score = _likelihoods(one, weights)
    return balanced(score >= 0.5, truth), auc(score, truth)


def _likelihoods(one: Sequence[Seen], weights: Weights) -> tuple[Flags, Numbers]:
    """Return which questions have an answer, and how likely each has by these weights."""
    truth = np.array([each.question.answerable for each in one])
    return truth, np.array([0.0 if e.unknown or not e.signs else likely(e.signs, weights) for e in one])


def _left_out(sets: Mapping[str, list[Seen]], fitted: Callable[[Sequence[list[Seen]]], Weights]) -> dict[str, Weights]:
    return {name: fitted([one for other, one in sets.items() if other != name]) for name in sets}


def main() -> None:
    """Fit all tables, and print them with their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dev", type=Path, help="the folder that holds the unpacked sets")
    parser.add_argument("--reader", type=Path, help="a file of weights (default: no reader)")
    parser.add_argument("--cache", type=Path, required=True, help="for indexes and what was seen")
    parser.add_argument("--limit", type=int, default=600, help="so many questions of each set, evenly spread")
    parser.add_argument("--kinds", default="words,meaning,reading")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    reader = open_reader(given.cache, threads=None, weights=given.reader) if given.reader else None
    for kind in given.kinds.split(","):
        reads = reader if kind == "reading" else None
        sets = {name: seen(name, given.dev, given.cache, kind, reads, given.limit) for name in {*SENTENCES, *ANSWERED}}
        _report_sentences(kind, {name: sets[name] for name in SENTENCES})
        _report_answered(kind, {name: sets[name] for name in ANSWERED})


def _report_sentences(kind: str, sets: Mapping[str, list[Seen]]) -> None:
    names = KNOWN[kind]
    weights = _left_out(sets, lambda some: fit_sentences(some, names))
    print(f"\n{kind}: sentences, precision/recall/shown/hit, each set fitted on the others")
    for count in (1, 2, 3, None):
        told = {name: sentence_figures(one, weights[name], count) for name, one in sets.items()}
        cells = "  ".join(f"{name[:7]} {p:.3f}/{r:.3f}/{n:.2f}/{h:.3f}" for name, (p, r, n, h) in told.items())
        print(f"  {count or 'as needed':<9}  {cells}")
    print("  on all:", _rounded(fit_sentences([*sets.values()], names)))


def _report_answered(kind: str, sets: Mapping[str, list[Seen]]) -> None:
    names = SIGNS[kind]
    weights = _left_out(sets, lambda some: fit_answered(some, names))
    whole = fit_answered([*sets.values()], names)
    print(f"{kind}: is there an answer, balanced accuracy/AUC, each set fitted on the others; fitted on all")
    for name, one in sets.items():
        (own, area), (all_, _) = answered_figures(one, weights[name]), answered_figures(one, whole)
        print(f"  {name:26} {own:.3f}/{area:.3f}  {all_:.3f}  of {len(one)}")
    print("  on all:", _rounded(whole))
    print("  QA_CONFIDENCE: answered of those with an answer, refused of those without; means of the sets, as shipped")
    for least in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        told = np.mean([_at(one, whole, least) for one in sets.values()], axis=0)
        print(f"    {least:.1f}  {told[0]:.3f} {told[1]:.3f}  balanced {told.mean():.3f}")


def _at(one: Sequence[Seen], weights: Weights, least: float) -> tuple[float, float]:
    """Return the share answered of the questions with an answer, and the share refused of the others."""
    truth, score = _likelihoods(one, weights)
    return float((score >= least)[truth].mean()), float((score < least)[~truth].mean())


def _rounded(weights: Weights) -> Weights:
    return {name: round(w, 1 if abs(w) >= 10 else 2) for name, w in weights.items() if math.isfinite(w)}


if __name__ == "__main__":
    main()
