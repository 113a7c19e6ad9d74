"""A quote in; the citation of the place where it stands out, and of the other places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING

from qa import edges
from qa.anchoring import anchors
from qa.around import MOST_AROUND, Around
from qa.catalog import Catalog
from qa.citations import Citation, cite
from qa.edges import Joint
from qa.errors import NotFound, TooLarge, UsageError
from qa.present import still_there
from qa.records import Entry
from qa.spans import Span
from qa.wording import one_line

if TYPE_CHECKING:  # it loads tantivy: a small library is read through without
    from qa.lexical import Lexical

LONGEST_QUOTE, MOST_ALSO = 20_000, 20
"""The most characters of a quote, and the most other places that are told."""
_MOST_PLACES, _MOST_LOOKED_AT = 1_000, 20_000
"""A quote with more places is too common, unless what stands around it chooses: then among so many."""
_SMALL = 4_000_000
"""So many characters are read in the time in which the word index is opened."""
_COMMON, _LIKELY = 2_000, 50
"""Passages that are read for one word, and those that are most like the quote."""
_ON_END = 12
"""Words that are looked for on end."""
_SHOWN = 60
"""Letters of a quote that are told."""
_WHOLE_WORD = 60
"""A word of no more characters between two spaces stands in one passage as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Citation):
    """The citation of a quote, and those of the other places where it stands: the first 20."""

    also: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands: exactly or not, within what, how many letters around are those asked for, and the span."""

    exact: bool
    joint: Joint
    fit: int
    document: int
    span: Span

    @property
    def rank(self) -> tuple[bool, int, int, int, Span]:
        """What comes first: exact words, then whole ones, then what fits, then what came first."""
        return not self.exact, self.joint, -self.fit, self.document, self.span


@dataclass(frozen=True, slots=True)
class Quote:
    """What is looked for; the words around it choose among repeats."""

    words: str
    prefix: str = ""
    suffix: str = ""

    @classmethod
    def read(cls, words: str, prefix: str, suffix: str) -> Quote:
        """Check what was given. Raises UsageError, TooLarge."""
        for name, given in (("quote", words), ("prefix", prefix), ("suffix", suffix)):
            if not isinstance(given, str) or any("\ud800" <= letter <= "\udfff" for letter in given):
                raise UsageError(f"The {name} must be a text: give the words as they stand in the document.")
        if len(words) > LONGEST_QUOTE:
            raise TooLarge(f"The quote is too long ({len(words):,} characters): give at most {LONGEST_QUOTE:,}.")
        seen = sum(letter.isprintable() and not letter.isspace() for letter in words[: 2 * MOST_AROUND])
        if not seen:
            raise UsageError("The quote is empty: give the words to look for.")
        if len(words.split()) == seen == 1:
            raise UsageError("One letter is too common to be looked for: give a few words.")
        return cls(words, prefix[-MOST_AROUND:], suffix[:MOST_AROUND])

    @property
    def reach(self) -> int:
        """How far the words may go on beyond one of them, with what is around: white space may be longer there."""
        return 2 * (len(self.words) + MOST_AROUND)


def resolve(
    catalog: Catalog,
    folder: Path,
    words: Callable[[], Lexical | None],
    quote: str,
    *,
    longest: int,
    prefix: str = "",
    suffix: str = "",
    document: str | None = None,
) -> Resolved:
    """Find a quote in one document (id or path) or in all. Raises NotFound, UsageError, TooLarge.

    `words` gives the word index where it is at hand: then a large library is not read through. Of files that changed
    since the sync none over `longest` bytes is read.
    """
    wanted = Quote.read(quote, prefix, suffix)
    if document is not None:
        found = list(_within(catalog, [_whole(_named(catalog, document))], wanted))
    else:
        found = places(catalog, words, wanted)
    here = _still(catalog, folder, longest)
    ranked = iter(each for each in sorted(found, key=lambda each: each.rank) if here(each.document))
    if found and found[0].joint is Joint.WITHIN:
        raise _only_within(catalog, next(ranked, None))
    best, *others = [_cited(catalog, each) for each in islice(ranked, 1 + MOST_ALSO)] or [None]
    if best is None:
        where = "in that document" if document is not None else "in the documents"
        raise NotFound(f"These words stand nowhere {where}.")
    return Resolved(
        **{each.name: getattr(best, each.name) for each in fields(Citation)}, also=tuple(filter(None, others))
    )


def places(catalog: Catalog, words: Callable[[], Lexical | None], quote: Quote) -> list[Place]:
    """Return where a quote stands, in any order; if only within longer words, these places.

    Raises UsageError where that is nearly everywhere.
    """
    lexical = words() if catalog.counts().characters > _SMALL else None
    within: list[Place] = []
    for spans in _chosen(catalog, lexical, quote) if lexical else [_all(catalog)]:
        if found := _few(_whole_words(_within(catalog, spans, quote), within)):
            return found
    return within


def _whole_words(found: Iterator[Place], within: list[Place]) -> Iterator[Place]:
    """Yield the places where no longer word or number stands; keep the others."""
    for place in found:
        if place.joint < Joint.WITHIN:
            yield place
        else:
            within.append(place)


def _few(found: Iterator[Place]) -> list[Place]:
    """Take so many places as can be told apart. Raises UsageError if there are more."""
    first = list(islice(found, _MOST_PLACES + 1))
    if len(first) <= _MOST_PLACES:
        return first
    fitting = [each for each in (*first, *islice(found, _MOST_LOOKED_AT)) if each.fit]
    if not 0 < len(fitting) <= _MOST_LOOKED_AT:
        raise UsageError(
            f"These words stand in more than {_MOST_PLACES:,} places: give more of them, or the document, "
            "or what stands before and after them."
        )
    return fitting


# Where to look.

Spans = Iterable[tuple[int, Span]]
"""Numbers of documents, and the parts of them that are read."""


def _chosen(catalog: Catalog, lexical: Lexical, quote: Quote) -> Iterator[Spans]:
    """Give what to read, until the words are found: each time more of it.

    A word of the quote with white space on both sides is a word of the text too, and stands in one passage as a whole.
    So a quote that has such words stands around one of the passages that have the rarest of them, or nowhere; white
    space, quotation marks and dashes may differ. What is broken within a word is looked for where most words agree.
    """
    waiting = [_whole(entry) for entry in catalog.entries_of(catalog.backlog.documents_to_index()).values()]
    sure = lexical.terms(" ".join(word for word in quote.words.split()[1:-1] if len(word) <= _WHOLE_WORD))
    counts = lexical.rarity(sure)
    rarest = min(counts, key=lambda term: counts[term], default="")
    if rarest and counts[rarest] <= _COMMON:
        yield [*waiting, *_around(catalog, lexical.holding([rarest], count=_COMMON), quote)]
        likely = [match.passage for match in lexical.search(quote.words, count=_LIKELY)]
        yield _around(catalog, likely, quote)
        return
    beside = lexical.rarity(lexical.terms(f"{quote.prefix} … {quote.suffix}"))  # they may tell of such common words
    if rarest and (nearby := [term for term, count in beside.items() if 0 < count <= _COMMON]):
        held = lexical.holding([min(nearby, key=beside.__getitem__)], count=_COMMON)
        yield _around(catalog, held, quote)
    terms = (sure or lexical.terms(quote.words))[:_ON_END]
    if terms:
        yield [*waiting, *_around(catalog, lexical.holding(terms, count=_COMMON), quote)]
    yield _all(catalog)


def _around(catalog: Catalog, passages: list[int], quote: Quote) -> Spans:
    """Return the texts around passages, so far as the quote may reach; what overlaps as one."""
    reach = quote.reach
    rows = catalog.rows_by_number(passages)
    spans = sorted((row.document, Span(max(0, row.span.start - reach), row.span.end + reach)) for row in rows)
    for document, near in groupby(spans, key=lambda each: each[0]):
        joined: list[Span] = []
        for _, span in near:
            if joined and span.start <= joined[-1].end:
                joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
            else:
                joined.append(span)
        yield from ((document, span) for span in joined)


def _all(catalog: Catalog) -> Spans:
    return map(_whole, catalog.entries())


def _whole(entry: Entry) -> tuple[int, Span]:
    return entry.number, Span(0, entry.length)


# What stands there.


def _within(catalog: Catalog, spans: Spans, quote: Quote) -> Iterator[Place]:
    """Yield where the quote stands in some parts of texts."""
    around = Around(quote.words, quote.prefix, quote.suffix)
    for document, span in spans:
        text = catalog.text(document, Span(span.start, span.end + 1))
        for found in anchors(text, quote.words, around, most=_MOST_LOOKED_AT):
            if (span.start and not found.span.start) or len(span) < len(text) == found.span.end:
                continue  # it cannot be seen what stands beside it, and its words are not those that led here
            exact, fits = found.how == "exact", around.fit(text, found.span)
            yield Place(exact, found.joint, fits, document, found.span.shift(span.start))


def _only_within(catalog: Catalog, place: Place | None) -> NotFound:
    """Say within which words a quote stands, if its file is still there."""
    entry = catalog.entry(place.document) if place else None
    if not place or not entry:
        return NotFound("These words stand nowhere in the documents.")
    near = Span(max(0, place.span.start - MOST_AROUND), place.span.end + MOST_AROUND)
    text, span = catalog.text(entry.number, near), place.span.shift(-near.start)
    whole = edges.before(text, span.start) + span.of(text) + edges.after(text, span.end)
    words = whole if len(whole) <= _SHOWN else f"{whole[: _SHOWN // 2]} … {whole[-_SHOWN // 2 :]}"
    return NotFound(
        f"These words stand only within longer ones, as in “{one_line(words)}” ({one_line(entry.source.path)}): "
        "give whole words and numbers."
    )


def _still(catalog: Catalog, folder: Path, longest: int) -> Callable[[int], bool]:
    """Return what tells whether a document's file still holds it, having looked once."""
    known: dict[int, bool] = {}

    def here(document: int) -> bool:
        if document not in known:
            known[document] = bool(still_there(catalog, folder, [document], longest=longest))
        return known[document]

    return here


def _cited(catalog: Catalog, place: Place) -> Citation | None:
    """Cite a place; a document may have just gone."""
    entry = catalog.entry(place.document)
    with suppress(NotFound):
        return cite(catalog, entry, place.span) if entry else None
    return None


def _named(catalog: Catalog, name: str) -> Entry:
    """Return a document by its id or its path. Raises NotFound."""
    hexadecimal = 16 <= len(name) <= 64 and set(name) <= set("0123456789abcdef")
    entry = (catalog.find(name) if hexadecimal else None) or catalog.at_path(name)
    if entry is None:
        raise NotFound("There is no such document: give its path relative to the folder, or its id.")
    return entry
