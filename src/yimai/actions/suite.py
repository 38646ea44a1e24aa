"""Suites: clear a line for a batch, take a room out of use and return it."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.decision import Answer, Seen, decide, minted
from yimai.domain import batch as batches
from yimai.domain import suite as suites
from yimai.domain import treatment as treatments
from yimai.domain.fact import Fact, subject
from yimai.domain.person import of_role, of_site, two_people
from yimai.domain.refusal import Refusal, first_refusal
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
        first, second = seen.person(command.actor), seen.person(verifier)
        refusal = first_refusal(
            treatments.open_for_work(vein.treatment),
            of_role(first, "operator"),
            of_site(first, vein.treatment.base),
            of_role(second, "operator", "qa"),
            of_site(second, vein.treatment.base),
            two_people(first, second),
            _own(vein, batch, suite) if batch else None,
        )
        return refusal or suites.clear_line(
            suite_of(seen, suite),
            vein.treatment.base,
            suite,
            treatment,
            identifier,
            first.sign("performed", seen.at),
            second.sign("verified", seen.at),
        )

    read = [subject("treatment", treatment), subject("suite", suite)]
    read += [subject("person", person) for person in dict.fromkeys((command.actor, verifier))]
    return decide(ledger, command, read, rule, gate="suite.clear_line", treatment=treatment)


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
        actor = seen.person(command.actor)
        signature = actor.sign("decided", seen.at)
        refusal = of_role(actor, "qa", "qualified_person")
        return refusal or suites.take_out(suite_of(seen, suite), actor.site, suite, reason, signature)

    read = (subject("suite", suite), subject("person", command.actor))
    return decide(ledger, command, read, rule, gate="suite.take_out")


def put_back(ledger: Ledger, command: Command, *, suite: str, reason: str) -> Answer:
    """QA of the base returns a suite to use; its line must be cleared again."""

    def rule(seen: Seen) -> Verdict:
        actor = seen.person(command.actor)
        signature = actor.sign("decided", seen.at)
        refusal = of_role(actor, "qa", "qualified_person")
        return refusal or suites.put_back(suite_of(seen, suite), actor.site, suite, reason, signature)

    read = (subject("suite", suite), subject("person", command.actor))
    return decide(ledger, command, read, rule, gate="suite.put_back")
