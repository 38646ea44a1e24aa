"""The bench's load: whole treatments told as real facts, 64 each, from order to release; no rule is asked.

What is measured is the ledger, so the facts are made beforehand; their sizes, subjects and claims are those of real ones.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

from yimai.domain import (
    batch,
    collection,
    custody,
    disposition,
    label,
    outcome,
    sample,
    shipment,
    slot,
    suite,
    treatment,
)
from yimai.domain.fact import Fact, Meaning, Quantity, Signature, draft
from yimai.domain.identifier import mint
from yimai.ledger.entry import Draft

FACTS: Final = 64
"""How many facts a treatment has here."""

SUITES: Final = 240
_ZONE: Final = timezone(timedelta(hours=8))
_START: Final = datetime(2026, 1, 5, 8, tzinfo=_ZONE)
_HOUR: Final = timedelta(hours=1)
SITE: Final = "lingang"
TURN: Final = timedelta(weeks=3)
"""How long a treatment has its suite."""
_STEPS: Final = (
    "thaw-and-wash",
    "select-t-cells",
    "activate",
    "transduce",
    "expand",
    "feed-and-count",
    "harvest",
    "formulate",
)
_TESTS: Final = (("viability", "91.4", "%"), ("vector-copy-number", "2.31", "1"))


@dataclass(frozen=True, slots=True)
class Told:
    """A draft with the actor and the site of the command that writes it."""

    draft: Draft
    actor: str
    site: str


class Telling:
    """Tells the treatment with this number at the base ``site``: suites and moments follow from it, identifiers from ``chance``.

    Two treatments whose numbers differ never claim the same: they take turns in 240 suites, three weeks each.
    """

    def __init__(self, number: int, chance: random.Random, site: str = SITE, turn: timedelta = TURN) -> None:
        self._chance, self._base = chance, site
        self._turn, self._place = divmod(number, SUITES)
        self._now = _START + turn * self._turn
        self._suite = f"suite-{self._place:03d}"
        self._hospital = f"hospital-{number % 30:02d}"
        self._coi = self._mint("treatment")

    def all(self) -> Iterator[Told]:
        """Yield the treatment's facts, ready to be appended in this order."""
        for actor, facts in self._chapters():
            site = self._hospital if actor.startswith(("physician", "nurse")) else self._base
            for fact in facts:
                yield Told(draft(fact, self._now), actor, site)
            self._now += timedelta(minutes=self._chance.randint(3, 50))

    def _chapters(self) -> Iterator[tuple[str, tuple[Fact, ...]]]:
        yield from self._order()
        yield from self._collect()
        yield from self._manufacture()
        yield from self._test()
        yield from self._release()

    def _mint(self, noun: str) -> str:
        return mint(noun, self._chance.randbytes(5))

    def _sign(self, role: str, meaning: Meaning = "performed") -> Signature:
        signer = f"{role}-{self._place % 40:02d}"
        return Signature(signer, hashlib.sha256(signer.encode()).hexdigest(), meaning, self._now)

    def _commitment(self) -> str:
        return self._chance.randbytes(32).hex()

    def _order(self) -> Iterator[tuple[str, tuple[Fact, ...]]]:
        coi, begins = self._coi, self._now + 72 * _HOUR
        markers: dict[str, treatment.Marker] = dict.fromkeys(("hiv", "hbv", "hcv", "syphilis", "htlv"), "negative")
        moments = [begins + _HOUR * hours for hours in (0, 6, 20, 24, 336, 400, 420, 470)]
        yield (
            "physician-01",
            (
                treatment.TreatmentOrdered(
                    coi, self._hospital, self._base, "cd19-cart", "lbcl", "routine", self._commitment(),
                    self._sign("physician", "ordered"),
                ),
                treatment.ConsentRecorded(coi, self._commitment(), self._sign("physician", "recorded")),
                treatment.MarkersReported(coi, markers, date(2026, 1, 2), self._sign("physician", "reported")),
            ),
        )  # fmt: skip
        yield "scheduler-01", (treatment.TreatmentAccepted(coi, self._sign("scheduler", "accepted")),)
        itinerary = slot.Itinerary(self._suite, *moments)
        yield "scheduler-01", (slot.SlotReserved(coi, itinerary, self._sign("scheduler", "decided")),)
        self._now = begins

    def _labelled(self, item: str, layout: str, carrier: label.Carrier, role: str) -> tuple[Fact, ...]:
        signed = self._sign(role)
        verified = self._sign(f"{role}-2", "verified")
        return (
            label.LabelIssued(self._coi, item, layout, carrier, 1, "", signed),
            label.LabelUsed(self._coi, item, 1, signed, verified),
        )

    def _collect(self) -> Iterator[tuple[str, tuple[Fact, ...]]]:
        coi, apheresis, wristband = self._coi, self._mint("collection"), self._mint("wristband")
        self._bag, shipper = self._mint("container"), self._mint("shipment")
        signed = (self._sign("nurse"), self._sign("nurse-2", "verified"))
        counts = (Quantity(Decimal(212), "mL"), Quantity(Decimal("2.4"), "10*9"), Quantity(Decimal(97), "%"))
        yield "nurse-01", self._labelled(wristband, "wristband", "wristband", "nurse")
        yield "nurse-01", (collection.CollectionStarted(coi, apheresis, wristband, *signed),)
        yield "nurse-01", self._labelled(self._bag, "collection_bag", "collection_bag", "nurse")
        yield (
            "nurse-01",
            (
                collection.CollectionCompleted(coi, apheresis, wristband, self._bag, *counts, *signed),
                custody.ContainerTakenInCharge(coi, self._bag, "nurse-01", self._hospital),
            ),
        )
        yield "nurse-01", self._labelled(shipper, "shipper", "shipper", "nurse")
        limits = (Decimal(2), Decimal(8), self._now + 96 * _HOUR)
        packed = shipment.ShipmentPacked(
            coi, shipper, (self._bag,), self._hospital, self._base, *limits, self._sign("nurse", "given")
        )
        yield "nurse-01", (packed,)
        for giver, taker, where in (("nurse", "courier", self._hospital), ("courier", "operator", self._base)):
            scans = (shipper, shipper, shipper, where, self._sign(giver, "given"), self._sign(taker, "taken"))
            yield f"{taker}-01", (custody.ContainerHandedOver(coi, self._bag, *scans),)
        extremes = (180, Decimal("3.1"), Decimal("5.4"), self._commitment(), self._sign("operator", "reported"))
        received = (self._sign("operator"), self._sign("analyst", "verified"))
        yield "operator-01", (shipment.TemperatureReported(coi, shipper, "LOGGER-9", *extremes),)
        yield "operator-01", (custody.ContainerReceived(coi, self._bag, shipper, self._base, True, False, *received),)

    def _manufacture(self) -> Iterator[tuple[str, tuple[Fact, ...]]]:
        coi, self._batch = self._coi, self._mint("batch")
        signed = (self._sign("operator"), self._sign("operator-2", "verified"))
        yield (
            "operator-01",
            (
                suite.LineCleared(coi, self._batch, self._suite, *signed),
                suite.SuiteOccupied(coi, self._batch, self._suite),
                batch.BatchOpened(
                    coi, self._batch, "cd19-cart", "1", self._commitment(), self._suite, self._bag, signed[0]
                ),
            ),
        )
        people = (signed[0].signer, signed[1].signer)
        for step in _STEPS:
            uses = tuple(
                batch.LotUse(material, f"LOT-{material}-{self._turn:04d}", Quantity(Decimal("120.5"), "mL"))
                for material in ("culture-medium", "il-2")
            )
            means = ((self._bag,), people, ("bsc-01", "centrifuge-02"), uses)
            started = batch.StepStarted(coi, self._batch, step, 1, *means, self._sign("operator"))
            yield "operator-01", (started,)
            self._now += 9 * _HOUR
            entries: dict[str, batch.Recorded] = {
                "cell-count": Quantity(Decimal(self._chance.randint(100, 900)) / 100, "10*9"),
                "viability": Quantity(Decimal(self._chance.randint(880, 990)) / 10, "%"),
                "temperature": Quantity(Decimal("36.9"), "Cel"),
                "clamps-closed": True,
            }
            signed = (self._sign("operator"), self._sign("operator-2", "verified"))
            yield "operator-01", (batch.StepCompleted(coi, self._batch, step, 1, entries, *signed),)

    def _test(self) -> Iterator[tuple[str, tuple[Fact, ...]]]:
        coi = self._coi
        for plan in ("in-process", "final-product"):
            drawn = self._mint("sample")
            taken = sample.SampleTaken(coi, self._batch, drawn, plan, _STEPS[-1], self._sign("operator", "taken"))
            yield "operator-01", (*self._labelled(drawn, "sample", "sample", "operator"), taken)
            for test, value, unit in _TESTS:
                result = (drawn, test, 1, value, unit, True, self._sign("analyst", "reported"))
                yield "analyst-01", (sample.ResultRecorded(coi, self._batch, *result),)
                verified = sample.ResultVerified(coi, drawn, test, 1, self._sign("analyst-2", "verified"))
                yield "analyst-02", (verified,)

    def _release(self) -> Iterator[tuple[str, tuple[Fact, ...]]]:
        coi, final = self._coi, self._mint("container")
        contents = (Quantity(Decimal(70), "mL"), Quantity(Decimal(180), "10*6"))
        yield "operator-01", self._labelled(final, "final_bag", "final_bag", "operator")
        yield (
            "operator-01",
            (
                batch.ContainerFilled(coi, final, self._batch, _STEPS[-1], "final_bag", *contents),
                custody.ContainerConsumed(coi, self._bag, "used_in_manufacture", self._sign("operator")),
                custody.ContainerTakenInCharge(coi, final, "operator-01", self._base),
                custody.ContainerStored(coi, final, f"position-{final}", self._sign("operator")),
            ),
        )
        yield (
            "operator-01",
            (
                batch.BatchCompleted(coi, self._batch, self._sign("operator")),
                suite.SuiteVacated(coi, self._batch, self._suite),
            ),
        )
        yield "quality-01", (disposition.BatchReviewed(coi, self._batch, (), self._sign("quality", "reviewed")),)
        signed = self._sign("qualified", "released")
        yield "qualified-01", (disposition.ConditionallyReleased(coi, self._batch, signed),)
        yield "qualified-01", (disposition.Released(coi, self._batch, signed),)
        yield "physician-01", (outcome.OutcomeReported(coi, 28, "CR", 1, 0, self._sign("physician", "reported")),)


def told(first: int, treatments: int, seed: str, site: str = SITE, turn: timedelta = TURN) -> Iterator[list[Told]]:
    """Yield so many treatments, each as its facts in order, numbered from ``first``."""
    chance = random.Random(f"{seed} {first}")
    for number in range(first, first + treatments):
        yield list(Telling(number, chance, site, turn).all())
