"""What a step's record must hold before it may be signed, and where a recorded value departs from the recipe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from yimai.domain.batch import Noted, Recorded
from yimai.domain.fact import Quantity
from yimai.domain.possible import expected
from yimai.domain.recipe import EntryField, Limits, Step
from yimai.domain.refusal import Refusal, RefusalKind

CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/#+-]{0,59}")
"""A text entry is a code, such as a storage position or a serial number: free text belongs to the vault."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A recorded value that the recipe does not accept. value, limits: as text."""

    cause: Literal["out_of_limits", "not_accepted"]
    value: str
    limits: str


UNKNOWN = RefusalKind(
    "batch.entry_unknown",
    "Step {step} has no entry {entry}. Its entries are: {entries}. Correct the name.",
    "步骤 {step} 没有记录项 {entry}。其记录项为：{entries}。请更正。",
)
MISSING = RefusalKind(
    "batch.entry_missing",
    "Entry {step}.{entry} is missing. Record it before anybody signs.",
    "记录项 {step}.{entry} 缺失。请在签名之前填写。",
)
WRONG_TYPE = RefusalKind(
    "batch.entry_wrong_type",
    "Entry {step}.{entry} is {value}, but a {type} is needed. Enter a {type}.",
    "记录项 {step}.{entry} 为 {value}，应为 {type}。请按 {type} 填写。",
)
WRONG_UNIT = RefusalKind(
    "batch.entry_wrong_unit",
    "Entry {step}.{entry} is in {unit}, but the recipe has {needed}. Enter the value in {needed}.",
    "记录项 {step}.{entry} 的单位为 {unit}，工艺规程为 {needed}。请以 {needed} 填写。",
)
IMPOSSIBLE = RefusalKind(
    "batch.entry_impossible",
    "Entry {step}.{entry} cannot be {value}: expected {expected}. Read the instrument again and correct the number.",
    "记录项 {step}.{entry} 不可能为 {value}：应为 {expected}。请重新读数并更正。",
)
NO_SUCH_CHOICE = RefusalKind(
    "batch.entry_no_such_choice",
    "Entry {step}.{entry} cannot be '{value}'. Choose one of: {choices}.",
    "记录项 {step}.{entry} 不能为“{value}”。请从以下选择：{choices}。",
)
NOT_A_CODE = RefusalKind(
    "batch.entry_not_a_code",
    "Entry {step}.{entry} takes a code of up to 60 letters and digits, no free text. Enter the code only.",
    "记录项 {step}.{entry} 只接受不超过 60 位的字母数字代码，不接受自由文本。请只填写代码。",
)


RECORDED_MEANWHILE = RefusalKind(
    "batch.entry_recorded_meanwhile",
    "{person} has recorded {theirs} for {step}.{entry} at {at}; you have {mine}. "
    "Compare the two at the instrument: keep theirs, or replace it by yours with a reason.",
    "{person} 已于 {at} 将 {step}.{entry} 记录为 {theirs}，您的值为 {mine}。"
    "请对照仪器核对：保留对方的值，或说明理由后改为您的值。",
)
CHANGE_NEEDS_REASON = RefusalKind(
    "batch.entry_change_needs_reason",
    "{step}.{entry} reads {old} already. Choose why it is changed to {new}; both stay on record.",
    "{step}.{entry} 已记录为 {old}。请选择改为 {new} 的理由；两个值都会保留。",
)
DIFFERS_FROM_RECORDED = RefusalKind(
    "batch.entry_differs_from_recorded",
    "{step}.{entry} was recorded as {recorded} by {person}, not as {value}. Record the change with its reason, then sign.",
    "{step}.{entry} 已由 {person} 记录为 {recorded}，而不是 {value}。请先说明理由更改记录，再签名。",
)


def complete(step: Step, entries: Mapping[str, Recorded]) -> Refusal | None:
    """Whether the entries are the step's own, all of them, each possible: what must hold before anybody signs."""
    for name in entries:
        if step.entry(name) is None:
            return UNKNOWN(step=step.id, entry=name, entries=", ".join(field.id for field in step.entries) or "–")
    for field in step.entries:
        if field.id not in entries:
            return MISSING(step=step.id, entry=field.id)
        if refusal := possible(step.id, field, entries[field.id]):
            return refusal
    return None


def possible(step: str, field: EntryField, value: Recorded) -> Refusal | None:
    """Whether the value can be recorded at all: of the field's type and unit, and not absurd."""
    place = {"step": step, "entry": field.id}
    if not isinstance(value, {"quantity": Quantity, "check": bool, "choice": str, "text": str}[field.type]):
        return WRONG_TYPE(**place, value=value, type=field.type)
    match value:
        case Quantity():
            if value.unit != field.unit:
                return WRONG_UNIT(**place, unit=value.unit, needed=field.unit)
            if wanted := expected(field.unit, field.limits, value.value):
                return IMPOSSIBLE(**place, value=value, expected=wanted)
        case str() if field.type == "choice" and value not in field.choices:
            return NO_SUCH_CHOICE(**place, value=value, choices=", ".join(field.choices))
        case str() if field.type == "text" and not CODE.fullmatch(value):
            return NOT_A_CODE(**place)
    return None


def change(
    step: str, entry: str, noted: Noted | None, value: Recorded, replaces: Recorded | None, reason: str, recorder: str
) -> Refusal | None:
    """Whether the value may be put down where another stands already.

    replaces: what the recorder saw there. The same value again does no harm; another person's that the recorder has
    not seen is a question to him, and any change has a reason.
    """
    if noted is None or noted.value == value:
        return None
    place = {"step": step, "entry": entry}
    if noted.by != recorder and noted.value != replaces:
        at = noted.at.isoformat(timespec="minutes")
        return RECORDED_MEANWHILE(**place, person=noted.by, theirs=noted.value, mine=value, at=at)
    return None if reason.strip() else CHANGE_NEEDS_REASON(**place, old=noted.value, new=value)


def as_recorded(step: str, noted: Mapping[str, Noted], entries: Mapping[str, Recorded]) -> Refusal | None:
    """Whether what is to be signed is what was put down when it was made."""
    for name, each in noted.items():
        if entries[name] != each.value:
            place = {"step": step, "entry": name}
            return DIFFERS_FROM_RECORDED(**place, recorded=each.value, person=each.by, value=entries[name])
    return None


def departure(field: EntryField, value: Recorded) -> Departure | None:
    """Where the recorded value departs from the recipe, or None: this opens a deviation, it does not refuse."""
    match value:
        case Quantity() if not field.limits.admit(value.value):
            return Departure("out_of_limits", str(value), f"{written(field.limits)} {field.unit}")
        case False:
            return Departure("not_accepted", "no", "yes")
        case str() if field.accepted and value not in field.accepted:
            return Departure("not_accepted", value, ", ".join(field.accepted))
    return None


def written(limits: Limits) -> str:
    """The limits as people read them: ``≥ 70, ≤ 100``."""
    low = f"{'>' if limits.low_exclusive else '≥'} {limits.low:f}" if limits.low is not None else ""
    high = f"{'<' if limits.high_exclusive else '≤'} {limits.high:f}" if limits.high is not None else ""
    return ", ".join(bound for bound in (low, high) if bound)
