"""The certificate of a full release: its content is computed from facts, its hash is a fact."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from yimai.domain.disposition import BatchEvidence, CertificateIssued, Dispositions
from yimai.domain.fact import Fact, Signature
from yimai.domain.recipe import Recipe
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.sample import Samples
from yimai.domain.treatment import Treatment
from yimai.ledger.canonical import encode

NOT_RELEASED = RefusalKind(
    "certificate.not_released",
    "Batch {batch} is not released, so no certificate can be issued. Only a full release is certified.",
    "批次 {batch} 未放行，不能签发合格证。只有正式放行才能签发。",
)
ALREADY_CERTIFIED = RefusalKind(
    "certificate.already_certified",
    "The certificate of batch {batch} has already been issued. Print that one.",
    "批次 {batch} 的合格证已签发。请打印该份。",
)


def content_of(
    treatment: Treatment, samples: Samples, dispositions: Dispositions, recipe: Recipe, evidence: BatchEvidence
) -> dict[str, Any]:
    """The certificate's content, from facts: what was released for whom, on which results, by whom."""
    disposition = dispositions.of(evidence.batch)
    content = {
        "base": treatment.base,
        "batch": evidence.batch,
        "containers": evidence.containers,
        "exceptions": disposition.exceptions,
        "hospital": treatment.hospital,
        "recipe": recipe.id,
        "recipe_version": recipe.version,
        "released": disposition.released,
        "reviewed": disposition.reviewed,
        "samples": [sample for sample in samples.by_id.values() if sample.batch == evidence.batch],
        "state": disposition.state,
        "treatment": treatment.id,
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(content))
    return plain


def issue(
    treatment: Treatment,
    samples: Samples,
    dispositions: Dispositions,
    recipe: Recipe,
    evidence: BatchEvidence,
    issued: Signature,
) -> Refusal | tuple[Fact, ...]:
    """Certify a full release; a conditional release or an out-of-specification supply is never certified."""
    disposition = dispositions.of(evidence.batch)
    if disposition.state != "released":
        return NOT_RELEASED(batch=evidence.batch)
    if disposition.certificate:
        return ALREADY_CERTIFIED(batch=evidence.batch)
    content = sha256(encode(content_of(treatment, samples, dispositions, recipe, evidence))).hexdigest()
    return (CertificateIssued(treatment.id, evidence.batch, content, issued),)
