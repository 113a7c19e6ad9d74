"""Examine the parts of an index, and make derived ones anew."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Literal

from qa.catalog import Catalog
from qa.embedding import check_embedder
from qa.errors import IndexDamaged, IndexVersion, QAError
from qa.index import Index
from qa.plain import Plain
from qa.syncing import write_words

Part = Literal["catalog", "lexical", "vectors"]


@dataclass(frozen=True, slots=True)
class Finding(Plain):
    """How one part is, in a sentence."""

    part: Part
    ok: bool
    words: str


def examine(index: Index) -> list[Finding]:
    """Look at every part; the derived ones are held against the catalog."""
    index.check_filled()
    found = [_catalog(index)]
    if found[0].ok:
        found += [_lexical(index), _vectors(index)]
    return found


def repair(index: Index, findings: list[Finding]) -> None:
    """Make damaged parts anew: words from the catalog at once, all else by the sync that must follow."""
    damaged = {finding.part for finding in findings if not finding.ok}
    if "catalog" in damaged:
        index.close()
        index.lock()
        path = index.path / "catalog.sqlite3"
        path.replace(path.with_name(f"catalog.damaged-{int(time.time())}"))
        for leftover in ("-wal", "-shm"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)
        damaged |= {"lexical", "vectors"}
    if "lexical" in damaged:
        index.forget("lexical")
    if "vectors" in damaged and not _filled_again(index):
        index.forget("vectors")
    write_words(index.own(), index.lexical)


def _filled_again(index: Index) -> bool:
    """Make anew what is searched of the vectors, from the store; tell whether all is well then."""
    try:
        if not index.own().counts().vectors:
            return False
        index.vectors().fill(index.own().live_keys(), anew=True)
        return _vectors(index).ok
    except QAError:
        return False


def _catalog(index: Index) -> Finding:
    try:
        catalog = index.own()
        damage = catalog.damage() or _wrong_text(catalog)
    except IndexDamaged as error:
        damage = str(error)
    if damage:
        return Finding("catalog", False, f"damaged: {damage}")
    counts = catalog.counts()
    return Finding("catalog", True, f"whole: {counts.documents:,} documents, {counts.passages:,} passages")


def _wrong_text(catalog: Catalog) -> str | None:
    """Name a document whose text is not the one that its id was made from."""
    for entry in catalog.entries():
        if hashlib.sha256(catalog.text(entry.number).encode()).hexdigest() != entry.source.id:
            return f"the text of {entry.source.path} is not what was read"
    return None


def _lexical(index: Index) -> Finding:
    catalog = index.own()
    if "lexical" in index.lost():
        return Finding("lexical", False, "gone")
    try:
        has = index.lexical().count()
    except QAError as error:
        return Finding("lexical", False, f"damaged: {error}")
    waiting, counts = catalog.backlog.documents_to_index(), catalog.counts()
    expected = counts.passages - sum(len(catalog.rows(number)) for number in waiting)
    dead = bool(catalog.backlog.documents_to_remove()) or bool(waiting)
    if has == expected or dead:
        return Finding("lexical", True, f"whole: {has:,} passages")
    return Finding("lexical", False, f"holds {has:,} passages where the catalog has {expected:,}")


def _vectors(index: Index) -> Finding:
    catalog = index.own()
    counts = catalog.counts()
    try:
        check_embedder(catalog, index.providers.embedder())
    except IndexVersion as error:
        return Finding("vectors", False, str(error))
    if "vectors" in index.lost():
        return Finding("vectors", False, "gone")
    if not counts.vectors:
        return Finding("vectors", True, f"none yet: {counts.waiting:,} passages wait to be embedded")
    try:
        vectors = index.vectors()
        keys = catalog.live_keys()
        has, wrong = len(vectors.present(keys)), vectors.wrong(keys)
    except QAError as error:
        return Finding("vectors", False, f"damaged: {error}")
    if wrong and has == counts.vectors:
        return Finding("vectors", False, f"{wrong:,} of {counts.vectors:,} are not searched as they were made")
    if has < counts.vectors:
        return Finding("vectors", False, f"{counts.vectors - has:,} of {counts.vectors:,} are missing")
    return Finding(
        "vectors",
        True,
        f"whole: {has:,} vectors (equal passages share one), {counts.waiting:,} passages wait to be embedded",
    )
