"""Equipment: a new piece is registered; a fault takes one out of use at once; QA calibrates and returns it."""

from __future__ import annotations

from typing import Final

from yimai.actions import equipment
from yimai.domain.recipe import Words
from yimai.interfaces.web.field import Choice, Day, Field, Line, Option, reason
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.forms.material_lot import recipes
from yimai.interfaces.web.permitted import permitted
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Thing
from yimai.projections import equipment_board


def pieces(situation: Situation) -> tuple[Option, ...]:
    """The equipment of one's own base; only the named piece where the address names one."""
    wanted = situation.given.get("equipment")
    listed = (each.equipment for each in equipment_board.at(situation.cursor, situation.who.site))
    return tuple((each, Words(each, each)) for each in listed if wanted in (None, "", each))


def classes(situation: Situation) -> tuple[Option, ...]:
    """What the approved recipes call the classes of equipment, and the base's own that no recipe names."""
    found = {code: title for recipe in recipes(situation) for code, title in recipe.equipment_classes}
    for each in equipment_board.at(situation.cursor, situation.who.site):
        found.setdefault(each.equipment_class, Words(each.equipment_class, each.equipment_class))
    return tuple(found.items())


def _registering(situation: Situation) -> tuple[Field, ...]:
    """The calibration is asked of those who may record it."""
    own = situation.base.suites
    days = (
        Day(name="valid_from", title=Words("校准生效日", "Calibration valid from"), optional=True, empty=None),
        Day(
            name="valid_until",
            title=Words("校准有效至（含当日）", "Calibration valid until (that day included)"),
            hint=Words("未校准的设备不能使用。", "Nobody can use it before it is calibrated."),
            optional=True,
            empty=None,
        ),
    )
    return (
        Line(
            name="equipment",
            title=Words("标识", "Identifier"),
            hint=Words("小写字母、数字和连字符，如 bsc-09。", "Small letters, digits and hyphens, such as bsc-09."),
            longest=64,
        ),
        Choice(name="equipment_class", title=Words("类别", "Kind"), options=classes),
        Choice(
            name="suite",
            title=Words("所在生产单元", "Suite in which it stands"),
            hint=Words("留空则各单元共用。", "Left empty, all suites share it."),
            options=lambda _: tuple((each.id, each.title) for each in own),
            optional=True,
        ),
        *(days if permitted(situation.who, "equipment.calibrate") else ()),
    )


PIECE: Final = Thing(
    name="equipment",
    title=Words("设备", "Equipment"),
    hint=Words("扫描设备标签。", "Scan the label on the piece."),
    nouns=("equipment",),
    options=pieces,
)
FORMS: Final = (
    Form(
        equipment.register,
        Words("登记设备", "Register equipment"),
        _registering,
        button=Words("登记", "Register"),
        guide=Words("登记后由 QA 记录校准，设备方可使用。", "QA records its calibration; from then on it can be used."),
    ),
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
