"""The turns of a conversation as they were kept in; its answers, every citation looked up again, out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from qa.answers import Answer
from qa.conversations import EXTRACTIVE, Turn, on_its_own
from qa.errors import UsageError
from qa.plain import Plain
from qa.retelling import LookUp, retell, shown

_REMOVED = "A document that this answer rests on was removed, so the answer is not shown any more. Ask again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk(Plain):
    """The answers of a conversation, in their order."""

    answers: tuple[Answer, ...]

    def left(self) -> list[Answer]:
        """Return the answers that are still shown. Raises UsageError if none is."""
        if left := [each for each in self.answers if each.answer]:
            return left
        raise UsageError("There is no answer to export: this conversation has none, or what they rest on was removed.")


def read_talk(turns: Sequence[Turn], look_up: LookUp) -> Talk:
    """Return the answers of turns; of one that rests on what was removed the reason why it is not there."""
    look_up = cache(look_up)
    return Talk(answers=tuple(_answers(turns, look_up)))


def _answers(turns: Sequence[Turn], look_up: LookUp) -> Iterator[Answer]:
    lost = False
    for turn in turns:
        kept = on_its_own(turn.answer) if turn.answer and lost else turn.answer
        # between two syncs it is the lookup that knows
        if kept and any(look_up(each["id"]).status == "deleted" for each in _rests_on(kept)):
            kept, lost = None, True
        if kept:
            (told,) = retell([{**kept, "question": turn.question}], look_up)
            yield replace(told, passages=tuple(shown(kept["passages"], look_up)))
        else:
            yield Answer(question=turn.question, answer="", refused=True, reason=_REMOVED, model="")


def _rests_on(kept: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return kept["citations"] if kept["model"] == EXTRACTIVE else [*kept["citations"], *kept["passages"]]
