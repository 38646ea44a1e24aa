"""The planner's problem as the facts have it: what has happened is fixed, what is reserved is closed to others, and nobody sees for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from psycopg_pool import ConnectionPool
from tests.projections.following import screen_pool
from tests.projections.story import BASE, HOSPITAL, OTHER_HOSPITAL, Story, the_recipe

from yimai.domain.suite import SuiteReturned, SuiteTakenOut
from yimai.domain.timetable import Disruption, TimetableRepaired
from yimai.planning.check import check
from yimai.planning.offer import Live
from yimai.planning.order import Order
from yimai.planning.problem import NEVER, Plan, Problem
from yimai.projections import approval_board, planning_problem, progress_board
from yimai.projections.planning_problem import InFlight
from yimai.projections.progress_board import Progress

DAY = timedelta(days=1)


def asked(cursor: psycopg.Cursor[Any], story: Story, hospital: str = HOSPITAL) -> Problem:
    base = approval_board.base(cursor, BASE)
    assert base is not None
    now = story.clock()
    more = [(Order("new", hospital, "routine", now), the_recipe().id)]
    return planning_problem.problem(cursor, base, now, more)[0]


def test_each_stage_says_which_tasks_have_begun_and_ended(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    told = {
        stage: story.treatment(stage, steps=3)
        for stage in ("accepted", "slot_reserved", "in_transit", "received", "in_manufacture")
    }
    with pool.connection() as connection, connection.cursor() as cursor:
        rows = {row.treatment: row for row in progress_board.going(cursor, BASE)}
    begun = {
        stage: {task: ended is not None for task, (_, ended) in rows[coi].happened.items()}
        for stage, coi in told.items()
    }
    assert begun["accepted"] == begun["slot_reserved"] == {}
    assert rows[told["accepted"]].itinerary is None
    assert rows[told["slot_reserved"]].itinerary is not None
    assert begun["in_transit"] == {"collection": True, "inbound": False}
    assert begun["received"] == {"collection": True, "inbound": True}
    assert begun["in_manufacture"].items() >= {"step:receive": True, "step:wash": True, "step:select": True}.items()
    assert "sample:identity_reference" in begun["in_manufacture"]


def test_what_is_released_travels_back_and_what_is_given_is_no_longer_planned(
    story: Story, pool: ConnectionPool[Any]
) -> None:
    story.open_house()
    delivered, infused = story.treatment("delivered"), story.treatment("infused")
    with pool.connection() as connection, connection.cursor() as cursor:
        rows = {row.treatment: row for row in progress_board.going(cursor, BASE)}
    assert infused not in rows
    assert {"review", "outbound"} <= set(rows[delivered].happened)
    assert rows[delivered].happened["outbound"][1] is not None


def test_the_problem_fixes_what_has_begun_and_a_new_order_finds_a_suite_that_nobody_has_reserved(
    story: Story, pool: ConnectionPool[Any]
) -> None:
    story.open_house()
    story.treatment("slot_reserved", suite="suite-03")
    story.treatment("in_manufacture", suite="suite-01", steps=3)
    with pool.connection() as connection, connection.cursor() as cursor:
        problem = asked(cursor, story)
        windows = [row.itinerary for row in progress_board.going(cursor, BASE) if row.itinerary]
    assert [job.id for job in problem.jobs][-1] == "new"
    assert (problem.tasks.fixed != NEVER).sum() >= 5
    live = Live(problem)
    assert live.unplaced == []
    (offer,) = live.offers(np.random.default_rng(1), 1).offers
    starts, suite = live.to.starts.copy(), live.to.suite.copy()
    job = problem.jobs[-1]
    starts[job.first : job.last], suite[-1] = offer.starts, offer.suite
    assert check(problem, Plan(starts, suite)) == []
    begins, ends = problem.at(int(offer.starts[2])), problem.at(int(offer.starts[18]))
    for window in windows:
        apart = str(window["suite"]) != problem.suites[offer.suite]
        assert apart or ends <= _moment(window["starts"]) or begins >= _moment(window["ends"])


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text))


def test_another_hospital_plans_against_the_same_load_without_learning_whose_it_is(
    story: Story, pool: ConnectionPool[Any], fresh_database: str
) -> None:
    story.open_house()
    coi = story.treatment("slot_reserved")
    with (
        screen_pool(fresh_database) as screen,
        screen.connection() as connection,
        connection.transaction(),
        connection.cursor() as cursor,
    ):
        for name, value in (("person", "NURS-9"), ("site", OTHER_HOSPITAL), ("roles", "nurse"), ("district", "")):
            cursor.execute("SELECT set_config(%s, %s, true)", (f"yimai.{name}", value))
        assert progress_board.going(cursor, BASE) == ()
        load = progress_board.load(cursor, BASE)
        assert len(load) == 1
        assert coi not in str(load)
        problem = asked(cursor, story, OTHER_HOSPITAL)
        assert coi not in str([job.id for job in problem.jobs])
        assert len(problem.jobs) == 2


def test_after_a_failed_collection_the_second_one_counts(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    coi = story.treatment("in_transit", failed_collection=True)
    with pool.connection() as connection, connection.cursor() as cursor:
        row = next(row for row in progress_board.going(cursor, BASE) if row.treatment == coi)
    failed = next(entry for _, entry in story.ledger.entries() if entry.kind == "collection.failed.v1")
    began, ended = row.happened["collection"]
    assert _moment(began) >= failed.occurred
    assert ended is not None


def repaired(story: Story, *disruptions: Disruption) -> None:
    decided = story.sign("SCHE-1", "decided")
    story.write(TimetableRepaired(BASE, BASE, disruptions, "fewest_moved", (), "breakdown", decided), by="SCHE-1")


def flying(story: Story, pool: ConnectionPool[Any]) -> InFlight:
    with pool.connection() as connection, connection.cursor() as cursor:
        base = approval_board.base(cursor, BASE)
        assert base is not None
        return planning_problem.in_flight(cursor, base, story.clock())


def length(found: InFlight, treatment: str, task: str) -> timedelta:
    problem = found.problem
    job = next(each for each in problem.jobs if each.id == treatment)
    return int(problem.tasks.duration[problem.task_of(job, task)]) * problem.tick


def test_what_a_signed_repair_said_takes_longer_takes_longer_in_every_plan_afterwards(
    story: Story, pool: ConnectionPool[Any]
) -> None:
    story.open_house()
    coi = story.treatment("in_manufacture", steps=3)
    before, now = length(flying(story, pool), coi, "step:final_culture"), story.clock()
    slow = Disruption("takes_longer", now, now + 2 * DAY, treatment=coi, step="step:final_culture")
    repaired(story, slow)
    assert length(flying(story, pool), coi, "step:final_culture") == before + 2 * DAY
    ended = Disruption("takes_longer", now, now + DAY, treatment=coi, step="step:wash")
    repaired(story, ended)
    again = flying(story, pool)
    washed = next(each for each in again.orders if each.id == coi).happened["step:wash"]
    assert washed.starts + length(again, coi, "step:wash") >= now + DAY
    story.clock.now += 2 * DAY
    late = flying(story, pool)
    assert length(late, coi, "step:wash") < length(again, coi, "step:wash")


def test_a_repeated_test_takes_its_whole_time_from_the_moment_the_result_was_set_aside() -> None:
    taken, invalid = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
    told = {"sample:s": (taken.isoformat(), None)}
    progress = Progress("T1", "r", "h", "routine", taken, True, None, told, {"test:t": (invalid.isoformat(), None)}, "")
    recipe = the_recipe()
    plan = recipe.samples[0]
    named = replace(plan, id="s", tests=("t",))
    order = planning_problem.order_of(progress, replace(recipe, samples=(named,)), invalid + DAY)
    assert order.longer == {"test:t": 3 * DAY}


def test_what_is_out_of_use_is_so_until_when_a_signed_repair_said_in_offers_and_repairs_alike(
    story: Story, pool: ConnectionPool[Any]
) -> None:
    story.open_house()
    decided, now = story.sign("QA-1", "decided"), story.clock()

    def away() -> Mapping[str, tuple[datetime, datetime]]:
        return flying(story, pool).out

    assert away() == {}
    story.write(SuiteTakenOut("suite-03", "breakdown", decided))
    assert away()["suite-03"][1] == story.clock() + planning_problem.LOOK_AHEAD
    repaired(story, Disruption("suite_down", now, now + 9 * DAY, suite="suite-03"))
    assert away()["suite-03"][1] == now + 9 * DAY
    repaired(story, Disruption("person_away", now, now + 2 * DAY, person="OPER-1"))
    assert away()["OPER-1"] == (now, now + 2 * DAY)
    with pool.connection() as connection, connection.cursor() as cursor:
        assert not asked(cursor, story).suite_closed.all(axis=1).any()
    story.write(SuiteReturned("suite-03", "repaired", decided))
    assert set(away()) == {"OPER-1"}
