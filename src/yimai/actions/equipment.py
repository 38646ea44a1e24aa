"""Equipment: register a piece, record its calibration, take it out of use and return it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from yimai.actions.decision import Answer, Rule, Seen, decide
from yimai.actions.suite import suite_of
from yimai.domain import access, approval
from yimai.domain import equipment as pieces
from yimai.domain import suite as suites
from yimai.domain.fact import Fact, subject
from yimai.domain.refusal import Refusal
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger

Verdict = Refusal | Sequence[Fact]


def equipment_of(seen: Seen, identifier: str) -> pieces.Equipment:
    """Return the piece as its facts tell; an unknown one has no id."""
    state = pieces.Equipment()
    for fact, entry in seen.facts("equipment", identifier):
        state = pieces.evolve(state, fact, entry)
    return state


def register(
    ledger: Ledger,
    command: Command,
    *,
    equipment: str,
    equipment_class: str,
    suite: str = "",
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Answer:
    """Put a new piece of one's own base on the register; its calibration with it, if one may record that.

    suite: where it stands; without one all suites share it. Until it is calibrated nobody can use it.
    """

    def rule(seen: Seen) -> Verdict:
        if not seen.entries("base", command.site):
            return approval.NOT_APPROVED(what="base", id=command.site)
        if suite and suite_of(seen, suite).base != command.site:
            return suites.UNKNOWN(base=command.site, suite=suite)
        calibrated = None
        if valid_from is not None and valid_until is not None:
            calibrated = (valid_from, valid_until)
            matter = access.Matter(site=command.site)
            if refusal := access.may("equipment.calibrate", access.PERFORMER, seen.person(command.actor), matter):
                return refusal
        elif valid_from != valid_until:
            return pieces.DAY_MISSING(equipment=equipment)
        known = equipment_of(seen, equipment)
        return pieces.register(known, command.site, equipment, equipment_class, suite, calibrated)

    return _decide(ledger, command, equipment, rule, "equipment.register")


def calibrate(ledger: Ledger, command: Command, *, equipment: str, valid_from: date, valid_until: date) -> Answer:
    """QA of the base records that a piece is calibrated from one day to another."""

    def rule(seen: Seen) -> Verdict:
        return pieces.calibrate(equipment_of(seen, equipment), command.site, equipment, valid_from, valid_until)

    return _decide(ledger, command, equipment, rule, "equipment.calibrate")


def take_out(ledger: Ledger, command: Command, *, equipment: str, reason: str) -> Answer:
    """An operator who finds a fault, or QA, takes a piece out of use."""

    def rule(seen: Seen) -> Verdict:
        signature = seen.sign(command.actor, "decided")
        return pieces.take_out(equipment_of(seen, equipment), command.site, equipment, reason, signature)

    return _decide(ledger, command, equipment, rule, "equipment.take_out")


def put_back(ledger: Ledger, command: Command, *, equipment: str, reason: str) -> Answer:
    """QA of the base returns a piece to use."""

    def rule(seen: Seen) -> Verdict:
        signature = seen.sign(command.actor, "decided")
        return pieces.put_back(equipment_of(seen, equipment), command.site, equipment, reason, signature)

    return _decide(ledger, command, equipment, rule, "equipment.put_back")


def _decide(ledger: Ledger, command: Command, equipment: str, rule: Rule, verb: str) -> Answer:
    def owner(seen: Seen) -> str:
        """The piece's base; what no base has is refused by the rule, so it counts as the actor's own."""
        return equipment_of(seen, equipment).base or command.site

    return decide(ledger, command, (subject("equipment", equipment),), rule, verb=verb, owner=owner)
