"""Register sites and the people who work there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from yimai.actions.decision import Answer, Seen, decide
from yimai.domain.fact import Fact, subject
from yimai.domain.person import (
    NOT_A_KEY,
    PasskeyRegistered,
    PersonQualified,
    PersonRegistered,
    QualificationWithdrawn,
    Role,
    fingerprint,
    of_role,
    register,
)
from yimai.domain.person import register_passkey as registered_passkey
from yimai.domain.refusal import Refusal
from yimai.domain.signing import can_be_checked
from yimai.domain.site import ALREADY_REGISTERED as SITE_ALREADY_REGISTERED
from yimai.domain.site import SiteRegistered
from yimai.ledger.commitment import SALT_LENGTH, commitment
from yimai.ledger.entry import Command, Deposit
from yimai.ledger.ledger import Ledger


def register_site(ledger: Ledger, command: Command, *, registration: SiteRegistered) -> Answer:
    """Put a site on the register; its identifier must be new."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        if seen.entries("site", registration.site):
            return SITE_ALREADY_REGISTERED(site=registration.site)
        return of_role(seen.person(command.actor), "administrator") or (registration,)

    read = (subject("site", registration.site), subject("person", command.actor))
    return decide(ledger, command, read, rule, gate="site.register_site")


def register_person(
    ledger: Ledger,
    command: Command,
    *,
    person: str,
    site: str,
    roles: tuple[Role, ...],
    printed_name: str,
    qualifications: Mapping[str, tuple[date, date]],
) -> Answer:
    """An administrator registers a person at a site; the ledger's first administrator registers himself.

    The printed name goes to the vault, the fact holds a salted commitment to it.
    """
    salt = ledger.random(SALT_LENGTH)
    contents = printed_name.encode()

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        registration = PersonRegistered(person, site, roles, commitment(salt, contents).hex())
        known = bool(seen.entries("person", person))
        registered = register(seen.person(command.actor), command.actor, registration, known)
        if isinstance(registered, Refusal):
            return registered
        qualified = (PersonQualified(person, name, *valid) for name, valid in qualifications.items())
        return (*registered, *qualified)

    deposits = (Deposit(person, "printed_name", contents, salt),)
    read = (subject("person", person), subject("person", command.actor))
    return decide(ledger, command, tuple(dict.fromkeys(read)), rule, gate="site.register_person", deposits=deposits)


def qualify_person(
    ledger: Ledger, command: Command, *, person: str, qualification: str, valid_from: date, valid_until: date
) -> Answer:
    """Record that QA found a person qualified from one day to another."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        refusal = of_role(seen.person(command.actor), "qa", "qualified_person")
        return refusal or (PersonQualified(person, qualification, valid_from, valid_until),)

    subjects = (subject("person", person), subject("person", command.actor))
    return decide(ledger, command, subjects, rule, gate="site.qualify_person")


def withdraw_qualification(ledger: Ledger, command: Command, *, person: str, qualification: str, reason: str) -> Answer:
    """Withdraw a qualification at once."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        refusal = of_role(seen.person(command.actor), "qa", "qualified_person")
        return refusal or (QualificationWithdrawn(person, qualification, reason),)

    subjects = (subject("person", person), subject("person", command.actor))
    return decide(ledger, command, subjects, rule, gate="site.withdraw_qualification")


def register_passkey(ledger: Ledger, command: Command, *, public_key: bytes) -> Answer:
    """State, signed, that the passkey with this public key (DER) is one's own; from then on one may sign with it."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        if not can_be_checked(public_key):
            return NOT_A_KEY()
        facts = (fact for fact, _ in seen.facts("passkey", fingerprint(public_key)))
        holder = next((fact.person for fact in facts if isinstance(fact, PasskeyRegistered)), "")
        person = seen.person(command.actor)
        return of_role(person, *person.roles) or registered_passkey(person, public_key, holder, seen.at)

    subjects = (subject("person", command.actor), subject("passkey", fingerprint(public_key)))
    return decide(ledger, command, subjects, rule, gate="site.register_passkey")
