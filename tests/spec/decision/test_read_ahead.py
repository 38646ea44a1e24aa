"""What is read ahead only saves a round trip: it never decides anything, and never makes anybody wait."""

from __future__ import annotations

from tests.spec.harness import SpecPlant

from yimai.actions.decision import Done, Seen, decide
from yimai.actions.read_ahead import SUBJECTS, TREATMENTS, ReadAhead
from yimai.actions.request import command
from yimai.domain.fact import subject
from yimai.domain.refusal import Refusal
from yimai.domain.treatment import TreatmentHeld
from yimai.ledger.entry import Command


def test_the_latest_come_first_and_few_are_kept() -> None:
    ahead = ReadAhead()
    ahead.learn("L", "T", ["recipe/a", "base/b"])
    ahead.learn("L", "T", [f"container/{number}" for number in range(SUBJECTS - 1)])
    assert ahead.likely("L", "T") == (*(f"container/{number}" for number in range(SUBJECTS - 1)), "recipe/a")
    assert ahead.likely("another", "T") == ()
    for number in range(TREATMENTS):
        ahead.learn("L", f"T{number}", ["recipe/a"])
    assert ahead.likely("L", "T") == ()


def test_an_append_stands_only_on_what_the_rule_asked_for(plant: SpecPlant) -> None:
    """Another decision changes what was read ahead but not asked for: nothing is decided again."""
    journey = plant.treatment("accepted")
    treatment, other = journey.treatment, plant.treatment("accepted")
    times: list[bool] = []

    def asking(seen: Seen) -> Refusal | tuple[TreatmentHeld, ...]:
        seen.entries("treatment", other.treatment)
        return (TreatmentHeld(treatment, "patient_unfit", seen.sign(physician, "decided")),)

    def not_asking(seen: Seen) -> tuple[TreatmentHeld, ...]:
        times.append(True)
        other.hold() if len(times) == 1 else None
        return (TreatmentHeld(treatment, "patient_unfit", seen.sign(physician, "decided")),)

    def held(name: str) -> Command:
        return command("test", {}, id=name, actor=physician, site=journey.hospital, secret=bytes(32))

    physician, read = journey.at_hospital("physician"), (subject("treatment", treatment),)
    assert isinstance(
        decide(plant.ledger, held("one"), read, asking, verb="treatment.cancel", treatment=treatment), Done
    )
    assert isinstance(
        decide(plant.ledger, held("two"), read, not_asking, verb="treatment.cancel", treatment=treatment), Done
    )
    assert len(times) == 1
