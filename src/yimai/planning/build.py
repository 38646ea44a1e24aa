"""Builds the planning problem from recipes, a base and the orders: the same numbers that the batch record runs on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import NormalDist
from typing import Any, Final

from yimai.domain.base import Base
from yimai.domain.recipe import Duration, Recipe, Source, Step, Words
from yimai.planning.capacity import Away
from yimai.planning.order import WEIGHTS, Order
from yimai.planning.problem import NEVER, Job, Problem, Task, sigma_of, ticks_up
from yimai.planning.shop import Rows, Shop
from yimai.planning.waiting import Waits

TICK: Final = timedelta(minutes=30)
LENGTH: Final = timedelta(days=120)
QUANTILE: Final = 0.8
"""Planned durations are those that four of five keep."""
AT_ONCE: Final = Duration(timedelta(0), Decimal(0), Source("not listed by the base", assumed=True))
WORDS: Final = {
    "collection": Words("采集", "Collection"),
    "inbound": Words("运往基地", "Transport to the base"),
    "review": Words("审核放行", "Review and release"),
    "outbound": Words("运往医院", "Transport to the hospital"),
    "infusion": Words("回输", "Infusion"),
}


@dataclass(frozen=True)
class Horizon:
    """begins: the first tick's moment. now: nothing that has not begun starts before it. quantile: of planned durations."""

    begins: datetime
    now: datetime
    length: timedelta = LENGTH
    tick: timedelta = TICK
    quantile: float = QUANTILE


@dataclass(frozen=True)
class OrderBook:
    """What a problem is built from. recipes: by id. orders: each with its recipe's id. away: see ``build``. waits: see ``Problem``."""

    recipes: Mapping[str, Recipe]
    base: Base
    orders: Sequence[tuple[Order, str]]
    horizon: Horizon
    away: Away = field(default_factory=dict)
    waits: Mapping[str, Waits] = field(default_factory=dict)

    def problem(self) -> Problem:
        return replace(build(self.recipes, self.base, self.orders, self.horizon, self.away), waits=self.waits)


def build(
    recipes: Mapping[str, Recipe],
    base: Base,
    orders: Sequence[tuple[Order, str]],
    horizon: Horizon,
    away: Away | None = None,
) -> Problem:
    """The problem of these orders at this base; each order names its recipe's id.

    away: absent people, and suites and equipment out of use. An order of a hospital that the base does not list is collected and
    carried at once. Raises KeyError for a recipe that is not given.
    """
    shop = Shop(tuple(recipes.values()), base, horizon.begins, horizon.tick, horizon.length // horizon.tick, away or {})
    begun: dict[tuple[str, str, bool], Rows] = {}
    for order, recipe in orders:
        chain = _Chain(shop, order, recipes[recipe], horizon)
        alike = None if order.happened or order.longer else (recipe, order.hospital, order.claimed is None)
        if alike is None:
            chain.add()
        elif alike in begun:
            shop.repeat(begun[alike])
        else:
            begun[alike] = chain.add()
        shop.jobs.append(_job(shop, order, recipe))
    now = -((horizon.begins - horizon.now) // horizon.tick)
    return shop.problem(now, horizon.quantile)


def task_names(recipe: Recipe) -> list[str]:
    """What of one of its treatments can have happened."""
    sampled = {each for step in recipe.steps for each in step.samples}
    tested = {test for plan in recipe.samples if plan.id in sampled for test in plan.tests}
    tests = (f"test:{test.id}" for test in recipe.tests if test.id in tested)
    return ["collection", "inbound", *(f"step:{step.id}" for step in recipe.steps), *tests, "review", "outbound"]


def success(step: Step) -> float:
    """The chance that one round of the step reaches its count; 1 where the step has no rounds."""
    if step.until is None:
        return 1.0
    field = step.entry(step.until.entry)
    if field is None or field.typical is None:
        return 1.0
    typical = field.typical
    spread = sigma_of(float(typical.cv))
    short = math.log(float(step.until.at_least) / float(typical.median))
    return 1.0 - NormalDist().cdf(short / spread) if spread else float(short <= 0)


def rounds(chance: float, most: int, quantile: float) -> int:
    """How many rounds suffice with this probability, at most ``most``."""
    if chance >= 1:
        return 1
    if chance <= 0:
        return most
    return min(most, max(1, math.ceil(math.log(1 - quantile) / math.log(1 - chance))))


def _job(shop: Shop, order: Order, recipe: str) -> Job:
    """The job of the tasks that were added last."""
    return Job(
        id=order.id,
        hospital=order.hospital,
        urgency=order.urgency,
        recipe=recipe,
        first=shop.jobs[-1].last if shop.jobs else 0,
        last=shop.size,
        ready=shop.ceiling(order.ready),
        due=NEVER if order.due is None else shop.ceiling(order.due),
        weight=WEIGHTS.get(order.urgency, 1.0),
        promised=NEVER if order.promised is None else shop.floor(order.promised),
        promised_collection=NEVER if order.promised_collection is None else shop.ceiling(order.promised_collection),
        suite=shop.suites.index(order.suite) if order.suite in shop.suites else NEVER,
    )


class _Chain:
    """The tasks of one order, from collection to infusion, put into the shop's arrays."""

    def __init__(self, shop: Shop, order: Order, recipe: Recipe, horizon: Horizon) -> None:
        self.shop, self.order, self.recipe = shop, order, recipe
        self.quantile, self.deviations = horizon.quantile, NormalDist().inv_cdf(horizon.quantile)
        self.numbers: dict[str, int] = {}
        self.now = horizon.now

    def add(self) -> Rows:
        """Every row of the chain; of another order that is alike and of which nothing has happened, they are the same."""
        before = self.shop.rows()
        hospital = next((each for each in self.shop.base.hospitals if each.id == self.order.hospital), None)
        self._collecting(hospital)
        for step in self.recipe.steps:
            self._step(step)
        self._tests()
        self._leaving(hospital)
        return Rows(before, self.shop.rows())

    def _task(self, name: Task, duration: Duration, calendar: int = NEVER, **more: Any) -> int:
        """Add a task; one that has happened keeps its own times, one that runs lasts until now at least.

        What takes longer than it should does so from its start, or, if it had ended already, from now on.
        """
        shop, happened, longer = self.shop, self.order.happened.get(name.id), self.order.longer.get(name.id)
        chance, most = more.pop("chance", 1.0), more.pop("most", 1)
        least = more.pop("least", timedelta(0))
        number = rounds(chance, most, self.quantile)
        sigma, by = sigma_of(float(duration.cv)), longer or timedelta(0)
        factor = math.exp(sigma / math.sqrt(number) * self.deviations)
        planned = ticks_up(max(number * duration.median * factor + by, least), shop.tick)
        median = (duration.median + by / number) / shop.tick
        if by < timedelta(0):
            planned, median = max(1, planned), max(1.0, median)
        fixed = NEVER
        if happened is not None:
            fixed, until_now = shop.floor(happened.starts), shop.ceiling(self.now) - shop.floor(happened.starts)
            if happened.ends is None:
                planned = max(planned, until_now + 1)
            elif by <= timedelta(0):
                planned = max(0, shop.ceiling(happened.ends) - fixed)
            else:
                planned = until_now + ticks_up(by, shop.tick)
                median = planned / number
        task = shop.add_task(
            name, planned, fixed, calendar, median, sigma, chance, most, least=least / shop.tick, **more
        )
        self.numbers[name.id] = task
        return task

    def _collecting(self, hospital: Any) -> None:
        shop = self.shop
        length = hospital.collecting.duration if hospital else AT_ONCE
        calendar = shop.collecting(hospital, self.quantile) if hospital else NEVER
        collection = self._task(Task("collection", "collection", WORDS["collection"]), length, calendar)
        inbound = self._task(Task("inbound", "inbound", WORDS["inbound"]), hospital.inbound if hospital else AT_ONCE)
        if hospital:
            shop.use(collection, f"collection:{hospital.id}")
            shop.use(inbound, "courier")
        shop.lag(inbound, collection)

    def _step(self, step: Step) -> None:
        """One step with its people, shared equipment and holds; people and equipment are taken while it is attended only."""
        shop = self.shop
        most = step.until.most if step.until else 1
        calendar = shop.open_days if not step.after else NEVER
        name = Task("step", f"step:{step.id}", step.title)
        task = self._task(
            name, step.duration, calendar, chance=success(step), most=most, within_shift=step.within_shift
        )
        for resource, amount in shop.needs(step):
            if step.attended is None:
                shop.use(task, resource, amount)
            else:
                length = shop.duration(task)
                begins, ends = (
                    min(length, ticks_up(each, shop.tick)) for each in (step.attended.begins, step.attended.ends)
                )
                shop.use(task, resource, amount, 0, begins)
                shop.use(task, resource, amount, max(begins, length - ends), length)
        maxima = {hold.after: ticks_down(hold.maximum, shop.tick) for hold in step.holds}
        for before in step.after or ("inbound",):
            shop.lag(task, self.numbers[_name(before)], 0, maxima.pop(before, NEVER))
        for before, maximum in maxima.items():
            shop.lag(task, self.numbers[_name(before)], 0, maximum)

    def _tests(self) -> None:
        shop = self.shop
        for step in self.recipe.steps:
            for plan in filter(None, map(self.recipe.sample, step.samples)):
                for test in filter(None, map(self.recipe.test, plan.tests)):
                    least = test.least.time if test.least is not None else timedelta(0)
                    number = self._task(Task("test", f"test:{test.id}", test.title), test.duration, least=least)
                    shop.lag(number, self.numbers[f"step:{step.id}"])
                    if bench := next((each for each in shop.base.laboratory if test.id in each.tests), None):
                        shop.use(number, f"bench:{bench.id}")

    def _leaving(self, hospital: Any) -> None:
        """Review, transport and infusion; and what is held meanwhile: the suite until its line is cleared, a place in the store."""
        shop, recipe, review = self.shop, self.recipe, self.shop.base.review
        released = self._task(
            Task("review", "review", WORDS["review"]),
            review.duration if review else AT_ONCE,
            shop.reviewing,
            within_shift=review is not None,
        )
        if review:
            shop.use(released, "review")
        last = [step for step in recipe.steps if not any(step.id in other.after for other in recipe.steps)]
        waited = [test for test in recipe.tests if test.stage in ("in_process", "conditional")]
        for before in (*(f"step:{each.id}" for each in last), *(f"test:{each.id}" for each in waited)):
            if before in self.numbers:
                shop.lag(released, self.numbers[before])
        outbound = self._task(
            Task("outbound", "outbound", WORDS["outbound"]), hospital.outbound if hospital else AT_ONCE
        )
        if hospital:
            shop.use(outbound, "courier")
        shop.lag(outbound, released)
        infusion = self._task(Task("infusion", "infusion", WORDS["infusion"]), AT_ONCE)
        shop.lag(infusion, outbound)
        shop.lag(infusion, released, ticks_up(recipe.product.lymphodepletion_minimum, shop.tick))
        first = next(step for step in recipe.steps if not step.after)
        clearing = ticks_up(recipe.line_clearance.median, shop.tick)
        closing = self.numbers[f"step:{last[-1].id}"]
        if self.order.claimed is None:
            shop.span("suites", self.numbers[f"step:{first.id}"], closing, clearing)
        if shop.has("storage"):
            shop.span("storage", closing, outbound, 0, until_start=True)


def _name(before: str) -> str:
    return before if before in ("collection", "inbound") else f"step:{before}"


def ticks_down(span: timedelta, tick: timedelta) -> int:
    """The greatest whole number of ticks within the span."""
    return span // tick
