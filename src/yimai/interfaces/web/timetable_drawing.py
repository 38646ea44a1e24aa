"""The base's plan as a picture: suites with each patient's promised and planned time, and the load of everything that is shared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final, Literal

import numpy as np

from yimai.domain.base import Base, ListedSuite
from yimai.domain.identifier import grouped
from yimai.domain.recipe import Words
from yimai.interfaces.web.live_plan import LivePlan
from yimai.planning.load import loads
from yimai.planning.problem import NEVER, Ints, Job, Problem, Resource, ResourceKind
from yimai.projections.register import SiteRow
from yimai.projections.slot_board import Window
from yimai.projections.treatment_board import STAGES

DAY: Final = timedelta(days=1)
LEFT, WIDTH = 168, 1280
"""Pixels: the names at the left, the whole."""
ROWS: Final = {1: 52, 7: 36, 42: 26}
TOPS: Final = {1: 26, 7: 42, 42: 26}
"""How high a suite is drawn, and the days' names above, by the days that are shown."""
SHEET: Final = 700
"""Pixels of suites below the days' names before those are repeated: what a printed page holds whole, and about a screen."""
STRIP, CHART, GAP = 22, 46, 6
FINE: Final = 14
"""Up to so many days loads are drawn as curves, beyond as a strip of days."""
STARTED: Final = STAGES.index("in_manufacture")
SURE, DOUBTFUL = 0.8, 0.5
"""Odds of a promise below which it is looked at, and below which it is more likely broken than kept."""
LETTER: Final = 7.4
"""Pixels of a letter in a batch."""
MANY: Final = 10_000

Risk = Literal["", "watch", "late"]
UNPLANNED: Final[Mapping[str, Words]] = {
    "planned": Words("不能移动：当前计划没有排入它。", "It cannot be moved: the plan has no place for it."),
    "running": Words("不能移动：生产已开始。", "It cannot be moved: its manufacture has begun."),
    "done": Words("不能移动：生产已结束。", "It cannot be moved: its manufacture is over."),
    "stopped": Words("不能移动：治疗已中止或暂停。", "It cannot be moved: the treatment is stopped or on hold."),
}
"""Why a batch that the plan does not know cannot be put elsewhere, by its look."""
GROUPS: Final[tuple[tuple[Words, frozenset[ResourceKind]], ...]] = (
    (Words("人员（按资质）", "People, by qualification"), frozenset({"operators"})),
    (Words("共用设备", "Shared equipment"), frozenset({"equipment"})),
    (Words("检验与放行", "Laboratory and release"), frozenset({"bench", "review"})),
    (Words("采集、运输与冻存", "Collection, transport, storage"), frozenset({"collection", "courier", "storage"})),
)


@dataclass(frozen=True)
class Axis:
    """The days that are shown, from ``begins`` (midnight at the base)."""

    begins: datetime
    days: int

    @property
    def ends(self) -> datetime:
        return self.begins + self.days * DAY

    @property
    def scale(self) -> float:
        return (WIDTH - LEFT) / self.days

    def place(self, at: datetime) -> float:
        return LEFT + (at - self.begins) / DAY * self.scale

    def span(self, starts: datetime, ends: datetime) -> tuple[float, float] | None:
        """Left and width of what lies within the days; None outside them."""
        if ends <= self.begins or starts >= self.ends:
            return None
        left, right = max(LEFT, self.place(starts)), min(WIDTH, self.place(ends))
        return round(left, 1), round(max(2.0, right - left), 1)


@dataclass(frozen=True, slots=True)
class Column:
    """A day, or an hour of the one day. closed: the base starts no batch then."""

    x: float
    width: float
    date: date
    text: str
    closed: Words | None
    weekend: bool
    labelled: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of a batch, as wide as it lasts. text: whether its name has room."""

    x: float
    width: float
    title: Words
    text: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """One treatment in its suite. promised, planned: left and width, or None. look: ``done``, ``running``, ``planned``, ``stopped``.

    odds: in per cent, None without a promise. late: by how many hours the plan is behind the promise. chain: where its tasks take
    something of the rows below, as ``row x width`` in pixels. stays: why it cannot be put elsewhere; None where it can. text_at: where
    its name stands, None without room for it; with_odds: whether there is room for the odds beside it.
    """

    treatment: str
    hospital: str
    urgent: bool
    promised: tuple[float, float] | None
    planned: tuple[float, float] | None
    starts: datetime
    ends: datetime
    look: str
    risk: Risk
    odds: int | None
    late: int
    segments: tuple[Segment, ...]
    text_at: float | None
    with_odds: bool
    chain: str
    stays: Words | None


@dataclass(frozen=True, slots=True)
class Out:
    """A suite out of use. why: a code of ``domain.reason``, "" where a signed repair says so. ends: None where nobody has said until when."""

    why: str
    begins: datetime
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class SuiteRow:
    """One suite. out: None while it is in use. out_span: where that is drawn, left and width."""

    suite: str
    title: Words
    y: int
    batches: tuple[Batch, ...]
    out: Out | None
    out_span: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of a strip. share: of what there is, in per cent, at the day's busiest moment; level 0 … 3, 3: more than there is."""

    x: float
    middle: float
    width: float
    share: int
    level: int


@dataclass(frozen=True, slots=True)
class LoadRow:
    """One resource over time, name: its title in short: what there is, what is taken, and what is taken too much, as paths; or a strip of days.

    peak, most: the busiest moment's amount, and what there was then.
    """

    id: str
    title: Words
    name: Words
    y: int
    height: int
    there: str
    taken: str
    over: str
    cells: tuple[Cell, ...]
    peak: int
    most: int

    @property
    def text(self) -> int:
        """Where its name stands."""
        return self.y + 15


@dataclass(frozen=True, slots=True)
class Group:
    """Resources of one kind in a picture of their own."""

    title: Words
    height: int
    rows: tuple[LoadRow, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Some suites below each other in a picture of their own, below the days' names."""

    height: int
    suites: tuple[SuiteRow, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole. row: how high a suite is drawn. now: where this moment stands, None outside."""

    width: int
    left: int
    row: int
    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]
    groups: tuple[Group, ...]
    now: float | None


class Picture:
    """Draws one plan over some days."""

    def __init__(
        self,
        base: Base,
        axis: Axis,
        windows: Sequence[Window],
        live: LivePlan | None,
        now: datetime,
        sites: Mapping[str, SiteRow],
    ) -> None:
        self.base, self.axis, self.live, self.now, self.sites = base, axis, live, now, sites
        self.windows: dict[str, list[Window]] = {}
        for each in windows:
            self.windows.setdefault(each.suite, []).append(each)
        self.row, self.top = ROWS[axis.days], TOPS[axis.days]
        self.numbers = {} if live is None else {job.id: number for number, job in live.jobs()}

    def drawn(self, out: Mapping[str, Out]) -> Drawing:
        """The picture. out: the suites out of use, and for how long."""
        here = self.axis.place(self.now)
        return Drawing(
            WIDTH, LEFT, self.row, tuple(self._columns()), tuple(self._blocks(out)), tuple(self._groups()),
            round(here, 1) if LEFT <= here <= WIDTH else None,
        )  # fmt: skip

    def _columns(self) -> Iterator[Column]:
        axis = self.axis
        hours = axis.days == 1
        for number in range(24 if hours else axis.days):
            at = axis.begins + (timedelta(hours=number) if hours else number * DAY)
            day = at.date()
            closed = next((each.title for each in self.base.closures if each.first <= day <= each.last), None)
            width = axis.scale / 24 if hours else axis.scale
            labelled = (
                number % 2 == 0
                if hours
                else axis.days <= FINE or day.weekday() == 0 or (number == 0 and day.weekday() < 5)
            )
            yield Column(
                round(LEFT + number * width, 1),
                round(width, 1),
                day,
                f"{at:%H:%M}" if hours else f"{at:%m-%d}",
                closed,
                not hours and day.weekday() >= 5,
                labelled,
            )

    def _blocks(self, out: Mapping[str, Out]) -> Iterator[Block]:
        """The suites in as few blocks as pages hold, each about as long as the others."""
        suites = self.base.suites
        each = -(-len(suites) // -(-len(suites) * self.row // SHEET)) if suites else 1
        for first in range(0, len(suites), each):
            rows = tuple(self._suites(suites[first : first + each], out))
            yield Block(self.top + len(rows) * self.row + 4, rows)

    def _suites(self, suites: Sequence[ListedSuite], out: Mapping[str, Out]) -> Iterator[SuiteRow]:
        for number, suite in enumerate(suites):
            batches = [drawn for each in self.windows.get(suite.id, ()) if (drawn := self._batch(each)) is not None]
            gone = out.get(suite.id)
            yield SuiteRow(
                suite.id,
                suite.title,
                self.top + number * self.row,
                tuple(batches),
                gone,
                None if gone is None else self.axis.span(gone.begins, gone.ends or self.axis.ends),
            )

    def _batch(self, window: Window) -> Batch | None:
        axis, look = self.axis, _look(window, self.now)
        promised = axis.span(window.starts, window.ends)
        number = self.numbers.get(window.treatment)
        if number is None or self.live is None:
            if promised is None:
                return None
            return Batch(
                window.treatment, window.hospital, window.urgency == "urgent", promised, None, window.starts, window.ends, look, "",
                None, 0, (), *self._text(promised, window, ""), "", UNPLANNED[look],
            )  # fmt: skip
        live, job = self.live, self.live.problem.jobs[number]
        starts, ends = _in_suite(live, job)
        planned = axis.span(starts, ends)
        if promised is None and planned is None:
            return None
        odds, late = promise(live, number)
        risk: Risk = "" if look == "done" and odds is None else risk_of(odds)
        return Batch(
            window.treatment, window.hospital, window.urgency == "urgent", promised, planned, starts, ends, look,
            risk, None if odds is None else round(100 * odds), late, tuple(self._segments(job)) if axis.days <= 7 else (),
            *self._text(planned or promised, window, risk), self._chain(job), why_it_stays(live, number),
        )  # fmt: skip

    def _text(self, span: tuple[float, float] | None, window: Window, risk: Risk) -> tuple[float | None, bool]:
        """Where a batch's name stands, if it has room, and whether its odds have."""
        name = len(grouped(window.treatment)) + (2 if window.urgency == "urgent" else 0)
        if span is None or span[1] < name * LETTER + 12:
            return None, False
        return round(span[0] + 7, 1), bool(risk) and span[1] >= (name + len(" · 99 %")) * LETTER + 12

    def _segments(self, job: Job) -> Iterator[Segment]:
        live = self.live
        assert live is not None
        for task in _steps(live.problem, job):
            span = self.axis.span(*_when(live, task))
            if span is not None:
                title = live.problem.tasks.names[task].title
                yield Segment(span[0], span[1], title, len(title.en) * LETTER * 0.8 < span[1] - 8)

    def _chain(self, job: Job) -> str:
        """Where the job's tasks take something, by the row of its resource."""
        live, axis = self.live, self.axis
        assert live is not None
        problem, uses = live.problem, live.problem.uses
        own = slice(int(uses.first[job.first]), int(uses.first[job.last]))
        starts = np.repeat(live.plan.starts[job.first : job.last], np.diff(uses.first[job.first : job.last + 1]))
        zero, tick = axis.place(problem.begins), problem.tick / DAY * axis.scale
        begins, ends = (zero + tick * (starts + each[own]) for each in (uses.begins, uses.ends))
        left, right = np.maximum(begins, LEFT), np.minimum(ends, WIDTH)
        rows = zip(
            uses.resource[own], left, np.maximum(2.0, right - left), (ends > LEFT) & (begins < WIDTH), strict=True
        )
        return ";".join(f"{row} {x:.1f} {width:.1f}" for row, x, width, within in rows if within)

    @cached_property
    def _loads(self) -> Ints:
        assert self.live is not None
        return loads(self.live.problem, self.live.plan)

    def _groups(self) -> Iterator[Group]:
        if self.live is None:
            return
        problem = self.live.problem
        for title, kinds in GROUPS:
            rows: list[LoadRow] = []
            y = self.top
            for number, resource in enumerate(problem.resources):
                if resource.kind in kinds and problem.capacity[number].max() < MANY:
                    row = self._load_row(number, y)
                    rows.append(row)
                    y += row.height + GAP
            if rows:
                yield Group(title, y, tuple(rows))

    def _titles(self, resource: Resource) -> tuple[Words, Words]:
        """The resource's title, and what stands at the left for want of room."""
        site = self.sites.get(resource.id.partition(":")[2]) if resource.kind == "collection" else None
        if site is not None:
            return (title := Words(site.title_zh, site.title_en)), title
        zh, en = resource.title.zh.split("、"), resource.title.en.split(", ")
        if resource.kind != "operators" or len(zh) == 1:
            return resource.title, resource.title
        return resource.title, Words(f"{zh[0]}等 {len(zh)} 项", f"{en[0]} +{len(en) - 1}")

    def _load_row(self, number: int, y: int) -> LoadRow:
        live, axis = self.live, self.axis
        assert live is not None
        problem, resource = live.problem, live.problem.resources[number]
        first, last = max(0, problem.floor(axis.begins)), min(problem.horizon, problem.ceiling(axis.ends))
        there, taken = problem.capacity[number, first:last], self._loads[number, first:last]
        title, name = self._titles(resource)
        if not len(taken):
            return LoadRow(str(number), title, name, y, STRIP, "", "", "", (), 0, 0)
        busiest = int(np.argmax(taken / np.maximum(there, 0.5)))
        peak, most = int(taken[busiest]), int(there[busiest])
        if axis.days > FINE:
            cells = tuple(_cells(problem, axis, first, there, taken))
            return LoadRow(str(number), title, name, y, STRIP, "", "", "", cells, peak, most)
        scale = (CHART - 4) / max(1, int(there.max()), int(taken.max()))
        at = [axis.place(problem.at(first + each)) for each in range(len(taken) + 1)]
        over = np.where(taken > there, taken, 0)
        paths = [_path(at, each, y + CHART, scale) for each in (there, taken, over)]
        return LoadRow(str(number), title, name, y, CHART, paths[0], paths[1], paths[2], (), peak, most)


def _cells(problem: Problem, axis: Axis, first: int, there: Ints, taken: Ints) -> Iterator[Cell]:
    """Each day's busiest moment."""
    for number in range(axis.days):
        begins = problem.floor(axis.begins + number * DAY) - first
        ends = problem.floor(axis.begins + (number + 1) * DAY) - first
        own = slice(max(0, begins), max(0, ends))
        if not len(taken[own]):
            continue
        share = round(100 * float((taken[own] / np.maximum(there[own], 0.5)).max()))
        level = 3 if bool((taken[own] > there[own]).any()) else 2 if share >= 85 else 1 if share >= 50 else 0
        left = LEFT + number * axis.scale
        yield Cell(round(left, 1), round(left + axis.scale / 2, 1), round(axis.scale - 1, 1), share, level)


def _path(at: Sequence[float], values: Ints, bottom: int, scale: float) -> str:
    """An area under steps, closed at the bottom; empty where all is zero."""
    if not values.any():
        return ""
    changes = [int(each) for each in np.flatnonzero(np.diff(values)) + 1]
    parts = [f"M{max(LEFT, at[0]):.1f} {bottom}V{bottom - values[0] * scale:.1f}"]
    parts += [f"H{max(LEFT, at[each]):.1f}V{bottom - values[each] * scale:.1f}" for each in changes]
    return "".join(parts) + f"H{min(WIDTH, at[len(values)]):.1f}V{bottom}Z"


def _steps(problem: Problem, job: Job) -> Iterator[int]:
    return (task for task in range(job.first, job.last) if problem.tasks.names[task].kind == "step")


def _when(live: LivePlan, task: int) -> tuple[datetime, datetime]:
    start = int(live.plan.starts[task])
    return live.problem.at(start), live.problem.at(start + int(live.problem.tasks.duration[task]))


def _in_suite(live: LivePlan, job: Job) -> tuple[datetime, datetime]:
    """From the first step to the end of the last."""
    spans = [_when(live, task) for task in _steps(live.problem, job)]
    return min(begins for begins, _ in spans), max(ends for _, ends in spans)


def promise(live: LivePlan, number: int) -> tuple[float | None, int]:
    """The odds of a job's promise, and by how many hours the plan is behind it; None where nothing was promised."""
    job, outlook = live.problem.jobs[number], live.outlooks[number]
    if outlook is None or job.promised == NEVER:
        return None, 0
    late = (int(live.plan.starts[job.last - 1]) - job.promised) * live.problem.tick / timedelta(hours=1)
    return outlook.odds, max(0, round(late))


def risk_of(odds: float | None) -> Risk:
    """How the odds of a promise are shown."""
    if odds is None or odds >= SURE:
        return ""
    return "watch" if odds >= DOUBTFUL else "late"


def why_it_stays(live: LivePlan, number: int) -> Words | None:
    """Why a job cannot be put elsewhere: it has begun, with the task that began last. None while nothing of it has."""
    problem, job = live.problem, live.problem.jobs[number]
    began = [task for task in range(job.first, job.last) if int(problem.tasks.fixed[task]) != NEVER]
    if not began:
        return None
    last = problem.tasks.names[max(began, key=lambda task: int(problem.tasks.fixed[task]))].title
    return Words(f"不能移动：“{last.zh}”已开始，已开始的不再改动。", f"It cannot be moved: it has begun ({last.en}).")


def _look(window: Window, now: datetime) -> str:
    stage = STAGES.index(window.stage)
    if window.state or window.held:
        return "stopped"
    if stage > STARTED or (window.ends <= now and stage != STARTED):
        return "done"
    return "running" if stage == STARTED else "planned"


@dataclass(frozen=True, slots=True)
class Link:
    """One task of a chain. state: ``done``, ``running`` or ``planned``."""

    title: Words
    starts: datetime
    ends: datetime
    state: str


def chain(live: LivePlan, number: int) -> tuple[Link, ...]:
    """A patient's tasks in the order of their beginnings."""
    problem, job = live.problem, live.problem.jobs[number]
    links = []
    for task in range(job.first, job.last):
        starts, ends = _when(live, task)
        happened = live.orders[number].happened.get(problem.tasks.names[task].id)
        state = "planned" if happened is None else "done" if happened.ends is not None else "running"
        links.append(Link(problem.tasks.names[task].title, starts, ends, state))
    return tuple(sorted(links, key=lambda each: (each.starts, each.ends)))


def at_risk(live: LivePlan) -> list[tuple[int, Job]]:
    """The jobs whose promise is in doubt, the most doubtful first."""
    doubtful = [
        (odds, number, job)
        for number, job in live.jobs()
        if (odds := promise(live, number)[0]) is not None and risk_of(odds)
    ]
    return [(number, job) for _, number, job in sorted(doubtful, key=lambda each: (each[0], each[1]))]
