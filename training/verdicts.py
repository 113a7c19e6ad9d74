"""A reader in; how well it tells claims that their references support from others, out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from bench import Bench, Reader, words_of
from figures import Figure, Numbers, auc, blended, held_out, log_odds, macro_f1

from qa.reader import Entailment

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, what it cites, and whether people found it supported there."""

    question: str
    words: str
    references: tuple[str, ...]
    supported: bool

    @property
    def cited(self) -> str:
        """All that it cites, as one text."""
        return "\n\n".join(self.references)


def entailment(bench: Bench) -> Iterator[Figure]:
    """Tell claims that their references support from the others."""
    with (bench.dev / "attribution_judge" / "dev.jsonl").open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    claims = [
        Claim(each["question"], each["claim"], tuple(each["references"]), each["attribution_label"] == "attributable")
        for each in lines
    ]
    claims = bench.some("entailment", claims)
    truth, groups = np.array([each.supported for each in claims]), [each.question for each in claims]
    plain = _plain(claims)
    odds = blended(plain, truth, groups)
    without, count = macro_f1(odds > 0, truth), len(claims)
    yield Figure("entailment", "plain features alone, logistic: macro-F1", None, count, without)
    yield Figure("entailment", "plain features alone, logistic: AUC", None, count, auc(odds, truth))
    if bench.reader is None:
        return
    told = [bench.reader.entail(each.words, [each.cited])[0] for each in claims]
    apart = [_strongest(bench.reader, claim, all_) for claim, all_ in zip(claims, told, strict=True)]
    for name, verdicts in (("", told), (", each reference alone", apart)):
        likely = np.array([[each.supported, each.refuted, each.unknown] for each in verdicts])
        largest, goals = likely.argmax(1) == 0, () if name else (0.70, 0.78)
        yield Figure(
            "entailment", f"the likeliest of three{name}: macro-F1", macro_f1(largest, truth), count, without, *goals
        )
        value = held_out(likely[:, 0], truth, groups, macro_f1)
        yield Figure("entailment", f"threshold{name}: macro-F1", value, count, without, *goals)
        yield Figure("entailment", f"supported{name}: AUC", auc(likely[:, 0], truth), count)
        odds = blended(np.column_stack([log_odds(likely), plain]), truth, groups)
        value = macro_f1(odds > 0, truth)
        yield Figure("entailment", f"logistic, with plain features{name}: macro-F1", value, count, without, *goals)
        yield Figure("entailment", f"logistic, with plain features{name}: AUC", auc(odds, truth), count)


def _strongest(reader: Reader, claim: Claim, together: Entailment) -> Entailment:
    """Return what the reference says that supports the claim most."""
    if len(claim.references) == 1:
        return together
    return max(reader.entail(claim.words, claim.references), key=lambda each: each.supported)


def _plain(claims: Sequence[Claim]) -> Numbers:
    """Return what can be told of claims without a reader: words and numbers that are missing, and lengths."""
    texts = [words_of(claim.cited) for claim in claims]
    rarity = {word: sum(word in text for text in texts) for claim in claims for word in words_of(claim.words)}
    rows = []
    for claim, text in zip(claims, texts, strict=True):
        words = words_of(claim.words)
        weights = {word: math.log(1 + len(texts) / (0.5 + rarity[word])) for word in words}
        numbers = set(_NUMBER.findall(claim.words))
        missing = numbers - set(_NUMBER.findall(claim.cited))
        rows.append((
            len(words & text) / max(1, len(words)),
            sum(weights[word] for word in words & text) / (sum(weights.values()) or 1.0),
            float(bool(missing)),
            len(missing) / max(1, len(numbers)),
            math.log1p(len(claim.words)),
            math.log1p(len(claim.cited)),
        ))  # fmt: skip
    return np.array(rows)
