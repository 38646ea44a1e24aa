"""QA and the qualified person: review, two-stage release, rejection, supply out of specification; and the dispatch."""

from __future__ import annotations

from typing import Final, Literal

from yimai.actions import custody, disposition, oos_supply
from yimai.actions.decision import Done
from yimai.domain.specification import nonconforming
from yimai.interfaces.plant.collecting import MINUTE
from yimai.interfaces.plant.draws import SECOND
from yimai.interfaces.plant.manufacturing import Manufacturing
from yimai.interfaces.plant.ordering import DAY, HOUR
from yimai.interfaces.plant.walk import Course

EVALUATION: Final = b"DEMO risk evaluation: the failing test does not bear on safety; benefit outweighs risk\n"


class Releasing(Manufacturing):
    def review(self) -> Done:
        return self.do(disposition.review, self.at_base("qa"), self.base, batch=self.batch)

    def release_conditionally(self) -> Done:
        actor = self.at_base("qualified_person")
        return self.do(disposition.release_conditionally, actor, self.base, batch=self.batch)

    def release(self) -> Done:
        return self.do(disposition.release, self.at_base("qualified_person"), self.base, batch=self.batch)

    def issue_certificate(self) -> Done:
        return self.do(disposition.issue_certificate, self.at_base("qualified_person"), self.base, batch=self.batch)

    def reject(self, reason: str = "out_of_specification") -> Done:
        actor = self.at_base("qa", "qualified_person")
        return self.do(disposition.reject, actor, self.base, batch=self.batch, reason=reason)

    def revoke(self, reason: str = "quality_concern") -> Done:
        actor = self.at_base("qa", "qualified_person")
        return self.do(disposition.revoke, actor, self.base, batch=self.batch, reason=reason)

    def request_supply(self, reason: str = "no_alternative") -> Done:
        """The physician asks for the batch, naming every test that fails."""
        tests = nonconforming(self.vein.samples, self.batch)
        actor = self.at_hospital("physician")
        return self.do(oos_supply.request, actor, self.hospital, batch=self.batch, tests=tests, reason=reason)

    def evaluate_risk(self) -> Done:
        actor = self.at_base("qualified_person")
        return self.do(oos_supply.evaluate_risk, actor, self.base, batch=self.batch, evaluation=EVALUATION)

    def accept_risk(self) -> Done:
        return self.do(oos_supply.accept_risk, self.at_hospital("physician"), self.hospital, batch=self.batch)

    def give_notice(self, to: Literal["authority", "sponsor"]) -> Done:
        reference = f"DEMO-{to}-{self.number:04d}"
        return self.do(
            oos_supply.give_notice, self.at_base("qa"), self.base, batch=self.batch, to=to, reference=reference
        )

    def supply_out_of_specification(self) -> Done:
        actor = self.at_base("qualified_person")
        return self.do(disposition.supply_out_of_specification, actor, self.base, batch=self.batch)

    def pack_product(self, *, shipment: str = "", containers: tuple[str, ...] = ()) -> Done:
        """The operator who took the bags out of storage packs them into the dewar."""
        hold, self.handed_over = self.recipe.product.dewar_hold, 0
        return self.do(
            custody.pack,
            self.holder,
            self.base,
            shipment=shipment or self.shipment,
            containers=containers or self.final_bags,
            destination=self.hospital,
            qualified_until=self.now.astimezone(self.plant.crew.zone) + hold,
        )

    def dispatch(self, *, taker_scan: str = "") -> Done:
        """The courier takes the dewar over at the base."""
        return self.hand_over(self.courier(), self.base, taker_scan=taker_scan)

    def deliver(self, *, taker_scan: str = "") -> Done:
        """A nurse takes the dewar over at the hospital."""
        return self.hand_over(self.at_hospital("nurse"), self.hospital, taker_scan=taker_scan)

    def receive_product(self, container: str, *, shipment: str = "") -> Done:
        """The nurse who took the dewar unpacks a bag and matches it with the order."""
        return self.do(
            custody.receive,
            self.holder,
            self.hospital,
            container=container,
            shipment=shipment or self.shipment,
            seal_intact=True,
            segregated=bool(self.fortune.positive_marker),
            verifier=self.at_hospital("nurse", without=(self.holder,)),
        )

    # The ordinary course.

    def releasing(self) -> Course:
        """From QA's review to a decision that lets the product go; leaves with a rejected batch if there is none."""
        stated = self.plant.base.review
        reviewing = self.lasting(stated.duration if stated is not None else None, 2 * HOUR, 7 * HOUR)
        half = reviewing // (2 * SECOND) * SECOND
        yield from self.wait(self.now + half)
        yield from self.wait(self.on_duty("qa"))
        self.review()
        yield "reviewed"
        yield from self.wait(self.now + reviewing - half)
        yield from self.wait(self.on_duty("qualified_person"))
        failing = nonconforming(self.vein.samples, self.batch)
        if self.vein.deviations.rejecting(self.batch) or (failing and not self.fortune.supplied):
            self.reject("out_of_specification" if failing else "quality_concern")
            yield "rejected"
            return
        if failing:
            yield from self._supplying()
            yield "oos_supplied"
            return
        self.release_conditionally()
        yield "conditionally_released"
        if self.fortune.dispatched_early:
            self.later(self.now + DAY, self._final_release_due)
            return
        yield from self.until(lambda: not self.wanting("in_process", "conditional", "final"))
        yield from self.pause(HOUR, 4 * HOUR)
        yield from self.wait(self.on_duty("qualified_person"))
        self.release()
        self.issue_certificate()
        yield "released"

    def _supplying(self) -> Course:
        """The whole dialogue of supply out of specification (EU GMP Part IV 11.5)."""
        self.request_supply()
        yield from self.pause(4 * HOUR, DAY)
        yield from self.wait(self.on_duty("qualified_person"))
        self.evaluate_risk()
        yield from self.pause(4 * HOUR, DAY)
        self.accept_risk()
        yield from self.pause(HOUR, 6 * HOUR)
        yield from self.wait(self.on_duty("qa"))
        self.give_notice("authority")
        self.give_notice("sponsor")
        yield from self.wait(self.on_duty("qualified_person"))
        self.supply_out_of_specification()

    def _final_release_due(self) -> None:
        """After an early dispatch: release in full once the final tests are in, unless the batch was revoked."""
        if self.wanting("in_process", "conditional", "final"):
            self.later(self.now + 4 * HOUR, self._final_release_due)
            return
        vein = self.vein
        if vein.disposition.of(self.batch).state != "conditionally_released" or vein.treatment.ended:
            return
        if vein.treatment.held:
            self.later(self.now + 4 * HOUR, self._final_release_due)
        elif not self._later_on_duty(("qualified_person",), self._final_release_due):
            self.release()
            self.issue_certificate()
            self.reached.append("released")

    def delivering(self) -> Course:
        """From the cryostore to the hospital."""
        yield from self.pause(2 * HOUR, 6 * HOUR)
        self.holder = self.at_base("operator")
        for container in self.final_bags:
            self.retrieve(container, self.holder)
        self.shipment = self.labelled("shipper")
        self.pack_product()
        yield "packed_product"
        yield from self.pause(20 * MINUTE, 40 * MINUTE)
        if self.handed_over == 0:
            self.dispatch()
        yield "dispatched"
        served = self.served.outbound if self.served is not None else None
        yield from self.wait(self.now + self.lasting(served, 8 * HOUR, 20 * HOUR) + self.courier_late())
        if self.handed_over == 1:
            self.deliver()
        yield "handed_in"
        yield from self.pause(5 * MINUTE, 15 * MINUTE)
        self.report_temperature(self.hospital, self.recipe.product.transport_temperature)
        for container in self.final_bags:
            if self.vein.custody.held[container].shipment:
                self.receive_product(container)
        yield "delivered"
