"""Collections: start with the wristband matched, complete with the bag matched, or fail and free the slot."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.decision import Answer, Seen, decide, minted
from yimai.domain import collection as collections
from yimai.domain import slot as slots
from yimai.domain.collection import CollectionFailure
from yimai.domain.custody import ContainerTakenInCharge
from yimai.domain.fact import Fact, Quantity, subject
from yimai.domain.person import of_role, of_site, two_people
from yimai.domain.refusal import Refusal
from yimai.domain.vein import Vein
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]


def start(ledger: Ledger, command: Command, *, treatment: str, wristband: str, verifier: str) -> Answer:
    """Begin a collection at the bedside: the wristband is scanned, a second person checks."""
    collection = minted(ledger, "collection")

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if refusal := _two_of_hospital(seen, vein, verifier):
            return refusal
        recipe = seen.recipe(vein.treatment.recipe)
        return collections.start(
            vein.treatment,
            vein.labels,
            vein.collections,
            recipe.markers,
            recipe.starting_material,
            slot=vein.slot.current,
            material=vein.starting_material,
            collection=collection,
            wristband=wristband,
            performed=seen.sign(command.actor, "performed"),
            verified=seen.sign(verifier, "verified"),
        )

    return decide(
        ledger,
        command,
        _subjects(treatment, command, verifier),
        rule,
        gate="collection.start",
        treatment=treatment,
    )


def complete(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    collection: str,
    wristband: str,
    container: str,
    volume: Quantity,
    cd3: Quantity,
    viability: Quantity,
    verifier: str,
) -> Answer:
    """End a collection: wristband and bag are scanned again, counts are entered; the nurse then holds the bag."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if refusal := _two_of_hospital(seen, vein, verifier):
            return refusal
        verdict = collections.complete(
            vein.treatment,
            vein.labels,
            vein.collections,
            seen.recipe(vein.treatment.recipe).starting_material,
            collection=collection,
            wristband=wristband,
            container=container,
            volume=volume,
            cd3=cd3,
            viability=viability,
            performed=seen.sign(command.actor, "performed"),
            verified=seen.sign(verifier, "verified"),
        )
        if isinstance(verdict, Refusal):
            return verdict
        return (*verdict, ContainerTakenInCharge(treatment, container, command.actor, vein.treatment.hospital))

    read = (*_subjects(treatment, command, verifier), subject("container", container))
    return decide(ledger, command, read, rule, gate="collection.complete", treatment=treatment)


def fail(ledger: Ledger, command: Command, *, treatment: str, collection: str, cause: CollectionFailure) -> Answer:
    """Record that the collection failed; the slot is freed so that it can be offered again."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        actor = seen.person(command.actor)
        refusal = of_role(actor, "nurse", "physician") or of_site(actor, vein.treatment.hospital)
        if refusal:
            return refusal
        signature = actor.sign("reported", seen.at)
        failed = collections.fail(vein.treatment, vein.collections, collection, cause, signature)
        if isinstance(failed, Refusal):
            return failed
        freed = slots.free(vein.treatment, vein.slot, "collection_failed")
        return failed if isinstance(freed, Refusal) else (*failed, *freed)

    read = (subject("treatment", treatment), subject("person", command.actor))
    return decide(ledger, command, read, rule, gate="collection.fail", treatment=treatment)


def _two_of_hospital(seen: Seen, vein: Vein, verifier: str) -> Refusal | None:
    first, second = seen.person(seen.command.actor), seen.person(verifier)
    return (
        of_role(first, "nurse", "physician")
        or of_role(second, "nurse", "physician")
        or of_site(first, vein.treatment.hospital)
        or of_site(second, vein.treatment.hospital)
        or two_people(first, second)
    )


def _subjects(treatment: str, command: Command, verifier: str) -> tuple[str, ...]:
    return (subject("treatment", treatment), subject("person", command.actor), subject("person", verifier))
