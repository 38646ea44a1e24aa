"""What was measured beside what the recipe says: durations, values, counts and failures, each with its interval.

Nothing here changes a recipe. A step that runs, or that was broken off with its batch, counts as longer than it has lasted; a result that may
not be told sooner (an incubation) as no longer than that; a percentage at its limit of 100 as at least that. Of fewer than ``ENOUGH`` values
nothing is said. A value of the recipe is called wrong only where it lies outside an interval that all comparisons of the page keep
together (Bonferroni), so that of fifty right ones hardly one is called wrong; and where a few values lie far off, as those do that opened
a deviation, no lognormal distribution is proposed for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

import numpy as np
from scipy.special import betaincinv

from yimai.domain.recipe import Duration, EntryField, Failure, Limits, Recipe, Source, Step, Test, Typical, Words
from yimai.planning.build import success
from yimai.planning.drift import Drift, drift
from yimai.planning.lognormal import Between, Fitted, Sample, fitted, shape
from yimai.planning.problem import Floats
from yimai.planning.study import Course, Study

ENOUGH: Final = 20
SURE: Final = 0.95
HOUR: Final = timedelta(hours=1)
SHORTEST: Final = timedelta(minutes=1)
"""What is signed as begun and ended sooner took no longer than this."""
BADLY: Final = 0.005
"""Odds of its fit below which a shape is called a bad one."""
GRACE: Final = timedelta(minutes=15)
"""A result told within this after its incubation was waiting for that."""

Verdict = Literal["too_few", "agrees", "differs", "other_shape"]
"""other_shape: the recipe's value lies outside, but so do the values lie otherwise than any lognormal distribution: people look first."""


@dataclass(frozen=True)
class Spread:
    """Something that varies. name: ``step:wash``, ``test:car``, ``entry:wash.viability`` or ``result:car``. unit: "h" for durations.

    median, cv, source: the recipe's. sample: what was measured; first, last: when. fitted: None where that is too few. since: from when on
    it drifts.
    """

    name: str
    title: Words
    unit: str
    median: float
    cv: float
    source: Source
    sample: Sample
    first: datetime | None = None
    last: datetime | None = None
    fitted: Fitted | None = None
    drift: Drift | None = None
    since: datetime | None = None
    verdict: Verdict = "too_few"


@dataclass(frozen=True, slots=True)
class Share:
    """How often something happens. name: ``failure:harvest_cells.purity``, ``failure:collection.…`` or ``rounds:final_culture``.

    probability, source: the recipe's. between: what was measured, by Clopper and Pearson's interval.
    """

    name: str
    title: Words
    probability: float
    source: Source
    trials: int
    times: int
    between: Between | None = None
    verdict: Verdict = "too_few"


@dataclass(frozen=True)
class Calibration:
    """spreads, shares: in the recipe's order. confidence: of each interval that is shown; joint: of those that judge."""

    spreads: tuple[Spread, ...]
    shares: tuple[Share, ...]
    confidence: float
    joint: float

    @property
    def differing(self) -> tuple[Spread | Share, ...]:
        """Those whose recipe value should be looked at, and can be changed."""
        found: tuple[Spread | Share, ...] = (*self.spreads, *self.shares)
        return tuple(each for each in found if each.verdict == "differs" and not each.name.startswith("rounds:"))


def calibrate(recipe: Recipe, study: Study, chance: np.random.Generator) -> Calibration:
    """Everything of the recipe that can be measured, beside what was."""
    spreads = [*_steps(recipe, study), *_tests(recipe, study)]
    shares = list(_shares(recipe, study))
    number = sum(len(each.sample.values) >= ENOUGH for each in spreads) + sum(each.trials >= ENOUGH for each in shares)
    joint = 1 - (1 - SURE) / max(1, number)
    return Calibration(
        tuple(_judged(each, joint, chance) for each in spreads),
        tuple(_counted(each, joint) for each in shares),
        SURE,
        joint,
    )


def _judged(spread: Spread, joint: float, chance: np.random.Generator) -> Spread:
    sample = spread.sample
    if len(sample.values) < ENOUGH:
        return spread
    wide = fitted(sample, joint)
    keeps = _holds(wide.median, spread.median) and (spread.cv == 0 or _holds(wide.cv, spread.cv))
    limited = len(sample.shorter) + len(sample.longer) > len(sample.values) / 50
    fits = None if limited else shape(sample.values, chance)
    found = replace(fitted(sample, SURE), fits=fits)
    bad = fits is not None and fits < BADLY
    return replace(spread, fitted=found, verdict="agrees" if keeps else "other_shape" if bad else "differs")


def _holds(found: Between, value: float) -> bool:
    near = abs(value) / 1000
    return found.low - near <= value <= found.high + near


def share_between(times: int, trials: int, confidence: float) -> Between:
    """The interval of Clopper and Pearson (Biometrika 26:404, 1934), which holds the true share at least as surely as said."""
    tail = (1 - confidence) / 2
    low = float(betaincinv(times, trials - times + 1, tail)) if times else 0.0
    high = float(betaincinv(times + 1, trials - times, 1 - tail)) if times < trials else 1.0
    return Between(times / trials, low, high)


def _counted(share: Share, joint: float) -> Share:
    if share.trials < ENOUGH:
        return share
    keeps = share_between(share.times, share.trials, joint).holds(share.probability)
    found = share_between(share.times, share.trials, SURE)
    return replace(share, between=found, verdict="agrees" if keeps else "differs")


def _steps(recipe: Recipe, study: Study) -> Iterator[Spread]:
    for step in recipe.steps:
        runs = [run for run in study.runs if run.step == step.id]
        known = [(each.ended, (each.ended - each.started) / HOUR) for each in runs if each.ended is not None]
        open_ = [(each.until - each.started) / HOUR for each in runs if each.ended is None]
        yield _lasting(f"step:{step.id}", step.title, step.duration, known, open_, SHORTEST)
        for entry in step.entries:
            if entry.typical is not None:
                first = (each for each in runs if each.round == 1 and entry.id in each.values)
                values = [(each.ended, each.values[entry.id]) for each in first if each.ended is not None]
                name = f"entry:{step.id}.{entry.id}"
                yield _valued(name, _both(step.title, entry.title), entry, entry.typical, values)


def _tests(recipe: Recipe, study: Study) -> Iterator[Spread]:
    for test in recipe.tests:
        found = [each for each in study.tested if each.test == test.id]
        known = [(each.recorded, (each.recorded - each.taken) / HOUR) for each in found if each.recorded is not None]
        open_ = [(each.until - each.taken) / HOUR for each in found if each.recorded is None]
        least = SHORTEST if test.least is None else test.least.time + GRACE
        yield _lasting(f"test:{test.id}", test.title, test.duration, known, open_, least)
        if test.typical is not None:
            values = [
                (each.recorded, each.value) for each in found if each.recorded is not None and each.value is not None
            ]
            yield _valued(f"result:{test.id}", test.title, test, test.typical, values)


def _lasting(
    name: str,
    title: Words,
    duration: Duration,
    known: list[tuple[datetime, float]],
    open_: list[float],
    least: timedelta,
) -> Spread:
    """A duration; what took no longer than ``least`` is known no better."""
    short = least / HOUR
    values = [(at, each) for at, each in known if each > short]
    shorter = np.full(len(known) - len(values), short)
    longer = np.array([each for each in open_ if each > 0])
    recipe = (duration.median / HOUR, float(duration.cv))
    return _spread(name, title, "h", recipe, duration.source, values, longer, shorter)


def _valued(
    name: str, title: Words, of: EntryField | Test, typical: Typical, found: Iterable[tuple[datetime, Decimal]]
) -> Spread:
    """A value; a percentage at its limit of 100 would be more if it could."""
    above = [(at, float(each)) for at, each in found if each > 0]
    full = _full(of.unit, of.limits)
    values = [(at, each) for at, each in above if each < full]
    longer = np.full(len(above) - len(values), full)
    recipe = (float(typical.median), float(typical.cv))
    source = of.source or Source("", assumed=True)
    return _spread(name, title, of.unit, recipe, source, values, longer, np.zeros(0))


def _full(unit: str, limits: Limits) -> float:
    return 100.0 if unit == "%" and limits.high == 100 else np.inf


def _spread(
    name: str, title: Words, unit: str, recipe: tuple[float, float], source: Source, values: list[tuple[datetime, float]],
    longer: Floats, shorter: Floats,
) -> Spread:  # fmt: skip
    values.sort(key=lambda each: each[0])
    known = np.array([each for _, each in values])
    alarm = drift(np.log(known)) if len(known) else None
    return Spread(
        name, title, unit, *recipe, source, Sample(known, longer, shorter), values[0][0] if values else None,
        values[-1][0] if values else None, drift=alarm, since=values[alarm.since][0] if alarm else None,
    )  # fmt: skip


def _shares(recipe: Recipe, study: Study) -> Iterator[Share]:
    tried = len(study.collections)
    title = Words("采集", "Collection")
    for failure in recipe.starting_material.failures:
        failed = sum(cause == failure.cause for cause in study.collections)
        yield _failing("collection", title, failure, tried, failed)
    for step in recipe.steps:
        through = [course for course in study.courses if _through_with(recipe, course, step)]
        for failure in step.failures:
            failed = sum(failure.cause == course.cause and _lost_at(recipe, course) == step.id for course in through)
            yield _failing(step.id, step.title, failure, len(through), failed)
        if step.until is not None:
            yield _rounds(step, study)


def _failing(place: str, title: Words, failure: Failure, trials: int, failed: int) -> Share:
    name = f"failure:{place}.{failure.cause}"
    return Share(name, _both(title, failure.title), float(failure.probability), failure.source, trials, failed)


def _rounds(step: Step, study: Study) -> Share:
    """How often one round reaches the count, which follows from the entry's typical value."""
    assert step.until is not None
    until, entry = step.until, step.entry(step.until.entry)
    counts = [run.values[until.entry] for run in study.runs if run.step == step.id and until.entry in run.values]
    reached = sum(each >= until.at_least for each in counts)
    title = Words("一轮即达标", "Count reached in a round")
    source = entry.source if entry is not None and entry.source is not None else until.source
    return Share(f"rounds:{step.id}", _both(step.title, title), success(step), source, len(counts), reached)


def _through_with(recipe: Recipe, course: Course, step: Step) -> bool:
    """Whether the batch began the step and is done with it, well or badly; lost in it for a cause that is not the step's, it is not."""
    order = [each.id for each in recipe.steps]
    after = order[order.index(step.id) + 1 :]
    if step.id not in course.begun or any(each in course.begun for each in after):
        return step.id in course.begun
    return course.ended and (not course.cause or any(each.cause == course.cause for each in step.failures))


def _lost_at(recipe: Recipe, course: Course) -> str:
    """The step that lost the batch: the latest begun that can fail for this cause, else the latest begun."""
    for name in reversed(course.begun):
        step = recipe.step(name)
        if step is not None and any(each.cause == course.cause for each in step.failures):
            return name
    return course.begun[-1] if course.begun else ""


def _both(one: Words, other: Words) -> Words:
    return Words(f"{one.zh}：{other.zh}", f"{one.en}: {other.en}")
