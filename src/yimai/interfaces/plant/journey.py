"""One simulated treatment from order to outcome, with whatever befalls it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Final, Literal, Self

from yimai.domain.slot import Itinerary
from yimai.domain.treatment import WithdrawalReason
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.infusing import Infusing
from yimai.interfaces.plant.ordering import DAY, HOUR
from yimai.interfaces.plant.plant import Plant
from yimai.interfaces.plant.testing import Revoked
from yimai.interfaces.plant.walk import Course

MONTH: Final = DAY * 365.25 / 12
TOLD_AT: Final = (
    "accepted", "slotted", "missed", "collected", "received", "opened", "step:", "material_lost", "manufactured", "tested",
    "conditionally_released", "oos_supplied", "delivered",
)  # fmt: skip
"""The stages at which the base learns that a patient can no longer be treated."""


class Journey(Infusing):
    """A treatment that walks its way in the plant.

    Each method that is named for something people do performs one command with the right people at the right site;
    arguments replace what would be presented. A refusal raises Refused. ``reach`` walks the ordinary way to a stage:
    ordered, consented, accepted, slotted, printed, labelled, collecting, collected, packed, in_transit, arrived,
    received, cleared, opened, for each step before:STEP and step:STEP, for each sample tube:PLAN, manufactured,
    sampled, tested, reviewed, rejected, conditionally_released, released, packed_product, dispatched, handed_in, delivered,
    lymphodepleted, permitted, thawed, matched, infused, first_outcome, outcome, closed.
    """

    def __init__(
        self,
        plant: Plant,
        *,
        hospital: str = "",
        number: int = 1,
        fortune: Fortune | None = None,
        not_before: datetime | None = None,
        promised: Itinerary | None = None,
    ) -> None:
        """hospital: the ordering one; "": one by number. not_before: the earliest collection that suits the patient.

        promised: the slot that it will reserve, which the plant keeps from others (``Plant.occupy``).
        """
        super().__init__(plant, hospital=hospital, number=number, fortune=fortune)
        self.promised = promised
        self._course = self._until_it_stays(not_before)

    def reach(self, stage: str) -> Self:
        """Walk on until the stage is reached, moving the clock. Raises Refused; LookupError if it is never reached."""
        drive(self.plant, (self,), stage)
        return self

    def go_on(self, stage: str = "") -> datetime | None:
        """Do what is to be done now, at most up to the stage; return when to go on, or None at the end of the way."""
        for event in self._course:
            if isinstance(event, datetime):
                return event
            self.reached.append(event)
            if event == stage:
                return self.now
        return None

    def _fit_until(self) -> datetime | None:
        """When the patient who is ordered for now will not be fit for the treatment any more, as the plant's scenario says."""
        scenario = self.plant.scenario
        hazard = 0.0 if scenario is None or self.fortune.spared else scenario.deterioration_per_month
        return self.now + self.plant.draws.after(hazard) * MONTH if hazard else None

    def _until_it_stays(self, not_before: datetime | None) -> Course:
        for event in self._with_fortune(not_before):
            yield event
            if event == self.fortune.stays_at:
                return

    def _with_fortune(self, not_before: datetime | None) -> Course:
        """The ordinary course, interrupted by what the fortune says happens after a stage."""
        fit_until = None
        try:
            for event in self._life(not_before):
                yield event
                if event == "ordered":
                    fit_until = self._fit_until()
                if event == self.fortune.rests_at and self.fortune.rests_until is not None:
                    yield from self.wait(self.fortune.rests_until)
                if event == self.fortune.held_after:
                    yield from self._holding()
                if event == self.fortune.ended_after:
                    yield from self._ending(self.fortune.ended)
                    return
                told = isinstance(event, str) and event.startswith(TOLD_AT)
                if told and fit_until is not None and fit_until < self.now:
                    yield from self._ending("progression")
                    return
        except Revoked:
            yield "revoked"
            yield from self._disposing("late_positive")
            yield from self._giving_up()

    def _life(self, not_before: datetime | None) -> Course:
        yield from self.ordering(not_before)
        rejected = 0
        while not self.may_be_given:
            if self._has_had_all(rejected):
                yield from self._giving_up()
                return
            yield from self.booking(not_before)
            yield from self.collecting()
            if not self.bag:
                continue
            yield from self.travelling()
            if self.vein.unusable(self.bag):
                yield from self._starting_again("quality_concern")
                continue
            yield from self.opening()
            yield from self.making()
            if self.vein.batches.by_id[self.batch].state == "failed":
                yield from self._starting_again("batch_failed")
                continue
            yield from self.testing()
            yield from self.releasing()
            if not self.may_be_given:
                rejected += 1
                yield from self._starting_again("out_of_specification")
        yield from self.delivering()
        yield from self.preparing()
        yield from self.infusing()
        yield from self.following()

    def _has_had_all(self, rejected: int) -> bool:
        """Whether no further batch is made for the patient: after two that were rejected, else as the plant's scenario says."""
        scenario = self.plant.scenario
        return rejected == 2 if scenario is None else len(self.vein.batches.by_id) >= scenario.batches

    @property
    def may_be_given(self) -> bool:
        return bool(self.batch) and self.vein.disposition.of(self.batch).supplied

    def _starting_again(self, reason: str) -> Course:
        """What was collected or made is destroyed and the slot given back, so that cells can be collected again."""
        yield "material_lost"
        yield from self._disposing(reason)
        if self.vein.slot.current is not None:
            self.free_slot("batch_failed" if reason == "out_of_specification" else reason)
        self.batch, self.final_bags, self.containers = "", (), ()

    def _holding(self) -> Course:
        self.hold()
        yield "held"
        yield from self.pause(2 * DAY, 4 * DAY)
        self.resume()
        yield "resumed"

    def _ending(self, why: WithdrawalReason | Literal[""]) -> Course:
        """The order is cancelled or the treatment withdrawn; its batch is given up and its material destroyed."""
        yield from self.pause(HOUR, 5 * HOUR)
        if why:
            self.withdraw(why)
        else:
            self.cancel()
        yield "ended"
        opened = self.vein.batches.open
        if opened is not None:
            self.fail_batch("treatment_ended")
        yield from self._disposing("treatment_ended")
        self.start_retention()
        yield "retained"

    def _giving_up(self) -> Course:
        """No product can be made for this patient."""
        yield from self.pause(DAY, 3 * DAY)
        self.withdraw("manufacture_impossible")
        yield "ended"
        self.start_retention()
        yield "retained"

    def _disposing(self, reason: str) -> Course:
        """QA decides that everything left of the material is destroyed, and two people destroy it where it is."""
        left = [held.container for held in self.vein.custody.held.values() if not held.gone]
        if not left:
            return
        yield from self.pause(2 * HOUR, DAY)
        yield from self.wait(self.on_duty("qa"))
        for container in left:
            self.decide_fate(container, reason=reason)
        yield from self.pause(HOUR, 4 * HOUR)
        for container in left:
            if self.vein.custody.held[container].position:
                self.retrieve(container)
            self.destroy(container)


def drive(plant: Plant, journeys: Iterable[Journey], stage: str) -> None:
    """Let all the journeys go on side by side, in the order of time, until each has reached the stage.

    Raises Refused; LookupError if one of them never reaches it.
    """
    waiting = [(plant.clock(), place, each) for place, each in enumerate(journeys) if stage not in each.reached]
    heapify(waiting)
    while waiting:
        moment, place, journey = heappop(waiting)
        plant.clock.wait_until(max(moment, plant.clock()))
        following = journey.go_on(stage)
        if stage in journey.reached:
            continue
        if following is None:
            raise LookupError(f"treatment {journey.treatment} ended at '{journey.reached[-1]}' before '{stage}'")
        heappush(waiting, (following, place, journey))
