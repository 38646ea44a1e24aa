"""Tables of accounts: each stands for one person of the ledger, known by the pseudonymous identifier and by nothing else."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

PERSON_LENGTH = 64


class Accounts(BaseUserManager["Account"]):
    def of(self, person: str) -> Account | None:
        """The account whose name this is, written in capitals or not."""
        if "\0" in person:  # which the database does not take
            return None
        return self.alias(low=Lower("person")).filter(low=person.strip().lower()).first()


class Account(AbstractBaseUser):
    """A person's account. Site and roles are the ledger's to say, so they are not here.

    change_by: until when the one-time password that an administrator gave may be used, and it must be changed then.
    failures: wrong attempts since the last right one.
    """

    last_login = None
    person = models.CharField(max_length=PERSON_LENGTH, primary_key=True)
    made = models.DateTimeField(default=timezone.now)
    revoked = models.DateTimeField(null=True)
    change_by = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)

    USERNAME_FIELD = "person"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = Accounts()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("person"), name="one_account_a_person")]

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # Django asks for it under this name
        return self.revoked is None

    @property
    def state(self) -> str:
        """``revoked``, ``locked``, ``one-time password`` or ``open``."""
        now = timezone.now()
        if self.revoked is not None:
            return "revoked"
        if self.is_locked(now):
            return "locked"
        return "open" if self.change_by is None else "one-time password"

    def is_locked(self, now: datetime) -> bool:
        return self.locked_until is not None and self.locked_until > now


class Session(AbstractBaseSession):
    """A browser's session; ``began`` and ``seen`` are when it was made and last used."""

    account = models.ForeignKey(Account, models.CASCADE, null=True)
    began = models.DateTimeField()
    seen = models.DateTimeField()

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
        return store


class Event(models.Model):
    """What happened to an account: who, when, what; never where from. by: who did it, where it was somebody else."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    person = models.CharField(max_length=PERSON_LENGTH, db_index=True)
    what = models.CharField(max_length=40)
    by = models.CharField(max_length=PERSON_LENGTH, default="")
