"""A text in; its words out, and what each has in common with its other forms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Scripts in which words are not parted, or carry what others put beside them: they are compared two by two letters."""
_RUN = re.compile(f"[{_UNSPACED}]+")
_TONES = re.compile("[\u0e47-\u0e4e\u0ec8-\u0ece\u1036-\u103a\u17c6-\u17d3\u3099\u309a]")
"""Marks above and below letters that a tokenizer takes for no part of a word."""
_WORD = re.compile(
    rf"\d(?:[\d.,]*\d)?|(?:[^\W\d_]\.){{2,}}|[{_UNSPACED}]+|[^\W\d_{_UNSPACED}](?:[^\W_{_UNSPACED}]|['’](?=[^\W_]))*"
)
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_THOUSANDS = re.compile(r"[.,](?=\d{3}(?:\D|$))")
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
NUMERALS = {word: str(number) for number, word in enumerate(_SMALL.split())} | {
    word: str(number) for number, word in zip(range(20, 100, 10), _TENS.split(), strict=True)
}
"""Numbers that are written out, as figures."""
_NEGATIONS = frozenset(
    "no not none never neither nor nobody nothing nowhere without cannot nicht kein keine keinen keiner nie ohne"
    " pas jamais nunca не нет ни без никогда".split()
)
_ENDING = re.compile(r"(?:['’]s|ies|ied|ing|ed|es|s|ly|e|y)$")
_LONG = 32
"""Keys of longer words are not kept."""
_DOUBLED = re.compile(r"([b-df-hj-np-tv-z])\1$")


@dataclass(frozen=True, slots=True)
class Words:
    """What is compared of a text: its words in order, as they are and as keys, and whether it denies something."""

    words: tuple[str, ...]
    keys: tuple[str, ...]
    denies: bool


def read(text: str) -> Words:
    """Read the words of a text; other forms of a word have the same key, and a number has one however it is written."""
    words = tuple(_words(unicodedata.normalize("NFKC", text)))
    keys = {word: key(word) for word in set(words)}
    denies = any(map(negates, keys)) or any(keys[a] in UNTRUE and b == "that" for a, b in pairwise(words))
    return Words(words, tuple(keys[word] for word in words), denies)


def parted(text: str) -> str:
    """Write spaces where scripts without them have none: two letters after two letters, each pair a word."""
    return text if text.isascii() else _RUN.sub(_pairs, text)


def _pairs(run: re.Match[str]) -> str:
    letters = _TONES.sub("", run[0])
    return f" {' '.join(map(''.join, pairwise(letters))) or letters} "


def negates(word: str) -> bool:
    """Tell whether a word says that something is not so."""
    small = word.casefold()
    return small in _NEGATIONS or small.endswith(("n't", "n’t"))


def _words(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        word = match[0]
        if len(word) > 2 and _IS_UNSPACED.match(word):
            yield from map("".join, pairwise(word))
        else:
            yield word


def key(word: str) -> str:
    """Return what a word has in common with its other forms; the key of a number begins with a figure."""
    return _known(word) if len(word) <= _LONG else _key(word)


def _key(word: str) -> str:
    if word[0].isdigit():
        return _THOUSANDS.sub("", word).replace(",", ".")
    word = word.casefold().replace(".", "")
    if word in NUMERALS:
        return NUMERALS[word]
    stem = _ENDING.sub("", word)
    return _DOUBLED.sub(r"\1", stem) if len(stem) > 2 else word


_known = lru_cache(8_192)(_key)

UNTRUE = frozenset(map(key, "false untrue wrong incorrect".split()))
"""What denies all that is said after it and «that»."""
EMPTY = frozenset(
    map(
        key,
        """a an the of in on at to for from by with about as into onto upon is are was were be been being am do does did
        done doing have has had having can could may might must shall should will would what which who whom whose when
        where why how it its this that these those there here they them their he she his her him you your we our i
        me my and or but if than then so not no also such some any all most more many much very other others own same
        only just both each either while during before after because since until though although however between
        through over under out up down off again one within among per via etc e.g. i.e. even yet still ever longer it's
        additionally furthermore moreover never cannot nothing nobody none neither nor without""".split(),
    )
)
"""Words that only join others; none of them is missed."""
