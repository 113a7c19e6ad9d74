"""What the catalog has to erase: paths that are to be forgotten, until nothing of them is left in any part."""

from __future__ import annotations

import json
from collections.abc import Collection

from qa.database import Database

_PENDING = "forgetting"
_AT = "path IN (SELECT value FROM json_each(?))"


class Erasure:
    """What is to be forgotten, noted before anything is done and until all is done, so that a kill leaves nothing."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def known(self) -> set[str]:
        """Return every path that a file has or had, or that a text had when it went."""
        every = "SELECT path FROM files UNION SELECT path FROM tombstones UNION SELECT path FROM left_paths"
        return {row[0] for row in self._db.all(every)}

    def left(self) -> dict[str, str]:
        """Return the paths of files that are gone and not erased yet, each with the id of the text that it had."""
        return dict(self._db.all("SELECT path, id FROM left_paths WHERE NOT erased"))

    def pending(self) -> list[str]:
        """Return the paths that are being forgotten."""
        rows = self._db.all("SELECT value FROM meta WHERE name = ?", _PENDING)
        return list(json.loads(rows[0][0])) if rows else []

    def note(self, paths: Collection[str]) -> None:
        """Note that paths are to be forgotten."""
        with self._db.transaction():
            every = sorted({*self.pending(), *paths})
            self._db.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", _PENDING, json.dumps(every))

    def done(self) -> None:
        """Note that nothing is being forgotten any more: what was is erased."""
        with self._db.transaction():
            gone = f"{_AT} AND id NOT IN (SELECT id FROM documents)"
            self._db.run(f"UPDATE left_paths SET erased = 1 WHERE {gone}", json.dumps(self.pending()))
            self._db.run("DELETE FROM meta WHERE name = ?", _PENDING)

    def texts(self, paths: Collection[str]) -> int:
        """Count the texts that are gone from these paths."""
        chosen = json.dumps(list(paths))
        left = f"id IN (SELECT id FROM left_paths WHERE {_AT})"
        return int(self._db.all(f"SELECT count(*) FROM tombstones WHERE {_AT} OR {left}", chosen, chosen)[0][0])

    def gone(self, paths: Collection[str]) -> list[str]:
        """Return the ids of the texts that are gone from these paths."""
        every = f"""SELECT id FROM tombstones WHERE {_AT} UNION SELECT id FROM left_paths WHERE {_AT}
            UNION SELECT id FROM cited JOIN cited_paths ON text = number WHERE {_AT}"""
        chosen = json.dumps(list(paths))
        rows = self._db.all(
            f"SELECT id FROM ({every}) WHERE id NOT IN (SELECT id FROM documents)", chosen, chosen, chosen
        )
        return [row[0] for row in rows]

    def wipe(self, texts: Collection[str]) -> None:
        """Take out of the ledger the questions to which texts were cited.

        Its words of them went with the files; see qa/following.py.
        """
        cited = "SELECT number FROM cited WHERE id IN (SELECT value FROM json_each(?))"
        asked = f"SELECT question FROM ledger WHERE text IN ({cited})"
        self._db.run(f"UPDATE ledger SET question = NULL WHERE question IN ({asked})", json.dumps(list(texts)))

    def slack(self) -> tuple[int, int]:
        """Return how many of the catalog's pages hold nothing, and how many there are."""
        return self._db.all("PRAGMA freelist_count")[0][0], self._db.all("PRAGMA page_count")[0][0]

    def compact(self) -> bool:
        """Write the file anew without what is gone; tell whether nothing of that is left. Raises StorageError."""
        return self._db.compact()
