"""Plans with their goals, every reading of these, and what was published about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg

from yimai.domain.fact import Fact
from yimai.domain.facts import KINDS
from yimai.domain.goal import GoalSet, goal_of
from yimai.domain.plan import Plan, PlanDrafted, PlanStatusGiven, plan_of
from yimai.domain.receipt import PUBLISHED, OutcomePublished, ReceiptPublished
from yimai.domain.source import SourceNamed
from yimai.domain.target import TargetSet, TargetSuperseded, ValueReported, target_of
from yimai.ledger import canonical
from yimai.ledger.entry import Entry
from yimai.projections import audience
from yimai.projections.change import Change

TABLES: Final = """
CREATE TABLE projection.plan_fact (
    subject text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    occurred timestamptz NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (subject, sequence)
);
"""

AUDIENCE: Final = {"plan_fact": audience.PUBLIC}
FACTS: Final = (
    PlanDrafted,
    PlanStatusGiven,
    GoalSet,
    TargetSet,
    TargetSuperseded,
    ValueReported,
    *PUBLISHED,
    SourceNamed,
)
_SHOWN: Final = frozenset(each.kind for each in FACTS)


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """A receipt of a target. hash: of the fact that published it."""

    said: ReceiptPublished
    hash: bytes
    occurred: datetime


@dataclass(frozen=True, slots=True)
class ReportedRow:
    """A value that somebody says a target stood at. hash: of the fact that tells it."""

    said: ValueReported
    hash: bytes


@dataclass(frozen=True, slots=True)
class StatusRow:
    """What a plan became. hash: of the fact that tells it."""

    said: PlanStatusGiven
    hash: bytes


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One reading. superseded: by what it was, or None while it counts. published: its receipts, the oldest first.

    reported: what others say of it, in the order of their days.
    """

    said: TargetSet
    hash: bytes
    superseded: TargetSuperseded | None
    published: tuple[PublishedRow, ...]
    reported: tuple[ReportedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class GoalRow:
    said: GoalSet
    hash: bytes
    targets: tuple[TargetRow, ...]


@dataclass(frozen=True, slots=True)
class PlanRow:
    """hash: of the draft that counts. drafts: how many there were. statuses: what it became, one after the other."""

    plan: Plan
    drafted: PlanDrafted
    hash: bytes
    goals: tuple[GoalRow, ...]
    statuses: tuple[StatusRow, ...] = ()
    drafts: int = 1


@dataclass(frozen=True, slots=True)
class PlanBoard:
    """sources: as last named, by their identifiers."""

    plans: tuple[PlanRow, ...]
    sources: dict[str, SourceNamed]

    @property
    def targets(self) -> tuple[tuple[PlanRow, TargetRow], ...]:
        """Every target that counts, with its plan."""
        return tuple(
            (plan, target)
            for plan in self.plans
            for goal in plan.goals
            for target in goal.targets
            if target.superseded is None
        )


def changes(entry: Entry) -> Iterator[Change]:
    if entry.kind in _SHOWN:
        first = entry.links[0]
        yield Change(
            "INSERT INTO projection.plan_fact VALUES (%s, %s, %s, %s, %s, %s)",
            (first.subject, first.sequence, entry.kind, entry.hash, entry.occurred, canonical.encode(entry.data)),
        )


@dataclass(frozen=True, slots=True)
class _Told:
    fact: Any
    hash: bytes
    occurred: datetime


def board(cursor: psycopg.Cursor[Any], size: int | None = None) -> PlanBoard:
    """Every plan on record, in the order in which they begin, each with its goals and their readings in the order of its clauses.

    size: as the ledger's first facts tell, so many of them.
    """
    told: dict[str, dict[str, list[_Told]]] = defaultdict(lambda: defaultdict(list))
    rows = cursor.execute(
        "SELECT subject, kind, hash, occurred, data FROM projection.plan_fact JOIN ledger.chain AS c USING (subject, sequence)"
        " WHERE %s::bigint IS NULL OR EXISTS (SELECT FROM ledger.leaf AS l WHERE l.arrival = c.arrival AND l.position <= %s)"
        " ORDER BY c.arrival",
        (size, size),
    ).fetchall()
    for subject, kind, digest, occurred, data in rows:
        noun, _, identifier = subject.partition("/")
        fact = msgspec.convert(canonical.decode(bytes(data)), KINDS[kind])
        told[noun][identifier].append(_Told(fact, bytes(digest), occurred))
    plans = [_plan(about, told) for about in told["plan"].values()]
    plans.sort(key=lambda row: (row.drafted.first, row.plan.id))
    sources = {name: about[-1].fact for name, about in told["source"].items()}
    return PlanBoard(tuple(plans), sources)


def _plan(about: list[_Told], told: dict[str, dict[str, list[_Told]]]) -> PlanRow:
    plan = plan_of(each.fact for each in about)
    drafted = next(each for each in reversed(about) if isinstance(each.fact, PlanDrafted))
    goals = [_goal(facts, told) for facts in told["goal"].values() if facts[-1].fact.plan == plan.id]
    statuses = tuple(StatusRow(each.fact, each.hash) for each in about if isinstance(each.fact, PlanStatusGiven))
    drafts = sum(isinstance(each.fact, PlanDrafted) for each in about)
    return PlanRow(plan, drafted.fact, drafted.hash, tuple(goals), statuses, drafts)


def _goal(about: list[_Told], told: dict[str, dict[str, list[_Told]]]) -> GoalRow:
    said = goal_of(_facts(about))
    assert said is not None
    targets = [_target(facts, told) for facts in told["target"].values() if facts[0].fact.goal == said.goal]
    return GoalRow(said, about[-1].hash, tuple(targets))


def _target(about: list[_Told], told: dict[str, dict[str, list[_Told]]]) -> TargetRow:
    found = target_of(_facts(about))
    assert found.said is not None
    published = [
        PublishedRow(
            each.fact.with_status() if isinstance(each.fact, OutcomePublished) else each.fact, each.hash, each.occurred
        )
        for facts in told["receipt"].values()
        for each in facts
        if each.fact.target == found.said.target
    ]
    published.sort(key=lambda row: (row.said.size, row.said.day, row.hash))
    reported = [ReportedRow(each.fact, each.hash) for each in about if isinstance(each.fact, ValueReported)]
    reported.sort(key=lambda row: (row.said.day, row.hash))
    return TargetRow(found.said, about[0].hash, found.superseded, tuple(published), tuple(reported))


def _facts(about: list[_Told]) -> tuple[Fact, ...]:
    return tuple(each.fact for each in about)
