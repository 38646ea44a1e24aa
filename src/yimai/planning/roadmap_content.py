"""A city's roadmap as its content says it: what could be opened, what it costs, who comes, and the goals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final

import numpy as np

from yimai.domain.content import Part
from yimai.domain.recipe import Words
from yimai.ledger.entry import Json
from yimai.planning.roadmap import QUARTERS, City, Demand, Goal, Lesson, Route, Site

EARTH: Final = 6371.0
"""Kilometres."""
DAY: Final = 24


@dataclass(frozen=True, slots=True)
class RoadmapContent:
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


def roadmap_from(content: dict[str, Any]) -> RoadmapContent:
    """What a content means that was read and checked."""
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
    return RoadmapContent(
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
