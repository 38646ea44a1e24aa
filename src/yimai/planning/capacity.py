"""What a base has, tick by tick: people by qualification and shift, shared equipment, benches, calendars and suites."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import combinations
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from yimai.domain.base import Base, Hospital, Member, Shift
from yimai.domain.recipe import Recipe, Words
from yimai.planning.problem import NEVER, Flags, Ints, Resource

Away = Mapping[str, Sequence[tuple[datetime, datetime]]]
"""When people are absent, or suites and equipment out of use, by their identifiers: half-open spans of aware moments."""

EVERYBODY: Final = "everybody"


@dataclass(frozen=True)
class Grid:
    """The ticks of a problem in the base's own time.

    days: its days. day: which of them each tick lies in. minute: of its day at which each tick begins.
    """

    begins: datetime
    tick: timedelta
    horizon: int
    days: tuple[date, ...]
    day: Ints
    minute: Ints

    def span(self, starts: datetime, ends: datetime) -> slice:
        """The ticks that the span touches."""
        first = (starts - self.begins) // self.tick
        last = -((self.begins - ends) // self.tick)
        return slice(max(0, first), max(0, last))


@lru_cache(maxsize=8)  # every page of an hour asks for the same
def grid_of(timezone: str, begins: datetime, tick: timedelta, horizon: int) -> Grid:
    """The ticks from ``begins`` (aware) on, as clocks in that time zone show them."""
    zone = ZoneInfo(timezone)
    local = [(begins + number * tick).astimezone(zone) for number in range(horizon)]
    days = tuple(sorted({moment.date() for moment in local}))
    place = {day: number for number, day in enumerate(days)}
    day = np.array([place[moment.date()] for moment in local], np.int32)
    return Grid(begins, tick, horizon, days, day, np.array([_minute(moment.time()) for moment in local], np.int32))


def _minute(at: time) -> int:
    return 60 * at.hour + at.minute


def on_shift(shift: Shift, grid: Grid) -> Flags:
    """When the shift works; one that ends before it begins runs over midnight."""
    begun, going = grid.minute >= _minute(shift.begins), grid.minute < _minute(shift.ends)
    return begun & going if shift.begins < shift.ends else begun | going


def shift_numbers(base: Base, grid: Grid) -> Ints:
    """A number for each tick that changes whenever another shift takes over."""
    runs = np.full(grid.horizon, NEVER, np.int32)
    for number, shift in reversed(list(enumerate(base.shifts))):
        runs[on_shift(shift, grid)] = number
    return np.concatenate(([0], np.cumsum(np.diff(runs) != 0))).astype(np.int32)


def operators(
    base: Base, recipes: Sequence[Recipe], grid: Grid, away: Away
) -> Iterator[tuple[Resource, Ints, frozenset[str]]]:
    """Each set of qualifications that can bind, how many people of it work at each tick, and the set; last everybody, with an empty set.

    A set is left out where a larger one has the same people, or where it falls apart into two without people in common.
    """
    needed = sorted({name for recipe in recipes for step in recipe.steps for name, _ in step.operators})
    staff = [person for person in base.people if person.site == base.id and "operator" in person.roles]
    present = {person.id: _present(person, base.shifts, grid, away.get(person.id, ())) for person in staff}
    holders = {
        name: frozenset(each.id for each in staff if any(q.qualification == name for q in each.qualifications))
        for name in needed
    }
    sets = [frozenset(each) for size in range(1, len(needed) + 1) for each in combinations(needed, size)]
    people = {each: frozenset().union(*(holders[name] for name in each)) for each in sets}
    titles = {name: words for recipe in recipes for name, words in recipe.qualifications}
    valid = {(each.id, name): _valid(each, name, grid) for each in staff for name in needed if each.id in holders[name]}
    for each in sets:
        if any(each < other and people[other] == people[each] for other in sets) or _falls_apart(each, people):
            continue
        count = np.zeros(grid.horizon, np.int32)
        for person in people[each]:
            fit = np.logical_or.reduce([valid[person, name] for name in each if (person, name) in valid])
            count += (present[person] & fit).astype(np.int32)
        words = [titles[name] for name in sorted(each)]
        title = Words("、".join(word.zh for word in words), ", ".join(word.en for word in words))
        yield Resource("operators:" + "+".join(sorted(each)), "operators", title), count, each
    everybody = sum((present[each.id].astype(np.int32) for each in staff), np.zeros(grid.horizon, np.int32))
    yield Resource(f"operators:{EVERYBODY}", "operators", Words("全部操作员", "All operators")), everybody, frozenset()


def _falls_apart(names: frozenset[str], people: Mapping[frozenset[str], frozenset[str]]) -> bool:
    parts = (frozenset(part) for size in range(1, len(names) // 2 + 1) for part in combinations(sorted(names), size))
    return any(not people[part] & people[names - part] for part in parts)


def _present(person: Member, shifts: Iterable[Shift], grid: Grid, away: Iterable[tuple[datetime, datetime]]) -> Flags:
    shift = next((each for each in shifts if each.id == person.shift), None)
    works = np.ones(grid.horizon, np.bool_) if shift is None else on_shift(shift, grid)
    for starts, ends in away:
        works[grid.span(starts, ends)] = False
    return works


def _valid(person: Member, name: str, grid: Grid) -> Flags:
    held = [each for each in person.qualifications if each.qualification == name]
    return _within(grid, [(each.valid_from, each.valid_until) for each in held])


def _within(grid: Grid, spans: Iterable[tuple[date, date]]) -> Flags:
    """On which ticks one of the spans runs, their first and last days among them."""
    runs = np.zeros(len(grid.days), np.bool_)
    for first, last in spans:
        runs[bisect_left(grid.days, first) : bisect_right(grid.days, last)] = True
    return runs[grid.day]


def _on_days(grid: Grid, holds: Callable[[date], bool]) -> Flags:
    return np.array([holds(day) for day in grid.days], np.bool_)[grid.day]


def shared_equipment(base: Base, grid: Grid, away: Away) -> Iterator[tuple[Resource, Ints, str]]:
    """Each class of equipment that suites share, and how many calibrated pieces of it there are; a suite's own comes with the suite."""
    classes = sorted({item.equipment_class for item in base.equipment if not item.suite})
    for name in classes:
        count = np.zeros(grid.horizon, np.int32)
        for item in base.equipment:
            if item.equipment_class == name and not item.suite:
                fit = _within(grid, [(item.calibrated_from, item.calibrated_until)])
                for starts, ends in away.get(item.id, ()):
                    fit[grid.span(starts, ends)] = False
                count += fit.astype(np.int32)
        yield Resource(f"equipment:{name}", "equipment", Words(name, name)), count, name


def open_days(base: Base, grid: Grid) -> Flags:
    """When the base may start a batch."""
    return _on_days(grid, lambda day: not base.closed(day))


def collecting_hours(hospital: Hospital, grid: Grid, needed: int) -> Flags:
    """When a collection of so many ticks may start at the hospital, so that it ends within the hours."""
    hours = hospital.collecting
    length = needed * grid.tick // timedelta(minutes=1)
    open_then = _on_days(grid, lambda day: day.isoweekday() in hours.days)
    return open_then & (grid.minute >= _minute(hours.begins)) & (grid.minute + length <= _minute(hours.ends))


def shift_hours(base: Base, shift_id: str, grid: Grid) -> Flags:
    """When the shift works."""
    shift = next(each for each in base.shifts if each.id == shift_id)
    return on_shift(shift, grid)


def suites_closed(suites: Sequence[str], grid: Grid, away: Away) -> Flags:
    """When a suite may not be held: out of service."""
    closed = np.zeros((len(suites), grid.horizon), np.bool_)
    for number, suite in enumerate(suites):
        for starts, ends in away.get(suite, ()):
            closed[number, grid.span(starts, ends)] = True
    return closed
