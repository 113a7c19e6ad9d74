"""Citations that leave the house: remembered right before the last event of an answer, or where it is cut short."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING

from qa.catalog import Catalog
from qa.citations import Citation
from qa.errors import QAError
from qa.ledger import Place
from qa.spans import Span

if TYPE_CHECKING:  # it loads numpy: looking a citation up needs none
    from qa.answers import Event


class Giving:
    """Remembers what is given; that this does not work costs no answer, and stands in `trouble`."""

    def __init__(self, catalog: Callable[[], Catalog], *, keep_questions: bool) -> None:
        self.trouble: str | None = None
        self._catalog = catalog
        self._keep_questions = keep_questions

    def remember(self, citations: Iterable[Citation], question: str | None = None) -> None:
        """Note in the ledger that citations were given, and for which question, if questions are kept."""
        places = [
            Place(each.document.id, Span(each.start_char_index, each.end_char_index))
            for each in citations
            if each.cited_text
        ]
        if not places:
            return
        try:
            kept = question if self._keep_questions else None
            self._catalog().ledger.remember(places, question=kept, now=int(time.time()))
            self.trouble = None
        except QAError as error:
            self.trouble = f"The citations that were given are not remembered. {error}"

    def remembering(self, events: Generator[Event, None, None], question: str) -> Generator[Event, None, None]:
        """Pass the events of an answer on, and remember what it cites, also where nobody waits for its end."""
        given: list[Citation] = []
        try:
            for event in events:
                if event.name == "citation":
                    given.append(event.value)
                elif event.name == "answer":
                    self.remember(given, question)
                    given = []
                yield event
        finally:
            events.close()
            self.remember(given, question)
