"""Which numbers can have been measured at all, by their unit: nothing weighs less than nothing, no part exceeds its whole.

What lies outside a specification but can have been measured is a result or a value like any other; what cannot is a
misreading and is never recorded.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from yimai.domain.fact import DIGITS, measurable
from yimai.domain.recipe import Limits
from yimai.domain.shipment import ABSOLUTE_ZERO

_COUNTED: Final = re.compile(r"\{[^{}]*\}")
_WHOLE: Final = Decimal(100)


def counted(unit: str) -> bool:
    """Whether the unit counts things, of which there is no half: an annotation alone, such as ``{bag}``."""
    return _COUNTED.fullmatch(unit) is not None


def expected(unit: str, limits: Limits, value: Decimal) -> str:
    """Say what was expected of a number that no instrument can have shown, or "" if it is possible.

    limits: the recipe's, which widen what the unit says where they themselves reach further.
    """
    if not measurable(value):
        return f"≤ {DIGITS} digits"
    if unit == "Cel":
        return "" if value >= ABSOLUTE_ZERO else f"≥ {ABSOLUTE_ZERO} Cel"
    if unit.startswith("Cel"):
        return ""
    low = min(Decimal(0), limits.low if limits.low is not None else Decimal(0))
    whole = unit == "%" and limits.high is not None and limits.high <= _WHOLE
    if value < low or (whole and value > _WHOLE):
        return f"{low:f}–{_WHOLE} %" if whole else f"≥ {low:f} {unit}"
    if counted(unit) and value != value.to_integral_value():
        return f"0, 1, 2 … {unit}"
    return ""
