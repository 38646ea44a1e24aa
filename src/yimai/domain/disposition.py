"""What becomes of a batch: QA's review, two-stage release, rejection, out-of-specification supply, revocation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from yimai.domain import oos_supply
from yimai.domain.fact import Fact, Signature
from yimai.domain.label import Labels, reconciled
from yimai.domain.oos_supply import OosCases
from yimai.domain.reason import listed
from yimai.domain.recipe import Recipe
from yimai.domain.refusal import Refusal, RefusalKind, first_refusal
from yimai.domain.sample import ResultRecorded, Samples
from yimai.domain.shipment import EXCURSION_OPEN, Shipments
from yimai.domain.specification import complete, conforming, identity_proven
from yimai.domain.treatment import UNKNOWN, Treatment, open_for_work
from yimai.ledger.entry import Entry

State = Literal["", "conditionally_released", "released", "oos_supplied", "rejected", "revoked"]


@dataclass(frozen=True, slots=True)
class BatchReviewed(Fact):
    """QA reviewed the batch record by exception. exceptions: every one that had arisen until then."""

    kind: ClassVar[str] = "disposition.batch_reviewed.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    exceptions: tuple[str, ...]
    reviewed: Signature


@dataclass(frozen=True, slots=True)
class ConditionallyReleased(Fact):
    """Released while the recipe's final tests are still running."""

    kind: ClassVar[str] = "disposition.conditionally_released.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    released: Signature


@dataclass(frozen=True, slots=True)
class Released(Fact):
    """The batch conforms in every test and may be infused."""

    kind: ClassVar[str] = "disposition.released.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    released: Signature


@dataclass(frozen=True, slots=True)
class BatchRejected(Fact):
    """The batch must never be infused."""

    kind: ClassVar[str] = "disposition.rejected.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    reason: str
    rejected: Signature


@dataclass(frozen=True, slots=True)
class OosSupplied(Fact):
    """Supplied at the physician's request although these tests fail (EU GMP Part IV 11.5). It certifies nothing."""

    kind: ClassVar[str] = "disposition.oos_supplied.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    tests: tuple[str, ...]
    decided: Signature


@dataclass(frozen=True, slots=True)
class DispositionRevoked(Fact):
    """The batch may no longer be used. result: the late result that caused it, as ``sample/test#attempt``, or "".

    revoked: who decided it by hand, or None where the result did.
    """

    kind: ClassVar[str] = "disposition.revoked.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    result: str
    reason: str
    revoked: Signature | None


@dataclass(frozen=True, slots=True)
class ClinicianAlerted(Fact):
    """The hospital is told at once that the batch was revoked. result: as in the revocation."""

    kind: ClassVar[str] = "disposition.clinician_alerted.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    hospital: str
    result: str


@dataclass(frozen=True, slots=True)
class CertificateIssued(Fact):
    """The batch's certificate was signed.

    content: SHA-256, in hex, of the certificate's canonical content, which is computed from facts.
    """

    kind: ClassVar[str] = "disposition.certificate_issued.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "batch")
    treatment: str
    batch: str
    content: str
    issued: Signature


@dataclass(frozen=True, slots=True)
class Disposition:
    """One batch's. releases: hex hashes of the entries that let it be used. accepted: tests that OOS supply covers."""

    batch: str
    state: State = ""
    releases: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    reviewed: Signature | None = None
    released: Signature | None = None
    certificate: str = ""

    @property
    def supplied(self) -> bool:
        """Whether the batch may be used for its patient."""
        return self.state in ("conditionally_released", "released", "oos_supplied")


@dataclass(frozen=True, slots=True)
class Dispositions:
    """The treatment's batches and their requests for out-of-specification supply."""

    by_batch: Mapping[str, Disposition] = field(default_factory=dict)
    oos: OosCases = field(default_factory=OosCases)

    def of(self, batch: str) -> Disposition:
        return self.by_batch.get(batch, Disposition(batch))


def evolve(dispositions: Dispositions, fact: Fact, entry: Entry) -> Dispositions:
    match fact:
        case BatchReviewed():
            earlier = dispositions.of(fact.batch)
            changed = replace(earlier, exceptions=fact.exceptions, reviewed=fact.reviewed)
        case ConditionallyReleased():
            changed = _let_go(dispositions, fact.batch, "conditionally_released", entry, released=fact.released)
        case Released():
            changed = _let_go(dispositions, fact.batch, "released", entry, released=fact.released)
        case OosSupplied():
            changed = _let_go(dispositions, fact.batch, "oos_supplied", entry, accepted=fact.tests)
        case BatchRejected():
            changed = replace(dispositions.of(fact.batch), state="rejected", releases=())
        case DispositionRevoked():
            changed = replace(dispositions.of(fact.batch), state="revoked", releases=())
        case CertificateIssued():
            changed = replace(dispositions.of(fact.batch), certificate=fact.content)
        case _:
            return replace(dispositions, oos=oos_supply.evolve(dispositions.oos, fact, entry))
    return replace(dispositions, by_batch={**dispositions.by_batch, changed.batch: changed})


def _let_go(dispositions: Dispositions, batch: str, state: State, entry: Entry, **changes: Any) -> Disposition:
    earlier = dispositions.of(batch)
    return replace(earlier, state=state, releases=(*earlier.releases, entry.hash.hex()), **changes)


@dataclass(frozen=True, slots=True)
class BatchEvidence:
    """What the batch record tells a disposition.

    performers: everyone who performed or verified in the batch. deviations: all of them; of these ``open_deviations``
    await QA and ``rejecting_deviations`` were closed with the batch's rejection. containers: its final bags.
    """

    batch: str
    completed: bool
    performers: frozenset[str]
    deviations: tuple[str, ...] = ()
    open_deviations: tuple[str, ...] = ()
    rejecting_deviations: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()


NOT_COMPLETED = RefusalKind(
    "disposition.not_completed",
    "Batch {batch} is not completed. Finish its batch record first; a failed batch is rejected.",
    "批次 {batch} 尚未完成。请先完成批记录；失败的批次应予拒绝。",
)
NOT_REVIEWED = RefusalKind(
    "disposition.not_reviewed",
    "QA has not reviewed batch {batch}. Ask QA to review its batch record by exception first.",
    "QA 尚未审核批次 {batch}。请先由 QA 基于异常审核批记录。",
)
REVIEW_OUTDATED = RefusalKind(
    "disposition.review_outdated",
    "Since QA's review of batch {batch} these have arisen: {exceptions}. Ask QA to review the batch again.",
    "QA 审核批次 {batch} 之后又出现：{exceptions}。请 QA 重新审核。",
)
DEVIATION_OPEN = RefusalKind(
    "disposition.deviation_open",
    "Deviations of batch {batch} are open: {deviations}. QA closes them before the batch can be released.",
    "批次 {batch} 有未关闭的偏差：{deviations}。QA 关闭后方可放行。",
)
DEVIATION_REJECTS = RefusalKind(
    "disposition.deviation_rejects",
    "QA closed {deviations} with the rejection of batch {batch}. Reject the batch.",
    "QA 关闭偏差 {deviations} 时决定拒绝批次 {batch}。请拒绝该批次。",
)
NOT_INDEPENDENT = RefusalKind(
    "disposition.not_independent",
    "{person} took part in batch {batch} and cannot judge it. Ask a colleague who did not work on it.",
    "{person} 参与了批次 {batch}，不能进行判定。请由未参与的同事操作。",
)
ALREADY_DISPOSED = RefusalKind(
    "disposition.already_disposed",
    "Batch {batch} is already {state}. Look at its record; what was decided is not decided twice.",
    "批次 {batch} 已处于“{state}”状态。请查看记录，已作出的决定不重复作出。",
)
REVOKE_FIRST = RefusalKind(
    "disposition.revoke_first",
    "Batch {batch} is {state}. Revoke that first; then it can be rejected.",
    "批次 {batch} 处于“{state}”状态。请先撤销，然后才能拒绝。",
)
NOT_SUPPLIED = RefusalKind(
    "disposition.not_supplied",
    "Batch {batch} has not been released for its patient. Wait for the qualified person's decision.",
    "批次 {batch} 尚未对该患者放行。请等待质量受权人的决定。",
)
REVOKED = RefusalKind(
    "disposition.revoked",
    "The release of batch {batch} was revoked. Do not use the product; keep it apart and call QA.",
    "批次 {batch} 的放行已撤销。不得使用该产品，请隔离并通知 QA。",
)
REJECTED = RefusalKind(
    "disposition.rejected",
    "Batch {batch} was rejected. Do not use the product; keep it apart and call QA.",
    "批次 {batch} 已被拒绝。不得使用该产品，请隔离并通知 QA。",
)


def review(
    treatment: Treatment,
    samples: Samples,
    shipments: Shipments,
    dispositions: Dispositions,
    evidence: BatchEvidence,
    reviewed: Signature,
) -> Refusal | tuple[Fact, ...]:
    """QA reviews the completed batch record by exception; what arises later makes the review outdated."""
    refusal = open_for_work(treatment) or _independent(samples, evidence, reviewed)
    if refusal:
        return refusal
    if not evidence.completed:
        return NOT_COMPLETED(batch=evidence.batch)
    disposition = dispositions.of(evidence.batch)
    if disposition.state not in ("", "conditionally_released"):
        return ALREADY_DISPOSED(batch=evidence.batch, state=disposition.state)
    exceptions = exceptions_of(samples, shipments, evidence)
    return (BatchReviewed(treatment.id, evidence.batch, exceptions, reviewed),)


def release_conditionally(
    treatment: Treatment,
    labels: Labels,
    samples: Samples,
    shipments: Shipments,
    dispositions: Dispositions,
    recipe: Recipe,
    evidence: BatchEvidence,
    released: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Let the batch go to its patient while final tests run."""
    state = dispositions.of(evidence.batch).state
    refusal = first_refusal(
        ALREADY_DISPOSED(batch=evidence.batch, state=state) if state else None,
        conforming(samples, recipe, evidence.batch),
        complete(samples, recipe, evidence.batch, ("conditional",)),
        _may_decide(treatment, labels, samples, shipments, dispositions, evidence, released),
    )
    return refusal or (ConditionallyReleased(treatment.id, evidence.batch, released),)


def release(
    treatment: Treatment,
    labels: Labels,
    samples: Samples,
    shipments: Shipments,
    dispositions: Dispositions,
    recipe: Recipe,
    evidence: BatchEvidence,
    released: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Release on every result, directly or after conditional release."""
    state = dispositions.of(evidence.batch).state
    disposed = state not in ("", "conditionally_released")
    refusal = first_refusal(
        ALREADY_DISPOSED(batch=evidence.batch, state=state) if disposed else None,
        conforming(samples, recipe, evidence.batch),
        complete(samples, recipe, evidence.batch, ("conditional", "final")),
        _may_decide(treatment, labels, samples, shipments, dispositions, evidence, released),
    )
    return refusal or (Released(treatment.id, evidence.batch, released),)


def supply_out_of_specification(
    treatment: Treatment,
    labels: Labels,
    samples: Samples,
    shipments: Shipments,
    dispositions: Dispositions,
    recipe: Recipe,
    evidence: BatchEvidence,
    decided: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Supply at the physician's request once every piece of the route is there; an identity failure never passes."""
    batch = evidence.batch
    state = dispositions.of(batch).state
    refusal = first_refusal(
        ALREADY_DISPOSED(batch=batch, state=state) if state else None,
        identity_proven(samples, recipe, batch),
        complete(samples, recipe, batch, ("conditional",)),
        oos_supply.ready(treatment, samples, dispositions.oos, recipe, batch),
        _may_decide(treatment, labels, samples, shipments, dispositions, evidence, decided),
    )
    return refusal or (OosSupplied(treatment.id, batch, dispositions.oos.by_batch[batch].tests, decided),)


def reject(
    treatment: Treatment, dispositions: Dispositions, batch: str, reason: str, rejected: Signature
) -> Refusal | tuple[Fact, ...]:
    """Reject a batch in any state in which nobody may use it; a held or ended treatment's too."""
    if not treatment.id:
        return UNKNOWN()
    disposition = dispositions.of(batch)
    if disposition.supplied:
        return REVOKE_FIRST(batch=batch, state=disposition.state)
    if disposition.state == "rejected":
        return ALREADY_DISPOSED(batch=batch, state=disposition.state)
    return listed(reason) or (BatchRejected(treatment.id, batch, reason, rejected),)


def revoke(
    treatment: Treatment, dispositions: Dispositions, batch: str, reason: str, revoked: Signature
) -> Refusal | tuple[Fact, ...]:
    """Take the release back by hand, in a held or ended treatment too, and alert the hospital."""
    if refusal := supplied(dispositions, batch) or listed(reason):
        return refusal
    return (
        DispositionRevoked(treatment.id, batch, "", reason, revoked),
        ClinicianAlerted(treatment.id, batch, treatment.hospital, ""),
    )


def after_result(treatment: Treatment, dispositions: Dispositions, result: ResultRecorded) -> tuple[Fact, ...]:
    """A result that fails after release revokes and alerts by itself, unless out-of-specification supply covers it."""
    disposition = dispositions.of(result.batch)
    if result.conforming or not disposition.supplied or result.test in disposition.accepted:
        return ()
    cause = f"{result.sample}/{result.test}#{result.attempt}"
    return (
        DispositionRevoked(treatment.id, result.batch, cause, "late_positive", None),
        ClinicianAlerted(treatment.id, result.batch, treatment.hospital, cause),
    )


def supplied(dispositions: Dispositions, batch: str) -> Refusal | None:
    """Whether the batch may be used for its patient now; a revocation is never overridden."""
    disposition = dispositions.of(batch)
    if disposition.supplied:
        return None
    kinds = {"revoked": REVOKED, "rejected": REJECTED}
    return kinds.get(disposition.state, NOT_SUPPLIED)(batch=batch)


def relied_on(dispositions: Dispositions, recipe: Recipe, batch: str, test: str) -> bool:
    """Whether a standing release rests on the results of this test."""
    disposition, specification = dispositions.of(batch), recipe.test(test)
    early = specification is not None and (specification.stage != "final" or specification.identity)
    return disposition.supplied and (early or disposition.state == "released")


def exceptions_of(samples: Samples, shipments: Shipments, evidence: BatchEvidence) -> tuple[str, ...]:
    """What a review by exception must look at, sorted: deviations, excursions, failed, void and invalid results."""
    excursions = {excursion for each in shipments.by_id.values() for excursion in each.excursions}
    return tuple(sorted({*evidence.deviations, *excursions, *samples.exceptions(evidence.batch)}))


def _may_decide(
    treatment: Treatment,
    labels: Labels,
    samples: Samples,
    shipments: Shipments,
    dispositions: Dispositions,
    evidence: BatchEvidence,
    signature: Signature,
) -> Refusal | None:
    """The gates that every way of letting a batch go has in common."""
    batch = evidence.batch
    if refusal := open_for_work(treatment):
        return refusal
    if not evidence.completed:
        return NOT_COMPLETED(batch=batch)
    if evidence.rejecting_deviations:
        return DEVIATION_REJECTS(batch=batch, deviations=", ".join(evidence.rejecting_deviations))
    if evidence.open_deviations:
        return DEVIATION_OPEN(batch=batch, deviations=", ".join(evidence.open_deviations))
    for shipment in shipments.by_id.values():
        if shipment.excursion_state == "open":
            return EXCURSION_OPEN(excursion=shipment.excursion, shipment=shipment.id)
    disposition = dispositions.of(batch)
    if disposition.reviewed is None:
        return NOT_REVIEWED(batch=batch)
    if later := set(exceptions_of(samples, shipments, evidence)) - set(disposition.exceptions):
        return REVIEW_OUTDATED(batch=batch, exceptions=", ".join(sorted(later)))
    if signature.signer == disposition.reviewed.signer:
        return NOT_INDEPENDENT(batch=batch, person=signature.signer)
    return reconciled(labels) or _independent(samples, evidence, signature)


def _independent(samples: Samples, evidence: BatchEvidence, signature: Signature) -> Refusal | None:
    """Whether the signer neither worked nor verified in the batch, nor in its laboratory tests."""
    results = [result for sample in samples.of_batch(evidence.batch) for result in sample.results]
    laboratory = {result.analyst for result in results} | {result.verifier for result in results}
    if signature.signer in evidence.performers | laboratory:
        return NOT_INDEPENDENT(batch=evidence.batch, person=signature.signer)
    return None
