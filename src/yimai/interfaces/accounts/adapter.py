"""How django-allauth's flows behave here: nobody signs up, nothing is mailed, only active accounts of registered people."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from yimai.interfaces.accounts import reception, sessions
from yimai.interfaces.accounts.events import note
from yimai.interfaces.accounts.models import Account


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # django-allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        raise RuntimeError("Yimai sends no mail about accounts")

    def send_notification_mail(self, *arguments: Any, **options: Any) -> None:
        """Nobody's address is known."""

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_login"))

    def get_reauthentication_methods(self, user: AbstractBaseUser) -> list[dict[str, Any]]:
        return [{"id": "reauthenticate", "url": reverse("account_reauthenticate"), "description": ""}]

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Begin the session; an account's oldest one ends where there would be too many."""
        assert isinstance(user, Account)
        super().login(request, user)
        request.session.save()
        sessions.clear_ended()
        note(user.person, "signed_in")
        if sessions.end_all(user.person, but=request.session.session_key, keep=sessions.AT_MOST - 1):
            note(user.person, "oldest_session_ended")


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # django-allauth has no types
    """Passkeys belong to one host name, by whatever name the browser has come here."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": settings.PASSKEY_DOMAIN, "name": "Yimai 一脉"}

    def encrypt(self, text: str) -> str:
        """Secrets of one-time codes do not lie in the database in the clear."""
        nonce = os.urandom(12)
        return b64encode(nonce + AESGCM(reception.secrets_key()).encrypt(nonce, text.encode(), None)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        sealed = b64decode(encrypted_text)
        return AESGCM(reception.secrets_key()).decrypt(sealed[:12], sealed[12:], None).decode()

    def get_totp_issuer(self) -> str:
        return "Yimai 一脉"
