"""The homes of the laboratory and of quality assurance: exceptions first, then what can be decided, then what waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import psycopg
from django.http import HttpRequest, HttpResponse

from yimai.domain.person import Role
from yimai.domain.recipe import Words
from yimai.interfaces.web import home_office, page
from yimai.interfaces.web.forms.material_lot import recipes, titles
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.to_do import ToDo, beginnings, own_roles, to_do
from yimai.projections import equipment_board, label_board, material_board, treatment_board, worklist
from yimai.projections.equipment_board import EquipmentRow
from yimai.projections.material_board import LotRow
from yimai.projections.register import PersonRow

QUALITY: Final[tuple[Role, ...]] = ("qa", "qualified_person")
EXCEPTIONS: Final = ("deviation.assess", "deviation.close", "custody.assess_excursion")
DECISIONS: Final = ("disposition.", "oos_supply.")
SOON: Final = timedelta(days=30)
"""Lots and calibrations that end within this time are shown."""
STRAY: Final = timedelta(hours=4)
"""A label that was printed this long ago should be on its item or destroyed."""
MOST: Final = 600
SHOWN: Final = 40

BEGINNINGS: Final = (
    "deviation.report",
    "suite.take_out",
    "suite.put_back",
    "equipment.take_out",
    "material_lot.receive",
    "approval.approve_recipe",
    "approval.approve_base",
)


@dataclass(frozen=True, slots=True)
class Tube:
    """A sample with what is to be done on it. due: of the first that runs out."""

    sample: str
    treatment: str
    urgent: bool
    tasks: tuple[ToDo, ...]
    due: datetime | None
    pressing: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A batch with what is to be decided on it. ready: the reader can decide something now."""

    batch: str
    treatment: str
    urgent: bool
    tasks: tuple[ToDo, ...]
    since: datetime

    @property
    def ready(self) -> bool:
        return any(each.ready for each in self.tasks)

    @property
    def first(self) -> ToDo:
        """Whose clock runs out first."""
        return min(self.tasks, key=_due)


def laboratory(request: HttpRequest, cursor: psycopg.Cursor[Any], who: PersonRow) -> HttpResponse:
    """An analyst's home: results that are due by their clocks, those that wait for a second analyst, then cultures that incubate."""
    now = page.now()
    tasks = to_do(worklist.for_site(cursor, who.site, ("qc_analyst",), now, most=MOST), who, now, request.path)
    checks = [each for each in tasks if each.task.verb == "sample.verify_result"]
    results = [each for each in tasks if each.task.verb == "sample.record_result"]
    incubating = [each for each in results if each.task.counts is not None and now < each.task.counts]
    wanted = list(tubes(each for each in results if each not in incubating))
    context = {
        "site": who.site,
        "watch": [f"site/{who.site}"],
        "arrivals": [each for each in tasks if each.task.verb == "sample.receive"][:SHOWN],
        "tubes": wanted[:SHOWN],
        "samples": len(wanted),
        "more": max(0, len(wanted) - SHOWN),
        "results": len(results) - len(incubating),
        "incubating": sorted(incubating, key=_counts)[:SHOWN],
        "incubating_more": max(0, len(incubating) - SHOWN),
        "checks": sorted(checks, key=lambda each: not each.ready),
        "ready_checks": sum(each.ready for each in checks),
        "others": [each for each in tasks if each.task.verb == "sample.take"],
        "classes": classes(Situation(who, cursor, {}, now)),
        "instruments": attention(equipment_board.at(cursor, who.site), now.date()),
        "beginnings": beginnings(("deviation.report", "equipment.take_out"), who),
        "today": now.date(),
    }
    return page.show(request, cursor, "home_laboratory", context)


def tubes(tasks: Iterable[ToDo]) -> Iterator[Tube]:
    """The tasks by the sample on which they are done, the sample whose clock runs out first at the head."""
    found: dict[str, list[ToDo]] = {}
    for each in tasks:
        found.setdefault(each.task.arguments["sample"], []).append(each)
    for sample, own in found.items():
        first = own[0]
        pressing = next((each.pressing for each in own if each.pressing), "")
        yield Tube(sample, first.task.treatment, first.task.urgency == "urgent", tuple(own), first.task.due, pressing)


def quality(request: HttpRequest, cursor: psycopg.Cursor[Any], who: PersonRow, roles: tuple[Role, ...]) -> HttpResponse:
    """QA's and the qualified person's home."""
    now = page.now()
    tasks = to_do(worklist.for_site(cursor, who.site, QUALITY, now, most=MOST), who, now, request.path)
    raised = [each for each in tasks if each.task.verb in EXCEPTIONS]
    decided = list(decisions(each for each in tasks if each.task.verb.startswith(DECISIONS)))
    others = [
        each
        for each in tasks
        if each.task.verb not in EXCEPTIONS
        and not each.task.verb.startswith(DECISIONS)
        and "operator" not in each.task.roles
    ]
    strays = [
        each for each in label_board.missing(cursor, who.site) if each.site == who.site and each.issued <= now - STRAY
    ]
    situation = Situation(who, cursor, {}, now)
    context = {
        "site": who.site,
        "watch": [f"site/{who.site}"],
        "roles": own_roles(who),
        "role": roles[0] if len(roles) == 1 and len(who.roles) > 1 else "",
        "revoked": treatment_board.revoked(cursor, who.site),
        "raised": sorted(raised, key=lambda each: (not each.ready, _due(each), each.task.since))[:SHOWN],
        "raised_more": max(0, len(raised) - SHOWN),
        "ready": [each for each in decided if each.ready],
        "waiting": [each for each in decided if not each.ready][:SHOWN],
        "strays": strays[:SHOWN],
        "strays_more": max(0, len(strays) - SHOWN),
        "others": [each for each in others if each.ready][:SHOWN],
        "lots": lots(material_board.at(cursor, who.site), now.date()),
        "materials": titles(situation),
        "classes": classes(situation),
        "instruments": attention(equipment_board.at(cursor, who.site), now.date()),
        "today": now.date(),
        "beginnings": beginnings(BEGINNINGS, who),
        "places": home_office.places(who, roles),
    }
    return page.show(request, cursor, "home_quality", context)


def decisions(tasks: Iterable[ToDo]) -> Iterator[Decision]:
    """The tasks by their batch: the urgent first, then as their clocks run out."""
    found: dict[str, list[ToDo]] = {}
    for each in tasks:
        found.setdefault(each.task.arguments["batch"], []).append(each)
    lines = [
        Decision(batch, own[0].task.treatment, own[0].task.urgency == "urgent", tuple(own), own[0].task.since)
        for batch, own in found.items()
    ]
    yield from sorted(lines, key=lambda each: (not each.urgent, _due(each.first), each.since))


def _due(each: ToDo) -> datetime:
    """When its clock runs out; what has none comes last."""
    return each.task.due or datetime.max.replace(tzinfo=UTC)


def _counts(each: ToDo) -> datetime:
    """From when on its conforming result counts."""
    return each.task.counts or datetime.min.replace(tzinfo=UTC)


def lots(rows: Iterable[LotRow], today: date) -> list[LotRow]:
    """The lots that deserve a look: in quarantine, expired, or about to expire."""
    return [each for each in rows if each.state == "received" or each.expires <= today + SOON]


def classes(situation: Situation) -> dict[str, Words]:
    """What the recipes call each class of equipment."""
    return {code: title for recipe in recipes(situation) for code, title in recipe.equipment_classes}


def attention(rows: Iterable[EquipmentRow], today: date) -> list[EquipmentRow]:
    """What is out of use, was never calibrated, or whose calibration ends soon."""
    return [each for each in rows if each.out or each.valid_until is None or each.valid_until <= today + SOON]
