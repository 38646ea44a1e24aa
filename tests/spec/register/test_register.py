"""The city's register: rows are taken all or not at all, and each is told its fate."""

from __future__ import annotations

import pytest
from tests.spec import harness
from tests.spec.city import CODE, OTHER_CODE, establishment, organisation, records, row
from tests.spec.harness import SpecPlant, then_refused

from yimai.actions import register
from yimai.actions.decision import Answer
from yimai.domain.authorisation import PriceListed, ProductNamed
from yimai.domain.cluster import ClusterDeclared, SiteJoined, SiteLeft
from yimai.domain.designation import DesignationGiven, DesignationWithdrawn
from yimai.domain.establishment import EstablishmentClosed, EstablishmentMoved, EstablishmentOpened
from yimai.domain.event import EventAnnounced, Theme
from yimai.domain.fact import Fact
from yimai.domain.organisation import OrganisationMerged, OrganisationRegistered
from yimai.domain.register import ENTRIES, MOST_ROWS, Row, RowsRecorded, fates, read_row
from yimai.domain.source import SourceNamed


def then_facts(answer: Answer, *kinds: type[Fact]) -> tuple[Fact, ...]:
    """The facts of the rows, and behind them who recorded how many."""
    *facts, recorded = harness.then_facts(answer, *kinds, RowsRecorded)
    assert isinstance(recorded, RowsRecorded)
    assert (recorded.rows, recorded.recorded.signer) == (len(facts), "planner-01")
    return tuple(facts)


@pytest.mark.requirement("REG-001", "A register's rows are recorded together, a later one standing on an earlier one.")
def test_one_list(plant: SpecPlant) -> None:
    answer = records(
        plant,
        organisation(),
        establishment(
            floor_area="77,000", approximate="yes", latitude="31.2304", longitude="+121.473700", since="2023-04-21"
        ),
        row("designation", designation="d-1", site="plant-a", type="platform", title_zh="平台", title_en="Platform"),
        row("product", authorisation="p-1", organisation=CODE, title_zh="产品", title_en="Product", therapies="cell"),
        row("product_price", authorisation="p-1", price=100, since="2024"),
        row("event", event="e-1", title_zh="论坛", title_en="Forum", themes="甲|A; 乙|B"),
    )
    kinds = (OrganisationRegistered, EstablishmentOpened, DesignationGiven, ProductNamed, PriceListed, EventAnnounced)
    facts = then_facts(answer, *kinds)
    opened, event = facts[1], facts[5]
    assert isinstance(opened, EstablishmentOpened)
    assert (opened.floor_area, opened.latitude, opened.since) == (77_000, 31_230_400, "2023-04-21")
    assert isinstance(event, EventAnnounced)
    assert event.themes == (Theme("甲", "A"), Theme("乙", "B"))


@pytest.mark.requirement("REG-002", "One row that is refused lets none be recorded; the answer names it and says why.")
def test_all_or_nothing(plant: SpecPlant) -> None:
    refused = then_refused(records(plant, organisation(), establishment(code=OTHER_CODE)), "register.row_refused")
    assert refused.details["row"] == "2"
    assert OTHER_CODE in refused.en
    assert not plant.entries("organisation", CODE)


@pytest.mark.requirement("REG-003", "A credit code must bear its check character.")
@pytest.mark.parametrize("code", ["91110000600037341K", "91110000600037341", "9111-0000600037341L", "示范公司"])
def test_credit_codes(memory_plant: SpecPlant, code: str) -> None:
    then_refused(records(memory_plant, organisation(code)), "register.row_refused")


@pytest.mark.requirement("REG-004", "What the register says already is not recorded again; what differs corrects it.")
def test_the_same_and_the_changed(plant: SpecPlant) -> None:
    then_facts(records(plant, organisation()), OrganisationRegistered)
    then_refused(records(plant, organisation()), "register.nothing_new")
    then_facts(records(plant, organisation(), organisation(title="新名")), OrganisationRegistered)
    assert [entry.data["title_zh"] for entry in plant.entries("organisation", CODE)] == ["示范公司", "新名"]


@pytest.mark.requirement(
    "REG-005", "A partition lets a site lie in one of its clusters at a time; other clusters overlap."
)
def test_partitions(plant: SpecPlant) -> None:
    def cluster(name: str, partition: str) -> Row:
        return row("cluster", cluster=name, title_zh="区", title_en="Cluster", partition=partition)

    def joins(name: str, partition: str, since: str) -> Row:
        return row("cluster_joined", cluster=name, site="plant-a", partition=partition, since=since)

    then_facts(records(plant, establishment(code="")), EstablishmentOpened)
    then_facts(
        records(plant, cluster("east", "parts"), cluster("west", "parts"), cluster("free", "")), *[ClusterDeclared] * 3
    )
    then_facts(
        records(plant, joins("east", "parts", "2024-01-01"), joins("free", "", "2024-01-01")), SiteJoined, SiteJoined
    )
    then_refused(records(plant, joins("west", "parts", "2025-01-01")), "decision.taken")
    left = {"cluster": "east", "site": "plant-a", "partition": "parts", "joined": "2024-01-01"}
    then_facts(records(plant, row("cluster_left", **left, since="2024-12-31")), SiteLeft)
    then_refused(records(plant, joins("west", "parts", "2024-06-01")), "decision.taken")
    then_facts(records(plant, joins("west", "parts", "2024-12-31")), SiteJoined)
    then_refused(records(plant, row("cluster_left", **left, since="2025")), "register.row_refused")


@pytest.mark.requirement(
    "REG-006", "Opening, closing, moving and merging are dated facts; what is gone changes no more."
)
def test_lives(memory_plant: SpecPlant) -> None:
    plant = memory_plant
    then_facts(
        records(plant, organisation(), organisation(OTHER_CODE), establishment()),
        OrganisationRegistered,
        OrganisationRegistered,
        EstablishmentOpened,
    )
    moved = row("establishment_moved", site="plant-a", address_zh="新址", district="闵行区", since="2025")
    then_facts(records(plant, moved), EstablishmentMoved)
    merged = row("organisation_merged", organisation=CODE, into=OTHER_CODE, since="2025-06-30")
    then_facts(records(plant, merged), OrganisationMerged)
    then_facts(records(plant, row("establishment_closed", site="plant-a", since="2026")), EstablishmentClosed)
    then_refused(records(plant, row("establishment_closed", site="plant-a", since="2027")), "register.row_refused")
    then_refused(records(plant, row("organisation_closed", organisation=CODE, since="2027")), "register.row_refused")
    then_refused(records(plant, establishment("plant-b", CODE)), "register.row_refused")


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([Row("factory", {})], "no kind of entry"),
        ([row("organisation", organisation=CODE, type="club")], "it takes one of"),
        ([row("establishment", site="a", colour="red")], "has no column"),
        ([row("establishment", type="base")], "is empty"),
        ([establishment(code="", floor_area="large")], "no whole number"),
        ([establishment(code="", floor_area="0")], "floor area"),
        ([establishment(code="", latitude="91", longitude="1")], "are no place"),
        ([establishment(code="", latitude="1")], "are no place"),
        ([establishment(code="", latitude="31230400", longitude="1")], "decimal degrees"),
        ([establishment(code="", latitude="31°13'", longitude="1")], "decimal degrees"),
        ([establishment(code="", since="spring")], "is no day"),
        ([establishment("Plant A", "")], "cannot name a site"),
        ([establishment(code="", source="hearsay")], "No source"),
        ([row("organisation_merged", organisation=CODE, into=CODE)], "into itself"),
        ([row("cluster_joined", cluster="nowhere", site="lingang")], "No cluster"),
        ([row("cluster_left", cluster="lingang", site="zhangjiang-cell-park")], "does not belong"),
        ([row("designation_withdrawn", designation="nothing")], "No designation"),
        ([row("product_filed", authorisation="nothing")], "No product"),
        ([row("product_price", authorisation="axi_cel", price="0")], "A price of"),
        ([row("establishment_qualified", site="lingang", qualification="Très bien")], "cannot name a qualification"),
        ([row("cluster_joined", cluster="lingang", site="lingang")], "belongs to cluster lingang already"),
        ([row("cluster_joined", cluster="lingang", site="demo-hospital-a", partition="x")], "belongs to the partition"),
    ],
)  # fmt: skip
def test_what_is_refused(memory_plant: SpecPlant, rows: list[Row], why: str) -> None:
    assert why in then_refused(records(memory_plant, *rows), "register.row_refused").en


def test_a_designation_stays_with_its_site_and_is_withdrawn_once(memory_plant: SpecPlant) -> None:
    given = {"designation": "d-1", "type": "platform", "title_zh": "平台", "title_en": "Platform"}
    then_facts(records(memory_plant, row("designation", site="lingang", **given)), DesignationGiven)
    then_refused(records(memory_plant, row("designation", site="demo-hospital-a", **given)), "register.row_refused")
    gone = row("designation_withdrawn", designation="d-1", since="2026")
    then_facts(records(memory_plant, gone), DesignationWithdrawn)
    again = row("designation_withdrawn", designation="d-1", since="2027")
    then_refused(records(memory_plant, again), "register.row_refused")


def test_too_many_rows_and_none(memory_plant: SpecPlant) -> None:
    then_refused(records(memory_plant, *[organisation()] * (MOST_ROWS + 1)), "register.too_many")
    then_refused(records(memory_plant), "register.nothing_new")


def test_every_entry_of_the_register_is_read_from_its_columns() -> None:
    assert all(entry.kind.endswith(".v1") for entry in ENTRIES.values())
    assert len(set(ENTRIES.values())) == len(ENTRIES)


@pytest.mark.requirement("REG-007", "Only a planner writes the register.")
def test_who(memory_plant: SpecPlant) -> None:
    answer = memory_plant.asks(register.record, "administrator-01", "lingang", rows=(organisation(),))
    then_refused(answer, "access.never")


OPEN = (organisation(), establishment())
CLUSTER = row("cluster", cluster="east", title_zh="区", title_en="East", partition="parts")
JOINED = row("cluster_joined", cluster="east", site="plant-a", partition="parts", since="2024")
GIVEN = row("designation", designation="d-1", site="plant-a", type="platform", title_zh="平台", title_en="Platform")
CLOSED = row("establishment_closed", site="plant-a", since="2025")
WRONG: tuple[tuple[str, tuple[Row, ...]], ...] = (
    ("register.unknown_entry", (row("castle"),)),
    ("register.unknown_column", (row("event", event="e-1", colour="red"),)),
    ("register.missing", (row("event", title_zh="论坛"),)),
    ("register.no_number", (organisation(), establishment(floor_area="large"))),
    ("register.no_degrees", (organisation(), establishment(latitude="31230400"))),
    ("register.not_a_word", (*OPEN, row("designation", designation="d-1", site="plant-a", type="palace"))),
    ("authorisation.unknown", (row("product_price", authorisation="p-1", price="100", since="2024"),)),
    ("authorisation.no_price", (row("product_price", authorisation="p-1", price="0", since="2024"),)),
    ("cluster.unknown", (*OPEN, JOINED)),
    ("cluster.dissolved_already", (CLUSTER, row("cluster_dissolved", cluster="east", since="2024"), *OPEN, JOINED)),
    (
        "cluster.already_member",
        (
            *OPEN,
            CLUSTER,
            JOINED,
            row("cluster_joined", cluster="east", site="plant-a", partition="parts", since="2025"),
        ),
    ),
    ("cluster.not_member", (row("cluster_left", cluster="east", site="plant-a", joined="2024", since="2025"),)),
    (
        "cluster.other_partition",
        (*OPEN, CLUSTER, row("cluster_joined", cluster="east", site="plant-a", partition="others", since="2025")),
    ),
    ("designation.unknown", (row("designation_withdrawn", designation="d-1", since="2025"),)),
    (
        "designation.withdrawn_already",
        (
            *OPEN,
            GIVEN,
            row("designation_withdrawn", designation="d-1", since="2025"),
            row("designation_withdrawn", designation="d-1", since="2026"),
        ),
    ),
    (
        "designation.other_site",
        (
            *OPEN,
            GIVEN,
            establishment(site="plant-b"),
            row(
                "designation", designation="d-1", site="plant-b", type="platform", title_zh="平台", title_en="Platform"
            ),
        ),
    ),
    ("establishment.closed_already", (*OPEN, CLOSED, row("establishment_closed", site="plant-a", since="2026"))),
    ("establishment.not_on_earth", (organisation(), establishment(latitude="91", longitude="0"))),
    ("establishment.no_area", (organisation(), establishment(floor_area="0"))),
    (
        "establishment.no_qualification",
        (*OPEN, row("establishment_qualified", site="plant-a", qualification="Very Good", since="2024")),
    ),
    ("organisation.bad_code", (organisation("91110000600037341K"),)),
    (
        "organisation.gone",
        (organisation(), row("organisation_closed", organisation=CODE, since="2024"), establishment()),
    ),
    (
        "organisation.into_itself",
        (organisation(), row("organisation_merged", organisation=CODE, into=CODE, since="2024")),
    ),
)


@pytest.mark.requirement("REG-008", "A row that cannot be is refused for its own reason.")
@pytest.mark.parametrize(("code", "rows"), WRONG, ids=[code for code, _ in WRONG])
def test_why_a_row_is_refused(code: str, rows: tuple[Row, ...]) -> None:
    known = SourceNamed("demonstration", "演示", "Demonstration", "assumed")
    found = fates(map(read_row, rows), lambda noun, identifier: (known,) if noun == "source" else ())
    assert [each.refusal.kind.code for each in found if each.refusal is not None] == [code]
    assert found[-1].refusal is not None, "what goes before is taken"
