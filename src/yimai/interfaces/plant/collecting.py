"""Collection at the hospital and the way of the starting material to the base."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from yimai.actions import collection, custody, label
from yimai.actions.decision import Done
from yimai.domain.collection import CollectionFailure, CollectionStarted
from yimai.domain.fact import Quantity
from yimai.domain.recipe import Limits
from yimai.domain.shipment import ExcursionOpened
from yimai.interfaces.plant import logger
from yimai.interfaces.plant.logger import Shown
from yimai.interfaces.plant.ordering import HOUR, Ordering
from yimai.interfaces.plant.plant import first_of
from yimai.interfaces.plant.walk import Course

MINUTE: Final = timedelta(minutes=1)
SHIPPER_HOLD: Final = timedelta(hours=48)
"""How long the shipper of fresh material keeps its temperature (assumed)."""


class Collecting(Ordering):
    """collection, bag, shipment: of the latest collection. holder: who has the shipment now, after so many hand-overs."""

    collection = ""
    bag = ""
    shipment = ""
    holder = ""
    handed_over = 0
    excursion = ""

    def start_collection(self, *, wristband: str = "") -> Done:
        nurse = self.at_hospital("nurse", qualification="apheresis_collection")
        done = self.do(
            collection.start,
            nurse,
            self.hospital,
            wristband=wristband or self.wristband,
            verifier=self.at_hospital("nurse", "physician", without=(nurse,)),
        )
        self.collection = first_of(done, CollectionStarted).collection
        return done

    def collect_complete(
        self, *, wristband: str = "", container: str = "", cd3: Decimal | None = None, volume: Decimal | None = None
    ) -> Done:
        """cd3: in 10*9. volume: in mL."""
        nurse = self.at_hospital("nurse", qualification="apheresis_collection")
        done = self.do(
            collection.complete,
            nurse,
            self.hospital,
            collection=self.collection,
            wristband=wristband or self.wristband,
            container=container or self.bag,
            volume=Quantity(volume or _middle(self.recipe.starting_material.volume), "mL"),
            cd3=Quantity(cd3 or self._yield(), "10*9"),
            viability=Quantity(Decimal(98), "%"),
            verifier=self.at_hospital("nurse", "physician", without=(nurse,)),
        )
        self.holder = nurse
        return done

    def _yield(self) -> Decimal:
        required = self.recipe.starting_material
        return max(self.plant.draws.amount(required.typical_cd3), required.minimum_cd3)

    def collect_failed(self, cause: CollectionFailure = "below_minimum") -> Done:
        actor = self.at_hospital("nurse", "physician")
        done = self.do(collection.fail, actor, self.hospital, collection=self.collection, cause=cause)
        self.slot_lost()
        return done

    def reprint(self, item: str, layout: str, reason: str = "damaged") -> Done:
        """The item's label is damaged: take it off and destroy it, print another copy and stick that on."""
        copies = len(self.vein.labels.items[item].copies)
        actor, site = self.labeller(layout)
        self.do(label.destroy, actor, site, item=item, copy=copies, reason=reason)
        self.issue_label(layout, item=item, reason=reason)
        return self.use_label(item, layout, copy=copies + 1)

    def pack(self, *, shipment: str = "", container: str = "") -> Done:
        """The nurse who holds the bag puts it into the shipper."""
        self.handed_over = 0
        return self.do(
            custody.pack,
            self.holder,
            self.hospital,
            shipment=shipment or self.shipment,
            containers=(container or self.bag,),
            destination=self.base,
            qualified_until=self.now.astimezone(self.plant.crew.zone) + SHIPPER_HOLD,
        )

    def pick_up(self, *, taker_scan: str = "") -> Done:
        """The courier takes the shipper over at the hospital."""
        return self.hand_over(self.courier(), self.hospital, taker_scan=taker_scan)

    def hand_over(self, taker: str, site: str, *, taker_scan: str = "") -> Done:
        """Whoever holds the shipper gives it to the taker."""
        done = self.do(
            custody.hand_over,
            taker,
            site,
            shipment=self.shipment,
            giver=self.holder,
            taker=taker,
            giver_scan=self.shipment,
            taker_scan=taker_scan or self.shipment,
        )
        self.holder = taker
        self.handed_over += 1
        return done

    def arrive(self, *, taker_scan: str = "") -> Done:
        """The courier hands the shipper over at the base."""
        return self.hand_over(self.at_base("operator"), self.base, taker_scan=taker_scan)

    def report_temperature(self, site: str, limits: Limits, shown: Shown = "") -> Done:
        """Whoever received the shipper reads its logger, which shows temperatures within the limits unless said."""
        number = f"logger-{self.number % 40 + 1:02d}"
        readings = logger.course(limits, self.vein.shipments.by_id[self.shipment].packed, self.now, shown)
        done = self.do(
            custody.report_temperature,
            self.holder,
            site,
            shipment=self.shipment,
            logger=number,
            readings=len(readings),
            lowest=min((celsius for _, celsius in readings), default=None),
            highest=max((celsius for _, celsius in readings), default=None),
            file=logger.file_of(number, readings),
        )
        opened = [fact for fact in done.facts if isinstance(fact, ExcursionOpened)]
        self.excursion = opened[0].excursion if opened else ""
        return done

    def assess_excursion(self, *, usable: bool, reason: str) -> Done:
        arguments = {"excursion": self.excursion, "usable": usable, "reason": reason}
        return self.do(custody.assess_excursion, self.at_base("qa"), self.base, **arguments)

    def receive(self, *, container: str = "", shipment: str = "", segregated: bool | None = None) -> Done:
        """The operator who took the shipper unpacks the bag and matches it with the order."""
        return self.do(
            custody.receive,
            self.holder,
            self.base,
            container=container or self.bag,
            shipment=shipment or self.shipment,
            seal_intact=True,
            segregated=bool(self.fortune.positive_marker) if segregated is None else segregated,
            verifier=self.at_base("operator", without=(self.holder,)),
        )

    def destroy(self, container: str) -> Done:
        """Two people destroy the container where it is."""
        site = self.vein.custody.held[container].site
        actor = self.plant.crew.pick(self.now, site, "operator", "nurse")
        verifier = self.plant.crew.pick(self.now, site, "operator", "nurse", without=(actor,))
        return self.do(custody.destroy, actor, site, container=container, verifier=verifier)

    # The ordinary course.

    def collecting(self) -> Course:
        """From the admission to the filled bag; leaves ``bag`` empty if the collection failed."""
        assert self.itinerary is not None
        self.bag = self.shipment = ""
        if not self.wristband:
            self.wristband = self.labelled("wristband")
        self.bag = self.issue_label("collection_bag")
        yield "printed"
        if not self.vein.labels.items[self.bag].labelled:
            self.use_label(self.bag, "collection_bag")
        if self.fortune.reprinted:
            yield from self.pause(5 * MINUTE, 15 * MINUTE)
            self.reprint(self.bag, "collection_bag")
        self.shipment = self.labelled("shipper")
        yield "labelled"
        yield from self.wait(self.itinerary.collection)
        if not self.collecting_now:
            self.start_collection()
        yield "collecting"
        yield from self.wait(self.now + self.collecting_lasts())
        if cause := self._collection_failure():
            self.collect_failed(cause)
            self.discard_labels()
            return
        if self.collecting_now:
            self.collect_complete()
        yield "collected"

    @property
    def collecting_now(self) -> bool:
        """Whether the latest collection is under way."""
        latest = self.vein.collections.latest
        return latest is not None and latest.state == "started"

    def _collection_failure(self) -> CollectionFailure | None:
        failed = sum(each.state == "failed" for each in self.vein.collections.by_id.values())
        if failed < len(self.fortune.collection_failures):
            return self.fortune.collection_failures[failed]
        if self.fortune.spared:
            return None
        drawn = self.plant.draws.failure(self.recipe.starting_material.failures)
        return "below_minimum" if drawn == "below_minimum" else "equipment" if drawn else None

    def discard_labels(self) -> None:
        """Destroy what was labelled for a bag that is not filled, so that labels reconcile."""
        for item in (self.bag, self.shipment):
            actor, site = self.labeller("collection_bag")
            self.do(label.destroy, actor, site, item=item, copy=1, reason="surplus")
        self.bag = self.shipment = ""

    def travelling(self) -> Course:
        """From the collected bag to its receipt at the base, QA's decision on an excursion included."""
        yield from self.pause(HOUR / 2, HOUR)
        self.pack()
        yield "packed"
        assert self.itinerary is not None
        yield from self.wait(max(self.itinerary.pick_up, self.now + HOUR / 2))
        if self.handed_over == 0:
            self.pick_up()
        yield "in_transit"
        yield from self.wait(self.itinerary.receipt - self.span(HOUR / 2, 2 * HOUR) + self.courier_late())
        if self.handed_over == 1:
            self.arrive()
        yield "arrived"
        yield from self.pause(5 * MINUTE, 15 * MINUTE)
        temperature = self.recipe.starting_material.temperature
        first = len([each for each in self.vein.collections.by_id.values() if each.state == "completed"]) == 1
        self.report_temperature(self.base, temperature, self.fortune.transport if first else "")
        if self.excursion:
            yield from self.pause(HOUR / 2, HOUR)
        if not self.vein.custody.held[self.bag].received:
            self.receive()
        yield "received"
        if self.excursion:
            yield from self.pause(HOUR / 2, HOUR)
            yield from self.wait(self.on_duty("qa"))
            spoilt = self.fortune.transport == "spoilt"
            reason = "outside_validated_range" if spoilt else "stability_data_support"
            self.assess_excursion(usable=not spoilt, reason=reason)


def _middle(limits: Limits) -> Decimal:
    assert limits.low is not None
    assert limits.high is not None
    return (limits.low + limits.high) / 2
