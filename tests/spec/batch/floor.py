"""A small base with a small recipe: what the tests of manufacture are given, and its people at work through the actions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.spec.harness import ledger_on_postgres

from yimai.actions import batch as batch_actions
from yimai.actions import suite as suite_actions
from yimai.actions.decision import Answer, Done
from yimai.actions.request import command
from yimai.domain import vein
from yimai.domain.approval import BaseApproved, RecipeApproved
from yimai.domain.batch import LotUse, Recorded
from yimai.domain.batch_record import Filling
from yimai.domain.collection import CollectionCompleted, CollectionStarted
from yimai.domain.custody import ContainerReceived, ContainerTakenInCharge
from yimai.domain.equipment import EquipmentCalibrated, EquipmentRegistered
from yimai.domain.fact import Fact, Quantity, Signature, draft
from yimai.domain.identity import IdentityMatchRefused
from yimai.domain.label import Carrier, LabelIssued, LabelUsed
from yimai.domain.material_lot import MaterialLotReceived, MaterialLotReleased
from yimai.domain.override import SignedReason
from yimai.domain.person import PersonQualified, PersonRegistered, Role
from yimai.domain.refusal import Refusal
from yimai.domain.shipment import ShipmentPacked, TemperatureReported
from yimai.domain.slot import Itinerary, SlotReserved
from yimai.domain.suite import LineCleared, SuiteRegistered
from yimai.domain.treatment import ConsentRecorded, MarkersReported, TreatmentAccepted, TreatmentOrdered
from yimai.ledger.entry import Command, Deposit
from yimai.ledger.ledger import Ledger
from yimai.ledger.memory import MemoryLedger

BASE, HOSPITAL = "lingang", "huashan"
SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 5, 4, 8, tzinfo=SHANGHAI)
"""When the starting material's collection ended."""
QUALIFIED = {"receipt", "aseptic", "culture"}

SOURCE = {"source": "this test"}


def words(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def fixed(span: str) -> dict[str, Any]:
    return {"median": span, **SOURCE}


def a_step(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": words(name),
        "room_class": "C",
        "operators": {"culture": 1},
        "duration": fixed("1 h"),
        **fields,
    }


RECIPE: dict[str, Any] = {
    "recipe": "small",
    "version": "1",
    "title": words("A small recipe"),
    "legal_track": "drug",
    "retention": {"time": "30 a", **SOURCE},
    "indications": {"lbcl": words("lymphoma")},
    "markers": {"hiv": words("HIV"), "hbv": words("HBV")},
    "starting_material": {
        "minimum_cd3": {"value": "0.6", **SOURCE},
        "typical_cd3": {"median": "2", "cv": "0.5", **SOURCE},
        "volume": {"low": "50", "high": "500", **SOURCE},
        "fresh_alert": {"time": "36 h", **SOURCE},
        "fresh_maximum": {"time": "48 h", **SOURCE},
        "temperature": {"low": "2", "high": "8", **SOURCE},
    },
    "product": {
        "storage_temperature": {"high": "-150", **SOURCE},
        "transport_temperature": {"high": "-130", **SOURCE},
        "shelf_life": {"time": "365 d", **SOURCE},
        "thaw_to_infusion": {"time": "30 min", **SOURCE},
        "lymphodepletion": {"minimum": "2 d", "maximum": "14 d", **SOURCE},
        "dewar_hold": {"time": "5 d", **SOURCE},
    },
    "line_clearance": fixed("90 min"),
    "qualifications": {name: words(name) for name in sorted(QUALIFIED)},
    "equipment_classes": {name: words(name) for name in ("balance", "incubator", "sealer")},
    "materials": {name: {"title": words(name), "unit": "mL"} for name in ("medium", "buffer")},
    "labels": [
        {"id": "collection_bag", "title": words("bag"), "carrier": "collection_bag"},
        {"id": "in_process", "title": words("culture"), "carrier": "container"},
        {"id": "waste", "title": words("waste"), "carrier": "container"},
        {"id": "final_bag", "title": words("final"), "carrier": "final_bag"},
    ],
    "operations": [
        {
            "id": "all",
            "title": words("All"),
            "steps": [
                a_step(
                    "receive",
                    operators={"receipt": 2},
                    equipment=["balance"],
                    second_person=True,
                    entries=[
                        {"id": "bag_intact", "title": words("intact"), "type": "check", "critical": True},
                        {
                            "id": "net_weight",
                            "title": words("weight"),
                            "type": "quantity",
                            "unit": "g",
                            "limits": {"low": "50", "high": "530"},
                        },
                    ],
                    holds=[{"after": "collection", "maximum": "72 h", **SOURCE}],
                ),
                a_step(
                    "activate",
                    after=["receive"],
                    operators={"aseptic": 2},
                    equipment=["incubator", "sealer"],
                    materials=[{"material": "medium", "quantity": "100", "unit": "mL"}],
                    line_clearance=True,
                    second_person=True,
                    holds=[{"after": "receive", "maximum": "4 h", **SOURCE}],
                    produces="in_process",
                ),
                a_step(
                    "culture",
                    after=["activate"],
                    equipment=["incubator"],
                    entries=[
                        {
                            "id": "viable_cells",
                            "title": words("cells"),
                            "type": "quantity",
                            "unit": "10*6",
                            "limits": {"low": "100"},
                        },
                        {
                            "id": "appearance",
                            "title": words("appearance"),
                            "type": "choice",
                            "choices": ["clear", "turbid"],
                            "accepted": ["clear"],
                            "critical": True,
                        },
                    ],
                    holds=[{"after": "activate", "maximum": "200 h", **SOURCE}],
                    until={"entry": "viable_cells", "at_least": "300", "most": 2, **SOURCE},
                    failures=[{"cause": "growth", "title": words("growth"), "probability": "0.01", **SOURCE}],
                ),
                a_step(
                    "fill",
                    after=["culture"],
                    operators={"aseptic": 2, "culture": 1},
                    equipment=["sealer"],
                    line_clearance=True,
                    second_person=True,
                    entries=[{"id": "position", "title": words("position"), "type": "text"}],
                    produces="final_bag",
                ),
            ],
        }
    ],
    "samples": [],
    "tests": [],
}
BASE_CONTENT: dict[str, Any] = {
    "base": BASE,
    "version": "1",
    "title": words("Lingang"),
    "timezone": "Asia/Shanghai",
    **SOURCE,
    "opened": "2023-04-21",
    "floor_area": 77000,
    "suites": [],
    "equipment": [],
    "people": [],
    "shifts": [],
    "closures": [],
    "storage": [],
    "material_lots": [],
}


def quantity(number: str | int, unit: str) -> Quantity:
    return Quantity(Decimal(number), unit)


MEDIUM = (LotUse("medium", "lot-medium", quantity(100, "mL")),)
ENTRIES: dict[str, dict[str, Recorded]] = {
    "receive": {"bag_intact": True, "net_weight": quantity(200, "g")},
    "activate": {},
    "culture": {"viable_cells": quantity(400, "10*6"), "appearance": "clear"},
    "fill": {"position": "A-01"},
}
EQUIPMENT = {
    "receive": ("balance-1",),
    "activate": ("incubator-1", "sealer-1"),
    "culture": ("incubator-1",),
    "fill": ("sealer-1",),
}


def in_memory(floor: Floor) -> Ledger:
    ledger = MemoryLedger(ledger_id="test", clock=floor.clock, chance=floor.chance.randbytes)
    floor.kept = ledger.deposits
    return ledger


@contextmanager
def floor_on_postgres(url: str) -> Iterator[Floor]:
    """A floor on a database that is migrated and holds no ledger yet; afterwards its ledger verifies."""
    with ExitStack() as stack:

        def opened(floor: Floor) -> Ledger:
            return stack.enter_context(ledger_on_postgres(url, floor.clock, floor.chance, floor.kept))

        yield Floor(opened)


class Floor:
    """Suites s1, s2 and the less clean d1; operators o1 to o3, QA q1 and q2, qualified person qp, physician md."""

    def __init__(self, opened: Callable[[Floor], Ledger] | None = None) -> None:
        """opened: what opens the ledger, with this floor's clock; None means a new one in memory."""
        self.now = MORNING + timedelta(hours=10)
        self.chance = Random(7)
        self.kept: list[Deposit] = []
        self.ledger = opened(self) if opened is not None else in_memory(self)
        self._count = 0
        self.given(
            RecipeApproved("small", "1", RECIPE, self.signature("qp")),
            BaseApproved(BASE, "1", BASE_CONTENT, self.signature("qp")),
            *(
                SuiteRegistered(suite, BASE, room_class)
                for suite, room_class in (("s1", "C"), ("s2", "C"), ("d1", "D"))
            ),
            MaterialLotReceived("lot-medium", BASE, "medium", quantity(5000, "mL"), date(2026, 5, 31)),
            MaterialLotReleased("lot-medium", self.signature("q1")),
        )
        for piece, suite in (("balance", ""), ("incubator", "s1"), ("sealer", "")):
            self.piece(f"{piece}-1", piece, suite)
        for person in ("o1", "o2", "o3"):
            self.person(person, BASE, "operator")
        for person, role in (("q1", "qa"), ("q2", "qa"), ("qp", "qualified_person")):
            self.person(person, BASE, role)
        self.person("md", HOSPITAL, "physician")

    def clock(self) -> datetime:
        return self.now.astimezone(UTC)

    def signature(self, person: str) -> Signature:
        return Signature(person, "", "performed", MORNING)

    def person(self, person: str, site: str, *roles: Any, until: date = date(2026, 12, 31)) -> None:
        known: tuple[Role, ...] = roles
        qualifications = sorted(QUALIFIED) if "operator" in roles else []
        self.given(
            PersonRegistered(person, site, known, ""),
            *(PersonQualified(person, each, date(2026, 1, 1), until) for each in qualifications),
        )

    def piece(self, piece: str, equipment_class: str, suite: str = "", until: date = date(2026, 12, 31)) -> None:
        self.given(
            EquipmentRegistered(piece, BASE, equipment_class, suite),
            EquipmentCalibrated(piece, date(2026, 1, 1), until),
        )

    def given(self, *facts: Fact, occurred: datetime = MORNING) -> None:
        """Put facts on record as they are, without asking a rule."""
        drafts = [draft(fact, occurred) for fact in facts]
        reading = self.ledger.about(*{subject for each in drafts for subject in each.subjects})
        self.ledger.append(drafts, command=self.command("given"), after=reading)

    def command(self, actor: str, site: str = BASE, occurred: datetime | None = None) -> Command:
        self._count += 1
        return command("test", {}, id=f"c{self._count}", actor=actor, site=site, secret=bytes(32), occurred=occurred)

    def vein(self, treatment: str) -> vein.Vein:
        name = f"treatment/{treatment}"
        return vein.vein_of(self.ledger.about(name).entries[name])

    def refused_matches(self, treatment: str) -> list[str]:
        """The codes of the identity matches that the ledger holds as refused."""
        name = f"treatment/{treatment}"
        entries = self.ledger.about(name).entries[name]
        return [str(entry.data["code"]) for entry in entries if entry.kind == IdentityMatchRefused.kind]

    def label(self, treatment: str, item: str, layout: str, carrier: Carrier, *, used: bool = True) -> None:
        sign = self.signature("o1")
        self.given(LabelIssued(treatment, item, layout, carrier, 1, "", sign))
        if used:
            self.given(LabelUsed(treatment, item, 1, sign, self.signature("o2")))

    def treatment(
        self,
        treatment: str = "T1",
        suite: str = "s1",
        *,
        slot: tuple[int, int] = (8, 12),
        reported: bool = True,
        received: bool = True,
    ) -> str:
        """A treatment whose starting material, bag ``bag-T1`` and so on, has arrived at the base.

        slot: hours after the collection's end between which its suite is reserved.
        """
        bag, sign = f"bag-{treatment}", self.signature("md")
        reserved = self.reserved(treatment, suite, slot)
        self.given(
            TreatmentOrdered(treatment, HOSPITAL, BASE, "small", "lbcl", "routine", "", sign),
            ConsentRecorded(treatment, "", sign),
            MarkersReported(treatment, {"hiv": "negative", "hbv": "negative"}, MORNING.date(), sign),
            TreatmentAccepted(treatment, sign),
            reserved,
        )
        self.label(treatment, bag, "collection_bag", "collection_bag")
        volume, cells, percent = quantity(200, "mL"), quantity(2, "10*9"), quantity(95, "%")
        self.given(
            CollectionStarted(treatment, f"C-{treatment}", f"W-{treatment}", sign, sign),
            CollectionCompleted(treatment, f"C-{treatment}", f"W-{treatment}", bag, volume, cells, percent, sign, sign),
            ContainerTakenInCharge(treatment, bag, "nurse", HOSPITAL),
            ShipmentPacked(treatment, f"X-{treatment}", (bag,), HOSPITAL, BASE, Decimal(2), Decimal(8), None, sign),
        )
        box = f"X-{treatment}"
        if reported:
            self.given(TemperatureReported(treatment, box, "L1", 9, Decimal(4), Decimal(6), "", sign))
        if received:
            self.given(
                ContainerReceived(treatment, bag, box, BASE, True, False, self.signature("o1"), self.signature("o2"))
            )
        return treatment

    def reserved(self, treatment: str, suite: str = "s1", slot: tuple[int, int] = (8, 12)) -> SlotReserved:
        """The fact that the suite is reserved, between these hours after the collection's end."""
        start, end = (MORNING + timedelta(hours=hours) for hours in slot)
        later = start + timedelta(days=40)
        legs = (MORNING, MORNING, start, start, end)
        return SlotReserved(treatment, Itinerary(suite, *legs, later, later, later), self.signature("md"))

    def clear(self, treatment: str = "T1", suite: str = "s1", batch: str = "") -> str:
        """Clear the line and return the batch that it was cleared for."""
        done = accepted(
            suite_actions.clear_line(
                self.ledger, self.command("o1"), treatment=treatment, suite=suite, verifier="o2", batch=batch
            )
        )
        fact = done.facts[0]
        assert isinstance(fact, LineCleared)
        return fact.batch

    def open(
        self,
        treatment: str,
        batch: str,
        *,
        suite: str = "s1",
        container: str = "",
        by: str = "o1",
        reasons: tuple[SignedReason, ...] = (),
    ) -> Answer:
        return batch_actions.open_batch(
            self.ledger,
            self.command(by),
            treatment=treatment,
            batch=batch,
            suite=suite,
            container=container or f"bag-{treatment}",
            reasons=reasons,
        )

    def opened(self, treatment: str = "T1", suite: str = "s1") -> str:
        """A new treatment with an open batch; return the batch."""
        self.treatment(treatment, suite)
        batch = self.clear(treatment, suite)
        accepted(self.open(treatment, batch, suite=suite))
        return batch

    def start(
        self,
        batch: str,
        step: str,
        *,
        treatment: str = "T1",
        scanned: tuple[str, ...] | None = None,
        operators: tuple[str, ...] = ("o1", "o2"),
        equipment: tuple[str, ...] | None = None,
        materials: tuple[LotUse, ...] | None = None,
        reasons: tuple[SignedReason, ...] = (),
        occurred: datetime | None = None,
    ) -> Answer:
        current = self.vein(treatment).batches.by_id.get(batch)
        containers = current.containers if current is not None else ()
        return batch_actions.start_step(
            self.ledger,
            self.command("o1", occurred=occurred),
            treatment=treatment,
            batch=batch,
            step=step,
            scanned=containers if scanned is None else scanned,
            operators=operators,
            equipment=EQUIPMENT.get(step, ()) if equipment is None else equipment,
            materials=(MEDIUM if step == "activate" else ()) if materials is None else materials,
            reasons=reasons,
        )

    def complete(
        self,
        batch: str,
        step: str,
        *,
        treatment: str = "T1",
        by: str = "o1",
        verifier: str = "o2",
        entries: Mapping[str, Recorded] | None = None,
        filled: tuple[Filling, ...] = (),
        occurred: datetime | None = None,
    ) -> Answer:
        return batch_actions.complete_step(
            self.ledger,
            self.command(by, occurred=occurred),
            treatment=treatment,
            batch=batch,
            step=step,
            entries={**ENTRIES.get(step, {}), **(entries or {})},
            filled=filled,
            verifier=verifier,
        )

    def filling(self, treatment: str, container: str, layout: str, carrier: Carrier) -> Filling:
        """A newly labelled container and what is in it."""
        self.label(treatment, container, layout, carrier)
        return Filling(container, quantity(50, "mL"), quantity(400, "10*6"))

    def done(self, batch: str, *steps: str, treatment: str = "T1") -> None:
        """Take the batch through these steps, one hour each, nothing out of the ordinary."""
        for step in steps:
            if step == "fill":
                self.clear(treatment, self.vein(treatment).batches.by_id[batch].suite, batch)
            accepted(self.start(batch, step, treatment=treatment))
            self.now += timedelta(hours=1)
            filled: tuple[Filling, ...] = ()
            if step == "activate":
                filled = (self.filling(treatment, f"K-{treatment}", "in_process", "container"),)
            if step == "fill":
                filled = tuple(self.filling(treatment, f"F{n}-{treatment}", "final_bag", "final_bag") for n in (1, 2))
            accepted(self.complete(batch, step, treatment=treatment, filled=filled))


def accepted(answer: Answer) -> Done:
    assert isinstance(answer, Done), str(answer)
    return answer


def refused(answer: Answer, code: str) -> Refusal:
    """The refusal, which has the code and says in both languages what to do next."""
    assert isinstance(answer, Refusal), f"not refused: {answer}"
    assert answer.code == code, str(answer)
    assert answer.en.endswith(".")
    assert answer.zh.endswith("。")
    return answer
