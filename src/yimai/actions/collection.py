"""Collections: start with the wristband matched, complete with the bag matched, or fail and free the slot."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.decision import Answer, Seen, decide, minted
from yimai.domain import collection as collections
from yimai.domain import slot as slots
from yimai.domain.collection import CollectionFailure
from yimai.domain.custody import ContainerTakenInCharge
from yimai.domain.fact import Fact, Quantity, subject
from yimai.domain.refusal import Refusal
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]


def start(ledger: Ledger, command: Command, *, treatment: str, wristband: str, verifier: str) -> Answer:
    """Begin a collection at the bedside: the wristband is scanned, a second person checks."""
    collection = minted(ledger, "collection")

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
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
        (),
        rule,
        verb="collection.start",
        treatment=treatment,
        signers={"verifier": (verifier,)},
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

    return decide(
        ledger,
        command,
        (subject("container", container),),
        rule,
        verb="collection.complete",
        treatment=treatment,
        signers={"verifier": (verifier,)},
    )


def fail(ledger: Ledger, command: Command, *, treatment: str, collection: str, cause: CollectionFailure) -> Answer:
    """Record that the collection failed; the slot is freed so that it can be offered again."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        signature = seen.sign(command.actor, "reported")
        failed = collections.fail(vein.treatment, vein.collections, collection, cause, signature)
        if isinstance(failed, Refusal):
            return failed
        freed = slots.free(vein.treatment, vein.slot, "collection_failed")
        return failed if isinstance(freed, Refusal) else (*failed, *freed)

    return decide(ledger, command, (), rule, verb="collection.fail", treatment=treatment)
