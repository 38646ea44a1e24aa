"""Chance that can be repeated: numbers that depend on nothing but a stream's key and a count, in compiled code.

Each replication has a stream for each purpose, and in it each draw its own count (of the patient and the task, say). So a result depends
neither on how many workers share the replications nor on the order of events, and two scenarios that are compared meet the same
patients, the same cells and the same bad luck (common random numbers).
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from yimai.planning.compiled import compiled

Keys = NDArray[np.uint64]
Floats = NDArray[np.float64]

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_FRACTION: Final = 2.0**-53
_TAIL: Final = 7.69711747013104972
_AREA: Final = 0.0039496598225815571993


@compiled
def mixed(word: Any) -> Any:
    """A word whose every bit depends on every bit of this one (the finaliser of SplitMix64)."""
    word = (word ^ (word >> np.uint64(30))) * _FIRST
    word = (word ^ (word >> np.uint64(27))) * _SECOND
    return word ^ (word >> np.uint64(31))


@compiled
def draw_keys(seed: int, replication: int, keys: Keys) -> None:
    """The key of each purpose's stream in this replication."""
    root = mixed(mixed(np.uint64(seed) + _STEP) + np.uint64(replication) * _STEP)
    for purpose in range(len(keys)):
        keys[purpose] = mixed(root + np.uint64(purpose + 1) * _STEP)


@compiled
def key_of(key: Any, number: int) -> Any:
    """The key of the stream's part of this number; part 0 is the stream itself."""
    return key if number == 0 else mixed(mixed(key) ^ np.uint64(number))


@compiled
def uniform(key: Any, count: int) -> float:
    """The stream's number of this count: between 0 and 1, never either."""
    return float((float(np.int64(mixed(key + np.uint64(count) * _STEP) >> np.uint64(11))) + 0.5) * _FRACTION)


def _layers() -> tuple[Floats, Floats]:
    """The 256 layers of equal area that cover the exponential density, by their right ends, and its heights there."""
    ends = np.zeros(257)
    ends[0], ends[1] = _AREA / math.exp(-_TAIL), _TAIL
    for layer in range(2, 256):
        ends[layer] = -math.log(_AREA / ends[layer - 1] + math.exp(-ends[layer - 1]))
    return ends, np.exp(-ends)


_ENDS, _HEIGHTS = _layers()


@compiled
def exponential(key: Any, count: int) -> float:
    """An exponential number with mean 1 (the ziggurat of Marsaglia and Tsang, which seldom needs a logarithm)."""
    word = mixed(key + np.uint64(count) * _STEP)
    before = 0.0
    while True:
        layer = np.int64(word & np.uint64(255))
        drawn = (float(np.int64(word >> np.uint64(11))) + 0.5) * _FRACTION * _ENDS[layer]
        if drawn < _ENDS[layer + 1]:
            return float(before + drawn)
        word = mixed(word + _STEP)
        if layer == 0:
            before += _TAIL
            continue
        height = (float(np.int64(word >> np.uint64(11))) + 0.5) * _FRACTION
        if _HEIGHTS[layer] + height * (_HEIGHTS[layer + 1] - _HEIGHTS[layer]) < math.exp(-drawn):
            return float(before + drawn)
        word = mixed(word + _STEP)


@compiled
def normal(key: Any, count: int) -> float:
    """A standard normal number: the quantile of one uniform, so that what is drawn rises with it (Wichura's AS 241)."""
    p = uniform(key, count)
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        over = (
            ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
            + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
            + 133.14166789178437745) * r + 3.387132872796366608
        )  # fmt: skip
        under = (
            ((((((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
            + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
            + 42.313330701600911252) * r + 1.0
        )  # fmt: skip
        return float(q * over / under)
    r = math.sqrt(-math.log(min(p, 1.0 - p)))
    if r <= 5.0:
        r -= 1.6
        over = (
            ((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
            + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
            + 4.6303378461565452959) * r + 1.42343711074968357734
        )  # fmt: skip
        under = (
            ((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
            + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r
            + 2.05319162663775882187) * r + 1.0
        )  # fmt: skip
    else:
        r -= 5.0
        over = (
            ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
            + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r
            + 5.4637849111641143699) * r + 6.6579046435011037772
        )  # fmt: skip
        under = (
            ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r
            + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r
            + 0.59983220655588793769) * r + 1.0
        )  # fmt: skip
    return math.copysign(over / under, q)


@compiled
def lognormal(key: Any, count: int, median: float, sigma: float) -> float:
    """A lognormal number with this median; the median itself where sigma is 0."""
    if sigma <= 0.0:
        return median
    return median * math.exp(sigma * normal(key, count))
