"""The time study follows the facts: runs, rounds, corrections, tests, failures; it names nobody, and only some may read it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool
from tests.projections.story import BASE, HOUR, OTHER_HOSPITAL, Story, Telling, the_recipe

from yimai.domain import batch
from yimai.projections import audience, time_study


@pytest.fixture
def told(story: Story) -> Telling:
    story.open_house()
    telling = Telling(story, story.mint("treatment"))
    telling.until("in_testing")
    return telling


def study_of(pool: ConnectionPool[Any], story: Story, role: str = "", site: str = BASE) -> Any:
    with pool.connection() as connection, connection.transaction(), connection.cursor() as cursor:
        if role:
            cursor.execute("SET LOCAL ROLE yimai_screen")
            audience.enter(cursor, f"{role}-x", site, (role,))
        return time_study.study(cursor, BASE, the_recipe(), story.clock.now)


def test_each_round_of_a_step_has_its_time_and_its_quantities(
    pool: ConnectionPool[Any], story: Story, told: Telling
) -> None:
    study = study_of(pool, story)
    assert [run.step for run in study.runs] == [step.id for step in the_recipe().steps]
    assert all(run.ended is not None and run.ended >= run.started for run in study.runs)
    washed = next(run for run in study.runs if run.step == "wash")
    assert set(washed.values) == {"viability", "nucleated_cells"}
    assert [(course.ended, course.cause) for course in study.courses] == [(True, "")]
    assert study.courses[0].begun == tuple(step.id for step in the_recipe().steps)
    assert study.collections == ("",)


def test_a_failed_batch_ends_what_ran(pool: ConnectionPool[Any], story: Story) -> None:
    story.open_house()
    telling = Telling(story, story.mint("treatment"), steps=0)
    telling.until("in_manufacture")
    first = the_recipe().steps[0]
    signature = telling.sign("OPER-1")
    started = batch.StepStarted(telling.coi, telling.batch, first.id, 1, (), ("OPER-1",), (), (), signature)
    telling.write(started, by="OPER-1")
    telling.later(1)
    failed = batch.BatchFailed(telling.coi, telling.batch, "unstated", telling.sign("QA-1", "decided"))
    telling.write(failed, by="QA-1")
    telling.later(50)
    study = study_of(pool, story)
    assert [(run.step, run.ended) for run in study.runs] == [(first.id, None)]
    assert HOUR <= study.runs[0].until - study.runs[0].started < 2 * HOUR
    assert study.courses[0].cause == "unstated"


def test_who_plans_or_releases_at_the_base_reads_it_and_nobody_is_named(
    pool: ConnectionPool[Any], story: Story, told: Telling
) -> None:
    whole = study_of(pool, story)
    for role, site in (("scheduler", BASE), ("qa", BASE), ("planner", "city-authority")):
        assert study_of(pool, story, role, site) == whole, role
    for role, site in (("operator", BASE), ("nurse", BASE), ("qa", OTHER_HOSPITAL)):
        assert study_of(pool, story, role, site).runs == (), role
    with pool.connection() as connection:
        for view in ("measured_run", "measured_test", "measured_batch", "measured_collection"):
            columns = [each.name for each in connection.execute(f"SELECT * FROM projection.{view}").description or ()]
            assert not {"treatment", "batch", "sample", "collection", "person"} & set(columns)
            rows = str(connection.execute(f"SELECT * FROM projection.{view}").fetchall())
            assert told.coi not in rows
            assert told.batch not in rows
            assert "OPER-1" not in rows


def test_the_tables_cannot_be_changed_by_who_reads(pool: ConnectionPool[Any]) -> None:
    with pool.connection() as connection, connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE yimai_screen")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            cursor.execute("DELETE FROM projection.step_run")


def test_whatever_changes_the_study_changes_its_extent(
    pool: ConnectionPool[Any], story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.open_house()
    telling = Telling(story, story.mint("treatment"))
    known: list[tuple[Any, Any]] = []

    def look() -> None:
        with pool.connection() as connection, connection.cursor() as cursor:
            study = time_study.study(cursor, BASE, the_recipe(), datetime(2100, 1, 1, tzinfo=UTC))
            known.append((study, time_study.extent(cursor, BASE, the_recipe())))

    write = telling.write

    def and_look(*arguments: Any, **named: Any) -> Any:
        written = write(*arguments, **named)
        look()
        return written

    monkeypatch.setattr(telling, "write", and_look)
    telling.until("in_testing")
    with pool.connection() as connection:  # a correction
        connection.execute("UPDATE projection.step_run SET quantities = '{\"viability\": \"51\"}' WHERE step = 'wash'")
    look()
    changed = [(before, after) for before, after in pairwise(known) if before[0] != after[0]]
    assert len(changed) > 2 * len(the_recipe().steps), "each beginning and each end of a step tells something"
    assert all(before[1] != after[1] for before, after in changed)
