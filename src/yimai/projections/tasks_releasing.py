"""Tasks of the laboratory, of quality assurance and of the qualified person: results, deviations, release."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from yimai.domain.incubation import counts_from
from yimai.domain.recipe import Test
from yimai.projections.tasks_drafting import task
from yimai.projections.worklist_state import Marks, State, Task, when

NOTIFIED: Final = ("authority", "sponsor")


def testing(state: State) -> Iterator[Task]:
    """Results to be recorded and verified, of every batch that counts."""
    tests = {test.id: test for test in state.recipe.tests}
    for sample, taken in state.of("sample").items():
        if state.one("voided", sample) is not None or not _counts(state, taken["batch"]):
            continue
        plan = state.recipe.sample(taken["plan"])
        any_result = False
        received = state.one("in_laboratory", sample)
        if received is None and not state.batch_lost(taken["batch"]):
            about = plan.title if plan is not None else None
            yield task(state, "sample.receive", "base", when(taken), about=about, sample=sample)
        for test in plan.tests if plan is not None else ():
            recorded = standing(state, sample, test)
            any_result = any_result or recorded is not None
            if recorded is not None or (received is not None and received["condition"] == "good"):
                yield from _result(state, sample, received or taken, taken["batch"], tests[test], recorded)
        if not any_result and not state.row.ended:
            unfit = received is not None and received["condition"] != "good"
            yield task(state, "sample.void", "base", when(received or taken), optional=not unfit, sample=sample)


def _counts(state: State, batch: str) -> bool:
    """Whether results of the batch are still waited for: while it may be given, and after it was."""
    begun = any(state.batch_of(bag) == batch for bag in state.of("begun"))
    return begun or not state.row.ended


def _result(state: State, sample: str, came: Marks, batch: str, test: Test, recorded: Marks | None) -> Iterator[Task]:
    place = {"sample": sample, "test": test.id}
    if recorded is None:
        if not state.batch_lost(batch):
            invalid = state.one("invalid", f"{sample}/{test.id}")
            yield task(
                state,
                "sample.record_result",
                "base",
                when(invalid or came),
                due=when(invalid or came) + test.duration.median,
                counts=counts_from(test, when(state.of("sample")[sample])),
                assumed=test.duration.source.assumed,
                unit=test.unit,
                **place,
            )
        return
    if not verified(state, sample, test.id, recorded):
        analyst = (recorded["analyst"],)
        yield task(state, "sample.verify_result", "base", when(recorded), without=analyst, **place)
    if not state.row.ended:
        yield task(state, "sample.invalidate_result", "base", when(recorded), optional=True, **place)


def standing(state: State, sample: str, test: str) -> Marks | None:
    """The result that stands, or None."""
    recorded, invalid = state.one("result", f"{sample}/{test}"), state.one("invalid", f"{sample}/{test}")
    if recorded is None or (invalid is not None and invalid["attempt"] == recorded["attempt"]):
        return None
    return recorded


def verified(state: State, sample: str, test: str, recorded: Marks) -> bool:
    checked = state.one("verified", f"{sample}/{test}")
    return checked is not None and bool(checked["attempt"] == recorded["attempt"])


def deviating(state: State) -> Iterator[Task]:
    """Deviations to be assessed and closed."""
    for deviation, opened in state.of("deviation").items():
        assessed = state.one("assessed", deviation)
        grade = (assessed or opened)["classification"]
        about = {"deviation": deviation, "batch": opened["batch"], "step": opened["step"], "classification": grade}
        if assessed is None:
            yield task(state, "deviation.assess", "base", when(opened), **about)
        else:
            needed = "qualified_person" if grade == "critical" else ""
            people = _workers(state, opened)
            yield task(
                state, "deviation.close", "base", when(assessed), without=people, approver_needed=needed, **about
            )


def _workers(state: State, opened: Marks) -> tuple[str, ...]:
    """Who raised the deviation or worked where it is, and may not judge it."""
    place = f"{opened['batch']}/{opened['step']}" if opened["step"] else f"{opened['batch']}/"
    worked = {
        person
        for name in ("began", "ended")
        for item, mark in state.of(name).items()
        if item == place or (not opened["step"] and item.startswith(place))
        for person in mark["people"]
    }
    return tuple(sorted({opened["raised_by"], *worked}))


def releasing(state: State) -> Iterator[Task]:
    """From the completed batch to the decision on it, and what may follow that."""
    batch = state.latest_batch
    finished = state.one("finished", batch)
    if finished is None or finished["state"] != "completed" or state.row.ended:
        return
    decided, disposition = state.at("disposition", batch), state.disposition(batch)
    if disposition in ("", "conditionally_released"):
        yield from _judging(state, batch, when(finished), disposition)
    if disposition == "released" and state.one("certified", batch) is None:
        yield task(state, "disposition.issue_certificate", "base", decided or when(finished), batch=batch)
    if state.supplied(batch):
        yield task(state, "disposition.revoke", "base", decided or when(finished), optional=True, batch=batch)


def _judging(state: State, batch: str, finished: datetime, disposition: str) -> Iterator[Task]:
    failing = nonconforming(state, batch)
    waits = _waits(state, batch, "conditional")
    reviewed = state.one("reviewed", batch)
    up_to_date = reviewed is not None and _exceptions(state, batch) <= set(reviewed["exceptions"])
    if not up_to_date:
        yield task(state, "disposition.review", "base", finished, blocked=waits, batch=batch)
    since = when(reviewed) if reviewed is not None else finished
    reviewer = (reviewed["signer"],) if reviewed is not None else ()
    gate = waits or ("" if up_to_date else "waits_for_review") or ("labels_to_reconcile" if state.of("issued") else "")
    if disposition == "":
        reject = bool(failing) or _rejecting(state, batch)
        yield task(state, "disposition.reject", "base", since, optional=not reject, batch=batch)
        if _rejecting(state, batch) or (failing and _identity_failed(state, failing)):
            return
    if failing:
        if disposition == "":
            yield from _supplying(state, batch, failing, since, gate, reviewer)
        return
    final = _waits(state, batch, "conditional", "final")
    if disposition == "":
        alternatives = () if final else ("disposition.release",)
        more = {"blocked": gate, "without": reviewer, "alternatives": alternatives}
        yield task(state, "disposition.release_conditionally", "base", since, batch=batch, **more)
    else:
        decided = state.at("disposition", batch) or since
        yield task(state, "disposition.release", "base", decided, blocked=final or gate, without=reviewer, batch=batch)


def _waits(state: State, batch: str, *stages: str) -> str:
    """What a decision that needs the results of these stages waits for, or ""."""
    if any(each["batch"] == batch for each in state.of("deviation").values()):
        return "waits_for_deviation"
    if state.of("excursion"):
        return "waits_for_excursion"
    samples = [
        (sample, each["plan"])
        for sample, each in state.of("sample").items()
        if each["batch"] == batch and state.one("voided", sample) is None
    ]
    unverified = ""
    for test in state.recipe.tests:
        if test.stage not in stages and not test.identity:
            continue
        plans = {plan.id for plan in state.recipe.samples if test.id in plan.tests}
        serving = [sample for sample, plan in samples if plan in plans]
        results = [standing(state, sample, test.id) for sample in serving]
        if not results or None in results:
            return "waits_for_results"
        for sample, result in zip(serving, results, strict=True):
            if result is not None and not verified(state, sample, test.id, result):
                unverified = "waits_for_verification"
    return unverified


def nonconforming(state: State, batch: str) -> tuple[str, ...]:
    """The tests with a standing result that does not conform, sorted."""
    found = set()
    for place in state.of("result"):
        sample, _, test = place.partition("/")
        result = standing(state, sample, test)
        of_batch = state.of("sample")[sample]["batch"] == batch and state.one("voided", sample) is None
        if of_batch and result is not None and not result["conforming"]:
            found.add(test)
    return tuple(sorted(found))


def _identity_failed(state: State, failing: tuple[str, ...]) -> bool:
    return any(test.identity and test.id in failing for test in state.recipe.tests)


def _rejecting(state: State, batch: str) -> bool:
    return any(
        each["conclusion"] == "reject_batch" and state.of("deviates")[deviation]["batch"] == batch
        for deviation, each in state.of("concluded").items()
    )


def _exceptions(state: State, batch: str) -> set[str]:
    """What a review by exception must look at, as the rule has it."""
    deviations = {deviation for deviation, each in state.of("deviates").items() if each["batch"] == batch}
    results = set()
    for exception in state.of("exception"):
        sample = exception.partition("/")[0]
        if state.of("sample")[sample]["batch"] == batch:
            results.add(exception)
    return deviations | set(state.of("doubt")) | results


def _supplying(
    state: State, batch: str, failing: tuple[str, ...], since: datetime, gate: str, reviewer: tuple[str, ...]
) -> Iterator[Task]:
    """Supply out of specification at the physician's request, piece by piece."""
    requested = state.of("oos").get(f"{batch}/requested")
    if requested is None or tuple(requested["tests"]) != failing:
        yield task(state, "oos_supply.request", "hospital", since, blocked=gate, batch=batch, tests=failing)
        return

    def done(piece: str) -> datetime | None:
        mark = state.of("oos").get(f"{batch}/{piece}")
        return when(mark) if mark is not None and mark["n"] > requested["n"] else None

    asked, evaluated, accepted = when(requested), done("evaluated"), done("accepted")
    if evaluated is None:
        yield task(state, "oos_supply.evaluate_risk", "base", asked, batch=batch)
    if accepted is None:
        blocked = "" if evaluated else "waits_for_risk_evaluation"
        yield task(state, "oos_supply.accept_risk", "hospital", evaluated or asked, blocked=blocked, batch=batch)
    for to in NOTIFIED:
        if done(to) is None:
            yield task(state, "oos_supply.give_notice", "base", accepted or asked, batch=batch, to=to)
    if evaluated is None or accepted is None or None in (done(to) for to in NOTIFIED):
        gate = gate or "waits_for_oos_dialogue"
    more = {"blocked": gate, "without": reviewer}
    yield task(state, "disposition.supply_out_of_specification", "base", accepted or asked, batch=batch, **more)
