"""A lot is used only released, unexpired, of the right material and of this base."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.spec.batch.floor import MEDIUM, SHANGHAI, Floor, accepted, quantity, refused

from yimai.actions import material_lot
from yimai.actions.decision import Answer
from yimai.domain.batch import LotUse
from yimai.domain.material_lot import MaterialLotReceived, MaterialLotReleased


def lot(floor: Floor, name: str, expires: date, material: str = "medium", *, released: bool = True) -> None:
    floor.given(MaterialLotReceived(name, "lingang", material, quantity(500, "mL"), expires))
    if released:
        floor.given(MaterialLotReleased(name, floor.signature("q1")))


def use(name: str, amount: int = 100, unit: str = "mL", material: str = "medium") -> tuple[LotUse, ...]:
    return (LotUse(material, name, quantity(amount, unit)),)


@pytest.fixture
def number(floor: Floor) -> str:
    """A batch whose next step needs medium."""
    batch = floor.opened()
    floor.done(batch, "receive")
    return batch


@pytest.mark.requirement("LOT-001", "A lot is used up to and including its expiry day, in the base's zone.")
def test_expiring_today_is_still_usable(floor: Floor, number: str) -> None:
    """Expired yesterday: refused. Expiring today: used."""
    lot(floor, "old", date(2026, 5, 3))
    lot(floor, "last-day", date(2026, 5, 4))
    refused(floor.start(number, "activate", materials=use("old")), "material_lot.expired")
    accepted(floor.start(number, "activate", materials=use("last-day")))


@pytest.mark.requirement("LOT-001", "A lot is used up to and including its expiry day, in the base's zone.")
def test_a_lot_expires_at_midnight_in_shanghai(floor: Floor) -> None:
    """At midnight it is refused, also as a late entry of what was done a minute before."""
    number = floor.opened()
    floor.now = datetime(2026, 5, 4, 22, 30, tzinfo=SHANGHAI)
    floor.done(number, "receive")
    lot(floor, "last-day", date(2026, 5, 4))
    midnight = datetime(2026, 5, 5, 0, 0, tzinfo=SHANGHAI)
    floor.now = midnight
    for occurred in (None, midnight - timedelta(minutes=1)):
        late = floor.start(number, "activate", materials=use("last-day"), occurred=occurred)
        refused(late, "material_lot.expired")


@pytest.mark.requirement("LOT-001", "A lot is used up to and including its expiry day, in the base's zone.")
def test_a_lot_is_used_until_midnight_in_shanghai(floor: Floor) -> None:
    """At 23:59 of its last day."""
    number = floor.opened()
    floor.now = datetime(2026, 5, 4, 22, 30, tzinfo=SHANGHAI)
    floor.done(number, "receive")
    lot(floor, "last-day", date(2026, 5, 4))
    floor.now = datetime(2026, 5, 4, 23, 59, tzinfo=SHANGHAI)
    accepted(floor.start(number, "activate", materials=use("last-day")))


@pytest.mark.requirement("LOT-002", "A lot is used only after its release and not after its rejection.")
def test_only_released_lots_are_used(floor: Floor, number: str) -> None:
    """Received: refused. Released: would do. Recalled: refused again."""
    lot(floor, "new", date(2026, 6, 1), released=False)
    refused(floor.start(number, "activate", materials=use("new")), "material_lot.not_released")
    accepted(material_lot.release(floor.ledger, floor.command("q1"), material_lot="new"))
    command = floor.command("q1")
    accepted(material_lot.reject(floor.ledger, command, material_lot="new", reason="quality_concern"))
    refused(floor.start(number, "activate", materials=use("new")), "material_lot.not_released")


@pytest.mark.requirement("LOT-003", "A lot of another material, or of another base, is refused.")
def test_the_wrong_material_is_refused(floor: Floor, number: str) -> None:
    """Buffer passed off as medium, medium passed off as buffer, a lot that nobody received: all refused."""
    lot(floor, "buffer-1", date(2026, 6, 1), "buffer")
    floor.given(MaterialLotReceived("far", "other-base", "medium", quantity(1, "mL"), date(2027, 1, 1)))
    refused(floor.start(number, "activate", materials=use("buffer-1")), "material_lot.wrong_material")
    as_buffer = use("lot-medium", material="buffer")
    refused(floor.start(number, "activate", materials=as_buffer), "material_lot.wrong_material")
    extra = (*MEDIUM, *use("buffer-1", material="buffer"))
    refused(floor.start(number, "activate", materials=extra), "material_lot.wrong_material")
    refused(floor.start(number, "activate", materials=use("nobodys")), "material_lot.unknown")
    refused(floor.start(number, "activate", materials=use("far")), "material_lot.unknown")


@pytest.mark.requirement(
    "LOT-004", "Every material that a step needs is given, in the recipe's unit and more than none."
)
def test_all_materials_of_a_step_are_given(floor: Floor, number: str) -> None:
    """None, a wrong unit, zero and less than zero are refused."""
    refused(floor.start(number, "activate", materials=()), "batch.material_missing")
    refused(floor.start(number, "activate", materials=use("lot-medium", 1, "L")), "material_lot.quantity_impossible")
    for amount in (0, -1):
        answer = floor.start(number, "activate", materials=use("lot-medium", amount))
        refused(answer, "material_lot.quantity_impossible")


@pytest.mark.requirement("LOT-005", "A lot is received once, and QA decides once on its release.")
def test_a_lots_life(floor: Floor) -> None:
    """Receipt, release and rejection each refuse what does not follow from the lot's state."""

    def receive(amount: int = 5, by: str = "o1") -> Answer:
        return material_lot.receive(
            floor.ledger,
            floor.command(by),
            material_lot="L1",
            material="medium",
            quantity=quantity(amount, "mL"),
            expires=date(2026, 5, 4),
        )

    def release(by: str = "q1") -> Answer:
        return material_lot.release(floor.ledger, floor.command(by), material_lot="L1")

    received: dict[str, Any] = {"material": "medium", "quantity": quantity(5, "mL"), "expires": date(2026, 5, 4)}
    accepted(material_lot.receive(floor.ledger, floor.command("q1"), material_lot="L2", **received))
    own = material_lot.release(floor.ledger, floor.command("q1"), material_lot="L2")
    refused(own, "material_lot.own_work")

    def reject(reason: str = "damaged") -> Answer:
        return material_lot.reject(floor.ledger, floor.command("q1"), material_lot="L1", reason=reason)

    refused(release(), "material_lot.unknown")
    refused(receive(0), "material_lot.quantity_impossible")
    refused(receive(by="md"), "person.not_of_site")
    accepted(receive())
    refused(receive(), "material_lot.already_received")
    refused(release("o1"), "person.not_of_role")
    accepted(release())
    refused(release(), "material_lot.already_decided")
    refused(reject(""), "material_lot.reason_missing")
    accepted(reject())
    refused(reject(), "material_lot.already_decided")


@pytest.mark.requirement("LOT-006", "An expired lot cannot be released any more.")
def test_an_expired_lot_is_not_released(floor: Floor) -> None:
    """The day after its last one, release is refused."""
    lot(floor, "late", date(2026, 5, 3), released=False)
    command = floor.command("q1")
    refused(material_lot.release(floor.ledger, command, material_lot="late"), "material_lot.expired")
