"""Which pages ``yimai bench web`` asks for: every address that people read, each by somebody whose page it is."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import psycopg

from yimai.wiring import house

TRIED: Final = 20
"""Times as many addresses as are asked for: not every batch has a certificate."""
HOMES: Final[Mapping[str, str]] = {
    "coordinator": "hospital coordinator",
    "nurse": "nurse",
    "physician": "physician",
    "courier": "courier",
    "operator": "operator",
    "second_person": "second person",
    "qc_analyst": "QC analyst",
    "qa": "QA",
    "qualified_person": "qualified person",
    "scheduler": "scheduler",
    "planner": "planner",
    "inspector": "inspector",
    "administrator": "administrator",
}
"""Every role, and how it stands in the table."""
FLOOR: Final = "floor: health"
"""The least that an answer costs on this machine at this hour: Django, the session and the database, and no page."""
ABOUT_EVERYTHING: Final[Mapping[str, str]] = {
    "today": "qa",
    "suites": "scheduler",
    "timetable": "scheduler",
    "repair": "scheduler",
    "calibration": "qa",
    "what_if": "planner",
    "roadmap": "planner",
    "people": "administrator",
    "sites": "inspector",
    "equipment": "administrator",
    "ledger": "inspector",
    "register": "planner",
    "programme": "planner",
    "programme_print": "planner",
}
"""Pages about everything, each with its reader's role."""
ABOUT_ONE: Final[Mapping[str, tuple[str, str]]] = {
    "treatment": ("treatment", "qa"),
    "treatment_vein": ("treatment", "qa"),
    "treatment_facts": ("treatment", "inspector"),
    "allocation": ("manufactured", "scheduler"),
    "expectation": ("manufactured", "qa"),
    "batch": ("batch", "operator"),
    "disposition": ("batch", "qa"),
    "certificate": ("batch", "qa"),
    "deviation": ("deviation", "qa"),
    "sample": ("sample", "qc_analyst"),
    "lot": ("material_lot", "qa"),
    "plan": ("plan", "planner"),
}
"""Pages about one thing: of which noun, and its reader's role; manufactured: treatments that have a slot and a batch."""
NUMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    "target_number": {"target": "cell_industry_scale-1"},
    "measure_number": {"measure": "patients_treated@1"},
}
"""Pages of a number, and which number."""
FIRST_STEP: Final = "receive"
"""Of the demonstration's recipe."""
FORMS: Final[Mapping[str, str]] = {
    "treatment.hold": "qa",
    "slot.reserve": "coordinator",
    "batch.start_step": "operator",
    "deviation.report": "qa",
}
"""Forms about a treatment, with offers of slots, about a step of a batch record, about anything."""


@dataclass(frozen=True)
class Page:
    """name: in the table. person: who reads. paths: what to ask, one after another, until enough have answered."""

    name: str
    person: str
    paths: tuple[str, ...]


def people(database: house.Database) -> dict[str, str]:
    """One person of each role."""
    with psycopg.connect(database.owner_url) as connection:
        rows = connection.execute("SELECT person, roles FROM projection.person ORDER BY person DESC").fetchall()
    return {role: person for person, roles in rows for role in roles}


def accepted(database: house.Database, person: str) -> list[str]:
    """Treatments of the person's hospital or base that wait for a slot."""
    with psycopg.connect(database.owner_url) as connection:
        rows = connection.execute(
            "SELECT treatment FROM projection.treatment_board JOIN projection.person ON site IN (hospital, base)"
            " WHERE stage = 'accepted' AND person = %s ORDER BY treatment",
            (person,),
        ).fetchall()
    return [treatment for (treatment,) in rows]


def pages(
    database: house.Database, treatments: Sequence[str], readers: Mapping[str, str], requests: int
) -> Iterator[Page]:
    """Each page with more addresses than are asked for, about things chosen at random, in both languages by turns; the floor first."""
    chance = random.Random(2)
    things, facts, made = _known(database, readers["coordinator"])
    things |= {"treatment": list(treatments), "manufactured": [treatment for treatment, _ in made]}
    times = range(requests * TRIED)

    def page(title: str, role: str, asked: Sequence[Asked]) -> Page:
        return Page(title, readers[role], tuple(_path(number, each) for number, each in enumerate(asked)))

    def some(noun: str) -> list[str]:
        return [chance.choice(things[noun]) for _ in times]

    yield page(FLOOR, "qa", [Asked("health")] * len(times))
    for role, words in HOMES.items():
        yield page(f"home: {words}", role, [Asked("home_of", {"role": role})] * len(times))
    for name, role in ABOUT_EVERYTHING.items():
        yield page(name.replace("_", " "), role, [Asked(name)] * len(times))
    for name, (noun, role) in ABOUT_ONE.items():
        if things.get(noun):
            yield page(name.replace("_", " "), role, [Asked(name, {"identifier": each}) for each in some(noun)])
    for verb, role in FORMS.items():
        step = {"step": FIRST_STEP} if verb.startswith("batch.") else {}
        noun = "waiting" if verb == "slot.reserve" else "treatment"
        about = [chance.choice(made) for _ in times] if step else [(each, "") for each in some(noun)]
        given = [{"treatment": treatment, "batch": batch, **step} for treatment, batch in about]
        yield page(f"form: {verb}", role, [Asked("act", {"verb": verb}, each) for each in given])
    yield page("fact", "qa", [Asked("fact", {"digest": chance.choice(facts)}) for _ in times])
    yield page("trace", "inspector", [Asked("about", {"noun": "batch", "identifier": each}) for each in some("batch")])
    yield page("search", "qa", [Asked("search", {}, {"q": each}) for each in some("treatment")])
    yield page("scan", "qa", [Asked("scan", {}, {"code": each}) for each in some("treatment")])
    for name, arguments in NUMBERS.items():
        yield page(name.replace("_", " "), "planner", [Asked(name, arguments)] * len(times))


@dataclass(frozen=True)
class Asked:
    """A page by its address's name. given: what stands behind the question mark."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)


def _path(number: int, asked: Asked) -> str:
    from django.urls import reverse
    from django.utils.translation import override

    with override(("zh-hans", "en")[number % 2]):
        path = reverse(asked.name, kwargs=dict(asked.arguments))
    return path + (f"?{urlencode(asked.given)}" if asked.given else "")


def _known(database: house.Database, coordinator: str) -> tuple[dict[str, list[str]], list[str], list[tuple[str, str]]]:
    """Identifiers by noun, hashes of facts, and treatments that have a batch, with it. waiting: for a slot, at the coordinator's hospital."""
    things: dict[str, list[str]] = {}
    with psycopg.connect(database.owner_url) as connection:
        for (mention,) in connection.execute("SELECT DISTINCT mention FROM projection.mention ORDER BY mention"):
            noun, _, identifier = mention.partition("/")
            things.setdefault(noun, []).append(identifier)
        hashes = connection.execute("SELECT hash FROM projection.fact ORDER BY hash LIMIT 500").fetchall()
        made = connection.execute("SELECT DISTINCT treatment, batch FROM projection.vein WHERE batch <> ''").fetchall()
    things["waiting"] = accepted(database, coordinator)
    return things, [row[0].hex() for row in hashes], sorted(made)
