"""The base's timetable: when something has broken, slots are moved together by one signed decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from yimai.domain import slot
from yimai.domain.base import Base
from yimai.domain.fact import Fact, Signature
from yimai.domain.recipe import Recipe
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.slot import Itinerary, Outage, Slots
from yimai.domain.suite import SuiteReturned, SuiteTakenOut
from yimai.domain.treatment import Treatment
from yimai.ledger.entry import Claim, Entry

Struck = Literal[
    "suite_down",
    "equipment_down",
    "person_away",
    "collected_again",
    "takes_longer",
    "ends_sooner",
    "nothing_broken",
]
"""What a disruption is; ``takes_longer``, ``ends_sooner``: by the time from its beginning to its end; ``nothing_broken``: a slot is moved as
somebody wishes."""
Way = Literal[
    "nobody_else",
    "fewest_moved",
    "least_delay",
    "urgent_first",
    "delay_shared",
    "overtime",
    "same_suite",
    "surer_promise",
]
"""Which of the ways was chosen that were offered."""


@dataclass(frozen=True, slots=True)
class Disruption:
    """What happened, to which of these; the others are "". step: the step or test that takes longer. ends: None where it has none."""

    struck: Struck
    begins: datetime
    ends: datetime | None = None
    suite: str = ""
    equipment: str = ""
    person: str = ""
    treatment: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A slot that is given back: the suite's time, and when the infusion was promised."""

    treatment: str
    suite: str
    starts: datetime
    ends: datetime
    promised: datetime


@dataclass(frozen=True, slots=True)
class TimetableRepaired(Fact):
    """Slots of the base were moved together by one decision; each treatment's own fact says where to.

    timetable: of this base. given_back: the slots as they were.
    """

    kind: ClassVar[str] = "timetable.repaired.v1"
    about: ClassVar[tuple[str, ...]] = ("timetable",)
    timetable: str
    base: str
    disruptions: tuple[Disruption, ...]
    way: Way
    given_back: tuple[GivenBack, ...]
    reason: str
    decided: Signature

    def claims(self) -> tuple[Claim, ...]:
        """What is given back goes before what is taken, so that slots may change places."""
        return tuple(Claim("suite", each.suite, "free", each.starts, each.ends) for each in self.given_back)


@dataclass(frozen=True, slots=True)
class Move:
    """One slot to be moved. suite, starts, ends: the time that it had when the repair was looked at."""

    treatment: str
    suite: str
    starts: datetime
    ends: datetime
    itinerary: Itinerary


@dataclass(frozen=True, slots=True)
class Case:
    """What must be known of a treatment whose slot is to be moved. begun: whether a batch runs in it."""

    treatment: Treatment
    slots: Slots
    recipe: Recipe
    begun: bool


NO_BASE = RefusalKind(
    "timetable.no_base",
    "No base {base} has been approved, so it has no timetable. Choose an approved base.",
    "基地 {base} 尚未获批，因此没有时间表。请选择已获批的基地。",
)
NOTHING_TO_MOVE = RefusalKind(
    "timetable.nothing_to_move",
    "This repair moves no slot, so there is nothing to sign. Choose another.",
    "该方案不移动任何档期，无需签署。请另选。",
)
TWICE = RefusalKind(
    "timetable.twice",
    "Treatment {treatment} stands in this repair twice. Look at the repair anew.",
    "治疗 {treatment} 在该方案中出现两次。请重新查看修复方案。",
)


def repair(
    base: Base,
    disruptions: Sequence[Disruption],
    way: Way,
    moves: Sequence[Move],
    cases: Mapping[str, Case],
    now: datetime,
    reason: str,
    decided: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Move all these slots, or none. Whether the suites are free then is decided by the claims.

    What has broken is put on record even if nothing has to move for it: every later plan reckons with it.
    """
    if not moves and all(each.struck == "nothing_broken" for each in disruptions):
        return NOTHING_TO_MOVE()
    moved: list[slot.SlotMoved] = []
    for move in moves:
        if any(each.treatment == move.treatment for each in moved):
            return TWICE(treatment=move.treatment)
        case = cases[move.treatment]
        was = move.suite, move.starts, move.ends
        answer = slot.move(
            case.treatment, case.slots, case.recipe, base, was, move.itinerary, now, reason, decided, begun=case.begun
        )
        if isinstance(answer, Refusal):
            return answer
        moved.append(answer)
    back = tuple(
        GivenBack(move.treatment, move.suite, move.starts, move.ends, fact.promised)
        for move, fact in zip(moves, moved, strict=True)
    )
    return (TimetableRepaired(base.id, base.id, tuple(disruptions), way, back, reason, decided), *moved)


def outages(
    suite: str,
    repairs: Iterable[tuple[Fact, Entry]],
    uses: Iterable[tuple[Fact, Entry]],
    now: datetime,
) -> tuple[Outage, ...]:
    """When the suite cannot be used from now on: as the latest signed repair said, unless it was returned since; while it is out of use
    and nobody has said until when, for good.

    repairs: facts of the base's timetable; uses: of the suite; both with their entries, in order.
    """
    said: tuple[Outage, ...] = ()
    when: datetime | None = None
    for fact, entry in repairs:
        named = tuple(
            Outage(each.begins, each.ends)
            for each in (fact.disruptions if isinstance(fact, TimetableRepaired) else ())
            if each.struck == "suite_down" and each.suite == suite
        )
        said, when = (named, entry.recorded) if named else (said, when)
    out = False
    for fact, entry in uses:
        out = isinstance(fact, SuiteTakenOut) or (out and not isinstance(fact, SuiteReturned))
        if isinstance(fact, SuiteReturned) and when is not None and entry.recorded > when:
            said = ()
    known = tuple(each for each in said if each.ends is None or each.ends > now)
    if not out:
        return known
    ends = (
        None
        if any(each.ends is None for each in known)
        else max((each.ends for each in known if each.ends), default=None)
    )
    return (Outage(now, ends),)
