"""A lognormal distribution fitted to what was measured: with intervals, and how well it fits.

Logarithms are normal. Where every value is known, the median's interval is Student's and the spread's the chi-squared one, both exact. Where
some are known only to be longer (what runs still, or was broken off) or shorter (what may not be told sooner), all of them count in the
likelihood, and intervals are those of its profile (Meeker and Escobar, Statistical Methods for Reliability Data, chapter 8). Leaving them
out would make what takes long look short.

The fit is judged by the statistic of Anderson and Darling. Its parameters are those that were fitted, so its distribution is drawn anew from
samples that are fitted as well (Lilliefors 1967; Stute and others 1993: parametric bootstrap); tables for known parameters would pass too much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import chdtri, log_ndtr, stdtrit

from yimai.planning.problem import Floats

LEAST: Final = 1e-4
"""Of the logarithms' standard deviation: below it all values are the same."""
SAMPLES: Final = 999
"""How many samples the fit is judged by."""
ENOUGH: Final = 400
"""The fit is judged by the latest values, so many at most: beyond that every shape is found wanting."""


@dataclass(frozen=True)
class Sample:
    """What was measured, all above 0. values: known. longer, shorter: known only to be more, or less, than these."""

    values: Floats
    longer: Floats
    shorter: Floats

    @property
    def size(self) -> int:
        return len(self.values) + len(self.longer) + len(self.shorter)


@dataclass(frozen=True, slots=True)
class Between:
    """An estimate and its confidence interval."""

    value: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Fitted:
    """median: in the values' unit. cv: the coefficient of variation. fits: the odds of a fit as bad as this one or worse if the shape is right,
    or None where that was not asked."""

    median: Between
    cv: Between
    fits: float | None = None


def fitted(sample: Sample, confidence: float) -> Fitted:
    """The distribution most likely. Needs two known values at least."""
    known = np.log(sample.values)
    if float(known.std()) < LEAST:
        value = float(np.median(sample.values))
        return Fitted(Between(value, value, value), Between(0.0, 0.0, 0.0))
    if len(sample.longer) or len(sample.shorter):
        mean, spread = _profiled(sample, confidence)
    else:
        mean, spread = _exact(known, confidence)
    return Fitted(_through(mean, math.exp), _through(spread, _cv))


def _through(found: Between, of: object) -> Between:
    assert callable(of)
    return Between(*(float(of(each)) for each in (found.value, found.low, found.high)))


def _cv(sigma: float) -> float:
    return math.sqrt(math.expm1(min(sigma, 20.0) ** 2))


def _exact(known: Floats, confidence: float) -> tuple[Between, Between]:
    number, mean, sigma = len(known), float(known.mean()), float(known.std(ddof=1))
    half = float(stdtrit(number - 1, (1 + confidence) / 2)) * sigma / math.sqrt(number)
    low, high = (float(chdtri(number - 1, tail)) for tail in ((1 - confidence) / 2, (1 + confidence) / 2))
    root = math.sqrt(number - 1)
    return Between(mean, mean - half, mean + half), Between(
        sigma, sigma * root / math.sqrt(low), sigma * root / math.sqrt(high)
    )


def _profiled(sample: Sample, confidence: float) -> tuple[Between, Between]:
    """The most likely mean and standard deviation of the logarithms, each with the values that are not much less likely."""
    known, longer, shorter = (np.log(each) for each in (sample.values, sample.longer, sample.shorter))

    def unlikely(mean: float, ln_sigma: float) -> float:
        sigma = math.exp(ln_sigma)
        total = float(np.sum(((known - mean) / sigma) ** 2)) / 2 + len(known) * ln_sigma
        total -= float(np.sum(log_ndtr((mean - longer) / sigma)))
        return total - float(np.sum(log_ndtr((shorter - mean) / sigma)))

    begin = np.array([float(known.mean()), math.log(max(LEAST, float(known.std())))])
    found = minimize(
        lambda at: unlikely(float(at[0]), float(at[1])),
        begin,
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-9},
    )
    mean, ln_sigma = (float(each) for each in found.x)
    bound = float(found.fun) + float(chdtri(1, 1 - confidence)) / 2
    sigma = math.exp(ln_sigma)

    def of_mean(at: float) -> float:
        least = minimize_scalar(lambda s: unlikely(at, s), bounds=(ln_sigma - 3, ln_sigma + 6), method="bounded")
        return float(least.fun) - bound

    def of_sigma(at: float) -> float:
        reach = 6 * (sigma + math.exp(at))
        least = minimize_scalar(lambda m: unlikely(m, at), bounds=(mean - reach, mean + reach), method="bounded")
        return float(least.fun) - bound

    step = sigma / math.sqrt(len(known))
    means = (_crossing(of_mean, mean, -step), _crossing(of_mean, mean, step))
    step = 1 / math.sqrt(2 * len(known))
    spreads = (_crossing(of_sigma, ln_sigma, -step), _crossing(of_sigma, ln_sigma, step))
    return Between(mean, *means), Between(sigma, math.exp(spreads[0]), math.exp(spreads[1]))


def _crossing(of: object, start: float, step: float) -> float:
    """Where the function, below 0 at the start, reaches 0 in the direction of the step."""
    assert callable(of)
    for number in range(1, 40):
        if of(start + number * step) > 0:
            return float(brentq(of, start + (number - 1) * step, start + number * step, xtol=1e-9))
    return start + 40 * step


def shape(values: Floats, chance: np.random.Generator) -> float | None:
    """The odds of values that fit a lognormal distribution as badly as these or worse, if they come from one; None where all are the same.

    values: known ones, the earliest first. An instrument's rounding is undone by chance: it would pass for a bad fit.
    """
    found = np.log(_unrounded(values[-ENOUGH:], chance))
    if float(found.std()) < LEAST:
        return None
    drawn = chance.standard_normal((SAMPLES, len(found)))
    worse = int(np.sum(_anderson_darling(drawn) >= _anderson_darling(found[np.newaxis])[0]))
    return (worse + 1) / (SAMPLES + 1)


def _unrounded(values: Floats, chance: np.random.Generator) -> Floats:
    gaps = np.diff(np.unique(values))
    half = min(float(gaps.min()) if len(gaps) else 0.0, float(values.min())) / 2
    spread: Floats = values + chance.uniform(-half, half, len(values))
    return spread


def _anderson_darling(rows: Floats) -> Floats:
    """Of each row against the normal distribution fitted to it."""
    number = rows.shape[1]
    ordered = np.sort(rows, axis=1)
    scaled = (ordered - ordered.mean(axis=1, keepdims=True)) / ordered.std(axis=1, ddof=1, keepdims=True)
    weights = 2 * np.arange(1, number + 1) - 1
    below, above = log_ndtr(scaled), log_ndtr(-scaled[:, ::-1])
    found: Floats = -number - (weights * (below + above)).sum(axis=1) / number
    return found
