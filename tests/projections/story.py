"""Treatments told as facts, up to any stage, for what is shown: no rule is asked, only the facts' shape is theirs."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any, Final

from yimai.domain import (
    batch,
    collection,
    custody,
    deviation,
    disposition,
    equipment,
    identity,
    infusion,
    label,
    material_lot,
    outcome,
    permit,
    person,
    sample,
    shipment,
    site,
    slot,
    suite,
    treatment,
)
from yimai.domain.approval import BaseApproved, ProgrammeApproved, RecipeApproved
from yimai.domain.fact import Fact, Quantity, Signature, draft
from yimai.domain.identifier import mint
from yimai.domain.programme import programme_from
from yimai.domain.programme_facts import first_load
from yimai.domain.recipe import Recipe
from yimai.domain.refusal import Refusal
from yimai.interfaces.files.reading import CATALOGUE, read_base, read_programme, read_recipe
from yimai.ledger.entry import Command, Entry
from yimai.ledger.ledger import Ledger

ZONE: Final = timezone(timedelta(hours=8))
START: Final = datetime(2026, 8, 3, 8, tzinfo=ZONE)
HOUR: Final = timedelta(hours=1)
HOSPITAL, BASE, COURIER = "demo-hospital-a", "lingang", "demo-courier"
OTHER_HOSPITAL, AUTHORITY = "demo-hospital-b", "city-authority"
SITES: Final = (
    site.SiteRegistered(HOSPITAL, "hospital", "示范医院甲", "Demonstration hospital A", "Huangpu", 480),
    site.SiteRegistered(OTHER_HOSPITAL, "hospital", "示范医院乙", "Demonstration hospital B", "Xuhui", 480),
    site.SiteRegistered(BASE, "base", "临港精准医疗产业基地", "Lingang base", "Lingang", 480),
    site.SiteRegistered(COURIER, "courier", "示范冷链承运", "Demonstration courier", "Pudong", 480),
    site.SiteRegistered(AUTHORITY, "authority", "示范市级管理部门", "Demonstration city authority", "", 480),
)
PEOPLE: Final[dict[str, tuple[str, person.Role]]] = {
    "PHYS-1": (HOSPITAL, "physician"),
    "NURS-1": (HOSPITAL, "nurse"),
    "NURS-2": (HOSPITAL, "nurse"),
    "COUR-1": (COURIER, "courier"),
    "SCHE-1": (BASE, "scheduler"),
    "OPER-1": (BASE, "operator"),
    "OPER-2": (BASE, "operator"),
    "QC-1": (BASE, "qc_analyst"),
    "QC-2": (BASE, "qc_analyst"),
    "QA-1": (BASE, "qa"),
    "QP-1": (BASE, "qualified_person"),
    "INSP-1": (AUTHORITY, "inspector"),
}
LOTS: Final = {
    use_material: f"LOT-{number:03d}"
    for number, use_material in enumerate(("lentiviral_vector", "culture_medium", "il_2", "cryobag"), 1)
}


@dataclass
class Clock:
    """The story's time."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Story:
    """Writes facts into a ledger, as the story's clock goes on."""

    ledger: Ledger
    clock: Clock
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    commands: int = 0
    told: int = 0

    def write(self, *facts: Fact, by: str = "QA-1", at: str = "") -> tuple[Entry, ...]:
        self.commands += 1
        subjects = {each for fact in facts for each in fact.subjects()}
        command = Command(f"c{self.commands}", by, at or PEOPLE[by][0], hashlib.sha256(b"story").digest())
        drafts = [draft(fact, self.clock.now) for fact in facts]
        entries = self.ledger.append(drafts, command=command, after=self.ledger.about(*sorted(subjects)))
        self.clock.now += timedelta(minutes=7)
        return entries

    def mint(self, noun: str) -> str:
        return mint(noun, self.chance.randbytes(5))

    def sign(self, signer: str, meaning: Any = "performed") -> Signature:
        return Signature(signer, "0" * 64, meaning, self.clock.now)

    def open_house(self, hostile_title: str = "") -> None:
        """Register sites, people, lots and equipment, and approve the catalogue's files."""
        self.write(*SITES, by="QA-1")
        if hostile_title:
            self.write(site.SiteRegistered("hostile", "park", hostile_title, hostile_title, hostile_title, 480))
        for each, (of_site, role) in PEOPLE.items():
            self.write(
                person.PersonRegistered(each, of_site, (role,), "0" * 64),
                person.PersonQualified(each, "aseptic_processing", date(2026, 1, 1), date(2027, 1, 1)),
            )
        key = b"public key of QA-1"
        self.write(person.PasskeyRegistered("QA-1", person.fingerprint(key), key, self.sign("QA-1")))
        for material, lot in LOTS.items():
            self.write(
                material_lot.MaterialLotReceived(lot, BASE, material, Quantity(Decimal(900), "mL"), date(2027, 1, 1)),
                material_lot.MaterialLotReleased(lot, self.sign("QA-1", "released")),
            )
        self.write(equipment.EquipmentRegistered("bsc-01", BASE, "biosafety_cabinet", ""))
        for number in range(1, 4):
            self.write(suite.SuiteRegistered(f"suite-{number:02d}", BASE, "C"))
        for fact in approvals(self.sign("QP-1", "approved")):
            self.write(fact, by="QP-1")

    def treatment(self, until: str, **choices: Any) -> str:
        """Tell one treatment up to a stage of the board and return its COI identifier."""
        return Telling(self, self.mint("treatment"), **choices).until(until)


@cache
def contents() -> tuple[Any, Any, Any]:
    return (
        read_recipe(CATALOGUE / "recipes" / "cd19-cart.yaml").content,
        read_base(CATALOGUE / "bases" / "lingang.yaml").content,
        read_programme(CATALOGUE / "programmes" / "shanghai.yaml").content,
    )


def approvals(signature: Signature) -> Sequence[Fact]:
    recipe, base, programme = contents()
    return (
        RecipeApproved("cd19-cart", str(recipe["version"]), recipe, signature),
        BaseApproved(BASE, str(base["version"]), base, signature),
        ProgrammeApproved("shanghai", str(programme["version"]), programme, signature),
        *loaded(),
    )


def loaded() -> Sequence[Fact]:
    """The programme's first load."""
    facts = first_load(programme_from(contents()[2]), lambda noun, identifier: ())
    assert not isinstance(facts, Refusal)
    return facts


@cache
def the_recipe() -> Recipe:
    return read_recipe(CATALOGUE / "recipes" / "cd19-cart.yaml").recipe


@dataclass
class Telling:
    """One treatment's facts, chapter by chapter; each chapter ends at a stage of the treatment board."""

    story: Story
    coi: str
    suite: str = ""
    hospital: str = HOSPITAL
    urgency: treatment.Urgency = "routine"
    failed_collection: bool = False
    excursion: bool = False
    deviation: str = ""
    steps: int = 99
    bag: str = ""
    wristband: str = ""
    shipper: str = ""
    batch: str = ""
    final: str = ""
    permit: str = ""

    CHAPTERS = (
        ("ordered", "order"),
        ("accepted", "accept"),
        ("slot_reserved", "reserve"),
        ("collecting", "collect"),
        ("in_transit", "send"),
        ("received", "receive"),
        ("in_manufacture", "open_batch"),
        ("in_testing", "finish_batch"),
        ("conditionally_released", "release_conditionally"),
        ("released", "release"),
        ("in_delivery", "deliver"),
        ("delivered", "arrive"),
        ("permit_issued", "permit_it"),
        ("infused", "infuse"),
        ("follow_up", "follow_up"),
        ("closed", "close"),
    )

    def __post_init__(self) -> None:
        self.story.told += 1
        self.suite = self.suite or f"suite-{self.story.told:02d}"

    def until(self, stage: str) -> str:
        for reached, chapter in self.CHAPTERS:
            getattr(self, chapter)()
            if reached == stage:
                return self.coi
        raise KeyError(stage)

    def write(self, *facts: Fact, by: str) -> tuple[Entry, ...]:
        return self.story.write(*facts, by=by)

    def sign(self, signer: str, meaning: Any = "performed") -> Signature:
        return self.story.sign(signer, meaning)

    def later(self, hours: float) -> None:
        self.story.clock.now += HOUR * hours

    def order(self) -> None:
        ordered = treatment.TreatmentOrdered(
            self.coi, self.hospital, BASE, "cd19-cart", "lbcl", self.urgency, "1" * 64, self.sign("PHYS-1", "ordered")
        )
        consent = treatment.ConsentRecorded(self.coi, "2" * 64, self.sign("PHYS-1", "consented"))
        markers: dict[str, treatment.Marker] = dict.fromkeys(("hiv", "hbv", "hcv", "syphilis", "htlv"), "negative")
        reported = treatment.MarkersReported(self.coi, markers, date(2026, 8, 1), self.sign("PHYS-1", "reported"))
        self.write(ordered, by="PHYS-1")
        self.write(consent, reported, by="PHYS-1")

    def accept(self) -> None:
        self.later(3)
        self.write(treatment.TreatmentAccepted(self.coi, self.sign("SCHE-1", "accepted")), by="SCHE-1")

    def reserve(self) -> None:
        now = self.story.clock.now
        hours = (24, 30, 44, 48, 240, 410, 434, 482)
        moments = [now + HOUR * each for each in hours]
        itinerary = slot.Itinerary(self.suite, *moments)
        self.write(slot.SlotReserved(self.coi, itinerary, self.sign("SCHE-1", "decided")), by="SCHE-1")

    def labelled(self, noun: str, layout: str, carrier: label.Carrier, by: str = "NURS-1") -> str:
        item = self.story.mint(noun)
        issued = label.LabelIssued(self.coi, item, layout, carrier, 1, "", self.sign(by))
        used = label.LabelUsed(self.coi, item, 1, self.sign(by), self.sign("NURS-2", "verified"))
        self.write(issued, used, by=by)
        return item

    def collect(self) -> None:
        self.later(24)
        self.wristband = self.labelled("wristband", "wristband", "wristband")
        for attempt in range(1 + self.failed_collection):
            apheresis = self.story.mint("collection")
            signed = (self.sign("NURS-1"), self.sign("NURS-2", "verified"))
            self.write(collection.CollectionStarted(self.coi, apheresis, self.wristband, *signed), by="NURS-1")
            if self.failed_collection and attempt == 0:
                reported = self.sign("NURS-1", "reported")
                self.write(collection.CollectionFailed(self.coi, apheresis, "below_minimum", reported), by="NURS-1")
                continue
            if self.steps == 0:  # the collection is still running
                return
            self.bag = self.labelled("container", "collection_bag", "collection_bag")
            counts = (Quantity(Decimal(210), "mL"), Quantity(Decimal("2.4"), "10*9"), Quantity(Decimal(97), "%"))
            completed = collection.CollectionCompleted(self.coi, apheresis, self.wristband, self.bag, *counts, *signed)
            charge = custody.ContainerTakenInCharge(self.coi, self.bag, "NURS-1", self.hospital)
            self.write(completed, charge, by="NURS-1")

    def ship(self, container: str, giver: str, origin: str, destination: str, limits: tuple[int | None, int]) -> None:
        self.shipper = self.labelled("shipment", "shipper", "shipper", giver)
        low, high = (None if limits[0] is None else Decimal(limits[0]), Decimal(limits[1]))
        keeps = self.story.clock.now + HOUR * 120
        packed = shipment.ShipmentPacked(
            self.coi, self.shipper, (container,), origin, destination, low, high, keeps, self.sign(giver, "given")
        )
        self.write(packed, by=giver)
        self.hand_over(container, giver, "COUR-1", origin)

    def hand_over(self, container: str, giver: str, taker: str, where: str) -> None:
        signed = (self.sign(giver, "given"), self.sign(taker, "taken"))
        over = custody.ContainerHandedOver(
            self.coi, container, self.shipper, self.shipper, self.shipper, where, *signed
        )
        self.write(over, by=taker)

    def unpack(self, container: str, receiver: str, where: str, temperature: tuple[str, str]) -> None:
        self.hand_over(container, "COUR-1", receiver, where)
        lowest, highest = (Decimal(each) for each in temperature)
        reported = shipment.TemperatureReported(
            self.coi, self.shipper, "LOGGER-9", 180, lowest, highest, "3" * 64, self.sign(receiver, "reported")
        )
        self.write(reported, by=receiver)
        signed = (self.sign(receiver), self.sign("QC-1", "verified"))
        received = custody.ContainerReceived(self.coi, container, self.shipper, where, True, False, *signed)
        self.write(received, by=receiver)

    def send(self) -> None:
        self.later(4)
        self.ship(self.bag, "NURS-1", self.hospital, BASE, (2, 8))

    def receive(self) -> None:
        self.later(14)
        if self.excursion:
            found = self.story.mint("excursion")
            self.write(shipment.ExcursionOpened(self.coi, found, self.shipper, "out_of_range"), by="OPER-1")
        self.unpack(self.bag, "OPER-1", BASE, ("3.1", "5.4"))

    def open_batch(self) -> None:
        self.later(2)
        self.batch = self.story.mint("batch")
        signed = (self.sign("OPER-1"), self.sign("OPER-2", "verified"))
        self.write(
            suite.LineCleared(self.coi, self.batch, self.suite, *signed),
            suite.SuiteOccupied(self.coi, self.batch, self.suite),
            by="OPER-1",
        )
        opened = batch.BatchOpened(
            self.coi, self.batch, "cd19-cart", "1", "4" * 64, self.suite, self.bag, self.sign("OPER-1")
        )
        self.write(opened, by="OPER-1")
        for step in the_recipe().steps[: self.steps]:
            self.run(step)

    def run(self, step: Any) -> None:
        uses = tuple(
            batch.LotUse(use.material, LOTS[use.material], Quantity(use.quantity, use.unit))
            for use in step.materials
            if use.material in LOTS
        )
        started = batch.StepStarted(
            self.coi, self.batch, step.id, 1, (self.bag,), ("OPER-1", "OPER-2"), ("bsc-01",), uses, self.sign("OPER-1")
        )
        self.write(started, by="OPER-1")
        self.story.clock.now += step.duration.median
        entries: dict[str, batch.Recorded] = {}
        for entry in step.entries:
            if entry.type == "quantity":
                value = entry.typical.median if entry.typical else Decimal(1)
                entries[entry.id] = Quantity(value, entry.unit)
            else:
                entries[entry.id] = True if entry.type == "check" else (*entry.accepted, "A-01")[0]
        signed = (self.sign("OPER-1"), self.sign("OPER-2", "verified") if step.second_person else None)
        self.write(batch.StepCompleted(self.coi, self.batch, step.id, 1, entries, *signed), by="OPER-1")
        if step.id == self.deviation:
            found = self.story.mint("deviation")
            opened = deviation.DeviationOpened(
                treatment=self.coi,
                deviation=found,
                batch=self.batch,
                step=step.id,
                entry=step.entries[0].id,
                cause="out_of_limits",
                value="61 %",
                limits="70–100 %",
                classification="major",
                reason="",
                note="",
                raised=self.sign("OPER-1", "reported"),
            )
            self.write(opened, by="OPER-1")
        for plan in step.samples:
            self.take(plan, step.id)

    def take(self, plan: str, step: str) -> None:
        drawn = self.labelled("sample", "sample", "sample", "OPER-1")
        taken = sample.SampleTaken(self.coi, self.batch, drawn, plan, step, self.sign("OPER-1", "taken"))
        self.write(taken, by="OPER-1")
        received = sample.SampleReceived(self.coi, drawn, "good", self.sign("QC-1", "taken"))
        self.write(received, by="QC-1")
        recipe = the_recipe()
        tests = next(each.tests for each in recipe.samples if each.id == plan)
        for test in (recipe.test(each) for each in tests):
            assert test is not None
            value = str(test.typical.median) if test.typical else (*test.accepted, "1")[0]
            recorded = sample.ResultRecorded(
                self.coi, self.batch, drawn, test.id, 1, value, test.unit, True, self.sign("QC-1", "reported")
            )
            verified = sample.ResultVerified(self.coi, drawn, test.id, 1, self.sign("QC-2", "verified"))
            self.write(recorded, verified, by="QC-1")

    def finish_batch(self) -> None:
        self.final = self.labelled("container", "final_bag", "final_bag", "OPER-1")
        filled = batch.ContainerFilled(
            self.coi, self.final, self.batch, the_recipe().steps[-1].id, "final_bag",
            Quantity(Decimal(70), "mL"), Quantity(Decimal(180), "10*6"),
        )  # fmt: skip
        consumed = custody.ContainerConsumed(self.coi, self.bag, "used_in_manufacture", self.sign("OPER-1"))
        charge = custody.ContainerTakenInCharge(self.coi, self.final, "OPER-1", BASE)
        stored = custody.ContainerStored(
            self.coi, self.final, f"vapour-freezer-01/A-{self.final[-4:]}", self.sign("OPER-1")
        )
        self.write(filled, consumed, charge, stored, by="OPER-1")
        self.write(
            batch.BatchCompleted(self.coi, self.batch, self.sign("OPER-1")),
            suite.SuiteVacated(self.coi, self.batch, self.suite),
            by="OPER-1",
        )

    def release_conditionally(self) -> None:
        self.later(30)
        self.write(disposition.BatchReviewed(self.coi, self.batch, (), self.sign("QA-1", "reviewed")), by="QA-1")
        signed = self.sign("QP-1", "released")
        self.write(disposition.ConditionallyReleased(self.coi, self.batch, signed), by="QP-1")

    def release(self) -> None:
        self.later(30)
        self.write(disposition.Released(self.coi, self.batch, self.sign("QP-1", "released")), by="QP-1")

    def deliver(self) -> None:
        self.later(5)
        retrieved = custody.ContainerRetrieved(
            self.coi, self.final, f"vapour-freezer-01/A-{self.final[-4:]}", self.sign("OPER-1")
        )
        self.write(retrieved, by="OPER-1")
        self.ship(self.final, "OPER-1", BASE, self.hospital, (None, -130))

    def arrive(self) -> None:
        self.later(9)
        self.unpack(self.final, "NURS-1", self.hospital, ("-188", "-161"))

    def permit_it(self) -> None:
        self.permit = self.story.mint("permit")
        self.write(
            infusion.AvailabilityConfirmed(self.coi, self.batch, "at_hospital", self.sign("QA-1", "reported")),
            infusion.LymphodepletionStarted(self.coi, self.sign("PHYS-1")),
            by="PHYS-1",
        )
        issued = permit.PermitIssued(
            self.coi, self.permit, self.batch, (self.final,), "5" * 64, self.sign("QP-1", "released")
        )
        self.write(issued, by="QP-1")

    def infuse(self) -> None:
        self.later(72)
        signed = (self.sign("NURS-1"), self.sign("NURS-2", "verified"))
        other = self.story.mint("container")
        refused = identity.IdentityMatchRefused(
            self.coi, "infusion.match", "label.not_this_patients", {"presented": other, "treatment": self.coi}
        )
        self.write(refused, by="NURS-1")
        self.write(infusion.ProductThawed(self.coi, self.permit, self.final, self.sign("NURS-1")), by="NURS-1")
        self.write(
            infusion.BedsideMatched(self.coi, self.permit, self.final, self.wristband, self.coi, *signed),
            infusion.InfusionStarted(self.coi, self.permit, self.final, *signed),
            by="NURS-1",
        )
        self.write(custody.ContainerConsumed(self.coi, self.final, "infused", self.sign("NURS-1")), by="NURS-1")

    def follow_up(self) -> None:
        self.later(24 * 28)
        self.write(outcome.OutcomeReported(self.coi, 28, "CR", 1, 0, self.sign("PHYS-1", "reported")), by="PHYS-1")

    def close(self) -> None:
        self.later(24 * 60)
        self.write(outcome.TreatmentCompleted(self.coi, self.sign("PHYS-1", "decided")), by="PHYS-1")
