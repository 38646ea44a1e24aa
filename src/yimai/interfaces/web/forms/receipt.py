"""Receipts: publish the number of a target."""

from __future__ import annotations

from typing import Final

from yimai.actions import receipt
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Day, Whole
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.reference_field import OF, Reference
from yimai.projections.field_words import FIELDS

FORMS: Final = (
    Form(
        receipt.publish,
        Words("发布指标凭据", "Publish a target's receipt"),
        (
            Reference(name="target", title=FIELDS["target"], options=OF["target"]),
            Day(name="day", title=FIELDS["day"], proposed=lambda here: here.now.date().isoformat()),
            Whole(
                name="size",
                title=FIELDS["size"],
                hint=Words("留空：全部已封存的事实。", "Empty: all facts that are sealed."),
                most=10**12,
                optional=True,
                empty=0,
            ),
        ),
        button=Words("计算", "Compute"),
        guide=Words(
            "数值由账本的事实计算；发布后不再改变，差异另出新凭据。",
            "The number is computed from the ledger's facts. Published, it never changes; what differs is a further receipt.",
        ),
    ),
)
