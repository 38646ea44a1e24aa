"""Plans and receipts as screens show them: from a following projection, by the planner's eyes only, the same as computed cold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from psycopg_pool import ConnectionPool
from tests.projections.following import screen_pool
from tests.projections.story import AUTHORITY, BASE, Story

from yimai.domain.disclosure import counts_patients
from yimai.domain.measure import Facts, Question
from yimai.domain.measure_definitions import DEFINITIONS, known_from
from yimai.domain.receipt import OutcomePublished
from yimai.domain.receipt_document import measure, receipt_of
from yimai.domain.status import Status
from yimai.domain.suite import SuiteRegistered
from yimai.projections import audience, plan_board, receipt_board
from yimai.projections.receipt_board import AsOf

UNTIL = date(2026, 12, 31)


@pytest.fixture
def told(story: Story) -> Story:
    story.open_house()
    story.treatment("infused", steps=2)
    story.ledger.seal()
    return story


def test_every_plan_stands_with_its_goals_and_each_reading(told: Story, pool: ConnectionPool[Any]) -> None:
    with pool.connection() as connection, connection.cursor() as cursor:
        board = plan_board.board(cursor)
    assert [row.plan.id for row in board.plans] == ["five_year_14", "cell_therapy", "gene_therapy", "pudong"]
    gene = board.plans[2]
    assert (gene.plan.status, gene.drafted.parent, gene.drafted.predecessor) == (
        "issued",
        "five_year_14",
        "cell_therapy",
    )
    assert [goal.said.goal for goal in gene.goals] == ["gene_centres", "gene_firms", "gene_filings", "gene_bases"], (
        "in the order of the plan's clauses"
    )
    clusters = next(goal for plan in board.plans for goal in plan.goals if goal.said.goal == "cell_clusters")
    assert [(each.said.comparator, each.said.authority) for each in clusters.targets] == [
        ("ge", "civil_code"),
        ("gt", "announcement"),
    ]
    assert {
        clause.source for plan in board.plans for goal in plan.goals for clause in goal.said.clauses
    } <= board.sources.keys()
    aims = [goal.said.title_en for goal in board.plans[0].goals]
    assert aims == [
        "A world-class biomedical industry cluster",
        "An internationally influential biomedical innovation highland",
    ]


def test_what_is_not_known_says_so_and_a_receipt_from_the_projection_is_the_one_computed_cold(
    told: Story, pool: ConnectionPool[Any]
) -> None:
    cold = Facts(
        each for position, entry in told.ledger.sealed(0, 10**6) if (each := known_from(position, entry)) is not None
    )
    with pool.connection() as connection, connection.cursor() as cursor:
        at = receipt_board.sealed(cursor)
        assert at is not None
        found = receipt_board.figures(cursor, plan_board.board(cursor), UNTIL, at)
        assert {each.receipt.value for each in found if each.receipt is not None} == {None}
        assert {each.target.said.target for each in found if each.receipt is None} == {
            "cell_top_talents-1", "cell_other_talents-1", "pudong_products-1", "pudong_products-2",
        }  # fmt: skip
        for name in DEFINITIONS:
            question = Question(name, UNTIL)
            warm = receipt_board.answer(question, AsOf(UNTIL, at), receipt_board.facts(cursor, at))
            if counts_patients(DEFINITIONS[name]):
                assert warm is None  # of one patient nothing is told
            else:
                assert warm is not None
                assert warm.document == receipt_of(question, measure(question, cold), at).document


def test_a_receipt_from_before_pace_and_evidence_were_published_is_read_still(
    told: Story, pool: ConnectionPool[Any]
) -> None:
    old = OutcomePublished(
        "5e" * 32, "cell_firms-1", "firms@1", "d" * 64, 7, "r" * 64, UNTIL, 61, "firm", "met", 61, "c" * 64,
        told.sign("P01", "reported"),
    )  # fmt: skip
    told.write(old)
    with pool.connection() as connection, connection.cursor() as cursor:
        board = plan_board.board(cursor)
    (row,) = next(target for _, target in board.targets if target.said.target == old.target).published
    assert (row.said.receipt, row.said.value, row.said.shares) == (old.receipt, 61, ())
    assert row.said.status == Status("met", True, None, "")


def test_a_figure_over_an_earlier_size_stays_what_it_was(told: Story, pool: ConnectionPool[Any]) -> None:
    question = Question("capacity@1", UNTIL)
    with pool.connection() as connection, connection.cursor() as cursor:
        first = receipt_board.sealed(cursor)
        assert first is not None
        before = receipt_board.answer(question, AsOf(UNTIL, first), receipt_board.facts(cursor, first))
        assert before is not None
        told.write(SuiteRegistered("suite-99", BASE, "C"))
        told.ledger.seal()
        newest = receipt_board.sealed(cursor)
        assert newest is not None
        grown = receipt_board.answer(question, AsOf(UNTIL, newest), receipt_board.facts(cursor, newest))
        assert grown is not None
        assert (grown.value, before.value) == (4, 3)
        assert receipt_board.sealed(cursor, newest.size - 1) == first
        again = receipt_board.answer(question, AsOf(UNTIL, first), receipt_board.facts(cursor, first))
        assert again is not None
        assert again.document == before.document


@pytest.fixture
def screen(told: Story, fresh_database: str) -> Iterator[ConnectionPool[Any]]:
    with screen_pool(fresh_database) as pool:
        yield pool


@pytest.mark.parametrize(("role", "sees"), [("planner", True), ("nurse", False), ("inspector", False), ("", False)])
def test_only_who_plans_reads_what_measures_read(screen: ConnectionPool[Any], role: str, sees: bool) -> None:
    with screen.connection() as connection, connection.transaction(), connection.cursor() as cursor:
        audience.enter(cursor, "somebody" if role else "", AUTHORITY, (role,) if role else ())
        row = cursor.execute("SELECT count(*) > 0 FROM projection.measured").fetchone()
        assert row == (sees,)
        assert plan_board.board(cursor).plans
