"""The steps of a batch: start one with everything it needs, record its values as they are made, complete and correct it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.http import Http404
from django.urls import reverse

from yimai.actions import batch
from yimai.actions.decision import Done
from yimai.domain.batch import Batch, Noted, StepRun
from yimai.domain.batch_entry import RECORDED_MEANWHILE
from yimai.domain.batch_step import holds_exceeded
from yimai.domain.fact import Quantity
from yimai.domain.recipe import EntryField, Step, Words
from yimai.interfaces.web.entry_field import GivenRound, NotedEntry, Replaced, entry_field
from yimai.interfaces.web.field import Field, Given, Option, reason, second_person
from yimai.interfaces.web.form import Arguments, Form
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import ContainersScanned, Crew, Fillings, Known, LotUsed, Reasons, Thing
from yimai.projections import equipment_board, material_board
from yimai.projections.equipment_board import EquipmentRow
from yimai.projections.material_board import LotRow

ENTRY: Final = "entry-"
"""Begins the names of the fields of a step's entries."""
EQUIPMENT: Final = "equipment-"
MATERIAL: Final = "material-"
CHANGE: Final = ("transcription_error", "instrument_error", "operator_error")
HOLD: Final = Reasons(
    name="reasons",
    title=Words("已超过等待时限：需要两人签署理由", "A hold time is exceeded: two signed reasons are needed"),
    hint=Words(
        "QA 与质量受权人各自选择理由并签名；同时开启偏差。",
        "QA and the qualified person each choose a reason and sign; a deviation is opened.",
    ),
    roles=("qa", "qualified_person"),
    codes=("stability_data_support", "within_validated_range", "no_alternative"),
)


def batch_of(situation: Situation) -> Batch:
    """The batch that the address names, else the open one. Raises Http404 if there is none."""
    batches = situation.vein.batches
    found = batches.by_id.get(situation.given.get("batch", "")) or batches.open
    if found is None:
        raise Http404("batch")
    return found


def step_of(situation: Situation) -> Step:
    """The step that the address names. Raises Http404 if the recipe has none of that name."""
    found = situation.recipe.step(situation.given.get("step", ""))
    if found is None:
        raise Http404("step")
    return found


def to_the_record(done: Done, situation: Situation) -> str:
    """Back to the batch's record, where the step stands."""
    identifier = next((each.data["batch"] for each in done.entries if "batch" in each.data), "")
    return reverse("batch", args=[identifier]) + (f"#step-{step}" if (step := situation.given.get("step")) else "")


def _about() -> tuple[Field, ...]:
    return (Given(name="treatment"), Given(name="batch"), Given(name="step"))


# Start.


def _starting(situation: Situation) -> tuple[Field, ...]:
    opened, step = batch_of(situation), step_of(situation)
    containers = ContainersScanned(
        name="scanned",
        title=Words("本批的容器", "The batch's containers"),
        hint=Words("逐个扫描。", "Scan each."),
        nouns=("container",),
        expected=opened.containers,
    )
    crew = Crew(
        name="operators",
        title=Words("操作人员", "Operators"),
        hint=Words("扫描胸牌或点选。", "Scan their badges, or touch."),
        needs=step.operators,
        qualifications=dict(situation.recipe.qualifications),
        options=lambda asked: operators(asked, step),
    )
    pieces, lots = equipment_board.at(situation.cursor, situation.base.id), _released(situation)
    equipment = (_piece(situation, pieces, opened.suite, each) for each in step.equipment)
    materials = (_lot(situation, lots, each.material, Quantity(each.quantity, each.unit)) for each in step.materials)
    reasons = (HOLD,) if _holds(situation, opened, step) else ()
    return (*_about(), containers, crew, *equipment, *materials, *reasons)


def operators(situation: Situation, step: Step) -> tuple[Option, ...]:
    """The base's operators, those first whom its file says to be qualified for the step today and on shift now."""
    day = situation.now.date()
    wanted = {qualification for qualification, _ in step.operators}
    qualified = {
        member.id
        for member in situation.base.people
        for each in member.qualifications
        if each.qualification in wanted and each.valid_from <= day <= each.valid_until
    }
    people = [each for each in situation.colleagues if "operator" in each.roles]
    people.sort(
        key=lambda each: (
            each.person not in qualified,
            each.person != situation.who.person,
            each.person in situation.resting,
            each.person,
        )
    )
    named = ((each.person, situation.printed_name(each.person) or each.person) for each in people)
    return tuple((person, Words(name, name)) for person, name in named)


def _piece(situation: Situation, pieces: Sequence[EquipmentRow], suite: str, equipment_class: str) -> Thing:
    """One piece of the class that may be used today: those that stand in the suite first, then shared ones."""
    day = situation.now.date()
    listed = (
        each
        for each in sorted(pieces, key=lambda piece: piece.equipment)
        if each.equipment_class == equipment_class and each.usable(day)
    )
    here = sorted((each for each in listed if each.suite in ("", suite)), key=lambda each: each.suite == "")
    return Thing(
        name=f"{EQUIPMENT}{equipment_class}",
        title=dict(situation.recipe.equipment_classes).get(equipment_class, Words(equipment_class, equipment_class)),
        nouns=("equipment",),
        options=lambda _: tuple((each.equipment, Words(each.equipment, each.equipment)) for each in here),
    )


def _released(situation: Situation) -> tuple[LotRow, ...]:
    """The base's lots that may be used today, those that expire first at the head."""
    day = situation.now.date()
    found = material_board.at(situation.cursor, situation.base.id)
    return tuple(each for each in found if each.state == "released" and day <= each.expires)


def _lot(situation: Situation, lots: Sequence[LotRow], material: str, quantity: Quantity) -> LotUsed:
    return LotUsed(
        name=f"{MATERIAL}{material}",
        title=dict(situation.recipe.materials).get(material, Words(material, material)),
        material=material,
        quantity=quantity,
        lots=tuple(each.material_lot for each in lots if each.material == material),
    )


def _holds(situation: Situation, opened: Batch, step: Step) -> bool:
    collected = situation.vein.collections.of_container(opened.starting)
    ended = collected.ended if collected is not None else None
    return bool(holds_exceeded(opened, step, ended, situation.now))


def _started(values: Arguments, _: Situation) -> Arguments:
    about = {name: value for name, value in values.items() if not name.startswith((EQUIPMENT, MATERIAL))}
    pieces = tuple(value for name, value in values.items() if name.startswith(EQUIPMENT))
    lots = tuple(use for name, uses in values.items() if name.startswith(MATERIAL) for use in uses)
    return {**about, "equipment": pieces, "materials": lots}


# Record.


def _entry(situation: Situation) -> EntryField:
    found = step_of(situation).entry(situation.given.get("entry", ""))
    if found is None:
        raise Http404("entry")
    return found


def _run(situation: Situation) -> StepRun | None:
    """The round of the step that the address names."""
    runs = batch_of(situation).runs_of(step_of(situation).id)
    wanted = situation.given.get("round", "")
    return next((run for run in runs if str(run.round) == wanted), None)


def _noted(situation: Situation) -> Noted | None:
    run = _run(situation)
    return run.noted.get(_entry(situation).id) if run is not None else None


def recording(situation: Situation) -> tuple[Field, ...]:
    """The fields of one entry's form; a reason where a value stands there already."""
    noted = _noted(situation)
    return (
        *_about(),
        GivenRound(name="round"),
        Given(name="entry"),
        Replaced(name="replaces", field=_entry(situation), noted=noted),
        entry_field(_entry(situation), "value"),
        *((reason(*CHANGE, optional=True),) if noted is not None else ()),
    )


# Complete.


def _completing(situation: Situation) -> tuple[Field, ...]:
    opened, step = batch_of(situation), step_of(situation)
    run = opened.running(step.id)
    noted: Mapping[str, Noted] = run.noted if run is not None else {}
    place = (opened.id, step.id, run.round if run is not None else 1)
    entries = (
        NotedEntry(name=f"{ENTRY}{each.id}", title=each.title, field=each, noted=noted[each.id], place=place)
        if each.id in noted
        else entry_field(each, f"{ENTRY}{each.id}")
        for each in step.entries
    )
    second = (second_person("batch.complete_step"),) if step.second_person else ()
    return (*_about(), *entries, *_fillings(situation, step), *second)


def _fillings(situation: Situation, step: Step) -> tuple[Field, ...]:
    if not step.produces:
        return ()
    layout = next(each for each in situation.recipe.labels if each.id == step.produces)
    held = situation.vein.custody.held
    items = situation.vein.labels.items.values()
    waiting = [each.id for each in items if each.layout == layout.id and each.labelled and each.id not in held]
    return (
        Fillings(
            name="filled",
            title=Words(f"灌装：{layout.title.zh}", f"Filled: {layout.title.en}"),
            hint=Words(
                "扫描每个已灌装的容器，填写体积和活细胞数。",
                "Scan each filled container; enter volume and viable cells.",
            ),
            layout=layout.id,
            waiting=tuple(waiting),
            one=layout.carrier != "final_bag",
        ),
    )


def _completed(values: Arguments, situation: Situation) -> Arguments:
    about = {name: value for name, value in values.items() if not name.startswith(ENTRY)}
    entries = {name.removeprefix(ENTRY): value for name, value in values.items() if name.startswith(ENTRY)}
    return {**about, "entries": entries}


# Correct.


def _correcting(situation: Situation) -> tuple[Field, ...]:
    run, field = _run(situation), _entry(situation)
    old: Any = run.entries.get(field.id) if run is not None else None
    return (
        *_about(),
        GivenRound(name="round"),
        Given(name="entry"),
        Known(
            name="old",
            title=Words("现记录", "On record"),
            known=lambda _: {True: "✓", False: "✕"}.get(old, str(old)) if isinstance(old, bool) else str(old or "–"),
        ),
        entry_field(field, "new"),
        reason(*CHANGE, "sample_unsuitable"),
        second_person("batch.correct_entry"),
    )


def _corrected(values: Arguments, _: Situation) -> Arguments:
    return {name: value for name, value in values.items() if name != "old"}


START: Final = Form(
    batch.start_step,
    Words("开始步骤", "Start the step"),
    _starting,
    button=Words("开始", "Start"),
    guide=Words("扫描所需的一切；打勾即齐备。", "Scan what the step needs; a tick shows that it is there."),
    build=_started,
    after=to_the_record,
    subject=lambda situation: step_of(situation).title,
)
RECORD: Final = Form(
    batch.record_entry,
    Words("录入数值", "Record a value"),
    recording,
    button=Words("录入", "Record"),
    gate="plain",
    after=to_the_record,
    conflict=RECORDED_MEANWHILE,
    subject=lambda situation: _entry(situation).title,
)
COMPLETE: Final = Form(
    batch.complete_step,
    Words("完成步骤", "Complete the step"),
    _completing,
    button=Words("完成并签名", "Complete and sign"),
    build=_completed,
    after=to_the_record,
    subject=lambda situation: step_of(situation).title,
)
CORRECT: Final = Form(
    batch.correct_entry,
    Words("更正记录", "Correct an entry"),
    _correcting,
    button=Words("更正", "Correct"),
    guide=Words("原值保留可见；两人签名。", "The old value stays visible; two people sign."),
    build=_corrected,
    after=to_the_record,
    subject=lambda situation: _entry(situation).title,
)
FORMS: Final = (START, RECORD, COMPLETE, CORRECT)
