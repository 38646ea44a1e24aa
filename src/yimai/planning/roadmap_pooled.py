"""The city with all its hospitals as one: a small model that branch and bound is quick with, and that holds for the whole city.

Which hospital a site serves matters for the transport alone. Here each site only makes so many batches, and what their transport costs at
least is learnt from the prices of the whole model's linear programmes, row by row (Benders, 1962). Every roadmap is a solution of this
model at no more than its own cost, so that no roadmap costs less than the bound of this one. What it finds is a way to open sites and to
order suites; its flows are then those of the whole model.

Two things make its bound tight: a goal of capital leaves room for a whole number of modules, which a small knapsack tells; and the open
sites and usable modules of each quarter, of all the city, are whole numbers that can be branched on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import highspy
import numpy as np

from yimai.planning.problem import Flags, Floats, Ints
from yimai.planning.roadmap import City, Demand, Goal, Route
from yimai.planning.roadmap_model import MILLION, Model, model_of
from yimai.planning.roadmap_solver import Infeasible, Solver, Stop, Stopped

SHARE: Final = 1e-6
"""A site that is open by less is looked at as closed."""


@dataclass
class Pooled:
    """transport: what it costs, a column for each quarter and scenario. open, usable: of all the city, in each quarter."""

    whole: Model
    stop: Stop
    solver: Solver = field(init=False)
    transport: Ints = field(init=False)
    open: Ints = field(init=False)
    usable: Ints = field(init=False)
    begin: Floats | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        city = self.whole.city
        model = model_of(_pooled(city), self.whole.goals, others=self.whole.others)
        p, quarters = model.programme, city.quarters
        self.transport = p.add((quarters, len(city.demands)))
        self.open, self.usable = p.add((quarters,), whole=True), p.add((quarters,), whole=True)
        for sums, each in ((self.open, model.open), (self.usable, model.modules)):
            p.require([(sums, 1.0), (each.T.copy(), -1.0)], 0.0, 0.0)
        for goal in self.whole.goals:
            if goal.metric == "capital":
                orders = model.ordered[:, goal.since : goal.by + 1].reshape(1, -1)
                p.require([(orders, 1.0)], -np.inf, _affordable(city, goal))
        model.costs = np.concatenate([model.costs, np.ones(self.transport.size), np.zeros(2 * quarters)])
        self.solver = Solver(model, self.stop)
        self._reach()

    def _reach(self) -> None:
        """No site makes more than the hospitals that it reaches want."""
        city, served = self.whole.city, self.solver.model.served
        wanted = np.stack([each.patients for each in city.demands], axis=2)
        for row, route in zip(served, self.solver.model.city.routes, strict=True):
            near = [each.hospital for each in city.routes if each.site == route.site]
            self.solver.high[row] = wanted[near].sum(axis=0)

    def learn(self, values: Floats, prices: Floats) -> None:
        """Rows for what transport costs at least, from a linear programme of the whole model and its prices of one more patient.

        prices: hospital × quarter × scenario.
        """
        m, pooled = self.whole, self.solver.model
        made = np.zeros((len(m.city.sites), *m.served.shape[1:]))
        np.add.at(made, [route.site for route in m.city.routes], values[m.served])
        rows = list(_cuts(m.city, prices, made, values[m.open], values[m.unserved].sum(axis=0)))
        sites = [route.site for route in pooled.city.routes]
        columns = [
            np.concatenate([self.transport[at], pooled.unserved[(0, *at)], pooled.served[(slice(None), *at)], pooled.open[:, at[0]]], axis=None)
            for at, *_ in rows
        ]  # fmt: skip
        factors = [np.concatenate([[1.0, -none], -each[sites], more]) for _, _, each, none, more in rows]
        least = np.array([constant for _, constant, *_ in rows])
        self.solver.require(least, np.full(len(rows), np.inf), np.array(columns), np.array(factors))
        self.begin = self._of_whole(values, made)

    def bound(self, nodes: int, gap: float, *, suites: bool) -> tuple[Floats, float] | None:
        """Values, and a cost that no roadmap is below. suites: as whole modules, else in parts. Raises Infeasible, Stopped."""
        solver, m = self.solver, self.solver.model
        whole: Flags = solver.whole.copy()
        whole[m.ordered] = suites
        found = solver.branch(solver.low, solver.high, nodes, gap, begin=self.begin, whole=whole)
        if solver.stopped:
            raise Stopped
        if solver.proven == np.inf:
            raise Infeasible
        return None if found is None else (found[0], solver.proven)

    def suites(self, values: Floats, nodes: int, gap: float) -> Floats | None:
        """Values with whole modules, with the sites as they are in these."""
        solver, m = self.solver, self.solver.model
        low, high = solver.low.copy(), solver.high.copy()
        low[m.open] = high[m.open] = np.rint(values[m.open])
        found = solver.branch(low, high, nodes, gap)
        return None if found is None else found[0]

    def decisions(self, values: Floats, low: Floats, high: Floats) -> None:
        """Fix the whole model's whole columns at these values."""
        for ours, theirs in self._pairs():
            kept = np.concatenate(self.whole.programme.whole)[theirs]
            low[theirs[kept]] = high[theirs[kept]] = np.rint(values[ours[kept]])

    def _pairs(self) -> Iterator[tuple[Ints, Ints]]:
        """This model's columns, and the whole model's that mean the same."""
        ours, theirs = self.solver.model, self.whole
        for name in ("open", "ordered", "modules", "people", "hired", "made", "learned", "cheap", "gives"):
            yield getattr(ours, name).ravel(), getattr(theirs, name).ravel()
        yield ours.rest, theirs.rest

    def _of_whole(self, values: Floats, made: Floats) -> Floats:
        """The values of the whole model as this one's."""
        m, city = self.solver.model, self.whole.city
        found = np.zeros(m.programme.columns)
        for ours, theirs in self._pairs():
            found[ours] = values[theirs]
        found[m.served] = made[[route.site for route in m.city.routes]]
        found[m.unserved[0]] = values[self.whole.unserved].sum(axis=0)
        paid = _prices(city)[_where(city)]
        found[self.transport] = (paid[:, None, None] * values[self.whole.served]).sum(axis=0) * _weights(city)
        found[self.open], found[self.usable] = found[m.open].sum(axis=0), found[m.modules].sum(axis=0)
        return found


def _pooled(city: City) -> City:
    sites = sorted({route.site for route in city.routes})
    demands = tuple(
        Demand(each.name, each.probability, each.patients.sum(axis=0, keepdims=True)) for each in city.demands
    )
    return replace(city, hospitals=("all",), routes=tuple(Route(site, 0, 0, 0.0) for site in sites), demands=demands)


def _where(city: City) -> tuple[Ints, Ints]:
    """The site and the hospital of each route."""
    sites, hospitals = (
        np.array([getattr(route, name) for route in city.routes], dtype=np.int32) for name in ("site", "hospital")
    )
    return sites, hospitals


def _prices(city: City) -> Floats:
    """Of a patient's transport between each site and hospital, in millions; infinite where there is no way."""
    found = np.full((len(city.sites), len(city.hospitals)), np.inf)
    found[_where(city)] = [route.price / MILLION for route in city.routes]
    return found


def _weights(city: City) -> Floats:
    """What one unit of money counts in each quarter and scenario."""
    found: Floats = city.worth()[:, None] * np.array([each.probability for each in city.demands])
    return found


def _cuts(
    city: City, prices: Floats, made: Floats, opened: Floats, unserved: Floats
) -> Iterator[tuple[tuple[int, int], float, Floats, float, Floats]]:
    """For each quarter and scenario: transport costs at least constant + each · made + none · unserved − more · open.

    The programme's dual: a hospital's price, less what each site asks for a place, is nowhere above what the way costs, but for what an open site's
    limit to the hospital's own patients is worth. Whatever the prices, that holds; a site's ``each`` is chosen as tight as it gets at these values.
    """
    wanted = np.stack([each.patients for each in city.demands], axis=2)
    ways, weights = _prices(city), _weights(city)
    usual = np.array([site.most for site in city.sites]) * city.batches_module / 2
    for quarter, scenario in np.ndindex(*weights.shape):
        at, price = (quarter, scenario), prices[:, quarter, scenario]
        patients, filled = wanted[:, quarter, scenario], made[:, quarter, scenario]
        there = np.maximum(opened[:, quarter], SHARE)
        full = np.where(filled > SHARE, filled / there, usual)
        each, more = _dual(ways * weights[at] - price, patients, full)
        none, rest = _dual(-price[None, :], patients, unserved[at][None])
        yield at, float(price @ patients - rest[0]), each, float(none[0]), more


def _dual(steps: Floats, patients: Floats, full: Floats) -> tuple[Floats, Floats]:
    """For each row of hospitals' steps: the step at which so many patients are reached, and what all smaller ones lie below it."""
    order = np.argsort(steps, axis=1, kind="stable")
    rising = np.take_along_axis(steps, order, axis=1)
    reached = np.cumsum(np.where(np.isfinite(rising), patients[order], 0.0), axis=1)
    place = np.minimum((reached < full[:, None]).sum(axis=1), np.maximum(np.isfinite(rising).sum(axis=1) - 1, 0))
    found = rising[np.arange(len(steps)), place]
    found = np.where(np.isfinite(found), found, 0.0)
    below = np.where(np.isfinite(steps), np.maximum(0.0, found[:, None] - steps), 0.0)
    return found, below @ patients


def _affordable(city: City, goal: Goal) -> float:
    """The most modules that can be ordered in the goal's quarters with its capital."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    whole = highspy.HighsVarType.kInteger
    spent = 0.0
    total = 0.0
    for site in city.sites:
        room = max(0, site.most - site.modules)
        modules, there = highs.addVariable(0, room, type=whole), highs.addVariable(0, 1, type=whole)
        paid = 0 if site.opened or site.earliest < goal.since else site.opening
        spent += modules * (site.module_price / MILLION) + there * (paid / MILLION)
        total += modules * 1.0
        highs.addConstr(modules - room * there <= 0)
    highs.addConstr(spent <= goal.value / MILLION)
    highs.maximize(total)
    return float(np.floor(highs.getInfo().mip_dual_bound + 1e-6))
