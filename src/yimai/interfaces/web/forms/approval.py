"""Approvals: a recipe, a base or a programme, read from its file, every mistake of which is named with its place; a measure as defined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from yimai.actions import approval
from yimai.domain.base import base_from
from yimai.domain.content_change import changes
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.programme import programme_from
from yimai.domain.recipe import Words
from yimai.domain.recipe_content import recipe_from
from yimai.interfaces.web import bench, touched_promises
from yimai.interfaces.web.field import Typed, Unreadable, Upload
from yimai.interfaces.web.form import Form
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.reference_field import OF, Reference
from yimai.interfaces.web.situation import Situation
from yimai.projections import approval_board, register
from yimai.projections.field_words import FIELDS

MOST_MISTAKES: Final = 12
MOST_CHANGES: Final = 200


@dataclass(frozen=True, kw_only=True)
class ContentFile(Upload):
    """A file of the catalogue's shape; gives its content. noun: ``recipe``, ``base`` or ``programme``."""

    noun: str

    def read(self, typed_: Typed, situation: Situation) -> Any:
        found = bench.opened().read_file(self.noun, super().read(typed_, situation))
        if isinstance(found, Mapping):
            return found
        first = found[:MOST_MISTAKES]
        zh, en = "；".join(each.zh for each in first), "; ".join(each.en for each in first)
        if len(found) > len(first):
            zh, en = f"{zh}……共 {len(found)} 处", f"{en} … {len(found)} in all"
        raise Unreadable(Words(f"文件不能接受：{zh}", f"The file cannot be taken: {en}"))


MEASURE: Final = Reference(name="measure", title=FIELDS["measure"], options=OF["measure"])
HINTS: Final = {
    noun: Words(
        f"批准的是文件的内容。写法见程序代码库中的文件 docs/catalogue.md。{zh}",
        f"Its content is approved. The file docs/catalogue.md in the program's repository says how to write it.{en}",
    )
    for noun, zh, en in (
        ("recipe", "", ""),
        ("base", "", ""),
        ("programme", "已批准的文件可在“计划”页下载。", " What is approved can be downloaded from the page Programme."),
    )
}


def _file(noun: str) -> ContentFile:
    title = Words("文件（YAML）", "File (YAML)")
    return ContentFile(name="content", noun=noun, title=title, hint=HINTS[noun], accept=".yaml,.yml")


def _understood(noun: str) -> Any:
    def preview(typed: Typed, situation: Situation) -> Preview:
        content = _file(noun).read(typed, situation)
        approved = approval_board.content(situation.cursor, noun, content[noun])
        found = [each for each in changes(approved or {}, content) if each.place != "version"]
        shown = {
            "counts": counted(noun, content),
            "approved": approved,
            "number": len(found),
            "changes": found[:MOST_CHANGES],
            "promises": touched_promises.no_longer_kept(situation, noun, content),
            "sites": register.sites(situation.cursor),
        }
        return Preview("web/approval_preview.html", shown)

    return preview


def _definition(typed: Typed, situation: Situation) -> Preview:
    """What is signed: the definition as it counts."""
    return Preview("web/measure_preview.html", {"definition": DEFINITIONS[MEASURE.read(typed, situation)]})


def counted(noun: str, content: Mapping[str, Any]) -> list[tuple[Words, str]]:
    """What a content says in figures: what a person checks before signing it."""
    if noun == "recipe":
        recipe = recipe_from(content)
        return [
            (Words("工艺规程", "Recipe"), f"{recipe.id} {recipe.version}"),
            (Words("工序", "Operations"), str(len(recipe.operations))),
            (Words("步骤", "Steps"), str(len(recipe.steps))),
            (Words("取样点", "Samples"), str(len(recipe.samples))),
            (Words("检验项目", "Tests"), str(len(recipe.tests))),
        ]
    if noun == "base":
        base = base_from(content)
        return [
            (Words("基地", "Base"), f"{base.id} {base.version}"),
            (Words("生产单元", "Suites"), str(len(base.suites))),
            (Words("设备", "Equipment"), str(len(base.equipment))),
            (Words("人员", "People"), str(len(base.people))),
            (Words("物料批", "Material lots"), str(len(base.material_lots))),
        ]
    programme = programme_from(content)
    kinds = Counter(site.kind for site in programme.sites)
    return [
        (Words("计划", "Programme"), f"{programme.id} {programme.version}"),
        (Words("规划文件", "Plans"), str(len(programme.plans))),
        (Words("目标", "Goals"), str(len(programme.goals))),
        (Words("站点", "Sites"), str(sum(kinds.values()))),
    ]


FORMS: Final = (
    Form(
        approval.approve_recipe,
        Words("批准工艺规程", "Approve a recipe"),
        (_file("recipe"),),
        button=Words("核对内容", "Check the content"),
        guide=Words("批准后的新批次按此版本生产；进行中的批次仍按原版本。", "New batches follow it once it is approved; running ones keep theirs."),
        preview=_understood("recipe"),
    ),
    Form(
        approval.approve_base,
        Words("批准基地文件", "Approve a base file"),
        (_file("base"),),
        button=Words("核对内容", "Check the content"),
        guide=Words(
            "文件中新增的生产单元、设备和物料批随批准登记；人员须先由管理员登记。",
            "New suites, equipment and lots in it are registered with the approval; people are registered by the administrator before.",
        ),
        preview=_understood("base"),
    ),
    Form(
        approval.approve_programme,
        Words("批准计划文件", "Approve a programme file"),
        (_file("programme"),),
        button=Words("核对内容", "Check the content"),
        preview=_understood("programme"),
    ),
    Form(
        approval.approve_measure,
        Words("批准度量的定义", "Approve a measure's definition"),
        (MEASURE,),
        button=Words("核对定义", "Check the definition"),
        guide=Words("定义批准后，按其计算的数值方可发布。", "Once its definition is approved, numbers by it can be published."),
        preview=_definition,
    ),
)  # fmt: skip
