"""When the demonstration's simulation ends, its screens show an ordinary morning: nothing overdue, decisions to make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import psycopg
import pytest
from tests.spec.harness import START, clone, founded_ledger, founded_template, founding

from yimai.domain.base import base_from
from yimai.domain.facts import decode
from yimai.domain.recipe_content import recipe_from
from yimai.domain.timetable import TimetableRepaired
from yimai.interfaces.plant.end_state import end_near
from yimai.interfaces.plant.simulation import Simulation
from yimai.projections import clock_board, treatment_board
from yimai.projections.treatment_board import STAGES
from yimai.wiring.embedded_database import EmbeddedDatabase

BASE = base_from(founding().base)
AS_MANY_AS_THE_DEMONSTRATION = 60


@pytest.fixture(scope="module")
def ended(postgres: EmbeddedDatabase) -> Iterator[tuple[Simulation, datetime, psycopg.Cursor[tuple[object, ...]]]]:
    """A simulation that has ended, the time then, and a cursor on what the screens read."""
    files = founding()
    with (
        clone(postgres, founded_template(postgres)) as url,
        founded_ledger(url, Random("ledger of the demonstration")) as (ledger, clock),
        psycopg.connect(url, autocommit=True) as connection,
    ):
        simulation = Simulation(
            ledger, clock, recipe_from(files.recipe), BASE, count=AS_MANY_AS_THE_DEMONSTRATION, seed=1
        )
        for _ in simulation.run():
            pass
        yield simulation, clock(), connection.cursor()


Ended = tuple[Simulation, datetime, "psycopg.Cursor[tuple[object, ...]]"]


def test_it_ends_when_it_should(ended: Ended) -> None:
    simulation, now, _ = ended
    assert now == simulation.ends


def test_no_clock_is_overdue_and_each_kind_runs(ended: Ended) -> None:
    _, now, cursor = ended
    clocks = clock_board.running(cursor, BASE.id)
    assert [each for each in clocks if each.due < now] == []
    assert {"fresh", "dewar", "lymphodepletion", "shelf_life"} <= {each.name for each in clocks}


def test_the_suite_that_is_free_first_is_requalified_so_that_the_failure_of_another_is_felt(ended: Ended) -> None:
    simulation, now, _ = ended
    kept = {room: max(ends for _, ends in spans) for room, spans in simulation.plant.occupied().items()}
    assert kept.keys() == {each.id for each in BASE.suites}
    subject = f"timetable/{BASE.id}"
    signed = decode(simulation.plant.ledger.about(subject).entries[subject][-1])
    assert isinstance(signed, TimetableRepaired)
    (down,) = signed.disruptions
    assert kept[down.suite] == down.begins == min(kept.values())
    assert down.begins >= now


def test_every_stage_that_is_usual_is_shown(ended: Ended) -> None:
    going = Counter(row.stage for row in treatment_board.at(ended[2], BASE.id) if not row.state)
    assert [stage for stage in STAGES if not going[stage]] in ([], ["oos_supplied"])


def test_what_passes_quickly_has_only_just_begun(ended: Ended) -> None:
    _, now, cursor = ended
    short = {"collecting": 5, "in_transit": 24, "received": 6, "in_delivery": 60}
    for row in treatment_board.at(cursor, BASE.id):
        if not row.state and row.stage in short:
            assert now - row.last_occurred <= timedelta(hours=short[row.stage]), row


def test_decisions_wait(ended: Ended) -> None:
    simulation, _, cursor = ended
    rows = [row for row in treatment_board.at(cursor, BASE.id) if not row.ended]
    assert sum(row.open_excursions for row in rows) >= 1
    assert [row.stage for row in rows if row.held] == ["delivered"]
    assert {"rejected", "revoked"} <= {row.state for row in rows}
    deviations = [
        each.state
        for journey in simulation.journeys
        for each in journey.vein.deviations.by_id.values()
        if not journey.vein.treatment.ended
    ]
    assert {"open", "assessed"} <= set(deviations)
    assert sum(row.open_deviations for row in rows) == sum(state != "closed" for state in deviations)


def test_it_does_not_end_where_the_base_is_closed() -> None:
    in_the_national_day = datetime.fromisoformat("2026-10-03T08:00:00+08:00")
    assert end_near(BASE, in_the_national_day) == datetime.fromisoformat("2026-10-08T08:00:00+08:00")
    assert end_near(BASE, START) == START
