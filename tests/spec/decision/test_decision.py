"""How every action decides: once for each command, on what is true when it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random

import pytest
from tests.spec.harness import LEDGER, START, SpecPlant, answer, founding, plant_in_memory, then_facts, then_refused

from yimai.actions import treatment
from yimai.actions.decision import Answer, Done
from yimai.domain.base import base_from
from yimai.domain.recipe_content import recipe_from
from yimai.domain.treatment import TreatmentHeld
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.founding import found
from yimai.interfaces.plant.journey import Journey
from yimai.ledger.entry import Command, Deposit, Draft, Entry, Reading
from yimai.ledger.memory import MemoryLedger


def hold(plant: SpecPlant, name: str, reason: str = "investigation", **arguments: object) -> Answer:
    return plant.asks(treatment.hold, "qa-01", "lingang", treatment=name, reason=reason, **arguments)


@pytest.mark.requirement(
    "DEC-001", "A command that is sent again is answered from what it wrote, and writes nothing more."
)
def test_a_repeat_is_answered_from_the_stored_facts(plant: SpecPlant) -> None:
    journey = plant.treatment("accepted")
    first = hold(plant, journey.treatment, id="pressed-once")
    then_facts(first, TreatmentHeld)
    plant.clock.advance(timedelta(hours=1))
    again = hold(plant, journey.treatment, id="pressed-once")
    assert isinstance(first, Done)
    assert isinstance(again, Done)
    assert [entry.content for entry in again.entries] == [entry.content for entry in first.entries]


@pytest.mark.requirement("DEC-002", "A repeat is answered even where the rule would refuse now.")
def test_a_repeat_is_not_decided_again(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("accepted")
    hold(memory_plant, journey.treatment, id="pressed-once")
    journey.cancel()
    then_facts(hold(memory_plant, journey.treatment, id="pressed-once"), TreatmentHeld)


@pytest.mark.requirement(
    "DEC-003", "The same command id with another body is refused; another person may use the same id."
)
def test_another_body_under_the_same_id(plant: SpecPlant) -> None:
    one, other = plant.treatment("accepted"), plant.treatment("accepted")
    then_facts(hold(plant, one.treatment, id="7"), TreatmentHeld)
    then_refused(hold(plant, other.treatment, id="7"), "decision.command_reused")
    then_refused(hold(plant, one.treatment, "capacity", id="7"), "decision.command_reused")
    asked = {"treatment": other.treatment, "reason": "investigation"}
    then_facts(plant.asks(treatment.hold, "qa-02", "lingang", id="7", **asked), TreatmentHeld)


@pytest.mark.requirement("DEC-004", "A refusal that wrote nothing is decided afresh.")
def test_a_refusal_is_decided_afresh(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("ordered")
    asked = {"id": "accepting", "treatment": journey.treatment}
    then_refused(memory_plant.asks(treatment.accept, "scheduler-01", "lingang", **asked), "treatment.no_consent")
    journey.consent()
    assert isinstance(memory_plant.asks(treatment.accept, "scheduler-01", "lingang", **asked), Done)


@pytest.mark.requirement(
    "DEC-005", "Nothing happens in the future; what happened just now or earlier is recorded as of then."
)
def test_the_future(plant: SpecPlant) -> None:
    journey = plant.treatment("accepted")
    now = plant.clock()
    then_refused(hold(plant, journey.treatment, occurred=now + timedelta(microseconds=1)), "decision.in_future")
    done = hold(plant, journey.treatment, occurred=now)
    assert isinstance(done, Done)
    assert done.entries[0].occurred == now
    plant.asks(treatment.resume, "qa-01", "lingang", treatment=journey.treatment)
    earlier = hold(plant, journey.treatment, occurred=now - timedelta(minutes=5))
    assert isinstance(earlier, Done)
    assert (earlier.entries[0].occurred, earlier.entries[0].recorded) == (now - timedelta(minutes=5), now)


@pytest.mark.requirement("DEC-006", "A reason is one of the list: free text could name a person.")
def test_reasons_are_listed(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("accepted")
    refusal = then_refused(hold(memory_plant, journey.treatment, "Mr Quillon called"), "reason.unknown")
    assert "investigation" in refusal.en


class Hurried(MemoryLedger):
    """A ledger in which somebody else is quicker, so many times."""

    def __init__(self, clock: Clock, meanwhile: Callable[[], object], times: int) -> None:
        super().__init__(ledger_id=LEDGER, clock=clock, chance=Random("hurried").randbytes)
        self.meanwhile, self.times = meanwhile, 0
        self.wanted = times

    def append(
        self, drafts: Sequence[Draft], *, command: Command, after: Reading, deposits: Sequence[Deposit] = ()
    ) -> tuple[Entry, ...]:
        if drafts[0].kind == TreatmentHeld.kind and self.times < self.wanted:
            self.times += 1
            self.meanwhile()
        return super().append(drafts, command=command, after=after, deposits=deposits)


@pytest.mark.requirement("DEC-007", "If others changed what was read, the rule is asked again, three times at most.")
@pytest.mark.parametrize("times", [1, 2, 3])
def test_others_are_quicker(times: int) -> None:
    clock = Clock(START)
    journeys: list[Journey] = []
    ledger = Hurried(clock, lambda: journeys[0].report_markers(), times)
    found(ledger, founding())
    plant = SpecPlant(ledger, clock, recipe_from(founding().recipe), base_from(founding().base))
    journeys.append(plant.treatment("accepted"))
    held = hold(plant, journeys[0].treatment)
    if times < 3:
        then_facts(held, TreatmentHeld)
        assert ledger.times == times
    else:
        refusal = then_refused(held, "decision.try_again")
        assert journeys[0].treatment in refusal.en


@pytest.mark.requirement("DEC-008", "A refusal writes nothing and tells in both languages what to do next.")
def test_a_refusal_writes_nothing(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("accepted")
    before = list(memory_plant.ledger.entries())
    then_refused(answer(journey.resume), "treatment.not_held")
    assert list(memory_plant.ledger.entries()) == before


@pytest.mark.requirement("DEC-009", "Every fact carries the zone of the site where it happened.")
def test_the_zone(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("accepted")
    for entry in memory_plant.entries("treatment", journey.treatment):
        assert entry.occurred.utcoffset() == timedelta(hours=8)


def test_the_plant_in_memory_is_founded_alike_each_time() -> None:
    first, second = (list(plant_in_memory().ledger.entries()) for _ in range(2))
    assert [entry.content for _, entry in first] == [entry.content for _, entry in second]
