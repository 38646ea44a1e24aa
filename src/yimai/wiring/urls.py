"""All doors' addresses together."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from yimai.interfaces.accounts import hospital_sign_in
from yimai.interfaces.web import answers, tablet

handler400, handler403 = answers.unreadable, answers.forbidden
handler404, handler500 = answers.not_found, answers.failed
urlpatterns = [
    path("health", answers.health, name="health"),
    path("sw.js", tablet.worker, name="worker"),
    path("oidc/<str:provider_id>/", hospital_sign_in.begin, name="openid_connect_login"),
    path("oidc/<str:provider_id>/back", hospital_sign_in.come_back, name="openid_connect_callback"),
    path("labels/", include("yimai.interfaces.labels.urls")),
    path("api/v1/", include("yimai.interfaces.rest.urls")),
    *i18n_patterns(
        path("", include("yimai.interfaces.web.urls")),
        path("account/", include("yimai.interfaces.accounts.urls")),
    ),
]
