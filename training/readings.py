"""A reader in; how well it finds short answers and sentences, and knows that there are none, out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from bench import Bench, Reader, words_of
from candidates import FEW, Asked
from figures import (
    Figure,
    Flags,
    Numbers,
    auc,
    balanced,
    blended,
    f1,
    folds,
    held_out,
    log_odds,
    middle_of_best,
    precision,
    recall,
    thresholds,
)

from qa.documents import Document
from qa.passages import cut, sentences
from qa.reranking import Readings
from qa.scores import Outcome, Question, Tally, answering
from qa.spans import Span

# The short answer.


def answers(bench: Bench) -> Iterator[Figure]:
    """Find the short answer in the passages that hold it, and in its paragraph."""
    squad = bench.set("squad2")
    asked = bench.some("answers", [each for each in squad.questions if each.answerable])
    for name, around, goals in (("passage", _passage, ((0.5, 0.68), (0.6, 0.76))), ("paragraph", _paragraph, None)):
        means: dict[str, float] = {}
        if bench.reader:
            tally = Tally()
            for question in asked:
                text = squad.texts[question.gold[0].document]
                tally.add(_answered(bench.reader, question, around(question, text.words).of(text.words), text.title))
            means = tally.means()
        for i, what in enumerate(("em", "f1")):
            yield Figure("answer", f"{name} {what}", means.get(what), len(asked), None, *(goals[i] if goals else ()))


def _passage(question: Question, text: str) -> Span:
    """Return the passages that hold the first gold span, joined: they tile the text."""
    held = [span for span in _passages(text) if span.overlap(question.gold[0].span)]
    return Span(held[0].start, held[-1].end)


@lru_cache(1)  # questions about one text come one after the other
def _passages(text: str) -> list[Span]:
    return [passage.span for passage in cut(Document(text, "", "text/plain"))]


def _paragraph(question: Question, text: str) -> Span:
    return question.context.span if question.context else Span(0, len(text))


def _answered(reader: Reader, question: Question, text: str, title: str) -> dict[str, float]:
    (reading,) = Readings(reader, question.words).of([text], [title])
    said = reading.answer.of(text) if reading.answer else ""
    return answering(question, Outcome(id=question.id, answer=said))


# Whether there is an answer.


def answerability(bench: Bench) -> Iterator[Figure]:
    """Tell questions that have an answer from those that have none."""
    asked = bench.some("answerability", bench.set("squad2").asked_within())
    groups = [each.question.context.document if each.question.context else "" for each in asked]
    yield from _answerable(bench.reader, "squad2, its article", asked, groups, 2, (0.60, 0.72))
    asked = bench.some("answerability", bench.set("clapnq_dev").asked())
    groups = [each.question.id for each in asked]
    yield from _answerable(bench.reader, "clapnq_dev, open", asked, groups, 10, (0.80, 0.88))


def _answerable(
    reader: Reader | None,
    name: str,
    asked: Sequence[Asked],
    groups: Sequence[str],
    count: int,
    goals: tuple[float, float],
) -> Iterator[Figure]:
    truth = np.array([each.question.answerable for each in asked])
    cosine = np.array([each.cosine for each in asked])
    found = np.array([_surest(reader, each) for each in asked]) if reader else None
    told, alike = (None if x is None else held_out(x, truth, groups, balanced, count) for x in (found, cosine))
    yield Figure("answerability", f"{name}: balanced accuracy", told, len(asked), alike, *goals)
    told, alike = (None if x is None else _best(x, truth, balanced) for x in (found, cosine))
    yield Figure("answerability", f"{name}: threshold fitted on all", told, len(asked), alike)
    told, alike = (None if x is None else auc(x, truth) for x in (found, cosine))
    yield Figure("answerability", f"{name}: AUC", told, len(asked), alike)
    if found is not None:
        odds = blended(np.column_stack([log_odds(found), cosine]), truth, groups, count)
        value, area = balanced(odds > 0, truth), auc(odds, truth)
        yield Figure("answerability", f"{name}: blended with the cosine, balanced accuracy", value, len(asked))
        yield Figure("answerability", f"{name}: blended with the cosine, AUC", area, len(asked))


def _surest(reader: Reader, asked: Asked) -> float:
    few = asked.candidates[:FEW]
    readings = Readings(reader, asked.question.words).of([each.words for each in few], [each.title for each in few])
    return max((reading.answerable for reading in readings), default=0.0)


def _best(scores: Numbers, truth: Flags, measure: Callable[[Flags, Flags], float]) -> float:
    return max(measure(scores > each, truth) for each in thresholds(scores))


# Evidence.


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sentences of one text: which are gold, and a score for each."""

    gold: Flags
    scores: Numbers

    def above(self, threshold: float, *, least: int = 0) -> Flags:
        """Choose those above a threshold, and as many of the best as there must be."""
        return (self.scores > threshold) | self.best(least)

    def best(self, count: int) -> Flags:
        """Choose the best, the first of equals."""
        flags = np.zeros(len(self.scores), np.bool_)
        flags[np.argsort(-self.scores, kind="stable")[:count]] = True
        return flags


def evidence(bench: Bench) -> Iterator[Figure]:
    """Choose the sentences that answer, from the right text."""
    clapnq = bench.set("clapnq_dev")
    asked = bench.some("evidence", [each for each in clapnq.questions if each.answerable])
    titles = [clapnq.texts[each.gold[0].document].title for each in asked]
    texts = [clapnq.texts[each.gold[0].document].words for each in asked]
    spans = [[span.strip(text) for span in sentences(text)] for text in texts]
    gold = [_gold(question, text, parts) for question, text, parts in zip(asked, texts, spans, strict=True)]
    first = [Chosen(flags, -np.arange(len(flags), dtype=np.float64)) for flags in gold]
    yield from map(Figure.unread, _chosen("all", [np.ones(len(flags), np.bool_) for flags in gold], gold))
    yield from map(Figure.unread, _chosen("the first 3", [each.best(3) for each in first], gold))
    words = [
        Chosen(flags, np.array([_shared(question.words, part.of(text)) for part in parts]))
        for question, text, parts, flags in zip(asked, texts, spans, gold, strict=True)
    ]
    yield from map(
        Figure.unread, _chosen("the 3 with most words of the question", [each.best(3) for each in words], gold)
    )
    if bench.reader:
        reader = bench.reader
        read = [
            Chosen(flags, np.array(Readings(reader, question.words).of([text], [title])[0].evidence))
            for question, text, title, flags in zip(asked, texts, titles, gold, strict=True)
        ]
        yield from _by_reader(read, gold)


def _gold(question: Question, text: str, parts: Sequence[Span]) -> Flags:
    """Flag the sentences of which over half stands in gold spans."""
    inside = np.zeros(len(text), np.bool_)
    for place in question.gold:
        inside[place.span.start : place.span.end] = True
    return np.array([bool(len(part)) and float(inside[part.start : part.end].mean()) > 0.5 for part in parts])


def _by_reader(read: Sequence[Chosen], gold: Sequence[Flags]) -> Iterator[Figure]:
    everything, truth = np.concatenate([each.scores for each in read]), np.concatenate(list(gold))
    tried = thresholds(everything)
    for name, least, goals in (("threshold", 0, (0.60, 0.72)), ("threshold, or else the best one", 1, ())):
        values = np.array([[f1(each.above(t, least=least), each.gold) for t in tried] for each in read])
        guesses: list[Flags] = [each.gold for each in read]
        for held in folds([str(i) for i in range(len(read))]):
            fitted = middle_of_best(tried, values[~held].mean(0).tolist())
            for i in np.flatnonzero(held):
                guesses[int(i)] = read[int(i)].above(fitted, least=least)
        yield from _chosen(name, guesses, gold, goals)
    yield Figure("evidence", "AUC", auc(everything, truth), len(truth))


def _chosen(
    name: str, guesses: Sequence[Flags], gold: Sequence[Flags], goals: tuple[float, ...] = ()
) -> Iterator[Figure]:
    """Measure chosen sentences: the mean over questions, and over all sentences at once."""
    pairs, together = list(zip(guesses, gold, strict=True)), (np.concatenate(guesses), np.concatenate(list(gold)))
    means = np.mean([(precision(*pair), recall(*pair), f1(*pair)) for pair in pairs], axis=0)
    one = (precision(*together), recall(*together), f1(*together))
    for what, value, whole in zip(("precision", "recall", "F1"), means, one, strict=True):
        yield Figure("evidence", f"{name}: {what}", float(value), len(gold), None, *(goals if what == "F1" else ()))
        yield Figure("evidence", f"{name}: {what}, micro", whole, len(gold))
    yield Figure("evidence", f"{name}: sentences chosen", float(np.mean([each.sum() for each in guesses])), len(gold))


def _shared(question: str, text: str) -> float:
    """Count the different words of a question in a text."""
    return float(len(words_of(question) & words_of(text)))
