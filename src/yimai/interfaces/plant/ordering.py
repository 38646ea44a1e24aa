"""A treatment's beginning: order, consent, donor markers, acceptance, slot; and its early ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from yimai.actions import slot, timetable, treatment
from yimai.actions.decision import Answer, Done
from yimai.domain.refusal import Refusal
from yimai.domain.slot import Itinerary, SlotReserved, earliest, suites_for
from yimai.domain.timetable import Disruption, Move
from yimai.domain.treatment import Fate, Marker, TreatmentOrdered, WithdrawalReason
from yimai.interfaces.plant.names import patient
from yimai.interfaces.plant.plant import Refused, first_of
from yimai.interfaces.plant.walk import Course, Walk

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
ADMISSION: Final = timedelta(hours=2)
"""How long before the collection the patient is admitted."""
TRIES: Final = 24
"""How often a hospital asks again: those who are ahead are waited for two days by the policy."""

NOT_FREE: Final = ("decision.taken", "slot.suite_out", "slot.suite_out_for_good")
"""How a slot is refused whose suite others have."""


class Ordering(Walk):
    """wristband: the patient's. itinerary: the slot that is reserved, or None. promised: one that is kept for it."""

    wristband = ""
    promised: Itinerary | None = None
    itinerary: Itinerary | None = None

    def order(self, *, indication: str = "", urgency: str = "") -> Done:
        known = [name for name, _ in self.recipe.indications]
        chance = self.plant.chance
        answer = self.plant.ask(
            treatment.order,
            self.at_hospital("physician", "coordinator"),
            self.hospital,
            base=self.base,
            recipe=self.recipe.id,
            indication=indication or (chance.choice(known) if chance is not None else known[0]),
            urgency=urgency or ("urgent" if chance is not None and chance.random() < 0.2 else "routine"),
            patient=patient(self.number),
        )
        self.treatment = first_of(answer, TreatmentOrdered).treatment
        return _done(answer)

    def consent(self) -> Done:
        form = _pdf(f"DEMO consent form of {self.treatment}")
        return self.do(treatment.record_consent, self.at_hospital("physician"), self.hospital, form=form)

    def report_markers(self, **found: Marker) -> Done:
        """found: markers that are not negative."""
        unlucky: dict[str, Marker] = {self.fortune.positive_marker: "positive"} if self.fortune.positive_marker else {}
        markers: dict[str, Marker] = {**dict.fromkeys(self.recipe.markers, "negative"), **unlucky, **found}
        tested = self.now.astimezone(self.plant.crew.zone).date() - DAY
        actor = self.at_hospital("nurse", "coordinator")
        return self.do(treatment.report_markers, actor, self.hospital, markers=markers, tested_on=tested)

    def accept(self) -> Done:
        return self.do(treatment.accept, self.at_base("scheduler"), self.base)

    def reserve(self, *, not_before: datetime | None = None, itinerary: Itinerary | None = None) -> Done:
        """Reserve the itinerary, or else the earliest that is free for a collection not before that time."""
        chosen = itinerary or self.offered(not_before or self.now + 2 * DAY)[0]
        done = self.do(slot.reserve, self.at_hospital("coordinator"), self.hospital, itinerary=chosen)
        self.itinerary = first_of(done, SlotReserved).itinerary
        self.plant.occupy(self.itinerary.suite, (self.itinerary.starts, self.itinerary.ends))
        return done

    def offered(self, not_before: datetime) -> tuple[Itinerary, ...]:
        """The earliest itineraries for a collection not before that time. Raises LookupError if there is none."""
        offers = earliest(self.plant.base, self.recipe, self.plant.occupied(), not_before)
        if not offers:
            raise LookupError("the base has no free suite within the time that is searched")
        return offers

    def free_slot(self, reason: str) -> Done:
        done = self.do(slot.free, self.at_hospital("coordinator"), self.hospital, reason=reason)
        self.slot_lost()
        return done

    def move_slot(self, room: str, until: datetime) -> Done:
        """The scheduler moves the slot to this suite, as its own is out of use until then."""
        was = self.itinerary
        assert was is not None
        down = Disruption("suite_down", self.now, until, suite=was.suite)
        moved = replace(was, suite=room)
        answer = self.plant.ask(
            timetable.repair,
            self.at_base("scheduler"),
            self.base,
            base=self.base,
            disruptions=(down,),
            way="nobody_else",
            moves=(Move(self.treatment, was.suite, was.starts, was.ends, moved),),
            reason="breakdown",
        )
        done = _done(answer)
        self.plant.vacate(was.suite, (was.starts, was.ends))
        self.plant.occupy(room, (was.starts, was.ends))
        self.itinerary = moved
        return done

    def free_suite(self) -> str:
        """A suite that is free for the time of the slot, or ""."""
        held = self.itinerary
        assert held is not None
        taken = self.plant.occupied()
        for room in suites_for(self.plant.base, self.recipe):
            if all(ends <= held.starts or held.ends <= begins for begins, ends in taken.get(room, ())):
                return room
        return ""

    def slot_lost(self) -> None:
        """The slot was freed, by the hospital or by what happened."""
        if self.itinerary is not None:
            self.plant.vacate(self.itinerary.suite, (self.itinerary.starts, self.itinerary.ends))
            self.itinerary = None

    def hold(self, reason: str = "patient_unfit") -> Done:
        return self.do(treatment.hold, self.at_hospital("physician"), self.hospital, reason=reason)

    def resume(self) -> Done:
        return self.do(treatment.resume, self.at_hospital("physician"), self.hospital)

    def cancel(self, reason: str = "patient_choice") -> Done:
        done = self.do(treatment.cancel, self.at_hospital("physician", "coordinator"), self.hospital, reason=reason)
        self.slot_lost()
        return done

    def withdraw(self, reason: WithdrawalReason = "progression") -> Done:
        done = self.do(treatment.withdraw, self.at_hospital("physician"), self.hospital, reason=reason)
        self.slot_lost()
        return done

    def decide_fate(self, container: str, fate: Fate = "destroy", reason: str = "treatment_ended") -> Done:
        arguments = {"container": container, "fate": fate, "reason": reason}
        return self.do(treatment.decide_fate, self.at_base("qa"), self.base, **arguments)

    # The ordinary course.

    def ordering(self, not_before: datetime | None) -> Course:
        """From the order to the acceptance. not_before: the earliest collection that the patient wants, or None."""
        self.order()
        yield "ordered"
        yield from self.pause(HOUR, 6 * HOUR)
        self.consent()
        yield "consented"
        yield from self.pause(8 * HOUR, 30 * HOUR)
        self.report_markers()
        yield from self.wait(self.on_duty("scheduler"))
        yield from self.pause(HOUR / 2, 2 * HOUR)
        yield from self.wait(self.on_duty("scheduler"))
        self.accept()
        yield "accepted"

    def booking(self, not_before: datetime | None) -> Course:
        """Reserve a slot and wait for the admission; whoever does not come reserves anew for some days later."""
        while True:
            yield from self._booking(not_before)
            assert self.itinerary is not None
            yield from self.wait(self.itinerary.collection - ADMISSION)
            scenario = self.plant.scenario
            if scenario is None or self.fortune.spared or not self.plant.draws.happens(scenario.no_show):
                return
            yield from self.wait(self.itinerary.collection + self.collecting_lasts())
            self.free_slot("did_not_come")
            yield "missed"
            not_before = self.now + scenario.rebooking_days * DAY

    def _booking(self, not_before: datetime | None) -> Course:
        """Reserve a slot; another is tried if somebody else takes it first or is ahead, or has taken the suite out of use."""
        yield from self.pause(HOUR / 6, HOUR / 2)
        promised, self.promised = self.promised, None
        if promised is not None:
            self.plant.vacate(promised.suite, (promised.starts, promised.ends))
        for _ in range(TRIES):
            soonest = self.now + DAY
            offers = self.offered(max(soonest, not_before or soonest))
            if self._reserved((promised, *offers) if promised is not None else offers):
                break
            promised = None
            yield from self.pause(4 * HOUR, 8 * HOUR)
        yield "slotted"
        assert self.itinerary is not None, "every slot that was offered was taken by others"

    def _reserved(self, offers: tuple[Itinerary, ...]) -> bool:
        """Whether one of them could be reserved, tried in order."""
        for offer in offers:
            try:
                self.reserve(itinerary=offer)
                return True
            except Refused as refused:
                if refused.refusal.code not in (*NOT_FREE, "allocation.out_of_turn"):
                    raise
                if refused.refusal.code in NOT_FREE:
                    self.plant.occupy(offer.suite, (offer.starts, offer.ends))
        return False


def _done(answer: Answer) -> Done:
    if isinstance(answer, Refusal):
        raise Refused(answer)
    return answer


def _pdf(words: str) -> bytes:
    """One page that says this."""
    shown = f"BT /F1 14 Tf 72 760 Td ({words}) Tj ET"
    parts = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(shown)}>>stream\n{shown}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    pdf, places = "%PDF-1.4\n", ["0000000000 65535 f \n"]
    for number, part in enumerate(parts, 1):
        places.append(f"{len(pdf):010} 00000 n \n")
        pdf += f"{number} 0 obj\n{part}\nendobj\n"
    size = len(places)
    listed = f"xref\n0 {size}\n{''.join(places)}trailer\n<</Root 1 0 R/Size {size}>>\nstartxref\n{len(pdf)}\n%%EOF\n"
    return f"{pdf}{listed}".encode()
