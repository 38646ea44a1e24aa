"""What the site answers: pages with forms, and acts as docs/offline.md agrees. A cookie says who is signed in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.html import format_html
from tests.pages.bench_site import EXPECTED
from tests.pages.bench_site.server import records

from yimai.interfaces.web import page, tablet
from yimai.projections.register import PersonRow
from yimai.wiring import urls

Answer = Callable[[HttpRequest], HttpResponse]
FORMS: dict[str, list[dict[str, Any]]] = {
    "scan": [
        {"name": "match", "act": "infusion.match", "gate": "identity", "title": "Match", "fields": [
            {"id": "wristband", "name": "wristband", "label": "Wristband", "scan": "wristband"},
            {"id": "bag", "name": "bag", "label": "Bag or sample", "scan": "container sample"},
            {"id": "remark", "name": "remark", "label": "Remark"},
        ]},
    ],
    "plain": [
        {"name": "one", "act": "batch.record", "gate": "plain", "title": "First entry", "fields": [
            {"id": "temperature", "name": "temperature", "label": "Temperature", "measure": True},
            {"id": "note", "name": "note", "label": "Note"},
        ]},
        {"name": "two", "act": "batch.record", "gate": "plain", "title": "Second entry", "fields": [
            {"id": "note2", "name": "note", "label": "Note"},
        ]},
        {"name": "three", "act": "batch.record", "gate": "plain", "title": "Third entry", "fields": [
            {"id": "note3", "name": "note", "label": "Note"},
        ]},
        {"name": "sign", "act": "batch.sign", "gate": "identity", "title": "Sign", "fields": [
            {"id": "reason", "name": "reason", "label": "Reason"},
            {"id": "password", "name": "password", "label": "Password", "secret": True},
        ]},
    ],
    "file": [
        {"name": "consent", "act": "treatment.record_consent", "gate": "plain", "title": "Consent", "fields": [
            {"id": "form", "name": "form", "label": "Form", "file": 1_000_000},
        ]},
    ],
    "auto": [
        {"name": "take", "act": "custody.take", "gate": "identity", "title": "Take", "submit": True, "fields": [
            {"id": "bag", "name": "bag", "label": "Bag", "scan": "container"},
        ]},
    ],
    "step": [
        {"name": "start", "act": "batch.start_step", "gate": "identity", "title": "Start", "badges": ["courier-01", "operator-02"], "fields": [
            {"id": "bag", "name": "scanned", "label": "Container", "scan": "container"},
            {"id": "scales", "name": "scales", "label": "Balance", "scan": "equipment", "takes": "balance-01 balance-02", "offer": "balance-02"},
            {"id": "selector", "name": "selector", "label": "Magnet", "scan": "equipment", "takes": "selector-01 selector-07", "offer": ""},
            {"id": "lot", "name": "lot", "label": "Lot", "scan": "material_lot", "takes": "AB12 wash-buffer-lot-01", "offer": "AB12"},
        ]},
    ],
    "hand": [
        {"name": "over", "act": "custody.hand_over", "gate": "identity", "title": "Hand over", "fields": [
            {"id": "given", "name": "giver_scan", "label": "Giver", "scan": "shipment"},
            {"id": "taken", "name": "taker_scan", "label": "Taker", "scan": "shipment", "again": True},
        ]},
    ],
    "known": [
        {"name": "over", "act": "custody.hand_over", "gate": "identity", "title": "Hand over", "fields": [
            {"id": "given", "name": "giver_scan", "label": "Giver", "scan": "shipment", "expected": EXPECTED},
            {"id": "taken", "name": "taker_scan", "label": "Taker", "scan": "shipment", "again": True, "expected": EXPECTED},
        ]},
    ],
    "none": [],
}  # fmt: skip


def signed_in(get_response: Answer) -> Answer:
    def answer(request: HttpRequest) -> HttpResponse:
        person = request.COOKIES.get("who", "")
        request.who = PersonRow(person, "BASE", ("operator",)) if person else None  # type: ignore[attr-defined]
        return get_response(request)

    return answer


def health(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"database": "ok"})


def session(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"person": request.COOKIES.get("who", ""), "csrf": get_token(request)})


def _show(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    other = page.other_language()
    everywhere = {
        "language": page.language(), "other_language": other, "other_language_name": page.LANGUAGES[other],
        "other_language_url": f"/{other}/", "simulated": True, "now": datetime.now(UTC),
    }  # fmt: skip
    return render(request, template, {**everywhere, **context})


@tablet.kept
def bench(request: HttpRequest, which: str) -> HttpResponse:
    records.shown += 1
    forms = [{**form, "command": str(uuid.uuid4())} for form in FORMS[which]]
    return _show(request, "bench.html", {"forms": forms})


def components(request: HttpRequest) -> HttpResponse:
    return _show(request, "components.html", {})


def offline(request: HttpRequest) -> HttpResponse:
    return _show(request, "web/offline.html", {})


def scan(request: HttpRequest, identifier: str = "") -> HttpResponse:
    return _show(request, "bench.html", {"forms": []})


def enter(request: HttpRequest, person: str) -> HttpResponse:
    response = redirect(request.GET.get("next", "/en/bench/plain"))
    response.set_cookie("who", person)
    return response


def leave(request: HttpRequest) -> HttpResponse:
    response = redirect("/en/bench/none")
    response.delete_cookie("who")
    return response


def act(request: HttpRequest, verb: str) -> HttpResponse:
    """Record it once under its command, or answer as the test's rule for this form says."""
    posted = {name: request.POST[name] for name in request.POST}
    command = posted.get("command", "")
    records.calls.append((request.headers.get("Yimai-Act", ""), posted))
    rule = records.rules.get(request.GET.get("form", ""), "")
    if not request.COOKIES.get("who"):
        response = HttpResponse(status=401, headers={"Yimai-Answer": "sign", "Yimai-Location": "/en/enter/operator-02"})
    elif command in records.commands:
        response = HttpResponse(headers={"Yimai-Answer": "done"})
    elif rule == "conflict":
        response = HttpResponse(_conflict(command), status=409, headers={"Yimai-Answer": "conflict"})
    elif rule == "refused":
        body = format_html(
            '<div class="refusal" role="alert"><strong>Not possible</strong><p>Step not open: {}</p></div>', verb
        )
        response = HttpResponse(body, status=422, headers={"Yimai-Answer": "refused"})
    elif rule == "lost":
        records.commands[command] = posted
        response = HttpResponse(status=503)
    else:
        records.commands[command] = posted
        response = HttpResponse(headers={"Yimai-Answer": "done"})
        if request.headers.get("Yimai-Act") == "now":
            response["Yimai-Location"] = "/en/bench/none"
    response["Yimai-Command"] = command
    return response


def _conflict(command: str) -> str:
    choices = format_html(
        '<form data-settles="{0}" data-choice="theirs"><button>Keep theirs</button></form>'
        '<form data-settles="{0}" data-choice="mine" data-act="batch.correct" data-gate="plain" method="post" '
        'action="/en/bench-act/batch.correct?form=mine"><input type="hidden" name="command" value="{1}">'
        '<input type="hidden" name="note" value="mine after all"><button>Replace by mine</button></form>',
        command,
        uuid.uuid4(),
    )
    return format_html('<p>Somebody recorded <b>theirs</b> meanwhile.</p><div class="choices-row">{}</div>', choices)


urlpatterns = [
    path("health", health),
    *i18n_patterns(
        path("session", session),
        path("offline", offline, name="offline"),
        path("bench/<slug:which>", bench),
        path("components", components),
        path("scan", scan),
        path("treatment/<str:identifier>", scan),
        path("enter/<str:person>", enter),
        path("bench-leave", leave),
        path("bench-act/<str:verb>", act),
    ),
    *urls.urlpatterns,
]
