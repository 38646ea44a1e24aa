"""The simulated city around the base: nobody in it can be taken for somebody real, and its numbers show what numbers can show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

from stdnum.cn import uscc
from tests.spec.harness import LEDGER, START, founding

from yimai.domain.base import base_from
from yimai.domain.measure import Facts, Question
from yimai.domain.measure_definitions import known_from
from yimai.domain.receipt_document import measure
from yimai.domain.recipe_content import recipe_from
from yimai.interfaces.plant.city import CityLife
from yimai.interfaces.plant.city_register import SOURCE
from yimai.interfaces.plant.clock import Clock
from yimai.interfaces.plant.founding import found
from yimai.interfaces.plant.plant import Plant
from yimai.ledger.entry import Entry
from yimai.ledger.memory import MemoryLedger

ALL = timedelta(days=70)


@cache
def lived(seed: int, until: timedelta = ALL) -> tuple[tuple[Entry, ...], int]:
    """What the city's planner did until then, and how many entries there were before."""
    clock, files = Clock(START), founding()
    ledger = MemoryLedger(ledger_id=LEDGER, clock=clock, chance=Random(f"ledger {seed}").randbytes)
    found(ledger, files)
    before = len(list(ledger.entries()))
    plant = Plant(ledger, clock, recipe_from(files.recipe), base_from(files.base), Random(seed))
    CityLife(plant, seed).live_until(START + until)
    return tuple(entry for _, entry in ledger.entries()), before


def said_of(entries: Sequence[Entry], kind: str = "") -> list[dict[str, Any]]:
    """What the facts of that kind say, or all."""
    return [dict(each.data) for each in entries if kind in ("", each.kind)]


def counted(seed: int, name: str, until: date, therapies: str = "", days: timedelta = ALL) -> int | None:
    entries, _ = lived(seed, days)
    facts = Facts([each for place, one in enumerate(entries, 1) if (each := known_from(place, one)) is not None])
    return measure(Question(name, until, None, therapies), facts).value  # type: ignore[arg-type]


def test_nobody_in_it_can_be_taken_for_somebody_real() -> None:
    entries, before = lived(1)
    said = [dict(each.data) for each in entries[before:] if each.kind != "source.named.v1"]
    for each in said:
        assert str(each.get("title_zh", "模拟")).startswith("模拟"), each
        assert str(each.get("title_en", "Simulated")).startswith("Simulated"), each
    assert {each["source"] for each in said if "source" in each} == {SOURCE}
    (source,) = said_of(entries[before:], "source.named.v1")
    assert source["knowledge"] == "assumed"
    codes = [each["organisation"] for each in said_of(entries, "organisation.registered.v1")]
    assert len(codes) == 64
    assert all(uscc.is_valid(code) and code[2:8] == "000000" for code in codes), "no region has that number"


def test_a_seed_tells_the_same_city_and_another_seed_another() -> None:
    contents = [tuple(each.content for each in lived(seed)[0]) for seed in (1, 2)]
    lived.cache_clear()
    assert tuple(each.content for each in lived(1)[0]) == contents[0]
    assert contents[0] != contents[1]


def test_nor_does_it_hang_on_when_a_sealer_beside_it_seals() -> None:
    """As the demonstration's sealer does, which goes by the real clock."""

    def sealed_meanwhile() -> Iterator[bytes]:
        clock, files = Clock(START), founding()
        ledger = SealedMeanwhile(ledger_id=LEDGER, clock=clock, chance=Random("ledger 1").randbytes)
        found(ledger, files)
        CityLife(Plant(ledger, clock, recipe_from(files.recipe), base_from(files.base), Random(1)), 1).live_until(START)
        return (entry.content for _, entry in ledger.entries())

    assert tuple(sealed_meanwhile()) == tuple(each.content for each in lived(1, timedelta())[0])


class SealedMeanwhile(MemoryLedger):
    """A ledger of which every entry is sealed at once."""

    def append(self, *arguments: Any, **named: Any) -> tuple[Entry, ...]:
        entries = super().append(*arguments, **named)
        self.seal()
        return entries


def test_its_numbers_show_readings_that_differ_doubles_and_what_is_met_and_not() -> None:
    for seed in (1, 2, 3):
        assert counted(seed, "clusters@1", date(2024, 12, 31), "cell") == 5
        assert counted(seed, "facilities@1", date(2024, 12, 31), "cell") == 20
        assert counted(seed, "designations@1", date(2024, 12, 31), "cell") == 23
        assert counted(seed, "filings@1", date(2024, 12, 31), "cell") == 3
        assert counted(seed, "filings@1", date(2025, 12, 31), "gene") == 1
        assert counted(seed, "clinical_centres@1", date(2025, 12, 31), "gene") == 4
        assert counted(seed, "products@1", date(2025, 12, 31), "cell") == 2
        scale = [counted(seed, "industry_gross_output@1", date(year, 12, 31), "cell") for year in range(2021, 2026)]
        assert None not in scale
        assert scale == sorted(scale, key=lambda each: each or 0), "it grows"


def test_what_becomes_known_later_moves_the_numbers_and_is_published_again() -> None:
    at_first = timedelta(days=1)
    assert counted(1, "firms@1", date(2024, 12, 31), "cell", at_first) == 50
    assert counted(1, "firms@1", date(2024, 12, 31), "cell") == 49
    before = counted(1, "industry_gross_output@1", date(2024, 12, 31), "cell", at_first)
    assert counted(1, "industry_gross_output@1", date(2024, 12, 31), "cell") != before
    published = said_of(lived(1)[0], "receipt.published.v2")
    values = [each["value"] for each in published if each["target"] == "cell_industry_scale-1"]
    assert len(values) == 3
    assert values[0] == before
    clusters = {
        each["target"]: each["status"]["outcome"] for each in published if each["target"].startswith("cell_clusters")
    }
    assert clusters == {"cell_clusters-1": "met", "cell_clusters-2": "not_met"}


def test_every_return_is_signed_and_rests_on_a_document_of_its_own() -> None:
    returns = said_of(lived(1)[0], "annual_return.filed.v1")
    assert len({each["document"] for each in returns}) == len(returns)
    assert {each["filed"]["signer"] for each in returns} == {"planner-01"}
    years = Counter(each["year"] for each in returns if each["audit"] == "audited")
    assert [years[year] for year in range(2021, 2026)] == [14] * 5
