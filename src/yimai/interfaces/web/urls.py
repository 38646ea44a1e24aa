"""Addresses of the pages, the same in both languages under the language's own prefix."""

from __future__ import annotations

from django.urls import path, re_path

from yimai.interfaces.web import (
    acting,
    batch,
    certificate,
    deviation,
    disposition,
    expectation,
    fact,
    home,
    ledger,
    material_lot,
    programme,
    register_pages,
    sample,
    scan,
    search,
    session,
    suites,
    tablet,
    today,
    treatment,
    treatment_facts,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("home/<str:role>", home.home, name="home_of"),
    path("today", today.today, name="today"),
    path("act/<str:verb>", acting.act, name="act"),
    path("scan", scan.scan, name="scan"),
    path("session", session.session, name="session"),
    path("treatments/<slug:stage>", today.treatments, name="treatments"),
    path("treatment/<str:identifier>", treatment.treatment, name="treatment"),
    path("batch/<str:identifier>", batch.batch, name="batch"),
    path("disposition/<str:identifier>", disposition.disposition, name="disposition"),
    path("certificate/<str:identifier>", certificate.certificate, name="certificate"),
    path("deviation/<str:identifier>", deviation.deviation, name="deviation"),
    path("sample/<str:identifier>", sample.sample, name="sample"),
    path("lot/<path:identifier>", material_lot.material_lot, name="lot"),
    path("treatment/<str:identifier>/expectation", expectation.expected, name="expectation"),
    path("treatment/<str:identifier>/facts", treatment_facts.facts, name="treatment_facts"),
    re_path(
        r"^treatment/(?P<identifier>[^/]+)/export/(?P<digest>[0-9a-f]{64})$",
        treatment_facts.export,
        name="treatment_export",
    ),
    path("people", register_pages.people, name="people"),
    path("sites", register_pages.sites, name="sites"),
    path("equipment", register_pages.equipment, name="equipment"),
    path("ledger", ledger.ledger, name="ledger"),
    path("ledger/verify", ledger.verify, name="ledger_verify"),
    path("suites", suites.suites, name="suites"),
    path("search", search.search, name="search"),
    path("about/<slug:noun>/<path:identifier>", search.about, name="about"),
    re_path(r"^fact/(?P<digest>[0-9a-f]{64})$", fact.fact, name="fact"),
    path("programme", programme.programme, name="programme"),
    path("offline", tablet.offline, name="offline"),
]
