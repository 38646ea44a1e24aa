"""A batch's certificate, to be read and printed: computed from the facts until it was signed, and held against its hash."""

from __future__ import annotations

from hashlib import sha256

from django.http import Http404, HttpRequest, HttpResponse

from yimai.domain import certificate as certificates
from yimai.domain.disposition import BatchEvidence, CertificateIssued
from yimai.domain.facts import decode
from yimai.domain.vein import vein_of
from yimai.interfaces.web import page, treatment_record, window
from yimai.interfaces.web.offers import situation_of
from yimai.ledger.canonical import encode


def certificate(request: HttpRequest, identifier: str) -> HttpResponse:
    """The certificate as it was signed. Raises Http404 if there is none."""
    with window.reading(page.reader(request)) as cursor:
        situation = situation_of(request, cursor, "batch", identifier)
        found = (
            (place, entry)
            for place, entry in enumerate(situation.entries)
            if entry.kind == CertificateIssued.kind and entry.data["batch"] == identifier
        )
        place, entry = next(found, (0, None))
        if entry is None:
            raise Http404(identifier)
        issued = decode(entry)
        assert isinstance(issued, CertificateIssued)
        then = vein_of(situation.entries[:place])
        made = then.batches.by_id[identifier]
        evidence = BatchEvidence(identifier, completed=True, performers=frozenset(), containers=made.final_bags)
        content = certificates.content_of(then.treatment, then.samples, then.disposition, situation.recipe, evidence)
        context = {
            "batch": made,
            "issued": issued,
            "entry": entry,
            "ordered": then.treatment,
            "recipe": situation.recipe,
            "disposition": then.disposition.of(identifier),
            "now_state": situation.vein.disposition.of(identifier).state,
            "sheet": next(
                each for each in treatment_record.sheets(then, situation.recipe) if each.batch.id == identifier
            ),
            "bags": [made.filled[each] for each in made.final_bags],
            "holds": sha256(encode(content)).hexdigest() == issued.content,
        }
        return page.show(request, cursor, "certificate", context)
