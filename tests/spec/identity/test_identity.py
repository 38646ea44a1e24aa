"""A refused match of identity is a fact: whoever tried, where, with what."""

from __future__ import annotations

import pytest
from tests.spec.harness import SpecPlant, answer, then_facts, then_recorded, then_refused

from yimai.actions import collection
from yimai.domain.collection import CollectionStarted
from yimai.domain.identifier import noun_of
from yimai.domain.refusals import REFUSALS


@pytest.mark.requirement(
    "IDN-001", "A refused match is recorded with gate, actor and what was presented, and changes nothing else."
)
def test_a_refused_match_is_a_fact(plant: SpecPlant) -> None:
    other, journey = plant.treatment("labelled"), plant.treatment("labelled")
    before = journey.vein
    then_refused(answer(journey.start_collection, wristband=other.wristband), "label.not_this_patients")
    entry = plant.entries("treatment", journey.treatment)[-1]
    assert entry.kind == "identity.match_refused.v1"
    assert entry.data["gate"] == "collection.start"
    assert entry.data["details"] == {"presented": other.wristband, "treatment": journey.treatment}
    assert entry.actor.endswith("nurse-01")
    assert journey.vein == before
    then_facts(answer(journey.start_collection), CollectionStarted)


@pytest.mark.requirement(
    "IDN-002", "The other patient's record is left alone when something of theirs is presented here."
)
def test_the_other_record_is_left_alone(memory_plant: SpecPlant) -> None:
    """Papers were once filed under another donor."""
    other, journey = memory_plant.treatment("labelled"), memory_plant.treatment("labelled")
    before = memory_plant.entries("treatment", other.treatment)
    then_refused(answer(journey.start_collection, wristband=other.wristband), "label.not_this_patients")
    assert memory_plant.entries("treatment", other.treatment) == before


@pytest.mark.requirement("IDN-003", "The same refused command, sent again, is answered alike and recorded once.")
def test_a_refused_match_is_recorded_once(plant: SpecPlant) -> None:
    other, journey = plant.treatment("labelled"), plant.treatment("labelled")
    nurse = journey.at_hospital("nurse")
    second = journey.at_hospital("nurse", without=(nurse,))
    asked = {"treatment": journey.treatment, "wristband": other.wristband, "verifier": second}
    answers = [plant.asks(collection.start, nurse, journey.hospital, id="once", **asked) for _ in range(3)]
    for each in answers:
        then_refused(each, "label.not_this_patients")
    found = [each for each in plant.entries("treatment", journey.treatment) if each.kind == "identity.match_refused.v1"]
    assert len(found) == 1


@pytest.mark.requirement(
    "IDN-004", "Of what was scanned only our own identifiers are kept: a foreign label may read a name."
)
def test_a_foreign_scan_is_not_kept(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("labelled")
    then_refused(answer(journey.start_collection, wristband="QUILLON, INVENTED"), "label.not_this_patients")
    then_recorded(journey, "label.not_this_patients")
    assert not any(b"QUILLON" in entry.content for _, entry in memory_plant.ledger.entries())


@pytest.mark.requirement("IDN-005", "A misread identifier, one character off or two swapped, is none of ours.")
def test_a_misread_identifier(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("labelled")
    for place in range(10):
        wrong = "2" if journey.bag[place] != "2" else "3"
        assert noun_of(journey.bag[:place] + wrong + journey.bag[place + 1 :]) is None


@pytest.mark.requirement("IDN-006", "Every mismatch of identity says to stop, or what to scan instead.")
def test_what_a_mismatch_says() -> None:
    advice = ("stop", "scan", "check", "put", "do not", "call", "ask", "reject", "never", "clear", "choose")
    for kind in REFUSALS.values():
        if kind.identity:
            assert any(word in kind.en.lower() for word in advice), kind.en
