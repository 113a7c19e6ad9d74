"""A question in; the events of an answer out, whatever kind of question it is."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qa import questions
from qa.answers import Answer, Composer, Event, Piece
from qa.catalog import Catalog
from qa.citations import cite, still_there
from qa.errors import EmptyLibrary
from qa.evidence import Evidence, Vocabulary, choose, unknown_names
from qa.passages import sentences
from qa.records import Entry
from qa.search import Engines, Hit, Readings, search, show
from qa.spans import Span, find_quote

MODEL = "extractive"
_SEEN = 8
"""Passages among whose sentences the answer is looked for."""
_OVERVIEW = 8
"""Documents that an overview names."""

_GREETING = (
    "Hello! Ask me anything about the documents in this folder, in a sentence or a few words: I answer with their own "
    "words and show where each stands. «What is in here?» gives an overview."
)
_NOTHING = "The documents here do not seem to say."


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: `count` passages are shown, `within` is a glob over paths, `rerank` as in a search."""

    question: str
    count: int = 10
    within: str | None = None
    rerank: bool = False


def ask(request: Request, engines: Engines) -> Iterator[Event]:
    """Answer a question; the last event is the whole answer."""
    if not engines.catalog.has("documents"):
        raise EmptyLibrary("There are no documents here yet: put some into the folder, and sync it.")
    words = questions.check(request.question)
    match questions.kind(words):
        case questions.Kind.GREETING:
            yield from _greet(request)
        case questions.Kind.OVERVIEW:
            yield from _overview(request, engines)
        case questions.Kind.QUESTION:
            yield from _answer(request, engines)


def _greet(request: Request) -> Iterator[Event]:
    yield Event("passages", ())
    yield Event("delta", _GREETING)
    yield Event("answer", _whole(request, Composer(), text=_GREETING, reason="A greeting, not a question."))


def _answer(request: Request, engines: Engines) -> Iterator[Event]:
    clock = _Clock()
    asked_in = questions.language(request.question)
    if asked_in not in (None, "en"):
        # our models know English: vectors of other words would bring up passages at random
        engines = replace(engines, vectors=None, reader=lambda: None)
    reader = engines.reader()
    readings = Readings(reader, request.question) if reader else None
    count = max(request.count, _SEEN)
    ranked = search(
        request.question, engines, count=count, within=request.within, rerank=request.rerank, readings=readings
    )
    found = show(engines.catalog, ranked, within=request.within)
    hits = [hit for hit in found if still_there(engines.catalog, engines.folder, hit.document.id)]
    clock.lap("search")
    passages = tuple(hits[: request.count])
    yield Event("passages", passages)
    lexical = engines.lexical
    vocabulary = Vocabulary(lexical.terms, lexical.empty, lexical.rarity, lexical.stands, lexical.count())
    embedder = engines.embedder if engines.vectors else None
    seen = hits[:_SEEN]
    read = readings.of([hit.text for hit in seen]) if readings else None
    chosen = choose(request.question, seen, vocabulary, embedder, read)
    clock.lap("choose")
    note = _language_note(asked_in, hits)
    composer = Composer()
    for evidence in chosen:
        yield from composer.add(_quote(engines.catalog, evidence))
    if not composer.sentences:
        unknown = unknown_names(request.question, vocabulary) if embedder else []
        reason = note or _why_nothing(request, unknown, hits)
        yield Event("delta", _NOTHING)
        yield Event(
            "answer",
            _whole(request, composer, text=_NOTHING, reason=reason, refused=True, passages=passages, clock=clock),
        )
        return
    shown = tuple(hit for hit in hits if hit in passages or any(hit is each.hit for each in chosen))
    yield Event("answer", _whole(request, composer, reason=note, passages=shown, clock=clock))


def _why_nothing(request: Request, unknown: Sequence[str], hits: Sequence[Hit]) -> str:
    """Say why there is no answer."""
    if not hits:
        return f"No document matches «{request.within}»." if request.within else "No passage has anything of it."
    if unknown:
        return f"«{'», «'.join(unknown)}» stands nowhere in these documents; the nearest passages are shown."
    return "No passage answers the question well enough; the nearest are shown."


def _quote(catalog: Catalog, evidence: Evidence) -> Piece:
    entry = catalog.find(evidence.hit.document.id)
    if entry is None:
        raise EmptyLibrary("The document was removed while the question was answered: ask again.")
    citation = cite(catalog, entry, evidence.span, quote=evidence.words)
    return Piece(evidence.words, (replace(citation, document=evidence.hit.document),))  # by the path that was found


def _language_note(asked_in: str | None, hits: Sequence[Hit]) -> str | None:
    """Say so where question and documents are in different languages."""
    if asked_in is None or not hits:
        return None
    written_in = questions.language(hits[0].text)
    if written_in in (None, asked_in):
        return None
    asked, written = questions.NAMES[asked_in], questions.NAMES[written_in or "en"]
    return (
        f"The question is in {asked} and the documents are in {written}: only words that both have in common, "
        f"such as names and numbers, could be looked for. Ask in {written} for a better answer."
    )


def _overview(request: Request, engines: Engines) -> Iterator[Event]:
    """Name what there is: titles, headings and first sentences, each cited."""
    clock = _Clock()
    catalog = engines.catalog
    chosen = catalog.documents_like(request.within) if request.within else None
    entries = [entry for entry in catalog.entries() if chosen is None or entry.number in chosen]
    shown = _spread(entries, _OVERVIEW)
    yield Event("passages", ())
    composer = Composer()
    for entry in shown:
        for i, span in enumerate(_outline(catalog, entry, alone=len(shown) == 1)):
            citation = cite(catalog, entry, span)
            yield from composer.add(Piece(citation.cited_text or "", (citation,), gap=" — " if i else "\n\n"))
    many = f"{len(entries):,} documents" if len(entries) != 1 else "one document"
    reason = f"An overview of {many}, by titles, headings and first sentences"
    reason += "" if len(shown) == len(entries) else f"; {len(shown)} of them are shown"
    reason += ". Nothing is summed up in other words."
    yield Event("answer", _whole(request, composer, reason=reason, clock=clock))


def _spread(entries: Sequence[Entry], count: int) -> list[Entry]:
    """Take so many from a list, evenly from its beginning to its end."""
    if len(entries) <= count:
        return list(entries)
    return [entries[i * len(entries) // count] for i in range(count)]


def _outline(catalog: Catalog, entry: Entry, *, alone: bool) -> list[Span]:
    """Return the places in a document that say what it is about: title, then headings or else first sentences."""
    opening = catalog.text(entry.number, Span(0, min(entry.length, 6_000)))
    title = find_quote(opening, entry.source.title) if entry.source.title else None
    spans = [title] if title else []
    most = 6 if alone else 2
    for heading in entry.headings:
        words = catalog.text(entry.number, Span(heading.start, min(entry.length, heading.start + 400)))
        found = find_quote(words, heading.title)
        if found and (span := found.shift(heading.start)) not in spans:
            spans.append(span)
    if len(spans) < 2:
        spans += _first_sentences(opening, after=title.end if title else 0, count=3 if alone else 1)
    return spans[:most]


def _first_sentences(text: str, *, after: int, count: int) -> list[Span]:
    spans = [span.strip(text) for span in sentences(text) if span.start >= after]
    return [span for span in spans if len(span) > 40][:count]


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


def _whole(
    request: Request,
    composer: Composer,
    *,
    text: str | None = None,
    reason: str | None = None,
    refused: bool = False,
    passages: tuple[Hit, ...] = (),
    clock: _Clock | None = None,
) -> Answer:
    return Answer(
        question=request.question,
        answer=composer.text if text is None else text,
        refused=refused,
        reason=reason,
        model=MODEL,
        sentences=tuple(composer.sentences),
        citations=tuple(composer.citations),
        passages=passages,
        timings_ms=clock.whole() if clock else {},
    )


_NAME = re.compile(  # two words or more with capitals, within a sentence
    r"(?<=[a-z,] )(?:the )?(?!It |He |She |The |This |That |We )"
    r"(?:[A-Z]\.)*[A-Z][\w’'-]+(?: (?:of |the )?[A-Z][\w’'-]+){1,5}"
)


def examples(catalog: Catalog) -> list[str]:
    """Return three questions that the documents can be asked: an overview, a name they mention, a title they bear."""
    entries = _spread(catalog.entries(), 20)
    texts = [catalog.text(entry.number, Span(0, 4_000)) for entry in entries]
    paragraphs = (" ".join(each.split()) for text in texts for each in re.split(r"\n\s*\n", text) if len(each) > 100)
    names = Counter(name for paragraph in paragraphs for name in _NAME.findall(paragraph))
    asked = ["What is in here?"]
    asked += [f"What is said about {name}?" for name, _ in names.most_common(2)]
    asked += [f"What do we know about “{entry.source.title[:90]}”?" for entry in entries if entry.source.title]
    return [*asked, "Summarise this", "What can I ask?"][:3]
