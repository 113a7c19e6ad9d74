"""The turns of a conversation as they were kept in; its answers, every citation looked up again, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from qa.answers import Answer
from qa.conversations import Turn
from qa.plain import Plain
from qa.retelling import LookUp, retell, shown

_REMOVED = "A document that this answer cited was removed, so the answer is not shown any more. Ask again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk(Plain):
    """The answers of a conversation, in their order."""

    answers: tuple[Answer, ...]


def read_talk(turns: Sequence[Turn], look_up: LookUp) -> Talk:
    """Return the answers of turns; of one that cites what was removed the reason why it is not there."""
    look_up = cache(look_up)
    return Talk(answers=tuple(_answer(each, look_up) for each in turns))


def _answer(turn: Turn, look_up: LookUp) -> Answer:
    gone = Answer(question=turn.question, answer="", refused=True, reason=_REMOVED, model="")
    if turn.answer is None:
        return gone
    told = retell([{**turn.answer, "question": turn.question}], look_up)[0]
    # between two syncs it is the lookup that knows
    if any(each.status == "deleted" for each in told.citations):
        return gone
    return replace(told, passages=tuple(shown(turn.answer["passages"], look_up)))
