"""An answer, and the name of a file, in; the file, whole or not at all, out."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from qa.errors import UsageError
from qa.exports import FORMATS, encode
from qa.folder import scan, unwritten, write_new

if TYPE_CHECKING:
    from qa.answers import Answer
    from qa.library import Library
    from qa.remote import RemoteLibrary


@dataclass(frozen=True, slots=True)
class Target:
    """A file that answers are to be written to; make one before asking, so that nothing is asked in vain."""

    place: Path
    format: str
    overwrite: bool
    link_files: bool

    @classmethod
    def of(cls, place: Path, *, folder: Path, index: Path, overwrite: bool = False, link_files: bool = False) -> Target:
        """See that a file can be written there, which harms no document and no index. Raises UsageError."""
        format = format_of(place)
        if place.is_dir() or not place.parent.is_dir():
            raise UsageError(f"There is no folder for {place}: make it first, or name another file.")
        if place.parent.resolve().is_relative_to(index.resolve()):
            raise UsageError(f"{place} would be in the index, which is made anew at times: name another place.")
        if os.path.lexists(place):
            if _is_document(place, folder, index):
                raise UsageError(f"{place} is one of the documents, which no answer may replace: name another file.")
            if not overwrite:
                what = "is there already" if place.exists() else "is a link to a file that is not there"
                raise UsageError(f"{place} {what}: name another file, or add --overwrite.")
        return cls(place, format, overwrite, link_files)

    def write(self, library: Library | RemoteLibrary, answers: Sequence[Answer], *, page: str | None = None) -> str:
        """Write answers, with links to the page where there is one; say where they are. Raises StorageError."""
        status = library.status()
        folder = Path(status.folder)
        files = self._address(folder) if self.link_files else None
        place = self._save(library.export(answers, self.format, url=page, files=files, on=date.today()))
        if not _is_document(place, folder, Path(status.index)):
            return f"Written to {place}."
        return (
            f"Written to {place}. That is in the folder of the documents, and will be one of them: "
            "move it, or name it in .qaignore."
        )

    def _address(self, folder: Path) -> str:
        """Return where a folder is, as a link in the file has it."""
        try:
            return quote(Path(os.path.relpath(folder.resolve(), self.place.parent.resolve())).as_posix())
        except ValueError:  # on another drive
            return folder.resolve().as_uri()

    def _save(self, words: str) -> Path:
        """Write the file; under a name with a number if one has come there since."""
        if not self.overwrite:
            return write_new(self.place, encode(words))
        fresh = self.place.with_name(f".{secrets.token_hex(8)}.new")
        try:
            fresh.write_bytes(encode(words))
            fresh.replace(self.place)
        except OSError as error:
            raise unwritten(error) from error
        finally:
            with contextlib.suppress(OSError):
                fresh.unlink()
        return self.place


def _is_document(place: Path, folder: Path, index: Path) -> bool:
    """Tell whether a file is one of the documents, or becomes one with the next sync."""
    home, place = folder.resolve(), place.parent.resolve() / place.name
    if not home.is_dir() or not place.is_relative_to(home):
        return False
    name = os.fsencode(place.relative_to(home))
    return any(found.raw == name for found in scan(home, index=index.resolve()))


def format_of(place: Path) -> str:
    """Tell the format by a file's name. Raises UsageError."""
    for name, format in FORMATS.items():
        if place.name.lower().endswith(format.suffix) and len(place.name) > len(format.suffix):
            return name
    suffixes = ", ".join(f"{format.suffix} ({name})" for name, format in FORMATS.items())
    raise UsageError(f"The name of the file says the format, and «{place.name}» says none: use {suffixes}.")
