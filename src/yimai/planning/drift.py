"""Whether what is measured again and again has begun to drift: a self-starting cumulative sum of both directions.

Each value is held against all before it: its deviation from their mean, in their spread, follows Student's distribution whatever the
true values are, and is turned into a standard normal number (Hawkins, Journal of Quality Technology 19:195, 1987). Deviations beyond half a
standard deviation add up until they alarm. With this interval an alarm without a cause comes once in about 3,500 values (Siegmund's approximation).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.special import ndtri, stdtr

from yimai.planning.problem import Floats

ALLOWANCE: Final = 0.5
INTERVAL: Final = 7.0
WARM_UP: Final = 10
"""So many values are only learnt from."""


@dataclass(frozen=True, slots=True)
class Drift:
    """An alarm that stands. since: the number of the value from which on it drifts. at: that of the value that gave the alarm."""

    direction: Literal["up", "down"]
    since: int
    at: int


def run_length(interval: float = INTERVAL, allowance: float = ALLOWANCE) -> float:
    """How many values pass on average until an alarm without a cause."""
    far = interval + 1.166
    one_sided = (math.exp(2 * allowance * far) - 2 * allowance * far - 1) / (2 * allowance**2)
    return one_sided / 2


def drift(values: Floats) -> Drift | None:
    """The latest alarm, or None. values: in the order in which they came, on a scale on which they are normal.

    After an alarm the chart begins again, and learns anew what is usual.
    """
    found: Drift | None = None
    first = 0
    while first < len(values):
        alarm = _first_alarm(values[first:])
        if alarm is None:
            break
        found = Drift(alarm.direction, first + alarm.since, first + alarm.at)
        first = found.at + 1
    return found


def _first_alarm(values: Floats) -> Drift | None:
    up = down = 0.0
    up_since = down_since = 0
    for at, each in enumerate(_scores(values)):
        up, down = max(0.0, up + each - ALLOWANCE), max(0.0, down - each - ALLOWANCE)
        up_since = at + 1 if up == 0 else up_since
        down_since = at + 1 if down == 0 else down_since
        if max(up, down) > INTERVAL:
            return Drift("up", up_since, at) if up > down else Drift("down", down_since, at)
    return None


def _scores(values: Floats) -> Floats:
    """Each value against those before it, as a standard normal number; 0 while too few are known."""
    number = np.arange(len(values), dtype=float)
    total, squares = np.cumsum(values) - values, np.cumsum(values**2) - values**2
    scores = np.zeros(len(values))
    late = np.arange(len(values)) >= WARM_UP
    if not late.any():
        return scores
    before, mean = number[late], total[late] / number[late]
    variance = np.maximum(0.0, squares[late] - before * mean**2) / (before - 1)
    usable = variance > 1e-12
    ratio = np.where(usable, (values[late] - mean) / np.sqrt(np.where(usable, variance, 1.0) * (1 + 1 / before)), 0.0)
    scores[late] = np.clip(ndtri(stdtr(before - 1, ratio)), -6.0, 6.0)
    return scores
