"""Whether a recipe makes sense as a whole: what refers to what, what can be reached, what can ever pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal

from stdnum.ean import is_valid as is_gtin

from yimai.domain.content import Path, Problem, problem, repeated
from yimai.domain.recipe import EntryField, Failure, Limits, Recipe, Step, Test
from yimai.domain.step_order import after_unknown, cycles, minimum_between, unreachable


def check_recipe(recipe: Recipe) -> list[Problem]:
    """Every problem of a well-shaped recipe, each with the path of the value to correct; empty when there is none."""
    return [
        *_duplicates(recipe),
        *_gs1(recipe),
        *_references(recipe),
        *_order(recipe),
        *_holds(recipe),
        *_limits(recipe),
        *_samples_and_tests(recipe),
        *_identity(recipe),
        *_chances(recipe),
    ]


def step_places(recipe: Recipe) -> Iterator[tuple[Path, Step]]:
    """Each step with its path in the content."""
    steps = iter(recipe.steps)
    for operation, its in enumerate(recipe.operations):
        for position in range(len(its.steps)):
            yield ("operations", operation, "steps", position), next(steps)


def _duplicates(recipe: Recipe) -> Iterator[Problem]:
    yield from repeated([operation.id for operation in recipe.operations], ("operations",))
    seen: set[str] = {"collection"}
    for path, step in step_places(recipe):
        if step.id in seen:
            en = f"step {step.id} is already defined (collection is reserved): give it another id"
            yield problem((*path, "id"), en, f"步骤 {step.id} 已定义，请改用其他标识")
        seen.add(step.id)
        yield from repeated([entry.id for entry in step.entries], (*path, "entries"))
    yield from repeated([sample.id for sample in recipe.samples], ("samples",))
    yield from repeated([test.id for test in recipe.tests], ("tests",))
    yield from repeated([label.id for label in recipe.labels], ("labels",))


def _gs1(recipe: Recipe) -> Iterator[Problem]:
    for position, label in enumerate(recipe.labels):
        if label.gs1 not in ("", "own") and (len(label.gs1) != 14 or not is_gtin(label.gs1)):
            en = f"{label.gs1} is no GTIN, its check digit does not fit: correct it, or say own"
            yield problem(
                ("labels", position, "gs1"), en, f"{label.gs1} 不是有效的 GTIN（校验位不符），请更正或填写 own"
            )


def _references(recipe: Recipe) -> Iterator[Problem]:
    carriers = {label.id: label.carrier for label in recipe.labels}
    declared = {
        "equipment": {name for name, _ in recipe.equipment_classes},
        "operators": {name for name, _ in recipe.qualifications},
        "materials": {name for name, _ in recipe.materials},
    }
    for path, step in step_places(recipe):
        for position, name in enumerate(step.equipment):
            if name not in declared["equipment"]:
                yield _undeclared((*path, "equipment", position), name, "equipment_classes", "设备类别")
        for name, _ in step.operators:
            if name not in declared["operators"]:
                yield _undeclared((*path, "operators", name), name, "qualifications", "资质")
        for position, use in enumerate(step.materials):
            if use.material not in declared["materials"]:
                yield _undeclared((*path, "materials", position, "material"), use.material, "materials", "物料")
        if step.produces and carriers.get(step.produces) not in ("container", "final_bag"):
            yield _no_layout((*path, "produces"), step.produces, "container or final_bag")
        if step.until is not None:
            yield from _until(path, step)
    for carrier in ("wristband", "collection_bag", "sample", "final_bag", "shipper"):
        if carrier not in carriers.values():
            en = f"no label layout is for a {carrier}: add one, no treatment goes without"
            yield problem(("labels",), en, f"缺少 {carrier} 的标签版式，请添加")
    if not any(carriers.get(step.produces) == "final_bag" for step in recipe.steps):
        en = "no step fills a final bag: name its label layout in a step's produces"
        yield problem(("operations",), en, "没有步骤灌装成品袋，请在步骤的 produces 中填写")
    for position, sample in enumerate(recipe.samples):
        if carriers.get(sample.label) != "sample":
            yield _no_layout(("samples", position, "label"), sample.label, "sample")


def _undeclared(path: Path, name: str, where: str, zh: str) -> Problem:
    return problem(path, f"{name} is not declared: add it under {where}", f"{zh} {name} 未声明，请在 {where} 下添加")


def _no_layout(path: Path, name: str, carrier: str) -> Problem:
    en = f"label layout {name} is not defined for a {carrier}: add it under labels"
    return problem(path, en, f"未定义用于 {carrier} 的标签版式 {name}，请在 labels 下添加")


def _until(path: Path, step: Step) -> Iterator[Problem]:
    assert step.until is not None  # the caller has looked
    entry = step.entry(step.until.entry)
    if entry is None or entry.type != "quantity":
        en = f"until waits for {step.until.entry}, no quantity that step {step.id} records: name one of its entries"
        yield problem((*path, "until", "entry"), en, f"until 所指的 {step.until.entry} 不是本步骤记录的数量")
    elif entry.limits.high is not None and step.until.at_least > entry.limits.high:
        en = f"until waits for at least {step.until.at_least}, above the entry's limit {entry.limits.high}: lower one"
        yield problem((*path, "until", "at_least"), en, "until 的目标高于该项自身的上限")


def _order(recipe: Recipe) -> Iterator[Problem]:
    places = {step.id: path for path, step in reversed(list(step_places(recipe)))}
    for step, position, name in after_unknown(recipe):
        en = f"step {name} does not exist: name a step of this recipe"
        yield problem((*places[step.id], "after", position), en, f"步骤 {name} 不存在")
    circles = cycles(recipe)
    for circle in circles:
        shown = " → ".join((*circle, circle[0]))
        en = f"a cycle: {shown}: none of these steps can ever start; remove one `after`"
        yield problem((*places[circle[0]], "after"), en, f"步骤循环：{shown}，请去掉其中一个 after")
    in_circle = {name for circle in circles for name in circle}
    for name in unreachable(recipe):
        if name not in in_circle:
            en = f"step {name} cannot be reached from the first step {recipe.steps[0].id}: say what it comes after"
            yield problem((*places[name], "id"), en, f"从第一步无法到达步骤 {name}，请填写 after")


def _holds(recipe: Recipe) -> Iterator[Problem]:
    for path, step in step_places(recipe):
        for position, hold in enumerate(step.holds):
            place = (*path, "holds", position)
            if hold.after != "collection" and recipe.step(hold.after) is None:
                en = f"hold refers to step {hold.after}, which does not exist: name a step, or collection"
                yield problem((*place, "after"), en, f"时限所指步骤 {hold.after} 不存在")
                continue
            least = minimum_between(recipe, hold.after, step.id)
            if least is None:
                en = f"step {step.id} does not come after {hold.after}, so this hold never runs: correct one of them"
                yield problem((*place, "after"), en, f"步骤 {step.id} 不在 {hold.after} 之后，该时限无效")
            elif least > hold.maximum:
                allowed = f"at most {_hours(hold.maximum)} h after {hold.after}"
                en = f"{allowed}, but the steps between take {_hours(least)} h: lengthen it"
                zh = f"时限 {_hours(hold.maximum)} 小时短于其间步骤所需 {_hours(least)} 小时"
                yield problem((*place, "maximum"), en, zh)
    material, product = recipe.starting_material, recipe.product
    if material.fresh_alert > material.fresh_maximum:
        en = "the alert comes after the maximum: it must come before"
        yield problem(("starting_material", "fresh_alert", "time"), en, "预警时间晚于上限")
    if product.lymphodepletion_minimum > product.lymphodepletion_maximum:
        en = "the minimum is longer than the maximum: no infusion could meet it"
        yield problem(("product", "lymphodepletion", "minimum"), en, "最短时间长于最长时间")


def _hours(span: timedelta) -> str:
    return f"{Decimal(span // timedelta(minutes=1)) / 60:.2f}".rstrip("0").rstrip(".")


def _limits(recipe: Recipe) -> Iterator[Problem]:
    for path, step in step_places(recipe):
        for position, entry in enumerate(step.entries):
            yield from _passable((*path, "entries", position), entry)
    for position, test in enumerate(recipe.tests):
        yield from _passable(("tests", position), test)
    for field, limits in (
        (("starting_material", "volume"), recipe.starting_material.volume),
        (("starting_material", "temperature"), recipe.starting_material.temperature),
        (("product", "storage_temperature"), recipe.product.storage_temperature),
        (("product", "transport_temperature"), recipe.product.transport_temperature),
    ):
        yield from _range(field, limits)


def _passable(path: Path, field: EntryField | Test) -> Iterator[Problem]:
    yield from _range((*path, "limits"), field.limits)
    if isinstance(field, Test) and field.type == "quantity" and field.limits == Limits():
        en = "no limit is given, so every result would pass: give low, high, above or below"
        yield problem((*path, "limits"), en, "未给出限度，任何结果都会通过")
    for position, result in enumerate(field.accepted):
        if result not in field.choices:
            en = f"{result} is accepted but is none of the choices {', '.join(field.choices)}: no result can meet it"
            yield problem((*path, "accepted", position), en, f"可接受结果 {result} 不在可选结果中")


def _range(path: Path, limits: Limits) -> Iterator[Problem]:
    low, high = limits.low, limits.high
    if low is None or high is None:
        return
    if low > high or (low == high and (limits.low_exclusive or limits.high_exclusive)):
        key = "below" if limits.high_exclusive else "high"
        en = f"no result can meet this limit: from {low} to {high}; correct one of them"
        yield problem((*path, key), en, f"没有任何结果能满足该限度：{low} 至 {high}")


def _samples_and_tests(recipe: Recipe) -> Iterator[Problem]:
    planned = {sample.id for sample in recipe.samples}
    taken = {name for step in recipe.steps for name in step.samples}
    served = {name for sample in recipe.samples for name in sample.tests}
    for path, step in step_places(recipe):
        for position, name in enumerate(step.samples):
            if name not in planned:
                en = f"sample {name} is not in the sampling plan: add it under samples"
                yield problem((*path, "samples", position), en, f"取样计划中没有样品 {name}")
    for position, sample in enumerate(recipe.samples):
        if sample.id not in taken:
            en = f"no step takes sample {sample.id}: name it in a step's samples"
            yield problem(("samples", position, "id"), en, f"没有步骤采取样品 {sample.id}")
        if not sample.tests:
            en = f"sample {sample.id} serves no test: name its tests, or remove it"
            yield problem(("samples", position, "tests"), en, f"样品 {sample.id} 没有对应的检验")
        for place, name in enumerate(sample.tests):
            if recipe.test(name) is None:
                en = f"test {name} does not exist: add it under tests"
                yield problem(("samples", position, "tests", place), en, f"检验 {name} 不存在")
    for position, test in enumerate(recipe.tests):
        if test.id not in served:
            en = f"test {test.id} has no sample: name it in a sample's tests"
            yield problem(("tests", position, "id"), en, f"检验 {test.id} 没有样品")
        if test.least is not None and test.duration.median < test.least.time:
            en = f"test {test.id} is planned to end before a conforming result counts: correct its duration or its least time"
            zh = f"检验 {test.id} 的计划时长短于其合格结果的最短时间，请更正其一"
            yield problem(("tests", position, "least", "time"), en, zh)


def _identity(recipe: Recipe) -> Iterator[Problem]:
    if not any(test.identity for test in recipe.tests):
        en = "no test is the biological identity test: mark one with `identity: true`"
        yield problem(("tests",), en, "缺少身份一致性检验，请以 identity: true 标明")
    for position, test in enumerate(recipe.tests):
        if not test.identity:
            continue
        if test.stage != "conditional":
            en = f"the identity test must be known before any release: its stage is conditional, not {test.stage}"
            yield problem(("tests", position, "stage"), en, "身份检验必须在任何放行之前得出结果（conditional）")
        if test.choices != ("match", "no_match") or test.accepted != ("match",):
            en = "the identity test answers match or no_match and accepts match: no genetic data leaves the laboratory"
            key = "choices" if test.choices else "type"
            yield problem(("tests", position, key), en, "身份检验只回答 match 或 no_match，且只接受 match")


def _chances(recipe: Recipe) -> Iterator[Problem]:
    yield from _failures(("starting_material",), recipe.starting_material.failures)
    for path, step in step_places(recipe):
        yield from _failures(path, step.failures)


def _failures(path: Path, failures: Iterable[Failure]) -> Iterator[Problem]:
    kept = list(failures)
    causes = Counter(failure.cause for failure in kept)
    for position, failure in enumerate(kept):
        place = (*path, "failures", position)
        if not 0 <= failure.probability <= 1:
            en = f"a probability lies between 0 and 1: {failure.probability} does not; write 0.9 % as 0.009"
            yield problem((*place, "probability"), en, f"概率须在 0 与 1 之间：{failure.probability}")
        if causes[failure.cause] > 1:
            en = f"cause {failure.cause} occurs twice: join them"
            yield problem((*place, "cause"), en, f"原因 {failure.cause} 重复")
    if kept and all(0 <= failure.probability <= 1 for failure in kept):
        total = sum((failure.probability for failure in kept), Decimal(0))
        if total > 1:
            en = f"the probabilities of these failures add up to {total}, more than 1: correct them"
            yield problem((*path, "failures"), en, f"失败概率之和为 {total}，大于 1")
