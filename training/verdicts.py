"""Claims in; how well the reader, and the verdicts of answers, tell those that their references support, out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from bench import Bench, Reader, words_of
from figures import (
    Figure,
    Flags,
    Numbers,
    auc,
    blended,
    folds,
    held_out,
    log_odds,
    logistic,
    macro_f1,
    precision,
    recall,
)

from qa.alignment import Cited, align
from qa.embedders import BundledEmbedder, Vector
from qa.reader import Entailment
from qa.support import FEATURES, WEIGHTS, Entail, Similar, Support, Weights, entailed, features, judge, nearest

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


def _claims(bench: Bench, row: str) -> list[Claim]:
    """Read the claims, and what people found of them."""
    with (bench.dev / "attribution_judge" / "dev.jsonl").open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    claims = [
        Claim(each["question"], each["claim"], tuple(each["references"]), each["attribution_label"] == "attributable")
        for each in lines
    ]
    return bench.some(row, claims)


def entailment(bench: Bench) -> Iterator[Figure]:
    """Tell claims that their references support from the others."""
    claims = _claims(bench, "entailment")
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


# The verdicts of answers.

_MARK = re.compile(r"\[\d{1,3}\](?:\s*https?://\S+)?")


@dataclass(frozen=True, slots=True)
class _Sample:
    """A claim and what it cites, without marks, and what its score is made of."""

    claim: Claim
    words: str
    cited: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Means:
    """What may be at hand beside the words: cosines, a reader."""

    similar: Similar | None
    entail: Entail | None

    @property
    def name(self) -> str:
        """What it is, in words."""
        return "words" + (", cosines" if self.similar else "") + (", reader" if self.entail else "")

    @property
    def key(self) -> tuple[bool, bool]:
        """Its key in the table of weights."""
        return self.similar is not None, self.entail is not None

    @property
    def used(self) -> list[int]:
        """Where the features stand that are told by it, the constant left out."""
        without = {name for name, known in zip(FEATURES[-2:], self.key, strict=True) if not known}
        return [at for at, name in enumerate(FEATURES) if at and name not in without]

    def judge(self, sample: _Sample, weights: Weights) -> Support:
        """Judge a claim."""
        return judge(sample.words, sample.cited, entail=self.entail, similar=self.similar, weights=weights)


def support(bench: Bench) -> Iterator[Figure]:
    """Give claims verdicts as those of an answer get: by weights of the other folds, and by those that are shipped."""
    similar, entail = _similar(), _entail(bench.reader)
    samples = [_sample(each, _Means(similar, entail)) for each in _claims(bench, "support")]
    for means in _all_means(similar, entail):
        for figure in _figures_of(means, samples):
            yield figure if means.entail else figure.unread()


def weights(bench: Bench) -> Iterator[str]:
    """Fit the weights of `qa/support.py` on all claims: a line for each row of its table."""
    similar, entail = _similar(), _entail(bench.reader)
    samples = [_sample(each, _Means(similar, entail)) for each in _claims(bench, "support")]
    for means in _all_means(similar, entail):
        yield f"    {means.key}: ({', '.join(f'{each:.2f}' for each in _fit(means, samples))}),"


def _all_means(similar: Similar, entail: Entail | None) -> list[_Means]:
    return [_Means(near, read) for read in ((None, entail) if entail else (None,)) for near in (None, similar)]


def _sample(claim: Claim, means: _Means) -> _Sample:
    words = " ".join(_MARK.sub(" ", claim.words).split())
    cited = tuple(_MARK.sub(" ", each) for each in claim.references)
    found = align(words, Cited.of(cited))
    said = entailed(words, found, means.entail)
    values = features(found, nearest=nearest(words, found, means.similar), follows=said.supported if said else None)
    return _Sample(claim, words, cited, values)


def _similar() -> Similar:
    """Return the cosines of the bundled embedder; every text is embedded once."""
    from qa.providers import model_cache

    embedder, known = BundledEmbedder(model_cache()), dict[str, Vector]()

    def similar(claim: str, texts: Sequence[str]) -> list[float]:
        new = [each for each in dict.fromkeys((claim, *texts)) if each not in known]
        known.update(zip(new, embedder.embed(new), strict=True))
        return [float(known[each] @ known[claim]) for each in texts]

    return similar


def _entail(reader: Reader | None) -> Entail | None:
    """Return what a reader says; every claim is read once with the same text."""
    if reader is None:
        return None
    known: dict[tuple[str, ...], list[Entailment]] = {}

    def entail(claim: str, texts: Sequence[str]) -> list[Entailment]:
        if (claim, *texts) not in known:
            known[claim, *texts] = reader.entail(claim, texts)
        return known[claim, *texts]

    return entail


def _fit(means: _Means, samples: Sequence[_Sample]) -> list[float]:
    """Fit what each feature weighs; those that cannot be told weigh nothing."""
    values = np.array([each.values for each in samples])[:, means.used]
    mean, std = values.mean(0), values.std(0) + 1e-9
    *fitted, one = logistic((values - mean) / std, _truth(samples))
    found = [0.0] * len(FEATURES)
    for at, weight in zip(means.used, np.array(fitted) / std, strict=True):
        found[at] = float(weight)
    found[0] = float(one - (np.array(fitted) / std) @ mean)
    return found


def _truth(samples: Sequence[_Sample]) -> Flags:
    return np.array([each.claim.supported for each in samples])


def _figures_of(means: _Means, samples: Sequence[_Sample]) -> Iterator[Figure]:
    truth, groups, count = _truth(samples), [each.claim.question for each in samples], len(samples)
    odds, verdicts = np.zeros(count), [""] * count
    for held in folds(groups):
        fitted = _fit(means, [samples[at] for at in np.flatnonzero(~held)])
        for at in np.flatnonzero(held):
            odds[at] = np.dot(samples[at].values, fitted)
            verdicts[at] = means.judge(samples[at], {means.key: fitted}).verdict
    yield Figure("support", f"{means.name}: 10-fold, score alone: macro-F1", macro_f1(odds > 0, truth), count)
    yield Figure("support", f"{means.name}: 10-fold, score alone: AUC", auc(odds, truth), count)
    yield from _told(f"{means.name}: 10-fold", verdicts, truth)
    yield from _told(f"{means.name}: as shipped", [means.judge(each, WEIGHTS).verdict for each in samples], truth)


def _told(name: str, verdicts: Sequence[str], truth: Flags) -> Iterator[Figure]:
    """Tell how right verdicts are: what is quoted is supported, and what is partial is neither."""
    yes = np.array([each in ("quoted", "supported") for each in verdicts])
    no = np.array([each == "unsupported" for each in verdicts])
    yield Figure("support", f"{name}, verdict: macro-F1", macro_f1(yes, truth), len(truth), None, 0.69, 0.76)
    for verdict, guesses, right in (("supported", yes, truth), ("unsupported", no, ~truth)):
        yield Figure("support", f"{name}, {verdict}: precision", precision(guesses, right), int(guesses.sum()))
        yield Figure("support", f"{name}, {verdict}: recall", recall(guesses, right), int(right.sum()))
    partial = ~(yes | no)
    yield Figure("support", f"{name}, partial: not supported", precision(partial, ~truth), int(partial.sum()))
