"""Goals as rows of the dashboard: each reading of a clause with its target, its value, its three axes and its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from urllib.parse import urlencode

from django.urls import reverse

from yimai.domain import disclosure
from yimai.domain.measure import Facts
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.programme import ProgrammeSource
from yimai.domain.receipt import EvidenceShare
from yimai.domain.receipt_document import Receipt, shares
from yimai.domain.recipe import Words
from yimai.domain.status import Forecast, Outcome
from yimai.domain.target import TargetSet
from yimai.projections.plan_board import GoalRow, PlanBoard, PlanRow, PublishedRow, TargetRow
from yimai.projections.receipt_board import GoalFigure, Outlook

MILLION: Final = 1_000_000
WIDTH: Final = 240
"""Units of a gauge from end to end."""
ROOM: Final = 1.2
"""The gauge reaches so far beyond the larger of value and target."""
Known = Literal["measured", "published", "withheld", "unmeasured", "unpublished"]


@dataclass(frozen=True, slots=True)
class Gauge:
    """value: the bar's length. lines: where the target's lines stand."""

    value: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """How much of the value rests on one kind of evidence. share: in whole per cent. x, width: in the bar of 100."""

    evidence: str
    amount: int
    share: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a clause. known: how its value is known, or why it is not. link: to what the value is made of.

    ahead: where it arrives at the deadline if it goes on so; None where nothing is forecast.
    """

    target: TargetSet
    known: Known
    value: int | None
    day: date
    outcome: Outcome
    provisional: bool
    pace: int | None
    evidence: str
    parts: tuple[Part, ...]
    gauge: Gauge
    link: str
    published: tuple[PublishedRow, ...]
    ahead: Forecast | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of how many released doses a subtotal of their list prices tells. without: those that had none; None for fewer than five."""

    priced: int
    without: int | None

    @property
    def all(self) -> int:
        return self.priced + (self.without or 0)


@dataclass(frozen=True, slots=True)
class Goal:
    row: GoalRow
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class PlanGoals:
    """aims: goals without a number."""

    row: PlanRow
    goals: tuple[Goal, ...]
    aims: tuple[GoalRow, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many readings stand how."""

    met: int
    not_met: int
    unknown: int


def measured(found: GoalFigure, facts: Facts, here: str, outlook: Outlook | None) -> Reading:
    """A reading with what was computed for it. here: what the address carries about the time."""
    target, receipt = found.target.said, found.receipt
    link = f"{reverse('target_number', args=[target.target])}?{here}"
    if receipt is None or receipt.status is None:
        known: Known = "withheld" if found.withheld else "unmeasured"
        return _unknown(found.target, known, link if found.withheld else "")
    status = receipt.status
    return Reading(
        target, "measured", receipt.value, receipt.day, status.outcome, status.provisional, status.pace, status.evidence,
        parts(shares(receipt, facts)), _gauge(target, receipt.value), link, found.target.published,
        outlook.ahead if outlook is not None else None,
    )  # fmt: skip


def published(row: TargetRow, size: int, day: date) -> Reading:
    """A reading with what was published last about it until then."""
    known = [each for each in row.published if each.said.size <= size and each.said.day <= day]
    if not known:
        return _unknown(row, "unpublished" if row.said.measure in DEFINITIONS else "unmeasured", "")
    return _published(row, known[-1], tuple(known))


def of_receipt(row: TargetRow, receipt: PublishedRow) -> Reading:
    """A reading as one published receipt tells of it."""
    return _published(row, receipt, row.published)


def _published(row: TargetRow, receipt: PublishedRow, known: tuple[PublishedRow, ...]) -> Reading:
    said = receipt.said
    return Reading(
        row.said, "published", said.value, said.day, said.status.outcome, said.status.provisional, said.status.pace, said.status.evidence,
        parts(said.shares), _gauge(row.said, said.value), reverse("receipt", args=[said.receipt]), known,
    )  # fmt: skip


def plans(board: PlanBoard, readings: Iterable[Reading]) -> tuple[PlanGoals, ...]:
    """Every plan with its goals, each with the readings that count."""
    by_target = {each.target.target: each for each in readings}
    found = []
    for plan in board.plans:
        goals = tuple(
            Goal(goal, tuple(by_target[each.said.target] for each in goal.targets if each.said.target in by_target))
            for goal in plan.goals
        )
        numbered = tuple(each for each in goals if each.readings)
        found.append(PlanGoals(plan, numbered, tuple(each.row for each in goals if not each.readings)))
    return tuple(found)


def sources(board: PlanBoard) -> dict[str, ProgrammeSource]:
    """The sources as pages show them, by their identifiers."""
    return {
        name: ProgrammeSource(name, Words(said.title_zh, said.title_en), said.knowledge)
        for name, said in board.sources.items()
    }


def tally(readings: Sequence[Reading]) -> Tally:
    outcomes = [each.outcome for each in readings]
    return Tally(outcomes.count("met"), outcomes.count("not_met"), outcomes.count("unknown"))


def coverage(receipt: Receipt | None) -> Coverage | None:
    """None for what is no subtotal."""
    if receipt is None or receipt.definition.rule != "listed_value":
        return None
    without = sum(reason == "no_price" for _, reason in receipt.measured.exclusions)
    return Coverage(len(receipt.measured.contributions), disclosure.number_told(without))


def parts(told: Sequence[EvidenceShare]) -> tuple[Part, ...]:
    """The bar of what a value rests on."""
    whole = sum(each.value for each in told)
    found: list[Part] = []
    x = 0.0
    for each in told:
        width = round(100 * each.value / whole, 2)
        found.append(Part(each.evidence, each.value, round(width), round(x, 2), width))
        x += width
    return tuple(found)


def number_link(measure: str, here: str) -> str:
    return f"{reverse('measure_number', args=[measure])}?{here}"


def publish_link(target: TargetSet, receipt: Receipt | None, back: str) -> str:
    """The form that publishes the number as it stands; "" where it cannot be published."""
    if receipt is None or disclosure.counts_patients(receipt.definition):
        return ""
    given = {"target": target.target, "day": receipt.day.isoformat(), "size": receipt.size, "next": back}
    return f"{reverse('act', args=['receipt.publish'])}?{urlencode(given)}"


def _unknown(row: TargetRow, known: Known, link: str) -> Reading:
    return Reading(
        row.said, known, None, row.said.deadline, "unknown", True, None, "", (), _gauge(row.said, None), link, ()
    )


def _gauge(target: TargetSet, value: int | None) -> Gauge:
    top = max((*target.values, value or 0, 1)) * ROOM
    lines = tuple(round(WIDTH * max(0, each) / top) for each in target.values)
    return Gauge(round(WIDTH * max(0, value or 0) / top), lines)
