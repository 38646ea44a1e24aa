"""The planner's problem as the facts have it: what has happened is fixed, what is reserved is closed to others, and nobody sees for whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from psycopg_pool import ConnectionPool
from tests.projections.following import screen_pool
from tests.projections.story import BASE, HOSPITAL, OTHER_HOSPITAL, Story, the_recipe

from yimai.planning.check import check
from yimai.planning.offer import Live
from yimai.planning.order import Order
from yimai.planning.problem import NEVER, Plan, Problem
from yimai.projections import approval_board, planning_problem, progress_board


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
