"""Overrides: two signed reasons by the roles that a rule names open it once; most rules name none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from yimai.domain.fact import Fact, Signature
from yimai.domain.person import NOT_OF_ROLE, Person, two_people
from yimai.domain.refusal import Refusal, RefusalKind


@dataclass(frozen=True, slots=True)
class RuleOverridden(Fact):
    """A refusal was opened for one command. code: the refusal's; reasons and signatures in the order of its roles."""

    kind: ClassVar[str] = "override.rule_overridden.v1"
    treatment: str
    code: str
    reasons: tuple[str, str]
    signatures: tuple[Signature, Signature]


@dataclass(frozen=True, slots=True)
class SignedReason:
    """One person's reason for opening a rule."""

    person: str
    reason: str


NEVER = RefusalKind(
    "override.never",
    "Rule {code} cannot be overridden by anyone. Follow what the rule says.",
    "规则 {code} 任何人都不得豁免。请按规则操作。",
)
REASON_MISSING = RefusalKind(
    "override.reason_missing",
    "Overriding {code} needs a written reason from each of: {roles}. Enter both reasons.",
    "豁免 {code} 需要以下角色各自的书面理由：{roles}。请填写两份理由。",
)


def may_override(kind: RefusalKind, people: tuple[Person, ...], reasons: tuple[str, ...]) -> Refusal | None:
    """Whether these people's reasons open the rule: the named roles, two different people, both with a reason."""
    if not kind.override:
        return NEVER(code=kind.code)
    if len(people) != len(kind.override) or not all(reason.strip() for reason in reasons):
        return REASON_MISSING(code=kind.code, roles=" + ".join(kind.override))
    for person, role in zip(people, kind.override, strict=True):
        if role not in person.roles:
            return NOT_OF_ROLE(person=person.id or "?", roles=role)
    return two_people(*people)
