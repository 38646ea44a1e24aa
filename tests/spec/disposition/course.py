"""A treatment with a small recipe, brought by facts to the end of manufacture, and its people at work through the actions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.spec.harness import ledger_on_postgres

from yimai.actions import disposition, infusion, sample
from yimai.actions.decision import Answer, Done
from yimai.actions.request import command
from yimai.domain import vein
from yimai.domain.approval import RecipeApproved
from yimai.domain.batch import BatchCompleted, BatchOpened, ContainerFilled, StepStarted
from yimai.domain.custody import ContainerReceived, ContainerTakenInCharge
from yimai.domain.deviation import Conclusion, DeviationClosed, DeviationOpened
from yimai.domain.fact import Fact, Quantity, Signature, draft
from yimai.domain.identity import IdentityMatchRefused
from yimai.domain.label import Carrier, LabelIssued, LabelUsed
from yimai.domain.permit import PermitIssued
from yimai.domain.person import PersonRegistered, Role
from yimai.domain.refusal import Refusal
from yimai.domain.shipment import ShipmentPacked, TemperatureReported
from yimai.domain.treatment import ConsentRecorded, MarkersReported, TreatmentAccepted, TreatmentOrdered
from yimai.ledger.entry import Deposit, Entry
from yimai.ledger.ledger import Ledger
from yimai.ledger.memory import MemoryLedger

BASE, HOSPITAL, OTHER_HOSPITAL = "lingang", "huashan", "ruijin"
SHANGHAI = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 5, 4, 8, tzinfo=SHANGHAI)
PEOPLE: Final[dict[str, tuple[str, Role]]] = {
    "operator-1": (BASE, "operator"),
    "operator-2": (BASE, "operator"),
    "analyst-1": (BASE, "qc_analyst"),
    "analyst-2": (BASE, "qc_analyst"),
    "qa-1": (BASE, "qa"),
    "qa-2": (BASE, "qa"),
    "qp-1": (BASE, "qualified_person"),
    "qp-2": (BASE, "qualified_person"),
    "administrator": (BASE, "administrator"),
    "nurse-1": (HOSPITAL, "nurse"),
    "nurse-2": (HOSPITAL, "nurse"),
    "physician": (HOSPITAL, "physician"),
    "coordinator": (HOSPITAL, "coordinator"),
    "other-nurse": (OTHER_HOSPITAL, "nurse"),
    "other-physician": (OTHER_HOSPITAL, "physician"),
}
LEDGER: Final = "01980000-0000-7000-8000-000000000011"
SOURCE = {"source": "this test"}


def words(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def fixed(span: str) -> dict[str, Any]:
    return {"median": span, **SOURCE}


def a_step(name: str, *after: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": words(name),
        "room_class": "C",
        "operators": {"culture": 1},
        "duration": fixed("1 h"),
        "after": list(after),
        **fields,
    }


def a_test(name: str, stage: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": words(name),
        "method": name,
        "type": "quantity",
        "stage": stage,
        "duration": fixed("1 d"),
        **SOURCE,
        **fields,
    }


def a_choice(name: str, stage: str, good: str, bad: str, **fields: Any) -> dict[str, Any]:
    return a_test(name, stage, type="choice", choices=[good, bad], accepted=[good], **fields)


RECIPE: dict[str, Any] = {
    "recipe": "small",
    "version": "1",
    "title": words("A small recipe"),
    "legal_track": "drug",
    "retention": {"time": "30 a", **SOURCE},
    "indications": {"lbcl": words("lymphoma")},
    "markers": {"hiv": words("HIV")},
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
    "qualifications": {"culture": words("culture")},
    "equipment_classes": {},
    "materials": {},
    "labels": [
        {"id": name, "title": words(name), "carrier": name} for name in ("wristband", "sample", "final_bag", "shipper")
    ],
    "operations": [
        {
            "id": "all",
            "title": words("All"),
            "steps": [
                a_step("receive", samples=["reference"]),
                a_step("culture", "receive", samples=["day_5"]),
                a_step("harvest", "culture", samples=["harvest"]),
                a_step("fill", "harvest", samples=["identity"], produces="final_bag"),
            ],
        }
    ],
    "samples": [
        {"id": "reference", "title": words("reference"), "label": "sample", "tests": ["reference"]},
        {"id": "day_5", "title": words("day 5"), "label": "sample", "tests": ["car_day_5"]},
        {
            "id": "harvest",
            "title": words("harvest"),
            "label": "sample",
            "tests": ["viability", "ifn_gamma", "rapid_sterility", "sterility", "vcn"],
        },
        {"id": "identity", "title": words("identity"), "label": "sample", "tests": ["identity"]},
    ],
    "tests": [
        a_choice("reference", "in_process", "established", "not_established"),
        a_test("car_day_5", "in_process", unit="%", limits={"low": "5", "high": "100"}),
        a_test("viability", "conditional", unit="%", limits={"low": "80", "high": "100"}),
        a_test("ifn_gamma", "conditional", unit="pg/mL", limits={"above": "50"}),
        a_choice("rapid_sterility", "conditional", "negative", "positive"),
        a_choice(
            "sterility", "final", "negative", "positive", duration=fixed("14 d"), least={"time": "14 d", **SOURCE}
        ),
        a_test("vcn", "final", unit="{copies}/{cell}", limits={"low": "0", "below": "5"}),
        a_choice("identity", "conditional", "match", "no_match", identity=True),
    ],
}
PLANS: Final = {"reference": "receive", "day_5": "culture", "harvest": "harvest", "identity": "fill"}
"""Each sample of the plan and the step that takes it."""
EARLY: Final[dict[str, tuple[str, str, str]]] = {
    "reference": ("reference", "established", ""),
    "viability": ("harvest", "92.5", "%"),
    "ifn_gamma": ("harvest", "900", "pg/mL"),
    "rapid_sterility": ("harvest", "negative", ""),
    "identity": ("identity", "match", ""),
}
"""The tests before conditional release: sample, good value, unit."""
LATE: Final[dict[str, tuple[str, str, str]]] = {
    "sterility": ("harvest", "negative", ""),
    "vcn": ("harvest", "2.2", "{copies}/{cell}"),
}


def in_memory(course: Course) -> Ledger:
    ledger = MemoryLedger(ledger_id="test", clock=course.clock, chance=course.chance.randbytes)
    course.kept = ledger.deposits
    return ledger


@contextmanager
def course_on_postgres(url: str) -> Iterator[Course]:
    """A course on a database that is migrated and holds no ledger yet; afterwards its ledger verifies."""
    with ExitStack() as stack:

        def opened(course: Course) -> Ledger:
            return stack.enter_context(ledger_on_postgres(url, course.clock, course.chance, course.kept))

        yield Course(opened)


class Course:
    """Treatment T1 of Huashan hospital, made at Lingang; further ones as they are asked for.

    The items of treatment T are wristband ``W-T``, batch ``B-T``, samples ``S-harvest-T`` …, bags ``F1-T`` and ``F2-T``.
    """

    def __init__(self, opened: Callable[[Course], Ledger] | None = None) -> None:
        """opened: what opens the ledger, with this course's clock; None means a new one in memory."""
        self.now = BEGIN
        self.chance = Random(11)
        self.kept: list[Deposit] = []
        self.ledger = opened(self) if opened is not None else in_memory(self)
        self._count = 0
        self.given(RecipeApproved("small", "1", RECIPE, self.signature("qp-1")))
        for person, (site, role) in PEOPLE.items():
            self.given(PersonRegistered(person, site, (role,), ""))

    def clock(self) -> datetime:
        return self.now.astimezone(UTC)

    def signature(self, person: str) -> Signature:
        return Signature(person, "", "performed", self.now)

    def given(self, *facts: Fact) -> None:
        """Put facts on record as they are, without asking a rule."""
        drafts = [draft(fact, self.now) for fact in facts]
        reading = self.ledger.about(*{subject for each in drafts for subject in each.subjects})
        self._count += 1
        self.ledger.append(
            drafts,
            command=command("given", {}, id=f"c{self._count}", actor="history", site=BASE, secret=bytes(32)),
            after=reading,
        )

    def does(
        self, action: Callable[..., Answer], actor: str, *, at: datetime | None = None, **arguments: Any
    ) -> Answer:
        """Let a person do something to treatment T1 (unless told otherwise). at: when it happened, if not now."""
        self._count += 1
        site = PEOPLE[actor][0]
        asked = command(
            action.__name__, {}, id=f"c{self._count}", actor=actor, site=site, secret=bytes(32), occurred=at
        )
        return action(self.ledger, asked, **{"treatment": "T1", **arguments})

    def entries(self, treatment: str = "T1") -> tuple[Entry, ...]:
        name = f"treatment/{treatment}"
        return self.ledger.about(name).entries[name]

    def vein(self, treatment: str = "T1") -> vein.Vein:
        return vein.vein_of(self.entries(treatment))

    def state(self, treatment: str = "T1") -> str:
        """The disposition of the treatment's batch."""
        return self.vein(treatment).disposition.of(f"B-{treatment}").state

    def refused_matches(self, treatment: str = "T1") -> list[str]:
        """The codes of the identity matches that the ledger holds as refused."""
        found = [entry for entry in self.entries(treatment) if entry.kind == IdentityMatchRefused.kind]
        return [str(entry.data["code"]) for entry in found]

    def label(self, treatment: str, item: str, carrier: Carrier, *, used: bool = True) -> None:
        self.given(LabelIssued(treatment, item, carrier, carrier, 1, "", self.signature("operator-1")))
        if used:
            self.given(LabelUsed(treatment, item, 1, self.signature("operator-1"), self.signature("operator-2")))

    def opened(self, treatment: str = "T1", *, begun: tuple[str, ...] = tuple(PLANS.values())) -> Course:
        """A batch of the treatment is in manufacture; the steps have begun (all, unless named), no sample is taken."""
        physician, operator = self.signature("physician"), self.signature("operator-1")
        self.given(
            TreatmentOrdered(treatment, HOSPITAL, BASE, "small", "lbcl", "routine", "", physician),
            ConsentRecorded(treatment, "", physician),
            MarkersReported(treatment, {"hiv": "negative"}, self.now.date(), physician),
            TreatmentAccepted(treatment, self.signature("qa-1")),
        )
        self.label(treatment, f"W-{treatment}", "wristband")
        for plan in PLANS:
            self.label(treatment, f"S-{plan}-{treatment}", "sample")
        batch, bag = f"B-{treatment}", f"bag-{treatment}"
        self.given(BatchOpened(treatment, batch, "small", "1", "", "s1", bag, operator))
        for step in begun:
            crew = ("operator-1", "operator-2")
            self.given(StepStarted(treatment, batch, step, 1, (bag,), crew, (), (), operator))
        return self

    def made(self, treatment: str = "T1", *, completed: bool = True) -> Course:
        """The batch is made: its samples are taken, its two bags filled."""
        self.opened(treatment)
        for plan, step in PLANS.items():
            accepted(self.takes(plan, step, treatment=treatment))
        for bag in (f"F1-{treatment}", f"F2-{treatment}"):
            self.label(treatment, bag, "final_bag")
            volume, cells = Quantity(Decimal(50), "mL"), Quantity(Decimal(200), "10*6")
            self.given(
                ContainerFilled(treatment, bag, f"B-{treatment}", "fill", "final_bag", volume, cells),
                ContainerTakenInCharge(treatment, bag, "operator-1", BASE),
            )
        if completed:
            self.given(BatchCompleted(treatment, f"B-{treatment}", self.signature("operator-1")))
        return self

    def takes(self, plan: str, step: str, *, sample_id: str = "", treatment: str = "T1") -> Answer:
        tube = sample_id or f"S-{plan}-{treatment}"
        batch = f"B-{treatment}"
        return self.does(sample.take, "operator-1", treatment=treatment, batch=batch, sample=tube, plan=plan, step=step)

    def records(
        self, test: str, value: str = "", *, by: str = "analyst-1", treatment: str = "T1", **changes: str
    ) -> Answer:
        """An analyst records a result of the test's own sample: its good value, when that counts, or another."""
        plan, good, unit = {**EARLY, **LATE, "car_day_5": ("day_5", "17", "%")}[test]
        arguments: dict[str, Any] = {
            "sample": f"S-{plan}-{treatment}",
            "test": test,
            "value": value or good,
            "unit": unit,
            **changes,
        }
        if "sample" not in changes:
            self.receives(arguments["sample"], treatment=treatment)
        taken = self.vein(treatment).samples.by_id.get(arguments["sample"])
        least = 14 if test == "sterility" and arguments["value"] == good else 0
        self.now = max(self.now, taken.taken + timedelta(days=least)) if taken is not None else self.now
        return self.does(sample.record_result, by, treatment=treatment, **arguments)

    def receives(self, tube: str, condition: str = "good", *, by: str = "analyst-1", treatment: str = "T1") -> Answer:
        """An analyst takes the sample over."""
        return self.does(sample.receive, by, treatment=treatment, sample=tube, condition=condition)

    def verifies(self, test: str, *, by: str = "analyst-2", treatment: str = "T1") -> Answer:
        plan = {**EARLY, **LATE, "car_day_5": ("day_5", "", "")}[test][0]
        return self.does(sample.verify_result, by, treatment=treatment, sample=f"S-{plan}-{treatment}", test=test)

    def tested(
        self, values: Mapping[str, str] | None = None, *, late: bool = False, without: str = "", treatment: str = "T1"
    ) -> Course:
        """The early tests (and the late ones) are recorded and verified, good unless ``values`` says otherwise."""
        for test in {**EARLY, **(LATE if late else {})}:
            if test != without:
                accepted(self.records(test, (values or {}).get(test, ""), treatment=treatment))
                accepted(self.verifies(test, treatment=treatment))
        return self

    def tested_late(self, treatment: str = "T1") -> Course:
        """The late tests are recorded and verified, all good."""
        for test in LATE:
            accepted(self.records(test, treatment=treatment))
            accepted(self.verifies(test, treatment=treatment))
        return self

    def reviewed(self, treatment: str = "T1") -> Course:
        accepted(self.does(disposition.review, "qa-1", treatment=treatment, batch=f"B-{treatment}"))
        return self

    def decides(self, action: Callable[..., Answer], by: str = "qp-1", *, treatment: str = "T1", **more: Any) -> Answer:
        return self.does(action, by, treatment=treatment, batch=f"B-{treatment}", **more)

    def released(self, treatment: str = "T1", *, late: bool = False) -> Course:
        """Made, tested, reviewed and released: conditionally, or on every result."""
        self.made(treatment).tested(late=late, treatment=treatment).reviewed(treatment)
        release = disposition.release if late else disposition.release_conditionally
        accepted(self.decides(release, treatment=treatment))
        return self

    def deviates(self, deviation: str = "D1") -> Course:
        """Somebody reports a deviation of T1's batch."""
        self.given(
            DeviationOpened(
                treatment="T1",
                deviation=deviation,
                batch="B-T1",
                step="culture",
                entry="",
                cause="reported",
                value="",
                limits="",
                classification="minor",
                reason="",
                note="",
                raised=self.signature("operator-1"),
            )
        )
        return self

    def concludes(self, conclusion: Conclusion, deviation: str = "D1") -> Course:
        """QA closes the deviation."""
        qa = self.signature("qa-2")
        self.given(DeviationClosed("T1", deviation, conclusion, "investigation", qa, None))
        return self

    def delivered(self, treatment: str = "T1", *, reported: bool = True, received: bool = True) -> Course:
        """Both bags have come to the hospital in one shipper."""
        box, bags = f"X-{treatment}", (f"F1-{treatment}", f"F2-{treatment}")
        sign = self.signature("nurse-1")
        self.given(ShipmentPacked(treatment, box, bags, BASE, HOSPITAL, None, Decimal(-130), None, sign))
        if reported:
            self.given(TemperatureReported(treatment, box, "L1", 9, Decimal(-180), Decimal(-160), "", sign))
        for bag in bags if received else ():
            self.given(ContainerReceived(treatment, bag, box, HOSPITAL, True, False, sign, self.signature("nurse-2")))
        return self

    def permitted(self, *bags: str, treatment: str = "T1") -> str:
        """Issue a permit for the bags (both, if none is named) and return it."""
        containers = bags or (f"F1-{treatment}", f"F2-{treatment}")
        done = accepted(self.decides(infusion.issue_permit, treatment=treatment, containers=containers))
        fact = done.facts[0]
        assert isinstance(fact, PermitIssued)
        return fact.permit

    def lymphodepleted(self, treatment: str = "T1", *, days: int = 3) -> Course:
        """Availability is confirmed, lymphodepletion begins, and days pass."""
        batch = f"B-{treatment}"
        accepted(self.does(infusion.confirm_availability, "coordinator", treatment=treatment, batch=batch))
        accepted(self.does(infusion.start_lymphodepletion, "physician", treatment=treatment))
        self.now += timedelta(days=days)
        return self

    def at_bedside(self, treatment: str = "T1") -> str:
        """Released, delivered, lymphodepleted, permitted; nothing thawed or matched yet. Return the permit."""
        self.released(treatment).delivered(treatment).lymphodepleted(treatment)
        return self.permitted(treatment=treatment)

    def thaws(self, permit: str, bag: str = "F1-T1", **more: Any) -> Answer:
        return self.does(infusion.thaw, "nurse-1", permit=permit, container=bag, **more)

    def matches(self, permit: str, bag: str = "F1-T1", **changes: Any) -> Answer:
        arguments: dict[str, Any] = {"wristband": "W-T1", "order": "T1", "verifier": "nurse-2", **changes}
        return self.does(infusion.match_bedside, "nurse-1", permit=permit, container=bag, **arguments)

    def starts(self, permit: str, bag: str = "F1-T1", **changes: Any) -> Answer:
        arguments: dict[str, Any] = {"verifier": "nurse-2", **changes}
        return self.does(infusion.start, "nurse-1", permit=permit, container=bag, **arguments)

    def infused(self) -> str:
        """T1's first bag has been infused; return the permit."""
        permit = self.at_bedside()
        accepted(self.thaws(permit))
        accepted(self.matches(permit))
        accepted(self.starts(permit))
        accepted(self.does(infusion.finish, "nurse-1", container="F1-T1"))
        return permit


def accepted(answer: Answer) -> Done:
    assert isinstance(answer, Done), str(answer)
    return answer


def kinds(answer: Answer) -> list[str]:
    """The kinds of the facts that the answer wrote."""
    return [fact.kind for fact in accepted(answer).facts]


def refused(answer: Answer, code: str) -> Refusal:
    """The refusal, which has the code and says in both languages what to do next."""
    assert isinstance(answer, Refusal), f"not refused: {answer}"
    assert answer.code == code, str(answer)
    assert answer.en.endswith((".", "!"))
    assert answer.zh.endswith("。")
    return answer
