"""Plans of a city: drafted, announced, issued, in force, closed; amended by a further draft, followed by a successor."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Final, Literal, get_args

from yimai.domain.fact import Fact
from yimai.domain.identifier import names
from yimai.domain.known_day import is_known_day
from yimai.domain.refusal import Refusal, RefusalKind

PlanStatus = Literal["announced", "issued", "in_force", "closed"]
STATUSES: Final[tuple[PlanStatus, ...]] = get_args(PlanStatus)
"""In the order in which a plan passes through them; it may pass over one, but never go back."""
SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PlanDrafted(Fact):
    """A plan stands on record, or is amended: then what is said here counts from now on.

    first, last: the days it covers. parent: the plan it belongs to; predecessor: the plan it follows; or "".
    document: SHA-256, in hex, of its text as published, or "" where we do not hold that.
    """

    kind: ClassVar[str] = "plan.drafted.v1"
    about: ClassVar[tuple[str, ...]] = ("plan",)
    plan: str
    title_zh: str
    title_en: str
    owner_zh: str
    owner_en: str
    first: date
    last: date
    parent: str
    predecessor: str
    source: str
    document: str


@dataclass(frozen=True, slots=True)
class PlanStatusGiven(Fact):
    """A plan was announced, issued, came into force or was closed. since: a day, a month, a year, or "" if untold."""

    kind: ClassVar[str] = "plan.status_given.v1"
    about: ClassVar[tuple[str, ...]] = ("plan",)
    plan: str
    status: PlanStatus
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan as its facts tell. status: "" before it was announced."""

    id: str = ""
    drafted: PlanDrafted | None = None
    status: PlanStatus | Literal[""] = ""
    since: str = ""


def evolve(plan: Plan, fact: Fact) -> Plan:
    match fact:
        case PlanDrafted():
            return replace(plan, id=fact.plan, drafted=fact)
        case PlanStatusGiven():
            return replace(plan, status=fact.status, since=fact.since)
    return plan


def plan_of(facts: Iterable[Fact]) -> Plan:
    """The plan that the facts about it tell; an unknown one has no id."""
    plan = Plan()
    for fact in facts:
        plan = evolve(plan, fact)
    return plan


UNKNOWN = RefusalKind(
    "plan.unknown",
    "No plan {plan} is on record. Draft it first, or choose one that is.",
    "没有计划 {plan} 的记录。请先起草该计划，或选择已有的计划。",
)
BAD_NAME = RefusalKind(
    "plan.bad_name",
    "'{name}' cannot name a part of a plan or of the register: use small letters, digits, - and _, such as cell_firms.",
    "“{name}”不能用作计划或登记册条目的标识：请使用小写字母、数字、- 和 _，如 cell_firms。",
)
BACKWARDS = RefusalKind(
    "plan.backwards",
    "The plan's last day {last} lies before its first {first}. Correct one of them.",
    "计划的末日 {last} 早于首日 {first}。请更正。",
)
NOT_ABOVE = RefusalKind(
    "plan.not_above",
    "Plan {above} is plan {plan} itself or stands below it, so it cannot be its parent or predecessor. Choose another.",
    "计划 {above} 就是计划 {plan} 本身或其下级，不能作为其上级或前一计划。请另选。",
)
NOT_A_HASH = RefusalKind(
    "plan.not_a_hash",
    "'{document}' is no SHA-256 of a document: give 64 hexadecimal digits, or leave it empty.",
    "“{document}”不是文件的 SHA-256：请填写 64 位十六进制数，或留空。",
)
NOT_A_DAY = RefusalKind(
    "plan.not_a_day",
    "'{since}' is no day: write 2023-04-21, 2023-04 or 2023, or leave it empty where no source tells it.",
    "“{since}”不是日期：请写 2023-04-21、2023-04 或 2023；来源未说明时留空。",
)
CLOSED = RefusalKind(
    "plan.closed",
    "Plan {plan} is closed, so nothing in it changes any more. Draft its successor instead.",
    "计划 {plan} 已结束，内容不再更改。请起草后续计划。",
)
NOT_FORWARD = RefusalKind(
    "plan.not_forward",
    "Plan {plan} is {status} already; from there it only goes forward: announced, issued, in force, closed. Choose a later one.",
    "计划 {plan} 的状态已是 {status}，只能依次向前：已宣布、已发布、实施中、已结束。请选择之后的状态。",
)
BEFORE_LAST_STATUS = RefusalKind(
    "plan.before_last_status",
    "{since} lies before {earlier}, when plan {plan} reached its present status. Correct the day.",
    "{since} 早于计划 {plan} 进入当前状态的日期 {earlier}。请更正日期。",
)


def draft(drafted: PlanDrafted, plan: Plan, above: Iterable[str]) -> Refusal | tuple[Fact, ...]:
    """Draft a plan, or amend one. above: its parent, its predecessor and all plans above or before these."""
    if not names(drafted.plan):
        return BAD_NAME(name=drafted.plan[:64])
    if plan.status == "closed":
        return CLOSED(plan=plan.id)
    if drafted.last < drafted.first:
        return BACKWARDS(first=drafted.first, last=drafted.last)
    if drafted.document and not SHA256.fullmatch(drafted.document):
        return NOT_A_HASH(document=drafted.document[:64])
    if drafted.plan in above:
        return NOT_ABOVE(plan=drafted.plan, above=drafted.parent or drafted.predecessor)
    return (drafted,)


def give_status(given: PlanStatusGiven, plan: Plan) -> Refusal | tuple[Fact, ...]:
    """Say what a plan has become."""
    if not plan.id:
        return UNKNOWN(plan=given.plan)
    if not is_known_day(given.since):
        return NOT_A_DAY(since=given.since[:40])
    if plan.status and STATUSES.index(given.status) <= STATUSES.index(plan.status):
        return NOT_FORWARD(plan=plan.id, status=plan.status)
    if given.since and given.since < plan.since[: len(given.since)]:
        return BEFORE_LAST_STATUS(plan=plan.id, since=given.since, earlier=plan.since)
    return (given,)


def changeable(plan: Plan, name: str) -> Refusal | None:
    """Whether goals and targets of the plan may be set."""
    if not plan.id:
        return UNKNOWN(plan=name)
    return CLOSED(plan=plan.id) if plan.status == "closed" else None
