"""Withdrawing a passkey in the browser: one's own, or as an administrator somebody's that was lost."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.pages.tablets import Tablet, bench_opened, refused
from tests.spec.harness import SpecPlant

from yimai.domain.person import fingerprint
from yimai.projections.register import PersonRow
from yimai.wiring.embedded_database import EmbeddedDatabase


@pytest.fixture
def plant(postgres: EmbeddedDatabase) -> Iterator[SpecPlant]:
    with bench_opened(postgres) as plant:
        yield plant


def somebody(plant: SpecPlant, role: str, language: str = "zh-hans", number: int = 0) -> Tablet:
    member = [each for each in plant.base.people if role in each.roles][number]
    return Tablet(plant, PersonRow(member.id, member.site, member.roles), language)


def registered(here: Tablet) -> dict[str, str]:
    """A new passkey of this person; what the address of the forms says of it."""
    made = ec.generate_private_key(ec.SECP256R1()).public_key()
    key = made.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    given = {"public_key": b64encode(key).decode().replace("+", "%2B")}
    here.does("site.register_passkey", {"public_key": b64encode(key).decode()}, given and {})
    return {"passkey": fingerprint(key)}


@pytest.mark.parametrize(("language", "said"), [("zh-hans", "此前的签名仍然有效"), ("en", "before stays signed")])
def test_ones_own_is_withdrawn_once_with_a_reason(plant: SpecPlant, language: str, said: str) -> None:
    nurse = somebody(plant, "nurse", language)
    given = registered(nurse)
    assert said in nurse.shown("site.withdraw_passkey", **given).content.decode()
    assert nurse.sent("site.withdraw_passkey", given, {}).status_code == 422, "a reason is needed"
    (withdrawn,) = nurse.does("site.withdraw_passkey", given, {"reason": "key_replaced"})
    assert withdrawn.kind == "person.passkey_withdrawn.v1"
    refused(nurse.sent("site.withdraw_passkey", given, {"reason": "key_lost"}), "person.passkey_withdrawn")


def test_an_administrator_withdraws_what_somebody_lost_and_nobody_else_does(plant: SpecPlant) -> None:
    nurse, other = somebody(plant, "nurse"), somebody(plant, "nurse", number=1)
    given = registered(nurse)
    refused(other.sent("site.withdraw_passkey", given, {"reason": "key_lost"}), "person.passkey_unknown")
    about = {**given, "person": nurse.who.person}
    refused(other.sent("site.revoke_passkey", about, {"reason": "key_lost"}), "person.not_of_role")
    administrator = somebody(plant, "administrator")
    assert nurse.who.person in administrator.shown("site.revoke_passkey", **about).content.decode()
    (withdrawn,) = administrator.does("site.revoke_passkey", about, {"reason": "key_compromised"})
    assert withdrawn.data["person"] == nurse.who.person
