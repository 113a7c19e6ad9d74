"""Sentences that answer in; pieces of an answer that reads well out: neighbours as one, documents named, dates told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from qa.answers import Piece, label
from qa.candidates import Evidence
from qa.catalog import Catalog
from qa.citations import cite
from qa.errors import NotFound
from qa.rivals import agree
from qa.spans import Span
from qa.support import judge

_APART = 3
"""Sentences with no more white space than this between them are neighbours: more is a new paragraph, or a heading."""


def pieces(catalog: Catalog, question: str, chosen: Sequence[Evidence]) -> Iterator[Piece]:
    """Yield quotes, document by document, the best first; within one as they stand there.

    Where several documents speak each is named before its words. Raises NotFound if a document has just gone.
    """
    several = len({each.hit.document.id for each in chosen}) > 1
    for spoken in _by_document(_marked(question, chosen)):
        for number, evidence in enumerate(_joined(spoken)):
            gap = " " if number else "\n\n"
            if several and not number:
                gap = f"\n\n{label(evidence.hit.document.path)}"
            yield _piece(catalog, evidence, gap, evidence.short)


def _by_document(chosen: Sequence[Evidence]) -> list[list[Evidence]]:
    """Group sentences by document, the one with the best sentence first, each in the order of its text."""
    order = {each.hit.document.id: place for place, each in reversed(list(enumerate(chosen)))}
    ranked = sorted(chosen, key=lambda each: (order[each.hit.document.id], each.span.start))
    return [list(group) for _, group in groupby(ranked, key=lambda each: each.hit.document.id)]


def _joined(spoken: Sequence[Evidence]) -> list[Evidence]:
    """Make one quote of sentences that follow each other in a passage."""
    joined: list[Evidence] = []
    for each in spoken:
        last = joined[-1] if joined else None
        if last and last.hit is each.hit and not (last.row or each.row) and _follows(last, each):
            span = Span(last.span.start, max(last.span.end, each.span.end))
            words = span.shift(-each.hit.start_char_index).of(each.hit.text)
            own = each.short and each.short.shift(each.span.start - span.start)
            short = own if own and (last.short is None or each.weight > last.weight) else last.short
            joined[-1] = replace(last, span=span, words=words, short=short, weight=max(last.weight, each.weight))
        else:
            joined.append(each)
    return joined


def _follows(last: Evidence, each: Evidence) -> bool:
    between = Span(last.span.end, max(last.span.end, each.span.start)).shift(-each.hit.start_char_index)
    space = between.of(each.hit.text)
    return not space.strip() and len(space) <= _APART and "\n\n" not in space


def _marked(question: str, chosen: Sequence[Evidence]) -> list[Evidence]:
    """Leave the short answer of the best; of others where it is the same, or fits the question as well."""
    told = [each for each in chosen if each.short]
    best = next((each for each in told if each.certainty), next(iter(told), None))
    return [each if best is None or _is_as_good(question, each, best) else replace(each, short=None) for each in chosen]


def _is_as_good(question: str, each: Evidence, best: Evidence) -> bool:
    read = bool(each.certainty) or not best.certainty
    return (read and each.weight >= best.weight) or agree(question, best, each)


def _piece(catalog: Catalog, evidence: Evidence, gap: str, short: Span | None) -> Piece:
    entry = catalog.find(evidence.hit.document.id)
    if entry is None:
        raise NotFound("The document was removed while the question was answered: ask again.")
    citation = cite(catalog, entry, evidence.span, quote=evidence.words)
    citation = replace(citation, document=evidence.hit.document)  # by the path that was found
    return Piece(evidence.words, (citation,), judge(evidence.words, [evidence.words]), gap=gap, short=short)
