"""Infusion permits: single-use, for named bags, bound to the release that stands when they are issued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Literal

from yimai.domain.custody import GONE, Custody
from yimai.domain.disposition import DEVIATION_OPEN, DEVIATION_REJECTS, BatchEvidence, Dispositions, supplied
from yimai.domain.fact import Fact, Signature
from yimai.domain.label import Labels, belongs
from yimai.domain.reason import listed
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.treatment import Treatment, open_for_work
from yimai.ledger.entry import Entry


@dataclass(frozen=True, slots=True)
class PermitIssued(Fact):
    """These bags may be infused once. release: hash, in hex, of the entry that let the batch go."""

    kind: ClassVar[str] = "permit.issued.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "permit")
    treatment: str
    permit: str
    batch: str
    containers: tuple[str, ...]
    release: str
    issued: Signature


@dataclass(frozen=True, slots=True)
class PermitWithdrawn(Fact):
    """The permit no longer permits anything.

    withdrawn: who decided it, or None where the revocation or the end of the treatment did.
    """

    kind: ClassVar[str] = "permit.withdrawn.v1"
    about: ClassVar[tuple[str, ...]] = ("treatment", "permit")
    treatment: str
    permit: str
    reason: str
    withdrawn: Signature | None


@dataclass(frozen=True, slots=True)
class Permit:
    id: str
    batch: str
    containers: tuple[str, ...]
    release: str
    state: Literal["issued", "used", "withdrawn"] = "issued"


Permits = Mapping[str, Permit]
"""The treatment's permits, by identifier."""


def evolve(permits: Permits, fact: Fact, entry: Entry) -> Permits:
    """Issue and withdraw; a permit is used by the start of an infusion, which ``infusion.evolve`` tells."""
    match fact:
        case PermitIssued():
            changed = Permit(fact.permit, fact.batch, fact.containers, fact.release)
        case PermitWithdrawn():
            changed = replace(permits[fact.permit], state="withdrawn")
        case _:
            return permits
    return {**permits, changed.id: changed}


UNKNOWN = RefusalKind(
    "permit.unknown",
    "Treatment {treatment} has no infusion permit {permit}. Stop; scan the one that came with this product.",
    "治疗 {treatment} 没有回输许可 {permit}。请停止操作，并扫描随该患者产品提供的许可。",
    identity=True,
)
USED = RefusalKind(
    "permit.used",
    "Permit {permit} has been used; it is good for one infusion. Ask the base for a new permit if bags are left.",
    "回输许可 {permit} 已使用，仅限一次输注。如仍有产品，请向基地申请新许可。",
)
WITHDRAWN = RefusalKind(
    "permit.withdrawn",
    "Permit {permit} was withdrawn. Do not infuse; call the base's quality assurance.",
    "回输许可 {permit} 已收回。不得输注，请联系基地 QA。",
)
OTHER_RELEASE = RefusalKind(
    "permit.other_release",
    "Permit {permit} was issued on a release of batch {batch} that no longer stands. Ask the base for a new permit.",
    "回输许可 {permit} 所依据的批次 {batch} 放行已不再有效。请向基地申请新许可。",
)
NOT_OF_BATCH = RefusalKind(
    "permit.not_of_batch",
    "{container} is no final bag of batch {batch}. A permit covers only bags of the released batch; check the list.",
    "{container} 不是批次 {batch} 的成品袋。许可仅适用于已放行批次的成品袋，请核对清单。",
    identity=True,
)
NOTHING_COVERED = RefusalKind(
    "permit.nothing_covered",
    "A permit names at least one bag, none of them twice. Choose the bags to be infused.",
    "许可至少须列出一个成品袋，且不得重复。请选择要输注的成品袋。",
)
ALREADY_COVERED = RefusalKind(
    "permit.already_covered",
    "{container} is already on permit {permit}. Use that permit, or withdraw it first.",
    "{container} 已列入回输许可 {permit}。请使用该许可，或先将其收回。",
)
NOT_COVERED = RefusalKind(
    "permit.not_covered",
    "{container} is not on permit {permit}. Stop; infuse only the bags that the permit names.",
    "{container} 不在回输许可 {permit} 上。请停止操作，只能回输许可列出的成品袋。",
    identity=True,
)
EXPIRED = RefusalKind(
    "permit.expired",
    "The shelf life of batch {batch} ended on {expires}. Do not use it; call the base's quality assurance.",
    "批次 {batch} 的有效期已于 {expires} 届满。不得使用，请联系基地 QA。",
)


def issue(
    treatment: Treatment,
    labels: Labels,
    custody: Custody,
    dispositions: Dispositions,
    permits: Permits,
    evidence: BatchEvidence,
    *,
    permit: str,
    containers: tuple[str, ...],
    expires: datetime,
    issued: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Permit one infusion of these bags. expires: end of the batch's shelf life."""
    batch = evidence.batch
    refusal = open_for_work(treatment) or supplied(dispositions, batch)
    if refusal:
        return refusal
    if evidence.rejecting_deviations:
        return DEVIATION_REJECTS(batch=batch, deviations=", ".join(evidence.rejecting_deviations))
    if evidence.open_deviations:
        return DEVIATION_OPEN(batch=batch, deviations=", ".join(evidence.open_deviations))
    if not containers or len(set(containers)) != len(containers):
        return NOTHING_COVERED()
    if refusal := in_shelf_life(batch, expires, issued.signed):
        return refusal
    for container in containers:
        if refusal := belongs(labels, treatment.id, container, "final_bag"):
            return refusal
        if container not in evidence.containers:
            return NOT_OF_BATCH(container=container, batch=batch)
        held = custody.held.get(container)
        if held is not None and held.gone:
            return GONE(container=container, how=held.gone)
        for earlier in permits.values():
            if earlier.state == "issued" and container in earlier.containers:
                return ALREADY_COVERED(container=container, permit=earlier.id)
    release = dispositions.of(batch).releases[-1]
    return (PermitIssued(treatment.id, permit, batch, containers, release, issued),)


def withdraw(
    treatment: Treatment, permits: Permits, permit: str, reason: str, withdrawn: Signature
) -> Refusal | tuple[Fact, ...]:
    """Take a permit back by hand, before it is used."""
    if permit not in permits:
        return UNKNOWN(treatment=treatment.id or "?", permit=permit)
    return _unused(permits[permit]) or listed(reason) or (PermitWithdrawn(treatment.id, permit, reason, withdrawn),)


def withdraw_all(treatment: Treatment, permits: Permits, reason: str, *, batch: str = "") -> tuple[Fact, ...]:
    """What a revocation does to the batch's unused permits, and the treatment's end to those of every batch ("")."""
    return tuple(
        PermitWithdrawn(treatment.id, permit.id, reason, None)
        for permit in permits.values()
        if permit.state == "issued" and batch in ("", permit.batch)
    )


def covers(
    treatment: Treatment,
    labels: Labels,
    dispositions: Dispositions,
    permits: Permits,
    permit: str,
    container: str,
    *,
    begun: bool = False,
) -> Refusal | None:
    """Whether the permit is this treatment's, good, and names the bag. begun: its infusion already runs."""
    presented = permits.get(permit)
    if presented is None:
        return UNKNOWN(treatment=treatment.id, permit=permit)
    if refusal := supplied(dispositions, presented.batch):
        return refusal
    if not begun and (refusal := _unused(presented)):
        return refusal
    if presented.release not in dispositions.of(presented.batch).releases:
        return OTHER_RELEASE(permit=permit, batch=presented.batch)
    if refusal := belongs(labels, treatment.id, container, "final_bag"):
        return refusal
    return None if container in presented.containers else NOT_COVERED(container=container, permit=permit)


def in_shelf_life(batch: str, expires: datetime, at: datetime) -> Refusal | None:
    return EXPIRED(batch=batch, expires=expires.date()) if at > expires else None


def _unused(permit: Permit) -> Refusal | None:
    if permit.state == "used":
        return USED(permit=permit.id)
    return WITHDRAWN(permit=permit.id) if permit.state == "withdrawn" else None
