"""Slots: a suite window with the itinerary around it, guarded by an exclusion claim on the suite's time."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from yimai.domain.base import Base
from yimai.domain.fact import Fact, Signature
from yimai.domain.recipe import Recipe
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.domain.treatment import Treatment, not_ended, open_for_work
from yimai.ledger.entry import Claim, Entry


@dataclass(frozen=True, slots=True)
class Itinerary:
    """When each leg of the vein is meant to happen; the suite is held over [starts, ends)."""

    suite: str
    collection: datetime
    pick_up: datetime
    receipt: datetime
    starts: datetime
    ends: datetime
    release: datetime
    delivery: datetime
    infusion: datetime

    @property
    def moments(self) -> tuple[datetime, ...]:
        return (
            self.collection,
            self.pick_up,
            self.receipt,
            self.starts,
            self.ends,
            self.release,
            self.delivery,
            self.infusion,
        )


@dataclass(frozen=True, slots=True)
class Outage:
    """A suite cannot be used from ``begins`` until ``ends``; None: nobody has said until when."""

    begins: datetime
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class SlotReserved(Fact):
    """A suite's time was reserved for the treatment, with the itinerary around it."""

    kind: ClassVar[str] = "slot.reserved.v1"
    treatment: str
    itinerary: Itinerary
    reserved: Signature

    def claims(self) -> tuple[Claim, ...]:
        return (Claim("suite", self.itinerary.suite, "take", self.itinerary.starts, self.itinerary.ends),)


@dataclass(frozen=True, slots=True)
class SlotMoved(Fact):
    """The treatment was given another itinerary in the place of the one it had, by a repair of the timetable.

    promised: the infusion's promised time until then. The repair's own fact gives back the suite's time that was reserved before.
    """

    kind: ClassVar[str] = "slot.moved.v1"
    treatment: str
    itinerary: Itinerary
    promised: datetime
    reason: str
    decided: Signature

    def claims(self) -> tuple[Claim, ...]:
        return (Claim("suite", self.itinerary.suite, "take", self.itinerary.starts, self.itinerary.ends),)


@dataclass(frozen=True, slots=True)
class SlotFreed(Fact):
    """The treatment's slot was given back."""

    kind: ClassVar[str] = "slot.freed.v1"
    treatment: str
    suite: str
    starts: datetime
    ends: datetime
    reason: str

    def claims(self) -> tuple[Claim, ...]:
        return (Claim("suite", self.suite, "free", self.starts, self.ends),)


@dataclass(frozen=True, slots=True)
class Slots:
    """The treatment's slot, if it has one, and how many it had before."""

    current: Itinerary | None = None
    freed: int = 0


def evolve(slots: Slots, fact: Fact, entry: Entry) -> Slots:
    match fact:
        case SlotReserved() | SlotMoved():
            return replace(slots, current=fact.itinerary)
        case SlotFreed():
            return Slots(None, slots.freed + 1)
    return slots


@dataclass(frozen=True, slots=True)
class Leads:
    """Times between the legs until a base's own time study replaces them (assumed; shown as assumed)."""

    collection_to_pick_up: timedelta = timedelta(hours=6)
    pick_up_to_receipt: timedelta = timedelta(hours=14)
    receipt_to_start: timedelta = timedelta(hours=4)
    results_to_release: timedelta = timedelta(hours=24)
    release_to_delivery: timedelta = timedelta(hours=36)
    delivery_to_lymphodepletion: timedelta = timedelta(hours=12)

    @property
    def collection_to_start(self) -> timedelta:
        return self.collection_to_pick_up + self.pick_up_to_receipt + self.receipt_to_start


LEADS: Final = Leads()
TURN_ROUND: Final = timedelta(hours=36)
"""Planned between two batches in a suite: an expansion that ends by count often needs a day more (assumed)."""
HOUR: Final = timedelta(hours=1)
SEARCH: Final = timedelta(days=180)

ALREADY_RESERVED = RefusalKind(
    "slot.already_reserved",
    "Treatment {treatment} already has a slot from {starts}. Free it before reserving another.",
    "治疗 {treatment} 已有自 {starts} 起的档期。另订之前请先释放。",
)
NOTHING_TO_FREE = RefusalKind(
    "slot.nothing_to_free",
    "Treatment {treatment} has no slot, so there is nothing to free.",
    "治疗 {treatment} 没有档期，无需释放。",
)
IN_USE = RefusalKind(
    "slot.in_use",
    "Batch {batch} is being made in this slot. Complete it or record its failure; the slot is not given away under it.",
    "批次 {batch} 正在该档期内生产。请先完成或登记失败，不得在此期间释放档期。",
)
TOO_LONG = RefusalKind(
    "slot.too_long",
    "The window in {suite} lasts {length}, more than twice the {needed} that the recipe needs. Choose an offered slot.",
    "{suite} 的时间窗为 {length}，超过工艺规程所需 {needed} 的两倍。请选择系统提供的档期。",
)
NO_ZONE = RefusalKind(
    "slot.no_zone",
    "A time of the itinerary has no time zone. Choose one of the offered slots.",
    "行程中有时间未注明时区。请选择系统提供的档期。",
)
OUT_OF_ORDER = RefusalKind(
    "slot.out_of_order",
    "The itinerary's times are not in order from collection to infusion. Choose one of the offered slots.",
    "行程时间从采集到回输未按先后排列。请选择系统提供的档期。",
)
IN_THE_PAST = RefusalKind(
    "slot.in_the_past",
    "The collection of this slot would have been at {collection}, which is past. Ask for new slots.",
    "该档期的采集时间 {collection} 已过。请重新查询档期。",
)
TOO_SHORT = RefusalKind(
    "slot.too_short",
    "The window in {suite} lasts {length}, but the recipe needs {needed}. Choose a longer window.",
    "{suite} 的时间窗为 {length}，而工艺规程需要 {needed}。请选择更长的时间窗。",
)
NO_SUCH_SUITE = RefusalKind(
    "slot.no_such_suite",
    "Base {base} has no suite {suite} for this recipe. Choose one of the offered slots.",
    "基地 {base} 没有适用于本规程的生产单元 {suite}。请选择系统提供的档期。",
)
SUITE_OUT = RefusalKind(
    "slot.suite_out",
    "Suite {suite} is out of use until {until}, and the batch would be there before. Choose another slot.",
    "生产单元 {suite} 停用至 {until}，而该批次将在此之前占用。请另选档期。",
)
SUITE_OUT_FOR_GOOD = RefusalKind(
    "slot.suite_out_for_good",
    "Suite {suite} is out of use, and nobody has said until when. Choose another slot.",
    "生产单元 {suite} 已停用，恢复时间未定。请另选档期。",
)
CLOSED_DAY = RefusalKind(
    "slot.closed_day",
    "The base starts no batch on {day}. Choose another slot.",
    "基地在 {day} 不开始任何批次。请另选档期。",
)
TOO_LATE_FOR_FRESH = RefusalKind(
    "slot.too_late_for_fresh",
    "Between collection and start lie {age}; fresh material keeps for {maximum}. Choose a later collection.",
    "采集到开始生产相隔 {age}；新鲜物料最长保存 {maximum}。请推迟采集。",
)

MOVED_MEANWHILE = RefusalKind(
    "slot.moved_meanwhile",
    "The slot of treatment {treatment} is no longer the one that was looked at. Look at the repair anew.",
    "治疗 {treatment} 的档期已不是刚才查看的档期。请重新查看修复方案。",
)
OTHER_BASE = RefusalKind(
    "slot.other_base",
    "Treatment {treatment} is made at base {made_at}, not at {base}. Leave it out.",
    "治疗 {treatment} 由基地 {made_at} 生产，不属于 {base}。请将其移出。",
)
HAS_BEGUN = RefusalKind(
    "slot.has_begun",
    "The batch of treatment {treatment} was begun in {suite} and stays there. Move only what is still to come of it.",
    "治疗 {treatment} 的批次已在 {suite} 开始，须留在该单元。只能调整尚未到来的时间。",
)
INTO_THE_PAST = RefusalKind(
    "slot.into_the_past",
    "Of treatment {treatment}, {moment} would have been before now. Look at the repair anew.",
    "治疗 {treatment} 的新时间 {moment} 早于现在。请重新查看修复方案。",
)


def suite_time(recipe: Recipe) -> timedelta:
    """How long a batch is planned to hold a suite: the recipe's longest chain of median durations, whole hours up."""
    ends: dict[str, timedelta] = {}
    steps = {step.id: step for step in recipe.steps}

    def end(step_id: str) -> timedelta:
        if step_id not in ends:
            step = steps[step_id]
            start = max((end(each) for each in step.after), default=timedelta())
            ends[step_id] = start + step.duration.median
        return ends[step_id]

    longest = max(end(step.id) for step in recipe.steps)
    return HOUR * -(-longest // HOUR)


def quality_control_time(recipe: Recipe) -> timedelta:
    """How long after manufacture conditional release is planned: the slowest test that it waits for."""
    waits = (test.duration.median for test in recipe.tests if test.stage == "conditional")
    return max(waits, default=timedelta())


def suites_for(base: Base, recipe: Recipe) -> tuple[str, ...]:
    """The base's suites of a room class that the recipe's steps name."""
    classes = {step.room_class for step in recipe.steps if step.line_clearance} or {
        step.room_class for step in recipe.steps
    }
    return tuple(suite.id for suite in base.suites if suite.room_class in classes)


def earliest(
    base: Base,
    recipe: Recipe,
    taken: Mapping[str, Iterable[tuple[datetime, datetime]]],
    not_before: datetime,
    count: int = 3,
) -> tuple[Itinerary, ...]:
    """Return the earliest itineraries, one a suite, whose window is free and starts on an open day.

    taken: each suite's windows that are already claimed. not_before: the earliest collection (aware).
    """
    needed, first = suite_time(recipe), _hour_from(base, not_before + LEADS.collection_to_start)
    offers = []
    for suite in suites_for(base, recipe):
        starts = _first_free(base, sorted(taken.get(suite, ())), first, needed, first + SEARCH)
        if starts is not None:
            offers.append(itinerary(recipe, suite, starts))
    return tuple(sorted(offers, key=lambda offer: (offer.starts, offer.suite))[:count])


def _hour_from(base: Base, moment: datetime) -> datetime:
    """The moment, or the next whole hour of the base's clock."""
    there = moment.astimezone(ZoneInfo(base.timezone))
    hour = there.replace(minute=0, second=0, microsecond=0)
    return hour if hour == there else hour + HOUR


def _first_free(
    base: Base, taken: Sequence[tuple[datetime, datetime]], first: datetime, needed: timedelta, until: datetime
) -> datetime | None:
    """taken: in the order of their begin."""
    zone = ZoneInfo(base.timezone)
    starts = first
    windows = iter(taken)
    window = next(windows, None)
    while starts < until:
        if window is not None and window[1] <= starts:
            window = next(windows, None)
        elif window is not None and window[0] < starts + needed:
            starts = window[1].astimezone(zone)
        elif base.closed(starts.date()):
            starts = (starts + timedelta(days=1)).replace(hour=8)
        else:
            return starts
    return None


def put_back(
    base: Base,
    ahead: Sequence[Recipe],
    taken: Mapping[str, Iterable[tuple[datetime, datetime]]],
    chosen: Itinerary,
    now: datetime,
    away: Mapping[str, Sequence[Outage]],
) -> int:
    """How many of those ahead would begin later than they can now if the itinerary were reserved before they choose.

    away: when each suite cannot be used.
    """
    beyond = now + 2 * SEARCH
    busy = {
        each.id: (*taken.get(each.id, ()), *((out.begins, out.ends or beyond) for out in away.get(each.id, ())))
        for each in base.suites
    }
    window = (*busy.get(chosen.suite, ()), (chosen.starts, chosen.ends))
    now_possible = _first_choices(base, ahead, busy, now)
    then_possible = _first_choices(base, ahead, {**busy, chosen.suite: window}, now)
    pairs = zip(now_possible, then_possible, strict=True)
    return sum(before is not None and (after is None or after > before) for before, after in pairs)


def _first_choices(
    base: Base, recipes: Iterable[Recipe], taken: Mapping[str, Iterable[tuple[datetime, datetime]]], now: datetime
) -> list[datetime | None]:
    """When each could begin at the earliest, one after the other.

    A suite's first free start only moves later while windows are taken, so it is searched for again from where it was,
    and only where the newest window took it: there may be hundreds who wait.
    """
    first = _hour_from(base, now + LEADS.collection_to_start)
    last = first + SEARCH
    windows = {suite.id: sorted(taken.get(suite.id, ())) for suite in base.suites}
    free: dict[timedelta, dict[str, datetime | None]] = {}
    found: list[datetime | None] = []
    for recipe in recipes:
        needed, possible = suite_time(recipe), suites_for(base, recipe)
        known = free.setdefault(needed, {})
        for suite in possible:
            if suite not in known:
                known[suite] = _first_free(base, windows[suite], first, needed, last)
        starts, chosen = min(((start, suite) for suite in possible if (start := known[suite])), default=(None, ""))
        found.append(starts)
        if starts is not None:
            insort(windows[chosen], (starts, starts + needed))
            for length, others in free.items():
                start = others.get(chosen)
                if start is not None and start < starts + needed and starts < start + length:
                    others[chosen] = _first_free(base, windows[chosen], start, length, last)
    return found


def itinerary(recipe: Recipe, suite: str, starts: datetime) -> Itinerary:
    """The itinerary around a suite's window that starts then and is as long as the recipe needs; lymphodepletion begins once it is delivered."""
    receipt = starts - LEADS.receipt_to_start
    pick_up = receipt - LEADS.pick_up_to_receipt
    ends = starts + suite_time(recipe)
    release = ends + quality_control_time(recipe) + LEADS.results_to_release
    delivery = release + LEADS.release_to_delivery
    return Itinerary(
        suite,
        pick_up - LEADS.collection_to_pick_up,
        pick_up,
        receipt,
        starts,
        ends,
        release,
        delivery,
        delivery + LEADS.delivery_to_lymphodepletion + recipe.product.lymphodepletion_minimum,
    )


def reserve(
    treatment: Treatment,
    slots: Slots,
    recipe: Recipe,
    base: Base,
    itinerary: Itinerary,
    now: datetime,
    reserved: Signature,
    *,
    batch: str = "",
    outages: Sequence[Outage] = (),
) -> Refusal | tuple[Fact, ...]:
    """Reserve the chosen itinerary; whether the suite is free then is decided by the claim.

    batch: the open batch that needs the present slot, or "". A slot that has ended and that no batch needs gives way. outages: of the
    itinerary's suite.
    """
    if refusal := open_for_work(treatment):
        return refusal
    past = slots.current if slots.current is not None and slots.current.ends <= now and not batch else None
    if slots.current is not None and past is None:
        return ALREADY_RESERVED(treatment=treatment.id, starts=slots.current.starts.isoformat())
    if refusal := _in_order(itinerary):
        return refusal
    if itinerary.collection < now:
        return IN_THE_PAST(collection=itinerary.collection.isoformat())
    if refusal := keeps(itinerary, recipe, base) or _in_use(itinerary, outages):
        return refusal
    given_back = () if past is None else (SlotFreed(treatment.id, past.suite, past.starts, past.ends, "rescheduled"),)
    return (*given_back, SlotReserved(treatment.id, itinerary, reserved))


def _in_use(itinerary: Itinerary, outages: Sequence[Outage]) -> Refusal | None:
    """Whether the suite can be used all the while."""
    for each in outages:
        if each.begins < itinerary.ends and (each.ends is None or itinerary.starts < each.ends):
            if each.ends is None:
                return SUITE_OUT_FOR_GOOD(suite=itinerary.suite)
            return SUITE_OUT(suite=itinerary.suite, until=each.ends.isoformat())
    return None


def _in_order(itinerary: Itinerary) -> Refusal | None:
    """Whether the moments have a zone and follow one another."""
    moments = itinerary.moments
    if any(moment.utcoffset() is None for moment in moments):
        return NO_ZONE()
    if list(moments) != sorted(moments) or itinerary.starts >= itinerary.ends:
        return OUT_OF_ORDER()
    return None


def keeps(itinerary: Itinerary, recipe: Recipe, base: Base) -> Refusal | None:
    """Whether the suite's time suits recipe and base, and the material keeps until then."""
    if itinerary.suite not in suites_for(base, recipe):
        return NO_SUCH_SUITE(base=base.id, suite=itinerary.suite)
    day = itinerary.starts.astimezone(ZoneInfo(base.timezone)).date()
    if base.closed(day):
        return CLOSED_DAY(day=day)
    length = itinerary.ends - itinerary.starts
    if length < suite_time(recipe):
        return TOO_SHORT(suite=itinerary.suite, length=length, needed=suite_time(recipe))
    if length > 2 * suite_time(recipe):
        return TOO_LONG(suite=itinerary.suite, length=length, needed=suite_time(recipe))
    age = itinerary.starts - itinerary.collection
    if age > recipe.starting_material.fresh_maximum:
        return TOO_LATE_FOR_FRESH(age=age, maximum=recipe.starting_material.fresh_maximum)
    return None


def move(
    treatment: Treatment,
    slots: Slots,
    recipe: Recipe,
    base: Base,
    was: tuple[str, datetime, datetime],
    itinerary: Itinerary,
    now: datetime,
    reason: str,
    decided: Signature,
    *,
    begun: bool,
) -> Refusal | SlotMoved:
    """Give the treatment another itinerary in the place of the one that it has.

    was: the suite's time that it had when the repair was looked at. begun: whether a batch runs in it; then the suite and the beginning
    stay. What lies behind stays as it was, and nothing is moved there.
    """
    if refusal := not_ended(treatment):
        return refusal
    if treatment.base != base.id:
        return OTHER_BASE(treatment=treatment.id, made_at=treatment.base, base=base.id)
    current = slots.current
    if current is None or (current.suite, current.starts, current.ends) != was:
        return MOVED_MEANWHILE(treatment=treatment.id)
    if refusal := _in_order(itinerary):
        return refusal
    if begun and (itinerary.suite, itinerary.starts) != (current.suite, current.starts):
        return HAS_BEGUN(treatment=treatment.id, suite=current.suite)
    for old, new in zip(current.moments, itinerary.moments, strict=True):
        if new < now and new != old:
            return INTO_THE_PAST(treatment=treatment.id, moment=new.isoformat())
    if not begun and itinerary.starts >= now and (refusal := keeps(itinerary, recipe, base)):
        return refusal
    return SlotMoved(treatment.id, itinerary, current.infusion, reason, decided)


def free(treatment: Treatment, slots: Slots, reason: str, *, batch: str = "") -> Refusal | tuple[Fact, ...]:
    """Free the treatment's slot, if it has one. batch: the open batch that needs it, or ""."""
    if slots.current is None:
        return NOTHING_TO_FREE(treatment=treatment.id)
    if batch:
        return IN_USE(batch=batch)
    current = slots.current
    return (SlotFreed(treatment.id, current.suite, current.starts, current.ends, reason),)
