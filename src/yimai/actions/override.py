"""Overrides: turn two signed reasons into the fact that opens one rule for one command."""

from __future__ import annotations

from yimai.actions.decision import Seen
from yimai.domain.override import RuleOverridden, SignedReason, may_override
from yimai.domain.person import SAME_PERSON, of_site
from yimai.domain.refusal import Refusal, RefusalKind


def waived_by(
    seen: Seen, treatment: str, kind: RefusalKind, reasons: tuple[SignedReason, ...]
) -> Refusal | tuple[RuleOverridden, ...]:
    """Return the override that these reasons make (none without reasons), or why they make none.

    They are of the ordering hospital's physician and of the base's people, none of whom opens a rule for himself.
    """
    if not reasons:
        return ()
    people = tuple(seen.person(each.person) for each in reasons)
    if refusal := may_override(kind, people, tuple(each.reason for each in reasons)):
        return refusal
    ordered = seen.vein(treatment).treatment
    for person, role in zip(people, kind.override, strict=True):
        if refusal := of_site(person, ordered.hospital if role == "physician" else ordered.base):
            return refusal
        if person.id == seen.command.actor:
            return SAME_PERSON(person=person.id)
    first, second = (person.sign("decided", seen.at) for person in people)
    return (RuleOverridden(treatment, kind.code, (reasons[0].reason, reasons[1].reason), (first, second)),)
