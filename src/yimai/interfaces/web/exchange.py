"""Plans with their results as files for other systems; what is not published leaves the house only by who may publish it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from yimai.interfaces.web import bench, page, window
from yimai.interfaces.web.form import address
from yimai.interfaces.web.permitted import permitted
from yimai.projections import plan_exchange, receipt_board
from yimai.projections.register import PersonRow

FORMS: Final = {
    "iati": ("IATI 2.03", "xml", "application/xml"),
    "sdmx": ("SDMX-JSON 2.0", "json", "application/vnd.sdmx.data+json;version=2.0.0"),
    "csvw": ("CSVW", "zip", "application/zip"),
}
"""What each is called, how its file's name ends, and its type of media."""


@dataclass(frozen=True, slots=True)
class Link:
    """all: the same with numbers that are not published, "" where the reader may not."""

    title: str
    address: str
    all: str


def links(who: PersonRow | None) -> list[Link]:
    """Every form in which the reader may take the plans with him."""
    plans = who is not None and permitted(who, "receipt.publish")
    return [
        Link(title, path := reverse("programme_export", args=[form]), f"{path}?all=1" if plans else "")
        for form, (title, _, _) in FORMS.items()
    ]


def taking_in(who: PersonRow | None) -> str:
    """The address of the form that takes in a file, "" where the reader may not."""
    may = who is not None and permitted(who, "plan.take_in")
    return address("plan.take_in", {"next": reverse("programme")}) if may else ""


def export(request: HttpRequest, form: str) -> HttpResponse:
    who = page.reader(request)
    if form not in FORMS:
        raise Http404(form)
    computed = (
        page.now().date() if request.GET.get("all") and who is not None and permitted(who, "receipt.publish") else None
    )
    with window.reading(who) as cursor:
        at = receipt_board.sealed(cursor)
        if at is None:
            raise Http404(form)
        contents = bench.opened().write_file(form, plan_exchange.gathered(cursor, at, computed))
    _, ending, media = FORMS[form]
    response = HttpResponse(contents, content_type=media)
    response["Content-Disposition"] = f'attachment; filename="plans-{at.size}.{form}.{ending}"'
    return response
