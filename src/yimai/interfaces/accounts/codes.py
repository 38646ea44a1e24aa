"""One-time codes of an account: from an app, or from the sheet of recovery codes."""

from __future__ import annotations

from allauth.mfa.models import Authenticator

from yimai.interfaces.accounts.models import Account


def asked_of(account: Account) -> bool:
    """Whether the account asks for a code beside the password."""
    return bool(Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists())


def fits(account: Account, code: str) -> bool:
    """Whether this is the app's present code, or a recovery code; either may be used once."""
    for each in Authenticator.objects.filter(user=account).exclude(type=Authenticator.Type.WEBAUTHN):
        if each.wrap().validate_code(code):
            each.record_usage()
            return True
    return False
