"""Custody: pack, hand over, report temperatures, assess excursions, receive, store, retrieve, destroy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from yimai.actions.decision import Answer, Rule, Seen, decide, minted
from yimai.actions.override import waived_by
from yimai.domain import custody as custodies
from yimai.domain import shipment as shipments
from yimai.domain.fact import Fact, subject
from yimai.domain.override import SignedReason
from yimai.domain.person import Person, of_role, of_site, two_people
from yimai.domain.refusal import Refusal
from yimai.domain.shipment import Shipment
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
        actor = seen.person(command.actor)
        refusal = (
            of_role(actor, "nurse", "operator", "coordinator")
            or of_site(actor, command.site)
            or registered(tuple(fact for fact, _ in seen.facts("site", destination)), destination)
        )
        if refusal:
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
            given=actor.sign("given", seen.at),
        )

    read = [subject("treatment", treatment), subject("person", command.actor), subject("shipment", shipment)]
    return decide(ledger, command, read, rule, gate="custody.pack", treatment=treatment)


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
        first, second = seen.person(giver), seen.person(taker)
        refusal = two_people(first, second) or of_role(second, "courier", "nurse", "operator", "coordinator")
        verdict = refusal or custodies.hand_over(
            vein.treatment,
            vein.custody,
            vein.shipments,
            shipment=shipment,
            giver_scan=giver_scan,
            taker_scan=taker_scan,
            site=command.site,
            given=first.sign("given", seen.at),
            taken=second.sign("taken", seen.at),
        )
        if isinstance(verdict, Refusal):
            return verdict
        return _party(command, first, second, vein.shipments.by_id[shipment]) or verdict

    read = [subject("treatment", treatment), subject("person", giver), subject("person", taker)]
    return decide(ledger, command, read, rule, gate="custody.hand_over", treatment=treatment)


def _party(command: Command, giver: Person, taker: Person, packed: Shipment) -> Refusal | None:
    """Whether one of the two enters it where one of them works, and the taker is a courier or at an end of the way."""
    if command.actor not in (giver.id, taker.id):
        return custodies.NOT_PRESENT(person=command.actor)
    if command.site != giver.site and (refusal := of_site(taker, command.site)):
        return refusal
    if "courier" in taker.roles or taker.site == packed.origin:
        return None
    return of_site(taker, packed.destination)


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
        actor = seen.person(command.actor)
        packed = vein.shipments.by_id.get(shipment)
        refusal = of_role(actor, "courier", "operator", "nurse", "qa", "coordinator")
        if (
            refusal is None
            and packed is not None
            and actor.site != vein.treatment.base
            and "courier" not in actor.roles
        ):
            refusal = of_site(actor, packed.destination)
        return refusal or shipments.report_temperature(
            vein.treatment,
            vein.shipments,
            shipment=shipment,
            logger=logger,
            readings=readings,
            lowest=lowest,
            highest=highest,
            file=commitment(salt, file).hex(),
            excursion=excursion,
            arrived=packed is not None
            and all(vein.custody.held[each].site == packed.destination for each in packed.containers),
            reported=actor.sign("reported", seen.at),
        )

    read = [subject("treatment", treatment), subject("person", command.actor)]
    deposits = (Deposit(treatment, f"logger/{shipment}", file, salt),) if file else ()
    gate = "custody.report_temperature"
    return decide(ledger, command, read, rule, gate=gate, treatment=treatment, deposits=deposits)


def assess_excursion(
    ledger: Ledger, command: Command, *, treatment: str, excursion: str, usable: bool, reason: str
) -> Answer:
    """QA of the base decides whether what travelled may still be used."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        actor = seen.person(command.actor)
        refusal = of_role(actor, "qa", "qualified_person") or of_site(actor, vein.treatment.base)
        return refusal or shipments.assess_excursion(
            vein.shipments, vein.treatment, excursion, usable, reason, actor.sign("assessed", seen.at)
        )

    read = [subject("treatment", treatment), subject("person", command.actor)]
    return decide(ledger, command, read, rule, gate="custody.assess_excursion", treatment=treatment)


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
        first, second = seen.person(command.actor), seen.person(verifier)
        refusal = (
            of_role(first, "operator", "nurse")
            or of_role(second, "operator", "nurse", "physician", "qa")
            or of_site(first, command.site)
            or of_site(second, command.site)
            or two_people(first, second)
        )
        if refusal:
            return refusal
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
            performed=first.sign("performed", seen.at),
            verified=second.sign("verified", seen.at),
        )
        return verdict if isinstance(verdict, Refusal) else (*waived, *verdict)

    read = [subject("treatment", treatment), subject("person", command.actor), subject("person", verifier)]
    read.append(subject("container", container))
    return decide(ledger, command, read, rule, gate="custody.receive", treatment=treatment)


def store(ledger: Ledger, command: Command, *, treatment: str, container: str, position: str) -> Answer:
    """Put a container into a free storage position."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        actor = seen.person(command.actor)
        refusal = of_role(actor, "operator", "nurse", "qa") or of_site(actor, command.site)
        signature = actor.sign("performed", seen.at)
        return refusal or custodies.store(
            vein.labels, vein.treatment, vein.custody, container, position, command.site, signature
        )

    return _about_container(ledger, command, treatment, container, rule, "custody.store")


def retrieve(ledger: Ledger, command: Command, *, treatment: str, container: str) -> Answer:
    """Take a container out of storage; its position is free again."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        actor = seen.person(command.actor)
        refusal = of_role(actor, "operator", "nurse", "qa") or of_site(actor, command.site)
        signature = actor.sign("performed", seen.at)
        return refusal or custodies.retrieve(
            vein.labels, vein.treatment, vein.custody, container, command.site, signature
        )

    return _about_container(ledger, command, treatment, container, rule, "custody.retrieve")


def destroy(ledger: Ledger, command: Command, *, treatment: str, container: str, verifier: str) -> Answer:
    """Destroy a container whose fate was decided so; two people."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        first, second = seen.person(command.actor), seen.person(verifier)
        refusal = (
            of_role(first, "operator", "nurse", "qa")
            or of_role(second, "operator", "nurse", "physician", "qa")
            or of_site(first, command.site)
            or of_site(second, command.site)
            or two_people(first, second)
        )
        return refusal or custodies.destroy(
            vein.labels,
            vein.treatment,
            vein.custody,
            container,
            command.site,
            first.sign("performed", seen.at),
            second.sign("verified", seen.at),
        )

    return _about_container(ledger, command, treatment, container, rule, "custody.destroy")


def _about_container(ledger: Ledger, command: Command, treatment: str, container: str, rule: Rule, gate: str) -> Answer:
    read = (subject("treatment", treatment), subject("person", command.actor), subject("container", container))
    return decide(ledger, command, read, rule, gate=gate, treatment=treatment)
