"""The one place that opens the database and builds the ledger, the vault and what stands on them."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any, Final

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from yimai.domain.fact import subject
from yimai.domain.facts import decode
from yimai.domain.person import PersonRegistered
from yimai.ledger.entry import Checkpoint
from yimai.ledger.verify import FirstProblem, Verified
from yimai.projections import rebuild
from yimai.store import verify, verify_signatures
from yimai.store.postgres_ledger import PostgresLedger
from yimai.store.vault import Vault, wrapping_key_in
from yimai.wiring import embedded_database
from yimai.wiring.migrations import migrate
from yimai.wiring.problems import CommandProblem

logging.getLogger("psycopg").setLevel(logging.ERROR)  # a conflict ends a pipeline early, which is no news

Clock = Callable[[], datetime]
Chance = Callable[[int], bytes]
FOLDER: Final = Path("data")
APP, SEALER, ACCOUNTS, SCREEN = "yimai_app", "yimai_sealer", "yimai_accounts", "yimai_screen"
LIVE = "yimai_live"


@dataclass(frozen=True)
class Database:
    """Where the database is: libpq URLs of its owner and of the roles that decide, seal, sign people in, show and keep live."""

    owner_url: str
    app_url: str
    sealer_url: str
    folder: Path
    embedded: embedded_database.EmbeddedDatabase | None
    accounts_url: str = ""
    screen_url: str = ""
    live_url: str = ""

    def stop(self) -> None:
        if self.embedded is not None:
            self.embedded.stop()


def open_database(folder: Path, progress: Callable[[str], None] | None = None) -> Database:
    """Start (or join) the embedded server in ``folder``, or take DATABASE_URL; bring it to the current form.

    With DATABASE_URL (an owner's libpq URL, PostgreSQL ≥ 15) the serving roles take the same URL with ``role`` set,
    unless YIMAI_…_DATABASE_URL with APP, SEALER, ACCOUNTS, SCREEN or LIVE name logins of their own.
    Raises EmbeddedDatabaseProblem, MigrationProblem, psycopg.OperationalError.
    """
    owner = os.environ.get("DATABASE_URL")
    embedded = None
    if owner:
        app, sealer, accounts, screen, live = (
            os.environ.get(f"YIMAI_{name}_DATABASE_URL") or make_conninfo(owner, options=f"-c role={role}")
            for name, role in (
                ("APP", APP),
                ("SEALER", SEALER),
                ("ACCOUNTS", ACCOUNTS),
                ("SCREEN", SCREEN),
                ("LIVE", LIVE),
            )
        )
        folder.mkdir(parents=True, exist_ok=True)
    else:
        embedded = embedded_database.start(folder, progress=progress)
        roles = (embedded_database.OWNER, APP, SEALER, ACCOUNTS, SCREEN, LIVE)
        owner, app, sealer, accounts, screen, live = map(embedded.url, roles)
    database = Database(owner, app, sealer, folder, embedded, accounts, screen, live)
    migrate(owner)
    with psycopg.connect(owner, options="-c role=yimai_owner") as connection:
        changed = rebuild.create(connection.cursor())
    if changed:
        rebuild_projections(database)
    return database


@dataclass(frozen=True)
class House:
    """An open ledger with its vault; ``pool`` serves queries of projections, ``secret`` keys the hashes of requests.

    signing_key: the server's, which signs for people who gave a password.
    """

    ledger: PostgresLedger
    vault: Vault
    pool: ConnectionPool[Any]
    secret: bytes
    signing_key: Ed25519PrivateKey


def is_external() -> bool:
    """Whether DATABASE_URL names the database."""
    return bool(os.environ.get("DATABASE_URL"))


@contextmanager
def reading(database: Database) -> Iterator[psycopg.Cursor[Any]]:
    """A cursor of the serving role for queries of projections."""
    with psycopg.connect(database.app_url, autocommit=True) as connection, connection.cursor() as cursor:
        yield cursor


def site_of(opened: House, person: str) -> str:
    """The site at which a person is registered, or "" for an unknown person."""
    entries = opened.ledger.about(subject("person", person)).entries[subject("person", person)]
    registered = [fact for fact in map(decode, entries) if isinstance(fact, PersonRegistered)]
    return registered[-1].site if registered else ""


@contextmanager
def open_house(
    database: Database,
    *,
    simulated: bool = False,
    clock: Clock | None = None,
    chance: Chance = os.urandom,
    loading: bool = False,
) -> Iterator[House]:
    """Open the ledger that the database holds, or begin one.

    simulated: what a new ledger's first entry says. clock, chance: sources of a simulated ledger's time and identifiers.
    loading: commits do not wait for the disk; only for data that can be loaded again.
    Raises LedgerProblem if an existing ledger is not of that kind, VaultProblem if its key cannot be used.
    """
    key = wrapping_key_in(key_file(database.folder))
    arguments: dict[str, Any] = {"kwargs": {"autocommit": True}, "open": True}
    if simulated and loading:
        arguments["configure"] = _do_not_wait_for_disk
    with (
        ConnectionPool(database.app_url, min_size=1, max_size=16, **arguments) as pool,
        ConnectionPool(database.sealer_url, min_size=0, max_size=2, **arguments) as sealer_pool,
    ):
        vault = Vault(pool, key)
        ledger = PostgresLedger.open(
            pool,
            ledger_id=str(uuid.UUID(bytes=chance(16), version=4)),
            simulated=simulated,
            clock=clock,
            chance=chance,
            projections=(rebuild.apply,),
            keep=vault.keep,
            sealer_pool=sealer_pool,
        )
        signing_key = Ed25519PrivateKey.from_private_bytes(digest(key, b"yimai signing", sha256))
        yield House(ledger, vault, pool, digest(key, b"yimai request", sha256), signing_key)


def _do_not_wait_for_disk(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET synchronous_commit = off")


def key_file(folder: Path) -> Path:
    """The wrapping key lies outside the database; YIMAI_WRAPPING_KEY_FILE names another place than the data folder."""
    return Path(os.environ.get("YIMAI_WRAPPING_KEY_FILE") or folder / "wrapping.key")


def secret_key(database: Database) -> str:
    """What signs sessions: YIMAI_SECRET_KEY, else a file in the data folder, made if need be.

    Raises CommandProblem where a real ledger in an external database is served without one.
    """
    if given := os.environ.get("YIMAI_SECRET_KEY"):
        return given
    if database.embedded is None and not is_simulated(database):
        raise CommandProblem("set YIMAI_SECRET_KEY to a long random text that only this server knows, then start again")
    return wrapping_key_in(database.folder / "secret.key").hex()


def rebuild_projections(database: Database) -> tuple[dict[str, str], dict[str, str], int]:
    """Follow the whole ledger anew; return the tables' digests before and after, and the number of entries."""
    with psycopg.connect(database.app_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('yimai.projections'))")
        before = rebuild.digest(cursor)
        identity = cursor.execute("SELECT FROM ledger.identity").fetchone()
        if identity is None:
            return before, before, 0
        with ConnectionPool(database.app_url, min_size=1, max_size=2, kwargs={"autocommit": True}) as pool:
            count = rebuild.rebuild(cursor, (entry for _, entry in PostgresLedger(pool).entries()))
        return before, rebuild.digest(cursor), count


def verify_ledger(database: Database, noted: Checkpoint | None = None) -> Verified | FirstProblem:
    """Re-derive every hash, chain, claim and root of the ledger, and check every signature again."""
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        verdict = verify.verify(connection, noted=noted)
        return (verify_signatures.first_problem(connection) or verdict) if isinstance(verdict, Verified) else verdict


def last_recorded(database: Database) -> datetime | None:
    """When the ledger's newest entry was recorded, or None if there is no ledger yet."""
    with psycopg.connect(database.app_url) as connection:
        row = connection.execute("SELECT max(recorded) FROM ledger.entry").fetchone()
    return row[0] if row else None


def is_simulated(database: Database) -> bool:
    """Whether the ledger's first entry says that its clock and people are simulated; False if there is no ledger yet."""
    with psycopg.connect(database.app_url) as connection:
        row = connection.execute("SELECT simulated FROM ledger.identity").fetchone()
    return bool(row and row[0])


def empty_simulated(folder: Path) -> None:
    """Empty the embedded database in the folder, if its ledger is simulated or not begun. Raises CommandProblem."""
    server = embedded_database.start(folder)
    try:
        with psycopg.connect(server.url()) as connection:
            known = connection.execute("SELECT to_regclass('ledger.identity')").fetchone()
            begun = (
                connection.execute("SELECT simulated FROM ledger.identity").fetchone() if known and known[0] else None
            )
        if begun is not None and not begun[0]:
            raise CommandProblem(f"the ledger in {folder} is not simulated and will not be removed")
        name = sql.Identifier(embedded_database.DATABASE)
        with psycopg.connect(server.url(database="postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    finally:
        server.stop()
