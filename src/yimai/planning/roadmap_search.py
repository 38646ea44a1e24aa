"""The cheapest roadmap by HiGHS: good ones and what none can beat, in turns, until they are near enough to each other.

*Relax*: the linear relaxation, with the disaggregated rows that it breaks; its cost is the first bound. *Together*: branch and bound with all
hospitals as one (``roadmap_pooled``), at first only until there is a roadmap, then until its bound is good. *Fix*, should that find no
roadmap: from the relaxation's values sites are opened or left closed one after another, then suites are ordered quarter by quarter, each
time with all later decisions relaxed and solved again. *Improve*, should the two not be near enough yet: branch and bound over a window of
quarters with all the rest fixed at the best found, window after window, for as long as that helps. A small city is then given to branch
and bound as a whole, which may end with a proof. Nothing ends by the clock unless ``stop`` says so: the same city gives the same roadmap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from yimai.planning.problem import Flags, Floats, Ints
from yimai.planning.roadmap import City, Goal, Roadmap
from yimai.planning.roadmap_model import MILLION, Model, model_of
from yimai.planning.roadmap_pooled import Pooled
from yimai.planning.roadmap_solver import Infeasible, Solver, Stop, Stopped

Told = Callable[[str, float, float], None]
"""What is being done, the cost of the best so far and the bound, in the city's unit; each may be infinite or its negative."""

SMALL: Final = 500
"""Up to so many whole columns branch and bound is given the whole model after all, and may end with a proof."""
ROUNDS: Final = 12
"""Of disaggregated rows that the relaxation breaks."""
WINDOWS: Final = ((6, 4), (12, 6))
"""Quarters that are free at a time, and by how many the window moves: first, and once that is not worth it any more."""
TOGETHER: Final = ((0.03, False), (0.0, False), (0.0, False), (0.0, True))
"""The gap each time that the model with all hospitals as one is solved, unless more is good enough; and whether suites are whole modules: in
parts it is quicker. The first time a roadmap is all that is wanted."""
PART: Final = 0.6
"""Of the gap that is good enough, what its branch and bound may leave: the rest is for what transport costs."""
SURE: Final = 0.8
LIKELY: Final = 0.3
"""What the relaxation opens so far is opened at once, or may be opened next."""
NEAR: Final = 1e-4
WORTH: Final = 0.0005
"""An improvement by less than this share is not worth another round of windows."""


@dataclass
class Effort:
    """How hard to try. gap: good enough, as a share of the cost. nodes: of branch and bound in each window; together: with
    all hospitals as one; whole: in the whole model."""

    gap: float = 0.002
    nodes: int = 30
    together: int = 500
    whole: int = 2_000


@dataclass
class Search:
    """One model in HiGHS; columns' bounds and kinds change, and rows are added."""

    model: Model
    effort: Effort
    told: Told
    stop: Stop
    solver: Solver = field(init=False)
    low: Floats = field(init=False)
    high: Floats = field(init=False)
    whole: Flags = field(init=False)
    best: Floats | None = None
    cost: float = np.inf
    bound: float = -np.inf
    doing: str = ""
    stopped: bool = False

    def __post_init__(self) -> None:
        self.solver = Solver(self.model, self._asked)
        self.low, self.high, self.whole = self.solver.low, self.solver.high, self.solver.whole

    def _asked(self) -> bool:
        self.stopped = self.stopped or self.stop()
        return self.stopped

    def watch(self) -> None:
        """Tell of each better roadmap, and of the bound, while branch and bound runs."""

        def logged(event: Any) -> None:
            out, at = event.data_out, self.model.at
            self.told(self.doing, (out.mip_primal_bound + at) * MILLION, (out.mip_dual_bound + at) * MILLION)

        self.solver.highs.cbMipLogging += logged
        self.solver.highs.cbMipImprovingSolution += logged

    def tell(self, doing: str = "") -> None:
        self.doing = doing or self.doing
        at = self.model.at
        self.told(self.doing, (self.cost + at) * MILLION, (self.bound + at) * MILLION)

    def relaxed(self) -> Floats:
        """The linear relaxation's values; keeps its cost as the bound. Raises Infeasible, Stopped."""
        values = np.zeros(0)
        for _ in range(ROUNDS):
            values, cost = self.solver.relaxed(self.low, self.high)
            self.bound = max(self.bound, cost)
            self.tell("relaxation")
            if not self._disaggregate(values):
                break
        return values

    def _disaggregate(self, values: Floats) -> bool:
        """Add the rows hospital by hospital that the values break; whether there were any."""
        m = self.model
        patients = np.stack([each.patients for each in m.city.demands], axis=2)
        routes = m.city.routes
        site, hospital = (
            np.array([getattr(route, name) for route in routes], dtype=int) for name in ("site", "hospital")
        )
        limit = patients[hospital]
        broken = values[m.served] > limit * values[m.open[site]][:, :, None] + 1e-4 * np.maximum(1.0, limit)
        if not broken.any():
            return False
        route, quarter, scenario = np.nonzero(broken)
        columns = np.stack([m.served[route, quarter, scenario], m.open[site[route], quarter]], axis=1)
        factors = np.stack([np.ones(len(route)), -limit[route, quarter, scenario]], axis=1)
        self.solver.require(np.full(len(route), -np.inf), np.zeros(len(route)), columns, factors)
        return True

    def together(self, values: Floats) -> None:
        """A bound and roadmaps by the model with all hospitals as one, from the relaxation's values. Raises Infeasible, Stopped."""
        pooled = Pooled(self.model, self._asked)
        pooled.learn(values, self.solver.prices(self.model.wanted))
        for number, (gap, suites) in enumerate(TOGETHER, 1):
            self.tell(f"hospitals together, {number} of {len(TOGETHER)}")
            left = self.effort.gap * PART
            found = pooled.bound(self.effort.together, max(gap, left), suites=suites)
            if found is None:
                return
            self.bound = max(self.bound, found[1])
            decided = found[0] if suites else pooled.suites(found[0], self.effort.together, left)
            if decided is not None:
                low, high = self.low.copy(), self.high.copy()
                pooled.decisions(decided, low, high)
                with suppress(Infeasible):  # the hospitals one by one may lie too far from what is open
                    values, cost = self.solver.relaxed(low, high)
                    self._take(values, cost)
                    pooled.learn(values, self.solver.prices(self.model.wanted))
            self.tell()
            if self.good:
                return

    def fix(self, values: Floats) -> None:
        """A first roadmap: the relaxation's decisions made whole one after another. Raises Infeasible where that leads nowhere."""
        m, low, high = self.model, self.low.copy(), self.high.copy()
        rest = np.setdiff1d(
            np.flatnonzero(self.whole), np.concatenate([each.ravel() for each in (m.open, m.ordered, m.learned)])
        )
        self.tell("sites")
        for group in (rest.reshape(-1, 1), m.open):
            while (low[group] < high[group]).any() and self._settle(group, values, low, high):
                values, _ = self.solver.relaxed(low, high)
            low[group] = high[group] = np.rint(values[group])
            values, _ = self.solver.relaxed(low, high)
        for quarter in range(m.city.quarters):
            self.tell(f"quarter {quarter + 1}")
            ordered = m.ordered[:, quarter]
            wanted = values[ordered]
            made = np.floor(wanted + NEAR)
            more = np.argsort(made - wanted, kind="stable")[: int(np.rint((wanted - made).sum()))]
            made[more] += 1
            low[ordered] = high[ordered] = np.minimum(made, self.high[ordered])
            try:
                values, _ = self.solver.relaxed(low, high)
            except Infeasible:  # then everything up
                low[ordered] = high[ordered] = np.minimum(np.ceil(wanted - NEAR), self.high[ordered])
                values, _ = self.solver.relaxed(low, high)
        self._learn(values, low, high)

    def _learn(self, values: Floats, low: Floats, high: Floats) -> None:
        """Take what the batches have taught by each quarter, with all other whole columns fixed, as the best if it is."""
        m = self.model
        reached = np.cumsum(values[m.made]) - values[m.made] + m.city.made + NEAR
        for lesson, learned in zip(m.city.lessons, m.learned, strict=True):
            low[learned] = high[learned] = np.minimum(reached >= lesson.after, self.high[learned])
        self._take(*self.solver.relaxed(low, high))

    def polish(self) -> None:
        """The best with its suites and sites as they are, and everything else solved anew."""
        if self.best is None or self.stop():
            return
        low, high = self.low.copy(), self.high.copy()
        low[self.whole] = high[self.whole] = np.rint(self.best[self.whole])
        with suppress(Infeasible, Stopped):
            self._learn(self.best, low, high)

    def _settle(self, group: Ints, values: Floats, low: Floats, high: Floats) -> bool:
        """Fix what is sure, else what is likeliest, else leave closed what is least likely; whether anything is still a fraction."""
        at, free = values[group], low[group] < high[group]
        part = free & (at > NEAR) & (at < 1 - NEAR)
        if not part.any():
            return False
        up = free & (at >= SURE)
        if not (up & part).any():
            likeliest = np.unravel_index(int(np.argmax(at * part)), at.shape)
            if at[likeliest] >= LIKELY:
                up[likeliest] = True
            else:
                row = int(np.argmin(np.where(part.any(axis=1), at.max(axis=1), np.inf)))
                high[group[row]] = np.maximum(low[group[row]], np.floor(at[row] + NEAR))
                up[row] = False
        low[group[up]] = 1.0
        return True

    def improve(self, width: int, step: int) -> bool:
        """Window after window, with all outside it fixed at the best; whether that was worth it."""
        if self.best is None:
            return False
        before = self.cost
        everything = np.flatnonzero(self.whole)
        for first, end, columns in self._windows(width, step):
            if self.stopped or self.good:
                break
            self.tell(f"improving quarters {first + 1}–{end}")
            low, high = self.low.copy(), self.high.copy()
            kept = np.setdiff1d(everything, columns)
            low[kept] = high[kept] = np.rint(self.best[kept])
            found = self.solver.branch(low, high, self.effort.nodes, self.effort.gap, begin=self.best)
            if found is not None:
                self._take(*found)
        return before - self.cost > WORTH * abs(before)

    def whole_model(self, nodes: int, seconds: float = np.inf) -> None:
        """Branch and bound over everything, from the best that is known."""
        self.tell("branch and bound")
        found = self.solver.branch(self.low, self.high, nodes, self.effort.gap, begin=self.best, seconds=seconds)
        if self.best is None and not self.stopped and self.solver.proven == np.inf:
            raise Infeasible
        if np.isfinite(self.solver.proven):
            self.bound = max(self.bound, self.solver.proven)
        if found is not None:
            self._take(*found)
        self.tell()

    @property
    def good(self) -> bool:
        return self.best is not None and self.cost - self.bound <= self.effort.gap * abs(self.cost + self.model.at)

    def _windows(self, width: int, step: int) -> Iterator[tuple[int, int, Ints]]:
        """The first quarter, the one after the last, and the whole columns that are free within."""
        m, quarters = self.model, self.model.city.quarters
        placed = [m.open, m.ordered]
        others = np.setdiff1d(np.flatnonzero(self.whole), np.concatenate([each.ravel() for each in placed]))
        for first in range(0, max(1, quarters - width + step), step):
            end = min(quarters, first + width)
            yield first, end, np.concatenate([each[:, first:end].ravel() for each in placed] + [others])

    def _take(self, values: Floats, cost: float) -> None:
        if cost < self.cost:
            self.best, self.cost = values, cost
            self.tell()


def silent(doing: str, cost: float, bound: float) -> None:
    pass


def never() -> bool:
    return False


def cheapest(
    city: City,
    goals: tuple[Goal, ...] | None = None,
    effort: Effort | None = None,
    told: Told = silent,
    stop: Stop = never,
) -> Roadmap:
    """The cheapest roadmap found that keeps these goals (None: all of the city's). Raises Infeasible, Stopped."""
    search = Search(model_of(city, goals), effort or Effort(), told, stop)
    return solved(search)


def solved(search: Search) -> Roadmap:
    """The best roadmap of a search that was set up. Raises Infeasible, Stopped."""
    values = search.relaxed()
    if search.model.city.routes and not search.model.elastic:
        with suppress(Stopped):
            search.together(values)
    try:
        if search.best is None:
            search.fix(values)
        for width, step in WINDOWS:
            while not search.good and not search.stopped and search.improve(width, step):
                pass
    except Infeasible:
        pass  # one decision after another may lead nowhere although there is a way
    small = int((search.whole & (search.low < search.high)).sum()) <= SMALL
    if not search.stopped and (search.best is None or (small and not search.good)):
        search.whole_model(search.effort.whole)
    if search.best is None:
        raise Stopped
    search.polish()
    bound = (search.bound + search.model.at) * MILLION
    return search.model.roadmap(search.best, bound, search.stopped)
