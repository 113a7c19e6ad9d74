"""An answer as a client tells it in; the same out, as far as this library vouches for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

from qa.answers import Answer, Sentence, unescape_marks
from qa.citations import Citation, CitationInContext, parse_id
from qa.errors import TooLarge, UsageError
from qa.search import Hit
from qa.support import judge

LookUp = Callable[[str], CitationInContext]
Told = Mapping[str, Any]
"""The JSON of an answer; only what it asks, what it says, and the ids that it cites are taken from it."""

_MARK = re.compile(r"(?<!\\)\[(\d+)\]")
_MOST, _PASSAGES = 2_000, 3
_LONGEST = 4_000_000
"""So many characters are quoted at once: an id may name a whole book."""
_NO_ANSWER = "That is no answer of this library: {}. Send answers as they came."


def retell(told: Sequence[Told], look_up: LookUp) -> list[Answer]:
    """Take answers as they are told, each citation looked up anew. Raises UsageError, TooLarge, and as `look_up` does.

    Only words that stand in what is cited now count as quoted; other verdicts are those that are told.
    """
    if not told:
        raise UsageError("There is no answer to export: send one at least.")
    ids = [named["id"] for each in told for named in (*each["citations"], *_nearest(each))]
    if len(ids) > _MOST:
        raise TooLarge(f"These are too many citations at once: send at most {_MOST:,}.")
    if sum(len(parse_id(id)[1]) for id in ids) > _LONGEST:
        raise TooLarge(f"The quotes are too long together: send citations of at most {_LONGEST:,} characters.")
    return [_answer(each, look_up) for each in told]


def _answer(told: Told, look_up: LookUp) -> Answer:
    citations = {each["number"]: _citation(each, look_up) for each in told["citations"]}
    sentences, text = told["sentences"], told["answer"]
    if len(citations) < len(told["citations"]) or min(citations, default=1) < 1:
        raise UsageError(_NO_ANSWER.format("its citations are not numbered each for itself"))
    if any(before["end"] > after["start"] for before, after in pairwise(sentences)):
        raise UsageError(_NO_ANSWER.format("its sentences do not follow each other"))
    if {int(mark) for mark in _MARK.findall(text)} - set(citations):
        raise UsageError(_NO_ANSWER.format("it has a mark that names no citation"))
    return Answer(
        question=told["question"],
        answer=text,
        refused=told["refused"],
        reason=told["reason"],
        model=told["model"],
        searched_as=told["searched_as"],
        sentences=tuple(_sentence(each, text, citations) for each in sentences),
        citations=tuple(citations.values()),
        passages=tuple(_passages(told, look_up)),
    )


def _nearest(told: Told) -> Sequence[Told]:
    """Return the passages that are shown where there was no answer."""
    return told["passages"][:_PASSAGES] if told["refused"] else ()


def _passages(told: Told, look_up: LookUp) -> Iterator[Hit]:
    """Look up the passages that are shown."""
    for each in _nearest(told):
        found = look_up(each["id"])
        if found.status == "valid" and found.cited_text:
            yield Hit(**found.fields(), score=0.0, found_by=(), text=found.cited_text)


def _citation(told: Told, look_up: LookUp) -> Citation:
    """Look up what is cited; of one that is not valid all is told that is known."""
    found = replace(look_up(told["id"]), number=told["number"])
    if found.status != "valid":
        return found
    return Citation(**{each.name: getattr(found, each.name) for each in fields(Citation)})


def _sentence(told: Told, text: str, citations: Mapping[int, Citation]) -> Sentence:
    start, end, numbers = told["start"], told["end"], tuple(told["citations"])
    if not 0 <= start <= end <= len(text) or text[start:end] != told["text"]:
        raise UsageError(_NO_ANSWER.format("its sentences are not those of its text"))
    if list(dict.fromkeys(int(mark) for mark in _MARK.findall(told["text"]))) != list(numbers):
        raise UsageError(_NO_ANSWER.format("its sentences cite others than their marks name"))
    found = judge(_words(told["text"]), [citations[number].cited_text or "" for number in numbers])
    claimed = told["support"]
    kept = bool(numbers) and "quoted" not in (claimed, found.verdict)
    return Sentence(
        text=told["text"],
        start=start,
        end=end,
        citations=numbers,
        support=claimed if kept else found.verdict,
        score=told["score"] if kept else found.score,
        why=told["why"] if kept else found.why,
        answer_span=_short(told["answer_span"], start, end),
    )


def _words(text: str) -> str:
    return unescape_marks(re.sub(rf" ?{_MARK.pattern}", "", text))


def _short(told: Sequence[int] | None, start: int, end: int) -> tuple[int, int] | None:
    """Return where the short answer stands, if that is within its sentence."""
    if not told or len(told) != 2 or not start <= told[0] < told[1] <= end:
        return None
    return told[0], told[1]
