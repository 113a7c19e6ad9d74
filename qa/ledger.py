"""Every citation that was given: when, how often, and where its words are once its text is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qa.database import Database, Values
from qa.errors import IndexDamaged
from qa.spans import Span

AROUND = 32
"""How many letters of prefix and suffix go with a quote, to find it again among repeats."""
_MOVED, _LOST = 1, 2
"""States of a citation whose text is gone and that was followed; 0 is one that is valid, or not followed yet."""


@dataclass(frozen=True, slots=True)
class Place:
    """A span of the text with this id."""

    document: str
    span: Span


@dataclass(frozen=True, slots=True)
class Quote:
    """Words, and a few letters of what stands before and after them."""

    words: str
    prefix: str
    suffix: str

    @classmethod
    def of(cls, text: str, span: Span) -> Quote:
        """Take the words of a span."""
        before, after = Span(max(0, span.start - AROUND), span.start), Span(span.end, span.end + AROUND)
        return cls(span.of(text), before.of(text), after.of(text))


@dataclass(frozen=True, slots=True)
class Served:
    """A citation that was given; times are in seconds since 1970.

    `quote` is kept only while its text is gone, and not of files that were removed; `now` is where its words stand
    since then, and `lost` tells that they were looked for in vain.
    """

    text: int
    place: Place
    first: int
    last: int
    times: int
    question: str | None
    lost: bool
    quote: Quote | None
    now: Place | None


@dataclass(frozen=True, slots=True)
class Text:
    """A text of which something was cited, and the number of its document where it is in the catalog."""

    number: int
    id: str
    document: int | None

    @property
    def here(self) -> bool:
        """Tell whether it is in the catalog."""
        return self.document is not None


class Ledger:
    """The citations that were given, by the numbers of their texts; texts come and go, and their rows are followed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # Giving.

    def remember(self, places: Iterable[Place], *, question: str | None, now: int) -> None:
        """Note that citations were given, as one step; one that is known is not stored twice."""
        with self._db.transaction():
            for place in dict.fromkeys(places):
                here = self._db.all("SELECT 1 FROM documents WHERE id = ?", place.document)
                text = self._number(place.document)
                # of a text that has just gone no words, nor question, come in here: they would be nobody's to erase
                state = 0 if here else _LOST
                asked = question if here else None
                self._db.run(_REMEMBER, text, place.span.start, place.span.end, now, now, asked, state)

    def watch(self, documents: Iterable[str]) -> None:
        """See to it that texts are followed: an answer that cites nothing of one may still say what stands there."""
        for document in documents:
            self._number(document)

    def keep(self, document: str, read: Callable[[], str]) -> None:
        """Take the words of what was cited of a text that is about to go."""
        where = "text = (SELECT number FROM cited WHERE id = ?)"
        spans = [(row[0], Span(row[1], row[2])) for row in self._db.all(f"{_SPANS} WHERE {where}", document)]
        if not spans:
            return
        try:
            text = read()
        except IndexDamaged:  # a text that cannot be read any more can still be removed
            text = ""
        rows = ((q.words or None, q.prefix, q.suffix, n, s.start, s.end) for n, s in spans for q in [Quote.of(text, s)])
        self._db.many(f"UPDATE ledger SET state = 0, {_QUOTE}, {_NOWHERE} WHERE {_KEY}", rows)

    # Looking.

    def find(self, place: Place) -> Served | None:
        """Return what is known of a citation."""
        rows = self._rows("c.id = ? AND start = ? AND stop = ?", place.document, place.span.start, place.span.end)
        return rows[0] if rows else None

    def paths(self, document: str) -> dict[str, int | None]:
        """Return the paths that held a text when it went, with what was there when it was followed last.

        That is the number of a document, 0 for a file without one, None for no file.
        """
        found = "SELECT path, later FROM cited_paths WHERE text = (SELECT number FROM cited WHERE id = ?)"
        return dict(self._db.all(f"{found} ORDER BY path", document))

    def count(self) -> int:
        """Count the citations that were given."""
        return int(self._db.all("SELECT count(*) FROM ledger")[0][0])

    def texts(self, after: str = "") -> list[Text]:
        """Return the texts of which something was cited, by their ids, from one on."""
        return self._texts("c.id >= ? ORDER BY c.id", after)

    def rows(self, text: Text, *, after: Span | None = None) -> list[Served]:
        """Return the citations of a text in order, from one on."""
        span = after or Span(-1, -1)
        return self._rows("c.number = ? AND (start, stop) > (?, ?)", text.number, span.start, span.end)

    # Following; see qa/following.py.

    def due(self) -> list[Text]:
        """Return the texts that came or went, or after which something else came, since they were followed."""
        return self._texts("c.due ORDER BY c.number")

    def lost(self) -> list[tuple[Text, str]]:
        """Return the words that were looked for in vain and are still kept, with the texts that they were in."""
        gone = "NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = c.id)"  # what came back is valid, not lost
        rows = self._db.all(
            "SELECT c.number, c.id, l.words FROM ledger l JOIN cited c ON c.number = l.text"
            f" WHERE l.state = {_LOST} AND l.words NOT NULL AND {gone}"
        )
        return [(Text(number, id_, None), words) for number, id_, words in rows]

    def followers(self, text: Text) -> list[Served]:
        """Return the citations whose words were found in a text."""
        return self._rows("l.to_text = ?", text.number)

    def settle(self, row: Served, now: Place | None, quote: Quote | None) -> None:
        """Note where the words of a citation stand, None for nowhere, and what is kept of them; of none no question."""
        q = (quote.words, quote.prefix, quote.suffix) if quote else (None, None, None)
        to = (self._number(now.document), now.span.start, now.span.end) if now else (None, None, None)
        self._db.run(
            f"UPDATE ledger SET {_QUOTE}, to_text = ?, to_start = ?, to_stop = ?, state = ?,"
            f" question = CASE WHEN ? THEN question END WHERE {_KEY}",
            *(*q, *to, _MOVED if now else _LOST, quote is not None),
            *(row.text, row.place.span.start, row.place.span.end),
        )

    def restore(self, text: Text) -> None:
        """Note that a text is in the folder: what was cited of it is valid, and its words stand there."""
        nothing = "words = NULL, prefix = NULL, suffix = NULL"
        self._db.run(
            f"UPDATE ledger SET state = 0, {nothing}, {_NOWHERE} WHERE text = ? AND (state OR words NOT NULL)",
            text.number,
        )
        self.followed(text, {})

    def followed(self, text: Text, paths: Mapping[str, int | None]) -> None:
        """Note that a text was followed, and what stands at its paths now; forget one that nothing leads to."""
        self._db.run("DELETE FROM cited_paths WHERE text = ?", text.number)
        rows = ((text.number, path, later) for path, later in paths.items())
        self._db.many("INSERT INTO cited_paths VALUES (?, ?, ?)", rows)
        self._db.run("UPDATE cited SET due = 0 WHERE number = ?", text.number)
        self._db.run(
            "DELETE FROM cited WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM ledger WHERE text = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM ledger WHERE to_text = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM turn_texts WHERE turn_texts.text = cited.id)",
            text.number,
        )
        nobody = "NOT EXISTS (SELECT 1 FROM cited WHERE number = text)"
        self._db.run(f"DELETE FROM cited_paths WHERE text = ? AND {nobody}", text.number)

    # Inside.

    def _number(self, document: str) -> int:
        self._db.run("INSERT OR IGNORE INTO cited (id) VALUES (?)", document)
        return int(self._db.all("SELECT number FROM cited WHERE id = ?", document)[0][0])

    def _texts(self, which: str, *values: object) -> list[Text]:
        here = "LEFT JOIN documents d ON d.id = c.id"
        return [
            Text(*row)
            for row in self._db.all(f"SELECT c.number, c.id, d.number FROM cited c {here} WHERE {which}", *values)
        ]

    def _rows(self, which: str, *values: object) -> list[Served]:
        return [_row(row) for row in self._db.all(f"{_ROWS} WHERE {which} ORDER BY start, stop", *values)]


_KEY = "text = ? AND start = ? AND stop = ?"
_QUOTE = "words = ?, prefix = ?, suffix = ?"
_NOWHERE = "to_text = NULL, to_start = NULL, to_stop = NULL"
_SPANS = "SELECT text, start, stop FROM ledger"
_ROWS = """SELECT l.text, c.id, start, stop, first, last, times, question, state, words, prefix, suffix,
    s.id, to_start, to_stop FROM cited c JOIN ledger l ON l.text = c.number LEFT JOIN cited s ON s.number = l.to_text"""
_REMEMBER = """INSERT INTO ledger (text, start, stop, first, last, times, question, state)
    VALUES (?, ?, ?, ?, ?, 1, ?, ?)
    ON CONFLICT DO UPDATE SET last = excluded.last, times = times + 1,
    question = coalesce(excluded.question, question)"""


def _row(row: Values) -> Served:
    text, id_, start, stop, first, last, times, question, state, words, prefix, suffix, *to = row
    return Served(
        *(text, Place(id_, Span(start, stop)), first, last, times, question, state == _LOST),
        quote=None if words is None else Quote(words, prefix, suffix),
        now=None if to[0] is None else _place(*to),
    )


def _place(document: str, start: Any, stop: Any) -> Place:
    return Place(document, Span(start, stop))
