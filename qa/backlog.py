"""What the word index and the vectors still have to do before they are level with the catalog."""

from __future__ import annotations

from collections.abc import Iterable

from qa.database import Database

WAITING, UNUSED = "live = 0 AND uses > 0", "live = 0 AND uses = 0"
"""Which rows of `vectors` have yet to be embedded, and which no passage needs any more."""
_NO_VECTOR = "NOT EXISTS (SELECT 1 FROM vectors v WHERE v.key = p.key AND v.live)"


class Backlog:
    """What waits, by numbers of documents and passages and keys of vectors; marked once it is done, never before."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # The word index.

    def documents_to_index(self) -> list[int]:
        """Return the numbers of the documents that the word index does not have for certain."""
        return [row[0] for row in self._db.all("SELECT number FROM documents WHERE lexical = 0 ORDER BY number")]

    def documents_to_remove(self) -> list[int]:
        """Return the numbers of dropped documents that the word index may still have."""
        return [row[0] for row in self._db.all("SELECT document FROM lexical_dead")]

    def mark_indexed(self, added: Iterable[int], removed: Iterable[int]) -> None:
        """Note what the word index has committed."""
        self._db.many("UPDATE documents SET lexical = 1 WHERE number = ?", ((n,) for n in added))
        self._db.many("DELETE FROM lexical_dead WHERE document = ?", ((n,) for n in removed))

    def reset_words(self) -> None:
        """Note that the word index must be made anew."""
        self._db.run("UPDATE documents SET lexical = 0")
        self._db.run("DELETE FROM lexical_dead")

    # The vectors.

    def passages_to_embed(self, after: int, limit: int) -> list[int]:
        """Return the numbers of passages whose words have no vector yet, in order, from one number on."""
        waiting = f"SELECT number FROM passages p WHERE number > ? AND {_NO_VECTOR} ORDER BY number LIMIT ?"
        return [row[0] for row in self._db.all(waiting, after, limit)]

    def documents_to_embed(self) -> set[int]:
        """Return the numbers of the documents of which some words have no vector yet."""
        waiting = f"SELECT key FROM vectors WHERE {WAITING}"
        return {row[0] for row in self._db.all(f"SELECT DISTINCT document FROM passages WHERE key IN ({waiting})")}

    def waits(self, document: int) -> bool:
        """Tell whether some words of a document have no vector yet."""
        return bool(self._db.all(f"SELECT 1 FROM passages p WHERE document = ? AND {_NO_VECTOR} LIMIT 1", document))

    def mark_embedded(self, keys: Iterable[bytes]) -> None:
        """Note the vectors that are stored."""
        self._db.many("UPDATE vectors SET live = 1 WHERE key = ?", ((key,) for key in keys))

    def retire_vectors(self) -> list[bytes]:
        """Mark the vectors that no passage needs, so that they are made again should one come back, and return them."""
        with self._db.transaction():
            self._db.run("UPDATE vectors SET live = 0 WHERE live = 1 AND uses = 0")
        return [row[0] for row in self._db.all(f"SELECT key FROM vectors WHERE {UNUSED}")]

    def forget_vectors(self, keys: Iterable[bytes]) -> None:
        """Forget vectors that are deleted from the store."""
        self._db.many(f"DELETE FROM vectors WHERE key = ? AND {UNUSED}", ((key,) for key in keys))

    def reset_vectors(self, collection: str) -> None:
        """Note that every vector must be made anew, by whichever embedder, in a collection of this name."""
        with self._db.transaction():
            self._db.run("UPDATE vectors SET live = 0")
            self._db.run("DELETE FROM vectors WHERE uses = 0")
            self._db.run("DELETE FROM meta WHERE name IN ('embedder', 'width', 'slots')")
            self._db.run("INSERT OR REPLACE INTO meta VALUES ('collection', ?)", collection)
