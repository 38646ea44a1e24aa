"""Treatments: order, consent, markers, accept, decline, hold, resume, cancel, withdraw, and the material's fate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from yimai.actions.decision import TRY_AGAIN, Answer, Seen, decide, minted
from yimai.domain import custody
from yimai.domain import permit as permits
from yimai.domain import slot as slots
from yimai.domain import treatment as treatments
from yimai.domain.batch_record import fail_batch
from yimai.domain.fact import Fact, Meaning, Signature, subject
from yimai.domain.refusal import Refusal
from yimai.domain.treatment import Fate, Marker, Urgency, WithdrawalReason
from yimai.domain.vein import Vein
from yimai.ledger.commitment import SALT_LENGTH, commitment
from yimai.ledger.entry import Command, Deposit
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]


def order(
    ledger: Ledger,
    command: Command,
    *,
    base: str,
    recipe: str,
    indication: str,
    urgency: Urgency,
    patient: bytes,
) -> Answer:
    """Order a therapy; the COI identifier is minted here. patient: the person's data, which go to the vault only."""
    coi = minted(ledger, "treatment")
    salt = ledger.random(SALT_LENGTH)

    def rule(seen: Seen) -> Verdict:
        if seen.entries("treatment", coi):
            return TRY_AGAIN(subject=coi)
        if not seen.entries("base", base):
            return treatments.NO_BASE(base=base)
        if not seen.entries("recipe", recipe):
            return treatments.NO_RECIPE(recipe=recipe)
        known = [name for name, _ in seen.recipe(recipe).indications]
        if indication not in known:
            return treatments.UNKNOWN_INDICATION(recipe=recipe, indication=indication, indications=", ".join(known))
        return (
            treatments.TreatmentOrdered(
                coi,
                command.site,
                base,
                recipe,
                indication,
                urgency,
                commitment(salt, patient).hex(),
                seen.sign(command.actor, "ordered"),
            ),
        )

    read = (subject("base", base), subject("recipe", recipe))
    return decide(
        ledger,
        command,
        read,
        rule,
        verb="treatment.order",
        treatment=coi,
        owner=lambda seen: command.site,
        deposits=(Deposit(coi, "patient", patient, salt),),
    )


def record_consent(ledger: Ledger, command: Command, *, treatment: str, form: bytes) -> Answer:
    """Record the signed consent form, a PDF or a picture, which goes to the vault."""
    salt = ledger.random(SALT_LENGTH)

    def rule(seen: Seen) -> Verdict:
        ordered = seen.vein(treatment).treatment
        signature = seen.sign(command.actor, "recorded")
        return treatments.record_consent(ordered, form, commitment(salt, form).hex(), signature)

    return decide(
        ledger,
        command,
        (),
        rule,
        verb="treatment.record_consent",
        treatment=treatment,
        deposits=(Deposit(treatment, "consent", form, salt),),
    )


def report_markers(
    ledger: Ledger, command: Command, *, treatment: str, markers: Mapping[str, Marker], tested_on: date
) -> Answer:
    """Report donor infectious markers; those reported earlier are kept."""

    def rule(seen: Seen) -> Verdict:
        ordered = seen.vein(treatment).treatment
        required = seen.recipe(ordered.recipe).markers
        signature = seen.sign(command.actor, "reported")
        return treatments.report_markers(ordered, required, markers, tested_on, signature)

    return decide(
        ledger,
        command,
        (),
        rule,
        verb="treatment.report_markers",
        treatment=treatment,
    )


def accept(ledger: Ledger, command: Command, *, treatment: str) -> Answer:
    """The base accepts the order."""
    return _at_the_base(ledger, command, treatment, "accept", "accepted", treatments.accept)


def decline(ledger: Ledger, command: Command, *, treatment: str, reason: str) -> Answer:
    """The base declines the order."""

    def rule(ordered: treatments.Treatment, signature: Signature) -> Verdict:
        return treatments.decline(ordered, reason, signature)

    return _at_the_base(ledger, command, treatment, "decline", "decided", rule)


def hold(ledger: Ledger, command: Command, *, treatment: str, reason: str) -> Answer:
    """Let work on the treatment rest."""

    def rule(seen: Seen) -> Verdict:
        ordered = seen.vein(treatment).treatment
        return treatments.hold(ordered, reason, seen.sign(command.actor, "decided"))

    return decide(ledger, command, (), rule, verb="treatment.hold", treatment=treatment)


def resume(ledger: Ledger, command: Command, *, treatment: str) -> Answer:
    """Let work on the treatment go on; the side that let it rest decides that."""

    def rule(seen: Seen) -> Verdict:
        ordered = seen.vein(treatment).treatment
        holder, person = seen.person(ordered.held_by), seen.person(command.actor)
        return treatments.resume(ordered, holder, person, person.sign("decided", seen.at))

    return decide(ledger, command, (), rule, verb="treatment.resume", treatment=treatment)


def cancel(ledger: Ledger, command: Command, *, treatment: str, reason: str) -> Answer:
    """Take the order back for an administrative reason and free all that it claims."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if refusal := treatments.not_ended(vein.treatment):
            return refusal
        if not reason.strip():
            return treatments.REASON_MISSING()
        signature = seen.sign(command.actor, "decided")
        return (
            treatments.TreatmentCancelled(treatment, reason, signature),
            *freed(seen, vein, "cancelled", signature),
        )

    return decide(ledger, command, (), rule, verb="treatment.cancel", treatment=treatment)


def withdraw(ledger: Ledger, command: Command, *, treatment: str, reason: WithdrawalReason) -> Answer:
    """End the treatment for a clinical reason and free all that it claims; QA then decides each container's fate."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if refusal := treatments.not_ended(vein.treatment):
            return refusal
        signature = seen.sign(command.actor, "decided")
        return (treatments.TreatmentWithdrawn(treatment, reason, signature), *freed(seen, vein, reason, signature))

    return decide(ledger, command, (), rule, verb="treatment.withdraw", treatment=treatment)


def decide_fate(ledger: Ledger, command: Command, *, treatment: str, container: str, fate: Fate, reason: str) -> Answer:
    """QA decides what happens to a container of a treatment that has ended, or that may not be used."""

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        if container not in vein.custody.held:
            return treatments.NO_SUCH_CONTAINER(treatment=treatment, container=container)
        if vein.custody.held[container].gone:
            return custody.GONE(container=container, how=vein.custody.held[container].gone)
        decided = seen.sign(command.actor, "decided")
        return treatments.decide_fate(vein.treatment, container, vein.unusable(container), fate, reason, decided)

    read = (subject("container", container),)
    return decide(ledger, command, read, rule, verb="treatment.decide_fate", treatment=treatment)


def export(ledger: Ledger, command: Command, *, treatment: str, reason: str) -> Answer:
    """Take a copy of the treatment's facts; that it was taken, and by whom, everybody of the treatment sees."""

    def rule(seen: Seen) -> Verdict:
        entries = seen.entries("treatment", treatment)
        return (treatments.TreatmentExported(treatment, len(entries), entries[-1].hash.hex(), reason),)

    return decide(ledger, command, (), rule, verb="treatment.export", treatment=treatment)


def freed(seen: Seen, vein: Vein, reason: str, signature: Signature) -> tuple[Fact, ...]:
    """Return the facts that free the slot, the suite and the permits of a treatment that ends."""
    facts: list[Fact] = []
    for permit in vein.infusion.permits:
        seen.entries("permit", permit)
    facts += permits.withdraw_all(vein.treatment, vein.infusion.permits, reason)
    running = vein.batches.open
    if running is not None:
        seen.entries("batch", running.id)
        seen.entries("suite", running.suite)
        recipe = seen.recipe(running.recipe, running.recipe_version)
        failed = fail_batch(vein.treatment, vein.batches, recipe, running.id, "treatment_ended", signature)
        facts += () if isinstance(failed, Refusal) else failed
    given_back = slots.free(vein.treatment, vein.slot, reason)
    facts += () if isinstance(given_back, Refusal) else given_back
    return tuple(facts)


OrderRule = Callable[[treatments.Treatment, Signature], Verdict]


def _at_the_base(
    ledger: Ledger,
    command: Command,
    treatment: str,
    verb: str,
    meaning: Meaning,
    ask: OrderRule,
) -> Answer:
    def rule(seen: Seen) -> Verdict:
        return ask(seen.vein(treatment).treatment, seen.sign(command.actor, meaning))

    return decide(ledger, command, (), rule, verb=f"treatment.{verb}", treatment=treatment)
