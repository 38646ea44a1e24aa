"""Repeated failures lock an account, whichever worker they come to and whether at sign-in or at a signature."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from yimai.interfaces.accounts.events import note
from yimai.interfaces.accounts.models import Account

ATTEMPTS: Final = 5
FIRST_PAUSE: Final = timedelta(minutes=15)
LONGEST_PAUSE: Final = timedelta(hours=12)


def attempt(account: Account) -> datetime | None:
    """Count an attempt before it is judged, so that many at once are not more; return until when it is locked, or None.

    ``passed`` takes the count back. Every fifth attempt that fails in a row locks, each time for twice as long.
    """
    now = timezone.now()
    with transaction.atomic():
        row = Account.objects.select_for_update().get(pk=account.pk)
        if row.is_locked(now):
            return row.locked_until
        row.failures = min(row.failures + 1, 10_000)
        rounds, rest = divmod(row.failures, ATTEMPTS)
        row.locked_until = now + min(FIRST_PAUSE * 2 ** min(rounds - 1, 10), LONGEST_PAUSE) if rest == 0 else None
        row.save(update_fields=["failures", "locked_until"])
    return None


def passed(account: Account) -> None:
    """The attempt was right: forget the wrong ones before it."""
    Account.objects.filter(pk=account.pk).update(failures=0, locked_until=None)
    account.failures, account.locked_until = 0, None


def failed(account: Account, what: str = "sign_in_failed") -> None:
    """The attempt was wrong; note it, and that it locked the account if it did."""
    note(account.person, what)
    if Account.objects.filter(pk=account.pk, locked_until__gt=timezone.now()).exists():
        note(account.person, "locked")


def locked_until(account: Account) -> datetime | None:
    """Until when the account is locked at this moment."""
    return account.locked_until if account.is_locked(timezone.now()) else None
