"""How long things wait for people and equipment, by the hour of the week at which they are ready.

A task that is ready does not begin at once: people are elsewhere, or come with the next shift. So do the attended ends of steps that run by
themselves. Of what is repeated (rounds, invalid tests) and of transport it is told how long it lasts in all. ``waits`` learns it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WEEK: Final = 168.0
NEAR: Final = 4
"""A wait is drawn from among so many at either side that were ready at nearly the same hour of the week."""
HOUR: Final = timedelta(hours=1)
LEGS: Final = ("inbound", "outbound")


def leg(name: str, hospital: str) -> str:
    """How transport between the base and a hospital is named in ``lasting``: each has its own road."""
    return f"{name} {hospital}"


@dataclass(frozen=True)
class Queue:
    """ready: hours of the week, in order; wait: hours from then on. before: how many were ready before each minute of the week."""

    ready: Floats
    wait: Floats
    before: NDArray[np.int64]

    @classmethod
    def of(cls, ready: Floats, wait: Floats) -> Queue:
        """Of hours from the beginning of a week, and how long each waited."""
        hour = ready % WEEK
        order = np.argsort(hour, kind="stable")
        before = np.searchsorted(hour[order], np.arange(round(WEEK * 60)) / 60)
        return cls(hour[order], wait[order], before)

    def drawn(self, ready: Floats, chance: np.random.Generator) -> Floats:
        """When each begins, in hours, that is ready then (hours from the beginning of a week)."""
        hour, number = ready % WEEK, len(self.ready)
        place = self.before[(hour * 60).astype(np.int64) % len(self.before)] + chance.integers(-NEAR, NEAR, len(hour))
        week, place = np.divmod(place, number)
        apart, wait = self.ready[place] + WEEK * week - hour, self.wait[place]
        begins: Floats = ready + np.where(wait > 0, np.maximum(0.0, wait + apart), 0.0)
        return begins


@dataclass(frozen=True)
class Waits:
    """begins: the beginning of the week from which hours are counted. before: each task's start; after: its attended end, ``alone`` hours
    before which it needs people again; lasting: how long it lasts in all, where that is not the recipe's. assumed: numbers behind it are
    placeholders."""

    begins: datetime
    before: Mapping[str, Queue]
    after: Mapping[str, Queue]
    alone: Mapping[str, float]
    lasting: Mapping[str, Floats]
    assumed: bool

    @property
    def known(self) -> bool:
        return bool(self.before)

    def hour(self, moment: datetime) -> float:
        """How many hours after ``begins`` it lies."""
        return (moment - self.begins) / HOUR
