"""What is opened: archives, if that is asked for, and pictures, if they can be; the catalog knows how it was read."""

from __future__ import annotations

from dataclasses import replace

from qa.catalog import Catalog
from qa.parsers import is_archive, is_pdf, ocr
from qa.records import File

_ARCHIVES, _PICTURES = "archives", "pictures"


def opened(catalog: Catalog) -> bool:
    """Tell whether archives were opened at the last sync."""
    return catalog.meta(_ARCHIVES) == str(True)


def note_opened(catalog: Catalog, *, archives: bool) -> None:
    """Note that a sync is complete which opened them, or did not."""
    for name, how in ((_ARCHIVES, archives), (_PICTURES, ocr.available())):
        if catalog.meta(name) != str(how):
            catalog.set_meta(name, str(how))


def known_files(catalog: Catalog, *, archives: bool) -> dict[str, File]:
    """Return what is known of files; what is read otherwise now, and what holds some of that, as if never read."""
    known, turned = catalog.files(), set[str]()
    if catalog.meta(_ARCHIVES) != str(archives):
        catalog.set_meta(_ARCHIVES, "")  # until this sync is complete some are read so and some otherwise
        turned = {file.container or file.path for file in known.values() if is_archive(file.path)}
    if ocr.available() and catalog.meta(_PICTURES) != str(True):
        # a PDF whose covers are pictures was read without them, and without a word
        unread = (f for f in known.values() if (f.reason or "").endswith(ocr.INSTALL) or is_pdf(f.path))
        turned |= {file.container or file.path for file in unread}
    return {path: replace(file, digest=None) if path in turned else file for path, file in known.items()}
