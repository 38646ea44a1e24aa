"""Whether a base makes sense as a whole, and whether it can run a recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from yimai.domain.base import Base
from yimai.domain.content import Path, Problem, problem, repeated
from yimai.domain.recipe import Recipe
from yimai.domain.recipe_check import step_places


def check_base(base: Base) -> list[Problem]:
    """Every problem of a well-shaped base, each with the path of the value to correct; empty when there is none."""
    return [*_duplicates(base), *_references(base), *_dates(base)]


def _duplicates(base: Base) -> Iterator[Problem]:
    for part, ids in (
        ("suites", [suite.id for suite in base.suites]),
        ("equipment", [item.id for item in base.equipment]),
        ("people", [person.id for person in base.people]),
        ("shifts", [shift.id for shift in base.shifts]),
        ("material_lots", [lot.id for lot in base.material_lots]),
        ("hospitals", [hospital.id for hospital in base.hospitals]),
        ("laboratory", [bench.id for bench in base.laboratory]),
    ):
        yield from repeated(ids, (part,))


def _references(base: Base) -> Iterator[Problem]:
    suites = {suite.id for suite in base.suites}
    shifts = {shift.id for shift in base.shifts}
    equipment = {item.id for item in base.equipment}
    for position, item in enumerate(base.equipment):
        if item.suite and item.suite not in suites:
            yield _unknown(("equipment", position, "suite"), "suite", item.suite)
    for position, person in enumerate(base.people):
        if person.shift and person.shift not in shifts:
            yield _unknown(("people", position, "shift"), "shift", person.shift)
    if base.review is not None and base.review.shift not in shifts:
        yield _unknown(("review", "shift"), "shift", base.review.shift)
    if base.allocation is not None:
        served = {hospital.id for hospital in base.hospitals}
        for position, (hospital, share) in enumerate(base.allocation.shares):
            if hospital not in served:
                yield _unknown(("allocation", "shares", position), "hospital", hospital)
            if not 0 < share <= 1:
                yield problem(
                    ("allocation", "shares", position),
                    f"{share} is no share: give one above 0, at most 1",
                    "份额应大于 0 且不超过 1",
                )
    seen: set[str] = set()
    for position, store in enumerate(base.storage):
        if store.equipment not in equipment:
            yield _unknown(("storage", position, "equipment"), "equipment", store.equipment)
        if store.equipment in seen:
            en = f"the positions of {store.equipment} are already given above: join them"
            yield problem(("storage", position, "equipment"), en, f"{store.equipment} 的储存位置重复")
        seen.add(store.equipment)


def _unknown(path: Path, what: str, name: str) -> Problem:
    return problem(path, f"{what} {name} does not exist in this base: add it, or correct the name", f"{name} 不存在")


def _dates(base: Base) -> Iterator[Problem]:
    for position, item in enumerate(base.equipment):
        if item.calibrated_from > item.calibrated_until:
            yield _backwards(("equipment", position, "calibrated", "until"))
    for position, person in enumerate(base.people):
        for held in person.qualifications:
            if held.valid_from > held.valid_until:
                yield _backwards(("people", position, "qualifications", held.qualification, "until"))
    for position, closure in enumerate(base.closures):
        if closure.first > closure.last:
            yield _backwards(("closures", position, "last"))

    for position, hospital in enumerate(base.hospitals):
        if hospital.collecting.begins >= hospital.collecting.ends:
            en = "collections would end before they begin: correct one of the times"
            yield problem(("hospitals", position, "collecting", "ends"), en, "采集结束时间早于开始时间")


def _backwards(path: Path) -> Problem:
    return problem(path, "the last day lies before the first: correct one of them", "末日早于首日")


def check_recipe_at_base(recipe: Recipe, base: Base) -> list[Problem]:
    """What keeps the base from running the recipe, each with its path in the recipe; empty when nothing does.

    Only the base's own people count, and of a second-person check one more than the operators.
    """
    rooms = {suite.room_class for suite in base.suites}
    classes = {item.equipment_class for item in base.equipment}
    own = [person for person in base.people if person.site == base.id and "operator" in person.roles]
    holders = Counter(held.qualification for person in own for held in person.qualifications)
    found: list[Problem] = []
    for path, step in step_places(recipe):
        if step.room_class not in rooms:
            en = f"{base.id} has no room of class {step.room_class} for step {step.id}"
            found.append(problem((*path, "room_class"), en, f"基地没有 {step.room_class} 级房间"))
        for position, name in enumerate(step.equipment):
            if name not in classes:
                en = f"{base.id} has no equipment of class {name} for step {step.id}"
                found.append(problem((*path, "equipment", position), en, f"基地没有 {name} 类设备"))
        for name, number in step.operators:
            if holders[name] < number:
                en = f"step {step.id} needs {number} people with {name}; {base.id} has {holders[name] or 'nobody'}"
                zh = f"步骤需要 {number} 名具备 {name} 资质的人员，基地有 {holders[name]} 名"
                found.append(problem((*path, "operators", name), en, zh))
        needed = sum(number for _, number in step.operators) + step.second_person
        if len(own) < needed:
            en = f"step {step.id} needs {needed} people with its second person; {base.id} has {len(own)} operators"
            found.append(
                problem((*path, "second_person"), en, f"步骤含复核共需 {needed} 人，基地只有 {len(own)} 名操作员")
            )
    return found
