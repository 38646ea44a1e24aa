"""From the signal of availability to the last bag: lymphodepletion, permit, thaw, bedside match, infusion."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from yimai.actions.batch_evidence import evidence_of, expiry, pinned_recipe
from yimai.actions.decision import Answer, Seen, Signers, minted
from yimai.actions.signed import Verdict, signed
from yimai.domain import batch as batches
from yimai.domain import infusion as infusions
from yimai.domain import permit as permits
from yimai.domain.fact import Meaning, Signature, subject
from yimai.domain.infusion import Bedside
from yimai.domain.vein import Vein
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger

BesideRule = Callable[[Seen, Bedside, Signature], Verdict]


def confirm_availability(ledger: Ledger, command: Command, *, treatment: str, batch: str) -> Answer:
    """Either side confirms that the hospital may count on the product, so that lymphodepletion is safe."""

    def ask(seen: Seen, vein: Vein, confirmed: Signature) -> Verdict:
        return batches.known(vein.batches, treatment, batch) or infusions.confirm_availability(
            vein.treatment,
            vein.custody,
            vein.disposition,
            vein.infusion,
            batch=batch,
            final_bags=_left(seen, vein, batch),
            confirmed=confirmed,
        )

    return signed(
        ledger,
        command,
        ask,
        verb="infusion.confirm_availability",
        treatment=treatment,
        meaning="decided",
    )


def start_lymphodepletion(ledger: Ledger, command: Command, *, treatment: str) -> Answer:
    """The physician begins lymphodepletion, after availability was confirmed."""

    def ask(seen: Seen, vein: Vein, performed: Signature) -> Verdict:
        product = pinned_recipe(seen, vein, vein.infusion.available).product
        left = _left(seen, vein, vein.infusion.available)
        return infusions.start_lymphodepletion(
            vein.treatment, vein.disposition, vein.infusion, product, left, performed
        )

    return signed(
        ledger,
        command,
        ask,
        verb="infusion.start_lymphodepletion",
        treatment=treatment,
        meaning="performed",
    )


def issue_permit(
    ledger: Ledger, command: Command, *, treatment: str, batch: str, containers: tuple[str, ...]
) -> Answer:
    """The base permits one infusion of these bags, on the release that stands now."""
    permit = minted(ledger, "permit")

    def ask(seen: Seen, vein: Vein, issued: Signature) -> Verdict:
        return batches.known(vein.batches, treatment, batch) or permits.issue(
            vein.treatment,
            vein.labels,
            vein.custody,
            vein.disposition,
            vein.infusion.permits,
            evidence_of(seen, vein, batch),
            permit=permit,
            containers=containers,
            expires=expiry(seen, vein, batch, pinned_recipe(seen, vein, batch).product),
            issued=issued,
        )

    return signed(
        ledger,
        command,
        ask,
        verb="infusion.issue_permit",
        treatment=treatment,
        meaning="approved",
        about=(subject("batch", batch), subject("permit", permit)),
    )


def withdraw_permit(ledger: Ledger, command: Command, *, treatment: str, permit: str, reason: str) -> Answer:
    """Take back a permit that is not used."""

    def ask(seen: Seen, vein: Vein, withdrawn: Signature) -> Verdict:
        return permits.withdraw(vein.treatment, vein.infusion.permits, permit, reason, withdrawn)

    return signed(
        ledger,
        command,
        ask,
        verb="infusion.withdraw_permit",
        treatment=treatment,
        meaning="revoked",
        about=(subject("permit", permit),),
    )


def thaw(ledger: Ledger, command: Command, *, treatment: str, permit: str, container: str) -> Answer:
    """Begin to thaw a bag; its clock runs from here."""

    def rule(seen: Seen, bedside: Bedside, performed: Signature) -> Verdict:
        return infusions.thaw(bedside, permit=permit, container=container, performed=performed)

    return _beside(ledger, command, "thaw", treatment, permit, container, rule)


def match_bedside(
    ledger: Ledger,
    command: Command,
    *,
    treatment: str,
    permit: str,
    container: str,
    wristband: str,
    order: str,
    verifier: str,
) -> Answer:
    """Two people of the ordering hospital scan wristband, bag and order."""

    def rule(seen: Seen, bedside: Bedside, performed: Signature) -> Verdict:
        return infusions.match_bedside(
            bedside,
            permit=permit,
            container=container,
            wristband=wristband,
            order=order,
            performed=performed,
            verified=seen.sign(verifier, "verified"),
        )

    return _beside(ledger, command, "match_bedside", treatment, permit, container, rule, {"verifier": (verifier,)})


def start(ledger: Ledger, command: Command, *, treatment: str, permit: str, container: str, verifier: str) -> Answer:
    """Begin the infusion with its first bag, which uses the permit up; two people."""

    def rule(seen: Seen, bedside: Bedside, performed: Signature) -> Verdict:
        verified = seen.sign(verifier, "verified")
        return infusions.start(bedside, permit=permit, container=container, performed=performed, verified=verified)

    return _beside(ledger, command, "start", treatment, permit, container, rule, {"verifier": (verifier,)})


def continue_with(
    ledger: Ledger, command: Command, *, treatment: str, permit: str, container: str, verifier: str
) -> Answer:
    """Begin a further bag of the permit whose infusion runs; two people."""

    def rule(seen: Seen, bedside: Bedside, performed: Signature) -> Verdict:
        verified = seen.sign(verifier, "verified")
        return infusions.continue_with(
            bedside, permit=permit, container=container, performed=performed, verified=verified
        )

    return _beside(ledger, command, "continue_with", treatment, permit, container, rule, {"verifier": (verifier,)})


def finish(ledger: Ledger, command: Command, *, treatment: str, container: str) -> Answer:
    """The bag is empty: it was infused."""

    def ask(seen: Seen, vein: Vein, performed: Signature) -> Verdict:
        return infusions.finish(vein.treatment, vein.labels, vein.infusion, container, performed)

    return signed(
        ledger,
        command,
        ask,
        verb="infusion.finish",
        treatment=treatment,
        meaning="performed",
        about=(subject("container", container),),
    )


def _left(seen: Seen, vein: Vein, batch: str) -> tuple[str, ...]:
    """The batch's final bags that are left and that neither QA, an open excursion nor the shelf life forbids to use."""
    made = vein.batches.by_id.get(batch)
    if made is None or seen.at > expiry(seen, vein, batch, pinned_recipe(seen, vein, batch).product):
        return ()
    return tuple(
        bag
        for bag in made.final_bags
        if not vein.custody.held[bag].gone
        and not vein.unusable(bag)
        and not any(each.excursion_state == "open" for each in vein.shipments.carrying(bag))
    )


def _beside(
    ledger: Ledger,
    command: Command,
    verb: str,
    treatment: str,
    permit: str,
    container: str,
    rule: BesideRule,
    signers: Signers = MappingProxyType({}),
) -> Answer:
    """Ask a rule of the bedside."""
    meaning: Meaning = "performed"

    def ask(seen: Seen, vein: Vein, performed: Signature) -> Verdict:
        presented = vein.infusion.permits.get(permit)
        batch = presented.batch if presented is not None else ""
        product = pinned_recipe(seen, vein, batch).product
        bedside = Bedside(
            vein.treatment,
            vein.labels,
            vein.custody,
            vein.shipments,
            vein.disposition,
            vein.infusion,
            product,
            expiry(seen, vein, batch, product),
        )
        return rule(seen, bedside, performed)

    return signed(
        ledger,
        command,
        ask,
        verb=f"infusion.{verb}",
        treatment=treatment,
        meaning=meaning,
        signers=signers,
        about=(subject("permit", permit), subject("container", container)),
    )
