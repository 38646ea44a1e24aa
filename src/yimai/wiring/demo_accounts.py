"""Accounts of a demonstration: one for each simulated person, all with a password that everybody knows."""

from __future__ import annotations

from typing import Final

import psycopg
from django.db import connections

from yimai.wiring import account_database, house
from yimai.wiring.problems import CommandProblem

DEMO_PASSWORD: Final = "one-vein-demonstration"
"""Stands on the sign-in page of a simulated ledger; opens nothing anywhere else."""


def open_demonstration(database: house.Database) -> str:
    """Give each person of a simulated ledger an account; return the password that they share. Raises CommandProblem."""
    if not house.is_simulated(database):
        raise CommandProblem("demonstration accounts are for a simulated ledger only, and this one is not simulated")
    account_database.use(database.accounts_url)
    from yimai.interfaces.accounts import administration

    administration.open_demonstration(registered_people(database), DEMO_PASSWORD)
    connections.close_all()
    return DEMO_PASSWORD


def registered_people(database: house.Database) -> list[str]:
    with psycopg.connect(database.accounts_url) as connection:
        return [row[0] for row in connection.execute("SELECT person FROM projection.person ORDER BY person")]
