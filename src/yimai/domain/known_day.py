"""Days as sources tell them: ``2023-04-21``, ``2022-11``, ``2024``, or "" where none is told."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Final

KNOWN_DAY: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def is_known_day(text: str) -> bool:
    """Whether the text is a day, a month, a year, or empty."""
    return not text or last_day(text) is not None


def last_day(text: str) -> date | None:
    """The last day that the text can mean: by then it had happened for certain. None where no day is told."""
    found = KNOWN_DAY.fullmatch(text)
    if found is None:
        return None
    year, month = int(found[1]), int(found[2] or 12)
    try:
        day = int(found[3]) if found[3] else calendar.monthrange(year, month)[1]
        return date(year, month, day)
    except ValueError:  # the thirteenth month, too (calendar.IllegalMonthError)
        return None
