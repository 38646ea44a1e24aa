"""A draft of the recipe's next version, with measured values in place of those that were wrong: for people to review, never applied."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from yimai.domain.recipe import Recipe
from yimai.domain.recipe_check import step_places
from yimai.ledger.entry import Json
from yimai.planning.calibrate import HOUR, Calibration, Share, Spread

SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Draft:
    """content: the recipe's, under its next version, as a file may hold it. changes: names of what was changed."""

    content: Mapping[str, Json]
    version: str
    changes: tuple[str, ...]


def draft(recipe: Recipe, content: Mapping[str, Json], found: Calibration) -> Draft | None:
    """The draft, or None where nothing is to be proposed. content: the recipe's, as approved."""
    if not found.differing:
        return None
    changed: dict[str, Any] = copy.deepcopy(dict(content))
    version = _following(recipe.version)
    changed["version"] = version
    for each in found.differing:
        if isinstance(each, Spread):
            _set_spread(recipe, changed, each)
        else:
            _set_share(recipe, changed, each)
    return Draft(changed, version, tuple(each.name for each in found.differing))


def _following(version: str) -> str:
    return f"{int(version) + 1}" if version.isdecimal() else f"{version}-measured"


def _set_spread(recipe: Recipe, content: dict[str, Any], spread: Spread) -> None:
    assert spread.fitted is not None
    assert spread.first is not None
    assert spread.last is not None
    median, cv = spread.fitted.median.value, _written(spread.fitted.cv.value)
    kind, _, place = spread.name.partition(":")
    was = f"was {_written(spread.median)} {spread.unit}, cv {_written(spread.cv)}"
    said = f"measured: n = {spread.sample.size}, {spread.first:%Y-%m-%d} to {spread.last:%Y-%m-%d}; {was}"
    part = _part(recipe, content, kind, place)
    if kind in ("step", "test"):
        test = recipe.test(place) if kind == "test" else None
        median = max(median, test.least.time / HOUR) if test is not None and test.least is not None else median
        part["duration"] = {"median": f"{round(median * SECONDS)} s", "cv": cv, "source": said}
        return
    part["typical"] = {"median": _written(median), "cv": cv}
    part["source"] = f"{part['source']}; typical value {said}" if part.get("source") else f"typical value {said}"


def _set_share(recipe: Recipe, content: dict[str, Any], share: Share) -> None:
    place, _, cause = share.name.partition(":")[2].rpartition(".")
    part = content["starting_material"] if place == "collection" else _part(recipe, content, "step", place)
    failure = next(each for each in part["failures"] if each["cause"] == cause)
    failure["source"] = (
        f"measured: {share.times} of {share.trials}, by Jeffreys' estimate; was {_written(share.probability)}"
    )
    failure["probability"] = _written((share.times + 0.5) / (share.trials + 1))
    failure.pop("assumed", None)


def _part(recipe: Recipe, content: dict[str, Any], kind: str, place: str) -> dict[str, Any]:
    """The step, test or entry of this name in the content."""
    if kind in ("test", "result"):
        return next(each for each in _dicts(content["tests"]) if each["id"] == place)
    name, _, entry = place.partition(".")
    found: Any = content
    for key in next(path for path, step in step_places(recipe) if step.id == name):
        found = found[key]
    return next(each for each in _dicts(found["entries"]) if each["id"] == entry) if entry else _dict_of(found)


def _dict_of(value: Any) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value


def _dicts(values: Any) -> Iterator[dict[str, Any]]:
    yield from (_dict_of(each) for each in values)


def _written(value: float) -> str:
    """Four significant digits, at most nine after the point, without an exponent."""
    if value == 0:
        return "0"
    rounded = Decimal(f"{value:.4g}")
    text = f"{round(rounded, 9):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
