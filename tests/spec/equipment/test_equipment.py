"""Only equipment that is fit may be used: of the class, in this suite or shared, in use, and calibrated on the day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.spec.batch.floor import SHANGHAI, Floor, accepted, refused

from yimai.actions import equipment
from yimai.actions.decision import Answer


@pytest.mark.requirement("EQU-001", "Equipment is used up to and including the last day of its calibration.")
@pytest.mark.parametrize(("until", "allowed"), [(date(2026, 5, 4), True), (date(2026, 5, 3), False)])
def test_the_last_day_of_a_calibration_counts(floor: Floor, until: date, allowed: bool) -> None:
    """Calibrated until today: allowed; until yesterday: refused."""
    number = floor.opened()
    floor.piece("balance-2", "balance", until=until)
    answer = floor.start(number, "receive", equipment=("balance-2",))
    if allowed:
        accepted(answer)
    else:
        refused(answer, "equipment.not_calibrated")


@pytest.mark.requirement("EQU-001", "Equipment is used up to and including the last day of its calibration.")
def test_the_day_ends_at_midnight_in_the_bases_zone(floor: Floor) -> None:
    """At 00:00 in Shanghai (16:00 UTC) the last day is over, whatever time is given; at 23:59 it still ran."""
    number, other = floor.opened(), floor.opened("T2", "s2")
    floor.piece("balance-2", "balance", until=date(2026, 5, 4))
    midnight = datetime(2026, 5, 5, 0, 0, tzinfo=SHANGHAI)
    floor.now = midnight - timedelta(minutes=1)
    accepted(floor.start(other, "receive", treatment="T2", equipment=("balance-2",)))
    floor.now = midnight
    for occurred in (None, midnight - timedelta(minutes=1)):
        late = floor.start(number, "receive", equipment=("balance-2",), occurred=occurred)
        refused(late, "equipment.not_calibrated")


@pytest.mark.requirement("EQU-002", "Each class of equipment that a step names must be there, and nothing else.")
def test_every_class_of_a_step_is_scanned(floor: Floor) -> None:
    """A missing class, a wrong class and an unknown piece are refused."""
    number = floor.opened()
    refused(floor.start(number, "receive", equipment=()), "batch.equipment_missing")
    refused(floor.start(number, "receive", equipment=("balance-1", "incubator-1")), "equipment.wrong_class")
    refused(floor.start(number, "receive", equipment=("balance-9",)), "equipment.unknown")


@pytest.mark.requirement("EQU-003", "Equipment of another suite is not used here; shared equipment is.")
def test_a_piece_of_another_suite_stays_there(floor: Floor) -> None:
    """Incubator 2 stands in suite s2 and does not serve a batch in s1."""
    number = floor.opened()
    floor.done(number, "receive")
    floor.piece("incubator-2", "incubator", "s2")
    refused(floor.start(number, "activate", equipment=("incubator-2", "sealer-1")), "equipment.elsewhere")
    accepted(floor.start(number, "activate", equipment=("incubator-1", "sealer-1")))


@pytest.mark.requirement("EQU-004", "Equipment that was taken out is not used until QA returns it.")
def test_a_piece_out_of_use_is_refused(floor: Floor) -> None:
    """An operator takes it out at once; only QA returns it."""
    number = floor.opened()

    def put_back(by: str) -> Answer:
        return equipment.put_back(floor.ledger, floor.command(by), equipment="balance-1", reason="repaired")

    refused(put_back("q1"), "equipment.not_out")
    accepted(equipment.take_out(floor.ledger, floor.command("o1"), equipment="balance-1", reason="breakdown"))
    refused(floor.start(number, "receive"), "equipment.out_of_use")
    refused(
        equipment.take_out(floor.ledger, floor.command("o2"), equipment="balance-1", reason="breakdown"),
        "equipment.out_of_use",
    )
    refused(put_back("o1"), "person.not_of_role")
    accepted(put_back("q1"))
    accepted(floor.start(number, "receive"))


@pytest.mark.requirement("EQU-005", "QA records a calibration with its first and last day.")
def test_a_new_calibration_makes_a_piece_fit_again(floor: Floor) -> None:
    """An expired piece is refused, calibrated anew it is used; days in the wrong order are refused."""
    number = floor.opened()
    floor.piece("balance-2", "balance", until=date(2026, 4, 30))

    def calibrate(first: date, last: date, by: str = "q1") -> Answer:
        return equipment.calibrate(
            floor.ledger, floor.command(by), equipment="balance-2", valid_from=first, valid_until=last
        )

    refused(calibrate(date(2026, 5, 4), date(2026, 5, 3)), "equipment.days_reversed")
    refused(calibrate(date(2026, 5, 4), date(2027, 5, 3), by="o1"), "person.not_of_role")
    refused(floor.start(number, "receive", equipment=("balance-2",)), "equipment.not_calibrated")
    accepted(calibrate(date(2026, 5, 4), date(2027, 5, 3)))
    accepted(floor.start(number, "receive", equipment=("balance-2",)))


@pytest.mark.requirement(
    "EQU-006", "A new piece is put on the register of its own base, once; who may not calibrate cannot say that it is."
)
def test_a_piece_is_registered_once_at_ones_own_base(floor: Floor) -> None:
    """QA registers with the calibration, the administrator without; a piece without one is used by nobody."""

    def registers(piece: str, **more: Any) -> Answer:
        by = more.pop("by", "q1")
        return equipment.register(floor.ledger, floor.command(by), equipment=piece, equipment_class="balance", **more)

    number = floor.opened()
    days = {"valid_from": date(2026, 1, 1), "valid_until": date(2026, 12, 31)}
    accepted(registers("balance-7", **days))
    refused(registers("balance-7", **days), "equipment.already_registered")
    refused(registers("Balance 8"), "equipment.bad_name")
    refused(registers("balance-8", valid_from=date(2026, 1, 1)), "equipment.day_missing")
    refused(registers("balance-8", suite="s9"), "suite.unknown")
    refused(registers("balance-8", by="o1"), "person.not_of_role")
    accepted(registers("balance-8", suite="s1"))
    refused(floor.start(number, "receive", equipment=("balance-8",)), "equipment.not_calibrated")
    accepted(floor.start(number, "receive", equipment=("balance-7",)))
