"""At the hospital again: availability, lymphodepletion, permit, thaw, bedside match, infusion, outcome."""

from __future__ import annotations

from typing import Final

from yimai.actions import infusion, outcome, retention
from yimai.actions.decision import Done
from yimai.domain.outcome import Response
from yimai.domain.permit import PermitIssued
from yimai.interfaces.plant.collecting import MINUTE
from yimai.interfaces.plant.ordering import DAY, HOUR
from yimai.interfaces.plant.plant import first_of
from yimai.interfaces.plant.releasing import Releasing
from yimai.interfaces.plant.walk import Course

REPORTS: Final = (7, 28)
"""The days since infusion on which the hospital reports the outcome."""


class Infusing(Releasing):
    """permit: the latest infusion permit."""

    permit = ""

    def confirm_availability(self) -> Done:
        actor = self.at_hospital("coordinator", "physician")
        return self.do(infusion.confirm_availability, actor, self.hospital, batch=self.batch)

    def start_lymphodepletion(self) -> Done:
        return self.do(infusion.start_lymphodepletion, self.at_hospital("physician"), self.hospital)

    def issue_permit(self, *, containers: tuple[str, ...] = ()) -> Done:
        actor = self.at_base("qualified_person")
        bags = containers or self.final_bags
        done = self.do(infusion.issue_permit, actor, self.base, batch=self.batch, containers=bags)
        self.permit = first_of(done, PermitIssued).permit
        return done

    def withdraw_permit(self, reason: str = "quality_concern") -> Done:
        actor = self.at_base("qualified_person", "qa")
        return self.do(infusion.withdraw_permit, actor, self.base, permit=self.permit, reason=reason)

    def thaw(self, container: str, *, permit: str = "") -> Done:
        nurse = self.at_hospital("nurse", qualification="bedside_infusion")
        return self.do(infusion.thaw, nurse, self.hospital, permit=permit or self.permit, container=container)

    def match_bedside(self, container: str, *, wristband: str = "", order: str = "", permit: str = "") -> Done:
        nurse = self.at_hospital("nurse", qualification="bedside_infusion")
        return self.do(
            infusion.match_bedside,
            nurse,
            self.hospital,
            permit=permit or self.permit,
            container=container,
            wristband=wristband or self.wristband,
            order=order or self.treatment,
            verifier=self.at_hospital("nurse", "physician", qualification="bedside_infusion", without=(nurse,)),
        )

    def infuse(self, container: str, *, permit: str = "", further: bool = False) -> Done:
        """Begin with a bag: the permit's first, or a further one."""
        nurse = self.at_hospital("nurse", qualification="bedside_infusion")
        verifier = self.at_hospital("nurse", "physician", qualification="bedside_infusion", without=(nurse,))
        act = infusion.continue_with if further else infusion.start
        arguments = {"permit": permit or self.permit, "container": container, "verifier": verifier}
        return self.do(act, nurse, self.hospital, **arguments)

    def finish_bag(self, container: str) -> Done:
        nurse = self.at_hospital("nurse", qualification="bedside_infusion")
        return self.do(infusion.finish, nurse, self.hospital, container=container)

    def report_outcome(self, day: int, *, response: Response = "CR", crs: int = 0, icans: int = 0) -> Done:
        arguments = {"day": day, "response": response, "crs": crs, "icans": icans}
        return self.do(outcome.report, self.at_hospital("physician"), self.hospital, **arguments)

    def close(self) -> Done:
        return self.do(outcome.close, self.at_hospital("physician", "coordinator"), self.hospital)

    def start_retention(self) -> Done:
        """Start keeping the records of a treatment that ended without infusion."""
        return self.do(retention.start, self.at_hospital("physician", "coordinator"), self.hospital)

    # The ordinary course.

    def preparing(self) -> Course:
        """Lymphodepletion once availability is confirmed, then the permit."""
        yield from self.pause(HOUR, 4 * HOUR)
        self.confirm_availability()
        yield from self.pause(HOUR, 6 * HOUR)
        self.start_lymphodepletion()
        opens = self.now + self.recipe.product.lymphodepletion_minimum
        yield "lymphodepleted"
        yield from self.wait(opens - 4 * HOUR)
        if self.fortune.late_positive:
            yield from self.until(lambda: not self.wanting("final"))
        yield from self.wait(self.on_duty("qualified_person"))
        self.issue_permit()
        yield from self.wait(max(opens, self.now + self.span(HOUR, 3 * HOUR)))
        yield "permitted"

    def infusing(self) -> Course:
        """Every bag in turn: thaw, match, infuse."""
        for place, container in enumerate(self.final_bags):
            if container not in self.vein.infusion.thawed:
                self.thaw(container)
            if place == 0:
                yield "thawed"
            yield from self.pause(4 * MINUTE, 8 * MINUTE)
            if container not in self.vein.infusion.matched:
                self.match_bedside(container)
            if place == 0:
                yield "matched"
            yield from self.pause(2 * MINUTE, 5 * MINUTE)
            if container not in self.vein.infusion.begun:
                self.infuse(container, further=place > 0)
            yield from self.pause(10 * MINUTE, 20 * MINUTE)
            self.finish_bag(container)
        yield "infused"

    def following(self) -> Course:
        """Outcomes on their days, then the treatment is closed."""
        began = self.vein.infusion.started
        assert began is not None
        for day in REPORTS:
            yield from self.wait(began + day * DAY + self.span(HOUR, 6 * HOUR))
            self.report_outcome(day, response=self._response(day), crs=self._grade(day), icans=0)
            if day == REPORTS[0]:
                yield "first_outcome"
        yield "outcome"
        yield from self.rest()
        yield from self.pause(DAY, 3 * DAY)
        self.close()
        yield "closed"

    def _response(self, day: int) -> Response:
        """What the response was (assumed: 54 % complete, 28 % partial)."""
        chance = self.plant.chance
        if day == REPORTS[0]:
            return "NE"
        drawn = chance.random() if chance is not None else 0.0
        return "CR" if drawn < 0.54 else "PR" if drawn < 0.82 else "PD"

    def _grade(self, day: int) -> int:
        chance = self.plant.chance
        return chance.choice((0, 1, 1, 2, 3)) if chance is not None and day == REPORTS[0] else 0
