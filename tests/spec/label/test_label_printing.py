"""Printing: who issued a copy prints it, for some minutes; all others look at it, and nobody sees too much."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client
from tests.labels.reading_back import codes, opened, page, text_of
from tests.projections.following import screen_pool
from tests.signing_in import accounts_on, signed_in
from tests.spec.harness import WRAPPING_KEY, SpecPlant, clone, founded_template, plant_on_postgres, then_facts
from tests.windows import opened_window

from yimai.actions import request, treatment
from yimai.actions.decision import decide
from yimai.domain.fact import subject
from yimai.domain.label import PRINTING
from yimai.domain.label_code import label_code
from yimai.domain.refusals import REFUSALS
from yimai.domain.site import SiteRegistered
from yimai.interfaces.labels import window
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import window as web_window
from yimai.ledger.entry import Entry
from yimai.projections import label_board
from yimai.projections.register import PersonRow
from yimai.store.vault import VaultProblem
from yimai.wiring.embedded_database import EmbeddedDatabase

LATER = timedelta(seconds=1)


@dataclass(frozen=True)
class Door:
    """A treatment whose bag's label was just issued by the nurse, and where its label is found."""

    plant: SpecPlant
    journey: Journey
    nurse: str

    def get(self, person: str, ending: str, item: str = "", copy: int = 1) -> Any:
        client = signed_in(Client(SERVER_NAME="localhost"), person)
        return client.get(f"/labels/{item or self.journey.bag}/{copy}{ending}")


@pytest.fixture
def door(postgres: EmbeddedDatabase) -> Iterator[Door]:
    with (
        clone(postgres, founded_template(postgres)) as url,
        plant_on_postgres(url) as plant,
        accounts_on(url),
        screen_pool(url) as screen,
        opened_window(screen, lambda: plant.clock(), WRAPPING_KEY),
    ):
        journey = plant.treatment("printed")
        window.open(window.Window(web_window.reading, patient_of, web_window.now))
        (issued,) = issues(plant, journey, item=journey.bag)
        yield Door(plant, journey, issued.actor)


def patient_of(cursor: psycopg.Cursor[Any], treatment: str) -> bytes | None:
    try:
        return web_window.vault_of(cursor).read(treatment, "patient")
    except VaultProblem:
        return None


def issues(plant: SpecPlant, journey: Journey, **fields: str) -> list[Entry]:
    return [
        each
        for each in plant.entries("treatment", journey.treatment)
        if each.kind == "label.issued.v1" and fields.items() <= each.data.items()
    ]


@pytest.mark.requirement(
    "LBL-017",
    "Who issued a copy prints it, within minutes; everybody else only looks at it, without its code.",
)
def test_who_issued_it_prints_it(door: Door) -> None:
    code = [label_code(door.journey.bag, 1)]
    paper = door.get(door.nurse, ".pdf")
    assert (paper.status_code, paper["Content-Type"]) == (200, "application/pdf")
    assert codes(page(paper.content, 203)) == code
    assert codes(opened(door.get(door.nurse, ".png").content)) == code
    assert [door.get(door.nurse, f"-{dpi}.zpl").content[:3] for dpi in (203, 300)] == [b"^XA", b"^XA"]
    assert door.get(door.nurse, "-600.zpl").status_code == 404


def then_not_printed(response: Any, code: str) -> str:
    """The English of the refusal that the door answered in both languages."""
    zh, en = response.content.decode().splitlines()
    assert response.status_code == 409
    for told, form in ((zh, REFUSALS[code].zh), (en, REFUSALS[code].en)):
        assert re.fullmatch(".*".join(map(re.escape, re.split(r"\{[a-z]+\}", form))), told), (told, form)
    return str(en)


def test_nobody_else_prints_it_but_they_may_look(door: Door) -> None:
    other = door.plant.crew.pick(door.plant.clock(), door.journey.hospital, "nurse", without=(door.nurse,))
    refused = door.get(other, ".pdf")
    assert door.nurse in then_not_printed(refused, "label.issued_by_another")
    assert codes(opened(door.get(other, ".png").content)) == []


@pytest.mark.requirement("LBL-018", "A copy is printed once; another piece of paper is another copy with its reason.")
def test_a_copy_is_printed_once(door: Door) -> None:
    """Minutes later it is only shown; a further copy needs a reason and has its own number."""
    door.plant.clock.wait_until(door.plant.clock() + PRINTING + LATER)
    for ending in (".pdf", "-203.zpl", "-300.zpl"):
        then_not_printed(door.get(door.nurse, ending), "label.printed_before")
    assert codes(opened(door.get(door.nurse, ".png").content)) == []
    door.journey.issue_label("collection_bag", item=door.journey.bag, reason="printer_fault")
    issuer = door.plant.entries("treatment", door.journey.treatment)[-1].actor
    again = door.get(issuer, ".pdf", copy=2)
    assert codes(page(again.content, 203)) == [label_code(door.journey.bag, 2)]
    assert "打印机故障" in text_of(again.content)


def test_a_copy_in_use_is_not_printed_again(door: Door) -> None:
    door.journey.use_label(door.journey.bag, "collection_bag")
    then_not_printed(door.get(door.nurse, ".pdf"), "label.no_such_copy")
    assert codes(opened(door.get(door.nurse, ".png").content)) == []


@pytest.mark.requirement(
    "LBL-019", "A copy on which something is no anew true, or which cannot be shown whole, is not printed."
)
def test_a_copy_that_has_become_untrue_is_not_printed(door: Door) -> None:
    """A marker turns out positive between issue and printer: the label without the warning never comes out."""
    physician = door.journey.at_hospital("physician")
    door.plant.ask(
        treatment.report_markers,
        physician,
        door.journey.hospital,
        treatment=door.journey.treatment,
        markers={"hbv": "positive"},
        tested_on=door.plant.clock().date(),
    )
    assert "biohazard" in then_not_printed(door.get(door.nurse, ".pdf"), "label.outdated")


def test_a_copy_that_cannot_be_shown_whole_is_not_printed(door: Door) -> None:
    """The hospital's title is registered anew, with a sign that no font has."""
    administrator = door.plant.crew.pick(door.plant.clock(), "lingang", "administrator")
    anew = SiteRegistered(door.journey.hospital, "hospital", "医院\U00013000", "Hospital \U00013000", "Huangpu", 480)
    command = request.command(
        "site.register_site", {}, id="anew", actor=administrator, site="lingang", secret=bytes(32)
    )
    then_facts(
        decide(
            door.plant.ledger,
            command,
            (subject("site", door.journey.hospital),),
            lambda seen: (anew,),
            verb="site.register_site",
            owner=lambda seen: door.journey.hospital,
        ),
        SiteRegistered,
    )
    door.journey.issue_label("shipper")
    (shipper,) = issues(door.plant, door.journey, carrier="shipper")
    then_not_printed(door.get(shipper.actor, ".pdf", item=str(shipper.data["item"])), "label.not_drawn")


def test_what_was_never_issued_is_not_there(door: Door) -> None:
    assert door.get(door.nurse, ".pdf", copy=2).status_code == 404
    assert door.get(door.nurse, ".png", item="K0000000017").status_code == 404
    assert Client(SERVER_NAME="localhost").get(f"/labels/{door.journey.bag}/1.pdf").status_code == 302


@pytest.mark.requirement("LBL-020", "A wristband names the patient to the hospital's people only.")
def test_the_wristband_names_the_patient_to_the_hospital_only(door: Door) -> None:
    (issued,) = issues(door.plant, door.journey, carrier="wristband")
    band = str(issued.data["item"])
    door.journey.issue_label("wristband", item=band, reason="illegible")
    issuer = issues(door.plant, door.journey, item=band)[-1].actor
    text = text_of(door.get(issuer, ".pdf", item=band, copy=2).content)
    assert "虚构患者" in text
    assert "虚构患者" not in text_of(door.get(door.nurse, ".pdf").content)
    qa = door.plant.crew.pick(door.plant.clock(), "lingang", "qa")
    assert door.get(issuer, ".png", item=band).content != door.get(qa, ".png", item=band).content, "QA sees no name"


def test_who_has_nothing_to_do_with_the_treatment_sees_no_label_of_it(door: Door) -> None:
    """Another hospital's people find nothing there; to a courier the table of access closes labels altogether."""
    other = next(each for each in door.plant.crew.sites("nurse") if each != door.journey.hospital)
    stranger = door.plant.crew.pick(door.plant.clock(), other, "nurse")
    for person, status in ((stranger, 404), ("courier-01", 403)):
        for ending in (".png", ".pdf", "-203.zpl"):
            assert door.get(person, ending).status_code == status


def test_the_board_reckons_every_copy(door: Door) -> None:
    journey = door.journey
    journey.use_label(journey.bag, "collection_bag")
    journey.issue_label("collection_bag", item=journey.bag, reason="damaged")
    qa = door.plant.crew.pick(door.plant.clock(), "lingang", "qa")
    with web_window.reading(PersonRow(qa, "lingang", ("qa",))) as cursor:
        of_bag = [each for each in label_board.of(cursor, journey.treatment) if each.item == journey.bag]
        assert [(each.copy, each.state, each.reason) for each in of_bag] == [(1, "used", ""), (2, "issued", "damaged")]
        (balance,) = [
            each for each in label_board.reckoning(cursor, journey.treatment) if each.layout == "collection_bag"
        ]
        assert (balance.issued, balance.used, balance.destroyed, balance.missing) == (2, 1, 0, 1)
        for site in (journey.hospital, journey.base):
            assert (journey.bag, 2) in {(each.item, each.copy) for each in label_board.missing(cursor, site)}
        assert label_board.missing(cursor, "demo-courier") == ()
