"""Tasks at the hospital's end: availability, lymphodepletion, permit, thaw, bedside, infusion, outcome, closing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final

from yimai.projections.tasks_collecting import wanted
from yimai.projections.tasks_drafting import task
from yimai.projections.worklist_state import State, Task, when

FOLLOW_UP: Final = (7, 28)
"""The days since the infusion on which its outcome is reported (assumed; a recipe does not say)."""
TO_REPORT: Final = timedelta(days=3)
"""Within how many days of that day (assumed)."""


def preparing(state: State) -> Iterator[Task]:
    """From the signal that the product is there to the permit."""
    batch = state.latest_batch
    if not batch or not state.supplied(batch) or state.row.ended:
        return
    bags, decided = state.final_bags(batch), state.at("disposition", batch) or state.row.ordered
    troubles = [trouble for bag in bags if (trouble := state.trouble(bag)) != "unusable"]
    in_doubt = all(trouble == "waits_for_excursion" for trouble in troubles)
    available, depleted = state.one("available"), state.at("depleted")
    confirmed = available is not None and available["batch"] == batch
    if state.of("begun") or not troubles:
        return
    yield from wanted(state, "wristband", "hospital", 1, len(state.labelled("wristband")), decided)
    if not confirmed:
        doubt = "waits_for_excursion" if in_doubt else ""
        yield task(state, "infusion.confirm_availability", "hospital", decided, blocked=doubt, batch=batch)
    closes = depleted + state.recipe.product.lymphodepletion_maximum if depleted is not None else None
    if depleted is None or available is None:
        blocked = "" if confirmed else "waits_for_availability"
        since = when(available) if available is not None else decided
        yield task(state, "infusion.start_lymphodepletion", "hospital", since, blocked=blocked)
    elif closes is not None:
        yield task(state, "infusion.start_lymphodepletion", "hospital", closes, appears=closes)
    yield from _permitting(state, batch, bags)


def _permitting(state: State, batch: str, bags: tuple[str, ...]) -> Iterator[Task]:
    covered = {bag for permit in state.of("permit").values() for bag in permit["containers"]}
    open_bags = [bag for bag in bags if bag not in covered]
    there = [bag for bag in bags if _delivered(state, bag)]
    for permit, issued in state.of("permit").items():
        yield task(state, "infusion.withdraw_permit", "base", when(issued), optional=True, permit=permit)
    if not open_bags:
        return
    deviation = any(each["batch"] == batch for each in state.of("deviation").values())
    blocked = (
        "waits_for_deviation"
        if deviation
        else "waits_for_lymphodepletion"
        if state.one("depleted") is None
        else ""
        if there
        else "waits_for_delivery"
    )
    since = state.at("depleted") or state.at("disposition", batch) or state.row.ordered
    clock = ("lymphodepletion", state.row.treatment)
    yield task(
        state, "infusion.issue_permit", "base", since, clock=clock, blocked=blocked, batch=batch, containers=open_bags
    )


def _delivered(state: State, bag: str) -> bool:
    received = state.one("received", bag)
    return received is not None and bool(received["site"] == state.row.hospital)


def infusing(state: State) -> Iterator[Task]:
    """Every bag of the permits in turn, the thawed before the frozen: thaw, match, infuse, finish."""
    for bag, begun in state.of("begun").items():
        if state.one("held", bag) is not None:
            yield task(state, "infusion.finish", "hospital", when(begun), container=bag)
    if state.row.ended:
        return
    for permit, issued in state.of("permit").items():
        if not state.supplied(issued["batch"]):
            continue
        runs = any(each["permit"] == permit for each in state.of("begun").values())
        busy = False
        for bag in sorted(issued["containers"], key=lambda each: state.at("thawed", each) is None):
            if state.one("held", bag) is None or not _delivered(state, bag):
                continue
            if state.one("begun", bag) is None:
                yield from _bag(state, permit, when(issued), bag, runs, busy)
            busy = True


def _bag(state: State, permit: str, issued: datetime, bag: str, runs: bool, busy: bool) -> Iterator[Task]:
    """The next thing to do with a bag. runs: the permit's infusion does. busy: another bag comes first."""
    product, depleted = state.recipe.product, state.at("depleted")
    place = {"permit": permit, "container": bag}
    blocked = state.trouble(bag) or ("waits_for_bag" if busy else "")
    window = ("lymphodepletion", state.row.treatment)
    thawed = state.at("thawed", bag)
    if thawed is None:
        if depleted is None:
            yield task(state, "infusion.thaw", "hospital", issued, blocked="waits_for_lymphodepletion", **place)
            return
        yield task(
            state,
            "infusion.thaw",
            "hospital",
            issued,
            clock=window,
            earliest=depleted + product.lymphodepletion_minimum,
            latest=depleted + product.lymphodepletion_maximum,
            blocked=blocked,
            **place,
        )
        return
    ends, clock = thawed + product.thaw_to_infusion, ("thaw", bag)
    matched = state.one("matched", bag)
    if matched is None or matched["permit"] != permit:
        wristbands = list(state.labelled("wristband"))
        scans = {"wristband": wristbands[0] if len(wristbands) == 1 else "", "order": state.row.treatment}
        yield task(state, "infusion.match_bedside", "hospital", thawed, clock=clock, latest=ends, **place, **scans)
    else:
        verb = "infusion.continue_with" if runs else "infusion.start"
        yield task(
            state, verb, "hospital", when(matched), clock=clock, latest=ends, blocked=state.trouble(bag), **place
        )


def following(state: State) -> Iterator[Task]:
    """Outcomes on their days, then the end."""
    started = min((when(each) for each in state.of("begun").values()), default=None)
    infused = any(each["how"] == "infused" for each in state.of("gone").values())
    if started is None or not infused or state.row.ended:
        return
    reported = {int(day): each for day, each in state.of("outcome").items()}
    latest = max(reported, default=-1)
    died = any(each["response"] == "death" for each in reported.values())
    for day in FOLLOW_UP:
        if day > latest and not died:
            midnight = datetime.combine(started.date() + timedelta(days=day), time(), started.tzinfo)
            yield task(
                state,
                "outcome.report",
                "hospital",
                midnight,
                appears=midnight,
                due=midnight + TO_REPORT,
                assumed=True,
                day=day,
            )
    if latest >= FOLLOW_UP[-1] or died:
        batch = state.latest_batch
        blocked = "waits_for_release" if state.disposition(batch) == "conditionally_released" else ""
        since = max(when(each) for each in reported.values())
        yield task(state, "outcome.close", "hospital", since, blocked=blocked)
    if reported or died:
        yield task(state, "outcome.report", "hospital", started, optional=True)


def keeping(state: State) -> Iterator[Task]:
    """The records of a treatment that ended without being completed."""
    ended = state.at("ended")
    if ended is not None and state.one("kept") is None:
        for side in ("hospital", "base"):
            yield task(state, "retention.start", side, ended)
