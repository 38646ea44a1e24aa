"""Where a scan leads that no field on the page was waiting for: to what was scanned."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from yimai.domain.label_code import scanned
from yimai.domain.refusal import Refusal
from yimai.interfaces.web import page, window
from yimai.interfaces.web.templatetags.wording import address
from yimai.projections import trace

LONGEST = 200


def scan(request: HttpRequest) -> HttpResponse:
    """Lead to everything about the scanned thing, be it ours or one that the base names (a suite's door, a piece, a badge).

    Else say what is wrong with the code.
    """
    raw = request.GET.get("code", "")[:LONGEST]
    read = scanned(raw)
    names = tuple(dict.fromkeys((raw.strip(), raw.strip().lower())))
    with window.reading(page.reader(request)) as cursor:
        if not isinstance(read, Refusal) and trace.about(cursor, read.identifier):
            return redirect(address(read.noun, read.identifier))
        for name in names:  # a base's own name may look like one of ours
            found = trace.about(cursor, name) if name.isascii() and name.isprintable() and name else ()
            if len(found) == 1:
                return redirect(address(found[0].noun, name))
        wrong = {"refusal": read} if isinstance(read, Refusal) else {"unknown": read}
        return page.show(request, cursor, "scanned", {**wrong, "raw": raw}, status=404)
