"""Where and when to make it: which sites a city opens in which quarter, with how many suites and people, for which hospitals.

Everything counts from the first quarter, which is number 0. Money is in whole units of one currency (yuan, say), patients in patients a
quarter, distances in hours of transport. One patient is one batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from yimai.domain.recipe import Words
from yimai.planning.problem import Floats, Ints

Metric = Literal["clusters", "facilities", "capacity", "scale", "served", "capital"]
Comparator = Literal["ge", "gt", "le"]
QUARTERS: Final = 4
"""Quarters of a year."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place that can be opened, or is open.

    cluster: what it belongs to, or empty. facility: counts among a plan's facilities. opened: open before the first quarter. earliest: the
    first quarter in which it can be opened. opening: what that costs, once; running: each quarter while it is open. modules, most: groups
    of suites there are before the first quarter, and how many there can be; 0: it makes nothing (a platform, a laboratory).
    module_price: of one more; module_running: of each, a quarter. people: trained operators before the first quarter. variable: what one
    batch costs here, materials and tests.
    """

    id: str
    title: Words
    cluster: str = ""
    facility: bool = True
    opened: bool = False
    earliest: int = 0
    opening: int = 0
    running: int = 0
    modules: int = 0
    most: int = 0
    module_price: int = 0
    module_running: int = 0
    people: int = 0
    variable: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """A site that can serve a hospital: the cheapest way that keeps the windows. price: of a patient's transport, there and back."""

    site: int
    hospital: int
    price: int
    hours: float


@dataclass(frozen=True, slots=True)
class Goal:
    """What a plan wants by the end of a quarter.

    clusters: with at least ``members`` open sites. facilities: open sites that count. capacity: batches a year of usable suites. scale:
    expected sales of the four quarters that end with it, doses × price: a forecast of revenue, never audited output. served: per cent of
    the demand, in each scenario, of that quarter and each later one. capital: what openings and suites cost from ``since`` to the end of the
    quarter, together.
    """

    id: str
    title: Words
    metric: Metric
    comparator: Comparator
    value: int
    by: int
    since: int = 0

    @property
    def least(self) -> float:
        """The least value that meets it: more than 5 is 6 where things are counted, and a hair more where they are measured."""
        whole = self.metric in ("clusters", "facilities", "capacity")
        return float(self.value) if self.comparator != "gt" else self.value + (1.0 if whole else 1e-6 * abs(self.value))


@dataclass(frozen=True, slots=True)
class Lesson:
    """Learning: once ``after`` batches were made in all the city, one batch costs ``saving`` less than at first."""

    after: int
    saving: int


@dataclass(frozen=True, slots=True)
class Demand:
    """A scenario: patients of each hospital in each quarter. probability: of all scenarios together 1."""

    name: str
    probability: float
    patients: Floats


@dataclass(frozen=True)
class City:
    """The whole problem.

    suites_module: suites of a module. lag: quarters from ordering one until it is usable. batches_module, batches_person: how many a
    module of suites, and a trained operator, can make in a quarter. training: quarters from hiring until trained. wage: an
    operator's, a quarter. hiring: recruiting and training of one, once. unserved: what a patient who is not served counts. price: of
    a dose, for the goal of scale. members: sites that make a cluster. discount: a year. made: batches before the first quarter.
    """

    quarters: int
    sites: tuple[Site, ...]
    hospitals: tuple[str, ...]
    routes: tuple[Route, ...]
    demands: tuple[Demand, ...]
    goals: tuple[Goal, ...]
    lessons: tuple[Lesson, ...] = ()
    lag: int = 2
    batches_module: int = 20
    suites_module: int = 4
    batches_person: float = 3.0
    training: int = 1
    wage: int = 60_000
    hiring: int = 30_000
    unserved: int = 3_000_000
    price: int = 0
    members: int = 2
    discount: float = 0.0
    made: int = 0

    @property
    def clusters(self) -> list[str]:
        return list(dict.fromkeys(site.cluster for site in self.sites if site.cluster))

    def worth(self) -> Floats:
        """What one unit of money in each quarter counts today."""
        return (1.0 + self.discount) ** -(np.arange(self.quarters) / QUARTERS)

    def expected(self) -> Floats:
        """Patients of each hospital in each quarter, over the scenarios."""
        found: Floats = np.sum([each.probability * each.patients for each in self.demands], axis=0)
        return found

    def without(self, goals: Sequence[str]) -> tuple[Goal, ...]:
        return tuple(goal for goal in self.goals if goal.id not in goals)


@dataclass(frozen=True, slots=True)
class Roadmap:
    """An answer. open, ordered, modules, people: by site and quarter (modules: usable). served: by route, quarter and scenario.

    cost: discounted, in the city's unit; bound: none costs less. optimal: proven within the gap that was asked for. stopped: the search
    was ended before its time, and this is the best so far.
    """

    open: Ints
    ordered: Ints
    modules: Ints
    people: Floats
    served: Floats
    cost: float
    bound: float
    stopped: bool = False

    @property
    def gap(self) -> float:
        """How much cheaper the cheapest roadmap can be, as a share of this one's cost."""
        return max(0.0, self.cost - self.bound) / abs(self.cost) if self.cost else 0.0

    def opened(self) -> list[int]:
        """The quarter in which each site opens: 0 for what is open from the first; -1: never."""
        return [int(np.argmax(row)) if row.any() else -1 for row in self.open]


def measured(city: City, roadmap: Roadmap, goal: Goal) -> float:
    """What the roadmap reaches of the goal; computed from its decisions alone."""
    by = goal.by
    is_open = roadmap.open[:, by] > 0
    if goal.metric == "facilities":
        return float(sum(site.facility for site, there in zip(city.sites, is_open, strict=True) if there))
    if goal.metric == "clusters":
        found = [site.cluster for site, there in zip(city.sites, is_open, strict=True) if there and site.cluster]
        return float(sum(found.count(name) >= city.members for name in city.clusters))
    if goal.metric == "capacity":
        return float(roadmap.modules[:, by].sum() * city.batches_module * QUARTERS)
    if goal.metric == "capital":
        return capital(city, roadmap, goal.since, by)
    shares = np.array([each.probability for each in city.demands])
    made = roadmap.served.sum(axis=0)
    if goal.metric == "scale":
        return float((made[max(0, by - QUARTERS + 1) : by + 1] @ shares).sum() * city.price)
    wanted = np.stack([each.patients.sum(axis=0) for each in city.demands], axis=1)
    return float((100 * made[by:] / np.maximum(wanted[by:], 1e-9)).min())


def capital(city: City, roadmap: Roadmap, since: int, by: int) -> float:
    """What is paid for openings and suites in these quarters."""
    total = 0
    for number, site in enumerate(city.sites):
        opened = roadmap.opened()[number]
        if not site.opened and since <= opened <= by:
            total += site.opening
        total += site.module_price * int(roadmap.ordered[number, since : by + 1].sum())
    return float(total)


def meets(goal: Goal, value: float) -> bool:
    """Whether a value meets the goal, within the solver's tolerance."""
    slack = 1e-5 * max(1.0, abs(goal.value))
    return value <= goal.value + slack if goal.comparator == "le" else value >= goal.least - slack


def broken(city: City, roadmap: Roadmap) -> list[str]:
    """The rules that the roadmap's decisions break, each by its name; computed without the solver's model."""
    quarters, slack = np.arange(city.quarters), 1e-5
    of = {
        name: np.array([getattr(site, name) for site in city.sites])
        for name in ("opened", "earliest", "modules", "most", "people")
    }
    opened, earliest, before, most, trained = (of[name][:, None] for name in of)
    ordered = np.cumsum(roadmap.ordered, axis=1)
    usable = before + np.pad(ordered, ((0, 0), (city.lag, 0)))[:, : city.quarters]
    made = np.zeros((len(city.sites), *roadmap.served.shape[1:]))
    met = np.zeros((len(city.hospitals), *roadmap.served.shape[1:]))
    np.add.at(made, [route.site for route in city.routes], roadmap.served)
    np.add.at(met, [route.hospital for route in city.routes], roadmap.served)
    wanted = np.stack([each.patients for each in city.demands], axis=2)
    people = roadmap.people[:, :, None] * city.batches_person
    ways = {
        "opened before it can be": (roadmap.open > 0) & (quarters < earliest) & ~opened,
        "closed again": np.diff(roadmap.open, axis=1, prepend=opened.astype(int)) < 0,
        "suites where nothing is open": (ordered > 0) & (roadmap.open == 0),
        "more suites than there is room for": before + ordered > np.maximum(most, before),
        "suites that were not ordered in time": roadmap.modules != usable,
        "more batches than the suites make": made > roadmap.modules[:, :, None] * city.batches_module + slack,
        "more batches than the operators make": made > people + slack,
        "operators who are not trained yet": (roadmap.people > trained + slack) & (quarters < city.training),
        "more patients than there are": met > wanted + slack,
        "fewer than none": np.minimum(roadmap.served.min(initial=0), roadmap.people.min(initial=0)) < 0,
    }
    return [name for name, found in ways.items() if found.any()]


def costs(city: City, roadmap: Roadmap) -> Mapping[str, float]:
    """What the roadmap costs, discounted, by what for; computed from its decisions alone, without the solver's model."""
    worth = city.worth()
    before = np.array([[site.opened] for site in city.sites], dtype=float)
    begun = np.diff(roadmap.open, axis=1, prepend=before)
    of = {
        name: np.array([getattr(site, name) for site in city.sites], dtype=float)
        for name in ("opening", "running", "module_price", "module_running", "variable")
    }
    trained = np.array([site.people for site in city.sites], dtype=float)
    shares = np.array([each.probability for each in city.demands])
    flows = roadmap.served @ shares
    sites = np.array([route.site for route in city.routes], dtype=int)
    prices = np.array([route.price for route in city.routes], dtype=float)
    wanted = city.expected().sum()
    rises = np.maximum(0.0, np.diff(roadmap.people, axis=1, prepend=trained[:, None]))
    paid = np.array([worth[max(0, quarter - city.training)] for quarter in range(city.quarters)])
    made = flows.sum(axis=0)
    before_it = city.made + np.concatenate([[0.0], np.cumsum(made)[:-1]])
    saved = np.array([_saving(city, float(batches)) for batches in before_it])
    unserved = (city.expected().sum(axis=0) - made) if wanted else np.zeros(city.quarters)
    return {
        "openings": float(of["opening"] @ begun @ worth),
        "running": float(of["running"] @ roadmap.open @ worth),
        "suites": float(of["module_price"] @ roadmap.ordered @ worth),
        "suites_running": float(of["module_running"] @ roadmap.modules @ worth),
        "wages": float(city.wage * roadmap.people.sum(axis=0) @ worth),
        "hiring": float(city.hiring * rises.sum(axis=0) @ paid),
        "batches": float(of["variable"][sites] @ flows @ worth),
        "transport": float(prices @ flows @ worth),
        "learning": float(-(made * saved) @ worth),
        "unserved": float(city.unserved * unserved @ worth),
    }


def _saving(city: City, made: float) -> int:
    """A batch's saving by learning after so many; the solver's tolerance is forgiven."""
    return max((lesson.saving for lesson in city.lessons if lesson.after <= made + 1e-3), default=0)
