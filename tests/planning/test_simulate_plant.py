"""The ledger of a simulated base gives the same measures as the fast kernel: how long things last, how often what goes wrong; and calibration
finds in it what the plant was given.

On the plant's side people act on a ledger through the real actions, and all is measured from its facts; on the kernel's nobody does. Both live by
one recipe and one base (``plant_measured``). Compared are two samples of each span (their means by Welch's test, their distributions by
Kolmogorov and Smirnov's) and two shares of each odds (Fisher's exact test), so that all of them together err in one of a hundred
(Holm, Scand J Statist 6:65, 1979); seeds are fixed.

Troubles are those of one scenario (``TROUBLES``): missed appointments and by how much they put the collection off, late couriers, suites and
shared equipment that break, batches that are lost with a suite or stand still until it is repaired. Patients that deteriorate and tests that
come out positive, before a release or when the product has left, are of another (``befallen``): they would leave little of the spans. Not
compared: absences, as the plant's people are never too busy to do a second thing; invalid tests and second batches of retained material,
which the plant does not know.

Left out, because the two do not mean the same: from the collection to the batch's beginning (the plant keeps the reserved hour, whatever the
hospital's hours are, the kernel calls patients as suites come free), from the delivery to the infusion (the plant's hospitals take the days that
they take; neither recipe nor base says how many), and what the plant's people need beside the recipe's durations: minutes between steps, the
second analyst's check of a result, packing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
import pytest
from psycopg_pool import ConnectionPool
from scipy import stats
from tests.planning import befallen
from tests.planning.befallen import BEFALLING
from tests.planning.kernel_measured import of_the_kernel
from tests.planning.plant_measured import MORE_FAILURES, TROUBLES, Measured, files, lived, of_the_plant
from tests.projections.following import followed
from tests.spec.harness import START

from yimai.domain.base import base_from
from yimai.domain.recipe_content import recipe_from
from yimai.ledger.entry import Entry
from yimai.planning.calibrate import SURE, Calibration, calibrate
from yimai.planning.drift import run_length
from yimai.planning.scenario import Scenario
from yimai.projections import time_study

FAMILY = 0.01
"""How often all comparisons together may find a difference where there is none."""
TREATMENTS = 30
SEEDS = (1, 2, 3, 4)
REPLICATIONS = range(8)
LATER = timedelta(days=200)
SELDOM = {"missed", "stood still"}
NOT_COMPARED = {"inbound", "infusion", "test:sterility"}
"""Sterility is told when the product has long been delivered; it lasts its fourteen days to the minute."""


@cache
def life(seed: int) -> list[Entry]:
    return lived(files(), TREATMENTS, seed)


@cache
def plant() -> Measured:
    founding = files()
    return of_the_plant(recipe_from(founding.recipe), base_from(founding.base), [life(seed) for seed in SEEDS])


def kernel(
    *, slower: dict[str, float] | None = None, more: float = MORE_FAILURES, scenario: Scenario = TROUBLES
) -> Measured:
    founding = files(slower or {}, more)
    return of_the_kernel(recipe_from(founding.recipe), base_from(founding.base), 1, REPLICATIONS, scenario)


def compared(one: Measured, other: Measured) -> Iterator[tuple[str, float]]:
    """Each comparison with the odds of such a difference where there is none."""
    for name in one.spans:
        ours, theirs = np.asarray(one.spans[name]), np.asarray(other.spans[name])
        yield name, float(stats.ks_2samp(ours, theirs).pvalue)
        yield name, float(stats.ttest_ind(ours, theirs, equal_var=False).pvalue)
    for name, (times, trials) in one.odds.items():
        others, of = other.odds[name]
        yield name, float(stats.fisher_exact([[times, trials - times], [others, of - others]]).pvalue)


def differing(one: Measured, other: Measured) -> set[str]:
    """What differs, by Holm's step-down procedure over all comparisons."""
    found = sorted(compared(one, other), key=lambda each: each[1])
    names = set()
    for place, (name, odds) in enumerate(found):
        if odds > FAMILY / (len(found) - place):
            break
        names.add(name)
    return names


def test_the_plants_facts_give_the_same_measures_as_the_kernel() -> None:
    ours, theirs = plant(), kernel()
    assert set(theirs.spans) - set(ours.spans) == NOT_COMPARED
    assert ours.odds.keys() == theirs.odds.keys()
    assert min(len(each) for name, each in ours.spans.items() if name not in SELDOM) > 100
    assert min(len(ours.spans[name]) for name in SELDOM) > 10
    assert differing(ours, theirs) == set()


@pytest.mark.parametrize("step", ["wash", "middle_culture", "harvest_cells"])
def test_a_step_that_takes_a_tenth_longer_in_one_of_them_is_found(step: str) -> None:
    found = differing(plant(), kernel(slower={step: 1.1}))
    assert f"step:{step}" in found
    assert found <= {f"step:{step}", "made", "vein"}


def test_failures_three_times_as_likely_in_one_of_them_are_found() -> None:
    found = differing(plant(), kernel(more=3 * MORE_FAILURES))
    assert {"yield", "lost:unstated"} <= found
    assert found - {"missed"} <= set(
        plant().odds
    )  # the hours of hospitals, which the plant does not keep, show in some samples


@pytest.mark.parametrize(
    ("found", "scenario"),
    [
        ("suite broken", replace(TROUBLES, suite_failures=2 * TROUBLES.suite_failures)),
        ("equipment broken", replace(TROUBLES, equipment_failures=1.3 * TROUBLES.equipment_failures)),
        ("stood still", replace(TROUBLES, suite_repair_hours=4 * TROUBLES.suite_repair_hours)),
        ("lost:suite_failure", replace(TROUBLES, suite_failure_loss=0.8)),
        ("did not come", replace(TROUBLES, no_show=2 * TROUBLES.no_show)),
        ("missed", replace(TROUBLES, rebooking_days=4.0)),
        ("outbound", replace(TROUBLES, courier_delay_hours=3 * TROUBLES.courier_delay_hours)),
    ],
)
def test_other_troubles_in_one_of_them_are_found(found: str, scenario: Scenario) -> None:
    assert found in differing(plant(), kernel(scenario=scenario))


@cache
def befell() -> Measured:
    founding = files()
    lives = (lived(founding, TREATMENTS, seed, scenario=BEFALLING, until="released") for seed in SEEDS)
    return befallen.of_the_plant(recipe_from(founding.recipe), lives)


def befell_in_the_kernel(scenario: Scenario = BEFALLING) -> Measured:
    founding = files()
    return befallen.of_the_kernel(recipe_from(founding.recipe), base_from(founding.base), 1, REPLICATIONS, scenario)


def test_patients_deteriorate_and_tests_come_out_positive_as_often_in_both() -> None:
    ours = befell()
    assert all(times > 0 for times, _ in ours.odds.values())
    assert differing(ours, befell_in_the_kernel()) == set()


@pytest.mark.parametrize(
    ("found", "scenario"),
    [
        ("deteriorated", replace(BEFALLING, deterioration_per_month=2.5 * BEFALLING.deterioration_per_month)),
        ("out of specification", replace(BEFALLING, positive=2.5 * BEFALLING.positive)),
        ("late positive", replace(BEFALLING, positive=6 * BEFALLING.positive)),
    ],
)
def test_more_of_it_in_one_of_them_is_found(found: str, scenario: Scenario) -> None:
    assert found in differing(befell(), befell_in_the_kernel(scenario))


@cache
def slowed() -> list[Entry]:
    """A plant whose people wash half as long again as the recipe says; it lives later than the others."""
    return lived(files(), TREATMENTS, 5, starts=START + LATER, as_done=files({"wash": 1.5}))


def test_slots_in_a_broken_suite_are_moved_and_no_step_begins_in_it() -> None:
    moved = 0
    for seed in SEEDS:
        out: set[str] = set()
        inside: dict[str, str] = {}
        for entry in life(seed):
            data: Any = entry.data
            match entry.kind:
                case "suite.taken_out.v1":
                    out.add(data["suite"])
                case "suite.returned.v1":
                    out.remove(data["suite"])
                case "suite.occupied.v1":
                    inside[data["batch"]] = data["suite"]
                case "batch.step_started.v1":
                    assert inside[data["batch"]] not in out
                case "slot.moved.v1":
                    assert data["itinerary"]["suite"] not in out
                    moved += 1
    assert moved > 5


@pytest.fixture
def pool(fresh_database: str) -> Iterator[ConnectionPool[Any]]:
    with followed(fresh_database) as opened:
        yield opened


def calibrated(pool: ConnectionPool[Any], *lives: Sequence[Entry]) -> Calibration:
    """What ``yimai plan calibrate`` finds in these facts, through the tables that it reads, beside the recipe that was approved."""
    founding = files()
    recipe, base = recipe_from(founding.recipe), base_from(founding.base)
    with pool.connection() as connection, connection.transaction(force_rollback=True), connection.cursor() as cursor:
        with connection.pipeline():
            for entry in chain.from_iterable(lives):
                for change in time_study.changes(entry):
                    cursor.execute(change.statement, change.values)
        study = time_study.study(cursor, base.id, recipe, lives[-1][-1].occurred)
    return calibrate(recipe, study, np.random.default_rng(1))


def alarms(found: Calibration) -> list[str]:
    return [each.name for each in found.spreads if each.drift is not None]


def expected_alarms(*found: Calibration) -> float:
    """How many come without a cause, as the chart says."""
    return sum(len(each.sample.values) for one in found for each in one.spreads) / run_length()


def test_calibration_finds_the_truth_as_often_as_its_intervals_say(pool: ConnectionPool[Any]) -> None:
    found = [calibrated(pool, life(seed)) for seed in SEEDS]
    held: dict[str, list[bool]] = defaultdict(list)
    for each in chain.from_iterable(one.spreads for one in found):
        if each.fitted is not None:
            what = "durations" if each.unit == "h" else "values"
            held[f"medians of {what}"].append(each.fitted.median.holds(each.median))
            held[f"variations of {what}"].append(each.fitted.cv.holds(each.cv))
    for name, each_held in held.items():
        assert len(each_held) > 60, name
        assert stats.binomtest(sum(each_held), len(each_held), SURE).pvalue > FAMILY / 5, (name, Counter(each_held))
    shares = [each.between.holds(each.probability) for one in found for each in one.shares if each.between is not None]
    assert stats.binomtest(sum(shares), len(shares), SURE, "less").pvalue > FAMILY / 5, Counter(shares)
    wrong = [[each.name for each in one.differing] for one in found]
    assert sum(map(bool, wrong)) <= 1, wrong  # two of four in one of seventy, each in one of twenty
    assert sum(len(alarms(one)) for one in found) <= stats.poisson.ppf(1 - FAMILY, expected_alarms(*found))


def test_a_plant_slower_than_its_recipe_says_is_found_in_that_step_only(pool: ConnectionPool[Any]) -> None:
    found = calibrated(pool, slowed())
    assert [each.name for each in found.differing] == ["step:wash"]
    wash = next(each for each in found.spreads if each.name == "step:wash")
    assert wash.fitted is not None
    assert wash.fitted.median.holds(1.5 * wash.median)


def test_a_plant_that_becomes_slower_raises_the_alarm_for_that_step(pool: ConnectionPool[Any]) -> None:
    found = calibrated(pool, life(1), slowed())
    wash = next(each for each in found.spreads if each.name == "step:wash")
    assert wash.drift is not None
    assert wash.since is not None
    assert wash.drift.direction == "up"
    assert abs(wash.since - START - LATER) < timedelta(days=20), "ten batches from the first slow one"
    others = set(alarms(found)) - {"step:wash"}
    assert len(others) <= stats.poisson.ppf(1 - FAMILY, expected_alarms(found)), others
