"""A question in; the events of an answer out, whatever kind of question it is."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from qa import languages, questions
from qa.answers import GREETING, NOTHING, Answer, Composer, Event
from qa.attribution import Attribution
from qa.catalog import Catalog
from qa.errors import EmptyLibrary, LlmError, LlmTooLong
from qa.evidence import Choice, choose, unknown_names
from qa.followups import Turn, standalone
from qa.overview import overview
from qa.present import still_there
from qa.quoting import pieces
from qa.reranking import Readings, rankings
from qa.rivals import disagreement, rivals
from qa.rows import SEPARATED, first_row, goes_on, head_of
from qa.search import Engines, Found, Hit, show
from qa.settling import settle
from qa.spans import Span
from qa.vocabularies import vocabulary
from qa.writing import Writer

_SEEN = 8
"""Passages among whose sentences the answer is looked for."""
_OPENING, _FURTHEST = Span(0, 4_000), 100_000
"""Where the names of columns are looked for: in the first letters of a file, in so many before a part of a table."""
_BY_WORDS = 1.1
"""So much likelier must an answer be where words alone tell: two thirds of them, by their rarity, must be there."""
_EXTRACTIVE = "extractive"

_COMPARES = re.compile(
    r"\b(?:most|least|best|worst|(?!(?:re)?qu|inter|for|con|pro|sug|har|man|hon|mod|near)\w{3,}est|total|sum|average"
    r"|(?:the|an?)\s+mean|altogether|in\s+all|combined|maximum|minimum|(?:more|less|fewer|\w{3,}er)\s+than"
    r"|how\s+many\b.*\bare\s+there)\b",
    re.I,
)
_NOT_COMPARED = "Rows of tables are quoted as they stand: nothing in them is counted, added or compared."
_QUOTED_INSTEAD = "The documents' own words are quoted instead."


Sift = Callable[[str, list[Hit]], list[Hit]]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: `count` passages are shown, `within` are globs over paths, `rerank` as in a search.

    `history` is what was said before, the oldest first; `sift` may drop and order the passages that were found;
    with less confidence than this there is no answer.
    """

    question: str
    count: int = 10
    within: tuple[str, ...] = ()
    rerank: bool = False
    history: tuple[Turn, ...] = ()
    sift: Sift | None = None
    confidence: float = 0.5


def ask(
    request: Request, engines: Engines, writer: Writer | None = None, stop: threading.Event | None = None
) -> Generator[Event, None, None]:
    """Answer a question; the last event is the whole answer.

    Without a writer the documents are quoted. `stop`, set by any thread, ends what a model writes.
    """
    if not engines.catalog.has("documents"):
        raise EmptyLibrary("There are no documents here yet: put some into the folder, and sync it.")
    words = questions.check(request.question)
    match questions.kind(words):
        case questions.Kind.GREETING:
            yield from _greet(request)
        case questions.Kind.OVERVIEW:
            yield from _outline(request, engines.catalog)
        case questions.Kind.QUESTION:
            yield from _Asked(request, engines, writer, stop).events()


def _greet(request: Request) -> Iterator[Event]:
    yield Event("passages", ())
    yield Event("delta", GREETING)
    yield Event(
        "answer", _whole(request, Composer(), text=GREETING, reason="A greeting, not a question.", clock=_Clock())
    )


def _outline(request: Request, catalog: Catalog) -> Iterator[Event]:
    clock = _Clock()
    named, reason = overview(catalog, request.within)
    yield Event("passages", ())
    composer = Composer()
    for piece in named:
        yield from composer.add(piece)
    yield Event("answer", _whole(request, composer, reason=reason, clock=clock))


class _Asked:
    """One question, on its way to an answer."""

    def __init__(self, request: Request, engines: Engines, writer: Writer | None, stop: threading.Event | None) -> None:
        self._request, self._writer, self._stop = request, writer, stop
        self._clock = _Clock()
        self._question = request.question
        self._notes: list[str] = []
        self._language = languages.language(request.question)
        self._confidence = request.confidence
        english = self._language in (None, "en")
        self._ours = engines.embedder is engines.gauge
        self._by_words = not english and self._ours
        if self._by_words:
            # our models know English: vectors of other words would bring up passages at random
            engines = replace(engines, vectors=None, reader=lambda: None)
            self._confidence *= _BY_WORDS
        elif not english:  # another embedder may know the language; how likely an answer is nobody has learnt
            engines = replace(engines, reader=lambda: None)
            self._confidence = 0.0
        self._engines = engines
        self._vocabulary = vocabulary(engines.lexical, self._language)
        self._gauge = engines.gauge if engines.vectors and english else None
        self._reader = engines.reader()
        self._looked_for, self._there = set[int](), set[int]()

    def events(self) -> Iterator[Event]:
        """Search, show what was found, then write or quote the answer."""
        if self._request.history:
            self._question = self._alone()
        readings = Readings(self._reader, self._question) if self._reader else None
        passages: tuple[Hit, ...] | None = None
        for found in self._searched(readings):
            if found != passages:
                yield Event("passages", passages := found)
        yield from self._answered(passages or (), readings)

    def _answered(self, passages: tuple[Hit, ...], readings: Readings | None) -> Iterator[Event]:
        """Choose among passages, then write or quote the answer."""
        choice = self._choose(passages[:_SEEN], readings)
        chosen = choice.evidence if choice.confidence >= self._confidence else ()
        if self._by_words and (note := _other_language(self._language, passages)):
            self._notes.append(note)
        composer = Composer()
        model = _EXTRACTIVE
        if chosen and self._writer:
            model = self._writer.llm.name
            try:
                yield from self._written(self._writer, passages, composer)
            except LlmError as error:
                if isinstance(error, LlmTooLong) and composer.sentences:
                    self._notes.append(str(error))
                else:
                    model, composer = _EXTRACTIVE, Composer()
                    yield Event("replace", self._give_up(error))
            self._clock.lap("write")
        if model == _EXTRACTIVE:
            quoted = [*chosen, *rivals(self._question, chosen, choice.others)]
            for piece in pieces(self._engines.catalog, self._question, quoted):
                yield from composer.add(piece)
            self._notes += filter(None, [disagreement(self._question, quoted)])
            if any(each.row and not each.exact for each in chosen) and _COMPARES.search(self._question):
                self._notes.append(_NOT_COMPARED)
        yield from self._end(composer, passages, model, found=bool(chosen))

    def _alone(self) -> str:
        """Return the question as it stands by itself: as the model puts it, or with words carried over."""
        if self._writer:
            try:
                return self._writer.rewrite(self._question, self._request.history, self._stop)
            except LlmError as error:
                self._give_up(error)
            finally:
                self._clock.lap("rewrite")
        return standalone(self._question, self._request.history)

    def _give_up(self, error: LlmError) -> str:
        """Go on without the model; say why."""
        self._writer = None
        self._notes.append(f"{error} {_QUOTED_INSTEAD}")
        return self._notes[-1]

    def _searched(self, readings: Readings | None) -> Iterator[tuple[Hit, ...]]:
        """Yield the passages that are still there: as they are found, and once more where they are ranked anew."""
        request = self._request
        orders: Iterable[list[Found]] = rankings(
            self._question,
            self._engines,
            count=request.count,
            within=request.within,
            rerank=request.rerank,
            readings=readings,
        )
        if request.sift:  # it is asked once, of the order that holds; what it drops is not to be shown before
            orders = [*orders][-1:]
        for lap, found in zip(("search", "rank"), orders, strict=False):
            hits = self._shown(found)
            self._clock.lap(lap)
            yield hits

    def _shown(self, found: Sequence[Found]) -> tuple[Hit, ...]:
        """Return what was found as it is shown: in documents that are still there, and not sifted out."""
        engines, request = self._engines, self._request
        new = {each.ranked.row.document for each in found} - self._looked_for
        self._looked_for |= new
        self._there |= still_there(engines.catalog, engines.folder, new, longest=engines.longest)
        there = [each for each in found if each.ranked.row.document in self._there]
        hits = show(engines.catalog, there, within=request.within)
        return tuple(request.sift(self._question, hits) if request.sift else hits)

    def _choose(self, hits: Sequence[Hit], readings: Readings | None) -> Choice:
        """Choose the sentences that answer, by all that is made of the passages."""
        read = readings.of([hit.text for hit in hits], [hit.document.title for hit in hits]) if readings else None
        heads = [_head(self._engines.catalog, hit) for hit in hits]
        choice = settle(self._question, choose(self._question, hits, self._vocabulary, self._gauge, read, heads))
        self._clock.lap("choose")
        return choice

    def _written(self, writer: Writer, passages: Sequence[Hit], composer: Composer) -> Iterator[Event]:
        entail = self._reader.entail if self._reader else None
        attribution = Attribution(self._engines.catalog, self._vocabulary, self._gauge, entail)
        return writer.write(self._question, passages, attribution, composer, self._stop)

    def _end(self, composer: Composer, passages: tuple[Hit, ...], model: str, *, found: bool) -> Iterator[Event]:
        """Yield the whole answer, or that there is none, and why."""
        text = None
        if not composer.sentences:
            text = NOTHING
            yield Event("delta", text)
            self._notes = self._notes or [self._why_nothing(passages, found=found)]
        yield Event(
            "answer",
            Answer(
                question=self._request.question,
                answer=text or composer.text,
                refused=not composer.sentences,
                reason=" ".join(self._notes) or None,
                model=model,
                searched_as=None if self._question == self._request.question else self._question,
                sentences=tuple(composer.sentences),
                citations=tuple(composer.citations),
                passages=passages,
                timings_ms=self._clock.whole(),
            ),
        )

    def _why_nothing(self, hits: Sequence[Hit], *, found: bool) -> str:
        """Say why there is no answer."""
        within = self._request.within
        unknown = unknown_names(self._question, self._vocabulary) if self._gauge else []
        if not hits and within:
            return f"No document matches {', '.join(f'«{each}»' for each in within[:3])}{' …' * (len(within) > 3)}."
        asked = f"The question is in {languages.NAMES[self._language or 'en']}"
        if not hits:
            return f"{asked}: no passage has any word of it." if self._by_words else "No passage has anything of it."
        if unknown:
            return f"«{'», «'.join(unknown)}» stands nowhere in these documents; the nearest passages are shown."
        if found:
            return "The language model found no answer that the passages support; they are shown."
        if self._by_words:
            return f"{asked}, so it was looked up by its words alone, and no passage has enough of them."
        other = _other_language(self._language, hits) if self._ours else None
        return other or "No passage answers the question well enough; the nearest are shown."


def _head(catalog: Catalog, hit: Hit) -> str:
    """Return the first row of the table of which a passage is a later part; of a file of values that has one always."""
    separated = hit.document.media_type == SEPARATED
    entry = catalog.find(hit.document.id) if (hit.heading if separated else goes_on(hit.text)) else None
    if entry is None:
        return ""
    if separated:
        return first_row(catalog.text(entry.number, _OPENING))
    return head_of(catalog.text(entry.number, Span(max(0, hit.start_char_index - _FURTHEST), hit.start_char_index)))


def _other_language(asked_in: str | None, hits: Sequence[Hit]) -> str | None:
    """Say so where question and passages are in different languages, as far as both can be told beyond doubt."""
    written_in = Counter(filter(None, (languages.language(hit.text) for hit in hits[:_SEEN])))
    if asked_in is None or asked_in in written_in or 2 * written_in.total() < len(hits[:_SEEN]) or not written_in:
        return None
    asked, written = languages.NAMES[asked_in], languages.NAMES[written_in.most_common(1)[0][0]]
    return (
        f"The question is in {asked} and the passages nearest to it are in {written}: only words that both have in "
        f"common, such as names and numbers, could be looked for. Ask in {written} for a better answer."
    )


class _Clock:
    """Measures the steps of an answer, in milliseconds."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._began = self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round((now - self._last) * 1e3, 1)
        self._last = now

    def whole(self) -> dict[str, float]:
        return {**self.laps, "total": round((time.perf_counter() - self._began) * 1e3, 1)}


def _whole(request: Request, composer: Composer, *, text: str | None = None, reason: str, clock: _Clock) -> Answer:
    return Answer(
        question=request.question,
        answer=text or composer.text,
        refused=False,
        reason=reason,
        model=_EXTRACTIVE,
        sentences=tuple(composer.sentences),
        citations=tuple(composer.citations),
        timings_ms=clock.whole(),
    )
