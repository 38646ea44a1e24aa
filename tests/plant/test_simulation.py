"""The seeded plant: every special fate and every stage is there whatever the seed, and a seed tells the same story."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from random import Random

import pytest
from tests.spec.harness import LEDGER, START, founding

from yimai.domain.base import base_from
from yimai.domain.recipe_content import recipe_from
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.founding import found
from yimai.interfaces.plant.simulation import ENOUGH, Progress, Simulation
from yimai.ledger.entry import Entry
from yimai.ledger.memory import MemoryLedger
from yimai.planning.scenario import Scenario

SPECIAL: dict[str, tuple[str, dict[str, object], int]] = {
    "a collection failed": ("collection.failed.v1", {}, 2),
    "a starting material was too warm": ("shipment.excursion_opened.v1", {"cause": "out_of_range"}, 2),
    "a logger had no data": ("shipment.excursion_opened.v1", {"cause": "no_data"}, 1),
    "an excursion made the material unusable": ("shipment.excursion_assessed.v1", {"usable": False}, 1),
    "an entry was out of range": ("deviation.opened.v1", {"cause": "out_of_limits"}, 2),
    "a critical deviation was opened": ("deviation.opened.v1", {"classification": "critical"}, 2),
    "QA closed a deviation": ("deviation.closed.v1", {"conclusion": "acceptable"}, 2),
    "a deviation rejected a batch": ("deviation.closed.v1", {"conclusion": "reject_batch"}, 1),
    "a batch was rejected": ("disposition.rejected.v1", {}, 2),
    "a batch failed": ("batch.failed.v1", {"cause": "growth"}, 1),
    "supply out of specification was requested": ("oos_supply.requested.v1", {}, 1),
    "its risk was evaluated": ("oos_supply.risk_evaluated.v1", {}, 1),
    "its risk was accepted": ("oos_supply.risk_accepted.v1", {}, 1),
    "both notices were given": ("oos_supply.notice_given.v1", {}, 2),
    "it was supplied": ("disposition.oos_supplied.v1", {}, 1),
    "a late positive revoked a conditional release": ("disposition.revoked.v1", {"reason": "late_positive"}, 1),
    "the clinician was alerted": ("disposition.clinician_alerted.v1", {}, 1),
    "a treatment was cancelled": ("treatment.cancelled.v1", {}, 1),
    "a treatment was withdrawn": ("treatment.withdrawn.v1", {"reason": "progression"}, 1),
    "a treatment was held": ("treatment.held.v1", {}, 2),
    "and resumed": ("treatment.resumed.v1", {}, 2),
    "a label was printed again": ("label.issued.v1", {"copy": 2}, 1),
    "an entry was corrected": ("batch.entry_corrected.v1", {}, 1),
    "an identity match was refused": ("identity.match_refused.v1", {}, 2),
    "a bag was destroyed": ("custody.container_consumed.v1", {"how": "destroyed"}, 2),
    "positive material was segregated": ("custody.container_received.v1", {"segregated": True}, 1),
    "an outcome was reported": ("outcome.reported.v1", {}, 5),
    "a treatment was completed": ("outcome.treatment_completed.v1", {}, 1),
}
STAGES = (
    "ordered", "consented", "accepted", "slotted", "collecting", "packed", "in_transit", "received", "opened", "tested",
    "reviewed", "conditionally_released", "dispatched", "delivered", "lymphodepleted", "permitted", "infused", "closed",
)  # fmt: skip


def simulated(
    seed: int, count: int, scenario: Scenario | None = None
) -> tuple[Simulation, list[Entry], list[Progress]]:
    clock = Clock(START)
    ledger = MemoryLedger(ledger_id=LEDGER, clock=clock, chance=Random(f"ledger {seed}").randbytes)
    found(ledger, founding())
    files = founding()
    recipe, base = recipe_from(files.recipe), base_from(files.base)
    simulation = Simulation(ledger, clock, recipe, base, count=count, seed=seed, scenario=scenario)
    told = list(simulation.run())
    return simulation, [entry for _, entry in ledger.entries()], told


def fingerprint(seed: int, count: int) -> str:
    """SHA-256 over the content of all entries of a simulation."""
    digest = hashlib.sha256()
    for entry in simulated(seed, count)[1]:
        digest.update(entry.content)
    return digest.hexdigest()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_special_fate_and_every_stage_is_met(seed: int) -> None:
    simulation, entries, _ = simulated(seed, ENOUGH)
    for what, (kind, fields, number) in SPECIAL.items():
        found_ = [e for e in entries if e.kind == kind and all(e.data[name] == value for name, value in fields.items())]
        assert len(found_) >= number, what
    standing = Counter(journey.reached[-1] for journey in simulation.journeys)
    assert [stage for stage in STAGES if not standing[stage]] == []
    assert len(simulation.journeys) == ENOUGH


def test_whoever_lost_a_batch_was_collected_again() -> None:
    simulation, _, _ = simulated(4, ENOUGH)
    failed = [each for each in simulation.journeys if each.fortune.batch_failure]
    assert [len(each.vein.batches.by_id) for each in failed] == [2]
    assert [each.vein.collections.latest is not None for each in failed] == [True]


def test_a_seed_tells_the_same_story_byte_for_byte() -> None:
    assert fingerprint(7, 12) == fingerprint(7, 12)
    assert fingerprint(7, 12) != fingerprint(8, 12)


def test_the_story_does_not_hang_on_pythons_hash_seed() -> None:
    program = "from tests.plant.test_simulation import fingerprint; print(fingerprint(7, 12))"
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert told == {fingerprint(7, 12) + "\n"}


def test_by_a_scenario_appointments_are_missed_and_things_break_and_are_returned() -> None:
    troubled = Scenario(no_show=0.5, suite_failures=20.0, equipment_failures=20.0)
    entries = simulated(5, 3, troubled)[1]
    kinds = Counter(entry.kind for entry in entries)
    for noun in ("suite", "equipment"):
        assert kinds[f"{noun}.taken_out.v1"] >= kinds[f"{noun}.returned.v1"] > 20
    freed = [entry for entry in entries if entry.kind == "slot.freed.v1" and entry.data["reason"] == "did_not_come"]
    assert freed
    for entry in freed:
        again = [
            each.occurred for each in entries if each.kind == "slot.reserved.v1" and each.subjects == entry.subjects
        ]
        assert any(each > entry.occurred for each in again)


def test_progress_counts_every_day_to_the_end() -> None:
    simulation, _, told = simulated(5, 3)
    days = (simulation.ends - simulation.starts).days
    assert told[-1] == Progress(days, days, "")
    assert [each.done for each in told] == sorted(each.done for each in told)


def test_every_command_has_an_id_of_its_own() -> None:
    _, entries, _ = simulated(5, 3)
    commands = {(entry.actor, entry.command): entry.request for entry in entries}
    assert len({command for _, command in commands}) == len(commands)
