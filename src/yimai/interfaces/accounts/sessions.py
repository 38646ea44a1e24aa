"""Sessions in the database: which account each belongs to, when it ends without use, and when it ends anyway."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from yimai.interfaces.accounts.models import Session

IDLE: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(hours=12)
AT_MOST: Final = 3
"""Sessions of one account at the same time; a further one ends the oldest."""
_NOTED_EVERY: Final = timedelta(minutes=1)


class SessionStore(DatabaseStore):
    """began: when the session was made, which signing in does anew."""

    began: datetime | None = None
    _seen: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create(self) -> None:
        self.began = None
        super().create()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        made = super().create_model_instance(data)
        assert isinstance(made, Session)
        now = timezone.now()
        self.began = self.began or now
        made.account_id = data.get("_auth_user_id")
        made.began, made.seen, made.expire_date = self.began, now, _ends(self.began, now)
        return made

    def _get_session_from_db(self) -> Session | None:
        found: Session | None = super()._get_session_from_db()  # type: ignore[misc]  # the stubs do not know it
        if found is not None:
            self.began, self._seen = found.began, found.seen
        return found

    def touch(self) -> None:
        """Let the time without use begin anew; written down once a minute at most."""
        now = timezone.now()
        if self.began is not None and self._seen is not None and now - self._seen >= _NOTED_EVERY:
            ends = _ends(self.began, now)
            Session.objects.filter(session_key=self.session_key).update(seen=now, expire_date=ends)
            self._seen = now


def _ends(began: datetime, seen: datetime) -> datetime:
    return min(seen + IDLE, began + LONGEST)


def end_all(person: str, *, but: str | None = None, keep: int = 0) -> int:
    """End an account's sessions, except the named one and the ``keep`` newest others; return how many."""
    newest_first = Session.objects.filter(account_id=person).exclude(session_key=but or "").order_by("-began")
    keys = list(newest_first.values_list("session_key", flat=True)[keep:])
    return Session.objects.filter(session_key__in=keys).delete()[0]


def clear_ended() -> None:
    """Forget sessions that have ended by themselves."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
