"""Samples: drawn at a step of the batch, given up where one was lost; their results, second checks and retests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from yimai.actions import sample
from yimai.domain.fact import Quantity
from yimai.domain.incubation import counts_from
from yimai.domain.recipe import Test, Words
from yimai.interfaces.web.fact_lines import beside, line
from yimai.interfaces.web.field import (
    NOTHING,
    Choice,
    Confirmation,
    Field,
    Given,
    Line,
    Measure,
    Option,
    Scan,
    Shown,
    Typed,
    Unreadable,
    decimal,
    reason,
)
from yimai.interfaces.web.form import Arguments, Form, address
from yimai.interfaces.web.preview import Preview
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.step_field import Known
from yimai.projections.field_words import VALUES

TUBE: Final = Scan(
    name="sample",
    title=Words("样品管", "Sample tube"),
    hint=Words("扫描手中样品管上的标签。", "Scan the label on the tube in your hand."),
    nouns=("sample",),
)
CONDITIONS: Final = tuple((each, VALUES[each]) for each in ("good", "damaged", "insufficient", "wrong_temperature"))
SAMPLE: Final = Known(name="sample", title=Words("样品", "Sample"), noun="sample", known=lambda _: "")


def _batch(situation: Situation) -> str:
    latest = situation.vein.batches.open or situation.vein.batches.latest
    return latest.id if latest is not None else ""


def _plans(situation: Situation) -> tuple[Option, ...]:
    """What is drawn at the step; without a step, every sample of the recipe."""
    step = situation.recipe.step(situation.given.get("step", ""))
    return tuple((each.id, each.title) for each in situation.recipe.samples if step is None or each.id in step.samples)


def _steps(situation: Situation) -> tuple[Option, ...]:
    named = situation.given.get("step", "")
    return tuple((each.id, each.title) for each in situation.recipe.steps if each.samples and named in ("", each.id))


# Results.


def _test(situation: Situation, typed: str = "") -> Test | None:
    """The test that the address names, else the one that was chosen."""
    return situation.recipe.test(situation.given.get("test", "") or typed)


def _title(situation: Situation) -> Words:
    found = _test(situation)
    return found.title if found is not None else NOTHING


def _shown_test(situation: Situation) -> Shown:
    return Shown(name="test", title=Words("检验项目", "Test"), shown=_title)


def _of_the_sample(situation: Situation) -> list[Option]:
    """The tests that the sample in the address serves; all of them where it names none."""
    taken = situation.vein.samples.by_id.get(situation.given.get("sample", ""))
    plan = situation.recipe.sample(taken.plan) if taken is not None else None
    return [(each.id, each.title) for each in situation.recipe.tests if plan is None or each.id in plan.tests]


def accepted_of(test: Test) -> Words:
    """What conforms, of a test whose result is chosen."""
    said = [VALUES.get(each, Words(each, each)) for each in test.accepted]
    return Words("、".join(each.zh for each in said), ", ".join(each.en for each in said))


def _value(test: Test) -> Field:
    title = Words("结果", "Result")
    if test.type == "choice":
        fit = accepted_of(test)
        return Choice(
            name="value",
            title=title,
            hint=Words(f"符合标准：{fit.zh}", f"Conforms: {fit.en}"),
            options=lambda _: [(each, VALUES.get(each, Words(each, each))) for each in test.choices],
        )
    return Measure(name="value", title=title, units=(test.unit,), limits=test.limits, assumed=test.source.assumed)


def _recording(situation: Situation) -> tuple[Field, ...]:
    test, tube = _test(situation), replace(TUBE, expected=situation.given.get("sample", ""))
    if test is not None:
        return (Given(name="treatment"), tube, _shown_test(situation), _value(test))
    return (
        Given(name="treatment"),
        tube,
        Choice(name="test", title=Words("检验项目", "Test"), options=_of_the_sample),
        Line(
            name="value",
            title=Words("结果", "Result"),
            hint=Words("以标准规定的单位填写数字。", "A number, in the unit of the specification."),
            longest=40,
        ),
    )


def _recorded(values: Arguments, situation: Situation) -> dict[str, Any]:
    """Results are recorded as text in the specification's unit."""
    test, value = _test(situation, values["test"]), values["value"]
    if isinstance(value, Quantity):
        return {**values, "value": f"{value.value:f}", "unit": value.unit}
    unit = test.unit if test is not None else ""
    return {**values, "value": _plainly(value) if unit else value, "unit": unit}


def _plainly(text: str) -> str:
    try:
        return f"{decimal(text):f}"
    except Unreadable:
        return text


def _judged(typed: Typed, situation: Situation) -> Preview | None:
    """The result against its limits, said before it is signed."""
    test = _test(situation, typed.one("test"))
    if test is None:
        return None
    value: Decimal | str = typed.one("value")
    fit = value in test.accepted
    if test.type == "quantity":
        try:
            value = decimal(typed.one("value"))
        except Unreadable:
            return None
        fit = test.limits.admit(value)
    taken = situation.vein.samples.by_id.get(situation.given.get("sample", ""))
    state = situation.vein.disposition.of(taken.batch if taken is not None else _batch(situation))
    return Preview(
        "web/judged.html",
        {"test": test, "value": str(value), "fit": fit, "let_go": state.supplied and test.id not in state.accepted},
    )


def _sampled(situation: Situation) -> dict[str, Any]:
    """When the sample in the address was taken, and from when on a conforming result of the test counts."""
    taken, test = situation.vein.samples.by_id.get(situation.given.get("sample", "")), _test(situation)
    counts = counts_from(test, taken.taken) if taken is not None and test is not None else None
    return {"sample": taken, "counts": counts, "early": counts is not None and situation.now < counts}


def _before(situation: Situation) -> Preview | None:
    """Earlier attempts at the test, and when and how the sample was taken."""
    wanted, test = situation.given.get("sample", ""), situation.given.get("test", "")

    def chosen() -> Iterable[Any]:
        for entry in situation.entries:
            if entry.data.get("sample") == wanted and entry.data.get("test", test) == test:
                yield line(entry, situation.recipe)

    lines = beside(chosen()) if wanted else None
    return Preview("web/sampled_beside.html", {**lines.context, **_sampled(situation)}) if lines is not None else None


def _first_entry(situation: Situation) -> Preview | None:
    """What the first analyst recorded, beside its limits."""
    taken = situation.vein.samples.by_id.get(situation.given.get("sample", ""))
    test = _test(situation)
    result = taken.valid(test.id) if taken is not None and test is not None else None
    if taken is None or result is None or test is None:
        return _before(situation)
    earlier = [each for each in taken.attempts(test.id) if each.attempt < result.attempt]
    return Preview("web/result.html", {**_sampled(situation), "test": test, "result": result, "earlier": earlier})


def _doubtful(situation: Situation) -> tuple[tuple[Words, str], ...]:
    given = {"treatment": situation.treatment, "next": situation.given.get("next", "")}
    return ((Words("有疑问：报告偏差", "In doubt: report a deviation"), address("deviation.report", given)),)


FORMS: Final = (
    Form(
        sample.take,
        Words("取样", "Take a sample"),
        (
            Given(name="treatment"),
            Known(name="batch", title=Words("批次", "Batch"), noun="batch", known=_batch),
            Choice(name="step", title=Words("步骤", "Step"), options=_steps),
            Choice(name="plan", title=Words("样品", "Sample"), options=_plans),
            Scan(name="sample", title=Words("样品管", "Sample tube"), nouns=("sample",)),
        ),
        button=Words("已取样", "It is drawn"),
        guide=Words("样品管须已贴签；扫描管上的标签。", "The tube bears its label already; scan it."),
    ),
    Form(
        sample.receive,
        Words("签收样品", "Receive a sample"),
        (
            Given(name="treatment"),
            TUBE,
            Choice(name="condition", title=Words("签收状况", "Condition on receipt"), options=lambda _: CONDITIONS),
        ),
        button=Words("签收", "Receive it"),
        guide=Words(
            "仅状况完好的样品可以检验；其他状况由 QA 决定。",
            "Only a sample in good condition is tested; QA decides on others.",
        ),
        others=_doubtful,
    ),
    Form(
        sample.void,
        Words("样品作废", "Give a sample up"),
        (
            Given(name="treatment"),
            Scan(name="sample", title=Words("样品", "Sample"), nouns=("sample",)),
            reason("sample_unsuitable", "damaged", "contamination", "identity_mismatch"),
        ),
        button=Words("作废", "Give it up"),
    ),
    Form(
        sample.record_result,
        Words("录入检验结果", "Record a result"),
        _recording,
        button=Words("录入结果", "Enter the result"),
        guide=Words(
            "扫描样品管，再填写结果；由另一名检验员复核。",
            "Scan the tube, then enter the result; another analyst checks it afterwards.",
        ),
        build=_recorded,
        preview=_judged,
        beside=_before,
    ),
    Form(
        sample.verify_result,
        Words("复核检验结果", "Second check of a result"),
        lambda here: (
            Given(name="treatment"),
            SAMPLE,
            _shown_test(here),
            Confirmation(
                name="compared",
                title=Words("我已与原始数据核对，结果一致", "I compared it with the raw data, and it is the same"),
            ),
        ),
        button=Words("复核", "Confirm the result"),
        guide=Words("录入人不能复核自己的结果。", "Nobody checks a result of his own."),
        beside=_first_entry,
        others=_doubtful,
    ),
    Form(
        sample.invalidate_result,
        Words("使结果无效", "Invalidate a result"),
        lambda here: (
            Given(name="treatment"),
            SAMPLE,
            _shown_test(here),
            reason("analyst_error", "instrument_error", "transcription_error", "sample_unsuitable", "contamination"),
        ),
        button=Words("使其无效", "Invalidate it"),
        guide=Words(
            "仅限查明的实验室原因。原结果保持可见，之后可以复测。",
            "Only for a cause found in the laboratory. The result stays visible; the test may then be repeated.",
        ),
        beside=_first_entry,
    ),
)
