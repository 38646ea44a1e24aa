"""What was measured of one version of a recipe: rounds of steps, tests, batches and collections, for calibration to fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Run:
    """One round of a step. ended: None where it was not completed; until: then when it was last seen. values: its quantities."""

    step: str
    round: int
    started: datetime
    ended: datetime | None
    until: datetime
    values: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tested:
    """A sample's test. recorded: the first result, None where there is none; until: then when it was last seen. value: of the valid result."""

    test: str
    taken: datetime
    recorded: datetime | None
    until: datetime
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """A batch. begun: its steps, in their order. ended: whether it is completed or failed. cause: why it failed, or ""."""

    begun: tuple[str, ...]
    ended: bool
    cause: str = ""


@dataclass(frozen=True)
class Study:
    """Everything measured of one version of a recipe, in the order of its beginning. collections: why each that ended failed, or ""."""

    runs: Sequence[Run] = ()
    tested: Sequence[Tested] = ()
    courses: Sequence[Course] = ()
    collections: Sequence[str] = ()
