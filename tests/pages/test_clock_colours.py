"""How a clock presses on pages: the same at the bedside as in a list."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from yimai.interfaces.web.today import pressing
from yimai.projections.clock_board import Clock, Name

NOW = datetime(2026, 11, 1, 7, 49, tzinfo=timezone(timedelta(hours=8)))
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("name", "alert", "due", "state"),
    [
        ("thaw", timedelta(minutes=29), timedelta(minutes=29), "alert"),  # the minutes that are left press
        ("lymphodepletion", -7 * 24 * HOUR, 133 * HOUR, "calm"),  # its window is open, and long
        ("lymphodepletion", -7 * 24 * HOUR, 23 * HOUR, "alert"),
        ("lymphodepletion", -7 * 24 * HOUR, timedelta(), "over"),
        ("fresh", -HOUR, 40 * HOUR, "alert"),
    ],
)
def test_what_runs_out_soon_is_what_presses(name: Name, alert: timedelta, due: timedelta, state: str) -> None:
    clock = Clock(name, "T4F7K92QX8", "", NOW - HOUR, NOW + alert, NOW + due, assumed=False)
    assert [each.state for each in pressing([clock], NOW)] == [state]
