"""The picture of something that varies: what was measured as columns, the recipe's distribution and the fitted one as curves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from yimai.planning.calibrate import Spread
from yimai.planning.problem import Floats, sigma_of

WIDTH, HEIGHT, FOOT, SIDE = 320, 120, 20, 8
"""Pixels: the whole, what the axis takes below, the margin at both sides."""
POINTS: Final = 81
MOST: Final = 24


@dataclass(frozen=True, slots=True)
class Picture:
    """columns, recipe, fitted: paths; median: where the recipe's is. ticks: place and number."""

    columns: str
    recipe: str
    fitted: str
    median: float
    ticks: tuple[tuple[float, str], ...]


def picture(spread: Spread) -> Picture | None:
    """None where too few were measured."""
    if spread.fitted is None:
        return None
    values, sigma = spread.sample.values, sigma_of(spread.cv)
    low, high = _range(spread, sigma)
    number = min(MOST, max(6, math.ceil(1.6 * math.sqrt(len(values)))))
    counts, edges = np.histogram(values, bins=number, range=(low, high))
    heights = counts / (spread.sample.size * (edges[1] - edges[0]))
    at = np.linspace(low, high, POINTS)
    ours = _density(at, spread.median, sigma)
    theirs = _density(at, spread.fitted.median.value, sigma_of(spread.fitted.cv.value))
    top = max(float(heights.max()), float(theirs.max()), min(float(ours.max()), 2 * float(theirs.max())), 1e-12)

    def across(value: float) -> float:
        return round(SIDE + (WIDTH - 2 * SIDE) * (value - low) / (high - low), 1)

    def up(height: float) -> float:
        return round((HEIGHT - FOOT) * (1 - min(1.0, height / top / 1.05)), 1)

    columns = "".join(
        f"M{across(left)} {HEIGHT - FOOT}V{up(height)}H{round(across(right) - 1, 1)}V{HEIGHT - FOOT}z"
        for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True)
        if height > 0
    )
    ticks = tuple((across(each), f"{each:,.0f}" if abs(each) >= 1000 else f"{each:.3g}") for each in _ticks(low, high))
    return Picture(columns, _path(at, ours, across, up), _path(at, theirs, across, up), across(spread.median), ticks)


def _range(spread: Spread, sigma: float) -> tuple[float, float]:
    """From where to where: all that was measured, but for the far ends, and most of what the recipe says."""
    values = spread.sample.values
    low, high = (float(np.quantile(values, each)) for each in (0.002, 0.998))
    low, high = min(low, spread.median * math.exp(-2.6 * sigma)), max(high, spread.median * math.exp(2.6 * sigma))
    margin = max((high - low) * 0.04, 1e-6 * high)
    return max(0.0, low - margin), high + margin


def _ticks(low: float, high: float) -> list[float]:
    """Two to five round numbers between the two."""
    step = 10 ** math.floor(math.log10((high - low) / 2))
    factor = next(each for each in (1, 2, 5, 10) if (high - low) / (step * each) <= 5)
    step *= factor
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _density(at: Floats, median: float, sigma: float) -> Floats:
    if sigma < 1e-4:
        return np.zeros(len(at))
    safe = np.maximum(at, 1e-9)
    found: Floats = np.exp(-((np.log(safe / median) / sigma) ** 2) / 2) / (safe * sigma * math.sqrt(2 * math.pi))
    return found


def _path(at: Floats, heights: Floats, across: Callable[[float], float], up: Callable[[float], float]) -> str:
    if not heights.any():
        return ""
    return "M" + " L".join(f"{across(float(x))},{up(float(y))}" for x, y in zip(at, heights, strict=True))
