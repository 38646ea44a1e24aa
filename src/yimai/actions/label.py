"""Labels: issue (and reprint), use, destroy."""

from __future__ import annotations

from collections.abc import Sequence

from yimai.actions.decision import Answer, Seen, decide
from yimai.domain import label as labels
from yimai.domain import treatment as treatments
from yimai.domain.fact import Fact, subject
from yimai.domain.identifier import RANDOM_BYTES, mint
from yimai.domain.label import NOUNS
from yimai.domain.refusal import Refusal
from yimai.domain.vein import Vein
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger


def issue(ledger: Ledger, command: Command, *, treatment: str, layout: str, item: str = "", reason: str = "") -> Answer:
    """Print a label: for a new item (its identifier is minted here), or a further copy for ``item`` with a reason."""

    drawn = ledger.random(RANDOM_BYTES)

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        vein = seen.vein(treatment)
        if refusal := _may_go_on(vein, item):
            return refusal
        layouts = {each.id: each for each in seen.recipe(vein.treatment.recipe).labels}
        if layout not in layouts:
            return labels.UNKNOWN_LAYOUT(layout=layout, carrier="?")
        carrier = layouts[layout].carrier
        if item and item not in vein.labels.items:
            return labels.NOT_THIS_PATIENTS(presented=item, treatment=treatment)
        printed = item or mint(NOUNS[carrier], drawn)
        return labels.issue(
            vein.labels, treatment, printed, layout, carrier, reason, seen.sign(command.actor, "performed")
        )

    read = [subject(noun, item) for noun in sorted(set(NOUNS.values())) if item]
    return decide(ledger, command, read, rule, verb="label.issue", treatment=treatment)


def use(ledger: Ledger, command: Command, *, treatment: str, item: str, copy: int, verifier: str) -> Answer:
    """Stick a copy on its item; a second person checks it."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        vein = seen.vein(treatment)
        performed, verified = seen.sign(command.actor, "performed"), seen.sign(verifier, "verified")
        return _may_go_on(vein, item) or labels.use(vein.labels, treatment, item, copy, performed, verified)

    signers = {"verifier": (verifier,)}
    return decide(ledger, command, (), rule, verb="label.use", treatment=treatment, signers=signers)


def destroy(ledger: Ledger, command: Command, *, treatment: str, item: str, copy: int, reason: str) -> Answer:
    """Destroy a copy; allowed after the treatment ended, so that labels still reconcile."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        if not reason.strip():
            return treatments.REASON_MISSING()
        performed = seen.sign(command.actor, "performed")
        return labels.destroy(seen.vein(treatment).labels, treatment, item, copy, reason, performed)

    return decide(ledger, command, (), rule, verb="label.destroy", treatment=treatment)


def _may_go_on(vein: Vein, item: str) -> Refusal | None:
    """Whether the treatment goes on; a filled container's label is replaced in any case, else nobody could handle it."""
    return None if item in vein.custody.held else treatments.open_for_work(vein.treatment)
