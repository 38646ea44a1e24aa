"""A map of Shanghai's districts with sites on it, drawn by the server; no tile server is asked.

The outlines are ECharts's (Apache-2.0, ``static/vendor/shanghai.json``): each ring is a text of pairs of characters, a
step in 1/1024 degree of longitude and latitude, zigzag-coded, from an offset.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from yimai.domain.establishment import EstablishmentMoved, EstablishmentOpened
from yimai.domain.programme import ProgrammeSite
from yimai.domain.recipe import Words
from yimai.projections.register_board import Thing

OUTLINES: Final = Path(__file__).parent / "static" / "vendor" / "shanghai.json"
STEPS: Final = 1024
"""To a degree."""
WEST, NORTH, MIDDLE = 120.83, 31.9, 31.25
SCALE: Final = 620.0
"""Pixels to a degree of latitude."""
WIDTH, HEIGHT = 650, 780
APART: Final = 26
"""Pixels between the middles of two pins."""
COARSE, SMALLEST = 1.2, 12.0
"""Pixels that a simplified outline may be off, and square pixels of the smallest island that is drawn."""
ENGLISH: Final = {
    "黄浦区": "Huangpu",
    "徐汇区": "Xuhui",
    "长宁区": "Changning",
    "静安区": "Jing'an",
    "普陀区": "Putuo",
    "虹口区": "Hongkou",
    "杨浦区": "Yangpu",
    "闵行区": "Minhang",
    "宝山区": "Baoshan",
    "嘉定区": "Jiading",
    "浦东新区": "Pudong",
    "金山区": "Jinshan",
    "松江区": "Songjiang",
    "青浦区": "Qingpu",
    "奉贤区": "Fengxian",
    "崇明区": "Chongming",
}
INNER: Final = frozenset({"黄浦区", "徐汇区", "长宁区", "静安区", "普陀区", "虹口区", "杨浦区"})
"""Too small to bear their names on a map of the whole city."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class District:
    """path: SVG path data. x, y: where its name stands; shown: whether there is room for it."""

    title: Words
    path: str
    x: int
    y: int
    shown: bool


@dataclass(frozen=True, slots=True)
class Pin:
    """A site on the map, by the number that stands on it and in the list beside. x, y: pixels."""

    number: int
    site: ProgrammeSite
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Spot:
    """Any other site of the register, as a dot. x, y: pixels."""

    thing: Thing
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class CityMap:
    """absent: sites whose place is not known, or lies outside the frame. spots: what else stands on the register."""

    districts: tuple[District, ...]
    pins: tuple[Pin, ...]
    absent: tuple[ProgrammeSite, ...]
    spots: tuple[Spot, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT


def city_map(sites: Sequence[ProgrammeSite], register: Iterable[Thing] = ()) -> CityMap:
    """The city with these sites, numbered in their order; pins that would hide one another are moved apart.

    register: of it the other sites that stand and whose place is known are dots.
    """
    pins: list[Pin] = []
    absent: list[ProgrammeSite] = []
    for site in sites:
        if site.position is None:
            absent.append(site)
            continue
        x, y = _pixels(site.position.longitude / 1e6, site.position.latitude / 1e6)
        if not (0 <= x <= WIDTH and 0 <= y <= HEIGHT):
            absent.append(site)
            continue
        pins.append(Pin(len(pins) + 1, site, *_free(round(x), round(y), pins)))
    numbered = {each.id for each in sites}
    spots = (_spot(each) for each in register if each.noun == "site" and each.id not in numbered and not each.ended)
    return CityMap(districts(), tuple(pins), tuple(absent), tuple(each for each in spots if each is not None))


def _spot(thing: Thing) -> Spot | None:
    """Where the register says last that the site lies; None where it does not."""
    told = [each.fact for each in thing.history if isinstance(each.fact, EstablishmentOpened | EstablishmentMoved)]
    if told[-1].longitude is None or told[-1].latitude is None:
        return None
    x, y = _pixels(told[-1].longitude / 1e6, told[-1].latitude / 1e6)
    return Spot(thing, round(x), round(y)) if 0 <= x <= WIDTH and 0 <= y <= HEIGHT else None


def _free(x: int, y: int, pins: Sequence[Pin]) -> tuple[int, int]:
    """The nearest place to the right, or below, at which no pin stands."""
    while any(math.dist((x, y), (pin.x, pin.y)) < APART for pin in pins):
        x += APART // 2
        if x > WIDTH - APART:
            x, y = x - 3 * APART, y + APART
    return x, y


@cache
def districts() -> tuple[District, ...]:
    """Every district of the city, its outline simplified to what the map can show."""
    features = json.loads(OUTLINES.read_text(encoding="utf-8"))["features"]
    return tuple(_district(each["properties"]["name"], each["geometry"]) for each in features)


def _district(name: str, geometry: dict[str, Any]) -> District:
    rings = list(_rings(geometry["coordinates"], geometry["encodeOffsets"]))
    x, y = _centre(max(rings, key=_area))
    return District(Words(name, ENGLISH[name]), "".join(map(_path, rings)), round(x), round(y), name not in INNER)


def _rings(coded: Sequence[Any], offsets: Sequence[Any]) -> Iterator[list[Point]]:
    """The rings of a polygon, or of several, simplified; those too small to be seen are left out."""
    for each, offset in zip(coded, offsets, strict=True):
        if isinstance(each, str):
            ring = _simple([_pixels(x / STEPS, y / STEPS) for x, y in _decoded(each, *offset)])
            if _area(ring) >= SMALLEST:
                yield ring
        else:
            yield from _rings(each, offset)


def _decoded(coded: str, x: int, y: int) -> Iterator[tuple[int, int]]:
    steps = [ord(each) - 64 for each in coded]
    for east, north in zip(steps[::2], steps[1::2], strict=True):
        x += (east >> 1) ^ -(east & 1)
        y += (north >> 1) ^ -(north & 1)
        yield x, y


def _pixels(longitude: float, latitude: float) -> Point:
    return (longitude - WEST) * math.cos(math.radians(MIDDLE)) * SCALE, (NORTH - latitude) * SCALE


def _simple(ring: list[Point]) -> list[Point]:
    """The ring without the points that lie within ``COARSE`` of the line (Douglas and Peucker, 1973), in two halves."""
    far = max(range(len(ring)), key=lambda at: math.dist(ring[0], ring[at]))
    return [*_line(ring[: far + 1])[:-1], *_line([*ring[far:], ring[0]])[:-1]]


def _line(points: list[Point]) -> list[Point]:
    if len(points) < 3:
        return points
    (x, y), (to_x, to_y) = points[0], points[-1]
    length = math.dist(points[0], points[-1]) or 1.0
    off = [abs((to_x - x) * (y - each[1]) - (x - each[0]) * (to_y - y)) / length for each in points]
    worst = max(range(1, len(points) - 1), key=off.__getitem__)
    if off[worst] <= COARSE:
        return [points[0], points[-1]]
    return [*_line(points[: worst + 1])[:-1], *_line(points[worst:])]


def _area(ring: list[Point]) -> float:
    pairs = zip(ring, [*ring[1:], *ring[:1]], strict=True)
    return abs(sum(here[0] * there[1] - there[0] * here[1] for here, there in pairs)) / 2


def _centre(ring: list[Point]) -> Point:
    """The middle of what the ring encloses, for its name."""
    pairs = list(zip(ring, [*ring[1:], *ring[:1]], strict=True))
    parts = [(here[0] + there[0], here[1] + there[1], here[0] * there[1] - there[0] * here[1]) for here, there in pairs]
    whole = 3 * sum(part for _, _, part in parts)
    return sum(x * part for x, _, part in parts) / whole, sum(y * part for _, y, part in parts) / whole


def _path(ring: list[Point]) -> str:
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in ring) + "Z"
