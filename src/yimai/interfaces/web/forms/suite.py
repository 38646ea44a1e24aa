"""Suites: clear a line before a batch, take a room out of use and return it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yimai.actions import suite
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Colleague, Confirmation, Given, Option, Unreadable, reason, second_person
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Thing

CHECKED: Final = (
    Confirmation(
        name="checked.material",
        title=Words("上一批的物料、样品和产品已全部清除", "No material, sample or product of the last batch is left"),
    ),
    Confirmation(name="checked.labels", title=Words("没有遗留的标签和记录", "No label and no paper of it is left")),
    Confirmation(
        name="checked.surfaces",
        title=Words("台面和设备已清洁消毒，状态标识正确", "Surfaces and equipment are clean, their status signs right"),
    ),
)
"""What is looked at before a line counts as clear (CFDI guide, EU GMP Part I 5.9); the signatures stand for it."""


SUITE: Final = Words("生产单元", "Suite")
SCANNED: Final = Words("扫描门上的标签，或点选。", "Scan the label at its door, or touch it.")


def suites(situation: Situation) -> tuple[Option, ...]:
    """The suites of one's own base; for a treatment the reserved one first."""
    slot = situation.vein.slot.current if situation.treatment else None
    listed = sorted(situation.base.suites, key=lambda each: slot is None or each.id != slot.suite)
    return tuple((each.id, each.title) for each in listed)


@dataclass(frozen=True, kw_only=True)
class Door(Thing):
    """The suite at whose door one stands: scanned or touched there, and never filled in by a link. place: where it must be."""

    place: Option | None

    def initial(self, situation: Situation) -> Sequence[str]:
        return ()

    def value(self, text: str, situation: Situation) -> str:
        found = super().value(text, situation)
        if self.place is None or found == self.place[0]:
            return found
        suite, title = self.place
        raise Unreadable(
            Words(
                f"这是另一间的门（{found}）。请到 {title.zh}（{suite}）门口扫描。",
                f"This is another suite's door ({found}). Go to {title.en} ({suite}) and scan there.",
            )
        )


def suite_field(situation: Situation) -> Thing:
    """The suite, scanned at its door or touched."""
    offered = suites(situation)
    place = situation.given.get("suite")
    return Thing(
        name="suite",
        title=SUITE,
        hint=SCANNED,
        nouns=("suite",),
        options=lambda _: tuple(each for each in offered if each[0] == place) or offered,
    )


def _door(situation: Situation) -> Door:
    """The door of the suite that is cleared; of a treatment whose place is known only that."""
    offered = suites(situation)
    known = situation.given.get("suite") or _place(situation)
    place = next((each for each in offered if each[0] == known), None)
    return Door(
        name="suite",
        title=SUITE,
        hint=SCANNED,
        nouns=("suite",),
        options=lambda _: (place,) if place is not None else offered,
        place=place,
    )


def _place(situation: Situation) -> str:
    if not situation.treatment:
        return ""
    running, slot = situation.vein.batches.open, situation.vein.slot.current
    return running.suite if running is not None else slot.suite if slot is not None else ""


def _clearing(situation: Situation) -> tuple[Thing | Given | Confirmation | Colleague, ...]:
    second = second_person("suite.clear_line")
    return (Given(name="treatment"), Given(name="batch", optional=True), _door(situation), *CHECKED, second)


FORMS: Final = (
    Form(
        suite.clear_line,
        Words("清场", "Clear the line"),
        _clearing,
        button=Words("清场完毕", "The line is clear"),
        guide=Words(
            "与第二人一起检查本单元，逐项确认后双签。",
            "Go through the suite with a second person; tick each point, then both sign.",
        ),
    ),
    Form(
        suite.take_out,
        Words("停用生产单元", "Take a suite out of use"),
        lambda situation: (
            suite_field(situation),
            reason("maintenance", "breakdown", "contamination", "investigation"),
        ),
        button=Words("停用", "Take out of use"),
        guide=Words("恢复之前，该单元不能开始任何步骤。", "No step starts there until it is returned."),
    ),
    Form(
        suite.put_back,
        Words("恢复生产单元", "Return a suite to use"),
        lambda situation: (suite_field(situation), reason("repaired", "requalified", "maintenance")),
        button=Words("恢复使用", "Return to use"),
        guide=Words("恢复后须重新清场。", "Its line must be cleared again."),
    ),
)
