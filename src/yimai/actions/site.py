"""Register sites and the people who work there, and qualify these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from yimai.actions.decision import Answer, Rule, Seen, decide
from yimai.domain import site as sites
from yimai.domain.fact import Fact, subject
from yimai.domain.person import (
    NOT_A_KEY,
    Passkey,
    Person,
    PersonQualified,
    PersonRegistered,
    PersonRolesChanged,
    QualificationWithdrawn,
    Role,
    evolve_passkey,
    fingerprint,
    known,
    qualify,
    register,
)
from yimai.domain.person import change_roles as changed_roles
from yimai.domain.person import register_passkey as registered_passkey
from yimai.domain.person import withdraw_passkey as withdrawn_passkey
from yimai.domain.refusal import Refusal
from yimai.domain.signing import can_be_checked
from yimai.domain.site import SiteRegistered
from yimai.ledger.commitment import SALT_LENGTH, commitment
from yimai.ledger.entry import Command, Deposit
from yimai.ledger.ledger import Ledger


def register_site(ledger: Ledger, command: Command, *, registration: SiteRegistered) -> Answer:
    """Put a site on the register; its identifier must be new."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        about = tuple(fact for fact, _ in seen.facts("site", registration.site))
        return sites.register(registration, sites.registered(about, registration.site) is None)

    read = (subject("site", registration.site),)
    return decide(ledger, command, read, rule, verb="site.register_site", owner=lambda seen: registration.site)


def register_person(
    ledger: Ledger, command: Command, *, person: str, site: str, roles: tuple[Role, ...], printed_name: str
) -> Answer:
    """An administrator registers a person at a site; the ledger's first administrator registers himself.

    The printed name goes to the vault, the fact holds a salted commitment to it.
    """
    salt = ledger.random(SALT_LENGTH)
    contents = printed_name.encode()

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        registration = PersonRegistered(person, site, roles, commitment(salt, contents).hex())
        return register(seen.person(command.actor), registration, bool(seen.entries("person", person)), seen.at)

    return decide(
        ledger,
        command,
        (subject("person", person),),
        rule,
        verb="site.register_person",
        owner=lambda seen: site,
        newcomer=Person(person, site, roles),
        deposits=(Deposit(person, "printed_name", contents, salt),),
    )


def change_roles(ledger: Ledger, command: Command, *, person: str, roles: tuple[Role, ...]) -> Answer:
    """Give a person other roles from now on; none for somebody who has left."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        decided = seen.sign(command.actor, "decided")
        return known(seen.person(person), person) or changed_roles(PersonRolesChanged(person, roles), decided)

    return _about_person(ledger, command, person, rule, "site.change_roles")


def qualify_person(
    ledger: Ledger, command: Command, *, person: str, qualification: str, valid_from: date, valid_until: date
) -> Answer:
    """Record that QA of the person's own site found him qualified from one day to another."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        given = PersonQualified(person, qualification, valid_from, valid_until)
        return known(seen.person(person), person) or qualify(command.actor, given)

    return _about_person(ledger, command, person, rule, "site.qualify_person")


def withdraw_qualification(ledger: Ledger, command: Command, *, person: str, qualification: str, reason: str) -> Answer:
    """Withdraw a qualification at once."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        return known(seen.person(person), person) or (QualificationWithdrawn(person, qualification, reason),)

    return _about_person(ledger, command, person, rule, "site.withdraw_qualification")


def register_passkey(ledger: Ledger, command: Command, *, public_key: bytes) -> Answer:
    """State, signed, that the passkey with this public key (DER) is one's own; from then on one may sign with it."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        if not can_be_checked(public_key):
            return NOT_A_KEY()
        known_key = _passkey(seen, fingerprint(public_key))
        return registered_passkey(seen.person(command.actor), public_key, known_key, seen.at)

    def owner(seen: Seen) -> str:
        return seen.person(command.actor).site

    read = (subject("passkey", fingerprint(public_key)),)
    return decide(ledger, command, read, rule, verb="site.register_passkey", owner=owner)


def withdraw_passkey(ledger: Ledger, command: Command, *, passkey: str, reason: str) -> Answer:
    """Withdraw one's own passkey (the hex SHA-256 of its public key) for good; what it signed before stays signed."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        decided = seen.sign(command.actor, "decided")
        return withdrawn_passkey(_passkey(seen, passkey), passkey, command.actor, reason, decided)

    def owner(seen: Seen) -> str:
        return seen.person(command.actor).site

    return decide(ledger, command, (subject("passkey", passkey),), rule, verb="site.withdraw_passkey", owner=owner)


def revoke_passkey(ledger: Ledger, command: Command, *, person: str, passkey: str, reason: str) -> Answer:
    """An administrator withdraws somebody's passkey that was lost or is in other hands."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        decided = seen.sign(command.actor, "decided")
        verdict = withdrawn_passkey(_passkey(seen, passkey), passkey, person, reason, decided)
        return known(seen.person(person), person) or verdict

    return _about_person(ledger, command, person, rule, "site.revoke_passkey")


def _passkey(seen: Seen, passkey: str) -> Passkey:
    """The passkey as its facts tell; an unknown one has no holder."""
    state = Passkey()
    for fact, _ in seen.facts("passkey", passkey):
        state = evolve_passkey(state, fact)
    return state


def _about_person(ledger: Ledger, command: Command, person: str, rule: Rule, verb: str) -> Answer:
    def owner(seen: Seen) -> str:
        """The person's site; who is on no register is refused by the rule, so he counts as the actor's own."""
        return seen.person(person).site or command.site

    return decide(ledger, command, (subject("person", person),), rule, verb=verb, owner=owner)
