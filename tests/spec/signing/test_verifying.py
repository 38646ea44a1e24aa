"""Verifying signatures from the ledger alone: also whose the passkey was that made one."""

from __future__ import annotations

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.spec.harness import clone, founded_template, plant_on_postgres
from tests.spec.signing.test_signing import by_passkey, public_key, registers, signed_hold, written

from yimai.store import verify_signatures
from yimai.wiring.embedded_database import EmbeddedDatabase


def problem_in(url: str) -> str:
    with psycopg.connect(url) as connection:
        found = verify_signatures.first_problem(connection)
    return found.what if found else ""


@pytest.mark.requirement("SIG-010", "Verifying tells of a passkey that the ledger did not know as the signer's before.")
def test_a_passkey_that_was_not_registered_as_the_signers_before_is_found(postgres: EmbeddedDatabase) -> None:
    with clone(postgres, founded_template(postgres)) as url:
        with plant_on_postgres(url) as plant:
            journey, key = plant.treatment("accepted"), ec.generate_private_key(ec.SECP256R1())
            physician = journey.at_hospital("physician")
            written(registers(plant, journey, physician, public_key(key)))
            written(signed_hold(plant, journey, lambda found, signer: [by_passkey(key, signer, found.record)]))
        assert problem_in(url) == ""
        with psycopg.connect(url) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("UPDATE ledger.entry SET kind = 'other' WHERE kind LIKE 'person.passkey_%'")
        assert problem_in(url) == f"the passkey of {physician} was not registered as theirs before"
