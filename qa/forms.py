"""The form of a text, at rest: its title, pages, headings and parts, as the file has them that tells most of it."""

from __future__ import annotations

import json
from dataclasses import astuple

from qa.database import Database
from qa.documents import Document

_UNKNOWN, _PLAIN, _NONE = "", "text/plain", "[]"


class Forms:
    """The forms of the documents: files of several formats may have one text, as a PDF and what was copied out of it.

    The passages of a document are cut along its form, and go with it.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, number: int, document: Document) -> None:
        """Give a document this form; the word index has yet to take it in."""
        pages, headings, parts = _stored(document)
        self._db.run(
            "UPDATE documents SET title = ?, media_type = ?, pages = ?, headings = ?, parts = ?, lexical = 0"
            " WHERE number = ?",
            *(document.title, document.media_type, pages, headings, parts, number),
        )

    def improve(self, number: int, document: Document) -> bool:
        """Give a document this form if it tells more than the one which it has; tell whether it does."""
        ((media_type, *before),) = self._db.all(
            "SELECT media_type, pages, headings, parts FROM documents WHERE number = ?", number
        )
        better = _worth(document.media_type, *_stored(document)) > _worth(media_type, *before)
        if better:
            self.put(number, document)
        return better

    def forget(self, number: int) -> set[str]:
        """Take the next form of a document, whatever it tells: the file is gone from which it may have had this one.

        Return the paths of its files, or of what holds them; these are read by the next sync, if not before.
        """
        paths = self._db.all("SELECT coalesce(container, path) FROM files WHERE document = ?", number)
        self._db.many("UPDATE files SET digest = NULL WHERE path = ?", paths)
        # title and headings stay until then: the keys of its passages are of words with these
        self._db.run(
            "UPDATE documents SET media_type = ?, pages = ?, parts = ? WHERE number = ?", _UNKNOWN, _NONE, _NONE, number
        )
        return {path for (path,) in paths}


def _stored(document: Document) -> tuple[str, str, str]:
    """Return pages, headings and parts as they are stored."""
    headings, parts = (json.dumps([astuple(each) for each in some]) for some in (document.headings, document.parts))
    return json.dumps(document.pages), headings, parts


def _worth(media_type: str, pages: str, headings: str, parts: str) -> tuple[bool, ...]:
    """Rank a form by what it tells of a text: pages before rows, times and slides, these before headings."""
    return media_type != _UNKNOWN, pages != _NONE, parts != _NONE, headings != _NONE, media_type != _PLAIN
