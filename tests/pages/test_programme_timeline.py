"""The timeline says when, as exactly as its sources do and no more; what no source dates is not drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.architecture.fact_instances import example

from yimai.domain.plan import Plan, PlanDrafted, PlanStatusGiven
from yimai.interfaces.web.programme_timeline import LEFT, NARROWEST, RIGHT, WIDTH, timeline
from yimai.projections.plan_board import PlanRow, StatusRow
from yimai.projections.register_board import Thing

TODAY = date(2026, 7, 2)


def plan(*statuses: tuple[str, str]) -> PlanRow:
    given = tuple(StatusRow(PlanStatusGiven("p", status, since, "s"), b"") for status, since in statuses)  # type: ignore[arg-type]
    drafted = example(PlanDrafted)
    assert isinstance(drafted, PlanDrafted)
    said = replace(drafted, first=date(2025, 1, 1), last=date(2027, 12, 31))
    return PlanRow(Plan("p", said, "issued"), said, b"", (), given)


def thing(name: str, since: str, until: str | None = None) -> Thing:
    return Thing(
        "site", name, "base", "名" * 40, "name " * 20, (), since=since, until=until or "", ended=until is not None
    )


def test_marks_are_as_wide_as_what_is_known() -> None:
    drawn = timeline([plan(("announced", "2025"), ("issued", "2025-06"), ("in_force", "2025-07-01"))], [], TODAY)
    (line,) = drawn.lines
    year, month, day = line.marks
    pixels = (WIDTH - LEFT - RIGHT) / 3
    assert abs(year.width - pixels) < 2
    assert abs(month.width - pixels / 12) < 2
    assert day.width == NARROWEST
    assert abs(day.x + day.width / 2 - (LEFT + pixels * 181 / 365)) < 1
    assert line.bar is not None
    assert abs(sum(line.bar) - (WIDTH - RIGHT)) < 1
    assert [year for _, year in drawn.years] == [2025, 2026, 2027]
    assert abs(drawn.today - (LEFT + pixels * 1.5)) < 1


def test_what_no_source_dates_is_named_and_not_drawn() -> None:
    drawn = timeline(
        [plan(("issued", ""))], [thing("b", "2026"), thing("a", "2025-03", "2026-02"), thing("c", "")], TODAY
    )
    assert [len(each.marks) for each in drawn.lines] == [0, 2, 1]
    assert [each.code for each in drawn.lines[1].marks] == ["opened", "ended"]
    assert [each.id for each in drawn.undated] == ["c"]
    assert drawn.lines[1].short.zh.endswith("…")
    assert timeline([], [], TODAY).lines == ()
