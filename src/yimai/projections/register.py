"""Who and what is registered: sites with their titles, people with their roles (their names lie in the vault)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from yimai.domain.person import PasskeyRegistered, PasskeyWithdrawn, PersonRegistered, PersonRolesChanged
from yimai.domain.site import SiteRegistered
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.site (
    site text COLLATE "C" PRIMARY KEY,
    type text COLLATE "C" NOT NULL,
    title_zh text NOT NULL,
    title_en text NOT NULL,
    district text NOT NULL,
    zone smallint NOT NULL
);
CREATE TABLE projection.person (
    person text COLLATE "C" PRIMARY KEY,
    site text COLLATE "C" NOT NULL,
    roles text[] NOT NULL
);
CREATE TABLE projection.passkey (
    passkey text COLLATE "C" PRIMARY KEY,
    person text COLLATE "C" NOT NULL,
    withdrawn boolean NOT NULL DEFAULT false
);
GRANT SELECT ON projection.site, projection.person, projection.passkey TO yimai_accounts;
CREATE POLICY accounts ON projection.site FOR SELECT TO yimai_accounts USING (true);
CREATE POLICY accounts ON projection.person FOR SELECT TO yimai_accounts USING (true);
CREATE POLICY accounts ON projection.passkey FOR SELECT TO yimai_accounts USING (true);
"""

AUDIENCE: Final = {"site": audience.PUBLIC, "person": audience.SIGNED_IN, "passkey": audience.SIGNED_IN}


@dataclass(frozen=True, slots=True)
class SiteRow:
    """zone: the site's UTC offset in minutes."""

    site: str
    type: str
    title_zh: str
    title_en: str
    district: str
    zone: int


@dataclass(frozen=True, slots=True)
class PersonRow:
    person: str
    site: str
    roles: tuple[str, ...]


def changes(entry: Entry) -> Iterator[Change]:
    data: Any = entry.data
    if entry.kind == SiteRegistered.kind:
        yield Change(
            "INSERT INTO projection.site VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (site) DO UPDATE SET"
            " (type, title_zh, title_en, district, zone) ="
            " (excluded.type, excluded.title_zh, excluded.title_en, excluded.district, excluded.zone)",
            (data["site"], data["type"], data["title_zh"], data["title_en"], data["district"], data["zone"]),
        )
    elif entry.kind == PersonRegistered.kind:
        yield Change(
            "INSERT INTO projection.person VALUES (%s, %s, %s) ON CONFLICT (person) DO UPDATE SET"
            " (site, roles) = (excluded.site, excluded.roles)",
            (data["person"], data["site"], list(data["roles"])),
        )
    elif entry.kind == PasskeyRegistered.kind:
        yield Change(
            "INSERT INTO projection.passkey (passkey, person) VALUES (%s, %s) ON CONFLICT (passkey) DO NOTHING",
            (data["passkey"], data["person"]),
        )
    elif entry.kind == PasskeyWithdrawn.kind:
        yield Change("UPDATE projection.passkey SET withdrawn = true WHERE passkey = %s", (data["passkey"],))
    elif entry.kind == PersonRolesChanged.kind:
        yield Change("UPDATE projection.person SET roles = %s WHERE person = %s", (list(data["roles"]), data["person"]))


def sites(cursor: psycopg.Cursor[Any]) -> dict[str, SiteRow]:
    """Every registered site, by its identifier."""
    rows = cursor.execute(
        "SELECT site, type, title_zh, title_en, district, zone FROM projection.site ORDER BY site"
    ).fetchall()
    return {row[0]: SiteRow(*row) for row in rows}


def at_site(cursor: psycopg.Cursor[Any], site: str) -> tuple[PersonRow, ...]:
    """Everybody registered at a site, by identifier."""
    rows = cursor.execute(
        "SELECT person, site, roles FROM projection.person WHERE site = %s ORDER BY person", (site,)
    ).fetchall()
    return tuple(PersonRow(row[0], row[1], tuple(row[2])) for row in rows)


def staff(cursor: psycopg.Cursor[Any]) -> dict[str, int]:
    """How many people are registered at each site."""
    return dict(cursor.execute("SELECT site, count(*) FROM projection.person GROUP BY site").fetchall())


def people(cursor: psycopg.Cursor[Any], identifiers: Iterable[str]) -> dict[str, PersonRow]:
    """Those of the people who are registered, by their identifier."""
    rows = cursor.execute(
        "SELECT person, site, roles FROM projection.person WHERE person = ANY(%s)", (sorted(set(identifiers)),)
    ).fetchall()
    return {row[0]: PersonRow(row[0], row[1], tuple(row[2])) for row in rows}


def of_role(cursor: psycopg.Cursor[Any], role: str) -> tuple[PersonRow, ...]:
    """Everybody registered in a role, whatever the site, by identifier."""
    rows = cursor.execute(
        "SELECT person, site, roles FROM projection.person WHERE %s = ANY(roles) ORDER BY person", (role,)
    ).fetchall()
    return tuple(PersonRow(row[0], row[1], tuple(row[2])) for row in rows)


def passkeys_of(cursor: psycopg.Cursor[Any], person: str) -> dict[str, bool]:
    """The passkeys that stand on the ledger as the person's, by their fingerprints (hex SHA-256 of the public key).

    True for those that have been withdrawn since.
    """
    found = cursor.execute(
        "SELECT passkey, withdrawn FROM projection.passkey WHERE person = %s ORDER BY passkey", (person,)
    ).fetchall()
    return dict(found)
