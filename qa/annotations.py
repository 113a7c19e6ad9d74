"""Answers as W3C Web Annotations (JSON-LD): each citation of a sentence is one, with selectors of the cited words.

The model counts in Unicode code points, from 0, the end not included; so do we.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from qa.answers import Answer, Sentence
from qa.citations import Citation
from qa.links import Links, name_of
from qa.runs import Numbered, numbered

_CONTEXT = "http://www.w3.org/ns/anno.jsonld"


def to_annotations(answers: Sequence[Answer], links: Links) -> str:
    """Write answers as one collection of annotations; what cites nothing has no target, and so is not in it."""
    told = json.dumps([[answer.question, answer.answer] for answer in answers])
    items = [item for each in numbered(answers) for item in _annotations(each, links)]
    name = _name(told, *(item["id"] for item in items))
    collection: dict[str, Any] = {
        "@context": _CONTEXT,
        "id": name,
        "type": "AnnotationCollection",
        "label": "Answers with their citations, by Chapter & Verse",
        "total": len(items),
    }
    if items:
        page = _name(name, "page")
        first = {"id": page, "type": "AnnotationPage", "partOf": name, "startIndex": 0, "items": items}
        collection |= {"first": first, "last": page}
    return json.dumps(collection, ensure_ascii=False, indent=2) + "\n"


def _annotations(told: Numbered, links: Links) -> Iterator[dict[str, Any]]:
    citations = {citation.number: citation for citation in told.answer.citations}
    for place, sentence in enumerate(told.answer.sentences):
        for number in sentence.citations:
            citation = citations[number]
            yield {
                "id": _name(told.answer.question, str(told.number), str(place), sentence.text, citation.id),
                "type": "Annotation",
                "motivation": "describing",
                "generator": {"type": "Software", "name": "Chapter & Verse"},
                "body": _bodies(told, sentence, citation),
                "target": _target(citation, links),
            }


def _bodies(told: Numbered, sentence: Sentence, citation: Citation) -> list[dict[str, Any]]:
    """Say of the words: what the answer has of them, what was asked, their citation's id, the verdict."""
    said = {
        "describing": told.words(sentence),
        "questioning": told.answer.question,
        "identifying": citation.id,
        "tagging": sentence.support,
    }
    return [
        {"type": "TextualBody", "value": value, "format": "text/plain", "purpose": purpose}
        for purpose, value in said.items()
    ]


def _target(citation: Citation, links: Links) -> dict[str, Any]:
    source = citation.document
    address = links.source(citation) or name_of(source)
    about = {"id": address, "type": "Text", "format": source.media_type or None}
    about |= {"label": source.path, "canonical": name_of(source)}
    target: dict[str, Any] = {
        "type": "SpecificResource",
        "source": {name: value for name, value in about.items() if value},
        "selector": list(_selectors(citation, links)),
    }
    page = links.place(citation)
    return {"id": page, **target} if page and page != address else target


def _selectors(citation: Citation, links: Links) -> Iterator[dict[str, Any]]:
    if citation.cited_text is not None:
        around = {"prefix": citation.prefix, "suffix": citation.suffix}
        yield {"type": "TextQuoteSelector", "exact": citation.cited_text, **around}
    yield {"type": "TextPositionSelector", "start": citation.start_char_index, "end": citation.end_char_index}
    if fragment := links.fragment(citation):
        yield {"type": "FragmentSelector", "conformsTo": fragment.conforms_to, "value": fragment.value}


def _name(*parts: str) -> str:
    """Name something by what it is made of: the same export has the same names."""
    return uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(parts)).urn
