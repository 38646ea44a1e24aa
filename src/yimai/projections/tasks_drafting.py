"""How a task is put down: whose it is, which clock it has, and what keeps it waiting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from yimai.domain import access
from yimai.domain.person import Role
from yimai.domain.recipe import Recipe, Words
from yimai.projections.worklist_state import Side, State, Task

OFFERED: Final = (
    "treatment.record_consent",
    "treatment.report_markers",
    "treatment.accept",
    "treatment.decline",
    "treatment.hold",
    "treatment.resume",
    "treatment.cancel",
    "treatment.withdraw",
    "treatment.decide_fate",
    "slot.reserve",
    "slot.free",
    "label.issue",
    "label.use",
    "label.destroy",
    "collection.start",
    "collection.complete",
    "custody.pack",
    "custody.hand_over",
    "custody.report_temperature",
    "custody.assess_excursion",
    "custody.receive",
    "custody.store",
    "custody.retrieve",
    "custody.destroy",
    "suite.clear_line",
    "batch.open_batch",
    "batch.start_step",
    "batch.complete_step",
    "batch.correct_entry",
    "batch.complete_batch",
    "batch.fail_batch",
    "sample.take",
    "sample.receive",
    "sample.void",
    "sample.record_result",
    "sample.verify_result",
    "sample.invalidate_result",
    "deviation.report",
    "deviation.assess",
    "deviation.close",
    "disposition.review",
    "disposition.release_conditionally",
    "disposition.release",
    "disposition.reject",
    "disposition.revoke",
    "disposition.issue_certificate",
    "disposition.supply_out_of_specification",
    "oos_supply.request",
    "oos_supply.evaluate_risk",
    "oos_supply.accept_risk",
    "oos_supply.give_notice",
    "infusion.confirm_availability",
    "infusion.start_lymphodepletion",
    "infusion.issue_permit",
    "infusion.withdraw_permit",
    "infusion.thaw",
    "infusion.match_bedside",
    "infusion.start",
    "infusion.continue_with",
    "infusion.finish",
    "outcome.report",
    "outcome.close",
    "retention.start",
)
"""The verbs that tasks ask for."""


def _of_table(verb: str) -> Mapping[Side, tuple[Role, ...]]:
    """Whose a verb is, as the table of access says: by the side on which it is done."""
    cells = access.ROWS[verb, access.PERFORMER].cells
    sides: tuple[Side, ...] = ("hospital", "base", "carrier")
    found = {
        side: tuple(role for role, given in cells.items() if given is not None and side in given) for side in sides
    }
    return {side: roles for side, roles in found.items() if roles}


ROLES: Final = {verb: _of_table(verb) for verb in OFFERED}
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

    more: ``clock``, the name and item of the clock that runs out, if it runs; fields of the task, ``about`` among them; and all else is its
    arguments, of which those that are empty are left out.
    """
    row = state.row
    running = state.clocks.get(more.pop("clock", ("", "")))
    about: Words | None = more.pop("about", None)
    fields: dict[str, Any] = {name: more.pop(name) for name in _FIELDS if name in more}
    arguments = {"treatment": row.treatment} | {name: _text(value) for name, value in more.items() if value}
    if running is not None:
        fields = {"due": running.due, "assumed": running.assumed} | fields
    if state.one("rests") is not None and verb in RESTING:
        fields["blocked"] = "held"
    site = {"hospital": row.hospital, "base": row.base, "carrier": ""}[side]
    return Task(
        verb,
        ROLES[verb][side],
        side,
        site,
        row.treatment,
        arguments,
        since,
        row.urgency,
        about=about or _about(state.recipe, arguments),
        **fields,
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
    "due", "earliest", "latest", "appears", "blocked", "assumed", "person", "without", "alternatives", "optional", "people",
    "counts",
)  # fmt: skip


def _text(value: object) -> str:
    return ",".join(str(each) for each in value) if isinstance(value, list | tuple) else str(value)


def side_of(state: State, site: str) -> Side:
    return "hospital" if site == state.row.hospital else "base"
