"""Choose the few sentences of some passages that answer a question best, and tell how likely it is that they do."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qa.candidates import CERTAIN, EXACT, Candidate, Evidence, Vocabulary, candidates, log_odds
from qa.embedders import Embedder
from qa.reader import Reading
from qa.search import Hit

Weights = Mapping[str, float]

# Logistic regressions, fitted by `training/choosing.py` on sets of questions; docs/evaluation.md has their figures,
# each fitted on the other sets. They know cosines of the bundled embedder.
SENTENCE: Mapping[str, Weights] = {
    "words": {"share": 2.79, "rank": -1.77, "length": 0.28, "ends": 1.99, "": -4.95},
    "meaning": {"share": 0.88, "rank": -1.63, "length": 0.3, "ends": 2.11, "below": 12.1, "": -3.3},
    "reading": {
        "share": -0.13, "rank": -1.73, "length": 0.35, "ends": 1.97, "below": 10.1, "evidence": 0.28, "holds": 1.47,
        "": -2.77,
    },
}  # fmt: skip
"""How likely a sentence answers, by what is at hand: words alone, vectors too, the reader too; "" stands alone."""
ANSWERED: Mapping[str, Weights] = {
    "words": {"share": 1.79, "": -0.93},
    "meaning": {"above": 19.0, "": -11.2},
    "reading": {"above": 18.2, "answerable": 0.36, "": -10.4},
}
"""How likely it is that there is an answer at all."""
_CHANCE = 0.025
"""The best cosine of what does not answer grows so with the logarithm of how many passages there are (.02 to .05)."""
_FEWEST = 30
"""Fewer passages count as so many: of very few the nearest may be about something else altogether."""
_FURTHER, _LIKELY, _SURE = -0.5, 1.2, 0.5
"""How likely, beside the best, a further sentence must be: more where the best is likely and its short answer sure."""
_LEAST_FURTHER, _MOST_FURTHER = 0.25, 0.95
_MOST = 5
_COMPARED, _COMPARED_IF_READ = 16, 12
"""Sentences of a question that are embedded, at most: those that are likeliest by all else. More change no figure."""
_FEW = 2
_NEAR_WITH_FEW = (0.45, 0.9)
"""One or two words are a thing to look up, and have little meaning to be near to; nearly all must stand there."""
_LONG = 20

_WORD = re.compile(r"[^\W_][\w’'-]*")


@dataclass(frozen=True, slots=True)
class Choice:
    """The sentences that answer best, best first, and how likely it is that there is an answer (0 to 1).

    `others` are those that were compared with them, best first too.
    """

    evidence: tuple[Evidence, ...]
    confidence: float
    others: tuple[Evidence, ...] = ()


def choose(
    question: str,
    hits: Sequence[Hit],
    vocabulary: Vocabulary,
    embedder: Embedder | None,
    readings: Sequence[Reading] | None = None,
    heads: Sequence[str] | None = None,
) -> Choice:
    """Choose among the sentences of passages and the rows of tables, best first. Without an embedder words decide.

    `readings` and `heads` are as in `qa.candidates`.
    """
    found = compared(question, hits, vocabulary, embedder, readings, heads)
    if not found:
        return Choice((), 0.0)
    kind = "words" if embedder is None else "meaning" if readings is None else "reading"
    judged = [replace(each.evidence, score=_score(each, SENTENCE[kind])) for each in found]
    ranked = _without_repeats(sorted(judged, key=lambda each: -each.score))
    many = enough([each.score for each in ranked], [each.known for each in found])
    if embedder and unknown_names(question, vocabulary):
        confidence = 0.0
    elif embedder and len(_WORD.findall(question)) <= _FEW:
        confidence = 1.0 if any(_looked_up(each) for each in found) else 0.0
    elif any(each.exact for each in judged):
        confidence = EXACT
    else:
        confidence = likely(signs(found, readings, passages=vocabulary.passages), ANSWERED[kind])
    return Choice(tuple(ranked[:many]), confidence, tuple(ranked[many:]))


def _score(each: Candidate, weights: Weights) -> float:
    return EXACT if each.evidence.exact else likely(each.known, weights)


def enough(scores: Sequence[float], known: Sequence[Mapping[str, float]]) -> int:
    """Return how many sentences are shown, of such likelihoods, best first, with what is known of all.

    One that surely answers needs little beside it; where none does, several may together.
    """
    # without a reader nobody knows of a short answer: as if there were one
    certainty = max(each.get("holds", CERTAIN) for each in known)
    further = max(_LEAST_FURTHER, min(_MOST_FURTHER, _FURTHER + _LIKELY * scores[0] + _SURE * certainty))
    return sum(score >= further * scores[0] for score in scores[:_MOST])


def likely(known: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Return a likelihood, 0 to 1, from what is known by name; a name without a weight counts nothing."""
    odds = weights[""] + sum(weights.get(name, 0.0) * value for name, value in known.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def signs(found: Sequence[Candidate], readings: Sequence[Reading] | None, *, passages: int) -> dict[str, float]:
    """Return what speaks for an answer being there, by name: the most that any sentence has, or any passage.

    `above` is the best cosine beyond what is found by chance among so many passages.
    """
    told = {"share": max(each.known["share"] for each in found)}
    if "cosine" in found[0].known:
        told["above"] = max(each.known["cosine"] for each in found) - _CHANCE * math.log(max(_FEWEST, passages))
    if readings:
        told["answerable"] = max(log_odds(reading.answerable) for reading in readings)
    return told


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


def compared(
    question: str,
    hits: Sequence[Hit],
    vocabulary: Vocabulary,
    embedder: Embedder | None,
    readings: Sequence[Reading] | None = None,
    heads: Sequence[str] | None = None,
) -> list[Candidate]:
    """Return the candidates of passages; with an embedder the likeliest by all else, compared with the question."""
    found = candidates(question, hits, vocabulary, readings, heads)
    if embedder is None or not found:
        return found
    look, most = (SENTENCE["words"], _COMPARED) if readings is None else (SENTENCE["reading"], _COMPARED_IF_READ)
    found.sort(key=lambda each: -_score(each, look))
    return _with_cosines(question, found[:most], embedder)


def _with_cosines(question: str, found: Sequence[Candidate], embedder: Embedder) -> list[Candidate]:
    """Add the cosine of each sentence with the question, and how far it is below the highest."""
    vectors = embedder.embed([each.evidence.said for each in found])
    # not `@`: BLAS would start threads for this little, which then spin beside those that embed
    cosines = [float(cosine) for cosine in np.vecdot(vectors, embedder.embed_query(question))]
    return [
        replace(each, known={**each.known, "cosine": cosine, "below": cosine - max(cosines)})
        for each, cosine in zip(found, cosines, strict=True)
    ]


def _looked_up(each: Candidate) -> bool:
    near, share = _NEAR_WITH_FEW
    return each.known["cosine"] >= near and each.known["share"] >= share


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
