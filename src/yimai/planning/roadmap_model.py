"""The city's problem as a mixed-integer linear programme: columns, rows and what each stands for.

Money is counted in millions in here. Three things are not linear by themselves. *Opening*: a site is open or not in each quarter, and
stays open. *Learning*: costs fall in steps with what all the city has made before the quarter (expected over the scenarios); a step is a
column of 0 or 1 that may be 1 only once its number of batches was made, and the batches that are made at its price are at most all there
can be while it is 1, so the steps are exact, not an approximation. *Transport*: a route is the cheapest of the ways that keep its
windows; as patients do not share vehicles, choosing it beforehand loses nothing.

A hospital is served only by an open site. Summed over hospitals that follows from the suites (the aggregated rows, which are always
there); hospital by hospital it holds more tightly once sites are half open (the disaggregated rows, added where they are broken).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from yimai.planning.problem import Flags, Floats, Ints
from yimai.planning.roadmap import QUARTERS, City, Goal, Roadmap

MILLION: Final = 1e6
FREE: Final = np.inf


@dataclass
class Programme:
    """Columns and rows between low and high; entries of the rows one after another."""

    low: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)
    whole: list[Flags] = field(default_factory=list)
    entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    row_low: list[Floats] = field(default_factory=list)
    row_high: list[Floats] = field(default_factory=list)
    columns: int = 0
    rows: int = 0

    def add(
        self, shape: tuple[int, ...], *, low: Floats | float = 0.0, high: Floats | float = FREE, whole: bool = False
    ) -> Ints:
        """New columns of this shape; their numbers."""
        size = int(np.prod(shape))
        for kept, given in ((self.low, low), (self.high, high)):
            kept.append(np.broadcast_to(np.asarray(given, dtype=float), shape).ravel().copy())
        self.whole.append(np.full(size, whole))
        numbers = np.arange(self.columns, self.columns + size, dtype=np.int32).reshape(shape)
        self.columns += size
        return numbers

    def require(self, parts: Sequence[tuple[Ints, Floats | float]], low: Floats | float, high: Floats | float) -> Ints:
        """One row for each first index of the parts' columns: the sum of columns × factors, between the bounds; the rows' numbers."""
        count = len(parts[0][0])
        for columns, given in parts:
            shaped, factors = columns.reshape(count, columns.size // count), np.asarray(given, dtype=float)
            if factors.ndim:
                factors = factors.reshape(-1, shaped.shape[1])
            values = np.broadcast_to(factors, shaped.shape)
            rows = np.repeat(np.arange(self.rows, self.rows + count, dtype=np.int32), shaped.shape[1])
            self.entries.append((rows, shaped.ravel(), values.ravel().astype(float)))
        for kept, given in ((self.row_low, low), (self.row_high, high)):
            kept.append(np.broadcast_to(np.asarray(given, dtype=float), (count,)).copy())
        self.rows += count
        return np.arange(self.rows - count, self.rows, dtype=np.int32)


@dataclass
class Model:
    """A city's programme with the numbers of its columns.

    open, ordered, modules, people, hired: site × quarter. served: route × quarter × scenario; unserved: hospital × quarter × scenario.
    made: batches of each quarter, expected. learned, cheap: lesson × quarter. gives: how much each goal gives, in shares of its value.
    costs: of each column; at: the cost that no decision changes (openings that have happened). wanted: hospital × quarter × scenario, the rows
    that say who comes. rest: columns that only goals and sums need. elastic: some goals may give. others: sites that are open at the end in
    roadmaps from which this one is to differ.
    """

    city: City
    programme: Programme
    open: Ints
    ordered: Ints
    modules: Ints
    people: Ints
    hired: Ints
    served: Ints
    unserved: Ints
    made: Ints
    learned: Ints
    cheap: Ints
    gives: Ints
    costs: Floats
    at: float
    wanted: Ints
    rest: Ints
    goals: Sequence[Goal]
    elastic: bool
    others: Sequence[Flags]

    def roadmap(self, values: Floats, bound: float, stopped: bool) -> Roadmap:
        """The decisions that the columns' values mean."""
        whole = [np.rint(values[numbers]).astype(np.int32) for numbers in (self.open, self.ordered, self.modules)]
        cost = (float(self.costs @ values) + self.at) * MILLION
        served = np.maximum(values[self.served], 0.0)
        return Roadmap(
            whole[0], whole[1], whole[2], np.maximum(values[self.people], 0.0), served, cost, min(bound, cost), stopped
        )


def model_of(
    city: City, goals: Sequence[Goal] | None = None, elastic: Collection[str] = (), others: Sequence[Flags] = ()
) -> Model:
    """The model with these goals (None: all of the city's). elastic: the goals that may give; then what they give is all that counts."""
    goals = city.goals if goals is None else goals
    p, sites, quarters = Programme(), len(city.sites), city.quarters
    most = np.array([site.most for site in city.sites], dtype=float)
    there = np.array([site.opened for site in city.sites])
    earliest = np.array([0 if site.opened else site.earliest for site in city.sites])
    when = np.arange(quarters)
    may = when[None, :] >= earliest[:, None]
    shape = (sites, quarters)
    opened = p.add(
        shape, low=np.repeat(there[:, None], quarters, axis=1).astype(float), high=may.astype(float), whole=True
    )
    room = np.array([max(0, site.most - site.modules) for site in city.sites], dtype=float)
    ordered = p.add(shape, high=np.where(may & (when < quarters - city.lag)[None, :], room[:, None], 0.0), whole=True)
    modules = p.add(shape, high=np.repeat(most[:, None], quarters, axis=1))
    people = p.add(shape)
    hired = p.add(shape, high=np.where(when[None, :] < city.training, 0.0, FREE) * np.ones((sites, 1)))
    scenarios = len(city.demands)
    patients = np.stack([each.patients for each in city.demands], axis=2)
    hospital = np.array([route.hospital for route in city.routes], dtype=int)
    served = p.add((len(city.routes), quarters, scenarios), high=patients[hospital] if len(hospital) else 0.0)
    unserved = p.add((len(city.hospitals), quarters, scenarios), high=patients)
    made = p.add((quarters,))
    reachable = city.made + np.concatenate([[0.0], np.cumsum(city.expected().sum(axis=0))[:-1]])
    after = np.array([lesson.after for lesson in city.lessons], dtype=float)
    learned = p.add(
        (len(after), quarters), high=(reachable[None, :] >= after[:, None] - 1e-9).astype(float), whole=True
    )
    cheap = p.add((len(after), quarters))
    gives = p.add((len(goals),), high=np.array([FREE if goal.id in elastic else 0.0 for goal in goals]))
    model = Model(
        city, p, opened, ordered, modules, people, hired, served, unserved, made, learned, cheap, gives, np.zeros(0), 0.0,
        np.zeros(unserved.shape, dtype=np.int32), np.zeros(0, dtype=np.int32), goals, bool(elastic), others,
    )  # fmt: skip
    known = p.columns
    _sites(model, room)
    _flows(model, patients, hospital)
    _learning(model, reachable)
    for number, goal in enumerate(goals):
        _goal(model, goal, gives[number], patients)
    for there in others:
        last = opened[:, -1].reshape(1, -1)
        p.require([(last, np.where(there, -1.0, 1.0))], 1.0 - there.sum(), FREE)
    model.rest = np.arange(known, p.columns, dtype=np.int32)
    model.costs, model.at = _costs(model)
    if elastic:
        model.costs[:], model.at = 0.0, 0.0
        model.costs[gives] = 1.0
    return model


def _sites(m: Model, room: Floats) -> None:
    city, p = m.city, m.programme
    m.programme.require([(m.open[:, 1:].ravel(), 1.0), (m.open[:, :-1].ravel(), -1.0)], 0.0, FREE)
    quarters = city.quarters
    before = np.array([site.modules for site in city.sites], dtype=float)
    first = [(m.modules[:, 0], 1.0), *([(m.ordered[:, 0], -1.0)] if city.lag == 0 else [])]
    p.require(first, before, before)
    for quarter in range(1, quarters):
        parts: list[tuple[Ints, Floats | float]] = [(m.modules[:, quarter], 1.0), (m.modules[:, quarter - 1], -1.0)]
        if quarter >= city.lag:
            parts.append((m.ordered[:, quarter - city.lag], -1.0))
        p.require(parts, 0.0, 0.0)
    for quarter in range(quarters):
        p.require([(m.ordered[:, : quarter + 1], 1.0), (m.open[:, quarter], -room)], -FREE, 0.0)
    trained = np.array([site.people for site in city.sites], dtype=float)
    p.require([(m.people[:, 0], 1.0), (m.hired[:, 0], -1.0)], -FREE, trained)
    rise = [(m.people[:, 1:].ravel(), 1.0), (m.people[:, :-1].ravel(), -1.0), (m.hired[:, 1:].ravel(), -1.0)]
    p.require(rise, -FREE, 0.0)  # people may leave at no cost


def _flows(m: Model, patients: Floats, hospital: Ints) -> None:
    city, p = m.city, m.programme
    site = np.array([route.site for route in city.routes], dtype=int)
    for number in range(len(city.hospitals)):
        routes = np.flatnonzero(hospital == number)
        flows = _by_moment(m.served[routes])
        wanted = patients[number].ravel()
        rows = p.require([(m.unserved[number].ravel(), 1.0), (flows, 1.0)], wanted, wanted)
        m.wanted[number] = rows.reshape(m.wanted.shape[1:])
    for number in range(len(city.sites)):
        routes = np.flatnonzero(site == number)
        flows = _by_moment(m.served[routes])
        scenarios = m.served.shape[2]
        p.require([(flows, 1.0), (np.repeat(m.modules[number], scenarios), -float(city.batches_module))], -FREE, 0.0)
        p.require([(flows, 1.0), (np.repeat(m.people[number], scenarios), -city.batches_person)], -FREE, 0.0)


def _by_moment(columns: Ints) -> Ints:
    """From what × quarter × scenario to (quarter, scenario) × what."""
    return columns.reshape(len(columns), int(np.prod(columns.shape[1:]))).T.copy()


def _learning(m: Model, reachable: Floats) -> None:
    city, p = m.city, m.programme
    shares = np.array([each.probability for each in city.demands])
    flows = np.moveaxis(m.served, 1, 0).reshape(city.quarters, -1)
    p.require([(m.made, 1.0), (flows, np.tile(-shares, len(city.routes)))], 0.0, 0.0)
    before = p.add((city.quarters,))
    p.require([(before[:1], 1.0)], 0.0, 0.0)
    p.require([(before[1:], 1.0), (before[:-1], -1.0), (m.made[:-1], -1.0)], 0.0, 0.0)
    if not city.lessons:
        return
    p.require([(m.cheap.T.copy(), 1.0), (m.made, -1.0)], -FREE, 0.0)
    most = city.expected().sum(axis=0)
    for number, lesson in enumerate(city.lessons):
        p.require([(m.cheap[number], 1.0), (m.learned[number], -most)], -FREE, 0.0)
        missing = float(lesson.after - city.made)
        when = np.flatnonzero(reachable >= lesson.after - 1e-9)
        if missing > 0 and len(when):
            p.require([(before[when], 1.0 / missing), (m.learned[number, when], -1.0)], 0.0, FREE)


def _goal(m: Model, goal: Goal, give: int, patients: Floats) -> None:
    """The goal as rows; ``give`` × its value is what it lacks."""
    city, p, by = m.city, m.programme, goal.by
    worth, slack = max(1.0, abs(float(goal.value))), np.array([[give]])
    low = goal.least
    match goal.metric:
        case "facilities":
            counted = [number for number, site in enumerate(city.sites) if site.facility]
            p.require([(m.open[counted, by].reshape(1, -1), 1.0), (slack, worth)], low, FREE)
        case "clusters":
            names = city.clusters
            made = p.add((len(names),), high=1.0, whole=True)
            for number, name in enumerate(names):
                inside = [where for where, site in enumerate(city.sites) if site.cluster == name]
                p.require([(m.open[inside, by].reshape(1, -1), 1.0), (made[[number]], -float(city.members))], 0.0, FREE)
            p.require([(made.reshape(1, -1), 1.0), (slack, worth)], low, FREE)
        case "capacity":
            year = float(city.batches_module * QUARTERS)
            p.require([(m.modules[:, by].reshape(1, -1), 1.0), (slack, worth / year)], low / year, FREE)
        case "scale":
            year_of = m.made[max(0, by - QUARTERS + 1) : by + 1].reshape(1, -1)
            p.require([(year_of, city.price / MILLION), (slack, worth / MILLION)], low / MILLION, FREE)
        case "served":
            wanted = patients.sum(axis=0)[by:].ravel()
            flows = _by_moment(m.served[:, by:, :])
            p.require(
                [(flows, 1.0), (np.repeat(give, len(wanted)), wanted[:, None] * worth / 100)], wanted * low / 100, FREE
            )
        case "capital":
            _capital(m, goal, slack, worth)


def _capital(m: Model, goal: Goal, slack: Ints, worth: float) -> None:
    city, since, by = m.city, goal.since, goal.by
    opening = np.array([0 if site.opened else site.opening for site in city.sites]) / MILLION
    module = np.array([site.module_price for site in city.sites]) / MILLION
    parts: list[tuple[Ints, Floats | float]] = [
        (m.ordered[:, since : by + 1].reshape(1, -1), np.repeat(module, by + 1 - since)),
        (m.open[:, by].reshape(1, -1), opening),
        (slack, -worth / MILLION),
    ]
    if since:
        parts.append((m.open[:, since - 1].reshape(1, -1), -opening))
    m.programme.require(parts, -FREE, goal.value / MILLION)


def _costs(m: Model) -> tuple[Floats, float]:
    city, worth = m.city, m.city.worth()
    costs = np.zeros(m.programme.columns)
    of = {
        name: np.array([getattr(site, name) for site in city.sites], dtype=float)[:, None]
        for name in ("opening", "running", "module_price", "module_running", "variable")
    }
    later = np.append(worth[1:], 0.0)
    costs[m.open] = of["running"] * worth + of["opening"] * (worth - later)  # paid where it changes from 0 to 1
    costs[m.ordered] = of["module_price"] * worth
    costs[m.modules] = of["module_running"] * worth
    costs[m.people] = city.wage * worth
    paid = worth[np.maximum(0, np.arange(city.quarters) - city.training)]
    costs[m.hired] = city.hiring * paid
    shares = np.array([each.probability for each in city.demands])
    batch = np.array([city.sites[route.site].variable + route.price for route in city.routes], dtype=float)
    costs[m.served] = batch[:, None, None] * worth[None, :, None] * shares
    costs[m.unserved] = city.unserved * worth[None, :, None] * shares
    costs[m.cheap] = -np.array([lesson.saving for lesson in city.lessons], dtype=float)[:, None] * worth
    happened = -sum(site.opening for site in city.sites if site.opened)
    return costs / MILLION, float(happened * worth[0]) / MILLION
