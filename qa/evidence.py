"""Choose the few sentences of some passages that answer a question best."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qa.embedders import Embedder
from qa.passages import sentences
from qa.reader import Reading
from qa.search import Hit
from qa.spans import Span

# Fitted on public sets of questions, not on any that are reported here; `docs/architecture.md` says how.
_WORDS, _PASSAGE = 0.3, 0.2
"""What the share of the question's words, and the passage's own score, weigh beside the cosine."""
_NEAR = 0.75
"""A sentence with such a cosine may answer the question."""
_NEAR_WITH_WORDS = (0.60, 0.90)
"""So may one that is farther off and has itself nearly all of the question's words: «Who is Sabrina Singh?»"""
_FEW = 2
_NEAR_WITH_FEW = 0.45
"""One or two words alone are a thing to look up, and have little meaning to be near to."""
_WORDS_ALONE = 0.5
"""Where only words are searched, a sentence with such a share of them may answer."""
_LONG = 20
_BORROWED = 0.3
"""A sentence to which the one before it adds such a share of the question's words is shown with that."""
_MARGIN = 0.06
"""A further sentence is shown if it scores so little below the best."""
_EVIDENCE, _HOLDS = 1.0, 0.3
"""What the reader's evidence for a sentence, and its certainty of a short answer that stands there, weigh besides."""
_ANSWERABLE = 0.5
"""Where the reader has read the passages, one that so surely has an answer must be among them."""
_MARGIN_READ = 0.3
"""And this is the margin."""
_MOST = 3
_MOST_CANDIDATES = 32
"""Sentences that are embedded for one question, at most."""
_SHORTEST = 12
"""A sentence of fewer letters says nothing by itself."""


_WORD = re.compile(r"[^\W_][\w’'-]*")
_LEANING = re.compile(r"(?:He|She|It|They|His|Her|Hers|Its|Their|This|These|That|Those|Such)\b")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a document, as a span of its text, and how well it answers (higher is better).

    It begins with the sentence before, where it leans on that. `share`: of the question's words, by weight, in it.
    """

    hit: Hit
    span: Span
    words: str
    share: float
    score: float
    cosine: float | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How the word index sees words: `terms` cuts a text, `rarity` counts the passages of each term, of so many.

    `stands` tells whether a word stands in any of them.
    """

    terms: Callable[[str], list[str]]
    empty: Collection[str]
    rarity: Callable[[Iterable[str]], Mapping[str, int]]
    stands: Callable[[str], bool]
    passages: int

    def weights(self, text: str) -> dict[str, float]:
        """Weigh the words of a text by how rare they are (idf), empty ones left out unless there are no others."""
        terms = set(self.terms(text))
        counts = self.rarity(terms.difference(self.empty) or terms)
        return {term: math.log(1 + (self.passages + 1) / (count + 0.5)) for term, count in counts.items()}


def choose(
    question: str,
    hits: Sequence[Hit],
    vocabulary: Vocabulary,
    embedder: Embedder | None,
    readings: Sequence[Reading] | None = None,
) -> list[Evidence]:
    """Return the sentences that answer best, best first; none where nothing fits. Without an embedder words decide.

    `readings` are the reader's of the hits, with the evidence of their sentences.
    """
    if embedder and unknown_names(question, vocabulary):
        return []
    candidates = _candidates(question, hits, vocabulary, readings or [None] * len(hits))
    if embedder and candidates:
        vectors = embedder.embed([each.words for each in candidates])
        # not `@`: BLAS would start threads for this little, which then spin beside those that embed
        cosines = np.vecdot(vectors, embedder.embed_query(question))
        candidates = [
            replace(each, cosine=float(cosine), score=each.score + float(cosine))
            for each, cosine in zip(candidates, cosines, strict=True)
        ]
    few = len(_WORD.findall(question)) <= _FEW
    if readings and not few:  # one or two words are no question that could be answered
        fitting = max(reading.answerable for reading in readings) >= _ANSWERABLE
    else:
        fitting = any(_fits(each, few=few) for each in candidates)
    ranked = _without_repeats(sorted(candidates, key=lambda each: -each.score)) if fitting else []
    margin = _MARGIN_READ if readings else _MARGIN
    return [each for each in ranked[:_MOST] if each.score >= ranked[0].score - margin]


def unknown_names(question: str, vocabulary: Vocabulary) -> list[str]:
    """Return the names and numbers of an English question that stand nowhere in the library.

    What is said of the Lusitania does not answer what is asked of the Titanic, however near it is in meaning.
    """
    _, *words = _WORD.findall(question) or [""]
    names = [word for word in words if word[0].isupper() or any(c.isdigit() for c in word)]
    # a question in capitals, or of a name alone, tells no names from words; a long one may name things by the way
    if len(names) > len(words) // 2 or len(words) > _LONG:
        return []
    return [name for name in names if not vocabulary.stands(name)]


def _fits(evidence: Evidence, *, few: bool) -> bool:
    if evidence.cosine is None:
        return evidence.share >= _WORDS_ALONE
    near, share = _NEAR_WITH_WORDS
    near = _NEAR_WITH_FEW if few else near
    return evidence.cosine >= _NEAR or (evidence.cosine >= near and evidence.share >= share)


def _candidates(
    question: str, hits: Sequence[Hit], vocabulary: Vocabulary, readings: Sequence[Reading | None]
) -> list[Evidence]:
    """Return the sentences of the passages that have most of the question's words, at most as many as are embedded."""
    weights = vocabulary.weights(question)
    everything = sum(weights.values()) or 1.0

    def share_of(terms: set[str]) -> float:
        return sum(weights.get(term, 0.0) for term in terms) / everything

    found = []
    for hit, reading in zip(hits, readings, strict=True):
        before, previous, previous_share = Span(0, 0), set[str](), 0.0
        for number, span in enumerate(sentences(hit.text)):
            stripped = span.strip(hit.text)
            words = stripped.of(hit.text)
            terms = set(vocabulary.terms(words))
            share, own = share_of(terms | previous), share_of(terms)
            borrows = share - max(own, previous_share) > 0 and share - own >= _BORROWED
            # «She sank in 1911.» says nothing without the sentence that names her: then both are shown, and cited
            shown, shown_share = stripped, own
            if len(before) and (borrows or _LEANING.match(words)):
                shown, shown_share = Span(before.start, stripped.end), share
            if len(words) >= _SHORTEST:
                score = _WORDS * share + _PASSAGE * hit.score
                score += _worth(reading, number, span) if reading else 0.0
                place = shown.shift(hit.start_char_index)
                found.append(Evidence(hit, place, shown.of(hit.text), shown_share, score))
            before, previous, previous_share = stripped, terms, own
    return sorted(found, key=lambda each: -each.score)[:_MOST_CANDIDATES]


def _worth(reading: Reading, number: int, sentence: Span) -> float:
    """Return what the reader's evidence for a sentence is worth, and that the short answer stands in it."""
    holds = reading.answer is not None and sentence.overlap(reading.answer) > 0
    return _EVIDENCE * reading.evidence[number] + (_HOLDS * reading.certainty if holds else 0.0)


def _without_repeats(ranked: Sequence[Evidence]) -> list[Evidence]:
    """Leave out sentences whose words were there already, in another document or as part of another."""
    kept: list[Evidence] = []
    for each in ranked:
        words = " ".join(each.words.casefold().split())
        if not any(
            (each.hit.document.id == other.hit.document.id and each.span.overlap(other.span))
            or words == " ".join(other.words.casefold().split())
            for other in kept
        ):
            kept.append(each)
    return kept
