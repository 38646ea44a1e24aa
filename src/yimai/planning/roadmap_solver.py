"""A model in HiGHS: its columns' bounds and kinds change, rows are added, and it is solved for as long as nobody says stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np

from yimai.planning.problem import Flags, Floats, Ints
from yimai.planning.roadmap_model import Model

Stop = Callable[[], bool]


class Infeasible(Exception):
    """It is proven that no roadmap keeps all goals."""


class Stopped(Exception):
    """The search ended before there was any roadmap or a proof that there is none."""


@dataclass
class Solver:
    """low, high, whole: of each column, as the model has them. stopped: somebody said stop while it was solved."""

    model: Model
    stop: Stop
    highs: Any = field(init=False)
    low: Floats = field(init=False)
    high: Floats = field(init=False)
    whole: Flags = field(init=False)
    stopped: bool = field(default=False, init=False)

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

    def relaxed(self, low: Floats, high: Floats) -> tuple[Floats, float]:
        """The linear relaxation's values between these bounds, and their cost. Raises Infeasible, Stopped."""
        self._kinds(np.zeros_like(self.whole))
        self._bounds(low, high)
        found = self._solve()
        if found is None:
            raise Stopped if self.stopped else Infeasible
        return found

    def prices(self, rows: Ints) -> Floats:
        """What one more of each of these rows would cost, in the relaxation that was solved last."""
        found: Floats = np.array(self.highs.getSolution().row_dual)[rows]
        return found

    def branch(
        self,
        low: Floats,
        high: Floats,
        nodes: int,
        gap: float,
        *,
        begin: Floats | None = None,
        whole: Flags | None = None,
        seconds: float = np.inf,
    ) -> tuple[Floats, float] | None:
        """The best values that branch and bound finds from these, and their cost; None where it finds none."""
        self._kinds(self.whole if whole is None else whole)
        self._bounds(low, high)
        self.option("mip_max_nodes", nodes)
        self.option("mip_rel_gap", gap)
        self.option("time_limit", float(seconds))
        if begin is not None:
            solution = highspy.HighsSolution()
            solution.col_value = list(begin)
            self.highs.setSolution(solution)
        found = self._solve()
        self.option("time_limit", np.inf)
        return found

    @property
    def proven(self) -> float:
        """No values cost less, as branch and bound has proven last; infinite where it is proven that there are none."""
        if self.highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return np.inf
        bound = float(self.highs.getInfo().mip_dual_bound)
        return bound if np.isfinite(bound) else -np.inf

    def require(self, low: Floats, high: Floats, columns: Ints, factors: Floats) -> None:
        """More rows: in each as many columns, with their factors."""
        count, each = columns.shape
        starts = np.arange(0, each * count, each, dtype=np.int32)
        self.highs.addRows(count, low, high, columns.size, starts, columns.ravel().astype(np.int32), factors.ravel())

    def option(self, name: str, value: Any) -> None:
        self.highs.setOptionValue(name, value)

    def _solve(self) -> tuple[Floats, float] | None:
        """The values and their cost; None where there are none."""
        if self.stop():
            self.stopped = True
            return None
        self.highs.run()
        info = self.highs.getInfo()
        if (
            self.highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible
            or info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible
        ):
            return None
        return np.array(self.highs.getSolution().col_value), float(info.objective_function_value)

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
