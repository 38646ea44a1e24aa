"""A treatment's records as its page lays them out: containers, the batch record against its limits, tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yimai.domain.batch import Batch, Recorded, StepRun
from yimai.domain.custody import Held
from yimai.domain.disposition import Disposition
from yimai.domain.fact import Quantity
from yimai.domain.recipe import EntryField, Recipe, Step, Test
from yimai.domain.sample import Result, Sample
from yimai.domain.vein import Vein


@dataclass(frozen=True, slots=True)
class ContainerRow:
    id: str
    carrier: str
    held: Held | None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One recorded value beside what the recipe accepts. within: None where the recipe sets no limits."""

    field: EntryField
    value: Recorded | None
    within: bool | None

    @property
    def quantity(self) -> Quantity | None:
        return self.value if isinstance(self.value, Quantity) else None


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step with one of its rounds, or none where it has not begun."""

    step: Step
    run: StepRun | None
    entries: tuple[EntryRow, ...]


@dataclass(frozen=True, slots=True)
class TestRow:
    """A test of the specification with the result that stands, or None while it is awaited."""

    test: Test
    sample: Sample | None
    result: Result | None
    attempts: int


@dataclass(frozen=True, slots=True)
class BatchSheet:
    batch: Batch
    recipe: Recipe | None
    disposition: Disposition
    steps: tuple[StepRow, ...]
    tests: tuple[TestRow, ...]


def containers(vein: Vein) -> tuple[ContainerRow, ...]:
    """Every labelled container of the treatment, in the order of its labels."""
    return tuple(
        ContainerRow(item.id, item.carrier, vein.custody.held.get(item.id))
        for item in vein.labels.items.values()
        if item.carrier in ("collection_bag", "container", "final_bag")
    )


def sheets(vein: Vein, recipe: Recipe | None) -> tuple[BatchSheet, ...]:
    """A sheet a batch, the latest first. recipe: the version that the batches pin, or None if it cannot be read."""
    return tuple(
        BatchSheet(
            batch,
            recipe,
            vein.disposition.of(batch.id),
            tuple(_steps(batch, recipe)) if recipe is not None else (),
            tuple(_tests(vein, batch, recipe)) if recipe is not None else (),
        )
        for batch in reversed(tuple(vein.batches.by_id.values()))
    )


def _steps(batch: Batch, recipe: Recipe) -> Iterator[StepRow]:
    for step in recipe.steps:
        runs = batch.runs_of(step.id)
        if not runs:
            yield StepRow(step, None, tuple(EntryRow(field, None, None) for field in step.entries))
        for run in runs:
            yield StepRow(step, run, tuple(_entry(field, run) for field in step.entries))


def _entry(field: EntryField, run: StepRun) -> EntryRow:
    value = run.entries.get(field.id)
    within: bool | None = None
    if isinstance(value, Quantity):
        limited = field.limits.low is not None or field.limits.high is not None
        within = field.limits.admit(value.value) if limited else None
    elif isinstance(value, bool):
        within = value
    elif isinstance(value, str) and field.accepted:
        within = value in field.accepted
    return EntryRow(field, value, within)


def _tests(vein: Vein, batch: Batch, recipe: Recipe) -> Iterator[TestRow]:
    for test, sample in served(vein, batch.id, recipe):
        if sample is None:
            yield TestRow(test, None, None, 0)
        else:
            yield TestRow(test, sample, sample.valid(test.id), len(sample.attempts(test.id)))


def served(vein: Vein, batch: str, recipe: Recipe) -> Iterator[tuple[Test, Sample | None]]:
    """Each test of the specification with each of the batch's samples that serves it, or None where there is none."""
    samples = vein.samples.of_batch(batch)
    for test in recipe.tests:
        plans = {plan.id for plan in recipe.samples if test.id in plan.tests}
        serving: list[Sample | None] = [each for each in samples if each.plan in plans]
        yield from ((test, sample) for sample in serving or [None])
