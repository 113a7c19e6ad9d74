"""What kind of question it is."""

from __future__ import annotations

import re
from enum import Enum

from qa.errors import TooLarge, UsageError

LONGEST = 8_000
"""The most characters of a question: one that is longer is a document, and belongs into the folder."""


class Kind(Enum):
    """What somebody wants who writes such a thing."""

    GREETING = "greeting"
    OVERVIEW = "overview"
    QUESTION = "question"


_GREETING = re.compile(
    r"""(?: hello | hi | hey | hiya | howdy | greetings | good\ (?:morning|afternoon|evening|day)
      | hallo | guten\ (?:tag|morgen|abend) | servus | moin | bonjour | salut | bonsoir | hola | buenos\ d[ií]as
      | buenas | ciao | buongiorno | ol[aá] | namaste | привет | здравствуйте | 你好 | こんにちは
      | thanks | thank\ you | help | help\ me | who\ are\ you | what\ are\ you | what\ can\ (?:you\ do|i\ ask)
      | how\ (?:does\ this|do\ you)\ work )
      (?:\ (?:there|all|everyone|you))?""",
    re.I | re.X,
)
_WHOLE = r"""(?: it | this | that | these | them | here | everything
      | (?:(?:all|the|this|these|my|your|of|in)\ )*
        (?:folder | library | documents? | files? | texts? | papers? | collection | contents?) )"""
_OVERVIEW = re.compile(
    rf"""(?:(?:can|could|would)\ you\ )?
    (?: what\ (?:is|are)\ (?:in|inside)\ {_WHOLE}
      | what\ (?:is|are)\ {_WHOLE}\ (?:all\ )?about
      | what\ (?:do|does)\ {_WHOLE}\ (?:say|contain|hold|cover)
      | what\ (?:do\ you\ (?:have|know)|have\ you\ got|is\ there|can\ i\ find)(?:\ (?:in\ )?{_WHOLE})?
      | what\ (?:documents|files|topics)\ (?:are\ there|do\ you\ have|are\ in\ {_WHOLE})
      | (?:summari[sz]e|sum\ up|describe|outline)(?:\ {_WHOLE})?
      | (?:(?:give|show|write)\ (?:me\ )?)?(?:(?:a|an|the)\ )?(?:(?:short|brief|quick)\ )?
        (?:summary|overview|outline|contents|table\ of\ contents|tl;?dr)(?:\ of\ {_WHOLE})?
      | list\ (?:all\ )?(?:the\ )?(?:documents|files|topics|titles)
      | was\ (?:ist|steht)\ hier\ drin | fasse?\ (?:das|es|alles)\ zusammen | zusammenfassung
      | r[eé]sum(?:e|é|er|ez)(?:\ (?:ceci|tout))? | resumen | riassunto )
    (?:\ (?:for\ me|briefly))?""",
    re.I | re.X,
)


def check(question: str) -> str:
    """Return the question without white space around it. Raises UsageError if it is blank, TooLarge if too long."""
    if not isinstance(question, str):  # callers in Python may pass anything
        raise UsageError("The question must be a text: write what you want to know.")
    words = question.strip()
    if not words:
        raise UsageError("The question is empty: write what you want to know.")
    if any("\ud800" <= letter <= "\udfff" for letter in words):
        raise UsageError("The question holds half of a character: write it in UTF-8.")
    if not any(letter.isalnum() for letter in words):
        raise UsageError("There is no word in the question: write what you want to know.")
    if len(words) > LONGEST:
        raise TooLarge(f"The question is too long ({len(words):,} characters): put it into at most {LONGEST:,}.")
    return words


def kind(question: str) -> Kind:
    """Tell what somebody wants: to be greeted, an overview, or an answer."""
    words = re.sub(r"\bplease\b|[,.!?¿¡]", " ", question.replace("’", "'").replace("'s", " is"), flags=re.I)
    words = " ".join(words.split())
    if _GREETING.fullmatch(words):
        return Kind.GREETING
    return Kind.OVERVIEW if _OVERVIEW.fullmatch(words) else Kind.QUESTION
