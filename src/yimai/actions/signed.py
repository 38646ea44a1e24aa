"""The shape of many actions: somebody of the ordering hospital or the base signs, at times with a second person."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from yimai.actions.decision import Answer, Seen, decide
from yimai.domain.fact import Fact, Meaning, Signature, subject
from yimai.domain.person import Person, Role, of_role, of_site, two_people
from yimai.domain.refusal import Refusal
from yimai.domain.treatment import UNKNOWN, Treatment
from yimai.domain.vein import Vein
from yimai.ledger.entry import Command, Deposit
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]
Ask = Callable[[Seen, Vein, Signature], Verdict]
"""What the domain says, given what was read, the treatment's vein and the actor's signature."""


def signed(
    ledger: Ledger,
    command: Command,
    ask: Ask,
    *,
    gate: str,
    treatment: str,
    meaning: Meaning,
    hospital: tuple[Role, ...] = (),
    base: tuple[Role, ...] = (),
    verifier: str = "",
    about: tuple[str, ...] = (),
    deposits: Sequence[Deposit] = (),
) -> Answer:
    """Decide what the actor asks for, if the actor has one of the roles at the ordering hospital or at the base.

    verifier: a second person, of the same sides and roles. about: further subjects of the facts.
    """
    people = (command.actor, verifier) if verifier else (command.actor,)

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if not vein.treatment.id:
            return UNKNOWN()
        for person in people:
            if refusal := _stands_for(seen.person(person), vein.treatment, hospital, base):
                return refusal
        if verifier and (refusal := two_people(seen.person(command.actor), seen.person(verifier))):
            return refusal
        return ask(seen, vein, seen.sign(command.actor, meaning))

    read = (subject("treatment", treatment), *(subject("person", person) for person in people), *about)
    return decide(ledger, command, read, rule, gate=gate, treatment=treatment, deposits=deposits)


def _stands_for(
    person: Person, ordered: Treatment, hospital: tuple[Role, ...], base: tuple[Role, ...]
) -> Refusal | None:
    at_hospital = hospital if person.site == ordered.hospital else ()
    at_base = base if person.site == ordered.base else ()
    if at_hospital or at_base:
        return of_role(person, *at_hospital, *at_base)
    return of_site(person, ordered.hospital if hospital else ordered.base)
