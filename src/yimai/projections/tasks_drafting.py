"""How a task is put down: whose it is, which clock it has, and what keeps it waiting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from yimai.domain.person import Role
from yimai.domain.recipe import Recipe, Words
from yimai.projections.worklist_state import Side, State, Task

_NURSE: Final[tuple[Role, ...]] = ("nurse", "physician")
_OFFICE: Final[tuple[Role, ...]] = ("coordinator", "physician")
_QUALITY: Final[tuple[Role, ...]] = ("qa", "qualified_person")
_WORKERS: Final[Mapping[Side, tuple[Role, ...]]] = {"hospital": ("nurse", "coordinator"), "base": ("operator",)}
_LABELLERS: Final[Mapping[Side, tuple[Role, ...]]] = {
    "hospital": ("nurse", "coordinator"),
    "base": ("operator", "qc_analyst", "qa"),
}
ROLES: Final[Mapping[str, Mapping[Side, tuple[Role, ...]]]] = {
    "treatment.record_consent": {"hospital": _OFFICE},
    "treatment.report_markers": {"hospital": ("physician", "nurse", "coordinator")},
    "treatment.accept": {"base": ("scheduler", "qa")},
    "treatment.decline": {"base": ("scheduler", "qa")},
    "treatment.hold": {"hospital": _OFFICE, "base": ("qa", "scheduler")},
    "treatment.resume": {"hospital": _OFFICE, "base": ("qa", "scheduler")},
    "treatment.cancel": {"hospital": _OFFICE, "base": ("qa", "scheduler")},
    "treatment.withdraw": {"hospital": ("physician",)},
    "treatment.decide_fate": {"base": _QUALITY},
    "slot.reserve": {"hospital": _OFFICE, "base": ("scheduler",)},
    "slot.free": {"hospital": _OFFICE, "base": ("scheduler",)},
    "label.issue": _LABELLERS,
    "label.use": _LABELLERS,
    "label.destroy": _LABELLERS,
    "collection.start": {"hospital": _NURSE},
    "collection.complete": {"hospital": _NURSE},
    "custody.pack": _WORKERS,
    "custody.hand_over": {**_WORKERS, "carrier": ("courier",)},
    "custody.report_temperature": {"hospital": ("nurse", "coordinator"), "base": ("operator", "qa")},
    "custody.assess_excursion": {"base": _QUALITY},
    "custody.receive": {"hospital": ("nurse",), "base": ("operator",)},
    "custody.store": {"hospital": ("nurse",), "base": ("operator", "qa")},
    "custody.retrieve": {"hospital": ("nurse",), "base": ("operator", "qa")},
    "custody.destroy": {"hospital": ("nurse",), "base": ("operator", "qa")},
    "suite.clear_line": {"base": ("operator",)},
    "batch.open_batch": {"base": ("operator",)},
    "batch.start_step": {"base": ("operator",)},
    "batch.complete_step": {"base": ("operator",)},
    "batch.correct_entry": {"base": ("operator",)},
    "batch.complete_batch": {"base": ("operator",)},
    "batch.fail_batch": {"base": ("operator", "qa", "qualified_person")},
    "sample.take": {"base": ("operator", "qc_analyst")},
    "sample.void": {"base": ("qa",)},
    "sample.record_result": {"base": ("qc_analyst",)},
    "sample.verify_result": {"base": ("qc_analyst",)},
    "sample.invalidate_result": {"base": ("qa",)},
    "deviation.report": {"base": ("operator", "qc_analyst", "qa", "qualified_person")},
    "deviation.assess": {"base": ("qa",)},
    "deviation.close": {"base": ("qa",)},
    "disposition.review": {"base": ("qa",)},
    "disposition.release_conditionally": {"base": ("qualified_person",)},
    "disposition.release": {"base": ("qualified_person",)},
    "disposition.reject": {"base": _QUALITY},
    "disposition.revoke": {"base": _QUALITY},
    "disposition.issue_certificate": {"base": ("qualified_person",)},
    "disposition.supply_out_of_specification": {"base": ("qualified_person",)},
    "oos_supply.request": {"hospital": ("physician",)},
    "oos_supply.evaluate_risk": {"base": ("qualified_person",)},
    "oos_supply.accept_risk": {"hospital": ("physician",)},
    "oos_supply.give_notice": {"base": _QUALITY},
    "infusion.confirm_availability": {"hospital": ("coordinator", "physician")},
    "infusion.start_lymphodepletion": {"hospital": ("physician",)},
    "infusion.issue_permit": {"base": ("qualified_person", "qa")},
    "infusion.withdraw_permit": {"base": _QUALITY},
    "infusion.thaw": {"hospital": _NURSE},
    "infusion.match_bedside": {"hospital": _NURSE},
    "infusion.start": {"hospital": _NURSE},
    "infusion.continue_with": {"hospital": _NURSE},
    "infusion.finish": {"hospital": _NURSE},
    "outcome.report": {"hospital": ("physician",)},
    "outcome.close": {"hospital": _OFFICE},
    "retention.start": {"hospital": _OFFICE, "base": ("qa", "administrator")},
}
"""Whose a task is, at which side."""
RESTING: Final = frozenset(
    {
        "slot.reserve", "label.issue", "label.use", "collection.start", "custody.pack", "suite.clear_line",
        "batch.open_batch", "batch.start_step", "sample.take", "disposition.review",
        "disposition.release_conditionally", "disposition.release", "disposition.supply_out_of_specification",
        "oos_supply.request", "oos_supply.evaluate_risk", "oos_supply.accept_risk", "oos_supply.give_notice",
        "infusion.confirm_availability", "infusion.start_lymphodepletion", "infusion.issue_permit", "infusion.thaw",
        "infusion.match_bedside", "infusion.start", "infusion.continue_with",
    }
)  # fmt: skip
"""Verbs that wait while the treatment is on hold; the others put on record what has happened already."""


def task(state: State, verb: str, side: Side, since: datetime, **more: Any) -> Task:
    """A task of that side.

    more: ``clock``, the name and item of the clock that runs out, if it runs; fields of the task; and all else is its
    arguments, of which those that are empty are left out.
    """
    row = state.row
    running = state.clocks.get(more.pop("clock", ("", "")))
    fields: dict[str, Any] = {name: more.pop(name) for name in _FIELDS if name in more}
    arguments = {"treatment": row.treatment} | {name: _text(value) for name, value in more.items() if value}
    if running is not None:
        fields = {"due": running.due, "assumed": running.assumed} | fields
    if state.one("rests") is not None and verb in RESTING:
        fields["blocked"] = "held"
    site = {"hospital": row.hospital, "base": row.base, "carrier": ""}[side]
    about = _about(state.recipe, arguments)
    return Task(
        verb, ROLES[verb][side], side, site, row.treatment, arguments, since, row.urgency, about=about, **fields
    )


def _about(recipe: Recipe, arguments: Mapping[str, str]) -> Words | None:
    if step := recipe.step(arguments.get("step", "")):
        return step.title
    titles: dict[str, dict[str, Words]] = {
        "layout": {each.id: each.title for each in recipe.labels},
        "plan": {each.id: each.title for each in recipe.samples},
        "test": {each.id: each.title for each in recipe.tests},
    }
    return next((named[arguments[name]] for name, named in titles.items() if arguments.get(name) in named), None)


_FIELDS: Final = (
    "due", "earliest", "latest", "appears", "blocked", "assumed", "person", "without", "alternatives", "optional",
)  # fmt: skip


def _text(value: object) -> str:
    return ",".join(str(each) for each in value) if isinstance(value, list | tuple) else str(value)


def side_of(state: State, site: str) -> Side:
    return "hospital" if site == state.row.hospital else "base"
