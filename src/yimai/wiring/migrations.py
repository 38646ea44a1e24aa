"""Brings a database to the current form: roles, schemas, then Django's migrations, all of it owned by ``yimai_owner``.

The roles belong to the whole server: ``yimai_owner`` owns and migrates, ``yimai_app`` decides, ``yimai_sealer`` seals,
``yimai_screen`` is what pages read with, under row security, ``yimai_live`` tells them what has moved,
``yimai_accounts`` signs people in and has rights on the accounts' tables, the names of people and sites, and nothing else.
"""

from __future__ import annotations

import os
from typing import Any

import django
import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

OWNER, APP, SEALER = "yimai_owner", "yimai_app", "yimai_sealer"
ACCOUNTS, SCREEN, LIVE = "yimai_accounts", "yimai_screen", "yimai_live"
OLDEST_VERSION = 150000
_ATTEMPTS = 5

_PREPARE = """
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
GRANT CONNECT, CREATE ON DATABASE {database} TO yimai_owner;
GRANT CONNECT ON DATABASE {database} TO yimai_app, yimai_sealer, yimai_accounts, yimai_screen, yimai_live;
SET ROLE yimai_owner;
CREATE SCHEMA IF NOT EXISTS django;
CREATE SCHEMA IF NOT EXISTS projection;
GRANT USAGE ON SCHEMA projection TO yimai_app, yimai_accounts, yimai_screen, yimai_live;
GRANT USAGE ON SCHEMA django TO yimai_accounts;
ALTER DEFAULT PRIVILEGES IN SCHEMA projection
    GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO yimai_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA projection GRANT SELECT, USAGE, UPDATE ON SEQUENCES TO yimai_app;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
RESET ROLE;
"""

_CREATE_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
        CREATE ROLE {role} {login};
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database's migration was quicker
END $$
"""


class MigrationProblem(Exception):
    """The database cannot be migrated; the text says why and what to do."""


def migrate(owner_url: str) -> None:
    """Create what is missing in the database at this libpq URL; run again, it changes nothing.

    The URL's user owns the database and may create roles (CREATEROLE), or is a superuser. Tables of Django's own
    applications go to the schema ``django``, those of projections to ``projection``. Raises MigrationProblem.
    """
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('yimai.migrations'))")  # until the connection is closed
        try:
            _prepare(connection)
        except psycopg.errors.InsufficientPrivilege as error:
            raise MigrationProblem(
                f"The user of the database's URL may not prepare it ({error.diag.message_primary}). "
                "Name one that owns the database and may create roles (ALTER ROLE … CREATEROLE)."
            ) from error
        _run_django(owner_url)


def _run_django(owner_url: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yimai.wiring.settings")
    django.setup()
    wanted = django_form(owner_url)
    wanted["OPTIONS"] = {**wanted["OPTIONS"], "assume_role": OWNER}
    complete = connections.configure_settings({"default": {}, "owner": wanted})
    connections.settings["owner"] = complete["owner"]
    try:
        call_command("migrate", database="owner", interactive=False, verbosity=0)
    finally:
        connections["owner"].close()
        del connections["owner"], connections.settings["owner"]


def _prepare(connection: psycopg.Connection) -> None:
    """Roles, memberships and schemas; other databases of the server may be prepared at the same moment."""
    if connection.info.server_version < OLDEST_VERSION:
        version = connection.info.parameter_status("server_version")
        raise MigrationProblem(f"This is PostgreSQL {version}; Yimai needs 15 or newer.")
    serving = [(role, "LOGIN") for role in (APP, SEALER, ACCOUNTS, SCREEN, LIVE)]
    for role, login in ((OWNER, "NOLOGIN"), *serving):
        form = sql.SQL(_CREATE_ROLE)
        connection.execute(form.format(name=role, role=sql.Identifier(role), login=sql.SQL(login)))
    connection.execute("SET client_min_messages = warning")
    is_owner, is_superuser = connection.execute(
        "SELECT current_user = %s, rolsuper FROM pg_roles WHERE rolname = current_user", (OWNER,)
    ).fetchone() or (False, False)
    steps = sql.SQL(_PREPARE).format(database=sql.Identifier(connection.info.dbname))
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with connection.transaction():
                if not is_owner and not is_superuser:  # who serves without logins of their own lowers the owner's role
                    for role in (OWNER, *(each for each, _ in serving)):
                        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))
                connection.execute(steps)
            return
        except (psycopg.errors.InternalError_, psycopg.errors.UniqueViolation):
            if attempt == _ATTEMPTS:  # "tuple concurrently updated" ends once the other one is through
                raise


def django_form(url: str) -> dict[str, Any]:
    """A libpq URL as Django's settings write a database, with the schema of Django's own tables."""
    parts = conninfo_to_dict(url)
    parts["options"] = f"{parts.get('options') or ''} -c search_path=django -c timezone=UTC".strip()
    name = parts.pop("dbname", None) or conninfo_to_dict(make_conninfo(url)).get("user") or OWNER
    return {"ENGINE": "django.db.backends.postgresql", "NAME": name, "OPTIONS": parts}
