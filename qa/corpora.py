"""The documents of a question set, as files that can be indexed; and what they are called there."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path

from qa.errors import EmptyLibrary, NotFound, StorageError
from qa.gold import read_corpus
from qa.library import Library
from qa.parsers import TITLED
from qa.scores import Texts

_TEXT_FILE = re.compile(r"[0-9a-f]{64}" + re.escape(TITLED))
_TEXTS_AT_HAND = 8


@contextmanager
def workplace(index: str | os.PathLike[str] | None) -> Iterator[Path]:
    """Give a folder for an index: the one that is named, or one that is removed afterwards."""
    with ExitStack() as stack:
        try:
            place = index or stack.enter_context(
                tempfile.TemporaryDirectory(prefix="qa-eval-", ignore_cleanup_errors=True)
            )
        except OSError as error:
            raise StorageError(
                f"No temporary folder can be made ({error.strerror}): name one that can be written with TMPDIR."
            ) from error
        yield Path(place).resolve()


def lay_out(corpus: Path, folder: Path) -> tuple[Path, dict[str, str]]:
    """Write the texts of a corpus into a folder; return it, and the id that each document will have in a library."""
    ids: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for text in read_corpus(corpus):
            if text.words.strip():
                data = text.words.encode()
                ids[text.name] = hashlib.sha256(data).hexdigest()
                title = " ".join(text.title.split()).encode()
                _write(folder / f"{ids[text.name]}{TITLED}", b" " + title + b"\n" + data)  # never like another format
        kept = {f"{id}{TITLED}" for id in ids.values()}
        for file in folder.iterdir():
            if _TEXT_FILE.fullmatch(file.name) and file.name not in kept:
                file.unlink()
    except OSError as error:
        raise StorageError(
            f"The documents cannot be written to {folder} ({error.strerror}): free some space, or set TMPDIR."
        ) from error
    return folder, ids


def _write(file: Path, data: bytes) -> None:
    # named by its words: one of the same length is there from the last time, and untouched it needs no new reading
    if not file.exists() or file.stat().st_size != len(data):
        file.write_bytes(data)


def ids_of(library: Library, expected: Mapping[str, str]) -> dict[str, str]:
    """Return the id of each document by its name in the set; where they are known, see that no text was changed."""
    files = {file.path: file for file in library.documents()}
    for name, id in expected.items():
        file = files.get(f"{id}{TITLED}")
        if file is None or file.id != id:
            raise StorageError(f"The document {name} of the corpus was not indexed ({file and file.reason}).")
    ids = dict(expected) or {path: file.id for path, file in files.items() if file.id}
    if not ids:
        raise EmptyLibrary("There is no text in the documents, so nothing can be asked.")
    return ids


def texts_of(library: Library, ids: Mapping[str, str]) -> Texts:
    """Look texts up by the names of their documents; the last few are kept at hand."""

    @lru_cache(_TEXTS_AT_HAND)
    def text(name: str) -> str | None:
        try:
            return library.text(ids[name])
        except (KeyError, NotFound):  # it was removed from the folder while questions were asked
            return None

    return text
