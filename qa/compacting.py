"""The parts of an index made anew without what is gone: where much of them is, or all at once to erase it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from qa.embedding import copy_living
from qa.errors import LibraryBusy, StorageError
from qa.generations import begin, clear, in_use, remove
from qa.index import Index
from qa.lexical import Lexical
from qa.syncing import words_of

_MOST = 0.3
"""Which share of a part may be dead before it is made anew: a third more room, for a third of its changes."""
_FEW = 256
"""So many passages, or pages of 4 kB, never matter."""


def tidy(index: Index) -> None:
    """Make catalog and word index anew where much of them is dead; the vectors are looked after as they are embedded.

    Raises IndexDamaged, StorageError.
    """
    if _matters(*index.own().erasure.slack()):
        index.own().erasure.compact()
    if index.own().has("indexed") and _matters(*index.lexical().waste()):
        rewrite_words(index)


def erase(index: Index) -> None:
    """Make every part anew, so that nothing that is gone from the catalog is left on the disk, and note that.

    Each step can be repeated, and all are, if the process ends before the last. Whoever calls it lets nobody else
    write. Raises IndexDamaged, LibraryBusy, SettingsError, StorageError.
    """
    catalog = index.own()
    gone = catalog.erasure.gone(catalog.erasure.pending())
    catalog.erasure.wipe(gone)
    catalog.conversations.wipe(gone)
    left = rewrite_words(index)
    if (index.path / "vectors").exists():
        left += copy_living(catalog, index.vectors())
    for each in index.path.glob("catalog.damaged-*"):  # put aside by a repair
        remove(each)
        left += [each] if each.exists() else []
    if left:
        raise StorageError(f"{left[0]} cannot be removed, and it may hold words that are to be forgotten: remove it.")
    if not catalog.erasure.compact():
        raise LibraryBusy("Another process keeps reading the catalog: end it, then sync the folder.")
    catalog.erasure.done()


def rewrite_words(index: Index) -> list[Path]:
    """Make the word index anew, which is searched meanwhile; return what of the old one cannot be removed.

    Raises IndexDamaged, StorageError.
    """
    catalog, root = index.own(), index.path / "lexical"
    name = str(int(catalog.meta("lexical") or 1) + 1)
    dead, numbers = catalog.backlog.documents_to_remove(), catalog.numbers()
    with closing(Lexical(begin(root, name))) as fresh:
        for number in numbers:
            fresh.add(words_of(catalog, number, catalog.text(number)))
        fresh.commit()
    with index.exchanging_words(), catalog.transaction():
        catalog.set_meta("lexical", name)
        catalog.backlog.mark_indexed(numbers, dead)
    return clear(root, in_use(root, name))


def _matters(dead: int, all_: int) -> bool:
    return dead > max(_FEW, _MOST * all_)
