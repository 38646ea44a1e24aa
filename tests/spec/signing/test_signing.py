"""Signing: what is signed is known and valid first, and a signature belongs to its record for ever."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.spec.harness import SpecPlant, then_refused

from yimai.actions import collection, request, site, treatment
from yimai.actions.decision import Done
from yimai.actions.signing import Rehearsed, perform, rehearse
from yimai.domain.refusal import Refusal
from yimai.domain.signing import Evidence, SignatureGiven, problem_of
from yimai.interfaces.plant.journey import Journey
from yimai.ledger.entry import Command, Entry

SECRET = bytes(range(32))
HOSPITAL = "demo-hospital-a"
SERVER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def asked(journey: Journey, actor: str, act: Callable[..., Any], **arguments: Any) -> tuple[Command, Any]:
    """A command of a person at the hospital, and the action with its arguments."""
    verb = f"{act.__module__.rpartition('.')[2]}.{act.__name__}"
    command = request.command(verb, arguments, id=journey.treatment, actor=actor, site=journey.hospital, secret=SECRET)
    return command, partial(act, **arguments)


def rehearsed(plant: SpecPlant, command: Command, act: Any) -> Rehearsed:
    found = rehearse(plant.ledger, command, act, SECRET)
    assert isinstance(found, Rehearsed), found
    return found


def by_password(found: Rehearsed, *people: str) -> list[Evidence]:
    return [Evidence(each, found.record, "password") for each in people or found.signers]


def by_passkey(key: ec.EllipticCurvePrivateKey, signer: str, record: bytes, *, flags: int = 0b101) -> Evidence:
    """What an authenticator gives back for a challenge."""
    challenge = urlsafe_b64encode(record).rstrip(b"=").decode()
    client = json.dumps({"type": "webauthn.get", "challenge": challenge, "origin": "https://yimai.example"}).encode()
    authenticator = sha256(b"yimai.example").digest() + bytes([flags]) + (7).to_bytes(4, "big")
    signature = key.sign(authenticator + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
    return Evidence(signer, record, "passkey", public_key(key), authenticator, client, signature)


def public_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def registers(plant: SpecPlant, journey: Journey, person: str, key: bytes) -> Any:
    """The person puts a passkey on the ledger as his own, signed by password."""
    arguments = {"public_key": key}
    command = request.command(
        "site.register_passkey",
        arguments,
        id=f"{person}.{sha256(key).hexdigest()[:16]}",
        actor=person,
        site=journey.hospital,
        secret=SECRET,
    )
    act = partial(site.register_passkey, public_key=key)
    found = rehearse(plant.ledger, command, act, SECRET)
    if not isinstance(found, Rehearsed):
        return found
    return perform(plant.ledger, command, act, SECRET, key=SERVER, evidence=by_password(found))


def written(answer: Any) -> tuple[Entry, ...]:
    assert isinstance(answer, Done), answer
    return answer.entries


def signed_hold(plant: SpecPlant, journey: Journey, evidence: Callable[[Rehearsed, str], list[Evidence]]) -> Any:
    physician = journey.at_hospital("physician")
    command, act = asked(journey, physician, treatment.hold, treatment=journey.treatment, reason="patient_choice")
    found = rehearsed(plant, command, act)
    return perform(plant.ledger, command, act, SECRET, key=SERVER, evidence=evidence(found, physician))


@pytest.mark.requirement("SIG-001", "A record is valid before its signature is asked, and asking writes nothing.")
def test_a_rehearsal_tells_the_facts_and_the_signers_and_writes_nothing(plant: SpecPlant) -> None:
    journey = plant.treatment("labelled")
    nurse = journey.at_hospital("nurse")
    second = journey.at_hospital("nurse", without=(nurse,))
    start = partial(asked, journey, nurse, collection.start, treatment=journey.treatment, verifier=second)
    before = plant.entries("treatment", journey.treatment)
    found = rehearsed(plant, *start(wristband=journey.wristband))
    assert [entry.kind for entry in found.entries] == ["collection.started.v1"]
    assert found.signers == {nurse: ("performed",), second: ("verified",)}
    assert rehearsed(plant, *start(wristband=journey.wristband)).record == found.record
    assert plant.entries("treatment", journey.treatment) == before


@pytest.mark.requirement("SIG-002", "A refused match of identity is a fact, also where it was only rehearsed.")
def test_a_wrong_wristband_is_put_on_record_before_anybody_signs(memory_plant: SpecPlant) -> None:
    journey, other = memory_plant.treatment("labelled"), memory_plant.treatment("labelled")
    nurse = journey.at_hospital("nurse")
    second = journey.at_hospital("nurse", without=(nurse,))
    command, act = asked(
        journey, nurse, collection.start, treatment=journey.treatment, wristband=other.wristband, verifier=second
    )
    refusal = rehearse(memory_plant.ledger, command, act, SECRET)
    assert isinstance(refusal, Refusal)
    assert memory_plant.entries("treatment", journey.treatment)[-1].kind == "identity.match_refused.v1"


@pytest.mark.requirement("SIG-003", "Everybody whose name a record bears has proved to be the one who signs it.")
def test_two_people_sign_one_record(plant: SpecPlant) -> None:
    journey = plant.treatment("labelled")
    nurse = journey.at_hospital("nurse")
    second = journey.at_hospital("nurse", without=(nurse,))
    command, act = asked(
        journey, nurse, collection.start, treatment=journey.treatment, wristband=journey.wristband, verifier=second
    )
    found = rehearsed(plant, command, act)
    alone = perform(plant.ledger, command, act, SECRET, key=SERVER, evidence=by_password(found, nurse))
    then_refused(alone, "signing.not_signed")
    entries = written(perform(plant.ledger, command, act, SECRET, key=SERVER, evidence=by_password(found)))
    assert [entry.kind for entry in entries] == ["collection.started.v1", *["signing.signature_given.v1"] * 2]
    assert {entry.data["signer"] for entry in entries[1:]} == {nurse, second}
    assert problem_of(entries) == ""
    again = perform(plant.ledger, command, act, SECRET, key=SERVER, evidence=by_password(found))
    assert written(again) == entries


@pytest.mark.requirement("SIG-004", "A passkey signs the hash of the record itself; the server need not be trusted.")
def test_a_passkeys_challenge_is_the_records_hash(plant: SpecPlant) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    journey = plant.treatment("accepted")
    registers(plant, journey, journey.at_hospital("physician"), public_key(key))
    entries = written(signed_hold(plant, journey, lambda found, signer: [by_passkey(key, signer, found.record)]))
    given = entries[-1].data
    assert given["method"] == "passkey"
    assert problem_of(entries) == ""


@pytest.mark.requirement(
    "SIG-009", "Whose a passkey is stands on the ledger before it signs, stated and signed by that person."
)
def test_a_passkey_signs_for_the_person_who_registered_it(memory_plant: SpecPlant) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    journey = memory_plant.treatment("accepted", hospital=HOSPITAL)
    signs = partial(signed_hold, memory_plant, journey, lambda found, signer: [by_passkey(key, signer, found.record)])
    physician, nurse = journey.at_hospital("physician"), journey.at_hospital("nurse")
    then_refused(signs(), "signing.not_the_signers")
    then_refused(registers(memory_plant, journey, nurse, b"no key"), "person.not_a_key")
    given = written(registers(memory_plant, journey, nurse, public_key(key)))
    assert [entry.kind for entry in given] == ["person.passkey_registered.v1", SignatureGiven.kind]
    assert given[1].data["method"] == "password"
    then_refused(signs(), "signing.not_the_signers")
    then_refused(registers(memory_plant, journey, physician, public_key(key)), "person.passkey_known")


@pytest.mark.requirement("SIG-005", "For a password the server signs, and the record says so.")
def test_the_server_signs_for_a_password(plant: SpecPlant) -> None:
    journey = plant.treatment("accepted")
    entries = written(signed_hold(plant, journey, lambda found, signer: by_password(found, signer)))
    assert entries[-1].data["method"] == "password"
    assert problem_of(entries) == ""


@pytest.mark.requirement("SIG-006", "A signature cannot be moved to another record.")
@pytest.mark.parametrize("flags", [0b101, 0b001, 0b000])
def test_a_signature_of_another_record_is_refused(memory_plant: SpecPlant, flags: int) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    journey, other = (memory_plant.treatment("accepted", hospital=HOSPITAL) for _ in range(2))
    registers(memory_plant, other, other.at_hospital("physician"), public_key(key))
    taken: list[Evidence] = []

    def of_the_other(found: Rehearsed, signer: str) -> list[Evidence]:
        taken.append(by_passkey(key, signer, found.record, flags=flags))
        return taken

    answer = signed_hold(memory_plant, other, of_the_other)
    assert isinstance(answer, Done) == (flags == 0b101)
    before = memory_plant.entries("treatment", journey.treatment)
    then_refused(signed_hold(memory_plant, journey, lambda found, signer: taken), "signing.record_changed")
    forged = signed_hold(memory_plant, journey, lambda found, signer: [replace(taken[0], record=found.record)])
    then_refused(forged, "signing.record_changed")
    assert memory_plant.entries("treatment", journey.treatment) == before


def test_a_moved_signature_is_found_in_the_ledger(memory_plant: SpecPlant) -> None:
    one, other = (memory_plant.treatment("accepted", hospital=HOSPITAL) for _ in range(2))
    first = written(signed_hold(memory_plant, one, lambda found, signer: by_password(found, signer)))
    second = written(signed_hold(memory_plant, other, lambda found, signer: by_password(found, signer)))
    assert problem_of((first[0], second[1])) == f"the signature of {first[1].data['signer']} is of another record"
    changed = {**first[0].data, "reason": "progression"}
    assert "another record" in problem_of((replace(first[0], data=changed), first[1]))
    stranger = {**first[1].data, "signer": "nobody"}
    assert problem_of((first[0], replace(first[1], data=stranger))) != ""


@pytest.mark.requirement("SIG-007", "What changed between showing and signing is shown again, never signed unseen.")
def test_a_record_that_changed_is_not_signed(memory_plant: SpecPlant) -> None:
    journey = memory_plant.treatment("accepted")
    physician = journey.at_hospital("physician")
    hold = partial(asked, journey, physician, treatment.hold, treatment=journey.treatment)
    shown = rehearsed(memory_plant, *hold(reason="patient_choice"))
    command, act = hold(reason="progression")
    answer = perform(memory_plant.ledger, command, act, SECRET, key=SERVER, evidence=by_password(shown))
    then_refused(answer, "signing.record_changed")
    assert not any(entry.kind == SignatureGiven.kind for entry in memory_plant.entries("treatment", journey.treatment))
