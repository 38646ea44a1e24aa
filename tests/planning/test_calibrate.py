"""Calibration: intervals hold as often as they say, what is right is left alone, what is wrong is found, and nothing is applied."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tests.planning.measured import BEGINS, DAY, cart, measured

from yimai.interfaces.files.reading import read_recipe
from yimai.planning.calibrate import ENOUGH, Spread, calibrate, share_between
from yimai.planning.drift import WARM_UP, drift, run_length
from yimai.planning.lognormal import Sample, fitted, shape
from yimai.planning.recipe_draft import draft
from yimai.planning.study import Course, Study

NONE = np.zeros(0)


def spread(study: Study, name: str) -> Spread:
    found = calibrate(cart().recipe, study, np.random.default_rng(1))
    return next(each for each in found.spreads if each.name == name)


def test_intervals_hold_the_truth_as_often_as_they_say_with_and_without_what_still_runs() -> None:
    chance, held = np.random.default_rng(3), np.zeros((2, 2))
    for _ in range(300):
        drawn = 5 * np.exp(0.3 * chance.standard_normal(40))
        limit = 6.5
        whole = Sample(drawn, NONE, NONE)
        cut = Sample(drawn[drawn <= limit], np.full(int((drawn > limit).sum()), limit), NONE)
        for row, sample in enumerate((whole, cut)):
            found = fitted(sample, 0.95)
            held[row] += found.median.holds(5.0), found.cv.holds(math.sqrt(math.expm1(0.09)))
    assert (held / 300 > 0.92).all(), held
    assert (held / 300 < 0.98).all(), held


def test_leaving_out_what_still_runs_would_make_it_look_short() -> None:
    now = BEGINS + 60 * DAY + timedelta(hours=1)
    slow = spread(measured(60, factors={"early_culture": 3.0}, until=now), "step:early_culture")
    assert len(slow.sample.longer) > 5
    assert slow.fitted is not None
    truth = 3 * slow.median
    assert slow.fitted.median.low < truth < slow.fitted.median.high
    alone = fitted(Sample(slow.sample.values, NONE, NONE), 0.95)
    assert alone.median.value <= slow.fitted.median.value


def test_the_interval_of_a_share_is_scipys_exact_one() -> None:
    for times, trials in ((0, 30), (3, 107), (30, 30)):
        ours, theirs = share_between(times, trials, 0.95), stats.binomtest(times, trials).proportion_ci(0.95, "exact")
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_the_judge_of_the_fit_is_as_often_wrong_as_it_says_and_finds_another_shape() -> None:
    chance = np.random.default_rng(5)
    odds = [shape(np.exp(0.2 * chance.standard_normal(60)), chance) for _ in range(200)]
    assert stats.kstest(np.array(odds, float), "uniform").pvalue > 0.01
    two = np.concatenate([np.exp(0.1 * chance.standard_normal(50)), 2 * np.exp(0.1 * chance.standard_normal(50))])
    found = shape(two, chance)
    assert found is not None
    assert found < 0.005


def test_an_alarm_without_a_cause_comes_as_seldom_as_it_says_and_one_with_a_cause_soon() -> None:
    chance = np.random.default_rng(7)
    lengths = []
    for _ in range(80):
        found = drift(chance.standard_normal(12_000))
        lengths.append(found is not None)
    assert 0.85 < np.mean(lengths) < 1.0  # 1 - exp(-12000 / 3510) = 0.967, of the latest of several
    assert run_length() == pytest.approx(3510, abs=1)
    moved = np.concatenate([chance.standard_normal(100), 1.5 + chance.standard_normal(40)])
    alarm = drift(moved)
    assert alarm is not None
    assert alarm.direction == "up"
    assert 90 <= alarm.since <= 110
    assert drift(np.full(100, 3.0)) is None
    assert drift(chance.standard_normal(WARM_UP)) is None


def test_a_recipe_that_is_true_is_left_alone() -> None:
    found = calibrate(cart().recipe, measured(80), np.random.default_rng(1))
    assert [each.name for each in found.differing] == []
    assert draft(cart().recipe, cart().content, found) is None


def test_a_culture_told_only_after_its_incubation_is_not_taken_for_a_longer_one() -> None:
    told = spread(measured(120), "test:rapid_sterility")
    assert len(told.sample.shorter) > 40
    assert told.verdict == "agrees"


def test_few_values_say_nothing() -> None:
    found = calibrate(cart().recipe, measured(ENOUGH - 1, factors={"wash": 3.0}), np.random.default_rng(1))
    assert {each.verdict for each in found.spreads} == {"too_few"}
    assert found.differing == ()


def test_a_few_values_far_off_are_shown_and_not_proposed() -> None:
    study = measured(80)
    runs = [
        replace(each, ended=each.started + timedelta(hours=40))
        if each.step == "wash" and each.started < BEGINS + 3 * DAY
        else each
        for each in study.runs
    ]
    assert spread(replace(study, runs=runs), "step:wash").verdict == "other_shape"


def test_a_failure_belongs_to_the_step_that_can_fail_so_and_open_batches_are_no_trials() -> None:
    recipe = cart().recipe
    order = tuple(step.id for step in recipe.steps)
    grown = order[: order.index("final_culture") + 1]
    courses = [Course(order, True)] * 30 + [Course(grown, True, "growth")] * 10 + [Course(grown, False)] * 5
    found = calibrate(recipe, Study(courses=courses), np.random.default_rng(1))
    growth = next(each for each in found.shares if each.name == "failure:final_culture.growth")
    assert (growth.times, growth.trials, growth.verdict) == (10, 40, "differs")
    assert next(each for each in found.shares if each.name == "failure:store.bag_fracture").trials == 30


def test_a_batch_that_is_lost_in_a_step_for_another_reason_is_no_trial_of_it() -> None:
    recipe = cart().recipe
    order = tuple(step.id for step in recipe.steps)
    grown = order[: order.index("final_culture") + 1]
    courses = (
        [Course(order, True)] * 30 + [Course(grown, True, "growth")] * 10 + [Course(grown, True, "equipment")] * 20
    )
    found = calibrate(recipe, Study(courses=courses), np.random.default_rng(1))
    growth = next(each for each in found.shares if each.name == "failure:final_culture.growth")
    assert (growth.times, growth.trials) == (10, 40)


def test_the_draft_is_a_recipe_that_loads_with_what_was_measured_and_whence(tmp_path: Path) -> None:
    study = measured(60, factors={"wash": 1.5, "vector_wash.viable_cells": 2.0})
    found = calibrate(cart().recipe, study, np.random.default_rng(1))
    assert {each.name for each in found.differing} == {"step:wash", "entry:vector_wash.viable_cells"}
    before = json.dumps(cart().content)
    made = draft(cart().recipe, cart().content, found)
    assert json.dumps(cart().content) == before
    assert made is not None
    file = tmp_path / "draft.json"
    file.write_text(json.dumps(made.content, ensure_ascii=False), encoding="utf-8")
    recipe = read_recipe(file).recipe
    assert recipe.version == made.version == "2"
    wash = recipe.step("wash")
    assert wash is not None
    assert timedelta(minutes=125) < wash.duration.median < timedelta(minutes=145)
    assert not wash.duration.source.assumed
    assert wash.duration.source.text.startswith("measured: n = 60, 2026-01-05 to 2026-03-")
    other = recipe.step("receive"), cart().recipe.step("receive")
    assert other[0] == other[1]
