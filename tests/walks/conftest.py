"""The loaded plant for walks through every address."""

from __future__ import annotations

import os
from collections.abc import Iterator

import django
import pytest
from tests.walks.loaded import LoadedPlant, loaded_plant

from yimai.wiring.embedded_database import EmbeddedDatabase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
django.setup()  # before the tests' modules are read, which name models


@pytest.fixture(scope="module")
def plant(postgres: EmbeddedDatabase) -> Iterator[LoadedPlant]:
    with loaded_plant(postgres) as loaded:
        yield loaded
