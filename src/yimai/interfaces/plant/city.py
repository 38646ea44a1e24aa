"""The simulated city's planner at work: the register, a plan, yearly returns and their audits, receipts that are published.

All of it is invented and says so; it goes through the same actions as a real city's would. Real plans are measured by it
only because their goals ask; what they really achieved is in no source, and stays unknown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from yimai.actions import annual_return, plan, receipt, register
from yimai.actions.decision import Answer
from yimai.domain.annual_return import Sale
from yimai.domain.goal import GoalClause, GoalSet
from yimai.domain.plan import PlanDrafted, PlanStatusGiven
from yimai.domain.refusal import Refusal
from yimai.domain.register import Row
from yimai.domain.target import Baseline, Mode, Scope, TargetSet
from yimai.interfaces.plant.city_register import SECOND_TITLE, SOURCE, SimulatedCity, Site, simulated_city
from yimai.interfaces.plant.founding import AUTHORITY, PLANNER
from yimai.interfaces.plant.plant import Plant, Refused

BILLION: Final = 100_000_000_000
"""In fen."""
OUTPUT: Final = (2_600, 3_500, 4_900, 6_900, 8_400)
"""What all bases made together in each of the five years before the simulation, in millions of yuan, roughly."""
MILLION: Final = 100_000_000
ROUND: Final = 1_000_000
"""Returns state whole ten thousands of yuan."""
OPEN_LAST, OPEN_BEFORE = 7, 3
"""How many bases have not had the last year's return audited yet, and the one before it."""
PLAN: Final = "simulated-follow-up"
MOVING: Final = ("cell_industry_scale-1", "cell_firms-1", f"{PLAN}-scale-1")
"""Targets of which receipts are published again and again; of the steady ones once."""
STEADY: Final = ("cell_clusters-1", "cell_clusters-2", "cell_bases-1", "gene_centres-1")
A_MONTH: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Act:
    """Something that the planner does at a time."""

    moment: datetime
    do: Callable[[], None]


class CityLife:
    """What the planner of a simulated city does, in the order of time. The plant's clock is moved; its chance is not used."""

    def __init__(self, plant: Plant, seed: int) -> None:
        self._plant, self._seed = plant, seed
        self._starts = plant.clock()
        self._zone = ZoneInfo(plant.base.timezone)
        self._today = self._starts.astimezone(self._zone).date()
        self.city: SimulatedCity = simulated_city(self._today.year, plant.recipe.id, seed)
        self._filed = tuple(self._returns())
        self._acts = list(self._planned())

    def live_until(self, moment: datetime) -> None:
        """Let the planner do what is due by then. Raises Refused."""
        while self._acts and self._acts[0].moment <= moment:
            act = self._acts.pop(0)
            self._plant.clock.wait_until(max(act.moment, self._plant.clock()))
            act.do()

    def _planned(self) -> Iterator[Act]:
        last = self._today.year - 1
        returns = [partial(self._ask, annual_return.file, **each) for each in self._filed]
        yield Act(self._starts, partial(self._ask, register.record, rows=self.city.rows()))
        first: list[Callable[[], None]] = [*returns, *self._plan(), partial(self._publish, *STEADY)]
        yield from (Act(self._starts, each) for each in first)
        yield Act(self._starts + A_MONTH, partial(self._ask, register.record, rows=self._found_later()))
        for each in self._audited(last - 1, OPEN_BEFORE):
            yield Act(self._starts + A_MONTH, each)
        yield Act(self._starts + A_MONTH, self._publish)
        for each in self._audited(last, OPEN_LAST):
            yield Act(self._starts + 2 * A_MONTH, each)
        yield Act(self._starts + 2 * A_MONTH, self._publish)

    def _returns(self) -> Iterator[dict[str, Any]]:
        """Each base's return of each of the five years; the newest of some bases are not audited yet."""
        chance = Random(f"simulated returns {self._seed}")
        shares = [chance.lognormvariate(0, 0.6) for _ in self.city.bases]
        for ago, output in zip(range(5, 0, -1), OUTPUT, strict=True):
            for number, site in enumerate(self.city.bases):
                made = output * MILLION * shares[number] / sum(shares) * chance.uniform(0.9, 1.1)
                open_still = number < (OPEN_LAST if ago == 1 else OPEN_BEFORE if ago == 2 else 0)
                year = self._today.year - ago
                yield self._return(site, year, round(made), chance, "self_declared" if open_still else "audited")

    def _return(self, site: Site, year: int, made: int, chance: Random, audit: str) -> dict[str, Any]:
        output = made // ROUND * ROUND
        revenue = round(output * chance.uniform(0.88, 1.0)) // ROUND * ROUND
        added = round(output * chance.uniform(0.34, 0.46)) // ROUND * ROUND
        buyers = [each.owner.code for each in self.city.bases if each.owner != site.owner]
        sold = round(revenue * chance.uniform(0.03, 0.12)) // ROUND * ROUND
        sales = (Sale(chance.choice(buyers), sold),) if chance.random() < 0.4 else ()
        said = {
            "establishment": site.id, "organisation": site.owner.code, "year": year, "therapies": "cell", "audit": audit,
            "revenue": revenue, "gross_output": output, "value_added": added, "sales": sales,
        }  # fmt: skip
        return {**said, "document": _document(said)}

    def _audited(self, year: int, number: int) -> Iterator[Callable[[], None]]:
        """The audits find a little less, or a little more, than was declared."""
        chance = Random(f"simulated audits {self._seed} {year}")
        declared = [each for each in self._filed if each["year"] == year][:number]
        for site, said in zip(self.city.bases, declared, strict=False):
            made = round(said["gross_output"] * chance.uniform(0.93, 1.01))
            yield partial(self._ask, annual_return.file, **self._return(site, year, made, chance, "audited"))

    def _found_later(self) -> tuple[Row, ...]:
        """A merger before the real plan's end that comes to be known only now, and a site that gives up its second title."""
        gone, into = self.city.firms[20:22]
        merged = {"organisation": gone.code, "into": into.code, "since": f"{self._today.year - 2}-11-15"}
        withdrawn = {"designation": SECOND_TITLE, "since": f"{self._today.year - 1}-06-30"}
        return (
            Row("organisation_merged", {**merged, "source": SOURCE}),
            Row("designation_withdrawn", {**withdrawn, "source": SOURCE}),
        )

    def _plan(self) -> Iterator[Callable[[], None]]:
        """An invented plan that is still running, so that pace and forecast are seen with it."""
        year = self._today.year
        first, last = date(year, 1, 1), date(year + 2, 12, 31)
        drafted = PlanDrafted(
            PLAN, f"模拟后续行动方案（{year}–{year + 2}年，虚构）", f"Simulated follow-up plan ({year}–{year + 2}, invented)",
            "模拟：不是任何机关的方案", "Simulated: no authority's plan", first, last, "", "", SOURCE, "",
        )  # fmt: skip
        yield partial(self._ask, plan.draft, drafted=drafted)
        yield partial(self._ask, plan.give_status, given=PlanStatusGiven(PLAN, "in_force", f"{year}-01", SOURCE))
        for goal, zh, en, target in self._goals(first, last):
            clauses = (GoalClause("zh", zh, "reported", SOURCE), GoalClause("en", en, "reported", SOURCE))
            yield partial(self._ask, plan.set_goal, goal=GoalSet(goal, PLAN, zh, en, clauses))
            yield partial(self._ask, plan.set_target, target=target)

    def _goals(self, first: date, last: date) -> Iterator[tuple[str, str, str, TargetSet]]:
        """Each goal with its title in both languages and its one target."""
        before, audited = first - timedelta(days=1), date(first.year - 3, 12, 31)
        made = sum(each["gross_output"] for each in self._filed if each["year"] == audited.year)
        grown = Baseline(made, audited)
        firms = Baseline(sum(each.therapies != "cell" for each in self.city.firms), before)
        goals: tuple[tuple[str, str, str, str, int, str, Mode, Baseline | None], ...] = (
            ("scale", "产业规模", "industry scale", "industry_gross_output@1", 15 * BILLION, "fen", "level", grown),
            ("doses", "放行剂数", "doses released", "doses_released@1", 240, "dose", "cumulative", None),
            ("firms", "新增基因治疗企业", "more gene therapy firms", "firms@1", 5, "firm", "delta", firms),
        )
        for name, zh, en, measure, value, unit, mode, start in goals:
            therapies: Scope = "gene" if name == "firms" else "cell" if name == "scale" else ""
            goal = f"{PLAN}-{name}"
            yield goal, f"模拟目标：{zh}", f"Simulated goal: {en}", TargetSet(
                target=f"{goal}-1", goal=goal, measure=measure, comparator="ge", values=(value,), unit=unit,
                therapies=therapies, district="", scope_zh="模拟数据", scope_en="simulated data", deadline=last,
                basis="end_of_period", baseline=start, mode=mode, reading_zh="至少", reading_en="At least", authority="",
            )  # fmt: skip

    def _publish(self, *more: str) -> None:
        """Publish what these targets, and those that move, stand at over all facts until now."""
        self._plant.ledger.seal()
        sealed = self._plant.ledger.checkpoint()
        assert sealed is not None  # all until now: a sealer beside us may seal more, whenever it likes
        day = self._plant.clock().astimezone(self._zone).date()
        for target in (*MOVING, *more):
            self._ask(receipt.publish, target=target, day=day, size=sealed.size)

    def _ask(self, act: Callable[..., Answer], /, **arguments: Any) -> None:
        answer = self._plant.ask(act, PLANNER, AUTHORITY, **arguments)
        if isinstance(answer, Refusal):
            raise Refused(answer)


def _document(said: dict[str, Any]) -> str:
    """The SHA-256 of the return's own text."""
    sales = [{"to": each.organisation, "amount": each.amount} for each in said["sales"]]
    return sha256(json.dumps({**said, "sales": sales}, sort_keys=True).encode()).hexdigest()
