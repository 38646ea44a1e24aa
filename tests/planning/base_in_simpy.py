"""A base's years once more, in SimPy: the oracle of the fast kernel, written from recipe and base alone, sharing none of its code.

It follows the rules as ``planning/simulation_kernel.py`` and ``simulation_calendar.py`` state them, with Python's own dice.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import date

import simpy
from tests.planning.base_floor import YEAR, Batch, Course, Floor, Found, Patient, Wait
from tests.planning.base_rules import HOUR, TICK, growth, incubation, unacceptable

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe, Step, Test
from yimai.planning.scenario import Scenario


class Twin(Floor):
    """One replication: the courses of its patients."""

    def arrivals(self) -> Course:
        of = self.scenario
        pairs = [(hospital, name, of.orders_per_year / len(self.hospitals) / len(self.recipe.indications), of.urgent)
                 for hospital in self.hospitals for name, _ in self.recipe.indications]  # fmt: skip
        if of.arrivals:
            pairs = [(each.hospital, each.indication, each.per_year, each.urgent) for each in of.arrivals]
        factor, weights = dict(of.failure_factor), [pair[2] for pair in pairs]
        while True:
            yield self.env.timeout(self.dice.expovariate(sum(weights) / YEAR))
            hospital, indication, _, urgent = self.dice.choices(pairs, weights)[0]
            now, hazard = self.env.now, of.deterioration_per_month * 12 / YEAR
            patient = Patient(
                hospital, factor.get(indication, 1.0), self.dice.random() < urgent, now,
                now + self.lognormal(of.preparation_days * 24, of.preparation_cv),
                now + self.dice.expovariate(hazard) if hazard else math.inf,
            )  # fmt: skip
            self.env.process(self._joins(patient, patient.prepared - now))

    def count(self, name: str, to: Counter[str] | None = None, by: int = 1) -> None:
        if self.env.now >= self.scenario.warm_up_days * 24:
            (self.found.counts if to is None else to)[name] += by

    def lose_patient(self, patient: Patient, cause: str) -> None:
        patient.over = cause
        self.count(cause, self.found.patients)
        if patient.batch is not None:
            self.end_batch(patient.batch)

    def end_batch(self, batch: Batch) -> None:
        batch.alive = False
        self.waiting = [wait for wait in self.waiting if wait.batch is not batch]
        if batch.committed:
            batch.committed = False
            self.committed -= 1
        if batch.suite >= 0:
            self.free_suite(batch)
        if batch.stored:
            batch.stored = False
            self.take({"storage": 1}, -1)
            self.touch()

    def free_suite(self, batch: Batch) -> None:
        self.forecast[batch.suite] = self.env.now + self.clearing
        self.env.process(self._clear(batch.suite))
        batch.suite = -1

    def lose_batch(self, batch: Batch, cause: str) -> None:
        patient, of = batch.patient, self.scenario
        self.count(cause, self.found.batches)
        self.end_batch(batch)
        if patient.batches >= of.batches:
            self.lose_patient(patient, "given_up")
        elif self.dice.random() < of.retained:
            self.env.process(self._again(patient))
        elif patient.collections >= of.collections:
            self.lose_patient(patient, "given_up")
        else:
            self.env.process(self._joins(patient, of.recollection_days * 24))

    def _again(self, patient: Patient) -> Course:
        yield self.env.timeout(self.scenario.remake_days * 24)
        if self.worse(patient):
            self.lose_patient(patient, "deteriorated")
            return
        batch = patient.batch = Batch(patient, retained=True, committed=True)
        self.committed += 1
        self._chain(batch)

    def _joins(self, patient: Patient, after: float) -> Course:
        yield self.env.timeout(after)
        if patient.collections == 0:
            self.count("orders")
        if self.worse(patient):
            self.lose_patient(patient, "deteriorated")
            return
        batch = patient.batch = Batch(patient, retained=False)
        begun = self.env.event()
        self.calls.append((patient.prepared - (1e7 if patient.urgent else 0), batch, begun))
        yield begun
        yield from self._collection(batch)

    def _collection(self, batch: Batch) -> Course:
        patient, of = batch.patient, self.scenario
        hospital = self.hospitals[patient.hospital]
        patient.collections += 1
        self.count("collections")
        if patient.promised < 0:
            patient.promised = self.env.now + self.whole(hospital) + of.allowance_hours
        yield self.env.timeout(self.lasts(hospital.collecting.duration))
        self.take({f"place:{hospital.id}": 1}, -1)
        if self.worse(patient):
            self.lose_patient(patient, "deteriorated")
            return
        failed = of.collection_failures
        if failed is None:
            failed = 1 - math.prod(1 - float(each.probability) for each in self.recipe.starting_material.failures)
        if self.dice.random() < of.no_show:
            self.count("no_shows")
            self.count("collections", by=-1)
            patient.collections -= 1
            self.end_batch(batch)
            self.env.process(self._joins(patient, of.rebooking_days * 24))
        elif self.dice.random() < failed:
            self.count("collections_failed")
            self.end_batch(batch)
            if patient.collections >= of.collections:
                self.lose_patient(patient, "given_up")
            else:
                self.env.process(self._joins(patient, of.recollection_days * 24))
        else:
            batch.ended["collection"] = patient.collected = self.env.now
            self._chain(batch)

    def _chain(self, batch: Batch) -> None:
        """One process for each of the batch's tasks."""
        env = self.env
        names = [
            "inbound",
            *(step.id for step in self.recipe.steps),
            *(f"test:{each}" for each in self.tests),
            "review",
            "outbound",
        ]
        batch.done = {name: env.event() for name in names}
        if batch.retained:
            batch.done["inbound"].succeed()
        else:
            env.process(self._leg(batch, "inbound"))
        for number, step in enumerate(self.recipe.steps):
            env.process(self._step(batch, number, step))
        for step, test in self.tests.values():
            env.process(self._test(batch, step, test))
        env.process(self._review(batch))
        env.process(self._leg(batch, "outbound"))
        env.process(self._infusion(batch))

    def goes_on(self, batch: Batch) -> bool:
        """Whether the batch is still there after a task has ended; a patient who is too ill ends it."""
        if batch.alive and self.worse(batch.patient):
            self.lose_patient(batch.patient, "deteriorated")
        return batch.alive and not batch.patient.over

    def order(self, batch: Batch, step: Step | None = None) -> float:
        latest = math.inf
        if step is not None and not batch.retained:
            latest = min((batch.ended[hold.after] + hold.maximum / HOUR for hold in step.holds), default=math.inf)
        elif step is not None:
            ends = [batch.ended[hold.after] + hold.maximum / HOUR for hold in step.holds if hold.after in batch.ended]
            latest = min(ends, default=math.inf) if not batch.retained else math.inf
        if latest < math.inf:
            return latest - 3e7
        return batch.patient.prepared - (1e7 if batch.patient.urgent else 0)

    def _leg(self, batch: Batch, name: str) -> Course:
        if name == "outbound":
            yield batch.done["review"]
        hospital = self.hospitals[batch.patient.hospital]
        duration = hospital.inbound if name == "inbound" else hospital.outbound
        wait = self.obtain(batch, {"courier": 1}, self.planned(duration), self.order(batch))
        yield wait.begun
        if name == "outbound" and batch.stored:
            batch.stored = False
            self.take({"storage": 1}, -1)
            self.touch()
        late = self.dice.random() < self.scenario.courier_delay
        delay = self.lognormal(self.scenario.courier_delay_hours, 1.0) if late else 0.0
        yield self.env.timeout(self.lasts(duration) + delay)
        self.give_back(wait)
        if self.goes_on(batch):
            batch.ended[name] = self.env.now
            batch.done[name].succeed()

    def _step(self, batch: Batch, number: int, step: Step) -> Course:
        before = [batch.done[each] for each in (step.after or ("inbound",))]
        yield simpy.AllOf(self.env, before)
        needs, rounds = self.needs(step), 0
        takes = "suites" if number == 0 else "storage" if step is self.last else ""
        while batch.alive:
            attended = step.attended
            planned = self._step_ticks(step) * TICK if attended is None else attended.begins / HOUR
            wait = self.obtain(
                batch, needs, planned, self.order(batch, step), str(number), takes if rounds == 0 else "", inside=True
            )
            yield wait.begun
            if rounds == 0 and not self._begins(batch, number, step, wait):
                return
            self.forecast[batch.suite] = self.env.now + self.remain[step.id]
            length = self.lasts(step.duration)
            if attended is None:
                yield self.env.timeout(length)
            else:
                yield self.env.timeout(attended.begins / HOUR)
                self.give_back(wait)
                yield self.env.timeout(max(0.0, length - (attended.begins + attended.ends) / HOUR))
                if is_dead(batch):
                    return
                wait = self.obtain(batch, needs, attended.ends / HOUR, self.order(batch, step))
                yield wait.begun
                yield self.env.timeout(attended.ends / HOUR)
            self.give_back(wait)
            if not self.goes_on(batch):
                return
            batch.ended[step.id] = self.env.now
            rounds += 1
            if step.until is None or self.dice.random() < growth(step) * self.scenario.growth_factor:
                break
            if rounds >= step.until.most:
                self.lose_batch(batch, "growth")
                return
        if self._made(batch, step):
            batch.done[step.id].succeed()

    def _begins(self, batch: Batch, number: int, step: Step, wait: Wait) -> bool:
        """Count what begins; false where a hold time that ran out costs the batch."""
        if number == 0:
            batch.patient.batches += 1
            self.count("batches")
        if batch.retained and number == 0:
            return True
        for hold in step.holds:
            if self.env.now > batch.ended[hold.after] + hold.maximum / HOUR + 1e-9:
                self.count("holds_exceeded")
                if self.dice.random() < self.scenario.hold_loss:
                    self.give_back(wait)
                    if number == 0:
                        batch.patient.batches -= 1
                    self.lose_batch(batch, "hold")
                    return False
        return True

    def _made(self, batch: Batch, step: Step) -> bool:
        draw = self.dice.random() / batch.patient.factor
        for failure in step.failures:
            if draw < float(failure.probability):
                self.lose_batch(batch, failure.cause)
                return False
            draw -= float(failure.probability)
        if step is self.last:
            if batch.patient.batches > 1 and self.dice.random() < self.scenario.remake_failures:
                self.lose_batch(batch, "remake")
                return False
            self.free_suite(batch)
        return True

    def _test(self, batch: Batch, step: Step, test: Test) -> Course:
        yield batch.done[step.id]
        bench = self.benches.get(test.id)
        for run in range(9):
            if not batch.alive:
                return
            wait = self.obtain(batch, {bench: 1} if bench else {}, self.planned_test(test), self.order(batch))
            yield wait.begun
            self.count("tests")
            yield self.env.timeout(max(self.lasts(test.duration), incubation(test)))
            self.give_back(wait)
            treated = batch.patient.over == "infused"
            if not treated and not self.goes_on(batch):
                return
            if treated or run == 7 or self.dice.random() >= self.scenario.repeats:
                break
        if self.dice.random() < unacceptable(test, self.scenario.positive):
            if batch.patient.over == "infused":
                self.count("late_positives")
                return
            if batch.reviewed:
                self.lose_batch(batch, "late_positive")
                return
            batch.flagged = True
        if not batch.patient.over:
            batch.done[f"test:{test.id}"].succeed()

    def _review(self, batch: Batch) -> Course:
        waited = [f"test:{test.id}" for _, test in self.tests.values() if test.stage != "final"]
        yield simpy.AllOf(self.env, [batch.done[self.last.id], *(batch.done[each] for each in waited)])
        if (review := self.base.review) is not None:
            wait = self.obtain(batch, {"review": 1}, self.planned(review.duration), self.order(batch), "review")
            yield wait.begun
            yield self.env.timeout(self.lasts(review.duration))
            self.give_back(wait)
            if not self.goes_on(batch):
                return
        batch.reviewed = True
        if batch.flagged:
            if self.dice.random() >= self.scenario.out_of_specification_supply:
                self.lose_batch(batch, "out_of_specification")
                return
            self.count("supplied")
        batch.ended["review"] = self.env.now
        batch.done["review"].succeed()

    def _infusion(self, batch: Batch) -> Course:
        yield batch.done["outbound"]
        least = batch.ended["review"] + self.recipe.product.lymphodepletion_minimum / HOUR
        yield self.env.timeout(max(0.0, least - self.env.now))
        if not self.goes_on(batch):
            return
        patient, now = batch.patient, self.env.now
        patient.over = "infused"
        if now >= self.scenario.warm_up_days * 24:
            self.found.veins.append(now - patient.collected)
            self.found.waits.append(now - patient.ordered)
            self.found.counts["kept"] += now <= patient.promised + self.scenario.tolerance_hours
            self.found.counts["in_time"] += now <= patient.prepared + self.scenario.wanted_days * 24


def is_dead(batch: Batch) -> bool:
    return not batch.alive


def years_of(
    recipe: Recipe, base: Base, scenario: Scenario, begins: date, years: float, seeds: range
) -> Iterator[Found]:
    """One replication for each seed."""
    for seed in seeds:
        yield Twin(recipe, base, scenario, begins, years * YEAR, seed).run()
