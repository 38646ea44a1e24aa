"""Numbers that can have been measured, by their unit and as far as the recipe's own limits reach."""

from __future__ import annotations

from decimal import Decimal

import pytest

from yimai.domain.possible import expected
from yimai.domain.recipe import Limits

PART = Limits(Decimal(80), Decimal(100))
RECOVERED = Limits(Decimal(50), Decimal(150))
SHIFT = Limits(Decimal("-1.5"), Decimal("-0.5"))
ANY = Limits()


@pytest.mark.requirement(
    "BAT-033", "What a unit cannot show is no value: below none of a thing, above a whole, half a bag."
)
@pytest.mark.parametrize(
    ("unit", "limits", "value", "possible"),
    [
        ("%", PART, "0", True),
        ("%", PART, "100", True),
        ("%", PART, "100.1", False),
        ("%", RECOVERED, "170", True),
        ("%", PART, "-0.1", False),
        ("10*6", ANY, "0", True),
        ("10*6", ANY, "-1", False),
        ("1", SHIFT, "-1", True),
        ("1", SHIFT, "-2", False),
        ("Cel", ANY, "-196", True),
        ("Cel", ANY, "-300", False),
        ("Cel/min", SHIFT, "-3", True),
        ("{bag}", ANY, "2", True),
        ("{bag}", ANY, "1.5", False),
        ("{copies}/{cell}", ANY, "2.2", True),
        ("mL", ANY, "1e40", False),
    ],
)
def test_what_a_unit_cannot_show_is_refused(unit: str, limits: Limits, value: str, possible: bool) -> None:
    """A value that is merely bad passes here, and is judged by the recipe's limits."""
    assert (expected(unit, limits, Decimal(value)) == "") is possible
