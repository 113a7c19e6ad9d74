"""A line or a sentence of a draft in; what it is where it asserts nothing, and what it asserts where it does, out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import dropwhile

from qa import topics
from qa.questions import Kind, kind
from qa.topics import Word

QUESTION, OPENING, GREETING = "a question", "what leads to the next", "a greeting"

_LONGEST_HEADING, _FEW = 120, 2
_LONGEST_GREETING = 60
_ASKED = 3
"""A question says among so many words what it asks: «In what year»."""
_PAST = frozenset(
    """became began broke brought built came cost fell found gave got grew had held kept knew led left lost made met
    paid ran rose said sank saw sent sold spent stood told took went won wrote""".split()
)
_ASKS = frozenset((*topics.ASKING, *topics.VERBS, "if", "unless"))
_JOINS = frozenset("and but or so then".split())
_WHO = frozenset("i it he she we you they this that these those".split())
_AHEAD = frozenset("here following follows below these those".split())
_BEING = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must)"
_ASSENT = re.compile(
    rf"""\s*[,;–—-]\s*(?:{_BEING}(?:n['’]t)?\s(?:it|he|she|they|there|that|this|we|you|i)(?:\snot)?
      | (?:ca|wo)n['’]t\s(?:it|he|she|they|we|you|i) | do(?:n['’]t)?\syou\s(?:think|agree)
      | right|correct|true|no|yes|eh|ok(?:ay)?)\s*[?？]["'”’»)*_\s]*$""",
    re.I | re.X,
)
_SALUTATION = re.compile(
    r"""(?:hi|hello|hey|dear|hallo|liebe[rs]?|bonjour|hola|good\ (?:morning|afternoon|evening|day))\b[^.!?]*[,!.]?
    | (?:(?:best|kind|warm|many)\ )?(?:regards|wishes|greetings|thanks)\b.* | (?:thank\ you|yours|sincerely|cheers)\b.*
    | (?:sure|certainly|of\ course|absolutely|great\ question)\b[^.]*[,!.]
    | (?:i\ hope\ (?:this|that)|let\ me\ know)\b.*
    """,
    re.I | re.X,
)


def titled(words: str) -> bool:
    """Tell whether a line that stands alone and does not end is a heading: in capitals, or few words that say nothing.

    When in doubt it is none: it is checked.
    """
    if len(words) > _LONGEST_HEADING:
        return False
    said = topics.words(words)
    full = [word for word in said if word.full and word.text[0].isalpha()]
    capitals = words.isupper() or all(word.text[0].isupper() for word in full)
    if capitals:
        return not any(_is_amount(word.text) or word.text in topics.VERBS for word in said)
    return len(full) <= _FEW and not _says(said)


def asserted(words: str) -> str:
    """Return a sentence less what only asks for assent: «It sank, did it not?»."""
    tag = _ASSENT.search(words)
    return f"{words[: tag.start()]}." if tag else words


def no_claim(words: str) -> str | None:
    """Say what a sentence is that claims nothing; it is given less what asks for assent."""
    if words.rstrip("\"'”’»)*_ ").endswith(("?", "？", "؟")) and _asks(topics.words(words)):
        return QUESTION
    if words.endswith((":", "：")) and _leads(topics.words(words)):
        return OPENING
    short = len(words) <= _LONGEST_GREETING
    return GREETING if short and (kind(words) is Kind.GREETING or _SALUTATION.fullmatch(words)) else None


def _says(said: Sequence[Word], *, figures: bool = True) -> bool:
    """Tell whether words have a verb and of what it is said, or a figure and of what it is one."""
    full = any(word.full and word.text[0].isalpha() for word in said)
    if figures and full and any(word.text[0].isdigit() for word in said[1:]):  # a heading may begin with its number
        return True
    verbs = (at for at, word in enumerate(said) if at and _is_verb(word))
    return any(word.full or word.plain in _WHO for at in verbs for word in said[:at])


def _is_verb(word: Word) -> bool:
    ends = len(word.plain) > 4 and word.plain.endswith("ed")
    return not word.capital and (word.plain in topics.VERBS or word.plain in _PAST or ends)


def _is_amount(word: str) -> bool:
    """Tell whether a number is none of a chapter or of a year."""
    return word[0].isdigit() and not re.fullmatch(r"\d{1,2}(?:\.\d{1,2})*|1\d{3}|20\d{2}", word)


def _asks(said: Sequence[Word]) -> bool:
    """Tell whether a sentence with a question mark asks, and no clause before that says anything."""
    clauses = [[word for word in said if word.clause == number] for number in dict.fromkeys(w.clause for w in said)]
    before: list[Word] = []
    for clause in clauses:
        begun = list(dropwhile(lambda word: word.plain in _JOINS, clause))
        asks = begun and (begun[0].plain in _ASKS or any(word.plain in topics.ASKING for word in begun[:_ASKED]))
        if asks:
            return not _says(before, figures=False)
        before += clause
    return not _says(before, figures=False)


def _leads(said: Sequence[Word]) -> bool:
    """Tell whether a sentence with a colon only leads to what follows."""
    if any(word.plain in _AHEAD for word in said):
        return True
    full = [word for word in said if word.full]
    return len(full) < _FEW or not _says(said)
