"""What can be done when something has broken: the planner's options for the live plan, and the slots that each of them moves."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np

from yimai.domain.recipe import Recipe
from yimai.domain.slot import Itinerary
from yimai.domain.timetable import Disruption, Move, Way
from yimai.interfaces.web.behind import Behind
from yimai.interfaces.web.distance import Distance
from yimai.interfaces.web.live_plan import LivePlan
from yimai.planning import disruption as planned
from yimai.planning import repair
from yimai.planning.check import Broken, check
from yimai.planning.forecast import forecast
from yimai.planning.problem import NEVER, Plan, Problem
from yimai.planning.repair import Change, Option, Search
from yimai.planning.staying import staying_of
from yimai.planning.timetable import schedule

MOVES: Final = 2_000
KEPT: Final = 32
SEEDS: Final = (1, 2, 3)
"""Searched with one after another while there are few options."""
PATIENCE: Final = 6.0
"""Seconds for which a page waits for the options."""
OUT_OF_USE: Final = frozenset({"suite_down", "equipment_down", "person_away"})
SOON: Final = timedelta(days=1)
"""A patient is collected again after this time at the earliest."""
HOUR: Final = timedelta(hours=1)
WAYS: Final[Mapping[str, Way]] = {
    repair.NOBODY_ELSE.en: "nobody_else",
    repair.FEWEST.en: "fewest_moved",
    repair.SOONEST.en: "least_delay",
    repair.URGENT.en: "urgent_first",
    repair.SHARED.en: "delay_shared",
    repair.MORE_PEOPLE.en: "overtime",
    repair.SAME_SUITE.en: "same_suite",
    repair.SURER.en: "surer_promise",
}


@dataclass(frozen=True)
class Repair:
    """One option and what it moves. code: as a form posts it. moves: the slots; also those that only give way in their suite.

    wished: what becomes of the treatment whose slot somebody wished to move, None without such a wish. distance: from the least delay.
    odds: of keeping what each moved treatment is promised then; None where it is not known how long things wait. again: whose material
    no suite can take in time, so that it is collected again.
    """

    option: Option
    way: Way
    moves: tuple[Move, ...]
    code: str
    wished: Change | None
    distance: Distance
    odds: Mapping[str, float | None]
    again: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chosen:
    """What a form's code says."""

    disruptions: tuple[Disruption, ...]
    way: Way
    moves: tuple[Move, ...]


found: Final[Behind[tuple[Repair, ...]]] = Behind(KEPT)
shown: Final[Behind[Repair]] = Behind(KEPT * repair.MOST)
"""What a form's code stands for, so that the odds are the same where one chooses and where one signs."""


def options(live: LivePlan, happened: tuple[Disruption, ...]) -> tuple[Repair, ...] | None:
    """The ranked ways to go on; None while they are still being computed. Raises NotThere."""
    key = (live.position, live.made, tuple(live.found.itineraries), happened)
    known = found.get(key)
    if known is not None:
        return known
    planner = *_planners(happened), *_still_out(live, happened)
    planned.disrupted(live.found.book, planner)
    return found.begin(key, lambda: _options(live, happened, planner), PATIENCE)


def _planners(happened: Sequence[Disruption]) -> Iterator[planned.Disruption]:
    """The same in the planner's words."""
    for each in happened:
        if each.struck in OUT_OF_USE:
            assert each.ends is not None
            yield planned.Unavailable(each.suite or each.equipment or each.person, each.begins, each.ends)
        elif each.struck == "collected_again":
            yield planned.CollectedAgain(each.treatment, each.begins)
        elif each.struck in ("takes_longer", "ends_sooner"):
            assert each.ends is not None
            by = each.ends - each.begins
            yield planned.Longer(each.treatment, each.step, by if each.struck == "takes_longer" else -by)


def _still_out(live: LivePlan, happened: Sequence[Disruption]) -> Iterator[planned.Disruption]:
    """What is out of use or away besides; of what has happened just now the scheduler says until when."""
    base = live.found.book.base
    known = {
        *(each.id for each in base.suites),
        *(each.id for each in base.people),
        *(each.id for each in base.equipment),
    }
    named = {each.suite or each.equipment or each.person for each in happened}
    for name, span in live.found.out.items():
        if name not in named and name in known:
            yield planned.Unavailable(name, *span)


def _options(
    live: LivePlan, happened: tuple[Disruption, ...], planner: tuple[planned.Disruption, ...]
) -> tuple[Repair, ...]:
    """The ways to go on; where something is out of use and there is none, those that collect again whose material it spoils."""
    problem, start, lost = _broken(live, happened, planner)
    made = _searched(live, happened, problem, start, lost)
    if made or not all(each.struck in OUT_OF_USE for each in happened):
        return made
    spoilt = _spoilt(problem, start, lost)
    anew = tuple(Disruption("collected_again", _hour_after(live.made + SOON), treatment=each) for each in spoilt)
    if not anew:
        return ()
    both = *happened, *anew
    made = _searched(live, both, *_broken(live, both, (*planner, *_planners(anew))))
    return tuple(replace(each, again=spoilt) for each in made)


def _broken(
    live: LivePlan, happened: tuple[Disruption, ...], planner: tuple[planned.Disruption, ...]
) -> tuple[Problem, Plan, repair.Lost]:
    """The problem once all this has happened, what was promised as far as it concerns it, and the holds that are lost already."""
    book, before = live.found.book, promised(live)
    problem, whole = (_fresh_as_slots_count(each.problem()) for each in (planned.disrupted(book, planner), book))
    start, lost = repair.carried(whole, before, problem), repair.lost_holds(whole, before)
    wish = wished(happened)
    return (*(_wishing(problem, start, wish) if wish is not None else (problem, start)), lost)


def _fresh_as_slots_count(problem: Problem) -> Problem:
    """The problem in which fresh material keeps from the beginning of its collection on, as the rule of slots counts: the recipe's hold
    counts from the end, so that a way might be found that nobody could sign."""
    lags, tasks = problem.lags, problem.tasks
    drawn = np.array([each.id == "collection" for each in tasks.names], np.bool_)[lags.after]
    holds = drawn & (lags.maximum != NEVER) & (tasks.fixed[lags.after] == NEVER)
    maximum = np.where(holds, lags.maximum - tasks.duration[lags.after], lags.maximum).astype(lags.maximum.dtype)
    return replace(problem, lags=replace(lags, maximum=maximum))


def _searched(
    live: LivePlan, happened: tuple[Disruption, ...], problem: Problem, start: Plan, lost: repair.Lost
) -> tuple[Repair, ...]:
    ways: list[Option] = []
    for seed in SEEDS:
        if len(ways) < repair.FEW and (not ways or ways[0].moved):
            more = repair.mended(problem, start, np.random.default_rng(seed), Search(moves=MOVES, seed=seed), lost)
            known = {repair.SURER} if any(each.name == repair.SURER for each in ways) else set()
            ways += [each for each in more if _meaning(each) not in map(_meaning, ways) and each.name not in known]
    ways.sort(key=lambda each: each.marks)
    made = (_repair(live, option, happened, start) for option in ways)
    return tuple(each for each in made if not _too_old(live, each))[: repair.MOST]


def _spoilt(problem: Problem, start: Plan, lost: repair.Lost) -> tuple[str, ...]:
    """The treatments whose material is drawn and finds no suite before it is too old, however the others are moved."""
    best = schedule(problem, staying=staying_of(problem, moved=2, plan=start), start=start, moves=MOVES)
    late = {job for job, _ in repair.lost_holds(problem, best.plan) - lost}
    return tuple(
        job.id
        for number, job in enumerate(problem.jobs)
        if (job.id in late or number in best.unplaced)
        and problem.tasks.fixed[job.first] != NEVER
        and problem.tasks.fixed[_first_step(problem, number)] == NEVER
    )


def _hour_after(at: datetime) -> datetime:
    return (at + HOUR).replace(minute=0, second=0, microsecond=0)


def _too_old(live: LivePlan, made: Repair) -> bool:
    """Whether somebody's material, fresh as it is, would be too old at its batch's beginning: that cannot be signed."""
    return any(
        each.itinerary.starts - each.itinerary.collection
        > _recipe(live, each.treatment).starting_material.fresh_maximum
        for each in made.moves
        if each.itinerary.starts >= made.option.problem.at(made.option.problem.now)
    )


def _meaning(option: Option) -> frozenset[object]:
    """What an option does to whom."""
    return frozenset((each.treatment, each.promise, each.collection, each.suite) for each in option.changes)


def wished(happened: Sequence[Disruption]) -> Disruption | None:
    """The wish among what happened that a slot be moved: of which treatment, to which suite, from when on."""
    return next((each for each in happened if each.struck == "nothing_broken"), None)


def _wishing(problem: Problem, before: Plan, wish: Disruption) -> tuple[Problem, Plan]:
    """The problem in which the treatment's manufacture begins at the wished moment or later, in that suite if it can, and the plan
    without it. Raises NotThere."""
    number = _number(problem, wish.treatment)
    job = problem.jobs[number]
    first = _first_step(problem, number)
    by = problem.floor(wish.begins) - int(before.starts[first])
    ready = max(problem.now, int(before.starts[job.first]) + by)
    suite = problem.suites.index(wish.suite) if wish.suite in problem.suites else NEVER
    calendar = problem.tasks.calendar.copy()
    row = problem.calendars[calendar[first]].copy()
    row[: max(0, problem.floor(wish.begins))] = False
    calendar[first] = len(problem.calendars)
    jobs = list(problem.jobs)
    jobs[number] = replace(job, ready=ready, suite=suite, due=max(job.due, int(before.starts[job.last - 1]) + by))
    starts, suites = before.starts.copy(), before.suite.copy()
    starts[job.first : job.last], suites[number] = NEVER, NEVER
    tasks = replace(problem.tasks, calendar=calendar)
    calendars = np.concatenate((problem.calendars, row[np.newaxis]))
    return replace(problem, jobs=tuple(jobs), tasks=tasks, calendars=calendars), Plan(starts, suites)


def verdict(live: LivePlan, wish: Disruption) -> list[Broken]:
    """What the checker says to the wished slot if everything else stays where it is: its whole chain earlier or later. Raises NotThere."""
    problem, before = planned.disrupted(live.found.book, tuple(_still_out(live, ()))).problem(), promised(live)
    number = _number(problem, wish.treatment)
    job = problem.jobs[number]
    known = {(each.rule, each.job, each.what) for each in check(problem, before, most=1000)}
    starts, suite = before.starts.copy(), before.suite.copy()
    starts[job.first : job.last] += problem.floor(wish.begins) - int(starts[_first_step(problem, number)])
    suite[number] = problem.suites.index(wish.suite) if wish.suite in problem.suites else NEVER
    broken = check(problem, Plan(starts, suite), most=1000)
    return [each for each in broken if each.rule != "ready" and (each.rule, each.job, each.what) not in known]


def _number(problem: Problem, treatment: str) -> int:
    for number, job in enumerate(problem.jobs):
        if job.id == treatment:
            return number
    raise planned.NotThere(f"there is no treatment {treatment}")


def _first_step(problem: Problem, number: int) -> int:
    job = problem.jobs[number]
    return next(task for task in range(job.first, job.last) if problem.tasks.names[task].kind == "step")


def promised(live: LivePlan) -> Plan:
    """The live plan with every batch in its reserved suite and every infusion at its promised time, where the plan is not behind it."""
    starts, problem = live.plan.starts.copy(), live.problem
    suite = np.full(len(problem.jobs), NEVER, np.int32)
    for number, job in enumerate(problem.jobs):
        if live.outlooks[number] is None:
            starts[job.first : job.last] = NEVER
            continue
        starts[job.last - 1] = max(int(starts[job.last - 1]), job.promised)
        suite[number] = job.suite
    return Plan(starts, suite)


def _repair(live: LivePlan, option: Option, happened: tuple[Disruption, ...], start: Plan) -> Repair:
    moves = tuple(_moves(live, option, wished(happened)))
    way = WAYS[option.name.en]
    wish = wished(happened)
    wanted = None if wish is None else _wished_change(live, option, _number(option.problem, wish.treatment))
    cost, bound = repair.cost_and_bound(option, start)
    distance = Distance(cost, bound.hours, bound.why)
    code = code_of(Chosen(happened, way, moves))
    made = Repair(option, way, moves, code, wanted, distance, _odds(option, moves, wanted))
    shown.keep(code, made)
    return made


def _odds(option: Option, moves: Sequence[Move], wanted: Change | None) -> dict[str, float | None]:
    """Of keeping what each of these is promised then, also of those whose slot only gives way."""
    told = {each.treatment: each.odds for each in (*option.changes, *(() if wanted is None else (wanted,)))}
    for move in moves:
        if move.treatment not in told:
            told[move.treatment] = _kept(option, _number(option.problem, move.treatment))
    waits = {job.id: job.recipe in option.problem.waits for job in option.problem.jobs}
    return {treatment: odds if waits[treatment] else None for treatment, odds in told.items()}


def _kept(option: Option, number: int) -> float:
    """The odds that the infusion can begin as the option's plan has it."""
    problem, plan, job = option.problem, option.plan, option.problem.jobs[number]
    return forecast(problem, plan, job, np.random.default_rng(1)).odds(int(plan.starts[job.last - 1]))


def _wished_change(live: LivePlan, option: Option, number: int) -> Change | None:
    """What an option does to the treatment that somebody wished to move."""
    problem, plan, job = option.problem, option.plan, option.problem.jobs[number]
    now = live.found.itineraries.get(job.id)
    if now is None:
        return None
    placed, infusion = number not in option.unplaced, int(plan.starts[job.last - 1])
    odds = _kept(option, number) if placed else None
    return Change(
        number, job.id, job.urgency, now.infusion, problem.at(infusion) if placed else None, now.collection,
        problem.at(int(plan.starts[job.first])) if placed else None, now.suite,
        problem.suites[plan.suite[number]] if placed else "", odds,
    )  # fmt: skip


def _moves(live: LivePlan, option: Option, wish: Disruption | None) -> Iterator[Move]:
    """The slots that change, and those whose reserved time only gives way to them in their suite."""
    numbers = {job.id: number for number, job in enumerate(option.problem.jobs)}
    new: dict[str, Itinerary] = {}
    changed = [each.job for each in option.changes if each.promise is not None]
    for number in (*changed, *(() if wish is None else (numbers[wish.treatment],))):
        now = live.found.itineraries.get(option.problem.jobs[number].id)
        if now is not None and number not in option.unplaced:
            made = itinerary_of(option.problem, option.plan, number, live, now)
            if made != now:
                new[option.problem.jobs[number].id] = made
    while giving := [each for each in live.found.itineraries if each not in new and _in_the_way(each, live, new)]:
        for treatment in giving:
            now = live.found.itineraries[treatment]
            new[treatment] = itinerary_of(option.problem, option.plan, numbers[treatment], live, now)
    for treatment, made in new.items():
        was = live.found.itineraries[treatment]
        yield Move(treatment, was.suite, was.starts, was.ends, made)


def _in_the_way(treatment: str, live: LivePlan, new: Mapping[str, Itinerary]) -> bool:
    own = live.found.itineraries[treatment]
    return any(each.suite == own.suite and each.starts < own.ends and own.starts < each.ends for each in new.values())


def itinerary_of(problem: Problem, plan: Plan, number: int, live: LivePlan, now: Itinerary) -> Itinerary:
    """The itinerary of a job as a plan has it; what lies behind stays as it was promised, and so does where a batch was begun."""
    job, recipe = problem.jobs[number], _recipe(live, problem.jobs[number].id)

    def span(task: str) -> tuple[datetime, datetime]:
        return problem.span(plan.starts[job.first : job.last], job, task)

    steps = [f"step:{step.id}" for step in recipe.steps]
    begun = any(problem.tasks.fixed[problem.task_of(job, each)] != NEVER for each in steps)
    soonest = problem.at(problem.now)
    spans = [span(each) for each in steps]
    finished = max(ends for _, ends in spans) + recipe.line_clearance.median
    made = all(problem.tasks.fixed[problem.task_of(job, each)] != NEVER for each in steps) and finished <= soonest
    finished = now.ends if made else max(soonest, finished)
    moments = {
        "collection": span("collection")[0], "pick_up": span("inbound")[0], "receipt": span("inbound")[1],
        "starts": now.starts if begun else min(starts for starts, _ in spans), "ends": finished,
        "release": span("review")[1], "delivery": span("outbound")[1], "infusion": span("infusion")[0],
    }  # fmt: skip
    kept: dict[str, Any] = {}
    last = None
    for name, at in moments.items():
        old: datetime = getattr(now, name)
        at = old if at < soonest and name != "ends" else at
        if now.infusion == moments["infusion"] and name in ("release", "delivery"):
            at = min(max(at, finished), now.infusion)
        last = at if last is None else max(last, at)
        kept[name] = last
    suite = now.suite if begun or plan.suite[number] == NEVER else problem.suites[plan.suite[number]]
    return Itinerary(suite=suite, **kept)


def _recipe(live: LivePlan, treatment: str) -> Recipe:
    return next(
        recipe for job, recipe in zip(live.problem.jobs, live.found.recipes, strict=True) if job.id == treatment
    )


class NoCode(ValueError):
    """A text is no code of a repair."""


def code_of(chosen: Chosen) -> str:
    """The repair as text for a form: what is signed is decided again from it, whatever it says."""
    return base64.urlsafe_b64encode(zlib.compress(msgspec.json.encode(chosen), 9)).decode().rstrip("=")


def chosen_of(code: str) -> Chosen:
    """What the code says. Raises NoCode."""
    try:
        packed = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
        return msgspec.json.decode(zlib.decompressobj().decompress(packed, LONGEST), type=Chosen)
    except (binascii.Error, zlib.error, ValueError, msgspec.MsgspecError) as wrong:
        raise NoCode(str(wrong)) from None


LONGEST: Final = 1_000_000
"""Bytes of a code once unpacked."""
