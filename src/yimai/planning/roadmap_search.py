"""The cheapest roadmap by HiGHS: relax-and-fix for a good one, the linear relaxation and branch and bound for what none can beat.

*Relax*: the linear relaxation, with the disaggregated rows that it breaks; its cost is the first bound. *Fix*: from its values sites are
opened or left closed one after another, then suites are ordered quarter by quarter, each time with all later decisions relaxed and solved
again. *Improve*: branch and bound over a window of quarters with all the rest fixed at the best found, window after window, for as long as
that helps. A small city is then given to branch and bound as a whole, which may end with a proof. Nothing ends by the clock unless ``stop``
says so: the same city gives the same roadmap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import highspy
import numpy as np

from yimai.planning.problem import Flags, Floats, Ints
from yimai.planning.roadmap import City, Goal, Roadmap
from yimai.planning.roadmap_model import MILLION, Model, model_of

Told = Callable[[str, float, float], None]
"""What is being done, the cost of the best so far and the bound, in the city's unit; each may be infinite or its negative."""
Stop = Callable[[], bool]

SMALL: Final = 500
"""Up to so many whole columns branch and bound is given the whole model after all, and may end with a proof."""
ROUNDS: Final = 12
"""Of disaggregated rows that the relaxation breaks."""
WINDOWS: Final = ((6, 4), (12, 6))
"""Quarters that are free at a time, and by how many the window moves: first, and once that is not worth it any more."""
SURE: Final = 0.8
LIKELY: Final = 0.3
"""What the relaxation opens so far is opened at once, or may be opened next."""
NEAR: Final = 1e-4
WORTH: Final = 0.0005
"""An improvement by less than this share is not worth another round of windows."""


class Infeasible(Exception):
    """It is proven that no roadmap keeps all goals."""


class Stopped(Exception):
    """The search ended before there was any roadmap or a proof that there is none."""


@dataclass
class Effort:
    """How hard to try. gap: good enough, as a share of the cost. nodes: of branch and bound in each window; whole: in the whole model."""

    gap: float = 0.002
    nodes: int = 30
    whole: int = 2_000


@dataclass
class Search:
    """One model in HiGHS; columns' bounds and kinds change, and rows are added."""

    model: Model
    effort: Effort
    told: Told
    stop: Stop
    highs: Any = field(init=False)
    low: Floats = field(init=False)
    high: Floats = field(init=False)
    whole: Flags = field(init=False)
    best: Floats | None = None
    cost: float = np.inf
    bound: float = -np.inf
    doing: str = ""
    stopped: bool = False

    def __post_init__(self) -> None:
        p = self.model.programme
        self.low, self.high, self.whole = np.concatenate(p.low), np.concatenate(p.high), np.concatenate(p.whole)
        self.highs = _highs(self.model, self.low, self.high)
        self.highs.cbMipInterrupt += self._asked
        self.highs.cbSimplexInterrupt += self._asked
        self.highs.cbIpmInterrupt += self._asked

    def _asked(self, event: Any) -> None:
        if self.stop():
            self.stopped = True
            event.interrupt()

    def watch(self) -> None:
        """Tell of each better roadmap, and of the bound, while branch and bound runs."""

        def logged(event: Any) -> None:
            out, at = event.data_out, self.model.at
            self.told(self.doing, (out.mip_primal_bound + at) * MILLION, (out.mip_dual_bound + at) * MILLION)

        self.highs.cbMipLogging += logged
        self.highs.cbMipImprovingSolution += logged

    def tell(self, doing: str = "") -> None:
        self.doing = doing or self.doing
        at = self.model.at
        self.told(self.doing, (self.cost + at) * MILLION, (self.bound + at) * MILLION)

    def relaxed(self) -> Floats:
        """The linear relaxation's values; keeps its cost as the bound. Raises Infeasible, Stopped."""
        self._kinds(np.zeros_like(self.whole))
        self._bounds(self.low, self.high)
        values = np.zeros(0)
        for _ in range(ROUNDS):
            found = self._solve()
            if found is None:
                raise Stopped if self.stopped else Infeasible
            values, cost = found
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
        count = len(route)
        starts = np.arange(0, 2 * count, 2, dtype=np.int32)
        self.highs.addRows(
            count, np.full(count, -highspy.kHighsInf), np.zeros(count), 2 * count, starts, columns.ravel().astype(np.int32), factors.ravel()
        )  # fmt: skip
        return True

    def fix(self, values: Floats) -> None:
        """A first roadmap: the relaxation's decisions made whole one after another. Raises Infeasible where that leads nowhere."""
        m, low, high = self.model, self.low.copy(), self.high.copy()
        rest = np.setdiff1d(
            np.flatnonzero(self.whole), np.concatenate([each.ravel() for each in (m.open, m.ordered, m.learned)])
        )
        self.tell("sites")
        for group in (rest.reshape(-1, 1), m.open):
            while (low[group] < high[group]).any() and self._settle(group, values, low, high):
                values = self._again(low, high)
            low[group] = high[group] = np.rint(values[group])
            values = self._again(low, high)
        for quarter in range(m.city.quarters):
            self.tell(f"quarter {quarter + 1}")
            ordered = m.ordered[:, quarter]
            wanted = values[ordered]
            made = np.floor(wanted + NEAR)
            more = np.argsort(made - wanted, kind="stable")[: int(np.rint((wanted - made).sum()))]
            made[more] += 1
            low[ordered] = high[ordered] = np.minimum(made, self.high[ordered])
            try:
                values = self._again(low, high)
            except Infeasible:  # then everything up
                low[ordered] = high[ordered] = np.minimum(np.ceil(wanted - NEAR), self.high[ordered])
                values = self._again(low, high)
        self._learn(values, low, high)

    def _learn(self, values: Floats, low: Floats, high: Floats) -> None:
        """Take what the batches have taught by each quarter, with all other whole columns fixed, as the best if it is."""
        m = self.model
        reached = np.cumsum(values[m.made]) - values[m.made] + m.city.made + NEAR
        for lesson, learned in zip(m.city.lessons, m.learned, strict=True):
            low[learned] = high[learned] = np.minimum(reached >= lesson.after, self.high[learned])
        values = self._again(low, high)
        self._take(values, float(self.highs.getInfo().objective_function_value))

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

    def _again(self, low: Floats, high: Floats) -> Floats:
        self._kinds(np.zeros_like(self.whole))
        self._bounds(low, high)
        found = self._solve()
        if found is None:
            raise Stopped if self.stopped else Infeasible
        return found[0]

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
            found = self._branch(low, high, self.effort.nodes, self.effort.gap)
            if found is not None:
                self._take(*found)
        return before - self.cost > WORTH * abs(before)

    def whole_model(self, nodes: int, seconds: float = np.inf) -> None:
        """Branch and bound over everything, from the best that is known."""
        self.tell("branch and bound")
        found = self._branch(self.low, self.high, nodes, self.effort.gap, seconds=seconds)
        proven = float(self.highs.getInfo().mip_dual_bound)
        if np.isfinite(proven):
            self.bound = max(self.bound, proven)
        if found is not None:
            self._take(*found)
        elif self.best is None and not self.stopped and self._status() == highspy.HighsModelStatus.kInfeasible:
            raise Infeasible
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

    def _branch(
        self, low: Floats, high: Floats, nodes: int, gap: float, seconds: float = np.inf
    ) -> tuple[Floats, float] | None:
        """Branch and bound from the best that is known."""
        self._kinds(self.whole)
        self._bounds(low, high)
        self._option("mip_max_nodes", nodes)
        self._option("mip_rel_gap", gap)
        self._option("time_limit", float(seconds))
        if self.best is not None:
            solution = highspy.HighsSolution()
            solution.col_value = list(self.best)
            self.highs.setSolution(solution)
        found = self._solve()
        self._option("time_limit", np.inf)
        return found

    def _solve(self) -> tuple[Floats, float] | None:
        """The values and their cost; None where there are none."""
        if self.stop():
            self.stopped = True
            return None
        self.highs.run()
        info = self.highs.getInfo()
        if (
            self._status() == highspy.HighsModelStatus.kInfeasible
            or info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible
        ):
            return None
        return np.array(self.highs.getSolution().col_value), float(info.objective_function_value)

    def _status(self) -> Any:
        return self.highs.getModelStatus()

    def _option(self, name: str, value: Any) -> None:
        self.highs.setOptionValue(name, value)

    def _bounds(self, low: Floats, high: Floats) -> None:
        count = len(low)
        self.highs.changeColsBounds(count, np.arange(count, dtype=np.int32), low, high)

    def _kinds(self, whole: Flags) -> None:
        count = len(whole)
        self.highs.changeColsIntegrality(count, np.arange(count, dtype=np.int32), whole.astype(np.uint8))


def _highs(model: Model, low: Floats, high: Floats) -> Any:
    """HiGHS with the model in it."""
    p = model.programme
    rows, columns, values = (np.concatenate([entry[part] for entry in p.entries]) for part in range(3))
    kept = values != 0
    rows, columns, values = rows[kept], columns[kept], values[kept]
    order = np.lexsort((columns, rows))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = p.columns, p.rows
    lp.col_cost_ = model.costs
    lp.col_lower_, lp.col_upper_ = low, high
    lp.row_lower_, lp.row_upper_ = np.concatenate(p.row_low), np.concatenate(p.row_high)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.searchsorted(rows[order], np.arange(p.rows + 1)).astype(np.int32)
    lp.a_matrix_.index_ = columns[order].astype(np.int32)
    lp.a_matrix_.value_ = values[order]
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("random_seed", 1)
    highs.setOptionValue("threads", 1)
    highs.passModel(lp)
    return highs


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
    try:
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
