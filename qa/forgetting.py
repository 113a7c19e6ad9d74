"""Forgetting files that are gone, and with leave files that are there: which they are, and what became of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from qa.catalog import Catalog
from qa.documents import INSIDE
from qa.errors import NotFound, StorageError, UsageError
from qa.folder import Found, scan, without_links
from qa.plain import Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten(Plain):
    """What was forgotten: paths, and how many texts had been there; `also_in` are other files with one of them.

    `note` says what cannot be promised.
    """

    paths: tuple[str, ...]
    texts: int
    also_in: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Paths that are to be forgotten, but for those of which nothing is left, and the ids of the texts they held."""

    paths: tuple[str, ...]
    ids: tuple[str, ...]


def choose(catalog: Catalog, folder: Path, index: Path, path: str | None, *, delete_file: bool) -> Chosen:
    """Find what a path means, a file or a folder with all that is below it; None means whatever is deleted.

    It is noted as to be forgotten. A file that is still there is deleted with `delete_file`, links not followed.
    Raises NotFound, StorageError, UsageError.
    """
    there = {each.path: each for each in scan(folder, index=index)}
    known = catalog.erasure.known() | {each.path for each in there.values() if each.stat}
    if path is None:
        paths = {each for each in known if not _there(each, there, catalog)}
    else:
        path = path.removeprefix("./").rstrip("/")
        paths = {path} & known or {each for each in known if each.startswith(f"{path}/")}
        paths |= {each for each in known if each.startswith(f"{path}{INSIDE}")}
        if not paths:
            raise NotFound(
                "No such file is or was known: give its path relative to the folder, or that of a folder in it; "
                "`--all-deleted` (in Python None, over HTTP null) forgets whatever is gone."
            )
    still = sorted(each for each in paths if _there(each, there, catalog))
    for each in still:
        if (container := _container(each, there)) and container not in paths:
            raise UsageError(f"{each} stands in {container}, which is still in the folder: forget that.")
    if still and not delete_file:
        raise UsageError(
            f"{_named(still)} still in the folder: delete it first, or let it be deleted (`--delete-file`; in Python "
            "and over HTTP `delete_file`)."
        )
    held = dict.fromkeys(still, "") | _held(catalog, paths, renamed=path is not None)
    catalog.erasure.note(paths or {""})  # what a catalog made anew knows nothing of may be on the disk all the same
    for each in still:
        if not _container(each, there):
            _delete(folder, each, there.get(each))
    return Chosen(tuple(sorted(held)), tuple({*held.values()} - {""}))


def report(catalog: Catalog, chosen: Chosen, *, chroma_url: str | None) -> Forgotten:
    """Say what became of what was chosen."""
    kept = {path for id_ in chosen.ids if (entry := catalog.find(id_)) for path in entry.source.paths}
    note = chroma_url and (
        f"The Chroma server at {chroma_url} has the vectors no longer; what is left of them in its own files, "
        "`chroma vacuum` there removes."
    )
    return Forgotten(
        paths=chosen.paths, texts=catalog.erasure.texts(chosen.paths), also_in=tuple(sorted(kept)), note=note
    )


def _held(catalog: Catalog, paths: Collection[str], *, renamed: bool) -> dict[str, str]:
    """Return those of the paths of which something is left, each with the id of its text, if it had one.

    Of a text that is in another file now the former path counts only with `renamed`.
    """
    left = {path: id_ for path, id_ in catalog.erasure.left().items() if path in paths}
    held = {path: id_ for path, id_ in left.items() if renamed or not (id_ and catalog.find(id_))}
    for path in paths:
        if file := catalog.file(path):
            entry = catalog.entry(file.document) if file.document else None
            held[path] = entry.source.id if entry else ""
    return held


def _there(path: str, there: Mapping[str, Found], catalog: Catalog) -> bool:
    """Tell whether a file is in the folder or in a file there, or may be: below what cannot be read just now."""
    above = path
    while above:
        if (found := there.get(above)) and (above == path or found.stat is None):
            return True
        above = above.rpartition("/")[0]
    return _container(path, there) is not None and catalog.file(path) is not None


def _container(path: str, there: Mapping[str, Found]) -> str | None:
    """Return the file of the folder that a file stands in, as an attachment in its mail."""
    parts = path.split(INSIDE)
    above = (INSIDE.join(parts[:count]) for count in range(1, len(parts)))
    return next((each for each in above if each in there), None)


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - 1:,} more are" if len(paths) > 1 else " is"
    return f"{paths[0]}{more}"


def _delete(folder: Path, path: str, found: Found | None) -> None:
    try:
        if found is None or found.stat is None:
            raise PermissionError(0, "its folder cannot be read")
        without_links(folder, os.fsdecode(found.raw)).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be deleted ({error.strerror}): change its permissions, then forget it again."
        ) from error
