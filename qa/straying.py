"""A question and a sentence in; whether that speaks of something else, of another year or of another name, out."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from qa.spans import Span
from qa.verbs import form
from qa.wanted import WORD, Asked, Wanted, ordinal_pairs, says_something

_YEAR = re.compile(r"(?<![\w.,])(?:1\d{3}|20\d\d)(?!\w|[.,]\d)")
_OPENING = re.compile(r"[\W_\d]*((?:The|An?)\s)?((?:[A-Z][\w’'-]*\w\s?)+)")
_OF_ANOTHER = re.compile(r"[\W_]*(?:Its|His|Her|Their)\s(?:\w+\s)?\w+,\s(?:the\s)?[A-Z]")
_TITLES = frozenset(map(form, "Mr Mrs Ms Miss Dr Prof Judge Captain Sir Lady King Queen President Mayor".split()))


_OPENS = 5
"""The owner is that of what a sentence is about where it stands among so many words."""


def years(sentence: str) -> list[Span]:
    """Return where years stand."""
    return [Span(*match.span()) for match in _YEAR.finditer(sentence)]


def strays(asked: Asked, sentence: str, above: str, *, sure: bool = False) -> bool:
    """Tell whether a sentence, with what stands above it, speaks of something else than what is asked for.

    With `sure` it is no matter if no name of the question stands above.
    """
    told = _years(sentence) or _years(above)
    if asked.kind is not Wanted.DATE and asked.years and told and not asked.years & told:
        return True
    if asked.ordinals and _has_another(asked.ordinals, sentence):
        return True
    if not asked.names:
        return False
    exact = asked.figure or asked.kind is Wanted.DATE
    if any(_occurs(name, sentence, above) for name in asked.names):
        return bool(exact) and not asked.owners and _only_owns(asked, sentence)
    if any(_has_namesake(name, sentence) for name in asked.names):
        return True
    named = any(_occurs(name, above, "") for name in asked.names)
    if not named and any(_has_namesake(name, above) for name in asked.names):  # the title is that of another
        return True
    named = named or sure
    return exact and (not named or _has_subject(sentence, above))


def _has_another(ordinals: Collection[tuple[str, str]], sentence: str) -> bool:
    """Tell whether a sentence speaks of the first winter, and not of the second one that is asked for."""
    told = ordinal_pairs(sentence)
    nouns = {noun for _, noun in ordinals}
    return told.isdisjoint(ordinals) and any(noun in nouns for _, noun in told)


def _years(text: str) -> set[str]:
    return {span.of(text) for span in years(text)}


def _occurs(name: Sequence[str], text: str, above: str) -> bool:
    """Tell whether a name stands in a text: the Karr Bridge is not the Veldt Bridge, nor Nora Quist Marta Quist."""
    words = ["", *(match[0] for match in WORD.finditer(text)), ""]
    if name[-1][:1].isdigit():  # Unit 7 is not Unit 9, and has no other name
        return any((form(one), other) == (name[-2], name[-1]) for one, other in pairwise(words))
    for before, word, after in zip(words, words[1:], words[2:], strict=False):
        if not (word[0].isupper() or word[0].isdigit()) or form(word) not in name:
            continue
        if len(name) == 1 or form(before) in name or form(after) in name:
            return True
        whole = after if form(word) != name[-1] else "" if form(before) in _TITLES or before in ("The", "A") else before
        if not whole[:1].isupper() and not _is_others(word, name, above + text):
            return True
    return False


def _has_namesake(name: Sequence[str], sentence: str) -> bool:
    """Tell whether a sentence has another name that ends as one does: the Iron Orchard, not the Glass Orchard."""
    words = WORD.findall(sentence)
    if name[-1][:1].isdigit():
        return any(form(one) == name[-2] and other.isdigit() and other != name[-1] for one, other in pairwise(words))
    return len(name) > 1 and any(
        form(word) == name[-1] and word[0].isupper() and before[0].isupper() and form(before) not in name
        for before, word in pairwise(words)
        if says_something(before) and form(before) not in _TITLES
    )


def _is_others(surname: str, name: Sequence[str], above: str) -> bool:
    """Tell whether the last full name with such an end is another."""
    full = re.findall(rf"([A-Z][\w’'-]+)\s{re.escape(surname)}\b", above)
    first = next((form(each) for each in reversed(full) if form(each) not in _TITLES and each != "The"), None)
    return first is not None and first not in name


def _only_owns(asked: Asked, sentence: str) -> bool:
    """Tell whether what is asked for is only named as the owner of another: «the Marigold's twin»."""
    named = asked.named
    words = WORD.findall(sentence)[:_OPENS]
    last = [
        (word, following)
        for word, following in zip(words, [*words[1:], ""], strict=True)
        if word[0].isupper() and form(word) in named and form(following) not in named
    ]
    return bool(last) and all(
        word.endswith(("'s", "’s", "s'", "s’")) and following and form(following) not in asked.said
        for word, following in last
    )


def _has_subject(sentence: str, above: str) -> bool:
    """Tell whether a sentence that does not name what is asked for begins with another name."""
    if _OF_ANOTHER.match(sentence):
        return True
    opening = _OPENING.match(sentence)
    if not opening:
        return False
    name = WORD.findall(opening[2])
    elsewhere = says_something(name[0]) and re.search(rf"[a-z,] {re.escape(name[0])}\b", above)
    known = len(name) > 1 or opening[1] or elsewhere
    return bool(known)
