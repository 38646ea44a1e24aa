"""The people whom a visitor of a simulated ledger may sign in as: the first of each role who has an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, get_args

from django.db import connection

from yimai.domain.person import Role
from yimai.domain.recipe import Words
from yimai.interfaces.accounts import reception
from yimai.projections.words import ROLES

_FIRST_OF_EACH: Final = """
SELECT DISTINCT ON (role) role, person, coalesce(title_zh, site), coalesce(title_en, site)
FROM projection.person CROSS JOIN unnest(roles) AS role
JOIN accounts_account USING (person) LEFT JOIN projection.site USING (site)
WHERE revoked IS NULL ORDER BY role, person
"""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    person: str
    role: Words
    site: Words


def people() -> list[DemoPerson]:
    """Nobody unless the ledger is simulated and its accounts share a password."""
    if not reception.demo_password():
        return []
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_OF_EACH)
        found = {row[0]: DemoPerson(row[1], ROLES[row[0]], Words(row[2], row[3])) for row in cursor.fetchall()}
    return [found[role] for role in get_args(Role) if role in found]
