"""What has gone otherwise than planned, as the facts tell: named on the timetable, each with the repair that answers it filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from itertools import chain
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from yimai.domain.recipe import Words
from yimai.interfaces.web.live_plan import LivePlan
from yimai.planning.problem import NEVER, Task

HOUR: Final = timedelta(hours=1)
FAST: Final = timedelta(hours=12)
FASTER: Final = 0.15
"""A step was fast if it ended by so much, and by this share of what is usual, sooner."""
MORE: Final = 0.25
"""By what share of its time so far a task that is late already is first said to go on."""


@dataclass(frozen=True, slots=True)
class News:
    """Something that went otherwise than planned. repair: the page with it filled in."""

    treatment: str
    hospital: str
    said: Words
    repair: str


def news(live: LivePlan, zone: tzinfo) -> list[News]:
    """By treatment, in the order of the plan: collections that did not come about, tasks that are late, cells that grow fast."""
    found: list[News] = []
    for number, job in enumerate(live.problem.jobs):
        of = (
            _not_collected(live, number, zone),
            _too_old(live, number, zone),
            _late(live, number),
            _fast(live, number),
        )
        for said, given in chain.from_iterable(of):
            link = f"{reverse('repair')}?{urlencode({**given, 'treatment': job.id})}"
            found.append(News(job.id, job.hospital, said, link))
    return found


def _not_collected(live: LivePlan, number: int, zone: tzinfo) -> Iterator[tuple[Words, dict[str, str]]]:
    """A collection that was due and has not begun: it failed, or nobody came."""
    job = live.problem.jobs[number]
    promised = live.found.itineraries.get(job.id)
    if promised is None or live.problem.tasks.fixed[job.first] != NEVER or promised.collection + HOUR > live.made:
        return
    due = f"{promised.collection.astimezone(zone):%Y-%m-%d %H:%M}"
    again = f"{(live.made + timedelta(days=1)).astimezone(zone):%Y-%m-%dT%H:%M}"
    yield (
        Words(f"原定 {due} 的采集未完成：失败或未到", f"Not collected, though due at {due}: it failed, or nobody came"),
        {"what": "again", "from": again},
    )


def not_begun(live: LivePlan, number: int) -> bool:
    """Whether the patient was collected and the batch was not begun."""
    return bool(live.problem.tasks.fixed[live.problem.jobs[number].first] != NEVER) and not begun(live, number)


def begun(live: LivePlan, number: int) -> bool:
    """Whether the batch was begun."""
    problem, job = live.problem, live.problem.jobs[number]
    first = next(task for task in range(job.first, job.last) if problem.tasks.names[task].kind == "step")
    return bool(problem.tasks.fixed[first] != NEVER)


def _too_old(live: LivePlan, number: int, zone: tzinfo) -> Iterator[tuple[Words, dict[str, str]]]:
    """Material that cannot be begun while it is fresh enough."""
    problem, job = live.problem, live.problem.jobs[number]
    promised, most = live.found.itineraries.get(job.id), live.found.recipes[number].starting_material.fresh_maximum
    if promised is None or live.outlooks[number] is None or not not_begun(live, number):
        return
    first = next(task for task in range(job.first, job.last) if problem.tasks.names[task].kind == "step")
    if problem.at(int(live.plan.starts[first])) - promised.collection > most:
        again = f"{(live.made + timedelta(days=1)).astimezone(zone):%Y-%m-%dT%H:%M}"
        yield (
            Words(
                f"物料在可开始生产前将超过 {most // HOUR} 小时的保存期：须重新采集",
                f"The material will be older than {most // HOUR} h before its batch can begin: collect again",
            ),
            {"what": "again", "from": again},
        )


def running(live: LivePlan, number: int) -> list[int]:
    """The tasks of a job that were begun and are not done, of those that can take longer and that its infusion waits for.

    A step, which a test only goes beside, first; then the last begun.
    """
    problem, job = live.problem, live.problem.jobs[number]
    fixed, length, names = problem.tasks.fixed, problem.tasks.duration, problem.tasks.names
    afterwards = {f"test:{each.id}" for each in live.found.recipes[number].tests if each.stage == "final"}
    going = [
        task
        for task in range(job.first, job.last)
        if fixed[task] != NEVER and fixed[task] + length[task] > problem.now
        and names[task].id.partition(":")[0] in ("step", "test", "inbound", "outbound") and names[task].id not in afterwards
    ]  # fmt: skip
    return sorted(going, key=lambda task: (names[task].kind == "step", fixed[task], task), reverse=True)


def _late(live: LivePlan, number: int) -> Iterator[tuple[Words, dict[str, str]]]:
    """Tasks that have run for longer than they were planned to: cells grow slowly, a test is repeated, a courier is late."""
    problem = live.problem
    for task in running(live, number):
        if problem.tasks.fixed[task] + problem.tasks.duration[task] > problem.now + 1:
            continue
        name, so_far = problem.tasks.names[task], (problem.now - int(problem.tasks.fixed[task])) * problem.tick
        usual = timedelta(hours=float(problem.tasks.median[task]) * (problem.tick / HOUR))
        hours = max(1, -(-(max(timedelta(0), so_far - usual) + MORE * so_far) // HOUR))
        yield (
            Words(
                f"{name.title.zh}：已进行 {so_far // HOUR} 小时，超过计划时长",
                f"{name.title.en}: has gone on for {so_far // HOUR} h, longer than planned",
            ),
            {"what": "longer", "step": name.id, "hours": str(hours)},
        )


def _fast(live: LivePlan, number: int) -> Iterator[tuple[Words, dict[str, str]]]:
    """The step done last took much less than usual: the next may do so too, and its people are wanted sooner."""
    steps = {f"step:{each.id}": each for each in live.found.recipes[number].steps}
    happened = live.orders[number].happened
    done = [(each.ends, task) for task, each in happened.items() if task in steps and each.ends is not None]
    if not done:
        return
    ends, last = max(done)
    usual, took = steps[last].duration.median, ends - happened[last].starts
    if usual - took < max(FAST, FASTER * usual):
        return
    after = _next(live, number)
    if after is None:
        return
    sooner, title = (usual - took) // HOUR, steps[last].title
    yield (
        Words(
            f"{title.zh}比通常提前 {sooner} 小时结束：细胞生长快，{after.title.zh}可能也会提前",
            f"{title.en} ended {sooner} h sooner than usual: the cells grow fast, and {after.title.en} may end sooner too",
        ),
        {"what": "sooner", "step": after.id, "hours": str(sooner)},
    )


def _next(live: LivePlan, number: int) -> Task | None:
    """The step that runs, or the first that has not begun."""
    problem, job = live.problem, live.problem.jobs[number]
    going = running(live, number)
    if going and problem.tasks.names[going[0]].kind == "step":
        return problem.tasks.names[going[0]]
    waiting = (each for each in range(job.first, job.last) if problem.tasks.fixed[each] == NEVER)
    return next((problem.tasks.names[each] for each in waiting if problem.tasks.names[each].kind == "step"), None)
