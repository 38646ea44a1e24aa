"""A roadmap over time as a picture: a row for each site from when it opens, with its suites, and below it who comes and who is served."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import numpy as np

from yimai.domain.programme import Position, ProgrammeSite
from yimai.domain.recipe import Words
from yimai.interfaces.web.city_map import District, city_map
from yimai.planning.roadmap import QUARTERS, Roadmap
from yimai.planning.roadmap_content import RoadmapContent

LEFT, WIDTH, TOP, ROW, FOOT = 232, 880, 30, 34, 108
"""Pixels: the names at the left, the whole, the years' names, a site, and below them the patients."""
LETTERS: Final = {"en": 29, "zh-hans": 15}
"""That a line at the left has room for."""

When = Literal["already", "first", "second", "third", "never"]


@dataclass(frozen=True, slots=True)
class Suites:
    """A stretch of quarters with as many modules. share: of the most that the site can have."""

    x: float
    width: float
    modules: int
    share: float


@dataclass(frozen=True, slots=True)
class Row:
    """A site that is open at some time. number: its pin's. lines: its name. when: which third of the time it opens in."""

    number: int
    title: Words
    lines: tuple[str, ...]
    y: int
    x: float
    width: float
    opens: str
    when: When
    suites: tuple[Suites, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A quarter. year: its name, where one begins. wanted, served: heights of the patients' columns."""

    x: float
    width: float
    year: str
    title: str
    wanted: float
    served: float


@dataclass(frozen=True, slots=True)
class Pin:
    """number: 0 for a site that never opens."""

    number: int
    title: Words
    opens: str
    when: When
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """foot: where the patients' columns stand; most: patients that the highest stands for. idle: sites that never open."""

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    height: int
    foot: int
    most: int
    districts: tuple[District, ...]
    pins: tuple[Pin, ...]
    idle: tuple[Words, ...]
    left: int = LEFT
    width: int = WIDTH


def drawing(content: RoadmapContent, found: Roadmap, language: str) -> Drawing:
    """The roadmap as it is drawn; sites in the order in which they open."""
    opened = found.opened()
    order = sorted((n for n in range(len(opened)) if opened[n] >= 0), key=lambda n: (opened[n], n))
    rows = tuple(_row(content, found, number, site, language) for number, site in enumerate(order, 1))
    columns = tuple(_columns(content, found))
    shares = np.array([each.probability for each in content.city.demands])
    most = max(1.0, float(content.city.expected().sum(axis=0).max()), float((found.served.sum(axis=0) @ shares).max()))
    foot = TOP + ROW * len(rows) + FOOT - 22
    numbers = {site: number for number, site in enumerate(order, 1)}
    idle = tuple(site.title for n, site in enumerate(content.city.sites) if n not in numbers)
    pins = tuple(_pins(content, found, numbers))
    return Drawing(rows, columns, foot + 22, foot, round(most), city_map(()).districts, pins, idle)


def _cell(content: RoadmapContent) -> float:
    return (WIDTH - LEFT) / content.city.quarters


def _when(content: RoadmapContent, site: int, opens: int) -> When:
    if opens < 0:
        return "never"
    if content.city.sites[site].opened:
        return "already"
    return ("first", "second", "third")[min(2, 3 * opens // content.city.quarters)]


def _opens(content: RoadmapContent, site: int, opens: int) -> str:
    return "" if content.city.sites[site].opened or opens < 0 else content.quarter(opens)


def _row(content: RoadmapContent, found: Roadmap, number: int, site: int, language: str) -> Row:
    cell, opens, title = _cell(content), found.opened()[site], content.city.sites[site].title
    text = title.en if language == "en" else title.zh
    x = LEFT + cell * opens
    return Row(
        number, title, tuple(_lines(text, LETTERS[language])), TOP + ROW * (number - 1), round(x, 1), round(WIDTH - x, 1),
        _opens(content, site, opens), _when(content, site, opens), tuple(_suites(content, found, site)),
    )  # fmt: skip


def _lines(text: str, room: int) -> Iterator[str]:
    """The text in at most two lines."""
    if len(text) <= room:
        yield text
        return
    cut = text.rfind(" ", 0, room + 1) if " " in text[: room + 1] else room
    rest = text[cut:].strip()
    yield text[:cut]
    yield rest if len(rest) <= room else rest[: room - 1] + "…"


def _suites(content: RoadmapContent, found: Roadmap, site: int) -> Iterator[Suites]:
    modules, cell, most = found.modules[site], _cell(content), max(1, content.city.sites[site].most)
    begins = 0
    for quarter in range(1, len(modules) + 1):
        if quarter == len(modules) or modules[quarter] != modules[begins]:
            if modules[begins] > 0:
                count = int(modules[begins])
                share = round(0.25 + 0.65 * count / most, 2)
                yield Suites(round(LEFT + cell * begins, 1), round(cell * (quarter - begins), 1), count, share)
            begins = quarter


def _columns(content: RoadmapContent, found: Roadmap) -> Iterator[Column]:
    city, cell = content.city, _cell(content)
    shares = np.array([each.probability for each in city.demands])
    wanted, served = city.expected().sum(axis=0), found.served.sum(axis=0) @ shares
    most, room = max(1.0, float(wanted.max()), float(served.max())), FOOT - 50
    for quarter in range(city.quarters):
        name = content.quarter(quarter)
        first = quarter == 0 or (content.begins[1] - 1 + 3 * quarter) % 12 < 12 // QUARTERS
        title = f"{name}: {served[quarter]:,.0f} / {wanted[quarter]:,.0f}"
        heights = (round(float(each[quarter]) / most * room, 1) for each in (wanted, served))
        yield Column(round(LEFT + cell * quarter, 1), round(cell, 1), name[:4] if first else "", title, *heights)


def _pins(content: RoadmapContent, found: Roadmap, numbers: dict[int, int]) -> Iterator[Pin]:
    """The sites on the map, those that never open beneath all others."""
    places = [each["position"] for each in cast(list[dict[str, Any]], content.content["sites"])]
    opened = found.opened()
    order = sorted(numbers, key=lambda n: numbers[n])
    sites = [
        ProgrammeSite(
            str(n), "park", content.city.sites[n].title, None, "", None, None, False, "", None,
            Position(places[n]["longitude"], places[n]["latitude"], False),
        )
        for n in [*order, *(n for n in range(len(opened)) if n not in numbers)]
    ]  # fmt: skip
    for pin in city_map(sites).pins:
        site = int(pin.site.id)
        first = opened[site]
        yield Pin(
            numbers.get(site, 0),
            pin.site.title,
            _opens(content, site, first),
            _when(content, site, first),
            pin.x,
            pin.y,
        )
