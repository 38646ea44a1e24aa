"""What if? The base as approved beside named changes of it, simulated behind the page's back and compared with intervals."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import psycopg
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe, Words
from yimai.domain.slot import suites_for
from yimai.interfaces.web import page, window
from yimai.interfaces.web.behind import Behind, NotWanted
from yimai.planning.change import CHANGES, Case, Change
from yimai.planning.scenario import Scenario
from yimai.planning.simulate import Estimate
from yimai.planning.whatif import Compared, Comparison, Extent, Figure, Stopped, compare, in_currency
from yimai.projections import approval_board

YEARS, REPLICATIONS = 2.0, 24
KEPT: Final = 12
MOST: Final = 4
"""So many changes are compared at once."""
CHART: Final = 260
"""Pixels of an interval's picture."""
PATIENCE: Final = 0.8
STOPPED: Final = re.compile(r"[0-9]{1,9}/[0-9]{1,9}")

found: Final[Behind[Comparison]] = Behind(KEPT)
_progress: Final[dict[Hashable, tuple[int, int]]] = {}
_stopped: Final[set[Hashable]] = set()
"""What runs and is no longer wanted."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference as it is drawn: its middle, its ends, and where nothing would differ, in pixels.

    tone: ``good``, ``bad``, ``other`` where it clearly differs and is neither, "" where it may be chance.
    """

    zero: int
    left: int
    width: int
    middle: int
    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: as it is, and with each change."""

    title: Words
    unit: Words
    today: str
    changes: tuple[tuple[str, Interval], ...]


def what_if(request: HttpRequest) -> HttpResponse:
    """Choose changes, and see them beside the base as it is; posted: stop what is being simulated."""
    who = page.reader(request)
    if who is None:
        raise Http404
    with window.reading(who) as cursor:
        base = page.base_of(cursor, who, request.GET.get("base", ""))
        recipes = _recipes(cursor, base)
        wanted = request.GET.get("recipe", "")
        recipe = next((each for each in recipes if each.id == wanted), recipes[0] if recipes else None)
        chosen = [CHANGES[name] for name in request.GET.getlist("change") if name in CHANGES][:MOST]
        context: dict[str, Any] = {
            "base": base,
            "recipe": recipe,
            "recipes": recipes,
            "changes": list(CHANGES.values()),
            "chosen": {each.id for each in chosen},
            "here": request.get_full_path(),
            "most": MOST,
            "years": f"{YEARS:g}",
            "replications": REPLICATIONS,
        }
        if chosen and recipe is not None:
            pair = (("base", base.id), ("recipe", recipe.id))
            latest = tuple(approval_board.latest(cursor, noun, name) for noun, name in pair)
            key = (base.id, recipe.id, latest, tuple(each.id for each in chosen))
            if request.method == "POST":
                return _stop(request, key)
            context |= _compared(key, Case(recipe, base, Scenario()), chosen, request.GET.get("stopped", ""))
        return page.show(request, cursor, "what_if", context)


def _recipes(cursor: psycopg.Cursor[Any], base: Base) -> list[Recipe]:
    """The approved recipes that the base has a suite for."""
    known = (approval_board.recipe(cursor, each) for each in approval_board.identifiers(cursor, "recipe"))
    return [each for each in known if each is not None and suites_for(base, each)]


def _stop(request: HttpRequest, key: Hashable) -> HttpResponse:
    """Stop what runs, and go back to the page, which says so."""
    made, of = _progress.get(key, (0, 0))
    if found.running(key):
        _stopped.add(key)
    given = request.GET.copy()
    given["stopped"] = f"{made}/{of}"
    return HttpResponseRedirect(f"{request.path}?{given.urlencode()}")


def _compared(key: Hashable, case: Case, chosen: list[Change], stopped: str) -> dict[str, Any]:
    """The comparison, or how far it has come, or that it was stopped."""
    comparison = found.get(key)
    if comparison is None and STOPPED.fullmatch(stopped):
        return {"stopped": stopped}
    if comparison is None:
        comparison = found.begin(key, lambda: _compare(key, case, chosen, window.now().date()), PATIENCE)
    if comparison is None:
        made, of = _progress.get(key, (0, 1))
        return {"computing": True, "made": made, "of": of}
    return {"comparison": comparison, "rows": [_row(comparison, figure) for figure in comparison.figures]}


def _compare(key: Hashable, case: Case, changes: list[Change], begins: date) -> Comparison:
    def told(done: int, of: int) -> bool:
        _progress[key] = done, of
        return key in _stopped

    try:
        return compare(case, changes, Extent(begins, YEARS, REPLICATIONS), told)
    except Stopped:
        raise NotWanted from None
    finally:
        _progress.pop(key, None)
        _stopped.discard(key)


def _row(comparison: Comparison, figure: Figure) -> Row:
    differences = [each.differences[figure.name] for each in comparison.changes]
    far = max((max(abs(each.low), abs(each.high)) for each in differences), default=0.0) or 1.0
    unit = in_currency(comparison.currency) if figure.name == "cost" else figure.unit
    cells = tuple(
        (figure.shown(each.simulated.figures[figure.name].mean), _interval(each, figure, far))
        for each in comparison.changes
    )
    return Row(figure.title, unit, figure.shown(comparison.today.figures[figure.name].mean), cells)


def _interval(changed: Compared, figure: Figure, far: float) -> Interval:
    estimate: Estimate = changed.differences[figure.name]

    def place(value: float) -> int:
        return round(CHART / 2 + value / far * (CHART / 2 - 8))

    helps, shown = changed.helps(figure), figure.shown(abs(estimate.mean))
    sign = "" if shown == figure.shown(0) else "+" if estimate.mean > 0 else "\u2212"
    unclear = "other" if changed.clear(figure) else ""
    return Interval(
        place(0), place(estimate.low), max(2, place(estimate.high) - place(estimate.low)), place(estimate.mean),
        f"{sign}{shown} ± {figure.shown(estimate.half)}",
        unclear if helps is None else "good" if helps else "bad",
    )  # fmt: skip
