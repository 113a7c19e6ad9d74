"""A text that somebody wrote in; for each of its sentences a verdict, and the words that support it best, out."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from qa import languages
from qa.alignment import LONGEST_CLAIM, Cited, align
from qa.answers import Piece
from qa.attribution import Attribution
from qa.candidates import Vocabulary
from qa.citations import Citation, cite, locate_passage
from qa.doubts import doubt
from qa.drafts import Claim, check, claims, plain_words, sentences_in
from qa.errors import EmptyLibrary
from qa.plain import Plain
from qa.present import still_there
from qa.search import Engines, Hit, search, show
from qa.spans import Span
from qa.support import Support

_PASSAGES = 3
"""Passages in which the words are looked for that carry a sentence."""
_MOST_ON_END, _FEWEST_ON_END = 64, 3
"""Words of a sentence that are looked for on end."""
_ON_END = 3
"""Sentences of a source that may be one of the draft."""
_SAME = 12
"""Passages with the same words on end that are looked at."""
_NEAR = 0.5
"""Words that have such a share of a sentence are cited even where they do not support it: they say what is missing."""
_NAMED = re.compile("“([^”]+)”")
_QUOTED, _NOTHING = "word for word in the source", "no passage says this"

Verdicts = Literal["quoted", "supported", "partial", "unsupported", "unchecked"]


@dataclass(frozen=True, slots=True)
class Checking:
    """How far the checking is, in sentences."""

    done: int
    total: int
    seconds: float
    phase: Literal["checking"] = "checking"

    @property
    def rate(self) -> float:
        """Sentences a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(Plain):
    """A sentence of a text, text == whole[start:end]: its verdict, and the numbers of what supports it best.

    `unchecked` are those that claim nothing; `why` then says what they are.
    """

    text: str
    start: int
    end: int
    support: Verdicts
    score: float
    why: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Plain):
    """What the documents say of a text, sentence by sentence; `counts` has how many sentences have each verdict."""

    text: str
    sentences: tuple[Checked, ...]
    citations: tuple[Citation, ...]
    counts: Mapping[str, int]
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Tell whether something was checked, and all of it is supported or quoted."""
        good, bad = ("quoted", "supported"), ("partial", "unsupported")
        return any(self.counts[each] for each in good) and not any(self.counts[each] for each in bad)


def verify(text: str, engines: Engines, progress: Callable[[Checking], None] | None = None) -> Verification:
    """Check a text. Raises UsageError, TooLarge, EmptyLibrary."""
    check(text)
    if not engines.catalog.has("documents"):
        raise EmptyLibrary("There are no documents here yet: put some into the folder, and sync it.")
    began = time.perf_counter()
    sentences = claims(text)
    checker = _Checker(engines, languages.language(text))
    numbered: dict[str, Citation] = {}
    checked = []
    for done, claim in enumerate(sentences):
        if progress:
            progress(Checking(done, len(sentences), time.perf_counter() - began))
        piece = checker.check(claim) if claim.unchecked is None else None
        checked.append(_checked(text, claim, piece, numbered))
    total = time.perf_counter() - began
    if progress:
        progress(Checking(len(sentences), len(sentences), total))
    counts = Counter(each.support for each in checked)
    return Verification(
        text=text,
        sentences=tuple(checked),
        citations=tuple(numbered.values()),
        counts={verdict: counts[verdict] for verdict in get_args(Verdicts)},
        timings_ms={**checker.laps, "total": round(total * 1e3, 1)},
    )


def _checked(text: str, claim: Claim, piece: Piece | None, numbered: dict[str, Citation]) -> Checked:
    """Give a sentence its verdict, and its citations numbers by their first appearance."""
    found = piece.citations if piece else ()
    for citation in found:
        numbered.setdefault(citation.id, replace(citation, number=len(numbered) + 1))
    numbers = (numbered[citation.id].number or 0 for citation in found)
    return Checked(
        text=claim.span.of(text),
        start=claim.span.start,
        end=claim.span.end,
        support=piece.support.verdict if piece else "unchecked",
        score=piece.support.score if piece else 0.0,
        why=piece.support.why if piece else claim.unchecked or "",
        citations=tuple(dict.fromkeys(numbers)),
    )


class _Checker:
    """Checks the sentences of one text, one after the other."""

    def __init__(self, engines: Engines, language: str | None) -> None:
        english = language in (None, "en")
        if not english:  # our reader knows English, and so does our embedder: vectors of other words say nothing
            ours = engines.embedder is engines.gauge
            engines = replace(engines, reader=lambda: None, vectors=None if ours else engines.vectors)
        lexical = engines.lexical
        vocabulary = Vocabulary(lexical.terms, lexical.empty, lexical.rarity, lexical.stands, lexical.count())
        gauge = engines.gauge if engines.vectors and english else None
        reader = engines.reader()
        self._engines = engines
        self._attribution = Attribution(engines.catalog, vocabulary, gauge, reader.entail if reader else None)
        self._documents: set[str] = set()  # that the sentence before cites
        self.laps = {"search": 0.0, "judge": 0.0}

    def check(self, claim: Claim) -> Piece:
        """Cite a sentence by the words that support it best, and judge it."""
        began = time.perf_counter()
        found = self._quoted(claim)
        hits = [] if found else self._searched(claim)
        searched = time.perf_counter()
        if found is None:
            # a search takes a turn of its own: this must be none within that of another
            with self._engines.turns.aside():
                found = self._judged(claim, hits)
        self._documents = {citation.document.id for citation in found.citations}
        self.laps["search"] = round(self.laps["search"] + (searched - began) * 1e3, 1)
        self.laps["judge"] = round(self.laps["judge"] + (time.perf_counter() - searched) * 1e3, 1)
        return found

    def _quoted(self, claim: Claim) -> Piece | None:
        """Look for a sentence that says the same word for word, first where the one before is from."""
        found = [(hit, span) for hit in self._same(claim) if (span := _sentence(hit.text, claim))]
        if not found:
            return None
        hit, span = next((each for each in found if each[0].document.id in self._documents), found[0])
        elsewhere = claim.about and hit.document.id not in self._documents
        why = f"{_QUOTED}; see there what it speaks of" if elsewhere else _QUOTED
        entry = self._engines.catalog.find(hit.document.id)
        span = span.shift(hit.start_char_index)
        cited = (cite(self._engines.catalog, entry, span),) if entry else ()
        return Piece(claim.words, cited, Support("quoted", 1.0, why)) if cited else None

    def _same(self, claim: Claim) -> list[Hit]:
        """Return passages in which the words of a sentence stand on end."""
        catalog, lexical = self._engines.catalog, self._engines.lexical
        numbers: dict[int, None] = {}
        for words in dict.fromkeys((claim.said, claim.words)):
            terms = lexical.terms(words[:LONGEST_CLAIM])[:_MOST_ON_END]
            numbers |= dict.fromkeys(lexical.holding(terms, count=_SAME) if len(terms) >= _FEWEST_ON_END else ())
        rows = catalog.rows_by_number(list(numbers))
        entries = catalog.entries_of({row.document for row in rows})
        there = [(row, text) for row, text in zip(rows, catalog.words_of(rows), strict=True) if row.document in entries]
        places = ((locate_passage(entries[row.document], row, text), text) for row, text in there)
        hits = (Hit(**place.fields(), score=1.0, found_by=("lexical",), text=text) for place, text in places)
        return list(filter(self._stands, hits))

    def _searched(self, claim: Claim) -> list[Hit]:
        engines = self._engines
        found = search(claim.whole[:LONGEST_CLAIM], engines, count=_PASSAGES)
        return [hit for hit in show(engines.catalog, found) if self._stands(hit)]

    def _stands(self, hit: Hit) -> bool:
        entry = self._engines.catalog.find(hit.document.id)
        engines = self._engines
        there = [entry.number] if entry else []
        return bool(still_there(engines.catalog, engines.folder, there, longest=engines.longest))

    def _judged(self, claim: Claim, hits: Sequence[Hit]) -> Piece:
        """Judge a sentence by the passage that carries it best; cite it if that says anything like it."""
        whole = claim.whole[: 2 * LONGEST_CLAIM]
        piece = self._attribution.best(whole, hits)
        texts = [citation.cited_text or "" for citation in piece.citations]
        if piece.support.verdict == "supported" and (why := doubt(claim.words, texts, [hit.text for hit in hits])):
            return replace(piece, support=Support("partial", piece.support.score, why))
        if piece.support.verdict != "unsupported" or align(whole, Cited.of(texts)).covered >= _NEAR:
            return replace(piece, support=replace(piece.support, why=_with_origin(piece.support.why, claim)))
        return replace(piece, citations=(), support=replace(piece.support, why=_NOTHING))


def _with_origin(why: str, claim: Claim) -> str:
    """Say which of the words that are named a sentence has taken over."""
    named = _NAMED.findall(why)
    taken = [each for each in named if each in claim.about and each not in claim.words]
    if taken == named:
        return f"{why} from the sentence before" if taken else why
    listed = " and ".join(f"“{each}”" for each in taken)
    return f"{why}; {listed} from the sentence before" if taken else why


def _sentence(passage: str, claim: Claim) -> Span | None:
    """Return the sentence of a passage, or the few on end, that say the same as a claim word for word."""
    spans = [span for span, _ in sentences_in(passage)]
    for at, first in enumerate(spans):
        for last in spans[at : at + _ON_END]:
            span = Span(first.start, last.end)
            if claim.words == plain_words(span.of(passage)) or claim.said == " ".join(span.of(passage).split()):
                return span
    return None
