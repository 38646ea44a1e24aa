"""Samples and their test results: taken at the recipe's points, recorded once, verified by a second analyst."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal

from yimai.domain.content import DECIMAL
from yimai.domain.fact import Fact, Signature
from yimai.domain.incubation import too_early
from yimai.domain.label import Labels, belongs
from yimai.domain.possible import expected
from yimai.domain.reason import listed
from yimai.domain.recipe import Recipe, Test
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.treatment import UNKNOWN, Treatment, open_for_work
from yimai.ledger.entry import Entry


@dataclass(frozen=True, slots=True)
class SampleTaken(Fact):
    """A labelled sample was drawn at a step of the batch. plan: which sample of the recipe's sampling plan it is."""

    kind: ClassVar[str] = "sample.taken.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch", "sample")
    treatment: str
    batch: str
    sample: str
    plan: str
    step: str
    taken: Signature


Condition = Literal["good", "damaged", "insufficient", "wrong_temperature"]


@dataclass(frozen=True, slots=True)
class SampleReceived(Fact):
    """The laboratory took the sample over, in this condition; only one in good condition is tested."""

    kind: ClassVar[str] = "sample.received.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "sample")
    treatment: str
    sample: str
    condition: Condition
    received: Signature


@dataclass(frozen=True, slots=True)
class SampleVoided(Fact):
    """QA gives up a sample that was lost or broken, so that no result is waited for."""

    kind: ClassVar[str] = "sample.voided.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "sample")
    treatment: str
    sample: str
    reason: str
    decided: Signature


@dataclass(frozen=True, slots=True)
class ResultRecorded(Fact):
    """An analyst's result of one test of a sample.

    attempt: from 1; a further one needs the earlier invalidated. value: a decimal in ``unit``, or the choice (unit "").
    conforming: whether it met the limits of the recipe that the batch pins.
    """

    kind: ClassVar[str] = "sample.result_recorded.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch", "sample")
    treatment: str
    batch: str
    sample: str
    test: str
    attempt: int
    value: str
    unit: str
    conforming: bool
    reported: Signature


@dataclass(frozen=True, slots=True)
class ResultVerified(Fact):
    """A second analyst checked the result."""

    kind: ClassVar[str] = "sample.result_verified.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "sample")
    treatment: str
    sample: str
    test: str
    attempt: int
    verified: Signature


@dataclass(frozen=True, slots=True)
class ResultInvalidated(Fact):
    """QA found a cause in the laboratory; the result stays visible and the test may be repeated."""

    kind: ClassVar[str] = "sample.result_invalidated.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "sample")
    treatment: str
    sample: str
    test: str
    attempt: int
    reason: str
    decided: Signature


@dataclass(frozen=True, slots=True)
class Result:
    """One attempt at a test. verifier: who verified it, or "". invalidated: why QA invalidated it, or ""."""

    test: str
    attempt: int
    value: str
    unit: str
    conforming: bool
    analyst: str
    recorded: datetime
    verifier: str = ""
    invalidated: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """received, condition: when the laboratory took it over and how it was then, or None and "" before that.

    voided: why QA gave the sample up, or "". results: every attempt in order, the invalidated ones too.
    """

    id: str
    batch: str
    plan: str
    step: str
    taken: datetime
    received: datetime | None = None
    condition: str = ""
    voided: str = ""
    results: tuple[Result, ...] = ()

    def attempts(self, test: str) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.test == test)

    def valid(self, test: str) -> Result | None:
        """The result that stands, or None if there is none yet or QA invalidated it."""
        return next((result for result in self.attempts(test) if not result.invalidated), None)


@dataclass(frozen=True, slots=True)
class Samples:
    """All samples of one treatment, by identifier."""

    by_id: Mapping[str, Sample] = field(default_factory=dict)

    def of_batch(self, batch: str) -> tuple[Sample, ...]:
        """The batch's samples that were not voided."""
        return tuple(each for each in self.by_id.values() if each.batch == batch and not each.voided)

    def exceptions(self, batch: str) -> tuple[str, ...]:
        """What a review by exception must look at: voided samples, and results that are invalid or do not conform."""
        found: list[str] = []
        for sample in self.by_id.values():
            if sample.batch == batch:
                found += [sample.id] if sample.voided else []
                found += [
                    f"{sample.id}/{result.test}#{result.attempt}"
                    for result in sample.results
                    if result.invalidated or not result.conforming
                ]
        return tuple(found)


def evolve(samples: Samples, fact: Fact, entry: Entry) -> Samples:
    match fact:
        case SampleTaken():
            changed = Sample(fact.sample, fact.batch, fact.plan, fact.step, entry.occurred)
        case SampleReceived():
            changed = replace(samples.by_id[fact.sample], received=entry.occurred, condition=fact.condition)
        case SampleVoided():
            changed = replace(samples.by_id[fact.sample], voided=fact.reason)
        case ResultRecorded():
            result = Result(
                fact.test,
                fact.attempt,
                fact.value,
                fact.unit,
                fact.conforming,
                fact.reported.signer,
                entry.occurred,
            )
            sample = samples.by_id[fact.sample]
            changed = replace(sample, results=(*sample.results, result))
        case ResultVerified():
            changed = _changed(samples.by_id[fact.sample], fact.test, fact.attempt, verifier=fact.verified.signer)
        case ResultInvalidated():
            changed = _changed(samples.by_id[fact.sample], fact.test, fact.attempt, invalidated=fact.reason)
        case _:
            return samples
    return Samples({**samples.by_id, changed.id: changed})


def _changed(sample: Sample, test: str, attempt: int, *, verifier: str = "", invalidated: str = "") -> Sample:
    return replace(
        sample,
        results=tuple(
            replace(each, verifier=verifier or each.verifier, invalidated=invalidated or each.invalidated)
            if (each.test, each.attempt) == (test, attempt)
            else each
            for each in sample.results
        ),
    )


UNKNOWN_PLAN = RefusalKind(
    "sample.unknown_plan",
    "The recipe takes no sample '{plan}' at step '{step}'. Choose a sample that the batch record names at this step.",
    "工艺规程在步骤“{step}”没有取样“{plan}”。请选择批记录中该步骤规定的样品。",
)
STEP_NOT_BEGUN = RefusalKind(
    "sample.step_not_begun",
    "Step '{step}' of batch {batch} has not begun, so there is nothing to sample yet. Start the step first.",
    "批次 {batch} 的步骤“{step}”尚未开始，暂无可取样品。请先开始该步骤。",
)
ALREADY_TAKEN = RefusalKind(
    "sample.already_taken",
    "Sample {sample} has already been taken (plan '{plan}'). Label and use a new sample tube.",
    "样品 {sample} 已取样（取样计划“{plan}”）。请使用新的样品管并贴签。",
)
NOT_TAKEN = RefusalKind(
    "sample.not_taken",
    "Sample {sample} had not been taken at {at}; no result can exist before the sample. Check the sample and the time.",
    "样品 {sample} 在 {at} 尚未取样，样品产生之前不能有结果。请核对样品和时间。",
)
ALREADY_RECEIVED = RefusalKind(
    "sample.already_received",
    "The laboratory has received sample {sample} already, at {at}. Record its results.",
    "实验室已于 {at} 签收样品 {sample}。请录入其检验结果。",
)
NOT_RECEIVED = RefusalKind(
    "sample.not_received",
    "The laboratory had not received sample {sample} at {at}. Scan it and record its receipt and condition first.",
    "样品 {sample} 在 {at} 尚未由实验室签收。请先扫描样品，登记签收及其状况。",
)
UNFIT = RefusalKind(
    "sample.unfit",
    "Sample {sample} came to the laboratory in a bad condition ({condition}) and is not tested. "
    "Have QA give it up, and take another.",
    "样品 {sample} 签收时状况不合格（{condition}），不得检验。请由 QA 作废该样品并重新取样。",
)
VOIDED = RefusalKind(
    "sample.voided",
    "Sample {sample} was given up by QA: {reason}. Take a new sample or use another of the same plan.",
    "样品 {sample} 已由 QA 作废：{reason}。请重新取样或使用同一计划的其他样品。",
)
HAS_RESULTS = RefusalKind(
    "sample.has_results",
    "Sample {sample} has a standing result of '{test}', so it stays. Invalidate the result first if it is wrong.",
    "样品 {sample} 已有“{test}”的有效结果，不能作废样品。若结果有误，请先使该结果无效。",
)
WRONG_SAMPLE = RefusalKind(
    "sample.wrong_sample",
    "Sample {sample} was taken for '{plan}', which does not serve '{test}'. Stop and compare tube and worksheet.",
    "样品 {sample} 属于取样计划“{plan}”，不用于检验“{test}”。请停止操作，并将样品管与工作单核对。",
    identity=True,
)
WRONG_UNIT = RefusalKind(
    "sample.wrong_unit",
    "Test '{test}' is specified in '{expected}', but the result is given in '{unit}'. Convert it or correct the unit.",
    "检验“{test}”的规定单位是“{expected}”，而结果单位是“{unit}”。请换算或更正单位。",
)
WRONG_VALUE = RefusalKind(
    "sample.wrong_value",
    "'{value}' is not a result of test '{test}': expected {expected}. Enter the result again.",
    "“{value}”不是检验“{test}”的有效结果：应为 {expected}。请重新录入。",
)
IMPOSSIBLE = RefusalKind(
    "sample.impossible",
    "A result of {value} {unit} is impossible for test '{test}': expected {expected}. Read the raw data again and "
    "correct the number; a result outside the specification is recorded as it is.",
    "检验“{test}”不可能得到 {value} {unit}：应为 {expected}。请重新核对原始数据并更正；超出质量标准的结果应如实录入。",
)
RESULT_EXISTS = RefusalKind(
    "sample.result_exists",
    "Sample {sample} already has a result of '{test}' ({value}). A repeat needs QA to invalidate that one first.",
    "样品 {sample} 已有“{test}”的结果（{value}）。如需复测，须先由 QA 使其无效。",
)
NO_RESULT = RefusalKind(
    "sample.no_result",
    "Sample {sample} has no standing result of '{test}'. Record the result first.",
    "样品 {sample} 没有“{test}”的有效结果。请先录入结果。",
)
SAME_ANALYST = RefusalKind(
    "sample.same_analyst",
    "{analyst} recorded this result and cannot also verify or invalidate it. Ask a second person.",
    "{analyst} 是该结果的录入人，不能再复核或使其无效。请由第二人操作。",
)
ALREADY_VERIFIED = RefusalKind(
    "sample.already_verified",
    "The result of '{test}' of sample {sample} was already verified by {verifier}; nothing more to do.",
    "样品 {sample} 的“{test}”结果已由 {verifier} 复核，无需重复操作。",
)
IDENTITY_FINAL = RefusalKind(
    "sample.identity_final",
    "The identity test of sample {sample} failed and was confirmed by a second analyst; it is final. Reject the batch.",
    "样品 {sample} 的身份检验不符合且已由第二名检验员确认，任何人不得使其无效。请拒绝该批次。",
)
RELIED_ON = RefusalKind(
    "sample.relied_on",
    "Batch {batch} was released on this result. Revoke the release first, then invalidate the result.",
    "批次 {batch} 的放行依据此结果。请先撤销放行，再使该结果无效。",
)


def take(
    treatment: Treatment,
    labels: Labels,
    samples: Samples,
    recipe: Recipe,
    *,
    batch: str,
    sample: str,
    plan: str,
    step: str,
    step_begun: bool,
    taken: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Draw a labelled sample at a sampling point of the recipe; the tube is this treatment's and new."""
    refusal = open_for_work(treatment) or belongs(labels, treatment.id, sample, "sample")
    if refusal:
        return refusal
    at_step = recipe.step(step)
    if recipe.sample(plan) is None or at_step is None or plan not in at_step.samples:
        return UNKNOWN_PLAN(plan=plan, step=step)
    if not step_begun:
        return STEP_NOT_BEGUN(step=step, batch=batch)
    earlier = samples.by_id.get(sample)
    if earlier is not None:
        return ALREADY_TAKEN(sample=sample, plan=earlier.plan)
    return (SampleTaken(treatment.id, batch, sample, plan, step, taken),)


def receive(
    treatment: Treatment,
    labels: Labels,
    samples: Samples,
    *,
    sample: str,
    condition: Condition,
    occurred: datetime,
    received: Signature,
) -> Refusal | tuple[Fact, ...]:
    """The laboratory takes the sample over, once. occurred: when it came, which is never before it was taken."""
    refusal = _usable(treatment, labels, samples, sample, occurred)
    if refusal:
        return refusal
    taken = samples.by_id[sample]
    if taken.received is not None:
        return ALREADY_RECEIVED(sample=sample, at=taken.received.isoformat(timespec="minutes"))
    return (SampleReceived(treatment.id, sample, condition, received),)


def void(
    treatment: Treatment, labels: Labels, samples: Samples, sample: str, reason: str, decided: Signature
) -> Refusal | tuple[Fact, ...]:
    """Give up a lost sample; a sample with a standing result cannot be given up."""
    refusal = _usable(treatment, labels, samples, sample, decided.signed)
    if refusal:
        return refusal
    for result in samples.by_id[sample].results:
        if not result.invalidated:
            return HAS_RESULTS(sample=sample, test=result.test)
    return listed(reason) or (SampleVoided(treatment.id, sample, reason, decided),)


def record(
    treatment: Treatment,
    labels: Labels,
    samples: Samples,
    recipe: Recipe,
    *,
    sample: str,
    test: str,
    value: str,
    unit: str,
    occurred: datetime,
    reported: Signature,
) -> Refusal | tuple[ResultRecorded]:
    """Record a result and judge it by the recipe's limits. Late results count in an ended treatment too.

    A conforming one is refused before the test's least time is over; one that does not conform may come early.

    occurred: when the result was there, which is never before the sample.
    """
    refusal = _usable(treatment, labels, samples, sample, occurred)
    if refusal:
        return refusal
    taken = samples.by_id[sample]
    plan, specification = recipe.sample(taken.plan), recipe.test(test)
    if plan is None or specification is None or test not in plan.tests:
        return WRONG_SAMPLE(sample=sample, plan=taken.plan, test=test if specification is not None else "?")
    if taken.received is None or occurred < taken.received:
        return NOT_RECEIVED(sample=sample, at=occurred.isoformat(timespec="minutes"))
    if taken.condition != "good":
        return UNFIT(sample=sample, condition=taken.condition)
    standing = taken.valid(test)
    if standing is not None:
        return RESULT_EXISTS(sample=sample, test=test, value=standing.value)
    if unit != specification.unit:
        return WRONG_UNIT(test=test, expected=specification.unit, unit=unit)
    conforming = _judged(specification, value)
    if isinstance(conforming, Refusal):
        return conforming
    if conforming and (refusal := too_early(specification, sample, value, taken.taken, occurred)):
        return refusal
    attempt = len(taken.attempts(test)) + 1
    return (ResultRecorded(treatment.id, taken.batch, sample, test, attempt, value, unit, conforming, reported),)


def verify(
    treatment: Treatment, labels: Labels, samples: Samples, *, sample: str, test: str, verified: Signature
) -> Refusal | tuple[Fact, ...]:
    """A second analyst confirms the standing result."""
    refusal = _usable(treatment, labels, samples, sample, verified.signed)
    if refusal:
        return refusal
    result = samples.by_id[sample].valid(test)
    if result is None:
        return NO_RESULT(sample=sample, test=test)
    if result.verifier:
        return ALREADY_VERIFIED(sample=sample, test=test, verifier=result.verifier)
    if result.analyst == verified.signer:
        return SAME_ANALYST(analyst=verified.signer)
    return (ResultVerified(treatment.id, sample, test, result.attempt, verified),)


def invalidate(
    treatment: Treatment,
    labels: Labels,
    samples: Samples,
    recipe: Recipe,
    *,
    sample: str,
    test: str,
    reason: str,
    relied_on: bool,
    decided: Signature,
) -> Refusal | tuple[Fact, ...]:
    """QA invalidates the standing result for a cause in the laboratory.

    relied_on: whether a release that stands rests on it. A failed identity test that a second analyst confirmed
    is final.
    """
    refusal = _usable(treatment, labels, samples, sample, decided.signed)
    if refusal:
        return refusal
    result, specification = samples.by_id[sample].valid(test), recipe.test(test)
    if result is None or specification is None:
        return NO_RESULT(sample=sample, test=test)
    if decided.signer in (result.analyst, result.verifier):
        return SAME_ANALYST(analyst=decided.signer)
    if specification.identity and not result.conforming and result.verifier:
        return IDENTITY_FINAL(sample=sample)
    if relied_on:
        return RELIED_ON(batch=samples.by_id[sample].batch)
    return listed(reason) or (ResultInvalidated(treatment.id, sample, test, result.attempt, reason, decided),)


def _usable(treatment: Treatment, labels: Labels, samples: Samples, sample: str, at: datetime) -> Refusal | None:
    """Whether the scanned sample is this treatment's, had been taken at that time, and was not given up."""
    if not treatment.id:
        return UNKNOWN()
    if refusal := belongs(labels, treatment.id, sample, "sample"):
        return refusal
    taken = samples.by_id.get(sample)
    if taken is None or at < taken.taken:
        return NOT_TAKEN(sample=sample, at=at.isoformat(timespec="minutes"))
    return VOIDED(sample=sample, reason=taken.voided) if taken.voided else None


def _judged(test: Test, value: str) -> Refusal | bool:
    """Whether the value conforms, or why it is none of this test."""
    if test.type == "choice":
        if value not in test.choices:
            return WRONG_VALUE(value=value, test=test.id, expected=" / ".join(test.choices))
        return value in test.accepted
    if not DECIMAL.fullmatch(value):
        return WRONG_VALUE(value=value, test=test.id, expected=f"a decimal number in {test.unit}")
    if wanted := expected(test.unit, test.limits, Decimal(value)):
        return IMPOSSIBLE(value=value, unit=test.unit, test=test.id, expected=wanted)
    return test.limits.admit(Decimal(value))
