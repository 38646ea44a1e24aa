"""A treatment from its order on: consent, donor markers, rest and go on, cancel, withdraw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final, get_args

from django.urls import reverse

from yimai.actions import treatment
from yimai.actions.decision import Done
from yimai.domain.identifier import grouped
from yimai.domain.recipe import Words
from yimai.domain.slot import suites_for
from yimai.domain.treatment import Fate, Marker, TreatmentOrdered, Urgency, WithdrawalReason
from yimai.interfaces.web.field import (
    NOTHING,
    Choice,
    Day,
    Field,
    Given,
    Line,
    Option,
    Tick,
    Typed,
    Unreadable,
    Upload,
    reason,
)
from yimai.interfaces.web.form import Arguments, Form
from yimai.interfaces.web.patient import Patient, kept, patients
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.situation import Situation
from yimai.projections import approval_board, treatment_board
from yimai.projections.field_words import VALUES

SEPARATOR: Final = "|"
NOT_BORN_YET: Final = Words("出生日期晚于今天。请更正。", "This day of birth is still to come. Correct it.")
BORN_LONG_AGO: Final = Words("出生日期过早。请更正。", "This day of birth is too long ago. Correct it.")
OLDEST: Final = 125
RESTS: Final = ("patient_unfit", "patient_choice", "physician_decision", "progression", "payment_pending")
RESTS_AT_BASE: Final = ("capacity", "quality_concern", "investigation")
CANCELS: Final = ("patient_choice", "payment_pending", "ordered_in_error", "not_indicated")
DECLINES: Final = ("capacity", "not_indicated", "manufacture_impossible", "quality_concern")
FATE_REASONS: Final = (
    "treatment_ended", "out_of_specification", "contamination", "damaged", "expired", "surplus", "quality_concern",
)  # fmt: skip
CANCELS_AT_BASE: Final = ("capacity", "not_indicated", "quality_concern")


# The order.


def therapies(situation: Situation) -> list[Option]:
    """Each approved therapy with each of its indications, at each base that can make it."""
    cursor = situation.cursor
    recipes = [approval_board.recipe(cursor, each) for each in approval_board.identifiers(cursor, "recipe")]
    return [
        (
            f"{recipe.id}{SEPARATOR}{code}",
            Words(f"{title.zh} · {recipe.title.zh}", f"{title.en} · {recipe.title.en}"),
        )
        for recipe in recipes
        if recipe is not None
        for code, title in recipe.indications
    ]


def bases(situation: Situation) -> list[Option]:
    """The approved bases that have a suite for some approved recipe."""
    cursor = situation.cursor
    recipes = [approval_board.recipe(cursor, each) for each in approval_board.identifiers(cursor, "recipe")]
    found = [approval_board.base(cursor, each) for each in approval_board.identifiers(cursor, "base")]
    return [
        (base.id, base.title)
        for base in found
        if base is not None and any(suites_for(base, recipe) for recipe in recipes if recipe is not None)
    ]


@dataclass(frozen=True, kw_only=True)
class Birthday(Day):
    def value(self, text: str, situation: Situation) -> date:
        day = super().value(text, situation)
        if day > situation.now.date():
            raise Unreadable(NOT_BORN_YET)
        if day.year < situation.now.year - OLDEST:
            raise Unreadable(BORN_LONG_AGO)
        return day


@dataclass(frozen=True, kw_only=True)
class SecondOrder(Tick):
    """Asked only where a treatment of the same patient goes on: is the second one meant?"""

    asks: ClassVar[str] = "hospital_number"

    def read(self, typed: Typed, situation: Situation) -> bool:
        if typed.one(self.name) == "yes":
            return True
        going = _going(typed.one(self.asks), situation)
        if going:
            zh, en = (between.join(grouped(each) for each in going) for between in ("、", ", "))
            raise Unreadable(
                Words(
                    f"该住院号已有进行中的治疗：{zh}。如果确实要另下医嘱，请勾选；否则请返回该治疗。",
                    f"A treatment of this hospital number is still going: {en}. If a second one is meant, tick this; "
                    "otherwise go back to that treatment.",
                )
            )
        return False

    def is_asked(self, typed: Typed, problems: Mapping[str, Words]) -> bool:
        return self.name in problems or bool(typed.one(self.name))


def _going(number: str, situation: Situation) -> tuple[str, ...]:
    """The hospital's treatments of the patient with this hospital number that have not ended."""
    wanted = _plain(number)
    if not wanted:
        return ()
    going = treatment_board.going_at(situation.cursor, situation.who.site)
    known = patients(situation.cursor, going)
    return tuple(each for each in going if each in known and _plain(known[each].hospital_number) == wanted)


def _plain(number: str) -> str:
    return "".join(each for each in number.upper() if each.isalnum())


def _only(options: list[Option]) -> str:
    return options[0][0] if len(options) == 1 else ""


ORDERED: Final = (
    Choice(name="therapy", title=Words("适应证与产品", "Indication and product"), options=therapies),
    Choice(
        name="base", title=Words("生产基地", "Production base"), options=bases, proposed=lambda here: _only(bases(here))
    ),
    Choice(
        name="urgency",
        title=Words("紧急程度", "Urgency"),
        options=lambda _: [(each, VALUES[each]) for each in get_args(Urgency)],
        proposed=lambda _: "routine",
    ),
    Line(
        name="patient_name",
        title=Words("患者姓名", "Patient's name"),
        hint=Words(
            "仅存于个人数据库，账本和承运人看不到。", "Kept in the vault alone: neither ledger nor courier sees it."
        ),
        longest=80,
        secret=True,
    ),
    Birthday(name="born", title=Words("出生日期", "Day of birth"), secret=True),
    Line(name="hospital_number", title=Words("住院号", "Hospital number"), longest=40, secret=True),
    SecondOrder(name="again", title=Words("确认另下一份医嘱", "A second order is meant")),
)


def ordered(values: Arguments, situation: Situation) -> dict[str, Any]:
    recipe, _, indication = values["therapy"].partition(SEPARATOR)
    return {
        "base": values["base"],
        "recipe": recipe,
        "indication": indication,
        "urgency": values["urgency"],
        "patient": kept(values["patient_name"], values["born"].isoformat(), values["hospital_number"]),
    }


def patient_of_order(typed: Typed, situation: Situation) -> Preview:
    shown = Patient(typed.one("patient_name"), typed.one("born"), typed.one("hospital_number"))
    therapy = dict(therapies(situation)).get(typed.one("therapy"), NOTHING)
    return Preview("web/order.html", {"patient": shown, "therapy": therapy})


def new_treatment(done: Done, situation: Situation) -> str:
    coi = next((fact.treatment for fact in done.facts if isinstance(fact, TreatmentOrdered)), "")
    return reverse("treatment", args=[coi]) if coi else reverse("home")


# Donor markers.


def markers(situation: Situation) -> tuple[Field, ...]:
    known = situation.vein.treatment.markers
    results = [(each, VALUES[each]) for each in get_args(Marker)]
    return (
        Given(name="treatment"),
        *(
            Choice(
                name=f"marker-{code}",
                title=VALUES.get(code, Words(code, code)),
                hint=Words(f"已报告：{VALUES[known[code]].zh}", f"On record: {VALUES[known[code]].en}")
                if code in known
                else NOTHING,
                options=lambda _: results,
                optional=code in known,
            )
            for code in situation.recipe.markers
        ),
        Day(
            name="tested_on",
            title=Words("检测日期", "Tested on"),
            proposed=lambda here: here.now.date().isoformat(),
        ),
    )


def reported(values: Arguments, situation: Situation) -> dict[str, Any]:
    found = {
        name.removeprefix("marker-"): value for name, value in values.items() if name.startswith("marker-") and value
    }
    return {"treatment": values["treatment"], "markers": found, "tested_on": values["tested_on"]}


def held(situation: Situation) -> tuple[Option, ...]:
    """The containers that are still there; the named one alone where the address names one."""
    wanted = situation.given.get("container", "")
    there = (each for each, held_ in situation.vein.custody.held.items() if not held_.gone and wanted in ("", each))
    return tuple((each, Words(grouped(each), grouped(each))) for each in there)


def why(at_hospital: tuple[str, ...], at_base: tuple[str, ...]) -> Any:
    """The fields of a decision that either side may take, each for its own reasons."""

    def fields(situation: Situation) -> tuple[Field, ...]:
        ours = situation.who.site == situation.vein.treatment.hospital
        return Given(name="treatment"), reason(*(at_hospital if ours else at_base))

    return fields


FORMS: Final = (
    Form(
        treatment.order,
        Words("下医嘱", "Order a therapy"),
        ORDERED,
        button=Words("核对医嘱", "Check the order"),
        guide=Words(
            "签名后生成 COI 标识；此后所有标签和文件只用它。",
            "With your signature the COI identifier is made; from then on labels and papers carry nothing else.",
        ),
        build=ordered,
        preview=patient_of_order,
        after=new_treatment,
    ),
    Form(
        treatment.record_consent,
        Words("录入知情同意", "Record consent"),
        (
            Given(name="treatment"),
            Upload(
                name="form",
                title=Words("已签署的知情同意书", "The signed consent form"),
                hint=Words(
                    "PDF（最大 1 MB）或照片（过大时自动缩小）。",
                    "A PDF of 1 MB at most, or a photograph: a large one is made smaller here.",
                ),
                accept=".pdf,image/jpeg,image/png,image/webp",
            ),
        ),
        button=Words("录入", "Record it"),
        guide=Words("文件存入个人数据库。", "The file goes into the vault."),
    ),
    Form(
        treatment.report_markers,
        Words("报告传染病标志物", "Report donor markers"),
        markers,
        button=Words("报告", "Report"),
        guide=Words(
            "阳性不妨碍治疗，物料将隔离存放。", "A positive one does not stop the therapy; its material is kept apart."
        ),
        build=reported,
    ),
    Form(
        treatment.hold,
        Words("暂停治疗", "Put the treatment on hold"),
        why(RESTS, RESTS_AT_BASE),
        button=Words("暂停", "Put on hold"),
        guide=Words(
            "暂停期间任何步骤都不能继续，由本方恢复。", "Nothing goes on meanwhile; your own side lets it go on again."
        ),
    ),
    Form(
        treatment.resume,
        Words("恢复治疗", "Let the treatment go on"),
        (Given(name="treatment"),),
        button=Words("恢复", "Let it go on"),
    ),
    Form(
        treatment.cancel,
        Words("取消医嘱", "Cancel the order"),
        why(CANCELS, CANCELS_AT_BASE),
        button=Words("取消医嘱", "Cancel the order"),
        guide=Words(
            "档期和许可随即释放，不能撤回；再次治疗须另下医嘱。",
            "Slot and permits are freed at once. This is final: another treatment needs another order.",
        ),
    ),
    Form(
        treatment.withdraw,
        Words("患者退出治疗", "The patient leaves the treatment"),
        (
            Given(name="treatment"),
            Choice(
                name="reason",
                title=Words("临床原因", "Clinical reason"),
                options=lambda _: [(each, VALUES[each]) for each in get_args(WithdrawalReason)],
            ),
        ),
        button=Words("登记退出", "Record it"),
        guide=Words(
            "档期和许可随即释放，QA 决定物料去向。不能撤回。",
            "Slot and permits are freed at once, QA decides on the material. This is final.",
        ),
    ),
    Form(
        treatment.accept,
        Words("接受医嘱", "Accept the order"),
        (Given(name="treatment"),),
        button=Words("接受", "Accept"),
        guide=Words("接受后医院即可预订档期。", "The hospital can then reserve a slot."),
    ),
    Form(
        treatment.decline,
        Words("谢绝医嘱", "Decline the order"),
        (Given(name="treatment"), reason(*DECLINES)),
        button=Words("谢绝", "Decline"),
        guide=Words("不能撤回；医院可向其他基地下医嘱。", "This is final; the hospital may order at another base."),
    ),
    Form(
        treatment.decide_fate,
        Words("决定物料去向", "Decide the fate of material"),
        (
            Given(name="treatment"),
            Choice(name="container", title=Words("容器", "Container"), options=held),
            Choice(
                name="fate",
                title=Words("去向", "Fate"),
                options=lambda _: [(each, VALUES[each]) for each in get_args(Fate)],
            ),
            reason(*FATE_REASONS),
        ),
        button=Words("决定", "Decide"),
        guide=Words(
            "治疗已终止或物料不可用时由 QA 决定。",
            "QA decides it once the treatment has ended or the material may not be used.",
        ),
    ),
    Form(
        treatment.export,
        Words("导出治疗的事实", "Export the treatment's facts"),
        (Given(name="treatment"), reason("inspection", "internal_audit", "patient_request", "investigation")),
        button=Words("导出", "Export"),
        guide=Words(
            "导出本身记入账本，与该治疗有关的人都能看到。文件每行是一条事实的原始字节，不含个人信息。",
            "The export goes on record, seen by everybody of the treatment. Each line of the file is one fact's exact bytes; no personal data.",
        ),
        after=lambda done, situation: reverse("treatment_facts", args=[situation.treatment]),
    ),
)
