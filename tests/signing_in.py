"""Signing in, for tests of pages: the accounts' database on a test's own clone, and people who are signed in at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import psycopg
from django.test import Client
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

if TYPE_CHECKING:
    from yimai.interfaces.accounts.models import Account

PASSWORD = "a long enough phrase"
LIGHT = (1, 1024, 1)
"""Rounds, KiB and threads of the tests' own hashes: hundreds of signatures would each take a third of a second as people's do."""

POOL: Final = {"min_size": 0, "max_size": 32, "max_idle": 600}
"""The tests' servers begin a thread for each request, which would connect anew; those of people keep theirs with their threads."""


@contextmanager
def accounts_on(url: str, *, simulated: bool = True) -> Iterator[None]:
    """Let Django's own connection go to this database (the owner's URL of a clone) in the accounts' role."""
    import django
    from django.conf import settings
    from django.contrib.auth.hashers import Argon2PasswordHasher
    from django.db import connections
    from django.db.backends.postgresql.base import DatabaseWrapper

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
    django.setup()
    from yimai.interfaces.accounts import reception
    from yimai.wiring import account_database

    settings.SECRET_KEY = "only for tests"
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = LIGHT
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in the tests' own thread
    before, opened = connections.settings["default"], reception._opened[:]
    account_database.use(make_conninfo(url, user="yimai_accounts"), kept_seconds=0)
    connections.settings["default"]["OPTIONS"]["pool"] = POOL
    connections.settings["default"]["CONN_HEALTH_CHECKS"] = False
    pools: dict[str, ConnectionPool[Any]] = vars(DatabaseWrapper)["_connection_pools"]
    outer = pools.pop("default", None)  # of a house that stays open meanwhile
    reception.open(simulated=simulated, secrets_key=bytes(32))
    try:
        yield
    finally:
        connections.close_all()
        if own := pools.pop("default", None):
            own.close()
        if outer is not None:
            pools["default"] = outer
        for open_one in connections.all(initialized_only=True):
            del connections[open_one.alias]
        connections.settings["default"], reception._opened[:] = before, opened


def account_of(person: str, password: str | None = None) -> Account:
    """The person's account, made if there is none; without a password nobody can sign in by one."""
    from yimai.interfaces.accounts.models import Account

    account = Account.objects.of(person) or Account(person=person)
    if password is not None:
        account.set_password(password)
    elif not account.password:
        account.set_unusable_password()
    account.save()
    return account


def signed_in(client: Client, person: str) -> Client:
    """The same client, signed in as this person of the ledger, without the time that a password takes."""
    client.force_login(account_of(person))
    return client


def register_person(url: str, person: str, site: str, *roles: str) -> None:
    """Put somebody on the register that screens read, without the facts that stand behind it."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO projection.person VALUES (%s, %s, %s) ON CONFLICT (person) DO NOTHING",
            (person, site, list(roles)),
        )
