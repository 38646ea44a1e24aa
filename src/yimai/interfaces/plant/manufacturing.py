"""The batch: line clearance, opening, steps with their people, equipment, lots and entries, samples, completion."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from typing import Final

from yimai.actions import batch, custody, sample, suite
from yimai.actions.decision import Done
from yimai.domain.batch import LotUse, Recorded
from yimai.domain.batch_record import Filling
from yimai.domain.batch_step import HOLD_EXCEEDED
from yimai.domain.custody import TOO_OLD
from yimai.domain.fact import Quantity
from yimai.domain.recipe import EntryField, Step
from yimai.domain.suite import LineCleared
from yimai.interfaces.plant.collecting import MINUTE
from yimai.interfaces.plant.draws import departing
from yimai.interfaces.plant.ordering import HOUR
from yimai.interfaces.plant.plant import Refused, first_of
from yimai.interfaces.plant.testing import Testing
from yimai.interfaces.plant.walk import Course

BAG_VOLUME: Final = Decimal(50)
BAG_CELLS: Final = Decimal(120)
"""What is filled into each container, in mL and 10*6 viable cells (assumed)."""


class Manufacturing(Testing):
    """suite: where the latest batch is made. containers: what holds its cells now. final_bags: the product.

    given_up: the latest batch that failed.
    """

    suite = ""
    given_up = ""
    containers: tuple[str, ...] = ()
    final_bags: tuple[str, ...] = ()
    position = ""

    def is_lost(self) -> bool:
        """Whether the batch under way has been given up."""
        return self.given_up == self.batch

    @property
    def making_in(self) -> str:
        """The suite of the open batch, or ""."""
        made = self.vein.batches.open
        return made.suite if made is not None else ""

    def clear_line(self, *, batch: str = "", suite_id: str = "") -> Done:
        """Clear the reserved suite, or the open batch's, for this treatment's batch."""
        operator = self.at_base("operator")
        verifier = self.at_base("operator", without=(operator,))
        room = suite_id or (self.suite if batch else self.itinerary.suite if self.itinerary is not None else "")
        done = self.do(suite.clear_line, operator, self.base, suite=room, verifier=verifier, batch=batch)
        if not batch:
            self.batch, self.suite = first_of(done, LineCleared).batch, room
            self.samples, self.untested = {}, {}
        return done

    def open_batch(self, *, container: str = "") -> Done:
        arguments = {"batch": self.batch, "suite": self.suite, "container": container or self.bag}
        operator = self.at_base("operator")
        try:
            done = self.do(batch.open_batch, operator, self.base, **arguments)
        except Refused as refused:
            if refused.refusal.kind is not TOO_OLD:
                raise
            reasons = self.signed_reasons(("qa", "stability_data_support"), ("physician", "no_alternative"))
            done = self.do(batch.open_batch, operator, self.base, reasons=reasons, **arguments)
        self.containers = (self.bag,)
        return done

    def begin_step(self, step: Step, *, scanned: tuple[str, ...] | None = None) -> Done:
        operators = self._operators(step)
        arguments = {
            "batch": self.batch,
            "step": step.id,
            "scanned": self.containers if scanned is None else scanned,
            "operators": operators,
            "equipment": tuple(self._piece(each) for each in step.equipment),
            "materials": tuple(
                LotUse(use.material, self._lot(use.material), Quantity(use.quantity, use.unit))
                for use in step.materials
            ),
        }
        actor = operators[0] if operators else self.at_base("operator")
        try:
            return self.do(batch.start_step, actor, self.base, **arguments)
        except Refused as refused:
            if refused.refusal.kind is not HOLD_EXCEEDED:
                raise
            reasons = self.signed_reasons(("qa", "stability_data_support"), ("qualified_person", "no_alternative"))
            return self.do(batch.start_step, actor, self.base, reasons=reasons, **arguments)

    def complete_step(
        self,
        step: Step,
        *,
        entries: dict[str, Recorded] | None = None,
        filled: tuple[Filling, ...] = (),
        round: int = 1,
    ) -> Done:
        """entries: those that are not as drawn."""
        operators = self._operators(step)
        recorded = {field.id: self._recorded(step, field, len(filled), round) for field in step.entries}
        done = self.do(
            batch.complete_step,
            operators[0],
            self.base,
            batch=self.batch,
            step=step.id,
            entries=recorded | (entries or {}),
            filled=filled,
            verifier=operators[1] if step.second_person else "",
        )
        if filled:
            self.containers = tuple(each.container for each in filled)
        return done

    def correct_entry(self, step: Step, entry: str, new: Recorded, *, reason: str = "transcription_error") -> Done:
        operator = self.at_base("operator")
        return self.do(
            batch.correct_entry,
            operator,
            self.base,
            batch=self.batch,
            step=step.id,
            round=1,
            entry=entry,
            new=new,
            reason=reason,
            verifier=self.at_base("operator", without=(operator,)),
        )

    def take_sample(self, plan: str, step: str, *, sample_id: str = "") -> Done:
        """Draw the labelled sample of the plan."""
        done = self.do(
            sample.take,
            self.at_base("operator"),
            self.base,
            batch=self.batch,
            sample=sample_id or self.samples[plan],
            plan=plan,
            step=step,
        )
        self.in_laboratory(plan)
        return done

    def complete_batch(self) -> Done:
        return self.do(batch.complete_batch, self.at_base("operator"), self.base, batch=self.batch)

    def fail_batch(self, cause: str) -> Done:
        done = self.do(batch.fail_batch, self.at_base("qa"), self.base, batch=self.batch, cause=cause)
        self.given_up = self.batch
        if self.vein.slot.current is None:
            self.slot_lost()
        return done

    def store(self, container: str) -> str:
        """Put the container into the next free position and return that.

        Raises Refused where none is free; ValueError where the base has none.
        """
        if not self.plant.places:
            raise ValueError(f"base {self.base} has no position for {container}: list some under 'storage' in its file")
        full: Refused | None = None
        for place in islice(self.plant.positions, self.plant.places):
            try:
                self.do(custody.store, self.at_base("operator"), self.base, container=container, position=place)
            except Refused as refused:
                if refused.refusal.code != "decision.taken":
                    raise
                full = refused
            else:
                return place
        assert full is not None
        raise full

    def retrieve(self, container: str, by: str = "") -> Done:
        return self.do(custody.retrieve, by or self.at_base("operator"), self.base, container=container)

    # What a step is done with.

    def _operators(self, step: Step) -> tuple[str, ...]:
        """Two people or more who are qualified for the step, as many as it asks for."""
        chosen: list[str] = []
        for qualification, number in step.operators:
            for _ in range(max(number, 2 if step.second_person else 1)):
                chosen.append(self.at_base("operator", qualification=qualification, without=chosen))
        return tuple(chosen)

    def _piece(self, equipment_class: str) -> str:
        """One of the class that can be used."""
        return self.plant.choose([each for each in self._pieces(equipment_class) if each not in self.plant.away])

    def _pieces(self, equipment_class: str) -> list[str]:
        """The calibrated pieces of the class that stand in the suite or are shared."""
        today = self.now.astimezone(self.plant.crew.zone).date()
        return [
            piece.id
            for piece in self.plant.base.equipment
            if piece.equipment_class == equipment_class
            and piece.suite in ("", self.suite)
            and piece.calibrated_from <= today <= piece.calibrated_until
        ]

    def _lot(self, material: str) -> str:
        today = self.now.astimezone(self.plant.crew.zone).date()
        fit = [
            lot.id
            for lot in self.plant.base.material_lots
            if lot.material == material and lot.released and today <= lot.expires
        ]
        return self.plant.choose(fit)

    def _recorded(self, step: Step, field: EntryField, filled: int, round: int) -> Recorded:
        fate = self.fortune.departure
        if (
            fate is not None
            and (fate.step, fate.entry or _first_departing(step)) == (step.id, field.id)
            and self.first_batch
        ):
            value = departing(field)
            assert value is not None, f"{step.id}.{field.id} accepts everything"
            return value
        drawn = self.plant.draws.entry(field, self.position or "–")
        if isinstance(drawn, Quantity):
            if filled and field.unit == "{bag}":
                return Quantity(Decimal(filled), field.unit)
            if step.until is not None and field.id == step.until.entry:
                in_time = self.fortune.stays_at or self.fortune.undecided
                least = step.until.at_least if in_time else self._counted(step, field, round - 1)
                return Quantity(max(drawn.value, least), field.unit)
            if self.fortune.spared and not field.limits.admit(drawn.value) and field.typical is not None:
                return Quantity(field.typical.median, field.unit)
        return drawn

    def _counted(self, step: Step, field: EntryField, round: int) -> Decimal:
        """What was counted in that round, or 0: cells that are there do not go."""
        before = self.vein.batches.by_id[self.batch].run(step.id, round).entries[field.id] if round else None
        return before.value if isinstance(before, Quantity) else Decimal(0)

    # The ordinary course.

    def opening(self) -> Course:
        """Clear the suite's line and open the batch, as soon as the slot has begun and the suite is empty."""
        assert self.itinerary is not None
        yield from self.wait(max(self.itinerary.starts, self.now + self.span(HOUR / 2, HOUR)))
        yield from self._clearing()
        yield "cleared"
        yield from self.wait(self.now + self.plant.draws.duration(self.recipe.line_clearance))
        while self.suite in self.plant.away:  # what was cleared before it broke is cleared again
            self.batch = ""
            yield from self._clearing()
            yield from self.wait(self.now + self.plant.draws.duration(self.recipe.line_clearance))
        if self.batch not in self.vein.batches.by_id:
            self.open_batch()
        yield "opened"

    def _clearing(self) -> Course:
        """Clear the line as soon as the suite is empty; while the suite is out of use, another's or once it is returned."""
        assert self.itinerary is not None
        while not self.batch:
            until = self.plant.away.get(self.itinerary.suite)
            if until is not None and (room := self.free_suite()):
                self.move_slot(room, until)
            elif until is not None:
                yield from self.wait(until)
                continue
            try:
                self.clear_line()
            except Refused as refused:
                if refused.refusal.code != "suite.occupied_by_another":
                    raise
                yield from self.wait(self.now + 3 * HOUR)

    def making(self) -> Course:
        """Every step of the recipe; leaves early if the batch fails."""
        for step in self.recipe.steps:
            yield from self._step(step)
            if self.is_lost():
                return
            yield f"step:{step.id}"
        for container in self.final_bags:
            if not self.vein.custody.held[container].position:
                self.store(container)
        yield from self.pause(HOUR / 2, HOUR)
        if self.is_lost():
            return
        self.complete_batch()
        yield "manufactured"
        yield "sampled"

    def _usable(self, step: Step) -> Course:
        """Wait while the suite, or every piece of a class that the step needs, is out of use."""
        away = self.plant.away
        while not self.is_lost():
            returned = [away.get(self.suite, self.now)]
            returned += [min(away.get(piece, self.now) for piece in self._pieces(each)) for each in step.equipment]
            if max(returned) <= self.now:
                return
            yield from self.wait(max(returned))

    def _step(self, step: Step, round: int = 1) -> Course:
        yield from self._usable(step)
        if self.is_lost():
            return
        if step.line_clearance and any(each.line_clearance for each in self._earlier(step)):
            self.clear_line(batch=self.batch)
        yield from self.pause(2 * MINUTE, 8 * MINUTE)
        yield f"before:{step.id}"
        yield from self._usable(step)
        if self.is_lost():
            return
        if self.vein.batches.by_id[self.batch].running(step.id) is None:
            self.begin_step(step)
        yield from self.wait(self.now + self.plant.draws.duration(step.duration))
        if self.is_lost():
            return
        for plan in step.samples if round == 1 else ():
            self.samples[plan] = self.labelled(_sample_label(self, plan))
            yield f"tube:{plan}"
            if not self.sample_taken(plan):
                self.take_sample(plan, step.id)
        filled = tuple(self._filling(self.labelled(step.produces)) for _ in range(_number_filled(step)))
        if self.final_bags and any(field.type == "text" for field in step.entries):
            self.position = self.store(self.final_bags[0])
        self.complete_step(step, filled=filled, round=round)
        yield from self._afterwards(step, filled, round)

    def _afterwards(self, step: Step, filled: tuple[Filling, ...], round: int) -> Course:
        """What follows a completed step: bags into storage, a correction, a lost batch, or another round."""
        if any(each.carrier == "final_bag" for each in self.recipe.labels if each.id == step.produces):
            self.final_bags = tuple(each.container for each in filled)
        counted = step.until is None or self.vein.batches.by_id[self.batch].reached(step)
        cause = self._failure(step) if counted else ""
        if cause:
            yield from self.pause(HOUR, 3 * HOUR)
            if not self.is_lost():
                self.fail_batch(cause)
            return
        if self.fortune.corrected == step.id and self.first_batch:
            yield from self.pause(10 * MINUTE, HOUR)
            if self.is_lost():
                return
            self._correct(step)
        if not counted:
            yield from self._count_again(step, round)

    def _count_again(self, step: Step, round: int) -> Course:
        """The count is not reached: another round, or after the last one QA's decision."""
        assert step.until is not None
        if round < step.until.most:
            yield from self._step(step, round + 1)
            return
        yield from self.until(lambda: not self.open_deviations)
        short = self.vein.deviations.on_count(self.batch, step.id)
        if not self.is_lost() and short is not None and short.conclusion == "reject_batch":
            self.fail_batch("growth")

    def _correct(self, step: Step) -> None:
        """Somebody transposed the digits of a quantity: record what the instrument really showed."""
        field = next(each for each in step.entries if each.type == "quantity")
        old = self.vein.batches.by_id[self.batch].run(step.id, 1).entries[field.id]
        assert isinstance(old, Quantity)
        low, high = field.limits.low or Decimal(0), field.limits.high or old.value * 2
        self.correct_entry(step, field.id, Quantity((old.value * 3 + (low + high) / 2) / 4, field.unit))

    def _failure(self, step: Step) -> str:
        """The cause for which the step loses the batch, or ""."""
        if self.fortune.batch_failure == step.id and self.first_batch:
            return step.failures[0].cause if step.failures else "unstated"
        return "" if self.fortune.spared else self.plant.draws.failure(step.failures)

    def _earlier(self, step: Step) -> tuple[Step, ...]:
        steps = self.recipe.steps
        return steps[: steps.index(step)]

    def _filling(self, container: str) -> Filling:
        return Filling(container, Quantity(BAG_VOLUME, "mL"), Quantity(BAG_CELLS, "10*6"))


def _number_filled(step: Step) -> int:
    """How many containers the step fills: as many bags as an entry counts, else one."""
    if not step.produces:
        return 0
    counted = [field.limits.high for field in step.entries if field.unit == "{bag}" and field.limits.high is not None]
    return int(counted[0]) if counted else 1


def _first_departing(step: Step) -> str:
    return next((field.id for field in step.entries if departing(field) is not None), "")


def _sample_label(walk: Testing, plan: str) -> str:
    wanted = walk.recipe.sample(plan)
    assert wanted is not None
    return wanted.label
