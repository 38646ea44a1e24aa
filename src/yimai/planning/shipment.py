"""One patient, one batch, few plants: the published network case (i-SHIPMENT), solved to a proof in a fraction of a second.

Which plants to open, at which each patient's cells are made and how they travel, so that all come back within the turnaround at least
cost. The published formulation has a binary column for each patient, plant, day and mode. Here patients of one collection site and one day
are one group, as nothing tells them apart; a column is a group's share that begins at a plant on a day, with the cheapest legs that allow
it; and each set of plants is a linear programme of its own, solved in the order of what it must cost at least until no set that is left can
be cheaper; sets whose lines cannot take all in time are left out beforehand. Where a linear programme leaves fractions, branch and bound ends them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import highspy
import numpy as np

from yimai.planning.problem import Floats, Ints

WHOLE: Final = 1e-6


@dataclass(frozen=True)
class Network:
    """The case. patients: of each collection site on each day. lines: of each plant; opening: what it costs to have it for all days.

    out, back: cost of a leg by collection site, plant and mode; days: of the modes. collection, making, tests, turnaround: days.
    each: what any patient costs besides. plants: at most so many.
    """

    patients: Ints
    lines: Ints
    opening: Floats
    out: Floats
    back: Floats
    days: tuple[int, ...] = (1, 2)
    collection: int = 1
    making: int = 7
    tests: int = 7
    turnaround: int = 18
    each: float = 10_476.0 + 9_312.0
    plants: int = 2


@dataclass(frozen=True)
class Shipped:
    """The cheapest answer, proven. plants: that are opened. begun: by group (site, day), plant and waiting days; sets: that were solved."""

    cost: float
    plants: tuple[int, ...]
    begun: Floats
    sets: int


def legs(network: Network) -> tuple[Ints, Floats]:
    """The days from collection until manufacture can begin, and by site, plant and these what the legs cost; infinite: too late."""
    slack = network.turnaround - network.collection - network.making - network.tests
    starts = np.arange(min(network.days), slack - min(network.days) + 1)
    costs = np.full((*network.out.shape[:2], len(starts)), np.inf)
    for place, begins in enumerate(starts):
        for there, first in enumerate(network.days):
            for home, last in enumerate(network.days):
                if first <= begins and begins + last <= slack:
                    costs[:, :, place] = np.minimum(
                        costs[:, :, place], network.out[:, :, there] + network.back[:, :, home]
                    )
    return starts.astype(np.int32), costs


def shipped(network: Network) -> Shipped | None:
    """The cheapest answer; None where no set of plants has room for all. It is proven: every set is solved or cannot be cheaper."""
    starts, costs = legs(network)
    sites, days = (each.astype(np.int32) for each in np.nonzero(network.patients))
    sizes = network.patients[sites, days].astype(float)
    constant = network.each * float(sizes.sum())
    needed = _needed(network, starts, days, sizes) if np.isfinite(costs).all() else 0
    plants = range(len(network.lines))
    sets = [each for size in range(1, network.plants + 1) for each in combinations(plants, size)]
    least = costs.min(axis=2)
    bounds = [
        (float(sum(network.opening[plant] for plant in each) + sizes @ least[sites][:, each].min(axis=1)), each)
        for each in sets
        if network.lines[list(each)].sum() >= needed
    ]
    best: Shipped | None = None
    tried = 0
    for bound, chosen in sorted(bounds):
        if best is not None and constant + bound >= best.cost - WHOLE:
            break
        tried += 1
        found = _filled(network, chosen, starts, costs[sites][:, chosen], days, sizes)
        if found is None:
            continue
        values, cost = found
        total = constant + cost + float(sum(network.opening[plant] for plant in chosen))
        if best is None or total < best.cost - WHOLE:
            best = Shipped(total, chosen, values, tried)
    return None if best is None else Shipped(best.cost, best.plants, best.begun, tried)


def _needed(network: Network, starts: Ints, days: Ints, sizes: Floats) -> float:
    """The fewest lines in all on which everybody can begin in time; infinite where no number does.

    All take equally long and who comes first must begin first, so that beginning in turn, each as soon as a line is free, is best.
    """
    came = np.bincount(days, weights=sizes, minlength=int(days.max()) + 1).astype(int)
    one_by_one = np.repeat(np.arange(len(came)), came)
    first, last = int(starts[0]), int(starts[-1])
    sizes_of = range(1, network.plants + 1)
    for lines in sorted({sum(each) for size in sizes_of for each in combinations(network.lines.tolist(), size)}):
        free = [0] * lines
        for number, day in enumerate(one_by_one.tolist()):
            place = number % lines
            begun = max(day + first, free[place])
            if begun > day + last:
                break
            free[place] = begun + network.making
        else:
            return float(lines)
    return math.inf


def _filled(
    network: Network, chosen: tuple[int, ...], starts: Ints, costs: Floats, days: Ints, sizes: Floats
) -> tuple[Floats, float] | None:
    """The cheapest beginnings at these plants, and their cost; None where the lines do not suffice."""
    groups, shape = len(sizes), costs.shape
    columns = np.arange(int(np.prod(shape))).reshape(shape)
    begins = days[:, None, None] + network.collection + starts[None, None, :] + np.zeros(shape, dtype=int)
    span = int(begins.max()) + network.making
    plant = np.zeros(shape, dtype=int) + np.arange(len(chosen))[None, :, None]
    rows, numbers = [np.repeat(np.arange(groups), shape[1] * shape[2])], [columns.ravel()]
    for day in range(network.making):
        rows.append((groups + plant * span + begins + day).ravel())
        numbers.append(columns.ravel())
    row, column = np.concatenate(rows), np.concatenate(numbers)
    order = np.lexsort((column, row))
    lp: Any = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns.size, groups + len(chosen) * span
    allowed = np.isfinite(costs).ravel()
    lp.col_cost_ = np.where(allowed, costs.ravel(), 0.0)
    lp.col_lower_ = np.zeros(columns.size)
    lp.col_upper_ = np.where(allowed, np.repeat(sizes, shape[1] * shape[2]), 0.0)
    room = np.repeat(network.lines[list(chosen)].astype(float), span)
    lp.row_lower_ = np.concatenate([sizes, np.full(len(room), -np.inf)])
    lp.row_upper_ = np.concatenate([sizes, room])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.searchsorted(row[order], np.arange(lp.num_row_ + 1)).astype(np.int32)
    lp.a_matrix_.index_ = column[order].astype(np.int32)
    lp.a_matrix_.value_ = np.ones(len(row))
    highs: Any = highspy.Highs()
    for name, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.0)):
        highs.setOptionValue(name, value)
    highs.passModel(lp)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    values = np.array(highs.getSolution().col_value)
    if np.abs(values - np.rint(values)).max() > WHOLE:
        count = columns.size
        highs.changeColsIntegrality(count, np.arange(count, dtype=np.int32), np.ones(count, dtype=np.uint8))
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        values = np.array(highs.getSolution().col_value)
    return np.rint(values).reshape(shape), float(highs.getInfo().objective_function_value)
