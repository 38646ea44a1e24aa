"""Fair allocation of slots: whose turn it is, by a policy that the base publishes in its file.

Everybody who waits is credited with the days since acceptance, or since the slot was lost; urgency counts as further days, and a
hospital that has had more than its share of late loses some. Whoever has more credit is ahead, and keeps room for a first
choice until the policy's time to hold is over; a slot may be taken before that only by a scheduler's recorded reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from yimai.domain.fact import Fact, Signature
from yimai.domain.person import NOT_OF_ROLE, Person
from yimai.domain.recipe import Source
from yimai.domain.refusal import Refusal, RefusalKind


@dataclass(frozen=True, slots=True)
class AllocationPolicy:
    """How a base allocates. urgent: what urgency counts for. hold: how long room is kept for whoever is ahead.

    shares: by hospital the share (0–1) of the base's reservations within ``window`` that it may have; a hospital without one may
    have all. over_share: what a hospital loses while it has had more, once ``fewest`` reservations were made in the window.
    """

    urgent: timedelta
    hold: timedelta
    window: timedelta
    shares: tuple[tuple[str, Decimal], ...]
    over_share: timedelta
    fewest: int
    source: Source


@dataclass(frozen=True, slots=True)
class Waiting:
    """A treatment without a slot. since: of its acceptance, or of the loss of its last slot."""

    treatment: str
    hospital: str
    urgency: str
    recipe: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Credit:
    """What counts for a treatment: time waited, urgency, and (negative) the hospital's excess. held: room is kept for it."""

    waiting: Waiting
    waited: timedelta
    urgency: timedelta
    excess: timedelta
    held: bool

    @property
    def total(self) -> timedelta:
        return self.waited + self.urgency + self.excess


@dataclass(frozen=True, slots=True)
class TurnOverridden(Fact):
    """A slot was reserved before those who were ahead could choose. reason: a code of ``domain.reason``."""

    kind: ClassVar[str] = "allocation.turn_overridden.v1"
    treatment: str
    reason: str
    overridden: Signature


OUT_OF_TURN = RefusalKind(
    "allocation.out_of_turn",
    "{put_back} who are ahead would begin later by this slot, and room is kept for them. Choose another slot, or let a scheduler give the reason.",
    "有 {put_back} 位排在前面的患者会因该档期而推迟，须先为其保留产能。请另选档期，或由排产员说明理由。",
)


def credits(
    policy: AllocationPolicy, waiting: Iterable[Waiting], reserved: Mapping[str, int], at: datetime
) -> tuple[Credit, ...]:
    """Everybody who waits, the most credit first; of equals the longest waiting, then by identifier.

    reserved: how many slots each hospital reserved within the policy's window before ``at``.
    """
    total, shares = sum(reserved.values()), dict(policy.shares)

    def credit(each: Waiting) -> Credit:
        share = shares.get(each.hospital)
        over = share is not None and total >= policy.fewest and reserved.get(each.hospital, 0) > share * total
        waited = max(at - each.since, timedelta())
        return Credit(
            each,
            waited,
            policy.urgent if each.urgency == "urgent" else timedelta(),
            -policy.over_share if over else timedelta(),
            waited <= policy.hold,
        )

    return tuple(
        sorted(map(credit, waiting), key=lambda each: (-each.total, each.waiting.since, each.waiting.treatment))
    )


def ahead(ranked: Iterable[Credit], treatment: str) -> tuple[Credit, ...]:
    """Those before the treatment for whom room is kept; nobody if it does not wait itself."""
    found: list[Credit] = []
    for each in ranked:
        if each.waiting.treatment == treatment:
            return tuple(found)
        if each.held:
            found.append(each)
    return ()


def override_turn(treatment: str, reason: str, person: Person, overridden: Signature) -> Refusal | TurnOverridden:
    """A scheduler's reason for taking a slot out of turn."""
    if "scheduler" not in person.roles:
        return NOT_OF_ROLE(person=person.id, roles="scheduler")
    return TurnOverridden(treatment, reason, overridden)
