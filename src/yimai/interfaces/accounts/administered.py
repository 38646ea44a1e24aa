"""Everybody on the register with what there is of an account: what an administrator of accounts looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from yimai.domain.recipe import Words
from yimai.interfaces.accounts.models import Account, Event

PAGE: Final = 50
STATES: Final = {
    "": Words("没有账号", "No account"),
    "open": Words("可用", "Open"),
    "one-time password": Words("一次性密码，未修改", "One-time password, not changed yet"),
    "locked": Words("已锁定", "Locked"),
    "revoked": Words("已停用", "Revoked"),
}
_FOUND: Final = """
SELECT p.person, p.roles, p.site, coalesce(s.title_zh, p.site), coalesce(s.title_en, p.site),
    a.person, a.revoked, a.locked_until, a.change_by,
    (SELECT count(*) FROM mfa_authenticator AS m WHERE m.user_id = a.person AND m.type = 'webauthn'),
    EXISTS (SELECT FROM mfa_authenticator AS m WHERE m.user_id = a.person AND m.type = 'totp'),
    (SELECT count(*) FROM accounts_session AS n WHERE n.account_id = a.person AND n.expire_date > %(now)s),
    (SELECT max(n.seen) FROM accounts_session AS n WHERE n.account_id = a.person)
FROM projection.person AS p LEFT JOIN projection.site AS s USING (site) LEFT JOIN accounts_account AS a USING (person)
WHERE (%(text)s = '' OR position(lower(%(text)s) IN lower(p.person || ' ' || p.site || ' ' || array_to_string(p.roles, ' ')
    || ' ' || coalesce(s.title_zh || ' ' || s.title_en, ''))) > 0)
    AND p.person > %(after)s AND (%(only)s = '' OR p.person = %(only)s)
ORDER BY p.person COLLATE "C" LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Administered:
    """state: a word of STATES. last_seen: in a session that may have ended."""

    person: str
    roles: tuple[str, ...]
    site_id: str
    site: Words
    state: str
    passkeys: int
    code: bool
    sessions: int
    last_seen: datetime | None

    @property
    def state_words(self) -> Words:
        return STATES[self.state]


def found(text: str, after: str = "") -> list[Administered]:
    """Those whose identifier, site or role holds the text, in order; at most PAGE after the named person."""
    return _asked(text=text.strip(), after=after, only="", limit=PAGE)


def one(person: str) -> Administered | None:
    return next(iter(_asked(text="", after="", only=person, limit=1)), None)


def _asked(**given: Any) -> list[Administered]:
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, {**given, "now": timezone.now()})
        return [_of(row) for row in cursor.fetchall()]


def _of(row: Sequence[Any]) -> Administered:
    person, roles, site, zh, en, account, revoked, locked_until, change_by, *more = row
    has = Account(person=account, revoked=revoked, locked_until=locked_until, change_by=change_by)
    return Administered(person, tuple(roles), site, Words(zh, en), has.state if account else "", *more)


def events(person: str, what: str, before: int) -> list[Event]:
    """What happened, newest first: to everybody or one person, of every kind or one; at most PAGE before the numbered one."""
    wanted = Event.objects.order_by("-id")
    if person:
        wanted = wanted.filter(person=person)
    if what:
        wanted = wanted.filter(what=what)
    if before:
        wanted = wanted.filter(id__lt=before)
    return list(wanted[:PAGE])
