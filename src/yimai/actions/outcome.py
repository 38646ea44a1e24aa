"""Outcomes: report the patient's state by day, close the treatment and start keeping its records."""

from __future__ import annotations

from yimai.actions.decision import Answer, Seen
from yimai.actions.retention import started
from yimai.actions.signed import Verdict, signed
from yimai.actions.treatment import freed
from yimai.domain import outcome as outcomes
from yimai.domain.fact import Signature
from yimai.domain.outcome import Response
from yimai.domain.refusal import Refusal
from yimai.domain.vein import Vein
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger


def report(
    ledger: Ledger, command: Command, *, treatment: str, day: int, response: Response, crs: int, icans: int
) -> Answer:
    """A physician reports response and toxicity for a day since the infusion began."""

    def ask(seen: Seen, vein: Vein, reported: Signature) -> Verdict:
        return outcomes.report(
            vein.treatment,
            vein.infusion,
            vein.outcome,
            day=day,
            response=response,
            crs=crs,
            icans=icans,
            reported=reported,
        )

    return signed(
        ledger,
        command,
        ask,
        verb="outcome.report",
        treatment=treatment,
        meaning="reported",
    )


def close(ledger: Ledger, command: Command, *, treatment: str) -> Answer:
    """Close a treatment that was given: what it still claims is freed, the retention of its records starts."""

    def ask(seen: Seen, vein: Vein, completed: Signature) -> Verdict:
        closed = outcomes.close(vein.treatment, vein.infusion, vein.outcome, completed)
        if isinstance(closed, Refusal):
            return closed
        kept = started(seen, vein, closed=True)
        return kept if isinstance(kept, Refusal) else (*closed, *freed(seen, vein, "treatment_ended", completed), *kept)

    return signed(
        ledger,
        command,
        ask,
        verb="outcome.close",
        treatment=treatment,
        meaning="decided",
    )
