"""Addresses of the pages, the same in both languages under the language's own prefix."""

from __future__ import annotations

from django.urls import path, re_path

from yimai.interfaces.web import fact, programme, search, today, treatment

urlpatterns = [
    path("", today.today, name="today"),
    path("treatments/<slug:stage>", today.treatments, name="treatments"),
    path("treatment/<str:identifier>", treatment.treatment, name="treatment"),
    path("search", search.search, name="search"),
    path("about/<slug:noun>/<path:identifier>", search.about, name="about"),
    re_path(r"^fact/(?P<digest>[0-9a-f]{64})$", fact.fact, name="fact"),
    path("programme", programme.programme, name="programme"),
]
