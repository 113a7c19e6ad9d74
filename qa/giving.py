"""Citations that leave the house: remembered right before the last event of an answer, or where it is cut short."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import TYPE_CHECKING

from qa.catalog import Catalog
from qa.citations import Citation
from qa.conversations import EXTRACTIVE, Turn
from qa.errors import QAError
from qa.ledger import Place
from qa.plain import plain
from qa.spans import Span

if TYPE_CHECKING:  # it loads numpy: looking a citation up needs none
    from qa.answers import Answer, Event
    from qa.followups import Turn as Said


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

    def keep(self, conversation: str, answer: Answer, history: Sequence[Said] = ()) -> None:
        """Add an answer to a conversation: its own words, and the ids of what it cites and shows."""
        told = plain(answer)
        kept = {name: told[name] for name in ("answer", "refused", "reason", "model", "searched_as", "sentences")}
        kept["citations"] = [{"number": each.number, "id": each.id} for each in answer.citations]
        kept["passages"] = [{"id": each.id} for each in answer.passages]
        shown = () if answer.model == EXTRACTIVE else answer.passages  # a model may say more of them than it cites
        texts = {each.document.id for each in (*answer.citations, *shown)}
        said = [each.content for each in history if each.role == "assistant"]
        try:
            catalog = self._catalog()
            with catalog.transaction():
                catalog.ledger.watch(texts)
                catalog.conversations.add(conversation, Turn(answer.question, kept), texts, time.time(), said=said)
            self.trouble = None
        except QAError as error:
            self.trouble = f"The conversation is not kept. {error}"

    def remembering(
        self,
        events: Generator[Event, None, None],
        question: str,
        conversation: str | None = None,
        history: Sequence[Said] = (),
    ) -> Generator[Event, None, None]:
        """Pass the events of an answer on, and remember what it cites, also where nobody waits for its end.

        It becomes a turn of a conversation, if one is named; `history` is what was said before it.
        """
        given: list[Citation] = []
        try:
            for event in events:
                if event.name == "citation":
                    given.append(event.value)
                elif event.name == "answer":
                    self.remember(given, question)
                    given = []
                    if conversation:
                        self.keep(conversation, event.value, history)
                yield event
        finally:
            events.close()
            self.remember(given, question)
