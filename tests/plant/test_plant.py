"""The simulated plant's clock, crew and draws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain, cycle, islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.spec.harness import START, founding, plant_in_memory

from yimai.actions import suite
from yimai.domain.base import base_from
from yimai.domain.batch_entry import departure, possible
from yimai.domain.possible import expected
from yimai.domain.recipe_content import recipe_from
from yimai.interfaces.plant.clock import Clock, TimeReversed
from yimai.interfaces.plant.crew import Crew, NobodyOnDuty
from yimai.interfaces.plant.draws import Draws, departing, failing
from yimai.interfaces.plant.founding import found
from yimai.interfaces.plant.names import printed_names
from yimai.interfaces.plant.plant import Refused

BASE = base_from(founding().base)
RECIPE = recipe_from(founding().recipe)
SHANGHAI_NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SHANGHAI_NIGHT = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def test_the_clock_only_moves_forward() -> None:
    clock = Clock(START)
    clock.advance(timedelta(hours=1))
    with pytest.raises(TimeReversed):
        clock.wait_until(START)
    assert clock() == START + timedelta(hours=1)


def test_a_clock_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Clock(datetime(2026, 3, 2))  # noqa: DTZ001 - the very thing that is refused


def test_people_are_picked_by_role_shift_and_qualification() -> None:
    crew = Crew(BASE)
    assert crew.pick(SHANGHAI_NOON, "lingang", "qa") == "qa-01"
    assert crew.pick(SHANGHAI_NIGHT, "lingang", "qa") == "qa-04"
    assert crew.pick(SHANGHAI_NOON, "lingang", "operator", qualification="fill_finish") == "operator-02"
    with pytest.raises(NobodyOnDuty, match="qualified_person"):
        crew.pick(SHANGHAI_NIGHT, "lingang", "qualified_person")


def test_the_lapsed_and_the_unqualified_are_never_picked() -> None:
    crew = Crew(BASE, Random(1))
    picked = {crew.pick(SHANGHAI_NOON, "lingang", "operator", qualification="aseptic_processing") for _ in range(500)}
    assert len(picked) == 13
    assert not picked & {"operator-21", "operator-22"}


def test_whoever_is_off_duty_is_waited_for() -> None:
    morning = Crew(BASE).next_on_duty(SHANGHAI_NIGHT, "lingang", "qualified_person")
    assert morning == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)


def test_printed_names_say_that_they_are_invented_and_no_two_are_alike() -> None:
    names = printed_names(1, 100)
    assert len(set(names)) == 100
    assert all(name.startswith("示例·") and "Sample" in name for name in names)
    assert names == printed_names(1, 100) != printed_names(2, 100)


def test_founding_twice_changes_nothing() -> None:
    plant = plant_in_memory()
    before = list(plant.ledger.entries())
    found(plant.ledger, founding())
    assert list(plant.ledger.entries()) == before


def test_at_the_medians_nothing_departs_and_nothing_fails() -> None:
    draws = Draws()
    for step in RECIPE.steps:
        assert draws.failure(step.failures) == ""
        for field in step.entries:
            value = draws.entry(field, "A-01")
            assert possible(step.id, field, value) is None
            assert departure(field, value) is None, f"{step.id}.{field.id}"
    for test in RECIPE.tests:
        value = draws.result(test)
        assert value in test.accepted if test.type == "choice" else test.limits.admit(Decimal(value))


@given(some.integers())
def test_whatever_is_drawn_could_be_recorded(seed: int) -> None:
    draws = Draws(Random(seed))
    for step in RECIPE.steps:
        for field in step.entries:
            assert possible(step.id, field, draws.entry(field, "A-01")) is None


def test_what_departs_could_be_recorded_and_does_depart() -> None:
    for step in RECIPE.steps:
        for field in step.entries:
            value = departing(field)
            if value is not None:
                assert possible(step.id, field, value) is None
                assert departure(field, value) is not None


def test_a_failing_result_does_not_conform() -> None:
    for test in RECIPE.tests:
        value = failing(test)
        assert test.type == "choice" or expected(test.unit, test.limits, Decimal(value)) == ""
        assert value not in test.accepted if test.type == "choice" else not test.limits.admit(Decimal(value))


def test_the_batch_record_keeps_the_position_that_the_bag_was_put_into() -> None:
    plant = plant_in_memory()
    taken = plant.treatment("received")
    place = taken.store(taken.bag)
    plant.positions = chain((place,), plant.positions)
    journey = plant.treatment("manufactured")
    held = journey.vein.custody.held[journey.final_bags[0]].position
    recorded = journey.vein.batches.by_id[journey.batch].run("store", 1).entries["position"]
    assert recorded == held != place


def test_a_base_without_storage_is_told_what_it_lacks() -> None:
    plant = plant_in_memory()
    plant.places, plant.positions = 0, cycle(())
    with pytest.raises(ValueError, match=r"base lingang has no position for .*: list some under 'storage' in its file"):
        plant.treatment("manufactured")


def test_positions_that_are_free_again_are_used_again_and_a_full_store_is_told() -> None:
    plant = plant_in_memory()
    first, second, third = (plant.treatment("received") for _ in range(3))
    places = list(islice(plant.positions, plant.places))[:2]
    plant.places, plant.positions = 2, cycle(places)
    assert [first.store(first.bag), second.store(second.bag)] == places
    with pytest.raises(Refused) as full:
        third.store(third.bag)
    assert full.value.refusal.code == "decision.taken"
    second.retrieve(second.bag)
    assert third.store(third.bag) == places[1]


def test_a_slot_in_a_suite_that_others_took_out_of_use_is_left_for_another() -> None:
    first = plant_in_memory().treatment("slotted").itinerary
    assert first is not None
    plant = plant_in_memory()
    plant.called(suite.take_out, "qa", suite=first.suite, reason="breakdown")
    second = plant.treatment("slotted").itinerary
    assert second is not None
    assert second.suite != first.suite
