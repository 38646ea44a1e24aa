"""The city's map is its real outline, holds each site where it lies, and hides none behind another."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from yimai.domain.programme import Position, ProgrammeSite, programme_from
from yimai.interfaces.files.reading import CATALOGUE, read_programme
from yimai.interfaces.web.city_map import APART, HEIGHT, WIDTH, CityMap, city_map

PROGRAMME = programme_from(read_programme(CATALOGUE / "programmes" / "shanghai.yaml").content)


def within(drawn: CityMap, district: str, x: float, y: float) -> bool:
    """Whether the point lies inside the district's outline (even-odd rule)."""
    path = next(each.path for each in drawn.districts if each.title.en == district)
    inside = False
    for ring in path.split("Z"):
        points = [tuple(map(float, each)) for each in re.findall(r"(-?\d+) (-?\d+)", ring)]
        for here, there in zip(points, [*points[1:], *points[:1]], strict=True):
            if (here[1] > y) != (there[1] > y) and x < here[0] + (y - here[1]) / (there[1] - here[1]) * (
                there[0] - here[0]
            ):
                inside = not inside
    return inside


def test_the_sixteen_districts_are_drawn_within_the_frame() -> None:
    drawn = city_map(())
    assert len(drawn.districts) == 16
    for district in drawn.districts:
        numbers = [tuple(map(int, each)) for each in re.findall(r"(-?\d+) (-?\d+)", district.path)]
        assert len(numbers) >= 10, district.title.en
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in numbers), district.title.en
        if district.shown:
            assert within(drawn, district.title.en, district.x, district.y), district.title.en


@pytest.mark.parametrize(
    ("site", "district"),
    [("lingang", "Pudong"), ("zhangjiang-cell-park", "Pudong"), ("pujiang-gene-valley", "Minhang")],
)
def test_a_site_stands_in_its_district(site: str, district: str) -> None:
    drawn = city_map(PROGRAMME.sites)
    (pin,) = [each for each in drawn.pins if each.site.id == site]
    assert within(drawn, district, pin.x, pin.y)


def test_sites_at_one_place_stand_apart_and_every_site_is_told_of() -> None:
    known = [each for each in PROGRAMME.sites if each.position is not None]
    crowd = [replace(known[0], id=f"{known[0].id}-{number}") for number in range(12)]
    drawn = city_map([*PROGRAMME.sites, *crowd])
    assert len(drawn.pins) + len(drawn.absent) == len(PROGRAMME.sites) + 12
    for pin in drawn.pins:
        assert all(math.dist((pin.x, pin.y), (other.x, other.y)) >= APART for other in drawn.pins if other is not pin)


@pytest.mark.parametrize("position", [None, Position(116_400_000, 39_900_000, approximate=False)])
def test_a_site_whose_place_is_unknown_or_elsewhere_is_named_beside_the_map(position: Position | None) -> None:
    site: ProgrammeSite = replace(PROGRAMME.sites[0], position=position)
    drawn = city_map((site,))
    assert (drawn.pins, drawn.absent) == ((), (site,))
