"""The order of a recipe's steps as a graph: what is unknown, circular or out of reach, how long it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from yimai.domain.recipe import Recipe, Step


def after_unknown(recipe: Recipe) -> Iterator[tuple[Step, int, str]]:
    """Each mention of a step that does not exist: the step, the position in its ``after``, the name."""
    known = {step.id for step in recipe.steps}
    for step in recipe.steps:
        for position, name in enumerate(step.after):
            if name not in known:
                yield step, position, name


def cycles(recipe: Recipe) -> list[tuple[str, ...]]:
    """Circles of steps that wait for one another, each once, beginning with the step that the recipe names first."""
    before = _before(recipe)
    rank = {name: position for position, name in enumerate(before)}
    found: dict[frozenset[str], tuple[str, ...]] = {}
    done: set[str] = set()
    for start in before:
        trail: list[str] = []
        _walk(start, before, trail, done, found)
    return [_turned(circle, rank) for circle in found.values()]


def _walk(
    name: str,
    before: Mapping[str, tuple[str, ...]],
    trail: list[str],
    done: set[str],
    found: dict[frozenset[str], tuple[str, ...]],
) -> None:
    """Depth first against the arrows, without recursion so that a long recipe cannot exhaust the stack."""
    waiting = [(name, iter(before[name]))] if name not in done else []
    trail.extend(step for step, _ in waiting)
    while waiting:
        step, others = waiting[-1]
        other = next(others, None)
        if other is None:
            waiting.pop()
            trail.pop()
            done.add(step)
        elif other in trail:
            circle = tuple(reversed(trail[trail.index(other) :]))
            found.setdefault(frozenset(circle), circle)
        elif other not in done:
            waiting.append((other, iter(before[other])))
            trail.append(other)


def _turned(circle: tuple[str, ...], rank: Mapping[str, int]) -> tuple[str, ...]:
    first = min(range(len(circle)), key=lambda position: rank[circle[position]])
    return circle[first:] + circle[:first]


def unreachable(recipe: Recipe) -> list[str]:
    """Steps that can never start when the batch begins with the recipe's first step, in the recipe's order."""
    before = _before(recipe, with_unknown=True)
    reached: set[str] = set()
    grown = True
    while grown:
        grown = False
        for position, (name, others) in enumerate(before.items()):
            starts = position == 0 if not others else all(other in reached for other in others)
            if starts and name not in reached:
                reached.add(name)
                grown = True
    return [name for name in before if name not in reached]


def minimum_between(recipe: Recipe, earlier: str, later: str) -> timedelta | None:
    """The medians of the steps between the end of one (or of the collection) and the start of another, longest way.

    None where the later step does not come after the earlier one, or where no way can be measured for a circle.
    """
    before = _before(recipe)
    spans = {step.id: step.duration.median for step in recipe.steps}
    if cycles(recipe) or later not in before:
        return timedelta(0)
    longest: dict[str, timedelta | None] = {}
    for name in _sorted(before):
        ways = [timedelta(0)] if (earlier == "collection" and not before[name]) or earlier in before[name] else []
        for other in before[name]:
            reached = longest[other]
            if reached is not None:
                ways.append(reached + spans[other])
        longest[name] = max(ways, default=None)
    return longest[later]


def _sorted(before: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Steps so that each stands after all that it comes after; the graph has no circle."""
    placed: dict[str, None] = {}
    while len(placed) < len(before):
        for name, others in before.items():
            if name not in placed and all(other in placed for other in others):
                placed[name] = None
    return list(placed)


def _before(recipe: Recipe, with_unknown: bool = False) -> dict[str, tuple[str, ...]]:
    """For each step the steps that it comes directly after; the first definition counts where an id occurs twice."""
    known = {step.id for step in recipe.steps}
    before: dict[str, tuple[str, ...]] = {}
    for step in recipe.steps:
        before.setdefault(step.id, tuple(name for name in step.after if with_unknown or name in known))
    return before
