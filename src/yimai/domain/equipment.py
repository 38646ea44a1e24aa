"""Equipment: what class it is of, where it stands, and until which day it is calibrated (EU GMP Part I 3.41)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from yimai.domain.fact import Fact, Signature
from yimai.domain.identifier import names
from yimai.domain.refusal import Refusal, RefusalKind
from yimai.ledger.entry import Entry


@dataclass(frozen=True, slots=True)
class EquipmentRegistered(Fact):
    """A base has this piece. suite: where it stands, or "" where all suites share it."""

    kind: ClassVar[str] = "equipment.registered.v1"
    about: ClassVar[tuple[str, ...]] = ("equipment",)
    equipment: str
    base: str
    equipment_class: str
    suite: str


@dataclass(frozen=True, slots=True)
class EquipmentCalibrated(Fact):
    """Calibrated for use on both days and those between (in the base's zone)."""

    kind: ClassVar[str] = "equipment.calibrated.v1"
    about: ClassVar[tuple[str, ...]] = ("equipment",)
    equipment: str
    valid_from: date
    valid_until: date


@dataclass(frozen=True, slots=True)
class EquipmentTakenOut(Fact):
    """The piece is out of use until it is returned."""

    kind: ClassVar[str] = "equipment.taken_out.v1"
    about: ClassVar[tuple[str, ...]] = ("equipment",)
    equipment: str
    reason: str
    decided: Signature


@dataclass(frozen=True, slots=True)
class EquipmentReturned(Fact):
    """The piece may be used again."""

    kind: ClassVar[str] = "equipment.returned.v1"
    about: ClassVar[tuple[str, ...]] = ("equipment",)
    equipment: str
    reason: str
    decided: Signature


@dataclass(frozen=True, slots=True)
class Equipment:
    """One piece. out: why it is out of use, or "". Never calibrated: valid on no day."""

    id: str = ""
    base: str = ""
    equipment_class: str = ""
    suite: str = ""
    valid_from: date = date.max
    valid_until: date = date.min
    out: str = ""


def evolve(equipment: Equipment, fact: Fact, entry: Entry) -> Equipment:
    match fact:
        case EquipmentRegistered():
            return replace(
                equipment,
                id=fact.equipment,
                base=fact.base,
                equipment_class=fact.equipment_class,
                suite=fact.suite,
            )
        case EquipmentCalibrated():
            return replace(equipment, valid_from=fact.valid_from, valid_until=fact.valid_until)
        case EquipmentTakenOut():
            return replace(equipment, out=fact.reason)
        case EquipmentReturned():
            return replace(equipment, out="")
    return equipment


ALREADY_REGISTERED = RefusalKind(
    "equipment.already_registered",
    "Equipment {equipment} is already on the register. Use another identifier.",
    "设备 {equipment} 已登记。请使用其他标识。",
)
BAD_NAME = RefusalKind(
    "equipment.bad_name",
    "'{name}' cannot name equipment: use up to 64 small letters, digits and hyphens, such as bsc-09. Correct it.",
    "“{name}”不能用作设备标识：请使用不超过 64 位的小写字母、数字和连字符，如 bsc-09。请更正。",
)
UNKNOWN = RefusalKind(
    "equipment.unknown",
    "Base {base} has no equipment {equipment}. Scan a piece of this base.",
    "基地 {base} 没有设备 {equipment}。请扫描本基地的设备。",
)
OUT_OF_USE = RefusalKind(
    "equipment.out_of_use",
    "Equipment {equipment} is out of use: {reason}. Use another piece, or have QA return it.",
    "设备 {equipment} 已停用：{reason}。请使用其他设备，或请 QA 恢复。",
)
NOT_OUT = RefusalKind(
    "equipment.not_out",
    "Equipment {equipment} is in use already, so there is nothing to return.",
    "设备 {equipment} 处于可用状态，无需恢复。",
)
WRONG_CLASS = RefusalKind(
    "equipment.wrong_class",
    "{equipment} is a {equipment_class}, but a {needed} is needed here. Scan a {needed}.",
    "{equipment} 是 {equipment_class}，此处需要 {needed}。请扫描 {needed}。",
)
ELSEWHERE = RefusalKind(
    "equipment.elsewhere",
    "{equipment} stands in suite {there}, not in {here}. Use a piece of suite {here}, or a shared one.",
    "{equipment} 位于生产单元 {there}，不在 {here}。请使用 {here} 内的设备或共用设备。",
)
NOT_CALIBRATED = RefusalKind(
    "equipment.not_calibrated",
    "{equipment} is not calibrated on {day} (valid until {until}). Use another piece, or have it calibrated first.",
    "{equipment} 在 {day} 不在校准有效期内（有效至 {until}）。请使用其他设备，或先进行校准。",
)
DAY_MISSING = RefusalKind(
    "equipment.day_missing",
    "A calibration of {equipment} has a first and a last day. Enter both, or neither and record it later.",
    "设备 {equipment} 的校准须同时填写起始日和截止日。请填写两者，或都留空、以后再登记。",
)
DAYS_REVERSED = RefusalKind(
    "equipment.days_reversed",
    "A calibration cannot end ({until}) before it begins ({first}). Correct the days.",
    "校准的截止日（{until}）不能早于起始日（{first}）。请更正日期。",
)
REASON_MISSING = RefusalKind(
    "equipment.reason_missing",
    "Taking {equipment} out of use, or returning it, needs a reason. Enter the reason.",
    "停用或恢复设备 {equipment} 须填写原因。请填写原因。",
)


def known(equipment: Equipment, base: str, presented: str) -> Refusal | None:
    if not equipment.id or equipment.base != base:
        return UNKNOWN(base=base, equipment=presented)
    return None


def fit(equipment: Equipment, equipment_class: str, suite: str, day: date) -> Refusal | None:
    """Whether the piece may be used as one of this class in the suite (or is shared) on the day (the base's)."""
    if equipment.out:
        return OUT_OF_USE(equipment=equipment.id, reason=equipment.out)
    if equipment.equipment_class != equipment_class:
        return WRONG_CLASS(equipment=equipment.id, equipment_class=equipment.equipment_class, needed=equipment_class)
    if equipment.suite not in ("", suite):
        return ELSEWHERE(equipment=equipment.id, there=equipment.suite, here=suite)
    if not equipment.valid_from <= day <= equipment.valid_until:
        until = equipment.valid_until if equipment.valid_until != date.min else "–"
        return NOT_CALIBRATED(equipment=equipment.id, day=day, until=until)
    return None


def register(
    equipment: Equipment,
    base: str,
    presented: str,
    equipment_class: str,
    suite: str,
    calibrated: tuple[date, date] | None,
) -> Refusal | tuple[Fact, ...]:
    """Put a new piece of the base on the register. calibrated: from and until when; without it nobody can use it yet."""
    if equipment.id:
        return ALREADY_REGISTERED(equipment=presented)
    for name in (presented, equipment_class):
        if not names(name):
            return BAD_NAME(name=name[:64])
    registered = EquipmentRegistered(presented, base, equipment_class, suite)
    if calibrated is None:
        return (registered,)
    verdict = calibrate(Equipment(presented, base), base, presented, *calibrated)
    return verdict if isinstance(verdict, Refusal) else (registered, *verdict)


def calibrate(
    equipment: Equipment, base: str, presented: str, valid_from: date, valid_until: date
) -> Refusal | tuple[Fact, ...]:
    if refusal := known(equipment, base, presented):
        return refusal
    if valid_until < valid_from:
        return DAYS_REVERSED(first=valid_from, until=valid_until)
    return (EquipmentCalibrated(equipment.id, valid_from, valid_until),)


def take_out(
    equipment: Equipment, base: str, presented: str, reason: str, decided: Signature
) -> Refusal | tuple[Fact, ...]:
    if refusal := known(equipment, base, presented):
        return refusal
    if equipment.out:
        return OUT_OF_USE(equipment=equipment.id, reason=equipment.out)
    if not reason.strip():
        return REASON_MISSING(equipment=equipment.id)
    return (EquipmentTakenOut(equipment.id, reason, decided),)


def put_back(
    equipment: Equipment, base: str, presented: str, reason: str, decided: Signature
) -> Refusal | tuple[Fact, ...]:
    if refusal := known(equipment, base, presented):
        return refusal
    if not equipment.out:
        return NOT_OUT(equipment=equipment.id)
    if not reason.strip():
        return REASON_MISSING(equipment=equipment.id)
    return (EquipmentReturned(equipment.id, reason, decided),)
