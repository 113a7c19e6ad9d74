"""A text that was checked, as lines for people at a terminal: each sentence, its verdict, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qa.drafts import plain_words
from qa.wording import clean, one_line, place

if TYPE_CHECKING:
    from qa.verifying import Checked, Verification

_VERDICTS = {
    "quoted": "Quoted",
    "supported": "Supported",
    "partial": "Supported in part",
    "unsupported": "Not supported",
    "unchecked": "Not checked",
}
_PLAIN = ("the cited words say so", "word for word in the source")
"""Reasons that say no more than the verdict does."""
_LONGEST = 300


def verification_lines(found: Verification) -> Iterator[str]:
    """Write each sentence with its verdict; below it the place and the words of each citation that is new."""
    shown = 0
    for sentence in found.sentences:
        yield _sentence(sentence)
        for citation in found.citations[shown : max(sentence.citations, default=0)]:
            yield f"    [{citation.number}] {place(citation)}"
            yield f"        > {one_line(citation.cited_text or '')}"
            yield f"        {citation.id}"
            shown += 1
        yield ""
    counts = [f"{count:,} {_VERDICTS[verdict].lower()}" for verdict, count in found.counts.items() if count]
    yield f"Sentences: {', '.join(counts) or 'none'}"


def _sentence(sentence: Checked) -> str:
    marks = "".join(f" [{number}]" for number in sentence.citations)
    why = "" if sentence.why in _PLAIN else f" ({clean(sentence.why)})"
    return f"{_VERDICTS[sentence.support]}: {one_line(plain_words(sentence.text), most=_LONGEST)}{marks}{why}"
