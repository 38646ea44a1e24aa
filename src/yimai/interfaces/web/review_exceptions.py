"""The exceptions of a batch, one by one: what departed, from which limits, who recorded it and when, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.urls import reverse

from yimai.domain.batch_entry import written
from yimai.domain.recipe import Recipe, Test, Words
from yimai.domain.refusals import REFUSALS
from yimai.domain.sample import Sample
from yimai.interfaces.web.situation import Situation
from yimai.ledger.entry import Entry
from yimai.projections.field_words import VALUES
from yimai.projections.words import KINDS

State = Literal["open", "decided", "noted"]
LATE: Final = timedelta(hours=1)
"""An entry that was recorded longer than this after it happened is an exception."""
NOTHING: Final = Words("", "")


@dataclass(frozen=True, slots=True)
class Departure:
    """One exception.

    key: as QA's review names it, or "" for one that the rule does not ask to be reviewed anew. what: where and what.
    found, limits: as recorded and as it should be. verdict: what became of it. address: of its record.
    open: somebody must still decide. new: it arose after QA's review.
    """

    key: str
    title: Words
    what: Words
    found: Words
    limits: Words
    why: Words
    people: tuple[str, ...]
    when: datetime
    state: State
    verdict: Words
    address: str
    hash: str
    new: bool = False


def departures(situation: Situation, batch: str) -> tuple[Departure, ...]:
    """Every exception of the batch and of its treatment's way, those that wait for a decision first, then by time."""
    reviewed = situation.vein.disposition.of(batch)
    found = [each for entry in situation.entries for each in _of(situation, batch, entry)]
    if reviewed.reviewed is not None:
        found = [_dated(each, reviewed.exceptions) for each in found]
    return tuple(sorted(found, key=lambda each: (each.state != "open", each.when)))


def _dated(each: Departure, known: tuple[str, ...]) -> Departure:
    if not each.key or each.key in known:
        return each
    return replace(each, new=True)


def _of(situation: Situation, batch: str, entry: Entry) -> Iterator[Departure]:
    draw = _DRAWN.get(entry.kind)
    if draw is not None and entry.data.get("batch", batch) == batch:
        yield from draw(situation, batch, entry)
    if entry.recorded - entry.occurred > LATE and entry.data.get("batch") == batch:
        yield _departure(
            entry,
            Words("补记", "Recorded late"),
            _kind(entry),
            found=Words(f"{entry.recorded:%Y-%m-%d %H:%M}", f"{entry.recorded:%Y-%m-%d %H:%M}"),
        )


def _deviation(situation: Situation, batch: str, entry: Entry) -> Iterator[Departure]:
    data: Any = entry.data
    if data["batch"] != batch:
        return
    known = situation.vein.deviations.by_id[data["deviation"]]
    grade, cause = VALUES[known.classification], VALUES[data["cause"]]
    verdict = VALUES[known.conclusion] if known.conclusion else VALUES.get(known.state, NOTHING)
    if known.state == "assessed":
        verdict = Words("已评估，待关闭", "Assessed, to be closed")
    yield _departure(
        entry,
        Words(f"偏差（{grade.zh}）", f"Deviation ({grade.en.lower()})"),
        _place(situation.recipe, data["step"], data["entry"]),
        key=data["deviation"],
        found=Words(data["value"], data["value"]) if data["value"] else cause,
        limits=Words(data["limits"], data["limits"]),
        why=cause if data["value"] else VALUES.get(data["reason"], NOTHING),
        people=(data["raised"]["signer"],),
        state="open" if known.state != "closed" else "decided",
        verdict=verdict,
        address=reverse("deviation", args=[data["deviation"]]),
    )


def _excursion(situation: Situation, batch: str, entry: Entry) -> Iterator[Departure]:
    data: Any = entry.data
    shipment = situation.vein.shipments.by_id[data["shipment"]]
    state = shipment.excursions[data["excursion"]]
    read = next(
        (
            each.data
            for each in situation.entries
            if each.kind == "shipment.temperature_reported.v1" and each.data["shipment"] == shipment.id
        ),
        {},
    )
    lowest, highest = read.get("lowest"), read.get("highest")
    span = f"{lowest} … {highest} °C" if lowest is not None else ""
    verdicts = {
        "open": Words("待决定", "Undecided"),
        "usable": Words("可以使用", "May be used"),
        "unusable": Words("不得使用", "Must not be used"),
    }
    low, high = shipment.limits.low, shipment.limits.high
    allowed = " … ".join(f"{each:f}" for each in (low, high) if each is not None) + " °C"
    yield _departure(
        entry,
        Words("温度超限", "Excursion"),
        VALUES[data["cause"]],
        key=data["excursion"],
        found=Words(span, span),
        limits=Words(allowed, allowed),
        state="open" if state == "open" else "decided",
        verdict=verdicts[state],
        address=f"{reverse('treatment', args=[situation.treatment])}#release",
    )


def _result(situation: Situation, batch: str, entry: Entry) -> Iterator[Departure]:
    data: Any = entry.data
    sample = situation.vein.samples.by_id[data["sample"]]
    if data["conforming"] or sample.batch != batch:
        return
    standing = sample.valid(data["test"])
    stands = standing is not None and standing.attempt == data["attempt"]
    covered = data["test"] in situation.vein.disposition.of(batch).accepted
    test = situation.recipe.test(data["test"])
    value = VALUES.get(data["value"], Words(data["value"], data["value"]))
    decided = situation.vein.disposition.of(batch).state in ("rejected", "revoked") or covered
    stand = Words("有效，待决定", "Stands, undecided") if stands else Words("已无效", "Invalidated")
    yield _departure(
        entry,
        Words("结果不符合标准", "Result out of specification"),
        test.title if test is not None else Words(data["test"], data["test"]),
        key=_attempt(data),
        found=value,
        limits=_specified(test),
        people=tuple(filter(None, (data["reported"]["signer"], standing.verifier if standing and stands else ""))),
        state="open" if stands and not decided else "decided",
        verdict=Words("已作决定", "Decided upon") if stands and decided else stand,
        address=reverse("sample", args=[data["sample"]]),
    )


def _invalidated(situation: Situation, batch: str, entry: Entry) -> Iterator[Departure]:
    data: Any = entry.data
    sample = situation.vein.samples.by_id[data["sample"]]
    if sample.batch != batch:
        return
    test = situation.recipe.test(data["test"])
    yield _departure(
        entry,
        Words("结果无效", "Result invalidated"),
        test.title if test is not None else Words(data["test"], data["test"]),
        key=_attempt(data),
        found=_of_attempt(sample, data),
        why=VALUES.get(data["reason"], NOTHING),
        people=(data["decided"]["signer"],),
        address=reverse("sample", args=[data["sample"]]),
    )


def _voided(situation: Situation, batch: str, entry: Entry) -> Iterator[Departure]:
    data: Any = entry.data
    sample = situation.vein.samples.by_id[data["sample"]]
    if sample.batch != batch:
        return
    plan = situation.recipe.sample(sample.plan)
    yield _departure(
        entry,
        Words("样品作废", "Sample given up"),
        plan.title if plan is not None else NOTHING,
        key=sample.id,
        why=VALUES.get(data["reason"], NOTHING),
        people=(data["decided"]["signer"],),
        address=reverse("sample", args=[sample.id]),
    )


def _corrected(situation: Situation, batch: str, entry: Entry) -> Iterator[Departure]:
    data: Any = entry.data
    yield _departure(
        entry,
        Words("更正记录", "Entry corrected"),
        _place(situation.recipe, data["step"], data["entry"]),
        found=Words(f"{_plain(data['old'])} → {_plain(data['new'])}", f"{_plain(data['old'])} → {_plain(data['new'])}"),
        why=VALUES.get(data["reason"], NOTHING),
        people=(data["performed"]["signer"], data["verified"]["signer"]),
    )


def _replaced(situation: Situation, batch: str, entry: Entry) -> Iterator[Departure]:
    data: Any = entry.data
    if data["replaces"] is None:
        return
    change = f"{_plain(data['replaces'])} → {_plain(data['value'])}"
    yield _departure(
        entry,
        Words("签名前更改", "Changed before it was signed"),
        _place(situation.recipe, data["step"], data["entry"]),
        found=Words(change, change),
        why=VALUES.get(data["reason"], NOTHING),
        people=(data["recorded_by"],),
    )


def _refused(situation: Situation, batch: str, entry: Entry) -> Iterator[Departure]:
    data: Any = entry.data
    kind = REFUSALS.get(data["code"])
    said = kind(**data["details"]) if kind is not None else None
    yield _departure(
        entry,
        Words("身份核对被拒绝", "Identity match refused"),
        Words(said.zh, said.en) if said is not None else Words(data["code"], data["code"]),
        verdict=Words("已阻止", "Stopped on the spot"),
    )


def _overridden(situation: Situation, batch: str, entry: Entry) -> Iterator[Departure]:
    data: Any = entry.data
    reasons = [VALUES.get(each, Words(each, each)) for each in data["reasons"]]
    yield _departure(
        entry,
        Words("规则豁免", "Rule opened by two reasons"),
        Words(data["code"], data["code"]),
        why=Words("；".join(each.zh for each in reasons), "; ".join(each.en for each in reasons)),
        people=tuple(each["signer"] for each in data["signatures"]),
    )


_DRAWN: Final[dict[str, Callable[[Situation, str, Entry], Iterator[Departure]]]] = {
    "deviation.opened.v1": _deviation,
    "shipment.excursion_opened.v1": _excursion,
    "sample.result_recorded.v1": _result,
    "sample.result_invalidated.v1": _invalidated,
    "sample.voided.v1": _voided,
    "batch.entry_corrected.v1": _corrected,
    "batch.entry_recorded.v1": _replaced,
    "identity.match_refused.v1": _refused,
    "override.rule_overridden.v1": _overridden,
}


def _departure(
    entry: Entry,
    title: Words,
    what: Words,
    *,
    key: str = "",
    found: Words = NOTHING,
    limits: Words = NOTHING,
    why: Words = NOTHING,
    people: tuple[str, ...] = (),
    state: State = "noted",
    verdict: Words = NOTHING,
    address: str = "",
) -> Departure:
    hash_ = entry.hash.hex()
    where = address or reverse("fact", args=[hash_])
    who = people or (entry.actor,)
    return Departure(key, title, what, found, limits, why, who, entry.occurred, state, verdict, where, hash_)


def _place(recipe: Recipe, step: str, entry: str) -> Words:
    """Where in the batch record it is: the step and its entry, as the recipe calls them."""
    found = recipe.step(step)
    if found is None:
        return Words("整批", "The batch as a whole") if not step else Words(step, step)
    recorded = found.entry(entry)
    if recorded is None:
        return found.title
    return Words(f"{found.title.zh} · {recorded.title.zh}", f"{found.title.en} · {recorded.title.en}")


def _specified(test: Test | None) -> Words:
    """What conforms: the limits with their unit, or the results that are accepted."""
    if test is None:
        return NOTHING
    if test.type == "quantity":
        said = f"{written(test.limits)} {test.unit}"
        return Words(said, said)
    fit = [VALUES.get(each, Words(each, each)) for each in test.accepted]
    return Words("、".join(each.zh for each in fit), ", ".join(each.en for each in fit))


def _attempt(data: Mapping[str, Any]) -> str:
    return f"{data['sample']}/{data['test']}#{data['attempt']}"


def _of_attempt(sample: Sample, data: Mapping[str, Any]) -> Words:
    result = next(each for each in sample.attempts(data["test"]) if each.attempt == data["attempt"])
    said = VALUES.get(result.value, Words(result.value, result.value))
    return Words(f"{said.zh} {result.unit}".strip(), f"{said.en} {result.unit}".strip())


def _kind(entry: Entry) -> Words:
    return KINDS.get(entry.kind, Words(entry.kind, entry.kind))


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['value']} {value['unit']}"
    return {True: "✓", False: "✕"}.get(value, str(value)) if isinstance(value, bool) else str(value)
