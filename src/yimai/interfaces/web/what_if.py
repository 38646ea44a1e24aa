"""What if? The base as approved beside named changes of it, simulated behind the page's back and compared with intervals."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse

from yimai.domain.recipe import Words
from yimai.interfaces.web import page, window
from yimai.interfaces.web.behind import Behind
from yimai.planning.change import CHANGES, Case, Change
from yimai.planning.scenario import Scenario
from yimai.planning.simulate import Estimate
from yimai.planning.whatif import Compared, Comparison, Extent, Figure, compare
from yimai.projections import approval_board

YEARS, REPLICATIONS = 2.0, 24
KEPT: Final = 12
MOST: Final = 4
"""So many changes are compared at once."""
CHART: Final = 260
"""Pixels of an interval's picture."""
PATIENCE: Final = 0.8

found: Final[Behind[Comparison]] = Behind(KEPT)
_progress: Final[dict[Hashable, tuple[int, int]]] = {}


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference as it is drawn: its middle, its ends, and where nothing would differ, in pixels. tone: ``good``, ``bad`` or ""."""

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
    """Choose changes, and see them beside the base as it is."""
    who = page.reader(request)
    if who is None:
        raise Http404
    with window.reading(who) as cursor:
        base = page.base_of(cursor, who, request.GET.get("base", ""))
        known = approval_board.identifiers(cursor, "recipe")
        recipe = approval_board.recipe(cursor, known[0]) if known else None
        latest = [
            approval_board.latest(cursor, noun, name)
            for noun, name in (("base", base.id), ("recipe", known[0] if known else ""))
        ]
        chosen = [CHANGES[name] for name in request.GET.getlist("change") if name in CHANGES][:MOST]
        context: dict[str, Any] = {
            "base": base,
            "recipe": recipe,
            "changes": list(CHANGES.values()),
            "chosen": {each.id for each in chosen},
            "here": request.get_full_path(),
            "most": MOST,
            "years": f"{YEARS:g}",
            "replications": REPLICATIONS,
        }
        if chosen and recipe is not None:
            key = (base.id, recipe.id, tuple(latest), tuple(each.id for each in chosen))
            case = Case(recipe, base, Scenario())
            comparison = found.get(key) or found.begin(
                key, lambda: _compared(key, case, chosen, window.now().date()), PATIENCE
            )
            if comparison is None:
                done, of = _progress.get(key, (0, 1))
                context |= {"computing": True, "made": done, "of": of}
            else:
                context |= {
                    "comparison": comparison,
                    "rows": [_row(comparison, figure) for figure in comparison.figures],
                }
        return page.show(request, cursor, "what_if", context)


def _compared(key: Hashable, case: Case, changes: list[Change], begins: Any) -> Comparison:
    def told(done: int, of: int) -> bool:
        _progress[key] = done, of
        return False

    try:
        return compare(case, changes, Extent(begins, YEARS, REPLICATIONS), told)
    finally:
        _progress.pop(key, None)


def _row(comparison: Comparison, figure: Figure) -> Row:
    differences = [each.differences[figure.name] for each in comparison.changes]
    far = max((max(abs(each.low), abs(each.high)) for each in differences), default=0.0) or 1.0
    unit = Words(comparison.currency, comparison.currency) if figure.name == "cost" else figure.unit
    cells = tuple(
        (figure.shown(each.simulated.figures[figure.name].mean), _interval(each, figure, far))
        for each in comparison.changes
    )
    return Row(figure.title, unit, figure.shown(comparison.today.figures[figure.name].mean), cells)


def _interval(changed: Compared, figure: Figure, far: float) -> Interval:
    estimate: Estimate = changed.differences[figure.name]

    def place(value: float) -> int:
        return round(CHART / 2 + value / far * (CHART / 2 - 8))

    helps = changed.helps(figure)
    sign = "+" if estimate.mean > 0 else "\u2212"
    return Interval(
        place(0), place(estimate.low), max(2, place(estimate.high) - place(estimate.low)), place(estimate.mean),
        f"{sign}{figure.shown(abs(estimate.mean))} ± {figure.shown(estimate.half)}",
        "" if helps is None else "good" if helps else "bad",
    )  # fmt: skip
