"""A city's register and returns, in short words, for every test that needs some of either."""

from __future__ import annotations

from typing import Any

from tests.spec.harness import SpecPlant

from yimai.actions import annual_return, register
from yimai.actions.decision import Answer, Done
from yimai.domain.register import Row

CODE, OTHER_CODE = "91110000600037341L", "91310000MA1FL4GJ3A"
DOCUMENT = "ab" * 32


def row(entry: str, **cells: Any) -> Row:
    return Row(entry, {"source": "demonstration", **{name: str(each) for name, each in cells.items()}})


def records(plant: SpecPlant, *rows: Row) -> Answer:
    return plant.asks(register.record, "planner-01", "city-authority", rows=rows)


def organisation(code: str = CODE, title: str = "示范公司") -> Row:
    return row("organisation", organisation=code, type="firm", title_zh=title, title_en="Firm", therapies="cell")


def establishment(site: str = "plant-a", code: str = CODE, **cells: Any) -> Row:
    said = {"type": "base", "title_zh": "示范工厂", "title_en": "Plant", "district": "浦东新区", **cells}
    return row("establishment", site=site, organisation=code, **said)


def registered(plant: SpecPlant) -> None:
    """Two firms, each with an establishment."""
    rows = (organisation(), organisation(OTHER_CODE), establishment(), establishment("plant-b", OTHER_CODE))
    assert isinstance(records(plant, *rows), Done)


def files(plant: SpecPlant, **changes: Any) -> Answer:
    said = {
        "establishment": "plant-a", "organisation": CODE, "year": 2024, "therapies": "cell", "audit": "audited", "document": DOCUMENT,
        "revenue": 900, "gross_output": 1000, "value_added": 400, **changes,
    }  # fmt: skip
    return plant.asks(annual_return.file, "planner-01", "city-authority", **said)
