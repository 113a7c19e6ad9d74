"""The documents that answers cite as CSL-JSON, for reference managers; each with its citations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from qa.answers import Answer
from qa.citations import Citation
from qa.links import Links
from qa.wording import numbers, one_line, since, spot

_KINDS = {"text/html": "webpage"}
"""What CSL calls a document of a media type; any other is a `document`."""
_LONGEST, _LONGEST_NAME = 2_000, 300


def to_csl(answers: Sequence[Answer], links: Links, on: date | None) -> str:
    """Write the cited documents as CSL-JSON items; `on` is the day on which they were looked at."""
    found: dict[str, dict[str, Citation]] = {}
    for citation in (citation for answer in answers for citation in answer.citations):
        found.setdefault(citation.document.id, {}).setdefault(citation.id, citation)
    items = [_item(list(citations.values()), links, on) for citations in found.values()]
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def _item(citations: Sequence[Citation], links: Links, on: date | None) -> dict[str, Any]:
    """Describe a document; the ids of its citations begin with the item's."""
    first = citations[0]
    source = first.document
    modified = source.modified[:10] if first.status == "valid" else ""  # else it is the day on which the text went
    item = {
        "id": first.id.partition(".")[0],
        "type": _KINDS.get(source.media_type, "document"),
        "title": one_line(source.title or source.path, most=_LONGEST_NAME),
        "archive_location": one_line(source.path),
        "issued": _day(date.fromisoformat(modified)) if modified else None,
        "accessed": _day(on) if on else None,
        "URL": links.source(first),
        "locator": _labelled(first) if len(citations) == 1 else None,
        "note": "\n".join(_noted(each) for each in citations),
        "custom": {"citations": [_cited(each, links) for each in citations]},
    }
    return {name: value for name, value in item.items() if value}


def _cited(citation: Citation, links: Links) -> dict[str, Any]:
    """Describe one citation, as a processor takes a cite: with locator and label."""
    found = {
        "id": citation.id,
        "label": numbers(citation)[0] if _locator(citation) else None,
        "locator": _locator(citation),
        "quote": citation.cited_text,
        "status": citation.status,
        "URL": links.place(citation),
    }
    return {name: value for name, value in found.items() if value}


def _locator(citation: Citation) -> str:
    _, first, last = numbers(citation)
    return "" if first is None else f"{first}" if last in (None, first) else f"{first}-{last}"


def _labelled(citation: Citation) -> str:
    """Write a locator as it is read where no label goes with it: as a page, unless it says what it is."""
    label, locator = numbers(citation)[0], _locator(citation)
    return locator if label == "page" or not locator else f"{label} {locator}"


def _noted(citation: Citation) -> str:
    """Say on one line what is cited: a line that begins with a field's name would be read as that field."""
    words = f"«{one_line(citation.cited_text, most=_LONGEST)}»" if citation.cited_text is not None else None
    return ", ".join(filter(None, (citation.id, spot(citation), words, since(citation))))


def _day(day: date) -> dict[str, Any]:
    return {"date-parts": [[day.year, day.month, day.day]]}
