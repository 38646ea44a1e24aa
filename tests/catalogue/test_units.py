"""Units are UCUM codes, and two of them agree when they measure the same."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yimai.domain.content import SPAN, duration_from
from yimai.interfaces.files.ucum import UnknownUnit, dimension_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mL", "L"),
        ("g", "kg"),
        ("10*6", "10*9"),
        ("10*6/mL", "10*9/L"),
        ("pg/mL", "ug/L"),
        ("Cel/min", "Cel/h"),
        ("{copies}/{cell}", "1"),
        ("{beads}/(3.10*6)", "1"),
        ("min", "d"),
        ("[EU]/mL", "[EU]/L"),
        ("{bag}", "{bag}"),
        ("mm2", "m2"),
        ("/mL", "10*6/L"),
        ("mol/L", "10*3{cells}.mol/m3"),
    ],
)
def test_units_that_measure_the_same(one: str, other: str) -> None:
    assert dimension_of(one) == dimension_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("mL", "g"), ("[EU]/mL", "[iU]/mL"), ("{bag}", "{set}"), ("min", "mL"), ("10*6/mL", "10*6"), ("Cel", "Cel/min")],
)
def test_units_that_measure_something_else(one: str, other: str) -> None:
    assert dimension_of(one) != dimension_of(other)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "percent",
        "ml/",
        "EU/mL",
        "10^6 cells",
        "m L",
        "mL//h",
        "(mL",
        "mL)",
        "{bag",
        "℃",
        "x10*6",
        "a.",
        "__import__",
        "10*",
        "mL;ls",
    ],
)
def test_what_is_no_unit_is_refused(code: str) -> None:
    with pytest.raises(UnknownUnit, match="is not a UCUM unit"):
        dimension_of(code)


@given(st.text(max_size=12))
def test_any_text_is_a_unit_or_refused(code: str) -> None:
    with suppress(UnknownUnit):
        assert dimension_of(code)


@given(st.integers(0, 10**6), st.sampled_from(sorted(SPAN)))
def test_a_duration_is_its_number_times_its_unit(number: int, unit: str) -> None:
    assert duration_from(f"{number} {unit}") == number * SPAN[unit]


def test_a_duration_may_have_a_fraction() -> None:
    assert duration_from("1.5 h") == timedelta(minutes=90)
    assert duration_from("0.001 s") == timedelta(milliseconds=1)
    assert Decimal(duration_from("30 a").days) == Decimal("10957")


@pytest.mark.parametrize("text", ["6h", "6  h", "-6 h", "06 h", "6 H", "6 hours", "", " 6 h", "6 h ", "1e3 h", "٣ h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as"):
        duration_from(text)
