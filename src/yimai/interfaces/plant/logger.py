"""What a simulated shipper's temperature logger has read on the way, and its file as a usual logger writes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from yimai.domain.recipe import Limits

READING_EVERY: Final = timedelta(minutes=5)
PERIOD: Final = 72
"""Readings in which the temperature swings once to and fro."""
EVENTS: Final = {"warm": (Decimal("1.4"), 9), "spoilt": (Decimal(11), 40)}
"""By how many degrees the upper limit is exceeded, and for how many readings it is warmer than usual before and after the worst."""
WORST_AT: Final = 0.55
"""Where on the way that is."""
Shown = Literal["", "warm", "no_data", "spoilt"]
Course = Sequence[tuple[datetime, Decimal]]


def course(limits: Limits, begin: datetime, end: datetime, shown: Shown = "") -> Course:
    """The readings from packing on: within the limits unless something is to be shown."""
    if shown == "no_data":
        return ()
    coldest, warmest = _usual(limits)
    number = max(2, (end - begin) // READING_EVERY + 1)
    over, width = EVENTS.get(shown, (Decimal(0), 0))
    peak, worst = (limits.high if limits.high is not None else warmest) + over, round(WORST_AT * (number - 1))
    readings = []
    for place in range(number):
        swing = Decimal(round(50 + 50 * math.cos(2 * math.pi * place / PERIOD))) / 100
        celsius = coldest + (warmest - coldest) * swing
        near = Decimal(max(0, width - abs(place - worst))) / width if width else Decimal(0)
        readings.append((begin + place * READING_EVERY, round(celsius + (peak - celsius) * near, 1)))
    return readings


def file_of(logger: str, read: Course) -> bytes:
    """The readings as the logger's own program writes them; nothing where there are none."""
    lines = [f"Logger ID: {logger}", "Timestamp,Temperature (°C)"]
    lines += [f"{at.isoformat(timespec='seconds')},{celsius}" for at, celsius in read]
    return ("\n".join(lines) + "\n").encode() if read else b""


def _usual(limits: Limits) -> tuple[Decimal, Decimal]:
    """The lowest and highest temperature of an uneventful journey."""
    if limits.low is not None and limits.high is not None:
        third = (limits.high - limits.low) / 3
        return round(limits.low + third, 1), round(limits.high - third, 1)
    high = limits.high if limits.high is not None else Decimal(0)
    return high - 45, high - 30
