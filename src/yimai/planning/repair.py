"""Slot repair: what can be done when something has broken, as a few ranked options with what each means for every patient.

The disruption makes a new problem (a suite closed, a person away, a batch to be made again …); the timetable as it was promised is carried
over to it. Each way of mending it is searched for with another price on a moved promise, other weights or more people, and what was
promised is what is due. What comes out alike is shown once, and what is worse in every respect only where there is little else. Nothing is
applied here: somebody decides, signs, and an action does it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from yimai.domain.recipe import Words
from yimai.planning.bounds import Bound, lower_bounds
from yimai.planning.build import OrderBook
from yimai.planning.check import check
from yimai.planning.disruption import Disruption, disrupted
from yimai.planning.forecast import forecast
from yimai.planning.problem import NEVER, Job, Plan, Problem
from yimai.planning.staying import Staying, costs_of, staying_of
from yimai.planning.timetable import schedule

Lost = frozenset[tuple[str, str]]
"""Holds that have run out whatever is done now: of which job, and of which task."""
HOUR: Final = timedelta(hours=1)
OVERTIME: Final = timedelta(days=21)
"""For how long the option with overtime asks for more people."""
PREFERRED: Final = 10.0
"""How many times more the urgent count in the option that puts them first."""
WAYS: Final = 7
FEW, MOST = 3, 5
"""With fewer options than the first those are shown too that are worse in every respect; with more than the last the last are not."""
FEWEST: Final = Words("改动承诺最少", "Fewest promises moved")
NOBODY_ELSE: Final = Words("不动其他患者", "Nobody else moved")
SOONEST: Final = Words("总延误最少", "Least delay in all")
URGENT: Final = Words("紧急患者优先", "The urgent first")
SHARED: Final = Words("延误由多人分担", "The delay shared by several")
SAME_SUITE: Final = Words("留在原生产单元，等其恢复", "Nobody changes suites: wait until it is back")
SURER: Final = Words("承诺稍晚但更有把握", "A later promise that is surer")
SURE: Final = 0.95
"""The odds of what is promised in that option."""
MORE_PEOPLE: Final = Words("加班：每班多一名操作员，为期三周", "Overtime: one more operator a shift for three weeks")


@dataclass(frozen=True, slots=True)
class Change:
    """What an option means for one patient.

    job: its number. promised, promise: when the infusion was promised, and is now; collection_before, collection: the same of the
    collection; suite_before, suite: by name, "" for none. odds: of keeping the new promise. promise, collection and odds are None for a
    patient for whom there is no room.
    """

    job: int
    treatment: str
    urgency: str
    promised: datetime
    promise: datetime | None
    collection_before: datetime
    collection: datetime | None
    suite_before: str
    suite: str
    odds: float | None

    @property
    def delay(self) -> float:
        """Hours by which the infusion is later than promised; 0 without a place."""
        return (self.promise - self.promised) / HOUR if self.promise is not None else 0.0

    @property
    def moved(self) -> bool:
        """Whether a promise is moved: the collection, or the infusion to a later moment, or there is no room at all."""
        return self.promise is None or self.promise > self.promised or self.collection != self.collection_before


@dataclass(frozen=True, slots=True)
class Option:
    """One way to mend the timetable.

    problem: under which the plan holds, with more people where the option asks for them. changes: of every patient who is affected, the
    most delayed first. moved: how many promises it moves. delay: their hours of delay, weighted by urgency; urgent: those of the most
    urgent alone; worst: the longest of them, weighted. unplaced: jobs, by number, for whom there is no room.
    """

    name: Words
    problem: Problem
    plan: Plan
    changes: tuple[Change, ...]
    moved: int
    delay: float
    urgent: float
    worst: float
    unplaced: tuple[int, ...]

    @property
    def marks(self) -> tuple[float, ...]:
        """By what options are compared; of each less is better."""
        return len(self.unplaced), self.moved, self.delay, self.urgent, self.worst


@dataclass(frozen=True, slots=True)
class Search:
    """How long each way is searched for: moves, or with a stopwatch these seconds at most, all ways together."""

    moves: int = 4_000
    seed: int = 1
    stopwatch: Callable[[], float] | None = None
    seconds: float = 0.0


def options(
    book: OrderBook,
    timetable: Plan,
    disruptions: Sequence[Disruption],
    chance: np.random.Generator,
    search: Search | None = None,
) -> tuple[Option, ...]:
    """The ways to go on when all this happens to the timetable of ``book.problem()``, as ``mended`` ranks them. Raises NotThere."""
    broken = disrupted(book, disruptions).problem()
    return mended(broken, carried(book.problem(), timetable, broken), chance, search)


def mended(
    problem: Problem,
    before: Plan,
    chance: np.random.Generator,
    search: Search | None = None,
    lost: Lost = frozenset(),
) -> tuple[Option, ...]:
    """The distinct ways to go on from a plan that no longer holds: the fewest moved promises first, of those the least weighted delay.

    before: the promised plan, carried over to this problem (``carried``). Every option has passed the checker but for patients without
    room, whom it names, and for holds that are ``lost`` already. One option alone that moves no promise: the plan holds, perhaps in other
    suites. At most five.
    """
    search, problem = search or Search(), _held(problem, before)
    found: list[Option] = []
    for number, (name, under, staying, moves) in enumerate(_ways(problem, before, found)):
        limit = search.seconds * (number + 1) / WAYS
        way = schedule(
            under, staying=staying, start=before, moves=moves * search.moves, seed=search.seed,
            stopwatch=search.stopwatch, seconds=limit,
        )  # fmt: skip
        under = replace(under, jobs=problem.jobs)
        option = _option(name, under, before, settled(under, way.plan, before), way.unplaced, chance)
        if way.unplaced and name is SAME_SUITE:
            continue
        if _holds(option, lost) and all(_meaning(option) != _meaning(other) for other in found):
            found.append(option)
        if found and not found[-1].moved:
            found = found[-1:]
            break
    found.sort(key=lambda each: each.marks)
    if found and found[0].moved and len(found) < MOST and (surer := _surer(found[0], before, chance, lost)) is not None:
        found.append(surer)
    worse = [each for each in found if any(_beats(other, each) for other in found)]
    kept = [each for each in found if each not in worse][:MOST]
    kept += worse[: max(0, FEW - len(kept))]
    return tuple(_named(each, found) for each in sorted(kept, key=lambda each: each.marks))


def lost_holds(problem: Problem, plan: Plan) -> Lost:
    """The holds that this plan breaks: a step before has begun, and what should follow cannot come in time."""
    return frozenset((each.job, each.what) for each in check(problem, plan, most=2**30) if each.rule == "hold")


def as_promised(problem: Problem, before: Plan) -> Problem:
    """The problem in which what was promised is what is due."""
    promised = before.starts[[job.last - 1 for job in problem.jobs]].tolist()
    due = tuple(job if at == NEVER else replace(job, due=at) for job, at in zip(problem.jobs, promised, strict=True))
    return replace(problem, jobs=due)


def cost_and_bound(option: Option, before: Plan) -> tuple[float, Bound]:
    """What an option's delays and waits cost in weighted hours, moved promises apart, and what no plan has less than with these people."""
    problem = as_promised(option.problem, before)
    cost = float(costs_of(problem, option.plan.starts).sum()) * (problem.tick / HOUR)
    return cost, lower_bounds(problem, option.plan)[0]


def _held(problem: Problem, before: Plan) -> Problem:
    """The problem in which a batch that runs stays in its suite until it is done, even if the suite is to be out of use."""
    spans, closed, capacity = problem.spans, problem.suite_closed.copy(), problem.capacity.copy()
    for number, opens in enumerate(spans.opens.tolist()):
        if problem.resources[spans.resource[number]].kind != "suites" or problem.tasks.fixed[opens] == NEVER:
            continue
        closes, suite = int(spans.closes[number]), problem.jobs[spans.job[number]].suite
        if suite != NEVER and before.starts[closes] != NEVER:
            ends = int(before.starts[closes]) + int(problem.tasks.duration[closes]) + int(spans.extra[number])
            own = slice(problem.now, ends)
            capacity[spans.resource[number], own] += problem.suite_closed[suite, own]
            closed[suite, own] = True
    return replace(problem, suite_closed=closed, capacity=capacity)


def settled(problem: Problem, plan: Plan, before: Plan) -> Plan:
    """The plan with batches in the suites in which they were before, where that can be: the search takes any that is free.

    In the order in which they begin, a batch's suite and the one it was in change places from its beginning on, with all that follows.
    """
    suite, spans, length = plan.suite.copy(), problem.spans, problem.tasks.duration
    held: list[tuple[int, int, int]] = []
    for number, closes in enumerate(spans.closes.tolist()):
        job = int(spans.job[number])
        if problem.resources[spans.resource[number]].kind == "suites" and suite[job] != NEVER:
            begins, ends = int(plan.starts[spans.opens[number]]), int(plan.starts[closes] + length[closes])
            held.append((begins, ends + int(spans.extra[number]), job))
    for begins, _, job in sorted(held):
        wanted, mine = int(before.suite[job]), int(suite[job])
        if wanted in (NEVER, mine) or begins < problem.now:
            continue
        if any(suite[other] == wanted and first < begins < ends for first, ends, other in held):
            continue
        tails = [
            (first, ends, other) for first, ends, other in held if first >= begins and suite[other] in (wanted, mine)
        ]
        other_one = {wanted: mine, mine: wanted}
        if not any(
            problem.suite_closed[other_one[int(suite[other])], first:ends].any() for first, ends, other in tails
        ):
            for _, _, other in tails:
                suite[other] = other_one[int(suite[other])]
    return Plan(plan.starts, suite)


def carried(before: Problem, plan: Plan, after: Problem) -> Plan:
    """The plan of one problem as far as it concerns another: by the jobs' and tasks' names; NEVER for what it did not know."""
    known = {job.id: (number, job) for number, job in enumerate(before.jobs)}
    starts = np.full(len(after.tasks.names), NEVER, np.int32)
    suite = np.full(len(after.jobs), NEVER, np.int32)
    for number, job in enumerate(after.jobs):
        if job.id not in known:
            continue
        old_number, old = known[job.id]
        at = {before.tasks.names[task].id: int(plan.starts[task]) for task in range(old.first, old.last)}
        for task in range(job.first, job.last):
            start = at.get(after.tasks.names[task].id, NEVER)
            if start != NEVER:
                starts[task] = max(0, after.floor(before.at(start)))
        if plan.suite[old_number] != NEVER and before.suites[plan.suite[old_number]] in after.suites:
            suite[number] = after.suites.index(before.suites[plan.suite[old_number]])
    return Plan(starts, suite)


def _ways(problem: Problem, before: Plan, found: Sequence[Option]) -> Iterator[tuple[Words, Problem, Staying, int]]:
    """Name, problem to search in, price of moved promises, and whether to search on after the first mending; the last way is to
    let nobody wait for longer than half of what somebody has to by those found until then."""
    problem = as_promised(problem, before)
    yield NOBODY_ELSE, problem, staying_of(problem, plan=before), 0
    yield FEWEST, problem, staying_of(problem, moved=500, plan=before), 1
    yield SOONEST, problem, staying_of(problem, moved=2, plan=before), 1
    most = max((job.weight for job in problem.jobs), default=0)
    if any(job.weight != most for job in problem.jobs):
        jobs = tuple(replace(job, weight=job.weight * PREFERRED) if job.weight == most else job for job in problem.jobs)
        yield URGENT, replace(problem, jobs=jobs), staying_of(problem, moved=5, plan=before), 1
    capacity = problem.capacity.copy()
    until = min(problem.horizon, problem.now + OVERTIME // problem.tick)
    for number, resource in enumerate(problem.resources):
        if resource.kind == "operators":
            window = capacity[number, problem.now : until]
            window[window > 0] += 1
    yield MORE_PEOPLE, replace(problem, capacity=capacity), staying_of(problem, moved=50, plan=before), 1
    half = round(min((each.worst for each in found), default=0) / 2 * HOUR / problem.tick)
    jobs = tuple(job if job.due == NEVER else replace(job, due=job.due + half) for job in problem.jobs)
    yield SHARED, replace(problem, jobs=jobs), staying_of(problem, moved=2, plan=before), 1
    if len(found) < FEW:
        suites = before.suite.tolist()
        jobs = tuple(
            job if suite == NEVER else replace(job, suite=suite)
            for job, suite in zip(problem.jobs, suites, strict=True)
        )
        yield SAME_SUITE, replace(problem, jobs=jobs), staying_of(problem, moved=500, plan=before), 1


def _surer(option: Option, before: Plan, chance: np.random.Generator, lost: Lost) -> Option | None:
    """The option with those promises that it moves anyhow made so late that they are all but sure; None where they are already, or cannot be."""
    problem, starts = option.problem, option.plan.starts.copy()
    for each in option.changes:
        if each.odds is None or each.odds >= SURE or not each.moved:
            continue
        job = problem.jobs[each.job]
        told = forecast(problem, option.plan, job, chance)
        at = int(np.ceil(np.quantile(told.infusion, SURE)))
        row = int(problem.tasks.calendar[job.last - 1])
        opens = np.ones(problem.horizon, np.bool_) if row == NEVER else problem.calendars[row]
        later = np.flatnonzero(opens[at:])
        if not len(later):
            return None
        starts[job.last - 1] = at + int(later[0])
    if np.array_equal(starts, option.plan.starts):
        return None
    surer = _option(SURER, problem, before, Plan(starts, option.plan.suite), option.unplaced, chance)
    return surer if _holds(surer, lost) else None


def _option(
    name: Words, problem: Problem, before: Plan, plan: Plan, unplaced: tuple[int, ...], chance: np.random.Generator
) -> Option:
    changes = [
        _change(problem, before, plan, number, job, chance, number not in unplaced)
        for number, job in enumerate(problem.jobs)
        if before.starts[job.last - 1] != NEVER and (number in unplaced or _differs(before, plan, number, job))
    ]
    changes.sort(key=lambda each: (each.promise is not None, -each.delay, not each.moved, each.job))
    delays = [max(0.0, each.delay) * problem.jobs[each.job].weight for each in changes]
    most = max((job.weight for job in problem.jobs), default=0)
    urgent = sum(hours for hours, each in zip(delays, changes, strict=True) if problem.jobs[each.job].weight == most)
    moved = sum(each.moved for each in changes)
    return Option(name, problem, plan, tuple(changes), moved, sum(delays), urgent, max(delays, default=0.0), unplaced)


def _differs(before: Plan, plan: Plan, number: int, job: Job) -> bool:
    """Whether something that the patient was promised is another now: collection, infusion or suite."""
    ends = [job.first, job.last - 1]
    return bool((plan.starts[ends] != before.starts[ends]).any() or plan.suite[number] != before.suite[number])


def _change(
    problem: Problem, before: Plan, plan: Plan, number: int, job: Job, chance: np.random.Generator, placed: bool
) -> Change:
    infusion, suite = int(plan.starts[job.last - 1]), int(plan.suite[number])
    promised = int(before.starts[job.last - 1]) if job.promised == NEVER else job.promised
    collected = problem.tasks.fixed[job.first] != NEVER
    collection = (
        int(before.starts[job.first]) if collected or job.promised_collection == NEVER else job.promised_collection
    )
    return Change(
        job=number,
        treatment=job.id,
        urgency=job.urgency,
        promised=problem.at(promised),
        promise=problem.at(infusion) if placed else None,
        collection_before=problem.at(collection),
        collection=problem.at(int(plan.starts[job.first])) if placed else None,
        suite_before=_suite(problem, int(before.suite[number])),
        suite=_suite(problem, suite) if placed else "",
        odds=forecast(problem, plan, job, chance).odds(infusion) if placed else None,
    )


def _suite(problem: Problem, number: int) -> str:
    return "" if number == NEVER else problem.suites[number]


def _holds(option: Option, lost: Lost) -> bool:
    """Whether the checker passes the plan, but for those who have no place in it and take nothing, and for what is lost already."""
    broken = check(option.problem, option.plan, most=2**30, without=option.unplaced)
    return all(each.rule == "hold" and (each.job, each.what) in lost for each in broken)


def _meaning(option: Option) -> object:
    """What the option means for the patients; of two with the same meaning that which asks for less stands."""
    return {(each.job, each.promise, each.collection) for each in option.changes if each.moved}


def _beats(one: Option, other: Option) -> bool:
    """Whether one is better in some respect, worse in none, and asks for no more people unless the other does."""
    fair = one.name != MORE_PEOPLE or other.name == MORE_PEOPLE
    return fair and one.marks != other.marks and all(a <= b for a, b in zip(one.marks, other.marks, strict=True))


def _named(option: Option, among: Sequence[Option]) -> Option:
    """The option under a name that holds: a way that did not reach the best of what it seeks only shares the delay otherwise."""
    others = [each for each in among if each.name != MORE_PEOPLE]
    best = {
        FEWEST: option.moved <= min((each.moved for each in others), default=0),
        SOONEST: option.delay <= min((each.delay for each in others), default=0),
        URGENT: option.urgent <= min((each.urgent for each in others), default=0),
    }
    return option if best.get(option.name, True) else replace(option, name=SHARED)
