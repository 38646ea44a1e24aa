"""The odds of a simulation as one array of numbers, the causes of losses, and the odds of a test."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

import numpy as np

from yimai.domain.recipe import Recipe, Test
from yimai.planning.problem import Floats, sigma_of
from yimai.planning.scenario import Scenario

CAUSES: Final = (
    "deteriorated", "given_up", "hold", "growth", "out_of_specification", "late_positive", "suite_failure", "remake",
)  # fmt: skip
"""Why a batch or a patient is lost, beside the failures that the recipe names."""
DETERIORATED, GIVEN_UP, HOLD, GROWTH, OUT_OF_SPECIFICATION, LATE_POSITIVE, SUITE_FAILURE, REMAKE = range(8)

NAMES: Final = (
    "preparation", "preparation_sigma", "wanted", "hazard", "no_show", "rebooking", "collection_failures", "recollection",
    "collections", "batches", "delay", "delay_hours", "retained", "remake", "remake_failures", "hold_loss", "repeats", "supply",
    "suite_failures", "suite_repair", "suite_loss", "equipment_failures", "equipment_repair", "absence", "allowance", "tolerance",
    "warm_up",
)  # fmt: skip
(
    PREPARATION, PREPARATION_SIGMA, WANTED, HAZARD, NO_SHOW, REBOOKING, COLLECTION_FAILURES, RECOLLECTION, COLLECTIONS, BATCHES, DELAY,
    DELAY_HOURS, RETAINED, REMAKE_AFTER, REMAKE_FAILURES, HOLD_LOSS, REPEATS, SUPPLY, SUITE_FAILURES, SUITE_REPAIR, SUITE_LOSS,
    EQUIPMENT_FAILURES, EQUIPMENT_REPAIR, ABSENCE, ALLOWANCE, TOLERANCE, WARM_UP,
) = range(27)  # fmt: skip


def odds_of(scenario: Scenario, recipe: Recipe) -> Floats:
    """The scenario's numbers in hours and shares, in the order of the names above; failures of suites and pieces an hour."""
    failed = scenario.collection_failures
    if failed is None:
        failed = 1 - math.prod(1 - float(each.probability) for each in recipe.starting_material.failures)
    day, year = 24.0, 365.25 * 24.0
    return np.array(
        [
            scenario.preparation_days * day, sigma_of(scenario.preparation_cv), scenario.wanted_days * day,
            scenario.deterioration_per_month * 12 / year, scenario.no_show, scenario.rebooking_days * day, failed,
            scenario.recollection_days * day, scenario.collections, scenario.batches, scenario.courier_delay,
            scenario.courier_delay_hours, scenario.retained, scenario.remake_days * day, scenario.remake_failures, scenario.hold_loss,
            scenario.repeats, scenario.out_of_specification_supply, scenario.suite_failures / year, scenario.suite_repair_hours,
            scenario.suite_failure_loss, scenario.equipment_failures / year, scenario.equipment_repair_hours, scenario.absence,
            scenario.allowance_hours, scenario.tolerance_hours, scenario.warm_up_days * day,
        ]
    )  # fmt: skip


def unacceptable(test: Test, positive: float) -> float:
    """The chance that a valid result of the test is not acceptable: by its typical values and limits, or ``positive``.

    A share in per cent is never above its upper limit of 100.
    """
    if test.type == "choice" or test.typical is None or test.typical.median <= 0:
        return positive if test.type == "choice" else 0.0
    median, spread = float(test.typical.median), sigma_of(float(test.typical.cv))
    below = above = 0.0
    if test.limits.low is not None and test.limits.low > 0:
        below = _below(float(test.limits.low), median, spread)
    if test.limits.high is not None and not (test.unit == "%" and test.limits.high == 100):
        above = 1.0 - _below(float(test.limits.high), median, spread)
    return below + above


def _below(value: float, median: float, spread: float) -> float:
    return NormalDist().cdf(math.log(value / median) / spread) if spread else float(median < value)
