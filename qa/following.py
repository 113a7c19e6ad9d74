"""What was cited of texts that are gone, followed to where its words stand now; the ledger kept true by each sync."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from qa.anchoring import anchor
from qa.around import Around
from qa.catalog import Catalog
from qa.ledger import AROUND, Place, Quote, Served, Text
from qa.letters import Letters
from qa.lexical import Lexical
from qa.records import Entry, File
from qa.spans import Span

_CANDIDATES = 20
"""Passages with the words of a quote in whose documents it is looked for."""
_READ_ALL = 20_000_000
"""So many characters of new documents, for all quotes together, are looked through whatever the word index says."""
_COMPARED = 1_000_000_000
"""So many are looked through for words that were lost before."""
_TELLING = 24
"""A quote of so many letters is taken for the same words in another document; a shorter one needs its neighbours."""
_BESIDE = 8
"""How many letters right before and behind it must be the same."""
_FOLLOWED = "followed"
"""The fact about the index that tells when citations were followed last: the newest document then, and the time."""


@dataclass(frozen=True, slots=True)
class _Held:
    """The files that held a text when it went: where each is, with its document now; 0 where it has none, None if gone.

    `before` tells that one of them was there when they were last looked at.
    """

    paths: dict[str, int | None]
    before: bool

    @property
    def there(self) -> bool:
        """Tell whether one of the files is there."""
        return any(document is not None for document in self.paths.values())

    @property
    def removed(self) -> bool:
        """Tell whether one is gone: then what stands nowhere else is to be forgotten."""
        return not self.paths or None in self.paths.values()

    @property
    def documents(self) -> list[int]:
        """The documents that stand in its place."""
        return [number for number in self.paths.values() if number]


@dataclass(frozen=True, slots=True)
class News:
    """What has come since citations were followed last, also in syncs that were cut short before they were.

    `arrived` are paths; documents with a number over `newest` are new.
    """

    arrived: Collection[str]
    newest: int

    @classmethod
    def of(cls, catalog: Catalog, known: Mapping[str, File], arrived: Collection[str]) -> News:
        """Add to what arrived in this sync what is `known` from those that were cut short."""
        if noted := catalog.meta(_FOLLOWED):
            newest, since = map(int, noted.split())
            return cls({*arrived, *(path for path, file in known.items() if file.seen_ns > since)}, newest)
        return cls(arrived, max((file.document or 0 for file in known.values()), default=0))

    def note(self, catalog: Catalog) -> None:
        """Note that it was followed."""
        newest = max(catalog.newer(self.newest), default=self.newest)
        catalog.set_meta(_FOLLOWED, f"{newest} {time.time_ns()}")


def follow(catalog: Catalog, lexical: Callable[[], Lexical], news: News, *, stop: threading.Event) -> dict[str, int]:
    """Find the citations whose texts are gone again, or forget their words; count what became of them.

    It is safe to repeat after being cut short.
    """
    changes: Counter[str] = Counter()
    follower = _Follower(catalog, lexical, news)
    for text in dict.fromkeys([*catalog.ledger.due(), *follower.come_back()]):
        if stop.is_set():
            break
        changes += follower.follow(text)
    else:
        news.note(catalog)
    return {status: changes[status] for status in ("moved", "changed", "deleted")}


class _Follower:
    """Follows texts, one after the other."""

    def __init__(self, catalog: Catalog, lexical: Callable[[], Lexical], news: News) -> None:
        self._catalog = catalog
        self._ledger = catalog.ledger
        self._lexical = lexical
        self._arrived = news.arrived
        self._new = dict.fromkeys(catalog.newer(news.newest))
        self._to_read, self._to_compare = _READ_ALL, _COMPARED
        self._held: dict[str, _Held] = {}
        # many quotes are looked for in the same few texts, one after the other
        self._letters = lru_cache(8)(lambda number: Letters(catalog.text(number)))

    def follow(self, text: Text) -> Counter[str]:
        """Follow what was cited of a text, or was found in it since."""
        if text.here:
            with self._catalog.transaction():
                self._ledger.restore(text)
            return Counter()
        own = self._ledger.rows(text)
        rows = {row.place: row for row in [*own, *self._ledger.followers(text)]}
        # looked for outside the transaction: answers that are given meanwhile write too
        found = [(row, *self._found(row)) for row in rows.values()]
        with self._catalog.transaction():
            for row, now, quote in found:
                self._ledger.settle(row, now, quote)
            for document in {row.place.document for row, now, quote in found if now is None and quote is None}:
                self._catalog.conversations.drop(document)
            if self._held_by(text.id).removed:  # what a model wrote may say more of it than is cited, and stands there
                self._catalog.conversations.drop(text.id, written=bool(own))
            self._ledger.followed(text, self._held_by(text.id).paths)
        return Counter(filter(None, (self._change(row, now) for row, now, _ in found)))

    def come_back(self) -> Iterator[Text]:
        """Return texts of which something was lost, and stands in a document that is new."""
        lost = self._ledger.lost() if self._new else []
        for number in self._new if lost else ():
            text = self._letters(number).text
            self._to_compare -= len(text) * len(lost)
            if self._to_compare < 0:
                return
            yield from (each for each, words in lost if words in text)

    def _found(self, row: Served) -> tuple[Place | None, Quote | None]:
        """Return where the words of a citation stand now, and what is to be kept of them."""
        own = self._held_by(row.place.document)
        if row.now and (entry := self._catalog.find(row.now.document)):  # where they stood, they stand
            return row.now, self._quote(entry, row.now.span) if own.removed else row.quote
        then = self._held_by(row.now.document) if row.now else own
        removed = own.removed or then.removed
        if row.quote:
            near = (row.now or row.place).span.start
            for entry, span in self._places(row.quote, dict.fromkeys([*then.documents, *own.documents]), near):
                return Place(entry.source.id, span), self._quote(entry, span) if removed else row.quote
        return None, None if removed else row.quote

    def _places(self, quote: Quote, own: Collection[int], near: int) -> Iterator[tuple[Entry, Span]]:
        """Find the words of a quote: in the documents that stand in its place, then elsewhere."""
        inside = ((number, self._anchored(self._letters(number), quote, near)) for number in own)
        for number, found in itertools.chain(inside, self._elsewhere(quote, own)):
            if found and (entry := self._catalog.entry(number)):
                yield entry, found

    def _elsewhere(self, quote: Quote, own: Collection[int]) -> Iterator[tuple[int, Span | None]]:
        """Look into other documents that may have these words, those that are new first."""
        matches = self._lexical().search(quote.words, count=_CANDIDATES)
        rows = {row.number: row for row in self._catalog.rows_by_number([match.passage for match in matches])}
        likely = (rows[match.passage] for match in matches if match.passage in rows)
        around = [replace(row, span=_around(row.span, quote)) for row in likely if row.document not in own]
        best: dict[int, tuple[int, Span]] = {}  # in each document the place with most of what stood around it
        for row, text in zip(around, self._catalog.words_of(around), strict=True):  # not all of it: quotes are many
            found = self._anchored(Letters(text), quote)
            if found and _is_whole(found, text, row.span) and _tells(text, found, quote):
                beside = _around_of(quote).fit(text, found)
                if row.document not in best or beside > best[row.document][0]:
                    best[row.document] = beside, found.shift(row.span.start)
        for number in sorted(best, key=lambda number: number not in self._new):
            yield number, best[number][1]
        for number in self._new:  # words that the word index cannot tell apart, as in scripts without spaces
            if self._to_read > 0 and number not in own:
                letters = self._letters(number)
                self._to_read -= len(letters.text)
                found = self._anchored(letters, quote)
                yield number, found if found and _tells(letters.text, found, quote) else None

    def _anchored(self, letters: Letters, quote: Quote, near: int | None = None) -> Span | None:
        found = anchor(letters, quote.words, prefix=quote.prefix, suffix=quote.suffix, near=near)
        return found.span if found else None

    def _held_by(self, document: str) -> _Held:
        """Return what became of the files that held a text; looked up once, since the ledger forgets it then."""
        if document not in self._held:
            before = self._ledger.paths(document)
            paths: dict[str, int | None] = {}
            for path, later in before.items():
                if file := self._catalog.file(path):
                    paths[path] = file.document or 0
                elif later and (renamed := self._renamed(later)):
                    paths |= renamed
                else:
                    paths[path] = None
            self._held[document] = _Held(paths, before=any(later is not None for later in before.values()))
        return self._held[document]

    def _renamed(self, document: int) -> dict[str, int]:
        """Return the paths that a document has come to in this sync."""
        return {file.path: document for file in self._catalog.files_of(document) if file.path in self._arrived}

    def _change(self, row: Served, now: Place | None) -> str | None:
        """Return the status of a citation if this sync has changed it."""
        own = self._held_by(row.place.document)
        before = "moved" if row.now else "valid" if not row.lost else "changed" if own.before else "deleted"
        after = "moved" if now else "changed" if own.there else "deleted"
        return after if after != before or now != row.now else None

    def _quote(self, entry: Entry, span: Span) -> Quote:
        return Quote.of(self._letters(entry.number).text, span)


def _around(passage: Span, quote: Quote) -> Span:
    """Return how far from a passage words may stand that it has some of: white space may be longer there."""
    reach = 2 * (len(quote.words) + AROUND)
    return Span(max(0, passage.start - reach), passage.end + reach)


def _tells(text: str, span: Span, quote: Quote) -> bool:
    """Tell whether words in another document are those of the quote, and not just any that are the same."""
    if sum(map(str.isalnum, quote.words)) >= _TELLING:
        return True
    return _around_of(quote).fit(text, span) >= _BESIDE


def _around_of(quote: Quote) -> Around:
    return Around(quote.words, quote.prefix, quote.suffix)


def _is_whole(found: Span, text: str, part: Span) -> bool:
    """Tell whether it can be seen what stands beside words that were found in a part of a text."""
    return (found.start > 0 or not part.start) and (found.end < len(text) or len(text) < len(part))
