"""The independent checker: names each rule that a plan breaks. It shares no code with any solver, and reads only the problem."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from yimai.planning.problem import NEVER, Job, Plan, Problem

Rule = Literal[
    "fixed", "ready", "past", "calendar", "shift", "order", "hold", "capacity", "suite_missing", "suite_taken", "suite_closed",
    "suite_moved", "horizon", "shape",
]  # fmt: skip
SAYS: Final[dict[Rule, tuple[str, str]]] = {
    "fixed": ("has begun already and cannot be moved", "已开始，不能移动"),
    "ready": ("starts before its order is ready", "早于医嘱可采集时间"),
    "past": ("would start in the past", "开始时间已过"),
    "calendar": ("starts when its place does not work", "开始时间不在工作日历内"),
    "shift": ("runs over a change of shift", "跨越交接班"),
    "order": ("starts before what it waits for has ended", "早于前序任务结束"),
    "hold": ("starts after its hold time has run out", "超过最长等待时间"),
    "capacity": ("takes more than there is", "超出可用数量"),
    "suite_missing": ("has no suite", "没有生产单元"),
    "suite_taken": ("shares its suite with another patient", "与另一患者同时占用生产单元"),
    "suite_closed": ("is in a suite that is out of service", "生产单元停用"),
    "suite_moved": ("has left the suite it was begun in", "离开了已开始的生产单元"),
    "horizon": ("ends after the planned time", "超出计划期"),
    "shape": ("does not fit the problem", "与问题不符"),
}


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a plan breaks: which, by which job and task (or of which resource), at which tick, and by how much.

    much: ticks, or for capacity the amount that is too much.
    """

    rule: Rule
    job: str
    what: str
    tick: int
    much: int = 0

    def __str__(self) -> str:
        return f"{self.what} of {self.job} {SAYS[self.rule][0]} (tick {self.tick}, by {self.much})"


def check(problem: Problem, plan: Plan, most: int = 100) -> list[Broken]:
    """What the plan breaks, at most so many; empty when nothing. A plan of another shape is broken as a whole."""
    if len(plan.starts) != len(problem.tasks.names) or len(plan.suite) != len(problem.jobs):
        return [Broken("shape", "", "the plan", 0)]
    found: list[Broken] = []
    for rule in (_moments, _order, _capacity, _suites):
        for broken in rule(problem, plan):
            found.append(broken)
            if len(found) >= most:
                return found
    return found


def _tasks(problem: Problem) -> Iterator[tuple[Job, int]]:
    for job in problem.jobs:
        for task in range(job.first, job.last):
            yield job, task


def _end(problem: Problem, plan: Plan, task: int) -> int:
    return int(plan.starts[task]) + int(problem.tasks.duration[task])


def _moments(problem: Problem, plan: Plan) -> Iterator[Broken]:
    """Each task by itself: fixed, in the past, its calendar, its shift, its order's readiness."""
    tasks = problem.tasks
    for job, task in _tasks(problem):
        start, end, name = int(plan.starts[task]), _end(problem, plan, task), tasks.names[task].id
        fixed = int(tasks.fixed[task])
        if fixed != NEVER:
            if start != fixed:
                yield Broken("fixed", job.id, name, start, abs(start - fixed))
            continue
        if start < problem.now:
            yield Broken("past", job.id, name, start, problem.now - start)
            continue
        if end > problem.horizon or start >= problem.horizon:
            yield Broken("horizon", job.id, name, start, end - problem.horizon)
            continue
        if tasks.names[task].kind == "collection" and start < job.ready:
            yield Broken("ready", job.id, name, start, job.ready - start)
        calendar = int(tasks.calendar[task])
        if calendar != NEVER and not problem.calendars[calendar, start]:
            yield Broken("calendar", job.id, name, start)
        if tasks.within_shift[task] and end > start and problem.shift[start] != problem.shift[end - 1]:
            yield Broken("shift", job.id, name, start)


def _order(problem: Problem, plan: Plan) -> Iterator[Broken]:
    """What each task waits for, and how long at most; between two things that have happened nothing can be kept any more."""
    lags, tasks = problem.lags, problem.tasks
    for job, task in _tasks(problem):
        if tasks.fixed[task] != NEVER:
            continue
        for number in range(int(lags.first[task]), int(lags.first[task + 1])):
            before = int(lags.after[number])
            waited = int(plan.starts[task]) - _end(problem, plan, before)
            least, most = int(lags.minimum[number]), int(lags.maximum[number])
            if waited < least:
                yield Broken("order", job.id, tasks.names[task].id, int(plan.starts[task]), least - waited)
            if most != NEVER and waited > most:
                yield Broken("hold", job.id, tasks.names[task].id, int(plan.starts[task]), waited - most)


Change = dict[int, dict[int, list[int]]]
"""By resource and tick: how much more is taken from that tick on, of all and of what has begun."""


def _loads(problem: Problem, plan: Plan) -> Change:
    change: Change = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    uses, spans, fixed = problem.uses, problem.spans, problem.tasks.fixed

    def take(resource: int, begins: int, ends: int, amount: int, begun: bool) -> None:
        for tick, more in ((begins, amount), (ends, -amount)):
            change[resource][tick][0] += more
            change[resource][tick][1] += more * begun

    for _, task in _tasks(problem):
        start = int(plan.starts[task])
        for number in range(int(uses.first[task]), int(uses.first[task + 1])):
            begins, ends = start + int(uses.begins[number]), start + int(uses.ends[number])
            take(int(uses.resource[number]), begins, ends, int(uses.amount[number]), fixed[task] != NEVER)
    for number in range(len(spans.job)):
        opens, closes = _held(problem, plan, number)
        take(int(spans.resource[number]), opens, closes, 1, fixed[int(spans.opens[number])] != NEVER)
    return change


def _held(problem: Problem, plan: Plan, span: int) -> tuple[int, int]:
    spans = problem.spans
    closes = int(spans.closes[span])
    last = int(plan.starts[closes]) if spans.until_start[span] else _end(problem, plan, closes)
    return int(plan.starts[int(spans.opens[span])]), last + int(spans.extra[span])


def _capacity(problem: Problem, plan: Plan) -> Iterator[Broken]:
    """No resource is taken beyond its capacity from now on; what has begun already may be more than that, but nothing is added to it."""
    for resource, change in sorted(_loads(problem, plan).items()):
        taken = begun = 0
        moments = sorted(change)
        for position, moment in enumerate(moments):
            taken, begun = taken + change[moment][0], begun + change[moment][1]
            until = moments[position + 1] if position + 1 < len(moments) else moment
            for tick in range(max(moment, problem.now), min(until, problem.horizon)):
                over = taken - max(begun, int(problem.capacity[resource, tick]))
                if over > 0:
                    yield Broken("capacity", "", problem.resources[resource].id, tick, over)
                    break


def _suites(problem: Problem, plan: Plan) -> Iterator[Broken]:
    """One patient in a suite at a time, from line clearance to line clearance; a batch that was begun stays where it is."""
    held: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    spans = problem.spans
    for number in range(len(spans.job)):
        if problem.resources[int(spans.resource[number])].kind != "suites":
            continue
        job = problem.jobs[int(spans.job[number])]
        opens, closes = _held(problem, plan, number)
        suite = int(plan.suite[int(spans.job[number])])
        if not 0 <= suite < len(problem.suites):
            yield Broken("suite_missing", job.id, "batch", opens)
            continue
        begun = problem.tasks.fixed[int(spans.opens[number])] != NEVER
        if begun and job.suite != NEVER and suite != job.suite:
            yield Broken("suite_moved", job.id, problem.suites[suite], opens)
        closed = problem.suite_closed[suite, max(0, opens) : min(closes, problem.horizon)]
        if not begun and closed.any():
            yield Broken("suite_closed", job.id, problem.suites[suite], opens, int(closed.sum()))
        held[suite].append((opens, closes, job.id))
    for suite, intervals in sorted(held.items()):
        free = problem.now
        for opens, closes, job_id in sorted(intervals):
            if max(opens, problem.now) < free and closes > problem.now:
                yield Broken("suite_taken", job_id, problem.suites[suite], opens, free - opens)
            free = max(free, closes)
