"""Labels: issue (and reprint), use, destroy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yimai.actions.decision import Answer, Seen, decide
from yimai.domain import label as labels
from yimai.domain import treatment as treatments
from yimai.domain.fact import Fact, subject
from yimai.domain.identifier import RANDOM_BYTES, mint
from yimai.domain.label import NOUNS
from yimai.domain.person import Person, Role, of_role, of_site, two_people
from yimai.domain.refusal import Refusal
from yimai.domain.treatment import Treatment
from yimai.domain.vein import Vein
from yimai.ledger.entry import Command
from yimai.ledger.ledger import Ledger

LABELLERS: Final[tuple[Role, ...]] = ("coordinator", "nurse", "operator", "qc_analyst", "qa")


def issue(ledger: Ledger, command: Command, *, treatment: str, layout: str, item: str = "", reason: str = "") -> Answer:
    """Print a label: for a new item (its identifier is minted here), or a further copy for ``item`` with a reason."""

    drawn = ledger.random(RANDOM_BYTES)

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        vein = seen.vein(treatment)
        actor = seen.person(command.actor)
        refusal = _may_go_on(vein, item) or _may_label(actor, vein.treatment)
        if refusal:
            return refusal
        layouts = {each.id: each for each in seen.recipe(vein.treatment.recipe).labels}
        if layout not in layouts:
            return labels.UNKNOWN_LAYOUT(layout=layout, carrier="?")
        carrier = layouts[layout].carrier
        if item and item not in vein.labels.items:
            return labels.NOT_THIS_PATIENTS(presented=item, treatment=treatment)
        printed = item or mint(NOUNS[carrier], drawn)
        return labels.issue(vein.labels, treatment, printed, layout, carrier, reason, actor.sign("performed", seen.at))

    read = [subject("treatment", treatment), subject("person", command.actor)]
    read += [subject(noun, item) for noun in sorted(set(NOUNS.values())) if item]
    return decide(ledger, command, read, rule, gate="label.issue", treatment=treatment)


def use(ledger: Ledger, command: Command, *, treatment: str, item: str, copy: int, verifier: str) -> Answer:
    """Stick a copy on its item; a second person checks it."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        vein = seen.vein(treatment)
        first, second = seen.person(command.actor), seen.person(verifier)
        refusal = (
            _may_go_on(vein, item)
            or _may_label(first, vein.treatment)
            or _may_label(second, vein.treatment)
            or of_site(second, first.site)
            or two_people(first, second)
        )
        return refusal or labels.use(
            vein.labels, treatment, item, copy, first.sign("performed", seen.at), second.sign("verified", seen.at)
        )

    read = (subject("treatment", treatment), subject("person", command.actor), subject("person", verifier))
    return decide(ledger, command, read, rule, gate="label.use", treatment=treatment)


def destroy(ledger: Ledger, command: Command, *, treatment: str, item: str, copy: int, reason: str) -> Answer:
    """Destroy a copy; allowed after the treatment ended, so that labels still reconcile."""

    def rule(seen: Seen) -> Refusal | Sequence[Fact]:
        vein = seen.vein(treatment)
        actor = seen.person(command.actor)
        if not vein.treatment.id:
            return treatments.UNKNOWN()
        refusal = _may_label(actor, vein.treatment)
        if refusal is None and not reason.strip():
            refusal = treatments.REASON_MISSING()
        return refusal or labels.destroy(vein.labels, treatment, item, copy, reason, actor.sign("performed", seen.at))

    read = (subject("treatment", treatment), subject("person", command.actor))
    return decide(ledger, command, read, rule, gate="label.destroy", treatment=treatment)


def _may_go_on(vein: Vein, item: str) -> Refusal | None:
    """Whether the treatment goes on; a filled container's label is replaced in any case, else nobody could handle it."""
    return None if item in vein.custody.held else treatments.open_for_work(vein.treatment)


def _may_label(person: Person, ordered: Treatment) -> Refusal | None:
    refusal = of_role(person, *LABELLERS)
    if refusal is None and person.site not in (ordered.hospital, ordered.base):
        return of_site(person, ordered.base)
    return refusal
