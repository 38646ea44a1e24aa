"""All that is asked of a roadmap, one thing after another, so that what is there can be looked at while the rest is computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from yimai.domain.recipe import Words
from yimai.planning.change import Case
from yimai.planning.roadmap import City, Roadmap
from yimai.planning.roadmap_goals import Conflict, Price, alternatives, conflict, prices
from yimai.planning.roadmap_odds import Odds, goal_odds
from yimai.planning.roadmap_search import Effort, Told, cheapest
from yimai.planning.roadmap_solver import Infeasible, Stop, Stopped

Step = Literal["search", "conflict", "prices", "others", "odds"]
POSTS: Final = {
    "openings": Words("启用场所", "openings"), "running": Words("场所运行", "running the sites"), "suites": Words("新建洁净间", "suites"),
    "suites_running": Words("洁净间运行", "running the suites"), "wages": Words("操作员工资", "operators"),
    "hiring": Words("招聘与培训", "hiring and training"), "batches": Words("批次材料与检验", "materials and tests"),
    "transport": Words("运输", "transport"), "learning": Words("学习所省", "saved by learning"),
    "unserved": Words("未治疗患者（计价）", "patients not served, as counted"),
}  # fmt: skip
"""What each part of a roadmap's cost is for."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What is asked beside the roadmap. alternatives: how many others; prices: what each goal costs.

    odds: replications of each demand scenario for the odds of the goals, of bases like this case that begin on this day.
    """

    alternatives: int = 0
    prices: bool = False
    odds: int = 0
    like: Case | None = None
    begins: date = date.min
    seed: int = 1


@dataclass
class Answer:
    """What was found so far. None of both, once all is done: stopped before anything was found. step: what is being done."""

    roadmap: Roadmap | None = None
    conflict: Conflict | None = None
    others: list[Roadmap] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)
    odds: list[Odds] = field(default_factory=list)
    step: Step = "search"


def fill(answer: Answer, city: City, extras: Extras, effort: Effort, told: Told, stop: Stop) -> None:
    """Find the roadmap, or why there is none, and then all else. Raises ValueError where the case cannot be simulated."""
    try:
        found = answer.roadmap = cheapest(city, None, effort, told, stop)
    except Infeasible:
        answer.step = "conflict"
        try:
            answer.conflict = conflict(city, effort, told, stop)
        except (Infeasible, Stopped):
            return
    except Stopped:
        return
    else:
        _more(answer, found, city, extras, effort, told, stop)


def _more(answer: Answer, found: Roadmap, city: City, extras: Extras, effort: Effort, told: Told, stop: Stop) -> None:
    if extras.prices:
        answer.step = "prices"
        for price in prices(city, found, effort, told, stop):
            answer.prices.append(price)
    if extras.alternatives > 0:
        answer.step = "others"
        for other in alternatives(city, found, extras.alternatives, effort=effort, told=told, stop=stop):
            answer.others.append(other)
    if extras.odds > 0 and extras.like is not None:
        answer.step = "odds"

        def simulated(doing: str, number: int, of: int) -> None:
            told(f"simulating {doing} ({number + 1} of {of})", found.cost, found.bound)

        try:
            answer.odds += goal_odds(city, found, extras.like, extras.begins, extras.odds, extras.seed, simulated, stop)
        except Stopped:
            return


def changed(city: City, found: Roadmap, other: Roadmap) -> tuple[list[Words], list[Words]]:
    """The sites that the other has at the end and this one has not, and those that it has not any more."""
    before, after = found.open[:, -1] > 0, other.open[:, -1] > 0
    more, less = (
        [site.title for site, there in zip(city.sites, which, strict=True) if there]
        for which in (after & ~before, before & ~after)
    )
    return more, less
