"""The problems of ``yimai bench roadmap``: a made-up city of any size, and the published network case from its published parameters."""

from __future__ import annotations

from typing import Final

import numpy as np

from yimai.domain.recipe import Words
from yimai.planning.roadmap import City, Demand, Goal, Lesson, Route, Site
from yimai.planning.shipment import Network

LINES: Final = (4, 10, 31, 4, 10, 31)
FIXED: Final = {4: 2_216.0, 10: 5_540.0, 31: 16_621.0}
VARIABLE: Final = {4: 20_920.0, 10: 52_300.0, 31: 156_900.0}
DAYS: Final = 130
OUT: Final = ((200, 3_500), (100, 1_053))
BACK: Final = ((400, 2_910), (300, 1_855))
"""Of a leg of one day and of two."""
PATIENTS: Final = (50, 100, 200, 300, 400, 500, 742)


def city(sites: int = 20, hospitals: int = 60, quarters: int = 24, seed: int = 1) -> City:
    """Sites and hospitals at random in a square of 100 km; demand that grows by 8 % of its beginning a quarter; 95 % are to be served."""
    chance = np.random.default_rng(seed)
    place, other = chance.uniform(0, 100, (sites, 2)), chance.uniform(0, 100, (hospitals, 2))
    clusters = max(2, sites // 3)
    places = tuple(
        Site(
            f"site-{n}", Words(f"{n}", f"{n}"), f"cluster-{n % clusters}", opening=int(chance.integers(20, 60)) * 10**6,
            running=int(chance.integers(1, 4)) * 10**6, most=8, module_price=int(chance.integers(8, 15)) * 10**6,
            module_running=700_000, variable=int(chance.integers(120, 180)) * 1000,
        )
        for n in range(sites)
    )  # fmt: skip
    away = np.linalg.norm(place[:, None] - other[None], axis=2)
    routes = tuple(
        Route(s, h, int(2_000 + 400 * away[s, h]), 2 + float(away[s, h]) / 40)
        for s in range(sites)
        for h in range(hospitals)
    )
    patients = chance.uniform(3, 12, hospitals)[:, None] * (1 + 0.08 * np.arange(quarters))
    goals = (
        Goal("served", Words("服务", "served"), "served", "ge", 95, quarters - 4),
        Goal("clusters", Words("集聚区", "clusters"), "clusters", "ge", min(3, clusters), quarters - 1),
        Goal("capital", Words("投资", "capital"), "capital", "le", 25_000_000 * sites, quarters // 2),
    )
    lessons = (Lesson(hospitals * 20, 8_000), Lesson(hospitals * 80, 20_000))
    return City(
        quarters, places, tuple(f"hospital-{h}" for h in range(hospitals)), routes, (Demand("one", 1.0, patients),), goals,
        lessons=lessons, members=1,
    )  # fmt: skip


def network(patients: int, seed: int = 1) -> Network:
    """The published case: its sizes, plants, times and ranges of costs. Who comes when and each leg's cost are drawn, as ranges are published.

    Fixed and variable cost of a plant are read as costs of each day that it is open, for all 130 days.
    """
    chance = np.random.default_rng(seed)
    last = DAYS - 18
    came = np.zeros((4, last), dtype=np.int32)
    np.add.at(came, (chance.integers(0, 4, patients), chance.integers(0, last, patients)), 1)
    legs = [
        np.stack([chance.integers(low, high + 1, (4, 6)) for low, high in ranges], axis=2) for ranges in (OUT, BACK)
    ]
    opening = np.array([(FIXED[lines] + VARIABLE[lines]) * DAYS for lines in LINES])
    return Network(came, np.array(LINES, dtype=np.int32), opening, legs[0].astype(float), legs[1].astype(float))
