"""The laboratory's and QA's part while the batch runs and after it: results, their verification, deviations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from yimai.actions import deviation, sample
from yimai.actions.decision import Answer, Done
from yimai.domain.deviation import Conclusion, DeviationOpened
from yimai.domain.disposition import DispositionRevoked
from yimai.domain.incubation import counts_from
from yimai.domain.person import Role
from yimai.domain.recipe import Test
from yimai.interfaces.plant.collecting import Collecting
from yimai.interfaces.plant.draws import failing
from yimai.interfaces.plant.ordering import DAY, HOUR
from yimai.interfaces.plant.plant import Plant
from yimai.interfaces.plant.walk import Course

ON_THE_WAY: Final = HOUR / 3
"""From the sampling to its receipt at the laboratory."""
ASSESSMENT: Final = "DEMO note: cause found in the process; no effect on the product's quality"


class Revoked(Exception):
    """A late result took the release back: the way to the infusion ends here."""


class Testing(Collecting):
    """batch: the latest one. samples: its samples by plan. untested: its tests that are not verified, with their plan."""

    def __init__(self, plant: Plant, **arguments: Any) -> None:
        super().__init__(plant, **arguments)
        self.batch = ""
        self.samples: dict[str, str] = {}
        self.untested: dict[str, str] = {}

    def do(self, act: Callable[..., Answer], actor: str, site: str, **arguments: Any) -> Done:
        """As in Walk; QA takes up whatever deviation this opens."""
        done = super().do(act, actor, site, **arguments)
        for fact in done.facts:
            if isinstance(fact, DeviationOpened):
                self.raised(fact)
        return done

    def receive_sample(self, tube: str) -> Done:
        return self.do(sample.receive, self.at_base("qc_analyst"), self.base, sample=tube, condition="good")

    def record_result(self, test: str, *, value: str = "", sample_id: str = "") -> Done:
        """value: as the laboratory writes it; "": as drawn."""
        specification = self._test(test)
        tube = sample_id or self.samples[self._plan_of(test)]
        if self._awaits_receipt(tube):
            self.receive_sample(tube)
        return self.do(
            sample.record_result,
            self.at_base("qc_analyst"),
            self.base,
            sample=tube,
            test=test,
            value=value or self._value(specification),
            unit=specification.unit,
        )

    def verify_result(self, test: str) -> Done:
        plan = self._plan_of(test)
        recorded = self.vein.samples.by_id[self.samples[plan]].valid(test)
        analyst = self.at_base("qc_analyst", without=(recorded.analyst,) if recorded is not None else ())
        done = self.do(sample.verify_result, analyst, self.base, sample=self.samples[plan], test=test)
        self.untested.pop(test, None)
        return done

    def sample_taken(self, plan: str) -> bool:
        return self.samples.get(plan, "") in self.vein.samples.by_id

    def in_laboratory(self, plan: str) -> None:
        """The sample has been taken: it is received, each of its tests recorded after its duration, then verified."""
        self.later(self.now + ON_THE_WAY, partial(self._receipt_due, self.samples[plan]))
        wanted = self.recipe.sample(plan)
        for test in wanted.tests if wanted is not None else ():
            self.untested[test] = plan
            specification = self._test(test)
            due = self.now + self.plant.draws.duration(specification.duration)
            counts = counts_from(specification, self.vein.samples.by_id[self.samples[plan]].taken)
            self.later(max(due, counts or due), partial(self._result_due, self.batch, test))

    def _receipt_due(self, tube: str) -> None:
        if self._awaits_receipt(tube):
            self.receive_sample(tube)

    def _awaits_receipt(self, tube: str) -> bool:
        taken = self.vein.samples.by_id.get(tube)
        return taken is not None and taken.received is None and not taken.voided

    def _result_due(self, batch: str, test: str) -> None:
        """Record the result unless the batch was given up meanwhile or somebody has recorded it."""
        if batch != self.batch or test not in self.untested:
            return
        if self.vein.samples.by_id[self.samples[self.untested[test]]].valid(test) is None:
            done = self.record_result(test)
            if any(isinstance(fact, DispositionRevoked) for fact in done.facts):
                self.verify_result(test)
                raise Revoked
        self.later(self.now + self.span(HOUR, 5 * HOUR), partial(self._verification_due, batch, test))

    def _verification_due(self, batch: str, test: str) -> None:
        if batch == self.batch and test in self.untested:
            self.verify_result(test)

    def _value(self, test: Test) -> str:
        if test.id in (self.fortune.failing, self.fortune.late_positive) and self.first_batch:
            return failing(test)
        positive = self.plant.scenario.positive if self.plant.scenario is not None and not self.fortune.spared else 0
        if positive and test.type == "choice" and self.plant.draws.happens(positive):
            return failing(test)
        drawn = self.plant.draws.result(test)
        unlucky = test.type == "quantity" and not test.limits.admit(type(test.duration.cv)(drawn))
        if unlucky and self.fortune.spared and test.typical is not None:
            return f"{test.typical.median:f}"
        return drawn

    def _test(self, test: str) -> Test:
        found = self.recipe.test(test)
        assert found is not None, f"the recipe has no test {test}"
        return found

    def _plan_of(self, test: str) -> str:
        return next(plan.id for plan in self.recipe.samples if test in plan.tests)

    @property
    def first_batch(self) -> bool:
        return len(self.vein.batches.by_id) == 1

    def wanting(self, *stages: str) -> list[str]:
        """The tests of these stages, and the identity test, that are not verified yet."""
        return [each for each in self.untested if self._test(each).stage in stages or self._test(each).identity]

    # Deviations.

    def raised(self, opened: DeviationOpened) -> None:
        """QA will assess the deviation within a day and close it within two more, unless it is left undecided."""
        if self.fortune.undecided != "assessment":
            self.later(self.now + self.span(3 * HOUR, DAY), partial(self._assessment_due, opened))

    def _assessment_due(self, opened: DeviationOpened) -> None:
        if self._later_on_duty(("qa",), partial(self._assessment_due, opened)):
            return
        self.assess_deviation(opened.deviation)
        if self.fortune.undecided != "closing":
            self.later(self.now + self.span(4 * HOUR, 2 * DAY), partial(self._closing_due, opened))

    def _closing_due(self, opened: DeviationOpened) -> None:
        roles: tuple[Role, ...] = ("qa", "qualified_person") if opened.classification == "critical" else ("qa",)
        if not self._later_on_duty(roles, partial(self._closing_due, opened)):
            fate = self.fortune.departure
            planned = fate is not None and fate.step == opened.step
            conclusion = fate.conclusion if fate is not None and planned else "acceptable"
            short = opened.cause == "count_not_reached" and not self.fortune.spared
            self.close_deviation(opened.deviation, "reject_batch" if short else conclusion)

    def assess_deviation(self, deviation_id: str, *, reason: str = "process_variability") -> Done:
        found = self.vein.deviations.by_id[deviation_id]
        arguments = {"classification": found.classification, "reason": reason, "note": ASSESSMENT}
        return self.do(deviation.assess, self.at_base("qa"), self.base, deviation=deviation_id, **arguments)

    def close_deviation(self, deviation_id: str, conclusion: Conclusion = "acceptable") -> Done:
        critical = self.vein.deviations.by_id[deviation_id].classification == "critical"
        reason = "quality_concern" if conclusion == "reject_batch" else "within_validated_range"
        return self.do(
            deviation.close,
            self.at_base("qa"),
            self.base,
            deviation=deviation_id,
            conclusion=conclusion,
            reason=reason,
            approver=self.at_base("qualified_person") if critical else "",
        )

    @property
    def open_deviations(self) -> tuple[str, ...]:
        return tuple(each.id for each in self.vein.deviations.open_of(self.batch))

    # The ordinary course.

    def testing(self) -> Course:
        """Until every test that conditional release needs is verified and no deviation is open."""
        yield from self.until(lambda: not self.wanting("in_process", "conditional") and not self.open_deviations)
        yield "tested"
