"""Equipment: a fault takes a piece out of use at once; QA calibrates and returns it."""

from __future__ import annotations

from typing import Final

from yimai.actions import equipment
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Day, Option, reason
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Thing


def pieces(situation: Situation) -> tuple[Option, ...]:
    """The equipment of one's own base; only the named piece where the address names one."""
    wanted = situation.given.get("equipment")
    listed = situation.base.equipment
    return tuple((each.id, Words(each.id, each.id)) for each in listed if wanted in (None, "", each.id))


PIECE: Final = Thing(
    name="equipment",
    title=Words("设备", "Equipment"),
    hint=Words("扫描设备标签。", "Scan the label on the piece."),
    nouns=("equipment",),
    options=pieces,
)
FORMS: Final = (
    Form(
        equipment.take_out,
        Words("停用设备", "Take equipment out of use"),
        (PIECE, reason("breakdown", "maintenance", "contamination", "instrument_error", "damaged")),
        button=Words("停用", "Take out of use"),
        guide=Words(
            "发现故障请立即停用；QA 恢复之前不能使用。",
            "Take a faulty piece out at once; nobody can use it until QA returns it.",
        ),
    ),
    Form(
        equipment.put_back,
        Words("恢复设备", "Return equipment to use"),
        (PIECE, reason("repaired", "requalified", "maintenance")),
        button=Words("恢复使用", "Return to use"),
    ),
    Form(
        equipment.calibrate,
        Words("登记校准", "Record a calibration"),
        (
            PIECE,
            Day(name="valid_from", title=Words("生效日", "Valid from")),
            Day(name="valid_until", title=Words("有效至（含当日）", "Valid until (that day included)")),
        ),
        button=Words("登记校准", "Record the calibration"),
        guide=Words("按校准证书填写。", "As the certificate of calibration says."),
    ),
)
