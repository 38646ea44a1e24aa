"""A base's queue, folded from its own chain: who waits for a slot, who was given one of late, and which suites' time is promised.

Every entry that changes the queue is also about the queue of its month, so that whoever decides on a slot stands on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from yimai.domain.allocation import Waiting
from yimai.domain.treatment import Treatment
from yimai.ledger.entry import Entry

ORDERED: Final = "treatment.ordered.v1"
ACCEPTED: Final = "treatment.accepted.v1"
RESERVED: Final = "slot.reserved.v1"
MOVED: Final = "slot.moved.v1"
LOST: Final = ("slot.freed.v1", "batch.failed.v1", "disposition.rejected.v1")
"""Whoever had a slot waits again from then, unless the treatment has ended."""
ENDED: Final = (
    "treatment.declined.v1",
    "treatment.cancelled.v1",
    "treatment.withdrawn.v1",
    "outcome.treatment_completed.v1",
)
KINDS: Final = frozenset({ORDERED, ACCEPTED, RESERVED, MOVED, *LOST, *ENDED})
"""The kinds that change a queue."""
BACK: Final = timedelta(days=92)
"""How far back a decision reads, at least: hardly a slot is reserved longer before its end."""


def month(base: str, at: datetime) -> str:
    """The queue of the base in the month of that moment."""
    return f"{base}-{at:%Y-%m}"


def months(base: str, begins: datetime, ends: datetime) -> Iterator[str]:
    """The queues of the base from one moment to another."""
    days = (begins + timedelta(days=day) for day in range((ends - begins).days + 2))
    yield from (name for name, _ in groupby(month(base, min(day, ends)) for day in days))


@dataclass(frozen=True, slots=True)
class Queue:
    """waiting: without a slot. served: every reservation, by hospital and moment. promised: the suites' time, by treatment."""

    waiting: tuple[Waiting, ...]
    served: tuple[tuple[str, datetime], ...]
    promised: Mapping[str, tuple[str, datetime, datetime]]

    def reserved(self, begins: datetime, ends: datetime) -> dict[str, int]:
        """How many slots each hospital reserved in [begins, ends)."""
        counts: dict[str, int] = {}
        for hospital, at in self.served:
            if begins <= at < ends:
                counts[hospital] = counts.get(hospital, 0) + 1
        return counts

    def taken(self) -> dict[str, tuple[tuple[datetime, datetime], ...]]:
        """By suite the time that is promised."""
        found: dict[str, tuple[tuple[datetime, datetime], ...]] = {}
        for suite, starts, ends in self.promised.values():
            found[suite] = (*found.get(suite, ()), (starts, ends))
        return found


def queue_of(entries: Iterable[Entry], ordered: Callable[[str], Treatment]) -> Queue:
    """Fold the queues' entries, in order. ordered: tells what was ordered before the first of them. Times are those of the record."""
    orders: dict[str, tuple[str, str, str]] = {}
    waiting: dict[str, datetime] = {}
    served: list[tuple[str, datetime]] = []
    promised: dict[str, tuple[str, datetime, datetime]] = {}
    ended: set[str] = set()

    def about(treatment: str) -> tuple[str, str, str]:
        if treatment not in orders:
            told = ordered(treatment)
            orders[treatment] = told.hospital, told.urgency, told.recipe
        return orders[treatment]

    for entry in entries:
        data: Any = entry.data
        treatment = data["treatment"]
        match entry.kind:
            case kind if kind == ORDERED:
                orders[treatment] = data["hospital"], data["urgency"], data["recipe"]
            case kind if kind == ACCEPTED:
                waiting[treatment] = entry.recorded
            case kind if kind in (RESERVED, MOVED):
                promised[treatment] = _window(data["itinerary"])
                waiting.pop(treatment, None)
                if kind == RESERVED:
                    served.append((about(treatment)[0], entry.recorded))
            case kind if kind in LOST:
                promised.pop(treatment, None)
                if treatment not in ended:
                    waiting.setdefault(treatment, entry.recorded)
            case kind if kind in ENDED:
                ended.add(treatment)
                waiting.pop(treatment, None)
    those = tuple(Waiting(treatment, *about(treatment), since) for treatment, since in waiting.items())
    return Queue(those, tuple(served), promised)


def _window(itinerary: Mapping[str, Any]) -> tuple[str, datetime, datetime]:
    starts, ends = (datetime.fromisoformat(itinerary[each]) for each in ("starts", "ends"))
    return itinerary["suite"], starts, ends
