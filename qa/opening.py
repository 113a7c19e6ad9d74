"""Whether archives are opened: what the catalog knows was read so or otherwise."""

from __future__ import annotations

from dataclasses import replace

from qa.catalog import Catalog
from qa.parsers import is_archive
from qa.records import File

_NAME = "archives"


def opened(catalog: Catalog) -> bool:
    """Tell whether archives were opened at the last sync."""
    return catalog.meta(_NAME) == str(True)


def note_opened(catalog: Catalog, *, archives: bool) -> None:
    """Note that a sync is complete which opened them, or did not."""
    if catalog.meta(_NAME) != str(archives):
        catalog.set_meta(_NAME, str(archives))


def known_files(catalog: Catalog, *, archives: bool) -> dict[str, File]:
    """Return what is known of files; archives, and what holds some, as if never read where they now are otherwise."""
    known = catalog.files()
    if catalog.meta(_NAME) == str(archives):
        return known
    catalog.set_meta(_NAME, "")  # until this sync is complete some are read so and some otherwise
    turned = {file.container or file.path for file in known.values() if is_archive(file.path)}
    return {path: replace(file, digest=None) if path in turned else file for path, file in known.items()}
