"""Receipts as screens show them: of every target that counts, as of a day, over the ledger's sealed facts.

Who plans may have any number computed, so that the facts behind it are open to him, by pseudonym. Everybody else sees
what was published. A number that counts patients is told to neither but as ``domain.disclosure`` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg

from yimai.domain import disclosure
from yimai.domain.disclosure import Cut, Release
from yimai.domain.fact import Fact
from yimai.domain.measure import Facts, Known, Measured, Question
from yimai.domain.measure_definitions import DEFINITIONS, READ
from yimai.domain.receipt_document import Receipt, question_of, receipt_for, receipt_of
from yimai.domain.sealed_facts import SealedFacts
from yimai.domain.status import Forecast, heading_for, points_in_time
from yimai.ledger.codec import parse
from yimai.ledger.entry import Checkpoint, Entry
from yimai.projections import ledger_board
from yimai.projections.change import Change
from yimai.projections.plan_board import PlanBoard, PlanRow, TargetRow

_PLANS: Final = "string_to_array(current_setting('yimai.roles', true), ',') && ARRAY['planner'] OR pg_has_role(current_user, 'yimai_app', 'usage')"
TABLES: Final = """
CREATE OR REPLACE VIEW projection.measured WITH (security_barrier) AS
SELECT l.position, e.content FROM ledger.entry AS e JOIN ledger.leaf AS l USING (arrival) WHERE e.kind IN (KINDS)
AND (WHO PLANS);
GRANT SELECT ON projection.measured TO yimai_screen, yimai_app;
""".replace("KINDS", ", ".join(f"'{kind}'" for kind in sorted(READ))).replace("WHO PLANS", _PLANS)
"""What measures read, with its position, for those who plan: the ledger is closed to them elsewhere. It is no table: nothing follows."""

AUDIENCE: Final[dict[Any, Any]] = {}
ZONE: Final = "Asia/Shanghai"
"""Where months end."""
MOST_RELEASES: Final = 256
_known: Final = SealedFacts()
_cuts: Final[dict[str, tuple[Cut, ...]]] = {}
_releases: Final[dict[tuple[str, str, bytes], tuple[Release, ...]]] = {}


@dataclass(frozen=True, slots=True)
class AsOf:
    """As of when numbers are asked for: the day, and the facts that were sealed. months: those that are over by now."""

    day: date
    sealed: Checkpoint
    months: tuple[Cut, ...] = ()


@dataclass(frozen=True, slots=True)
class GoalFigure:
    """A target with its receipt; None where it has no measure, or where too few patients count to tell (withheld)."""

    plan: PlanRow
    target: TargetRow
    receipt: Receipt | None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a target stood at when periods ended, each with its receipt, and what comes of it if it goes on so.

    ahead: at the deadline; None of fewer than three points, or where nothing has moved.
    """

    points: tuple[Receipt, ...]
    ahead: Forecast | None


def changes(entry: Entry) -> Iterator[Change]:
    return iter(())


def sealed(cursor: psycopg.Cursor[Any], size: int | None = None, before: datetime | None = None) -> Checkpoint | None:
    """The newest root, or the newest over at most so many facts, or of before that moment."""
    row = cursor.execute(
        "SELECT size, root, sealed FROM ledger.seal WHERE (%s::bigint IS NULL OR size <= %s)"
        " AND (%s::timestamptz IS NULL OR sealed < %s) ORDER BY size DESC LIMIT 1",
        (size, size, before, before),
    ).fetchone()
    return Checkpoint(ledger_board.identity(cursor), row[0], bytes(row[1]), row[2]) if row is not None else None


def facts(cursor: psycopg.Cursor[Any], at: Checkpoint) -> Facts:
    """What measures read of the ledger's first facts. Raises PermissionError for a reader who does not plan."""
    row = cursor.execute(f"SELECT {_PLANS}").fetchone()
    if not (row and row[0]):
        raise PermissionError("only who plans has numbers computed")
    return _known.until(at, partial(measured_entries, cursor), partial(root_at, cursor))


def figures(cursor: psycopg.Cursor[Any], board: PlanBoard, day: date, at: Checkpoint) -> tuple[GoalFigure, ...]:
    """Every target that counts, with its receipt as of the day; what counts patients until a month that was over then."""
    as_of, known = AsOf(day, at, ended(cursor, at.sealed.astimezone(ZoneInfo(ZONE)).date())), facts(cursor, at)
    return figures_of(board, as_of, known)


def figures_of(board: PlanBoard, as_of: AsOf, known: Facts) -> tuple[GoalFigure, ...]:
    """The same from facts that were read already."""
    return tuple(_figure(plan, target, as_of, known) for plan, target in board.targets)


def figure(cursor: psycopg.Cursor[Any], board: PlanBoard, target: str, as_of: AsOf) -> GoalFigure | None:
    """One target, superseded or not, with its receipt as of the day."""
    rows = ((plan, row) for plan in board.plans for goal in plan.goals for row in goal.targets)
    found = next(((plan, row) for plan, row in rows if row.said.target == target), None)
    return _figure(*found, as_of, facts(cursor, as_of.sealed)) if found is not None else None


def answer(question: Question, as_of: AsOf, known: Facts) -> Receipt | None:
    """The receipt of a number that belongs to no target; None where too few patients count to tell.

    Raises KeyError for a measure that is not defined.
    """
    if not disclosure.counts_patients(DEFINITIONS[question.measure]):
        return receipt_of(question, _known.measure(question, known, as_of.sealed.ledger), as_of.sealed)
    release = _release(question, as_of, known)
    if release is None:
        return None
    return receipt_of(Question(question.measure, release.cut.until), release.measured, release.cut.sealed)


def release_of(receipt: Receipt, as_of: AsOf, known: Facts) -> Release | None:
    """The release at which a receipt that counts patients is told."""
    told = releases(receipt.definition.id, as_of, known)
    return next((each for each in told if each.cut.sealed.size == receipt.size), None)


def releases(name: str, as_of: AsOf, known: Facts) -> tuple[Release, ...]:
    """Each time that a number which counts patients was told until then, the newest last."""
    cuts = tuple(each for each in as_of.months if each.until <= as_of.day and each.sealed.size <= as_of.sealed.size)
    if not cuts:
        return ()
    ledger, newest = as_of.sealed.ledger, cuts[-1].sealed.root
    if (ledger, name, newest) not in _releases:

        def measured(cut: Cut) -> Measured:
            return _known.measure(Question(name, cut.until), known.first(cut.sealed.size), ledger)

        kept = (_releases.get((ledger, name, each.sealed.root)) for each in reversed(cuts))
        begun, told = next(((len(cuts) - back, each) for back, each in enumerate(kept) if each is not None), (0, ()))
        if len(_releases) >= MOST_RELEASES:
            _releases.clear()
        _releases[ledger, name, newest] = disclosure.releases(DEFINITIONS[name], cuts[begun:], measured, told)
    return _releases[ledger, name, newest]


def _release(question: Question, as_of: AsOf, known: Facts) -> Release | None:
    """The last that is told until the question's day; none where the question leaves out what began to count before."""
    told = [each for each in releases(question.measure, as_of, known) if each.cut.until <= question.until]
    if not told:
        return None
    asked = Question(
        question.measure, told[-1].cut.until, question.first, therapies=question.therapies, district=question.district
    )
    whole = _known.measure(asked, known.first(told[-1].cut.sealed.size), as_of.sealed.ledger)
    return told[-1] if whole.contributions == told[-1].measured.contributions else None


def _figure(plan: PlanRow, target: TargetRow, as_of: AsOf, known: Facts) -> GoalFigure:
    said, begins = target.said, plan.drafted.first
    if said.measure not in DEFINITIONS:
        return GoalFigure(plan, target, None)
    day, at, question = as_of.day, as_of.sealed, question_of(said, as_of.day, begins)
    if disclosure.counts_patients(DEFINITIONS[said.measure]):
        release = _release(question, as_of, known)
        if release is None:
            return GoalFigure(plan, target, None, withheld=True)
        day, at, question = release.cut.until, release.cut.sealed, question_of(said, release.cut.until, begins)
    measured = _known.measure(question, known.first(at.size), at.ledger)
    return GoalFigure(plan, target, receipt_for(said, begins, day, measured, at))


def outlook(found: GoalFigure, as_of: AsOf, known: Facts) -> Outlook | None:
    """Where a target is going until its deadline; None once that is over, or where no measure is defined."""
    target = found.target.said
    if target.measure not in DEFINITIONS or as_of.day >= target.deadline:
        return None
    definition, points = DEFINITIONS[target.measure], dict[date, Receipt]()
    for day in points_in_time(definition, found.plan.drafted.first, as_of.day):
        receipt = _figure(found.plan, found.target, AsOf(day, as_of.sealed, as_of.months), known).receipt
        if receipt is not None and receipt.value is not None:
            points[receipt.day] = receipt
    values = [(day, receipt.value) for day, receipt in sorted(points.items()) if receipt.value is not None]
    return Outlook(tuple(points[day] for day in sorted(points)), heading_for(definition, target, values))


def those(known: Facts, kinds: Iterable[str], hashes: Iterable[bytes]) -> dict[bytes, Known[Fact]]:
    """The facts with these hashes, as measures see them."""
    wanted = set(hashes)
    return {each.hash: each for kind in kinds for each in known.kind(kind) if each.hash in wanted}


def ended(cursor: psycopg.Cursor[Any], today: date) -> tuple[Cut, ...]:
    """The months that are over and in which something was sealed, each with its last root. These never change."""
    ledger = ledger_board.identity(cursor)
    cuts: tuple[Cut, ...] = ()
    if (kept := _cuts.get(ledger)) and root_at(cursor, kept[-1].sealed.size) == kept[-1].sealed.root:
        cuts = kept
    rows = cursor.execute(
        "SELECT DISTINCT ON (month) (month + interval '1 month - 1 day')::date, size, root, sealed FROM"
        " (SELECT date_trunc('month', sealed AT TIME ZONE %s) AS month, size, root, sealed FROM ledger.seal WHERE size > %s) AS s"
        " ORDER BY month, size DESC",
        (ZONE, cuts[-1].sealed.size if cuts else 0),
    ).fetchall()
    more = (Cut(until, Checkpoint(ledger, size, bytes(root), at)) for until, size, root, at in rows)
    _cuts[ledger] = cuts = (*cuts, *(each for each in more if each.until < today))
    return tuple(each for each in cuts if each.until < today)


def entry(cursor: psycopg.Cursor[Any], position: int) -> Entry | None:
    """What measures read at this position of the ledger."""
    row = cursor.execute("SELECT content FROM projection.measured WHERE position = %s", (position,)).fetchone()
    return parse(bytes(row[0])) if row is not None else None


def root_over(cursor: psycopg.Cursor[Any], position: int) -> Checkpoint | None:
    """The first root under which the position stands."""
    row = cursor.execute(
        "SELECT size, root, sealed FROM ledger.seal WHERE size >= %s ORDER BY size LIMIT 1", (position,)
    ).fetchone()
    return Checkpoint(ledger_board.identity(cursor), row[0], bytes(row[1]), row[2]) if row is not None else None


def end_of(day: date, zone: Any) -> datetime:
    """The moment at which the day is over."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)


def measured_entries(cursor: psycopg.Cursor[Any], after: int, size: int) -> Iterator[tuple[int, Entry]]:
    """What measures read after one position until another, in order."""
    found = cursor.execute(
        "SELECT position, content FROM projection.measured WHERE position > %s AND position <= %s ORDER BY position",
        (after, size),
    )
    return ((position, parse(bytes(content))) for position, content in found)


def root_at(cursor: psycopg.Cursor[Any], size: int) -> bytes | None:
    """The root over the ledger's first facts, None where none was sealed."""
    row = cursor.execute("SELECT root FROM ledger.seal WHERE size = %s", (size,)).fetchone()
    return bytes(row[0]) if row is not None else None
