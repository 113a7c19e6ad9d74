"""A question and passages in; what a language model writes of them out, sentence by sentence."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

from qa.answers import Composer, Event, escape_marks
from qa.attribution import Attribution
from qa.errors import LlmFailed, LlmTooLong
from qa.followups import Turn
from qa.llms import Llm, Message
from qa.marks import Marks, Said
from qa.prompts import answer_prompt, rewrite_prompt, says_nothing
from qa.questions import LONGEST
from qa.search import Hit

_REPLY = 600
"""Tokens of an answer, at most."""
_WINDOW = 4_096
"""Tokens that a model is trusted to read at once if it does not say: some servers cut off in silence what is beyond."""
_QUESTION = 120
"""Tokens of a question that is written anew, at most."""


@dataclass(frozen=True, slots=True)
class Writer:
    """A language model, the seconds it may take for an answer, and whether what is not supported is left out."""

    llm: Llm
    seconds: float
    drop: bool = False

    def rewrite(self, question: str, history: Sequence[Turn], stop: threading.Event | None = None) -> str:
        """Return a question that follows others as one that stands by itself. Raises LlmError."""
        reply = ""
        with suppress(LlmTooLong):
            for piece in self._pieces(rewrite_prompt(question, history), _QUESTION, stop):
                reply += piece
        line = next((line for line in reply.splitlines() if line.strip()), "")
        words = line.strip(" \t\"'«»“”")[:LONGEST]
        return words if any(letter.isalnum() for letter in words) else question

    def write(
        self,
        question: str,
        hits: Sequence[Hit],
        attribution: Attribution,
        composer: Composer,
        stop: threading.Event | None = None,
    ) -> Iterator[Event]:
        """Compose an answer from passages; it stays empty where the model finds none there. Raises LlmError.

        A sentence is shown once it has ended, and its citations and its verdict are known; where LlmTooLong is raised,
        those that were shown hold.
        """
        passages = [(hit.document.path, escape_marks(hit.text)) for hit in hits]
        room = (self.llm.window or _WINDOW) - _REPLY
        messages, told = answer_prompt(question, passages, room=room, count=self.llm.count)
        if not told:
            raise LlmFailed(
                f"The LLM {self.llm.name} reads too little at once: say ?window=TOKENS after its name if it can read "
                "more, or name another."
            )
        for said in self._sentences(messages, told, stop):
            piece = attribution.piece(said, hits[:told])
            if not (self.drop and piece.support.verdict == "unsupported"):
                yield from composer.add(piece)

    def _sentences(self, messages: Sequence[Message], told: int, stop: threading.Event | None) -> Iterator[Said]:
        marks = Marks(told)
        with closing(self._pieces(messages, _REPLY, stop)) as pieces:
            for piece in pieces:
                yield from filter(_says_something, marks.feed(piece))
            yield from filter(_says_something, marks.close())

    def _pieces(
        self, messages: Sequence[Message], limit: int, stop: threading.Event | None
    ) -> Generator[str, None, None]:
        # half of the time for silence: a slow machine reads for long before it says a word
        return self.llm.stream(messages, limit=limit, seconds=self.seconds, silence=self.seconds / 2, stop=stop)


def _says_something(said: Said) -> bool:
    """Tell an answer from the words that stand for none."""
    return not says_nothing(said.words)
