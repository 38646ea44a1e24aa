"""A passkey made of a few lines: it registers and answers challenges as a browser would send them, or wrongly on purpose."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

DOMAIN, ORIGIN = "localhost", "http://localhost"
FLAG = AuthenticatorData.FLAG
PRESENT, VERIFIED = FLAG.UP, FLAG.UV


@dataclass
class SoftPasskey:
    """flags: what it says of its user. domain, origin: where it thinks it is."""

    credential: bytes = b"soft passkey 001"
    flags: AuthenticatorData.FLAG = PRESENT | VERIFIED
    domain: str = DOMAIN
    origin: str = ORIGIN
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def registration(self, challenge: bytes = bytes(32)) -> dict[str, Any]:
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        attested = AttestedCredentialData.create(bytes(16), self.credential, public)
        data = AuthenticatorData.create(self._domain_hash, self.flags | FLAG.AT, 0, attested)
        answer = {
            "clientDataJSON": websafe_encode(self._client_data("webauthn.create", challenge)),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }
        return self._sent(answer, {"credProps": {"rk": True}})

    def assertion(self, challenge: bytes, user_handle: str = "") -> dict[str, Any]:
        data = bytes(AuthenticatorData.create(self._domain_hash, self.flags, 0))
        client = self._client_data("webauthn.get", challenge)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        answer = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": websafe_encode(user_handle.encode()),
        }
        return self._sent(answer, {})

    @property
    def _domain_hash(self) -> bytes:
        return sha256(self.domain.encode()).digest()

    def _client_data(self, type_: str, challenge: bytes) -> bytes:
        said = {"type": type_, "challenge": websafe_encode(challenge), "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _sent(self, answer: dict[str, Any], extensions: dict[str, Any]) -> dict[str, Any]:
        name = websafe_encode(self.credential)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": answer,
            "clientExtensionResults": extensions,
        }
