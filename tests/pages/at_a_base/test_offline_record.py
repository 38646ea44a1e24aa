"""The real batch record on a tablet that loses the server: what is entered waits, outlives its tab, and is on the ledger once it is back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.journeys.house import ServedHouse
from tests.pages.browsing import keep_picture
from tests.pages.tablets import Tablet
from tests.pages.test_offline import pages_kept, until, waiting
from tests.signing_in import signed_in
from tests.spec.harness import SpecPlant

from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey
from yimai.projections.register import PersonRow


@pytest.fixture
def washing(plant: SpecPlant) -> Journey:
    """A batch whose wash runs."""
    journey = plant.treatment("before:wash", fortune=Fortune(spared=True))
    journey.begin_step(journey.recipe.step("wash"))  # type: ignore[arg-type]
    plant.clock.advance(timedelta(minutes=20))
    return journey


@pytest.fixture
def context(house: ServedHouse, washing: Journey, browser: Any) -> Iterator[Any]:
    """A tablet at which one of the wash's operators is signed in."""
    session = signed_in(Client(SERVER_NAME="localhost"), first(washing)).cookies["sessionid"].value
    opened = browser.new_context(base_url=house.address, viewport={"width": 820, "height": 1180}, has_touch=True)
    opened.add_cookies([{"name": "sessionid", "value": session, "url": house.address}])
    yield opened
    opened.close()
    house.reach.start()


def first(journey: Journey) -> str:
    return str(journey.at_base("operator", qualification="cell_selection"))


def record(journey: Journey) -> str:
    return f"/en/batch/{journey.batch}"


def opened_record(context: Any, journey: Journey) -> Any:
    """The batch record, once the tablet has kept it and the forms it leads to."""
    page = context.new_page()
    page.goto(record(journey))
    until(page, lambda: sum("record_entry" in each for each in pages_kept(page)) == 2)
    return page


def lose(house: ServedHouse, page: Any) -> None:
    house.reach.cut()
    page.context.set_offline(True)
    page.locator("#link-banner.lost").wait_for()


def find(house: ServedHouse, page: Any) -> None:
    house.reach.start()
    page.context.set_offline(False)


def note(page: Any, entry: str, value: str) -> None:
    page.locator(f"a[data-keeps][href*='entry={entry}']").click()
    page.locator("input[data-numpad]").fill(value)
    page.locator("form[data-act] button.primary").click()


def noted(plant: SpecPlant, journey: Journey) -> list[tuple[str, str, str]]:
    """Entry, value and recorder of what was recorded while the wash ran."""
    recorded = [
        each for each in plant.entries("treatment", journey.treatment) if each.kind == "batch.entry_recorded.v1"
    ]
    facts: list[tuple[Any, str]] = [(each.data, each.actor) for each in recorded]
    return [(said["entry"], said["value"]["value"], actor) for said, actor in facts]


def test_entries_wait_without_a_connection_outlive_their_tab_and_are_recorded_in_order(
    house: ServedHouse, plant: SpecPlant, washing: Journey, context: Any
) -> None:
    page = opened_record(context, washing)
    lose(house, page)
    assert "No connection since" in page.locator("#link-banner").inner_text()
    note(page, "viability", "95")
    page.locator(".waiting-note").wait_for()
    assert "95 %" in page.locator(".waiting-note").inner_text()
    keep_picture(page, "offline-entry-waits")
    page.locator(".waiting-note a").click()
    note(page, "nucleated_cells", "6.1")
    page.locator(".waiting-note").wait_for()
    assert noted(plant, washing) == []
    page.close()

    again = context.new_page()
    again.goto(record(washing))
    again.locator(".waiting-entry").nth(1).wait_for()
    assert "Record a value · Viability" in again.locator(".waiting-entry").first.inner_text()
    assert again.locator("a[data-keeps]").first.is_hidden()
    assert "95 %" in again.locator(".waiting-mark").first.inner_text()
    keep_picture(again, "offline-record-comes-back")
    find(house, again)
    until(again, lambda: waiting(again) == [])
    who = first(washing)
    assert noted(plant, washing) == [("viability", "95", who), ("nucleated_cells", "6.1", who)]
    until(again, lambda: "95" in again.locator("main").inner_text())
    house.verify()


def test_a_step_cannot_be_completed_without_a_connection(
    house: ServedHouse, plant: SpecPlant, washing: Journey, context: Any
) -> None:
    page = opened_record(context, washing)
    page.goto(
        f"/en/act/batch.complete_step?treatment={washing.treatment}&batch={washing.batch}&step=wash&next={record(washing)}"
    )
    lose(house, page)
    button = page.locator("form[data-act] button.primary")
    assert button.is_disabled()
    assert "identities and signatures are checked by the server" in page.locator(".gate-reason").first.inner_text()
    keep_picture(page, "offline-gate-closed")
    find(house, page)
    page.locator("#link-banner").wait_for(state="hidden")
    assert button.is_enabled()


@pytest.mark.parametrize("choice", ["theirs", "mine"])
def test_what_a_colleague_recorded_meanwhile_becomes_a_question_and_is_never_overwritten(
    house: ServedHouse, plant: SpecPlant, washing: Journey, context: Any, choice: str
) -> None:
    page = opened_record(context, washing)
    lose(house, page)
    note(page, "viability", "91")
    page.locator(".waiting-note").wait_for()
    colleague = str(washing.at_base("operator", without=(first(washing),)))
    about = {"treatment": washing.treatment, "batch": washing.batch, "step": "wash", "round": "1", "entry": "viability"}
    there = Tablet(plant, PersonRow(colleague, plant.base.id, ("operator",)))
    there.does("batch.record_entry", about, {"value": "95"})
    find(house, page)
    question = page.locator("[data-question]")
    question.wait_for()
    assert "95" in question.inner_text()
    assert colleague in question.inner_text()
    keep_picture(page, f"offline-question-{choice}")
    assert noted(plant, washing) == [("viability", "95", colleague)]
    if choice == "mine":
        question.locator("[name=reason]").first.check()
        question.locator("form[data-act] button.primary").click()
    else:
        question.locator("[data-choice=theirs] button").click()
    until(page, lambda: waiting(page) == [])
    mine = [("viability", "91", first(washing))] if choice == "mine" else []
    assert noted(plant, washing) == [("viability", "95", colleague), *mine]
    house.verify()
