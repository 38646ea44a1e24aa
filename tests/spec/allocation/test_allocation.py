"""Whose turn it is: credit, order and room that is kept, by the policy that the base has published."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spec.harness import SpecPlant, then_facts, then_refused

from yimai.actions import slot, suite, timetable, treatment
from yimai.actions.decision import Answer
from yimai.domain import queue
from yimai.domain.allocation import AllocationPolicy, TurnOverridden, Waiting, ahead, credits
from yimai.domain.recipe import Source
from yimai.domain.slot import TURN_ROUND, Itinerary, Outage, SlotReserved, earliest, itinerary, put_back, suites_for
from yimai.domain.suite import SuiteTakenOut
from yimai.domain.timetable import Disruption, TimetableRepaired
from yimai.domain.treatment import Treatment, TreatmentAccepted
from yimai.interfaces.files.reading import read_base, read_recipe
from yimai.interfaces.plant.journey import Journey
from yimai.wiring import demo

NOW = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
DAY = timedelta(days=1)
BASE, RECIPE = read_base(demo.BASE).base, read_recipe(demo.RECIPE).recipe
SUITES = suites_for(BASE, RECIPE)
POLICY = AllocationPolicy(
    urgent=14 * DAY,
    hold=2 * DAY,
    window=28 * DAY,
    shares=(("hospital-a", Decimal("0.5")),),
    over_share=7 * DAY,
    fewest=4,
    source=Source("agreed by the partners", assumed=False),
)


def waiting(name: str, days: float, urgency: str = "routine", hospital: str = "hospital-b") -> Waiting:
    return Waiting(name, hospital, urgency, "cd19-cart", NOW - days * DAY)


def order(*who: Waiting, reserved: dict[str, int] | None = None) -> list[str]:
    return [each.waiting.treatment for each in credits(POLICY, who, reserved or {}, NOW)]


@pytest.mark.requirement(
    "ALO-001", "Of two equally urgent, who has waited longer is ahead; urgency counts as days waited."
)
def test_waiting_and_urgency_count() -> None:
    assert order(waiting("A", 1), waiting("B", 3)) == ["B", "A"]
    assert order(waiting("A", 1, "urgent"), waiting("B", 14)) == ["A", "B"]
    assert order(waiting("A", 1, "urgent"), waiting("B", 15.1)) == ["B", "A"]
    assert order(waiting("B", 1), waiting("A", 1)) == ["A", "B"]


@pytest.mark.requirement(
    "ALO-002", "A hospital that had more than its share of late loses credit, once enough was allocated."
)
def test_a_share_that_is_used_up_counts_against_the_hospital() -> None:
    pair = waiting("A", 5, hospital="hospital-a"), waiting("B", 1)
    assert order(*pair, reserved={"hospital-a": 3, "hospital-b": 1}) == ["B", "A"]
    assert order(*pair, reserved={"hospital-a": 2, "hospital-b": 2}) == ["A", "B"]
    assert order(*pair, reserved={"hospital-a": 3}) == ["A", "B"]


@pytest.mark.requirement("ALO-003", "Room is kept for those who are ahead until their time to choose first is over.")
def test_room_is_kept_for_a_time_only() -> None:
    ranked = credits(POLICY, [waiting("A", 3), waiting("B", 1.5), waiting("C", 1)], {}, NOW)
    assert [each.waiting.treatment for each in ahead(ranked, "C")] == ["B"]
    assert ahead(ranked, "A") == ()
    assert ahead(ranked, "unknown") == ()


@given(
    st.lists(
        st.tuples(
            st.floats(0, 60), st.sampled_from(["routine", "urgent"]), st.sampled_from(["hospital-a", "hospital-b"])
        ),
        max_size=12,
    ),
    st.dictionaries(st.sampled_from(["hospital-a", "hospital-b"]), st.integers(0, 9)),
    st.randoms(use_true_random=False),
)
def test_the_order_does_not_depend_on_the_order_of_asking(
    who: list[tuple[float, str, str]], reserved: dict[str, int], chance: Random
) -> None:
    asked = [waiting(f"T{number:02}", *each) for number, each in enumerate(who)]
    shuffled = list(asked)
    chance.shuffle(shuffled)
    found = order(*asked, reserved=reserved)
    assert found == order(*shuffled, reserved=reserved)
    ranked = credits(POLICY, asked, reserved, NOW)
    assert [each.total for each in ranked] == sorted((each.total for each in ranked), reverse=True)
    for each in ranked:
        before = ahead(ranked, each.waiting.treatment)
        assert all(other.held and other.total >= each.total for other in before)


@pytest.mark.requirement("ALO-004", "Only a scheduler takes a slot out of turn, and only with a reason from the list.")
def test_an_override_needs_a_scheduler_and_a_reason(plant: SpecPlant) -> None:
    journey = plant.treatment("accepted")
    wanted = journey.offered(plant.clock() + 2 * DAY)[0]
    arguments = {"treatment": journey.treatment, "itinerary": wanted}
    coordinator, scheduler = journey.at_hospital("coordinator"), journey.at_base("scheduler")
    then_refused(
        plant.asks(slot.reserve, coordinator, journey.hospital, **arguments, out_of_turn="progression"),
        "person.not_of_role",
    )
    then_refused(
        plant.asks(slot.reserve, scheduler, plant.base.id, **arguments, out_of_turn="because"), "reason.unknown"
    )
    done = plant.asks(slot.reserve, scheduler, plant.base.id, **arguments, out_of_turn="progression")
    _, overridden = then_facts(done, SlotReserved, TurnOverridden)
    assert isinstance(overridden, TurnOverridden)
    assert (overridden.reason, overridden.overridden.signer) == ("progression", scheduler)


def one_suite_left(plant: SpecPlant) -> None:
    qa = next(each.id for each in plant.base.people if "qa" in each.roles and each.site == plant.base.id)
    for each in plant.base.suites[:-1]:
        then_facts(plant.asks(suite.take_out, qa, plant.base.id, suite=each.id, reason="maintenance"), SuiteTakenOut)


def windows(plant: SpecPlant, journey: Journey) -> tuple[Itinerary, Itinerary]:
    """The first and the second window of the only suite, for a collection in two days."""
    only = replace(plant.base, suites=plant.base.suites[-1:])
    (first,) = earliest(only, journey.recipe, plant.occupied(), plant.clock() + 2 * DAY)
    taken = {first.suite: [*plant.occupied().get(first.suite, ()), (first.starts, first.ends + TURN_ROUND)]}
    (second,) = earliest(only, journey.recipe, taken, plant.clock() + 2 * DAY)
    return first, second


def reserves(plant: SpecPlant, journey: Journey, itinerary: Itinerary, **more: str) -> Answer:
    by, site = journey.at_hospital("coordinator"), journey.hospital
    if more:
        by, site = journey.at_base("scheduler"), plant.base.id
    return plant.asks(slot.reserve, by, site, treatment=journey.treatment, itinerary=itinerary, **more)


@pytest.mark.requirement(
    "ALO-005",
    "A slot that would put back who is ahead is refused to everybody, by whichever door, unless a scheduler gives a reason.",
)
def test_the_turn_is_kept_by_the_action_itself(memory_plant: SpecPlant) -> None:
    plant = memory_plant
    one_suite_left(plant)
    ahead_of_it, behind = plant.treatment("accepted"), plant.treatment("accepted")
    first, second = windows(plant, behind)
    refusal = then_refused(reserves(plant, behind, first), "allocation.out_of_turn")
    assert ahead_of_it.treatment not in refusal.en + refusal.zh
    then_facts(reserves(plant, behind, first, out_of_turn="progression"), SlotReserved, TurnOverridden)
    then_facts(reserves(plant, ahead_of_it, second), SlotReserved)


@pytest.mark.requirement(
    "ALO-006", "A slot that leaves room for those who are ahead, or comes after their time to choose, is in turn."
)
def test_room_that_nobody_ahead_needs_is_free(memory_plant: SpecPlant) -> None:
    plant = memory_plant
    plant.treatment("accepted")
    while_others_are_free = plant.treatment("accepted")
    first, _ = windows(plant, while_others_are_free)
    then_facts(reserves(plant, while_others_are_free, first), SlotReserved)
    plant.occupy(first.suite, (first.starts, first.ends))
    one_suite_left(plant)
    behind = plant.treatment("accepted")
    first, second = windows(plant, behind)
    then_refused(reserves(plant, behind, first), "allocation.out_of_turn")
    then_facts(reserves(plant, behind, second), SlotReserved)
    plant.occupy(second.suite, (second.starts, second.ends))
    last = plant.treatment("accepted")
    assert plant.base.allocation is not None
    plant.clock.advance(plant.base.allocation.hold)
    then_facts(reserves(plant, last, windows(plant, last)[0]), SlotReserved)


@pytest.mark.requirement(
    "ALO-008", "A suite that a signed repair put out of use leaves no room for those who are ahead until it is back."
)
def test_a_suite_out_by_a_repair_is_no_room_for_who_is_ahead(memory_plant: SpecPlant) -> None:
    """With the only suite that is left taken, who is ahead would begin later."""
    plant = memory_plant
    plant.treatment("accepted")
    behind = plant.treatment("accepted")
    first, _ = windows(plant, behind)

    def others_down(until: datetime) -> None:
        down = tuple(
            Disruption("suite_down", plant.clock(), until, suite=each.id)
            for each in plant.base.suites
            if each.id != first.suite
        )
        given = {"base": plant.base.id, "disruptions": down, "way": "nobody_else", "moves": (), "reason": "breakdown"}
        scheduler = behind.at_base("scheduler")
        then_facts(plant.asks(timetable.repair, scheduler, plant.base.id, **given), TimetableRepaired)

    others_down(first.ends)
    then_refused(reserves(plant, behind, first), "allocation.out_of_turn")
    others_down(plant.clock() + DAY)
    then_facts(reserves(plant, behind, first), SlotReserved)


@pytest.mark.requirement(
    "ALO-007", "Who has a slot or has ended waits no more; who loses the slot waits again from then."
)
def test_the_queue_follows_from_its_own_chain(memory_plant: SpecPlant) -> None:
    plant = memory_plant

    def waiting_now() -> list[str]:
        names = queue.months(plant.base.id, plant.clock() - DAY, plant.clock())
        entries = [entry for each in names for entry in plant.entries("queue", each)]
        return [each.treatment for each in queue.queue_of(entries, lambda _: Treatment()).waiting]

    one, two = plant.treatment("accepted"), plant.treatment("accepted")
    assert waiting_now() == [one.treatment, two.treatment]
    one.reserve()
    two.cancel()
    assert waiting_now() == []
    one.free_slot("rescheduled")
    assert waiting_now() == [one.treatment]
    one.cancel()
    assert waiting_now() == []


def test_the_months_of_a_queue_are_all_named_once() -> None:
    begins, ends = datetime(2026, 11, 30, 23, tzinfo=UTC), datetime(2027, 2, 1, 1, tzinfo=UTC)
    assert list(queue.months("b", begins, ends)) == ["b-2026-11", "b-2026-12", "b-2027-01", "b-2027-02"]
    assert list(queue.months("b", ends, ends)) == ["b-2027-02"]


def test_many_who_come_by_one_queue_at_once_are_all_served(plant: SpecPlant) -> None:
    journeys = [plant.treatment("ordered") for _ in range(12)]
    for each in journeys:
        each.consent()
        each.report_markers()

    def accepted(each: Journey) -> Answer:
        return plant.asks(treatment.accept, each.at_base("scheduler"), plant.base.id, treatment=each.treatment)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(accepted, journeys))
    for answer in answers:
        then_facts(answer, TreatmentAccepted)


def one_after_another(windows: dict[str, list[tuple[datetime, datetime]]], number: int) -> list[datetime | None]:
    """When each of so many could begin, each taking the earliest slot that is offered."""
    begins: list[datetime | None] = []
    for _ in range(number):
        first = next(iter(earliest(BASE, RECIPE, windows, NOW, 1)), None)
        begins.append(None if first is None else first.starts)
        if first is not None:
            windows = {**windows, first.suite: [*windows.get(first.suite, ()), (first.starts, first.ends)]}
    return begins


@given(
    st.lists(
        st.tuples(st.sampled_from(SUITES), st.integers(-400, 3000), st.integers(1, 500), st.booleans()), max_size=20
    ),
    st.integers(0, 25),
    st.sampled_from(SUITES),
    st.integers(0, 2000),
)
def test_who_would_be_put_back_is_found_as_if_each_chose_in_turn(
    busy: list[tuple[str, int, int, bool]], number: int, suite: str, later: int
) -> None:
    """A suite's time may be promised to somebody or be out of use."""
    taken: dict[str, list[tuple[datetime, datetime]]] = {}
    promised: dict[str, list[tuple[datetime, datetime]]] = {}
    away: dict[str, list[Outage]] = {}
    for of, begin, hours, out in busy:
        starts = NOW + timedelta(hours=begin)
        ends = starts + timedelta(hours=hours)
        taken.setdefault(of, []).append((starts, ends))
        if out:
            away.setdefault(of, []).append(Outage(starts, ends))
        else:
            promised.setdefault(of, []).append((starts, ends))
    chosen = itinerary(RECIPE, suite, NOW + timedelta(hours=later, minutes=30))
    without = one_after_another(taken, number)
    window = [*taken.get(suite, ()), (chosen.starts, chosen.ends)]
    beside = one_after_another({**taken, suite: window}, number)
    expected = sum(one is not None and (two is None or two > one) for one, two in zip(without, beside, strict=True))
    assert put_back(BASE, [RECIPE] * number, promised, chosen, NOW, away) == expected
