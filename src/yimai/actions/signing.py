"""Rehearse, sign, perform: what a command would put down is known, and valid, before anybody is asked to sign it.

A rehearsal runs the action on the real ledger without writing. It shows the facts and who must sign them. Performing runs
it again; the facts must be the ones that were signed, and the signatures' evidence is appended in the same command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from yimai.actions.decision import Answer, Done
from yimai.domain.fact import Meaning, draft, subject
from yimai.domain.facts import decode
from yimai.domain.identity import IdentityMatchRefused
from yimai.domain.person import Passkey, evolve_passkey, fingerprint
from yimai.domain.refusal import Refusal
from yimai.domain.signing import (
    KEY_WITHDRAWN,
    NOT_SIGNED,
    NOT_THE_SIGNERS,
    RECORD_CHANGED,
    Evidence,
    RecordedFact,
    SignatureGiven,
    record,
    server_statement,
    signers,
)
from yimai.ledger.chain import link
from yimai.ledger.entry import Checkpoint, Command, Deposit, Draft, Entry, Reading
from yimai.ledger.ledger import Ledger

Act = Callable[[Ledger, Command], Answer]
"""An action with its arguments, still to be given a ledger and a command."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a command would put down. record: the 32-byte hash that is signed. signers: who, and what it means."""

    entries: tuple[Entry, ...]
    record: bytes
    signers: dict[str, tuple[Meaning, ...]]


def rehearse(ledger: Ledger, command: Command, act: Act, secret: bytes) -> Rehearsed | Refusal | Done:
    """Run the action without writing; a refused match of identity is written all the same, since it is a fact.

    secret: the installation's; with the command's id it gives the same identifiers and salts each time.
    Returns Done if the command was performed before.
    """
    rehearsal = _Rehearsal(ledger, command, secret)
    answer = act(rehearsal, command)
    if isinstance(answer, Refusal):
        return answer
    if not rehearsal.drafts:
        return answer
    facts = _recorded(rehearsal.drafts)
    return Rehearsed(answer.entries, _hash(ledger, command, facts), signers(facts))


def refusal_of(ledger: Ledger, command: Command, act: Act, secret: bytes) -> Refusal | None:
    """Why the action would be refused now, or None; nothing at all is written, for somebody only looks at a page."""
    answer = act(_Looking(ledger, command, secret), command)
    return answer if isinstance(answer, Refusal) else None


def perform(
    ledger: Ledger, command: Command, act: Act, secret: bytes, *, key: Ed25519PrivateKey, evidence: Sequence[Evidence]
) -> Answer:
    """Perform the action with these people's signatures; refused if it would put down anything else than they signed.

    key: the server's, which signs for people who gave a password. A command whose facts nobody signs needs no evidence.
    """
    signing = _Signing(ledger, command, secret, key, evidence)
    try:
        return act(signing, command)
    except _Unsigned as unsigned:
        return unsigned.refusal


class _Unsigned(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class _Apart:
    """A ledger that draws its identifiers and salts from the command, and keeps an eye on what is appended."""

    def __init__(self, ledger: Ledger, command: Command, secret: bytes) -> None:
        self._ledger = ledger
        self._command = command
        self._seed = digest(secret, f"draws\0{command.actor}\0{command.id}".encode(), sha256)
        self._drawn = 0

    @property
    def id(self) -> str:
        return self._ledger.id

    @property
    def simulated(self) -> bool:
        return self._ledger.simulated

    def answered(self, command: Command) -> tuple[Entry, ...] | None:
        return self._ledger.answered(command)

    def about(self, *subjects: str) -> Reading:
        return self._ledger.about(*subjects)

    def asked(self, command: Command, *subjects: str) -> tuple[tuple[Entry, ...] | None, Reading]:
        return self._ledger.asked(command, *subjects)

    def random(self, length: int) -> bytes:
        """Return bytes that only this installation can tell, the same for each run of the command."""
        drawn = b""
        while len(drawn) < length:
            self._drawn += 1
            drawn += digest(self._seed, self._drawn.to_bytes(4, "big"), sha256)
        return drawn[:length]

    def seal(self) -> Checkpoint | None:
        return self._ledger.seal()

    def checkpoint(self, size: int | None = None) -> Checkpoint | None:
        return self._ledger.checkpoint(size)

    def sealed(self, after: int = 0, limit: int = 1000) -> Sequence[tuple[int, Entry]]:
        return self._ledger.sealed(after, limit)

    def entries(self) -> Iterator[tuple[int | None, Entry]]:
        return self._ledger.entries()


class _Rehearsal(_Apart):
    """Writes nothing but a refused match of identity. drafts: what would have been appended."""

    def __init__(self, ledger: Ledger, command: Command, secret: bytes) -> None:
        super().__init__(ledger, command, secret)
        self.drafts: tuple[Draft, ...] = ()

    def append(
        self, drafts: Sequence[Draft], *, command: Command, after: Reading, deposits: Sequence[Deposit] = ()
    ) -> tuple[Entry, ...]:
        if _refused_match(drafts):
            return self._ledger.append(drafts, command=command, after=after)
        self.drafts = tuple(drafts)
        return link(drafts, ledger=self.id, command=command, after=after)


class _Looking(_Apart):
    """Writes nothing whatever."""

    def append(
        self, drafts: Sequence[Draft], *, command: Command, after: Reading, deposits: Sequence[Deposit] = ()
    ) -> tuple[Entry, ...]:
        return link(drafts, ledger=self.id, command=command, after=after)


class _Signing(_Apart):
    """Appends the evidence of the signatures behind what they sign."""

    def __init__(
        self, ledger: Ledger, command: Command, secret: bytes, key: Ed25519PrivateKey, evidence: Sequence[Evidence]
    ) -> None:
        super().__init__(ledger, command, secret)
        self._key = key
        self._evidence = {each.signer: each for each in evidence}

    def append(
        self, drafts: Sequence[Draft], *, command: Command, after: Reading, deposits: Sequence[Deposit] = ()
    ) -> tuple[Entry, ...]:
        if _refused_match(drafts):
            return self._ledger.append(drafts, command=command, after=after)
        facts = _recorded(drafts)
        digest_ = _hash(self, command, facts)
        given = [self._given(signer, meanings, digest_, drafts[0]) for signer, meanings in signers(facts).items()]
        signed = [*drafts, *(draft(each, drafts[0].occurred) for each in given)]
        return self._ledger.append(signed, command=command, after=self._with_keys(after, given), deposits=deposits)

    def _with_keys(self, after: Reading, given: Sequence[SignatureGiven]) -> Reading:
        """What was read, and the passkeys that sign: the append stands on nobody's withdrawing one of them meanwhile."""
        heads, entries = dict(after.heads), dict(after.entries)
        for each in given:
            if each.method != "passkey":
                continue
            name = subject("passkey", fingerprint(each.public_key))
            read = self.about(name)
            known = Passkey()
            for entry in read.entries.get(name, ()):
                known = evolve_passkey(known, decode(entry))
            if known.holder != each.signer:
                raise _Unsigned(NOT_THE_SIGNERS(person=each.signer))
            if known.withdrawn:
                raise _Unsigned(KEY_WITHDRAWN(person=each.signer))
            heads.setdefault(name, read.heads[name])
            entries.setdefault(name, read.entries.get(name, ()))
        return Reading(after.now, heads, entries)

    def _given(self, signer: str, meanings: tuple[Meaning, ...], record_: bytes, first: Draft) -> SignatureGiven:
        evidence = self._evidence.get(signer)
        if evidence is None:
            raise _Unsigned(NOT_SIGNED(person=signer))
        hexadecimal = record_.hex()
        public_key, signature = evidence.public_key, evidence.signature
        if evidence.method != "passkey":
            public_key = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            signature = self._key.sign(server_statement(hexadecimal, signer, meanings, evidence.method))
        given = SignatureGiven(
            concerns=first.subjects[0],
            signer=signer,
            meanings=meanings,
            record=hexadecimal,
            late=self._command.occurred,
            method=evidence.method,
            public_key=public_key,
            authenticator_data=evidence.authenticator_data,
            client_data=evidence.client_data,
            signature=signature,
        )
        if evidence.record != record_ or not given.holds:
            raise _Unsigned(RECORD_CHANGED())
        return given


def _refused_match(drafts: Sequence[Draft]) -> bool:
    return any(each.kind == IdentityMatchRefused.kind for each in drafts)


def _recorded(drafts: Sequence[Draft]) -> list[RecordedFact]:
    return [RecordedFact(each.kind, each.data, each.subjects) for each in drafts]


def _hash(ledger: Ledger | _Apart, command: Command, facts: Sequence[RecordedFact]) -> bytes:
    written = record(ledger.id, command.actor, command.site, command.id, command.occurred, facts)
    return sha256(written).digest()
