"""What the planner is told of each treatment: who asks, for when, what was promised, and what has happened already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Happened:
    """When a task began, and when it ended; ends None: it runs."""

    starts: datetime
    ends: datetime | None


NOTHING: Final[Mapping[str, Happened]] = MappingProxyType({})
NO_LONGER: Final[Mapping[str, timedelta]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Order:
    """One treatment to be planned.

    ready: the earliest collection. due: when the infusion is wanted at the latest. promised: the infusion's promised time;
    promised_collection: the collection's. suite: the one that is reserved or in use, "" for none. happened: by task id, such as
    ``collection`` or ``step:wash``.
    claimed: the time in its suite that the ledger keeps for it; then its suite is not planned anew. All moments are aware.
    longer: by how much more than usual a task takes, by task id.
    """

    id: str
    hospital: str
    urgency: str
    ready: datetime
    due: datetime | None = None
    promised: datetime | None = None
    promised_collection: datetime | None = None
    suite: str = ""
    happened: Mapping[str, Happened] = field(default_factory=lambda: NOTHING)
    claimed: tuple[datetime, datetime] | None = None
    longer: Mapping[str, timedelta] = field(default_factory=lambda: NO_LONGER)


WEIGHTS: Final = {"urgent": 4.0, "routine": 1.0}
"""Of an hour's tardiness, by the order's urgency; an urgency that is not named counts once."""
