"""The route to out-of-specification supply: request, risk evaluation, acceptance, notices."""

from __future__ import annotations

from yimai.actions.batch_evidence import pinned_recipe
from yimai.actions.decision import Answer, Seen
from yimai.actions.signed import Ask, Verdict, signed
from yimai.domain import batch as batches
from yimai.domain import oos_supply
from yimai.domain.fact import Meaning, Signature, subject
from yimai.domain.oos_supply import Notified
from yimai.domain.vein import Vein
from yimai.ledger.commitment import SALT_LENGTH, commitment
from yimai.ledger.entry import Command, Deposit
from yimai.ledger.ledger import Ledger


def request(
    ledger: Ledger, command: Command, *, treatment: str, batch: str, tests: tuple[str, ...], reason: str
) -> Answer:
    """A physician of the ordering hospital asks for the batch, naming every test that fails."""

    def ask(seen: Seen, vein: Vein, requested: Signature) -> Verdict:
        return oos_supply.request(
            vein.treatment,
            vein.samples,
            vein.disposition.oos,
            pinned_recipe(seen, vein, batch),
            batch=batch,
            state=vein.disposition.of(batch).state,
            tests=tests,
            reason=reason,
            requested=requested,
        )

    return _piece(ledger, command, treatment, batch, "request", "requested", ask)


def evaluate_risk(ledger: Ledger, command: Command, *, treatment: str, batch: str, evaluation: bytes) -> Answer:
    """A qualified person evaluates the risk; the text goes to the vault, the fact holds a salted commitment to it."""
    salt = ledger.random(SALT_LENGTH)

    def ask(seen: Seen, vein: Vein, assessed: Signature) -> Verdict:
        return oos_supply.evaluate(
            vein.treatment,
            vein.samples,
            vein.disposition.oos,
            pinned_recipe(seen, vein, batch),
            batch=batch,
            evaluation=commitment(salt, evaluation).hex(),
            assessed=assessed,
        )

    deposits = (Deposit(treatment, f"risk_evaluation/{batch}", evaluation, salt),)
    return _piece(ledger, command, treatment, batch, "evaluate_risk", "assessed", ask, deposits)


def accept_risk(ledger: Ledger, command: Command, *, treatment: str, batch: str) -> Answer:
    """A physician of the ordering hospital accepts the evaluated risk for the patient."""

    def ask(seen: Seen, vein: Vein, accepted: Signature) -> Verdict:
        recipe = pinned_recipe(seen, vein, batch)
        return oos_supply.accept(vein.treatment, vein.samples, vein.disposition.oos, recipe, batch, accepted)

    return _piece(ledger, command, treatment, batch, "accept_risk", "accepted", ask)


def give_notice(
    ledger: Ledger, command: Command, *, treatment: str, batch: str, to: Notified, reference: str
) -> Answer:
    """QA or a qualified person puts on record that the authority or the sponsor was notified."""

    def ask(seen: Seen, vein: Vein, reported: Signature) -> Verdict:
        return oos_supply.give_notice(
            vein.treatment,
            vein.samples,
            vein.disposition.oos,
            pinned_recipe(seen, vein, batch),
            batch=batch,
            to=to,
            reference=reference,
            reported=reported,
        )

    return _piece(ledger, command, treatment, batch, "give_notice", "reported", ask)


def _piece(
    ledger: Ledger,
    command: Command,
    treatment: str,
    batch: str,
    verb: str,
    meaning: Meaning,
    ask: Ask,
    deposits: tuple[Deposit, ...] = (),
) -> Answer:
    def of_this_treatment(seen: Seen, vein: Vein, by: Signature) -> Verdict:
        return batches.known(vein.batches, treatment, batch) or ask(seen, vein, by)

    return signed(
        ledger,
        command,
        of_this_treatment,
        verb=f"oos_supply.{verb}",
        treatment=treatment,
        meaning=meaning,
        about=(subject("batch", batch),),
        deposits=deposits,
    )
