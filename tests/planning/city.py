"""Small cities for the roadmap's tests, and their cheapest roadmap by trying everything."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from yimai.domain.recipe import Words
from yimai.planning.roadmap import City, Demand, Goal, Lesson, Roadmap, Route, Site, costs, measured, meets

MILLION = 10**6


def goal(metric: str, value: int, by: int = 2, comparator: str = "ge", since: int = 0) -> Goal:
    return Goal(metric, Words(metric, metric), metric, comparator, value, by, since)  # type: ignore[arg-type]


def city(seed: int = 1, goals: Sequence[Goal] = (), sites: int = 3, hospitals: int = 2, quarters: int = 3) -> City:
    """At most two modules a site, one quarter from order to use."""
    chance = np.random.default_rng(seed)
    places = tuple(
        Site(
            f"site-{n}", Words(f"地{n}", f"Site {n}"), cluster=f"cluster-{n % 2}", opening=int(chance.integers(1, 9)) * MILLION,
            running=int(chance.integers(1, 5)) * 100_000, most=2, module_price=int(chance.integers(1, 6)) * MILLION,
            module_running=200_000, people=0, variable=int(chance.integers(100, 200)) * 1000,
        )
        for n in range(sites)
    )  # fmt: skip
    routes = tuple(
        Route(s, h, int(chance.integers(1, 50)) * 1000, 3.0)
        for s in range(sites)
        for h in range(hospitals)
        if chance.random() < 0.9
    )
    patients = chance.uniform(4, 16, (hospitals, quarters))
    demands = (Demand("low", 0.5, 0.8 * patients), Demand("high", 0.5, 1.2 * patients))
    return City(
        quarters, places, tuple(f"hospital-{h}" for h in range(hospitals)), routes, demands, tuple(goals), lag=1,
        lessons=(Lesson(15, 20_000), Lesson(30, 30_000)), batches_module=12, price=1_000_000, members=1, wage=50_000,
    )  # fmt: skip


def tried(each: City) -> float:
    """The least cost over every way to open sites and order modules, with the cheapest flows of each; infinite if none meets the goals."""
    from scipy.optimize import linprog

    quarters, best = each.quarters, np.inf
    ways = [
        (first, orders)
        for first in [*range(quarters), None]
        for orders in product(range(3), repeat=quarters - each.lag)
        if sum(orders) <= 2 and (first is not None or not sum(orders)) and not any(orders[: first or 0])
    ]
    for chosen in product(ways, repeat=len(each.sites)):
        is_open = np.array(
            [[first is not None and q >= first for q in range(quarters)] for first, _ in chosen], dtype=int
        )
        ordered = np.array([[*orders, *[0] * each.lag] for _, orders in chosen])
        modules = np.cumsum(np.pad(ordered, ((0, 0), (each.lag, 0)))[:, :quarters], axis=1)
        blank = Roadmap(
            is_open, ordered, modules, np.zeros(is_open.shape), np.zeros((len(each.routes), quarters, 2)), 0, 0
        )
        counted = [g for g in each.goals if g.metric in ("clusters", "facilities", "capacity", "capital")]
        if not all(meets(g, measured(each, blank, g)) for g in counted):
            continue
        fixed = sum(costs(each, blank)[name] for name in ("openings", "running", "suites", "suites_running"))
        if fixed < best:
            best = min(best, fixed + _operated(each, modules, linprog))
    return best


def _operated(each: City, modules, linprog) -> float:  # type: ignore[no-untyped-def]
    """The least cost of people, batches, transport and the unserved with these modules; of each lesson the best quarter is tried."""
    best = np.inf
    for begins in product(range(each.quarters + 1), repeat=len(each.lessons)):
        best = min(best, _flows(each, modules, begins, linprog))
    return best


def _flows(each: City, modules, begins, linprog) -> float:  # type: ignore[no-untyped-def]
    quarters, sites, routes, scenarios = each.quarters, len(each.sites), len(each.routes), len(each.demands)
    saving = np.array(
        [
            max((lesson.saving for lesson, at in zip(each.lessons, begins, strict=True) if q >= at), default=0)
            for q in range(quarters)
        ]
    )
    flow = np.arange(routes * quarters * scenarios).reshape(routes, quarters, scenarios)
    people = flow.size + np.arange(sites * quarters).reshape(sites, quarters)
    rise = flow.size + people.size + np.arange(sites * quarters).reshape(sites, quarters)
    size = flow.size + 2 * people.size
    cost, rows, bounds = np.zeros(size), [], []
    high = np.full(size, np.inf)
    worth = 0.0

    def most(parts: dict[int, float], bound: float) -> None:
        row = np.zeros(size)
        for column, factor in parts.items():
            row[column] += factor
        rows.append(row)
        bounds.append(bound)

    for w, demand in enumerate(each.demands):
        for q in range(quarters):
            for r, route in enumerate(each.routes):
                batch = each.sites[route.site].variable + route.price - each.unserved - saving[q]
                cost[flow[r, q, w]] = demand.probability * batch
            for h in range(len(each.hospitals)):
                most(
                    {int(flow[r, q, w]): 1.0 for r, route in enumerate(each.routes) if route.hospital == h},
                    demand.patients[h, q],
                )
                worth += demand.probability * each.unserved * demand.patients[h, q]
            for s in range(sites):
                flows = {int(flow[r, q, w]): 1.0 for r, route in enumerate(each.routes) if route.site == s}
                most(flows, float(modules[s, q]) * each.batches_module)
                most({**flows, int(people[s, q]): -each.batches_person}, 0.0)
    for s in range(sites):
        for q in range(quarters):
            cost[people[s, q]], cost[rise[s, q]] = each.wage, each.hiring
            if q < each.training:
                high[rise[s, q]] = 0.0
            before = {int(people[s, q - 1]): -1.0} if q else {}
            most(
                {int(people[s, q]): 1.0, int(rise[s, q]): -1.0, **before}, float(each.sites[s].people) if not q else 0.0
            )
    _bound_outputs(each, flow, begins, most)
    found = linprog(cost, np.array(rows), np.array(bounds), bounds=[(0, h) for h in high], method="highs")
    return float(found.fun) + worth if found.status == 0 else np.inf


def _bound_outputs(each: City, flow, begins, most) -> None:  # type: ignore[no-untyped-def]
    """What lessons and the goal of being served ask of the flows."""
    quarters, routes = each.quarters, len(each.routes)
    for lesson, at in zip(each.lessons, begins, strict=True):
        if at < quarters:
            most(
                {
                    int(flow[r, q, w]): -d.probability
                    for r in range(routes)
                    for q in range(at)
                    for w, d in enumerate(each.demands)
                },
                -lesson.after,
            )
    for g in each.goals:
        if g.metric == "served":
            for q in range(g.by, quarters):
                for w, d in enumerate(each.demands):
                    most({int(flow[r, q, w]): -1.0 for r in range(routes)}, -g.least / 100 * d.patients[:, q].sum())
