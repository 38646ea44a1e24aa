"""Material lots at the base: put one that arrived on record, release it, reject or recall it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from yimai.actions import material_lot
from yimai.domain.fact import Quantity
from yimai.domain.recipe import Recipe, Words
from yimai.interfaces.web.field import Choice, Day, Number, Option, reason
from yimai.interfaces.web.form import Arguments, Form
from yimai.interfaces.web.lot_uses import uses_of
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Thing
from yimai.projections import approval_board, material_board


def recipes(situation: Situation) -> tuple[Recipe, ...]:
    """Every approved recipe at its latest version."""
    identifiers = approval_board.identifiers(situation.cursor, "recipe")
    found = (approval_board.recipe(situation.cursor, each) for each in identifiers)
    return tuple(each for each in found if each is not None)


def units(situation: Situation) -> dict[str, str]:
    """The unit in which the recipes' steps use each material."""
    return {use.material: use.unit for recipe in recipes(situation) for step in recipe.steps for use in step.materials}


def titles(situation: Situation) -> dict[str, Words]:
    """What the recipes call each material."""
    return dict(each for recipe in recipes(situation) for each in recipe.materials)


def _materials(situation: Situation) -> tuple[Option, ...]:
    return tuple(titles(situation).items())


def _measured(values: Arguments, situation: Situation) -> Arguments:
    amount: Any = values["quantity"]
    return {**values, "quantity": Quantity(amount, units(situation).get(values["material"], "1"))}


def _known(state: str) -> Callable[[Situation], tuple[Option, ...]]:
    """The lots of one's own base in that state; only the named one where the address names one."""

    def options(situation: Situation) -> tuple[Option, ...]:
        named = situation.given.get("material_lot", "")
        lots = material_board.at(situation.cursor, situation.who.site)
        known = titles(situation)
        fit = [each for each in lots if state in ("", each.state) and named in ("", each.material_lot)]
        return tuple((each.material_lot, _titled(each.material_lot, known.get(each.material))) for each in fit)

    return options


def _titled(lot: str, title: Words | None) -> Words:
    return Words(f"{title.zh} · {lot}", f"{title.en} · {lot}") if title is not None else Words(lot, lot)


def _lot(state: str) -> Thing:
    return Thing(
        name="material_lot",
        title=Words("物料批", "Material lot"),
        hint=Words("扫描包装上的批号，或点选。", "Scan the lot number on the package, or touch it."),
        nouns=("material_lot",),
        options=_known(state),
    )


def _used(situation: Situation) -> Preview | None:
    """Where the lot has been used: what a recall must look at."""
    named = situation.given.get("material_lot", "")
    uses = uses_of(situation.cursor, named) if named else ()
    return Preview("web/lot_uses_beside.html", {"uses": uses}) if uses else None


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
            Day(name="expires", title=Words("有效期至", "Last day of use")),
        ),
        button=Words("登记入库", "Record its arrival"),
        guide=Words("QC 放行之前不能使用。", "It is not used until it is released."),
        build=_measured,
    ),
    Form(
        material_lot.release,
        Words("放行物料批", "Release a material lot"),
        (_lot("received"),),
        button=Words("放行", "Release"),
        guide=Words(
            "检验和供应商文件已核对。过期的批不能放行。",
            "Tests and the supplier's papers are in order. None that has expired.",
        ),
    ),
    Form(
        material_lot.reject,
        Words("拒收或召回物料批", "Reject or recall a material lot"),
        (
            _lot(""),
            reason("material_defect", "contamination", "damaged", "expired", "quality_concern", "investigation"),
        ),
        button=Words("拒收或召回", "Reject or recall"),
        guide=Words(
            "随即不得使用。已使用该批的批次列在下方，由 QA 逐一评估。",
            "It must not be used from now on. The batches that used it are listed; QA looks at each of them.",
        ),
        beside=_used,
    ),
)
