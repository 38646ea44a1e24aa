"""Who signs the reasons that open a rule: the treatment's own hospital and base, and nobody for himself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.spec.batch.floor import MORNING, Floor, accepted, refused

from yimai.domain.override import SignedReason
from yimai.domain.person import PersonRegistered

QA, PHYSICIAN = SignedReason("q1", "stability_data_support"), SignedReason("md", "no_alternative")


@pytest.mark.requirement(
    "OVR-005", "Reasons are signed by the ordering hospital's physician and by people of the treatment's base."
)
def test_reasons_from_elsewhere() -> None:
    """Another hospital's physician and another base's QA know nothing of this patient."""
    floor = Floor()
    floor.treatment(slot=(8, 60))
    number = floor.clear()
    floor.person("md-elsewhere", "ruijin", "physician")
    floor.person("q-elsewhere", "zhangjiang", "qa")
    floor.now = MORNING + timedelta(hours=49)
    stranger, other = SignedReason("md-elsewhere", "no_alternative"), SignedReason("q-elsewhere", "no_alternative")
    refused(floor.open("T1", number, reasons=(QA, stranger)), "person.not_of_site")
    refused(floor.open("T1", number, reasons=(other, PHYSICIAN)), "person.not_of_site")
    accepted(floor.open("T1", number, reasons=(QA, PHYSICIAN)))


@pytest.mark.requirement("OVR-006", "Nobody opens a rule for what they do themselves.")
def test_a_reason_for_oneself() -> None:
    """The operator who opens the batch is QA as well."""
    floor = Floor()
    floor.treatment(slot=(8, 60))
    number = floor.clear()
    floor.given(PersonRegistered("o1", "lingang", ("operator", "qa"), ""))
    floor.now = MORNING + timedelta(hours=49)
    own = SignedReason("o1", "stability_data_support")
    refused(floor.open("T1", number, reasons=(own, PHYSICIAN)), "person.same_person")
    accepted(floor.open("T1", number, by="o3", reasons=(own, PHYSICIAN)))
