"""Where a material lot went: each batch that used it, for whom, how much, and what has become of that batch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from yimai.domain.batch import StepStarted
from yimai.projections import trace, treatment_board
from yimai.projections.treatment_board import BoardRow


@dataclass(frozen=True, slots=True)
class Use:
    """One batch. board: its treatment as it stands now, or None where the reader may not see it. steps: how many used it."""

    batch: str
    treatment: str
    first: datetime
    steps: int
    board: BoardRow | None


def uses_of(cursor: psycopg.Cursor[Any], lot: str) -> tuple[Use, ...]:
    """The batches that used the lot, the first one first."""
    found: dict[tuple[str, str], list[datetime]] = {}
    for fact in trace.of_kind(cursor, f"material_lot/{lot}", StepStarted.kind):
        for batch in fact.of("batch"):
            found.setdefault((batch, next(iter(fact.of("treatment")), "")), []).append(fact.occurred)
    boards = {each.treatment: each for each in treatment_board.rows_of(cursor, [treatment for _, treatment in found])}
    return tuple(
        Use(batch, treatment, min(times), len(times), boards.get(treatment))
        for (batch, treatment), times in sorted(found.items(), key=lambda each: min(each[1]))
    )
