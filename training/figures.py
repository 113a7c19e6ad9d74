"""Scores and labels in; how well the ones tell the others, and thresholds and weights fitted on the rest, out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Measure = Callable[[Flags, Flags], float]
"""How good some guesses (first) are, held against the truth."""

_SEED = 4
_RIDGE = 1.0
_STEPS = 25


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report: a figure with the reader and without, and on how many questions it rests."""

    row: str
    name: str
    value: float | None
    count: int
    without: float | None = None
    floor: float | None = None
    aim: float | None = None

    def unread(self) -> Figure:
        """Say that no reader had a part in it."""
        return replace(self, value=None, without=self.value)


# How good guesses are.


def balanced(guesses: Flags, truth: Flags) -> float:
    """Return the mean of the shares that are right, of what is true and of what is not."""
    return (recall(guesses, truth) + recall(~guesses, ~truth)) / 2


def macro_f1(guesses: Flags, truth: Flags) -> float:
    """Return the mean of F1 of what is true and of what is not."""
    return (f1(guesses, truth) + f1(~guesses, ~truth)) / 2


def f1(guesses: Flags, truth: Flags) -> float:
    """Return the harmonic mean of precision and recall; nothing guessed right is 0."""
    return float(2 * (guesses & truth).sum() / max(1, guesses.sum() + truth.sum()))


def precision(guesses: Flags, truth: Flags) -> float:
    """Return the share of the guesses that is right; of none it is 0."""
    return float((guesses & truth).sum() / max(1, guesses.sum()))


def recall(guesses: Flags, truth: Flags) -> float:
    """Return the share of what is true that is guessed."""
    return precision(truth, guesses)


def auc(scores: Numbers, truth: Flags) -> float:
    """Return how often a true one scores above a false one; alike counts half."""
    _, place, many = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(many) - (many - 1) / 2)[place]
    true, false = truth.sum(), (~truth).sum()
    return float((ranks[truth].sum() - true * (true + 1) / 2) / max(1, true * false))


# What is fitted.


def folds(groups: Sequence[str], count: int = 10) -> Iterator[Flags]:
    """Yield which ones are held out, fold after fold, no group parted; the same for the same groups."""
    names = sorted(set(groups))
    np.random.default_rng(_SEED).shuffle(names)
    fold = {name: i % count for i, name in enumerate(names)}
    of = np.array([fold[group] for group in groups])
    for i in range(count):
        held = of == i
        if held.any() and not held.all():
            yield held


def thresholds(scores: Numbers, most: int = 200) -> Numbers:
    """Return values that part the scores, in order, evenly by rank where there are many."""
    known = np.unique(scores)
    between = (known[:-1] + known[1:]) / 2 if len(known) > 1 else known
    return np.asarray(between[np.linspace(0, len(between) - 1, min(most, len(between))).astype(int)])


def best_threshold(scores: Numbers, truth: Flags, measure: Measure) -> float:
    """Return the threshold that measures best; the middle one of equals, so that it holds elsewhere too."""
    tried = thresholds(scores)
    return middle_of_best(tried, [measure(scores > each, truth) for each in tried])


def middle_of_best(tried: Numbers, values: Sequence[float]) -> float:
    """Return what was tried with the best value; the middle one of equals."""
    best = np.flatnonzero(np.array(values) >= max(values) - 1e-9)
    return float(tried[best[len(best) // 2]])


def held_out(scores: Numbers, truth: Flags, groups: Sequence[str], measure: Measure, count: int = 10) -> float:
    """Measure guesses of which each rests on a threshold that was fitted on the other folds."""
    guesses = np.zeros(len(truth), np.bool_)
    for held in folds(groups, count):
        guesses[held] = scores[held] > best_threshold(scores[~held], truth[~held], measure)
    return measure(guesses, truth)


def blended(features: Numbers, truth: Flags, groups: Sequence[str], count: int = 10) -> Numbers:
    """Return for each the log-odds of a logistic regression that was fitted on the other folds."""
    odds = np.zeros(len(truth))
    for held in folds(groups, count):
        mean, std = features[~held].mean(0), features[~held].std(0) + 1e-9
        weights = logistic((features[~held] - mean) / std, truth[~held])
        odds[held] = _with_one((features[held] - mean) / std) @ weights
    return odds


def logistic(features: Numbers, truth: Flags) -> Numbers:
    """Fit a logistic regression by Newton's steps, drawn a little to zero; the last weight stands alone."""
    x, y = _with_one(features), truth.astype(np.float64)
    ridge = _RIDGE * np.diag([*np.ones(features.shape[1]), 0.0])
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (y - p) - ridge @ weights
        curve = x.T @ (x * (p * (1 - p))[:, None]) + ridge + 1e-6 * np.eye(len(ridge))
        weights += np.linalg.solve(curve, slope)
    return weights


def log_odds(values: ArrayLike) -> Numbers:
    """Turn probabilities into log-odds, none endless."""
    p = np.clip(np.asarray(values, np.float64), 1e-6, 1 - 1e-6)
    return np.log(p) - np.log1p(-p)


def _with_one(features: Numbers) -> Numbers:
    return np.column_stack([features, np.ones(len(features))])
