"""The production floor that these tests work on."""

from __future__ import annotations

import pytest
from tests.spec.batch.floor import Floor


@pytest.fixture
def floor() -> Floor:
    return Floor()
