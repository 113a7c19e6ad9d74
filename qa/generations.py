"""A part of the index that is made anew now and then, whole: each time in a folder beside the one that is in use.

The catalog says which is in use, so a process that is killed loses neither. The first generation stands in the part's
own folder, later ones in `anew-N` below it.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from qa.errors import StorageError

_ANEW = "anew-"


def in_use(root: Path, name: str) -> Path:
    """Return where the generation of a name stands, whose number is at its end."""
    place = _anew(root, name)
    return place if place.is_dir() else root


def begin(root: Path, name: str) -> Path:
    """Make an empty folder for the generation of a name. Raises StorageError."""
    place = _anew(root, name)
    remove(place)
    try:
        place.mkdir(parents=True)
    except OSError as error:
        raise StorageError(
            f"The index cannot be written at {place} ({error.strerror}): free some space, or remove what is there."
        ) from error
    return place


def clear(root: Path, place: Path) -> list[Path]:
    """Remove the generations that are not in use; return what of them cannot be removed."""
    every = list(root.iterdir()) if root.is_dir() else []
    others = [each for each in every if each != place and (place != root or each.name.startswith(_ANEW))]
    for each in others:
        remove(each)
    return [each for each in others if each.exists()]


def _anew(root: Path, name: str) -> Path:
    return root / f"{_ANEW}{name.rpartition('-')[2]}"


def remove(path: Path) -> None:
    """Remove a folder, or whatever stands in its place, as far as that can be done."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
