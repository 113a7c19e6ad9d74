"""What is in here? Titles, headings and first sentences, each cited; and questions that can be asked of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from qa.anchoring import anchor
from qa.answers import Piece, label
from qa.catalog import Catalog
from qa.citations import cite
from qa.passages import sentences
from qa.records import Entry
from qa.spans import Span
from qa.support import judge

_LONGEST = 90
"""So many letters of a title stand in a question."""
_DOCUMENTS = 8
"""So many an overview names."""


def overview(catalog: Catalog, within: Sequence[str]) -> tuple[list[Piece], str]:
    """Name what there is, of all documents or of those that globs select; and say what that is."""
    chosen = catalog.documents_like(within) if within else None
    numbers = [number for number in catalog.numbers() if chosen is None or number in chosen]
    shown = [*catalog.entries_of(_spread(numbers, _DOCUMENTS)).values()]
    many = f"{len(numbers):,} documents" if len(numbers) != 1 else "one document"
    parts = "" if len(shown) == len(numbers) else f"; {len(shown)} of them are shown"
    reason = (
        f"An overview of {many}, by titles, headings and first sentences{parts}. Nothing is summed up in other words."
    )
    return [piece for entry in shown for piece in _pieces(catalog, entry, alone=len(shown) == 1)], reason


def _pieces(catalog: Catalog, entry: Entry, *, alone: bool) -> Iterator[Piece]:
    first = "\n\n" if alone else f"\n\n{label(entry.source.path)}"
    for i, span in enumerate(_outline(catalog, entry, alone=alone)):
        citation = cite(catalog, entry, span)
        words = citation.cited_text or ""
        yield Piece(words, (citation,), judge(words, [words]), gap=" — " if i else first)


def _spread(numbers: Sequence[int], count: int) -> list[int]:
    """Take so many from a list, evenly from its beginning to its end."""
    if len(numbers) <= count:
        return list(numbers)
    return [numbers[i * len(numbers) // count] for i in range(count)]


def _outline(catalog: Catalog, entry: Entry, *, alone: bool) -> list[Span]:
    """Return the places in a document that say what it is about: title, then headings or else first sentences."""
    opening = catalog.text(entry.number, Span(0, min(entry.length, 6_000)))
    title = anchor(opening, entry.source.title)
    spans = [title.span] if title else []
    most = 6 if alone else 2
    for heading in entry.headings:
        words = catalog.text(entry.number, Span(heading.start, min(entry.length, heading.start + 400)))
        found = anchor(words, heading.title)
        if found and (span := found.span.shift(heading.start)) not in spans:
            spans.append(span)
    if len(spans) < 2:
        spans += _first_sentences(opening, after=title.span.end if title else 0, count=3 if alone else 1)
    return spans[:most]


def _first_sentences(text: str, *, after: int, count: int) -> list[Span]:
    spans = [span.strip(text) for span in sentences(text) if span.start >= after]
    return [span for span in spans if len(span) > 40][:count]


_NAME = re.compile(  # two words or more with capitals, within a sentence
    r"(?<=[a-z,] )(?:the )?(?!It |He |She |The |This |That |We )"
    r"(?:[A-Z]\.)*[A-Z][\w’'-]+(?: (?:of |the )?[A-Z][\w’'-]+){1,5}"
)


def examples(catalog: Catalog) -> list[str]:
    """Return three questions that the documents can be asked: an overview, a name they mention, a title they bear."""
    entries = [*catalog.entries_of(_spread(catalog.numbers(), 20)).values()]
    texts = [catalog.text(entry.number, Span(0, 4_000)) for entry in entries]
    paragraphs = (" ".join(each.split()) for text in texts for each in re.split(r"\n\s*\n", text) if len(each) > 100)
    names = Counter(name for paragraph in paragraphs for name in _NAME.findall(paragraph))
    asked = ["What is in here?"]
    asked += [f"What is said about {name}?" for name, _ in names.most_common(2)]
    asked += [f"What do we know about “{_shortened(entry.source.title)}”?" for entry in entries if entry.source.title]
    return [*asked, "Summarise this", "What can I ask?"][:3]


def _shortened(title: str) -> str:
    return title if len(title) <= _LONGEST else f"{title[:_LONGEST].rsplit(' ', 1)[0]} …"
