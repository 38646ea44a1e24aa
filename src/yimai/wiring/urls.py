"""All doors' addresses together."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from yimai.interfaces.web import answers, tablet

handler404 = answers.not_found
urlpatterns = [
    path("health", answers.health, name="health"),
    path("sw.js", tablet.worker, name="worker"),
    path("labels/", include("yimai.interfaces.labels.urls")),
    path("api/v1/", include("yimai.interfaces.rest.urls")),
    *i18n_patterns(
        path("", include("yimai.interfaces.web.urls")),
        path("account/", include("yimai.interfaces.accounts.urls")),
    ),
]
