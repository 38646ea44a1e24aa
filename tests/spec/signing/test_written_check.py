"""A stranger can check signatures from ``docs/signatures.md`` alone: the check printed there is run as it stands."""

from __future__ import annotations

import json
import re
from base64 import b64decode as unb64
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from tests.architecture.sources import ROOT
from tests.spec.harness import SpecPlant
from tests.spec.signing.test_signing import (
    HOSPITAL,
    by_passkey,
    by_password,
    public_key,
    registers,
    signed_hold,
    written,
)

Entries = list[dict[str, Any]]
Check = Callable[[Entries], tuple[dict[tuple[str, str], int], set[str]]]


@pytest.fixture(scope="module")
def check() -> Check:
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs/signatures.md").read_text(encoding="utf-8"), re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(compile(code[1], "docs/signatures.md", "exec"), names)  # noqa: S102 (it is our own page)
    found: Check = names["check"]
    return found


def signed(plant: SpecPlant) -> tuple[str, Entries]:
    """A ledger in which a physician registered a passkey, signed by it and by password."""
    key = ec.generate_private_key(ec.SECP256R1())
    one, other = (plant.treatment("accepted", hospital=HOSPITAL) for _ in range(2))
    physician = one.at_hospital("physician")
    written(registers(plant, one, physician, public_key(key)))
    written(signed_hold(plant, one, lambda found, signer: [by_passkey(key, signer, found.record)]))
    written(signed_hold(plant, other, lambda found, signer: by_password(found, signer)))
    return physician, [json.loads(entry.content) for _, entry in plant.ledger.entries()]


@pytest.mark.requirement("SIG-011", "Signatures can be checked by anybody, as a page says that the tests run.")
def test_the_written_check_finds_signatures_sound(check: Check, memory_plant: SpecPlant) -> None:
    physician, entries = signed(memory_plant)
    counts, server = check(entries)
    assert counts == {(physician, "passkey"): 1, (physician, "password"): 2}
    assert len(server) == 1


def of(entries: Entries, **wanted: str) -> Any:
    """The data of the first entry that says so."""
    return next(each["data"] for each in entries if all(each["data"].get(name) == wanted[name] for name in wanted))


def another_reason(entries: Entries) -> None:
    of(entries, reason="patient_choice")["reason"] = "progression"


def another_meaning(entries: Entries) -> None:
    of(entries, method="passkey")["meanings"] = ["approved"]


def registered_afterwards(entries: Entries) -> None:
    found = next(each for each in entries if each["kind"] == "person.passkey_registered.v1")
    entries.remove(found)
    entries.append(found)


def withdrawn_before(entries: Entries) -> None:
    place = next(at for at, each in enumerate(entries) if each["kind"] == "person.passkey_registered.v1")
    key = unb64(entries[place]["data"]["public_key"])
    data = {"passkey": sha256(key).hexdigest(), "person": entries[place]["data"]["person"], "reason": "key_lost"}
    withdrawn = {**entries[place], "command": "w", "kind": "person.passkey_withdrawn.v1", "data": data}
    entries.insert(place + 2, withdrawn)


def the_servers_signature(entries: Entries) -> None:
    of(entries, method="passkey")["signature"] = of(entries, method="password")["signature"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (another_reason, "of another record"),
        (another_meaning, "of another meaning"),
        (registered_afterwards, "not known as the signer's passkey"),
        (withdrawn_before, "the passkey had been withdrawn"),
        (the_servers_signature, "^$"),
    ],
)
def test_the_written_check_finds_what_was_changed(
    check: Check, memory_plant: SpecPlant, change: Callable[[Entries], None], told: str
) -> None:
    _, entries = signed(memory_plant)
    change(entries)
    with pytest.raises((AssertionError, InvalidSignature), match=told):
        check(entries)
