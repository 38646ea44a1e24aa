"""A material lot's page: what it is, until when it may be used, who decided on it, and every batch that used it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from yimai.interfaces.web import page, window
from yimai.interfaces.web.fact_lines import line
from yimai.interfaces.web.forms.material_lot import titles
from yimai.interfaces.web.lot_uses import uses_of
from yimai.interfaces.web.offers import Asked, offers
from yimai.interfaces.web.situation import Situation
from yimai.projections import material_board, vein


def material_lot(request: HttpRequest, identifier: str) -> HttpResponse:
    who = page.reader(request)
    with window.reading(who) as cursor:
        lot = material_board.lot(cursor, identifier)
        if lot is None or who is None:
            raise Http404(identifier)
        situation = Situation(who, cursor, {"material_lot": identifier}, page.now())
        known = {"material_lot": identifier}
        verbs: list[Asked] = [("material_lot.release", known, {})] if lot.state == "received" else []
        if lot.state != "rejected":
            verbs.append(("material_lot.reject", known, {"reason": "quality_concern"}))
        context = {
            "lot": lot,
            "watch": [f"material_lot/{identifier}"],
            "title": titles(situation).get(lot.material),
            "expired": page.now().date() > lot.expires,
            "uses": uses_of(cursor, identifier),
            "offers": offers(situation, verbs, request.path),
            "lines": [line(each, situation.titles) for each in vein.entries(cursor, f"material_lot/{identifier}")],
        }
        return page.show(request, cursor, "material_lot", context)
