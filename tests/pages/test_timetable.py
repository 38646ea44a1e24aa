"""The timetable: the base's plan from the facts, for those who may see it, with what is promised, planned and in doubt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from html import unescape
from threading import Event

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import translation
from tests.pages.conftest import House
from tests.pages.tablets import Tablet, bench_opened
from tests.pages.test_homes import at, home_of
from tests.projections.story import BASE
from tests.signing_in import register_person, signed_in
from tests.spec.harness import SpecPlant

from yimai.domain.identifier import grouped
from yimai.interfaces.plant.fortune import Fortune
from yimai.interfaces.web import live_plan, repair, repairing, timetable, waiting_times
from yimai.interfaces.web.distance import Distance
from yimai.planning.change import Case
from yimai.planning.waiting import Waits
from yimai.wiring.embedded_database import EmbeddedDatabase

MOST_QUERIES = 20


@pytest.fixture(autouse=True)
def no_plan() -> Iterator[None]:
    """No plan of another test's database, and none that outlives this test's."""
    live_plan.plans.finish()
    yield
    live_plan.plans.finish()


@dataclass(frozen=True)
class Told:
    """A plant with one batch in culture and one that has a slot to come."""

    plant: SpecPlant
    running: str
    planned: str
    scheduler: Tablet


@pytest.fixture(scope="module")
def told(postgres: EmbeddedDatabase) -> Iterator[Told]:
    with bench_opened(postgres) as plant:
        running = plant.treatment("before:harvest_cells", fortune=Fortune(spared=True))
        planned = plant.treatment("slotted")
        yield Told(plant, running.treatment, planned.treatment, at(plant, planned.at_base("scheduler")))
        live_plan.plans.settle()


def test_qa_reads_it_and_the_analyst_and_the_planner_do_not(house: House, asked: Callable[[], int]) -> None:
    def browser(role: str) -> Client:
        register_person(house.url, f"{role}-timetable", BASE, role)
        return signed_in(Client(SERVER_NAME="localhost"), f"{role}-timetable")

    for role in ("qa", "operator", "scheduler", "inspector"):
        reader = browser(role)
        before = asked()
        answer = reader.get("/zh-hans/timetable")
        assert answer.status_code == 200, role
        assert asked() - before <= MOST_QUERIES
        live_plan.plans.settle()
    for role in ("planner", "qc_analyst", "nurse"):
        assert browser(role).get("/zh-hans/timetable").status_code == 403, role


def shown(tablet: Tablet, **given: str) -> str:
    """The page once its plan is there."""
    tablet.plant.ledger.seal()
    request = RequestFactory().get(f"/{tablet.language}/timetable", given)
    tablet.asked(request, timetable.timetable)
    live_plan.plans.settle()
    answer = tablet.asked(request, timetable.timetable)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def batches(page: str) -> dict[str, str]:
    """Each batch's class in the picture, by its treatment."""
    return {name: look for look, name in re.findall(r'class="batch ([^"]*)"[^>]*data-treatment="(\w+)"', page)}


def test_the_scheduler_sees_each_batch_promised_and_planned_in_its_suite(told: Told) -> None:
    page = shown(told.scheduler)
    assert batches(page)[told.planned].startswith("planned")
    assert batches(page)[told.running].startswith("running")
    assert page.count('class="promised"') >= 2
    assert page.count('class="bar"') >= 2
    assert 'class="now"' in page
    assert "/timetable" in home_of(told.scheduler)


def test_each_zoom_shows_the_load_of_people_and_equipment(told: Told) -> None:
    for days in ("1", "7", "42"):
        for language, operators in (("zh-hans", "全部操作员"), ("en", "All operators")):
            page = shown(replace(told.scheduler, language=language), days=days)
            assert operators in page
            assert ('class="cell level-' if days == "42" else 'class="taken"') in page
            assert 'data-row="1"' in page


def test_the_chain_of_one_patient_is_told_task_by_task(told: Told) -> None:
    page = shown(told.scheduler, chain=told.running)
    chain = page[page.index('id="chain"') :]
    assert grouped(told.running) in chain
    assert chain.index("采集") < chain.index("审核放行") < chain.index("回输</b>")
    assert '<li class="done"><b>采集</b>' in chain
    assert '<li class="planned"><b>审核放行</b>' in chain
    assert re.search(r"守约概率 <span[^>]*>\d+ %", chain)


def test_a_batch_that_cannot_be_put_elsewhere_says_why(told: Told) -> None:
    page = shown(told.scheduler, chain=told.running)
    stays = dict(re.findall(r'data-treatment="(\w+)" data-stays="([^"]+)"', page))
    assert "已开始" in stays[told.running]
    assert told.planned not in stays
    assert "data-stays-note" in page
    chain = page[page.index('id="chain"') :].split("</section>")[0]
    assert stays[told.running] in chain
    assert "what=move" not in chain
    english = shown(replace(told.scheduler, language="en"), chain=told.planned)
    assert re.search(
        rf'data-treatment="{told.running}" data-stays="It cannot be moved: it has begun \(.+\)\."', english
    )
    assert "what=move" in english[english.index('id="chain"') :].split("</section>")[0]


def test_what_a_batch_takes_is_named_for_the_page_to_light_it(told: Told) -> None:
    page = shown(told.scheduler)
    found = re.search(rf'data-chain="([^"]*)" data-treatment="{told.planned}" data-moves', page)
    assert found
    parts = [each.split(" ") for each in found[1].split(";")]
    assert len(parts) > 10
    assert all(f'data-row="{row}"' in page for row, _, _ in parts)
    assert all(168 <= float(x) <= 1280 for _, x, _ in parts)


def test_a_plan_made_before_it_is_known_how_long_things_wait_tells_no_odds_and_is_made_anew_once_it_is(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated, simulate = Event(), waiting_times._simulated

    def later(case: Case, begins: date) -> Waits:
        simulated.wait(60)
        return simulate(case, begins)

    waiting_times.kept.finish()
    monkeypatch.setattr(waiting_times, "_simulated", later)
    monkeypatch.setattr(live_plan, "WHOLE", 0.1)
    page = shown(told.scheduler)
    assert "每项承诺的守约概率均不低于" not in page
    assert "因此不给出概率" in page
    assert 'hx-trigger="load delay:15s"' in page, "the page asks again by itself"
    down = {"what": "suite", "look": "1", "suite": "suite-01", "from": "2099-01-01T08:00", "until": "2099-01-02T08:00"}
    request = RequestFactory().get("/zh-hans/repair", down)
    assert "因此不给出概率" in told.scheduler.asked(request, repair.repair).content.decode()
    repairing.found.finish()
    simulated.set()
    waiting_times.kept.settle()
    page = shown(told.scheduler)
    assert "因此不给出概率" not in page
    assert "每项承诺的守约概率均不低于" in page or 'data-title="守约概率"' in page
    assert "delay:15s" not in page


def test_how_far_from_the_best_the_plan_is_at_most_is_said_and_what_binds(told: Told) -> None:
    page = shown(told.scheduler)
    said = page[page.index('class="meta distance"') :].split("</p>")[0]
    assert "已证明" in said or "加权" in said
    cost = Distance(110.0, 100.0, None)
    assert (cost.hours, cost.share, cost.best) == (10.0, 10.0, False)
    assert Distance(100.0, 100.0, None).best
    assert Distance(3.0, 0.0, None).share is None
    assert Distance(3.0, 0.0, None).alone


def test_a_plan_far_from_what_is_proven_is_not_said_to_be_bad_but_unknown() -> None:
    def said(cost: float, bound: float) -> str:
        with translation.override("en"):
            return unescape(render_to_string("web/distance.html", {"distance": Distance(cost, bound, None)}))

    assert said(110, 100).startswith(
        "The delay is at most 10.0 % (10 h, weighted by urgency) above the least possible."
    )
    far = said(275.5, 100)
    assert far.startswith("The delay is 276 h, weighted by urgency. 100 h are proven to be unavoidable; whether")
    assert "%" not in far
    assert said(30, 0).startswith("The delay is 30 h, weighted by urgency. Whether a plan has less is not known.")


def test_a_plan_says_its_age_and_is_made_anew_after_news(told: Told) -> None:
    assert "此后新增" not in shown(told.scheduler)
    other = told.plant.treatment("slotted")
    told.plant.ledger.seal()
    request = RequestFactory().get("/zh-hans/timetable")
    stale = told.scheduler.asked(request, timetable.timetable).content.decode()
    assert "此后新增" in stale
    assert "hx-trigger" in stale
    page = shown(told.scheduler)
    assert "此后新增" not in page
    assert 'class="bar"' in page[page.index(other.treatment) :]
