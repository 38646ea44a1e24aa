"""A passkey that was lost is withdrawn for good: nothing later is signed by it, and what it signed before stays signed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.spec.harness import SpecPlant, clone, founded_template, plant_on_postgres, then_refused
from tests.spec.signing.test_signing import (
    HOSPITAL,
    SECRET,
    SERVER,
    by_passkey,
    by_password,
    public_key,
    registers,
    signed_hold,
    written,
)
from tests.spec.signing.test_verifying import problem_in

from yimai.actions import request, signing, site
from yimai.actions.signing import Rehearsed, perform, rehearse
from yimai.domain.person import Passkey
from yimai.domain.signing import Evidence, problem_of
from yimai.interfaces.plant.journey import Journey
from yimai.wiring.embedded_database import EmbeddedDatabase

WITHDRAWN = (
    "SIG-012",
    "A passkey is withdrawn for good by its person or an administrator; only what it signed before stays signed.",
)


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def mark(key: ec.EllipticCurvePrivateKey) -> str:
    return sha256(public_key(key)).hexdigest()


def asks(
    plant: SpecPlant,
    actor: str,
    where: str,
    act: Callable[..., Any],
    evidence: Callable[[Rehearsed], list[Evidence]] = by_password,
    **arguments: Any,
) -> Any:
    """Somebody asks and signs, by password if nothing else is said."""
    verb = f"site.{act.__name__}"
    command = request.command(verb, arguments, id=uuid4().hex, actor=actor, site=where, secret=SECRET)
    asked = partial(act, **arguments)
    found = rehearse(plant.ledger, command, asked, SECRET)
    if not isinstance(found, Rehearsed):
        return found
    return perform(plant.ledger, command, asked, SECRET, key=SERVER, evidence=evidence(found))


def withdraws(plant: SpecPlant, journey: Journey, person: str, key: ec.EllipticCurvePrivateKey, **more: Any) -> Any:
    arguments = {"passkey": mark(key), "reason": "key_lost", **more}
    return asks(plant, person, journey.hospital, site.withdraw_passkey, **arguments)


def signs(plant: SpecPlant, journey: Journey, key: ec.EllipticCurvePrivateKey) -> Any:
    """The physician puts the treatment on hold, signed by the passkey."""
    return signed_hold(plant, journey, lambda found, signer: [by_passkey(key, signer, found.record)])


@pytest.mark.requirement(*WITHDRAWN)
def test_a_withdrawn_passkey_signs_nothing_more(plant: SpecPlant, key: ec.EllipticCurvePrivateKey) -> None:
    one, other = (plant.treatment("accepted", hospital=HOSPITAL) for _ in range(2))
    physician = one.at_hospital("physician")
    written(registers(plant, one, physician, public_key(key)))
    before = written(signs(plant, one, key))
    (withdrawn, *_) = written(withdraws(plant, one, physician, key))
    assert withdrawn.kind == "person.passkey_withdrawn.v1"
    then_refused(signs(plant, other, key), "signing.key_withdrawn")
    assert problem_of(before) == "", "what it signed before stays signed"
    then_refused(withdraws(plant, one, physician, key), "person.passkey_withdrawn")
    again = asks(plant, physician, one.hospital, site.register_passkey, public_key=public_key(key))
    then_refused(again, "person.passkey_withdrawn")


@pytest.mark.requirement(*WITHDRAWN)
def test_nobody_withdraws_what_is_not_his_but_an_administrator(
    memory_plant: SpecPlant, key: ec.EllipticCurvePrivateKey
) -> None:
    journey = memory_plant.treatment("accepted", hospital=HOSPITAL)
    physician, nurse = journey.at_hospital("physician"), journey.at_hospital("nurse")
    then_refused(withdraws(memory_plant, journey, physician, key), "person.passkey_unknown")
    written(registers(memory_plant, journey, physician, public_key(key)))
    then_refused(withdraws(memory_plant, journey, nurse, key), "person.passkey_unknown")
    then_refused(withdraws(memory_plant, journey, physician, key, reason="for fun"), "reason.unknown")
    revoke: dict[str, Any] = {"person": physician, "passkey": mark(key), "reason": "key_compromised"}
    administrator = journey.at_base("administrator")
    then_refused(asks(memory_plant, nurse, journey.hospital, site.revoke_passkey, **revoke), "person.not_of_role")
    wrong = {**revoke, "person": nurse}
    then_refused(
        asks(memory_plant, administrator, journey.base, site.revoke_passkey, **wrong), "person.passkey_unknown"
    )
    (revoked, *_) = written(asks(memory_plant, administrator, journey.base, site.revoke_passkey, **revoke))
    assert (revoked.data["person"], revoked.actor) == (physician, administrator)
    then_refused(signs(memory_plant, journey, key), "signing.key_withdrawn")


@pytest.mark.requirement(*WITHDRAWN)
def test_the_last_that_a_passkey_signs_may_be_its_own_withdrawal(
    memory_plant: SpecPlant, key: ec.EllipticCurvePrivateKey
) -> None:
    journey = memory_plant.treatment("accepted", hospital=HOSPITAL)
    physician = journey.at_hospital("physician")
    written(registers(memory_plant, journey, physician, public_key(key)))

    def itself(found: Rehearsed) -> list[Evidence]:
        return [by_passkey(key, physician, found.record)]

    entries = written(withdraws(memory_plant, journey, physician, key, evidence=itself))
    assert problem_of(entries) == ""


@pytest.mark.requirement(*WITHDRAWN)
def test_a_withdrawal_between_reading_and_writing_stops_the_signature(
    plant: SpecPlant, key: ec.EllipticCurvePrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey = plant.treatment("accepted")
    physician = journey.at_hospital("physician")
    written(registers(plant, journey, physician, public_key(key)))
    read = signing._Signing._with_keys
    pending = [True]

    def and_meanwhile(self: Any, after: Any, given: Any) -> Any:
        reading = read(self, after, given)
        if any(each.method == "passkey" for each in given) and pending:
            pending.clear()
            written(withdraws(plant, journey, physician, key))
        return reading

    monkeypatch.setattr(signing._Signing, "_with_keys", and_meanwhile)
    then_refused(signs(plant, journey, key), "signing.key_withdrawn")
    assert not pending


@pytest.mark.requirement(*WITHDRAWN)
def test_verifying_tells_of_a_signature_after_the_withdrawal(
    postgres: EmbeddedDatabase, key: ec.EllipticCurvePrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clone(postgres, founded_template(postgres)) as url:
        with plant_on_postgres(url) as plant:
            one = plant.treatment("accepted", hospital=HOSPITAL)
            physician = one.at_hospital("physician")
            written(registers(plant, one, physician, public_key(key)))
            written(signs(plant, one, key))
            written(withdraws(plant, one, physician, key))
            assert problem_in(url) == "", "before is before"
            other = plant.treatment("accepted", hospital=HOSPITAL)
            monkeypatch.setattr(signing, "evolve_passkey", lambda known, fact: known or Passkey())
            monkeypatch.setattr(signing, "Passkey", lambda: Passkey(mark(key), physician))
            written(signs(plant, other, key))
        assert problem_in(url) == f"the passkey of {physician} had been withdrawn before"
