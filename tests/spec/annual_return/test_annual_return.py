"""Annual returns: signed, with the document they rest on; the industry's scale is made of them and of nothing else."""

from __future__ import annotations

import pytest
from tests.spec.city import CODE, DOCUMENT, OTHER_CODE, files, registered
from tests.spec.harness import SpecPlant, then_facts, then_refused

from yimai.actions import annual_return
from yimai.domain.annual_return import AnnualReturnFiled, Sale


@pytest.mark.requirement(
    "ARE-001", "An establishment's return of a year is filed with its document's hash, signed by who files it."
)
def test_a_return_is_filed(plant: SpecPlant) -> None:
    registered(plant)
    (filed,) = then_facts(files(plant, sales=(Sale(OTHER_CODE, 100),)), AnnualReturnFiled)
    assert isinstance(filed, AnnualReturnFiled)
    assert (filed.annual_return, filed.filed.signer) == ("plant-a-2024-cell", "planner-01")
    then_refused(files(plant, sales=(Sale(OTHER_CODE, 100),)), "annual_return.already_filed")
    then_facts(files(plant, revenue=901), AnnualReturnFiled)


@pytest.mark.requirement("ARE-002", "A return that cannot be true, or rests on nothing, is refused.")
def test_what_is_refused(memory_plant: SpecPlant) -> None:
    registered(memory_plant)
    for changes, code in (
        ({"document": "a scan"}, "annual_return.no_document"),
        ({"revenue": None, "gross_output": None, "value_added": None}, "annual_return.nothing_stated"),
        ({"revenue": -1}, "annual_return.impossible"),
        ({"sales": (Sale(OTHER_CODE, 901),)}, "annual_return.impossible"),
        ({"sales": (Sale("91310000MA1FL4GJ3B", 1),)}, "organisation.unknown"),
        ({"year": 2026}, "annual_return.year_not_over"),
        ({"year": 1999}, "annual_return.year_not_over"),
        ({"organisation": OTHER_CODE}, "annual_return.other_owner"),
        ({"establishment": "nowhere"}, "establishment.unknown"),
    ):
        then_refused(files(memory_plant, **changes), code)


@pytest.mark.requirement("ARE-003", "Only a planner files returns.")
def test_who(memory_plant: SpecPlant) -> None:
    said = {
        "establishment": "lingang",
        "organisation": CODE,
        "year": 2024,
        "therapies": "cell",
        "audit": "audited",
        "document": DOCUMENT,
    }
    then_refused(memory_plant.asks(annual_return.file, "qa-01", "lingang", **said), "person.not_of_role")
