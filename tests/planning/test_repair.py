"""Slot repair: a few distinct options, each checked, ranked by how few promises it moves, with what it means for every patient."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.planning import lingang
from tests.planning.lingang import BEGINS

from yimai.planning.build import OrderBook
from yimai.planning.check import check
from yimai.planning.disruption import CollectedAgain, Disruption, Longer, NotThere, Unavailable, disrupted
from yimai.planning.order import Happened, Order
from yimai.planning.problem import NEVER, Plan, Problem
from yimai.planning.repair import (
    FEWEST,
    MORE_PEOPLE,
    SAME_SUITE,
    SHARED,
    SOONEST,
    SURER,
    URGENT,
    Option,
    Search,
    carried,
    mended,
    options,
    settled,
)
from yimai.planning.timetable import schedule
from yimai.wiring import bench_problem

DOWN = [Unavailable(f"suite-{number:02}", BEGINS, BEGINS + timedelta(days=40)) for number in (1, 2, 3)]
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def book() -> OrderBook:
    return lingang.book(lingang.orders(24, gap=9))


@pytest.fixture(scope="module")
def promised(book: OrderBook) -> Plan:
    return schedule(book.problem(), moves=300).plan


@pytest.fixture(scope="module")
def found(book: OrderBook, promised: Plan) -> tuple[Option, ...]:
    return options(book, promised, DOWN, np.random.default_rng(1), Search(moves=600))


def test_options_are_distinct_checked_and_ranked(found: tuple[Option, ...]) -> None:
    assert 2 <= len(found) <= 5
    assert all(option.unplaced == () and check(option.problem, option.plan) == [] for option in found)
    assert [(each.moved, each.delay) for each in found] == sorted((each.moved, each.delay) for each in found)
    assert len({each.name for each in found if each.name != SHARED}) >= 2
    for name, mark in ((FEWEST, "moved"), (SOONEST, "delay"), (URGENT, "urgent")):
        for option in (each for each in found if each.name == name):
            others = [each for each in found if each.name != MORE_PEOPLE]
            assert getattr(option, mark) == min(getattr(each, mark) for each in others)
    meanings = {
        tuple((each.job, each.promise, each.collection) for each in option.changes if each.moved) for option in found
    }
    assert len(meanings) == len(found)


def test_every_affected_patient_is_named_with_both_promises_and_odds(
    found: tuple[Option, ...], book: OrderBook, promised: Plan
) -> None:
    problem = book.problem()
    for option in found:
        changes = {each.job: each for each in option.changes}
        for number, job in enumerate(problem.jobs):
            was, now = (problem.at(int(plan.starts[job.last - 1])) for plan in (promised, option.plan))
            collected, again = (problem.at(int(plan.starts[job.first])) for plan in (promised, option.plan))
            if number not in changes:
                assert (was, collected) == (now, again)
                continue
            change = changes[number]
            assert (change.treatment, change.promised, change.promise) == (job.id, was, now)
            assert (change.collection_before, change.collection) == (collected, again)
            assert change.delay == (now - was) / timedelta(hours=1)
            assert change.moved == (now > was or again != collected)
            assert change.odds is not None
            assert 0 <= change.odds <= 1
        assert option.moved == sum(each.moved for each in option.changes)
        assert option.delay == sum(max(0, each.delay) * problem.jobs[each.job].weight for each in option.changes)


def test_the_same_seed_gives_the_same_options(book: OrderBook, promised: Plan, found: tuple[Option, ...]) -> None:
    again = options(book, promised, DOWN, np.random.default_rng(1), Search(moves=600))
    assert [each.changes for each in again] == [each.changes for each in found]


def test_batches_go_back_to_their_suites_where_they_can(
    found: tuple[Option, ...], book: OrderBook, promised: Plan
) -> None:
    problem = book.problem()
    elsewhere = Plan(promised.starts, (promised.suite + 1) % len(problem.suites))
    assert check(problem, elsewhere) == []
    assert np.array_equal(settled(problem, elsewhere, promised).suite, promised.suite)
    for option in found:
        assert np.array_equal(settled(option.problem, option.plan, promised).suite, option.plan.suite)


def test_one_patient_alone_is_offered_a_surer_promise_and_what_it_costs_to_stay_in_the_suite() -> None:
    book = lingang.book(lingang.orders(3, gap=60))
    timetable = schedule(book.problem(), moves=100).plan
    suite = book.problem().suites[int(timetable.suite[0])]
    down = Unavailable(suite, BEGINS, BEGINS + 12 * DAY)
    late = Longer("T0", "step:final_culture", 3 * DAY)
    ways = options(book, timetable, [down, late], np.random.default_rng(1), Search(moves=100))
    names = [each.name for each in ways]
    assert SURER in names
    surer, best = ways[names.index(SURER)], ways[0]
    assert surer.delay > best.delay
    assert all(each.odds is not None and each.odds >= 0.9 for each in surer.changes if each.moved)
    stays = [each for each in ways if each.name == SAME_SUITE]
    assert all(each.suite == each.suite_before for way in stays for each in way.changes)
    assert all(check(each.problem, each.plan) == [] for each in ways)


def test_a_collection_promised_when_the_hospital_does_not_collect_counts_as_moved(
    book: OrderBook, promised: Plan, found: tuple[Option, ...]
) -> None:
    """The timetable cannot have it when it was promised, so that it stands later there before and after."""
    first = next(each for each in found[0].changes if each.collection == each.collection_before)
    early = first.collection_before - timedelta(hours=2)
    orders = [
        (replace(order, promised_collection=early) if order.id == first.treatment else order, recipe)
        for order, recipe in book.orders
    ]
    again = options(replace(book, orders=orders), promised, DOWN, np.random.default_rng(1), Search(moves=600))
    change = next(each for each in again[0].changes if each.treatment == first.treatment)
    assert (change.collection_before, change.collection) == (early, first.collection)
    assert change.moved


def test_nothing_changes_where_nobody_is_hurt(book: OrderBook, promised: Plan) -> None:
    later = Unavailable("suite-01", BEGINS + 100 * DAY, BEGINS + 101 * DAY)
    (only,) = options(book, promised, [later], np.random.default_rng(1), Search(moves=50))
    assert (only.changes, only.moved, only.delay) == ((), 0, 0)


def one_begun() -> Order:
    at = BEGINS + timedelta(hours=1)
    happened = {
        "collection": Happened(at, at + timedelta(hours=4)),
        "inbound": Happened(at + timedelta(hours=5), None),
    }
    return replace(lingang.order(0, hours=0), happened=happened, promised_collection=BEGINS)


@pytest.mark.parametrize(
    ("what", "hurts"),
    [
        (CollectedAgain("T0", BEGINS + 4 * DAY), {"T0"}),
        (CollectedAgain("T2", BEGINS + 5 * DAY), {"T2"}),
        (Longer("T0", "inbound", timedelta(hours=40)), {"T0"}),
        (Longer("T3", "step:final_culture", 3 * DAY), {"T3"}),
        (Longer("T3", "test:rapid_sterility", 9 * DAY), {"T3"}),
    ],
)
def test_each_kind_of_disruption_delays_its_patient_and_what_has_begun_stays(what: Disruption, hurts: set[str]) -> None:
    book = lingang.book([one_begun(), *lingang.orders(6)[1:]], now=BEGINS + DAY)
    timetable = schedule(book.problem(), moves=100).plan
    assert check(book.problem(), timetable) == []
    best, *_ = options(book, timetable, [what], np.random.default_rng(1), Search(moves=100))
    assert hurts == {each.treatment for each in best.changes if each.moved}
    assert all(each.delay > 0 for each in best.changes if each.moved)
    begun = best.problem.tasks.fixed != NEVER
    assert np.array_equal(best.plan.starts[begun], best.problem.tasks.fixed[begun])
    assert begun[:2].all() != (what == CollectedAgain("T0", BEGINS + 4 * DAY))
    of_first = [each.collection_before == each.collection for each in best.changes if each.treatment == "T0"]
    assert all(of_first) if begun[0] else not any(of_first), "collected later than promised, which no repair changes"


def test_a_test_that_had_ended_and_is_repeated_goes_on_from_now() -> None:
    at = BEGINS + DAY
    ended = replace(one_begun(), happened={**one_begun().happened, "inbound": Happened(at - 2 * DAY / 24, at)})
    book = lingang.book([ended], now=BEGINS + 2 * DAY)
    problem = disrupted(book, [Longer("T0", "inbound", timedelta(hours=3))]).problem()
    inbound = problem.task_of(problem.jobs[0], "inbound")
    assert problem.tasks.fixed[inbound] + problem.tasks.duration[inbound] == problem.now + 6


def test_somebody_ill_is_missed_in_each_of_her_qualifications_and_a_suites_equipment_takes_the_suite() -> None:
    book = lingang.book(lingang.orders(2))
    person = next(each for each in book.base.people if "operator" in each.roles)
    gone = Unavailable(person.id, BEGINS, BEGINS + 3 * DAY)
    sound, broken = book.problem(), disrupted(book, [gone]).problem()
    fewer = np.flatnonzero((broken.capacity < sound.capacity).any(axis=1)).tolist()
    assert len(fewer) >= 2
    assert {sound.resources[each].kind for each in fewer} == {"operators"}
    item = next(each for each in book.base.equipment if each.suite)
    shut = disrupted(book, [Unavailable(item.id, BEGINS, BEGINS + DAY)]).problem()
    assert shut.suite_closed[shut.suites.index(item.suite), :48].all()


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (Unavailable("suite-99", BEGINS, BEGINS + DAY), "no suite, person or equipment suite-99"),
        (CollectedAgain("T77", BEGINS), "no treatment T77"),
        (Longer("T0", "step:dance", DAY), "no task step:dance; it has collection"),
    ],
)
def test_what_is_not_there_cannot_break(book: OrderBook, what: Disruption, told: str) -> None:
    with pytest.raises(NotThere, match=told):
        disrupted(book, [what])


def test_a_plan_is_carried_over_by_names(book: OrderBook, promised: Plan) -> None:
    problem = book.problem()
    of = [lingang.order(99, hours=3), *lingang.orders(24, gap=9)[2:]]
    other = lingang.problem(of)
    there = carried(problem, promised, other)
    assert there.starts[other.jobs[0].first] == NEVER
    assert there.suite[0] == NEVER
    old, new = problem.jobs[5], other.jobs[4]
    assert old.id == new.id
    assert np.array_equal(there.starts[new.first : new.last], promised.starts[old.first : old.last])
    assert other.suites[there.suite[4]] == problem.suites[promised.suite[5]]


def test_a_failed_suite_and_a_lost_batch_move_hardly_anybody() -> None:
    problem = bench_problem.problem(150)
    plan = schedule(problem, moves=3000).plan
    after, lost = bench_problem.disrupted(problem, plan, 400)
    before = carried(problem, plan, after)
    assert {each.rule for each in check(after, before)} >= {"past"}
    best = mended(after, before, np.random.default_rng(1), Search(moves=500))[0]
    assert check(best.problem, best.plan) == []
    assert lost in {each.job for each in best.changes}
    assert best.moved <= 0.05 * len(problem.jobs)


def test_who_finds_no_room_is_named(book: OrderBook, promised: Plan) -> None:
    problem: Problem = book.problem()
    shut = replace(problem, suite_closed=np.ones_like(problem.suite_closed))
    option = mended(shut, promised, np.random.default_rng(1), Search(moves=10))[0]
    assert len(option.unplaced) == option.moved == 24
    assert all(each.odds is None and each.promise is None for each in option.changes)
