"""Who may see which row: the conditions under which the role ``yimai_screen`` reads what screens show.

A page reads for one person, whose identifier, site, roles and district stand in the settings of its transaction. Without
them nothing but what is public shows. A row's *audience* says who may see it:

- ``public``: anybody; ``signed_in``: everybody who has signed in
- ``site/…``: the people of that site and its inspectors
- ``site/…/suite`` (``equipment``, ``material_lot``): those of them whose roles read such things, and its inspectors
- ``treatment/…``: the people of the ordering hospital and of the base, and their inspectors
- ``way/…``: those, and the couriers and destinations of the treatment's shipments: what moves, never who the patient is
- ``patient/…``: the ordering hospital alone, and its inspectors

``projection.party`` says which people and sites belong to the audiences of a treatment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from yimai.domain import access
from yimai.domain.custody import ContainerHandedOver
from yimai.domain.person import Role
from yimai.domain.shipment import ExcursionAssessed, ExcursionOpened, ShipmentPacked, TemperatureReported
from yimai.ledger.chain import OPENED
from yimai.ledger.entry import Entry

Condition = LiteralString
"""SQL over the row of a table, which ``{table}`` names."""

THINGS: Final[dict[LiteralString, LiteralString]] = {
    "suite": "read.suites",
    "equipment": "read.equipment",
    "material_lot": "read.material_lots",
}
"""What a site has that not everybody there reads: the row of the table of access, by the noun."""
WORKING: Final[tuple[Role, ...]] = access.roles_of("read.treatment")
"""Roles that work on treatments. A courier's, an inspector's, a planner's and an administrator's reach is another."""


def _array(*roles: Role) -> LiteralString:
    return "ARRAY[" + ", ".join(f"'{role}'" for role in roles) + "]"


_ROLES: Final[LiteralString] = "string_to_array(current_setting('yimai.roles', true), ',')"
# Each part in "(SELECT …)" or "ARRAY(SELECT …)" stands on no row, so it is computed once a query.
_SIGNED_IN: Final[LiteralString] = "(SELECT current_setting('yimai.person', true) <> '')"
_INSPECTS_ALL: Final[LiteralString] = (
    "(SELECT 'inspector' = ANY(" + _ROLES + ") AND current_setting('yimai.district', true) = '*')"
)
_INSPECTED_SITES: Final[LiteralString] = (
    "SELECT 'site/' || site.site || unnest(ARRAY['', '/suite', '/equipment', '/material_lot']) FROM projection.site"
    " WHERE 'inspector' = ANY(string_to_array(current_setting('yimai.roles', true), ','))"
    " AND site.district = current_setting('yimai.district', true) AND site.district <> ''"
)
_PARTIES: Final[LiteralString] = (
    "ARRAY(SELECT 'site/' || current_setting('yimai.site', true) WHERE " + _ROLES + " && " + _array(*WORKING) + " UNION ALL"
    " SELECT 'person/' || current_setting('yimai.person', true) WHERE 'courier' = ANY(" + _ROLES + ") UNION ALL "
    + _INSPECTED_SITES + ")"
)  # fmt: skip
_SITES: Final[LiteralString] = (
    "ARRAY(SELECT 'site/' || nullif(current_setting('yimai.site', true), '') WHERE current_setting('yimai.person', true) <> ''"
    + "".join(
        f" UNION ALL SELECT 'site/' || nullif(current_setting('yimai.site', true), '') || '/{noun}'"
        f" WHERE current_setting('yimai.person', true) <> '' AND {_ROLES} && {_array(*access.roles_of(row))}"
        for noun, row in THINGS.items()
    )
    + " UNION ALL " + _INSPECTED_SITES + ")"
)  # fmt: skip


def _of(audience: LiteralString) -> Condition:
    """Whether the audience is one of the reader's: ``projection.party`` shows him those only."""
    return "EXISTS (SELECT FROM projection.party AS p WHERE p.audience = " + audience + ")"


def _to(*roles: Role) -> Condition:
    """Whether the reader has one of the roles, or inspects."""
    return "(SELECT " + _ROLES + " && " + _array(*roles, "inspector") + ")"


PUBLIC: Final[Condition] = "true"
SIGNED_IN: Final[Condition] = _SIGNED_IN
OF_TREATMENT: Final[Condition] = _of("'treatment/' || {table}.treatment")
OF_WAY: Final[Condition] = _of("'way/' || {table}.treatment")
OF_ROW: Final[Condition] = (
    "{table}.audience = 'public' OR ({table}.audience = 'signed_in' AND " + _SIGNED_IN + ")"
    " OR {table}.audience = ANY (" + _SITES + ") OR ({table}.audience LIKE 'site/%' AND " + _INSPECTS_ALL + ")"
    " OR " + _of("{table}.audience")
)  # fmt: skip
"""For a table whose column ``audience`` names each row's."""
PARTY: Final[Condition] = "{table}.party = ANY (" + _PARTIES + ") OR " + _INSPECTS_ALL

PRINTED_NAME: Final[LiteralString] = "printed_name"
VAULT: Final[dict[str, tuple[LiteralString, str]]] = {
    "patient": ("patient", "read.patient"),
    "consent": ("patient", "read.consent"),
    "deviation": ("treatment", "read.deviation_note"),
    "risk_evaluation": ("treatment", "read.risk_evaluation"),
    "logger": ("treatment", "read.logger"),
}
"""Who reads what lies in the vault about a treatment under this name (or ``name/…``): which audience, by which row of the table.

People's printed names are read by everybody who has signed in; what is not listed is for no screen.
"""
_VAULT: Final[Condition] = (
    "({table}.name = '" + PRINTED_NAME + "' AND " + _SIGNED_IN + ") OR (CASE split_part({table}.name, '/', 1)"
    + "".join(f" WHEN '{name}' THEN {_to(*access.roles_of(row))}" for name, (_, row) in VAULT.items())
    + " ELSE false END AND " + _of(
        "CASE split_part({table}.name, '/', 1)"
        + "".join(f" WHEN '{name}' THEN '{audience}/'" for name, (audience, _) in VAULT.items())
        + " END || {table}.person"
    ) + ")"
)  # fmt: skip

OUTSIDE: Final[dict[tuple[LiteralString, LiteralString], Condition]] = {
    ("ledger", "identity"): PUBLIC,
    ("ledger", "entry"): "{table}.kind = 'ledger.opened.v1'"
    " OR EXISTS (SELECT FROM projection.fact AS f WHERE f.hash = {table}.hash)",
    ("ledger", "chain"): "EXISTS (SELECT FROM ledger.entry AS e WHERE e.arrival = {table}.arrival)",
    ("ledger", "leaf"): SIGNED_IN,
    ("ledger", "seal"): SIGNED_IN,
    ("vault", "record"): _VAULT,
    ("vault", "person"): "EXISTS (SELECT FROM vault.record AS r WHERE r.person = {table}.person)"
    " AND ({table}.state <> 'restricted' OR (SELECT 'inspector' = ANY(" + _ROLES + ")))",
}
"""The ledger's and the vault's tables that screens may read; of the others they see nothing."""

WAY: Final = frozenset(
    each.kind for each in (ContainerHandedOver, ShipmentPacked, TemperatureReported, ExcursionOpened, ExcursionAssessed)
)
"""Kinds that a courier sees. A receipt is none of them: it tells whether the material is kept apart as infectious."""
_CITY: Final = ("authorisation", "cluster", "designation", "event", "goal", "ledger", "measure", "organisation", "plan", "programme", "receipt",
                "register", "site", "source", "target")  # fmt: skip
_OF_NOUN: Final = dict.fromkeys(_CITY, "public") | dict.fromkeys(("person", "recipe", "base"), "signed_in")


def of_entry(entry: Entry) -> str:
    """The audience of an entry."""
    if entry.kind == OPENED:
        return "public"
    treatment = next((each for each in entry.subjects if each.startswith("treatment/")), "")
    if treatment:
        return treatment.replace("treatment/", "way/", 1) if entry.kind in WAY else treatment
    noun = entry.subjects[0].partition("/")[0]
    data: Any = entry.data
    return _OF_NOUN.get(noun) or of_thing(noun, data.get("site") or data.get("base") or entry.site)


def of_thing(noun: str, site: str) -> str:
    """The audience of something that belongs to the site."""
    return f"site/{site}/{noun}" if noun in THINGS else f"site/{site}"


def site_of(audience: str) -> str:
    """The site whose people, or some of them, are the audience, as ``site/…``; "" for another audience."""
    return "/".join(audience.split("/")[:2]) if audience.startswith("site/") else ""


def enter(cursor: psycopg.Cursor[Any], person: str, site: str, roles: Iterable[str]) -> bool:
    """Say for whom the rest of the transaction reads ("" for nobody); return whether row security holds for the reader.

    The district is the one where the person's site is registered.
    """
    row = cursor.execute(
        "SELECT set_config('yimai.person', %s, true), set_config('yimai.site', %s, true),"
        " set_config('yimai.roles', %s, true), set_config('yimai.district', coalesce((SELECT"
        " CASE WHEN type = 'authority' AND district = '' THEN '*' ELSE nullif(district, '*') END"
        " FROM projection.site WHERE site = %s), ''), true), row_security_active('vault.record')",
        (person, site, ",".join(roles), site),
    ).fetchone()
    return bool(row and row[-1])


def close(cursor: psycopg.Cursor[Any], schema: LiteralString, name: str) -> None:
    """Close a table to every role but its owner and ``yimai_app``, which decides and keeps it."""
    table = sql.Identifier(schema, name)
    cursor.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(table))
    cursor.execute(sql.SQL("DROP POLICY IF EXISTS app ON {}").format(table))
    cursor.execute(sql.SQL("CREATE POLICY app ON {} TO yimai_app USING (true)").format(table))


def show(cursor: psycopg.Cursor[Any], schema: LiteralString, name: str, condition: Condition) -> None:
    """Let ``yimai_screen`` read the rows of the table that meet the condition, and no others."""
    table, using = sql.Identifier(schema, name), sql.SQL(condition).format(table=sql.Identifier(name))
    cursor.execute(sql.SQL("DROP POLICY IF EXISTS screen ON {}").format(table))
    cursor.execute(sql.SQL("CREATE POLICY screen ON {} FOR SELECT TO yimai_screen USING ({})").format(table, using))
    cursor.execute(sql.SQL("GRANT SELECT ON {} TO yimai_screen").format(table))
