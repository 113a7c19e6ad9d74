"""What a search has found in; its order as the reader, or the reranker that is named, has it, out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from qa.followups import leans
from qa.passages import sentences
from qa.ranking import Ranked, read_anew, reranked
from qa.reader import Reader, Reading
from qa.search import Engines, Found, search

RERANKED = 30
"""How many of the best the reranker that is named reads, where more are not asked for."""
_SHARE = 0.5
"""What its score weighs beside the fused one."""
RERANKED_BY_READER = 20
"""The same of the reader that comes with us."""
LIFT, FIRST, READER_SHARE = 2.0, 2, 0.75
"""What it lifts where it is sure, how many places that decides, and what it weighs beside the score in the others."""
_LONGEST_TITLE = 120
"""Characters of a title that the reader is given: longer ones it has not learnt from."""


class Readings:
    """What the reader makes of passages for one question: each is read once, however often it is asked for."""

    def __init__(self, reader: Reader, question: str) -> None:
        self._reader = reader
        self._question = question
        self._read: dict[str, Reading] = {}

    def of(self, texts: Sequence[str], titles: Sequence[str]) -> list[Reading]:
        """Return the readings of texts, under their documents' titles, with the evidence of `passages.sentences`."""
        new = {text: _lead(title) for text, title in zip(texts, titles, strict=True) if text not in self._read}
        if new:
            parts = [[span.shift(len(lead)) for span in sentences(text)] for text, lead in new.items()]
            read = self._reader.read(self._question, [lead + text for text, lead in new.items()], parts)
            self._read |= {text: _below(each, len(lead)) for (text, lead), each in zip(new.items(), read, strict=True)}
        return [self._read[text] for text in texts]

    def relevance(self, texts: Sequence[str], titles: Sequence[str]) -> list[float]:
        """Return how relevant texts are: logits."""
        return [reading.relevance for reading in self.of(texts, titles)]


def _lead(title: str) -> str:
    """Return what the reader is given before a text: what it is of."""
    return f"{title}\n\n" if title and len(title) <= _LONGEST_TITLE else ""


def _below(reading: Reading, lead: int) -> Reading:
    """Count a reading's answer from where the text begins; one in the title is none of the text's."""
    inside = reading.answer is not None and reading.answer.start >= lead
    return replace(reading, answer=reading.answer.shift(-lead) if reading.answer and inside else None)


def rankings(
    query: str,
    engines: Engines,
    *,
    count: int,
    within: Sequence[str] = (),
    rerank: bool = False,
    readings: Readings | None = None,
) -> Iterator[list[Found]]:
    """Yield the best passages as the search ranks them; with `rerank` once more, as they are ranked anew.

    The last is what holds; no model reads before the first. `readings` keep what the reader says of passages that it
    ranks anew, for who needs more of it than their order.
    """
    anew = _reranking(query, engines, readings) if rerank else None
    found = search(query, engines, count=count, within=within, most=anew.most if anew else None)
    yield found[:count]
    if anew and found:
        yield anew.order(found)[:count]


def best(
    query: str,
    engines: Engines,
    *,
    count: int,
    within: Sequence[str] = (),
    rerank: bool = False,
    readings: Readings | None = None,
) -> list[Found]:
    """Return the last of `rankings`."""
    *_, found = rankings(query, engines, count=count, within=within, rerank=rerank, readings=readings)
    return found


@dataclass(frozen=True, slots=True)
class _Reranking:
    """How passages are ranked anew; and how many of the best."""

    order: Callable[[Sequence[Found]], list[Found]]
    most: int


def _reranking(query: str, engines: Engines, readings: Readings | None) -> _Reranking | None:
    """Return how passages are ranked anew: by the reranker that is named, else by the reader, if there is one."""
    if named := engines.reranker():

        def by_name(found: Sequence[Found]) -> list[Found]:
            scores = named.scores(query, [each.words for each in found])
            return _ordered(found, reranked([each.ranked for each in found], scores, share=_SHARE))

        return _Reranking(by_name, RERANKED)
    reader = engines.reader()
    if reader is None or leans(query):  # what it leans on is not there: the reader would take any passage for it
        return None
    read = readings or Readings(reader, query)

    def by_reader(found: Sequence[Found]) -> list[Found]:
        documents = [each.ranked.row.document for each in found]
        entries = engines.catalog.entries_of(set(documents))
        titles = [entries[document].source.title if document in entries else "" for document in documents]
        relevance = read.relevance([each.words for each in found], titles)
        ranked = [each.ranked for each in found]
        return _ordered(found, read_anew(ranked, relevance, lift=LIFT, share=READER_SHARE, first=FIRST))

    return _Reranking(by_reader, RERANKED_BY_READER)


def _ordered(found: Sequence[Found], anew: Sequence[Ranked]) -> list[Found]:
    words = {each.ranked.row.number: each.words for each in found}
    return [Found(each, words[each.row.number]) for each in anew]
