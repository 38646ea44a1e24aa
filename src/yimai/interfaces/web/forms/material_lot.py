"""Material lots at the base: put one that arrived on record."""

from __future__ import annotations

from typing import Any, Final

from yimai.actions import material_lot
from yimai.domain.fact import Quantity
from yimai.domain.recipe import Recipe, Words
from yimai.interfaces.web.field import Choice, Day, Number, Option
from yimai.interfaces.web.form import Arguments, Form
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Thing
from yimai.projections import approval_board


def recipes(situation: Situation) -> tuple[Recipe, ...]:
    """Every approved recipe at its latest version."""
    identifiers = approval_board.identifiers(situation.cursor, "recipe")
    found = (approval_board.recipe(situation.cursor, each) for each in identifiers)
    return tuple(each for each in found if each is not None)


def units(situation: Situation) -> dict[str, str]:
    """The unit in which the recipes' steps use each material."""
    return {use.material: use.unit for recipe in recipes(situation) for step in recipe.steps for use in step.materials}


def _materials(situation: Situation) -> tuple[Option, ...]:
    return tuple(dict(each for recipe in recipes(situation) for each in recipe.materials).items())


def _measured(values: Arguments, situation: Situation) -> Arguments:
    amount: Any = values["quantity"]
    return {**values, "quantity": Quantity(amount, units(situation).get(values["material"], "1"))}


FORMS: Final = (
    Form(
        material_lot.receive,
        Words("物料批入库", "Receive a material lot"),
        (
            Thing(
                name="material_lot",
                title=Words("批号", "Lot number"),
                hint=Words("扫描或按包装上的批号填写。", "Scan it, or type it as on the package."),
                nouns=("material_lot",),
                options=lambda _: (),
            ),
            Choice(name="material", title=Words("物料", "Material"), options=_materials),
            Number(
                name="quantity",
                title=Words("数量", "Quantity"),
                hint=Words(
                    "以工艺规程中该物料的单位计（mL、套、袋、IU）。",
                    "In the unit that the recipe uses it in (mL, sets, bags, IU).",
                ),
            ),
            Day(name="expires", title=Words("最后可用日", "Last day of use")),
        ),
        button=Words("登记入库", "Record its arrival"),
        guide=Words("QC 放行之前不能使用。", "It is not used until it is released."),
        build=_measured,
    ),
)
