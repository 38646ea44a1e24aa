"""Repair: the scheduler says what has broken, sees the options, signs one, and the hospital's pages show the new promise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.test import RequestFactory
from tests.pages.tablets import Tablet, bench_opened
from tests.pages.test_homes import at, home_of, page_of
from tests.pages.test_timetable import shown as timetable_shown
from tests.spec.harness import SpecPlant

from yimai.domain.slot import SlotMoved
from yimai.domain.timetable import TimetableRepaired
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.web import live_plan, repair, repairing, suites
from yimai.planning.problem import NEVER
from yimai.wiring.embedded_database import EmbeddedDatabase

BAR = re.compile(r'<rect width="(\d+)" height="10"/></svg> \+(\d+)')
DAY = timedelta(days=1)


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        live_plan.plans.finish()
        yield plant
        live_plan.plans.finish()
        repairing.found.finish()


def shown(tablet: Tablet, **given: str) -> str:
    """The page once everything is computed."""
    tablet.plant.ledger.seal()
    for _ in range(3):
        request = RequestFactory().get(f"/{tablet.language}/repair", {"look": "1", **given})
        answer = tablet.asked(request, repair.repair)
        assert answer.status_code == 200
        live_plan.plans.settle()
        repairing.found.settle()
    return unescape(answer.content.decode())


def tightly_promised(plant: SpecPlant) -> Journey:
    """Its infusion is promised so early that another suite cannot keep it."""
    journey = plant.treatment("accepted")
    offer = journey.offered(journey.now + 2 * DAY)[0]
    journey.reserve(itinerary=replace(offer, infusion=offer.infusion - 3 * DAY))
    return journey


def down(journey: Journey) -> dict[str, str]:
    """Its suite fails for a fortnight, on the day before its batch would begin."""
    slot = journey.vein.slot.current
    assert slot is not None
    begins = slot.starts - DAY
    return {
        "what": "suite",
        "suite": slot.suite,
        "from": f"{begins:%Y-%m-%dT%H:%M}",
        "until": f"{begins + 14 * DAY:%Y-%m-%dT%H:%M}",
    }


def forms(page: str) -> list[dict[str, str]]:
    """What each option's button brings to the form."""
    found = re.findall(r'href="([^"]*/act/timetable\.repair\?[^"]*)"', page)
    return [{name: values[0] for name, values in parse_qs(urlsplit(each).query).items()} for each in found]


def row_of(page: str, treatment: str) -> str:
    """What the first table of the page says of the treatment."""
    rows: list[str] = re.findall(r"<tr>.*?</tr>", page[page.index('class="dense stacked') :], re.DOTALL)
    return next(each for each in rows if f"/treatment/{treatment}" in each)


def test_delays_are_drawn_to_one_scale_over_all_options(plant: SpecPlant) -> None:
    journey, _ = tightly_promised(plant), plant.treatment("slotted")
    page = shown(at(plant, journey.at_base("scheduler")), **down(journey))
    bars = [(int(width), int(hours)) for width, hours in BAR.findall(page)]
    longest = max(hours for _, hours in bars)
    assert all(abs(width - 100 * hours / longest) <= 1 for width, hours in bars), "both are rounded"


def test_a_suite_fails_an_option_is_signed_and_the_hospital_sees_what_became_of_its_promise(plant: SpecPlant) -> None:
    journey, _ = tightly_promised(plant), plant.treatment("slotted")
    scheduler = at(plant, journey.at_base("scheduler"))
    old = journey.vein.slot.current
    assert old is not None
    page = shown(scheduler, **down(journey))
    assert f"/treatment/{journey.treatment}" in page
    assert page.count('class="meta distance"') == page.count('class="way"')
    given = forms(page)[0]
    form = scheduler.shown("timetable.repair", **given).content.decode()
    assert f"/treatment/{journey.treatment}" in form
    moves = {each.treatment: each for each in repairing.chosen_of(given["plan"]).moves}
    hours = round((moves[journey.treatment].itinerary.infusion - old.infusion) / timedelta(hours=1))
    assert f"+{hours} 小时" in form
    assert "推迟的承诺：<b>0</b>" not in form
    assert f"本基地其他承诺保持不变：<b>{2 - len(moves)}</b> 项" in form
    assert f"生产单元停用 · {int(old.suite.removeprefix('suite-'))}号生产单元" in form
    told, chosen = (row_of(each, journey.treatment) for each in (form, page))
    assert old.suite not in told + chosen, "suites are called by their names"
    assert re.search(r'class="odds">\d+ %', told)
    assert re.findall(r"\d+ %", told) == re.findall(r"\d+ %", chosen), (
        "the odds are the same where one chooses and where one signs"
    )
    zone = ZoneInfo("Asia/Shanghai")
    before, after = (
        f"{at.month}-{at.day:02d} {at:%H:%M}"
        for at in (old.infusion.astimezone(zone), moves[journey.treatment].itinerary.infusion.astimezone(zone))
    )
    assert re.search(rf"{before}</span> → <b><span[^>]*>{after}", told)
    repairing.shown.finish()
    assert "守约概率此处不再可知" in scheduler.shown("timetable.repair", **given).content.decode()
    entries = scheduler.does(
        "timetable.repair", given, {"base": given["base"], "plan": given["plan"], "reason": "breakdown"}
    )
    assert [each.kind for each in entries] == [TimetableRepaired.kind, *(SlotMoved.kind for _ in moves)]
    new = journey.vein.slot.current
    assert new is not None
    assert (new.suite, new.starts) != (old.suite, old.starts)
    drawn = scheduler.asked(RequestFactory().get("/zh-hans/suites"), suites.suites).content.decode()
    assert "因已签署的修复停用" in drawn
    assert 'class="out"' in drawn
    plan = timetable_shown(scheduler)
    hatched = re.search(rf'data-suite="{old.suite}".*?</g>', plan, re.DOTALL)
    assert hatched
    out = re.search(r'<rect class="out"[^>]*fill="url\(#out\)"><title>([^<]*)', hatched[0])
    assert out
    assert "停用" in out[1]
    assert f"{old.starts - DAY + 14 * DAY:%Y-%m-%d %H:%M}" in out[1]
    assert plan.count('<rect class="out"') == 1
    assert '<i class="out"></i>停用' in plan
    coordinator = at(plant, journey.at_hospital("coordinator"))
    for seen in (home_of(coordinator), page_of(coordinator, journey)):
        promised = seen[seen.index("承诺") :]
        assert (
            f"{new.infusion.month}-{new.infusion.day:02d} {new.infusion:%H:%M}" in promised
            or f"{new.infusion:%Y-%m-%d %H:%M}" in promised
        )
        assert ("改期" in promised) == (new.infusion != old.infusion)


def test_a_suite_that_goes_out_of_use_within_the_hour_is_free_from_the_end_of_that() -> None:
    now = datetime(2026, 11, 1, 6, 44, tzinfo=UTC)
    soon, end = now + timedelta(minutes=16), now + 14 * DAY
    assert suites.free_from((), now, (soon, end)) == end
    assert suites.free_from((), now, (now + timedelta(hours=2), end)) == now


def test_a_batch_is_moved_as_wished_after_the_checkers_verdict(plant: SpecPlant) -> None:
    journey, other = plant.treatment("slotted"), plant.treatment("slotted")
    taken = other.vein.slot.current
    assert taken is not None
    scheduler = at(plant, journey.at_base("scheduler"))
    begins = taken.starts + DAY
    page = shown(
        scheduler, what="move", treatment=journey.treatment, suite=taken.suite, **{"from": f"{begins:%Y-%m-%dT%H:%M}"}
    )
    assert re.search(r"与另一患者同时占用生产单元（[\d.]+ 小时）", page), "by how much"
    assert "没有承诺因此改期" not in page
    given = forms(page)[0]
    moves = {each.treatment: each.itinerary for each in repairing.chosen_of(given["plan"]).moves}
    own = journey.vein.slot.current
    assert own is not None
    later = round((moves[journey.treatment].infusion - own.infusion) / timedelta(hours=1))
    assert later > 0
    sums = re.search(r'class="sum">改动承诺 <b>(\d+)</b> 项 · 按紧急程度加权延误 <b>(\d+)</b> 小时', page)
    assert sums, "the treatment that is moved as wished counts as well"
    assert (int(sums[1]), int(sums[2])) >= (1, later)
    scheduler.does("timetable.repair", given, {"base": given["base"], "plan": given["plan"], "reason": "rescheduled"})
    new = journey.vein.slot.current
    assert new is not None
    assert new.starts >= begins
    assert other.vein.slot.current == taken


def test_a_sick_operator_leaves_the_promises_where_they_can_stay(plant: SpecPlant) -> None:
    journey = plant.treatment("slotted")
    scheduler = at(plant, journey.at_base("scheduler"))
    soon, later = (f"{plant.clock() + days * DAY:%Y-%m-%dT%H:%M}" for days in (1, 3))
    page = shown(scheduler, what="person", person="operator-02", **{"from": soon, "until": later})
    assert "改动承诺 <b>0</b> 项" in page


def test_what_is_not_whole_is_said_and_nothing_is_lost(plant: SpecPlant) -> None:
    journey = plant.treatment("slotted")
    scheduler = at(plant, journey.at_base("scheduler"))
    assert "请填写完整" in shown(
        scheduler, what="suite", suite="suite-03", **{"from": "2026-09-09T10:00", "until": "yesterday"}
    )
    soon = f"{plant.clock() + DAY:%Y-%m-%dT%H:%M}"
    later = f"{plant.clock() + 2 * DAY:%Y-%m-%dT%H:%M}"
    assert "没有该对象" in shown(scheduler, what="suite", suite="suite-99", **{"from": soon, "until": later})
    assert "没有该对象" in shown(scheduler, what="move", treatment="T0000000000", suite="suite-01", **{"from": soon})


def test_until_when_a_suite_is_out_of_use_is_what_the_scheduler_says(plant: SpecPlant) -> None:
    """Out of use on the record, without an end; said to be back before its next batch: then nothing has to move."""
    journey = plant.treatment("slotted")
    slot = journey.vein.slot.current
    assert slot is not None
    at(plant, journey.at_base("qa")).does("suite.take_out", {"suite": slot.suite}, {"reason": "maintenance"})
    now = plant.clock() + timedelta(hours=1)
    said = {
        "from": f"{now + timedelta(hours=8):%Y-%m-%dT%H:%M}",
        "until": f"{now + timedelta(hours=10):%Y-%m-%dT%H:%M}",
    }
    page = shown(at(plant, journey.at_base("scheduler")), what="suite", suite=slot.suite, **said)
    assert [repairing.chosen_of(each["plan"]).moves for each in forms(page)] == [()]
    assert journey.treatment not in page.partition("<form")[0]


def test_only_who_has_no_batch_yet_is_offered_for_another_collection(plant: SpecPlant) -> None:
    runs, waits = plant.treatment("before:harvest_cells", fortune=Fortune(spared=True)), plant.treatment("slotted")
    page = shown(at(plant, waits.at_base("scheduler")), what="again")
    assert f'<option value="{waits.treatment}"' in page
    assert f'<option value="{runs.treatment}"' not in page
    assert f'<option value="{runs.treatment}"' in shown(at(plant, waits.at_base("scheduler")), what="longer")


def test_material_that_no_suite_can_take_in_time_is_collected_again_with_the_repair(plant: SpecPlant) -> None:
    journey = plant.treatment("packed")
    slot = journey.vein.slot.current
    assert slot is not None
    qa = at(plant, journey.at_base("qa"))
    for suite in (each.id for each in plant.base.suites if each.id != slot.suite):
        qa.does("suite.take_out", {"suite": suite}, {"reason": "maintenance"})
    begins = (plant.clock() + timedelta(hours=1)).astimezone(ZoneInfo("Asia/Shanghai"))
    said = {"from": f"{begins:%Y-%m-%dT%H:%M}", "until": f"{begins + 14 * DAY:%Y-%m-%dT%H:%M}"}
    page = shown(at(plant, journey.at_base("scheduler")), what="suite", suite=slot.suite, **said)
    said_of = page[page.index("每个方案都将重新采集") :].split("</p>")[0]
    assert f"/treatment/{journey.treatment}" in said_of
    given = forms(page)[0]
    chosen = repairing.chosen_of(given["plan"])
    assert [(each.struck, each.suite or each.treatment) for each in chosen.disruptions] == [
        ("suite_down", slot.suite),
        ("collected_again", journey.treatment),
    ]
    form = at(plant, journey.at_base("scheduler")).shown("timetable.repair", **given).content.decode()
    assert "需重新采集" in form
    assert f"/treatment/{journey.treatment}" in form
    scheduler = at(plant, journey.at_base("scheduler"))
    scheduler.does("timetable.repair", given, {"base": given["base"], "plan": given["plan"], "reason": "breakdown"})
    new = journey.vein.slot.current
    assert new is not None
    assert new.collection > begins
    assert new.starts - new.collection <= journey.recipe.starting_material.fresh_maximum
    assert new.starts >= begins + 14 * DAY


def test_a_way_of_repair_keeps_fresh_material_no_longer_than_the_rule_of_slots(plant: SpecPlant) -> None:
    """The recipe counts from the end of the collection, the rule from its beginning."""
    journey = plant.treatment("slotted")
    timetable_shown(at(plant, journey.at_base("scheduler")))
    (live,) = live_plan.plans._kept.values()
    problem = repairing._fresh_as_slots_count(live.problem)
    job = next(each for each in problem.jobs if each.id == journey.treatment)
    drawn = problem.task_of(job, "collection")
    held = (problem.lags.after == drawn) & (problem.lags.maximum != NEVER)
    longest = int(problem.lags.maximum[held].max()) + int(problem.tasks.duration[drawn])
    assert longest * problem.tick <= journey.recipe.starting_material.fresh_maximum
