"""The file that names hospitals' OpenID Connect providers (``YIMAI_OIDC_FILE``), as django-allauth wants to be told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from yimai.wiring.problems import CommandProblem


class Title(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    zh: str
    en: str


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One provider. id: stands in its addresses. secret_file: where the client's secret lies, alone in its file.

    claim: which claim of the identity token is the subject. sites: whose people it may sign in.
    """

    id: str
    title: Title
    issuer: str
    client_id: str
    secret_file: str
    sites: list[str]
    claim: str = "sub"


def providers_in(path: str | None) -> list[dict[str, Any]]:
    """Read the JSON file, a list of providers. Raises CommandProblem naming the place, the reason and what to do."""
    if not path:
        return []
    try:
        read = msgspec.json.decode(Path(path).read_bytes(), type=list[Provider])
    except OSError as error:
        raise CommandProblem(
            f"{path} cannot be read: {error.strerror}. Set YIMAI_OIDC_FILE to a readable file"
        ) from None
    except msgspec.DecodeError as error:
        raise CommandProblem(f"{path}: {error}. Correct it there and start again") from None
    names = [each.id for each in read]
    if repeated := next((name for name in names if names.count(name) > 1), ""):
        raise CommandProblem(f"{path}: the id {repeated} stands twice. Give each provider its own")
    return [_app(path, each) for each in read]


def _app(path: str, provider: Provider) -> dict[str, Any]:
    place = f"{path}: provider {provider.id}"
    address = urlsplit(provider.issuer)
    loopback = address.hostname in ("localhost", "127.0.0.1", "::1")
    if not address.hostname or (address.scheme != "https" and not (address.scheme == "http" and loopback)):
        raise CommandProblem(f"{place}: the issuer {provider.issuer} must be an https address")
    if not provider.id.replace("-", "").isalnum() or not provider.sites:
        raise CommandProblem(f"{place}: the id is of letters, digits and hyphens, and at least one site is named")
    try:
        secret = Path(provider.secret_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise CommandProblem(
            f"{place}: the secret in {provider.secret_file} cannot be read: {error.strerror}"
        ) from None
    return {
        "provider_id": provider.id,
        "name": provider.title.en,
        "client_id": provider.client_id,
        "secret": secret,
        "settings": {
            "server_url": provider.issuer,
            "uid_field": provider.claim,
            "fetch_userinfo": False,
            "oauth_pkce_enabled": True,
            "scope": ["openid"],
            "yimai": {"title": {"zh": provider.title.zh, "en": provider.title.en}, "sites": provider.sites},
        },
    }
