"""One-time codes of an account: from an app, or from the sheet of recovery codes."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

from yimai.interfaces.accounts.models import Account


def asked_of(account: Account) -> bool:
    """Whether the account asks for a code beside the password."""
    return of_app(account) is not None


def of_app(account: Account) -> Authenticator | None:
    return Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).first()


def fitting(account: Account, code: str) -> Authenticator | None:
    """What this code is of: the app, or the recovery codes; either may be used once. None if it is wrong."""
    for each in Authenticator.objects.filter(user=account).exclude(type=Authenticator.Type.WEBAUTHN):
        if each.wrap().validate_code(code):
            each.user = account
            return each
    return None


def recovery_codes_left(account: Account) -> int | None:
    """How many recovery codes are unused; None where none were made."""
    found = Authenticator.objects.filter(user=account, type=Authenticator.Type.RECOVERY_CODES).first()
    return None if found is None else len(found.wrap().get_unused_codes())


def new_recovery_codes(account: Account) -> list[str]:
    """Make new ones; those from before are void."""
    Authenticator.objects.filter(user=account, type=Authenticator.Type.RECOVERY_CODES).delete()
    return list(RecoveryCodes.activate(account).get_unused_codes())


def forget_recovery_codes_alone(account: Account) -> None:
    """Recovery codes stand in for a passkey or an app; where neither is left, so do they go."""
    own = Authenticator.objects.filter(user=account)
    if not own.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
        own.delete()
