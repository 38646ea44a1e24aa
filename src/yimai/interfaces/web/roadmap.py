"""The roadmap: from the goals in a file to the cheapest way to open sites and suites, found behind the page's back, with the odds of it."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Event
from typing import Any, Final

import numpy as np
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from yimai.domain.recipe import Words
from yimai.interfaces.web import bench, page, window
from yimai.interfaces.web.behind import Behind
from yimai.interfaces.web.roadmap_drawing import drawing
from yimai.planning.change import Case
from yimai.planning.roadmap import Goal, Roadmap, costs, measured, meets
from yimai.planning.roadmap_answer import POSTS, Answer, Extras, Step, changed, fill
from yimai.planning.roadmap_content import RoadmapContent, roadmap_from
from yimai.planning.roadmap_goals import Price
from yimai.planning.roadmap_odds import Odds
from yimai.planning.roadmap_search import Effort
from yimai.planning.scenario import Scenario
from yimai.projections import approval_board

ALTERNATIVES, REPLICATIONS = 2, 24
KEPT: Final = 8
"""Answers, and files that were given."""
PATIENCE: Final = 0.8
MILLION: Final = 1e6
SIGNS: Final = {"ge": "≥", "gt": ">", "le": "≤"}
LARGEST: Final = 2 * 1024 * 1024
"""Bytes of a file."""
STEPS: Final[Mapping[Step, Words]] = {
    "search": Words("寻找费用最低的方案", "Looking for the cheapest roadmap"),
    "conflict": Words("目标不能同时达到：查找相互冲突的目标", "Not all goals can be met: finding out which conflict"),
    "prices": Words("计算每个目标的代价", "What each goal costs"),
    "others": Words("寻找相近的其他做法", "Other ways near the best"),
    "odds": Words("模拟各基地，计算把握", "Simulating the bases for the odds"),
}


@dataclass
class Run:
    """A search under way, or done. cost, bound: of the best so far, in millions. unsimulated: the base cannot be simulated."""

    content: RoadmapContent
    answer: Answer = field(default_factory=Answer)
    stop: Event = field(default_factory=Event)
    cost: float = np.inf
    bound: float = -np.inf
    unsimulated: bool = False

    def told(self, doing: str, cost: float, bound: float) -> None:
        if self.answer.step == "search":
            self.cost, self.bound = min(self.cost, cost / MILLION), max(self.bound, bound / MILLION)


found: Final[Behind[Run]] = Behind(KEPT)
_running: Final[dict[Hashable, Run]] = {}
_given: Final[OrderedDict[str, RoadmapContent]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class GoalRow:
    """A goal with what is reached, what it costs and its odds; low, width, middle: per cent of the odds' bar."""

    goal: Goal
    by: str
    wanted: str
    reached: str
    met: bool
    price: Price | None
    odds: Odds | None

    @property
    def low(self) -> float:
        return round(100 * self.odds.low, 1) if self.odds else 0

    @property
    def width(self) -> float:
        return round(max(1.0, 100 * (self.odds.high - self.odds.low)), 1) if self.odds else 0

    @property
    def interval(self) -> str:
        return f"{self.odds.low:.0%} – {self.odds.high:.0%}" if self.odds else ""

    @property
    def chance(self) -> str:
        return f"{self.odds.odds:.0%}" if self.odds else ""

    @property
    def average(self) -> str:
        return _shown(self.goal, self.odds.value) if self.odds else ""

    @property
    def costs(self) -> str:
        return f"{max(0.0, self.price.cost) / MILLION:,.1f}" if self.price else ""

    @property
    def between(self) -> str:
        return f"{self.price.low / MILLION:,.1f} – {self.price.high / MILLION:,.1f}" if self.price else ""


@dataclass(frozen=True, slots=True)
class Other:
    """Another way: how much more it costs, in per cent, and which sites it has more and less."""

    more: str
    sites: Sequence[Words]
    without: Sequence[Words]


def roadmap(request: HttpRequest) -> HttpResponse:
    """Choose a file, or give one, and see its roadmap."""
    if request.method == "POST":
        return _posted(request)
    return _shown_page(request, ())


def _posted(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("stop", "")
    file = request.FILES.get("file")
    if isinstance(file, UploadedFile):
        given = b"".join(file.chunks()) if (file.size or 0) <= LARGEST else b""
        content = bench.opened().read_file("roadmap", given)
        if not isinstance(content, Mapping):
            return _shown_page(request, content, 422)
        name = hashlib.sha256(given).hexdigest()[:16]
        _given[name] = roadmap_from(dict(content))
        while len(_given) > KEPT:
            _given.popitem(last=False)
    else:
        for key, run in list(_running.items()):
            if isinstance(key, tuple) and key[0] == name:
                run.stop.set()
    return HttpResponseRedirect(f"{reverse('roadmap')}?{urlencode({'file': name})}")


def _contents() -> dict[str, RoadmapContent]:
    """The city's roadmaps and those that were given, by what they are asked for by."""
    read = {name: _read(each) for name, each in bench.opened().roadmaps().items()}
    return {**{name: each for name, each in read.items() if each is not None}, **_given}


@lru_cache(KEPT)
def _read(file: bytes) -> RoadmapContent | None:
    """What stands in one of the city's files, None where it has mistakes."""
    content = bench.opened().read_file("roadmap", file)
    return roadmap_from(dict(content)) if isinstance(content, Mapping) else None


def _shown_page(request: HttpRequest, mistakes: Sequence[Words], status: int = 200) -> HttpResponse:
    who = page.reader(request)
    if who is None:
        raise Http404
    name = request.GET.get("file", "")
    contents = _contents()
    context: dict[str, Any] = {
        "contents": list(contents.items()), "name": name, "mistakes": mistakes, "gone": bool(name) and name not in contents,
        "here": request.get_full_path(),
    }  # fmt: skip
    with window.reading(who) as cursor:
        if name in contents and not mistakes:
            content, like = contents[name], _like(cursor)
            key = (name, content.id, approval_board.latest(cursor, "recipe", like.recipe.id) if like else None)
            run = found.get(key)
            if run is None:
                under_way = _running.setdefault(key, Run(content))
                run = found.begin(key, lambda: _run(key, under_way, like), PATIENCE) or under_way
            computing = found.running(key)
            if not computing:
                _running.pop(key, None)
            context |= {"content": content, "computing": computing, **_result(run)}
        return page.show(request, cursor, "roadmap", context, status)


def _like(cursor: Any) -> Case | None:
    """What each base of the roadmap is taken to be like: the first base and recipe that are approved."""
    base, recipes = approval_board.base(cursor, page.chosen_base(cursor)), approval_board.identifiers(cursor, "recipe")
    recipe = approval_board.recipe(cursor, recipes[0]) if recipes else None
    return Case(recipe, base, Scenario()) if base is not None and recipe is not None else None


def _run(key: Hashable, run: Run, like: Case | None) -> Run:
    extras = Extras(ALTERNATIVES, True, REPLICATIONS, like, window.now().date())
    try:
        fill(run.answer, run.content.city, extras, Effort(), run.told, run.stop.is_set)
    except ValueError:
        run.unsimulated = True
    finally:
        _running.pop(key, None)
    return run


def _result(run: Run) -> dict[str, Any]:
    """What the page shows of a search, under way or done."""
    answer, content = run.answer, run.content
    order = ("search", "prices", "others", "odds")
    shown: dict[str, Any] = {
        "run": run, "answer": answer, "doing": STEPS[answer.step], "steps": len(order),
        "step": order.index(answer.step) if answer.step in order else 1,
        "best": f"{run.cost:,.1f}" if np.isfinite(run.cost) else "", "least": f"{run.bound:,.1f}" if np.isfinite(run.bound) else "",
        "stopped": run.stop.is_set(),
    }  # fmt: skip
    best = answer.roadmap
    if best is None:
        return shown
    paid = {each.goal.id: each for each in answer.prices}
    likely = {each.goal.id: each for each in answer.odds}
    parts = costs(content.city, best)
    return shown | {
        "drawing": drawing(content, best, page.language()),
        "goals": [_goal(content, best, goal, paid, likely) for goal in content.city.goals],
        "costs": [(POSTS[name], f"{value / MILLION:,.1f}") for name, value in parts.items() if abs(value) >= 50_000],
        "cost": f"{best.cost / MILLION:,.1f}", "bound": f"{best.bound / MILLION:,.1f}", "gap": f"{100 * best.gap:.2f}",
        "others": [
            Other(f"{100 * (each.cost / best.cost - 1):+.2f}", *changed(content.city, best, each)) for each in answer.others
        ],
    }  # fmt: skip


def _goal(
    content: RoadmapContent, best: Roadmap, goal: Goal, paid: Mapping[str, Price], likely: Mapping[str, Odds]
) -> GoalRow:
    value = measured(content.city, best, goal)
    wanted = f"{SIGNS[goal.comparator]} {_shown(goal, goal.value)}"
    reached = _shown(goal, value)
    return GoalRow(
        goal, content.quarter(goal.by), wanted, reached, meets(goal, value), paid.get(goal.id), likely.get(goal.id)
    )


def _shown(goal: Goal, value: float) -> str:
    if goal.metric in ("scale", "capital"):
        return f"{value / MILLION:,.1f} {'M' if page.language() == 'en' else '百万'}"
    return f"{value:,.1f} %" if goal.metric == "served" else f"{value:,.0f}"
