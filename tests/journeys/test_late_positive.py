"""(d) Sterility turns out positive after conditional release: the clinicians see it, and the bag cannot be infused."""

from __future__ import annotations

from tests.journeys.conftest import Opened

from yimai.interfaces.plant.fortune import Fortune

STOPPED = ("permit.withdrawn", "disposition.revoked")


def test_a_late_positive_alerts_the_clinician_and_blocks_the_infusion(opened: Opened) -> None:
    with opened("late-positive") as plant:
        test = next(each for each in plant.recipe.tests if each.stage == "final" and each.type == "choice")
        plan = next(each.id for each in plant.recipe.samples if test.id in each.tests)
        plant.in_browser = False
        journey = plant.treatment("delivered", fortune=Fortune(spared=True, dispatched_early=True))
        plant.in_browser = True
        bag = journey.final_bags[0]
        decider = plant.person(journey.at_base("qualified_person"))
        permitted = {"treatment": journey.treatment, "batch": journey.batch, "containers": (bag,)}
        assert decider.do("infusion.issue_permit", permitted) == ("done", "")
        (permit,) = journey.vein.infusion.permits

        analyst = plant.person(journey.at_base("qc_analyst"))
        positive = next(each for each in test.choices if each not in test.accepted)
        result = {"treatment": journey.treatment, "sample": journey.samples[plan], "test": test.id, "value": positive}
        assert analyst.do("sample.record_result", {**result, "unit": test.unit}) == ("done", "")
        assert journey.vein.disposition.of(journey.batch).state == "revoked"

        nurse = plant.person(journey.at_hospital("nurse"))
        nurse.look("")
        assert nurse.page.locator("section.revoked").is_visible(), "the first thing on every clinician's home"
        assert nurse.page.locator('a[href*="/act/infusion."]').count() == 0, "nothing of an infusion is offered"
        nurse.look(f"treatment/{journey.treatment}")
        assert nurse.page.locator(".tag.stop").count() >= 1, "the treatment's page shouts that its product is revoked"
        told = {"treatment": journey.treatment, "permit": permit, "container": bag}
        answer, code = nurse.do("infusion.thaw", told)
        assert (answer, code in STOPPED) == ("refused", True), code
        kinds = [each.kind for each in plant.entries("treatment", journey.treatment)]
        assert "infusion.product_thawed.v1" not in kinds
        assert kinds.count("disposition.clinician_alerted.v1") == 1

        qa = plant.person(journey.at_base("qa"))
        qa.look(f"disposition/{journey.batch}")
        assert qa.page.locator(".alerted").is_visible(), "and quality sees whom it told, and when"
