"""Review by exception: what the rules have checked and passed, what is an exception, what still keeps the batch waiting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from yimai.domain.batch import Batch, StepStarted
from yimai.domain.batch_entry import departure
from yimai.domain.disposition import Disposition
from yimai.domain.person import Role
from yimai.domain.recipe import Recipe, Test, Words
from yimai.domain.sample import Result, Sample
from yimai.domain.specification import nonconforming
from yimai.domain.treatment import open_for_work
from yimai.interfaces.web.refusal import told, zone_of
from yimai.interfaces.web.review_exceptions import Departure, departures
from yimai.interfaces.web.situation import Situation
from yimai.interfaces.web.treatment_record import served
from yimai.projections import register

EARLY: Final = ("conditional",)
ALL: Final = ("conditional", "final")


@dataclass(frozen=True, slots=True)
class Check:
    """Something that the rules have checked, or None of it was there to be checked. number: how often it was."""

    title: Words
    number: int


@dataclass(frozen=True, slots=True)
class Block:
    """What keeps the batch from being let go. roles: with whom it waits. things: noun and identifier of each."""

    said: Words
    roles: tuple[Role, ...]
    things: tuple[tuple[str, str], ...] = ()
    titles: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class Awaited:
    """A test without a verified result. sample: the one that serves it, or None. result: the unverified one, or None."""

    test: Test
    sample: Sample | None
    result: Result | None


@dataclass(frozen=True, slots=True)
class Review:
    """blocks: what keeps the batch from conditional release; finally: what keeps it from a full one, beside these.

    follows: the tests whose results are still to come after a conditional release.
    """

    batch: str
    recipe: Recipe
    disposition: Disposition
    passed: tuple[Check, ...]
    exceptions: tuple[Departure, ...]
    blocks: tuple[Block, ...]
    finally_: tuple[Block, ...]
    follows: tuple[Awaited, ...]

    @property
    def open(self) -> tuple[Departure, ...]:
        return tuple(each for each in self.exceptions if each.state == "open")

    @property
    def settled(self) -> tuple[Departure, ...]:
        return tuple(each for each in self.exceptions if each.state != "open")

    @property
    def checks(self) -> int:
        return sum(each.number for each in self.passed)


def review_of(situation: Situation, batch: str) -> Review:
    """The batch as its facts tell it now."""
    disposition = situation.vein.disposition.of(batch)
    found = departures(situation, batch)
    return Review(
        batch,
        situation.recipe,
        disposition,
        tuple(each for each in _passed(situation, batch) if each.number),
        found,
        tuple(_blocks(situation, batch, found)),
        tuple(_results(situation, batch, ALL, EARLY)),
        tuple(each for each in awaited(situation, batch) if each.test.stage == "final"),
    )


def awaited(situation: Situation, batch: str) -> Iterator[Awaited]:
    """Every test of the specification that has no verified result yet, for each of its samples."""
    for test, sample in served(situation.vein, batch, situation.recipe):
        result = sample.valid(test.id) if sample is not None else None
        if result is None or not result.verifier:
            yield Awaited(test, sample, result)


# What was checked by rule, and passed.


def _passed(situation: Situation, batch: str) -> Iterator[Check]:
    vein = situation.vein
    made = vein.batches.by_id.get(batch)
    if made is not None:
        yield from _made(situation, made)
    results = [each for sample in vein.samples.of_batch(batch) for each in sample.results if not each.invalidated]
    good = [each for each in results if each.conforming and each.verifier]
    yield Check(Words("检验结果符合标准并经复核", "Results conform and were checked by a second analyst"), len(good))
    identity = {test.id for test in situation.recipe.tests if test.identity}
    yield Check(
        Words("生物学身份检验符合", "Biological identity test conforms"),
        sum(each.test in identity for each in good),
    )
    shipments = [each for each in vein.shipments.by_id.values() if each.reported and not each.excursions]
    yield Check(Words("运输温度在限度内", "Temperatures on the way within limits"), len(shipments))
    settled = [copy for item in vein.labels.items.values() for copy in item.copies if copy != "issued"]
    yield Check(Words("标签已使用或销毁", "Labels used or destroyed"), len(settled))


def _made(situation: Situation, made: Batch) -> Iterator[Check]:
    runs = [each for each in made.runs if each.ended is not None]
    steps = {each.id: each for each in situation.recipe.steps}
    fields = [
        (field, run.entries[field.id])
        for run in runs
        for field in steps[run.step].entries
        if field.id in run.entries and run.step in steps
    ]
    starts: list[Any] = [
        each.data for each in situation.entries if each.kind == StepStarted.kind and each.data["batch"] == made.id
    ]
    yield Check(Words("步骤按规程顺序完成", "Steps completed in the recipe's order"), len(runs))
    yield Check(
        Words("记录值符合规程", "Entries as the recipe accepts them"),
        sum(departure(field, value) is None for field, value in fields),
    )
    yield Check(
        Words("步骤经第二人复核", "Steps signed by a second person"),
        sum(steps[run.step].second_person for run in runs if run.step in steps),
    )
    yield Check(
        Words("扫描容器与患者一致", "Containers scanned and matched with the patient"),
        sum(len(each["containers"]) for each in starts),
    )
    yield Check(
        Words("使用时设备在校准有效期内", "Equipment in calibration when it was used"),
        sum(len(each.equipment) for each in made.runs),
    )
    yield Check(
        Words("使用时物料批已放行且未过期", "Material lots released and unexpired when they were used"),
        sum(len(each.materials) for each in made.runs),
    )
    cleared = (each for each in situation.entries if each.kind == "suite.line_cleared.v1")
    yield Check(
        Words("生产前清场双签", "Line cleared and signed by two"),
        sum(1 for each in cleared if each.data.get("batch") == made.id),
    )


# What still keeps it waiting, and with whom.


def _blocks(situation: Situation, batch: str, found: tuple[Departure, ...]) -> Iterator[Block]:
    vein = situation.vein
    if refusal := open_for_work(vein.treatment):
        zone = zone_of(situation.who, register.sites(situation.cursor))
        yield Block(told(refusal, zone, situation.recipe), ("coordinator", "qa"))
    made = vein.batches.by_id.get(batch)
    if made is None or made.state != "completed":
        failed = made is not None and made.state == "failed"
        yield (
            Block(Words("批次失败，应予拒绝", "The batch failed: it is to be rejected"), ("qa", "qualified_person"))
            if failed
            else Block(Words("批记录尚未完成", "The batch record is not completed"), ("operator",))
        )
    if rejecting := vein.deviations.rejecting(batch):
        yield Block(
            Words("偏差结论为拒绝该批", "A deviation was closed with the batch's rejection"),
            ("qa", "qualified_person"),
            tuple(("deviation", each.id) for each in rejecting),
        )
    if opened := vein.deviations.open_of(batch):
        things = tuple(("deviation", each.id) for each in opened)
        yield Block(Words("偏差未关闭", "Deviations are open"), ("qa",), things)
    excursions = [
        ("excursion", one)
        for each in vein.shipments.by_id.values()
        for one, state in each.excursions.items()
        if state == "open"
    ]
    if excursions:
        yield Block(
            Words("温度超限待决定", "Excursions wait for a decision"), ("qa", "qualified_person"), tuple(excursions)
        )
    yield from _failing(situation, batch)
    yield from _results(situation, batch, EARLY)
    yield from _review_wanted(situation, batch, found)
    if copies := vein.labels.unreconciled:
        items = tuple(dict.fromkeys(copy.partition("#")[0] for copy in copies))
        nouns = {"sample": "sample", "wristband": "wristband", "shipper": "shipment"}
        carriers = vein.labels.items
        things = tuple((nouns.get(carriers[each].carrier, "container"), each) for each in items)
        yield Block(Words("标签物料平衡未完成", "Labels are not reconciled"), ("operator", "qa"), things)


def _failing(situation: Situation, batch: str) -> Iterator[Block]:
    failing = nonconforming(situation.vein.samples, batch)
    if not failing:
        return
    titles = tuple(test.title for test in situation.recipe.tests if test.id in failing)
    if any(test.identity and test.id in failing for test in situation.recipe.tests):
        said = Words("身份检验不符合：只能拒绝", "The identity test failed: the batch can only be rejected")
        yield Block(said, ("qa", "qualified_person"), (), titles)
        return
    said = Words(
        "结果不符合标准：拒绝，或由医师申请规格外供应", "Results fail: reject, or the physician asks for supply"
    )
    yield Block(said, ("qualified_person", "physician"), (), titles)


def _results(
    situation: Situation, batch: str, stages: tuple[str, ...], without: tuple[str, ...] = ()
) -> Iterator[Block]:
    wanted = [
        each
        for each in awaited(situation, batch)
        if (each.test.stage in stages and each.test.stage not in without) or (each.test.identity and not without)
    ]
    missing = tuple(each.test.title for each in wanted if each.result is None)
    unverified = tuple(each.test.title for each in wanted if each.result is not None)
    if missing:
        yield Block(Words("检验结果待出具", "Results are still to come"), ("qc_analyst",), (), missing)
    if unverified:
        yield Block(Words("结果待第二人复核", "Results wait for a second analyst"), ("qc_analyst",), (), unverified)


def _review_wanted(situation: Situation, batch: str, found: tuple[Departure, ...]) -> Iterator[Block]:
    disposition = situation.vein.disposition.of(batch)
    if disposition.reviewed is None:
        yield Block(Words("QA 尚未审核", "QA has not reviewed it"), ("qa",))
    elif any(each.new for each in found):
        yield Block(Words("审核之后出现新的异常", "New exceptions since QA's review"), ("qa",))
