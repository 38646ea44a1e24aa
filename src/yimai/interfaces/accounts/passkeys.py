"""Passkeys of an account: asking for one, and whether one has answered a challenge."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Final

from allauth.account.utils import url_str_to_user_pk
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpRequest
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AuthenticationResponse, UserVerificationRequirement

from yimai.domain.person import fingerprint
from yimai.interfaces.accounts.models import Account
from yimai.projections import register

ALGORITHMS: Final = tuple(each.ALGORITHM for each in (ES256, EdDSA, RS256))
"""Those whose signatures ``domain/signing.py`` checks."""
_CHALLENGE: Final = "passkey_challenge"
_MALFORMED: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a passkey answered: enough to check its signature anywhere. public_key: DER SubjectPublicKeyInfo."""

    authenticator: Authenticator
    public_key: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Passkey:
    """One of an account's. public_key: DER in base64. on_ledger: whether it is registered as the person's, so that he may
    sign with it. withdrawn: whether it was and has been withdrawn, so that it does nothing any more."""

    authenticator: Authenticator
    public_key: str
    mark: str
    on_ledger: bool
    withdrawn: bool

    @property
    def credential_id(self) -> str:
        data = self.authenticator.wrap().authenticator_data.credential_data
        return str(websafe_encode(data.credential_id))


def of(account: Account) -> list[Passkey]:
    found = Authenticator.objects.filter(user=account, type=Authenticator.Type.WEBAUTHN).order_by("pk")
    registered = on_ledger(account.person) if found else {}
    keys = [(each, subject_public_key(each.wrap().authenticator_data.credential_data.public_key)) for each in found]
    return [
        Passkey(
            each,
            b64encode(key).decode(),
            mark,
            registered.get(mark) is False,
            registered.get(mark) is True,
        )
        for each, key in keys
        for mark in (fingerprint(key),)
    ]


def on_ledger(person: str) -> dict[str, bool]:
    """The fingerprints of the passkeys that stand on the ledger as the person's; True for those withdrawn since."""
    with connection.cursor() as cursor:
        return register.passkeys_of(cursor.cursor, person)


def credential_ids(account: Account) -> tuple[str, ...]:
    """The base64url ids by which a browser finds the account's passkeys."""
    return tuple(websafe_encode(each.credential_id) for each in auth.get_credentials(account))


def challenge(request: HttpRequest) -> str:
    """A new challenge (base64url) for this session; it may be answered once."""
    made = request.session[_CHALLENGE] = websafe_encode(secrets.token_bytes(32))
    return str(made)


def answered_here(request: HttpRequest, account: Account | None, answer: str) -> Assertion | None:
    """Check a browser's answer to this session's challenge; without an account, by the passkey of the one it names."""
    asked = request.session.pop(_CHALLENGE, "")
    account = account or _named_in(answer)
    return answered(account, websafe_decode(asked), answer) if asked and account is not None else None


def answered(account: Account, asked: bytes, answer: str) -> Assertion | None:
    """Check a browser's answer, as JSON, to this challenge; None unless a passkey of the account made it for its user.

    A passkey that has been withdrawn on the ledger opens nothing any more.
    """
    state = {"challenge": websafe_encode(asked), "user_verification": UserVerificationRequirement.REQUIRED}
    try:
        response = AuthenticationResponse.from_dict(json.loads(answer))
        found = auth.get_server().authenticate_complete(state, auth.get_credentials(account), response)
    except _MALFORMED:
        return None
    used = auth.get_authenticator_by_credential_id(account, found.credential_id)
    if used is None:
        return None
    used.user = account
    given = response.response
    public_key = subject_public_key(found.public_key)
    if on_ledger(account.person).get(fingerprint(public_key)):
        return None
    return Assertion(
        used,
        public_key,
        bytes(given.authenticator_data),
        bytes(given.client_data),
        given.signature,
    )


def creation_options(account: Account) -> str:
    """What a browser is asked, as JSON, to make a passkey that this house accepts."""
    asked: dict[str, Any] = auth.begin_registration(account, passwordless=True)
    wanted = asked["publicKey"]
    wanted["pubKeyCredParams"] = [{"type": "public-key", "alg": each} for each in ALGORITHMS]
    return json.dumps(asked)


def made(answer: str) -> dict[str, Any] | None:
    """Check what the browser made for the last ``creation_options``; None unless it fits them."""
    try:
        credential: dict[str, Any] = json.loads(answer)
        auth.parse_registration_response(credential)
        data = auth.complete_registration(credential)
        subject_public_key(data.credential_data.public_key)
    except (*_MALFORMED, ValidationError):
        return None
    return credential


def subject_public_key(key: CoseKey) -> bytes:
    """DER SubjectPublicKeyInfo of a COSE key. Raises ValueError for a kind of key that is not accepted here."""
    public: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
    match key:
        case ES256():
            public = ec.EllipticCurvePublicNumbers(_number(key[-2]), _number(key[-3]), ec.SECP256R1()).public_key()
        case EdDSA():
            public = ed25519.Ed25519PublicKey.from_public_bytes(key[-2])
        case RS256():
            public = rsa.RSAPublicNumbers(_number(key[-2]), _number(key[-1])).public_key()
        case _:
            raise ValueError(f"a passkey of the algorithm {key.ALGORITHM} is not accepted")
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _number(written: bytes) -> int:
    return int.from_bytes(written, "big")


def _named_in(answer: str) -> Account | None:
    """The account that an answer names; the answer proves it, or not."""
    try:
        handle = websafe_decode(json.loads(answer)["response"]["userHandle"])
        return Account.objects.filter(pk=url_str_to_user_pk(handle.decode())).first()
    except _MALFORMED:
        return None
