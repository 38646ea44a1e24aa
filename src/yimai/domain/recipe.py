"""The master recipe (ISA-88): procedure → operation → step, with its tests, labels and clocks.

A recipe is read from its approved content (a fact), never from the file. Quantities are decimals with UCUM units,
durations are ``timedelta``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class Words:
    """A title in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number comes from; ``assumed`` marks a placeholder to be replaced by a base's own time study."""

    text: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """An inclusive range unless the bound is marked exclusive; None means unbounded."""

    low: Decimal | None = None
    high: Decimal | None = None
    low_exclusive: bool = False
    high_exclusive: bool = False

    def admit(self, value: Decimal) -> bool:
        if self.low is not None and (value < self.low or (self.low_exclusive and value == self.low)):
            return False
        return not (self.high is not None and (value > self.high or (self.high_exclusive and value == self.high)))


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration's distribution: lognormal with this median and coefficient of variation, or fixed (cv 0)."""

    median: timedelta
    cv: Decimal
    source: Source


@dataclass(frozen=True, slots=True)
class Typical:
    """The values that the simulator draws: lognormal with this median and coefficient of variation."""

    median: Decimal
    cv: Decimal


@dataclass(frozen=True, slots=True)
class Failure:
    """A way in which a step loses the batch (or the container), with its probability."""

    cause: str
    title: Words
    probability: Decimal
    source: Source


@dataclass(frozen=True, slots=True)
class EntryField:
    """One thing the operator records: a quantity with unit and limits, a choice, a yes/no check, or a text.

    A value outside ``limits``, or a choice not in ``accepted``, opens a deviation. source: of the limits.
    """

    id: str
    title: Words
    type: Literal["quantity", "choice", "check", "text"]
    unit: str = ""
    limits: Limits = Limits()
    choices: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    critical: bool = False
    typical: Typical | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class MaterialUse:
    material: str
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Hold:
    """The step must start at most ``maximum`` after the end of step ``after`` (or of ``collection``)."""

    after: str
    maximum: timedelta
    source: Source


@dataclass(frozen=True, slots=True)
class Until:
    """The step is repeated until its entry is at least ``at_least`` (count, not clock), at most ``most`` times."""

    entry: str
    at_least: Decimal
    most: int
    source: Source


@dataclass(frozen=True, slots=True)
class Attended:
    """How long a step's people and shared equipment are busy from its start, and until its end; between them it runs by itself."""

    begins: timedelta
    ends: timedelta
    source: Source


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an operation, as the batch record leads an operator through it.

    operators: for each qualification how many people need it.
    identity: what must be scanned and match this batch's patient before the step may start (always the container).
    produces: the label layout of the containers that this step fills, or "" for none.
    samples: ids of the sampling plan's samples taken at this step. attended: None where people stay from start to end.
    within_shift: whether it begins and ends in one shift.
    """

    id: str
    operation: str
    title: Words
    room_class: str
    equipment: tuple[str, ...]
    operators: tuple[tuple[str, int], ...]
    materials: tuple[MaterialUse, ...]
    entries: tuple[EntryField, ...]
    after: tuple[str, ...]
    holds: tuple[Hold, ...]
    second_person: bool
    line_clearance: bool
    duration: Duration
    failures: tuple[Failure, ...]
    samples: tuple[str, ...]
    produces: str = ""
    until: Until | None = None
    attended: Attended | None = None
    within_shift: bool = False

    def entry(self, entry_id: str) -> EntryField | None:
        return next((entry for entry in self.entries if entry.id == entry_id), None)


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    title: Words
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """A sample that a step takes: its label layout and the tests it serves."""

    id: str
    title: Words
    label: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Least:
    """A conforming result counts from this long after the sampling on: a culture's incubation."""

    time: timedelta
    source: Source


@dataclass(frozen=True, slots=True)
class Test:
    """One test of the release (or in-process) specification.

    type: quantity (limits with unit) or choice (accepted results, for example ``negative``).
    stage: ``in_process``, ``conditional`` (needed before conditional release) or ``final`` (may arrive after it).
    identity: the biological identity test, a hard gate that no override opens.
    least: None where a conforming result counts at any time.
    """

    id: str
    title: Words
    method: str
    type: Literal["quantity", "choice"]
    unit: str
    limits: Limits
    choices: tuple[str, ...]
    accepted: tuple[str, ...]
    stage: Literal["in_process", "conditional", "final"]
    identity: bool
    duration: Duration
    source: Source
    typical: Typical | None = None
    least: Least | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A label layout: what it is stuck on.

    gs1: what its matrix holds: "" the plain label code, ``own`` that as a GS1 element string, or the holder's GTIN
    (14 digits), under which the item's identifier is the serial number.
    """

    id: str
    title: Words
    carrier: Literal["wristband", "collection_bag", "container", "sample", "final_bag", "shipper"]
    gs1: str = ""


@dataclass(frozen=True, slots=True)
class StartingMaterial:
    """What a collection must yield, how it travels and how long it keeps.

    minimum_cd3: CD3 cells, in 10^9; below it the collection has failed. typical_cd3 in the same. volume: limits in mL.
    fresh_alert, fresh_maximum: time since the end of collection. temperature: degrees Celsius in transport.
    failures: ways in which a collection fails. sources: each field's, by its name.
    """

    minimum_cd3: Decimal
    volume: Limits
    fresh_alert: timedelta
    fresh_maximum: timedelta
    temperature: Limits
    typical_cd3: Typical
    failures: tuple[Failure, ...]
    sources: tuple[tuple[str, Source], ...]


@dataclass(frozen=True, slots=True)
class Product:
    """The finished product's clocks and conditions.

    storage_temperature, transport_temperature: degrees Celsius. shelf_life: from fill.
    thaw_to_infusion: infusion must have begun this long after the thaw. lymphodepletion: from its start to infusion, its own days among them.
    dewar_hold: how long a qualified dewar keeps its temperature. sources: each field's, by its name.
    """

    storage_temperature: Limits
    transport_temperature: Limits
    shelf_life: timedelta
    thaw_to_infusion: timedelta
    lymphodepletion_minimum: timedelta
    lymphodepletion_maximum: timedelta
    dewar_hold: timedelta
    sources: tuple[tuple[str, Source], ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One therapy's master recipe at one version.

    retention: how long its records are kept. line_clearance: how long clearing a suite's line takes.
    """

    id: str
    version: str
    title: Words
    legal_track: Literal["drug", "clinical_research", "hospital_technology"]
    retention: timedelta
    retention_source: Source
    indications: tuple[tuple[str, Words], ...]
    markers: tuple[str, ...]
    marker_titles: tuple[tuple[str, Words], ...]
    starting_material: StartingMaterial
    product: Product
    operations: tuple[Operation, ...]
    steps: tuple[Step, ...]
    samples: tuple[SamplePlan, ...]
    tests: tuple[Test, ...]
    labels: tuple[Label, ...]
    materials: tuple[tuple[str, Words], ...]
    qualifications: tuple[tuple[str, Words], ...]
    equipment_classes: tuple[tuple[str, Words], ...]
    line_clearance: Duration

    def step(self, step_id: str) -> Step | None:
        return next((step for step in self.steps if step.id == step_id), None)

    def test(self, test_id: str) -> Test | None:
        return next((test for test in self.tests if test.id == test_id), None)

    def sample(self, sample_id: str) -> SamplePlan | None:
        return next((sample for sample in self.samples if sample.id == sample_id), None)
