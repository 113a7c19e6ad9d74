"""What was found, answered and cited, measured against what should have been: pure functions, and their means."""

from __future__ import annotations

import math
import re
import string
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qa.plain import Plain
from qa.spans import Span

DEPTHS = (1, 3, 5, 10)
"""How many of the best passages hit, allhit and recall look at."""
_SHOWN = 5
"""How many passages the figures that count characters look at."""
_RANKED = 10
"""How many passages MRR and nDCG look at."""
DEEPEST = max(*DEPTHS, _SHOWN, _RANKED)
"""How many passages the figures that look furthest need."""

Texts = Callable[[str], str | None]
"""The text of a document by the name that a question set gives it; None where there is none."""


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a document, under the name that a question set gives the document."""

    document: str
    span: Span

    def overlap(self, other: Place) -> int:
        """Count the code points that both have."""
        return self.span.overlap(other.span) if self.document == other.document else 0

    def to_dict(self) -> dict[str, Any]:
        """Return exactly the JSON."""
        return {"doc_id": self.document, "start": self.span.start, "end": self.span.end}


@dataclass(frozen=True, slots=True)
class Quote:
    """A place that an answer cites, with the words that it says stand there."""

    place: Place
    words: str

    def to_dict(self) -> dict[str, Any]:
        """Return exactly the JSON."""
        return {**self.place.to_dict(), "quote": self.words}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and what is right: short answers, and gold spans (all are needed; with `gold_any` one is enough).

    `grades` say of whole documents how relevant they are, and stand in for gold spans; `context` is a span around
    the gold that a citation may rest on too.
    """

    id: str
    words: str
    answers: tuple[str, ...] = ()
    answerable: bool = True
    gold: tuple[Place, ...] = ()
    gold_any: bool = False
    grades: Mapping[str, float] = field(default_factory=dict)
    context: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a question, best passage first; without `answer` it was only searched for."""

    id: str
    retrieved: tuple[Place, ...] = ()
    answer: str | None = None
    abstained: bool = False
    citations: tuple[Quote, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return exactly the JSON: a line of a run."""
        run: dict[str, Any] = {"qid": self.id, "retrieved": [place.to_dict() for place in self.retrieved]}
        if self.answer is not None:
            run |= {"answer": self.answer, "abstained": self.abstained}
            run["citations"] = [quote.to_dict() for quote in self.citations]
        return run


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Plain):
    """How good a library is: the mean of each figure, and how many questions it rests on."""

    questions: int
    failed: int
    documents: int
    scores: Mapping[str, float]
    counts: Mapping[str, int]
    latency_ms: Mapping[str, Mapping[str, float]]
    notes: tuple[str, ...] = ()


Scores = dict[str, float]


def score(question: Question, outcome: Outcome, texts: Texts) -> Scores:
    """Return every figure that this one question has."""
    figures = retrieval(question, outcome.retrieved)
    if outcome.answer is not None:
        figures |= answering(question, outcome) | citing(question, outcome, texts)
    return figures


class Tally:
    """Collects the figures of many questions."""

    def __init__(self) -> None:
        self._all: dict[str, list[float]] = defaultdict(list)

    def add(self, figures: Mapping[str, float]) -> None:
        """Take the figures of one question in."""
        for name, value in figures.items():
            self._all[name].append(value)

    def means(self) -> Scores:
        """Return the mean of each figure over the questions that have it."""
        means = {name: sum(values) / len(values) for name, values in sorted(self._all.items())}
        if {"correct_abstain", "over_abstain"} <= set(means):
            means["balanced_accuracy"] = (means["correct_abstain"] + 1 - means["over_abstain"]) / 2
        return {name: round(mean, 4) for name, mean in means.items()}

    def counts(self) -> dict[str, int]:
        """Return how many questions each mean rests on."""
        counts = {name: len(values) for name, values in sorted(self._all.items())}
        if {"correct_abstain", "over_abstain"} <= set(counts):
            counts["balanced_accuracy"] = counts["correct_abstain"] + counts["over_abstain"]
        return counts


# Retrieval.


def retrieval(question: Question, found: Sequence[Place]) -> Scores:
    """Measure what was found, best first; a question without gold has no such figures."""
    if question.grades:
        return _graded(question.grades, found)
    return _by_spans(question, found) if question.gold else {}


def _by_spans(question: Question, found: Sequence[Place]) -> Scores:
    figures: Scores = {}
    some: Callable[[list[bool]], float] = any if question.gold_any else _share  # is enough, or how much of it
    gold_documents = {gold.document for gold in question.gold}
    for depth in DEPTHS:
        top = found[:depth]
        hits = [covered(gold, top) for gold in question.gold]
        figures[f"hit@{depth}"] = float(any(hits))
        figures[f"allhit@{depth}"] = float(any(hits) if question.gold_any else all(hits))
        figures[f"recall@{depth}"] = float(some(hits))
        documents = {place.document for place in top}
        figures[f"docrecall@{depth}"] = float(some([name in documents for name in gold_documents]))
    return figures | _ranks(question, found[:_RANKED]) | _characters(question.gold, found[:_SHOWN])


def _share(flags: Collection[bool]) -> float:
    return sum(flags) / len(flags)


def covered(gold: Place, places: Sequence[Place]) -> bool:
    """Tell whether the places together hold at least half of a gold span."""
    return 2 * _common([gold], places) >= max(1, len(gold.span))


def _ranks(question: Question, found: Sequence[Place]) -> Scores:
    """MRR and nDCG: a passage counts if it holds half of a gold span, or a gold span holds half of it."""
    first, gain = 0.0, 0.0
    known: set[int] = set()
    for rank, place in enumerate(found, 1):
        hits = {number for number, gold in enumerate(question.gold) if _meet(gold, place)}
        if hits and not first:
            first = 1 / rank
        if question.gold_any:
            gain += bool(hits and not known) / math.log2(rank + 1)
        else:
            gain += len(hits - known) / math.log2(rank + 1)
        known |= hits
    return {"mrr@10": first, "ndcg@10": min(1.0, gain / _ideal(question))}


def _meet(gold: Place, place: Place) -> bool:
    return 2 * gold.overlap(place) >= max(1, min(len(gold.span), len(place.span)))


def _ideal(question: Question) -> float:
    """Return the gain of the best order: one passage for each document with all of its gold, the fullest first."""
    many = Counter(gold.document for gold in question.gold).values()
    return _discounted([1] if question.gold_any else sorted(many, reverse=True))


def _discounted(gains: Iterable[float]) -> float:
    """Add gains up, each worth less the lower it ranks."""
    return sum(gain / math.log2(rank + 1) for rank, gain in zip(range(1, _RANKED + 1), gains, strict=False))


def _characters(gold: Sequence[Place], shown: Sequence[Place]) -> Scores:
    """Precision, recall and intersection over union of what is shown, in characters."""
    size, common, wanted = _size(shown), _common(gold, shown), _size(gold)
    if not size:
        return {}
    return {
        "char_prec@5": common / size,
        "char_recall@5": common / wanted,
        "char_iou@5": common / (size + wanted - common),
    }


def _common(a: Sequence[Place], b: Sequence[Place]) -> int:
    """Count the characters that are in both."""
    return _size(a) + _size(b) - _size([*a, *b])


def _size(places: Iterable[Place]) -> int:
    """Count the characters of some places, each once however often it occurs."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for place in places:
        spans[place.document].append(place.span)
    count = 0
    for each in spans.values():
        end = 0
        for span in sorted(each):
            count += max(0, span.end - max(span.start, end))
            end = max(end, span.end)
    return count


def _graded(grades: Mapping[str, float], found: Sequence[Place]) -> Scores:
    """Measure whole documents, each by its best passage, against grades of relevance."""
    documents = list(dict.fromkeys(place.document for place in found))
    good = {name for name, grade in grades.items() if grade > 0}
    figures: Scores = {}
    for depth in DEPTHS:
        hits = good.intersection(documents[:depth])
        figures[f"hit@{depth}"] = float(bool(hits))
        figures[f"recall@{depth}"] = len(hits) / max(1, len(good))
    ranks = (rank for rank, name in enumerate(documents[:_RANKED], 1) if name in good)
    figures["mrr@10"] = 1 / next(ranks, math.inf)
    ideal = _discounted(sorted((grades[name] for name in good), reverse=True))
    gain = _discounted(max(0, grades.get(name, 0)) for name in documents)
    figures["ndcg@10"] = gain / ideal if ideal else 0.0
    return figures


# Answers.

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")


def plain_words(text: str) -> list[str]:
    """Split an answer into words as SQuAD compares them: small letters, no punctuation, no articles."""
    return _ARTICLE.sub(" ", text.lower().translate(_PUNCTUATION)).split()


def answering(question: Question, outcome: Outcome) -> Scores:
    """Measure an answer: whether it should have been refused, and how near it is to the best of the right ones."""
    if not question.answerable:
        return {"correct_abstain": float(outcome.abstained)}
    figures = {"over_abstain": float(outcome.abstained)}
    if question.answers:
        said = plain_words("" if outcome.abstained else outcome.answer or "")
        right = [plain_words(answer) for answer in question.answers]
        figures["em"] = float(said in right)
        figures["f1"] = max(_f1(said, each) for each in right)
        figures["contains"] = float(any(each and " ".join(each) in " ".join(said) for each in right))
    return figures


def _f1(said: Sequence[str], right: Sequence[str]) -> float:
    """Return the harmonic mean of the precision and the recall of words; both without a word are alike."""
    if not said or not right:
        return float(said == right)
    return 2 * (Counter(said) & Counter(right)).total() / (len(said) + len(right))


# Citations.


def citing(question: Question, outcome: Outcome, texts: Texts) -> Scores:
    """Measure citations: whether they can be looked up, say what stands there, and rest on the gold spans."""
    quotes = outcome.citations
    there = [quote for quote in quotes if _stands(quote.place, texts)]
    figures = {"cite_valid": len(there) / len(quotes) if quotes else 1.0}
    if quotes:
        exact = [quote for quote in there if quote.place.span.of(texts(quote.place.document) or "") == quote.words]
        figures["cite_quote_exact"] = len(exact) / len(quotes)
    if question.gold and not outcome.abstained:
        places = [quote.place for quote in there]
        around = [*question.gold, *([question.context] if question.context else [])]
        good = [place for place in places if any(place.overlap(each) for each in around)]
        figures["cite_precision"] = len(good) / len(quotes) if quotes else 0.0
        held = [covered(gold, places) for gold in question.gold]
        figures["cite_recall"] = float(any(held)) if question.gold_any else _share(held)
    return figures


def _stands(place: Place, texts: Texts) -> bool:
    text = texts(place.document)
    return text is not None and 0 <= place.span.start < place.span.end <= len(text)


# Times.


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
