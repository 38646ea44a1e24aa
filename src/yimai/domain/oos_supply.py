"""Out-of-specification supply (EU GMP Part IV 11.5): the physician's request, the maker's risk evaluation, the
physician's acceptance and the notices. It never certifies, and no identity failure goes this way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, get_args

from yimai.domain.fact import Fact, Signature
from yimai.domain.reason import listed
from yimai.domain.recipe import Recipe
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.sample import Samples
from yimai.domain.specification import identity_proven, nonconforming
from yimai.domain.treatment import Treatment, open_for_work
from yimai.ledger.entry import Entry

Notified = Literal["authority", "sponsor"]


@dataclass(frozen=True, slots=True)
class OosSupplyRequested(Fact):
    """The treating physician asks for the batch although these tests, and no others, do not conform."""

    kind: ClassVar[str] = "oos_supply.requested.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    tests: tuple[str, ...]
    reason: str
    requested: Signature


@dataclass(frozen=True, slots=True)
class OosRiskEvaluated(Fact):
    """The maker evaluated the risk of the failing tests. evaluation: hex commitment to the text in the vault."""

    kind: ClassVar[str] = "oos_supply.risk_evaluated.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    evaluation: str
    assessed: Signature


@dataclass(frozen=True, slots=True)
class OosRiskAccepted(Fact):
    """The treating physician read the evaluation and accepts the risk for this patient."""

    kind: ClassVar[str] = "oos_supply.risk_accepted.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    accepted: Signature


@dataclass(frozen=True, slots=True)
class OosNoticeGiven(Fact):
    """The authority or the sponsor was told of the supply.

    reference: the notice's own number in the maker's correspondence.
    """

    kind: ClassVar[str] = "oos_supply.notice_given.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    to: Notified
    reference: str
    reported: Signature


@dataclass(frozen=True, slots=True)
class OosCase:
    """One batch's request and what has followed on it; a new request begins anew."""

    tests: tuple[str, ...]
    evaluated: bool = False
    accepted: bool = False
    notices: frozenset[Notified] = frozenset()


@dataclass(frozen=True, slots=True)
class OosCases:
    """The treatment's requests for out-of-specification supply, by batch."""

    by_batch: Mapping[str, OosCase] = field(default_factory=dict)


def evolve(cases: OosCases, fact: Fact, entry: Entry) -> OosCases:
    match fact:
        case OosSupplyRequested():
            changed = OosCase(fact.tests)
        case OosRiskEvaluated():
            changed = replace(cases.by_batch[fact.batch], evaluated=True)
        case OosRiskAccepted():
            changed = replace(cases.by_batch[fact.batch], accepted=True)
        case OosNoticeGiven():
            case_ = cases.by_batch[fact.batch]
            changed = replace(case_, notices=case_.notices | {fact.to})
        case _:
            return cases
    return OosCases({**cases.by_batch, fact.batch: changed})


NOT_OPEN = RefusalKind(
    "oos_supply.not_open",
    "Batch {batch} is already {state}; out-of-specification supply is only for a batch that nobody has disposed of.",
    "批次 {batch} 已处于“{state}”状态；超标供应仅适用于尚未处置的批次。",
)
NOTHING_FAILS = RefusalKind(
    "oos_supply.nothing_fails",
    "No result of batch {batch} fails its specification. Release it in the ordinary way.",
    "批次 {batch} 没有不符合标准的结果。请按正常程序放行。",
)
TESTS_DIFFER = RefusalKind(
    "oos_supply.tests_differ",
    "The request names {named}, but these tests fail: {failing}. Have the physician request again for all of them.",
    "申请列出 {named}，而不符合的检验是：{failing}。请医师重新申请并列出全部不符合项。",
)
ALREADY_REQUESTED = RefusalKind(
    "oos_supply.already_requested",
    "Supply of batch {batch} has already been requested for exactly these tests. Go on with the risk evaluation.",
    "批次 {batch} 已就这些检验申请供应。请继续风险评估。",
)
NOT_REQUESTED = RefusalKind(
    "oos_supply.not_requested",
    "The treating physician has not requested supply of batch {batch}. Ask the hospital for the written request first.",
    "主治医师尚未申请供应批次 {batch}。请先由医院提出书面申请。",
)
NOT_EVALUATED = RefusalKind(
    "oos_supply.not_evaluated",
    "The maker's risk evaluation of batch {batch} is missing. A qualified person must record it first.",
    "缺少批次 {batch} 的生产方风险评估。请先由质量受权人录入。",
)
NOT_ACCEPTED = RefusalKind(
    "oos_supply.not_accepted",
    "The physician has not accepted the risk of batch {batch}. Send the evaluation to the hospital and wait.",
    "医师尚未接受批次 {batch} 的风险。请将评估发送医院并等待接受。",
)
NOTICE_MISSING = RefusalKind(
    "oos_supply.notice_missing",
    "Notice of the supply of batch {batch} is missing to: {to}. Give notice and record its reference.",
    "批次 {batch} 的供应尚未通知：{to}。请通知并登记文号。",
)
REFERENCE_MISSING = RefusalKind(
    "oos_supply.reference_missing",
    "The notice to the {to} needs the reference under which it was sent. Enter it.",
    "对 {to} 的通知须填写发文编号。请填写。",
)
ALREADY_DONE = RefusalKind(
    "oos_supply.already_done",
    "This part of the supply of batch {batch} is already on record; go on with the next.",
    "批次 {batch} 供应的该项内容已登记。请继续下一项。",
)


def request(
    treatment: Treatment,
    samples: Samples,
    cases: OosCases,
    recipe: Recipe,
    *,
    batch: str,
    state: str,
    tests: tuple[str, ...],
    reason: str,
    requested: Signature,
) -> Refusal | tuple[Fact, ...]:
    """The physician names every failing test. state: the batch's disposition so far, or ""."""
    failing = nonconforming(samples, batch)
    refusal = open_for_work(treatment) or identity_proven(samples, recipe, batch)
    if refusal:
        return refusal
    if state:
        return NOT_OPEN(batch=batch, state=state)
    if not failing:
        return NOTHING_FAILS(batch=batch)
    if tuple(sorted(tests)) != failing:
        return TESTS_DIFFER(named=", ".join(tests) or "-", failing=", ".join(failing))
    earlier = cases.by_batch.get(batch)
    if earlier is not None and earlier.tests == failing:
        return ALREADY_REQUESTED(batch=batch)
    return listed(reason) or (OosSupplyRequested(treatment.id, batch, failing, reason, requested),)


def evaluate(
    treatment: Treatment,
    samples: Samples,
    cases: OosCases,
    recipe: Recipe,
    *,
    batch: str,
    evaluation: str,
    assessed: Signature,
) -> Refusal | tuple[Fact, ...]:
    """evaluation: hex commitment to the maker's written risk evaluation."""
    refusal = _still_asked(treatment, samples, cases, recipe, batch)
    if refusal:
        return refusal
    if cases.by_batch[batch].evaluated:
        return ALREADY_DONE(batch=batch)
    return (OosRiskEvaluated(treatment.id, batch, evaluation, assessed),)


def accept(
    treatment: Treatment, samples: Samples, cases: OosCases, recipe: Recipe, batch: str, accepted: Signature
) -> Refusal | tuple[Fact, ...]:
    refusal = _still_asked(treatment, samples, cases, recipe, batch)
    if refusal:
        return refusal
    case = cases.by_batch[batch]
    if not case.evaluated:
        return NOT_EVALUATED(batch=batch)
    return ALREADY_DONE(batch=batch) if case.accepted else (OosRiskAccepted(treatment.id, batch, accepted),)


def give_notice(
    treatment: Treatment,
    samples: Samples,
    cases: OosCases,
    recipe: Recipe,
    *,
    batch: str,
    to: Notified,
    reference: str,
    reported: Signature,
) -> Refusal | tuple[Fact, ...]:
    refusal = _still_asked(treatment, samples, cases, recipe, batch)
    if refusal:
        return refusal
    if to in cases.by_batch[batch].notices:
        return ALREADY_DONE(batch=batch)
    if not reference.strip():
        return REFERENCE_MISSING(to=to)
    return (OosNoticeGiven(treatment.id, batch, to, reference, reported),)


def ready(treatment: Treatment, samples: Samples, cases: OosCases, recipe: Recipe, batch: str) -> Refusal | None:
    """Whether every piece of the route is there, for exactly the tests that fail now."""
    refusal = _still_asked(treatment, samples, cases, recipe, batch)
    if refusal:
        return refusal
    case = cases.by_batch[batch]
    if not case.evaluated:
        return NOT_EVALUATED(batch=batch)
    if not case.accepted:
        return NOT_ACCEPTED(batch=batch)
    missing = [to for to in get_args(Notified) if to not in case.notices]
    return NOTICE_MISSING(batch=batch, to=", ".join(missing)) if missing else None


def _still_asked(treatment: Treatment, samples: Samples, cases: OosCases, recipe: Recipe, batch: str) -> Refusal | None:
    """Whether there is a request that names exactly the tests that fail now."""
    refusal = open_for_work(treatment) or identity_proven(samples, recipe, batch)
    if refusal:
        return refusal
    case, failing = cases.by_batch.get(batch), nonconforming(samples, batch)
    if case is None:
        return NOT_REQUESTED(batch=batch)
    if case.tests != failing:
        return TESTS_DIFFER(named=", ".join(case.tests), failing=", ".join(failing) or "-")
    return None
