"""Custody: pack, hand over, report temperatures, assess excursions, receive, store, retrieve, destroy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from yimai.actions.decision import Answer, Rule, Seen, Signers, decide, minted
from yimai.actions.override import waived_by
from yimai.domain import custody as custodies
from yimai.domain import shipment as shipments
from yimai.domain.fact import Fact, subject
from yimai.domain.override import SignedReason
from yimai.domain.refusal import Refusal
from yimai.domain.site import registered
from yimai.ledger.commitment import SALT_LENGTH, commitment
from yimai.ledger.entry import Command, Deposit
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]


def pack(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    shipment: str,
    containers: tuple[str, ...],
    destination: str,
    qualified_until: datetime | None = None,
) -> Answer:
    """Put containers into a labelled shipper; the recipe says at which temperature they travel."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        known = tuple(fact for fact, _ in seen.facts("site", destination))
        if refusal := registered(known, destination):
            return refusal
        running = vein.batches.open
        if running is not None and (busy := [each for each in containers if each in running.containers]):
            return custodies.IN_MANUFACTURE(container=busy[0], batch=running.id)
        recipe = seen.recipe(vein.treatment.recipe) if vein.treatment.recipe else None
        starting = {each.container for each in vein.collections.by_id.values()}
        fresh = bool(starting.intersection(containers))
        limits = custodies.NO_LIMITS
        if recipe is not None:
            limits = recipe.starting_material.temperature if fresh else recipe.product.transport_temperature
        return custodies.pack(
            vein.treatment,
            vein.labels,
            vein.custody,
            vein.shipments,
            shipment=shipment,
            containers=containers,
            destination=destination,
            limits=limits,
            qualified_until=qualified_until,
            site=command.site,
            given=seen.sign(command.actor, "given"),
        )

    read = (subject("shipment", shipment),)
    return decide(ledger, command, read, rule, verb="custody.pack", treatment=treatment)


def hand_over(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    shipment: str,
    giver: str,
    taker: str,
    giver_scan: str,
    taker_scan: str,
) -> Answer:
    """Hand a shipment from its holder to another person at the taker's or giver's site; both scanned the shipper."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        for container in vein.shipments.containers_of(shipment):
            seen.entries("container", container)
        return custodies.hand_over(
            vein.treatment,
            vein.custody,
            vein.shipments,
            shipment=shipment,
            giver_scan=giver_scan,
            taker_scan=taker_scan,
            site=command.site,
            actor=command.actor,
            given=seen.sign(giver, "given"),
            taken=seen.sign(taker, "taken"),
        )

    signers = {"giver": (giver,), "taker": (taker,)}
    return decide(ledger, command, (), rule, verb="custody.hand_over", treatment=treatment, signers=signers)


def report_temperature(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    shipment: str,
    logger: str,
    readings: int,
    lowest: Decimal | None,
    highest: Decimal | None,
    file: bytes = b"",
) -> Answer:
    """Put a logger's summary on record; its file goes to the vault. No data, out of range or late opens an excursion."""
    salt = ledger.random(SALT_LENGTH)
    excursion = minted(ledger, "excursion")

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        packed = vein.shipments.by_id.get(shipment)
        return shipments.report_temperature(
            vein.treatment,
            vein.shipments,
            shipment=shipment,
            logger=logger,
            readings=readings,
            lowest=lowest,
            highest=highest,
            file=commitment(salt, file).hex(),
            excursion=excursion,
            here=command.site,
            arrived=packed is not None
            and all(vein.custody.held[each].site == packed.destination for each in packed.containers),
            reported=seen.sign(command.actor, "reported"),
        )

    deposits = (Deposit(treatment, f"logger/{shipment}", file, salt),) if file else ()
    verb = "custody.report_temperature"
    return decide(ledger, command, (), rule, verb=verb, treatment=treatment, deposits=deposits)


def assess_excursion(
    ledger: Ledger, command: Command, *, treatment: str, excursion: str, usable: bool, reason: str
) -> Answer:
    """QA of the base decides whether what travelled may still be used."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        assessed = seen.sign(command.actor, "assessed")
        return shipments.assess_excursion(
            vein.shipments, vein.treatment, excursion, usable, reason, assessed, hands=vein.custody.hands
        )

    return decide(ledger, command, (), rule, verb="custody.assess_excursion", treatment=treatment)


def receive(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    container: str,
    shipment: str,
    seal_intact: bool,
    segregated: bool,
    verifier: str,
    reasons: tuple[SignedReason, ...] = (),
) -> Answer:
    """Unpack a container at its destination and match it with the order; two people. A broken seal is an excursion.

    reasons: signed reasons of QA and a physician for fresh material that is older than the recipe allows.
    """

    excursion = minted(ledger, "excursion")

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        collection = vein.collections.of_container(container)
        age = seen.at - collection.ended if collection is not None and collection.ended else None
        maximum = seen.recipe(vein.treatment.recipe).starting_material.fresh_maximum if age is not None else None
        waived = waived_by(seen, treatment, custodies.TOO_OLD, reasons)
        if isinstance(waived, Refusal):
            return waived
        verdict = custodies.receive(
            vein.treatment,
            vein.labels,
            vein.custody,
            vein.shipments,
            container=container,
            shipment=shipment,
            site=command.site,
            seal_intact=seal_intact,
            segregated=segregated,
            age=age,
            maximum_age=maximum,
            waived=frozenset(fact.code for fact in waived),
            excursion=excursion,
            performed=seen.sign(command.actor, "performed"),
            verified=seen.sign(verifier, "verified"),
        )
        return verdict if isinstance(verdict, Refusal) else (*waived, *verdict)

    signers = {"verifier": (verifier,), "reasons": [each.person for each in reasons]}
    return _about_container(ledger, command, treatment, container, rule, "custody.receive", signers)


def store(ledger: Ledger, command: Command, *, treatment: str, container: str, position: str) -> Answer:
    """Put a container into a free storage position."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        signature = seen.sign(command.actor, "performed")
        return custodies.store(vein.labels, vein.treatment, vein.custody, container, position, command.site, signature)

    return _about_container(ledger, command, treatment, container, rule, "custody.store")


def retrieve(ledger: Ledger, command: Command, *, treatment: str, container: str) -> Answer:
    """Take a container out of storage; its position is free again."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        signature = seen.sign(command.actor, "performed")
        return custodies.retrieve(vein.labels, vein.treatment, vein.custody, container, command.site, signature)

    return _about_container(ledger, command, treatment, container, rule, "custody.retrieve")


def destroy(ledger: Ledger, command: Command, *, treatment: str, container: str, verifier: str) -> Answer:
    """Destroy a container whose fate was decided so; two people."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        return custodies.destroy(
            vein.labels,
            vein.treatment,
            vein.custody,
            container,
            command.site,
            seen.sign(command.actor, "performed"),
            seen.sign(verifier, "verified"),
        )

    signers = {"verifier": (verifier,)}
    return _about_container(ledger, command, treatment, container, rule, "custody.destroy", signers)


def _about_container(
    ledger: Ledger,
    command: Command,
    treatment: str,
    container: str,
    rule: Rule,
    verb: str,
    signers: Signers = MappingProxyType({}),
) -> Answer:
    read = (subject("container", container),)
    return decide(ledger, command, read, rule, verb=verb, treatment=treatment, signers=signers)
