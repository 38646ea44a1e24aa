"""What was measured beside the recipe: each duration, value and failure with its picture, and the draft of a change for review."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import psycopg
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe, Words
from yimai.interfaces.web import page, window
from yimai.interfaces.web.behind import Behind
from yimai.interfaces.web.calibration_drawing import Picture, picture
from yimai.planning.calibrate import BADLY, ENOUGH, Calibration, Share, Spread, calibrate
from yimai.planning.drift import run_length
from yimai.planning.lognormal import Between
from yimai.planning.recipe_draft import draft
from yimai.projections import approval_board, time_study

KEPT: Final = 12
PATIENCE: Final = 1.5
SEED: Final = 1
FULL: Final = 100.0
VERDICTS: Final = {
    "too_few": Words("数据太少", "Too few values"),
    "agrees": Words("与规程相符", "Agrees with the recipe"),
    "differs": Words("与规程不符", "Differs from the recipe"),
    "other_shape": Words("分布形状不同，请先查看", "Another shape: look first"),
}
KINDS: Final = (
    ("step", Words("步骤时长", "How long steps take")),
    ("test", Words("检验时长", "How long tests take")),
    ("entry", Words("过程记录值", "What is recorded in process")),
    ("result", Words("检验结果", "Results of tests")),
)
DRIFTS: Final = {"up": Words("上漂", "drifts up"), "down": Words("下漂", "drifts down")}


@dataclass(frozen=True, slots=True)
class Made:
    """A calibration, and what the page shows of it: drawing takes longer than all else."""

    calibration: Calibration
    shown: Mapping[str, Any]


found: Final[Behind[Made]] = Behind(KEPT)


@dataclass(frozen=True, slots=True)
class Card:
    """One that varies. recipe, cv: the recipe's median and coefficient of variation; median, spread: as measured, or "" where they are too few.

    limits: how many are known only to be longer or shorter. shape: the odds of the fit, or "".
    """

    title: Words
    unit: str
    assumed: bool
    recipe: str
    cv: str
    median: str
    spread: str
    number: int
    limits: int
    shape: str
    bad: bool
    drift: Words | None
    since: datetime | None
    verdict: Words
    tone: str
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Line:
    """A share: the recipe's and, with its interval, the measured one, in per cent."""

    title: Words
    assumed: bool
    recipe: str
    measured: str
    times: int
    trials: int
    verdict: Words
    tone: str


def calibration(request: HttpRequest) -> HttpResponse:
    """The page: of the reader's base, and of the recipe and version that are asked for, else the first as approved last."""
    who = page.reader(request)
    if who is None:
        raise Http404
    with window.reading(who) as cursor:
        base, recipe = _chosen(request, cursor)
        context: dict[str, Any] = {
            "base": base,
            "recipe": recipe,
            "here": request.get_full_path(),
            "enough": ENOUGH,
        }
        if recipe is not None:
            made = _made(cursor, base, recipe)
            context |= {"computing": True} if made is None else made.shown
        return page.show(request, cursor, "calibration", context)


def proposed(request: HttpRequest) -> HttpResponse:
    """The draft of the recipe's next version as a file; the page where there is none."""
    who = page.reader(request)
    if who is None:
        raise Http404
    with window.reading(who) as cursor:
        base, recipe = _chosen(request, cursor)
        made = _made(cursor, base, recipe) if recipe is not None else None
        content = approval_board.content(cursor, "recipe", recipe.id, recipe.version) if recipe is not None else None
    drafted = (
        draft(recipe, content, made.calibration)
        if made is not None and content is not None and recipe is not None
        else None
    )
    if drafted is None or recipe is None:
        return HttpResponseRedirect(reverse("calibration"))
    text = json.dumps(drafted.content, ensure_ascii=False, indent=2) + "\n"
    name = f"{recipe.id}-{drafted.version}-draft.json"
    return HttpResponse(
        text, content_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _chosen(request: HttpRequest, cursor: psycopg.Cursor[Any]) -> tuple[Base, Recipe | None]:
    who = page.reader(request)
    assert who is not None
    base = page.base_of(cursor, who, request.GET.get("base", ""))
    known = approval_board.identifiers(cursor, "recipe")
    wanted = request.GET.get("recipe", "")
    name = wanted if wanted in known else next(iter(known), "")
    return base, approval_board.recipe(cursor, name, request.GET.get("version", "")) if name else None


def _made(cursor: psycopg.Cursor[Any], base: Base, recipe: Recipe) -> Made | None:
    """The calibration of all that is known now; None while it is computed."""
    key = base.id, recipe.id, recipe.version, time_study.extent(cursor, base.id, recipe)
    if (made := found.get(key)) is not None:
        return made
    study = time_study.study(cursor, base.id, recipe, window.now())

    def make() -> Made:
        calibrated = calibrate(recipe, study, np.random.default_rng(SEED))
        return Made(calibrated, _shown(calibrated))

    return found.begin(key, make, PATIENCE)


def _shown(made: Calibration) -> dict[str, Any]:
    groups = [
        (title, [_card(each) for each in made.spreads if each.name.startswith(f"{kind}:")]) for kind, title in KINDS
    ]
    return {
        "groups": groups,
        "lines": [_line(each) for each in made.shares],
        "proposals": len(made.differing),
        "drifting": [each for _, cards in groups for each in cards if each.drift is not None],
        "measured": any(each.fitted is not None for each in made.spreads),
        "sure": round(FULL * made.confidence),
        "joint": f"{FULL * made.joint:.2f}",
        "run_length": f"{round(run_length(), -2):,.0f}",
    }


def _card(each: Spread) -> Card:
    fitted = each.fitted
    fits = fitted.fits if fitted is not None else None
    return Card(
        title=each.title,
        unit=each.unit,
        assumed=each.source.assumed,
        recipe=said(each.median),
        cv=said(each.cv),
        median=_between(fitted.median) if fitted is not None else "",
        spread=_between(fitted.cv) if fitted is not None else "",
        number=len(each.sample.values),
        limits=len(each.sample.longer) + len(each.sample.shorter),
        shape=f"{fits:.3f}" if fits is not None else "",
        bad=fits is not None and fits < BADLY,
        drift=DRIFTS[each.drift.direction] if each.drift is not None and fitted is not None else None,
        since=each.since,
        verdict=VERDICTS[each.verdict],
        tone=each.verdict,
        picture=picture(each),
    )


def _line(each: Share) -> Line:
    between = each.between
    percent = (
        "" if between is None else _between(Between(*(FULL * of for of in (between.value, between.low, between.high))))
    )
    return Line(
        each.title, each.source.assumed, said(FULL * each.probability), percent, each.times, each.trials,
        VERDICTS[each.verdict], each.verdict,
    )  # fmt: skip


def _between(measured: Between) -> str:
    return f"{said(measured.value)} ({said(measured.low)} – {said(measured.high)})"


def said(value: float) -> str:
    """Three digits, or all of a great number."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
