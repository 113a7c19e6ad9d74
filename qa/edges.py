"""A text and a place in; whether a word or a number goes on across the place, and with which letters, out."""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache
from itertools import takewhile

INVISIBLE = "\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_UNSPACED = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u1b00-\u1b7f\u2e80-\u2fdf\u3005-\u3007\u3021-\u312f"
    "\u3190-\u31ff\u3400-\u9fff\ua980-\ua9ff\uaa60-\uaadf\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f"
    "\U00020000-\U0003ffff]"
)
"""Scripts without spaces: whatever letters stand side by side, a word may end between them."""
_BROKEN = r"(?:(?<=[^\W\d_][-\u2010\u2011])|(?<=\A[-\u2010\u2011]))[^\S\r\n]*(?:\r\n|[\r\n])[^\S\r\n]*(?=[^\W\d_]|\Z)"
_UNSEEN = re.compile(rf"{_BROKEN}|\xad\s+|[{INVISIBLE}\u200c\u200d]+")
"""What words go on across: a line end after a hyphen, and invisible marks."""
_REACH, _LONGEST = 24, 16
"""So many letters on either side are looked at, and so many of a word are compared."""
_MARK, _THIN, _MONEY = "[.,'’·٫٬]", "[\xa0\u2007\u2009\u202f]", "[$¢£¥\u20a0-\u20cf]"
_GOES_ON = re.compile(rf"{_MARK}\d|{_THIN}\d{{3}}(?!\d)")
_WENT_ON, _WENT_ON_THIN, _THOUSANDS = re.compile(rf"{_MARK}\d"), re.compile(rf"{_THIN}\d"), re.compile(r"\d{3}(?!\d)")
_FIGURE, _SIGN = re.compile(rf"{_MONEY}?\.?\d"), re.compile(r"[-\u2212\u2013+±](?![\w\-\u2013)])")
_POINT = re.compile(rf"\.(?:$|{_MONEY}|[\s(\-\u2212+])")
_BINDERS = frozenset("-\u2010\u2011\u2012\u2013\u2212/'’_@")


class Joint(IntEnum):
    """What a place parts: nothing; words that a hyphen or the like joins; or one word or number."""

    APART = 0
    COMPOUND = 1
    WITHIN = 2


def joint(text: str, at: int) -> Joint:
    """Tell what a cut at a place would part.

    A number goes on over the marks and thin spaces in it, and from its sign; with a percent sign it is a compound.
    """
    if not 0 < at < len(text) or text[at] in " \n\r\t" or text[at - 1] == " ":
        return Joint.APART
    if text[at - 1] in "\n\r" and not text[at].islower():
        return Joint.APART  # with a small letter a word may go on that was broken
    if _is_letter(text[at]) and _is_letter(text[at - 1]):
        return Joint.WITHIN  # at once: a letter may stand in a text very often
    before, after = _sides(text, at)
    if not before or not after:
        return Joint.APART
    if (
        _is_one(before[0], after[0])
        or _is_number(before, after)
        or (text[at - 1] == before[0] and _signs(before, after))
    ):
        return Joint.WITHIN
    return Joint.COMPOUND if _is_compound(before, after) else Joint.APART


def before(text: str, at: int) -> str:
    """Return the letters before a place that belong to what stands behind it: none where they are apart."""
    return _run(_sides(text, at)[0])[::-1] if joint(text, at) else ""


def after(text: str, at: int) -> str:
    """Return the letters behind a place that belong to what stands before it: none where they are apart."""
    return _run(_sides(text, at)[1]) if joint(text, at) else ""


def _sides(text: str, at: int) -> tuple[str, str]:
    """Return the letters that can be seen before a place, the nearest first, and those behind it."""
    return _UNSEEN.sub("", text[max(0, at - _REACH) : at])[::-1], _UNSEEN.sub("", text[at : at + _REACH])


def _run(letters: str) -> str:
    """Return the first letter, which may be what joins, and the word that goes on from it."""
    return letters[:1] + "".join(takewhile(_is_letter, letters[1:_LONGEST]))


def _is_one(one: str, other: str) -> bool:
    """Tell whether two letters side by side are of one word, or two figures of one number, in whatever script."""
    return (_is_letter(one) and _is_letter(other)) or (one.isnumeric() and other.isnumeric())


def _is_number(before: str, after: str) -> bool:
    """Tell whether a number goes on over a mark or a thin space: 50,000 and 50.5."""
    if before[0].isdecimal() and _GOES_ON.match(after):
        return True
    if not after[0].isdecimal():
        return False
    return bool(_WENT_ON.match(before) or (_WENT_ON_THIN.match(before) and _THOUSANDS.match(after)))


def _signs(before: str, after: str) -> bool:
    """Tell whether a figure has a sign or a point before it; a hyphen after a letter or another figure is no sign."""
    if after[0].isdecimal() and _POINT.match(before):
        return True
    return bool(_FIGURE.match(after) and _SIGN.match(before))


def _is_compound(before: str, after: str) -> bool:
    """Tell whether something joins two words or figures: well-known, can't, and/or, 12:30, 50%, example.org."""
    if before[0].isdecimal() and after[0] in "%‰":
        return True
    return _binds(before[0], after[0], after[1:2]) or _binds(before[1:2], before[0], after[0])


def _binds(one: str, binder: str, other: str) -> bool:
    match binder:
        case ":":
            return one.isdecimal() and other.isdecimal()
        case ".":  # a sentence may begin without a space
            return one.isalpha() and other.islower()
        case _:
            return binder in _BINDERS and _is_letter(one) and _is_letter(other)


@lru_cache(8_192)
def _is_letter(letter: str) -> bool:
    """Tell whether it is a letter, a figure or a mark of one, in a script with spaces between words."""
    if not letter or (_UNSPACED.match(letter) and not letter.isdecimal()):
        return False
    return letter.isalnum() or unicodedata.category(letter)[0] == "M"
