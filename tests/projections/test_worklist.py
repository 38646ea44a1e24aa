"""The worklist offers exactly what people then do: watched while the simulated plant walks whole treatments."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from typing import Any, Final

import psycopg
import pytest
from psycopg_pool import ConnectionPool
from tests.projections.story import BASE, HOSPITAL, START, Story, the_recipe
from tests.spec.harness import SpecPlant, clone, founded_ledger, founded_template, founding

from yimai.actions.decision import Answer, Done
from yimai.actions.verbs import VERBS
from yimai.domain.base import base_from
from yimai.domain.facts import KINDS
from yimai.domain.recipe_content import recipe_from
from yimai.interfaces.plant.fortune import Departure, Fortune
from yimai.interfaces.plant.journey import Journey
from yimai.interfaces.plant.plant import Plant
from yimai.projections import rebuild, tasks, tasks_drafting, worklist, worklist_marks
from yimai.projections.words import BLOCKS, VERB_TITLES
from yimai.projections.worklist_state import Row, Task
from yimai.wiring.embedded_database import EmbeddedDatabase

AT_ANY_TIME: Final = {
    "treatment.hold": "a patient falls ill",
    "treatment.cancel": "the hospital takes the order back",
    "treatment.withdraw": "the disease progresses, or no product can be made",
    "slot.free": "plans change",
    "batch.fail_batch": "what people see in the bag",
    "batch.correct_entry": "somebody notices a wrong entry",
    "label.destroy": "a label is damaged",
}
"""Verbs that nothing on record announces: they are offered, but as something that may be done, not that waits."""
NOT_FROM_A_TREATMENT: Final = {"treatment.order": "there is no treatment yet"}


@dataclass
class Watch:
    """Compares each command with what the worklist offered to the person who gives it."""

    cursor: psycopg.Cursor[Any]
    people: dict[str, Any]
    wrong: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    told: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def offered(self, plant: Plant, actor: str) -> list[Task]:
        person, now = self.people[actor], plant.clock()
        if "courier" in person.roles:
            return list(worklist.for_courier(self.cursor, actor, now))
        return list(
            worklist.for_site(self.cursor, person.site, person.roles, now, person=actor, optional=True, most=100_000)
        )

    def compare(self, verb: str, arguments: dict[str, Any], offered: list[Task], plant: Plant) -> None:
        self.seen.add(verb)
        for task in offered:
            self.told[task.verb] |= set(task.arguments) - set(VERBS[task.verb].arguments)
        treatment = arguments["treatment"]
        fit = [task for task in offered if task.treatment == treatment and verb in (task.verb, *task.alternatives)]
        good = [each for each in fit if _matches(each, arguments) and not each.blocked]
        due = [each for each in good if not each.optional or verb in AT_ANY_TIME]
        place = f"{plant.clock():%m-%d %H:%M} {treatment} {verb}"
        if not due:
            others = [(each.verb, each.blocked, dict(each.arguments), each.optional) for each in fit]
            self.wrong.append(f"{place} {_plain(arguments)} was not offered, but {others}")
            return
        before = [each for each in due if not each.optional]
        after = {
            _key(each) for each in worklist.for_treatment(self.cursor, treatment, plant.clock()) if not each.optional
        }
        self.wrong += [f"{place} is still offered: {_key(each)}" for each in before if _key(each) in after]


def _plain(arguments: dict[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in arguments.items() if name not in ("treatment", "entries")}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(str(each) for each in value) if isinstance(value, tuple) else str(value)


def _matches(task: Task, arguments: dict[str, Any]) -> bool:
    named = {name: value for name, value in task.arguments.items() if name in arguments and name != "filled"}
    return all(
        sorted(value.split(",")) == sorted(_text(arguments[name]).split(","))
        if name not in ("markers",)
        else set(value.split(",")) <= set(arguments[name])
        for name, value in named.items()
    )


def _key(task: Task) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return task.verb, task.side, tuple(sorted(task.arguments.items()))


@pytest.fixture
def watched(postgres: EmbeddedDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[SpecPlant, Watch]]:
    with clone(postgres, founded_template(postgres)) as url:
        base = base_from(founding().base)
        with (
            founded_ledger(url, Random("worklist")) as (ledger, clock),
            psycopg.connect(url, autocommit=True) as connection,
        ):
            watch = Watch(connection.cursor(), {person.id: person for person in base.people})
            ask = Plant.ask

            def watching(self: Plant, act: Callable[..., Answer], actor: str, site: str, /, **arguments: Any) -> Answer:
                verb = f"{act.__module__.rpartition('.')[2]}.{act.__name__}"
                offered = watch.offered(self, actor) if verb not in NOT_FROM_A_TREATMENT else []
                answer = ask(self, act, actor, site, **arguments)
                if isinstance(answer, Done) and verb not in NOT_FROM_A_TREATMENT:
                    watch.compare(verb, arguments, offered, self)
                return answer

            monkeypatch.setattr(Plant, "ask", watching)
            yield SpecPlant(ledger, clock, recipe_from(founding().recipe), base), watch
            followed = rebuild.digest(watch.cursor)
            rebuild.rebuild(watch.cursor, (entry for _, entry in ledger.entries()))
            assert rebuild.digest(watch.cursor) == followed


NEGLECTED: Final = {
    "sample.void": "no tube breaks in the simulated plant",
    "sample.invalidate_result": "nor does its laboratory err",
    "treatment.decline": "its base takes every order",
    "deviation.report": "what departs there is seen by the record itself",
    "disposition.revoke": "its releases are revoked by late results",
    "infusion.withdraw_permit": "and its permits by a revocation",
}
"""Verbs that the worklist knows and the simulated plant never asks for."""
BESIDE: Final[dict[str, set[str]]] = {
    "label.issue": {"number", "step"},
    "slot.free": {"suite"},
    "batch.start_step": {"suite", "qualifications"},
    "batch.complete_step": {"verifier_needed"},
    "custody.assess_excursion": {"cause", "shipment"},
    "deviation.assess": {"batch", "step"},
    "deviation.close": {"batch", "step", "classification", "approver_needed"},
}
"""What tasks say beside the arguments of their verb, for a list or a page to show."""
PLAIN: Final = Fortune(spared=True)
FORTUNES: Final = (
    replace(
        PLAIN,
        collection_failures=("below_minimum", "access"),
        positive_marker="hbv",
        transport="warm",
        departure=Departure("wash", "viability"),
        corrected="wash",
        held_after="delivered",
        dispatched_early=True,
    ),
    replace(
        PLAIN,
        reprinted=True,
        transport="no_data",
        departure=Departure("transduce", "multiplicity"),
        held_after="accepted",
    ),
    replace(PLAIN, transport="spoilt", batch_failure="final_culture"),
    replace(PLAIN, departure=Departure("fill_bags", "seal_intact", "reject_batch")),
    replace(PLAIN, failing="viability", supplied=True),
    replace(PLAIN, failing="killing", dispatched_early=True),
    replace(PLAIN, late_positive="sterility", dispatched_early=True),
    replace(PLAIN, ended_after="slotted"),
    replace(PLAIN, ended_after="received", ended="progression"),
    replace(PLAIN, ended_after="step:middle_culture", ended="consent_withdrawn"),
)
"""Whatever may befall treatments, several things at once where they do not exclude one another."""


def walk_together(plant: Plant, journeys: list[Journey]) -> None:
    """Let all go to the end of their ways, in the order of time."""
    waiting = [(plant.clock(), place) for place in range(len(journeys))]
    while waiting:
        moment, place = heappop(waiting)
        plant.clock.wait_until(max(moment, plant.clock()))
        following = journeys[place].go_on()
        if following is not None:
            heappush(waiting, (following, place))


def test_every_command_was_offered_to_who_gives_it_and_has_gone_afterwards(watched: tuple[SpecPlant, Watch]) -> None:
    plant, watch = watched
    journeys = [Journey(plant, number=number, fortune=each) for number, each in enumerate(FORTUNES, 1)]
    walk_together(plant, journeys)
    assert not watch.wrong, "\n".join(watch.wrong)
    assert {journey.reached[-1] for journey in journeys} == {"closed", "retained"}
    for journey in journeys:
        left = worklist.for_treatment(watch.cursor, journey.treatment, plant.clock())
        assert [each for each in left if not each.optional] == []
    assert {verb: told for verb, told in watch.told.items() if told} == BESIDE
    verbs = set(VERB_TITLES) - set(NEGLECTED)
    assert watch.seen == verbs


def test_what_is_due_first_stands_first(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    story.treatment("accepted")
    urgent = story.treatment("accepted", urgency="urgent")
    running = story.treatment("received")
    with pool.connection() as connection, connection.cursor() as cursor:
        offered = worklist.for_site(cursor, BASE, ("scheduler", "operator"), story.clock.now)
        assert [each.treatment for each in offered[:2]] == [urgent, running]
        reserve = [each.treatment for each in offered if each.verb == "slot.reserve"]
        assert reserve[0] == urgent
        assert worklist.counts(offered)["slot.reserve"] == 2
        assert worklist.for_site(cursor, BASE, ("scheduler",), story.clock.now, most=1) == offered[:1]
        assert worklist.for_site(cursor, HOSPITAL, ("courier",), story.clock.now) == ()


def test_a_collection_that_runs_stands_before_labels_that_are_due_in_days(
    story: Story, pool: ConnectionPool[Any]
) -> None:
    story.open_house()
    story.treatment("slot_reserved")
    with pool.connection() as connection, connection.cursor() as cursor:
        offered = worklist.for_site(cursor, HOSPITAL, ("nurse",), story.clock.now)
    waiting = [each for each in offered if each.due is not None]
    first = waiting[0].due
    assert first is not None
    assert first > story.clock.now + timedelta(hours=20)
    running = replace(waiting[0], verb="collection.complete", due=None, since=story.clock.now)
    assert worklist.in_order((*waiting, running), story.clock.now) == (running, *waiting)


def test_what_is_urgent_without_a_clock_stands_before_what_has_hours_left(
    story: Story, pool: ConnectionPool[Any]
) -> None:
    story.open_house()
    story.treatment("slot_reserved")
    now = story.clock.now
    with pool.connection() as connection, connection.cursor() as cursor:
        days = worklist.for_site(cursor, HOSPITAL, ("nurse",), now)[0]
    assert days.due is not None
    assert days.due > now + timedelta(hours=20)
    urgent = replace(days, due=None, urgency="urgent", treatment="T-URGENT")
    calm = replace(urgent, urgency="standard", treatment="T-CALM")
    pressing = replace(days, due=now + timedelta(hours=3), treatment="T-PRESSING")
    assert worklist.in_order((calm, days, urgent, pressing), now) == (pressing, urgent, days, calm)


def test_a_courier_sees_what_he_carries_and_what_waits_for_any_courier(story: Story, pool: ConnectionPool[Any]) -> None:
    story.open_house()
    story.treatment("received")
    carried = story.treatment("in_transit")
    with pool.connection() as connection, connection.cursor() as cursor:
        (task,) = worklist.for_courier(cursor, "COUR-1", story.clock.now)
        assert (task.verb, task.treatment, task.person) == ("custody.hand_over", carried, "COUR-1")
        assert set(task.arguments) == {"treatment", "shipment", "giver"}
        assert worklist.for_courier(cursor, "COUR-2", story.clock.now) == ()


def test_time_opens_and_closes_what_is_to_be_done(watched: tuple[SpecPlant, Watch]) -> None:
    plant, watch = watched
    journey = plant.treatment("labelled")
    slot = journey.itinerary
    assert slot is not None

    def standing(now: datetime) -> dict[str, str]:
        offered = worklist.for_treatment(watch.cursor, journey.treatment, now)
        return {task.verb: task.blocked for task in offered if not task.optional}

    assert standing(plant.clock()) == {"collection.start": ""}
    assert standing(slot.starts - timedelta(days=4)) == {"collection.start": "too_early"}
    assert standing(slot.ends + timedelta(minutes=1)) == {"collection.start": "too_late", "slot.reserve": ""}
    journey.hold()
    assert standing(plant.clock()) == {"collection.start": "held", "treatment.resume": ""}


def test_a_suite_that_is_occupied_out_of_use_or_uncleared_again_holds_up_the_batch(
    watched: tuple[SpecPlant, Watch],
) -> None:
    plant, watch = watched
    journey = plant.treatment("received")
    plant.clock.advance(timedelta(hours=6))

    def standing(**changed: str) -> dict[str, str]:
        for column, value in changed.items():
            watch.cursor.execute(f"UPDATE projection.room SET {column} = %s", (value,))
        offered = worklist.for_treatment(watch.cursor, journey.treatment, plant.clock())
        return {task.verb: task.blocked for task in offered if not task.optional}

    assert standing() == {"suite.clear_line": ""}
    assert standing(batch="B-OTHER") == {"suite.clear_line": "suite_occupied"}
    assert standing(out="cleaning") == {"suite.clear_line": "suite_out"}
    assert standing(batch="", out="") == {"suite.clear_line": ""}
    journey.reach("cleared")
    assert standing() == {"batch.open_batch": ""}
    assert standing(cleared_for="") == {"suite.clear_line": "", "batch.open_batch": "waits_for_clearance"}
    watch.cursor.execute("UPDATE projection.room SET cleared_for = %s WHERE suite = %s", (journey.batch, journey.suite))
    watch.cursor.execute("UPDATE projection.room SET cleared_for = '' WHERE suite <> %s", (journey.suite,))


def test_every_task_and_every_obstacle_has_words() -> None:
    assert set(VERB_TITLES) >= set(tasks_drafting.ROLES)
    alternatives = {"collection.fail"}
    assert set(VERB_TITLES) == set(tasks_drafting.ROLES) | alternatives
    source = "".join(path.read_text(encoding="utf-8") for path in Path(tasks.__file__).parent.glob("tasks*.py"))
    named = set(re.findall(r'"((?:waits_for|suite|labels_to|too)_[a-z_]+)"', source)) - {"suite_id"}
    assert named | {"held", "unusable"} <= set(BLOCKS)


def test_facts_are_followed_by_kinds_that_exist() -> None:
    assert set(KINDS) >= worklist_marks.KINDS


def test_a_new_order_asks_for_consent_and_markers_and_then_for_the_bases_answer() -> None:
    row = Row("T1", HOSPITAL, BASE, "cd19-cart", "", "routine", START, "", {})
    first = {task.verb: task for task in tasks.tasks_of(row, the_recipe(), START) if not task.optional}
    assert {verb: task.blocked for verb, task in first.items()} == {
        "treatment.record_consent": "",
        "treatment.report_markers": "",
        "treatment.accept": "waits_for_consent",
    }
    assert first["treatment.report_markers"].arguments["markers"] == "hbv,hcv,hiv,htlv,syphilis"
