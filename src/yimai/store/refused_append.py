"""What the database's refusal of an append means in the ledger's words."""

from __future__ import annotations

import json
from collections.abc import Sequence

import psycopg

from yimai.ledger.codec import ClaimContent, claim_of
from yimai.ledger.entry import Claim, Entry
from yimai.ledger.ledger import BadDraft, ClaimNotHeld, ClaimTaken, Conflict, LedgerProblem


def problem_of(error: psycopg.Error, entries: Sequence[Entry]) -> LedgerProblem | None:
    """Return the ledger's problem behind an error of the append, or None if it is not one of the ledger's.

    A command that another append has answered looks like Conflict here; the caller looks for its answer first.
    """
    detail = error.diag.message_detail or ""
    match error.sqlstate:
        case "YM003":
            return Conflict(detail)
        case "YM004":
            return ClaimTaken(_claim(detail))
        case "YM005":
            return ClaimNotHeld(_claim(detail))
        case "YM006":
            return BadDraft(error.diag.message_primary or str(error))
        case "23505" if error.diag.constraint_name == "entry_command":
            return Conflict(entries[0].subjects[0])
        case _:
            return None


def _claim(detail: str) -> Claim:
    return claim_of(ClaimContent(**json.loads(detail)))
