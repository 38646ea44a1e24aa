"""What an administrator of accounts does: make, renew, revoke, unlock, end sessions. The pages and the command line use it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from yimai.interfaces.accounts import lockout, sessions
from yimai.interfaces.accounts.events import note
from yimai.interfaces.accounts.models import Account, Event

ONE_TIME_PASSWORD_LASTS: Final = timedelta(days=3)
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are misread."""


def issue_password(person: str, by: str, *, wholly: bool = False) -> str:
    """Make the person's account, or renew its password; return the one-time password, which is kept nowhere.

    A revoked account is open again; sessions end. wholly: passkeys and codes are forgotten too, for somebody who lost them.
    """
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
    with transaction.atomic():
        known = Account.objects.of(person)
        account = known or Account(person=person)
        account.set_password(password)
        account.change_by = timezone.now() + ONE_TIME_PASSWORD_LASTS
        account.revoked, account.failures, account.locked_until = None, 0, None
        account.save()
        sessions.end_all(account.person)
        note(account.person, "made" if known is None else "password_issued", by)
        if wholly and Authenticator.objects.filter(user=account).delete()[0]:
            note(account.person, "second_factors_removed", by)
    return password


def revoke(account: Account, by: str) -> None:
    """Close the account: its sessions end at once, and nothing signs in or confirms a signature by it."""
    with transaction.atomic():
        Account.objects.filter(pk=account.pk, revoked=None).update(revoked=timezone.now())
        sessions.end_all(account.person)
        note(account.person, "revoked", by)


def unlock(account: Account, by: str) -> None:
    lockout.passed(account)
    note(account.person, "unlocked", by)


def end_sessions(account: Account, by: str) -> None:
    if sessions.end_all(account.person):
        note(account.person, "sessions_ended", by)


def open_demonstration(people: Iterable[str], password: str) -> None:
    """Give everybody who has no account one with this shared password; only for a simulated ledger."""
    known = set(Account.objects.values_list("person", flat=True))
    missing = sorted(set(people) - known)
    if missing:
        shared = make_password(password)
        Account.objects.bulk_create([Account(person=person, password=shared) for person in missing])
        Event.objects.bulk_create([Event(person=person, what="made", by="demo") for person in missing])
