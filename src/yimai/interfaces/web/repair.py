"""Something has broken: say what, see the ways to go on with every affected patient's delay and odds, and sign one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from yimai.domain.base import Base
from yimai.domain.recipe import Words
from yimai.domain.timetable import Disruption, Struck
from yimai.interfaces.web import page, repairing, window
from yimai.interfaces.web.distance import Distance
from yimai.interfaces.web.form import address
from yimai.interfaces.web.live_plan import LivePlan, seen
from yimai.interfaces.web.news import begun, not_begun
from yimai.interfaces.web.repairing import Repair
from yimai.interfaces.web.timetable import said_of
from yimai.interfaces.web.touched_promises import MovedPromise
from yimai.planning.disruption import NotThere
from yimai.planning.repair import FEW, Change
from yimai.projections import ledger_board, worklist

KINDS: Final[Mapping[str, Words]] = {
    "suite": Words("生产单元停用", "A suite is out of use"),
    "person": Words("人员缺勤", "Somebody is away"),
    "equipment": Words("设备停用", "Equipment is out of use"),
    "longer": Words("任务延长", "A task takes longer"),
    "sooner": Words("任务提前结束", "A task ends sooner"),
    "again": Words("需重新采集", "To be collected again"),
    "move": Words("移动一个批次", "Move a batch"),
}
HOLDS: Final = Words("无需选择：没有承诺因此改期。", "There is nothing to choose between: no promise has to be moved.")
NO_LESS: Final = Words(
    "没有更多方案：已证明延误无法再明显减少，移动他人、加班或更换单元都无济于事。",
    "There are no more: it is proven that the delay cannot be noticeably less, so moving others, overtime or other suites would not help.",
)
OTHERS_STAY: Final = Words(
    "没有更多方案：其他患者的承诺都不必改期。", "There are no more: no promise of another patient has to be moved."
)
ALIKE: Final = Words(
    "没有更多方案：也搜索过延误最少、紧急优先、多人分担和加班，对每位患者的结果都与上述相同。",
    "There are no more: least delay, the urgent first, a shared delay and overtime were searched too, and mean the same for every patient.",
)
FORTNIGHT: Final = timedelta(days=14)
LONGEST: Final = timedelta(days=60)
WRONG: Final = Words(
    "请填写完整：对象，以及不早于现在的起止时间。",
    "Say what, and from when until when, the end after the beginning and not past.",
)
UNKNOWN: Final = Words(
    "基地没有该对象，或该治疗不在计划中。", "The base has no such thing, or the treatment is not in the plan."
)


@dataclass(frozen=True, slots=True)
class Way:
    """One option as it is shown. sign: address of the form, "" where a wish moves nothing."""

    title: Words
    moved: int
    delay: int
    worst: int
    patients: tuple[MovedPromise, ...]
    slots: int
    sign: str
    distance: Distance


def repair(request: HttpRequest) -> HttpResponse:
    """Say what has broken, and see what can be done."""
    who = page.reader(request)
    if who is None:
        raise Http404
    with window.reading(who) as cursor:
        base = page.base_of(cursor, who, "")
        zone = ZoneInfo(base.timezone)
        now = window.now().astimezone(zone)
        rooms = worklist.rooms(cursor)
        out = sorted(room.suite for room in rooms.values() if room.out and room.base == base.id)
        known = seen(who, base.id, ledger_board.size(cursor), now)
        what = request.GET.get("what", "")
        what = what if what in KINDS else "suite"
        context: dict[str, Any] = {
            "base": base,
            "kinds": [(code, words, f"{reverse('repair')}?what={code}") for code, words in KINDS.items()],
            "what": what,
            "given": {name: request.GET[name] for name in request.GET},
            "from": now + timedelta(hours=1),
            "until": now + FORTNIGHT,
            "here": request.get_full_path(),
            "out": out,
            "suite_titles": base.suite_titles,
            "live": known.plan,
            "asked": "look" in request.GET,
        }
        if known.plan is not None:
            context |= _choices(known.plan, base, what)
            context["assumed"] = known.plan.problem.odds_assumed
            context["odds_known"] = known.plan.odds_known
            if context["asked"]:
                context |= _answer(request, known.plan, what, zone, now)
        context["waiting"] = known.plan is None or context.get("computing", False)
        context["plan_there"] = context.pop("live") is not None
        return page.show(request, cursor, "repair", context)


def _choices(live: LivePlan, base: Base, what: str) -> dict[str, Any]:
    """What may be chosen in the forms; to be collected again only where no batch was begun."""
    jobs = [job for _, job in live.jobs()]
    again = [job.id for number, job in live.jobs() if not begun(live, number)]
    fixed = live.problem.tasks.fixed
    recipe = live.found.recipes[0] if live.found.recipes else None
    steps = [(f"step:{each.id}", each.title) for each in recipe.steps] if recipe else []
    tests = [(f"test:{each.id}", each.title) for each in recipe.tests] if recipe else []
    legs = [
        ("inbound", Words("运往基地", "Transport to the base")),
        ("outbound", Words("运往医院", "Transport to the hospital")),
    ]
    return {
        "suites": [(each.id, each.title) for each in base.suites],
        "operators": [each.id for each in base.people if each.site == base.id and "operator" in each.roles],
        "pieces": [each.id for each in base.equipment],
        "treatments": again if what == "again" else [job.id for job in jobs],
        "movable": [job.id for job in jobs if fixed[job.first] < 0 and job.id in live.found.itineraries],
        "tasks": [*legs, *steps, *tests],
    }


def _answer(request: HttpRequest, live: LivePlan, what: str, zone: tzinfo, now: datetime) -> dict[str, Any]:
    """The options for what was said, or what is wrong with it."""
    happened = _happened(request.GET, what, zone, now)
    if happened is None:
        return {"wrong": WRONG}
    try:
        found = repairing.options(live, (happened,))
        broken = repairing.verdict(live, happened) if what == "move" else []
    except NotThere:
        return {"wrong": UNKNOWN}
    if found is None:
        return {"computing": True}
    back = reverse("timetable")
    longest = max((each.delay for way in found for each in _shown(way)), default=0.0)
    return {
        "few": _few(found),
        "again": found[0].again if found else (),
        "happened": happened,
        "ways": [_way(each, longest, live.found.book.base.id, zone, back, broken=what != "move") for each in found],
        "verdict": [said_of(live, each, zone) for each in broken],
        "judged": what == "move",
        "too_old": "" if found else _too_old(live, happened, now),
    }


def _too_old(live: LivePlan, happened: Disruption, now: datetime) -> str:
    """The page on which the treatment is collected again, where its material waits for its batch; else ""."""
    number = next((number for number, job in live.jobs() if job.id == happened.treatment), None)
    if number is None or happened.struck != "takes_longer" or not not_begun(live, number):
        return ""
    given = {"what": "again", "treatment": happened.treatment, "from": f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}"}
    return f"{reverse('repair')}?{urlencode(given)}"


def _few(found: Sequence[Repair]) -> Words | None:
    """Why there are fewer options than one would like to choose from; None where there are enough."""
    if not found or len(found) >= FEW:
        return None
    if not found[0].option.moved:
        return HOLDS if found[0].wished is None else OTHERS_STAY
    return NO_LESS if found[0].distance.best else ALIKE


def _happened(given: Mapping[str, str], what: str, zone: tzinfo, now: datetime) -> Disruption | None:
    """What the address says has happened; None where it is not whole."""
    begins, ends = (_moment(given.get(name, ""), zone) for name in ("from", "until"))
    treatment, step = given.get("treatment", ""), given.get("step", "")
    if what in ("suite", "person", "equipment"):
        thing = given.get(what, "")
        if not thing or begins is None or ends is None or ends <= max(begins, now) or ends - begins > 6 * LONGEST:
            return None
        if what == "suite":
            return Disruption("suite_down", begins, ends, suite=thing)
        if what == "person":
            return Disruption("person_away", begins, ends, person=thing)
        return Disruption("equipment_down", begins, ends, equipment=thing)
    if what in ("longer", "sooner"):
        hours = given.get("hours", "")
        if not treatment or not step or not hours.isdecimal() or not 0 < int(hours) <= LONGEST // timedelta(hours=1):
            return None
        hour = now.replace(minute=0, second=0, microsecond=0)
        ends = hour + timedelta(hours=int(hours))
        struck: Struck = "takes_longer" if what == "longer" else "ends_sooner"
        return Disruption(struck, hour, ends, treatment=treatment, step=step)
    if not treatment or begins is None or begins <= now:
        return None
    if what == "again":
        return Disruption("collected_again", begins, treatment=treatment)
    suite = given.get("suite", "")
    return Disruption("nothing_broken", begins, treatment=treatment, suite=suite) if suite else None


def _moment(text: str, zone: tzinfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=zone) if found.tzinfo is None else found


def _shown(found: Repair) -> tuple[Change, ...]:
    """What an option moves, and last the treatment that somebody wished to move: the planner counts it among no changes."""
    return (*found.option.changes, *(() if found.wished is None else (found.wished,)))


def _per_cent(odds: float | None) -> int | None:
    return None if odds is None else round(100 * odds)


def _way(found: Repair, longest: float, base: str, zone: tzinfo, back: str, *, broken: bool) -> Way:
    """longest: the most hours that any option delays a patient. broken: whether something has, which is put on record even if nothing has to
    move for it."""
    option = found.option
    hospitals = {job.id: job.hospital for job in option.problem.jobs}
    patients = tuple(
        MovedPromise(
            each.treatment, hospitals[each.treatment], each.urgency == "urgent", each.promised.astimezone(zone),
            each.promise.astimezone(zone) if each.promise is not None else None, round(each.delay),
            round(100 * max(0.0, each.delay) / (longest or 1)), _per_cent(found.odds.get(each.treatment)),
            each.collection_before.astimezone(zone),
            each.collection.astimezone(zone) if each.collection is not None else None, each.suite_before, each.suite,
        )
        for each in _shown(found)
    )  # fmt: skip
    given = {"base": base, "plan": found.code, "next": back}
    worst = max((each.delay for each in patients), default=0)
    moved = option.moved + (found.wished is not None and found.wished.moved)
    return Way(
        option.name, moved, round(option.delay + _wished_delay(found)), max(0, worst), patients, len(found.moves),
        address("timetable.repair", given) if found.moves or broken else "", found.distance,
    )  # fmt: skip


def _wished_delay(found: Repair) -> float:
    """Hours of delay, weighted by urgency, of the treatment that somebody wished to move."""
    wished = found.wished
    return 0.0 if wished is None else max(0.0, wished.delay) * found.option.problem.jobs[wished.job].weight
