"""Outcome, pace and evidence are three answers; what is not known stays unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.architecture.fact_instances import example

from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.status import Forecast, Status, forecast, points_in_time, status_of
from yimai.domain.target import Baseline, TargetSet

BEGINS, ENDS = date(2022, 1, 1), date(2024, 12, 31)


def target(**changes: Any) -> TargetSet:
    said = example(TargetSet)
    assert isinstance(said, TargetSet)
    usual: dict[str, Any] = {
        "comparator": "ge", "values": (100,), "deadline": ENDS, "basis": "end_of_period", "baseline": None, "mode": "level",
    }  # fmt: skip
    return replace(said, **{**usual, **changes})


def test_unknown_is_neither_zero_nor_missed() -> None:
    assert status_of(target(), None, "register", date(2030, 1, 1), BEGINS) == Status("unknown", True, None, "")


@pytest.mark.parametrize(
    ("evidence", "day", "provisional"),
    [
        ("audited", date(2024, 12, 31), True),
        ("audited", date(2025, 1, 1), False),
        ("ledger", date(2025, 1, 1), False),
        ("register", date(2025, 1, 1), True),
        ("self_declared", date(2030, 1, 1), True),
    ],
)
def test_after_the_deadline_it_stands_only_on_audit_or_ledger(evidence: Any, day: date, provisional: bool) -> None:
    found = status_of(target(), 100, evidence, day, BEGINS)
    assert (found.outcome, found.provisional, found.evidence) == ("met", provisional, evidence)


def test_an_instant_is_over_when_it_comes() -> None:
    assert not status_of(target(basis="instant"), 1, "ledger", ENDS, BEGINS).provisional


def test_the_pace_is_the_way_made_to_the_way_planned() -> None:
    half = BEGINS + (ENDS - BEGINS) / 2
    from_zero = target(mode="cumulative")
    assert status_of(from_zero, 25, "ledger", half, BEGINS).pace == pytest.approx(500_000, rel=1e-2)
    from_ten = target(baseline=Baseline(10, BEGINS))
    assert status_of(from_ten, 10, "ledger", half, BEGINS).pace == 0
    assert status_of(from_ten, 100, "ledger", ENDS + timedelta(days=400), BEGINS).pace == 1_000_000
    assert status_of(target(), 25, "ledger", half, BEGINS).pace is None
    assert status_of(from_ten, 25, "ledger", BEGINS, BEGINS).pace is None
    assert status_of(target(baseline=Baseline(10, BEGINS), mode="delta"), 50, "ledger", ENDS, BEGINS).pace == 500_000


def test_no_forecast_before_three_points_and_a_straight_line_is_carried_on() -> None:
    points = [(date(2024, 1, 1) + timedelta(days=10 * n), 5 * n) for n in range(4)]
    assert forecast(points[:2], ENDS) is None
    assert forecast([points[0]] * 5, ENDS) is None
    assert forecast(points, date(2024, 1, 1) + timedelta(days=100)) == Forecast(50, 50, 50)


@given(
    st.lists(
        st.tuples(st.dates(BEGINS, ENDS), st.integers(0, 10**12)),
        min_size=3,
        max_size=12,
        unique_by=lambda point: point[0],
    )
)
def test_a_forecast_lies_in_its_interval(points: list[tuple[date, int]]) -> None:
    found = forecast(points, date(2026, 1, 1))
    assert found is not None
    assert found.low <= found.value <= found.high
    assert forecast(list(reversed(points)), date(2026, 1, 1)) == found


@pytest.mark.parametrize(
    ("measure", "days"),
    [
        ("industry_revenue@1", [date(year, 12, 31) for year in range(2014, 2024)]),
        ("firms@1", [date(2024, 3, 31), date(2024, 6, 30)]),
        ("doses_released@1", [date(2024, month, last) for month, last in enumerate((31, 29, 31, 30, 31, 30), 1)]),
    ],
)
def test_a_forecast_looks_at_periods_that_are_over(measure: str, days: list[date]) -> None:
    found = list(points_in_time(DEFINITIONS[measure], date(2024, 1, 1), date(2024, 7, 30)))
    assert found == days
    assert list(points_in_time(DEFINITIONS["firms@1"], date(2023, 10, 1), date(2024, 1, 1))) == [date(2023, 12, 31)]
