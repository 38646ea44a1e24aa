"""Overrides: turn two signed reasons into the fact that opens one rule for one command."""

from __future__ import annotations

from yimai.actions.decision import Seen
from yimai.domain.override import RuleOverridden, SignedReason, may_override
from yimai.domain.person import SAME_PERSON
from yimai.domain.refusal import Refusal, RefusalKind


def waived_by(
    seen: Seen, treatment: str, kind: RefusalKind, reasons: tuple[SignedReason, ...]
) -> Refusal | tuple[RuleOverridden, ...]:
    """Return the override that these reasons make (none without reasons), or why they make none.

    Whose they may be says the table of access; nobody opens a rule for himself.
    """
    if not reasons:
        return ()
    people = tuple(seen.person(each.person) for each in reasons)
    if refusal := may_override(kind, people, tuple(each.reason for each in reasons)):
        return refusal
    if seen.command.actor in (each.id for each in people):
        return SAME_PERSON(person=seen.command.actor)
    first, second = (person.sign("decided", seen.at) for person in people)
    return (RuleOverridden(treatment, kind.code, (reasons[0].reason, reasons[1].reason), (first, second)),)
