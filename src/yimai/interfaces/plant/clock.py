"""A clock that is set, for simulated ledgers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class TimeReversed(Exception):
    """The clock was asked to go back; a ledger's time never does."""


class Clock:
    """Tells the time that it was set to, in UTC; only moves forward."""

    def __init__(self, start: datetime) -> None:
        """start: aware. Raises ValueError if it has no zone."""
        self._now = _in_utc(start)

    def __call__(self) -> datetime:
        return self._now

    def wait_until(self, moment: datetime) -> None:
        """Move to the moment. Raises TimeReversed if it has passed."""
        later = _in_utc(moment)
        if later < self._now:
            raise TimeReversed(f"the clock stands at {self._now.isoformat()} and cannot go back to {later.isoformat()}")
        self._now = later

    def advance(self, span: timedelta) -> datetime:
        """Move on by the span and return the time then. Raises TimeReversed if it is negative."""
        self.wait_until(self._now + span)
        return self._now


def _in_utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC)
