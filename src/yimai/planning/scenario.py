"""What a simulation is told beside the recipe and the base: who comes, what goes wrong, how the base answers, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final

from yimai.domain.recipe import Source

_OURS: Final = Source("our placeholder", assumed=True)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Orders of one hospital for one of the recipe's indications: so many a year, at random times (a Poisson process).

    urgent: the share that is urgent and goes first.
    """

    hospital: str
    indication: str
    per_year: float
    urgent: float = 0.2


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that is uncertain or chosen. Hours, days, shares (0 … 1), prices in ``currency``; ``source(name)`` says where a value is from.

    Who comes
        arrivals: empty means ``orders_per_year`` spread evenly over the base's hospitals and the recipe's indications.
        preparation_days, preparation_cv: from the order until the patient may be collected (lognormal, median).
        wanted_days: within which after that the infusion is wanted. deterioration_per_month: hazard of a patient who waits for whatever
        reason (death, progression, withdrawal); the base learns of it when the next step of the treatment ends or begins.
    Collection and transport
        no_show: share of appointments for a collection to which the patient does not come; the hospital's place is kept in vain, and
        the patient comes again after ``rebooking_days``.
        collection_failures, recollection_days: share of collections that fail (None: the recipe's), and how long until the next.
        collections, batches: how many a patient gets at most.
        courier_delay, courier_delay_hours: share of legs that are late, and by how much (lognormal, median, cv 1).
    Manufacture
        failure_factor: by indication, multiplies the recipe's step failures; growth_factor: of the share of rounds that reach the count.
        retained: share of collections of which enough is kept frozen for a second batch; it begins after ``remake_days``.
        remake_failures: share of second and later batches that fail beyond the recipe's own failures.
        hold_loss: share of batches lost at each hold time that is exceeded.
    Tests
        positive: share of tests with a choice of results that come out unacceptable; measured tests fail as their typical values say.
        repeats: share of test runs that are invalid and are run again. out_of_specification_supply: share of rejected batches that the
        physician asks for all the same.
    What breaks
        suite_failures, equipment_failures: of each suite and each shared piece a year. suite_repair_hours, equipment_repair_hours: median,
        lognormal with cv 1. suite_failure_loss: share of suite failures that lose the batch within; else it waits for its next step
        until the suite is repaired. absence: of each person and shift.
    How the base decides
        quantile: of the durations that it plans with. allowance_hours: added to what is promised. tolerance_hours: a promise counts as
        kept until so much later. review_people, shifts and the like are the base's.
    What it costs
        materials, test, leg, collection: each; suite_year, operator_year: of each, used or not; fixed_year: of all else.
    How it is counted
        warm_up_days: what happens before is not counted.
    """

    arrivals: tuple[Arrivals, ...] = ()
    orders_per_year: float = 240.0
    urgent: float = 0.2
    preparation_days: float = 5.0
    preparation_cv: float = 0.5
    wanted_days: float = 35.0
    deterioration_per_month: float = 0.03
    no_show: float = 0.02
    rebooking_days: float = 3.0
    collection_failures: float | None = None
    recollection_days: float = 7.0
    collections: int = 3
    batches: int = 3
    courier_delay: float = 0.03
    courier_delay_hours: float = 8.0
    failure_factor: tuple[tuple[str, float], ...] = (("mcl", 3.4), ("b_all", 1.02))
    growth_factor: float = 1.0
    retained: float = 0.5
    remake_days: float = 2.0
    remake_failures: float = 0.45
    hold_loss: float = 0.1
    positive: float = 0.002
    repeats: float = 0.03
    out_of_specification_supply: float = 0.5
    suite_failures: float = 0.5
    suite_repair_hours: float = 48.0
    suite_failure_loss: float = 0.2
    equipment_failures: float = 2.0
    equipment_repair_hours: float = 24.0
    absence: float = 0.04
    quantile: float = 0.8
    allowance_hours: float = 24.0
    tolerance_hours: float = 24.0
    materials: float = 10_476.0
    test: float = 582.0
    leg: float = 600.0
    collection: float = 2_000.0
    suite_year: float = 150_000.0
    operator_year: float = 40_000.0
    fixed_year: float = 1_500_000.0
    currency: str = "USD"
    warm_up_days: float = 90.0
    sources: tuple[tuple[str, Source], ...] = ()

    def source(self, name: str) -> Source:
        """Where the value of the field is from: the scenario's own file, or for a default the literature or a placeholder of ours."""
        return dict(self.sources).get(name) or DEFAULTS.get(name, _OURS)

    @property
    def assumed(self) -> tuple[str, ...]:
        """The fields whose values are placeholders."""
        return tuple(each.name for each in fields(self) if each.name != "sources" and self.source(each.name).assumed)


DEFAULTS: Final[Mapping[str, Source]] = MappingProxyType(
    {
        "preparation_days": Source("booking to apheresis 5 d (2–12), a single-centre timeline study", assumed=False),
        "collection_failures": Source("the recipe's collection failures", assumed=False),
        "failure_factor": Source("manufacturing failures 4.2 % (LBCL), 4.3 % (B-ALL), 14.4 % (MCL)", assumed=False),
        "remake_failures": Source("UK panel: re-makes succeed about half the time", assumed=False),
        "materials": Source("Sci Rep 12:17365: materials $10,476 a therapy", assumed=False),
        "test": Source("Sci Rep 12:17365: QC $9,312 a therapy, over the 16 tests of the recipe", assumed=False),
        "currency": Source("that of the cost inputs", assumed=False),
        "sources": Source("", assumed=False),
    }
)
"""Of the defaults that are not placeholders of ours."""
