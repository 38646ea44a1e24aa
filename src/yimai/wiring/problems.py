"""Known problems in plain words for whoever runs a command; anything else is a fault of ours and keeps its traceback."""

from __future__ import annotations

import psycopg

from yimai.domain.facts import UnknownKind
from yimai.interfaces.files.mistake import FileRefused
from yimai.ledger.ledger import LedgerProblem
from yimai.store.vault import VaultProblem
from yimai.wiring.migrations import MigrationProblem
from yimai.wiring.postgresql_programs import EmbeddedDatabaseProblem


class CommandProblem(Exception):
    """What a command cannot do, and what to do instead."""


KNOWN = (
    CommandProblem,
    EmbeddedDatabaseProblem,
    FileRefused,
    LedgerProblem,
    MigrationProblem,
    UnknownKind,
    VaultProblem,
)


def plain_words(error: Exception) -> str | None:
    """Return what to tell the user, or None if the error is not one that a user can mend."""
    if isinstance(error, KNOWN):
        return str(error)
    if isinstance(error, psycopg.OperationalError):
        return f"the database does not answer ({str(error).strip().splitlines()[0]}). Is DATABASE_URL right?"
    return None
