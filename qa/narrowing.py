"""A sentence that was written, and a passage it cites, in; the few words of that which carry the claim out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from qa.passages import sentences
from qa.spans import Span
from qa.words import Words, read

_MOST = 3
"""A citation of more sentences than these is a passage again."""
_NUMBER, _NAME = 2.0, 1.5
"""How many and who is what a claim is checked by; the rest can be said in other words."""
_NEGATION = 1.5
"""What «not» counts, in words of mean weight: a sentence with one too many or too few says the opposite."""
_PAIR = 0.25
"""What two words of the claim add that stand side by side: «A beat B» is not «B beat A»."""
_OF_ALL, _OF_REST = 0.12, 0.35
"""A further sentence is cited if it covers such a share of the claim, and of what no cited one covers yet."""
_BESIDE = 0.05
"""What it counts to stand beside a cited sentence, as a share of the claim: of two that give a name, the nearer."""
_SHORT = 0.75
"""A line to which a further word would have fitted, within such a share of the longest line, was ended on purpose."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

_Key = str | tuple[str, str]


def parts(passage: str) -> list[Span]:
    """Cut a passage into what can be cited: sentences, rows of tables and items of lists, less white space at ends."""
    found: list[Span] = []
    stops = [0, *_line_starts(passage), len(passage)]
    for block in (Span(start, end) for start, end in pairwise(stops)):
        words = block.of(passage)
        found += [block] if _is_row(words) else [span.shift(block.start) for span in sentences(words)]
    return [stripped for span in found if len(stripped := span.strip(passage))]


def narrow(
    claim: str, passage: str, *, weights: Callable[[str], float], scores: Sequence[float] | None = None
) -> list[Span]:
    """Return the spans of a passage that carry a claim, in their order: one to three sentences, neighbours as one.

    `weights` tells how rare a word is, given in small letters; `scores`, one for each of `parts(passage)`, how near
    each is to the claim in meaning (0 to 1). There is always a span, unless the passage is blank.
    """
    spans = parts(passage)
    texts = [read(span.of(passage)) for span in spans]
    scores = [0.0] * len(spans) if scores is None else scores
    if len(scores) != len(spans):
        raise ValueError(f"{len(scores)} scores for {len(spans)} parts: give one for each of parts(passage)")
    chosen = _choose(read(claim), texts, scores, weights)
    return _merge([(at, spans[at]) for at in sorted(chosen)])


def _everything(text: Words) -> set[_Key]:
    return {*text.keys, *pairwise(text.keys)}


def _weigh(claim: Words, weights: Callable[[str], float]) -> dict[_Key, float]:
    """Weigh the words of a claim, and its pairs of words: by how rare they are, numbers and names more."""
    found: dict[str, float] = {}
    for place, (word, key) in enumerate(zip(claim.words, claim.keys, strict=True)):
        more = _NUMBER if key[0].isdigit() else _NAME if place and word[0].isupper() else 1.0
        found[key] = max(found.get(key, 0.0), more * weights(word.casefold()))
    if not any(found.values()):
        found = dict.fromkeys(found, 1.0)
    pairs: dict[_Key, float] = {(a, b): _PAIR * (found[a] + found[b]) / 2 for a, b in pairwise(claim.keys)}
    return pairs | found


def _choose(
    claim: Words, texts: Sequence[Words], scores: Sequence[float], weights: Callable[[str], float]
) -> list[int]:
    """Take the part that covers most of the claim, then others while they cover much of what is left."""
    left = _weigh(claim, weights)
    total = sum(left.values()) or 1.0
    against = _NEGATION / max(1, len(set(claim.keys)))
    keys = [_everything(text) for text in texts]
    rest = [at for at, text in enumerate(texts) if text.words] or list(range(len(texts)))
    chosen: list[int] = []

    def share(at: int) -> float:
        """Return the share of the claim that a part covers and no chosen one does."""
        opposite = texts[at].denies != claim.denies if not chosen else texts[at].denies > claim.denies
        return sum(weight for key, weight in left.items() if key in keys[at]) / total - against * opposite

    def value(at: int) -> float:
        return share(at) + (_BESIDE * bool({at - 1, at + 1} & set(chosen)) if chosen else scores[at])

    while rest and len(chosen) < _MOST:
        best = max(rest, key=value)
        if chosen and share(best) < max(_OF_ALL, _OF_REST * sum(left.values()) / total):
            break
        chosen.append(best)
        rest.remove(best)
        left = {key: weight for key, weight in left.items() if key not in keys[best]}
    return chosen


def _merge(chosen: Sequence[tuple[int, Span]]) -> list[Span]:
    """Make one span of parts that are neighbours."""
    merged: list[Span] = []
    before = -2
    for at, span in chosen:
        if at == before + 1:
            merged[-1] = Span(merged[-1].start, span.end)
        else:
            merged.append(span)
        before = at
    return merged


def _line_starts(passage: str) -> Iterator[int]:
    """Return where a line begins that does not go on from the one above: rows, and items without a bullet."""
    lines = list(_LINE.finditer(passage))
    longest = max((len(line[0].rstrip()) for line in lines), default=0)
    for above, below in pairwise(lines):
        first, *_ = below[0].split(maxsplit=1) or [""]
        room = len(above[0].rstrip()) + 1 + len(first) <= _SHORT * longest
        if _is_row(above[0]) or _is_row(below[0]) or (room and above[0].strip() and first and not first[0].islower()):
            yield below.start()


def _is_row(line: str) -> bool:
    line = line.strip()
    return " | " in line or line.startswith("|") or "\t" in line
