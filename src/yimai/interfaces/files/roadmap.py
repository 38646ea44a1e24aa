"""A city's roadmap read from its file, with every mistake at its place."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from yimai.domain.content import Problem, problem, repeated
from yimai.interfaces.files.reading import refuse
from yimai.interfaces.files.shape import canonical, misfits
from yimai.interfaces.files.strict_yaml import read_yaml
from yimai.ledger.entry import Json
from yimai.planning.roadmap_content import RoadmapContent, roadmap_from


def read_roadmap(file: Path) -> RoadmapContent:
    """Read a roadmap file and check it; raises ``FileRefused``."""
    marked = read_yaml(file)
    refuse(marked, misfits(marked.content, "roadmap"))
    content = cast(dict[str, Json], canonical(marked.content, "roadmap"))
    refuse(marked, _mistakes(content))
    return roadmap_from(content)


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
