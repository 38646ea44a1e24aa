"""What a city's goals do to its roadmap: which conflict and how far they would have to give, what each costs, and other ways near the best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Final

import numpy as np

from yimai.domain.recipe import Words
from yimai.planning.roadmap import City, Goal, Roadmap
from yimai.planning.roadmap_model import model_of
from yimai.planning.roadmap_search import Effort, Search, Told, cheapest, never, silent, solved
from yimai.planning.roadmap_solver import Infeasible, Stop, Stopped

NOTHING: Final = 1e-6
"""A share of a goal's value that is no giving at all."""
COUNTED: Final = ("clusters", "facilities", "capacity")


@dataclass(frozen=True, slots=True)
class Gives:
    """A goal with the value that it would have to give way to; ``reached`` is never better than the goal's own."""

    goal: Goal
    reached: float

    @property
    def words(self) -> Words:
        own, given = _number(self.goal.value), _number(self.reached)
        return Words(
            f"“{self.goal.title.zh}”从 {own} 改为 {given}", f"{self.goal.title.en}: {given} instead of {own}"
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why there is no roadmap. together: the least that the goals give in all, in shares of their values, where all may give.

    core: goals that conflict with one another while any of them left out ends the conflict. alone: how far each of them would have to give if only
    it gave way; None where that alone does not help.
    """

    together: tuple[Gives, ...]
    core: tuple[Goal, ...]
    alone: tuple[Gives | None, ...]

    @property
    def said(self) -> Words:
        """Which goals conflict."""
        zh = "、".join(f"“{goal.title.zh}”" for goal in self.core)
        en = " and ".join(goal.title.en for goal in self.core)
        if len(self.core) == 1:
            return Words(f"目标{zh}本身就达不到。", f"The goal {en} cannot be met by itself.")
        return Words(f"目标{zh}不能同时达到。", f"These goals cannot all be met: {en}.")

    @property
    def elsewhere(self) -> bool:
        """Whether goals outside this conflict have to give too: then to end this one is not enough."""
        return any(each.goal not in self.core for each in self.together)

    @property
    def advice(self) -> tuple[tuple[Words, tuple[Gives, ...]], ...]:
        """What would end the conflict, each with what is said before it: one goal alone, and the least that all give together."""
        return tuple(each for each in (self._ways(), self._least()) if each[1])

    def _ways(self) -> tuple[Words, tuple[Gives, ...]]:
        ways = tuple(each for each in self.alone if each is not None)
        if self.elsewhere:
            return Words("只消除这一冲突，任选其一", "To end this conflict alone, one of these"), ways
        return Words("任选其一即可", "One of these is enough"), ways

    def _least(self) -> tuple[Words, tuple[Gives, ...]]:
        if self.elsewhere:
            title = Words(
                "还有其他目标相互冲突；要全部达到，合计让步最少的做法",
                "Other goals conflict too; to meet all, the least that they give together",
            )
        else:
            title = Words("全部目标合计让步最少的做法", "The least that all goals give together")
        return title, self.together

    @property
    def words(self) -> Words:
        """The conflict in sentences."""
        zh, en = self.said.zh, self.said.en
        for title, gives in self.advice:
            zh += f"{title.zh}：" + "；".join(each.words.zh for each in gives) + "。"
            en += f" {title.en}: " + "; ".join(each.words.en for each in gives) + "."
        return Words(zh, en)


@dataclass(frozen=True, slots=True)
class Price:
    """What a goal costs: the roadmap's cost less that of one without the goal. low, high: what the bounds leave possible."""

    goal: Goal
    cost: float
    low: float
    high: float
    without: Roadmap


def giving(
    city: City,
    may: Sequence[str],
    goals: Sequence[Goal] | None = None,
    effort: Effort | None = None,
    stop: Stop = never,
) -> tuple[float, tuple[Gives, ...]]:
    """The least that these goals give in all, as a share of their values, and where. Zero: all can be met. Raises Infeasible, Stopped."""
    goals = tuple(city.goals if goals is None else goals)
    model = model_of(city, goals, may)
    search = Search(model, effort or Effort(), silent, stop)
    solved(search)
    assert search.best is not None
    shares = search.best[model.gives]
    given = [_gives(goal, float(share)) for goal, share in zip(goals, shares, strict=True) if share > NOTHING]
    return max(0.0, float(shares.sum())), tuple(given)


def _gives(goal: Goal, share: float) -> Gives:
    by = share * max(1.0, abs(float(goal.value)))
    if goal.comparator == "le":
        return Gives(goal, goal.value + by)
    reached = goal.least - by
    return Gives(goal, floor(reached + NOTHING * max(1.0, abs(reached))) if goal.metric in COUNTED else reached)


def conflict(city: City, effort: Effort | None = None, told: Told = silent, stop: Stop = never) -> Conflict | None:
    """Which goals conflict; None where all can be met. Raises Stopped."""
    everyone = [goal.id for goal in city.goals]
    told("which goals give", np.inf, -np.inf)
    total, together = giving(city, everyone, effort=effort, stop=stop)
    if total <= NOTHING:
        return None
    core = list(city.goals)
    for goal in city.goals:
        told(f"without {goal.id}", np.inf, -np.inf)
        others = [each for each in core if each is not goal]
        if others and giving(city, everyone, others, effort, stop)[0] > NOTHING:
            core = others
    alone: list[Gives | None] = []
    for goal in core:
        told(f"{goal.id} alone", np.inf, -np.inf)
        try:
            given = giving(city, [goal.id], core, effort, stop)[1]
        except Infeasible:
            given = ()
        alone.append(given[0] if given else None)
    return Conflict(together, tuple(core), tuple(alone))


def prices(
    city: City, roadmap: Roadmap, effort: Effort | None = None, told: Told = silent, stop: Stop = never
) -> Iterator[Price]:
    """What each goal costs, one after another. A roadmap that keeps all goals keeps all but one, so that no price is below zero."""
    for goal in city.goals:
        try:
            without = cheapest(city, city.without([goal.id]), effort, told, stop)
        except Stopped:
            return
        if without.cost > roadmap.cost:
            without = replace(roadmap, bound=without.bound)
        low, high = max(0.0, roadmap.bound - without.cost), roadmap.cost - without.bound
        yield Price(goal, roadmap.cost - without.cost, low, high, without)


def alternatives(
    city: City,
    roadmap: Roadmap,
    number: int,
    within: float = 0.05,
    effort: Effort | None = None,
    told: Told = silent,
    stop: Stop = never,
) -> Iterator[Roadmap]:
    """Other roadmaps of at most so much more, each with another set of sites open at the end than all before it."""
    known = [roadmap.open[:, -1] > 0]
    for _ in range(number):
        try:
            found = solved(Search(model_of(city, others=known), effort or Effort(), told, stop))
        except (Infeasible, Stopped):
            return
        if found.cost > (1 + within) * roadmap.cost:
            return
        known.append(found.open[:, -1] > 0)
        yield found


def _number(value: float) -> str:
    if value == round(value):
        return f"{int(value):,}"
    return f"{ceil(10 * value) / 10:,.1f}"
