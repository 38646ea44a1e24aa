"""A base's years as plain arrays: made of the problem that the timetable plans with, so that both keep the same chain and rules.

The problem of one order of each hospital is built over three weeks; what repeats each week is laid over the years. Qualifications and
calibrations that hold at the beginning are kept up; a year for which the base lists no closures has those of the last listed year.
Clocks are the base's own; a change to summer time is not simulated. Hours count from the Monday on which the simulation begins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.planning import simulation_odds as odds
from yimai.planning.build import Horizon, build
from yimai.planning.capacity import EVERYBODY, grid_of, on_shift
from yimai.planning.compiled import Packed, packed
from yimai.planning.order import Order
from yimai.planning.problem import NEVER, Flags, Floats, Ints, Problem
from yimai.planning.scenario import Arrivals, Scenario
from yimai.planning.simulation_calendar import Calendars
from yimai.planning.simulation_memory import HOSPITALS, KINDS, PIECES, ROWS, SOURCES, SPANS, TASKS

WEEK: Final = timedelta(days=7)
YEAR: Final = 365.25 * 24
"""Hours of a year."""
HOSPITAL_TASKS: Final = ("collection", "inbound", "outbound")
"""Tasks that are not the same for every hospital."""
STEP, TEST, COLLECTION, INBOUND, REVIEW, OUTBOUND, INFUSION = range(7)
_ROLES: Final = {
    "collection": COLLECTION, "inbound": INBOUND, "step": STEP, "test": TEST, "review": REVIEW, "outbound": OUTBOUND,
    "infusion": INFUSION,
}  # fmt: skip


Span = tuple[int, int, int, bool, int]
Row = tuple[float, int, int]
"""A value, a number and an amount."""


class Model(NamedTuple):
    """Rows of named numbers for compiled code; times in hours. A *kind* is what waits in one queue; each task of a hospital has one.

    kinds: duration (no shorter than least), planned, attended begins and ends (-1: all the time) and the kind of its attended end (tail),
    calendar, the span it opens, uses, rivals (kinds that wait for the same); after them a row of rivals for each span, and last one of all kinds.
    tasks: role, how many it waits for, whom it lets follow, hold times, rounds, failures, odds of a test, remain (planned, from its start
    until its suite is free). rows: what these point at. spans: held over several tasks, the suite first. calendars: for each tick the next
    open one. capacity: from each of the week's changes on. people: which resource each counts in, and from which change on each works.
    """

    kinds: Any
    tasks: Any
    rows: Any
    kind_of: Ints
    calendars: Ints
    hospitals: Any
    sources: Any
    resources: Any
    spans: Any
    changes: Floats
    capacity: Ints
    people: Ints
    odds: Floats
    suites: int
    first: int
    tick: float

    def packed(self) -> Packed:
        """As compiled functions take it; keep the model as long."""
        arrays = {name: each for name, each in self._asdict().items() if isinstance(each, np.ndarray)}
        return packed(arrays, {"suites": self.suites, "first": self.first, "tick": self.tick})


@dataclass(frozen=True)
class Simulation:
    """A model and what its numbers stand for. begins: the Monday; hours: how long it runs."""

    model: Model
    begins: datetime
    hours: float
    resources: tuple[str, ...]
    causes: tuple[str, ...]
    sources: tuple[Arrivals, ...]
    tests: int
    assumed: bool


def model_of(recipe: Recipe, base: Base, scenario: Scenario, begins: date, years: float) -> Simulation:
    """The model of these years, from the Monday of the day's week on. Raises ValueError where a source names an unknown hospital."""
    hospitals = [each.id for each in base.hospitals] or [""]
    sources = sources_of(recipe, hospitals, scenario)
    unknown = sorted({each.hospital for each in sources} - set(hospitals))
    if unknown:
        raise ValueError(f"the base serves no hospital {', '.join(unknown)}")
    return model_among(recipe, base, scenario, begins, years, sources)


def model_among(
    recipe: Recipe, base: Base, scenario: Scenario, begins: date, years: float, sources: tuple[Arrivals, ...]
) -> Simulation:
    """The model of a base that is one of several, to which all of these sources come; those that it does not serve never get to it."""
    monday = datetime.combine(begins - timedelta(days=begins.weekday()), time(), ZoneInfo(base.timezone))
    hospitals = [each.id for each in base.hospitals] or [""]
    orders = [(Order(each, each, "standard", monday), recipe.id) for each in hospitals]
    horizon = Horizon(monday, monday, 3 * WEEK, quantile=scenario.quantile)
    problem = build({recipe.id: recipe}, base, orders, horizon)
    making = _Making(problem, recipe, base, scenario, years * YEAR)
    return Simulation(
        making.model(sources),
        monday,
        years * YEAR,
        tuple(each.id for each in problem.resources),
        (*odds.CAUSES, *(each.cause for step in recipe.steps for each in step.failures)),
        sources,
        len(recipe.tests),
        problem.assumed or bool(scenario.assumed),
    )


def sources_of(recipe: Recipe, hospitals: Sequence[str], scenario: Scenario) -> tuple[Arrivals, ...]:
    """Who comes: the scenario's own, or its orders spread evenly over hospitals and indications."""
    if scenario.arrivals:
        return scenario.arrivals
    pairs = [(hospital, name) for hospital in hospitals for name, _ in recipe.indications]
    return tuple(
        Arrivals(hospital, name, scenario.orders_per_year / len(pairs), scenario.urgent) for hospital, name in pairs
    )


class _Making:
    """Makes the arrays; tasks are numbered as in the problem's first job."""

    def __init__(self, problem: Problem, recipe: Recipe, base: Base, scenario: Scenario, hours: float) -> None:
        self.problem, self.recipe, self.base, self.scenario = problem, recipe, base, scenario
        self.tick = problem.tick / timedelta(hours=1)
        self.size = problem.jobs[0].last - problem.jobs[0].first
        self.names = problem.tasks.names[: self.size]
        self.calendars = Calendars(problem, base, hours)
        self.numbers = {name.id: number for number, name in enumerate(self.names)}
        self.steps = {f"step:{step.id}": step for step in recipe.steps}
        self.tests = {f"test:{test.id}": test for test in recipe.tests}
        self.of_kind: list[tuple[int, bool]] = []
        """For each kind: the problem's task, and whether it is the attended end of one."""
        self.kind = np.zeros((len(problem.jobs), self.size), np.int32)
        self._kinds()

    def _kinds(self) -> None:
        for hospital, job in enumerate(self.problem.jobs):
            for task, name in enumerate(self.names):
                if hospital and name.kind not in HOSPITAL_TASKS:
                    self.kind[hospital, task] = self.kind[0, task]
                    continue
                self.kind[hospital, task] = len(self.of_kind)
                self.of_kind.append((job.first + task, False))
        self.tail = np.full(len(self.of_kind), NEVER, np.int32)
        for kind, (task, _) in enumerate(list(self.of_kind)):
            if self._attended(task) is not None:
                self.tail[kind] = len(self.of_kind)
                self.of_kind.append((task, True))
        self.tail = np.concatenate([self.tail, np.full(len(self.of_kind) - len(self.tail), NEVER, np.int32)])

    def _attended(self, task: int) -> tuple[float, float] | None:
        step = self.steps.get(self.problem.tasks.names[task].id)
        if step is None or step.attended is None:
            return None
        hour = timedelta(hours=1)
        return step.attended.begins / hour, step.attended.ends / hour

    def model(self, sources: Sequence[Arrivals]) -> Model:
        spans = self._spans()
        changes, capacity, varying = self._capacity()
        rows: list[Row] = []
        return Model(
            self._kind_rows(spans, rows),
            self._task_rows(spans, rows),
            np.array(rows, ROWS),
            self.kind,
            self.calendars.next_open(),
            self._ahead(),
            self._sources(sources),
            self._resources(varying),
            np.array([(span[4] * self.tick, span[0]) for span in spans], SPANS),
            changes,
            capacity,
            self._people(changes),
            odds.odds_of(self.scenario, self.recipe),
            len(self.problem.suites),
            spans[0][1],
            self.tick,
        )

    def _kind_rows(self, spans: Sequence[Span], rows: list[Row]) -> Any:
        tasks = self.problem.tasks
        uses = [list(self._uses(task)) for task, _ in self.of_kind]
        opens = {int(self.kind[0, span[1]]): number for number, span in enumerate(spans)}
        used = [{number for _, number, _ in each} for each in uses]
        rivals = [[o for o, other in enumerate(used) if o == k or own & other] for k, own in enumerate(used)]
        rivals += [[kind] for kind in opens] + [list(range(len(uses)))]
        table = np.zeros(len(rivals), KINDS)
        for kind, each in enumerate(rivals):
            found = table[kind]
            found["rival_first"], found["rival_last"] = _added(rows, [(0.0, other, 0) for other in each])
            if kind >= len(uses):
                continue
            task, is_end = self.of_kind[kind]
            begins, ends = self._attended(task) or (-1.0, -1.0)
            found["median"], found["sigma"] = tasks.median[task] * self.tick, tasks.sigma[task]
            found["least"] = tasks.least[task] * self.tick
            found["begins"], found["ends"], found["tail"] = begins, ends, self.tail[kind]
            found["planned"] = (ends if is_end else begins) if begins >= 0 else tasks.duration[task] * self.tick
            found["task"], found["opens"] = task % self.size, opens.get(kind, NEVER)
            found["calendar"] = NEVER if is_end else self.calendars.of(task % self.size, task)
            found["use_first"], found["use_last"] = _added(rows, uses[kind])
        return table

    def _task_rows(self, spans: Sequence[Span], rows: list[Row]) -> Any:
        table = np.zeros(self.size, TASKS)
        follow, holds, fails = self._follow(), self._holds(), self._fails()
        remain, chances = self._remain(spans), self._chances()
        for task, name in enumerate(self.names):
            row, test = table[task], self.tests.get(name.id)
            row["role"], row["waits"] = (
                _ROLES[name.kind],
                sum(number == task for each in follow.values() for _, number, _ in each),
            )
            row["chance"], row["most"], row["remain"] = chances[task], self.problem.tasks.most[task], remain[task]
            row["test_odds"] = odds.unacceptable(test, self.scenario.positive) if test else 0.0
            row["final"] = test is not None and test.stage == "final"
            row["follow_first"], row["follow_last"] = _added(rows, follow.get(task, []))
            row["hold_first"], row["hold_last"] = _added(rows, holds.get(task, []))
            row["fail_first"], row["fail_last"] = _added(rows, fails.get(task, []))
            row["closes_end"] = row["closes_start"] = NEVER
        for number, (_, _, closes, until_start, _) in enumerate(spans):
            table[closes]["closes_start" if until_start else "closes_end"] = number
        return table

    def _sources(self, sources: Sequence[Arrivals]) -> Any:
        factor = dict(self.scenario.failure_factor)
        places = {job.hospital: number for number, job in enumerate(self.problem.jobs)}
        return np.array(
            [
                (each.per_year / YEAR, factor.get(each.indication, 1.0), each.urgent, places.get(each.hospital, 0))
                for each in sources
            ],
            SOURCES,
        )

    def _resources(self, varying: Flags) -> Any:
        capacity = self.problem.capacity[:, 0]
        return np.array(
            [
                (bool(varying[row]), int(capacity[row]) if each.kind == "equipment" else 0)
                for row, each in enumerate(self.problem.resources)
            ],
            PIECES,
        )

    def _lags(self) -> Iterator[tuple[int, int, int, int]]:
        lags = self.problem.lags
        for task in range(self.size):
            for lag in range(lags.first[task], lags.first[task + 1]):
                yield task, int(lags.after[lag]), int(lags.minimum[lag]), int(lags.maximum[lag])

    def _follow(self) -> Mapping[int, list[Row]]:
        """Whom a task lets begin, and how much later."""
        pairs: dict[tuple[int, int], int] = {}
        for task, after, minimum, _ in self._lags():
            pairs[after, task] = max(minimum, pairs.get((after, task), 0))
        rows = defaultdict(list)
        for (after, task), minimum in sorted(pairs.items()):
            rows[after].append((minimum * self.tick, task, 0))
        return rows

    def _holds(self) -> Mapping[int, list[Row]]:
        rows = defaultdict(list)
        for task, after, _, maximum in self._lags():
            if maximum != NEVER:
                rows[task].append((maximum * self.tick, after, 0))
        return rows

    def _fails(self) -> Mapping[int, list[Row]]:
        rows, cause = {}, len(odds.CAUSES)
        for step in self.recipe.steps:
            causes = range(cause, cause + len(step.failures))
            pairs = zip(step.failures, causes, strict=True)
            rows[self.numbers[f"step:{step.id}"]] = [(float(each.probability), number, 0) for each, number in pairs]
            cause += len(step.failures)
        return rows

    def _chances(self) -> Floats:
        chance = self.problem.tasks.success[: self.size].copy()
        rounds = self.problem.tasks.most[: self.size] > 1
        chance[rounds] = np.clip(chance[rounds] * self.scenario.growth_factor, 0.0, 1.0)
        return chance

    def _spans(self) -> list[Span]:
        """Resource, opening and closing task, whether it closes as that begins, and what it is held longer (ticks); the suite first."""
        held, first = self.problem.spans, self.problem.jobs[0].first
        rows = [
            (int(held.resource[row]), int(held.opens[row]) - first, int(held.closes[row]) - first,
             bool(held.until_start[row]), int(held.extra[row]))
            for row in np.flatnonzero(held.job == 0)
        ]  # fmt: skip
        return sorted(rows, key=lambda row: self.problem.resources[row[0]].kind != "suites")

    def _remain(self, spans: Sequence[Span]) -> Floats:
        """Planned hours from each step's start until the suite is free; 0 for what is no step in it."""
        duration = self.problem.tasks.duration
        _, first, closes, _, extra = spans[0]
        remain = np.zeros(self.size)
        remain[closes] = (duration[closes] + extra) * self.tick
        pairs = [(after, task) for task, after, _, _ in self._lags() if self.names[task].kind == "step"]
        for task in range(closes - 1, first - 1, -1):
            later = max((remain[follower] for after, follower in pairs if after == task), default=0.0)
            remain[task] = later + float(duration[task]) * self.tick if later else 0.0
        return remain

    def _ahead(self) -> Any:
        """For each hospital the planned hours from a collection's start to the batch's, and to the infusion with a wait for the review."""
        tasks, rows = self.problem.tasks, []
        suite = self._spans()[0][1]
        for job in self.problem.jobs:
            begins = np.zeros(self.size)
            for task, after, minimum, _ in self._lags():
                begins[task] = max(
                    begins[task], begins[after] + (float(tasks.duration[job.first + after]) + minimum) * self.tick
                )
            row = int(tasks.calendar[self.numbers["review"]])
            wait = self.calendars.longest_wait(row) if row != NEVER else 0.0
            rows.append((float(begins[suite]), float(begins[self.size - 1]) + wait))
        return np.array(rows, HOSPITALS)

    def _uses(self, task: int) -> Iterator[Row]:
        uses = self.problem.uses
        amounts: dict[int, int] = {}
        for use in range(uses.first[task], uses.first[task + 1]):
            resource = int(uses.resource[use])
            amounts[resource] = max(amounts.get(resource, 0), int(uses.amount[use]))
        for resource, amount in amounts.items():
            yield 0.0, resource, amount

    def _capacity(self) -> tuple[Floats, Ints, Flags]:
        """When in the week anything changes (hours), what there is from then on, and what changes at all."""
        ticks = round(WEEK / self.problem.tick)
        week = self.problem.capacity[:, :ticks]
        changes = [tick for tick in range(ticks) if tick == 0 or np.any(week[:, tick] != week[:, tick - 1])]
        return (
            np.array(changes) * self.tick,
            np.ascontiguousarray(week[:, changes].T),
            np.any(week != week[:, :1], axis=1),
        )

    def _people(self, changes: Floats) -> Ints:
        """For each operator the resources that they count in, and the changes of the week from which they work."""
        day, resources = self.problem.begins.date(), self.problem.resources
        staff = [each for each in self.base.people if each.site == self.base.id and "operator" in each.roles]
        table = np.zeros((len(staff), len(resources) + len(changes)), np.int32)
        shifts = {shift.id: shift for shift in self.base.shifts}
        grid = grid_of(self.base.timezone, self.problem.begins, self.problem.tick, round(WEEK / self.problem.tick))
        for number, person in enumerate(staff):
            held = {q.qualification for q in person.qualifications if q.valid_from <= day <= q.valid_until}
            for row, resource in enumerate(resources):
                names = resource.id.removeprefix("operators:")
                counts = names == EVERYBODY or bool(held & set(names.split("+")))
                table[number, row] = resource.kind == "operators" and counts
            works = (
                np.ones(grid.horizon, np.bool_) if person.shift not in shifts else on_shift(shifts[person.shift], grid)
            )
            table[number, len(resources) :] = works[np.rint(changes / self.tick).astype(int)]
        return table


def _added(rows: list[Row], more: Sequence[Row]) -> tuple[int, int]:
    """Add these rows; where they begin and end."""
    rows += more
    return len(rows) - len(more), len(rows)
