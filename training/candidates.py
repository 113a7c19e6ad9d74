"""A question set in; the passages that our search puts forward for each question out, kept in a file once found."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qa import Library, Settings
from qa.corpora import ids_of, lay_out
from qa.gold import CORPUS, Text, read_corpus, read_set
from qa.parsers import TITLED
from qa.questions import LONGEST, check
from qa.ranking import Ranked
from qa.records import Row
from qa.reranking import RERANKED
from qa.scores import Place, Question
from qa.search import Engines
from qa.spans import Span

_SHOWN = 10
"""Passages that a search is asked for: it looks as far as this needs, and its reranker somewhat further."""
FEW = 5
"""Passages of one document that are read for a question."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that a search puts forward, with its place in each document that has these words.

    `title` is the first one's; `score` is the search's own, in standard deviations.
    """

    places: tuple[Place, ...]
    words: str
    title: str
    score: float
    cosine: float

    def under(self, names: set[str]) -> list[Place]:
        """Return its places in documents of these names; one place if it is in none of them."""
        return [place for place in self.places if place.document in names] or [self.places[0]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its candidates, best first."""

    question: Question
    candidates: tuple[Candidate, ...]

    @property
    def ranked(self) -> list[Ranked]:
        """The candidates as a ranking has them, numbered in their order."""
        documents = {name: i for i, name in enumerate(dict.fromkeys(e.places[0].document for e in self.candidates))}
        rows = (
            Row(i, documents[each.places[0].document], each.places[0].span, 1, b"")
            for i, each in enumerate(self.candidates)
        )
        return [Ranked(row, each.score, None, None, ()) for row, each in zip(rows, self.candidates, strict=True)]

    def retrieved(self, order: Sequence[int]) -> list[Place]:
        """Return places, those of the numbered candidates first, then those of the others."""
        gold = {place.document for place in self.question.gold}
        rest = [i for i in range(len(self.candidates)) if i not in order]
        return [place for i in (*order, *rest) for place in self.candidates[i].under(gold)]

    @property
    def cosine(self) -> float:
        """The best cosine of the first few candidates."""
        return max((each.cosine for each in self.candidates[:FEW]), default=0.0)


@dataclass(frozen=True, slots=True)
class DevSet:
    """A question set in its folder, its texts, and the folder for what is kept."""

    place: Path
    questions: tuple[Question, ...]
    texts: Mapping[str, Text]
    cache: Path

    @classmethod
    def read(cls, place: Path, cache: Path) -> DevSet:
        """Read and check a set."""
        texts = {text.name: text for text in read_corpus(place / CORPUS)}
        return cls(place, read_set(place).questions, texts, cache)

    def asked(self) -> list[Asked]:
        """Return every question with the candidates of a search in the whole set."""
        return self._kept("candidates", lambda engines, _, question: _search(question, engines, _SHOWN, RERANKED))

    def asked_within(self) -> list[Asked]:
        """Return every question with the best few passages of the document that its context lies in."""

        def within(engines: Engines, ids: Mapping[str, str], question: Question) -> list[Ranked]:
            name = question.context.document if question.context else ""
            return _search(question, engines, FEW, FEW, f"{ids[name]}{TITLED}")

        return self._kept("within", within)

    def _kept(self, what: str, find: Any) -> list[Asked]:
        """Read what was found from its file, which is written the first time."""
        path = self.cache / f"{self.place.name}.{what}.jsonl"
        if not path.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            lines = [json.dumps(line) for line in self._found(find)]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with path.open(encoding="utf-8") as file:
            found = {line["qid"]: line["candidates"] for line in map(json.loads, file)}
        return [Asked(each, tuple(map(self._candidate, found[each.id]))) for each in self.questions]

    def _candidate(self, line: Sequence[Any]) -> Candidate:
        names, start, end, score, cosine = line
        span = Span(start, end)
        text = self.texts[names[0]]
        title = " ".join(text.title.split())
        return Candidate(tuple(Place(name, span) for name in names), span.of(text.words), title, score, cosine)

    def _found(self, find: Any) -> Iterator[dict[str, Any]]:
        """Index the texts as `qa eval` does, and search for every question."""
        place = self.cache / "index" / self.place.name
        folder, ids = lay_out(self.place / CORPUS, place / "texts")
        with Library.open(folder, index=place, settings=Settings()) as library:
            library.sync()
            ids = ids_of(library, ids)
            names = defaultdict[str, list[str]](list)  # several documents may have the same text
            for name, id in ids.items():
                names[id].append(name)
            engines = library._index.engines()
            for question in self.questions:
                ranked = find(engines, ids, question)
                entries = engines.catalog.entries_of({each.row.document for each in ranked})
                of = {number: names[entry.source.id] for number, entry in entries.items()}
                yield {"qid": question.id, "candidates": [_line(each, of[each.row.document]) for each in ranked]}


def _search(question: Question, engines: Engines, count: int, most: int, within: str | None = None) -> list[Ranked]:
    """Return what `qa.search.search` finds, to be ranked anew: its hits alone would lack their scores."""
    from qa.search import _ranked, _Shelf  # only what is not kept yet needs the inside of a search

    query = check(question.words.strip()[:LONGEST])
    with engines.turns.take() as beside:
        shelf = _Shelf(query, engines.catalog, engines.lexical)
        return _ranked(query, engines, shelf, beside, count, most, within)


def _line(ranked: Ranked, names: Sequence[str]) -> list[Any]:
    span, cosine = ranked.row.span, 0.0 if ranked.cosine is None else ranked.cosine
    return [names, span.start, span.end, float(ranked.score), round(float(np.float64(cosine)), 6)]
