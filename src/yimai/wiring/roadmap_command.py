"""``yimai roadmap FILE``: which sites to open, when and how large, so that a city's goals are met at least cost; on a file alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from yimai.domain.recipe import Words
from yimai.interfaces.files.reading import CATALOGUE
from yimai.interfaces.files.roadmap import read_roadmap
from yimai.planning.roadmap import City, Goal, Roadmap, costs, measured, meets
from yimai.planning.roadmap_answer import POSTS, Answer, Extras, changed, fill
from yimai.planning.roadmap_content import RoadmapContent
from yimai.planning.roadmap_goals import Price
from yimai.planning.roadmap_odds import YEARS, Odds
from yimai.planning.roadmap_search import Effort
from yimai.planning.roadmap_solver import Stop
from yimai.wiring.plan_commands import interrupted
from yimai.wiring.problems import CommandProblem
from yimai.wiring.simulate_command import case_of

MILLION: Final = 1e6
RECIPE: Final = CATALOGUE / "recipes" / "cd19-cart.yaml"
BASE: Final = CATALOGUE / "bases" / "lingang.yaml"
BEGINS: Final = date(2026, 3, 2)
"""Of the simulated years: a day on which the shipped base's people are qualified; its calendar is laid over them."""
SIGNS: Final = {"ge": "≥", "gt": ">", "le": "≤"}


@dataclass(frozen=True)
class Asked:
    """What is asked. without: goals that are left out. alternatives: how many others; prices: also what each goal costs.

    odds: replications of each demand scenario for the odds of the goals, of bases like this one that make this recipe (the shipped ones).
    """

    file: Path
    without: Sequence[str] = ()
    alternatives: int = 0
    prices: bool = False
    odds: int = 0
    recipe: Path | None = None
    base: Path | None = None
    seed: int = 1
    gap: float = 0.2
    language: Literal["zh", "en"] = "en"
    json: Path | None = None


def roadmap(asked: Asked) -> int:
    """Print the roadmap and return the exit code: 1 where the goals conflict. Raises CommandProblem, FileRefused."""
    read = read_roadmap(asked.file)
    known = [goal.id for goal in read.city.goals]
    if unknown := [name for name in asked.without if name not in known]:
        raise CommandProblem(f"{asked.file} has no goal {unknown[0]!r}; there are {', '.join(known)}")
    if not 0 <= asked.gap < 100:
        raise CommandProblem("--gap is in per cent of the cost: 0 for a proof, 0.2, 1 …")
    city = replace(read.city, goals=read.city.without(asked.without))
    read = replace(read, city=city)
    console = Console(width=None if Console().is_terminal else 120)
    effort = Effort(gap=asked.gap / 100)
    with console.status("…") as status, interrupted() as stop:
        answer = _answered(asked, city, effort, _Progress(status), stop)
    if answer.conflict is not None:
        console.print(f"[red]{escape(_said(answer.conflict.words, asked))}[/red]")
    elif answer.roadmap is None:
        console.print("[yellow]stopped before a roadmap was found[/yellow]")
    else:
        _show(read, answer, asked, console)
    if asked.json is not None:
        content = msgspec.json.encode(_as_json(read, answer))
        asked.json.write_bytes(msgspec.json.format(content, indent=2) + b"\n")
    return 1 if answer.roadmap is None else 0


class _Progress:
    """Says what is being done, the best so far and the bound."""

    def __init__(self, status: Status) -> None:
        self.status = status

    def __call__(self, doing: str, cost: float, bound: float) -> None:
        best = f"; best {cost / MILLION:,.1f} million" if np.isfinite(cost) else ""
        none = f", none below {bound / MILLION:,.1f}" if np.isfinite(bound) else ""
        self.status.update(escape(f"{doing}{best}{none}; Ctrl-C takes the best so far …"))


def _answered(asked: Asked, city: City, effort: Effort, told: _Progress, stop: Stop) -> Answer:
    like = case_of(asked.recipe or RECIPE, asked.base or BASE, None, YEARS) if asked.odds > 0 else None
    answer = Answer()
    try:
        fill(
            answer,
            city,
            Extras(asked.alternatives, asked.prices, asked.odds, like, BEGINS, asked.seed),
            effort,
            told,
            stop,
        )
    except ValueError as problem:
        raise CommandProblem(str(problem)) from None
    return answer


def _said(words: Words, asked: Asked) -> str:
    return words.zh if asked.language == "zh" else words.en


def _show(read: RoadmapContent, answer: Answer, asked: Asked, console: Console) -> None:
    found = answer.roadmap
    assert found is not None
    console.print(f"[bold]{escape(_said(read.title, asked))}[/bold]")
    _show_sites(read, found, asked, console)
    titles = (
        Words("目标", "goal"),
        Words("要求", "wanted"),
        Words("达到", "reached"),
        Words("代价", "costs"),
        Words("把握（模拟）", "odds, simulated"),
    )
    with _table(console, asked, *titles) as table:
        paid = {price.goal.id: price for price in answer.prices}
        likely = {each.goal.id: each for each in answer.odds}
        for goal in read.city.goals:
            value = measured(read.city, found, goal)
            colour = "green" if meets(goal, value) else "red"
            price = paid.get(goal.id)
            table.add_row(
                escape(_said(goal.title, asked)), f"{SIGNS[goal.comparator]} {_shown(goal, goal.value)}, {read.quarter(goal.by)}",
                f"[{colour}]{_shown(goal, value)}[/{colour}]", _price(price) if price else "", _likely(likely.get(goal.id), goal),
            )  # fmt: skip
    with _table(
        console,
        asked,
        Words("费用（折现）", "cost, discounted"),
        Words(f"百万 {read.currency}", f"million {read.currency}"),
    ) as table:
        for name, value in costs(read.city, found).items():
            table.add_row(_said(POSTS[name], asked), f"{value / MILLION:,.1f}")
        table.add_row(_said(Words("合计", "together"), asked), f"[bold]{found.cost / MILLION:,.1f}[/bold]")
    _show_bound(read, found, asked, console)
    for number, other in enumerate(answer.others, 1):
        more = other.cost / found.cost - 1
        console.print(
            f"{_said(Words('其他做法', 'Another way'), asked)} {number}: {more:+.2%}. {escape(_changes(read, found, other, asked))}"
        )


def _show_sites(read: RoadmapContent, found: Roadmap, asked: Asked, console: Console) -> None:
    city = read.city
    titles = (
        Words("场所", "site"),
        Words("启用", "open from"),
        Words("模块（可用起）", "modules usable from"),
        Words("操作员（末季）", "operators at the end"),
        Words("服务医院（末季）", "hospitals served at the end"),
    )
    shares = np.array([each.probability for each in city.demands])
    with _table(console, asked, *titles) as table:
        for number, first in sorted(enumerate(found.opened()), key=lambda each: (each[1], each[0])):
            site = city.sites[number]
            if first < 0:
                continue
            modules = found.modules[number]
            steps = [q for q in range(city.quarters) if modules[q] > (modules[q - 1] if q else 0)]
            served = [
                city.hospitals[route.hospital]
                for flow, route in zip(found.served[:, -1] @ shares, city.routes, strict=True)
                if route.site == number and flow > 0.05
            ]
            table.add_row(
                escape(_said(site.title, asked)),
                _said(Words("已启用", "open"), asked) if site.opened else read.quarter(first),
                ", ".join(f"{modules[q]} ({read.quarter(q)})" for q in steps),
                f"{found.people[number, -1]:.1f}" if modules.any() else "",
                ", ".join(served),
            )


def _show_bound(read: RoadmapContent, found: Roadmap, asked: Asked, console: Console) -> None:
    bound, gap = f"{found.bound / MILLION:,.1f}", f"{found.gap:.2%}"
    console.print(
        _said(
            Words(
                f"没有任何方案的费用低于 {bound} 百万；本方案至多高出 {gap}。",
                f"No roadmap costs less than {bound} million; this one is at most {gap} above the cheapest.",
            ),
            asked,
        )
    )
    if found.stopped:
        console.print(_said(Words("搜索被提前停止。", "The search was stopped early."), asked))
    if read.assumed:
        words = Words(
            "其中许多数字是假设的，应换成本市自己的。",
            "Many numbers behind it are assumed: replace them by the city's own.",
        )
        console.print(_said(words, asked))


def _price(price: Price) -> str:
    return f"{price.cost / MILLION:,.1f} ({price.low / MILLION:,.1f} … {price.high / MILLION:,.1f})"


def _likely(odds: Odds | None, goal: Goal) -> str:
    return f"{odds.odds:.0%} ({odds.low:.0%} … {odds.high:.0%}); {_shown(goal, odds.value)}" if odds else ""


def _changes(read: RoadmapContent, found: Roadmap, other: Roadmap, asked: Asked) -> str:
    parts = []
    for words, sites in zip(
        (Words("增加", "with"), Words("减去", "without")), changed(read.city, found, other), strict=True
    ):
        if sites:
            parts.append(f"{_said(words, asked)} {', '.join(_said(each, asked) for each in sites)}")
    return "; ".join(parts)


def _shown(goal: Goal, value: float) -> str:
    if goal.metric in ("scale", "capital"):
        return f"{value / MILLION:,.1f} M"
    return f"{value:,.1f} %" if goal.metric == "served" else f"{value:,.0f}"


@contextmanager
def _table(console: Console, asked: Asked, *titles: Words) -> Iterator[Table]:
    table = Table(box=SIMPLE)
    for number, title in enumerate(titles):
        table.add_column(_said(title, asked), justify="right" if number and len(titles) == 2 else "left")
    yield table
    console.print(table)


def _as_json(read: RoadmapContent, answer: Answer) -> dict[str, Any]:
    content: dict[str, Any] = {"roadmap": read.id, "currency": read.currency, "assumed": read.assumed}
    if answer.conflict is not None:
        content["conflict"] = {
            "words": {"zh": answer.conflict.words.zh, "en": answer.conflict.words.en},
            "goals": [goal.id for goal in answer.conflict.core],
            "alone": [
                {"goal": each.goal.id, "reached": each.reached} for each in answer.conflict.alone if each is not None
            ],
            "together": [{"goal": each.goal.id, "reached": each.reached} for each in answer.conflict.together],
        }
    if answer.roadmap is not None:
        content["best"] = _roadmap_as_json(read, answer.roadmap)
        content["alternatives"] = [_roadmap_as_json(read, each) for each in answer.others]
        content["prices"] = [
            {"goal": each.goal.id, "cost": round(each.cost), "low": round(each.low), "high": round(each.high)}
            for each in answer.prices
        ]
        content["odds"] = [
            {
                "goal": each.goal.id,
                "odds": round(each.odds, 4),
                "low": round(each.low, 4),
                "high": round(each.high, 4),
                "value": round(each.value, 2),
            }
            for each in answer.odds
        ]
    return content


def _roadmap_as_json(read: RoadmapContent, found: Roadmap) -> dict[str, Any]:
    city, opened = read.city, found.opened()
    return {
        "cost": round(found.cost), "bound": round(found.bound), "gap": round(found.gap, 6), "stopped": found.stopped,
        "costs": {name: round(value) for name, value in costs(city, found).items()},
        "goals": [
            {"goal": goal.id, "reached": round(value, 3), "met": meets(goal, value)}
            for goal in city.goals
            for value in [measured(city, found, goal)]
        ],
        "sites": [
            {
                "site": site.id, "opens": read.quarter(opened[number]), "modules": found.modules[number].tolist(),
                "people": [round(each, 2) for each in found.people[number].tolist()],
            }
            for number, site in enumerate(city.sites) if opened[number] >= 0
        ],
        "flows": [
            {
                "site": city.sites[route.site].id, "hospital": city.hospitals[route.hospital],
                "patients": {
                    demand.name: [round(each, 2) for each in flow[:, number].tolist()] for number, demand in enumerate(city.demands)
                },
            }
            for route, flow in zip(city.routes, found.served, strict=True) if flow.max() > 1e-6
        ],
    }  # fmt: skip
