"""A browser for journeys, and what each of them ends with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.journeys.house import served_house
from tests.journeys.people import BrowserPlant
from tests.pages.browsing import opened_browser

from yimai.wiring import compiled_code
from yimai.wiring.embedded_database import EmbeddedDatabase

Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as opened:
        yield opened


@pytest.fixture(scope="session", autouse=True)
def prepared() -> None:
    """Compile the planner before people come, as the demonstration and ``yimai serve`` do in a process of its own."""
    compiled_code._use_planner()
    compiled_code._use_simulation()


LANGUAGES = ("zh-hans", "en")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each journey in the language that it names, or in both with YIMAI_EVERY_LANGUAGE=1, which takes twice as long."""
    if "language" in metafunc.fixturenames:
        own = getattr(metafunc.module, "LANGUAGE", "zh-hans")
        every = os.environ.get("YIMAI_EVERY_LANGUAGE") == "1"
        metafunc.parametrize("language", LANGUAGES if every else (own,))


@pytest.fixture
def opened(postgres: EmbeddedDatabase, browser: Any, language: str) -> Opened:
    """Opens a served house with people at browsers; at its end the ledger verifies and nobody lacked a form."""

    @contextmanager
    def plant_for(journey: str) -> Iterator[BrowserPlant]:
        with served_house(postgres) as house:
            plant = BrowserPlant(house, browser, language, journey)
            yield plant
            plant.leave()
            assert plant.without_form == []
            house.verify()

    return plant_for
