"""What was asked and answered, conversation by conversation, at rest: answers without the words that they cite.

An answer rests on texts: those that it cites, and where a model wrote it all that the model was shown. It is dropped
when one of them is removed, and with it what the questions after it, in the same conversation, took over.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qa.database import Database, folded
from qa.errors import NotFound, UsageError
from qa.plain import Plain, iso_time

EXTRACTIVE = "extractive"
"""The model of an answer that none wrote: it says what it cites, and nothing else."""
MOST = 200
"""So many conversations are in one page at most."""
_MOST_TURNS = 1_000
_LONGEST_NAME = 80
_MOST_WORDS = 20
_FORGOTTEN = "(forgotten)"
_FOUND = """SELECT id, name, (SELECT count(*) FROM turns t WHERE t.conversation = c.number) AS turns, changed
    FROM conversations c WHERE turns AND (changed, number) < (?, ?)"""
_SAID = """ AND EXISTS (SELECT 1 FROM turns t WHERE t.conversation = c.number
    AND instr(folded(t.question || ' ' || coalesce(json_extract(t.answer, '$.answer'), '')), ?))"""
_RESTING = """(conversation, place) IN (SELECT conversation, place FROM turn_texts
    WHERE text IN (SELECT value FROM json_each(?)))"""
_GONE = """SELECT EXISTS (SELECT 1 FROM tombstones t JOIN files f ON f.path = t.path WHERE t.id = value)
    FROM json_each(?) WHERE value NOT IN (SELECT id FROM documents)"""
"""Which of some texts are gone: of each whether there is a file where it was."""
_ANSWERS = "SELECT json_extract(answer, '$.answer') FROM turns"
_LAST_FIRST = "ORDER BY changed DESC, number DESC LIMIT ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation(Plain):
    """A conversation: its name is its first question, `changed` when the last answer came."""

    id: str
    name: str
    turns: int
    changed: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, and what is kept of its answer; None where that rested on a text that was removed."""

    question: str
    answer: Mapping[str, Any] | None


def on_its_own(answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return an answer less what its question took over from those before it; None where a model was told that.

    Nothing else of what was said before is told to a model that writes an answer.
    """
    if answer["searched_as"] is None:
        return answer
    return {**answer, "searched_as": None, "reason": None} if answer["model"] == EXTRACTIVE else None


class Conversations:
    """The conversations of one index."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, now: float) -> Conversation:
        """Begin one, which has no name until it has a turn."""
        id_ = secrets.token_urlsafe(12)
        self._db.run("INSERT INTO conversations (id, name, changed) VALUES (?, '', ?)", id_, now)
        return Conversation(id=id_, name="", turns=0, changed=iso_time(now))

    def check(self, id_: str) -> None:
        """Raise NotFound if there is none with this id, UsageError if it has all the turns that it may have."""
        if self._turns(self._number(id_)) >= _MOST_TURNS:
            raise UsageError(f"This conversation has {_MOST_TURNS:,} questions: begin a new one.")

    def add(self, id_: str, turn: Turn, texts: Collection[str], now: float, *, said: Collection[str] = ()) -> None:
        """Add a turn, whose answer rests on these texts, and its question on the answers that were `said` before.

        Of what has gone meanwhile nothing comes in: it would be nobody's to drop. To a conversation that was deleted
        nothing is added.
        """
        with self._db.transaction():
            try:
                number = self._number(id_)
            except NotFound:
                return
            place = self._turns(number)
            more = self._is_more(number, said)
            turn = self._standing(turn, texts)
            name = " ".join(turn.question.split())[:_LONGEST_NAME]
            self._db.run("INSERT INTO turns VALUES (?, ?, ?, ?)", number, place, turn.question, _json(turn.answer))
            self._rest(number, place, texts)
            if more:
                self._part(number, place, self._lost(number))
            self._db.run(
                "UPDATE conversations SET changed = ?, name = CASE name WHEN '' THEN ? ELSE name END WHERE number = ?",
                *(now, name, number),
            )

    def find(self, query: str = "", *, count: int = 50, after: str | None = None) -> list[Conversation]:
        """Return those that have turns, the last first, after one of them; with a query those that have its words.

        Raises NotFound, UsageError.
        """
        if not 1 <= count <= MOST:
            raise UsageError(f"The count must be from 1 to {MOST:,}.")
        since: tuple[float, int] = (math.inf, 0)
        if after:
            since = self._db.all("SELECT changed, number FROM conversations WHERE id = ?", self._known(after))[0]
        words = folded(query).split()[:_MOST_WORDS]
        rows = self._db.all(f"{_FOUND} {_SAID * len(words)} {_LAST_FIRST}", *since, *words, count)
        return [Conversation(id=row[0], name=row[1], turns=row[2], changed=iso_time(row[3])) for row in rows]

    def turns(self, id_: str) -> list[Turn]:
        """Return the turns of one. Raises NotFound."""
        rows = self._db.all(
            "SELECT question, answer FROM turns WHERE conversation = ? ORDER BY place", self._number(id_)
        )
        return [Turn(question, answer and json.loads(answer)) for question, answer in rows]

    def remove(self, id_: str) -> None:
        """Delete one. Raises NotFound."""
        with self._db.transaction():
            number = self._number(id_)
            for table, column in (
                ("turns", "conversation"),
                ("turn_texts", "conversation"),
                ("conversations", "number"),
            ):
                self._db.run(f"DELETE FROM {table} WHERE {column} = ?", number)

    def drop(self, text: str, *, written: bool = False) -> None:
        """Drop the answers that rest on a text, or those of them that a model wrote, and what later ones took over."""
        found = f"SELECT conversation, place, answer FROM turns WHERE answer NOT NULL AND {_RESTING}"
        with self._db.transaction():
            for number, place, answer in self._db.all(found, json.dumps([text])):
                if not written or json.loads(answer)["model"] != EXTRACTIVE:
                    self._put(number, place, None)
                    self._part(number, place, [text])

    def wipe(self, texts: Collection[str]) -> None:
        """Take the words out of the questions whose answers were dropped with texts, and out of the names they gave."""
        chosen = json.dumps([*texts])
        with self._db.transaction():
            first = f"SELECT conversation FROM turns WHERE place = 0 AND answer IS NULL AND {_RESTING}"
            self._db.run(f"UPDATE conversations SET name = ? WHERE number IN ({first})", _FORGOTTEN, chosen)
            self._db.run(f"UPDATE turns SET question = ? WHERE answer IS NULL AND {_RESTING}", _FORGOTTEN, chosen)

    def _standing(self, turn: Turn, texts: Collection[str]) -> Turn:
        """Return a turn less its answer where a text of that has gone, and less its question where a file has."""
        gone = self._db.all(_GONE, json.dumps([*texts]))
        edited = all(there for (there,) in gone)
        return Turn(turn.question if edited else _FORGOTTEN, None) if gone else turn

    def _is_more(self, number: int, said: Collection[str]) -> bool:
        """Tell whether more was said before than is kept, since an answer was dropped."""
        kept = {row[0] for row in self._db.all(f"{_ANSWERS} WHERE conversation = ?", number)}
        return None in kept and not kept.issuperset(said)

    def _lost(self, number: int) -> list[str]:
        """Return the texts on which answers rested that were dropped."""
        lost = "SELECT place FROM turns t WHERE t.conversation = x.conversation AND answer IS NULL"
        found = f"SELECT DISTINCT text FROM turn_texts x WHERE conversation = ? AND place IN ({lost})"
        return [row[0] for row in self._db.all(found, number)]

    def _part(self, number: int, first: int, texts: Collection[str]) -> None:
        """Take out of the turns from one on what was taken over; where nothing is left they rest on these texts too."""
        found = "SELECT place, answer FROM turns WHERE conversation = ? AND place >= ? AND answer NOT NULL"
        for place, answer in self._db.all(found, number, first):
            told = json.loads(answer)
            if (left := on_its_own(told)) is not told:
                self._put(number, place, left)
                self._rest(number, place, () if left else texts)

    def _put(self, number: int, place: int, answer: Mapping[str, Any] | None) -> None:
        where = "WHERE conversation = ? AND place = ?"
        self._db.run(f"UPDATE turns SET answer = ? {where}", _json(answer), number, place)

    def _rest(self, number: int, place: int, texts: Collection[str]) -> None:
        rows = ((each, number, place) for each in texts)
        self._db.many("INSERT OR IGNORE INTO turn_texts VALUES (?, ?, ?)", rows)

    def _turns(self, number: int) -> int:
        return int(self._db.all("SELECT count(*) FROM turns WHERE conversation = ?", number)[0][0])

    def _known(self, id_: str) -> str:
        self._number(id_)
        return id_

    def _number(self, id_: str) -> int:
        rows: Sequence[Any] = self._db.all("SELECT number FROM conversations WHERE id = ?", id_)
        if not rows:
            raise NotFound("There is no such conversation: it was deleted, or never begun.")
        return int(rows[0][0])


def _json(answer: Mapping[str, Any] | None) -> str | None:
    return None if answer is None else json.dumps(answer, ensure_ascii=False)
