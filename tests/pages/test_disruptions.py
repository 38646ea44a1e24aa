"""What goes otherwise than planned is named on the timetable and leads to its repair with everything filled in, up to the new promise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.pages.tablets import Tablet, bench_opened
from tests.pages.test_homes import at, home_of
from tests.pages.test_repair import forms
from tests.pages.test_repair import shown as options_for
from tests.pages.test_timetable import shown
from tests.spec.harness import SpecPlant

from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import live_plan, news, repairing
from yimai.wiring.embedded_database import EmbeddedDatabase

HOUR = timedelta(hours=1)


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    live_plan.plans.finish()
    with bench_opened(postgres) as plant:
        yield plant
        live_plan.plans.finish()
        repairing.found.finish()


def scheduler_of(plant: SpecPlant, journey: Journey) -> Tablet:
    return at(plant, journey.at_base("scheduler"))


def named(scheduler: Tablet, treatment: str) -> list[dict[str, str]]:
    """What the repair pages to which the timetable leads for this treatment are filled in with."""
    page = shown(scheduler)
    section = page[page.index('id="news"') :].partition("</section>")[0] if 'id="news"' in page else ""
    links = re.findall(r'href="[^"]*/repair\?([^"]*)"', unescape(section))
    found = [{name: values[0] for name, values in parse_qs(each).items()} for each in links]
    return [each for each in found if each["treatment"] == treatment]


def sign(scheduler: Tablet, journey: Journey, given: dict[str, str]) -> None:
    """Sign the first option, and see the hospital's new promise."""
    page = options_for(scheduler, **given)
    assert "moved-promises" in page
    assert " %</td>" in page
    assert 1 <= page.count('class="way"') <= 5
    assert page.count('class="way"') >= 3 or "没有更多方案" in page
    chosen = forms(page)[0]
    scheduler.does("timetable.repair", chosen, {"base": chosen["base"], "plan": chosen["plan"], "reason": "delay"})
    new = journey.vein.slot.current
    assert new is not None
    home = home_of(at(scheduler.plant, journey.at_hospital("coordinator")))
    assert f"{new.infusion.month}-{new.infusion.day:02d} {new.infusion:%H:%M}" in home[home.index("承诺") :]
    assert "改期" in home


def culture(plant: SpecPlant, step: str) -> Journey:
    """A batch whose cells are in this step."""
    journey = plant.treatment(f"before:{step}", fortune=Fortune(spared=True))
    while f"batch.step_started.v1 {step}" not in steps_of(plant, journey):
        moment = journey.go_on()
        assert moment is not None
        if f"batch.step_started.v1 {step}" not in steps_of(plant, journey):
            plant.clock.wait_until(moment)
    return journey


def steps_of(plant: SpecPlant, journey: Journey) -> list[str]:
    return [f"{each.kind} {each.data.get('step', '')}" for each in plant.entries("treatment", journey.treatment)]


def test_a_collection_that_failed_is_named_and_planned_again(plant: SpecPlant) -> None:
    journey = plant.treatment("slotted")
    slot = journey.vein.slot.current
    assert slot is not None
    scheduler = scheduler_of(plant, journey)
    plant.clock.wait_until(slot.collection + 3 * HOUR)
    (given,) = named(scheduler, journey.treatment)
    assert given["what"] == "again"
    sign(scheduler, journey, given)


def test_cells_that_grow_slowly_are_named_and_their_promise_is_moved(plant: SpecPlant) -> None:
    journey = culture(plant, "middle_culture")
    scheduler = scheduler_of(plant, journey)
    assert named(scheduler, journey.treatment) == []
    plant.clock.advance(timedelta(days=9))
    late = {given["step"]: given for given in named(scheduler, journey.treatment)}
    assert set(late) == {"step:middle_culture", "test:in_process_car"}, "a late result hides no late culture"
    assert {given["what"] for given in late.values()} == {"longer"}
    sign(scheduler, journey, late["step:middle_culture"])


def test_cells_that_grow_fast_are_named_and_nobody_has_to_wait(
    plant: SpecPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "FAST", timedelta(days=-9))
    monkeypatch.setattr(news, "FASTER", -9.0)
    journey = culture(plant, "middle_culture")
    scheduler = scheduler_of(plant, journey)
    (given,) = named(scheduler, journey.treatment)
    assert (given["what"], given["step"]) == ("sooner", "step:middle_culture")
    page = options_for(scheduler, **{**given, "hours": "24"})
    (chosen,) = forms(page)
    before = length(scheduler, journey)
    scheduler.does(
        "timetable.repair", chosen, {"base": chosen["base"], "plan": chosen["plan"], "reason": "rescheduled"}
    )
    assert length(scheduler, journey) == before - timedelta(days=1)


def length(scheduler: Tablet, journey: Journey) -> timedelta:
    """How long the plan takes the culture to be."""
    shown(scheduler)
    (live,) = live_plan.plans._kept.values()
    job = next(each for each in live.problem.jobs if each.id == journey.treatment)
    task = live.problem.task_of(job, "step:middle_culture")
    return int(live.problem.tasks.duration[task]) * live.problem.tick


def test_a_late_courier_is_named_and_material_that_would_be_too_old_is_collected_again(plant: SpecPlant) -> None:
    journey = plant.treatment("in_transit")
    slot = journey.vein.slot.current
    assert slot is not None
    scheduler = scheduler_of(plant, journey)
    plant.clock.wait_until(slot.receipt + 12 * HOUR)
    late = named(scheduler, journey.treatment)
    assert ("longer", "inbound") in [(each["what"], each.get("step")) for each in late]
    page = options_for(scheduler, what="longer", treatment=journey.treatment, step="inbound", hours="120")
    assert "物料将超过保存期" in page
    again = re.findall(r'href="[^"]*/repair\?(what=again&[^"]*)"', page)
    given = {name: values[0] for name, values in parse_qs(urlsplit(f"?{again[0]}").query).items()}
    sign(scheduler, journey, given)


def test_what_is_held_is_not_planned_and_the_page_says_so(plant: SpecPlant) -> None:
    journey = plant.treatment("slotted")
    scheduler = scheduler_of(plant, journey)
    assert 'id="resting"' not in shown(scheduler)
    physician = at(plant, journey.at_hospital("physician"))
    physician.does("treatment.hold", {"treatment": journey.treatment}, {"reason": "patient_unfit"})
    page = shown(scheduler)
    assert journey.treatment in page[page.index('id="resting"') :].partition("</section>")[0]
    assert "已暂停" in page
    (live,) = live_plan.plans._kept.values()
    assert journey.treatment not in [each.id for each in live.problem.jobs]
