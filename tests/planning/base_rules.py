"""What a base has, what it plans with and when something may start: written from recipe and base alone, sharing nothing with ``planning``.

The simulation's twin in SimPy keeps these rules; they are those of ``simulation_calendar.py`` and ``build.py`` in other words.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import cache
from itertools import chain, combinations
from statistics import NormalDist
from typing import Any

from yimai.domain.base import Base, Hospital, Shift
from yimai.domain.recipe import Duration, Recipe, Step, Test
from yimai.planning.scenario import Scenario

TICK = 0.5
HOUR = timedelta(hours=1)


def spread(cv: float) -> float:
    return math.sqrt(math.log(1 + cv * cv))


class Rules:
    """Of one base and recipe; times in hours from the Monday of the first week."""

    def __init__(self, recipe: Recipe, base: Base, scenario: Scenario, begins: date) -> None:
        self.recipe, self.base, self.scenario = recipe, base, scenario
        self.monday = begins - timedelta(days=begins.weekday())
        self.quantile = NormalDist().inv_cdf(scenario.quantile)
        self.hospitals = {each.id: each for each in base.hospitals}
        self.shifts = {each.id: each for each in base.shifts}
        self.tests = {
            test.id: (step, test)
            for step in recipe.steps
            for sample in step.samples
            for plan in [recipe.sample(sample)]
            if plan is not None
            for test in [recipe.test(each) for each in plan.tests]
            if test is not None
        }
        self.last = [step for step in recipe.steps if not any(step.id in other.after for other in recipe.steps)][-1]
        self._supply()
        self.remain = self._remaining()

    # What there is.

    def _supply(self) -> None:
        base, steps = self.base, self.recipe.steps
        needed = sorted({name for step in steps for name, _ in step.operators})
        self.staff = [each for each in base.people if each.site == base.id and "operator" in each.roles]
        held = {
            each.id: {q.qualification for q in each.qualifications if q.valid_from <= self.monday <= q.valid_until}
            for each in self.staff
        }
        groups: dict[frozenset[str], frozenset[str]] = {}
        for names in chain.from_iterable(combinations(needed, size) for size in range(1, len(needed) + 1)):
            who = frozenset(each.id for each in self.staff if held[each.id] & set(names))
            if len(names) > len(groups.get(who, ())):
                groups[who] = frozenset(names)
        self.groups = {"+".join(sorted(names)): (names, who) for who, names in groups.items()}
        self.groups["everybody"] = (frozenset(), frozenset(each.id for each in self.staff))
        self.capacity = {f"eq:{each.equipment_class}": 0 for each in base.equipment if not each.suite}
        for each in base.equipment:
            if not each.suite and each.calibrated_from <= self.monday <= each.calibrated_until:
                self.capacity[f"eq:{each.equipment_class}"] += 1
        self.pieces = [name for name, number in self.capacity.items() for _ in range(number)]
        self.capacity |= {f"bench:{each.id}": each.places for each in base.laboratory}
        self.capacity |= {f"place:{each.id}": each.collecting.places for each in base.hospitals}
        self.capacity["courier"] = base.couriers or 10**6
        self.capacity["suites"] = len(base.suites)
        self.capacity["storage"] = sum(len(each.positions) for each in base.storage) or 10**6
        if base.review:
            self.capacity["review"] = base.review.people
        self.benches = {test: f"bench:{each.id}" for each in base.laboratory for test in each.tests}

    def needs(self, step: Step) -> dict[str, int]:
        found = {}
        for name, (names, _) in self.groups.items():
            amount = sum(number for each, number in step.operators if each in names)
            if name == "everybody":
                amount = sum(number for _, number in step.operators) + step.second_person
            if amount:
                found[f"op:{name}"] = amount
        return found | {f"eq:{each}": 1 for each in step.equipment if f"eq:{each}" in self.capacity}

    # What is planned.

    def ticks(self, duration: Duration, *, quick: bool = False) -> int:
        ticks = duration.median / HOUR / TICK
        sigma = spread(float(duration.cv))
        if quick:
            return int(ticks * math.exp(-sigma * self.quantile))
        return math.ceil(round(ticks * math.exp(sigma * self.quantile), 6))

    def planned(self, duration: Duration) -> float:
        return self.ticks(duration) * TICK

    def planned_test(self, test: Test) -> float:
        return max(self.planned(test.duration), math.ceil(incubation(test) / TICK) * TICK)

    def _step_ticks(self, step: Step) -> int:
        chance = growth(step)
        if step.until is None or chance >= 1:
            return self.ticks(step.duration)
        needed = math.log(1 - self.scenario.quantile) / math.log(1 - chance)
        number = min(step.until.most, max(1, math.ceil(needed)))
        sigma = spread(float(step.duration.cv)) / math.sqrt(number)
        return math.ceil(round(number * (step.duration.median / HOUR / TICK) * math.exp(sigma * self.quantile), 6))

    def _remaining(self) -> dict[str, float]:
        """Hours from a step's start until its suite is free."""
        clearing = math.ceil(self.recipe.line_clearance.median / HOUR / TICK) * TICK
        remain: dict[str, float] = {}
        for step in reversed(self.recipe.steps):
            after = max((remain[each.id] for each in self.recipe.steps if step.id in each.after), default=clearing)
            remain[step.id] = self._step_ticks(step) * TICK + after
        self.clearing = clearing
        return remain

    def whole(self, hospital: Hospital) -> float:
        """Hours from a collection's start to the infusion, as planned."""
        ends = {"": self.planned(hospital.collecting.duration) + self.planned(hospital.inbound)}
        for step in self.recipe.steps:
            ends[step.id] = max(ends[each] for each in (step.after or ("",))) + self._step_ticks(step) * TICK
        tested = [
            ends[step.id] + self.planned_test(test) for step, test in self.tests.values() if test.stage != "final"
        ]
        review = self.base.review
        released = max([ends[self.last.id], *tested])
        if review is None:
            return max(
                released + self.planned(hospital.outbound),
                released + self.recipe.product.lymphodepletion_minimum / HOUR,
            )
        shift = self.shifts[review.shift]
        wait = 24.0 - (clock(shift.ends) - clock(shift.begins)) % 24.0
        released += self.planned(review.duration)
        least = self.recipe.product.lymphodepletion_minimum / HOUR
        return max(released + self.planned(hospital.outbound), released + least) + wait

    # When something may start.

    def base_open(self, now: float) -> bool:
        return not self._closed(int(now // 24))

    @cache  # noqa: B019 - a twin lives for one replication
    def _closed(self, number: int) -> bool:
        day = self.monday + timedelta(days=number)
        years = {each.first.year for each in self.base.closures}
        if years and day.year not in years:
            if (day.month, day.day) == (2, 29):
                return False
            day = day.replace(year=max((year for year in years if year < day.year), default=min(years)))
        return self.base.closed(day)

    def collects(self, hospital: Hospital, now: float) -> bool:
        hours = hospital.collecting
        length = self.planned(hours.duration)
        of_day, weekday = now % 24, int(now // 24) % 7 + 1
        if weekday not in hours.days or of_day < clock(hours.begins) or of_day + length > clock(hours.ends):
            return False
        arrives = now + length + self.planned(hospital.inbound)
        while not self.base_open(arrives):
            arrives = (arrives // 24 + 1) * 24
        holds = [
            hold.maximum / HOUR for step in self.recipe.steps[:1] for hold in step.holds if hold.after == "collection"
        ]
        return not holds or arrives - (now + length) <= min(holds)

    @cache  # noqa: B019
    def allowed(self, number: int, tick: int) -> bool:
        """Whether the step of this number may start at this tick of the day."""
        step = self.recipe.steps[number]
        if step.within_shift and not self.in_one_shift(tick, self._step_ticks(step)):
            return False
        last, names = number, [each.id for each in self.recipe.steps]
        for later in range(number + 1, len(names)):
            held = [names.index(hold.after) for hold in self.recipe.steps[later].holds if hold.after in names]
            if any(number <= each <= last for each in held):
                last = later
        return all(self._can_follow(number, last, tick, quick) for quick in (True, False)) if last > number else True

    def _can_follow(self, first: int, last: int, tick: int, quick: bool) -> bool:
        ends: dict[str, int] = {}
        for number in range(first, last + 1):
            step = self.recipe.steps[number]
            begins = max((ends[each] for each in step.after if each in ends), default=tick)
            if number > first:
                while not self.allowed(number, begins % 48):
                    begins += 1
            if any(
                hold.after in ends and begins > ends[hold.after] + hold.maximum / HOUR / TICK for hold in step.holds
            ):
                return False
            ends[step.id] = begins + (self.ticks(step.duration, quick=True) if quick else self._step_ticks(step))
        return True

    def in_one_shift(self, tick: int, ticks: int) -> bool:
        begins = tick * TICK
        return any(
            works(shift, begins)
            and (begins - clock(shift.begins)) % 24 + ticks * TICK <= (clock(shift.ends) - clock(shift.begins)) % 24
            for shift in self.base.shifts
        )

    def is_open(self, opens: str, now: float) -> bool:
        tick = int(now / TICK)
        if opens == "review" and self.base.review is not None:
            shift = self.shifts[self.base.review.shift]
            return works(shift, tick * TICK % 24) and self.in_one_shift(
                tick % 48, self.ticks(self.base.review.duration)
            )
        number = int(opens)
        if number == 0 and not self.base_open(tick * TICK):
            return False
        return self.allowed(number, tick % 48)


def clock(at: Any) -> float:
    return float(at.hour + at.minute / 60)


def works(shift: Shift, hour: float) -> bool:
    begins, ends = clock(shift.begins), clock(shift.ends)
    return begins <= hour < ends if begins < ends else hour >= begins or hour < ends


def growth(step: Step) -> float:
    """The chance that a round reaches the count."""
    if step.until is None:
        return 1.0
    entry = next((each for each in step.entries if each.id == step.until.entry), None)
    if entry is None or entry.typical is None:
        return 1.0
    z = math.log(float(entry.typical.median) / float(step.until.at_least)) / spread(float(entry.typical.cv))
    return NormalDist().cdf(z)


def incubation(test: Test) -> float:
    """Hours before which no result of the test counts."""
    return test.least.time / HOUR if test.least is not None else 0.0


def unacceptable(test: Test, positive: float) -> float:
    if test.type == "choice":
        return positive
    if test.typical is None:
        return 0.0
    drawn, sigma = NormalDist(math.log(float(test.typical.median)), spread(float(test.typical.cv))), test.limits
    low = drawn.cdf(math.log(float(sigma.low))) if sigma.low is not None and sigma.low > 0 else 0.0
    high = 1 - drawn.cdf(math.log(float(sigma.high))) if sigma.high is not None and test.unit != "%" else 0.0
    return low + high
