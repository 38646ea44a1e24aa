"""Suites: clear a line for a batch, take a room out of use and return it."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.decision import Answer, Rule, Seen, decide, minted
from yimai.domain import batch as batches
from yimai.domain import suite as suites
from yimai.domain.fact import Fact, subject
from yimai.domain.refusal import Refusal
from yimai.domain.treatment import open_for_work
from yimai.domain.vein import Vein
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]


def suite_of(seen: Seen, identifier: str) -> suites.Suite:
    """Return the suite as its facts tell; an unknown one has no id."""
    state = suites.Suite()
    for fact, entry in seen.facts("suite", identifier):
        state = suites.evolve(state, fact, entry)
    return state


def clear_line(
    ledger: Ledger, command: Command, *, treatment: str, suite: str, verifier: str, batch: str = ""
) -> Answer:
    """Clear a suite's line for a batch; two people. Without ``batch`` a new batch's identifier is minted.

    A batch that is already open has its line cleared again inside it, where the recipe's step asks for it.
    """
    identifier = batch or minted(ledger, "batch")

    def rule(seen: Seen) -> Verdict:
        vein = seen.vein(treatment)
        refusal = open_for_work(vein.treatment) or (_own(vein, batch, suite) if batch else None)
        return refusal or suites.clear_line(
            suite_of(seen, suite),
            vein.treatment.base,
            suite,
            treatment,
            identifier,
            seen.sign(command.actor, "performed"),
            seen.sign(verifier, "verified"),
        )

    read, signers = (subject("suite", suite),), {"verifier": (verifier,)}
    return decide(ledger, command, read, rule, verb="suite.clear_line", treatment=treatment, signers=signers)


def _own(vein: Vein, batch: str, suite: str) -> Refusal | None:
    """Whether the batch is this treatment's, not ended, and not open in another suite."""
    if batch not in vein.batches.clearances:
        return batches.UNKNOWN(treatment=vein.treatment.id, batch=batch)
    opened = vein.batches.by_id.get(batch)
    if opened is None:
        return None
    if opened.state != "open":
        return batches.CLOSED(batch=batch, state=opened.state)
    return suites.OTHER_SUITE(batch=batch, suite=opened.suite, presented=suite) if opened.suite != suite else None


def take_out(ledger: Ledger, command: Command, *, suite: str, reason: str) -> Answer:
    """QA of the base takes a suite out of use."""

    def rule(seen: Seen) -> Verdict:
        signature = seen.sign(command.actor, "decided")
        return suites.take_out(suite_of(seen, suite), command.site, suite, reason, signature)

    return _decide(ledger, command, suite, rule, "suite.take_out")


def put_back(ledger: Ledger, command: Command, *, suite: str, reason: str) -> Answer:
    """QA of the base returns a suite to use; its line must be cleared again."""

    def rule(seen: Seen) -> Verdict:
        signature = seen.sign(command.actor, "decided")
        return suites.put_back(suite_of(seen, suite), command.site, suite, reason, signature)

    return _decide(ledger, command, suite, rule, "suite.put_back")


def _decide(ledger: Ledger, command: Command, suite: str, rule: Rule, verb: str) -> Answer:
    def owner(seen: Seen) -> str:
        """The suite's base; what no base has is refused by the rule, so it counts as the actor's own."""
        return suite_of(seen, suite).base or command.site

    return decide(ledger, command, (subject("suite", suite),), rule, verb=verb, owner=owner)
