"""A deviation's page: what departed, what was written about it, what became of it, and what is to be done next."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from yimai.interfaces.web import page, window
from yimai.interfaces.web.forms.deviation import facts_of
from yimai.interfaces.web.offers import offers, situation_of
from yimai.projections.register import PersonRow

STANDING_FOR = {"reason": "process_variability", "note": "–"}
"""What stands for the words that QA has still to find, when the page asks whether the rule would let it."""


def deviation(request: HttpRequest, identifier: str) -> HttpResponse:
    who = page.reader(request)
    with window.reading(who) as cursor:
        situation = situation_of(request, cursor, "deviation", identifier)
        found = situation.vein.deviations.by_id.get(identifier)
        if found is None:
            raise Http404(identifier)
        known = {"treatment": situation.treatment, "deviation": identifier}
        verbs = {
            "open": [("deviation.assess", known, {"classification": found.classification, **STANDING_FOR})],
            "assessed": [
                ("deviation.assess", known, {"classification": found.classification, **STANDING_FOR}),
                ("deviation.close", known, _closing(situation.colleagues, found.classification)),
            ],
        }.get(found.state, [])
        context = {
            "deviation": found,
            "situation": situation,
            "watch": [f"treatment/{situation.treatment}"],
            "step": situation.recipe.step(found.step),
            "lines": tuple(facts_of(situation, identifier)),
            "offers": offers(situation, verbs, request.path),
        }
        return page.show(request, cursor, "deviation", context)


def _closing(colleagues: tuple[PersonRow, ...], classification: str) -> dict[str, str]:
    """A closing by the reader, and by some qualified person where the class asks for one."""
    second = next((each for each in colleagues if "qualified_person" in each.roles), None)
    approver = second.person if second is not None and classification == "critical" else ""
    return {"conclusion": "acceptable", "reason": "within_validated_range", "approver": approver}
