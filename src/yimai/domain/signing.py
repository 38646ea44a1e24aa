"""Signatures that can be checked without the server: what exactly was signed, by whom, with which key.

The *record* is everything that a command puts down, in canonical form, without the times of signing (those stand in the
entries, by the ledger's clock). A passkey signs the record's hash itself: it is the challenge of the assertion. For a person
who gave a password the server signs, and the fact says so (21 CFR 11.50, 11.70, 11.200).
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from yimai.domain.fact import Fact, Meaning
from yimai.domain.refusal import RefusalKind
from yimai.ledger.canonical import encode
from yimai.ledger.entry import Entry, Json

Method = Literal["password", "password_and_code", "passkey"]
SIGNATURE: Final = frozenset({"signer", "name", "meaning", "signed"})
USER_PRESENT_AND_VERIFIED: Final = 0b101
"""Bits of the authenticator's flags (WebAuthn level 3, 6.1)."""
FLAGS_AT: Final = 32

RECORD_CHANGED = RefusalKind(
    "signing.record_changed",
    "The record is no longer the one that was shown for signing. Read it again as it is now, then sign.",
    "记录已与签名前显示的内容不同。请重新阅读当前内容后再签名。",
)
NOT_SIGNED = RefusalKind(
    "signing.not_signed",
    "The signature of {person} is missing. Let {person} sign on this page.",
    "缺少 {person} 的签名。请由 {person} 在本页签名。",
)

NOT_THE_SIGNERS = RefusalKind(
    "signing.not_the_signers",
    "This passkey does not stand on the ledger as that of {person}. "
    "Let {person} register it under My account, or sign with the password.",
    "账本中没有登记此通行密钥属于 {person}。请由 {person} 在“我的账号”中登记，或使用密码签名。",
)


KEY_WITHDRAWN = RefusalKind(
    "signing.key_withdrawn",
    "This passkey of {person} has been withdrawn and signs nothing more. "
    "Let {person} sign with another passkey, or with the password.",
    "{person} 的该通行密钥已撤回，不能再用于签名。请由 {person} 使用其他通行密钥或密码签名。",
)


@dataclass(frozen=True, slots=True)
class SignatureGiven(Fact):
    """A person proved to be the one who signs the facts of this command.

    concerns: the first subject of the record's first fact. record: hex SHA-256 of the record. late: when the thing happened,
    where that was put down later. public_key: DER SubjectPublicKeyInfo, the person's own (passkey) or else the server's.
    authenticator_data, client_data: of the passkey's assertion; empty where the server signed.
    """

    kind: ClassVar[str] = "signing.signature_given.v1"
    about: ClassVar[tuple[str, ...]] = ("concerns",)
    concerns: str
    signer: str
    meanings: tuple[Meaning, ...]
    record: str
    late: datetime | None
    method: Method
    public_key: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    def subjects(self) -> tuple[str, ...]:
        return (self.concerns,)

    @property
    def holds(self) -> bool:
        """Whether the stored key made the stored signature over exactly this record."""
        if self.method == "passkey":
            return _assertion_holds(self)
        statement = server_statement(self.record, self.signer, self.meanings, self.method)
        return _verified(self.public_key, self.signature, statement)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a person proved to be the signer of a record (its 32-byte hash): fields as in SignatureGiven.

    A password leaves the last four empty: there the server signs.
    """

    signer: str
    record: bytes
    method: Method
    public_key: bytes = b""
    authenticator_data: bytes = b""
    client_data: bytes = b""
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class RecordedFact:
    """What of a fact is signed."""

    kind: str
    data: Mapping[str, Json]
    subjects: tuple[str, ...]


def record(
    ledger: str, actor: str, site: str, command: str, late: datetime | None, facts: Sequence[RecordedFact]
) -> bytes:
    """The canonical bytes of what is signed: all that the command puts down, but for the times of signing."""
    return encode(
        {
            "actor": actor,
            "command": command,
            "facts": [
                {"data": _timeless(dict(each.data)), "kind": each.kind, "subjects": list(each.subjects)}
                for each in facts
            ],
            "late": None if late is None else late.isoformat(),
            "ledger": ledger,
            "site": site,
        }
    )


def signers(facts: Iterable[RecordedFact]) -> dict[str, tuple[Meaning, ...]]:
    """Everybody whose signature the facts hold, in order, with what each signature means."""
    found: dict[str, tuple[Meaning, ...]] = {}
    for each in facts:
        for signer, meaning in _signatures(each.data):
            found[signer] = tuple(dict.fromkeys((*found.get(signer, ()), meaning)))
    return found


def server_statement(digest: str, signer: str, meanings: Sequence[Meaning], method: Method) -> bytes:
    """What the server signs for a person who gave a password."""
    return encode({"meanings": list(meanings), "method": method, "record": digest, "signer": signer, "v": 1})


def can_be_checked(public_key: bytes) -> bool:
    """Whether signatures of a passkey with this public key (DER) could be checked."""
    try:
        key = load_der_public_key(public_key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return isinstance(key, ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey)


def problem_of(entries: Sequence[Entry]) -> str:
    """Say what is wrong with the signatures of one command's entries; "" if every one holds.

    Entries without any evidence (of a simulated plant, of a file approved by command line) are not signed here.
    """
    given = [entry for entry in entries if entry.kind == SignatureGiven.kind]
    if not given:
        return ""
    facts = [RecordedFact(each.kind, each.data, each.subjects) for each in entries if each.kind != SignatureGiven.kind]
    wanted = signers(facts)
    signed: list[str] = []
    for entry in given:
        data: Any = entry.data
        late = None if data["late"] is None else datetime.fromisoformat(data["late"])
        written = record(entry.ledger, entry.actor, entry.site, entry.command, late, facts)
        if data["record"] != sha256(written).hexdigest():
            return f"the signature of {data['signer']} is of another record"
        if late is not None and any(each.occurred != late for each in entries):
            return f"the signature of {data['signer']} is of another time"
        if list(wanted.get(data["signer"], ())) != data["meanings"]:
            return f"the signature of {data['signer']} does not mean what the record says"
        if not _given(data).holds:
            return f"the signature of {data['signer']} does not hold"
        signed.append(data["signer"])
    missing = [signer for signer in wanted if signer not in signed]
    return f"the signature of {missing[0]} is missing" if missing else ""


def _assertion_holds(given: SignatureGiven) -> bool:
    try:
        client = json.loads(given.client_data)
        challenge = urlsafe_b64decode(client["challenge"] + "==")
    except (ValueError, KeyError, TypeError):
        return False
    flags = given.authenticator_data[FLAGS_AT] if len(given.authenticator_data) > FLAGS_AT else 0
    return (
        client.get("type") == "webauthn.get"
        and challenge == bytes.fromhex(given.record)
        and flags & USER_PRESENT_AND_VERIFIED == USER_PRESENT_AND_VERIFIED
        and _verified(given.public_key, given.signature, given.authenticator_data + sha256(given.client_data).digest())
    )


def _verified(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        key = load_der_public_key(public_key)
        match key:
            case ed25519.Ed25519PublicKey():
                key.verify(signature, message)
            case ec.EllipticCurvePublicKey():
                key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
            case rsa.RSAPublicKey():
                key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            case _:
                return False
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _given(data: Any) -> SignatureGiven:
    return msgspec.convert(data, SignatureGiven)


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        left = {key: _timeless(each) for key, each in value.items()}
        if set(left) == SIGNATURE:
            del left["signed"]
        return left
    return [_timeless(each) for each in value] if isinstance(value, list) else value


def _signatures(value: Any) -> Iterable[tuple[str, Meaning]]:
    if isinstance(value, dict):
        if set(value) == SIGNATURE:
            yield value["signer"], value["meaning"]
            return
        for each in value.values():
            yield from _signatures(each)
    elif isinstance(value, list):
        for each in value:
            yield from _signatures(each)
