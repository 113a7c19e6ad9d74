"""What was asked and answered, conversation by conversation, at rest: answers without the words that they cite."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qa.database import Database
from qa.errors import NotFound, UsageError
from qa.plain import Plain, iso_time

MOST = 200
"""So many conversations are in one page at most."""
_MOST_TURNS = 1_000
_LONGEST_NAME = 80
_MOST_WORDS = 20
_FORGOTTEN = "(forgotten)"
_FOUND = """SELECT id, name, (SELECT count(*) FROM turns t WHERE t.conversation = c.number) AS turns, changed
    FROM conversations c WHERE turns AND (changed, number) < (?, ?)"""
_SAID = """ AND EXISTS (SELECT 1 FROM turns t WHERE t.conversation = c.number
    AND instr(lower(t.question || ' ' || coalesce(t.answer, '')), ?))"""
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
    """A question, and what is kept of its answer; None where that cited a text that was removed."""

    question: str
    answer: Mapping[str, Any] | None


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

    def add(self, id_: str, turn: Turn, texts: Collection[str], now: float) -> None:
        """Add a turn, whose answer cites these texts; to a conversation that was deleted meanwhile nothing."""
        with self._db.transaction():
            try:
                number = self._number(id_)
            except NotFound:
                return
            place = self._turns(number)
            name = " ".join(turn.question.split())[:_LONGEST_NAME]
            answer = json.dumps(turn.answer, ensure_ascii=False)
            self._db.run("INSERT INTO turns VALUES (?, ?, ?, ?)", number, place, turn.question, answer)
            self._db.many(
                "INSERT OR IGNORE INTO turn_texts VALUES (?, ?, ?)", ((each, number, place) for each in texts)
            )
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
        words = query.lower().split()[:_MOST_WORDS]
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

    def drop(self, text: str) -> None:
        """Drop the answers that cite a text, whose words are not to be kept any more."""
        with self._db.transaction():
            cited = "SELECT conversation, place FROM turn_texts WHERE text = ?"
            self._db.run(f"UPDATE turns SET answer = NULL WHERE (conversation, place) IN ({cited})", text)
            self._db.run("DELETE FROM turn_texts WHERE text = ?", text)

    def wipe(self) -> None:
        """Take the words out of the questions whose answers were dropped, and out of the names that they gave."""
        with self._db.transaction():
            first = "SELECT conversation FROM turns WHERE place = 0 AND answer IS NULL"
            self._db.run(f"UPDATE conversations SET name = ? WHERE number IN ({first})", _FORGOTTEN)
            self._db.run("UPDATE turns SET question = ? WHERE answer IS NULL", _FORGOTTEN)

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
