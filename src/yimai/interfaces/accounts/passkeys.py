"""Passkeys of an account: which there are, and whether one of them has answered a challenge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.utils import websafe_encode
from fido2.webauthn import AuthenticationResponse, UserVerificationRequirement

from yimai.interfaces.accounts.models import Account


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a passkey answered: enough to check its signature anywhere. public_key: DER SubjectPublicKeyInfo."""

    public_key: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes


def of(account: Account) -> list[Authenticator]:
    return list(Authenticator.objects.filter(user=account, type=Authenticator.Type.WEBAUTHN).order_by("pk"))


def credential_ids(account: Account) -> tuple[str, ...]:
    """The base64url ids by which a browser finds the account's passkeys."""
    return tuple(websafe_encode(each.credential_id) for each in auth.get_credentials(account))


def answered(account: Account, challenge: bytes, answer: str) -> Assertion | None:
    """Check a browser's answer, as JSON, to this challenge; None unless a passkey of the account made it for its user."""
    state = {"challenge": websafe_encode(challenge), "user_verification": UserVerificationRequirement.REQUIRED}
    try:
        response = AuthenticationResponse.from_dict(json.loads(answer))
        found = auth.get_server().authenticate_complete(state, auth.get_credentials(account), response)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None
    used = auth.get_authenticator_by_credential_id(account, found.credential_id)
    if used is None:
        return None
    used.record_usage()
    given = response.response
    return Assertion(
        subject_public_key(found.public_key), bytes(given.authenticator_data), bytes(given.client_data), given.signature
    )


def subject_public_key(key: CoseKey) -> bytes:
    """DER SubjectPublicKeyInfo of a COSE key. Raises ValueError for a kind of key that is not registered here."""
    number: Any = int.from_bytes
    made: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
    match key:
        case ES256():
            point = ec.EllipticCurvePublicNumbers(number(key[-2], "big"), number(key[-3], "big"), ec.SECP256R1())
            made = point.public_key()
        case EdDSA():
            made = ed25519.Ed25519PublicKey.from_public_bytes(key[-2])
        case RS256():
            made = rsa.RSAPublicNumbers(number(key[-2], "big"), number(key[-1], "big")).public_key()
        case _:
            raise ValueError(f"a passkey of the algorithm {key.ALGORITHM} is not registered")
    return made.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
