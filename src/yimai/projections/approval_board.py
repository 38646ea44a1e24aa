"""Which content is approved: recipes and measures by version, bases and programmes by their latest approval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, cast

import psycopg

from yimai.domain.approval import BaseApproved, MeasureApproved, ProgrammeApproved, RecipeApproved
from yimai.domain.base import Base, base_from
from yimai.domain.fact import json_of
from yimai.domain.measure import Definition
from yimai.domain.programme import Programme, programme_from
from yimai.domain.recipe import Recipe
from yimai.domain.recipe_content import recipe_from
from yimai.ledger import canonical
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.approval (
    noun text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    hash bytea NOT NULL,
    approved timestamptz NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (noun, id, sequence)
);
"""

AUDIENCE: Final = {"approval": "{table}.noun IN ('programme', 'measure') OR " + audience.SIGNED_IN}

NOUNS: Final = {
    RecipeApproved.kind: "recipe",
    BaseApproved.kind: "base",
    ProgrammeApproved.kind: "programme",
    MeasureApproved.kind: "measure",
}
CACHED: Final = 64


def changes(entry: Entry) -> Iterator[Change]:
    noun = NOUNS.get(entry.kind)
    if noun is None:
        return
    subject = f"{noun}/{entry.data[noun]}"
    sequence = next(link.sequence for link in entry.links if link.subject == subject)
    yield Change(
        "INSERT INTO projection.approval VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            noun,
            entry.data[noun],
            entry.data["version"],
            sequence,
            entry.hash,
            entry.occurred,
            canonical.encode(entry.data["content"]),
        ),
    )


def recipe(cursor: psycopg.Cursor[Any], identifier: str, version: str = "") -> Recipe | None:
    """The approved recipe of that version, else of the latest approval; None if there is none."""
    content = _content(cursor, "recipe", identifier, version)
    return _recipe(content) if content is not None else None


def only_recipe(cursor: psycopg.Cursor[Any]) -> Recipe | None:
    """The approved recipe where there is one alone, for its titles; else None."""
    known = identifiers(cursor, "recipe")
    return recipe(cursor, known[0]) if len(known) == 1 else None


def base(cursor: psycopg.Cursor[Any], identifier: str) -> Base | None:
    """The base as last approved, or None."""
    content = _content(cursor, "base", identifier, "")
    return _base(content) if content is not None else None


def programme(cursor: psycopg.Cursor[Any], identifier: str) -> Programme | None:
    """The programme as last approved, or None."""
    content = _content(cursor, "programme", identifier, "")
    return _programme(content) if content is not None else None


def measure(cursor: psycopg.Cursor[Any], definition: Definition) -> bytes | None:
    """The hash of the fact that approved exactly this definition, or None."""
    row = cursor.execute(
        "SELECT hash FROM projection.approval WHERE noun = 'measure' AND id = %s AND content = %s",
        (definition.name, canonical.encode(json_of(definition))),
    ).fetchone()
    return bytes(row[0]) if row is not None else None


def identifiers(cursor: psycopg.Cursor[Any], noun: str) -> tuple[str, ...]:
    """All approved recipes, bases or programmes."""
    rows = cursor.execute("SELECT DISTINCT id FROM projection.approval WHERE noun = %s ORDER BY id", (noun,))
    return tuple(row[0] for row in rows.fetchall())


def latest(cursor: psycopg.Cursor[Any], noun: str, identifier: str) -> tuple[str, bytes] | None:
    """The latest approval's version and the hash of its fact, or None."""
    row = cursor.execute(
        "SELECT version, hash FROM projection.approval WHERE noun = %s AND id = %s ORDER BY sequence DESC LIMIT 1",
        (noun, identifier),
    ).fetchone()
    return (row[0], bytes(row[1])) if row is not None else None


def content(cursor: psycopg.Cursor[Any], noun: str, identifier: str, version: str = "") -> Mapping[str, Any] | None:
    """What was approved under this identifier, in that version or else last, as its file said it; None if nothing was."""
    found = _content(cursor, noun, identifier, version)
    return _decoded(found) if found is not None else None


def _content(cursor: psycopg.Cursor[Any], noun: str, identifier: str, version: str) -> bytes | None:
    row = cursor.execute(
        "SELECT content FROM projection.approval WHERE noun = %s AND id = %s AND (%s = '' OR version = %s)"
        " ORDER BY sequence DESC LIMIT 1",
        (noun, identifier, version, version),
    ).fetchone()
    return bytes(row[0]) if row is not None else None


def _decoded(content: bytes) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], canonical.decode(content))


@lru_cache(maxsize=CACHED)
def _recipe(content: bytes) -> Recipe:
    return recipe_from(_decoded(content))


@lru_cache(maxsize=CACHED)
def _base(content: bytes) -> Base:
    return base_from(_decoded(content))


@lru_cache(maxsize=CACHED)
def _programme(content: bytes) -> Programme:
    return programme_from(_decoded(content))
