"""A city's roadmap read from its file: what could be opened, what it costs, who comes, and the goals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from yimai.domain.content import Part, Problem, problem, repeated
from yimai.domain.recipe import Words
from yimai.interfaces.files.reading import refuse
from yimai.interfaces.files.shape import canonical, misfits
from yimai.interfaces.files.strict_yaml import read_yaml
from yimai.ledger.entry import Json
from yimai.planning.roadmap import QUARTERS, City, Demand, Goal, Lesson, Route, Site

EARTH: Final = 6371.0
"""Kilometres."""
DAY: Final = 24


@dataclass(frozen=True, slots=True)
class RoadmapFile:
    """The city with its names. begins: year and month of the first quarter. hospitals, scenarios: titles, as in the city's order."""

    content: Mapping[str, Json]
    id: str
    title: Words
    currency: str
    begins: tuple[int, int]
    city: City
    hospitals: tuple[Words, ...]
    scenarios: tuple[Words, ...]
    assumed: bool

    def quarter(self, number: int) -> str:
        """A quarter's name, such as 2027 Q1."""
        months = self.begins[0] * 12 + self.begins[1] - 1 + 3 * number
        return f"{months // 12} Q{months % 12 // 3 + 1}"


def read_roadmap(file: Path) -> RoadmapFile:
    """Read a roadmap file and check it; raises ``FileRefused``."""
    marked = read_yaml(file)
    refuse(marked, misfits(marked.content, "roadmap"))
    content = cast(dict[str, Json], canonical(marked.content, "roadmap"))
    refuse(marked, _mistakes(content))
    return _meaning(content)


def _mistakes(content: dict[str, Any]) -> Iterator[Problem]:
    for name in ("sites", "hospitals", "scenarios", "goals"):
        yield from repeated([each["id"] for each in content[name]], (name,))
    for path, source in _sources(content, ()):
        if source not in content["sources"]:
            en = f"{source} is none of this file's sources: add it, or name another"
            yield problem(path, en, f"{source} 不在 sources 中，请补充或改用已有来源")
    total = sum((Decimal(each["probability"]) for each in content["scenarios"]), Decimal(0))
    if abs(total - 1) > Decimal("0.000001"):
        en = f"the probabilities are {total} together: make them 1"
        yield problem(("scenarios",), en, f"各情形概率之和为 {total}，应为 1")
    for number, goal in enumerate(content["goals"]):
        yield from _goal_mistakes(goal, ("goals", number), content["quarters"])
    for number, site in enumerate(content["sites"]):
        yield from _site_mistakes(site, ("sites", number), content["quarters"])
    for place, name in (("making", "batches_person"), ("ways", "detour")):
        if Decimal(content[place][name]) <= 0:
            yield problem((place, name), f"{name} must be above 0", f"{name} 应大于 0")
    if Decimal(content["making"].get("discount", "0")) < 0:
        yield problem(("making", "discount"), "discount must not be below 0", "discount 不应小于 0")
    for name, fields in (("hospitals", ("patients",)), ("scenarios", ("probability", "demand"))):
        for number, each in enumerate(content[name]):
            for field in fields:
                if Decimal(each[field]) < 0:
                    yield problem((name, number, field), f"{field} must not be below 0", f"{field} 不应小于 0")
    for number, each in enumerate(content["hospitals"]):
        if Decimal(each["growth"]) <= -1:
            yield problem(("hospitals", number, "growth"), "growth must be above -1", "growth 应大于 -1")


def _site_mistakes(site: dict[str, Any], path: tuple[str | int, ...], quarters: int) -> Iterator[Problem]:
    suites = site.get("suites", {})
    if suites.get("modules", 0) > suites.get("most", 0):
        en = "there are more modules than there can be: raise most"
        yield problem((*path, "suites", "modules"), en, "现有模块多于上限 most，请提高 most")
    if not site.get("opened", False) and (suites.get("modules", 0) or suites.get("people", 0)):
        en = "a site that is not open has no modules or people: add opened: true"
        yield problem((*path, "suites"), en, "尚未启用的场所不应有模块或人员；请写 opened: true")
    if site.get("earliest", 1) > quarters:
        en = "this is after the last quarter: leave the site out"
        yield problem((*path, "earliest"), en, "晚于最后一个季度；请删去该场所")


def _goal_mistakes(goal: dict[str, Any], path: tuple[str | int, ...], quarters: int) -> Iterator[Problem]:
    if (goal["comparator"] == "le") != (goal["metric"] == "capital"):
        yield problem(
            (*path, "comparator"),
            "le belongs to capital, ge and gt to all others",
            "le 仅用于 capital，其余用 ge 或 gt",
        )
    if goal["by"] > quarters:
        yield problem((*path, "by"), f"this is after the last quarter, {quarters}", f"晚于最后一个季度 {quarters}")
    if goal.get("since", 1) > goal["by"]:
        yield problem((*path, "since"), "since comes after by: make it earlier", "since 晚于 by，请提前")
    if goal["metric"] == "served" and goal["value"] > 100:
        yield problem((*path, "value"), "this is in per cent: at most 100", "以百分数计，最多 100")


def _sources(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "source":
                yield (*path, key), item
            elif not (key == "sources" and not path):
                yield from _sources(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _sources(item, (*path, number))


def _meaning(content: dict[str, Any]) -> RoadmapFile:
    top, making = Part(content), content["making"]
    hospitals = content["hospitals"]
    year, month = (int(part) for part in content["begins"].split("-"))
    goals = tuple(
        Goal(
            each["id"], Words(**each["title"]), each["metric"], each["comparator"], each["value"], each["by"] - 1,
            each.get("since", 1) - 1,
        )
        for each in content["goals"]
    )  # fmt: skip
    city = City(
        content["quarters"], tuple(_site(each) for each in content["sites"]), tuple(each["id"] for each in hospitals),
        tuple(_routes(content)), tuple(_demands(content)), goals,
        lessons=tuple(Lesson(each["after"], each["saving"]) for each in content.get("learning", [])),
        lag=making["lag"], batches_module=making["batches_module"],
        suites_module=making["suites_module"], batches_person=float(making["batches_person"]),
        training=making["training"], wage=making["wage"], hiring=making["hiring"], unserved=making["unserved"],
        price=making["dose_price"], members=making["cluster_members"], discount=float(making.get("discount", "0")),
        made=making.get("made", 0),
    )  # fmt: skip
    titles = tuple(Words(**each["title"]) for each in hospitals)
    scenarios = tuple(Words(**each["title"]) for each in content["scenarios"])
    return RoadmapFile(
        content,
        content["roadmap"],
        top.words(),
        content["currency"],
        (year, month),
        city,
        titles,
        scenarios,
        _assumed(content),
    )


def _assumed(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("assumed") is True or any(map(_assumed, value.values()))
    return isinstance(value, list) and any(map(_assumed, value))


def _site(each: dict[str, Any]) -> Site:
    suites = each.get("suites", {})
    return Site(
        each["id"], Words(**each["title"]), each.get("cluster", ""), each.get("facility", False), each.get("opened", False),
        each.get("earliest", 1) - 1, each.get("opening", 0), each.get("running", 0), suites.get("modules", 0), suites.get("most", 0),
        suites.get("price", 0), suites.get("running", 0), suites.get("people", 0), suites.get("batch", 0),
    )  # fmt: skip


def _routes(content: dict[str, Any]) -> Iterator[Route]:
    """For each site with suites and each hospital the cheapest way, there and back, that keeps the windows; none: no route."""
    making, ways = content["making"], content["ways"]
    for number, site in enumerate(content["sites"]):
        if "suites" not in site:
            continue
        for other, hospital in enumerate(content["hospitals"]):
            kilometres = distance(site["position"], hospital["position"]) * float(ways["detour"])
            found = []
            for mode in ways["modes"]:
                hours = float(mode["hours"]) + kilometres / mode["speed"]
                price = 2 * round(mode["price"] + mode["price_kilometre"] * kilometres)
                whole = making["days"] * DAY + 2 * hours
                if hours <= making["fresh_hours"] and whole <= making["turnaround_days"] * DAY:
                    found.append((price, hours))
            if found:
                yield Route(number, other, *min(found))


def distance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Kilometres as the crow flies between two positions in millionths of a degree."""
    north, south = (radians(each["latitude"] / 1e6) for each in (one, other))
    east = radians((one["longitude"] - other["longitude"]) / 1e6)
    half = sin((north - south) / 2) ** 2 + cos(north) * cos(south) * sin(east / 2) ** 2
    return 2 * EARTH * asin(sqrt(min(1.0, half)))


def _demands(content: dict[str, Any]) -> Iterator[Demand]:
    quarters = np.arange(content["quarters"]) / QUARTERS
    patients = np.array(
        [float(each["patients"]) * (1 + float(each["growth"])) ** quarters for each in content["hospitals"]]
    )
    for each in content["scenarios"]:
        yield Demand(each["id"], float(each["probability"]), float(each["demand"]) * patients)
