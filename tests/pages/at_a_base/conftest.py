"""A house of its own for each file, served with every action, and a browser before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.journeys.house import ServedHouse, served_house
from tests.pages.browsing import opened_browser
from tests.spec.harness import SpecPlant, founding

from yimai.domain.base import base_from
from yimai.domain.recipe_content import recipe_from
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture(scope="module")
def house(postgres: EmbeddedDatabase) -> Iterator[ServedHouse]:
    with served_house(postgres) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def plant(house: ServedHouse) -> SpecPlant:
    return SpecPlant(house.ledger, house.clock, recipe_from(founding().recipe), base_from(founding().base))
