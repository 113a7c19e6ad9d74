"""What was said before, checked; and a question that leans on it, made one that can be searched by itself.

A question leans if it points back («How old is he?») or leaves out what it is about («Why?», «What about Syria?»). It
then takes over what the user's last question was about, which may have leaned itself, less what it puts another in the
place of: a year, a place, a name. Where it points to somebody, or to what was asked for, and no question has named
that, the answer's names are taken. A question of which nothing says so, in English, stands by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice, pairwise
from typing import Any, Literal

from qa import topics
from qa.errors import TooLarge, UsageError
from qa.languages import foreign
from qa.questions import Kind, kind
from qa.topics import ASKING, DATES, EMPTY, LINKS, PEOPLE, VERBS, Piece, Word
from qa.words import NUMERALS

MOST_TURNS, LONGEST_TURN, LONGEST_HISTORY = 100, 20_000, 200_000
"""The most turns of a history, and the most characters of each and of all."""
_LATEST, _READ = 20, 1_000
"""Turns that are looked at, and characters of each. A question that is longer stands by itself."""
_MOST_WORDS, _MOST_NAMES = 16, 2
"""Words that are taken over at most, for more would drown the question, and names from an answer among them."""
_EARLY = 20
"""Words of an answer among which such names are: it begins with what was asked for."""
_YEAR, _DAY = re.compile(r"(?:1\d|20)\d\d"), re.compile(r"\d{1,2}(?:st|nd|rd|th)?")
_ASKS_NAME = frozenset("who whom whose which where what".split())
_SUBJECT = frozenset("do does did is was has".split())
_OF_PEOPLE = frozenset(("", *_SUBJECT, *"and or by with to about for than as between against".split()))
"""What may stand before somebody's name: before others stands «the», or «in»."""
_NUMERALS = frozenset(word.removesuffix("s") for word in (*NUMERALS, *"dozens hundreds thousands".split()))
_FEW = 3
"""A question with more full words than these leaves nothing out."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that was said, and by whom."""

    role: Literal["user", "assistant"]
    content: str


History = Iterable[Turn | Mapping[str, Any]] | None


def read_history(history: History) -> tuple[Turn, ...]:
    """Check what was said before, the oldest first; blank answers are left out. Raises UsageError, TooLarge."""
    if history is None:
        return ()
    if isinstance(history, str | bytes | Mapping) or not isinstance(history, Iterable):
        raise UsageError("The history must be a list of turns: give each its `role` and its `content`.")
    given = list(islice(history, MOST_TURNS + 1))
    if len(given) > MOST_TURNS:
        raise TooLarge(f"The history has more than {MOST_TURNS} turns: send the last {MOST_TURNS}.")
    turns = [_turn(f"Turn {number} of the history", each) for number, each in enumerate(given, 1)]
    if (size := sum(len(turn.content) for turn in turns)) > LONGEST_HISTORY:
        raise TooLarge(f"The history is too long ({size:,} characters): send its last {LONGEST_HISTORY:,} at most.")
    return tuple(turn for turn in turns if turn.content.strip())


def _turn(which: str, given: object) -> Turn:
    fields = given if isinstance(given, Mapping) else {name: getattr(given, name, None) for name in ("role", "content")}
    role, content = fields.get("role"), fields.get("content")
    if not isinstance(role, str) or role not in ("user", "assistant"):
        raise UsageError(f"{which} is nobody's: give it a `role`, user or assistant, and a `content`.")
    if not isinstance(content, str) or (role == "user" and not content.strip()):
        raise UsageError(f"{which} has no words: make its `content` the text that was said.")
    if len(content) > LONGEST_TURN:
        raise TooLarge(f"{which} is too long ({len(content):,} characters): cut it to at most {LONGEST_TURN:,}.")
    if any("\ud800" <= letter <= "\udfff" for letter in content):
        raise UsageError(f"{which} holds half of a character: write it in UTF-8.")
    return Turn("user" if role == "user" else "assistant", content)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """Return the question followed by what it takes over, in brackets; unchanged if it stands by itself."""
    if not history or len(question) > _READ or kind(question) is not Kind.QUESTION:
        return question
    words = topics.words(question)
    taken = _taken(words, history[-_LATEST:])
    return (
        f"{question.strip()} ({topics.phrase(taken, most=_MOST_WORDS)})"
        if taken and not foreign(question)
        else question
    )


def leans(question: str) -> bool:
    """Tell whether a question that nothing was said before points elsewhere, or leaves out what it is about.

    One of many words says by itself what it points to, more often than not.
    """
    words = topics.words(question[:_READ])
    few = sum(word.full for word in words) <= _FEW
    return bool(words) and few and (any(True for _ in _pointers(words)) or _incomplete(words, ()))


# Does it point back?

_ORDER = {"first": 0, "former": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "latter": -1}
_JUDGED = """possible impossible true false necessary important safe legal illegal worth better best easy hard difficult
    common normal likely allowed permitted required cost costs take takes""".split()
_NEAR = """time day days week weekend month year summer winter folder library document documents file files
    who which as""".split()
_MARK = re.compile(r" ?\[\d+\]")


def _it(before: str, after: Sequence[str]) -> bool:
    """Tell whether «it» is anything: not in «is it possible to», «how long would it take to», «got it»."""
    rest = [word for word in after if word not in (*VERBS, "not", "very")] or [""]
    judged = rest[0] in _JUDGED and not {"to", "that", "for", "if", "when"}.isdisjoint(rest[1:4])
    return not judged and rest[0] != "to" and before != "got"


_SIGNS: dict[str, Callable[[str, Sequence[str]], bool]] = {
    **dict.fromkeys((*PEOPLE, *"its itself they them their theirs themselves".split()), lambda before, after: True),
    "it": _it,
    # not «is there», «there are», «hi there»
    "there": lambda before, after: {*VERBS, "hi", "hello", "out"}.isdisjoint([before, *after[:1]]),
    # not «this week», «those who»
    **dict.fromkeys("this these those such".split(), lambda before, after: not after or after[0] not in _NEAR),
    # not «I heard that he», «that is fine»
    "that": lambda b, after: not after or (b in ("", *VERBS, *LINKS, *ASKING) and after[-1] not in ("fine", "okay")),
    # not «one of the», «how can one»
    **dict.fromkeys(("one", "ones"), lambda b, after: not after or b in ("this", "that", "which", "other", *_ORDER)),
    # not «the second war»
    **dict.fromkeys(_ORDER, lambda before, after: before == "the" and EMPTY.issuperset(after[:1])),
}
"""Words that may point back, and whether they do: by the word before and those after, in the same clause."""


def _pointers(words: Sequence[Word]) -> Iterator[str]:
    """Give the words that point to something outside of the question."""
    for at, word in enumerate(words):
        if word.plain in _SIGNS and not (word.full and word.plain in EMPTY):  # such a one is part of a name
            before = words[at - 1].plain if at and words[at - 1].clause == word.clause else ""
            after = [each.plain for each in words[at + 1 : at + 6] if each.clause == word.clause]
            if _SIGNS[word.plain](before, after) and not _known(word, words[:at]):
                yield word.plain


def _known(pointer: Word, before: Sequence[Word]) -> bool:
    """Tell whether a word points to something in its own question: «If I borrow money, is it mine?».

    That stands in a clause before, or, for «his» and «its», anywhere before; and people have names.
    """
    owned = pointer.plain in ("his", "her", "its", "their")
    there = [word for word in before if word.full and (owned or word.clause < pointer.clause)]
    named = any(word.capital and not word.first for word in there)
    return named or (len(there) > 1 and pointer.plain not in PEOPLE)


# Does it leave out what it is about?


def _incomplete(words: Sequence[Word], topic: Sequence[Piece]) -> bool:
    """Tell whether something is missing: «Why?», «And Syria?», «Which year?», «What are the risks?», «How many were?».

    Other words without a verb are as good as a question, unless they repeat some of what was asked before.
    """
    plain, full = [word.plain for word in words], [word for word in words if word.full]
    if not full or len(full) > _FEW:
        return not full
    asks, verb = not set(plain).isdisjoint(ASKING), not set(plain).isdisjoint(VERBS)
    joins = plain[0] in ("and", "or", "but", "so", "then")
    if plain[:2] in (["what", "about"], ["how", "about"], ["i", "mean"], ["i", "meant"]) or (joins and not asks):
        return True
    if asks or verb:
        bare = any(a.plain == ("the" if b.full else "many") and not b.capital for a, b in pairwise(words))
        return len(full) == 1 and (bare or not verb)
    return plain[0] in ("the", *LINKS) or not _stems(topics.pieces(words)).isdisjoint(_stems(topic))


# What does it take over?


def _topic(history: Sequence[Turn]) -> list[Piece]:
    """Return what the last question that was about anything was about."""
    for at in reversed(range(len(history))):
        words = topics.words(history[at].content[:_READ]) if history[at].role == "user" else []
        if own := topics.pieces(words):
            return own + _taken(words, history[:at])
    return []


def _taken(words: Sequence[Word], history: Sequence[Turn]) -> list[Piece]:
    """Return what a question takes over from what was said before; nothing if it stands by itself."""
    topic, own, pointers = _topic(history), topics.pieces(words), list(_pointers(words))
    gone = set[Word]().union(*(kind(topic) for kind in (_years, _days) if kind(own)))
    if pointers:
        meant, enough = _meant(pointers, history, topic)
        topic = meant if enough and own else [*meant, *topic]
    elif _incomplete(words, topic):
        gone |= _replaced(own, topic)
    else:
        return []
    known = _stems(own)
    taken, linked = list[Piece](), False
    for piece in topic:
        rest = _less(piece, gone)
        if new := not rest.stems <= known:
            taken.append(rest if linked else rest.alone())
        known, linked = known | rest.stems, new
    return taken


# What does it put another in the place of?


def _years(pieces: Iterable[Piece]) -> set[Word]:
    return {word for piece in pieces for word in piece.words if _YEAR.fullmatch(word.plain)}


def _days(pieces: Iterable[Piece]) -> set[Word]:
    """Return the days and months among some words."""
    dated = [piece.words for piece in pieces if any(word.plain in DATES for word in piece.words)]
    return {word for words in dated for word in words if word.plain in DATES or _DAY.fullmatch(word.plain)}


def _less(piece: Piece, gone: set[Word]) -> Piece:
    """Return a piece without some words: «for Ann cost» less Ann is «cost»."""
    words = tuple(word for word in piece.words if word not in gone)
    return Piece(piece.link if words[:1] == piece.words[:1] else " ", words)


def _replaced(own: Sequence[Piece], topic: Sequence[Piece]) -> set[Word]:
    """Return the words in whose place a question has others: Ann's name, of «How old is Ann?» and «And Bob?»."""
    names = _names(own)
    place = _place(names[0] if names else own[0]) if own else ""
    if len(names) == 1:
        before = [name for piece in topic for name in _names([piece])[:1] if _is_all(name, piece, place)]
    elif len(own) == 1 and not names and not _years(own) and place:  # «for children», «and for students?»
        before = [piece for piece in topic if not (_names([piece]) or _years([piece]) or _days([piece]))]
    else:
        return set()
    same = [name for name in before if _place(name) == place]
    if not same and not place:  # «What about Syria?» may come after «in Iraq»
        same = before
    return set(same[0].words) if len(same) == 1 else set()


def _names(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the names among some pieces, parts of one too; a word that begins a sentence is none."""
    runs = [tuple(run) for piece in pieces for name, run in groupby(piece.words, lambda word: word.capital) if name]
    return [Piece("", run).alone() for run in runs if len(run) > 1 or not run[0].first]


def _is_all(name: Piece, piece: Piece, place: str) -> bool:
    """Tell whether a piece is a name and at most what it does: «Ann», and «Ann go» of «Where did Ann go?»."""
    does = name.words[0].link in _SUBJECT or _place(name) == place != ""
    return len(piece.words) <= len(name.words) + (does and piece.words[0] in name.words)


def _place(piece: Piece) -> str:
    link = piece.words[0].link.removesuffix("the").strip()
    return "" if link in ("about", "and", "or", *_SUBJECT) else link


# What does it point to?


def _meant(pointers: Sequence[str], history: Sequence[Turn], topic: Sequence[Piece]) -> tuple[list[Piece], bool]:
    """Return what words that point mean, names or an item of a list; and whether a question has named it before."""
    answers = (turn.content[:_READ] for turn in reversed(history) if turn.role == "assistant")
    answer = _MARK.sub("", next(answers, ""))
    said, words = _stems(topic), topics.words(answer)
    counts = [_ORDER[pointer] for pointer in pointers if pointer in _ORDER]
    if counts:
        listed = topics.items(answer) or [[name] for name in topics.names(words, people=True) if not name.stems <= said]
        return [piece for item in listed[counts[0] :][:1] for piece in item], False
    asked = next((turn.content[:_READ] for turn in reversed(history) if turn.role == "user"), "")
    asks = not _ASKS_NAME.isdisjoint(word.plain for word in topics.words(asked))
    if people := not set(PEOPLE).isdisjoint(pointers):
        if known := [name for name in _names(topic) if _is_person(name)]:
            owns = any(word.plain != word.text.casefold() for word in known[0].words)  # «Ann's mother» is not Ann
            return ([], False) if owns else (known[:_MOST_NAMES], True)
        found = [name for name in topics.names(words[:_EARLY], people=asks) if _is_person(name, "of")]
        found.sort(key=lambda name: name.words[0].link == "of")  # rather a place
    else:
        found = topics.names(words[:_EARLY]) if asks else []
    new = [name for name in found if not name.stems <= said and not name.stems <= _NUMERALS]
    return new[: 1 if people else _MOST_NAMES], False


def _is_person(name: Piece, *links: str) -> bool:
    """Tell whether a name may be somebody's: not «U.S.», and none that «the» or «in» stands before."""
    return name.words[0].link in (*_OF_PEOPLE, *links) and not any(map(str.isupper, (word.text for word in name.words)))


def _stems(pieces: Iterable[Piece]) -> frozenset[str]:
    return frozenset(stem for piece in pieces for stem in piece.stems)
