"""How one simulated treatment goes its way: commands by the right people, waits between them, things due later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any, Final

from yimai.actions import label
from yimai.actions.decision import Answer, Done
from yimai.domain.base import Hospital
from yimai.domain.fact import subject
from yimai.domain.label import LabelIssued
from yimai.domain.override import SignedReason
from yimai.domain.person import Role
from yimai.domain.recipe import Duration, Recipe
from yimai.domain.refusal import Refusal
from yimai.domain.vein import Vein, vein_of
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.plant import Plant, Refused, first_of

A_COLLECTION: Final = (timedelta(hours=3), timedelta(hours=4))
"""How long one lasts where the base's file does not say."""
Course = Iterator["datetime | str"]
"""What a treatment does next: waits until a time, or has reached the stage of that name."""


@dataclass(order=True, slots=True)
class _Due:
    moment: datetime
    number: int
    act: Callable[[], None] = field(compare=False)


class Walk:
    """What all stages of a treatment share.

    treatment: its COI identifier once it is ordered. reached: the stages so far, in order.
    """

    def __init__(self, plant: Plant, *, hospital: str = "", number: int = 1, fortune: Fortune | None = None) -> None:
        """hospital: the ordering one; "": one by number. number: which of the plant's treatments this is, from 1."""
        hospitals = plant.crew.sites("nurse")
        self.plant = plant
        self.number = number
        self.fortune = fortune or Fortune()
        self.hospital = hospital or hospitals[number % len(hospitals)]
        self.treatment = ""
        self.reached: list[str] = []
        self._agenda: list[_Due] = []
        self._due = 0

    # What the stages ask about.

    @property
    def now(self) -> datetime:
        return self.plant.clock()

    @property
    def recipe(self) -> Recipe:
        return self.plant.recipe

    @property
    def base(self) -> str:
        return self.plant.base.id

    @property
    def vein(self) -> Vein:
        """The treatment's state as its facts tell."""
        name = subject("treatment", self.treatment)
        return vein_of(self.plant.ledger.about(name).entries[name])

    # People.

    def at_hospital(self, *roles: Role, qualification: str = "", without: Sequence[str] = ()) -> str:
        return self.plant.crew.pick(self.now, self.hospital, *roles, qualification=qualification, without=without)

    def at_base(self, *roles: Role, qualification: str = "", without: Sequence[str] = ()) -> str:
        """Somebody at work, or called in where nobody of the roles is."""
        return self.plant.crew.pick(
            self.on_duty(*roles), self.base, *roles, qualification=qualification, without=without
        )

    def courier(self) -> str:
        return self.plant.crew.pick(self.now, self.plant.crew.sites("courier")[0], "courier")

    def on_duty(self, *roles: Role) -> datetime:
        """When somebody of the base with one of the roles is on duty next, now included."""
        return self.plant.crew.next_on_duty(self.now, self.base, *roles)

    def _later_on_duty(self, roles: Sequence[Role], act: Callable[[], None]) -> bool:
        """Whether one of the roles has nobody on duty now, so that it is done when somebody has."""
        ready = max(self.on_duty(role) for role in roles)
        if ready > self.now:
            self.later(ready, act)
        return ready > self.now

    def signed_reasons(self, *roles_and_reasons: tuple[Role, str]) -> tuple[SignedReason, ...]:
        """Reasons of the roles that a rule's override names; physicians sign at the hospital."""
        return tuple(
            SignedReason(self.at_hospital(role) if role == "physician" else self.at_base(role), reason)
            for role, reason in roles_and_reasons
        )

    # Commands.

    def do(self, act: Callable[..., Answer], actor: str, site: str, **arguments: Any) -> Done:
        """Ask for an action on this treatment. Raises Refused."""
        answer = self.plant.ask(act, actor, site, treatment=self.treatment, **arguments)
        if isinstance(answer, Refusal):
            raise Refused(answer)
        return answer

    def issue_label(self, layout: str, *, item: str = "", reason: str = "") -> str:
        """Print a label, for a new item or a known one, and return the item's identifier."""
        actor, site = self.labeller(layout)
        done = self.do(label.issue, actor, site, layout=layout, item=item, reason=reason)
        return first_of(done, LabelIssued).item

    def use_label(self, item: str, layout: str, *, copy: int = 1) -> Done:
        """Stick a printed copy on its item; a second person checks."""
        actor, site = self.labeller(layout)
        role: Role = "operator" if site == self.base else "nurse"
        verifier = self.plant.crew.pick(self.now, site, role, without=(actor,))
        return self.do(label.use, actor, site, item=item, copy=copy, verifier=verifier)

    def labelled(self, layout: str) -> str:
        """Print a label, stick it on a new item and return the item's identifier."""
        item = self.issue_label(layout)
        self.use_label(item, layout)
        return item

    def labeller(self, layout: str) -> tuple[str, str]:
        """Who labels, and where: the hospital what leaves it or what the patient wears, the base all else."""
        carriers = {each.id: each.carrier for each in self.recipe.labels}
        carrier = carriers.get(layout, "container")
        lost = max((place for place, stage in enumerate(self.reached) if stage == "material_lost"), default=-1)
        outbound = carrier == "shipper" and "received" not in self.reached[lost + 1 :]
        if carrier in ("wristband", "collection_bag") or outbound:
            return self.at_hospital("nurse"), self.hospital
        return self.at_base("operator"), self.base

    # Time.

    def span(self, low: timedelta, high: timedelta) -> timedelta:
        return self.plant.draws.span(low, high)

    def lasting(self, duration: Duration | None, low: timedelta, high: timedelta) -> timedelta:
        """As long as the base's file says, in whole seconds; where it says nothing, a span between the two."""
        return self.plant.draws.duration(duration) if duration is not None else self.span(low, high)

    @property
    def served(self) -> Hospital | None:
        """The hospital as the base's file lists it, or None."""
        return next((each for each in self.plant.base.hospitals if each.id == self.hospital), None)

    def collecting_lasts(self) -> timedelta:
        """How long the hospital's place is kept for a collection."""
        return self.lasting(self.served.collecting.duration if self.served is not None else None, *A_COLLECTION)

    def courier_late(self) -> timedelta:
        """By how much the courier of a leg is late, as the plant's scenario says."""
        scenario = self.plant.scenario
        if scenario is None or self.fortune.spared or not self.plant.draws.happens(scenario.courier_delay):
            return timedelta(0)
        return self.plant.draws.hours(scenario.courier_delay_hours, 1.0)

    def later(self, moment: datetime, act: Callable[[], None]) -> None:
        """Let something happen at a later time, whatever the treatment does meanwhile."""
        self._due += 1
        heappush(self._agenda, _Due(moment, self._due, act))

    def wait(self, moment: datetime) -> Course:
        """Wait until the moment, doing what falls due until then."""
        while self._agenda and self._agenda[0].moment <= moment:
            yield from self._next_due()
        yield max(moment, self.now)

    def pause(self, low: timedelta, high: timedelta) -> Course:
        yield from self.wait(self.now + self.span(low, high))

    def until(self, satisfied: Callable[[], bool]) -> Course:
        """Wait, doing what falls due, until it is so. Raises LookupError if nothing is due any more."""
        while not satisfied():
            if not self._agenda:
                raise LookupError(f"treatment {self.treatment} waits for something that nobody will do")
            yield from self._next_due()

    def rest(self) -> Course:
        """Do all that is still to fall due."""
        while self._agenda:
            yield from self._next_due()

    def _next_due(self) -> Course:
        due = heappop(self._agenda)
        yield max(due.moment, self.now)
        due.act()
