"""The hospitals' OpenID Connect providers that wiring has named in Django's settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from yimai.domain.recipe import Words


def titles() -> dict[str, Words]:
    """Every provider with its title."""
    return {each["provider_id"]: Words(**each["settings"]["yimai"]["title"]) for each in _apps()}


def sites_of(provider: str) -> tuple[str, ...]:
    """The sites whose people may sign in through this provider."""
    return next((tuple(each["settings"]["yimai"]["sites"]) for each in _apps() if each["provider_id"] == provider), ())


def at_site(site: str) -> dict[str, Words]:
    return {provider: title for provider, title in titles().items() if site in sites_of(provider)}


def _apps() -> list[dict[str, Any]]:
    apps: list[dict[str, Any]] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return apps
