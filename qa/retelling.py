"""An answer as somebody kept it, or tells it, in; the same out, as far as this library vouches for it now."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from itertools import pairwise
from typing import Any

from qa.answers import GREETING, NOTHING, Answer, Sentence, label, unescape_marks
from qa.citations import Citation, CitationInContext, parse_id
from qa.errors import TooLarge, UsageError
from qa.records import Source
from qa.search import Hit
from qa.support import judge

LookUp = Callable[[str], CitationInContext]
Told = Mapping[str, Any]
"""The JSON of an answer; only what it asks, what it says, and the ids that it cites are taken from it."""

_MARK = re.compile(r"(?<!\\)\[(\d+)\]")
_SILENT = re.compile(r"(?:\d{1,3}[.)]|[\W_])*")
"""What may stand between sentences and says nothing: dashes, the marks of lists and headings."""
_LABEL = re.compile(r"(\n*)[^\n]+: ")
"""What stands before words to name their document."""
_MOST, _PASSAGES = 2_000, 3
_LONGEST = 4_000_000
"""So many characters are quoted at once: an id may name a whole book."""
_NO_ANSWER = "That is no answer of this library: {}. Send answers as they came."
_GONE = "what it cited is gone and cannot be checked any more"


def renew(answers: Sequence[Answer], look_up: LookUp) -> list[Answer]:
    """Look up again what answers cite, and the passages that they show: what is not valid any more says so.

    Raises as `look_up` does.
    """
    look_up = cache(look_up)
    return [_renewed(each, look_up) for each in answers]


def _renewed(answer: Answer, look_up: LookUp) -> Answer:
    citations = [_citation(look_up(each.id), each.number, each.document) for each in answer.citations]
    found = {each.number: each for each in citations if each.number is not None}
    passages = ((each, look_up(each.id)) for each in answer.passages)
    return replace(
        answer,
        sentences=tuple(_checked(each, found) for each in answer.sentences),
        citations=tuple(citations),
        passages=tuple(replace(hit, document=_source(now, hit.document)) for hit, now in passages if _holds(now)),
    )


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
    citations = {each["number"]: _citation(look_up(each["id"]), each["number"]) for each in told["citations"]}
    if len(citations) < len(told["citations"]) or min(citations, default=1) < 1:
        raise UsageError(_NO_ANSWER.format("its citations are not numbered each for itself"))
    if any(before["end"] > after["start"] for before, after in pairwise(told["sentences"])):
        raise UsageError(_NO_ANSWER.format("its sentences do not follow each other"))
    if {int(mark) for mark in _MARK.findall(told["answer"])} - set(citations):
        raise UsageError(_NO_ANSWER.format("it has a mark that names no citation"))
    text, sentences = _text(told, citations)
    return Answer(
        question=told["question"],
        answer=text,
        refused=told["refused"],
        reason=told["reason"],
        model=told["model"],
        searched_as=told["searched_as"],
        sentences=tuple(sentences),
        citations=tuple(citations.values()),
        passages=tuple(shown(_nearest(told), look_up)),
    )


def _text(told: Told, citations: Mapping[int, Citation]) -> tuple[str, list[Sentence]]:
    """Put the text together anew, of its sentences and of what our answers have between them; no other words pass."""
    whole, text, at = told["answer"], "", 0
    sentences: list[Sentence] = []
    for each in told["sentences"]:
        start, end = each["start"], each["end"]
        if not at <= start <= end <= len(whole) or whole[start:end] != each["text"]:
            raise UsageError(_NO_ANSWER.format("its sentences are not those of its text"))
        text += _gap(whole[at:start], [citations[number] for number in each["citations"] if number in citations])
        sentences.append(_sentence(each, len(text), citations))
        text, at = text + each["text"], end
    if not sentences and whole in (GREETING, NOTHING):
        return whole, []
    return text + _gap(whole[at:], ()), sentences


def _gap(gap: str, cited: Sequence[Citation]) -> str:
    """Return what stands before a sentence: marks that say nothing, or the name of its document, as it is now."""
    if all(map(_SILENT.fullmatch, gap.split())):
        return gap
    named = _LABEL.fullmatch(gap)
    if not named or not cited:
        raise UsageError(_NO_ANSWER.format("it has words that are in none of its sentences"))
    names = [named[1] + label(path) for each in cited for path in (each.document.path, *each.document.paths)]
    return gap if gap in names else names[0]


def _nearest(told: Told) -> Sequence[Told]:
    """Return the passages that are shown where there was no answer."""
    return told["passages"][:_PASSAGES] if told["refused"] else ()


def shown(passages: Sequence[Told], look_up: LookUp) -> Iterator[Hit]:
    """Look up passages that were shown; those that no longer stand there are left out."""
    for found in (look_up(each["id"]) for each in passages):
        if _holds(found):
            yield Hit(**found.fields(), score=0.0, found_by=(), text=found.cited_text or "")


def _holds(found: CitationInContext) -> bool:
    """Tell whether words still stand where they stood."""
    return found.status == "valid" and bool(found.cited_text)


def _citation(found: CitationInContext, number: int | None, known: Source | None = None) -> Citation:
    """Return what was looked up, under its number; of one that is not valid also what became of it.

    What is most like words that changed is not told: it takes long to find, and a lookup of that one citation tells it.
    """
    if found.status != "valid":
        return replace(found, number=number, nearest=None, diff=None)
    cited = {each.name: getattr(found, each.name) for each in fields(Citation)}
    return Citation(**{**cited, "number": number, "document": _source(found, known)})


def _source(found: CitationInContext, known: Source | None) -> Source:
    """Return the document, under the path by which it was known, if that is still one of its paths."""
    stays = known and known.path in found.document.paths
    return replace(found.document, path=known.path) if known and stays else found.document


def _sentence(told: Told, start: int, citations: Mapping[int, Citation]) -> Sentence:
    """Judge a sentence, which now begins at `start`, by what it cites."""
    numbers = tuple(told["citations"])
    if list(dict.fromkeys(int(mark) for mark in _MARK.findall(told["text"]))) != list(numbers):
        raise UsageError(_NO_ANSWER.format("its sentences cite others than their marks name"))
    found = judge(_words(told["text"]), [citations[number].cited_text or "" for number in numbers])
    claimed = told["support"]
    kept = bool(numbers) and "quoted" not in (claimed, found.verdict)
    sentence = Sentence(
        text=told["text"],
        start=start,
        end=start + len(told["text"]),
        citations=numbers,
        support=claimed if kept else found.verdict,
        score=told["score"] if kept else found.score,
        why=told["why"] if kept else found.why,
        answer_span=_short(told, start - told["start"]),
    )
    return _checked(sentence, citations)


def _checked(sentence: Sentence, citations: Mapping[int, Citation]) -> Sentence:
    """Say so of a sentence that cites words that are gone, unless what is left quotes it."""
    cited = [citations[number].cited_text for number in sentence.citations if number in citations]
    left = [each for each in cited if each]
    if len(left) == len(cited) or judge(_words(sentence.text), left).verdict == "quoted":
        return sentence
    return replace(sentence, support="unsupported", score=0.0, why=_GONE)


def _words(text: str) -> str:
    return unescape_marks(re.sub(rf" ?{_MARK.pattern}", "", text))


def _short(told: Told, moved: int) -> tuple[int, int] | None:
    """Return where the short answer stands, if that is within its sentence, which has moved so far."""
    span = told["answer_span"]
    if not span or len(span) != 2 or not told["start"] <= span[0] < span[1] <= told["end"]:
        return None
    return span[0] + moved, span[1] + moved
