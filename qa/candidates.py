"""A question and passages in; their sentences, and the rows of their tables, with what is known of each, out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby, islice

from qa.cells import cell
from qa.passages import sentences
from qa.reader import Reading
from qa.rows import SEPARATED, Row, tables
from qa.search import Hit
from qa.spans import Span
from qa.wanted import asked
from qa.words import parted

EXACT = 0.95
"""How likely it is that a cell answers where the question names its row and its column, and nothing else."""
_MOST_ROWS = 5
_AS_MUCH = 0.8
"""A row is left out that has less of the question than this share of what the best row has."""
CERTAIN = 0.3
"""A short answer is marked if the reader is so sure of it."""
_SHORTEST = 12
"""A sentence of fewer letters says nothing by itself."""
_BORROWED = 0.3
"""A sentence to which the one before it adds such a share of the question's words is shown with that."""

_JOINED = re.compile(r"[\W_]+")
"""What joins the words of a file's name."""
_LEANING = re.compile(r"(?:He|She|It|They|His|Her|Hers|Its|Their|This|These|That|Those|Such)\b")
_CLOSING = " \n*_\"'”’»)"
_ENDS = (".", "!", "?", "”", '"', "'", ")", "…", "。")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a document, as a span of its text, and how likely it answers (0 to 1).

    It begins with the sentence before, where it leans on that. `short` is the short answer, the reader's, which is so
    sure of it (`certainty`), until `qa.settling` keeps what fits; `weight` says how much of the question stands by it.
    """

    hit: Hit
    span: Span
    words: str
    score: float
    short: Span | None = None
    weight: float = 0.0
    certainty: float = 0.0
    row: Row | None = None
    """What it is of a table, if it is of one; its words are the row's."""
    exact: bool = False
    """It is a row that has in one cell just what is asked for."""

    @property
    def said(self) -> str:
        """Its words; of a row its cells with the names of their columns."""
        return self.row.labelled if self.row else self.words

    @property
    def above(self) -> str:
        """What stands above it: the title of its document, and its passage up to it; of a row what its table is of."""
        if self.row:
            return f"{self.ruling}\n{self.row.above}"
        return f"{self.hit.document.title}\n{self.hit.text[: self.span.start - self.hit.start_char_index]}"

    @property
    def ruling(self) -> str:
        """What rules the table of a row: title and path of its document, and headings."""
        source = self.hit.document
        headings = () if source.media_type == SEPARATED else self.hit.heading  # else names of columns
        return "\n".join((source.title, _JOINED.sub(" ", source.path), *headings))


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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence as it is shown, and what is known of it by name: numbers that say whether it answers."""

    evidence: Evidence
    known: dict[str, float]


def candidates(
    question: str,
    hits: Sequence[Hit],
    vocabulary: Vocabulary,
    readings: Sequence[Reading] | None = None,
    heads: Sequence[str] | None = None,
) -> list[Candidate]:
    """Return the sentences of passages and the rows of their tables, with what words and the reader say of each.

    `readings` are the reader's of the hits, with the evidence of their sentences; `heads` the first rows of tables of
    which hits are later parts.
    """
    weights = vocabulary.weights(question)
    found = [
        candidate
        for rank, (hit, head) in enumerate(zip(hits, heads or [""] * len(hits), strict=True))
        for candidate in _of_passage(hit, head, rank, readings[rank] if readings else None, vocabulary, weights)
    ]
    return _fewer_rows(_with_exact(question, found))


def _with_exact(question: str, found: Sequence[Candidate]) -> list[Candidate]:
    """Mark the rows as exact that have in one cell just what is asked for, unless they are many."""
    said = asked(question)
    rows = ((at, each.evidence) for at, each in enumerate(found))
    cells = {at: cell(said, each.row, each.ruling) for at, each in rows if each.row}
    exact = {at for at, one in cells.items() if one and one.exact}
    if len(exact) > _MOST_ROWS:
        return list(found)
    return [
        replace(each, evidence=replace(each.evidence, exact=True)) if at in exact else each
        for at, each in enumerate(found)
    ]


def _fewer_rows(found: Sequence[Candidate]) -> list[Candidate]:
    """Leave out rows with less of the question than the best, and all but a few of a passage.

    The reader has one word for all rows of a passage: by that they are not told apart.
    """
    rows = [each for each in found if each.evidence.row]
    rows.sort(key=lambda each: (each.evidence.hit.id, not each.evidence.exact, -each.known["share"]))
    by_passage = groupby(rows, key=lambda each: each.evidence.hit.id)
    few = [each for _, some in by_passage for each in islice(some, _MOST_ROWS)]
    least = _AS_MUCH * max((each.known["share"] for each in few), default=0.0)
    kept = {id(each) for each in few if each.known["share"] >= least or each.evidence.exact}
    return [each for each in found if not each.evidence.row or id(each) in kept]


def _of_passage(
    hit: Hit, head: str, rank: int, reading: Reading | None, vocabulary: Vocabulary, weights: Mapping[str, float]
) -> Iterator[Candidate]:
    """Yield the sentences of a passage, each with the one before where it leans on that, and the rows of its tables."""
    everything = sum(weights.values()) or 1.0

    def share_of(terms: set[str]) -> float:
        return sum(weights.get(term, 0.0) for term in terms) / everything

    over = cache(lambda above: set(vocabulary.terms(above)))  # the same over all rows of a table

    def terms_of(row: Row) -> set[str]:
        # of an empty cell the name of its column too: the row is meant, and says that there is nothing
        return set(vocabulary.terms(row.labelled)) | over(" ".join((row.above, *row.head)))

    def asks(sentence: Span) -> bool:
        return sentence.of(hit.text).rstrip(_CLOSING).endswith(("?", "？", "؟"))

    read = _Read(reading, sentences(hit.text))
    before, previous, previous_share = Span(0, 0), set[str](), 0.0
    for span, row in _pieces(hit, head, read.sentences):
        stripped = span.strip(hit.text)
        words = stripped.of(hit.text)
        terms = terms_of(row) if row else set(vocabulary.terms(words))
        share, own = share_of(terms | previous), share_of(terms)
        borrows = share - max(own, previous_share) > 0 and share - own >= _BORROWED
        # «She sank in 1911.» says nothing without the sentence that names her: then both are shown, and cited
        leans = not row and len(before) and (borrows or asks(before) or _LEANING.match(words))
        shown, shown_share = (Span(before.start, stripped.end), share) if leans else (stripped, own)
        # a question answers nothing; and where words are not parted a letter says more
        if row or not (asks(stripped) or len(parted(shown.of(hit.text))) < _SHORTEST):
            known = {"share": shown_share, "rank": math.log1p(rank), "length": math.log(max(2, len(words)))}
            known["ends"] = float(words.endswith(_ENDS))  # headings and rows of tables do not
            yield Candidate(_evidence(hit, shown, reading, row), known | read.of(span))
        before, previous, previous_share = (Span(0, 0), set(), 0.0) if row else (stripped, terms, own)


def _pieces(hit: Hit, head: str, parts: Sequence[Span]) -> list[tuple[Span, Row | None]]:
    """Return the sentences of a passage as far as they stand in no table, and the rows of tables, in their order."""
    found = tables(hit.text, head=head, separated=hit.document.media_type == SEPARATED)
    pieces: list[tuple[Span, Row | None]] = [(row.span, row) for table in found for row in table.rows]
    edges = [0, *(edge for table in found for edge in (table.span.start, table.span.end)), len(hit.text)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        inside = (Span(max(part.start, start), min(part.end, end)) for part in parts if part.overlap(Span(start, end)))
        pieces += [(part, None) for part in inside]
    return sorted(pieces, key=lambda each: each[0].start)


class _Read:
    """What the reader says of a passage, for each of its sentences and for any part of one."""

    def __init__(self, reading: Reading | None, sentences: Sequence[Span]) -> None:
        self._reading, self.sentences = reading, sentences

    def of(self, piece: Span) -> dict[str, float]:
        """Return its evidence for a piece, whether the short answer stands there, and what it says of the passage."""
        if self._reading is None:
            return {}
        answer = self._reading.answer
        evidence = [p for p, each in zip(self._reading.evidence, self.sentences, strict=True) if each.overlap(piece)]
        return {
            "evidence": log_odds(max(evidence, default=0.0)),
            "holds": self._reading.certainty if answer is not None and piece.overlap(answer) else 0.0,
            "passage": log_odds(self._reading.answerable),
        }


def _evidence(hit: Hit, shown: Span, reading: Reading | None, row: Row | None) -> Evidence:
    answer = reading.answer if reading and reading.certainty >= CERTAIN else None
    inside = answer is not None and shown.start <= answer.start and answer.end <= shown.end
    short = answer.shift(-shown.start) if answer and inside else None
    certainty = reading.certainty if reading and short else 0.0
    span = shown.shift(hit.start_char_index)
    return Evidence(hit, span, shown.of(hit.text), 0.0, short, certainty=certainty, row=row)


def log_odds(p: float) -> float:
    """Return the logarithm of the odds of a likelihood, within bounds."""
    p = min(max(p, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))
